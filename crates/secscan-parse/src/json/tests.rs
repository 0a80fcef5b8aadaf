//! What the trees of JSON hold, and that no input breaks the parser.

use super::*;
use secscan_model::SourceId;

fn parsed(text: &str) -> Parsed {
    parse(&Source::from_text(SourceId(4), "a.json", text))
}

fn kinds(parsed: &Parsed) -> Vec<DiagnosticKind> {
    parsed.diagnostics.iter().map(|diagnostic| diagnostic.kind).collect()
}

fn document(text: &str) -> Node {
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.documents.into_iter().next().unwrap_or_else(|| unreachable!())
}

#[test]
fn values_and_names_have_their_places() {
    let text = "\u{feff}{\r\n \"a\": [1, {\"b\\n\": \"x\\\"é\"}, true],\r\n \"c\": {}, \"d\": -1.50e1, \"e\": null}";
    let root = document(text);
    let slice = |location: Location| &text[location.span.range()];
    assert_eq!(slice(root.at), &text[3..]);
    assert_eq!(slice(root.name_at), "\"a\"");
    let items = root.get("a").unwrap().as_list().unwrap();
    assert_eq!((items[0].as_int(), slice(items[0].name_at)), (Some(1), "1"));
    assert_eq!(slice(items[1].name_at), "\"b\\n\"", "a map in a list is named by its first key");
    let b = items[1].get("b\n").unwrap();
    assert_eq!((b.as_str(), slice(b.at)), (Some("x\"é"), "\"x\\\"é\""));
    assert_eq!(items[2].as_bool(), Some(true));
    let d = root.get("d").unwrap();
    assert_eq!((slice(d.name_at), d.as_str()), ("\"d\"", Some("-1.50e1")), "numbers keep how they are written");
    assert!(matches!(&d.value, Value::Scalar(Scalar { kind: ScalarKind::Float(value), .. }) if *value == -15.0));
    assert!(root.get("e").unwrap().is_null());
}

#[test]
fn comments_and_trailing_commas_are_fine() {
    let text = "// top\n{\"a\": 1, // one\n /* two */ \"b\": [2, /* x */ 3,],\n \"c\": 4 /* four */,\n} // end";
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty());
    let comments: Vec<_> =
        parsed.comments.iter().map(|comment| (&text[comment.span.range()], comment.trailing)).collect();
    let expected = [
        ("// top", false),
        ("// one", true),
        ("/* two */", false),
        ("/* x */", true),
        ("/* four */", true),
        ("// end", true),
    ];
    assert_eq!(comments, expected);
    let root = &parsed.documents[0];
    let comment = |key: &str| root.get(key).unwrap().extra.as_ref().and_then(|extra| extra.comment.clone());
    assert_eq!(comment("a").as_deref(), Some("one"));
    assert_eq!(comment("b"), None);
    assert_eq!(comment("c").as_deref(), Some("four"));
}

#[test]
fn duplicate_keys_are_reported_and_the_last_counts() {
    let parsed = parsed("{\"a\": 1, \"a\": 2}");
    assert_eq!(kinds(&parsed), [DiagnosticKind::Ambiguous]);
    assert_eq!(parsed.diagnostics[0].at.unwrap().span, Span::new(9, 12));
    assert_eq!(parsed.documents[0].get("a").unwrap().as_int(), Some(2));
}

#[test]
fn what_is_no_json_is_a_syntax_error_with_its_place() {
    for (text, at) in [
        ("{", 1),
        ("[1 2]", 3),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("{a: 1}", 1),
        ("[1,,2]", 3),
        ("[,]", 1),
        ("{} {}", 3),
        ("{]", 1),
        ("['a']", 1),
        ("[+1]", 1),
        ("[\"a]", 1),
        ("\0", 0),
        ("{{ .Values }}", 1),
        ("[\"\\q\"]", 2),
        ("]", 0),
    ] {
        let parsed = parsed(text);
        assert_eq!(kinds(&parsed), [DiagnosticKind::Syntax], "{text:?}");
        assert_eq!(parsed.diagnostics[0].at.unwrap().span.start, at, "{text:?}");
        assert!(parsed.documents.is_empty(), "{text:?}");
    }
    for text in ["", " \n", "// only a comment\n"] {
        assert!(kinds(&parsed(text)).is_empty() && parsed(text).documents.is_empty(), "{text:?}");
    }
}

#[test]
fn bytes_that_are_not_text_are_unreadable() {
    let mut source = Source::from_text(SourceId(1), "a.json", "");
    source.bytes = b"{\"a\": \"\xff\"}".as_slice().into();
    assert_eq!(kinds(&parse(&source)), [DiagnosticKind::Unreadable]);
}

#[test]
fn deep_nesting_is_cut_once_and_the_rest_is_read() {
    const DEEP: usize = 200_000;
    let text = format!("{{\"a\": {}1{}, \"b\": 2}}", "[".repeat(DEEP), "]".repeat(DEEP));
    let parsed = parsed(&text);
    assert_eq!(kinds(&parsed), [DiagnosticKind::Limit]);
    assert_eq!(parsed.documents[0].get("b").unwrap().as_int(), Some(2));
    let maps = format!("{}1{}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP));
    assert_eq!(kinds(&self::parsed(&maps)), [DiagnosticKind::Limit]);
    assert_eq!(kinds(&self::parsed(&"[".repeat(DEEP))), [DiagnosticKind::Syntax]);
    assert_eq!(kinds(&self::parsed(&format!("{}}}", "[".repeat(DEEP)))), [DiagnosticKind::Syntax]);
}

#[test]
fn large_inputs_are_read() {
    let entries: Vec<String> = (0..100_000).map(|number| format!("\"k{number}\":0")).collect();
    assert_eq!(document(&format!("{{{}}}", entries.join(","))).entries().len(), 100_000);
    let line = format!("[\"{}\"]", "x\\n".repeat(3_000_000));
    assert_eq!(document(&line).as_list().unwrap()[0].as_str().unwrap().len(), 6_000_000);
    let comments = format!("[1{}]", "/**/".repeat(500_000));
    assert_eq!(parsed(&comments).comments.len(), 500_000);
}
