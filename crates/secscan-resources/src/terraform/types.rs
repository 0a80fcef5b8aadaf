//! Types: what type constraints of variables say, which type values have, what several types have in common, and
//! conversions. <https://developer.hashicorp.com/terraform/language/expressions/type-constraints>

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Scalar, ScalarKind, Value};

use super::evaluator::{Evaluator, Scope};
use super::syntax::{Call, Expression, Key, Kind};
use super::value::{Entries, Failure, Shape, boolean, fail, number, shapeless, text};

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
            (Self::Number(a), Self::Number(b)) => a.compare(b),
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
