//! Values and what is made of them: places, references, and what stays unknown because something else is.

use std::sync::Arc;

use secscan_model::{Extra, Location, Node, Reference, Unresolved, Value};

use super::term::Term;
use crate::composed::Composed;

/// How many bytes of text cost as much as one value.
pub(super) const BYTES_A_VALUE: usize = 32;

/// The name under which `copyIndex` finds the index of a loop.
pub(super) fn index_name(name: &str) -> Arc<str> {
    match name.strip_prefix('=') {
        // Bicep names its index like any other variable.
        Some(name) => name.into(),
        None => format!("copyIndex({name})").into(),
    }
}

/// How an expression is shown inside a text when its value is not known.
pub(super) fn hole(term: &Term) -> String {
    if term.written.is_empty() { "${...}".to_owned() } else { format!("${{{}}}", term.written) }
}

/// Adds a value to a text; null is no text.
pub(super) fn add(made: &mut Composed, value: &Node, written: &str, at: Location) {
    if !value.is_null() {
        made.value(value, written, at);
    }
}

/// A value that was reached through another place.
pub(super) fn through(mut value: Node, at: Location) -> Node {
    const MAX_VIA: usize = 16;
    if value.at != at && value.via().len() < MAX_VIA && value.via().first() != Some(&at) {
        value.extra_mut().via.insert(0, at);
    }
    value
}

/// The value with a reference.
pub(super) fn refers_to(mut node: Node, address: impl Into<Arc<str>>) -> Node {
    let reference = Reference { address: address.into() };
    if !node.refs().contains(&reference) {
        node.extra_mut().refs.push(reference);
    }
    node
}

/// Adds the references of values to what was made of them.
pub(super) fn inherit<'n>(mut made: Node, from: impl IntoIterator<Item = &'n Node>) -> Node {
    const MAX_REFS: usize = 64;
    let found: Vec<Reference> = from.into_iter().flat_map(Node::refs).take(MAX_REFS).cloned().collect();
    for reference in found {
        if !made.refs().contains(&reference) {
            made.extra_mut().refs.push(reference);
        }
    }
    made
}

/// What cannot be known because something else is not.
pub(super) fn unknown_because(of: &Node, at: Location) -> Node {
    let why = of.as_unresolved().map_or_else(|| "it is not known from the files".into(), |it| it.why.clone());
    let perhaps_absent = of.as_unresolved().is_some_and(|it| it.perhaps_absent);
    let unresolved = Unresolved { why, perhaps_absent, parts: Vec::new() };
    inherit(Node::new(Value::Unresolved(Arc::new(unresolved)), at), [of])
}

/// What may not be there because something else is not known.
pub(super) fn perhaps(of: &Node, at: Location) -> Node {
    let why = of.as_unresolved().map_or_else(|| "it is not known from the files".into(), |it| it.why.clone());
    inherit(Node::perhaps_absent(why, at), [of])
}

/// How many values a value consists of, text counted by its length.
pub(super) fn weight(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(scalar) => 1 + scalar.text.len() / BYTES_A_VALUE,
        Value::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Map(map) => 1 + map.entries().iter().map(|entry| weight(&entry.value)).sum::<usize>(),
        Value::Unresolved(unresolved) => 1 + unresolved.parts.len(),
    }
}

/// A node that has the places and references of another.
pub(super) fn like(node: &Node, value: Value) -> Node {
    Node {
        value,
        at: node.at,
        name_at: node.name_at,
        extra: node.extra.clone().map(|extra| Arc::new(Extra::clone(&extra))),
    }
}
