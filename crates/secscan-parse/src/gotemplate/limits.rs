//! What templates may use up: steps, text and depth.

use super::builtin;
use super::execute::{Executor, Failure};
use super::value::{Data, Value};

/// What execution may use up, counted down.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nodes, commands and items.
    pub steps: u64,
    /// Bytes of text, those that are thrown away included.
    pub bytes: u64,
    /// How deep templates, blocks and parentheses may nest in one another.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 5_000_000, bytes: 64 << 20, depth: 600 }
    }
}

impl Executor<'_> {
    /// Uses up a step for each item of something.
    ///
    /// # Errors
    /// There are none left.
    pub fn spend(&mut self, steps: usize) -> Result<(), Failure> {
        match self.limits.steps.checked_sub(steps as u64) {
            Some(left) => self.limits.steps = left,
            None => return Err(Failure::limit("the template takes more steps than a chart may take")),
        }
        Ok(())
    }

    /// Uses up what a call costs: it may look at all of a text, and at each item or entry; some look at what is in these too.
    pub(super) fn spend_on_arguments(&mut self, name: &str, arguments: &[Value]) -> Result<(), Failure> {
        let looks_inside = builtin::looks_inside(name) || self.functions.looks_inside(name);
        for argument in arguments {
            match &argument.data {
                Data::Text(text) => self.spend(text.as_str().len() / 256)?,
                _ if looks_inside => self.spend_on_all(argument)?,
                Data::List(items) => self.spend(items.len() / 4)?,
                Data::Map(map) => self.spend(map.borrow().len() / 4)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Uses up a step for each value within a value, wherever it is used: templates share values, so that few of them can
    /// print as very many. There must be bytes left for what that prints.
    ///
    /// # Errors
    /// There are none left.
    pub fn spend_on_all(&mut self, value: &Value) -> Result<(), Failure> {
        let mut bytes = 0;
        self.spend_within(value, 0, &mut bytes)
    }

    fn spend_within(&mut self, value: &Value, depth: usize, bytes: &mut u64) -> Result<(), Failure> {
        if depth > crate::MAX_DEPTH {
            return Err(Failure::limit("values nest too deep"));
        }
        self.spend(1)?;
        *bytes += 2 * depth as u64;
        match &value.data {
            Data::Text(text) => *bytes += text.as_str().len() as u64,
            Data::List(items) => {
                for item in items.iter() {
                    self.spend_within(item, depth + 1, bytes)?;
                }
            }
            Data::Map(map) => {
                for (key, value) in map.borrow().iter() {
                    *bytes += key.len() as u64;
                    self.spend_within(value, depth + 1, bytes)?;
                }
            }
            _ => {}
        }
        match *bytes > self.limits.bytes {
            true => Err(Failure::limit("the template writes more than a chart may write")),
            false => Ok(()),
        }
    }

    /// Uses up bytes of text.
    ///
    /// # Errors
    /// There are none left.
    pub fn spend_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        match self.limits.bytes.checked_sub(bytes as u64) {
            Some(left) => self.limits.bytes = left,
            None => return Err(Failure::limit("the templates write more text than a chart may write")),
        }
        Ok(())
    }
}
