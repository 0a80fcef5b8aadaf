//! YAML text of values as `yamlencode` writes it, and what `yamldecode` makes of YAML.

use secscan_model::{Map, Node, Scalar, ScalarKind, Source, Value};

use super::number::Number;
use super::places::Places;
use super::value::{Failure, number, sorted};

/// Lines are broken at blanks beyond this column.
const WIDTH: usize = 80;

/// The YAML text of a known value: keys sorted and quoted, texts quoted or, where they have line breaks, in blocks.
pub(super) fn encode(node: &Node) -> Result<String, Failure> {
    let mut writer = Writer { out: String::new(), column: 0 };
    match &node.value {
        Value::List(items) if !items.is_empty() => writer.list(items, 0)?,
        Value::Map(map) if !map.is_empty() || map.rest.is_some() => writer.map(map, 0)?,
        _ => {
            writer.scalar(node, 0)?;
            let is_plain = matches!(&node.value, Value::Scalar(scalar) if scalar.kind != ScalarKind::Text);
            writer.end_line();
            if is_plain {
                writer.out.push_str("...\n");
            }
        }
    }
    Ok(writer.out)
}

struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn end_line(&mut self) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.column = 0;
    }

    fn indent(&mut self, indent: usize) {
        if self.column < indent {
            let missing = indent - self.column;
            self.push(&" ".repeat(missing));
        }
    }

    /// The entries of a map, each on a line of its own that begins in column `indent`.
    fn map(&mut self, map: &Map, indent: usize) -> Result<(), Failure> {
        if let Some(why) = &map.rest {
            return Err(Failure { unknown: true, ..Failure::new(why.clone()) });
        }
        for (key, value) in sorted(map) {
            self.indent(indent);
            if key.contains('\n') || key.len() > 128 {
                return Err(Failure { unknown: true, ..Failure::new("a key is not written here") });
            }
            self.quoted(key, None);
            self.push(":");
            match &value.value {
                Value::List(items) if !items.is_empty() => {
                    self.end_line();
                    self.list(items, indent)?;
                }
                Value::Map(map) if !map.is_empty() || map.rest.is_some() => {
                    self.end_line();
                    self.map(map, indent + 2)?;
                }
                _ => {
                    self.push(" ");
                    self.scalar(value, indent)?;
                    self.end_line();
                }
            }
        }
        Ok(())
    }

    fn list(&mut self, items: &[Node], indent: usize) -> Result<(), Failure> {
        for item in items {
            self.indent(indent);
            self.push("- ");
            match &item.value {
                Value::List(items) if !items.is_empty() => self.list(items, indent + 2)?,
                Value::Map(map) if !map.is_empty() || map.rest.is_some() => self.map(map, indent + 2)?,
                _ => {
                    self.scalar(item, indent)?;
                    self.end_line();
                }
            }
        }
        Ok(())
    }

    /// A scalar or an empty collection within something that begins in column `indent`.
    fn scalar(&mut self, node: &Node, indent: usize) -> Result<(), Failure> {
        match &node.value {
            Value::List(_) => self.push("[]"),
            Value::Map(_) => self.push("{}"),
            Value::Unresolved(_) => return Err(Failure::unknown(node)),
            Value::Scalar(Scalar { kind: ScalarKind::Null, .. }) => self.push("null"),
            Value::Scalar(Scalar { kind: ScalarKind::Text, text }) if is_block(text) => self.block(text, indent + 2),
            Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => self.quoted(text, Some(indent + 2)),
            Value::Scalar(Scalar { kind: ScalarKind::Bool(_), text }) => self.push(text),
            Value::Scalar(_) => self.push(&number(node)?.text()),
        }
        Ok(())
    }

    fn block(&mut self, text: &str, indent: usize) {
        self.push("|");
        if text.starts_with([' ', '\n']) {
            self.push("2");
        }
        match text.strip_suffix('\n') {
            None => self.push("-"),
            Some(rest) if rest.is_empty() || rest.ends_with('\n') => self.push("+"),
            Some(_) => {}
        }
        self.out.push('\n');
        for line in text.split_inclusive('\n') {
            self.column = 0;
            if line != "\n" {
                self.indent(indent);
            }
            self.out.push_str(line);
        }
    }

    /// A text within quotes; with an indentation, lines may be broken.
    fn quoted(&mut self, text: &str, indent: Option<usize>) {
        self.push("\"");
        let mut after_blank = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            let is_last = chars.peek().is_none();
            match indent {
                Some(indent) if c == ' ' && !after_blank && self.column > WIDTH && at > 0 && !is_last => {
                    self.out.push('\n');
                    self.column = 0;
                    self.indent(indent);
                    if chars.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.push("\\");
                    }
                }
                _ => self.character(c),
            }
            after_blank = c == ' ';
        }
        self.push("\"");
    }

    fn character(&mut self, c: char) {
        let escaped = match c {
            '\0' => "\\0",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{b}' => "\\v",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            '\u{1b}' => "\\e",
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{85}' => "\\N",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            c if is_printable(c) => return self.push(c.encode_utf8(&mut [0; 4])),
            c => {
                let code = u32::from(c);
                return self.push(&match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                });
            }
        };
        self.push(escaped);
    }
}

