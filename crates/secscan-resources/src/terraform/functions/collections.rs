//! Lists, sets and maps.

use std::sync::Arc;

use secscan_model::{Node, Value};

use super::super::types::as_set;
use super::super::value::{Entries, Failure, Outcome, boolean, equal, fail, sorted, text, unresolved_by};
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
    lenient("concat", 0..=ANY, concat),
    strict("contains", 2..=2, contains),
    costly("distinct", 1..=1, distinct),
    strict("element", 2..=2, element),
    strict("flatten", 1..=1, flatten),
    strict("index", 2..=2, index),
    strict("keys", 1..=1, keys),
    strict("length", 1..=1, length),
    lenient("lookup", 2..=3, lookup),
    costly("matchkeys", 3..=3, matchkeys),
    lenient("merge", 0..=ANY, merge),
    strict("one", 1..=1, one),
    strict("reverse", 1..=1, |call| call.items(call.list(0)?.iter().rev().cloned().collect())),
    costly("setintersection", 1..=ANY, |call| combine_sets(call, |known, other| known.retain(|item| has(other, item)))),
    strict("setproduct", 2..=ANY, setproduct),
    costly("setsubtract", 2..=2, |call| combine_sets(call, |known, other| known.retain(|item| !has(other, item)))),
    costly("setunion", 1..=ANY, |call| combine_sets(call, |known, other| known.extend(other.iter().cloned()))),
    strict("slice", 3..=3, slice),
    strict("sort", 1..=1, sort),
    costly("toset", 1..=1, toset),
    strict("transpose", 1..=1, transpose),
    strict("values", 1..=1, values),
    lenient("zipmap", 2..=2, zipmap),
];

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

fn map_of(node: &Node) -> Result<&secscan_model::Map, Failure> {
    node.as_map().ok_or_else(|| Failure::new("a map is needed"))
}

/// A map that has no more keys than are known.
fn closed_map<'c>(call: &Call<'c>, index: usize) -> Result<&'c secscan_model::Map, Failure> {
    let map = map_of(call.arg(index)?)?;
    match &map.rest {
        Some(why) => Err(Failure { why: why.clone(), unknown: true }),
        None => Ok(map),
    }
}

fn truths(call: &Call<'_>, wanted: bool) -> Outcome {
    let mut unknown = None;
    for item in call.list(0)?.iter().filter(|item| !item.is_null()) {
        match item.as_unresolved() {
            Some(_) => unknown = Some(item),
            None if boolean(item)? == wanted => return Ok(Node::bool(wanted, call.at)),
            None => {}
        }
    }
    unknown.map_or(Ok(Node::bool(!wanted, call.at)), |item| Err(Failure::unknown(item)))
}

fn chunklist(call: &Call<'_>) -> Outcome {
    let size = usize::try_from(call.int(1)?).unwrap_or(0).max(1);
    call.items(countable(call, 0)?.chunks(size).map(|chunk| Node::list(chunk.to_vec(), call.at)).collect())
}

fn coalesce(call: &Call<'_>) -> Outcome {
    first(call, |arg| !arg.is_null() && arg.as_str() != Some(""))
}

fn coalescelist(call: &Call<'_>) -> Outcome {
    first(call, |arg| arg.as_list().is_some_and(|items| !items.is_empty()))
}

/// The first argument that is wanted, unless one before it is not known.
fn first(call: &Call<'_>, wanted: fn(&Node) -> bool) -> Outcome {
    let found = call.args.iter().find(|arg| arg.as_unresolved().is_some() || wanted(arg));
    match found {
        Some(arg) if arg.as_unresolved().is_some() => Ok(unresolved_by(arg, call.at)),
        Some(arg) => Ok(arg.clone()),
        None => fail("no argument has a value"),
    }
}

fn compact(call: &Call<'_>) -> Outcome {
    let items = call.list(0)?.iter().filter(|item| !item.is_null() && item.as_str() != Some(""));
    let certain = items.map(|item| match item.as_unresolved() {
        Some(unresolved) => Node::perhaps_absent(unresolved.why.clone(), item.at),
        None => item.clone(),
    });
    call.items(certain.collect())
}

/// What is not known stands for any number of items.
fn concat(call: &Call<'_>) -> Outcome {
    let mut items = Vec::new();
    for arg in call.args {
        match &arg.value {
            Value::List(more) => items.extend(more.iter().cloned()),
            Value::Unresolved(unresolved) => items.push(Node::perhaps_absent(unresolved.why.clone(), arg.at)),
            _ => return fail("a list is needed"),
        }
    }
    call.items(items)
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
    Failure { why: "the lists are too large to compare".into(), unknown: true }
}

