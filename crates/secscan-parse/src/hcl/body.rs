//! Files and blocks: what stands on lines of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cursor::{Cursor, Read};
use super::syntax::{Attribute, Block, Body, Item};

impl<'t> Cursor<'t> {
    /// An argument or a block, to the end of its line.
    pub(super) fn item(&mut self) -> Read<Item> {
        let start = self.at;
        let Some(name) = self.name() else { return self.fault("expected an argument or a block") };
        let end = self.at;
        self.gap();
        let item = if self.eat(b'=') {
            self.gap();
            let value = self.expression()?;
            Item::Attribute(Attribute { name: name.into(), name_span: self.span(start, end), value })
        } else {
            Item::Block(self.block(name, start, end)?)
        };
        self.gap();
        match self.peek(0) {
            b'\n' | b'}' => Ok(item),
            _ if self.is_at_end() => Ok(item),
            _ => self.fault("expected a line break"),
        }
    }

    /// A block behind its type, which stands from `start` to `end`.
    fn block(&mut self, of: &str, start: usize, mut end: usize) -> Read<Block> {
        let mut labels = Vec::new();
        while self.peek(0) != b'{' {
            labels.push(self.label()?);
            end = self.at;
            self.gap();
        }
        let opening = self.at;
        let body = self.nested(false, |inside| {
            inside.at += 1;
            let mut items = Vec::new();
            loop {
                inside.lines();
                if inside.eat(b'}') {
                    return Ok(inside.body(items));
                }
                if inside.is_at_end() {
                    inside.at = opening;
                    return inside.fault("this block is never closed");
                }
                items.push(inside.item()?);
            }
        })?;
        Ok(Block { of: of.into(), labels, header: self.span(start, end), span: self.span(start, self.at), body })
    }

    /// A body of these items, without the arguments that are said a second time.
    pub(super) fn body(&mut self, mut items: Vec<Item>) -> Body {
        let repeated = repeated(&items);
        if !repeated.is_empty() {
            let mut place = 0..;
            let again = items.extract_if(.., |_| place.next().is_some_and(|place| repeated.contains(&place)));
            self.repeated.extend(again.filter_map(|item| match item {
                Item::Attribute(attribute) => Some((attribute.name, attribute.name_span)),
                Item::Block(_) => None,
            }));
        }
        Body { items }
    }

    fn label(&mut self) -> Read<Arc<str>> {
        if self.peek(0) == b'"' {
            return self.plain_text();
        }
        match self.name() {
            Some(name) => Ok(name.into()),
            None => self.fault("expected `=` or a block"),
        }
    }
}

/// Arguments that a body says a second time, as their places among its items.
fn repeated(items: &[Item]) -> BTreeSet<usize> {
    let named = items.iter().enumerate().filter_map(|(place, item)| match item {
        Item::Attribute(attribute) => Some((&*attribute.name, place)),
        Item::Block(_) => None,
    });
    let mut named: Vec<(&str, usize)> = named.collect();
    named.sort_unstable();
    let again = named.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    again.map(|pair| pair[1].1).collect()
}
