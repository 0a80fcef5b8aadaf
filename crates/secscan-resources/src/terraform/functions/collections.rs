//! Lists, sets and maps.

use std::borrow::Cow;
use std::sync::Arc;

use secscan_model::{Map, Node, Scalar, ScalarKind, Value};

use super::super::convert::{convert, unified};
use super::super::number::Number;
use super::super::sets::set;
use super::super::types::{Type, unify};
use super::super::value::{
    Entries, Failure, Outcome, Shape, boolean, equal, fail, number, sorted, text, unresolved_by,
};
use super::{Call, Function, MAX_ITEMS, costly, lenient, strict};

const ANY: usize = usize::MAX;

/// How many comparisons of items with items one call may need.
const MAX_COMPARISONS: usize = 250_000;

pub(super) static FUNCTIONS: &[Function] = &[
    strict("alltrue", 1..=1, |call| truths(call, false)),
    strict("anytrue", 1..=1, |call| truths(call, true)),
    strict("chunklist", 2..=2, chunklist),
    lenient("coalesce", 1..=ANY, coalesce),
    lenient("coalescelist", 1..=ANY, coalescelist),
    strict("compact", 1..=1, compact),
    lenient("concat", 1..=ANY, concat),
    strict("contains", 2..=2, contains),
    costly("distinct", 1..=1, distinct),
    strict("element", 2..=2, element),
    strict("flatten", 1..=1, flatten),
    strict("index", 2..=2, index),
    strict("keys", 1..=1, keys),
    strict("length", 1..=1, length),
    lenient("list", 0..=ANY, |_| removed("list")),
    lenient("lookup", 2..=3, lookup),
    lenient("map", 0..=ANY, |_| removed("map")),
    costly("matchkeys", 3..=3, matchkeys),
    lenient("merge", 0..=ANY, merge),
    strict("one", 1..=1, one),
    strict("reverse", 1..=1, reverse),
    costly("setintersection", 1..=ANY, |call| combine_sets(call, |known, other| known.retain(|item| has(other, item)))),
    strict("setproduct", 2..=ANY, setproduct),
    costly("setsubtract", 2..=2, |call| combine_sets(call, |known, other| known.retain(|item| !has(other, item)))),
    costly("setunion", 1..=ANY, |call| combine_sets(call, |known, other| known.extend(other.iter().cloned()))),
    strict("slice", 3..=3, slice),
    strict("sort", 1..=1, sort),
    strict("transpose", 1..=1, transpose),
    strict("values", 1..=1, values),
    lenient("zipmap", 2..=2, zipmap),
];

/// `list` and `map` existed before Terraform 0.15.
fn removed(name: &str) -> Outcome {
    fail(format!("`{name}` exists no more; `to{name}` does what it did"))
}

/// Whether a list has an item that equals another.
fn has(list: &[Node], item: &Node) -> bool {
    list.iter().any(|known| equal(known, item) == Some(true))
}

/// The items of a list whose number is known.
fn countable<'c>(call: &Call<'c>, index: usize) -> Result<&'c [Node], Failure> {
    let items = call.list(index)?;
    let uncertain = items.iter().find(|item| item.as_unresolved().is_some_and(|item| item.perhaps_absent));
    uncertain.map_or(Ok(items), |item| Err(Failure::unknown(item)))
}

/// The items of a list that are all known.
fn known<'c>(call: &Call<'c>, index: usize) -> Result<&'c [Node], Failure> {
    let items = call.list(index)?;
    let unknown = items.iter().find(|item| item.as_unresolved().is_some());
    unknown.map_or(Ok(items), |item| Err(Failure::unknown(item)))
}

/// An argument that must be no set.
fn ordered<'c>(call: &Call<'c>, index: usize) -> Result<&'c Node, Failure> {
    let arg = call.arg(index)?;
    match Shape::of(arg) {
        Some(Shape::Set) => fail("a list is needed, and a set is none"),
        _ => Ok(arg),
    }
}

