//! Functions that apply a function to the items of a list.

use std::sync::Arc;

use secscan_model::{Map, Node};

use super::collections::unknown_items;
use crate::arm::evaluator::Deployment;
use crate::arm::term::{Kind, Term, plain};
use crate::arm::value::{inherit, perhaps, unknown_because};

/// How many items a function is applied to.
const MAX_ITEMS: usize = 10_000;

/// A function without a name: its parameters and its body.
type Lambda<'a> = (&'a [Arc<str>], &'a Term);

/// The value of a call whose arguments hold a function; none for all others.
pub(super) fn call<'a>(at: &mut Deployment<'a>, name: &str, arguments: &'a [Term], term: &'a Term) -> Option<Node> {
    let lambdas: Vec<Lambda<'a>> = arguments
        .iter()
        .filter_map(|argument| match &argument.kind {
            Kind::Lambda(parameters, body) => Some((&**parameters, &**body)),
            _ => None,
        })
        .collect();
    let first = *lambdas.first()?;
    let of = at.evaluate(arguments.first()?);
    if name == "mapvalues" {
        return Some(map_values(at, &of, first, term));
    }
    let Some(items) = of.as_list().filter(|items| items.len() <= MAX_ITEMS).map(<[Node]>::to_vec) else {
        return Some(unknown_items(&of, term.at));
    };
    Some(match name {
        "map" => Node::list(each(at, &items, first), term.at),
        "filter" => filter(at, &items, first, term),
        "reduce" => reduce(at, arguments, items, first, term),
        "sort" => sort(at, items, first, term),
        "toobject" => to_object(at, &items, &lambdas, term),
        "groupby" => group_by(at, &items, first, term),
        _ => return None,
    })
}

/// The function's value for one item; its second parameter, where it has one, is the index.
fn apply<'a>(at: &mut Deployment<'a>, lambda: Lambda<'a>, arguments: &[Node]) -> Node {
    let names = lambda.0.iter().cloned().zip(arguments.iter().cloned()).collect();
    at.with(names, |at| at.evaluate(lambda.1))
}

fn each<'a>(at: &mut Deployment<'a>, items: &[Node], lambda: Lambda<'a>) -> Vec<Node> {
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        values.push(apply(at, lambda, &[item.clone(), Node::int(index as i64, item.at)]));
    }
    values
}

fn filter<'a>(at: &mut Deployment<'a>, items: &[Node], lambda: Lambda<'a>, term: &Term) -> Node {
    let holds = each(at, items, lambda);
    let kept = items.iter().zip(&holds).filter_map(|(item, holds)| match holds.as_bool() {
        Some(true) => Some(item.clone()),
        Some(false) => None,
        None => Some(perhaps(holds, item.at)),
    });
    Node::list(kept.collect(), term.at)
}

fn reduce<'a>(
    at: &mut Deployment<'a>,
    arguments: &'a [Term],
    items: Vec<Node>,
    lambda: Lambda<'a>,
    term: &Term,
) -> Node {
    let mut value = arguments.get(1).map_or_else(|| Node::null(term.at), |first| at.evaluate(first));
    for (index, item) in items.into_iter().enumerate() {
        let index = Node::int(index as i64, item.at);
        value = apply(at, lambda, &[value, item, index]);
        if !at.shared.spend(1 + crate::arm::value::weight(&value)) {
            return Node::unresolved("too large to evaluate", term.at);
        }
    }
    value
}

/// Sorted by insertion, as the function says which of two comes first; what it does not say keeps its place.
fn sort<'a>(at: &mut Deployment<'a>, items: Vec<Node>, lambda: Lambda<'a>, term: &Term) -> Node {
    let mut sorted: Vec<Node> = Vec::with_capacity(items.len());
    for item in items {
        let mut place = sorted.len();
        while place > 0 {
            let before = apply(at, lambda, &[item.clone(), sorted[place - 1].clone()]);
            match before.as_bool() {
                Some(true) => place -= 1,
                Some(false) => break,
                None => return inherit(unknown_because(&before, term.at), &sorted),
            }
        }
        sorted.insert(place, item);
    }
    Node::list(sorted, term.at)
}

fn to_object<'a>(at: &mut Deployment<'a>, items: &[Node], lambdas: &[Lambda<'a>], term: &Term) -> Node {
    let Some(key) = lambdas.first() else { return Node::map(Map::default(), term.at) };
    let keys = each(at, items, *key);
    let values = match lambdas.get(1) {
        Some(value) => each(at, items, *value),
        None => items.to_vec(),
    };
    let mut map = Map::with_capacity(items.len());
    for (key, value) in keys.iter().zip(values) {
        match plain(key) {
            Some(key) => drop(map.insert(key, value)),
            None => map.rest = Some("a key is not known from the files".into()),
        }
    }
    Node::map(map, term.at)
}

fn group_by<'a>(at: &mut Deployment<'a>, items: &[Node], lambda: Lambda<'a>, term: &Term) -> Node {
    let mut groups: Vec<(String, Vec<Node>)> = Vec::new();
    let mut is_whole = true;
    for (item, key) in items.iter().zip(each(at, items, lambda)) {
        let Some(key) = plain(&key) else {
            is_whole = false;
            continue;
        };
        match groups.iter_mut().find(|(known, _)| known == key) {
            Some((_, group)) => group.push(item.clone()),
            None => groups.push((key.to_owned(), vec![item.clone()])),
        }
    }
    let mut map: Map = groups.into_iter().map(|(key, group)| (key.into(), Node::list(group, term.at))).collect();
    map.rest = (!is_whole).then(|| "a key is not known from the files".into());
    Node::map(map, term.at)
}

fn map_values<'a>(at: &mut Deployment<'a>, of: &Node, lambda: Lambda<'a>, term: &Term) -> Node {
    let Some(map) = of.as_map() else { return unknown_items(of, term.at) };
    let mut made = Map::with_capacity(map.len());
    made.rest = map.rest.clone();
    for entry in map.entries() {
        let value = apply(at, lambda, std::slice::from_ref(&entry.value));
        made.push_new(entry.key.clone(), value);
    }
    Node::map(made, term.at)
}
