//! The functions of the template languages: those that need no deployment.
//!
//! Reading order: [`call`] (what decides which arguments are evaluated), then [`text`], [`numbers`], [`collections`],
//! [`lambdas`]. A function whose arguments are not known gives something unknown that keeps their references.

mod collections;
mod lambdas;
mod numbers;
mod text;

use std::sync::Arc;

use secscan_model::{Node, Scalar, ScalarKind, Unresolved, Value};

use super::evaluator::{AT_DEPLOYMENT, Deployment};
use super::term::{Kind, Term, get, plain};
use super::value::{hole, index_name, inherit, perhaps, refers_to, through, unknown_because};

/// The value of a call.
pub(super) fn call<'a>(at: &mut Deployment<'a>, written: &'a str, arguments: &'a [Term], term: &'a Term) -> Node {
    let lower = written.to_lowercase();
    let name = lower.strip_prefix("sys.").or_else(|| lower.strip_prefix("az.")).unwrap_or(&lower);
    let first_text = || arguments.first().and_then(Term::as_str);
    match (name, arguments) {
        ("parameters", [_]) if first_text().is_some() => at.parameter(first_text().unwrap_or_default(), term),
        ("variables", [_]) if first_text().is_some() => at.variable(first_text().unwrap_or_default(), term),
        ("if", [condition, yes, no]) => choice(at, condition, yes, no, term),
        ("and" | "or", _) => junction(at, name == "and", arguments, term),
        ("coalesce", _) => coalesce(at, arguments, term),
        ("copyindex", _) => copy_index(at, arguments, term),
        ("concat", _) => text::concat(at, arguments, term),
        ("format", [pattern, ..]) => text::format(at, pattern, &arguments[1..], term),
        ("resourceid" | "subscriptionresourceid" | "tenantresourceid" | "managementgroupresourceid", _) => {
            at.resource_id(arguments, term)
        }
        ("extensionresourceid", [_, rest @ ..]) => at.resource_id(rest, term),
        ("reference", [of, ..]) => {
            let of = at.evaluate(of);
            at.reference(&of, term)
        }
        _ => match lambdas::call(at, name, arguments, term) {
            Some(value) => value,
            None => ordinary(at, name, written, arguments, term),
        },
    }
}

/// A function that needs all of its arguments.
fn ordinary<'a>(at: &mut Deployment<'a>, name: &str, written: &str, arguments: &'a [Term], term: &'a Term) -> Node {
    let values: Vec<Node> = arguments.iter().map(|argument| at.evaluate(argument)).collect();
    if let Some(value) = own(at, name, &values, term) {
        return value;
    }
    let made = match collections::lenient(name, &values, term.at) {
        Some(made) => Some(made),
        None => match values.iter().find(|value| value.as_unresolved().is_some()) {
            Some(unknown) => return inherit(unknown_because(unknown, term.at), &values),
            None => text::call(name, &values, term.at)
                .or_else(|| numbers::call(name, &values, term.at))
                .or_else(|| collections::call(name, &values, term.at)),
        },
    };
    match made {
        Some(made) if at.shared.spend(crate::arm::value::weight(&made)) => inherit(made, &values),
        Some(_) => Node::unresolved("too large to evaluate", term.at),
        None => {
            let unknown = Node::unresolved(format!("what `{written}` gives is {AT_DEPLOYMENT}"), term.at);
            let named = values.first().filter(|first| first.refs().is_empty() && name.starts_with("list"));
            match named.and_then(Node::as_str) {
                Some(name) => refers_to(unknown, name),
                None => inherit(unknown, &values),
            }
        }
    }
}

/// A function of the template's author, or one that a file exports.
fn own<'a>(at: &mut Deployment<'a>, name: &str, values: &[Node], term: &'a Term) -> Option<Node> {
    let template = at.template;
    if let Some(function) = template.functions.get(name) {
        return Some(at.apply(function, values.to_vec(), term));
    }
    let (import, name) = match template.imports.get(name) {
        Some(import) => (import, import.name.as_ref()?.to_lowercase()),
        None => {
            let (file, name) = name.split_once('.')?;
            (template.imports.get(file)?, name.to_owned())
        }
    };
    let mut other = at.other(&import.path)?;
    let function = other.template.functions.get(&name)?;
    Some(other.apply(function, values.to_vec(), term))
}

/// What stands under a key of a map or at an index of a list.
pub(super) fn member(whole: &Node, key: &Node, safe: bool, term: &Term) -> Node {
    if whole.as_unresolved().is_some() {
        return perhaps_deep(whole, term);
    }
    if key.as_unresolved().is_some() {
        return inherit(unknown_because(key, term.at), [whole]);
    }
    let found = match &whole.value {
        Value::List(items) => {
            let index = key.as_int().and_then(|index| usize::try_from(index).ok());
            index.and_then(|index| items.get(index)).cloned()
        }
        Value::Map(map) => {
            let found = plain(key).and_then(|key| get(whole, key)).cloned();
            let rest = || map.rest.as_ref().map(|why| Node::perhaps_absent(why.clone(), term.at));
            found.or_else(rest)
        }
        Value::Scalar(_) | Value::Unresolved(_) => None,
    };
    match found {
        Some(value) => inherit(through(value, term.at), [whole]),
        None if safe => Node::null(term.at),
        None => Node::unresolved(format!("there is no `{}` in it", plain(key).unwrap_or("such item")), term.at),
    }
}

