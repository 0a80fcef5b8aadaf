use secscan_model::{DiagnosticKind, SourceId};

use super::*;

fn source(bytes: &[u8]) -> Source {
    Source { bytes: bytes.into(), ..Source::from_text(SourceId(0), "main.tf", "") }
}

/// What was read: the top-level names with the text under their spans cut at the first blank, and the diagnostics' kinds
/// with the text at their places.
fn read(bytes: &[u8]) -> (Vec<String>, Vec<(DiagnosticKind, u32)>) {
    let source = source(bytes);
    let file = parse(&source);
    let names = file.body.items.iter().map(|item| {
        let span = match item {
            Item::Attribute(attribute) => attribute.name_span.cover(attribute.value.span),
            Item::Block(block) => block.span,
        };
        let text = String::from_utf8_lossy(&source.bytes[span.range()]);
        text.lines().next().unwrap_or_default().trim_end_matches(" {").to_string()
    });
    let places = file.diagnostics.iter().map(|found| (found.kind, found.at.map_or(0, |at| at.span.start)));
    (names.collect(), places.collect())
}

#[test]
fn only_broken_blocks_are_lost() {
    use DiagnosticKind::{Ambiguous, Syntax};
    type Case = (&'static str, &'static [u8], &'static [&'static str], &'static [(DiagnosticKind, u32)]);
    let cases: &[Case] = &[
        ("sound", b"a \"b\" {\n}\nc = 1\n", &["a \"b\"", "c = 1"], &[]),
        ("byte order mark", b"\xef\xbb\xbfa = 1\nb = 2", &["a = 1", "b = 2"], &[]),
        ("bad value", b"a {\n x = 1\n}\nb {\n x = = 2\n}\nc {\n}\n", &["a", "c"], &[(Syntax, 22)]),
        ("block never closed", b"a {\n x = 1\nb \"l\" {\n y = 2\n}\n", &["b \"l\""], &[(Syntax, 2)]),
        ("bracket never closed", b"a {\n x = [1,\n}\nb {\n}\n", &["b"], &[(Syntax, 13)]),
        ("string never closed", b"a {\n x = \"1\n}\nb {\n}\n", &["b"], &[(Syntax, 9)]),
        ("here-document never closed", b"a {\n x = <<E\n1\n}\nb {\n}\n", &["b"], &[(Syntax, 9)]),
        ("a header in a here-document", b"a {\n x = <<E\nb {\nE\n y = = 1\n}\nc {\n}\n", &["c"], &[(Syntax, 24)]),
        ("one brace too many", b"a {\n}\n}\nb {\n}\n", &["a", "b"], &[(Syntax, 6)]),
        ("set twice", b"a = 1\na = 2\nb = 3\n", &["a = 1", "b = 3"], &[(Ambiguous, 6)]),
        ("a byte that is not UTF-8", b"a = \"\xff\"\nb = 2\n", &["b = 2"], &[(Syntax, 5)]),
        ("the same in a comment", b"# \xff\nb = 2 // \xfe\n", &["b = 2"], &[]),
        ("nothing", b"", &[], &[]),
        ("no HCL", b"\0\x01\x02 hello", &[], &[(Syntax, 0)]),
    ];
    for (name, bytes, names, diagnostics) in cases {
        let (read_names, read_diagnostics) = read(bytes);
        assert_eq!(read_names, *names, "{name}");
        assert_eq!(read_diagnostics, *diagnostics, "{name}");
    }
}

#[test]
fn comments_have_places() {
    let text = "# one\na = 1 // two\n/* three\n four */ b = \"# no\" /* five */\nc = <<E\n# no\nE\n#six\r\nd = \"${1 # seven\n}\"";
    let file = parse(&source(text.as_bytes()));
    let comments: Vec<_> = file.comments.iter().map(|found| (&text[found.span.range()], found.trailing)).collect();
    let expected = [
        ("# one", false),
        ("// two", true),
        ("/* three\n four */", false),
        ("/* five */", true),
        ("#six", false),
        ("# seven", true),
    ];
    assert_eq!(comments, expected);
    assert!(file.diagnostics.is_empty(), "{:?}", file.diagnostics);
}

#[test]
fn hostile_input_is_refused_quickly() {
    let n = 200_000;
    let cases = [
        ("parentheses", format!("a = {}1{}\n", "(".repeat(n), ")".repeat(n))),
        ("open brackets", format!("a = {}\n", "[".repeat(n))),
        ("objects", format!("a = {}\n", "{a=".repeat(n))),
        ("negations", format!("a = {}true\n", "!".repeat(n))),
        ("conditionals", format!("a = {}1\n", "b ? c : ".repeat(n))),
        ("sums", format!("a = {}1\n", "1 + ".repeat(n))),
        ("templates", format!("a = {}\n", "\"${".repeat(n))),
        ("directives", format!("a = \"{}\"\n", "%{if a}".repeat(n))),
        ("blocks", "a {\n".repeat(n)),
        ("here-documents", format!("a = {}", "<<E\n".repeat(n))),
    ];
    for (name, text) in cases {
        let text = format!("{text}\nlast = 1\n");
        let (_, diagnostics) = read(text.as_bytes());
        assert!(!diagnostics.is_empty() && diagnostics.len() <= crate::MAX_DIAGNOSTICS, "{name}: {diagnostics:?}");
    }
}

