//! Each file under `fixtures/` is read, and what it gives is compared with the `.resources` file beside it.
//! `UPDATE_FIXTURES=1 cargo test -p secscan-resources --test golden` writes these files anew: read the difference.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use secscan_model::{LineIndex, Node, Platform, Source, SourceId, Value};
use secscan_resources::{FileReading, read_file};

/// The folders of single files. What needs a whole folder has a test of its own.
const FOLDERS: &[&str] = &["cloudformation", "compose", "dockerfile", "github-actions"];

#[test]
fn files_give_the_resources_beside_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut differing = Vec::new();
    for folder in FOLDERS {
        let root = fixtures.join(folder);
        let files = files(&root);
        assert!(!files.is_empty(), "no fixtures in {}", root.display());
        for file in files {
            let path = file.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
            let source = Source::from_text(SourceId(0), &path, &fs::read_to_string(&file).expect("readable"));
            let found = describe(&read_file(source));
            let beside =
                file.with_file_name(format!("{}.resources", file.file_name().expect("a file").to_string_lossy()));
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                fs::write(&beside, &found).expect("writable");
            }
            let expected = fs::read_to_string(&beside).unwrap_or_default().replace("\r\n", "\n");
            if found != expected {
                differing.push(format!("{folder}/{path}\n{}", first_difference(&expected, &found)));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of fixtures") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_none_or(|extension| extension != "resources") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn first_difference(expected: &str, found: &str) -> String {
    let at = expected.lines().zip(found.lines()).take_while(|(expected, found)| expected == found).count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
    format!("line {}:\n  expected {}\n  found    {}", at + 1, line(expected), line(found))
}

/// One line a resource, `line platform kind address part: value`, then the references and the diagnostics.
fn describe(reading: &FileReading) -> String {
    let mut text = String::new();
    let lines = LineIndex::new(&reading.source.bytes);
    for resource in &reading.batch.resources {
        let platform = if resource.platform == Platform::Common { "  " } else { "" };
        let line = lines.line(resource.value.at.span.start);
        let part = if resource.part.is_empty() { String::new() } else { format!(" {}", resource.part) };
        let value = show(&resource.value, &lines, line);
        writeln!(text, "{platform}{line}: {} {}{part}: {value}", resource.kind, resource.address).expect("to a string");
    }
    for edge in &reading.batch.edges {
        let address = |id: secscan_model::ResourceId| &reading.batch.resources[id.0 as usize].address;
        writeln!(text, "{} -{}-> {}", address(edge.from), edge.path, address(edge.to)).expect("to a string");
    }
    for diagnostic in &reading.diagnostics {
        let line = diagnostic.at.map_or(0, |at| lines.line(at.span.start));
        writeln!(text, "{line}: {}: {}", diagnostic.kind.as_str(), diagnostic.message).expect("to a string");
    }
    text
}

/// A value on one line: `?` and the raw text for what is known in part, `??` for what may be absent; `@` and the line
/// where a scalar stands on another line than its resource.
fn show(node: &Node, lines: &LineIndex, outer: u32) -> String {
    let line = lines.line(node.at.span.start);
    let place = if line == outer { String::new() } else { format!("@{line}") };
    match &node.value {
        Value::Scalar(scalar) => format!("{}{place}", scalar.text.replace('\n', "\\n")),
        Value::Unresolved(unresolved) => {
            let mark = if unresolved.perhaps_absent { "??" } else { "?" };
            format!("{mark}{}{place}", unresolved.raw_text().replace('\n', "\\n"))
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| show(item, lines, outer)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            // What stands in several resources is shown once.
            let entries =
                map.entries().iter().filter(|entry| !matches!(&*entry.key, "jobs" | "steps" | "platform" | "piped-to"));
            let entries = entries.map(|entry| format!("{}: {}", entry.key, show(&entry.value, lines, outer)));
            let rest = map.rest.iter().map(|why| format!("... ({why})"));
            format!("{{{}}}", entries.chain(rest).collect::<Vec<_>>().join(", "))
        }
    }
}
