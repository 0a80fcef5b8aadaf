//! Values as the API server reads them: null is absent, and what is not known stays unknown on its way into an attribute.

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Scalar, ScalarKind, Value};

/// The value of a field: none when it is not written or null, perhaps absent when its map is not known in full.
pub(super) fn field(of: &Node, key: &str) -> Option<Node> {
    let why = match &of.value {
        Value::Map(map) => match map.get(key) {
            Some(value) if value.is_null() => return None,
            Some(value) => return Some(value.clone()),
            None => map.rest.clone()?,
        },
        Value::Unresolved(unresolved) => unresolved.why.clone(),
        Value::Scalar(_) | Value::List(_) => return None,
    };
    Some(Node::perhaps_absent(why, of.at).named(of.name_at))
}

/// Whether a field is surely set, be it to something unknown.
pub(super) fn is_set(field: &Node) -> bool {
    field.as_unresolved().is_none_or(|unresolved| !unresolved.perhaps_absent)
}

/// The value at a path of fields.
pub(super) fn at_path(of: &Node, path: &[&str]) -> Option<Node> {
    path.iter().try_fold(of.clone(), |node, key| field(&node, key))
}

/// Whether it is text that says something.
pub(super) fn is_text(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(Scalar { kind: ScalarKind::Text, text }) if !text.is_empty())
}

/// The narrow place that stands for an item of a list: its `name` key, else its first key, else all of it.
pub(super) fn header(of: &Node) -> Location {
    let first = || of.entries().first().map(|entry| &entry.value);
    of.get("name").or_else(first).map_or(of.name_at, |value| value.name_at)
}

/// A map of attributes that were read from `of`, at its place. Attributes that are none are left out.
pub(super) fn record<const N: usize>(of: &Node, attributes: [(&str, Option<Node>); N]) -> Node {
    let mut map = Map::with_capacity(N);
    for (name, value) in attributes {
        if let Some(value) = value {
            map.push_new(name, value);
        }
    }
    with_value(of.clone(), Value::Map(Arc::new(map)))
}

/// The list with each item changed; what is no list stays as it is.
pub(super) fn each(list: Node, change: impl FnMut(&Node) -> Node) -> Node {
    match list.as_list() {
        Some(items) => {
            let items = items.iter().map(change).collect();
            with_value(list, Value::List(Arc::new(items)))
        }
        None => list,
    }
}

/// A list of maps, each taken apart; items of another shape stay as they are.
pub(super) fn records(list: Node, mut take_apart: impl FnMut(&Node) -> Node) -> Node {
    each(list, |item| match item.value {
        Value::Map(_) | Value::Unresolved(_) => take_apart(item).named(header(item)),
        Value::Scalar(_) | Value::List(_) => item.clone(),
    })
}

/// Text at the place of what it says differently.
pub(super) fn replaced(of: Node, text: &str) -> Node {
    with_value(of, Value::Scalar(Scalar { kind: ScalarKind::Text, text: text.into() }))
}

/// A word of ours at a place of the file.
pub(super) fn word(text: &str, at: Location) -> Option<Node> {
    Some(Node::text(text, at))
}

fn with_value(of: Node, value: Value) -> Node {
    Node { value, ..of }
}
