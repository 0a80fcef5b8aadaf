//! Conversions between types, and functions that only mark values.

use secscan_model::Node;

use super::super::convert::convert;
use super::super::types::Type;
use super::super::value::{Outcome, is_sensitive, marked};
use super::{Call, Function, lenient, strict};

pub(super) static FUNCTIONS: &[Function] = &[
    lenient("ephemeralasnull", 1..=1, |call| call.arg(0).cloned()),
    lenient("issensitive", 1..=1, |call| Ok(Node::bool(is_sensitive(call.arg(0)?), call.at))),
    lenient("nonsensitive", 1..=1, nonsensitive),
    lenient("sensitive", 1..=1, |call| Ok(marked(call.arg(0)?.clone(), true))),
    strict("tobool", 1..=1, |call| convert(call.arg(0)?.clone(), &Type::Bool)),
    strict("tolist", 1..=1, |call| convert(call.arg(0)?.clone(), &Type::List(Box::new(Type::Any)))),
    lenient("tomap", 1..=1, |call| convert(call.arg(0)?.clone(), &Type::Map(Box::new(Type::Any)))),
    strict("tonumber", 1..=1, |call| convert(call.arg(0)?.clone(), &Type::Number)),
    strict("toset", 1..=1, |call| convert(call.arg(0)?.clone(), &Type::Set(Box::new(Type::Any)))),
    strict("tostring", 1..=1, |call| convert(call.arg(0)?.clone(), &Type::Text)),
];

/// Functions whose result is not marked because an argument is.
pub(super) const UNMARKING: [&str; 2] = ["issensitive", "nonsensitive"];

fn nonsensitive(call: &Call<'_>) -> Outcome {
    let mut node = call.arg(0)?.clone();
    if is_sensitive(&node) {
        node.extra_mut().sensitive = false;
    }
    Ok(node)
}
