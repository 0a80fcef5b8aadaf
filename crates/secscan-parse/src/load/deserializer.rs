//! A serde `Deserializer` over a [`Node`] that remembers where the first error arose.

use secscan_model::{Entry, Location, Node, Scalar, ScalarKind, Value};
use serde::de::value::{SeqDeserializer, StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::LoadError;
use super::located::{LOCATED, SPANNED};

/// An error on its way to the place that it belongs to.
#[derive(Debug)]
pub(super) struct Fault {
    message: String,
    /// The innermost place so far.
    at: Option<Location>,
}

impl Fault {
    /// Adds the place unless one further in is known.
    fn within(mut self, at: Location) -> Self {
        self.at.get_or_insert(at);
        self
    }

    /// The error; `at` is its place when no other is known.
    pub(super) fn at_least(self, at: Location) -> LoadError {
        LoadError { message: self.message, at: self.at.unwrap_or(at) }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), at: None }
    }
}

/// Reads from a node.
#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'n> {
    node: &'n Node,
}

impl<'n> NodeDeserializer<'n> {
    pub(super) fn new(node: &'n Node) -> Self {
        Self { node }
    }

    fn visit_scalar<'de, V: Visitor<'de>>(scalar: &Scalar, visitor: V) -> Result<V::Value, Fault> {
        match scalar.kind {
            ScalarKind::Null => visitor.visit_unit(),
            ScalarKind::Bool(value) => visitor.visit_bool(value),
            ScalarKind::Int(value) => visitor.visit_i64(value),
            ScalarKind::Float(value) => visitor.visit_f64(value),
            ScalarKind::Text => visitor.visit_str(&scalar.text),
        }
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let node = self.node;
        match &node.value {
            Value::Scalar(scalar) => Self::visit_scalar(scalar, visitor).map_err(|fault| fault.within(node.at)),
            Value::List(items) => {
                let mut items = SeqDeserializer::new(items.iter().map(NodeDeserializer::new));
                let value = visitor.visit_seq(&mut items).map_err(|fault| fault.within(node.at))?;
                items.end().map_err(|fault| fault.within(node.at))?;
                Ok(value)
            }
            Value::Map(map) => {
                let entries = Entries { entries: map.entries().iter(), value: None };
                visitor.visit_map(entries).map_err(|fault| fault.within(node.name_at))
            }
            Value::Unresolved(unresolved) => Err(Fault::custom(&unresolved.why).within(node.at)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Scalar(Scalar { kind: ScalarKind::Int(_) | ScalarKind::Float(_), text }) => {
                visitor.visit_str(text).map_err(|fault: Fault| fault.within(self.node.at))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self).map_err(|fault| fault.within(self.node.at))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let places: &[Location] = match name {
            SPANNED => &[self.node.at],
            LOCATED => &[self.node.at, self.node.name_at],
            _ => return self.deserialize_any(visitor),
        };
        let numbers = places.iter().flat_map(|place| [place.source.0, place.span.start, place.span.end]).collect();
        visitor.visit_seq(Places { numbers, next: 0, node: Some(self.node) })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let node = self.node;
        match (&node.value, node.entries()) {
            (Value::Scalar(Scalar { kind: ScalarKind::Text, text }), _) => {
                let variant: StrDeserializer<'_, Fault> = (**text).into_deserializer();
                visitor.visit_enum(variant).map_err(|fault| fault.within(node.at))
            }
            (Value::Map(_), [entry]) => visitor.visit_enum(Variant { entry }).map_err(|fault| fault.within(node.at)),
            (Value::Map(_), entries) => {
                let message = format!("expected a map with one key, found {} keys", entries.len());
                Err(Fault::custom(message).within(node.name_at))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

impl<'de> IntoDeserializer<'de, Fault> for NodeDeserializer<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The entries of a map.
struct Entries<'n> {
    entries: std::slice::Iter<'n, Entry>,
    value: Option<&'n Node>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(&entry.value);
        let key: StrDeserializer<'_, Fault> = (*entry.key).into_deserializer();
        seed.deserialize(key).map(Some).map_err(|fault| fault.within(entry.value.name_at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let node = self.value.take().ok_or_else(|| Fault::custom("a value was asked for before its key"))?;
        seed.deserialize(NodeDeserializer::new(node)).map_err(|fault| fault.within(node.at))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Places as numbers, then the node itself.
struct Places<'n> {
    numbers: Vec<u32>,
    next: usize,
    node: Option<&'n Node>,
}

impl<'de> SeqAccess<'de> for Places<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        if let Some(number) = self.numbers.get(self.next) {
            self.next += 1;
            return seed.deserialize(U32Deserializer::<Fault>::new(*number)).map(Some);
        }
        self.node.take().map(|node| seed.deserialize(NodeDeserializer::new(node))).transpose()
    }
}

/// A variant with content: a map with one key.
struct Variant<'n> {
    entry: &'n Entry,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name: StrDeserializer<'_, Fault> = (*self.entry.key).into_deserializer();
        let value = seed.deserialize(name).map_err(|fault| fault.within(self.entry.value.name_at))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        let node = &self.entry.value;
        if node.is_null() {
            return Ok(());
        }
        let message = format!("`{}` takes no value", self.entry.key);
        Err(Fault::custom(message).within(node.at))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let node = &self.entry.value;
        seed.deserialize(NodeDeserializer::new(node)).map_err(|fault| fault.within(node.at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        NodeDeserializer::new(&self.entry.value).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        NodeDeserializer::new(&self.entry.value).deserialize_any(visitor)
    }
}
