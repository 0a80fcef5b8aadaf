//! Values as values of another type.

use std::sync::Arc;

use secscan_model::{Map, Node, Scalar, ScalarKind, Value};

use super::sets::as_set;
use super::types::{Field, Type, unify};
use super::value::{Entries, Failure, Shape, boolean, fail, number, shapeless, text};

/// The values as values of one type, if they have one in common.
pub(super) fn unified(nodes: Vec<Node>) -> Result<Vec<Node>, Failure> {
    let types: Vec<Type> = nodes.iter().map(Type::of).collect();
    let Some(of) = unify(&types.iter().collect::<Vec<_>>()) else { return fail("the values have no type in common") };
    nodes.into_iter().map(|node| convert(node, &of)).collect()
}

/// A value as a value of a type. The type's own depth limits the recursion.
pub(super) fn convert(node: Node, of: &Type) -> Result<Node, Failure> {
    if node.is_null() || node.as_unresolved().is_some() || matches!(of, Type::Any) {
        return Ok(node);
    }
    match of {
        Type::Any => Ok(node),
        Type::Bool | Type::Number | Type::Text => primitive(node, of),
        Type::List(item) => Ok(Shape::List.on(items(node, item)?)),
        Type::Set(item) => as_set(items(node, item)?),
        Type::Map(value) => map(node, value),
        Type::Tuple(types) => tuple(node, types),
        Type::Object(fields) => object(node, fields),
    }
}

/// A scalar as another type.
fn primitive(node: Node, of: &Type) -> Result<Node, Failure> {
    let scalar = match of {
        Type::Bool => {
            let value = boolean(&node)?;
            Scalar { kind: ScalarKind::Bool(value), text: if value { "true" } else { "false" }.into() }
        }
        Type::Number => match number(&node)?.node(node.at).value {
            Value::Scalar(scalar) => scalar,
            _ => return fail("a number is needed"),
        },
        _ if matches!(&node.value, Value::List(_) | Value::Map(_)) => {
            // What is kept as a tree stays one.
            text(&node).or_else(|failure| if failure.unknown { Ok("".into()) } else { Err(failure) })?;
            return Ok(node);
        }
        _ => Scalar { kind: ScalarKind::Text, text: text(&node)?.into() },
    };
    Ok(Node { value: Value::Scalar(scalar), ..node })
}

fn is_collection(node: &Node) -> bool {
    !Shape::of(node).is_some_and(Shape::is_text)
}

/// The items of a list as values of one type; of any type, as what they have in common.
fn items(node: Node, of: &Type) -> Result<Node, Failure> {
    let Value::List(list) = &node.value else { return fail("a list is needed") };
    if !is_collection(&node) {
        return fail("a list is needed");
    }
    let converted = match of {
        Type::Any => unified(list.to_vec())?,
        _ => list.iter().map(|item| convert(item.clone(), of)).collect::<Result<_, _>>()?,
    };
    Ok(Node { value: Value::List(converted.into()), ..node })
}

fn map(node: Node, of: &Type) -> Result<Node, Failure> {
    let Value::Map(map) = &node.value else { return fail("a map is needed") };
    if !is_collection(&node) {
        return fail("a map is needed");
    }
    let values: Vec<Node> = map.entries().iter().map(|entry| entry.value.clone()).collect();
    let values = match of {
        Type::Any => unified(values)?,
        _ => values.into_iter().map(|value| convert(value, of)).collect::<Result<_, _>>()?,
    };
    let mut converted = Map::with_capacity(map.len());
    for (entry, value) in map.entries().iter().zip(values) {
        converted.push_new(entry.key.clone(), value);
    }
    converted.rest = map.rest.clone();
    Ok(Shape::Map.on(Node { value: Value::Map(converted.into()), ..node }))
}

fn tuple(node: Node, types: &[Type]) -> Result<Node, Failure> {
    let Value::List(items) = &node.value else { return fail("a list is needed") };
    if items.len() != types.len() || Shape::of(&node).is_some_and(|shape| shape != Shape::List) {
        return fail(format!("a list of {} items is needed", types.len()));
    }
    let converted: Result<Vec<_>, _> = items.iter().zip(types).map(|(item, of)| convert(item.clone(), of)).collect();
    Ok(shapeless(Node { value: Value::List(converted?.into()), ..node }))
}

/// The declared attributes of an object, with defaults for those that are optional; others are dropped.
fn object(node: Node, fields: &[(Arc<str>, Field)]) -> Result<Node, Failure> {
    let Value::Map(map) = &node.value else { return fail("an object is needed") };
    if !is_collection(&node) {
        return fail("an object is needed");
    }
    let mut converted = Entries::default();
    converted.rest = map.rest.clone();
    for (name, field) in fields {
        let given = map.get(name).filter(|given| field.default.is_none() || !given.is_null());
        let value = match (given, &field.default) {
            (Some(given), _) => given.clone(),
            (None, Some(default)) => default.clone(),
            (None, None) if field.optional => Node::null(node.at),
            (None, None) => match &map.rest {
                Some(why) => Node::unresolved(why.clone(), node.at),
                None => return fail(format!("the attribute `{name}` is missing")),
            },
        };
        let name_at = value.name_at;
        converted.insert(name.clone(), convert(value, &field.of)?.named(name_at));
    }
    converted.rest = None;
    Ok(shapeless(Node { value: Value::Map(converted.into_map().into()), ..node }))
}
