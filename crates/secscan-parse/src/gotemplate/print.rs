//! Numbers look otherwise in JSON, and text keeps its origin where it is put together.

use super::text::{Builder, Origin, Text};
use super::value::{Data, Value};

/// A value as `%v` prints it.
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    print_into(value, crate::MAX_DEPTH, &mut text);
    text
}

/// How long the print of one value gets, at most.
const MAX_PRINT: usize = 16 << 20;

fn print_into(value: &Value, depth: usize, text: &mut String) {
    let Some(depth) = depth.checked_sub(1).filter(|_| text.len() < MAX_PRINT) else { return text.push_str("...") };
    match &value.data {
        Data::Nil => text.push_str("<nil>"),
        Data::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Data::Int(value) => text.push_str(&value.to_string()),
        Data::Float(value) => text.push_str(&float(*value)),
        Data::Text(value) => text.push_str(value.as_str()),
        Data::List(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { " " } else { "" });
                print_into(item, depth, text);
            }
            text.push(']');
        }
        Data::Map(map) => {
            text.push_str("map[");
            for (index, (key, item)) in map.borrow().iter().enumerate() {
                text.push_str(if index > 0 { " " } else { "" });
                text.push_str(key);
                text.push(':');
                print_into(item, depth, text);
            }
            text.push(']');
        }
        Data::Object(object) => text.push_str(&object.print()),
    }
}

/// A number with the fewest digits that mean it, as `%v` and `%g` print it: with an exponent from a million on.
pub fn float(value: f64) -> String {
    with_exponent_from(value, 6)
}

/// A number as JSON has it: with an exponent only where nobody would count the digits.
pub fn json_float(value: f64) -> String {
    with_exponent_from(value, 21)
}

fn with_exponent_from(value: f64, limit: i32) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let written = format!("{value:e}");
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if exponent < (if limit < 21 { -4 } else { -6 }) || exponent >= limit => {
            format!("{digits}{}", power(exponent))
        }
        _ => format!("{value}"),
    }
}

/// An exponent of at least two digits with its sign.
fn power(exponent: i32) -> String {
    format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs())
}

/// The values one after another; with blanks between two of which neither is text.
pub fn concat(values: &[Value]) -> Text {
    let mut text = Builder::default();
    for (index, value) in values.iter().enumerate() {
        if index > 0 && value.as_str().is_none() && values[index - 1].as_str().is_none() {
            text.push_str(" ", &Origin::default());
        }
        push(&mut text, value);
    }
    text.finish()
}

/// Adds a value as `%v` prints it.
pub fn push(text: &mut Builder, value: &Value) {
    match &value.data {
        Data::Text(piece) => text.push(piece, None),
        _ => text.push_str(&print(value), &value.origin),
    }
}

/// Text in double quotes, as Go writes it.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            control if control.is_control() && u32::from(control) < 0x80 => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(control)));
            }
            control if control.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// How a verb of a format wants its value.
#[derive(Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The widest that a value is made.
const MAX_WIDTH: usize = 10_000;

/// `printf`.
pub fn format(format: &Text, values: &[Value]) -> Text {
    let source = format.as_str();
    let mut text = Builder::default();
    let mut values_left = values.iter();
    let mut at = 0;
    while let Some(offset) = source[at..].find('%') {
        text.push(&format.slice(at..at + offset), None);
        at += offset + 1;
        let (flags, length) = flags(&source[at..], &mut values_left);
        at += length;
        let Some(verb) = source[at..].chars().next() else {
            text.push_str("%!(NOVERB)", &Origin::default());
            break;
        };
        at += verb.len_utf8();
        match (verb, values_left.clone().next()) {
            ('%', _) => text.push_str("%", &Origin::default()),
            (_, None) => text.push_str(&format!("%!{verb}(MISSING)"), &Origin::default()),
            (_, Some(value)) => {
                values_left.next();
                match &value.data {
                    Data::Text(piece)
                        if matches!(verb, 's' | 'v')
                            && flags.width.is_none()
                            && flags.precision.is_none()
                            && !flags.sharp =>
                    {
                        text.push(piece, None);
                    }
                    _ => text.push_str(&padded(with_verb(value, verb, &flags), &flags), &value.origin()),
                }
            }
        }
    }
    text.push(&format.slice(at..source.len()), None);
    let rest: Vec<_> = values_left.map(|value| format!("{}={}", value.type_name(), print(value))).collect();
    if !rest.is_empty() {
        text.push_str(&format!("%!(EXTRA {})", rest.join(", ")), &Origin::default());
    }
    text.finish()
}

