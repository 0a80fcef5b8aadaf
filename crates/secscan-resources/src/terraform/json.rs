//! JSON text of values, and values of JSON text.

use secscan_model::{Location, Map, Node, Scalar, ScalarKind, Source, Value};

use super::value::{Failure, Outcome, fail, number, sorted};

/// The JSON text of a known value, as Terraform writes it: keys sorted, `<`, `>` and `&` escaped.
pub(super) fn encode(node: &Node) -> Result<String, Failure> {
    let mut out = String::new();
    write(node, &mut out)?;
    Ok(out)
}

fn write(node: &Node, out: &mut String) -> Result<(), Failure> {
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
                return Err(Failure { why: why.clone(), unknown: true });
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
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The value of a JSON text; every part of it has the place of the text.
pub(super) fn decode(text: &str, at: Location) -> Outcome {
    let source = Source::from_text(at.source, "", text);
    let parsed = secscan_parse::json::parse(&source);
    match parsed.documents.into_iter().next() {
        Some(document) if parsed.diagnostics.is_empty() => Ok(placed(&document, at)),
        _ => fail("the text is no JSON"),
    }
}

/// The tree with one place for all of it. The parser has limited the depth.
pub(super) fn placed(node: &Node, at: Location) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(|item| placed(item, at)).collect::<Vec<_>>().into()),
        Value::Map(map) => {
            let mut moved = Map::with_capacity(map.len());
            for entry in map.entries() {
                moved.push_new(entry.key.clone(), placed(&entry.value, at));
            }
            Value::Map(moved.into())
        }
        other => other.clone(),
    };
    Node::new(value, at)
}
