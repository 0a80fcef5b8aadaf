//! Generated values: what a document should hold, and in which style each scalar is written.

use proptest::prelude::*;
use secscan_model::{Node, Scalar, ScalarKind, Value};

/// A value to write and to find again.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    /// Text, and a number from which the printer takes the style.
    Text(String, u8),
    /// Items, and whether brackets are used where there is a choice.
    List(Vec<Tree>, bool),
    /// Entries with different keys, likewise.
    Map(Vec<(String, Tree)>, bool),
}

/// Text with what is difficult somewhere.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-zA-Z0-9_./-]{0,12}",
        2 => "[ -~]{0,20}",
        1 => "[a-z \"'\\\\#:{}\\[\\]&*!|>%@`,?\\-]{0,12}",
        1 => "([a-z#:\" é]{1,9}\n){1,4}",
        1 => "(\\PC|[\t\n\r]){0,12}",
        1 => prop_oneof!["true", "null", "~", "1", "0x1F", "1e3", "no", "0644", "<<", "=", "---", "..."],
    ]
}

/// A map, at least.
pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        1 => Just(Tree::Null),
        1 => any::<bool>().prop_map(Tree::Bool),
        1 => any::<i64>().prop_map(Tree::Int),
        4 => (text(), any::<u8>()).prop_map(|(text, style)| Tree::Text(text, style)),
    ];
    let inner = leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), any::<bool>())
                .prop_map(|(items, flow)| Tree::List(items, flow)),
            (prop::collection::btree_map(text(), inner, 0..5), any::<bool>())
                .prop_map(|(entries, flow)| Tree::Map(entries.into_iter().collect(), flow)),
        ]
    });
    prop::collection::btree_map(text(), inner, 1..5).prop_map(|entries| Tree::Map(entries.into_iter().collect(), false))
}

/// Whether a node holds the tree; `decodes` tells whether what is written means a text.
pub(crate) fn check(tree: &Tree, node: &Node, text: &str, decodes: &dyn Fn(&str, &str) -> bool) {
    let written = &text[node.at.span.range()];
    match (tree, &node.value) {
        (Tree::Null, _) => assert!(node.is_null(), "{node:?}"),
        (Tree::Bool(value), Value::Scalar(scalar)) => assert_eq!(scalar.kind, ScalarKind::Bool(*value)),
        (Tree::Int(value), Value::Scalar(scalar)) => {
            assert_eq!(scalar.kind, ScalarKind::Int(*value));
            assert_eq!(written.parse(), Ok(*value));
        }
        (Tree::Text(expected, _), Value::Scalar(Scalar { kind, text })) => {
            assert_eq!((kind, &**text), (&ScalarKind::Text, expected.as_str()), "written as {written:?}");
            assert!(decodes(written, expected), "{written:?} does not mean {expected:?}");
        }
        (Tree::List(expected, _), Value::List(items)) => {
            assert_eq!(items.len(), expected.len());
            for (expected, item) in expected.iter().zip(items.iter()) {
                assert!(item.at.span.start == item.at.span.end || node.at.span.contains(item.at.span));
                check(expected, item, text, decodes);
            }
        }
        (Tree::Map(expected, _), Value::Map(map)) => {
            let keys: Vec<&str> = map.entries().iter().map(|entry| &*entry.key).collect();
            assert_eq!(keys, expected.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>());
            for ((key, expected), entry) in expected.iter().zip(map.entries()) {
                let name = &text[entry.value.name_at.span.range()];
                assert!(decodes(name, key), "{name:?} does not mean the key {key:?}");
                assert!(node.at.span.contains(entry.value.name_at.span));
                check(expected, &entry.value, text, decodes);
            }
        }
        (expected, _) => panic!("{expected:?} became {node:?}"),
    }
}
