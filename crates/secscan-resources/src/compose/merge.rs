//! Compose files laid over each other: what `docker compose -f one -f two` and `extends` make of two services.
//!
//! Maps are merged key by key, most lists get longer; what runs (`command`, `entrypoint`, a health check) is replaced, and
//! lists whose items have a name of their own (variables, ports, mounts) by that name. `!reset` takes a value away,
//! `!override` replaces it as a whole.
//!
//! <https://docs.docker.com/reference/compose-file/merge/>

use secscan_model::{Map, Node, Value};

use crate::computed::Text;

/// Keys whose lists are replaced.
const REPLACED: &[&str] = &["command", "entrypoint", "test"];

/// Keys that are maps, or lists of `name=value`.
const PAIRS: &[&str] = &["annotations", "args", "environment", "extra_hosts", "labels", "sysctls"];

/// Keys that are maps, or lists of names.
const NAMES: &[&str] = &["depends_on", "networks"];

/// Keys whose items are told apart by what they are mounted at.
const TARGETS: &[&str] = &["configs", "devices", "secrets", "volumes"];

/// A value with another laid over it; none when that takes it away.
pub(super) fn merged(base: &Node, over: &Node, key: &str) -> Option<Node> {
    let tag = over.extra.as_ref().and_then(|extra| extra.tag.as_deref());
    match tag {
        Some("!reset") => return None,
        Some("!override") => return Some(over.clone()),
        _ if over.is_null() => return Some(base.clone()),
        _ => {}
    }
    if PAIRS.contains(&key) || NAMES.contains(&key) {
        let is_mixed = base.as_map().is_some() != over.as_map().is_some();
        if is_mixed {
            return Some(maps(&as_map(base), &as_map(over)));
        }
    }
    match (&base.value, &over.value) {
        (Value::Map(_), Value::Map(_)) => Some(maps(base, over)),
        (Value::List(_), Value::List(_)) if !REPLACED.contains(&key) => Some(lists(base, over, key)),
        _ => Some(over.clone()),
    }
}

fn maps(base: &Node, over: &Node) -> Node {
    let mut result = base.clone();
    let Some(map) = result.as_map_mut() else { return over.clone() };
    for entry in over.entries() {
        let value = match map.get(&entry.key) {
            Some(own) => merged(own, &entry.value, &entry.key),
            None => Some(entry.value.clone()).filter(|value| !is_reset(value)),
        };
        match value {
            Some(value) => drop(map.insert(entry.key.clone(), value)),
            None => drop(map.remove(&entry.key)),
        }
    }
    if let Some(rest) = over.as_map().and_then(|map| map.rest.clone()) {
        map.rest = Some(rest);
    }
    result
}

fn is_reset(value: &Node) -> bool {
    value.extra.as_ref().is_some_and(|extra| extra.tag.as_deref() == Some("!reset"))
}

/// Both lists as one: an item of the second takes the place of one of the first that it is told to be.
fn lists(base: &Node, over: &Node, key: &str) -> Node {
    let name = |item: &Node| -> Option<String> {
        if PAIRS.contains(&key) {
            return Some(split(&written(item), '=').0.to_owned());
        }
        if TARGETS.contains(&key) {
            return target(item);
        }
        item.as_map().is_none().then(|| written(item))
    };
    let mut items: Vec<Node> = base.items().to_vec();
    for item in over.items() {
        let own = name(item);
        let known = items.iter_mut().find(|known| own.is_some() && name(known) == own);
        match known {
            Some(known) => *known = item.clone(),
            None => items.push(item.clone()),
        }
    }
    Node { value: Value::List(items.into()), ..base.clone() }
}

/// A text with its holes as no grammar reads them, so that what stands in them separates nothing.
fn written(item: &Node) -> String {
    Text::new(item, &[]).map(|text| text.opaque().to_owned()).unwrap_or_default()
}

fn split(text: &str, separator: char) -> (&str, &str) {
    text.split_once(separator).unwrap_or((text, ""))
}

/// What an item is mounted at: `source:target[:mode]`, or the long form.
fn target(item: &Node) -> Option<String> {
    if item.as_map().is_some() {
        let target = item.get("target").or_else(|| item.get("source"));
        return target.and_then(Node::raw_text).map(|text| text.into_owned());
    }
    let text = written(item);
    let drive = text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.get(1..3) == Some(":\\");
    let behind = if drive { text.get(2..).unwrap_or_default() } else { &text };
    let target = behind.split(':').nth(1).unwrap_or(behind);
    Some(target.to_owned())
}

/// A list of names or of `name=value` as a map.
fn as_map(node: &Node) -> Node {
    let Some(items) = node.as_list() else { return node.clone() };
    let mut map = Map::with_capacity(items.len());
    for item in items {
        let Some(text) = Text::new(item, &[]) else { continue };
        let end = text.raw().len();
        let equals = text.opaque().find('=').unwrap_or(end);
        let value = if equals < end { text.node(equals + 1..end) } else { Node::null(item.at) };
        map.insert(text.raw().get(..equals).unwrap_or_default(), value.named(item.at));
    }
    Node::map(map, node.at).named(node.name_at)
}
