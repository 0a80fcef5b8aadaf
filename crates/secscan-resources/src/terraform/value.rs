//! What Terraform's expression language does with values: conversions, comparison, collections.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use foldhash::HashMap;
use secscan_model::{Extra, Location, Map, Node, Reference, Scalar, ScalarKind, Value};

use super::number::Number;

/// How many references one value keeps.
const MAX_REFS: usize = 64;

/// An expression that Terraform would refuse. `try` and `can` go on from there; everywhere else the value is unresolved.
#[derive(Debug)]
pub(super) struct Failure {
    pub why: Arc<str>,
    /// Whether it is no refusal: a function needed what is not known, and so its result is not known.
    pub unknown: bool,
    /// Where the expression stands, as far as that is known yet.
    pub at: Option<Location>,
}

impl Failure {
    pub(super) fn new(why: impl Into<Arc<str>>) -> Self {
        Self { why: why.into(), unknown: false, at: None }
    }

    /// For what cannot be computed because `node` is not known.
    pub(super) fn unknown(node: &Node) -> Self {
        let why = node.as_unresolved().map_or_else(|| "not known".into(), |unresolved| unresolved.why.clone());
        Self { why, unknown: true, at: None }
    }
}

/// A value, which may be unresolved, or a refusal.
pub(super) type Outcome = Result<Node, Failure>;

/// Shorthand for a refusal.
pub(super) fn fail<T>(why: impl Into<Arc<str>>) -> Result<T, Failure> {
    Err(Failure::new(why))
}

/// What a value is beside what its tree shows. What is in no list here is a tuple or an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// A list whose items have one type.
    List,
    /// A set: no order of its own, and nothing twice.
    Set,
    /// A map whose values have one type.
    Map,
    /// A text in JSON, kept as the tree that it says.
    Json,
    /// A text in YAML, likewise.
    Yaml,
}

impl Shape {
    const ALL: [Self; 5] = [Self::List, Self::Set, Self::Map, Self::Json, Self::Yaml];

    fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Set => "set",
            Self::Map => "map",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }

    /// What most nodes of a shape have, shared.
    fn extra(self) -> Arc<Extra> {
        static EXTRAS: LazyLock<[Arc<Extra>; 5]> = LazyLock::new(|| {
            Shape::ALL.map(|shape| Arc::new(Extra { tag: Some(shape.word().into()), ..Extra::default() }))
        });
        EXTRAS[self as usize].clone()
    }

    /// The shape of a value, if it has one.
    pub(super) fn of(node: &Node) -> Option<Self> {
        let tag = node.extra.as_ref()?.tag.as_deref()?;
        Self::ALL.into_iter().find(|shape| shape.word() == tag)
    }

    /// Whether the tree stands for a text.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }

    /// A value with this shape.
    pub(super) fn on(self, mut node: Node) -> Node {
        match &node.extra {
            None => node.extra = Some(self.extra()),
            Some(extra) if extra.tag.as_deref() == Some(self.word()) => {}
            Some(_) => node.extra_mut().tag = Some(self.word().into()),
        }
        node
    }
}

/// The value without a shape: a tuple or an object.
pub(super) fn shapeless(mut node: Node) -> Node {
    if node.extra.as_ref().is_some_and(|extra| extra.tag.is_some()) {
        node.extra_mut().tag = None;
    }
    node
}

/// Whether a value is marked as sensitive.
pub(super) fn is_sensitive(node: &Node) -> bool {
    node.extra.as_ref().is_some_and(|extra| extra.sensitive)
}

/// The value, marked as sensitive where `sensitive` says so.
pub(super) fn marked(mut node: Node, sensitive: bool) -> Node {
    if sensitive && !is_sensitive(&node) {
        node.extra_mut().sensitive = true;
    }
    node
}

/// The number that a known scalar is or spells.
pub(super) fn number(node: &Node) -> Result<Number, Failure> {
    match &node.value {
        Value::Scalar(Scalar { kind: ScalarKind::Int(0), text }) if text.starts_with('-') => Ok(Number::NegativeZero),
        Value::Scalar(Scalar { kind: ScalarKind::Int(value), .. }) => Ok(Number::Int(*value)),
        Value::Scalar(Scalar { kind: ScalarKind::Text | ScalarKind::Float(_), text }) => {
            Number::parse(text).ok_or_else(|| Failure::new("a number is needed"))
        }
        Value::Unresolved(_) => Err(Failure::unknown(node)),
        _ => fail("a number is needed"),
    }
}