fn map_of(node: &Node) -> Result<&Map, Failure> {
    match Shape::of(node) {
        Some(Shape::Json | Shape::Yaml) => fail("a map is needed"),
        _ => node.as_map().ok_or_else(|| Failure::new("a map is needed")),
    }
}

/// A map that has no more keys than are known.
fn closed_map<'c>(call: &Call<'c>, index: usize) -> Result<&'c Map, Failure> {
    let map = map_of(call.arg(index)?)?;
    match &map.rest {
        Some(why) => Err(Failure { unknown: true, ..Failure::new(why.clone()) }),
        None => Ok(map),
    }
}

/// Items of a list with the shape that another list has.
fn alike(call: &Call<'_>, like: &Node, items: Vec<Node>) -> Outcome {
    let is_list = matches!(Shape::of(like), Some(Shape::List | Shape::Set));
    let all = call.items(items)?;
    Ok(if is_list { all } else { super::super::value::shapeless(all) })
}

fn truths(call: &Call<'_>, wanted: bool) -> Outcome {
    let mut unknown = None;
    for item in call.list(0)? {
        if item.is_null() {
            // Null is not true.
            if !wanted {
                return Ok(Node::bool(false, call.at));
            }
            continue;
        }
        match item.as_unresolved() {
            Some(_) => unknown = Some(item),
            None if boolean(item)? == wanted => return Ok(Node::bool(wanted, call.at)),
            None => {}
        }
    }
    unknown.map_or(Ok(Node::bool(!wanted, call.at)), |item| Err(Failure::unknown(item)))
}

fn chunklist(call: &Call<'_>) -> Outcome {
    let size = usize::try_from(call.int(1)?).map_err(|_| Failure::new("the size is negative"))?;
    let items = unified(countable(call, 0)?.to_vec())?;
    let size = if size == 0 { items.len().max(1) } else { size };
    call.items(items.chunks(size).map(|chunk| Shape::List.on(Node::list(chunk.to_vec(), call.at))).collect())
}

fn coalesce(call: &Call<'_>) -> Outcome {
    let types: Vec<Type> = call.args.iter().map(Type::of).collect();
    let Some(of) = unify(&types.iter().collect::<Vec<_>>()) else { return fail("the values have no type in common") };
    let is_set = |arg: &Node| !(arg.is_null() || of == Type::Text && arg.as_str() == Some(""));
    first(call, is_set).and_then(|value| convert(value, &of))
}

fn coalescelist(call: &Call<'_>) -> Outcome {
    if call.args.iter().any(|arg| arg.as_unresolved().is_none() && arg.as_list().is_none()) {
        return fail("a list is needed");
    }
    first(call, |arg| arg.as_list().is_some_and(|items| !items.is_empty()))
}

/// The first argument that is wanted, unless one before it is not known.
fn first(call: &Call<'_>, wanted: impl Fn(&Node) -> bool) -> Outcome {
    let found = call.args.iter().find(|arg| arg.as_unresolved().is_some() || wanted(arg));
    match found {
        Some(arg) if arg.as_unresolved().is_some() => Ok(unresolved_by(arg, call.at)),
        Some(arg) => Ok(arg.clone()),
        None => fail("no argument has a value"),
    }
}

fn compact(call: &Call<'_>) -> Outcome {
    let mut kept = Vec::new();
    for item in call.list(0)? {
        match item.as_unresolved() {
            Some(unresolved) => kept.push(Node::perhaps_absent(unresolved.why.clone(), item.at)),
            None if item.is_null() => {}
            None if text(item)?.is_empty() => {}
            None => kept.push(convert(item.clone(), &Type::Text)?),
        }
    }
    call.items(kept)
}

