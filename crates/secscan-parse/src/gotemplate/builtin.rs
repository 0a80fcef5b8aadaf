//! The functions of Go's templates themselves.

use std::cmp::Ordering;

use super::text::Builder;
use super::value::{Data, Value};
use super::{print, printf};

/// Calls a function; none when Go has no function of that name.
pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let result = match name {
        "not" => one(arguments).map(|value| (!value.is_true()).into()),
        "len" => one(arguments).and_then(length),
        "index" => index(arguments),
        "slice" => slice(arguments),
        "print" => Ok(print::concat(arguments).into()),
        "println" => Ok(line(arguments)),
        "printf" => match arguments {
            [Value { data: Data::Text(format), .. }, values @ ..] => Ok(printf::format(format, values).into()),
            _ => Err("the format must be text".to_owned()),
        },
        "html" => {
            const ESCAPES: &[(char, &str)] =
                &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&#34;"), ('\'', "&#39;"), ('\0', "\u{fffd}")];
            Ok(escaped(arguments, ESCAPES, |_| None))
        }
        "js" => {
            const ESCAPES: &[(char, &str)] = &[('\\', "\\\\"), ('\'', "\\'"), ('"', "\\\"")];
            let by_code = |character: char| {
                let has_meaning =
                    matches!(character, ..' ' | '<' | '>' | '&' | '=' | '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}');
                has_meaning.then(|| format!("\\u{:04X}", u32::from(character)))
            };
            Ok(escaped(arguments, ESCAPES, by_code))
        }
        "urlquery" => Ok(query_escaped(print::concat(arguments).as_str()).into()),
        "eq" => equal_to_any(arguments),
        "ne" => two(arguments).and_then(|(a, b)| equal(a, b)).map(|equal| (!equal).into()),
        "lt" => compare(arguments, |order| order == Ordering::Less),
        "le" => compare(arguments, |order| order != Ordering::Greater),
        "gt" => compare(arguments, |order| order == Ordering::Greater),
        "ge" => compare(arguments, |order| order != Ordering::Less),
        "call" => Err("there are no functions among values".to_owned()),
        _ => return None,
    };
    Some(result)
}

/// Whether a function prints its arguments.
pub(super) fn looks_inside(name: &str) -> bool {
    matches!(name, "print" | "println" | "printf" | "html" | "js" | "urlquery")
}

fn one(arguments: &[Value]) -> Result<&Value, String> {
    match arguments {
        [value] => Ok(value),
        _ => Err(format!("wants 1 argument, got {}", arguments.len())),
    }
}

fn two(arguments: &[Value]) -> Result<(&Value, &Value), String> {
    match arguments {
        [a, b] => Ok((a, b)),
        _ => Err(format!("wants 2 arguments, got {}", arguments.len())),
    }
}

fn length(value: &Value) -> Result<Value, String> {
    let length = match &value.data {
        Data::Text(text) => text.as_str().len(),
        Data::List(items) => items.len(),
        Data::Map(map) => map.borrow().len(),
        Data::Object(object) => object.entries().len(),
        Data::Nil => return Err("len of nil pointer".to_owned()),
        _ => return Err(format!("len of type {}", value.type_name())),
    };
    Ok((length as i64).into())
}

fn index(arguments: &[Value]) -> Result<Value, String> {
    let (of, keys) = arguments.split_first().ok_or("wants at least 1 argument, got 0")?;
    keys.iter().try_fold(of.clone(), |of, key| match (&of.data, &key.data) {
        (Data::Map(map), Data::Text(key)) => Ok(map.borrow().get(key.as_str()).cloned().unwrap_or_default()),
        (Data::Object(object), Data::Text(key)) => {
            let found = object.entries().into_iter().find(|(known, _)| **known == *key.as_str());
            Ok(found.map(|(_, value)| value).unwrap_or_default())
        }
        (Data::List(items), Data::Int(_) | Data::Float(_)) => {
            let at = offset(key)?;
            items.get(at).cloned().ok_or_else(|| format!("index out of range: {at}"))
        }
        (Data::Text(text), Data::Int(_)) => {
            let at = offset(key)?;
            let byte = text.as_str().as_bytes().get(at).ok_or_else(|| format!("index out of range: {at}"))?;
            Ok(i64::from(*byte).into())
        }
        (Data::Nil, _) => Err("index of untyped nil".to_owned()),
        (Data::Map(_), Data::Nil) => Err("value is nil; should be of type string".to_owned()),
        (Data::Map(_), _) => Err(format!("value has type {}; should be string", key.type_name())),
        _ => Err(format!("can't index item of type {} with {}", of.type_name(), key.type_name())),
    })
}

