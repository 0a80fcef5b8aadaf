//! GitLab's Code Quality report: one JSON array of what counts, for the widget and the diff of a merge request.
//!
//! GitLab compares the reports of the two branches by fingerprint itself, so findings of the base revision are listed
//! too. Of several entries with one fingerprint it keeps the first: ours are numbered.

use std::io;

use secscan_model::{FindingKind, Report, Severity};
use serde::Serialize;

use crate::words::safe;
use crate::{Options, indented};

/// Writes the findings that count.
pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let listed = report.findings.iter().filter(|finding| finding.kind == FindingKind::Fail);
    let entries = listed.filter(|finding| options.show.admits(finding)).map(|finding| Entry {
        description: safe(&finding.message).into_owned(),
        check_name: &finding.rule.0,
        fingerprint: &finding.fingerprint,
        severity: word(finding.severity),
        location: Location { path: &finding.place.path, lines: Lines { begin: finding.place.start.line() } },
    });
    indented::write(&entries.collect::<Vec<_>>(), out)
}

#[derive(Serialize)]
struct Entry<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}