/// What is not known stands for any number of items.
fn concat(call: &Call<'_>) -> Outcome {
    let mut items = Vec::new();
    for (index, arg) in call.args.iter().enumerate() {
        match &ordered(call, index)?.value {
            Value::List(more) => items.extend(more.iter().cloned()),
            Value::Unresolved(unresolved) => items.push(Node::perhaps_absent(unresolved.why.clone(), arg.at)),
            _ => return fail("a list is needed"),
        }
        if items.len() > MAX_ITEMS {
            return fail("the list is too long");
        }
    }
    let all_lists = call.args.iter().all(|arg| arg.as_unresolved().is_some() || Shape::of(arg) == Some(Shape::List));
    let types: Vec<Type> = call.args.iter().map(Type::of).collect();
    match unify(&types.iter().collect::<Vec<_>>()) {
        Some(Type::List(of)) if all_lists => {
            call.items(items.into_iter().map(|item| convert(item, &of)).collect::<Result<_, _>>()?)
        }
        _ => Ok(Node::list(items, call.at)),
    }
}

fn contains(call: &Call<'_>) -> Outcome {
    let wanted = call.arg(1)?;
    let mut unknown = None;
    for item in call.list(0)? {
        match equal(item, wanted) {
            Some(true) => return Ok(Node::bool(true, call.at)),
            Some(false) => {}
            None => unknown = Some(item),
        }
    }
    unknown.map_or(Ok(Node::bool(false, call.at)), |item| Err(Failure::unknown(item)))
}

/// For what would need more than [`MAX_COMPARISONS`].
fn too_large() -> Failure {
    Failure { unknown: true, ..Failure::new("the lists are too large to compare") }
}

/// The items without repetitions. Scalars are told apart by their text, trees by comparing them.
fn unique(items: &[Node]) -> Result<Vec<Node>, Failure> {
    let mut seen = std::collections::HashSet::new();
    let mut trees: Vec<&Node> = Vec::new();
    let mut kept = Vec::new();
    for item in items {
        let new = match &item.value {
            Value::Scalar(scalar) => seen.insert((item.is_null(), identity(scalar, item))),
            _ if trees.len() * items.len() > MAX_COMPARISONS => return Err(too_large()),
            _ => {
                let new = !trees.iter().any(|known| equal(known, item) == Some(true));
                trees.push(item);
                new
            }
        };
        if new {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

/// The text that tells a scalar from others: one for equal numbers, however they are written.
fn identity<'n>(scalar: &'n Scalar, node: &Node) -> Cow<'n, str> {
    match (scalar.kind, number(node)) {
        (ScalarKind::Int(_) | ScalarKind::Float(_), Ok(number)) => number.plus(&Number::Int(0)).text().into(),
        _ => (&*scalar.text).into(),
    }
}

fn distinct(call: &Call<'_>) -> Outcome {
    call.items(unique(&unified(call.list(0)?.to_vec())?)?)
}

fn element(call: &Call<'_>) -> Outcome {
    ordered(call, 0)?;
    let items = countable(call, 0)?;
    let index = call.int(1)?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if length == 0 {
        return fail("the list is empty");
    }
    // Terraform 1.11 goes round in both directions, but does not count from the end.
    let found = usize::try_from(index % length).ok().and_then(|index| items.get(index));
    found.cloned().ok_or_else(|| Failure::new("there is no such element"))
}

fn flatten(call: &Call<'_>) -> Outcome {
    fn add(items: &[Node], flat: &mut Vec<Node>, depth: usize) -> Result<(), Failure> {
        for item in items {
            match &item.value {
                Value::List(_) if Shape::of(item).is_some_and(Shape::is_text) => flat.push(item.clone()),
                Value::List(inner) if depth > 0 => add(inner, flat, depth - 1)?,
                Value::List(_) => return fail("the lists nest too deeply"),
                Value::Unresolved(unresolved) => flat.push(Node::perhaps_absent(unresolved.why.clone(), item.at)),
                _ => flat.push(item.clone()),
            }
            if flat.len() > MAX_ITEMS {
                return fail("the list is too long");
            }
        }
        Ok(())
    }
    let mut flat = Vec::new();
    add(call.list(0)?, &mut flat, secscan_parse::MAX_DEPTH)?;
    Ok(Node::list(flat, call.at))
}

fn index(call: &Call<'_>) -> Outcome {
    ordered(call, 0)?;
    let wanted = call.arg(1)?;
    match known(call, 0)?.iter().position(|item| equal(item, wanted) == Some(true)) {
        Some(index) => Ok(Node::int(index as i64, call.at)),
        None => fail("the list has no such item"),
    }
}

fn keys(call: &Call<'_>) -> Outcome {
    let keys = sorted(closed_map(call, 0)?).into_iter().map(|(key, value)| Node::text(key.clone(), value.name_at));
    let keys = call.items(keys.collect())?;
    Ok(if Shape::of(call.arg(0)?) == Some(Shape::Map) { keys } else { super::super::value::shapeless(keys) })
}

fn length(call: &Call<'_>) -> Outcome {
    let arg = call.arg(0)?;
    let length = match &arg.value {
        Value::List(_) if !Shape::of(arg).is_some_and(Shape::is_text) => countable(call, 0)?.len(),
        Value::Map(_) if !Shape::of(arg).is_some_and(Shape::is_text) => closed_map(call, 0)?.len(),
        _ if Type::of(arg) != Type::Text => return fail("a list, a map or a text is needed"),
        _ => super::strings::graphemes(&call.text(0)?).count(),
    };
    Ok(Node::int(length as i64, call.at))
}

fn lookup(call: &Call<'_>) -> Outcome {
    let map = call.arg(0)?;
    let key = call.arg(1)?;
    for needed in [map, key] {
        if needed.as_unresolved().is_some() {
            return Err(Failure::unknown(needed));
        }
    }
    let is_map = Shape::of(map) == Some(Shape::Map);
    let of = if is_map { Type::of(map) } else { Type::Any };
    let map = map_of(map)?;
    let default = match (call.args.get(2), of) {
        // The default of a map has the type of its values.
        (Some(default), Type::Map(of)) => Some(convert(default.clone(), &of)?),
        (default, _) => default.cloned(),
    };
    match (map.get(&text(key)?), &map.rest) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(why)) => Err(Failure { unknown: true, ..Failure::new(why.clone()) }),
        (None, None) => default.ok_or_else(|| Failure::new("the map has no such key")),
    }
}

