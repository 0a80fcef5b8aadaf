//! Generated JSON with comments.

use std::fmt::Write;

use proptest::prelude::*;

use crate::tree::{self, Tree};
use crate::yaml::quoted;
use crate::{decode, parse};

proptest! {
    #[test]
    fn what_was_written_is_read(tree in tree::tree(), bom in any::<bool>()) {
        let mut text = String::from(if bom { "\u{feff}// é\n" } else { "\t" });
        print(&tree, &mut text);
        let parsed = parse("a.json", &text);
        prop_assert!(parsed.diagnostics.is_empty(), "{:?} in\n{text}", parsed.diagnostics);
        let decodes = |written: &str, text: &str| decode::double_quoted(written).as_deref() == Some(text);
        tree::check(&tree, &parsed.documents[0], &text, &decodes);
    }
}

fn print(tree: &Tree, out: &mut String) {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => write!(out, "{value}").unwrap(),
        Tree::Int(value) => write!(out, "{value}").unwrap(),
        Tree::Text(text, _) => out.push_str(&quoted(text)),
        Tree::List(items, odd) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                print(item, out);
                out.push_str(if *odd { " // é \"\n" } else { " " });
            }
            out.push(']');
        }
        Tree::Map(entries, odd) => {
            out.push_str("{\r\n");
            for (key, value) in entries {
                write!(out, "{} : ", quoted(key)).unwrap();
                print(value, out);
                out.push_str(if *odd { ", /* ü */" } else { ",\n" });
            }
            out.push('}');
        }
    }
}
