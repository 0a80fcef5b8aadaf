//! Values written as YAML the way Helm's library writes it, and YAML read as values the way it reads it: version 1.1,
//! every number a floating one.

use std::rc::Rc;

use secscan_model::{DiagnosticKind, Node, ScalarKind, Source, SourceId, Value as Written};
use secscan_parse::MAX_DEPTH;
use secscan_parse::gotemplate::{Builder, Data, Failure, Origin, Text, Value, print};

use super::layouts;

/// A value as YAML, without the line break at its end. Each scalar knows where it comes from.
pub(super) fn write(value: &Value) -> Result<Text, Failure> {
    let mut writer = Writer { made: Builder::default(), line: 0 };
    writer.value(value, 0, MAX_DEPTH)?;
    let text = writer.made.finish();
    let length = text.as_str().strip_suffix('\n').map_or(text.as_str().len(), str::len);
    Ok(text.slice(0..length))
}

struct Writer {
    made: Builder,
    /// Where the line begins that is being written.
    line: usize,
}

/// How many characters a line has before it is folded at the next blank.
const WIDTH: usize = 80;

impl Writer {
    fn raw(&mut self, text: &str) {
        self.made.push_str(text, &Origin::default());
        if let Some(end) = text.rfind('\n') {
            self.line = self.made.len() - (text.len() - end - 1);
        }
    }

    /// A value at the beginning of a line that is indented already.
    fn value(&mut self, value: &Value, indent: usize, depth: usize) -> Result<(), Failure> {
        let depth = depth.checked_sub(1).ok_or_else(|| Failure::limit("values nest too deep to write them"))?;
        match &value.data {
            Data::Object(object) => return self.value(&object.document(), indent, depth),
            Data::Map(map) if !map.borrow().is_empty() => {
                for (at, (key, value)) in map.borrow().iter().enumerate() {
                    if at > 0 {
                        self.raw(&" ".repeat(indent));
                    }
                    self.made.push_str(&plain_or_quoted(key), &value.origin());
                    self.raw(":");
                    self.behind_key(value, indent, depth)?;
                }
            }
            Data::List(items) if !items.is_empty() => {
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.raw(&" ".repeat(indent));
                    }
                    self.raw("- ");
                    self.value(item, indent + 2, depth)?;
                }
            }
            _ => {
                self.scalar(value, indent);
                self.raw("\n");
            }
        }
        Ok(())
    }

    fn behind_key(&mut self, value: &Value, indent: usize, depth: usize) -> Result<(), Failure> {
        let inner = match &value.data {
            Data::Object(object) => return self.behind_key(&object.document(), indent, depth),
            Data::Map(map) if !map.borrow().is_empty() => indent + 2,
            Data::List(items) if !items.is_empty() => indent,
            _ => {
                self.raw(" ");
                self.scalar(value, indent + 2);
                self.raw("\n");
                return Ok(());
            }
        };
        self.raw("\n");
        self.raw(&" ".repeat(inner));
        self.value(value, inner, depth)
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        let written = match &value.data {
            Data::Nil => "null".to_owned(),
            Data::Float(number) => float(*number),
            Data::Map(_) => "{}".to_owned(),
            Data::List(_) => "[]".to_owned(),
            Data::Bool(_) | Data::Int(_) => print::print(value),
            Data::Object(object) => plain_or_quoted(&object.print()),
            Data::Text(text) if text.as_str().contains('\n') && fits_block(text.as_str()) => {
                return self.block(text, indent.max(2));
            }
            Data::Text(text) => return self.line(text, indent.max(2)),
        };
        self.made.push_str(&written, &value.origin);
    }

    /// Text of one line, or in quotes: folded at blanks where it is too long. In double quotes a blank that a line would
    /// begin with is escaped; other text is folded at blanks that stand alone.
    fn line(&mut self, text: &Text, indent: usize) {
        let written = plain_or_quoted(text.as_str());
        let is_as_it_is = written == text.as_str();
        let escapes = written.starts_with('"');
        let origin = text.origin();
        let mut start = 0;
        for (at, _) in written.match_indices(' ') {
            let is_alone = !written[..at].ends_with(' ') && (escapes || !written[at + 1..].starts_with(' '));
            let is_inside = is_as_it_is || (at > 1 && at + 2 < written.len());
            if !is_alone || !is_inside || self.column() + written[start..at].chars().count() <= WIDTH {
                continue;
            }
            match is_as_it_is {
                true => self.made.push(&text.slice(start..at), None),
                false => self.made.push_str(&written[start..at], &origin),
            }
            self.raw(&format!("\n{}", " ".repeat(indent)));
            if written[at + 1..].starts_with(' ') {
                self.raw("\\");
            }
            start = at + 1;
        }
        match is_as_it_is {
            true => self.made.push(&text.slice(start..written.len()), None),
            false => self.made.push_str(&written[start..], &origin),
        }
    }

    /// How many characters the line has that is being written.
    fn column(&self) -> usize {
        self.made.as_str()[self.line..].chars().count()
    }

    fn block(&mut self, text: &Text, indent: usize) {
        let written = text.as_str();
        let body = written.trim_end_matches('\n');
        let chomping = match written.len() - body.len() {
            0 => "-",
            1 if !body.is_empty() => "",
            _ => "+",
        };
        // The indentation cannot be told from a first line that is blank or begins with blanks.
        let hint = if written.starts_with([' ', '\n']) { "2" } else { "" };
        self.raw(&format!("|{hint}{chomping}"));
        let mut start = 0;
        for line in body.split('\n') {
            self.raw("\n");
            if !line.is_empty() {
                self.raw(&" ".repeat(indent));
                self.made.push(&text.slice(start..start + line.len()), None);
            }
            start += line.len() + 1;
        }
        self.raw(&"\n".repeat((written.len() - body.len()).saturating_sub(1)));
    }
}

