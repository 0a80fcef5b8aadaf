//! Text that is put together from values of which some may not be known.

use std::collections::BTreeSet;
use std::sync::Arc;

use secscan_model::{Extra, Location, Node, Part, Reference, Unresolved, Value};

/// The longest text that is put together, in bytes. What is longer stays unknown.
const MAX_TEXT: usize = 1 << 20;

/// A text in the making.
#[derive(Default)]
pub(crate) struct Composed {
    parts: Vec<Part>,
    fixed: String,
    why: Option<Arc<str>>,
    refs: BTreeSet<Arc<str>>,
    via: Vec<Location>,
    bytes: usize,
}

impl Composed {
    /// How long it is, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// Adds text.
    pub(crate) fn fixed(&mut self, text: &str) {
        self.bytes += text.len();
        if self.bytes <= MAX_TEXT {
            self.fixed.push_str(text);
        }
    }

    /// Adds a piece that is not known, as it is written, and why it is not.
    pub(crate) fn hole(&mut self, written: &str, why: &Arc<str>) {
        if !self.fixed.is_empty() {
            self.parts.push(Part::Fixed(std::mem::take(&mut self.fixed).into()));
        }
        self.why.get_or_insert_with(|| why.clone());
        self.parts.push(Part::Hole(written.into()));
    }

    /// Adds a value: its text, or a hole that shows how it is `written`. `place` is where the text stands.
    pub(crate) fn value(&mut self, value: &Node, written: &str, place: Location) {
        self.refs.extend(value.refs().iter().map(|reference| reference.address.clone()));
        if let Some(text) = value.as_str() {
            self.fixed(text);
            self.via.extend((value.at != place && !value.via().is_empty()).then_some(value.at));
            return;
        }
        match &value.value {
            Value::Unresolved(unresolved) if !unresolved.parts.is_empty() => {
                for part in &unresolved.parts {
                    match part {
                        Part::Fixed(text) => self.fixed(text),
                        Part::Hole(hole) => self.hole(hole, &unresolved.why),
                    }
                }
            }
            Value::Unresolved(unresolved) => self.hole(written, &unresolved.why),
            _ => self.hole(written, &"a list or a map stands where text is needed".into()),
        }
    }

    /// The text as a value that stands at a place.
    pub(crate) fn finish(mut self, at: Location) -> Node {
        let value = if self.bytes > MAX_TEXT {
            Node::unresolved("too much text to evaluate", at).value
        } else if let Some(why) = self.why {
            if !self.fixed.is_empty() {
                self.parts.push(Part::Fixed(self.fixed.into()));
            }
            Value::Unresolved(Arc::new(Unresolved { why, perhaps_absent: false, parts: self.parts }))
        } else {
            Node::text(self.fixed, at).value
        };
        let mut made = Node::new(value, at);
        if !self.refs.is_empty() || !self.via.is_empty() {
            let refs = self.refs.into_iter().map(|address| Reference { address }).collect();
            made.extra = Some(Arc::new(Extra { refs, via: self.via, ..Extra::default() }));
        }
        made
    }
}
