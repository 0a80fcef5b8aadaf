//! That every error points at what is wrong, and that places survive.

use std::collections::BTreeMap;

use secscan_model::{Source, SourceId};
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    id: String,
    severity: Spanned<Severity>,
    #[serde(default)]
    tags: Vec<Spanned<String>>,
    limit: Option<u8>,
    check: Option<Located>,
    #[serde(default)]
    by_name: BTreeMap<String, Check>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Severity {
    Low,
    High,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Check {
    Never,
    Equals(i64),
    Between { low: f64, high: f64 },
}

fn tree(text: &str) -> Node {
    let parsed = crate::yaml::parse(&Source::from_text(SourceId(3), "r.yaml", text));
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.documents.into_iter().next().unwrap_or_else(|| unreachable!())
}

fn load(text: &str) -> Rule {
    from_node(&tree(text)).unwrap_or_else(|error| panic!("{error}"))
}

/// The message and the text that it points at.
fn error(text: &str) -> (String, &str) {
    let error = from_node::<Rule>(&tree(text)).expect_err("this must not load");
    assert_eq!(error.at.source, SourceId(3));
    (error.message, &text[error.at.span.range()])
}

#[test]
fn typed_and_free_values_keep_their_places() {
    let text = "id: 1.10\nseverity: high\ntags: [a, 'b']\nlimit: ~\ncheck:\n  all:\n    - x: 1\n    - null\n";
    let rule = load(text);
    assert_eq!(rule.id, "1.10", "a number is text as it is written, where text is wanted");
    assert_eq!(rule.severity.value, Severity::High);
    assert_eq!(&text[rule.severity.at.span.range()], "high");
    assert_eq!(&text[rule.tags[1].at.span.range()], "'b'");
    assert_eq!(rule.limit, None);
    let check = rule.check.expect("a check");
    assert_eq!(&text[check.name_at.span.range()], "check");
    let Raw::Map(entries) = check.value else { panic!("a map") };
    let (key, all) = &entries[0];
    assert_eq!((key.as_str(), &text[all.name_at.span.range()]), ("all", "all"));
    let Raw::List(items) = &all.value else { panic!("a list") };
    assert_eq!(&text[items[0].name_at.span.range()], "x");
    assert!(matches!(&items[0].value, Raw::Map(entries) if entries[0].1.value == Raw::Int(1)));
    assert_eq!(items[1].value, Raw::Null);
}

#[test]
fn variants_are_words_or_maps_with_one_key() {
    let text = "id: a\nseverity: low\nby-name:\n  a: never\n  b: {equals: 3}\n  c:\n    between: {low: 1, high: 2.5}\n";
    let by_name = load(text).by_name;
    assert_eq!(by_name["a"], Check::Never);
    assert_eq!(by_name["b"], Check::Equals(3));
    assert_eq!(by_name["c"], Check::Between { low: 1.0, high: 2.5 });
}

#[test]
fn errors_point_at_the_innermost_value() {
    let (message, at) = error("id: a\nseverity: low\nlevel: 1\n");
    assert_eq!(at, "level");
    assert!(message.contains("unknown field `level`"), "{message}");
    let (message, at) = error("severity: low\ntags: []\n");
    assert_eq!(at, "severity", "a missing field belongs to the name of the map, here its first key");
    assert!(message.contains("missing field `id`"), "{message}");
    assert_eq!(error("id: a\nseverity: medium\n").1, "medium");
    assert_eq!(error("id: a\nseverity: low\ntags: [x, [y]]\n").1, "[y]");
    assert_eq!(error("id: a\nseverity: low\nlimit: 300\n").1, "300");
    assert_eq!(error("id: [a]\nseverity: low\n").1, "[a]");
    assert_eq!(error("id: true\nseverity: low\n").1, "true", "a boolean is not taken for text");
    let start = "id: a\nseverity: low\nby-name:\n  n: ";
    assert_eq!(error(format!("{start}{{between: {{low: 1}}}}\n").leak()).1, "between");
    assert_eq!(error(format!("{start}{{between: {{low: 1, high: 2, more: 3}}}}\n").leak()).1, "more");
    assert_eq!(error(format!("{start}{{equal: 1}}\n").leak()).1, "equal");
    assert_eq!(error(format!("{start}{{never: 1}}\n").leak()).1, "1");
    assert_eq!(error(format!("{start}{{a: 1, b: 2}}\n").leak()).1, "n");
    assert_eq!(error("- a\n").1, "- a");
}

#[test]
fn unresolved_values_are_errors() {
    let node = Node::unresolved("nobody knows", Location::default());
    assert_eq!(from_node::<String>(&node).map_err(|error| error.message), Err("nobody knows".to_owned()));
    assert!(from_node::<Located>(&node).is_err());
}

#[test]
fn the_deepest_trees_fit_the_stack() {
    let text = format!("id: a\nseverity: low\ncheck: {}{}\n", "[".repeat(127), "]".repeat(127));
    assert!(load(&text).check.is_some());
    let text = format!("{}{}\n", "{a: ".repeat(128), "}".repeat(128));
    assert!(from_node::<Located>(&tree(&text)).is_ok());
}
