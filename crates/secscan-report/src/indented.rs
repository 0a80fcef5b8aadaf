//! JSON with two blanks a level, byte for byte as `serde_json::to_writer_pretty` writes it, in a third of the time: a large
//! report is written string by string, and that one looks at every byte of each and hands on each quote and blank by itself.

use std::io;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;

/// After how many bytes what was written is handed on.
const BUFFER: usize = 64 * 1024;

/// What stands between two elements that are not nested deeper than most.
const LINE: &[u8] = b",\n                                ";

/// Writes a value and a line break.
pub(crate) fn write<T: Serialize>(value: &T, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = Writer { text: Vec::with_capacity(2 * BUFFER), level: 0, out };
    value.serialize(&mut writer)?;
    writer.text.push(b'\n');
    writer.hand_on()
}

struct Writer<'o> {
    /// What was not handed on yet.
    text: Vec<u8>,
    level: usize,
    out: &'o mut dyn io::Write,
}

impl<'o> Writer<'o> {
    fn hand_on(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.text.push(b'"');
        // Over the whole text at once and without a branch, so that the compiler looks at many bytes together.
        let is_special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
        let is_plain = !text.bytes().fold(false, |found, byte| found | is_special(byte));
        if is_plain {
            self.text.extend_from_slice(text.as_bytes());
        } else {
            text.bytes().for_each(|byte| self.escaped(byte));
        }
        self.text.push(b'"');
    }

    fn escaped(&mut self, byte: u8) {
        match escape(byte) {
            None => self.text.push(byte),
            Some(b'u') => self.text.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            Some(letter) => self.text.extend_from_slice(&[b'\\', letter]),
        }
    }

    /// Begins a line, behind a comma or not.
    fn line(&mut self, comma: bool) {
        let start = usize::from(!comma);
        match LINE.get(start..2 + 2 * self.level) {
            Some(line) => self.text.extend_from_slice(line),
            None => {
                self.text.extend_from_slice(&LINE[start..2]);
                self.text.resize(self.text.len() + 2 * self.level, b' ');
            }
        }
    }

    /// Begins a list or an object.
    fn open(&mut self, open: u8, close: u8) -> Inside<'_, 'o> {
        self.text.push(open);
        self.level += 1;
        Inside { writer: self, close, is_empty: true, is_variant: false }
    }

    /// Begins what stands under the name of a variant.
    fn open_variant(&mut self, variant: &str, open: u8, close: u8) -> Result<Inside<'_, 'o>, Error> {
        self.open(b'{', b'}').key(variant)?;
        Ok(Inside { is_variant: true, ..self.open(open, close) })
    }
}

/// The letter that stands behind a backslash for a byte which must not stand in a string; `u` where its number follows.
fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        0x08 => Some(b'b'),
        0x0C => Some(b'f'),
        0x00..0x20 => Some(b'u'),
        _ => None,
    }
}

/// A list or an object that is being written.
struct Inside<'w, 'o> {
    writer: &'w mut Writer<'o>,
    close: u8,
    is_empty: bool,
    /// Whether it is all that an object holds under the name of a variant.
    is_variant: bool,
}

impl Inside<'_, '_> {
    /// Begins an element on a line of its own.
    fn begin(&mut self) -> Result<(), Error> {
        if self.writer.text.len() >= BUFFER {
            self.writer.hand_on().map_err(Error::io)?;
        }
        self.writer.line(!self.is_empty);
        self.is_empty = false;
        Ok(())
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.begin()?;
        value.serialize(&mut *self.writer)
    }

