//! Values written as YAML the way Helm's library writes it, and YAML read as values the way it reads it: version 1.1,
//! every number a floating one.

use std::rc::Rc;

use secscan_model::{DiagnosticKind, Node, ScalarKind, Source, SourceId, Value as Written};
use secscan_parse::MAX_DEPTH;
use secscan_parse::gotemplate::{Builder, Data, Failure, Origin, Text, Value, print};

/// A value as YAML, without the line break at its end. Each scalar knows where it comes from.
pub(super) fn write(value: &Value) -> Result<Text, Failure> {
    let mut writer = Writer { made: Builder::default() };
    writer.value(value, 0, MAX_DEPTH)?;
    let text = writer.made.finish();
    let length = text.as_str().trim_end_matches('\n').len();
    Ok(text.slice(0..length))
}

struct Writer {
    made: Builder,
}

impl Writer {
    fn raw(&mut self, text: &str) {
        self.made.push_str(text, &Origin::default());
    }

    /// A value at the beginning of a line that is indented already.
    fn value(&mut self, value: &Value, indent: usize, depth: usize) -> Result<(), Failure> {
        let depth = depth.checked_sub(1).ok_or_else(|| Failure::limit("values nest too deep to write them"))?;
        match &value.data {
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
            Data::Float(number) => print::json_float(*number),
            Data::Map(_) => "{}".to_owned(),
            Data::List(_) => "[]".to_owned(),
            Data::Bool(_) | Data::Int(_) => print::print(value),
            Data::Object(object) => plain_or_quoted(&object.print()),
            Data::Text(text) => return self.text(text, indent),
        };
        self.made.push_str(&written, &value.origin);
    }

    fn text(&mut self, text: &Text, indent: usize) {
        let written = text.as_str();
        if !written.contains('\n') || !fits_block(written) {
            let quoted = plain_or_quoted(written);
            return match quoted == written {
                true => self.made.push(text, None),
                false => self.made.push_str(&quoted, &text.origin()),
            };
        }
        let body = written.trim_end_matches('\n');
        let chomping = match written.len() - body.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        self.raw(&format!("|{chomping}"));
        let mut start = 0;
        for line in written[..body.len()].split('\n') {
            self.raw("\n");
            if !line.is_empty() {
                self.raw(&" ".repeat(indent.max(2)));
                self.made.push(&text.slice(start..start + line.len()), None);
            }
            start += line.len() + 1;
        }
        self.raw(&"\n".repeat((written.len() - body.len()).saturating_sub(1)));
    }
}

/// Whether text of several lines can stand in a block as it is.
fn fits_block(text: &str) -> bool {
    let has_control = text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t'));
    !has_control && !text.starts_with([' ', '\n', '\t']) && !text.contains(" \n") && !text.trim().is_empty()
}

/// Text as it can stand in one line.
fn plain_or_quoted(text: &str) -> String {
    let is_printable = !text.chars().any(char::is_control);
    if text.is_empty() || !is_printable || !is_text(text) {
        return print::quoted(text);
    }
    let first_is_safe = match text.as_bytes() {
        [b'-' | b'?' | b':'] => false,
        [b'-' | b'?' | b':', b' ', ..] => false,
        [first, ..] => !b"#,[]{}&*!|>'\"%@`".contains(first),
        [] => false,
    };
    let is_plain = first_is_safe
        && !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...");
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// Whether YAML 1.1 takes a plain scalar for text.
fn is_text(text: &str) -> bool {
    const WORDS: &[&str] =
        &["", "~", "null", "<<", "=", "y", "n", "yes", "no", "on", "off", "true", "false", ".inf", ".nan"];
    let word = text.to_ascii_lowercase();
    let number = word.strip_prefix(['-', '+']).unwrap_or(&word).replace('_', "");
    let is_number = number.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && (number.parse::<f64>().is_ok() || prefixed_int(&number).is_some());
    let is_sexagesimal =
        text.contains(':') && text.split([':', '.']).all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let is_date = text.len() >= 8
        && text.as_bytes().get(4) == Some(&b'-')
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TtZz+ ".contains(&byte));
    !WORDS.contains(&&*word) && word != "-.inf" && word != "+.inf" && !is_number && !is_sexagesimal && !is_date
}

fn prefixed_int(digits: &str) -> Option<i64> {
    let radix = match digits.get(..2)? {
        "0x" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return None,
    };
    i64::from_str_radix(&digits[2..], radix).ok()
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
