//! Expressions in workflows: text with `${{ }}` is known in part only.
//!
//! The raw text stays reachable (`Node::raw_text`), `$expr` takes the expressions apart. Trees without expressions are
//! passed on as they are.

use std::sync::Arc;

use secscan_model::{Entry, Map, Node, Part, Scalar, ScalarKind, Unresolved, Value};

use crate::computed::expression;

/// Replaces each text with expressions in a tree. An expression that is one literal is that value.
pub(super) fn resolve(document: &Node) -> Node {
    replaced(document).unwrap_or_else(|| document.clone())
}

/// The condition of an `if`, which is an expression also without markers.
fn condition(of: &Node) -> Option<Node> {
    let Value::Scalar(Scalar { kind: ScalarKind::Text, text }) = &of.value else { return None };
    if text.contains("${{") {
        return scalar(of, text);
    }
    Some(match expression::constant(text, of.at) {
        Some(constant) => Node { value: constant.value, ..of.clone() },
        None => known_in_part(of, vec![Part::Hole(text.clone())], text.trim()),
    })
}

/// The tree with its expressions replaced; none when there are none.
fn replaced(of: &Node) -> Option<Node> {
    let value = match &of.value {
        Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => return scalar(of, text),
        Value::Scalar(_) | Value::Unresolved(_) => return None,
        Value::List(items) => {
            let new: Vec<_> = items.iter().map(replaced).collect();
            if new.iter().all(Option::is_none) {
                return None;
            }
            let items = items.iter().zip(new).map(|(old, new)| new.unwrap_or_else(|| old.clone()));
            Value::List(Arc::new(items.collect()))
        }
        Value::Map(map) => {
            let step = ["run", "runs-on", "steps", "uses"].iter().any(|key| map.get(key).is_some());
            let new: Vec<_> = map.entries().iter().map(|entry| entry_of(step, entry)).collect();
            if new.iter().all(Option::is_none) {
                return None;
            }
            let mut changed = Map::with_capacity(new.len());
            changed.rest = map.rest.clone();
            for (old, new) in map.entries().iter().zip(new) {
                changed.push_new(old.key.clone(), new.unwrap_or_else(|| old.value.clone()));
            }
            Value::Map(Arc::new(changed))
        }
    };
    Some(Node { value, ..of.clone() })
}

/// The value of an entry; `step` says that the map is a job or a step. A key with an expression stays as it is: there
/// are no unknown keys at a known place.
fn entry_of(step: bool, entry: &Entry) -> Option<Node> {
    if step && &*entry.key == "if" { condition(&entry.value) } else { replaced(&entry.value) }
}

fn scalar(of: &Node, text: &Arc<str>) -> Option<Node> {
    if !text.contains("${{") {
        return None;
    }
    let found = expression::find(text);
    let (first, inner) = found.first()?;
    let written = text.get(inner.clone()).unwrap_or_default().trim();
    if *first == (0..text.trim_end().len())
        && let Some(constant) = expression::constant(written, of.at)
    {
        return Some(Node { value: constant.value, ..of.clone() });
    }
    let mut parts = Vec::with_capacity(found.len() * 2 + 1);
    let mut from = 0;
    for (whole, _) in &found {
        parts.extend(text.get(from..whole.start).map(|fixed| Part::Fixed(fixed.into())));
        parts.extend(text.get(whole.clone()).map(|hole| Part::Hole(hole.into())));
        from = whole.end;
    }
    parts.extend(text.get(from..).map(|fixed| Part::Fixed(fixed.into())));
    parts.retain(|part| !matches!(part, Part::Fixed(text) if text.is_empty()));
    Some(known_in_part(of, parts, written))
}

fn known_in_part(of: &Node, parts: Vec<Part>, expression: &str) -> Node {
    let why = format!("expression `{expression}` is evaluated when the workflow runs").into();
    let unresolved = Unresolved { why, perhaps_absent: false, parts };
    Node { value: Value::Unresolved(Arc::new(unresolved)), ..of.clone() }
}