/// The items without repetitions. Scalars are told apart by their text, trees by comparing them.
fn unique(items: &[Node]) -> Result<Vec<Node>, Failure> {
    let mut seen = std::collections::HashSet::new();
    let mut trees: Vec<&Node> = Vec::new();
    let mut kept = Vec::new();
    for item in items {
        let new = match &item.value {
            Value::Scalar(scalar) => seen.insert(&*scalar.text),
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

fn distinct(call: &Call<'_>) -> Outcome {
    call.items(unique(call.list(0)?)?)
}

fn element(call: &Call<'_>) -> Outcome {
    let items = countable(call, 0)?;
    let index = call.int(1)?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if length == 0 {
        return fail("the list is empty");
    }
    let found = usize::try_from(index.rem_euclid(length)).ok().and_then(|index| items.get(index));
    found.cloned().ok_or_else(|| Failure::new("there is no such element"))
}

fn flatten(call: &Call<'_>) -> Outcome {
    fn add(items: &[Node], flat: &mut Vec<Node>, depth: usize) -> Result<(), Failure> {
        for item in items {
            match &item.value {
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
    call.items(flat)
}

fn index(call: &Call<'_>) -> Outcome {
    let wanted = call.arg(1)?;
    match known(call, 0)?.iter().position(|item| equal(item, wanted) == Some(true)) {
        Some(index) => Ok(Node::int(index as i64, call.at)),
        None => fail("the list has no such item"),
    }
}

fn keys(call: &Call<'_>) -> Outcome {
    let keys = sorted(closed_map(call, 0)?).into_iter().map(|(key, value)| Node::text(key.clone(), value.name_at));
    call.items(keys.collect())
}

fn length(call: &Call<'_>) -> Outcome {
    let length = match &call.arg(0)?.value {
        Value::List(_) => countable(call, 0)?.len(),
        Value::Map(_) => closed_map(call, 0)?.len(),
        _ => call.text(0)?.chars().count(),
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
    let map = map_of(map)?;
    match (map.get(&text(key)?), &map.rest) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(why)) => Err(Failure { why: why.clone(), unknown: true }),
        (None, None) => call.arg(2).cloned().map_err(|_| Failure::new("the map has no such key")),
    }
}

fn matchkeys(call: &Call<'_>) -> Outcome {
    let wanted = known(call, 2)?;
    let pairs = call.list(0)?.iter().zip(known(call, 1)?);
    if pairs.len().saturating_mul(wanted.len()) > MAX_COMPARISONS {
        return Err(too_large());
    }
    call.items(pairs.filter(|(_, key)| has(wanted, key)).map(|(value, _)| value.clone()).collect())
}

/// Later maps win. One that is not known may have any keys: what came before it is then only surely set.
fn merge(call: &Call<'_>) -> Outcome {
    let mut merged = Entries::default();
    for arg in call.args {
        let rest = match &arg.value {
            Value::Map(map) => map.rest.clone(),
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
    Ok(merged.node(call.at))
}

fn one(call: &Call<'_>) -> Outcome {
    match countable(call, 0)? {
        [] => Ok(Node::null(call.at)),
        [item] => Ok(item.clone()),
        _ => fail("there is more than one item"),
    }
}

fn combine_sets(call: &Call<'_>, combine: fn(&mut Vec<Node>, &[Node])) -> Outcome {
    let mut result = unique(known(call, 0)?)?;
    for index in 1..call.args.len() {
        let other = known(call, index)?;
        if result.len().saturating_mul(other.len()) > MAX_COMPARISONS {
            return Err(too_large());
        }
        combine(&mut result, other);
    }
    let mut result = unique(&result)?;
    as_set(&mut result);
    call.items(result)
}

fn setproduct(call: &Call<'_>) -> Outcome {
    let mut rows: Vec<Vec<Node>> = vec![Vec::new()];
    for index in 0..call.args.len() {
        let items = countable(call, index)?;
        if rows.len().saturating_mul(items.len()) > MAX_ITEMS {
            return fail("the product is too large");
        }
        let longer = |row: &Vec<Node>, item: &Node| row.iter().chain([item]).cloned().collect();
        rows = rows.iter().flat_map(|row| items.iter().map(|item| longer(row, item)).collect::<Vec<_>>()).collect();
    }
    call.items(rows.into_iter().map(|row| Node::list(row, call.at)).collect())
}

fn slice(call: &Call<'_>) -> Outcome {
    let (start, end) = (usize::try_from(call.int(1)?), usize::try_from(call.int(2)?));
    match (start, end) {
        (Ok(start), Ok(end)) => match countable(call, 0)?.get(start..end) {
            Some(items) => call.items(items.to_vec()),
            None => fail("the list is shorter"),
        },
        _ => fail("an index is negative"),
    }
}

fn sort(call: &Call<'_>) -> Outcome {
    let mut items = known(call, 0)?.to_vec();
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    call.items(items)
}

fn toset(call: &Call<'_>) -> Outcome {
    let mut items = match &call.arg(0)?.value {
        Value::List(items) => unique(items)?,
        Value::Scalar(_) if call.arg(0)?.is_null() => return Ok(Node::null(call.at)),
        _ => return fail("a list is needed"),
    };
    as_set(&mut items);
    call.items(items)
}

fn transpose(call: &Call<'_>) -> Outcome {
    let mut turned: std::collections::BTreeMap<Arc<str>, Vec<Node>> = Default::default();
    for (key, values) in sorted(closed_map(call, 0)?) {
        for value in values.items() {
            turned.entry(text(value)?.into()).or_default().push(Node::text(key.clone(), values.name_at));
        }
    }
    let mut entries = Entries::default();
    for (key, values) in turned {
        entries.insert(key, Node::list(values, call.at));
    }
    Ok(entries.node(call.at))
}

fn values(call: &Call<'_>) -> Outcome {
    call.items(sorted(closed_map(call, 0)?).into_iter().map(|(_, value)| value.clone()).collect())
}

fn zipmap(call: &Call<'_>) -> Outcome {
    let mut entries = Entries::default();
    let values = call.arg(1)?;
    for (index, key) in known(call, 0)?.iter().enumerate() {
        let value = match values.as_unresolved() {
            Some(_) => unresolved_by(values, call.at),
            None => values.items().get(index).cloned().ok_or_else(|| Failure::new("a value is missing"))?,
        };
        entries.insert(text(key)?.into(), value.named(key.at));
    }
    Ok(entries.node(call.at))
}
