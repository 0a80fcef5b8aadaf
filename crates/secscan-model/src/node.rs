//! A [`Node`] owns its part of the tree; lists, maps and text are shared (`Arc`), so a clone costs a few counters.
//! Each node knows the bytes that it came from, which may lie in different files within one tree.

use std::sync::Arc;

use crate::Location;

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where the value is written. The bytes of a scalar decode to its value; for what was set elsewhere (a variable's
    /// default, an anchor) this is that other place, and [`Extra::via`] holds the places that led there.
    pub at: Location,
    /// What names the value: the key, or a block's header line. The same as `at` for list items without a name.
    pub name_at: Location,
    /// What few nodes have.
    pub extra: Option<Arc<Extra>>,
}

/// A value: a scalar, a list, a map, or something that the files do not tell.
#[derive(Clone, Debug)]
pub enum Value {
    /// A scalar, typed and as text.
    Scalar(Scalar),
    /// A list.
    List(List),
    /// A map.
    Map(Arc<Map>),
    /// A value that is not in the files.
    Unresolved(Arc<Unresolved>),
}

/// The items of a list.
pub type List = Arc<Vec<Node>>;

/// A scalar: what it means and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// What it means in its format.
    pub kind: ScalarKind,
    /// The decoded text: escapes resolved, quotes gone, otherwise as written (`0644` stays `0644`).
    pub text: Arc<str>,
}

/// The type of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalarKind {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text,
}

/// A map in the order of the file, each key once.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
    /// Why there may be more keys than these, when there may (a merge with an unknown map).
    pub rest: Option<Arc<str>>,
}

/// A key and its value. The place of the key is the value's `name_at`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The decoded key.
    pub key: Arc<str>,
    /// The value.
    pub value: Node,
}

/// A value that is not in the files, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Unresolved {
    /// What is missing, in plain words: ``variable `region` has no value``.
    pub why: Arc<str>,
    /// Whether the value may turn out not to be set at all.
    pub perhaps_absent: bool,
    /// The pieces of a text that is known in part; empty when nothing is known.
    pub parts: Vec<Part>,
}

/// A piece of a text that is known in part.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Known text.
    Fixed(Arc<str>),
    /// Text that is not known: the expression as it is written, markers included (`${{ inputs.tag }}`).
    Hole(Arc<str>),
}

/// What few nodes have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    /// The places through which the value came here, nearest first: the use of a variable, an alias, a module call.
    pub via: Vec<Location>,
    /// Where the value was set that a template writes here: a line of the values of a Helm chart.
    pub set_at: Option<Location>,
    /// The resources that the value refers to.
    pub refs: Vec<Reference>,
    /// A tag of the format: `!Ref`, `!!binary`; of an evaluated value, what its tree stands for: `set`, `json`.
    pub tag: Option<Arc<str>>,
    /// Whether its author marked the value as sensitive.
    pub sensitive: bool,
    /// The comment behind the value on its line, marker and outer blanks removed.
    pub comment: Option<Arc<str>>,
}

/// A reference to another resource by its address within the same unit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Reference {
    /// The address as [`crate::Resource::address`] spells it.
    pub address: Arc<str>,
}

impl Node {
    /// A node whose name and value stand at one place.
    pub fn new(value: Value, at: Location) -> Self {
        Self { value, at, name_at: at, extra: None }
    }

    /// Text.
    pub fn text(text: impl Into<Arc<str>>, at: Location) -> Self {
        Self::new(Value::Scalar(Scalar { kind: ScalarKind::Text, text: text.into() }), at)
    }

    /// A boolean.
    pub fn bool(value: bool, at: Location) -> Self {
        let text = if value { "true" } else { "false" };
        Self::new(Value::Scalar(Scalar { kind: ScalarKind::Bool(value), text: text.into() }), at)
    }

    /// A whole number.
    pub fn int(value: i64, at: Location) -> Self {
        Self::new(Value::Scalar(Scalar { kind: ScalarKind::Int(value), text: value.to_string().into() }), at)
    }

    /// Null.
    pub fn null(at: Location) -> Self {
        Self::new(Value::Scalar(Scalar { kind: ScalarKind::Null, text: "".into() }), at)
    }

    /// A list.
    pub fn list(items: Vec<Node>, at: Location) -> Self {
        Self::new(Value::List(Arc::new(items)), at)
    }

    /// A map.
    pub fn map(map: Map, at: Location) -> Self {
        Self::new(Value::Map(Arc::new(map)), at)
    }

