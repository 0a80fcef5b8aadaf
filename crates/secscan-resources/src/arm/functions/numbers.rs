//! Functions of numbers, truths and comparison.

use std::cmp::Ordering;

use secscan_model::{Location, Node, Scalar, ScalarKind, Value};

use super::same;
use crate::arm::term::plain;

/// The longest list of numbers.
const MAX_RANGE: i64 = 10_000;

/// A function whose arguments are all known; none when there is no such function, or it refuses.
pub(super) fn call(name: &str, values: &[Node], at: Location) -> Option<Node> {
    let number = |index: usize| values.get(index).and_then(Node::as_int);
    let whole = |value: Option<i64>| value.map(|value| Node::int(value, at));
    let truth = |value: bool| Some(Node::bool(value, at));
    match name {
        "true" => truth(true),
        "false" => truth(false),
        "null" => Some(Node::null(at)),
        "add" => whole(number(0)?.checked_add(number(1)?)),
        "sub" => whole(number(0)?.checked_sub(number(1)?)),
        "mul" => whole(number(0)?.checked_mul(number(1)?)),
        "div" => whole(number(0)?.checked_div(number(1)?)),
        "mod" => whole(number(0)?.checked_rem(number(1)?)),
        "negate" => whole(number(0)?.checked_neg()),
        "min" => whole(numbers(values)?.into_iter().min()),
        "max" => whole(numbers(values)?.into_iter().max()),
        "int" => whole(plain(values.first()?)?.trim().parse().ok()),
        "float" => {
            let text = plain(values.first()?)?.trim();
            let kind = ScalarKind::Float(text.parse().ok()?);
            Some(Node::new(Value::Scalar(Scalar { kind, text: text.into() }), at))
        }
        "bool" => match plain(values.first()?)?.to_ascii_lowercase().as_str() {
            "true" | "1" => truth(true),
            "false" | "0" => truth(false),
            _ => None,
        },
        "range" => {
            let (start, count) = (number(0)?, number(1)?);
            let within = (0..=MAX_RANGE).contains(&count);
            within.then(|| Node::list((0..count).map(|step| Node::int(start.saturating_add(step), at)).collect(), at))
        }
        "not" => truth(!values.first()?.as_bool()?),
        "equals" => truth(same(values.first()?, values.get(1)?)?),
        "equalsinsensitive" => truth(plain(values.first()?)?.eq_ignore_ascii_case(plain(values.get(1)?)?)),
        "less" => truth(order(values)? == Ordering::Less),
        "lessorequals" => truth(order(values)? != Ordering::Greater),
        "greater" => truth(order(values)? == Ordering::Greater),
        "greaterorequals" => truth(order(values)? != Ordering::Less),
        _ => None,
    }
}

fn numbers(values: &[Node]) -> Option<Vec<i64>> {
    values.iter().flat_map(Node::items).map(Node::as_int).collect()
}

fn order(values: &[Node]) -> Option<Ordering> {
    let [left, right, ..] = values else { return None };
    match (left.as_int(), right.as_int()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => Some(plain(left)?.cmp(plain(right)?)),
    }
}
