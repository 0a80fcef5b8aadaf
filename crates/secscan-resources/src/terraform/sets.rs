//! Sets: lists in Terraform's order, each item once.

use secscan_model::{Location, Node, Scalar, ScalarKind, Value};

use super::convert::unified;
use super::value::{Failure, Shape, fail, number};

/// A list as a set: sorted as Terraform sorts sets, each item once.
pub(super) fn as_set(node: Node) -> Result<Node, Failure> {
    let Value::List(items) = &node.value else { return fail("a list is needed") };
    let mut keyed: Vec<(SetKey, Node)> = items.iter().map(|item| (SetKey::of(item), item.clone())).collect();
    keyed.sort_by(|(a, _), (b, _)| a.compare(b));
    keyed.dedup_by(|(a, left), (b, right)| {
        a.compare(b).is_eq() && left.as_unresolved().is_none() && right.as_unresolved().is_none()
    });
    let items: Vec<Node> = keyed.into_iter().map(|(_, item)| item).collect();
    Ok(Shape::Set.on(Node { value: Value::List(items.into()), ..node }))
}

/// A set of items at a place.
pub(super) fn set(items: Vec<Node>, at: Location) -> Result<Node, Failure> {
    as_set(Node::list(unified(items)?, at))
}

/// What items of a set are sorted by: their value where they are scalars, else a text that differs when they do.
enum SetKey {
    Number(super::number::Number),
    Text(String),
    /// Null and what is not known.
    Last,
}

impl SetKey {
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Scalar(Scalar { kind: ScalarKind::Null, .. }) | Value::Unresolved(_) => Self::Last,
            Value::Scalar(Scalar { kind: ScalarKind::Int(_) | ScalarKind::Float(_), .. }) => {
                number(node).map_or(Self::Last, Self::Number)
            }
            Value::Scalar(scalar) => Self::Text(scalar.text.to_string()),
            Value::List(_) | Value::Map(_) => {
                let mut key = String::new();
                append(node, &mut key);
                Self::Text(key)
            }
        }
    }

    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            // Of two zeros, the one with a sign comes first.
            (Self::Number(a), Self::Number(b)) => a.compare(b).then(b.is_negative().cmp(&a.is_negative())),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Last, Self::Last) => std::cmp::Ordering::Equal,
            (Self::Number(_), _) | (_, Self::Last) => std::cmp::Ordering::Less,
            (_, Self::Number(_)) | (Self::Last, _) => std::cmp::Ordering::Greater,
        }
    }
}

/// The text of a value in a set, as the order of sets of objects in Terraform comes from it.
fn append(node: &Node, key: &mut String) {
    let shape = Shape::of(node);
    match &node.value {
        Value::Unresolved(_) => key.push('?'),
        Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => key.push('~'),
            ScalarKind::Bool(value) => key.push(if value { 'T' } else { 'F' }),
            ScalarKind::Text => key.push_str(&format!("{:?}", scalar.text)),
            ScalarKind::Int(_) | ScalarKind::Float(_) => {
                key.push_str(&number(node).map_or_else(|_| scalar.text.to_string(), |number| number.text()));
            }
        },
        Value::List(items) => {
            let is_collection = matches!(shape, Some(Shape::List | Shape::Set));
            key.push(if is_collection { '[' } else { '<' });
            for item in items.iter() {
                append(item, key);
                key.push(';');
            }
            key.push(if is_collection { ']' } else { '>' });
        }
        Value::Map(map) => {
            let is_map = shape == Some(Shape::Map);
            key.push(if is_map { '{' } else { '<' });
            for (name, value) in super::value::sorted(map) {
                if is_map {
                    key.push_str(&format!("{name:?}:"));
                }
                append(value, key);
                key.push(';');
            }
            key.push(if is_map { '}' } else { '>' });
        }
    }
}
