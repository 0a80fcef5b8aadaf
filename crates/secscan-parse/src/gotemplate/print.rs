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
pub(super) const MAX_PRINT: usize = 16 << 20;

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
    match exponent(&written) {
        exponent if exponent < (if limit < 21 { -4 } else { -6 }) || exponent >= limit => in_go(&written),
        _ => format!("{value}"),
    }
}

/// The exponent of a number that is written with one.
pub(super) fn exponent(written: &str) -> i32 {
    written.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// A number with an exponent as Go writes it: with a sign and at least two digits.
pub(super) fn in_go(written: &str) -> String {
    let exponent = exponent(written);
    let digits = written.split_once('e').map_or(written, |(digits, _)| digits);
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs())
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
