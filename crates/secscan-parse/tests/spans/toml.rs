//! Generated TOML.

use std::fmt::Write;

use proptest::prelude::*;

use crate::tree::{self, Tree};
use crate::{decode, parse};

proptest! {
    #[test]
    fn what_was_written_is_read(tree in tree::tree()) {
        let tree = without_null(tree);
        let Tree::Map(entries, _) = &tree else { unreachable!() };
        let mut text = String::from("# é\n");
        for (key, value) in entries {
            write!(text, "{} = ", string(key, 0)).unwrap();
            print(value, &mut text);
            text.push_str(" # c\n");
        }
        let parsed = parse("a.toml", &text);
        prop_assert!(parsed.diagnostics.is_empty(), "{:?} in\n{text}", parsed.diagnostics);
        let decodes = |written: &str, text: &str| match written.strip_prefix('\'') {
            Some(literal) => literal.strip_suffix('\'') == Some(text),
            None => written == text || decode::double_quoted(written).as_deref() == Some(text),
        };
        tree::check(&tree, &parsed.documents[0], &text, &decodes);
    }
}

/// TOML has no null.
fn without_null(tree: Tree) -> Tree {
    match tree {
        Tree::Null => Tree::Bool(false),
        Tree::List(items, odd) => Tree::List(items.into_iter().map(without_null).collect(), odd),
        Tree::Map(entries, odd) => {
            Tree::Map(entries.into_iter().map(|(key, value)| (key, without_null(value))).collect(), odd)
        }
        other => other,
    }
}

fn print(tree: &Tree, out: &mut String) {
    match tree {
        Tree::Null => unreachable!(),
        Tree::Bool(value) => write!(out, "{value}").unwrap(),
        Tree::Int(value) => write!(out, "{value}").unwrap(),
        Tree::Text(text, style) => out.push_str(&string(text, *style)),
        Tree::List(items, _) => {
            out.push('[');
            for item in items {
                print(item, out);
                out.push_str(",\n");
            }
            out.push(']');
        }
        Tree::Map(entries, _) => {
            out.push('{');
            for (position, (key, value)) in entries.iter().enumerate() {
                write!(out, "{}{} = ", if position > 0 { ", " } else { "" }, string(key, 0)).unwrap();
                print(value, out);
            }
            out.push('}');
        }
    }
}

fn string(text: &str, style: u8) -> String {
    if style % 2 == 1 && text.chars().all(|character| matches!(character, ' '..='~') && character != '\'') {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}").unwrap(),
            ' '..='~' => out.push(character),
            other if text.len().is_multiple_of(2) && other.is_alphanumeric() => out.push(other),
            other => write!(out, "\\U{:08x}", u32::from(other)).unwrap(),
        }
    }
    out.push('"');
    out
}