fn is_printable(c: char) -> bool {
    matches!(c, '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether a text is written as a block.
fn is_block(text: &str) -> bool {
    let is_plain = |c: char| c == '\n' || (is_printable(c) && !matches!(c, '\u{2028}' | '\u{2029}'));
    text.contains('\n') && text.chars().all(is_plain) && !text.contains(" \n") && !text.ends_with(' ')
}

/// What a document of YAML says to Terraform. The parser has limited the depth.
pub(super) fn decoded(document: &Node, source: &Source, places: &Places) -> Node {
    let value = match &document.value {
        Value::List(items) => {
            Value::List(items.iter().map(|item| decoded(item, source, places)).collect::<Vec<_>>().into())
        }
        Value::Map(map) => {
            let mut moved = Map::with_capacity(map.len());
            for entry in map.entries() {
                moved.push_new(entry.key.clone(), decoded(&entry.value, source, places));
            }
            Value::Map(moved.into())
        }
        Value::Scalar(scalar) => plain_scalar(document, scalar, source).value,
        Value::Unresolved(_) => document.value.clone(),
    };
    places.put(value, document)
}

fn plain_scalar(node: &Node, scalar: &Scalar, source: &Source) -> Node {
    let at = node.at;
    let written = source.bytes.get(node.at.span.range()).unwrap_or_default();
    let tag = node.extra.as_ref().and_then(|extra| extra.tag.as_deref());
    let is_text = tag.is_some_and(|tag| tag.ends_with("str") || tag.ends_with("binary"));
    let is_quoted = written.first().is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'|' | b'>'));
    if is_text || is_quoted || written != scalar.text.as_bytes() && !scalar.text.is_empty() {
        return Node::text(scalar.text.clone(), at);
    }
    let text = &*scalar.text;
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Node::null(at),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Node::bool(true, at),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Node::bool(false, at),
        _ => match scalar_number(text) {
            Some(number) => number.node(at),
            None => Node::text(timestamp(text).unwrap_or_else(|| text.to_owned()), at),
        },
    }
}

fn scalar_number(text: &str) -> Option<Number> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Number::Int);
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    Number::parse(text)
}

/// A date, with or without a time, as RFC 3339 has it.
fn timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_date = bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_date {
        return None;
    }
    if bytes.len() == 10 {
        return Some(format!("{text}T00:00:00Z"));
    }
    let time = text.get(10..)?.trim_start_matches(['t', 'T', ' ']);
    let clock = time.get(..8)?;
    let is_clock = clock.bytes().enumerate().all(|(at, byte)| match at {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let zone = time.get(8..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).trim();
    let zone = if zone.is_empty() { "Z" } else { zone };
    is_clock.then(|| format!("{}T{clock}{zone}", &text[..10]))
}
