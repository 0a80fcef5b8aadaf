//! What the trees of YAML hold, and that no input breaks the parser.

use super::*;
use crate::MAX_DEPTH;
use secscan_model::{Node, ScalarKind, SourceId};

fn parsed(text: &str) -> Parsed {
    parse(&Source::from_text(SourceId(7), "a.yaml", text))
}

fn document(text: &str) -> Node {
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    assert_eq!(parsed.documents.len(), 1);
    parsed.documents.into_iter().next().unwrap_or_else(|| unreachable!())
}

fn slice(text: &str, location: secscan_model::Location) -> &str {
    assert_eq!(location.source, SourceId(7));
    &text[location.span.range()]
}

fn kinds(parsed: &Parsed) -> Vec<DiagnosticKind> {
    parsed.diagnostics.iter().map(|diagnostic| diagnostic.kind).collect()
}

#[test]
fn values_and_names_have_their_places() {
    let text =
        "# top\na: 1 # one\nb:\n  - x\n  - k: \"v\"   \n    l: 'w'\n\n  # free\n\nc: {d: [1, 2] , e: }\nf:\n\n# end\n";
    let root = document(text);
    assert_eq!(slice(text, root.name_at), "a", "a root map is named by its first key");
    let b = &root.get("b").unwrap();
    assert_eq!(slice(text, b.name_at), "b");
    assert_eq!(slice(text, b.at), "- x\n  - k: \"v\"   \n    l: 'w'", "neither blanks nor comments belong to the end");
    let items = b.as_list().unwrap();
    assert_eq!((slice(text, items[0].at), slice(text, items[0].name_at)), ("x", "x"));
    assert_eq!(slice(text, items[1].name_at), "k", "a map in a list is named by its first key");
    assert_eq!(slice(text, items[1].at), "k: \"v\"   \n    l: 'w'");
    assert_eq!(slice(text, items[1].get("k").unwrap().at), "\"v\"");
    let c = root.get("c").unwrap();
    assert_eq!(slice(text, c.at), "{d: [1, 2] , e: }");
    assert_eq!(slice(text, c.get("d").unwrap().at), "[1, 2]");
    assert!(c.get("e").unwrap().is_null() && root.get("f").unwrap().is_null());
    assert_eq!(root.get("f").unwrap().raw_text(), None);
}

#[test]
fn comments_are_collected_and_known_to_the_scalar_on_their_line() {
    let text = "# top\na: 1 # one\nb: # two\n  c: d\ne: [x, # three\n  y\n  ,\n  z] # four\n# five\n";
    let parsed = parsed(text);
    let comments: Vec<_> =
        parsed.comments.iter().map(|comment| (&text[comment.span.range()], comment.trailing)).collect();
    let expected =
        [("# top", false), ("# one", true), ("# two", true), ("# three", true), ("# four", true), ("# five", false)];
    assert_eq!(comments, expected);
    let comment = |node: &Node| node.extra.as_ref().and_then(|extra| extra.comment.as_deref().map(str::to_owned));
    let root = &parsed.documents[0];
    assert_eq!(comment(root.get("a").unwrap()).as_deref(), Some("one"));
    assert_eq!(comment(root.at_path(&["b", "c"]).unwrap()), None, "the comment stands on the line of the key");
    let e = root.get("e").unwrap().as_list().unwrap();
    assert_eq!(comment(&e[0]).as_deref(), Some("three"));
    assert_eq!((comment(&e[1]), comment(&e[2])), (None, None));
}

#[test]
fn a_bom_crlf_and_wide_characters_keep_spans_true() {
    let text = "\u{feff}a: é # ü\r\nb: |\r\n  line\r\n\r\nc: \"\\u00e9 \\\"\"\r\n";
    let root = document(text);
    assert_eq!(slice(text, root.get("a").unwrap().at), "é");
    assert_eq!(slice(text, root.get("b").unwrap().at), "line");
    assert_eq!(root.get("b").unwrap().as_str(), Some("line\n"));
    assert_eq!(slice(text, root.get("c").unwrap().at), "\"\\u00e9 \\\"\"");
    assert_eq!(root.get("c").unwrap().as_str(), Some("é \""));
}