/// The boolean that a known scalar is or spells.
pub(super) fn boolean(node: &Node) -> Result<bool, Failure> {
    match &node.value {
        Value::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => Ok(*value),
        Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => match &**text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => fail("a boolean is needed"),
        },
        Value::Unresolved(_) => Err(Failure::unknown(node)),
        _ => fail("a boolean is needed"),
    }
}

/// The text that a known value is or converts to. What `jsonencode` and policy documents give are trees here: they
/// convert to what they stand for.
pub(super) fn text(node: &Node) -> Result<Cow<'_, str>, Failure> {
    match &node.value {
        Value::Scalar(Scalar { kind: ScalarKind::Null, .. }) => fail("null is no text"),
        Value::Scalar(Scalar { kind: ScalarKind::Text | ScalarKind::Bool(_), text }) => Ok((&**text).into()),
        Value::Scalar(Scalar { kind: ScalarKind::Int(_), .. }) => Ok(number(node)?.text().into()),
        Value::Scalar(_) => Ok(number(node)?.text().into()),
        Value::List(_) | Value::Map(_) => match Shape::of(node) {
            Some(Shape::Json) => Ok(super::json::encode(node)?.into()),
            Some(Shape::Yaml) => Ok(super::yaml::encode(node)?.into()),
            _ => fail("a list or a map is no text"),
        },
        Value::Unresolved(_) => Err(Failure::unknown(node)),
    }
}

/// Whether two values are equal; none when that hangs on something unknown.
pub(super) fn equal(a: &Node, b: &Node) -> Option<bool> {
    if a.as_unresolved().is_some() || b.as_unresolved().is_some() {
        return None;
    }
    if a.is_null() || b.is_null() {
        return Some(a.is_null() && b.is_null());
    }
    let (shape, other_shape) = (Shape::of(a), Shape::of(b));
    let is_text = |shape: Option<Shape>| shape.is_some_and(Shape::is_text);
    if is_text(shape) || is_text(other_shape) {
        let is_no_text = |node: &Node, shape| !is_text(shape) && !matches!(node.value, Value::Scalar(_));
        if is_no_text(a, shape) || is_no_text(b, other_shape) {
            return Some(false);
        }
        return match (text(a), text(b)) {
            (Ok(a), Ok(b)) => Some(a == b),
            _ => None,
        };
    }
    if !matches!(a.value, Value::Scalar(_)) && shape != other_shape {
        return Some(false);
    }
    same(a, b)
}

/// Whether two values of one shape are equal.
fn same(a: &Node, b: &Node) -> Option<bool> {
    match (&a.value, &b.value) {
        (Value::Scalar(left), Value::Scalar(right)) => Some(match (left.kind, right.kind) {
            (ScalarKind::Text, ScalarKind::Text) => left.text == right.text,
            (ScalarKind::Int(left), ScalarKind::Int(right)) => left == right,
            (ScalarKind::Bool(left), ScalarKind::Bool(right)) => left == right,
            (ScalarKind::Int(_) | ScalarKind::Float(_), ScalarKind::Int(_) | ScalarKind::Float(_)) => {
                match (number(a), number(b)) {
                    (Ok(a), Ok(b)) => a.compare(&b).is_eq(),
                    _ => left.text == right.text,
                }
            }
            _ => false,
        }),
        (Value::List(a), Value::List(b)) if Arc::ptr_eq(a, b) => Some(true),
        (Value::List(a), Value::List(b)) if a.len() != b.len() => Some(false),
        (Value::List(a), Value::List(b)) => all(a.iter().zip(b.iter()).map(|(a, b)| equal(a, b))),
        (Value::Map(a), Value::Map(b)) if a.rest.is_some() || b.rest.is_some() => None,
        (Value::Map(a), Value::Map(b)) if a.len() != b.len() => Some(false),
        (Value::Map(a), Value::Map(b)) => all(a
            .entries()
            .iter()
            .map(|entry| b.get(&entry.key).map_or(Some(false), |other| equal(&entry.value, other)))),
        _ => Some(false),
    }
}

fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

/// The entries of a map in the order in which Terraform walks them.
pub(super) fn sorted(map: &Map) -> Vec<(&Arc<str>, &Node)> {
    let mut entries: Vec<_> = map.entries().iter().map(|entry| (&entry.key, &entry.value)).collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

/// What a tree weighs, counted up to `limit`: one for each node, and one more for every 32 bytes of text.
pub(super) fn weight(node: &Node, limit: usize) -> usize {
    fn add(node: &Node, left: &mut usize) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| add(item, left)),
            Value::Map(map) => map.entries().iter().for_each(|entry| add(&entry.value, left)),
            Value::Scalar(scalar) => *left = left.saturating_sub(scalar.text.len() / 32),
            Value::Unresolved(unresolved) => *left = left.saturating_sub(unresolved.parts.len()),
        }
    }
    let mut left = limit;
    add(node, &mut left);
    limit - left
}

/// Adds the references of a tree to `refs`, each once, as far as there is room.
pub(super) fn collect_refs(node: &Node, refs: &mut Vec<Reference>) {
    /// How many nodes of one tree are looked at.
    const MAX_NODES: usize = 10_000;
    fn collect(node: &Node, refs: &mut Vec<Reference>, left: &mut usize) {
        if *left == 0 || refs.len() >= MAX_REFS {
            return;
        }
        *left -= 1;
        for reference in node.refs() {
            if refs.len() < MAX_REFS && !refs.contains(reference) {
                refs.push(reference.clone());
            }
        }
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| collect(item, refs, left)),
            Value::Map(map) => map.entries().iter().for_each(|entry| collect(&entry.value, refs, left)),
            _ => {}
        }
    }
    collect(node, refs, &mut { MAX_NODES });
}

/// The node with these references beside its own.
pub(super) fn with_refs(mut node: Node, refs: &[Reference]) -> Node {
    if !refs.is_empty() {
        let own = &mut node.extra_mut().refs;
        for reference in refs {
            if own.len() < MAX_REFS && !own.contains(reference) {
                own.push(reference.clone());
            }
        }
    }
    node
}

/// Unknown for the reason of another node, at another place, and with its references.
pub(super) fn unresolved_by(cause: &Node, at: Location) -> Node {
    let why = cause.as_unresolved().map_or_else(|| "not known".into(), |unresolved| unresolved.why.clone());
    let mut refs = Vec::new();
    collect_refs(cause, &mut refs);
    with_refs(Node::unresolved(why, at), &refs)
}

/// Collects the entries of a map; a key that comes again replaces the value.
#[derive(Default)]
pub(super) struct Entries {
    list: Vec<(Arc<str>, Node)>,
    index: HashMap<Arc<str>, usize>,
    pub rest: Option<Arc<str>>,
}

impl Entries {
    /// Beyond this many entries an index beats looking through the list.
    const INDEXED: usize = 16;

    pub(super) fn insert(&mut self, key: Arc<str>, value: Node) {
        match self.position(&key) {
            Some(at) => self.list[at].1 = value,
            None => {
                if self.list.len() >= Self::INDEXED {
                    if self.index.is_empty() {
                        self.index = self.list.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
                    }
                    self.index.insert(key.clone(), self.list.len());
                }
                self.list.push((key, value));
            }
        }
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let at = self.position(key)?;
        self.list.get_mut(at).map(|(_, value)| value)
    }

    /// What has been inserted so far may be replaced by something unknown: it is surely set, to nobody knows what.
    pub(super) fn overshadow(&mut self, why: &Arc<str>) {
        for (_, value) in &mut self.list {
            let unknown = Node::unresolved(why.clone(), value.at).named(value.name_at);
            *value = with_refs(unknown, value.refs());
        }
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.index.is_empty() {
            self.list.iter().position(|(known, _)| **known == *key)
        } else {
            self.index.get(key).copied()
        }
    }

    pub(super) fn into_map(self) -> Map {
        let mut map = Map::with_capacity(self.list.len());
        for (key, value) in self.list {
            map.push_new(key, value);
        }
        map.rest = self.rest;
        map
    }

    pub(super) fn node(self, at: Location) -> Node {
        Node::map(self.into_map(), at)
    }
}
