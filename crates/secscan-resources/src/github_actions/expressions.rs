//! Expressions in workflows: text with `${{ }}` is known in part only.
//!
//! The raw text stays reachable (`Node::raw_text`), `$expr` takes the expressions apart. Trees without expressions are
//! passed on as they are.

use std::sync::Arc;

use secscan_model::{Map, Node, Part, Unresolved, Value};

use crate::{computed::expression, rewrite::rewrite};

/// Replaces each text with expressions in a tree. An expression that is one literal is that value.
pub(super) fn resolve(document: &Node) -> Node {
    rewrite(document, &|of, text, entry| match entry {
        Some((map, entry)) if &*entry.key == "if" && is_job_or_step(map) && !text.contains("${{") => {
            Some(condition(of, text))
        }
        _ => scalar(of, text),
    })
}

fn is_job_or_step(map: &Map) -> bool {
    ["run", "runs-on", "steps", "uses"].iter().any(|key| map.get(key).is_some())
}

/// The condition of an `if` is an expression also without markers.
fn condition(of: &Node, text: &str) -> Node {
    match expression::constant(text, of.at) {
        Some(constant) => Node { value: constant.value, ..of.clone() },
        None => known_in_part(of, vec![Part::Hole(text.into())], text.trim()),
    }
}

fn scalar(of: &Node, text: &str) -> Option<Node> {
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
