//! The values of templates: those of Go that reach a chart.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::execute::{Executor, Failure};
use super::text::{Origin, Text};

/// A map. Templates share maps and change them in place (`set`).
pub type MapRef = Rc<RefCell<Entries>>;

/// A value and where it comes from.
#[derive(Clone, Debug, Default)]
pub struct Value {
    /// The value.
    pub data: Data,
    /// Where it comes from; of text, the runs know it.
    pub origin: Origin,
}

/// What a value is.
#[derive(Clone, Debug, Default)]
pub enum Data {
    /// Nothing.
    #[default]
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number of a values file, whole or not.
    Float(f64),
    /// Text.
    Text(Text),
    /// A list.
    List(Rc<Items>),
    /// A map in the order of its keys.
    Map(MapRef),
    /// Something with methods.
    Object(Rc<dyn Object>),
}

/// The items of a list.
#[derive(Clone, Debug, Default)]
pub struct Items(Vec<Value>);

/// The entries of a map in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct Entries(BTreeMap<Rc<str>, Value>);

impl Deref for Items {
    type Target = Vec<Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for Entries {
    type Target = BTreeMap<Rc<str>, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        if self.0.iter().any(Value::is_nested) {
            take_apart(std::mem::take(&mut self.0));
        }
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        if self.0.values().any(Value::is_nested) {
            take_apart(std::mem::take(&mut self.0).into_values().collect());
        }
    }
}

/// Drops values without recursion: a template can nest them as deep as its steps allow, which is deeper than any stack.
fn take_apart(mut values: Vec<Value>) {
    while let Some(value) = values.pop() {
        match value.data {
            Data::List(items) => {
                values.extend(Rc::into_inner(items).map(|mut items| std::mem::take(&mut items.0)).unwrap_or_default())
            }
            Data::Map(map) => {
                let entries = Rc::into_inner(map).map(|map| std::mem::take(&mut map.into_inner().0));
                values.extend(entries.unwrap_or_default().into_values());
            }
            _ => {}
        }
    }
}

/// Something with methods: `.Files`, `.Capabilities.APIVersions`.
pub trait Object: std::fmt::Debug {
    /// A field or the result of a method; none when there is no such member.
    ///
    /// # Errors
    /// What a method says against its arguments.
    fn member(&self, name: &str, arguments: &[Value], executor: &mut Executor<'_>) -> Option<Result<Value, Failure>>;

    /// The entries that `range` and `index` see.
    fn entries(&self) -> Vec<(Rc<str>, Value)> {
        Vec::new()
    }

    /// Its items, where Go has it as a list: functions on lists take it too.
    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    /// What is written of it in YAML and JSON: what it prints, where it is nothing else there.
    fn document(&self) -> Value {
        self.print().into()
    }

    /// Whether a condition takes it for true.
    fn is_true(&self) -> bool {
        true
    }

    /// How it prints.
    fn print(&self) -> String;
}

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        Self { data, origin: Origin::default() }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Data::Bool(value).into()
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Data::Int(value).into()
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Data::Float(value).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Data::Text(Text::plain(text)).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Data::Text(text).into()
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Data::List(Rc::new(Items(items))).into()
    }
}

impl From<BTreeMap<Rc<str>, Value>> for Value {
    fn from(map: BTreeMap<Rc<str>, Value>) -> Self {
        Data::Map(Rc::new(RefCell::new(Entries(map)))).into()
    }
}

impl FromIterator<(Rc<str>, Value)> for Value {
    fn from_iter<I: IntoIterator<Item = (Rc<str>, Value)>>(entries: I) -> Self {
        entries.into_iter().collect::<BTreeMap<_, _>>().into()
    }
}

impl Value {
    /// Nothing.
    pub fn nil() -> Self {
        Self::default()
    }

    /// A map of a few entries.
    pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Self {
        entries.into_iter().map(|(key, value)| (Rc::from(key), value)).collect()
    }

