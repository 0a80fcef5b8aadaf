//! Values that keep their places through serde: both types ask for a struct of a reserved name, which
//! [`super::deserializer`] answers with the numbers of the places and then the value.

use std::fmt;
use std::marker::PhantomData;

use secscan_model::{Location, SourceId, Span};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The name that asks for `at` and a value.
pub(super) const SPANNED: &str = "$secscan::Spanned";
/// The name that asks for `at`, `name_at` and a value.
pub(super) const LOCATED: &str = "$secscan::Located";

/// A typed value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// Where the value is written.
    pub at: Location,
    /// The value.
    pub value: T,
}

/// A value of any form, with its place and the place of its name, all the way down.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// Where the value is written.
    pub at: Location,
    /// The key that names it; see [`secscan_model::Node::name_at`].
    pub name_at: Location,
    /// The value.
    pub value: Raw,
}

/// A value of any form.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Located>),
    /// A map in the order of the file, each key once.
    Map(Vec<(String, Located)>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(SPANNED, &[], SpannedVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(LOCATED, &[], LocatedVisitor)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of a located tree")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        Ok(Spanned { at: place(&mut parts)?, value: part(&mut parts)? })
    }
}

struct LocatedVisitor;

impl<'de> Visitor<'de> for LocatedVisitor {
    type Value = Located;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of a located tree")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Located, A::Error> {
        Ok(Located { at: place(&mut parts)?, name_at: place(&mut parts)?, value: part(&mut parts)? })
    }
}

fn place<'de, A: SeqAccess<'de>>(parts: &mut A) -> Result<Location, A::Error> {
    let source = SourceId(part(parts)?);
    let span = Span { start: part(parts)?, end: part(parts)? };
    Ok(Location { source, span })
}

fn part<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(parts: &mut A) -> Result<T, A::Error> {
    parts.next_element()?.ok_or_else(|| A::Error::custom("only values of located trees have places"))
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