#[test]
fn wide_objects_are_read_whole() {
    let keys: String = (0..200_000).map(|key| format!("k{key} = 1\n")).collect();
    let file = parse(&source(format!("a = {{\n{keys}}}\n{keys}").as_bytes()));
    assert_eq!(file.diagnostics, []);
    assert_eq!(file.body.items.len(), 200_001);
}

#[test]
fn many_comments_are_read_once() {
    let comments = "/**/".repeat(200_000);
    let file = parse(&source(format!("a = (b {comments})\n{comments} c = 1 # last\n").as_bytes()));
    assert_eq!(file.diagnostics, []);
    assert_eq!(file.comments.len(), 400_001);
    let trailing = file.comments.iter().filter(|comment| comment.trailing).count();
    assert_eq!(trailing, 200_001, "those behind `a` and the last");
}

#[test]
fn what_a_body_says_twice_is_taken_once() {
    let file = parse(&source(b"a {\n x = 1\n y = { k = 1, k = 2 }\n x = 2\n}\n"));
    let block = file.body.blocks().next().expect("the block is read");
    let said: Vec<_> = block.body.attributes().map(|said| (&*said.name, said.name_span.start)).collect();
    assert_eq!(said, [("x", 5), ("y", 12)]);
    assert_eq!(file.diagnostics.len(), 1);
    assert_eq!(file.diagnostics[0].kind, DiagnosticKind::Ambiguous);
    assert_eq!(file.diagnostics[0].at.map(|at| at.span.start), Some(34));
}

#[test]
fn what_is_said_again_and_again_is_read_once() {
    let n = 100_000;
    let comments = "/**/".repeat(n);
    let in_comments = [b"a {\n".as_slice(), &b"# \xff\n".repeat(n), b"}\n"].concat();
    let cases: [(&str, Vec<u8>, usize, usize); 7] = [
        ("comments where a key is read twice", format!("a = {{ x {comments} + 1 = 2 }}\n").into(), n, 0),
        ("comments on an indented line", format!("{}a = 1 {comments}\n", " ".repeat(n)).into(), n, 0),
        ("bytes that are not UTF-8 in comments", in_comments, n, 0),
        ("a delimiter within a line", format!("a = <<E\n{}\nE\n", "E".repeat(n)).into(), 0, 0),
        ("an argument", "a = 1\n".repeat(n).into(), 0, crate::MAX_DIAGNOSTICS),
        (
            "arguments",
            (0..n).map(|i| format!("a{} = 1\n", i / 2)).collect::<String>().into(),
            0,
            crate::MAX_DIAGNOSTICS,
        ),
        ("lines that are no HCL", "!\n".repeat(n).into(), 0, crate::MAX_DIAGNOSTICS),
    ];
    for (name, bytes, comments, diagnostics) in cases {
        let file = parse(&source(&bytes));
        assert_eq!((file.comments.len(), file.diagnostics.len()), (comments, diagnostics), "{name}");
    }
}

#[test]
fn errors_are_counted_beyond_the_last_that_is_told() {
    let file = parse(&source("é = 1\n!\n".repeat(150).as_bytes()));
    let last = file.diagnostics.last().expect("there are errors");
    assert_eq!(file.diagnostics.len(), crate::MAX_DIAGNOSTICS);
    assert_eq!(&*last.message, "200 more errors in this file");
}

#[test]
fn places_of_errors_cut_no_character_in_two() {
    for text in ["a = 1 é\n", "é\n", "a = \"é\n", "a = [é é]\n", "é {\n", &"é = 1\n".repeat(200)] {
        for found in parse(&source(text.as_bytes())).diagnostics {
            let range = found.at.map_or(0..0, |at| at.span.range());
            assert!(text.get(range.clone()).is_some(), "{range:?} of {text:?}");
        }
    }
}

#[test]
fn comments_know_what_stands_before_them() {
    let text = "/* 1 */ /* 2 */ a = 1 /* 3 */ // 4\n /* 5\n */ # 6\nb = [ /* 7\n */ 1] # 8\n";
    let file = parse(&source(text.as_bytes()));
    let trailing: Vec<_> = file.comments.iter().map(|comment| comment.trailing).collect();
    assert_eq!(trailing, [false, false, true, true, false, false, true, true]);
}