fn matchkeys(call: &Call<'_>) -> Outcome {
    let (values, keys, wanted) = (call.list(0)?, known(call, 1)?, known(call, 2)?);
    if values.len() != keys.len() {
        return fail("there are not as many values as keys");
    }
    if keys.len().saturating_mul(wanted.len()) > MAX_COMPARISONS {
        return Err(too_large());
    }
    let mut all = unified(keys.iter().chain(wanted).cloned().collect())?;
    let wanted = all.split_off(keys.len());
    let found = unified(values.to_vec())?.into_iter().zip(&all).filter(|(_, key)| has(&wanted, key));
    call.items(found.map(|(value, _)| value).collect())
}

/// Later maps win. One that is not known may have any keys: what came before it is then only surely set.
fn merge(call: &Call<'_>) -> Outcome {
    let mut merged = Entries::default();
    for arg in call.args {
        let rest = match &arg.value {
            Value::Map(_) => map_of(arg)?.rest.clone(),
            Value::Unresolved(unresolved) => Some(unresolved.why.clone()),
            _ if arg.is_null() => None,
            _ => return fail("a map is needed"),
        };
        if let Some(why) = rest {
            merged.overshadow(&why);
            merged.rest = Some(why);
        }
        for entry in arg.entries() {
            merged.insert(entry.key.clone(), entry.value.clone());
        }
    }
    let node = merged.node(call.at);
    let types: Vec<Type> = call.args.iter().filter(|arg| !arg.is_null()).map(Type::of).collect();
    let all_maps =
        types.first().is_some_and(|first| matches!(first, Type::Map(_)) && types.iter().all(|of| of == first));
    Ok(if all_maps { Shape::Map.on(node) } else { node })
}

fn one(call: &Call<'_>) -> Outcome {
    match countable(call, 0)? {
        [] => Ok(Node::null(call.at)),
        [item] => Ok(item.clone()),
        _ => fail("there is more than one item"),
    }
}

fn reverse(call: &Call<'_>) -> Outcome {
    alike(call, call.arg(0)?, call.list(0)?.iter().rev().cloned().collect())
}

