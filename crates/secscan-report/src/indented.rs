//! JSON with two blanks a level, byte for byte as `serde_json::to_writer_pretty` writes it. That one writes each level of
//! an indentation by itself, which is half of what writing a large report costs; here a line begins with one write.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// How many bytes are handed on at once.
const BUFFER: usize = 64 * 1024;
/// What stands between two values, as deep as our formats go; deeper levels are written on their own.
const LINE: &[u8] = b",\n                                ";
/// How many levels [`LINE`] holds.
const LEVELS: usize = (LINE.len() - 2) / 2;

/// Writes a value and a line break.
pub(crate) fn write<T: Serialize>(value: &T, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(BUFFER, out);
    value.serialize(&mut Serializer::with_formatter(&mut out, Indented::default()))?;
    io::Write::write_all(&mut out, b"\n")?;
    io::Write::flush(&mut out)
}

#[derive(Default)]
struct Indented {
    level: usize,
    /// Whether the list or object that ends next has anything in it.
    has_value: bool,
}

impl Indented {
    fn open(&mut self) {
        self.level += 1;
        self.has_value = false;
    }

    fn close<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.level -= 1;
        if self.has_value { self.line(writer, true) } else { Ok(()) }
    }

    /// Begins a line, behind a comma when it is not the first.
    fn line<W: io::Write + ?Sized>(&self, writer: &mut W, is_first: bool) -> io::Result<()> {
        let levels = self.level.min(LEVELS);
        writer.write_all(&LINE[usize::from(is_first)..2 + 2 * levels])?;
        (levels..self.level).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Indented {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open();
        writer.write_all(b"[")
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer)?;
        writer.write_all(b"]")
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.line(writer, first)
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open();
        writer.write_all(b"{")
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer)?;
        writer.write_all(b"}")
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.line(writer, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn the_bytes_are_those_of_serde_json() {
        let deep = (0..40).fold(json!([1, {}]), |inner, _| json!({ "a": inner }));
        let values = [json!({}), json!([]), json!([[], {}, [{}], "é\n"]), json!({ "a": [], "b": { "c": 1 } }), deep];
        for value in values {
            let mut written = Vec::new();
            super::write::<Value>(&value, &mut written).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string_pretty(&value).unwrap() + "\n");
        }
    }
}
