//! Fields of objects by type and path: `spec/template/metadata/labels` of a `Deployment`.

use std::sync::Arc;

use secscan_model::{Map, Node, Scalar, ScalarKind, Value};

use super::id::Gvk;

/// A field that a transformer works on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// The objects that have it.
    pub(super) of: Gvk,
    /// Its keys, joined by slashes; lists on the way are passed through. Behind a key, `[]` says that a list must stand
    /// there.
    pub(super) path: Arc<str>,
    /// Whether it is made where it is not.
    pub(super) is_created: bool,
}

impl Field {
    pub(super) fn new(path: &str, of: Gvk, is_created: bool) -> Self {
        Self { of, path: path.into(), is_created }
    }

    /// A field as configurations of transformers and `labels` write it.
    pub(super) fn written(map: &Node) -> Self {
        let path = map.get("path").and_then(Node::as_str).unwrap_or_default();
        let is_created = map.get("create").and_then(Node::as_bool).unwrap_or_default();
        Self::new(path, Gvk::written(map), is_created)
    }
}

/// Adds fields to others; one that is selected together with a known one of the same path is known.
pub(super) fn merge(fields: &mut Vec<Field>, more: &[Field]) {
    for field in more {
        let is_known = |known: &Field| known.path == field.path && known.of.is_selected_by(&field.of);
        if !fields.iter().any(is_known) {
            fields.push(field.clone());
        }
    }
}

/// What a field is when a transformer makes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Made {
    /// Fields are never made.
    Nothing,
    /// An empty text that the transformer fills.
    Scalar,
    /// An empty map that the transformer fills.
    Map,
}

/// Why a field could not be set.
#[derive(Debug)]
pub(super) struct NoContainer;

/// Calls `set` with each value that a field of an object has.
///
/// # Errors
/// When the path leads through something that is neither a map nor a list.
pub(super) fn each(
    object: &mut Node,
    field: &Field,
    made: Made,
    set: &mut dyn FnMut(&mut Node),
) -> Result<(), NoContainer> {
    if !Gvk::of(object).is_selected_by(&field.of) {
        return Ok(());
    }
    let path = split(&field.path, '/');
    let made = if field.is_created { made } else { Made::Nothing };
    descend(object, &path, made, set)
}

fn descend(node: &mut Node, path: &[String], made: Made, set: &mut dyn FnMut(&mut Node)) -> Result<(), NoContainer> {
    let Some((key, rest)) = path.split_first() else {
        set(node);
        return Ok(());
    };
    let (at, name_at) = (node.at, node.name_at);
    match &mut node.value {
        Value::List(items) => {
            for item in Arc::make_mut(items) {
                descend(item, path, made, set)?;
            }
            Ok(())
        }
        Value::Map(map) => {
            let (key, is_list) = key.strip_suffix("[]").map_or((&**key, false), |key| (key, true));
            let made_here = match made {
                _ if is_list => None,
                Made::Nothing => None,
                Made::Scalar if rest.is_empty() => Some(Node::text("", at).value),
                Made::Scalar | Made::Map => Some(Value::Map(Arc::default())),
            };
            let is_null = map.get(key).map(Node::is_null);
            let Some(is_null) = is_null.or(made_here.is_some().then_some(true)) else { return Ok(()) };
            if let (true, Some(value)) = (is_null, made_here) {
                let there = map.get(key).map_or((at, name_at), |there| (there.at, there.name_at));
                let new = Node { value, at: there.0, name_at: there.1, extra: None };
                Arc::make_mut(map).insert(key, new);
            }
            match Arc::make_mut(map).get_mut(key) {
                Some(child) => descend(child, rest, made, set),
                None => Ok(()),
            }
        }
        Value::Scalar(scalar) if scalar.kind == ScalarKind::Null => Ok(()),
        Value::Scalar(_) => Err(NoContainer),
        Value::Unresolved(_) => Ok(()),
    }
}

/// The keys of a path. A backslash before a separator makes that a part of the key; a separator in front is left out.
pub(super) fn split(path: &str, separator: char) -> Vec<String> {
    let path = path.strip_prefix(separator).filter(|rest| !rest.is_empty()).unwrap_or(path);
    let mut keys: Vec<String> = Vec::new();
    for part in path.split(separator) {
        match keys.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(separator);
                last.push_str(part);
            }
            _ => keys.push(part.to_owned()),
        }
    }
    keys
}

/// The keys of a path with dots. Of `[name=a.b]` nothing is split; brackets without an equals sign only keep dots
/// together: `metadata.annotations.[a.b/c]`.
pub(super) fn split_dotted(path: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut parts = split(path, '.').into_iter();
    while let Some(mut part) = parts.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for next in parts.by_ref() {
                part.push('.');
                part.push_str(&next);
                if next.ends_with(']') {
                    break;
                }
            }
            keys.push(if part.contains('=') { part } else { part.trim_matches(['[', ']']).to_owned() });
        } else {
            keys.push(part);
        }
    }
    keys
}

/// Sets an entry of a map to a value, where a map stands.
pub(super) fn set_entry(node: &mut Node, key: &str, value: &Node) {
    if let Some(map) = node.as_map_mut() {
        map.insert(key, value.clone());
    }
}

/// A text that stands for another: with a place of its own, and the place that it had.
pub(super) fn overwrite(node: &mut Node, text: &str, by: &Node) {
    let before = node.at;
    let mut new = Node { name_at: node.name_at, ..Node::text(text, by.at) };
    if before == by.at {
        new.extra = node.extra.clone();
    } else {
        new.extra_mut().via = vec![before];
    }
    *node = new;
}

/// A text that was changed at its place by something else: `via` names that.
pub(super) fn extend(node: &mut Node, text: String, by: &Node) {
    let kind = ScalarKind::Text;
    node.value = Value::Scalar(Scalar { kind, text: text.into() });
    let mut via = vec![by.at];
    via.extend(node.via().iter().copied().filter(|at| *at != by.at).take(MAX_VIA));
    node.extra_mut().via = via;
}

/// How many places a text remembers that it came through.
const MAX_VIA: usize = 8;

/// An empty map at a place.
pub(super) fn empty_map(like: &Node) -> Node {
    Node::map(Map::default(), like.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_what_separates() {
        assert_eq!(split("/spec/a", '/'), ["spec", "a"]);
        assert_eq!(split(r"metadata/annotations/a.io\/b", '/'), ["metadata", "annotations", "a.io/b"]);
        assert_eq!(split_dotted("spec.containers.[name=a.b].image"), ["spec", "containers", "[name=a.b]", "image"]);
        assert_eq!(split_dotted("metadata.annotations.[a.b/c]"), ["metadata", "annotations", "a.b/c"]);
    }
}
