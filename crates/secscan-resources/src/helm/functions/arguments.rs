//! The arguments of a call, by position and type.

use std::rc::Rc;

use secscan_parse::gotemplate::{Data, Failure, Items, MapRef, Text, Value, print};

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(pub(super) &'a [Value]);

impl<'a> Arguments<'a> {
    /// The value of an argument; nothing where it is missing.
    pub(super) fn value(self, at: usize) -> Value {
        self.0.get(at).cloned().unwrap_or_default()
    }

    fn given(self, at: usize) -> Result<&'a Value, Failure> {
        self.0.get(at).ok_or_else(|| format!("wants more than {at} arguments").into())
    }

    /// An argument that must be text, with its origin.
    pub(super) fn piece(self, at: usize) -> Result<&'a Text, Failure> {
        match &self.given(at)?.data {
            Data::Text(text) => Ok(text),
            Data::Nil => Err("invalid value; expected string".into()),
            _ => Err(format!("wrong type for value; expected string; got {}", self.value(at).type_name()).into()),
        }
    }

    /// An argument that must be text.
    pub(super) fn text(self, at: usize) -> Result<&'a str, Failure> {
        self.piece(at).map(Text::as_str)
    }

    /// An argument that must be a whole number.
    pub(super) fn int(self, at: usize) -> Result<i64, Failure> {
        let value = self.given(at)?;
        match &value.data {
            Data::Int(_) | Data::Float(_) => Ok(to_int(value)),
            Data::Nil => Err("invalid value; expected int".into()),
            _ => Err(format!("wrong type for value; expected int; got {}", value.type_name()).into()),
        }
    }

    /// An argument that must be a number of bytes or items that may be made.
    pub(super) fn count(self, at: usize) -> Result<usize, Failure> {
        match self.int(at)? {
            count if count > MAX_COUNT => Err(Failure::limit("more is asked for than a chart may make")),
            count => Ok(usize::try_from(count).unwrap_or(0)),
        }
    }

    /// An argument that must be a list.
    pub(super) fn list(self, at: usize) -> Result<Rc<Items>, Failure> {
        match &self.given(at)?.data {
            Data::List(items) => Ok(items.clone()),
            Data::Nil => Ok(Rc::default()),
            Data::Object(object) if let Some(items) = object.items() => match Value::from(items).data {
                Data::List(items) => Ok(items),
                _ => Ok(Rc::default()),
            },
            _ => Err(format!("wrong type for value; expected a list; got {}", self.value(at).type_name()).into()),
        }
    }

    /// An argument that must be a map.
    pub(super) fn map(self, at: usize) -> Result<MapRef, Failure> {
        match &self.given(at)?.data {
            Data::Map(map) => Ok(map.clone()),
            // Go takes nothing for an empty map.
            Data::Nil => Ok(MapRef::default()),
            _ => Err(format!("wrong type for value; expected map; got {}", self.value(at).type_name()).into()),
        }
    }
}

/// The most of anything that one call makes.
const MAX_COUNT: i64 = 1_000_000;

/// A value as text: Sprig's `toString`.
pub(in super::super) fn to_text(value: &Value) -> Text {
    match &value.data {
        Data::Text(text) => text.clone(),
        _ => Text::of(&print::print(value), value.origin.clone()),
    }
}

/// A value as a whole number; zero where it is none.
pub(super) fn to_int(value: &Value) -> i64 {
    match &value.data {
        Data::Int(value) => *value,
        Data::Float(value) => *value as i64,
        Data::Bool(value) => i64::from(*value),
        Data::Text(text) => {
            let text = text.as_str();
            let (radix, digits) = match text.get(..2) {
                Some("0x" | "0X") => (16, &text[2..]),
                Some("0o") => (8, &text[2..]),
                _ if text.starts_with('0') && text.len() > 1 => (10, text.trim_start_matches('0')),
                _ => (10, text),
            };
            i64::from_str_radix(digits, radix).unwrap_or(0)
        }
        _ => 0,
    }
}

/// A value as a number; zero where it is none.
pub(super) fn to_float(value: &Value) -> f64 {
    match &value.data {
        Data::Float(value) => *value,
        Data::Text(text) => text.as_str().parse().unwrap_or(0.0),
        _ => to_int(value) as f64,
    }
}

/// A list of texts: the items of a list without those that are nothing, or the one value.
pub(super) fn to_texts(value: &Value) -> Vec<Text> {
    match &value.data {
        Data::List(items) => items.iter().filter(|item| !item.is_nil()).map(to_text).collect(),
        Data::Nil => Vec::new(),
        _ => vec![to_text(value)],
    }
}
