//! What the parser makes of files that end too early, hold nonsense, or nest too deep.

use proptest::prelude::*;
use secscan_model::{Source, SourceId};

use super::cursor::Cursor;
use super::statement::MAX_REREAD;
use super::syntax::{Expr, ExprKind, StatementKind};
use super::{Bicep, parse};

const FILE: &str = include_str!("../../../../fixtures/bicep/main.bicep");

fn read(text: &str) -> Bicep {
    parse(&Source::from_text(SourceId(0), "main.bicep", text))
}

/// The value of the variable `x`.
fn value(text: &str) -> Option<Expr> {
    read(text).statements.into_iter().find_map(|statement| match statement.kind {
        StatementKind::Variable(name, value) if &*name.name == "x" => Some(value),
        _ => None,
    })
}

#[test]
fn a_file_parses_and_keeps_its_comments() {
    let parsed = read(FILE);
    assert_eq!(parsed.diagnostics, []);
    let comments: Vec<&str> = parsed.comments.iter().map(|comment| &FILE[comment.span.range()]).collect();
    assert_eq!(comments, ["// only there"]);
}

#[test]
fn after_an_error_the_next_statement_is_read() {
    for broken in [
        "var a = ",
        "resource a 'A/b@1' = {\n  b: 1\n",
        "param a string = 'open\n",
        "func",
        "))",
        "wrong = 1",
        "var a = [1",
        "var a = 'x${'\n",
    ] {
        let text = format!("{broken}\nvar x = 1\n");
        assert!(!read(&text).diagnostics.is_empty(), "{broken}");
        assert!(value(&text).is_some(), "{broken}");
    }
}

#[test]
fn places_hold_what_they_say() {
    for (text, expected) in [
        ("var x = 'a' // note\n", "'a'"),
        ("var x = a.b  \n", "a.b"),
        ("var x = f( 1 ) \n", "f( 1 )"),
        ("var x = 1 + 2 /* two */\n", "1 + 2"),
        ("var x = [\n  1\n]\n", "[\n  1\n]"),
        ("var x = ''' raw '''\n", "''' raw '''"),
        ("var x = $'''\n${a}'''\n", "$'''\n${a}'''"),
        ("var x = a ? b : c\n", "a ? b : c"),
    ] {
        let value = value(text).unwrap_or_else(|| panic!("no value in {text}"));
        assert_eq!(&text[value.span.range()], expected);
    }
}

#[test]
fn texts_are_decoded() {
    let text = |text: &str| match value(&format!("var x = {text}\n")).map(|value| value.kind) {
        Some(ExprKind::Text(text)) => text.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(text(r"'it\'s \u{41}\n\${x}'"), "it's A\n${x}");
    assert_eq!(text("'''\nfirst\nsecond'''"), "first\nsecond", "the first line break belongs to the quotes");
    assert_eq!(text("'''it's'''"), "it's");
    for broken in [r"'\u{}'", r"'\u{41'", r"'\u{4g}'", r"'\u{+41}'", r"'\u{100000000}'", r"'\u41'"] {
        assert_eq!(text(broken), "None", "{broken}");
    }
}

#[test]
fn of_too_many_dollars_the_first_are_text() {
    let Some(ExprKind::Interpolated(pieces)) = value("var x = $$'''$${a}$$$$${b}${c}$'''\n").map(|value| value.kind)
    else {
        panic!("this is text with values in it");
    };
    let pieces = pieces.iter().map(|piece| match &piece.kind {
        ExprKind::Text(text) => format!("text {text}"),
        ExprKind::Name(name) => format!("value {name}"),
        other => format!("{other:?}"),
    });
    assert_eq!(pieces.collect::<Vec<_>>(), ["value a", "text $$$", "value b", "text ${c}$"]);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        read(&text);
    }

    #[test]
    fn no_cut_panics(from in 0..FILE.len(), length in 0..40_usize, instead in "[{}()\\[\\]'$@.:=?! \n]{0,3}") {
        let to = (from + length).min(FILE.len());
        if FILE.is_char_boundary(from) && FILE.is_char_boundary(to) {
            let parsed = read(&format!("{}{instead}{}", &FILE[..from], &FILE[to..]));
            prop_assert!(parsed.diagnostics.iter().all(|diagnostic| diagnostic.at.is_some()));
        }
    }
}

#[test]
fn comments_know_what_stands_before_them() {
    let text = "/* 1 */ /* 2 */ var a = 1 /* 3 */ // 4\n /* 5\n */ # 6\nvar b = [ /* 7\nvar // 8\n*/ !\n";
    let parsed = read(text);
    let found = parsed.comments.iter().map(|comment| (&text[comment.span.range()], comment.trailing));
    let expected = [
        ("/* 1 */", false),
        ("/* 2 */", false),
        ("/* 3 */", true),
        ("// 4", true),
        ("/* 5\n */", false),
        ("# 6", false),
        ("/* 7\nvar // 8\n*/", true),
        ("// 8", true),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn lines_of_comments_are_read_once() {
    let comments = "/**/".repeat(100_000);
    for text in [format!("{}var a = 1 {comments}\n", " ".repeat(100_000)), comments] {
        let parsed = read(&text);
        assert_eq!((parsed.comments.len(), parsed.diagnostics.len()), (100_000, 0));
    }
}

#[test]
fn a_long_file_of_errors_is_not_read_for_each_of_them() {
    let text = format!("{}{}", "func a(x {\n".repeat(999), "a".repeat(1 << 20));
    let mut cursor = Cursor::new(&text);
    assert!(cursor.statements().is_empty());
    assert!(cursor.reread < MAX_REREAD + text.len());
    let mut cursor = Cursor::new(&text[..11 * 500]);
    assert!(cursor.statements().is_empty());
    assert_eq!(cursor.errors.len(), 500, "in a short file each is told");
}

#[test]
fn what_stands_behind_nested_values_is_passed_once() {
    let lambdas = "a => ".repeat(100);
    for (behind, comments) in [("\n", 0), (" ", 0), ("/**/ #\n", 2)] {
        let parsed = read(&format!("var a = {lambdas}b{}\nvar c = 1", behind.repeat(100_000)));
        assert_eq!(parsed.diagnostics, []);
        assert_eq!((parsed.statements.len(), parsed.comments.len()), (2, comments * 100_000));
    }
}

#[test]
fn marks_without_an_end_are_not_looked_for_again_and_again() {
    let escapes = read(&format!("var a = {{\n{}}}", "'\\u{\n".repeat(100_000)));
    assert_eq!(escapes.statements.len(), 1);
    let dollars = "$".repeat(200_000);
    assert_eq!(read(&format!("var a = {dollars}'''{dollars}{dollars}'''")).diagnostics, []);
}
