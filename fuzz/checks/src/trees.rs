//! Trees of files: read by all readers, and judged.

use std::sync::OnceLock;

use secscan_core::{Scanner, Silent};
use secscan_model::report::Notice;
use secscan_model::{DiagnosticKind, FileTree};
use secscan_report::Shown;
use secscan_rules::RuleSet;
use secscan_rules::check::Body;

use crate::files;
use crate::parsers::{MOST_NODES, Visit};

/// Reads the files of an input; what stands in front of the first path is the file `first`.
pub(crate) fn read(first: &str, input: &[u8]) {
    inspect(&files::tree(input, first));
}

/// Reads a tree: no reader panics, and every place lies in its file.
pub(crate) fn inspect(tree: &dyn FileTree) {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    let inspection = SCANNER.get_or_init(|| scanner(|_| false)).inspect(tree, &Silent);
    without_defects(&inspection.notices);
    let graph = &inspection.graph;
    let mut visit = Visit { sources: &graph.sources, left: MOST_NODES };
    for resource in &graph.resources {
        visit.place(resource.at);
        visit.node(&resource.value, 0);
    }
}

/// Judges source code by all rules about code.
pub(crate) fn search_code(input: &[u8]) {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    judge(SCANNER.get_or_init(|| scanner(|body| matches!(body, Body::Code(_)))), "main.py", input);
}

/// Looks for secrets.
pub(crate) fn search_secrets(input: &[u8]) {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    judge(SCANNER.get_or_init(|| scanner(|body| matches!(body, Body::Secret(_)))), "settings.ini", input);
}

/// Judges by all rules.
pub(crate) fn scan(input: &[u8]) {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    judge(SCANNER.get_or_init(|| scanner(|_| true)), "manifest.yaml", input);
}

/// A scanner of those built-in rules that ask what is wanted.
fn scanner(is_wanted: fn(&Body) -> bool) -> Scanner {
    let blob = secscan_builtin_rules::load().unwrap_or_else(|error| panic!("the built-in rules: {error}"));
    let mut rules = blob.rules;
    secscan_rules::bind(&mut rules, &Default::default()).unwrap_or_else(|error| panic!("{error}"));
    Scanner::of_rules(RuleSet::new(rules.into_iter().filter(|rule| is_wanted(&rule.body))))
}

/// Scans, and writes the report in one of the formats.
pub(crate) fn judge(scanner: &Scanner, first: &str, input: &[u8]) {
    let report = scanner.scan(&files::tree(input, first), &Silent);
    without_defects(&report.notices);
    let formats = secscan_report::FORMATS;
    let format = &formats[input.len() % formats.len()];
    let show = Shown { pass: true, unknown: true, suppressed: true, waived: true };
    let options = secscan_report::Options { show, width: Some(80), ..Default::default() };
    let mut bytes = Vec::new();
    (format.write)(&report, &options, &mut bytes).unwrap_or_else(|error| panic!("memory takes all: {error}"));
    assert!(std::str::from_utf8(&bytes).is_ok(), "a report in {} is no text", format.name);
    let is_json = matches!(format.name, "json" | "sarif" | "cyclonedx" | "gitlab");
    if is_json && let Err(error) = serde_json::from_slice::<serde_json::Value>(&bytes) {
        panic!("a report in {} is no JSON: {error}", format.name);
    }
}

/// Holds that nothing panicked, not even where a scan would go on.
fn without_defects(notices: &[Notice]) {
    let defect = notices.iter().find(|notice| notice.kind == DiagnosticKind::Internal);
    assert!(defect.is_none(), "{defect:?}");
}
