//! What was built as text: YAML with sorted keys, as Kustomize prints it.

use std::fmt::Write;
use std::sync::Arc;

use secscan_model::{Diagnostic, Node, ScalarKind, Value};

use super::build;
use super::loading::Files;
use crate::reading::{FileReading, Fragment, Tree};

/// The kustomizations of a tree as text.
#[derive(Debug, Default)]
pub struct Printed {
    /// The folders that were built, with their objects as YAML documents.
    pub folders: Vec<(Arc<str>, Vec<String>)>,
    /// What could not be built.
    pub diagnostics: Vec<Diagnostic>,
}

/// Builds all kustomizations that no other one takes in. `readings` must be sorted by source id.
pub fn print(readings: &[FileReading], tree: Option<&Tree<'_>>) -> Printed {
    let mut printed = Printed::default();
    for reading in readings {
        let Some(Fragment::Kustomize(file)) = &reading.fragment else { continue };
        let folder = reading.source.folder();
        if file.is_component || !super::is_root(folder, readings) {
            continue;
        }
        let built = build::build(Files::new(readings, tree), folder, &mut printed.diagnostics);
        printed.folders.push((folder.into(), built.objects.iter().map(document).collect()));
    }
    printed
}

/// An object as a YAML document.
fn document(object: &Node) -> String {
    let mut text = String::new();
    block(&mut text, object, 0);
    text
}

/// A value on lines of its own, each behind so many blanks.
fn block(text: &mut String, node: &Node, indent: usize) {
    match &node.value {
        Value::Map(map) => {
            let mut sorted: Vec<_> = map.entries().iter().collect();
            sorted.sort_by(|one, other| one.key.cmp(&other.key));
            for (index, entry) in sorted.into_iter().enumerate() {
                // The first key of an item stands behind its dash.
                if index > 0 || !text.ends_with("- ") {
                    blanks(text, indent);
                }
                text.push_str(&scalar(&entry.key, ScalarKind::Text));
                text.push(':');
                // Lists stand below their key without an indentation of their own.
                let deeper = if entry.value.as_list().is_some() { indent } else { indent + 2 };
                behind(text, &entry.value, deeper);
            }
        }
        Value::List(items) => {
            for item in items.iter() {
                blanks(text, indent);
                text.push('-');
                match &item.value {
                    Value::Map(map) if !map.is_empty() => {
                        text.push(' ');
                        block(text, item, indent + 2);
                    }
                    _ => behind(text, item, indent + 2),
                }
            }
        }
        Value::Scalar(_) | Value::Unresolved(_) => behind(text, node, indent),
    }
}

/// A value behind a key or a dash.
fn behind(text: &mut String, node: &Node, indent: usize) {
    match &node.value {
        Value::Map(map) if map.is_empty() => text.push_str(" {}\n"),
        Value::List(items) if items.is_empty() => text.push_str(" []\n"),
        Value::Map(_) | Value::List(_) => {
            text.push('\n');
            block(text, node, indent);
        }
        Value::Scalar(value) if value.kind == ScalarKind::Text && is_literal(&value.text) => {
            literal(text, &value.text, indent);
        }
        Value::Scalar(value) => {
            text.push(' ');
            text.push_str(&scalar(&value.text, value.kind));
            text.push('\n');
        }
        Value::Unresolved(unresolved) => {
            let shown = if unresolved.parts.is_empty() { "unknown".to_owned() } else { unresolved.raw_text() };
            // What nobody knows is told from what is written by the comment behind it.
            let _ = writeln!(text, " {} # {}", scalar(&shown, ScalarKind::Text), unresolved.why.replace('\n', " "));
        }
    }
}

fn blanks(text: &mut String, count: usize) {
    text.extend(std::iter::repeat_n(' ', count));
}

/// Whether a text of several lines can be written as it is.
fn is_literal(text: &str) -> bool {
    let is_plain =
        |letter: char| matches!(letter, '\n' | '\t' | ' '..='~') || (letter > '\u{a0}' && letter != '\u{feff}');
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(|letter| is_plain(letter) && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{85}'))
        && text.trim_end_matches('\n').lines().all(|line| !line.ends_with([' ', '\t']) && !line.starts_with('\t'))
}

fn literal(text: &mut String, value: &str, indent: usize) {
    let chomping = match value.len() - value.trim_end_matches('\n').len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let _ = writeln!(text, " |{chomping}");
    for line in value.strip_suffix('\n').unwrap_or(value).split('\n') {
        if !line.is_empty() {
            blanks(text, indent.max(1));
        }
        text.push_str(line);
        text.push('\n');
    }
}

/// A scalar on one line: quoted where it would mean something else.
fn scalar(value: &str, kind: ScalarKind) -> String {
    if kind == ScalarKind::Null {
        return "null".to_owned();
    }
    let is_safe = value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && !value.ends_with([' ', ':'])
        && !value.contains(": ")
        && !value.contains(" #")
        && value.chars().all(|letter| letter.is_ascii_alphanumeric() || " _./@:+=%()[]{}<>$,;-".contains(letter))
        && !WORDS.contains(&&*value.to_ascii_lowercase());
    if kind != ScalarKind::Text || is_safe { value.to_owned() } else { quoted(value) }
}

/// Words that some reader of YAML takes for something other than text.
const WORDS: &[&str] = &["false", "n", "no", "null", "off", "on", "true", "y", "yes"];

fn quoted(value: &str) -> String {
    let mut text = String::from('"');
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            letter if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            letter => text.push(letter),
        }
    }
    text.push('"');
    text
}
