//! The reports on the clinic, as they are committed beside it.
//!
//! After a wanted change: `UPDATE_GOLDEN=1 cargo test -p secscan --test cli golden`, and read the difference.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::determinism::copy;
use crate::workspace::{Run, Workspace};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/clinic.golden").join(name)
}

/// Compares with the committed file, or writes it.
fn hold(name: &str, actual: &str) {
    let file = golden(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(golden("")).expect("fixtures/ can be written");
        std::fs::write(&file, actual).expect("fixtures/ can be written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let first = committed.lines().zip(actual.lines()).position(|(committed, actual)| committed != actual);
    let line = first.unwrap_or_else(|| committed.lines().count().min(actual.lines().count()));
    assert!(
        committed == actual,
        "{name} differs from line {}:\n- {}\n+ {}\nafter a wanted change: UPDATE_GOLDEN=1 cargo test -p secscan --test cli golden",
        line + 1,
        committed.lines().nth(line).unwrap_or_default(),
        actual.lines().nth(line).unwrap_or_default(),
    );
}

/// A report without what changes with every edit of any rule or pack: their digests.
fn without_digests(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key.to_ascii_lowercase().ends_with("digest") => "...".clone_into(text),
                    value => without_digests(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_digests),
        _ => {}
    }
}

fn pretty(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).expect("JSON");
    without_digests(&mut value);
    // What the clinic does not touch changes with every rule that is added.
    if let Some(rules) = value.get_mut("rules").and_then(Value::as_array_mut) {
        rules.retain(|rule| ["pass", "fail", "unknown"].iter().any(|verdict| rule[verdict] != 0));
    }
    if let Some(rules) = value.pointer_mut("/runs/0/tool/driver/rules") {
        *rules = Value::Array(Vec::new());
    }
    serde_json::to_string_pretty(&value).expect("JSON") + "\n"
}

/// Scans the clinic by the advisories beside it. Their store lies elsewhere, since it is no part of the clinic.
fn scan(arguments: &[&str]) -> Run {
    let elsewhere = Workspace::with(&[]);
    let store = elsewhere.path("advisories.db").to_string_lossy().into_owned();
    let advisories = golden("../clinic.advisories").to_string_lossy().into_owned();
    let imported = elsewhere.run(&["db", "import", &advisories, "--db", &store]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    copy(1).scan(&[&["--db", &store], arguments].concat())
}

const PACKS: &[&str] = &["--pack", "hipaa", "--pack", "pci-dss", "--pack", "gdpr", "--pack", "kubernetes-hardening"];

#[test]
fn the_text_report_is_as_committed() {
    let run = scan(PACKS);
    assert_eq!(run.code, Some(1), "the clinic has mistakes: {}", run.stderr);
    hold("report.txt", &run.stdout);
}

#[test]
fn the_json_report_is_as_committed() {
    let run = scan(&[PACKS, &["-f", "json", "--show", "unknown,suppressed,waived"]].concat());
    hold("report.json", &pretty(&run.stdout));
}

#[test]
fn the_sarif_report_is_as_committed() {
    let run = scan(&[PACKS, &["-f", "sarif"]].concat());
    let mut log: Value = serde_json::from_str(&run.stdout).expect("JSON");
    // Indexes count all rules; the id beside each says the same.
    for result in log.pointer_mut("/runs/0/results").and_then(Value::as_array_mut).into_iter().flatten() {
        result.as_object_mut().expect("a result").remove("ruleIndex");
    }
    hold("report.sarif", &pretty(&log.to_string()));
}
