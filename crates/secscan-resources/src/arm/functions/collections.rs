//! Functions of lists and maps.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use secscan_model::{Entry, Location, Map, Node, Value};

use super::same;
use crate::arm::term::{get, plain};
use crate::arm::value::{inherit, perhaps, unknown_because};

/// The longest list that lists are compared with.
const MAX_COMPARED: usize = 1_000;

/// A function that can do with arguments that are not known; none for all others.
pub(super) fn lenient(name: &str, values: &[Node], at: Location) -> Option<Node> {
    match (name, values) {
        ("createarray", _) => Some(Node::list(values.to_vec(), at)),
        ("createobject", _) => Some(create_object(values, at)),
        ("array", [only]) if only.as_unresolved().is_none() => match only.as_list() {
            Some(_) => Some(only.clone()),
            None => Some(Node::list(vec![only.clone()], at)),
        },
        ("union" | "shallowmerge", _) => Some(union(&spread(name, values), name == "union", at)),
        ("contains", [whole, part]) => contains(whole, part, at),
        ("empty", [only]) if only.as_unresolved().is_some_and(|it| it.parts.iter().any(is_fixed)) => {
            Some(Node::bool(false, at))
        }
        ("array", [only]) => Some(unknown_because(only, at)),
        ("any" | "nonnull", [only]) => Some(only.clone()),
        _ => None,
    }
}

fn is_fixed(part: &secscan_model::Part) -> bool {
    matches!(part, secscan_model::Part::Fixed(_))
}

/// `shallowMerge` takes one list of maps.
fn spread(name: &str, values: &[Node]) -> Vec<Node> {
    match values {
        [only] if name == "shallowmerge" && only.as_list().is_some() => only.items().to_vec(),
        _ => values.to_vec(),
    }
}

/// `createObject`: keys and values by turns.
fn create_object(values: &[Node], at: Location) -> Node {
    let mut map = Map::with_capacity(values.len() / 2);
    for pair in values.chunks_exact(2) {
        match plain(&pair[0]) {
            Some(key) => drop(map.insert(key, pair[1].clone().named(pair[0].at))),
            None => map.rest = Some("a key is not known from the files".into()),
        }
    }
    Node::map(map, at)
}

/// Lists joined without what is there already, or maps laid over each other. Beneath a map that is not known, what
/// stands in those before it may have been replaced.
fn union(values: &[Node], deep: bool, at: Location) -> Node {
    if values.iter().any(|value| value.as_list().is_some()) {
        let mut items: Vec<Node> = Vec::new();
        for value in values {
            match value.as_list() {
                Some(more) => {
                    let is_new = |item: &&Node, items: &[Node]| {
                        items.len() > MAX_COMPARED || !items.iter().any(|known| same(known, item) == Some(true))
                    };
                    for item in more {
                        if is_new(&item, &items) {
                            items.push(item.clone());
                        }
                    }
                }
                None if value.is_null() => {}
                None => return inherit(unknown_because(value, at), values),
            }
        }
        return inherit(Node::list(items, at), values);
    }
    let mut whole = Map::default();
    for value in values.iter().filter(|value| !value.is_null()) {
        match &value.value {
            Value::Map(map) => overlay(&mut whole, map, deep),
            _ => {
                let mut unknown = Map::default();
                unknown.rest = whole.rest.take();
                for Entry { key, value: before } in whole.entries() {
                    unknown.push_new(key.clone(), unknown_because(value, before.at).named(before.name_at));
                }
                let why = value.as_unresolved().map(|unresolved| unresolved.why.clone());
                unknown.rest = Some(why.unwrap_or_else(|| "it is no map".into()));
                whole = unknown;
            }
        }
    }
    inherit(Node::map(whole, at), values)
}

/// Lays a map over another one.
fn overlay(under: &mut Map, over: &Map, deep: bool) {
    for Entry { key, value } in over.entries() {
        match (under.get(key), value.as_map()) {
            (Some(Node { value: Value::Map(before), .. }), Some(after)) if deep => {
                let mut merged = Map::clone(before);
                overlay(&mut merged, after, deep);
                under.insert(key.clone(), Node { value: Value::Map(Arc::new(merged)), ..value.clone() });
            }
            _ => drop(under.insert(key.clone(), value.clone())),
        }
    }
    if over.rest.is_some() {
        under.rest = over.rest.clone();
    }
}

/// `contains`: a key of a map, an item of a list, a piece of a text.
fn contains(whole: &Node, part: &Node, at: Location) -> Option<Node> {
    let wanted = plain(part)?;
    let found = match &whole.value {
        Value::Map(map) => match (get(whole, wanted), &map.rest) {
            (Some(_), _) => true,
            (None, Some(why)) => return Some(Node::unresolved(why.clone(), at)),
            (None, None) => false,
        },
        Value::List(items) => {
            let mut unknown = None;
            for item in items.iter() {
                match same(item, part) {
                    Some(true) => return Some(Node::bool(true, at)),
                    Some(false) => {}
                    None => unknown = Some(item),
                }
            }
            match unknown {
                Some(unknown) => return Some(unknown_because(unknown, at)),
                None => false,
            }
        }
        _ => plain(whole)?.to_lowercase().contains(&wanted.to_lowercase()),
    };
    Some(Node::bool(found, at))
}