#[test]
fn block_scalars_cover_their_content() {
    let text = "a: |+\n  one  \n\n  two \n\n\nb: >-\n  f\n  g\n\nc: |\nd:\n- |2\n    deep\n\n";
    let root = document(text);
    assert_eq!(root.get("a").unwrap().as_str(), Some("one  \n\ntwo \n\n\n"));
    assert_eq!(slice(text, root.get("a").unwrap().at), "one  \n\n  two ");
    assert_eq!(root.get("b").unwrap().as_str(), Some("f g"));
    assert_eq!(slice(text, root.get("b").unwrap().at), "f\n  g");
    assert_eq!(slice(text, root.get("c").unwrap().at), "");
    assert_eq!(slice(text, root.at), text.trim_end(), "the root ends with the last block scalar");
}

#[test]
fn scalars_are_typed_only_when_plain() {
    let root = document("a: 0644\nb: yes\nc: '1'\nd: 1\ne: ~\nf: 'null'\ng: !!str 1\nh: !Ref 1\ni: true\n");
    let kind = |key: &str| match &root.get(key).unwrap().value {
        secscan_model::Value::Scalar(scalar) => scalar.kind,
        other => panic!("{other:?}"),
    };
    for key in ["a", "b", "c", "f", "g", "h"] {
        assert_eq!(kind(key), ScalarKind::Text, "{key}");
    }
    assert_eq!(kind("d"), ScalarKind::Int(1));
    assert_eq!(kind("e"), ScalarKind::Null);
    assert_eq!(kind("i"), ScalarKind::Bool(true));
}

#[test]
fn tags_are_kept_as_written() {
    let root = document("a: !Ref b\nc: !Sub [x, {y: !GetAtt z.w}]\nd: !!binary aGk=\ne: !If\n  - x\n");
    let tag = |path: &[&str]| root.at_path(path).unwrap().extra.as_ref().unwrap().tag.clone().unwrap().to_string();
    assert_eq!(tag(&["a"]), "!Ref");
    assert_eq!(tag(&["c"]), "!Sub");
    assert_eq!(tag(&["d"]), "!!binary");
    assert_eq!(tag(&["e"]), "!If");
    let inner = &root.get("c").unwrap().as_list().unwrap()[1];
    assert_eq!(inner.get("y").unwrap().extra.as_ref().unwrap().tag.as_deref(), Some("!GetAtt"));
}

#[test]
fn aliases_are_the_anchors_value_and_remember_their_place() {
    let text = "a: &x\n  k: 1\nb: *x\nc: [*x, *x]\nd: &x 5\ne: *x\n";
    let root = document(text);
    let b = root.get("b").unwrap();
    assert_eq!(slice(text, b.at), "k: 1");
    assert_eq!(slice(text, b.name_at), "b");
    assert_eq!(slice(text, b.via()[0]), "*x");
    assert_eq!(b.get("k").unwrap().as_int(), Some(1));
    assert_eq!(root.get("c").unwrap().as_list().unwrap().len(), 2);
    assert_eq!(slice(text, root.get("c").unwrap().at), "[*x, *x]");
    assert_eq!(root.get("e").unwrap().as_int(), Some(5), "the nearest definition counts");
}

#[test]
fn merge_keys_give_way_to_explicit_ones() {
    let text =
        "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\na:\n  <<: *b\n  x: 9\nl:\n  <<: [*m, *b]\nn:\n  '<<': q\n";
    let root = document(text);
    let a = root.get("a").unwrap();
    assert_eq!(a.get("x").unwrap().as_int(), Some(9));
    let y = a.get("y").unwrap();
    assert_eq!((y.as_int(), slice(text, y.at), slice(text, y.name_at)), (Some(2), "2", "y"));
    assert_eq!(slice(text, y.via()[0]), "*b");
    assert_eq!(slice(text, a.at), "<<: *b\n  x: 9");
    let l = root.get("l").unwrap();
    assert_eq!(l.get("y").unwrap().as_int(), Some(3), "the first map of the list wins");
    assert_eq!(l.get("x").unwrap().as_int(), Some(1));
    assert_eq!(slice(text, l.name_at), "l");
    assert_eq!(root.at_path(&["n", "<<"]).unwrap().as_str(), Some("q"), "a quoted key is no merge key");
}

