//! JSON patches (RFC 6902) and JSON pointers (RFC 6901).

use secscan_model::{Location, Node, Value};

/// Why a patch cannot be applied, and where it says what is wrong.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) why: String,
    pub(super) at: Location,
}

/// Whether a document is a list of operations.
pub(super) fn is_patch(document: &Node) -> bool {
    let is_operation = |item: &Node| item.get("op").is_some() && item.get("path").is_some();
    document.as_list().is_some_and(|items| !items.is_empty() && items.iter().all(is_operation))
}

/// An object with all operations of a patch applied, or none of them.
///
/// # Errors
/// When an operation names what is not there, or is none.
pub(super) fn applied(object: &Node, patch: &Node) -> Result<Node, Misfit> {
    let mut object = object.clone();
    for operation in patch.items() {
        apply(&mut object, operation).map_err(|why| Misfit { why, at: operation.at })?;
    }
    Ok(object)
}

fn apply(object: &mut Node, operation: &Node) -> Result<(), String> {
    let text =
        |key: &str| operation.get(key).and_then(Node::as_str).ok_or_else(|| format!("an operation has no `{key}`"));
    let value = || operation.get("value").cloned().ok_or_else(|| "an operation has no `value`".to_owned());
    let path = keys(text("path")?);
    match text("op")? {
        "add" => add(object, &path, value()?),
        "remove" => remove(object, &path).map(drop),
        "replace" => {
            let value = value()?;
            match find_mut(object, &path) {
                Ok(slot) => *slot = Node { name_at: slot.name_at, ..value },
                // Of maps, what is not there is added: Kustomize's library does not look.
                Err(_) => add_to_map(object, &path, value)?,
            }
            Ok(())
        }
        "move" => {
            let moved = remove(object, &keys(text("from")?))?;
            add(object, &path, moved)
        }
        "copy" => {
            let copied = find(object, &keys(text("from")?))?.clone();
            add(object, &path, copied)
        }
        "test" => {
            let value = value()?;
            match find(object, &path) {
                Ok(found) if is_equal(found, &value) => Ok(()),
                _ => Err(format!("`{}` is not what the patch tests for", text("path")?)),
            }
        }
        other => Err(format!("`{other}` is no operation of JSON patches")),
    }
}

/// The keys of a pointer.
fn keys(pointer: &str) -> Vec<String> {
    let parts = pointer.split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

fn missing(key: &str) -> String {
    format!("there is no `{key}`")
}

/// The index that a key names in a list of a length; negative ones count from the end.
fn index(key: &str, length: usize) -> Option<usize> {
    let index: i64 = key.parse().ok()?;
    let index = if index < 0 { index + i64::try_from(length).ok()? } else { index };
    usize::try_from(index).ok()
}

fn find<'n>(node: &'n Node, path: &[String]) -> Result<&'n Node, String> {
    path.iter().try_fold(node, |node, key| {
        let child = match &node.value {
            Value::List(items) => index(key, items.len()).and_then(|index| items.get(index)),
            _ => node.get(key),
        };
        child.ok_or_else(|| missing(key))
    })
}

fn find_mut<'n>(node: &'n mut Node, path: &[String]) -> Result<&'n mut Node, String> {
    let Some((key, rest)) = path.split_first() else { return Ok(node) };
    let child = match &mut node.value {
        Value::List(_) => node.as_list_mut().and_then(|items| {
            let index = index(key, items.len())?;
            items.get_mut(index)
        }),
        _ => node.as_map_mut().and_then(|map| map.get_mut(key)),
    };
    find_mut(child.ok_or_else(|| missing(key))?, rest)
}

fn add(object: &mut Node, path: &[String], value: Node) -> Result<(), String> {
    let Some((key, parents)) = path.split_last() else {
        *object = value;
        return Ok(());
    };
    let parent = find_mut(object, parents)?;
    if let Some(items) = parent.as_list_mut() {
        let value = Node { name_at: value.at, ..value };
        if key == "-" {
            items.push(value);
            return Ok(());
        }
        // An index of -1 adds behind the last item.
        let index = index(key, items.len() + usize::from(key.starts_with('-')));
        let index = index.filter(|index| *index <= items.len()).ok_or_else(|| missing(key))?;
        items.insert(index, value);
        return Ok(());
    }
    let map = parent.as_map_mut().ok_or_else(|| missing(key))?;
    map.insert(key.as_str(), value);
    Ok(())
}

fn add_to_map(object: &mut Node, path: &[String], value: Node) -> Result<(), String> {
    let (key, parents) = path.split_last().ok_or_else(|| missing(""))?;
    let map = find_mut(object, parents)?.as_map_mut().ok_or_else(|| missing(key))?;
    map.insert(key.as_str(), value);
    Ok(())
}

fn remove(object: &mut Node, path: &[String]) -> Result<Node, String> {
    let (key, parents) = path.split_last().ok_or_else(|| "the whole object cannot be removed".to_owned())?;
    let parent = find_mut(object, parents)?;
    if let Some(items) = parent.as_list_mut() {
        let index = index(key, items.len()).filter(|index| *index < items.len()).ok_or_else(|| missing(key))?;
        return Ok(items.remove(index));
    }
    parent.as_map_mut().and_then(|map| map.remove(key)).ok_or_else(|| missing(key))
}

/// Whether two values say the same.
fn is_equal(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar(one), Value::Scalar(other)) => one == other,
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| is_equal(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            let has =
                |entry: &secscan_model::Entry| other.get(&entry.key).is_some_and(|value| is_equal(&entry.value, value));
            one.len() == other.len() && one.entries().iter().all(has)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use secscan_model::{Source, SourceId};

    use super::*;

    fn parsed(text: &str) -> Node {
        let source = Source::from_text(SourceId(0), "a.yaml", text);
        secscan_parse::yaml::parse(&source).documents.swap_remove(0)
    }

    #[test]
    fn operations_are_applied_together_or_not_at_all() {
        let object = parsed("{a: [1, 2], b: {c: x}}");
        let patch =
            parsed("[{op: add, path: /a/-, value: 3}, {op: move, from: /b/c, path: /d~1e}, {op: remove, path: /a/0}]");
        let expected = parsed("{a: [2, 3], b: {}, d/e: x}");
        assert!(is_equal(&applied(&object, &patch).expect("it fits"), &expected));
        let patch = parsed("[{op: remove, path: /b}, {op: remove, path: /none}]");
        assert!(applied(&object, &patch).is_err());
    }

    #[test]
    fn pointers_that_lead_nowhere_are_no_panic() {
        let object = parsed("{a: [1]}");
        for path in ["/a/7", "/a/-9", "/a/x", "/a/0/b", "", "/", "a", "/a/99999999999999999999"] {
            for op in ["add", "remove", "replace", "test"] {
                let patch = Node::list(vec![parsed(&format!("{{op: {op}, path: {path:?}, value: 1}}"))], object.at);
                drop(applied(&object, &patch));
            }
        }
    }
}