/// A number: a whole one as such, another one as Go prints it.
fn float(number: f64) -> String {
    let written = print::json_float(number);
    match written.parse::<i64>().is_ok() || written.parse::<u64>().is_ok() {
        true => written,
        false => print::float(number),
    }
}

/// Whether text of several lines can stand in a block as it is.
fn fits_block(text: &str) -> bool {
    !text.chars().any(|character| !is_printable(character) && character != '\t')
        && !text.ends_with(' ')
        && !text.contains(" \n")
}

/// What Go's library writes as it is. Characters beyond the first plane are none.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && character != '\u{feff}'
}

/// Text as it can stand in one line.
fn plain_or_quoted(text: &str) -> String {
    let is_printable = text.chars().all(|character| is_printable(character) && character != '\n');
    if !is_printable || !is_text(text) {
        return double_quoted(text);
    }
    let first_is_safe = match text.as_bytes() {
        [b'-' | b'?' | b':'] | [b'-' | b'?' | b':', b' ', ..] => false,
        [first, ..] => !b" #,[]{}&*!|>'\"%@`".contains(first),
        [] => false,
    };
    let is_plain = first_is_safe
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...");
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        let short = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ if is_printable(character) => {
                quoted.push(character);
                continue;
            }
            _ => {
                quoted.push_str(&match u32::from(character) {
                    code @ ..=0xff => format!("\\x{code:02X}"),
                    code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                    code => format!("\\U{code:08X}"),
                });
                continue;
            }
        };
        quoted.extend(['\\', short]);
    }
    quoted.push('"');
    quoted
}

/// Whether Go's library takes a plain scalar for text.
fn is_text(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO",
        "false", "False", "FALSE", "off", "Off", "OFF", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf",
        ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
    ];
    let is_number = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'))
        && (is_number(&text.replace('_', "")) || is_sexagesimal(text) || is_timestamp(text));
    !WORDS.contains(&text) && !is_number
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        // What Rust reads beside numbers are words.
        _ => {
            return digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
                && digits.parse::<f64>().is_ok();
        }
    };
    u64::from_str_radix(&digits[2..], radix).is_ok() && !digits[2..].starts_with('+')
}

/// Whether figures are parted by colons as YAML 1.1 parts degrees, minutes and seconds.
fn is_sexagesimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.strip_prefix(['-', '+']).unwrap_or(whole).split(':');
    let is_figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    first.starts_with(|first: char| first.is_ascii_digit())
        && is_figures(first)
        && is_figures(fraction)
        && rest.peek().is_some()
        && rest.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

fn is_timestamp(text: &str) -> bool {
    const LAYOUTS: &[&str] = &[
        "2006-1-2T15:4:5.999999999Z07:00",
        "2006-1-2t15:4:5.999999999Z07:00",
        "2006-1-2 15:4:5.999999999",
        "2006-1-2",
    ];
    LAYOUTS.iter().any(|layout| layouts::read(layout, text).is_some())
}

/// The first document of a text.
pub(super) fn read(text: &Text) -> Result<Value, Failure> {
    let source = Source::from_text(SourceId(0), "value.yaml", text.as_str());
    let parsed = secscan_parse::yaml::parse(&source);
    // Of a key that is set twice, Helm takes the last value.
    if let Some(diagnostic) = parsed.diagnostics.iter().find(|said| said.kind != DiagnosticKind::Ambiguous) {
        return Err(format!("this is no YAML: {}", diagnostic.message).into());
    }
    let origin = |node: &Node| text.whereabouts(node.at.span.range()).origin;
    Ok(parsed.documents.first().map_or_else(Value::nil, |node| value_of(node, text.as_str(), &origin)))
}

/// A parsed value. `text` is that of the file that it stands in: there a quote tells text from YAML 1.1's further
/// booleans and numbers.
pub(in super::super) fn value_of(node: &Node, text: &str, origin: &impl Fn(&Node) -> Origin) -> Value {
    let data = match &node.value {
        Written::Map(map) => {
            let entry = |entry: &secscan_model::Entry| (Rc::from(&*entry.key), value_of(&entry.value, text, origin));
            let map: Value = map.entries().iter().map(entry).collect();
            map.data
        }
        Written::List(items) => {
            let items: Value = items.iter().map(|item| value_of(item, text, origin)).collect::<Vec<_>>().into();
            items.data
        }
        Written::Unresolved(_) => Data::Nil,
        Written::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => Data::Nil,
            ScalarKind::Bool(value) => Data::Bool(value),
            ScalarKind::Int(value) => Data::Float(value as f64),
            ScalarKind::Float(value) => Data::Float(value),
            ScalarKind::Text => {
                let first = text.as_bytes().get(node.at.span.start as usize);
                let is_plain = !matches!(first, Some(b'"' | b'\'' | b'!'));
                let further = if is_plain { of_old_yaml(&scalar.text) } else { None };
                return match further {
                    Some(data) => Value { data, origin: origin(node) },
                    None => Text::of(&scalar.text, origin(node)).into(),
                };
            }
        },
    };
    Value { data, origin: origin(node) }
}

/// What YAML 1.1 takes a plain scalar for that is text in YAML 1.2.
fn of_old_yaml(text: &str) -> Option<Data> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(Data::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(Data::Bool(false)),
        _ if text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let octal = i64::from_str_radix(text, 8).ok().map(|value| value as f64);
            octal.or_else(|| text.parse().ok()).map(Data::Float)
        }
        _ => None,
    }
}