    /// A stand-in for what cannot be known.
    pub fn unknown(stand_in: &str, why: impl Into<Rc<str>>) -> Self {
        Text::of(stand_in, Origin::unknown(why)).into()
    }

    /// Where it comes from.
    pub fn origin(&self) -> Origin {
        match &self.data {
            Data::Text(text) => text.origin(),
            _ => self.origin.clone(),
        }
    }

    /// The same value with its origin filled in where it has none.
    #[must_use]
    pub fn with_origin(self, origin: &Origin) -> Self {
        match self.data {
            Data::Text(text) => text.with_origin(origin).into(),
            data => Self { data, origin: self.origin.or(origin) },
        }
    }

    /// Whether it is nothing.
    pub fn is_nil(&self) -> bool {
        matches!(self.data, Data::Nil)
    }

    /// Whether a condition takes it for true: anything but nothing, false, zero and what is empty.
    pub fn is_true(&self) -> bool {
        match &self.data {
            Data::Nil => false,
            Data::Bool(value) => *value,
            Data::Int(value) => *value != 0,
            Data::Float(value) => *value != 0.0,
            Data::Text(text) => !text.as_str().is_empty(),
            Data::List(items) => !items.is_empty(),
            Data::Map(map) => !map.borrow().is_empty(),
            Data::Object(object) => object.is_true(),
        }
    }

    fn is_nested(&self) -> bool {
        matches!(self.data, Data::List(_) | Data::Map(_))
    }

    /// The text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The map.
    pub fn as_map(&self) -> Option<&MapRef> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key of a map; nothing for anything else.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.as_map()?.borrow().get(key).cloned()
    }

    /// The value at a path of keys.
    pub fn at_path(&self, path: &str) -> Option<Value> {
        path.split('.').try_fold(self.clone(), |value, key| value.get(key))
    }

    /// The name of its type in Go.
    pub fn type_name(&self) -> &'static str {
        match &self.data {
            Data::Nil => "<nil>",
            Data::Bool(_) => "bool",
            Data::Int(_) => "int",
            Data::Float(_) => "float64",
            Data::Text(_) => "string",
            Data::List(_) => "[]interface {}",
            Data::Map(_) => "map[string]interface {}",
            Data::Object(_) => "struct",
        }
    }

    /// The name of its kind in Go.
    pub fn kind_name(&self) -> &'static str {
        match &self.data {
            Data::Nil => "invalid",
            Data::List(_) => "slice",
            Data::Map(_) => "map",
            _ => self.type_name(),
        }
    }

    /// Whether two values are the same all the way down.
    pub fn deep_equal(&self, other: &Self) -> bool {
        self.equal_within(other, crate::MAX_DEPTH)
    }

    fn equal_within(&self, other: &Self, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match (&self.data, &other.data) {
            (Data::Nil, Data::Nil) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a), Data::Int(b)) => a == b,
            (Data::Float(a), Data::Float(b)) => a == b,
            (Data::Text(a), Data::Text(b)) => a.as_str() == b.as_str(),
            (Data::List(a), Data::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equal_within(b, depth))
            }
            (Data::Map(a), Data::Map(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && a.equal_within(b, depth))
            }
            (Data::Object(a), Data::Object(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// A copy that shares no map with this value.
    #[must_use]
    pub fn deep_copy(&self) -> Self {
        self.copy_within(crate::MAX_DEPTH)
    }

    fn copy_within(&self, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::nil() };
        let data = match &self.data {
            Data::List(items) => {
                return Self {
                    origin: self.origin.clone(),
                    ..items.iter().map(|item| item.copy_within(depth)).collect::<Vec<_>>().into()
                };
            }
            Data::Map(map) => {
                let entries = map.borrow();
                let copy = entries.iter().map(|(key, value)| (key.clone(), value.copy_within(depth))).collect();
                Data::Map(Rc::new(RefCell::new(Entries(copy))))
            }
            data => data.clone(),
        };
        Self { data, origin: self.origin.clone() }
    }
}
