//! The same input gives the same bytes, and what SARIF quotes is what the file says.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::workspace::{TODAY, Workspace, list, text};

/// The project's own example of a repository.
fn clinic() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/clinic")
}

/// All files below a folder, relative to it, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("it lies below").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The clinic, copied file by file in an order that `step` shuffles: each `step`-th file, then the next of each.
pub(crate) fn copy(step: usize) -> Workspace {
    let workspace = Workspace::with(&[]);
    let files = files(&clinic());
    for first in 0..step {
        for file in files.iter().skip(first).step_by(step) {
            let bytes =
                std::fs::read(clinic().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            workspace.write(&file.to_string_lossy(), bytes);
        }
    }
    workspace
}

#[test]
fn neither_threads_nor_the_order_of_the_disk_change_a_byte() {
    let arguments = ["--pack", "hipaa", "--show", "pass,unknown,suppressed,waived", "--jobs"];
    for format in ["json", "sarif", "text"] {
        let scan = |step, jobs| {
            let run = copy(step).scan(&[&["-f", format], &arguments[..], &[jobs]].concat());
            assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
            run.stdout
        };
        let expected = scan(1, "1");
        for (step, jobs) in [(1, "2"), (7, "8"), (3, "1")] {
            assert!(scan(step, jobs) == expected, "{format}: {jobs} threads, every {step}. file first");
        }
    }
}

/// Byte offsets of a one-based line and column in UTF-16 code units or code points: the clinic is mostly ASCII, and
/// where it is not the run says which unit its columns count.
fn offset(content: &str, line: u64, column: u64, unit: &str) -> usize {
    let start: usize = content.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let mut left = column - 1;
    let mut at = start;
    for c in content[start..].chars() {
        if left == 0 {
            break;
        }
        left = left.saturating_sub(if unit == "utf16CodeUnits" { c.len_utf16() as u64 } else { 1 });
        at += c.len_utf8();
    }
    at
}

/// Every physical location of a SARIF log, wherever it stands.
fn locations<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| locations(item, found)),
        Value::Object(members) => {
            found.extend(members.get("physicalLocation"));
            members.values().for_each(|member| locations(member, found));
        }
        _ => {}
    }
}

/// Whether a quotation is what the file says; secrets are masked sign by sign.
fn agree(snippet: &str, said: &str) -> bool {
    let (snippet, said) = (snippet.trim_end(), said.trim_end());
    snippet.chars().count() == said.chars().count()
        && snippet.chars().zip(said.chars()).all(|(a, b)| a == b || a == '*')
}

#[test]
fn what_sarif_quotes_is_what_the_file_says_there() {
    let run = copy(1).run(&["scan", "--now", TODAY, "-f", "sarif", "--pack", "hipaa"]);
    let sarif = run.json();
    let run = &sarif["runs"][0];
    let unit = run["columnKind"].as_str().unwrap_or("utf16CodeUnits");
    let mut found = Vec::new();
    locations(&run["results"], &mut found);
    let mut quoted = 0;
    for location in found {
        let path = text(&location["artifactLocation"]["uri"]);
        let content = std::fs::read_to_string(clinic().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        for region in [&location["region"], &location["contextRegion"]] {
            let Some(snippet) = region["snippet"]["text"].as_str() else { continue };
            let number = |name: &str, otherwise: u64| region[name].as_u64().unwrap_or(otherwise);
            let start_line = number("startLine", 1);
            let end_line = number("endLine", start_line);
            let start = offset(&content, start_line, number("startColumn", 1), unit);
            let end = match region["endColumn"].as_u64() {
                Some(column) => offset(&content, end_line, column, unit),
                None => offset(&content, end_line + 1, 1, unit),
            };
            let said = &content[start..end];
            assert!(agree(snippet, said), "{path}:{start_line}: {snippet:?} is {said:?}");
            quoted += 1;
        }
    }
    assert!(quoted >= list(&run["results"]).len(), "every result quotes what it is about");
}
