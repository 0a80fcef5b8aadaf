//! Environment variables of a container: where they take their value from, and what other values say by `$(NAME)`.

use std::collections::HashSet;
use std::sync::Arc;

use secscan_model::{Node, Part, Unresolved, Value};

use super::attributes::{field, record, records, word};

/// The variables in the order of the file: what one holds may stand in the values of those after it.
pub(super) fn env(container: &Node) -> Option<Node> {
    let imports = field(container, "envFrom").is_some();
    let mut earlier = HashSet::new();
    Some(records(field(container, "env")?, |item| {
        let variable = variable(item, |name| imports || earlier.contains(name));
        earlier.extend(item.get("name").and_then(Node::as_str).map(str::to_owned));
        variable
    }))
}

/// Where a variable takes its value from: the field that says so, our word, and the fields of the source and the key.
const ORIGINS: &[(&str, &str, &str, &str)] = &[
    ("secretKeyRef", "secret", "name", "key"),
    ("configMapKeyRef", "config-map", "name", "key"),
    ("fieldRef", "field", "containerName", "fieldPath"),
    ("resourceFieldRef", "field", "containerName", "resource"),
];

/// One variable: `{name, value}` or `{name, from, source, key}`.
fn variable(item: &Node, is_set: impl Fn(&str) -> bool) -> Node {
    let origin = field(item, "valueFrom");
    let known = origin.as_ref().and_then(|origin| {
        let known = |(field, ..): &&(&str, _, _, _)| origin.get(field).is_some_and(|value| !value.is_null());
        let (field, word, source, key) = ORIGINS.iter().find(known)?;
        Some((origin.get(field)?, *word, *source, *key))
    });
    let unknown = origin.as_ref().and_then(|origin| field(origin, "from"));
    record(
        item,
        [
            ("name", field(item, "name")),
            ("value", field(item, "value").map(|value| with_holes(value, is_set))),
            ("from", known.map_or(unknown, |(origin, from, ..)| word(from, origin.name_at))),
            ("source", known.and_then(|(origin, _, source, _)| field(origin, source))),
            ("key", known.and_then(|(origin, _, _, key)| field(origin, key))),
        ],
    )
}

/// All variables of a secret or a config map: `{from, source}`.
pub(super) fn env_from(item: &Node) -> Node {
    let origins = [("secretRef", "secret"), ("configMapRef", "config-map")];
    let known = origins.iter().find_map(|(field, word)| Some((item.get(field)?, *word)));
    let unknown = field(item, "from");
    record(
        item,
        [
            ("from", known.map_or(unknown, |(origin, from)| word(from, origin.name_at))),
            ("source", known.and_then(|(origin, _)| field(origin, "name"))),
        ],
    )
}

/// The words of a command, with holes for the variables of the container. Of variables that come from elsewhere only the
/// customary names count: `$(date)` may be meant for a shell.
pub(super) fn in_command(container: &Node, words: &[Node]) -> Vec<Node> {
    let items = container.get("env").map_or(&[][..], Node::items);
    let own: HashSet<&str> = items.iter().filter_map(|item| item.get("name")?.as_str()).collect();
    let imports = field(container, "envFrom").is_some();
    let customary = |name: &str| name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    let is_set = |name: &str| own.contains(name) || (imports && customary(name));
    words.iter().map(|word| with_holes(word.clone(), is_set)).collect()
}

/// A value with a hole for each `$(NAME)` whose variable is set; `$(NAME)` of any other name is plain text, and `$$` is
/// a dollar sign.
fn with_holes(value: Node, is_set: impl Fn(&str) -> bool) -> Node {
    let Some(text) = value.as_str() else { return value };
    let mut parts = Vec::new();
    let mut fixed = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        fixed.push_str(&rest[..at]);
        let name = rest[at..].strip_prefix("$(").and_then(|rest| rest.split_once(')'));
        let length = match name {
            Some((name, _)) if is_set(name) => {
                if !fixed.is_empty() {
                    parts.push(Part::Fixed(std::mem::take(&mut fixed).into()));
                }
                parts.push(Part::Hole(format!("$({name})").into()));
                "$()".len() + name.len()
            }
            _ => {
                fixed.push('$');
                1 + usize::from(rest[at..].starts_with("$$"))
            }
        };
        rest = &rest[at + length..];
    }
    let Some(Part::Hole(hole)) = parts.iter().find(|part| matches!(part, Part::Hole(_))) else { return value };
    let why = format!("{hole} is filled in from another variable").into();
    fixed.push_str(rest);
    if !fixed.is_empty() {
        parts.push(Part::Fixed(fixed.into()));
    }
    Node { value: Value::Unresolved(Arc::new(Unresolved { why, perhaps_absent: false, parts })), ..value }
}