/// A part of something that is not known: surely set where the whole is surely set, as far as anybody can tell.
fn perhaps_deep(whole: &Node, term: &Term) -> Node {
    let why = whole.as_unresolved().map_or_else(Arc::default, |unresolved| unresolved.why.clone());
    let unresolved = Unresolved { why, perhaps_absent: false, parts: Vec::new() };
    inherit(Node::new(Value::Unresolved(Arc::new(unresolved)), term.at), [whole])
}

/// `if`: the arm that is chosen; where the choice is not known, what both agree on.
fn choice<'a>(at: &mut Deployment<'a>, condition: &'a Term, yes: &'a Term, no: &'a Term, term: &'a Term) -> Node {
    let condition = at.evaluate(condition);
    match condition.as_bool() {
        Some(true) => return at.evaluate(yes),
        Some(false) => return at.evaluate(no),
        None => {}
    }
    let arms = [at.evaluate(yes), at.evaluate(no)];
    if same(&arms[0], &arms[1]) == Some(true) {
        let [first, _] = arms;
        return first;
    }
    let unknown = match arms.iter().any(|arm| arm.is_null() || arm.as_unresolved().is_some_and(|it| it.perhaps_absent))
    {
        true => perhaps(&condition, term.at),
        false => unknown_because(&condition, term.at),
    };
    inherit(unknown, &arms)
}

/// `and`, `or`: known as soon as one argument decides.
fn junction<'a>(at: &mut Deployment<'a>, all: bool, arguments: &'a [Term], term: &'a Term) -> Node {
    let mut unknown = None;
    for argument in arguments {
        let value = at.evaluate(argument);
        match value.as_bool() {
            Some(holds) if holds != all => return Node::bool(holds, term.at),
            Some(_) => {}
            None => drop(unknown.get_or_insert(value)),
        }
    }
    unknown.map_or_else(|| Node::bool(all, term.at), |unknown| unknown_because(&unknown, term.at))
}

/// The first argument that is not null.
fn coalesce<'a>(at: &mut Deployment<'a>, arguments: &'a [Term], term: &'a Term) -> Node {
    for argument in arguments {
        let value = at.evaluate(argument);
        match value.as_unresolved() {
            Some(unresolved) if unresolved.perhaps_absent => return unknown_because(&value, term.at),
            None if value.is_null() => {}
            _ => return value,
        }
    }
    Node::null(term.at)
}

/// `copyIndex`: perhaps of a loop by its name, perhaps with an offset.
fn copy_index<'a>(at: &mut Deployment<'a>, arguments: &'a [Term], term: &'a Term) -> Node {
    let (name, offset) = match arguments {
        [] => ("", None),
        [only] => match only.scalar() {
            Some(Scalar { kind: ScalarKind::Text, text }) => (&**text, None),
            _ => ("", Some(only)),
        },
        [name, offset, ..] => (name.as_str().unwrap_or_default(), Some(offset)),
    };
    let key = index_name(&name.to_lowercase());
    // The copy of a property without a name means the innermost loop.
    let found = at.names.iter().rev().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
    let Some(index) = found else { return Node::unresolved("there is no such loop", term.at) };
    let offset = offset.map(|offset| at.evaluate(offset));
    match (index.as_int(), offset.as_ref().map_or(Some(0), Node::as_int)) {
        (Some(index), Some(offset)) => Node::int(index.saturating_add(offset), term.at),
        _ => unknown_because(&index, term.at),
    }
}

/// Whether two values are equal; none when that hangs on what is not known.
pub(super) fn same(a: &Node, b: &Node) -> Option<bool> {
    match (&a.value, &b.value) {
        (Value::Unresolved(_), _) | (_, Value::Unresolved(_)) => None,
        (Value::Scalar(a), Value::Scalar(b)) => Some(match (a.kind, b.kind) {
            (ScalarKind::Null, ScalarKind::Null) => true,
            (ScalarKind::Null, _) | (_, ScalarKind::Null) => false,
            (ScalarKind::Bool(a), ScalarKind::Bool(b)) => a == b,
            _ => a.text == b.text,
        }),
        (Value::List(a), Value::List(b)) if a.len() == b.len() => all(a.iter().zip(b.iter()).map(|(a, b)| same(a, b))),
        (Value::Map(left), Value::Map(right)) => {
            if left.rest.is_some() || right.rest.is_some() {
                return None;
            }
            if left.len() != right.len() {
                return Some(false);
            }
            let pair = |entry: &secscan_model::Entry| match get(b, &entry.key) {
                Some(other) => same(&entry.value, other),
                None => Some(false),
            };
            all(left.entries().iter().map(pair))
        }
        _ => Some(false),
    }
}

/// Whether all hold; none when one is not known and none is false.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            Some(true) => {}
            None => result = None,
        }
    }
    result
}

/// The pieces of a call as text with holes shows them.
fn shown(term: &Term) -> String {
    match &term.kind {
        Kind::Scalar(scalar) => scalar.text.to_string(),
        _ => hole(term),
    }
}
