//! Trees with their texts replaced.

use std::sync::Arc;

use secscan_model::{Entry, Map, Node, Scalar, ScalarKind, Value};

/// The tree in which each text was given to `change`, with the entry that it is the value of, if any. What is not
/// changed is shared with the old tree.
pub(crate) fn rewrite(tree: &Node, change: &impl Fn(&Node, &str, Option<(&Map, &Entry)>) -> Option<Node>) -> Node {
    rewritten(tree, None, change).unwrap_or_else(|| tree.clone())
}

/// None when nothing in the tree changes.
fn rewritten(
    tree: &Node,
    entry: Option<(&Map, &Entry)>,
    change: &impl Fn(&Node, &str, Option<(&Map, &Entry)>) -> Option<Node>,
) -> Option<Node> {
    let value = match &tree.value {
        Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => return change(tree, text, entry),
        Value::Scalar(_) | Value::Unresolved(_) => return None,
        Value::List(items) => {
            let new: Vec<_> = items.iter().map(|item| rewritten(item, None, change)).collect();
            if new.iter().all(Option::is_none) {
                return None;
            }
            let items = items.iter().zip(new).map(|(old, new)| new.unwrap_or_else(|| old.clone()));
            Value::List(Arc::new(items.collect()))
        }
        Value::Map(map) => {
            let entries = map.entries();
            let new: Vec<_> = entries.iter().map(|entry| rewritten(&entry.value, Some((map, entry)), change)).collect();
            if new.iter().all(Option::is_none) {
                return None;
            }
            let mut changed = Map::with_capacity(entries.len());
            changed.rest = map.rest.clone();
            for (old, new) in entries.iter().zip(new) {
                changed.push_new(old.key.clone(), new.unwrap_or_else(|| old.value.clone()));
            }
            Value::Map(Arc::new(changed))
        }
    };
    Some(Node { value, ..tree.clone() })
}