/// The flags before a verb, and their length.
fn flags<'v>(text: &str, values: &mut (impl Iterator<Item = &'v Value> + Clone)) -> (Flags, usize) {
    let mut flags = Flags::default();
    let mut rest = text;
    while let Some(flag) = rest.chars().next() {
        match flag {
            '-' => flags.minus = true,
            '+' => flags.plus = true,
            '#' => flags.sharp = true,
            ' ' => flags.space = true,
            '0' => flags.zero = true,
            _ => break,
        }
        rest = &rest[1..];
    }
    let mut number = |rest: &mut &str| {
        if let Some(after) = rest.strip_prefix('*') {
            *rest = after;
            return match values.next().map(|value| &value.data) {
                Some(Data::Int(width)) => usize::try_from(*width).ok(),
                _ => None,
            };
        }
        let digits = rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let number = rest[..digits].parse::<usize>().ok();
        *rest = &rest[digits..];
        number
    };
    flags.width = number(&mut rest).map(|width| width.min(MAX_WIDTH));
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        flags.precision = Some(number(&mut rest).unwrap_or(0).min(MAX_WIDTH));
    }
    (flags, text.len() - rest.len())
}

fn with_verb(value: &Value, verb: char, flags: &Flags) -> String {
    let sign = |text: String| match (flags.plus, flags.space) {
        (true, _) if !text.starts_with(['-', '+']) => format!("+{text}"),
        (false, true) if !text.starts_with(['-', '+']) => format!(" {text}"),
        _ => text,
    };
    match (verb, &value.data) {
        ('v', _) if flags.sharp => literal(value),
        ('v', Data::Int(_) | Data::Float(_)) => sign(print(value)),
        ('v', _) => print(value),
        ('T', _) => value.type_name().to_owned(),
        ('t', Data::Bool(value)) => value.to_string(),
        ('s', Data::Text(text)) => cut(text.as_str(), flags),
        ('q', Data::Text(text)) => quoted(&cut(text.as_str(), flags)),
        ('x', Data::Text(text)) => text.as_str().bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Data::Text(text)) => text.as_str().bytes().map(|byte| format!("{byte:02X}")).collect(),
        ('s' | 'd' | 'q' | 'x' | 'f', Data::List(items)) => {
            let items: Vec<_> = items.iter().map(|item| with_verb(item, verb, flags)).collect();
            format!("[{}]", items.join(" "))
        }
        ('s' | 'd' | 'q', Data::Map(map)) => {
            let entry = |(key, item): (&std::rc::Rc<str>, &Value)| {
                format!("{}:{}", with_verb(&Value::from(&**key), verb, flags), with_verb(item, verb, flags))
            };
            format!("map[{}]", map.borrow().iter().map(entry).collect::<Vec<_>>().join(" "))
        }
        ('s', Data::Object(object)) => object.print(),
        ('d', Data::Int(value)) => sign(value.to_string()),
        ('x', Data::Int(value)) => signed(*value, format!("{:x}", value.unsigned_abs()), flags, "0x"),
        ('X', Data::Int(value)) => signed(*value, format!("{:X}", value.unsigned_abs()), flags, "0X"),
        ('o', Data::Int(value)) => signed(*value, format!("{:o}", value.unsigned_abs()), flags, "0"),
        ('b', Data::Int(value)) => signed(*value, format!("{:b}", value.unsigned_abs()), flags, "0b"),
        ('U', Data::Int(value)) => format!("U+{value:04X}"),
        ('c' | 'q', Data::Int(value)) => {
            let character = u32::try_from(*value).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            if verb == 'c' { character.to_string() } else { format!("'{character}'") }
        }
        ('f' | 'F', Data::Float(value)) => sign(format!("{value:.*}", flags.precision.unwrap_or(6))),
        ('e', Data::Float(value)) => {
            let written = format!("{value:.*e}", flags.precision.unwrap_or(6));
            let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
            sign(format!("{digits}{}", power(exponent.parse().unwrap_or(0))))
        }
        ('g', Data::Float(value)) => sign(float(*value)),
        (_, Data::Nil) => format!("%!{verb}(<nil>)"),
        _ => format!("%!{verb}({}={})", value.type_name(), print(value)),
    }
}

fn signed(value: i64, digits: String, flags: &Flags, prefix: &str) -> String {
    let sign = match value < 0 {
        true => "-",
        false if flags.plus => "+",
        false => "",
    };
    format!("{sign}{}{digits}", if flags.sharp { prefix } else { "" })
}

fn cut(text: &str, flags: &Flags) -> String {
    text.chars().take(flags.precision.unwrap_or(usize::MAX)).collect()
}

/// A value as Go source: `%#v`.
fn literal(value: &Value) -> String {
    match &value.data {
        Data::Text(text) => quoted(text.as_str()),
        Data::List(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Data::Map(map) => {
            let entry = |(key, item): (&std::rc::Rc<str>, &Value)| format!("{}:{}", quoted(key), literal(item));
            format!("map[string]interface {{}}{{{}}}", map.borrow().iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        _ => print(value),
    }
}

/// Text made as wide as its verb asks for.
fn padded(text: String, flags: &Flags) -> String {
    let missing = flags.width.unwrap_or(0).saturating_sub(text.chars().count());
    match missing {
        0 => text,
        _ if flags.minus => text + &" ".repeat(missing),
        _ if flags.zero => {
            let sign = text.len() - text.strip_prefix(['-', '+']).map_or(text.len(), str::len);
            format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
        }
        _ => " ".repeat(missing) + &text,
    }
}