fn offset(value: &Value) -> Result<usize, String> {
    match value.data {
        Data::Int(value) => usize::try_from(value).map_err(|_| format!("index out of range: {value}")),
        _ => Err(format!("cannot index slice/array with type {}", value.type_name())),
    }
}

fn slice(arguments: &[Value]) -> Result<Value, String> {
    let (of, bounds) = arguments.split_first().ok_or("wants at least 1 argument, got 0")?;
    let length = match &of.data {
        Data::Text(text) => text.as_str().len(),
        Data::List(items) => items.len(),
        _ => return Err(format!("can't slice item of type {}", of.type_name())),
    };
    let bound = |at: usize, default: usize| bounds.get(at).map_or(Ok(default), offset);
    let (start, end) = (bound(0, 0)?, bound(1, length)?);
    if start > end || end > length {
        return Err(format!("index out of range: {start}:{end}"));
    }
    match &of.data {
        Data::List(items) => Ok(items[start..end].to_vec().into()),
        Data::Text(text) if text.as_str().get(start..end).is_some() => Ok(text.slice(start..end).into()),
        _ => Err("a character is cut in two".to_owned()),
    }
}

fn line(arguments: &[Value]) -> Value {
    let mut text = Builder::default();
    for (index, value) in arguments.iter().enumerate() {
        text.push_str(if index > 0 { " " } else { "" }, &Default::default());
        print::push(&mut text, value);
    }
    text.push_str("\n", &Default::default());
    text.finish().into()
}

/// The arguments in one, each character by its escape: from the list, or by its code.
fn escaped(arguments: &[Value], escapes: &[(char, &str)], by_code: impl Fn(char) -> Option<String>) -> Value {
    let text = print::concat(arguments);
    let mut escaped = String::with_capacity(text.as_str().len());
    for character in text.as_str().chars() {
        match escapes.iter().find(|(known, _)| *known == character) {
            Some((_, escape)) => escaped.push_str(escape),
            None => match by_code(character) {
                Some(escape) => escaped.push_str(&escape),
                None => escaped.push(character),
            },
        }
    }
    Value::from(escaped).with_origin(&text.origin())
}

/// Text as a query of a URL has it.
pub fn query_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            b' ' => escaped.push('+'),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn equal_to_any(arguments: &[Value]) -> Result<Value, String> {
    let (first, others) = arguments.split_first().ok_or("missing argument for comparison")?;
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

/// Whether two values are equal; those of different types cannot be compared, except with nothing.
fn equal(a: &Value, b: &Value) -> Result<bool, String> {
    match (&a.data, &b.data) {
        (Data::Nil, Data::Nil) => Ok(true),
        (Data::Nil, _) | (_, Data::Nil) => Ok(false),
        // Structures are equal where all their fields are.
        (Data::Object(a), Data::Object(b)) => Ok(a.print() == b.print()),
        (Data::List(_) | Data::Map(_) | Data::Object(_), _) | (_, Data::List(_) | Data::Map(_) | Data::Object(_)) => {
            Err(format!("non-comparable types {}, {}", a.type_name(), b.type_name()))
        }
        (Data::Bool(a), Data::Bool(b)) => Ok(a == b),
        (Data::Int(a), Data::Int(b)) => Ok(a == b),
        (Data::Float(a), Data::Float(b)) => Ok(a == b),
        (Data::Text(a), Data::Text(b)) => Ok(a.as_str() == b.as_str()),
        _ => Err(incompatible(a, b)),
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name())
}

fn compare(arguments: &[Value], holds: impl Fn(Ordering) -> bool) -> Result<Value, String> {
    let (a, b) = two(arguments)?;
    let order = match (&a.data, &b.data) {
        (Data::Int(a), Data::Int(b)) => Some(a.cmp(b)),
        (Data::Float(a), Data::Float(b)) => a.partial_cmp(b),
        (Data::Text(a), Data::Text(b)) => Some(a.as_str().cmp(b.as_str())),
        _ => return Err(incompatible(a, b)),
    };
    Ok(order.is_some_and(holds).into())
}