/// A function whose arguments are all known; none when there is no such function, or it refuses.
pub(super) fn call(name: &str, values: &[Node], at: Location) -> Option<Node> {
    let first = values.first()?;
    let list = |items: Vec<Node>| Some(Node::list(items, at));
    let count = |index: usize| usize::try_from(values.get(index).and_then(Node::as_int)?.max(0)).ok();
    match name {
        "length" => length(first, at),
        "empty" => length(first, at)?.as_int().map(|length| Node::bool(length == 0, at)),
        "first" | "last" => end(first, name == "first", at),
        "skip" | "take" => part(first, count(1)?, name == "skip", at),
        "intersection" => intersection(values, at),
        "flatten" => list(first.as_list()?.iter().flat_map(Node::items).cloned().collect()),
        "items" => {
            let mut entries: Vec<&Entry> = known(first)?.entries().iter().collect();
            entries.sort_by_key(|entry| entry.key.to_lowercase());
            let item = |entry: &&Entry| {
                let pair =
                    [("key", Node::text(entry.key.clone(), entry.value.name_at)), ("value", entry.value.clone())];
                Node::map(pair.into_iter().map(|(key, value)| (key.into(), value)).collect(), entry.value.at)
            };
            list(entries.iter().map(item).collect())
        }
        "objectkeys" => {
            let mut keys: Vec<&Arc<str>> = known(first)?.entries().iter().map(|entry| &entry.key).collect();
            keys.sort_by_key(|key| key.to_lowercase());
            list(keys.into_iter().map(|key| Node::text(key.clone(), at)).collect())
        }
        "indexof" => {
            let index = first.as_list()?.iter().position(|item| same(item, &values[values.len() - 1]) == Some(true));
            Some(Node::int(index.map_or(-1, |index| index as i64), at))
        }
        "tryget" => {
            let found = values[1..].iter().try_fold(first, |node, key| match node.as_list() {
                Some(items) => items.get(usize::try_from(key.as_int()?).ok()?),
                None => get(node, plain(key)?),
            });
            match (found, known(first).is_some() || first.as_list().is_some()) {
                (Some(found), _) => Some(found.clone()),
                (None, true) => Some(Node::null(at)),
                (None, false) => None,
            }
        }
        "cidrsubnet" => subnet(plain(first)?, count(1)?, count(2)?, at),
        "cidrhost" => host(plain(first)?, count(1)?, at),
        _ => None,
    }
}

/// A map all of whose keys are known.
fn known(node: &Node) -> Option<&Map> {
    node.as_map().filter(|map| map.rest.is_none())
}

fn length(of: &Node, at: Location) -> Option<Node> {
    let length = match &of.value {
        Value::List(items) => items.len(),
        Value::Map(map) if map.rest.is_some() => return None,
        Value::Map(map) => map.len(),
        _ if of.is_null() => 0,
        _ => plain(of)?.chars().count(),
    };
    Some(Node::int(length as i64, at))
}

fn end(of: &Node, first: bool, at: Location) -> Option<Node> {
    if let Some(items) = of.as_list() {
        let item = if first { items.first() } else { items.last() };
        return Some(item.cloned().unwrap_or_else(|| Node::null(at)));
    }
    let text = plain(of)?;
    let end = if first { text.chars().next() } else { text.chars().next_back() };
    Some(Node::text(end.map(String::from).unwrap_or_default(), at))
}

fn part(of: &Node, count: usize, rest: bool, at: Location) -> Option<Node> {
    if let Some(items) = of.as_list() {
        let (head, tail) = items.split_at(count.min(items.len()));
        return Some(Node::list(if rest { tail } else { head }.to_vec(), at));
    }
    let chars = plain(of)?.chars();
    Some(Node::text(if rest { chars.skip(count).collect::<String>() } else { chars.take(count).collect() }, at))
}

fn intersection(values: &[Node], at: Location) -> Option<Node> {
    let (first, others) = values.split_first()?;
    if let Some(items) = first.as_list().filter(|items| items.len() <= MAX_COMPARED) {
        let is_in = |item: &&Node| {
            others
                .iter()
                .all(|other| other.items().iter().take(MAX_COMPARED).any(|known| same(known, item) == Some(true)))
        };
        return Some(Node::list(items.iter().filter(is_in).cloned().collect(), at));
    }
    let is_in = |entry: &&Entry| {
        others.iter().all(|other| get(other, &entry.key).is_some_and(|value| same(value, &entry.value) == Some(true)))
    };
    let entries = known(first)?.entries().iter().filter(is_in);
    Some(Node::map(entries.map(|entry| (entry.key.clone(), entry.value.clone())).collect(), at))
}

/// `cidrSubnet`: the subnet of a length by its number.
fn subnet(network: &str, length: usize, number: usize, at: Location) -> Option<Node> {
    let network: IpNet = network.parse().ok()?;
    let mut subnets = network.trunc().subnets(u8::try_from(length).ok()?).ok()?;
    // Beyond a thousand nobody counts.
    let subnet = (number <= 1_000).then(|| subnets.nth(number)).flatten()?;
    Some(Node::text(subnet.to_string(), at))
}

/// `cidrHost`: the address of a host by its number.
fn host(network: &str, number: usize, at: Location) -> Option<Node> {
    let network: IpNet = network.parse().ok()?;
    let host = match network.network() {
        IpAddr::V4(first) => {
            IpAddr::V4(u32::from(first).checked_add(u32::try_from(number).ok()?.checked_add(1)?)?.into())
        }
        IpAddr::V6(first) => IpAddr::V6(u128::from(first).checked_add(number as u128 + 1)?.into()),
    };
    network.contains(&host).then(|| Node::text(host.to_string(), at))
}

/// What a lambda made of the items of something that is not known.
pub(super) fn unknown_items(of: &Node, at: Location) -> Node {
    if of.as_unresolved().is_some_and(|unresolved| unresolved.perhaps_absent) {
        perhaps(of, at)
    } else {
        unknown_because(of, at)
    }
}