#[test]
fn a_wrong_or_unknown_merge_is_said() {
    let wrong = parsed("a:\n  <<: 5\n  b: 1\n");
    assert_eq!(kinds(&wrong), [DiagnosticKind::Syntax]);
    assert_eq!(wrong.documents[0].get("a").unwrap().as_map().unwrap().len(), 1);
    let unknown = parsed("a:\n  <<: *nowhere\n  b: 1\n");
    assert_eq!(kinds(&unknown), [DiagnosticKind::Syntax]);
    assert!(unknown.documents[0].get("a").unwrap().as_map().unwrap().rest.is_some());
}

#[test]
fn duplicate_keys_are_reported_and_the_last_counts() {
    let text = "a: 1\nb: 2\na: 3 # c\n";
    let parsed = parsed(text);
    assert_eq!(kinds(&parsed), [DiagnosticKind::Ambiguous]);
    assert_eq!(parsed.diagnostics[0].at.unwrap().span, Span::new(10, 11));
    let a = parsed.documents[0].get("a").unwrap();
    assert_eq!((a.as_int(), a.name_at.span), (Some(3), Span::new(10, 11)));
    assert_eq!(a.extra.as_ref().unwrap().comment.as_deref(), Some("c"));
}

#[test]
fn keys_that_are_no_scalars_are_left_out() {
    let parsed = parsed("? [a, b]\n: c\n? {x: y}\n: z\n1: one\nnull: none\n");
    assert_eq!(kinds(&parsed), [DiagnosticKind::Syntax, DiagnosticKind::Syntax]);
    let keys: Vec<_> = parsed.documents[0].entries().iter().map(|entry| &*entry.key).collect();
    assert_eq!(keys, ["1", "null"]);
}

#[test]
fn documents_after_a_broken_one_are_read() {
    let text = "a: 1\n---\nb: [1, 2\n---\nc: 3 # note\n---\n---\n# only a comment\n";
    let parsed = parsed(text);
    assert_eq!(kinds(&parsed), [DiagnosticKind::Syntax]);
    assert!(parsed.diagnostics[0].at.is_some());
    assert_eq!(parsed.documents.len(), 2, "the broken document and the empty ones are left out");
    assert_eq!(parsed.documents[1].get("c").unwrap().as_int(), Some(3));
    assert_eq!(parsed.comments.len(), 2);
}

#[test]
fn anchors_end_with_their_document() {
    let parsed = parsed("a: &x 1\n---\nb: *x\n");
    assert_eq!(kinds(&parsed), [DiagnosticKind::Syntax]);
    assert!(parsed.documents[1].get("b").unwrap().as_unresolved().is_some());
}

#[test]
fn bytes_that_are_not_text_are_unreadable() {
    let mut source = Source::from_text(SourceId(1), "a.yaml", "");
    source.bytes = b"a: \xff\n".as_slice().into();
    let parsed = parse(&source);
    assert_eq!(kinds(&parsed), [DiagnosticKind::Unreadable]);
    assert_eq!(parsed.diagnostics[0].at.unwrap().span.start, 3);
}

#[test]
fn a_nul_is_a_syntax_error() {
    for text in ["a\0b: 1\n", "a: \"x\0\"\n", "\0", "a: |\n  \0\n"] {
        assert_eq!(kinds(&parsed(text)), [DiagnosticKind::Syntax], "{text:?}");
    }
}

fn depth(node: &Node) -> usize {
    let inside = node.as_list().unwrap_or_default().iter().chain(node.entries().iter().map(|entry| &entry.value));
    inside.map(depth).max().map_or(0, |inner| inner + 1)
}

