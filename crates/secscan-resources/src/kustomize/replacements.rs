//! `replacements`: values of one object written into others.

use secscan_model::{Location, Map, Node, Scalar, ScalarKind, Value};

use super::fields::split_dotted;
use super::id::{Gvk, Id, group_and_version};
use super::object::Object;
use super::selector::Marks;
use super::transform::Report;
use crate::re2;

/// The field that is meant when none is named.
const DEFAULT_FIELD: &str = "metadata.name";

/// The longest text that is put together, in bytes.
const MAX_TEXT: usize = 1 << 16;

/// How many values are copied for one replacement: each may be large.
const MAX_COPIES: usize = 10_000;

/// Applies one replacement; what cannot be applied is said.
pub(super) fn apply(objects: &mut [Object], replacement: &Node, report: &mut Report<'_>) {
    let (Some(source), Some(targets)) = (replacement.get("source"), replacement.get("targets")) else {
        return report(replacement.at, "a replacement needs a source and targets".into());
    };
    let value = match source_value(objects, source) {
        Ok(value) => value,
        Err(why) => return report(source.at, why),
    };
    if !super::build::is_small(&value) {
        return report(source.at, "the value of this replacement is too large to be copied".into());
    }
    let mut copies = 0;
    for target in targets.items() {
        if let Err((at, why)) = write(objects, &value, target, &mut copies) {
            report(at, why);
        }
    }
}

/// What a selector without expressions says; its group and version may stand together in `apiVersion`.
pub(super) fn selector(map: &Node) -> Id {
    let text = |key| map.get(key).and_then(Node::as_str).unwrap_or_default();
    let mut gvk = Gvk::written(map);
    if let Some(written) = map.get("apiVersion").and_then(Node::as_str) {
        let (group, version) = group_and_version(written);
        gvk = Gvk::new(group, version, &gvk.kind);
    }
    let (name, namespace) = (text("name").into(), text("namespace").into());
    Id { gvk, name, namespace, is_cluster_scoped: false }
}

fn source_value(objects: &[Object], source: &Node) -> Result<Node, String> {
    let wanted = selector(source);
    let mut found = objects.iter().filter(|object| object.was_ever(|id| id.is_selected_by(&wanted)));
    let object = found.next().ok_or_else(|| "the source of this replacement is no object that is there".to_owned())?;
    if found.next().is_some() {
        return Err("several objects may be the source of this replacement".into());
    }
    let path = source.get("fieldPath").and_then(Node::as_str).filter(|path| !path.is_empty()).unwrap_or(DEFAULT_FIELD);
    let value = look_up(&object.value, &split_dotted(path)).filter(|value| !value.is_null());
    let value = value.ok_or_else(|| format!("the source of this replacement has no `{path}`"))?;
    let Some((delimiter, index)) = delimiter(source) else { return Ok(value.clone()) };
    let text = value.as_str().ok_or_else(|| "only a text can be split by a delimiter".to_owned())?;
    let part = usize::try_from(index).ok().and_then(|index| text.split(delimiter).nth(index));
    let part = part.ok_or_else(|| format!("`{text}` has no part {index}"))?;
    Ok(with_text(value, part.to_owned()))
}

/// The delimiter of an option with the index of the part that is meant.
fn delimiter(of: &Node) -> Option<(&str, i64)> {
    let options = of.get("options")?;
    let delimiter = options.get("delimiter").and_then(Node::as_str).filter(|text| !text.is_empty())?;
    Some((delimiter, options.get("index").and_then(Node::as_int).unwrap_or_default()))
}

/// The value at a path: keys, indexes of lists, and `[key=value]` for an item of a list.
pub(super) fn look_up<'n>(node: &'n Node, path: &[String]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, key| match &node.value {
        Value::List(items) => match item_key(key) {
            Some((name, value)) => items.iter().find(|item| {
                let own = if name.is_empty() { Some(*item) } else { item.get(name) };
                own.and_then(Node::as_str) == Some(value)
            }),
            None if key == "-" => items.last(),
            None => items.get(key.parse::<usize>().ok()?),
        },
        _ => node.get(key),
    })
}

