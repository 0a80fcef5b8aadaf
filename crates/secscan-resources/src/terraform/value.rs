//! What Terraform's expression language does with values: conversions, comparison, collections.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use secscan_model::{Location, Map, Node, Reference, Scalar, ScalarKind, Value};

/// How many references one value keeps.
const MAX_REFS: usize = 64;

/// An expression that Terraform would refuse. `try` and `can` go on from there; everywhere else the value is unresolved.
#[derive(Debug)]
pub(super) struct Failure {
    pub why: Arc<str>,
    /// Whether it is no refusal: a function needed what is not known, and so its result is not known.
    pub unknown: bool,
}

impl Failure {
    pub(super) fn new(why: impl Into<Arc<str>>) -> Self {
        Self { why: why.into(), unknown: false }
    }

    /// For what cannot be computed because `node` is not known.
    pub(super) fn unknown(node: &Node) -> Self {
        let why = node.as_unresolved().map_or_else(|| "not known".into(), |unresolved| unresolved.why.clone());
        Self { why, unknown: true }
    }
}

/// A value, which may be unresolved, or a refusal.
pub(super) type Outcome = Result<Node, Failure>;

/// Shorthand for a refusal.
pub(super) fn fail<T>(why: impl Into<Arc<str>>) -> Result<T, Failure> {
    Err(Failure::new(why))
}

/// A number: whole where it can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn from_f64(value: f64) -> Self {
        let whole = value.trunc() == value && value.abs() < 9_007_199_254_740_992.0;
        if whole { Self::Int(value as i64) } else { Self::Float(value) }
    }

    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let numeric = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
        if text.is_empty() || !text.bytes().all(numeric) {
            return None;
        }
        text.parse().map(Self::Int).ok().or_else(|| text.parse().ok().map(Self::from_f64))
    }

    /// As Terraform writes it.
    pub(super) fn text(self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
        }
    }

    pub(super) fn node(self, at: Location) -> Node {
        match self {
            Self::Int(value) => Node::int(value, at),
            Self::Float(value) => {
                Node::new(Value::Scalar(Scalar { kind: ScalarKind::Float(value), text: self.text().into() }), at)
            }
        }
    }
}

/// The number that a known scalar is or spells.
pub(super) fn number(node: &Node) -> Result<Number, Failure> {
    match &node.value {
        Value::Scalar(Scalar { kind: ScalarKind::Int(value), .. }) => Ok(Number::Int(*value)),
        Value::Scalar(Scalar { kind: ScalarKind::Float(value), .. }) => Ok(Number::from_f64(*value)),
        Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => {
            Number::parse(text).ok_or_else(|| Failure::new("a number is needed"))
        }
        Value::Unresolved(_) => Err(Failure::unknown(node)),
        _ => fail("a number is needed"),
    }
}

/// The boolean that a known scalar is or spells.
pub(super) fn boolean(node: &Node) -> Result<bool, Failure> {
    node.as_bool().ok_or_else(|| match node.as_unresolved() {
        Some(_) => Failure::unknown(node),
        None => Failure::new("a boolean is needed"),
    })
}

/// The text that a known value converts to. Maps and lists are not text in Terraform, but `jsonencode` and policy documents
/// give trees here: they convert to JSON.
pub(super) fn text(node: &Node) -> Result<Cow<'_, str>, Failure> {
    match &node.value {
        Value::Scalar(Scalar { kind: ScalarKind::Null, .. }) => fail("null is no text"),
        Value::Scalar(Scalar { kind: ScalarKind::Text | ScalarKind::Bool(_), text }) => Ok((&**text).into()),
        Value::Scalar(_) => Ok(number(node)?.text().into()),
        Value::List(_) | Value::Map(_) => Ok(super::json::encode(node)?.into()),
        Value::Unresolved(_) => Err(Failure::unknown(node)),
    }
}

/// Whether two values are equal; none when that hangs on something unknown.
pub(super) fn equal(a: &Node, b: &Node) -> Option<bool> {
    match (&a.value, &b.value) {
        (Value::Unresolved(_), _) | (_, Value::Unresolved(_)) => None,
        (Value::Scalar(a), Value::Scalar(b)) => Some(match (a.kind, b.kind) {
            (ScalarKind::Text, ScalarKind::Text) => a.text == b.text,
            (ScalarKind::Int(a), ScalarKind::Float(b)) | (ScalarKind::Float(b), ScalarKind::Int(a)) => a as f64 == b,
            (a, b) => a == b,
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
