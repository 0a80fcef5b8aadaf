//! Conversions between types, and functions that only mark values.

use secscan_model::{Node, Value};

use super::super::types::{is_text, primitive};
use super::super::value::{Entries, Outcome, boolean, fail, number, text};
use super::{Call, Function, lenient, strict};

pub(super) static FUNCTIONS: &[Function] = &[
    lenient("ephemeralasnull", 1..=1, same),
    lenient("issensitive", 1..=1, |call| Ok(Node::unresolved("sensitivity is not followed", call.at))),
    lenient("nonsensitive", 1..=1, same),
    lenient("sensitive", 1..=1, same),
    strict("tobool", 1..=1, |call| scalar(call, "bool", |node| boolean(node).map(drop))),
    strict("tolist", 1..=1, tolist),
    lenient("tomap", 1..=1, tomap),
    strict("tonumber", 1..=1, |call| scalar(call, "number", |node| number(node).map(drop))),
    strict("tostring", 1..=1, |call| scalar(call, "string", |node| text(node).map(drop))),
];

type Check = fn(&Node) -> Result<(), super::super::value::Failure>;

fn same(call: &Call<'_>) -> Outcome {
    call.arg(0).cloned()
}

/// A scalar as another type; null stays null.
fn scalar(call: &Call<'_>, name: &str, check: Check) -> Outcome {
    let node = call.arg(0)?;
    if !node.is_null() {
        check(node)?;
    }
    Ok(primitive(node.clone(), name))
}

fn tolist(call: &Call<'_>) -> Outcome {
    let node = call.arg(0)?;
    match &node.value {
        Value::List(items) if items.iter().any(is_text) => {
            call.items(items.iter().map(|item| primitive(item.clone(), "string")).collect())
        }
        Value::List(_) => same(call),
        _ if node.is_null() => same(call),
        _ => fail("a list is needed"),
    }
}

fn tomap(call: &Call<'_>) -> Outcome {
    let node = call.arg(0)?;
    let Some(map) = node.as_map() else {
        return if node.is_null() || node.as_unresolved().is_some() { same(call) } else { fail("a map is needed") };
    };
    if !map.entries().iter().any(|entry| is_text(&entry.value)) {
        return same(call);
    }
    let mut entries = Entries::default();
    entries.rest = map.rest.clone();
    for entry in map.entries() {
        entries.insert(entry.key.clone(), primitive(entry.value.clone(), "string"));
    }
    Ok(entries.node(node.at))
}