/// The key and the value of `[key=value]`.
fn item_key(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

type Problem = (Location, String);

fn write(objects: &mut [Object], value: &Node, target: &Node, copies: &mut usize) -> Result<(), Problem> {
    let Some(select) = target.get("select") else {
        return Err((target.at, "a target of a replacement selects nothing".into()));
    };
    let marks = |map: &Node| Marks::written(map).map_err(|why| (map.at, why));
    let rejected: Vec<(Id, Marks)> = target
        .get("reject")
        .map_or(&[][..], Node::items)
        .iter()
        .map(|reject| Ok((selector(reject), marks(reject)?)))
        .collect::<Result<_, Problem>>()?;
    let (wanted, wanted_marks) = (selector(select), marks(select)?);
    let paths = target.get("fieldPaths").map_or(&[][..], Node::items);
    let default = [Node::text(DEFAULT_FIELD, target.at)];
    let paths = if paths.is_empty() { &default[..] } else { paths };
    for object in objects.iter_mut() {
        let is_rejected = |(id, marks): &(Id, Marks)| {
            (!marks.is_empty() && marks.fit(&object.value))
                || (!id.is_empty() && object.was_ever(|own| own.is_selected_by(id)))
        };
        if !wanted_marks.fit(&object.value)
            || rejected.iter().any(is_rejected)
            || !object.was_ever(|id| id.is_selected_by(&wanted))
        {
            continue;
        }
        for path in paths {
            write_at(object, value, target, path, copies)?;
        }
    }
    Ok(())
}

fn write_at(object: &mut Object, value: &Node, target: &Node, path: &Node, copies: &mut usize) -> Result<(), Problem> {
    let written = path.as_str().unwrap_or_default();
    let options = target.get("options");
    let is_created = options.and_then(|options| options.get("create")).and_then(Node::as_bool) == Some(true);
    let made = is_created.then(|| kind_of(value));
    let mut failed = None;
    let mut set = |field: &mut Node| {
        *copies += 1;
        let outcome = match *copies {
            1..=MAX_COPIES => put(field, value, target),
            _ => Err("this replacement writes too many values".to_owned()),
        };
        failed = failed.take().or(outcome.err());
    };
    let count = each_match(&mut object.value, &split_dotted(written), made.as_ref(), &mut set);
    match (failed, count) {
        (Some(why), _) => Err((path.at, why)),
        (None, Ok(0)) => Err((path.at, format!("{} has no `{written}`", object.id()))),
        (None, Ok(_)) => Ok(()),
        (None, Err(why)) => Err((path.at, why)),
    }
}

/// An empty value of the same kind.
fn kind_of(value: &Node) -> Value {
    match &value.value {
        Value::Map(_) => Value::Map(Default::default()),
        Value::List(_) => Value::List(Default::default()),
        Value::Scalar(_) | Value::Unresolved(_) => Node::null(value.at).value,
    }
}

/// Calls `set` with each value that a path leads to and returns how many there are. With `made`, what is not there is
/// made.
fn each_match(
    node: &mut Node,
    path: &[String],
    made: Option<&Value>,
    set: &mut dyn FnMut(&mut Node),
) -> Result<usize, String> {
    let Some((key, rest)) = path.split_first() else {
        set(node);
        return Ok(1);
    };
    let at = node.at;
    if let Some(items) = node.as_list_mut() {
        return match item_key(key) {
            Some((name, value)) => in_items(items, (name, value), rest, made, at, set),
            None if key == "*" => {
                let mut count = 0;
                for item in items.iter_mut() {
                    count += each_match(item, rest, made, set)?;
                }
                Ok(count)
            }
            None => {
                let index: usize = key.parse().map_err(|_| format!("`{key}` is no index of a list"))?;
                if let Some(made) = made.filter(|_| items.len() == index) {
                    items.push(Node::new(part_kind(rest, made), at));
                }
                let item = items.get_mut(index).ok_or_else(|| format!("there is no item {index}"))?;
                each_match(item, rest, made, set)
            }
        };
    }
    let Some(map) = node.as_map_mut() else { return Ok(0) };
    if map.get(key).is_none() {
        let Some(made) = made else { return Ok(0) };
        map.insert(key.as_str(), Node::new(part_kind(rest, made), at));
    }
    map.get_mut(key).map_or(Ok(0), |child| each_match(child, rest, made, set))
}

/// What stands before the rest of a path.
fn part_kind(rest: &[String], made: &Value) -> Value {
    match rest.first() {
        None => made.clone(),
        Some(next) if item_key(next).is_some() || next.parse::<usize>().is_ok() => Value::List(Default::default()),
        Some(_) => Value::Map(Default::default()),
    }
}

/// The items of a list whose field, or who themselves, match an expression.
fn in_items(
    items: &mut Vec<Node>,
    (name, value): (&str, &str),
    rest: &[String],
    made: Option<&Value>,
    at: Location,
    set: &mut dyn FnMut(&mut Node),
) -> Result<usize, String> {
    let expression = re2::compile(value, 10 << 20).map_err(|_| format!("`{value}` is no regular expression"))?;
    let fits = |item: &Node| {
        let own = if name.is_empty() { Some(item) } else { item.get(name) };
        own.and_then(Node::as_str).is_some_and(|own| expression.is_match(own))
    };
    let mut count = 0;
    for item in items.iter_mut().filter(|item| fits(item)) {
        count += each_match(item, if name.is_empty() { &[] } else { rest }, made, set)?;
    }
    if count > 0 || made.is_none() {
        return Ok(count);
    }
    let text = Node::text(value, at);
    let mut new = match name {
        "" => text,
        name => Node::map([(name.into(), text)].into_iter().collect::<Map>(), at),
    };
    count = each_match(&mut new, if name.is_empty() { &[] } else { rest }, made, set)?;
    items.push(new);
    Ok(count)
}

/// Writes a value into a field, or into a part of it.
fn put(field: &mut Node, value: &Node, target: &Node) -> Result<(), String> {
    let mut new = value.clone();
    if let Some((delimiter, index)) = delimiter(target) {
        let Some(own) = field.as_str().map(str::to_owned).or_else(|| field.is_null().then(String::new)) else {
            return Err("only a text can be split by a delimiter".into());
        };
        let part = value.as_str().unwrap_or_default();
        let mut parts: Vec<&str> = own.split(delimiter).collect();
        match usize::try_from(index) {
            Err(_) => parts.insert(0, part),
            Ok(index) => match parts.get_mut(index) {
                Some(slot) => *slot = part,
                None => parts.push(part),
            },
        }
        let text = parts.join(delimiter);
        if text.len() > MAX_TEXT {
            return Err("this replacement makes too long a text".into());
        }
        new = with_text(value, text);
    }
    if let (Value::Scalar(own), Value::Scalar(scalar)) = (&field.value, &new.value) {
        // The kind of a scalar that is there stays.
        new.value = Value::Scalar(Scalar { kind: retyped(own, &scalar.text), text: scalar.text.clone() });
    }
    let before = field.at;
    new.name_at = field.name_at;
    if before != new.at {
        new.extra_mut().via = vec![before];
    }
    *field = new;
    Ok(())
}

/// The kind of a scalar that gets another text.
fn retyped(own: &Scalar, text: &str) -> ScalarKind {
    match own.kind {
        ScalarKind::Int(_) => text.parse().map_or(ScalarKind::Text, ScalarKind::Int),
        ScalarKind::Bool(_) => text.parse().map_or(ScalarKind::Text, ScalarKind::Bool),
        ScalarKind::Float(_) => text.parse().map_or(ScalarKind::Text, ScalarKind::Float),
        ScalarKind::Text => ScalarKind::Text,
        // One that was made here, or said nothing: what the text looks like.
        ScalarKind::Null => match text {
            "true" => ScalarKind::Bool(true),
            "false" => ScalarKind::Bool(false),
            _ => text.parse().map_or(ScalarKind::Text, ScalarKind::Int),
        },
    }
}

fn with_text(of: &Node, text: String) -> Node {
    Node { value: Value::Scalar(Scalar { kind: ScalarKind::Text, text: text.into() }), ..of.clone() }
}
