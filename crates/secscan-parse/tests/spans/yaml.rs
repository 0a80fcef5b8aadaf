//! Generated YAML.

use std::fmt::Write;

use proptest::prelude::*;

use crate::tree::{self, Tree};
use crate::{decode, parse};

proptest! {
    #[test]
    fn what_was_written_is_read(tree in tree::tree(), crlf in any::<bool>()) {
        let mut text = String::from("# a comment\n---\n");
        block(&tree, 0, &mut text);
        text.push_str("\n# the end\n");
        if crlf && !text.contains('\r') {
            text = text.replace('\n', "\r\n");
        }
        let parsed = parse("a.yaml", &text);
        prop_assert!(parsed.diagnostics.is_empty(), "{:?} in\n{text}", parsed.diagnostics);
        prop_assert_eq!(parsed.documents.len(), 1);
        tree::check(&tree, &parsed.documents[0], &text, &decode::yaml_means);
        prop_assert!(!text[parsed.documents[0].at.span.range()].ends_with("the end"));
    }
}

/// Writes a value where a block may stand.
fn block(tree: &Tree, indent: usize, out: &mut String) {
    match tree {
        Tree::List(items, false) if !items.is_empty() => {
            for item in items {
                write!(out, "\n{:indent$}-", "").unwrap();
                nested(item, indent + 2, out);
            }
        }
        Tree::Map(entries, false) if !entries.is_empty() => {
            for (key, value) in entries {
                write!(out, "\n{:indent$}{}:", "", scalar(key, key.len() as u8, true)).unwrap();
                nested(value, indent + 2, out);
            }
        }
        other => {
            out.push(' ');
            flow(other, out);
        }
    }
}

fn nested(tree: &Tree, indent: usize, out: &mut String) {
    match tree {
        Tree::Text(text, 0..60) if is_literal(text) => {
            let (header, body) = match text.strip_suffix('\n') {
                Some(body) => (" |", body),
                None => (" |-", text.as_str()),
            };
            out.push_str(header);
            for line in body.split('\n') {
                write!(out, "\n{:indent$}{line}", "").unwrap();
            }
        }
        other => block(other, indent, out),
    }
}

fn flow(tree: &Tree, out: &mut String) {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => write!(out, "{value}").unwrap(),
        Tree::Int(value) => write!(out, "{value}").unwrap(),
        Tree::Text(text, style) => out.push_str(&scalar(text, *style, false)),
        Tree::List(items, _) => {
            out.push_str("[ ");
            for item in items {
                flow(item, out);
                out.push_str(" ,");
            }
            out.push(']');
        }
        Tree::Map(entries, _) => {
            out.push('{');
            for (key, value) in entries {
                write!(out, "{} : ", scalar(key, key.len() as u8, true)).unwrap();
                flow(value, out);
                out.push_str(", ");
            }
            out.push('}');
        }
    }
}

/// Whether a text can be a literal block scalar without an indentation indicator.
fn is_literal(text: &str) -> bool {
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    lines.iter().all(|line| {
        !line.is_empty()
            && !line.starts_with([' ', '\t'])
            && line.chars().all(|character| character.is_ascii_graphic() || matches!(character, ' ' | 'é'))
            && !line.ends_with(' ')
    })
}

fn scalar(text: &str, style: u8, is_key: bool) -> String {
    let words = ["true", "null", "no"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "_./-".contains(character))
        && (is_key || !words.contains(&text));
    let is_single = text.chars().all(|character| character == 'é' || matches!(character, ' '..='~'));
    match style % 4 {
        0 | 1 if is_plain => text.to_owned(),
        0..3 if is_single => format!("'{}'", text.replace('\'', "''")),
        _ => quoted(text),
    }
}

/// A double-quoted text that JSON reads, too.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}").unwrap(),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(character),
            other if text.len().is_multiple_of(2) && other.is_alphanumeric() => out.push(other),
            other => other.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(out, "\\u{unit:04x}").unwrap()),
        }
    }
    out.push('"');
    out
}
