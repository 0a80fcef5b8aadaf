//! Real files: those under `fixtures/` at the root of the repository, and below the folders that the environment
//! variable `SECSCAN_FIXTURES` names, separated by colons.

use std::path::{Path, PathBuf};

use secscan_model::{DiagnosticKind, Node, ScalarKind, Source, SourceId, Value};
use secscan_parse::format_of;

use crate::{decode, each_scalar};

#[test]
fn the_bytes_of_scalars_mean_their_values() {
    let more = std::env::var("SECSCAN_FIXTURES").unwrap_or_default();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let folders = more.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let mut wrong = Vec::new();
    for folder in folders.chain([fixtures]) {
        let mut files = Vec::new();
        collect(&folder, &mut files);
        files.sort();
        let mut counts = [0usize; 4];
        for file in &files {
            check(file, &mut counts, &mut wrong);
        }
        let [files, scalars, broken, limited] = counts;
        eprintln!("{}: {files} files, {scalars} scalars, {broken} broken, {limited} cut", folder.display());
    }
    assert!(wrong.is_empty(), "{} scalars whose bytes mean something else:\n{}", wrong.len(), wrong.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

fn check(file: &Path, counts: &mut [usize; 4], wrong: &mut Vec<String>) {
    let path = file.to_string_lossy();
    let Some(format) = format_of(&path).filter(|format| format.name != "hcl") else { return };
    let Ok(bytes) = std::fs::read(file) else { return };
    let Ok(text) = String::from_utf8(bytes) else { return };
    let parsed = (format.parse)(&Source::from_text(SourceId(9), &path, &text));
    let found = |kind| usize::from(parsed.diagnostics.iter().any(|diagnostic| diagnostic.kind == kind));
    counts[0] += 1;
    counts[2] += found(DiagnosticKind::Syntax);
    counts[3] += found(DiagnosticKind::Limit);
    if std::env::var_os("SECSCAN_FIXTURES").is_some() {
        for diagnostic in parsed.diagnostics.iter().take(2) {
            let line = diagnostic.at.map_or(0, |at| text[..at.span.start as usize].matches('\n').count() + 1);
            eprintln!("{path}:{line}: {}", diagnostic.message);
        }
    }
    for document in &parsed.documents {
        each_scalar(document, &text, &mut |node, written| {
            counts[1] += 1;
            if !means(format.name, written, node) {
                wrong.push(format!("{path}: {written:?} {:?}", node.value));
            }
        });
    }
}

fn means(format: &str, written: &str, node: &Node) -> bool {
    let Value::Scalar(scalar) = &node.value else { return true };
    match format {
        "json" if scalar.kind == ScalarKind::Text => decode::double_quoted(written).as_deref() == Some(&*scalar.text),
        "json" => written == &*scalar.text,
        "dockerfile" => dockerfile_means(written, node),
        "unit" => decode::without_blanks(&written.replace("\\\n", "")) == decode::without_blanks(&scalar.text),
        "toml" if written.starts_with("\"\"\"") || written.starts_with("'''") => true,
        "toml" => {
            let literal = written.strip_prefix('\'').and_then(|literal| literal.strip_suffix('\''));
            literal == Some(&*scalar.text) || decode::yaml_means(written, &scalar.text)
        }
        _ => written.is_empty() && scalar.text.trim().is_empty() || decode::yaml_means(written, &scalar.text),
    }
}

/// The joined lines of a text, comments and blanks apart; the keys that stand for something else are not compared.
fn dockerfile_means(written: &str, node: &Node) -> bool {
    let text = node.as_str().unwrap_or("");
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    let lines = written.lines().enumerate().filter(|(number, line)| *number == 0 || !is_comment(line));
    let joined: String = lines.map(|(_, line)| line.trim_end().trim_end_matches(['\\', '`'])).collect();
    let is_derived = ["exec", "shell", "true", "false"].contains(&text) || written.contains("<<");
    is_derived
        || written.eq_ignore_ascii_case(text)
        || decode::double_quoted(written).as_deref() == Some(text)
        || decode::without_blanks(&joined) == decode::without_blanks(&text.replace(['\\', '`'], ""))
        || decode::without_blanks(written) == decode::without_blanks(text)
        || decode::without_blanks(&joined.replace(['\\', '`'], ""))
            == decode::without_blanks(&text.replace(['\\', '`'], ""))
}