    /// Something that is surely set to something unknown.
    pub fn unresolved(why: impl Into<Arc<str>>, at: Location) -> Self {
        let unresolved = Unresolved { why: why.into(), perhaps_absent: false, parts: Vec::new() };
        Self::new(Value::Unresolved(Arc::new(unresolved)), at)
    }

    /// Something unknown that may not be set at all.
    pub fn perhaps_absent(why: impl Into<Arc<str>>, at: Location) -> Self {
        let unresolved = Unresolved { why: why.into(), perhaps_absent: true, parts: Vec::new() };
        Self::new(Value::Unresolved(Arc::new(unresolved)), at)
    }

    /// Sets the place of the name.
    #[must_use]
    pub fn named(mut self, name_at: Location) -> Self {
        self.name_at = name_at;
        self
    }

    /// What few nodes have, to change it.
    pub fn extra_mut(&mut self) -> &mut Extra {
        Arc::make_mut(self.extra.get_or_insert_default())
    }

    /// The text of a scalar.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) if scalar.kind != ScalarKind::Null => Some(&scalar.text),
            _ => None,
        }
    }

    /// The boolean of a scalar that is one, or text that spells one.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => Some(*value),
            Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => text.parse().ok(),
            _ => None,
        }
    }

    /// The whole number of a scalar that is one, or text that spells one.
    pub fn as_int(&self) -> Option<i64> {
        match &self.value {
            Value::Scalar(Scalar { kind: ScalarKind::Int(value), .. }) => Some(*value),
            Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(Scalar { kind: ScalarKind::Null, .. }))
    }

    /// The map.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map, to change it. What it shares with other trees is copied first.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list, to change them. What they share with other trees is copied first.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.value {
            Value::List(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    /// The items of a list; a value that is no list is a list of one; null is empty.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ if self.is_null() => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// Why the value is not known, when it is not.
    pub fn as_unresolved(&self) -> Option<&Unresolved> {
        match &self.value {
            Value::Unresolved(unresolved) => Some(unresolved),
            _ => None,
        }
    }

    /// The value of a key of a map; none for anything else.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The value at a path of keys through maps.
    pub fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        self.as_map().map_or(&[], Map::entries)
    }

    /// The text as it is written, for what is known and what is known in part.
    pub fn raw_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        match &self.value {
            Value::Scalar(scalar) if scalar.kind != ScalarKind::Null => Some((&*scalar.text).into()),
            Value::Unresolved(unresolved) if !unresolved.parts.is_empty() => Some(unresolved.raw_text().into()),
            _ => None,
        }
    }

    /// Where the value was set, when a template writes it.
    pub fn set_at(&self) -> Option<Location> {
        self.extra.as_ref().and_then(|extra| extra.set_at)
    }

    /// The places through which the value came here, nearest first.
    pub fn via(&self) -> &[Location] {
        self.extra.as_ref().map_or(&[], |extra| &extra.via)
    }

    /// The resources that this value itself refers to.
    pub fn refs(&self) -> &[Reference] {
        self.extra.as_ref().map_or(&[], |extra| &extra.refs)
    }
}

impl Unresolved {
    /// The text as it is written, holes included.
    pub fn raw_text(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Fixed(text) | Part::Hole(text) => &**text,
            })
            .collect()
    }
}

impl Map {
    /// An empty map that has room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), rest: None }
    }

    /// A map of entries whose keys are known to differ: parsers that track keys themselves save the search.
    pub fn from_unique(entries: Vec<Entry>) -> Self {
        Self { entries, rest: None }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| &*entry.key == key).map(|entry| &mut entry.value)
    }

    /// The keys with their values, to change these.
    pub fn values_mut(&mut self) -> impl Iterator<Item = (&str, &mut Node)> {
        self.entries.iter_mut().map(|entry| (&*entry.key, &mut entry.value))
    }

    /// The entries in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Sets a key; the value that stood there before is returned, and its position is kept.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Node) -> Option<Node> {
        let key = key.into();
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            return Some(std::mem::replace(&mut entry.value, value));
        }
        self.entries.push(Entry { key, value });
        None
    }

    /// Adds an entry whose key is known to be new: parsers that track keys themselves save the search.
    pub fn push_new(&mut self, key: impl Into<Arc<str>>, value: Node) {
        self.entries.push(Entry { key: key.into(), value });
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| &*entry.key == key)?;
        Some(self.entries.remove(at).value)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<(Arc<str>, Node)> for Map {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Node)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}