fn combine_sets(call: &Call<'_>, combine: fn(&mut Vec<Node>, &[Node])) -> Outcome {
    let mut lists = Vec::with_capacity(call.args.len());
    for index in 0..call.args.len() {
        lists.push(Shape::List.on(Node::list(unified(known(call, index)?.to_vec())?, call.at)));
    }
    let lists = unified(lists)?;
    let Some((first, others)) = lists.split_first() else { return fail("a set is needed") };
    let mut result = unique(first.items())?;
    for other in others {
        if result.len().saturating_mul(other.items().len()) > MAX_COMPARISONS {
            return Err(too_large());
        }
        combine(&mut result, other.items());
    }
    set(result, call.at)
}

fn setproduct(call: &Call<'_>) -> Outcome {
    let mut rows: Vec<Vec<Node>> = vec![Vec::new()];
    for index in 0..call.args.len() {
        let items = unified(countable(call, index)?.to_vec())?;
        if rows.len().saturating_mul(items.len()) > MAX_ITEMS {
            return fail("the product is too large");
        }
        let longer = |row: &Vec<Node>, item: &Node| row.iter().chain([item]).cloned().collect();
        rows = rows.iter().flat_map(|row| items.iter().map(|item| longer(row, item)).collect::<Vec<_>>()).collect();
    }
    let rows = rows.into_iter().map(|row| Node::list(row, call.at)).collect();
    let all_sets = call.args.iter().all(|arg| Shape::of(arg) == Some(Shape::Set));
    if all_sets { set(rows, call.at) } else { call.items(rows) }
}

fn slice(call: &Call<'_>) -> Outcome {
    let like = ordered(call, 0)?;
    match (usize::try_from(call.int(1)?), usize::try_from(call.int(2)?)) {
        (Ok(start), Ok(end)) => match countable(call, 0)?.get(start..end) {
            Some(items) => alike(call, like, items.to_vec()),
            None => fail("the list is shorter"),
        },
        _ => fail("an index is negative"),
    }
}

fn sort(call: &Call<'_>) -> Outcome {
    let items = known(call, 0)?.iter().map(|item| match item.is_null() {
        true => fail("null cannot be sorted"),
        false => convert(item.clone(), &Type::Text),
    });
    let mut items = items.collect::<Result<Vec<_>, _>>()?;
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    call.items(items)
}

fn transpose(call: &Call<'_>) -> Outcome {
    let mut turned: std::collections::BTreeMap<Arc<str>, Vec<Node>> = Default::default();
    for (key, values) in sorted(closed_map(call, 0)?) {
        let Some(values) = values.as_list() else { return fail("a map of lists is needed") };
        for value in values {
            turned.entry(text(value)?.into()).or_default().push(Node::text(key.clone(), value.name_at));
        }
    }
    let mut entries = Entries::default();
    for (key, values) in turned {
        entries.insert(key, Shape::List.on(Node::list(values, call.at)));
    }
    Ok(Shape::Map.on(entries.node(call.at)))
}

fn values(call: &Call<'_>) -> Outcome {
    let values = call.items(sorted(closed_map(call, 0)?).into_iter().map(|(_, value)| value.clone()).collect())?;
    Ok(if Shape::of(call.arg(0)?) == Some(Shape::Map) { values } else { super::super::value::shapeless(values) })
}

fn zipmap(call: &Call<'_>) -> Outcome {
    let mut entries = Entries::default();
    let values = call.arg(1)?;
    let keys = known(call, 0)?;
    if values.as_list().is_some_and(|values| values.len() != keys.len()) {
        return fail("there are not as many values as keys");
    }
    for (index, key) in keys.iter().enumerate() {
        let value = match values.as_unresolved() {
            Some(_) => unresolved_by(values, call.at),
            None => values.items().get(index).cloned().ok_or_else(|| Failure::new("a value is missing"))?,
        };
        entries.insert(text(key)?.into(), value.named(key.at));
    }
    let node = entries.node(call.at);
    Ok(if Shape::of(values) == Some(Shape::List) { Shape::Map.on(node) } else { node })
}
