//! Type constraints of variables: what a value becomes under `type = ...`.

use hcl_edit::expr::{Expression, FuncCall, Object, ObjectKey};
use secscan_model::{Map, Node, Scalar, ScalarKind, Value};

use super::evaluator::{Evaluator, Scope};
use super::value::{Number, text};

/// Converts a value to a type; what does not fit stays as it is. The type's own depth limits the recursion.
pub(super) fn convert(evaluator: &mut Evaluator<'_>, node: Node, of: &Expression, scope: Scope<'_>) -> Node {
    if node.is_null() || node.as_unresolved().is_some() {
        return node;
    }
    match of {
        Expression::Variable(name) => primitive(node, name.as_str()),
        // Before Terraform 0.12 types were quoted.
        Expression::String(name) => primitive(node, name.as_str()),
        Expression::FuncCall(call) => collection(evaluator, node, call, scope),
        _ => node,
    }
}

/// The value as a string, a number or a boolean.
pub(super) fn primitive(node: Node, name: &str) -> Node {
    let Value::Scalar(scalar) = &node.value else { return node };
    let kind = match (name, scalar.kind) {
        ("string", ScalarKind::Int(_) | ScalarKind::Float(_) | ScalarKind::Bool(_)) => ScalarKind::Text,
        ("number", ScalarKind::Text) => match Number::parse(&scalar.text) {
            Some(Number::Int(value)) => ScalarKind::Int(value),
            Some(Number::Float(value)) => ScalarKind::Float(value),
            None => return node,
        },
        ("bool", ScalarKind::Text) => match &*scalar.text {
            "true" => ScalarKind::Bool(true),
            "false" => ScalarKind::Bool(false),
            _ => return node,
        },
        _ => return node,
    };
    let text = match kind {
        ScalarKind::Text => text(&node).map_or_else(|_| scalar.text.clone(), |text| text.into()),
        _ => scalar.text.clone(),
    };
    Node { value: Value::Scalar(Scalar { kind, text }), ..node }
}

fn collection(evaluator: &mut Evaluator<'_>, node: Node, call: &FuncCall, scope: Scope<'_>) -> Node {
    let Some(inner) = call.args.get(0) else { return node };
    match (call.name.name.as_str(), &node.value, inner) {
        ("list" | "set", Value::List(items), _) => {
            let mut items: Vec<_> = items.iter().map(|item| convert(evaluator, item.clone(), inner, scope)).collect();
            if call.name.name.as_str() == "set" {
                as_set(&mut items);
            }
            Node { value: Value::List(items.into()), ..node }
        }
        ("map", Value::Map(map), _) => {
            let mut converted = Map::with_capacity(map.len());
            for entry in map.entries() {
                converted.push_new(entry.key.clone(), convert(evaluator, entry.value.clone(), inner, scope));
            }
            converted.rest = map.rest.clone();
            Node { value: Value::Map(converted.into()), ..node }
        }
        ("object", Value::Map(map), Expression::Object(attributes)) => {
            let converted = object(evaluator, map, attributes, &node, scope);
            Node { value: Value::Map(converted.into()), ..node }
        }
        ("tuple", Value::List(items), Expression::Array(types)) if items.len() == types.len() => {
            let items = items.iter().zip(types.iter());
            let items = items.map(|(item, of)| convert(evaluator, item.clone(), of, scope)).collect::<Vec<_>>();
            Node { value: Value::List(items.into()), ..node }
        }
        _ => node,
    }
}

/// The declared attributes of an object, with defaults for those that are `optional`; others are dropped.
fn object(evaluator: &mut Evaluator<'_>, map: &Map, attributes: &Object, whole: &Node, scope: Scope<'_>) -> Map {
    let mut converted = Map::with_capacity(attributes.len());
    converted.rest = map.rest.clone();
    for (key, value) in attributes.iter() {
        let key = match key {
            ObjectKey::Ident(name) => name.as_str(),
            ObjectKey::Expression(key) => key.as_str().unwrap_or_default(),
        };
        let optional = value.expr().as_func_call().filter(|call| call.name.name.as_str() == "optional");
        let of = optional.map_or(Some(value.expr()), |optional| optional.args.get(0));
        let given = map.get(key).filter(|given| optional.is_none() || !given.is_null()).cloned();
        let default = optional.and_then(|optional| optional.args.get(1));
        let value = match (given, default) {
            (Some(given), _) => given,
            (None, Some(default)) => evaluator.value(default, scope),
            (None, None) if optional.is_some() => Node::null(whole.at),
            (None, None) => continue,
        };
        let name_at = value.name_at;
        let value = match of {
            Some(of) => convert(evaluator, value, of, scope),
            None => value,
        };
        converted.insert(key, value.named(name_at));
    }
    converted
}

/// Whether scalars that stand beside this one in a list or map of one type become text.
pub(super) fn is_text(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(scalar) if scalar.kind == ScalarKind::Text)
}

/// Sorts texts and drops repeated ones, as a set of strings is in Terraform; other items stay in their order.
pub(super) fn as_set(items: &mut Vec<Node>) {
    if items.iter().all(|item| item.as_str().is_some()) {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        items.dedup_by(|a, b| a.as_str() == b.as_str());
    }
}