#[test]
fn deep_nesting_is_cut_once_and_the_rest_is_read() {
    const DEEP: usize = 200_000;
    let steps = |one: &str| one.repeat(DEEP);
    let closed = format!("a: {}{}\nb: 2\n", steps("["), steps("]"));
    let parsed_closed = parsed(&closed);
    assert_eq!(kinds(&parsed_closed), [DiagnosticKind::Limit]);
    assert_eq!(depth(&parsed_closed.documents[0]), MAX_DEPTH);
    assert_eq!(parsed_closed.documents[0].get("b").unwrap().as_int(), Some(2));
    for text in [steps("- "), steps("? ")] {
        assert!(kinds(&parsed(&text)).contains(&DiagnosticKind::Limit), "{}", &text[..10]);
    }
    for text in [steps("["), steps("{a: ")] {
        assert_eq!(kinds(&parsed(&text)), [DiagnosticKind::Syntax], "an unclosed bracket loses the document");
    }
    let indented: String = (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert_eq!(kinds(&parsed(&indented)), [DiagnosticKind::Limit]);
}

#[test]
fn an_alias_bomb_is_cut() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let parsed = parsed(&text);
    assert!(kinds(&parsed).iter().all(|kind| *kind == DiagnosticKind::Limit) && !parsed.diagnostics.is_empty());
    fn size(node: &Node) -> usize {
        1 + node.as_list().unwrap_or_default().iter().map(size).sum::<usize>()
            + node.entries().iter().map(|entry| size(&entry.value)).sum::<usize>()
    }
    assert!(size(&parsed.documents[0]) <= 1_001_000);
}

#[test]
fn chains_of_aliases_do_not_outgrow_the_depth_limit() {
    let mut text = String::from("a0: &a0 [x]\n");
    for level in 1..5_000 {
        text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    let parsed = parsed(&text);
    assert_eq!(parsed.diagnostics[0].kind, DiagnosticKind::Limit);
    assert!(depth(&parsed.documents[0]) <= MAX_DEPTH);
    let mut merges = String::from("a0: &a0 {k: 1}\n");
    for level in 1..3_000 {
        merges.push_str(&format!("a{level}: &a{level}\n  <<: *a{}\n", level - 1));
    }
    let merged = self::parsed(&merges);
    let last = merged.documents[0].at_path(&["a2999", "k"]).unwrap();
    assert_eq!((last.as_int(), last.via().len()), (Some(1), 16), "the trail of places is limited");
}

#[test]
fn an_anchor_that_holds_itself_is_cut() {
    let parsed = parsed("a: &a\n  - *a\n  - b\nc: &c {<<: *c, d: 1}\n");
    assert_eq!(kinds(&parsed), [DiagnosticKind::Limit, DiagnosticKind::Limit]);
    let items = parsed.documents[0].get("a").unwrap().as_list().unwrap();
    assert!(items[0].as_unresolved().is_some());
    assert_eq!(items[1].as_str(), Some("b"));
    assert!(parsed.documents[0].get("c").unwrap().as_map().unwrap().rest.is_some());
}

#[test]
fn a_block_ends_without_a_line_break_where_the_file_does() {
    for (text, expected) in [("a: |\n  b", "b"), ("a: |\n  b\n", "b\n"), ("a: >\n  b\n  c", "b c"), ("a: |+\n  b", "b")]
    {
        assert_eq!(document(text).get("a").unwrap().as_str(), Some(expected), "{text:?}");
    }
}

#[test]
fn large_inputs_are_read() {
    let keys: String = (0..100_000).map(|number| format!("k{number}: v\n")).collect();
    assert_eq!(document(&keys).entries().len(), 100_000);
    let twice = parsed(&format!("{keys}{keys}"));
    assert_eq!(twice.documents[0].entries().len(), 100_000);
    assert_eq!(twice.diagnostics.len(), crate::MAX_DIAGNOSTICS);
    let line = format!("a: {}\n", "x".repeat(10_000_000));
    assert_eq!(document(&line).get("a").unwrap().as_str().unwrap().len(), 10_000_000);
    let comments = format!("a:\n{}  b: 1\n", "  # c\n".repeat(100_000));
    assert_eq!(parsed(&comments).comments.len(), 100_000);
}
