//! Types: what constraints of variables say, what values have, what several types have in common.
//! <https://developer.hashicorp.com/terraform/language/expressions/type-constraints>

use std::sync::Arc;

use secscan_model::{Node, ScalarKind, Value};

use super::evaluator::{Evaluator, Scope};
use super::value::Shape;
use secscan_parse::hcl::syntax::{Call, Expression, Key, Kind};

/// A type.
#[derive(Clone, Debug)]
pub(super) enum Type {
    /// Any type; also that of null and of what is not known.
    Any,
    Bool,
    Number,
    Text,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(Vec<(Arc<str>, Field)>),
}

/// An attribute of an object.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub of: Type,
    pub optional: bool,
    pub default: Option<Node>,
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, Self::Any)
            | (Self::Bool, Self::Bool)
            | (Self::Number, Self::Number)
            | (Self::Text, Self::Text) => true,
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) | (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(name, field)| field_of(b, name).is_some_and(|other| field.of == other.of))
            }
            _ => false,
        }
    }
}

fn field_of<'f>(fields: &'f [(Arc<str>, Field)], name: &str) -> Option<&'f Field> {
    fields.iter().find(|(known, _)| **known == *name).map(|(_, field)| field)
}

impl Type {
    /// The type that a constraint says; what is not understood is any type. The constraint's own depth limits the recursion.
    pub(super) fn parse(evaluator: &mut Evaluator<'_>, constraint: &Expression, scope: Scope<'_>) -> Self {
        match &constraint.kind {
            // Before Terraform 0.12 types were quoted.
            Kind::Name(name) | Kind::Text(name) => match &**name {
                "bool" => Self::Bool,
                "number" => Self::Number,
                "string" => Self::Text,
                "list" => Self::List(Box::new(Self::Any)),
                "map" => Self::Map(Box::new(Self::Any)),
                _ => Self::Any,
            },
            Kind::Call(call) => Self::parse_call(evaluator, call, scope),
            _ => Self::Any,
        }
    }

    fn parse_call(evaluator: &mut Evaluator<'_>, call: &Call, scope: Scope<'_>) -> Self {
        let Some(inner) = call.arguments.first() else { return Self::Any };
        match (&*call.name, &inner.kind) {
            ("list", _) => Self::List(Box::new(Self::parse(evaluator, inner, scope))),
            ("set", _) => Self::Set(Box::new(Self::parse(evaluator, inner, scope))),
            ("map", _) => Self::Map(Box::new(Self::parse(evaluator, inner, scope))),
            ("tuple", Kind::List(types)) => {
                Self::Tuple(types.iter().map(|of| Self::parse(evaluator, of, scope)).collect())
            }
            ("object", Kind::Object(attributes)) => {
                Self::Object(attributes.iter().filter_map(|attribute| field(evaluator, attribute, scope)).collect())
            }
            _ => Self::Any,
        }
    }

    /// The type of a value.
    pub(super) fn of(node: &Node) -> Self {
        let shape = Shape::of(node);
        match &node.value {
            Value::Unresolved(_) => Self::Any,
            Value::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => Self::Any,
                ScalarKind::Bool(_) => Self::Bool,
                ScalarKind::Int(_) | ScalarKind::Float(_) => Self::Number,
                ScalarKind::Text => Self::Text,
            },
            Value::List(_) | Value::Map(_) if shape.is_some_and(Shape::is_text) => Self::Text,
            Value::List(items) => match shape {
                Some(Shape::List) => Self::List(Box::new(common(items.iter()))),
                Some(Shape::Set) => Self::Set(Box::new(common(items.iter()))),
                _ => Self::Tuple(items.iter().map(Self::of).collect()),
            },
            Value::Map(map) => match shape {
                Some(Shape::Map) => Self::Map(Box::new(common(map.entries().iter().map(|entry| &entry.value)))),
                _ => {
                    let field = |value| Field { of: Self::of(value), optional: false, default: None };
                    Self::Object(map.entries().iter().map(|entry| (entry.key.clone(), field(&entry.value))).collect())
                }
            },
        }
    }

    fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::Text)
    }

    /// The type of the items of a list or set, where they have one.
    fn items(&self) -> Vec<&Self> {
        match self {
            Self::List(of) | Self::Set(of) => vec![of],
            Self::Tuple(types) => types.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The type of the values of a map or object.
    fn values(&self) -> Vec<&Self> {
        match self {
            Self::Map(of) => vec![of],
            Self::Object(fields) => fields.iter().map(|(_, field)| &field.of).collect(),
            _ => Vec::new(),
        }
    }
}

/// The common type of the items of a collection, which Terraform has made the same; the first tells.
fn common<'n>(mut items: impl Iterator<Item = &'n Node>) -> Type {
    items.find(|item| item.as_unresolved().is_none() && !item.is_null()).map_or(Type::Any, Type::of)
}

