//! What was looked at, what was not, how many findings there are, and what the gate says.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use secscan_model::report::Notice;
use secscan_model::{DiagnosticKind, Finding, FindingKind, Report, Severity, Status};

use super::terminal::{BAD, FAINT, GOOD, ODD, STRONG, Terminal, count, safe, severity_style};
use crate::{Options, Shown, words};

/// How many notices are written out.
const MOST_NOTICES: usize = 5;

/// Writes the end of the report.
pub(super) fn write<W: io::Write>(report: &Report, options: &Options, terminal: &mut Terminal<W>) -> io::Result<()> {
    write_notices(&report.notices, terminal)?;
    write_coverage(report, terminal)?;
    write_findings(report, options.show, terminal)?;
    write_gate(report, terminal)
}

/// The first notices, those first that may hide a finding, and how many there are of each kind.
fn write_notices<W: io::Write>(notices: &[Notice], terminal: &mut Terminal<W>) -> io::Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    let mut kinds: BTreeMap<DiagnosticKind, u64> = BTreeMap::new();
    for notice in notices {
        *kinds.entry(notice.kind).or_default() += 1;
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, number)| format!("{number} {}", kind.as_str())).collect();
    let title = terminal.paint(ODD, count(notices.len() as u64, "notice"));
    writeln!(terminal, "{title} on what was not looked at: {}", kinds.join(", "))?;
    let mut first: Vec<_> = notices.iter().collect();
    first.sort_by_key(|notice| !notice.kind.is_blinding());
    for notice in first.iter().take(MOST_NOTICES) {
        let place = match (&notice.place, &notice.path) {
            (Some(place), _) => format!("{}:{}:{}: ", safe(&place.path), place.start.line(), place.start.column()),
            (None, Some(path)) => format!("{}: ", safe(path)),
            (None, None) => String::new(),
        };
        let text = format!("{}: {place}{}", notice.kind.as_str(), safe(&notice.message));
        terminal.prose(Style::new(), "  ", 4, &text)?;
    }
    if notices.len() > MOST_NOTICES {
        let more = notices.len() - MOST_NOTICES;
        terminal.prose(FAINT, "  ", 4, &format!("and {more} more; all of them: --format json"))?;
    }
    writeln!(terminal)
}

fn write_coverage<W: io::Write>(report: &Report, terminal: &mut Terminal<W>) -> io::Result<()> {
    let coverage = &report.coverage;
    let platforms: Vec<_> =
        coverage.resources.iter().map(|(platform, number)| format!("{} {number}", safe(platform))).collect();
    let platforms = if platforms.is_empty() { String::new() } else { format!(" ({})", platforms.join(", ")) };
    let searched = match (coverage.searched, coverage.binary) {
        (0, _) => String::new(),
        (searched, 0) => format!("; searched {searched} as text"),
        (searched, binary) => format!("; searched {searched} as text, {binary} are binary"),
    };
    let text = format!(
        "Looked at {}{platforms} in {} of {} with {}{searched}",
        count(coverage.resources.values().sum(), "resource"),
        coverage.recognised,
        count(coverage.files, "file"),
        count(report.rules.len() as u64, "rule"),
    );
    terminal.prose(Style::new(), "", 2, &text)?;
    write_advisories(report, terminal)
}

/// By which advisories packages were judged, or loudly that they were not.
fn write_advisories<W: io::Write>(report: &Report, terminal: &mut Terminal<W>) -> io::Result<()> {
    let Some(tally) = report.tallies.iter().find(|(rule, _)| &*rule.0 == "vulnerable-dependency").map(|(_, it)| it)
    else {
        return Ok(());
    };
    let packages = count(tally.examined(), "package");
    match &report.inputs.advisories {
        _ if tally.examined() == 0 => Ok(()),
        None => {
            let text = format!("Vulnerabilities of {packages} were not looked at: there is no advisory store");
            let text = terminal.paint(ODD, text);
            writeln!(terminal, "{text}")
        }
        Some(data) => {
            let (number, day, digest) = (data.count, safe(&data.modified), safe(&data.digest));
            let text = format!("Judged {packages} by {number} advisories, last changed {day}, digest {digest}");
            terminal.prose(Style::new(), "", 2, &text)
        }
    }
}

/// The findings that count by severity, then what is set aside, and how to see it.
fn write_findings<W: io::Write>(report: &Report, show: Shown, terminal: &mut Terminal<W>) -> io::Result<()> {
    let fails: Vec<_> = report.findings.iter().filter(|finding| finding.kind == FindingKind::Fail).collect();
    let open: Vec<_> = fails.iter().filter(|finding| finding.status == Status::Open).collect();
    let severities = Severity::ALL.into_iter().rev().filter_map(|severity| {
        let number = open.iter().filter(|finding| finding.severity == severity).count();
        (number > 0).then(|| terminal.paint(severity_style(severity), format_args!("{number} {severity}")))
    });
    let severities = severities.collect::<Vec<_>>().join(", ");
    let mut text = match severities.as_str() {
        "" => format!("Findings: {}", terminal.paint(GOOD, "none")),
        severities => format!("Findings: {severities}"),
    };
    let new = open.iter().filter(|finding| finding.new).count();
    if new < open.len() {
        text.push_str(&format!(", {new} of them new"));
    }
    let aside = aside(report, &fails, show);
    if !aside.is_empty() {
        let words: Vec<_> = aside.iter().map(|aside| format!("{} {}", aside.number, aside.word)).collect();
        text.push_str(&format!("; also {}", words.join(", ")));
    }
    let mut hidden: Vec<_> = aside.iter().filter(|aside| !aside.shown).map(|aside| aside.flag).collect();
    hidden.dedup();
    if !hidden.is_empty() {
        text.push_str(&terminal.paint(FAINT, format_args!(" (--show {})", hidden.join(","))));
    }
    writeln!(terminal, "{text}")
}

/// Answers that do not count as findings.
struct Aside {
    number: u64,
    word: &'static str,
    /// The word of `--show` that lists them.
    flag: &'static str,
    /// Whether they are listed.
    shown: bool,
}

/// What does not count and exists, those that share a flag side by side.
fn aside(report: &Report, fails: &[&Finding], show: Shown) -> Vec<Aside> {
    let status = |word| fails.iter().filter(|finding| finding.status.as_str() == word).count() as u64;
    let unknown = report.tallies.values().map(|tally| tally.unknown).sum();
    let mut aside = vec![
        Aside { number: status("suppressed"), word: "suppressed", flag: "suppressed", shown: show.suppressed },
        Aside { number: status("baselined"), word: "baselined", flag: "suppressed", shown: show.suppressed },
        Aside { number: status("waived"), word: "waived", flag: "waived", shown: show.waived },
        Aside { number: unknown, word: "unknown", flag: "unknown", shown: show.unknown },
    ];
    aside.retain(|aside| aside.number > 0);
    aside
}

fn write_gate<W: io::Write>(report: &Report, terminal: &mut Terminal<W>) -> io::Result<()> {
    let (verdict, why) = words::gate(&report.gate);
    let verdict = terminal.paint(if report.gate.failed { BAD } else { GOOD }, verdict);
    let gate_word = terminal.paint(STRONG, "Gate");
    writeln!(terminal, "{gate_word}: {verdict}, {why}")
}
