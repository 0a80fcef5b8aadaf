//! The values of charts: those of a chart, what the chart above says of them, and what all of them share.

use std::rc::Rc;

use secscan_model::{Diagnostic, DiagnosticKind, Node, Platform, Source, Span};
use secscan_parse::MAX_DEPTH;
use secscan_parse::gotemplate::{Data, MapRef, Origin, Value};

use super::functions::yaml::value_of;

/// How many values one file may give, those of aliases counted wherever they are used.
const MAX_VALUES: usize = 200_000;

/// The values of a file of a chart. Each knows its place.
pub(super) fn of_file(source: &Source, said: &mut Vec<Diagnostic>) -> Value {
    read(source, &|node| Origin::at(node.at), said)
}

/// The values of a file that the user names: it is no file of the scan, so nothing can point into it.
pub(super) fn of_user(source: &Source, said: &mut Vec<Diagnostic>) -> Value {
    let mut unplaced = Vec::new();
    let values = read(source, &|_| Origin::default(), &mut unplaced);
    said.extend(unplaced.into_iter().map(|diagnostic| Diagnostic { at: None, ..diagnostic }.path(source.path.clone())));
    values
}

/// What cannot be read of the file is said: other values make another chart.
fn read(source: &Source, origin: &impl Fn(&Node) -> Origin, said: &mut Vec<Diagnostic>) -> Value {
    let parsed = secscan_parse::yaml::parse(source);
    said.extend(parsed.diagnostics.into_iter().map(|diagnostic| diagnostic.blinds(Platform::Kubernetes)));
    let text = source.text().unwrap_or_default();
    let values = Value::map([]);
    let mut left = MAX_VALUES;
    for document in &parsed.documents {
        if !fits(document, &mut left) {
            let message =
                format!("this file stands for more than {MAX_VALUES} values: its chart is rendered without them");
            let at = source.at(Span::default());
            said.push(
                Diagnostic::new(DiagnosticKind::Limit, message)
                    .path(source.path.clone())
                    .at(at)
                    .blinds(Platform::Kubernetes),
            );
            return Value::map([]);
        }
        let document = value_of(document, text, origin);
        if document.as_map().is_some() {
            say_more(&values, &document);
        }
    }
    values
}

/// Whether a tree has no more nodes than are left. Its depth is limited by the parser.
fn fits(node: &Node, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    node.entries().iter().all(|entry| fits(&entry.value, left))
        && node.as_list().unwrap_or_default().iter().all(|item| fits(item, left))
}

/// Puts values over others: what both say is taken from `over`, maps are joined, and null takes a key away.
pub(super) fn overlay(under: &Value, over: &Value) {
    if let (Some(under), Some(over)) = (under.as_map(), over.as_map()) {
        overlay_within(under, over, false, MAX_DEPTH);
    }
}

/// Puts what a user says over what the same user said before: null stays, for it is to take a key of a chart away.
pub(super) fn say_more(under: &Value, over: &Value) {
    if let (Some(under), Some(over)) = (under.as_map(), over.as_map()) {
        overlay_within(under, over, true, MAX_DEPTH);
    }
}

fn overlay_within(under: &MapRef, over: &MapRef, keeps_null: bool, depth: usize) {
    let Some(depth) = depth.checked_sub(1).filter(|_| !Rc::ptr_eq(under, over)) else { return };
    for (key, value) in over.borrow().iter() {
        let known = under.borrow().get(key).cloned();
        match (known.map(|known| known.data), &value.data) {
            (_, Data::Nil) if !keeps_null => {
                under.borrow_mut().remove(key);
            }
            (Some(Data::Map(inner)), Data::Map(other)) => overlay_within(&inner, other, keeps_null, depth),
            _ => {
                under.borrow_mut().insert(key.clone(), value.deep_copy());
            }
        }
    }
}

/// Adds what a chart sets by itself to the values that it is given; a key that is given as null goes.
pub(super) fn completed(given: &Value, own: &Value) -> Value {
    let values = own.deep_copy();
    overlay(&values, given);
    values
}