/// An attribute of an object type.
fn field(evaluator: &mut Evaluator<'_>, (key, of): &(Key, Expression), scope: Scope<'_>) -> Option<(Arc<str>, Field)> {
    let name = key.kind.as_text()?.clone();
    let optional = match &of.kind {
        Kind::Call(call) if &*call.name == "optional" => Some(call),
        _ => None,
    };
    let Some(optional) = optional else {
        return Some((name, Field { of: Type::parse(evaluator, of, scope), optional: false, default: None }));
    };
    let of = optional.arguments.first().map_or(Type::Any, |of| Type::parse(evaluator, of, scope));
    let default = optional.arguments.get(1).map(|default| evaluator.value(default, scope));
    Some((name, Field { of, optional: true, default }))
}

/// The type that all of some types convert to, if there is one.
pub(super) fn unify(types: &[&Type]) -> Option<Type> {
    let types: Vec<&Type> = types.iter().copied().filter(|of| !matches!(of, Type::Any)).collect();
    let Some(first) = types.first() else { return Some(Type::Any) };
    if types.iter().all(|of| of == first) {
        return Some((*first).clone());
    }
    let is_all = |wanted: fn(&Type) -> bool| types.iter().all(|of| wanted(of));
    if is_all(Type::is_primitive) {
        return types.iter().any(|of| matches!(of, Type::Text)).then_some(Type::Text);
    }
    let inner = |part: for<'t> fn(&'t Type) -> Vec<&'t Type>| {
        let parts: Vec<&Type> = types.iter().flat_map(|of| part(of)).collect();
        unify(&parts).map(Box::new)
    };
    if is_all(|of| matches!(of, Type::Tuple(_))) {
        return unify_tuples(&types).or_else(|| inner(Type::items).map(Type::List));
    }
    if is_all(|of| matches!(of, Type::Tuple(_) | Type::List(_) | Type::Set(_))) {
        let any_set = types.iter().any(|of| matches!(of, Type::Set(_)));
        return inner(Type::items).map(|of| if any_set { Type::Set(of) } else { Type::List(of) });
    }
    if is_all(|of| matches!(of, Type::Object(_))) {
        return unify_objects(&types).or_else(|| inner(Type::values).map(Type::Map));
    }
    if is_all(|of| matches!(of, Type::Object(_) | Type::Map(_))) {
        return inner(Type::values).map(Type::Map);
    }
    None
}

/// The common type of tuples of one length, item by item.
fn unify_tuples(types: &[&Type]) -> Option<Type> {
    let tuples: Vec<&[Type]> =
        types.iter().filter_map(|of| if let Type::Tuple(of) = of { Some(&**of) } else { None }).collect();
    let length = tuples.first()?.len();
    if tuples.iter().any(|tuple| tuple.len() != length) {
        return None;
    }
    let item = |index: usize| unify(&tuples.iter().filter_map(|tuple| tuple.get(index)).collect::<Vec<_>>());
    (0..length).map(item).collect::<Option<_>>().map(Type::Tuple)
}

/// The common type of objects with the same attributes, attribute by attribute.
fn unify_objects(types: &[&Type]) -> Option<Type> {
    let objects: Vec<&[(Arc<str>, Field)]> =
        types.iter().filter_map(|of| if let Type::Object(of) = of { Some(&**of) } else { None }).collect();
    let (first, others) = objects.split_first()?;
    if others.iter().any(|other| other.len() != first.len()) {
        return None;
    }
    let field = |(name, field): &(Arc<str>, Field)| {
        let mut all = vec![&field.of];
        for other in others {
            all.push(&field_of(other, name)?.of);
        }
        Some((name.clone(), Field { of: unify(&all)?, optional: false, default: None }))
    };
    first.iter().map(field).collect::<Option<_>>().map(Type::Object)
}