    /// Begins a field. Names of fields hold nothing that must not stand in a string.
    fn name(&mut self, name: &str) -> Result<(), Error> {
        self.begin()?;
        let text = &mut self.writer.text;
        text.push(b'"');
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b"\": ");
        Ok(())
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.begin()?;
        let start = self.writer.text.len();
        key.serialize(&mut *self.writer)?;
        // Numbers become names.
        if self.writer.text.get(start) != Some(&b'"') {
            self.writer.text.insert(start, b'"');
            self.writer.text.push(b'"');
        }
        self.writer.text.extend_from_slice(b": ");
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Result<(), Error> {
        let Self { writer, close, is_empty, is_variant } = self;
        writer.level -= 1;
        if !is_empty {
            writer.line(false);
        }
        writer.text.push(close);
        if is_variant {
            writer.level -= 1;
            writer.line(false);
            writer.text.push(b'}');
        }
        Ok(())
    }
}

/// Values that `serde_json` writes in one piece.
macro_rules! as_serde_json {
    ($($method:ident: $kind:ty),*) => {
        $(fn $method(self, value: $kind) -> Result<(), Error> {
            serde_json::to_writer(&mut self.text, &value)
        })*
    };
}

impl<'w, 'o> Serializer for &'w mut Writer<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Inside<'w, 'o>;
    type SerializeTuple = Inside<'w, 'o>;
    type SerializeTupleStruct = Inside<'w, 'o>;
    type SerializeTupleVariant = Inside<'w, 'o>;
    type SerializeMap = Inside<'w, 'o>;
    type SerializeStruct = Inside<'w, 'o>;
    type SerializeStructVariant = Inside<'w, 'o>;

    as_serde_json! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_bytes: &[u8]
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.string(text);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.text.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.open(b'{', b'}');
        object.key(variant)?;
        object.value(value)?;
        object.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'w, 'o>, Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Inside<'w, 'o>, Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside<'w, 'o>, Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'w, 'o>, Error> {
        self.open_variant(variant, b'[', b']')
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Inside<'w, 'o>, Error> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'w, 'o>, Error> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'w, 'o>, Error> {
        self.open_variant(variant, b'{', b'}')
    }
}

/// What is written element by element.
macro_rules! list {
    ($($kind:ident $method:ident),*) => {
        $(impl $kind for Inside<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}

/// What is written field by field.
macro_rules! object {
    ($($kind:ident),*) => {
        $(impl $kind for Inside<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.name(key)?;
                self.value(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}

list!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);
object!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Inside<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::json;

    fn assert_same<T: Serialize>(value: &T) {
        let mut written = Vec::new();
        super::write(value, &mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string_pretty(value).unwrap() + "\n");
    }

    #[test]
    fn the_bytes_are_those_of_serde_json() {
        let deep = (0..40).fold(json!([1, {}]), |inner, _| json!({ "a": inner }));
        let numbers = json!([0, -1, u64::MAX, i64::MIN, 0.1, 1e300, -0.0, true, null]);
        for value in
            [json!({}), json!([]), json!([[], {}, [{}], "é\n"]), json!({ "a": [], "b": { "c": 1 } }), deep, numbers]
        {
            assert_same(&value);
        }
        assert_same(&vec!["long enough to be handed on in pieces"; 10_000]);
    }

    #[test]
    fn every_character_is_escaped_as_serde_json_does() {
        let all: String = ('\0'..='\u{100}').chain(['\u{2028}', '\u{FFFF}', '\u{1F512}']).collect();
        assert_same(&all);
        all.chars().for_each(|letter| assert_same(&letter.to_string()));
    }

    #[test]
    fn every_shape_is_written_as_serde_json_does() {
        #[derive(Serialize)]
        enum Shape {
            Unit,
            New(u8),
            Pair(u8, char),
            Fields { a: Option<u8>, b: () },
        }
        #[derive(Serialize)]
        struct Flat {
            first: f32,
            #[serde(flatten)]
            rest: BTreeMap<u32, Shape>,
        }
        assert_same(&(Shape::Unit, Shape::New(1), Shape::Pair(2, '"'), Shape::Fields { a: Some(1), b: () }));
        assert_same(&Flat { first: f32::NAN, rest: [(7, Shape::Unit), (8, Shape::Pair(0, 'x'))].into() });
    }
}
