//! What the trees of TOML hold, and that no input breaks the parser.

use super::*;
use secscan_model::SourceId;

fn parsed(text: &str) -> Parsed {
    parse(&Source::from_text(SourceId(5), "a.toml", text))
}

fn document(text: &str) -> Node {
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.documents.into_iter().next().unwrap_or_else(|| unreachable!())
}

fn kinds(parsed: &Parsed) -> Vec<DiagnosticKind> {
    parsed.diagnostics.iter().map(|diagnostic| diagnostic.kind).collect()
}

#[test]
fn values_and_names_have_their_places() {
    let text = "\u{feff}z = 1_000 # one\na.b = \"x\\\"é\" \n'q k' = ''\n\n[t]\ny = [1.50, 'w', {v = true}]\n# two\n\n[[l]]\nm = \"\"\"\nlong\n\"\"\"\n[[l]]\n[t.u]\nn = 0x1F\n";
    let root = document(text);
    let slice = |node: &Node| &text[node.at.span.range()];
    let name = |node: &Node| text[node.name_at.span.range()].to_owned();
    let get = |path: &[&str]| root.at_path(path).unwrap().clone();
    let keys: Vec<_> = root.entries().iter().map(|entry| &*entry.key).collect();
    assert_eq!(keys, ["z", "a", "q k", "t", "l"], "the order is that of the file");
    assert_eq!((get(&["z"]).as_int(), slice(&get(&["z"]))), (Some(1000), "1_000"));
    assert_eq!(get(&["z"]).as_str(), Some("1_000"), "numbers keep how they are written");
    assert_eq!((get(&["a", "b"]).as_str(), slice(&get(&["a", "b"]))), (Some("x\"é"), "\"x\\\"é\""));
    assert_eq!((name(&get(&["q k"])), slice(&get(&["q k"]))), ("'q k'".to_owned(), "''"));
    let y = get(&["t", "y"]);
    assert_eq!(slice(&y), "[1.50, 'w', {v = true}]");
    assert_eq!(slice(&y.as_list().unwrap()[1]), "'w'");
    assert_eq!(name(&y.as_list().unwrap()[2]), "v", "a map in a list is named by its first key");
    assert_eq!(slice(&get(&["l"]).as_list().unwrap()[0].get("m").unwrap().clone()), "\"\"\"\nlong\n\"\"\"");
    assert_eq!(get(&["l"]).as_list().unwrap().len(), 2);
    assert_eq!(get(&["t", "u", "n"]).as_int(), Some(31));
    assert!(slice(&get(&["t"])).starts_with("[t]") && slice(&get(&["t"])).ends_with("n = 0x1F"));
    assert_eq!(name(&root), "z");
    let comments: Vec<_> =
        parsed(text).comments.iter().map(|comment| (&text[comment.span.range()], comment.trailing)).collect();
    assert_eq!(comments, [("# one", true), ("# two", false)]);
}

#[test]
fn broken_files_give_a_diagnostic_with_its_place() {
    for text in
        ["a = ", "a = 1\na = 2\n", "[t]\n[t]\n", "a = \"x\n", "\0", "a = 1\n[[a]]\n", "= 1", "a.b = 1\n[[a.b]]\n"]
    {
        let parsed = parsed(text);
        assert_eq!(kinds(&parsed), [DiagnosticKind::Syntax], "{text:?}");
        assert!(parsed.diagnostics[0].at.is_some() && parsed.documents.is_empty());
    }
    assert!(parsed("").documents.is_empty() && parsed("# c\n").diagnostics.is_empty());
    let mut source = Source::from_text(SourceId(1), "a.toml", "");
    source.bytes = b"a = \"\xff\"".as_slice().into();
    assert_eq!(kinds(&parse(&source)), [DiagnosticKind::Unreadable]);
}

#[test]
fn hostile_inputs_stay_small() {
    const DEEP: usize = 200_000;
    let deep = |start: &str, one: &str| kinds(&parsed(&format!("{start}{}", one.repeat(DEEP))));
    assert_eq!(deep("a = ", "["), [DiagnosticKind::Limit]);
    assert_eq!(deep("a = ", "{a="), [DiagnosticKind::Limit]);
    assert_eq!(deep("a", ".a"), [DiagnosticKind::Limit]);
    assert_eq!(deep("[a", ".a"), [DiagnosticKind::Limit]);
    let header = vec!["a"; 120].join(".");
    let combined = format!("[{header}]\nb = {}1{}\n", "[".repeat(100), "]".repeat(100));
    assert_eq!(kinds(&parsed(&combined)), [DiagnosticKind::Limit], "headers and values add up");
    assert_eq!(parsed(&combined).documents.len(), 1);
    let line = format!("a = \"{}\"\n", "x".repeat(10_000_000));
    assert_eq!(document(&line).get("a").unwrap().as_str().unwrap().len(), 10_000_000);
    let keys: String = (0..50_000).map(|number| format!("k{number} = 0\n")).collect();
    assert_eq!(document(&keys).entries().len(), 50_000);
    let tables: String = (0..20_000).map(|number| format!("[[t]]\nk{number} = 0\n")).collect();
    assert_eq!(document(&tables).get("t").unwrap().as_list().unwrap().len(), 20_000);
}

#[test]
fn dates_and_times_are_text_at_their_place() {
    let text = "a = 2024-05-27T07:32:00Z # one\nb = [2024-05-27, 07:32:00.5]\nc = 2024-05-27 07:32:00+01:00\nd = \"2024-05-27\"\n2024-05-27 = 1\n";
    let root = document(text);
    let at = |node: &Node| (node.as_str().unwrap_or_default().to_owned(), text[node.at.span.range()].to_owned());
    let same = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(at(root.get("a").unwrap()), same("2024-05-27T07:32:00Z"));
    let items = root.get("b").unwrap().as_list().unwrap();
    assert_eq!([at(&items[0]), at(&items[1])], [same("2024-05-27"), same("07:32:00.5")]);
    assert_eq!(at(root.get("c").unwrap()), same("2024-05-27 07:32:00+01:00"));
    assert_eq!(at(root.get("d").unwrap()).0, "2024-05-27");
    assert_eq!(root.get("2024-05-27").and_then(Node::as_int), Some(1), "a key may look like a date");
}
