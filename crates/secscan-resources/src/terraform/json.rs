//! JSON text of values, and values of JSON text.

use secscan_model::{DiagnosticKind, Location, Map, Node, Scalar, ScalarKind, Source, Value};

use super::number::Number;
use super::places::Places;
use super::value::{Failure, Outcome, Shape, fail, number, shapeless, sorted, text};

/// The JSON text of a known value, as Terraform writes it: keys sorted, `<`, `>` and `&` escaped.
pub(super) fn encode(node: &Node) -> Result<String, Failure> {
    let mut out = String::new();
    write_value(node, &mut out)?;
    Ok(out)
}

fn write(node: &Node, out: &mut String) -> Result<(), Failure> {
    match &node.value {
        // A text that is kept as a tree.
        Value::List(_) | Value::Map(_) if Shape::of(node).is_some_and(Shape::is_text) => write_text(&text(node)?, out),
        _ => write_value(node, out)?,
    }
    Ok(())
}

fn write_value(node: &Node, out: &mut String) -> Result<(), Failure> {
    match &node.value {
        Value::Scalar(Scalar { kind: ScalarKind::Null, .. }) => out.push_str("null"),
        Value::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => {
            out.push_str(if *value { "true" } else { "false" })
        }
        Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => write_text(text, out),
        Value::Scalar(_) => out.push_str(&number(node)?.text()),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            if let Some(why) = &map.rest {
                return Err(Failure { unknown: true, ..Failure::new(why.clone()) });
            }
            out.push('{');
            for (index, (key, value)) in sorted(map).into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
        Value::Unresolved(_) => return Err(Failure::unknown(node)),
    }
    Ok(())
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The value of a JSON text.
pub(super) fn decode(node: &Node) -> Outcome {
    let text = text(node)?;
    if has_trailing_comma(&text) {
        return fail("the text is no JSON");
    }
    let source = Source::from_text(node.at.source, "", &text);
    let parsed = secscan_parse::json::parse(&source);
    match parsed.documents.into_iter().next() {
        Some(document)
            if parsed.comments.is_empty()
                && parsed.diagnostics.iter().all(|found| found.kind == DiagnosticKind::Ambiguous) =>
        {
            Ok(typed(&document, &Places::of(node, text.len())))
        }
        _ => fail("the text is no JSON"),
    }
}

/// Whether something ends with a comma, which the parser of configuration files allows.
fn has_trailing_comma(text: &str) -> bool {
    let (mut in_text, mut escaped, mut after_comma) = (false, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => (in_text, after_comma) = (!in_text, false),
            _ if in_text || byte.is_ascii_whitespace() => {}
            b']' | b'}' if after_comma => return true,
            _ => after_comma = byte == b',',
        }
    }
    false
}

/// The tree with one place for all of it, and numbers as Terraform writes them.
pub(super) fn placed(node: &Node, at: Location) -> Node {
    typed(node, &Places::One(at))
}

/// The tree with numbers as Terraform writes them. The parser has limited the depth.
fn typed(node: &Node, places: &Places) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(|item| typed(item, places)).collect::<Vec<_>>().into()),
        Value::Map(map) => {
            let mut moved = Map::with_capacity(map.len());
            for entry in map.entries() {
                moved.push_new(entry.key.clone(), typed(&entry.value, places));
            }
            Value::Map(moved.into())
        }
        Value::Scalar(Scalar { kind: ScalarKind::Int(_) | ScalarKind::Float(_), text }) => match Number::parse(text) {
            Some(number) => number.node(node.at).value,
            None => node.value.clone(),
        },
        other => other.clone(),
    };
    places.put(value, node)
}

/// What a text that is kept as a tree says.
pub(super) fn plain(node: &Node) -> Node {
    shapeless(node.clone())
}