/// Gives a subchart the values that all charts share. What the chart above says of them wins.
pub(super) fn share_globals(parent: &Value, child: &Value) {
    let shared = parent.get("global").filter(|global| global.as_map().is_some()).unwrap_or_else(|| Value::map([]));
    let Some(child) = child.as_map() else { return };
    let own = child.borrow().get("global").cloned().filter(|global| global.as_map().is_some());
    let globals = own.unwrap_or_else(|| Value::map([]));
    overlay(&globals, &shared);
    child.borrow_mut().insert("global".into(), globals);
}

/// Sets the value at a path of keys, making maps on the way.
pub(super) fn set_path(values: &Value, path: &[&str], value: Value) {
    let Some((last, rest)) = path.split_last() else { return };
    let mut at = values.clone();
    for key in rest {
        let next = at.get(key).filter(|next| next.as_map().is_some()).unwrap_or_else(|| Value::map([]));
        let Some(map) = at.as_map() else { return };
        map.borrow_mut().insert((*key).into(), next.clone());
        at = next;
    }
    if let Some(map) = at.as_map() {
        map.borrow_mut().insert((*last).into(), value);
    }
}

/// Values as `--set` takes them: `a.b=1,c={x,y},d[0]=z`. What cannot be read is said.
pub(super) fn set(values: &Value, text: &str) -> Result<(), String> {
    for assignment in parted(text, ',') {
        let parts = parted(&assignment, '=');
        let (Some(path), Some(written)) = (parts.first(), assignment.split_once('=').map(|(_, value)| value)) else {
            return Err(format!("`{assignment}` has no `=`"));
        };
        if parts.len() < 2 {
            return Err(format!("`{assignment}` has no `=`"));
        }
        let value = match written.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some("") => Vec::new().into(),
            Some(items) => parted(items, ',').iter().map(|item| scalar(item)).collect::<Vec<_>>().into(),
            None => scalar(written),
        };
        let keys: Vec<String> = parted(path, '.').iter().flat_map(|key| indexed(key)).collect();
        let root = values.clone();
        set_indexed(&root, &keys, value).ok_or_else(|| format!("`{path}` is no path"))?;
    }
    Ok(())
}

/// `name[0][1]` as `name`, `[0]`, `[1]`.
fn indexed(key: &str) -> Vec<String> {
    let (name, rest) = key.split_at(key.find('[').unwrap_or(key.len()));
    let indexes = rest.split_inclusive(']').map(str::to_owned);
    Some(name.replace('\\', "")).into_iter().filter(|name| !name.is_empty()).chain(indexes).collect()
}

/// The largest index that `--set` may name, as in Helm.
const MAX_INDEX: usize = 65_536;

fn set_indexed(of: &Value, keys: &[String], value: Value) -> Option<()> {
    let (first, rest) = keys.split_first()?;
    let map = of.as_map()?;
    let known = map.borrow().get(first.as_str()).cloned();
    let new = placed(known, rest, value)?;
    map.borrow_mut().insert(first.as_str().into(), new);
    Some(())
}

/// What stands at a place once the rest of a path is set in it.
fn placed(known: Option<Value>, rest: &[String], value: Value) -> Option<Value> {
    let Some(next) = rest.first() else { return Some(value) };
    let Some(index) = next.strip_prefix('[') else {
        let map = known.filter(|known| known.as_map().is_some()).unwrap_or_else(|| Value::map([]));
        set_indexed(&map, rest, value)?;
        return Some(map);
    };
    let index: usize = index.strip_suffix(']')?.parse().ok().filter(|index| *index <= MAX_INDEX)?;
    let mut items = known.as_ref().and_then(Value::as_list).unwrap_or_default().to_vec();
    items.resize(items.len().max(index + 1), Value::nil());
    items[index] = placed(Some(items[index].clone()), &rest[1..], value)?;
    Some(items.into())
}

/// Text parted at a mark that stands neither behind a backslash nor in braces.
fn parted(text: &str, mark: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut escaped, mut braces) = (false, 0usize);
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ if character == mark && braces == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
}

fn scalar(written: &str) -> Value {
    match written {
        "null" => Value::nil(),
        "true" => true.into(),
        "false" => false.into(),
        "0" => 0i64.into(),
        _ if written.starts_with('0') => written.into(),
        _ => match written.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => unescaped(written).into(),
        },
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut escaped = false;
    for character in text.chars() {
        escaped = character == '\\' && !escaped;
        if !escaped {
            plain.push(character);
        }
    }
    plain
}
