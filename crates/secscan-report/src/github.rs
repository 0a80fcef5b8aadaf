//! GitHub Actions: findings as annotations, which are workflow commands, and their numbers as outputs of a step.
//!
//! GitHub shows ten annotations of each level a step and drops the others in silence. So only what a change brings is
//! annotated, the worst of it first, and how many are missing is said. Before the warnings stand files of settings that do
//! not do what their author meant, or that a change brings to decide its own scan. Every line is one command: nothing
//! from the scanned tree ends it, begins another, or is written among the outputs.

use std::io::{self, Write};

use secscan_model::report::Notice;
use secscan_model::{DiagnosticKind, Finding, Origin, Report, Severity};

use crate::Options;
use crate::words::{count, is_unsafe, short, worst_first};

/// How many annotations of one level GitHub shows for a step.
const MOST: usize = 10;
/// How many warnings go to settings at the most.
const MOST_SETTINGS: usize = 3;
/// How many characters of a message or an advice are written; GitHub cuts annotations at a few thousand.
const LONGEST: usize = 1000;

/// The levels of annotations, with the command of each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low | Severity::Info => Self::Notice,
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    /// How many findings get an annotation. One notice is kept for what is left out.
    fn room(self) -> usize {
        if self == Self::Notice { MOST - 1 } else { MOST }
    }
}

/// Writes the annotations.
pub(crate) fn write(report: &Report, _: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut left_out = 0;
    let findings = worst_first(report);
    let settings: Vec<_> = report.notices.iter().filter_map(of_settings).take(MOST_SETTINGS).collect();
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let mut room = level.room();
        if level == Level::Warning {
            for warning in &settings {
                writeln!(out, "{warning}")?;
            }
            room -= settings.len();
        }
        let of_level: Vec<_> = findings.iter().filter(|finding| Level::of(finding.severity) == level).collect();
        for finding in of_level.iter().take(room) {
            annotate(level, finding, report, &mut out)?;
        }
        left_out += of_level.len().saturating_sub(room);
    }
    if left_out > 0 {
        let more = count(left_out as u64, "more finding");
        writeln!(
            out,
            "::notice title=secscan::{more}: GitHub shows {MOST} annotations of each level. The log and the SARIF file \
             have all of them."
        )?;
    }
    out.flush()
}

fn annotate(level: Level, finding: &Finding, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let place = &finding.place;
    write!(out, "::{} ", level.command())?;
    // What comes from an image or from the past stands in no file of the checkout.
    if matches!(finding.origin, Origin::WorkTree) {
        let (line, end) = (place.start.line(), place.end.line());
        write!(out, "file={},line={line},endLine={end},", property(&place.path))?;
        // GitHub refuses columns of several lines.
        if line == end {
            write!(out, "col={},endColumn={},", place.start.column(), place.end.column())?;
        }
    }
    let title = format!("{} ({})", finding.rule, finding.severity);
    write!(out, "title={}::{}", property(&title), data(&short(&finding.message, LONGEST)))?;
    let advice = finding.fix.as_ref().map(|fix| &*fix.description);
    if let Some(advice) = advice.or(report.rule(&finding.rule).map(|rule| &*rule.fix)) {
        write!(out, "%0AFix: {}", data(&short(advice, LONGEST)))?;
    }
    writeln!(out)
}

/// The warning about a file of settings; none for notices of another kind, or of no file.
fn of_settings(notice: &Notice) -> Option<String> {
    let path = notice.path.as_ref().filter(|_| notice.kind == DiagnosticKind::Configuration)?;
    let line = notice.place.as_ref().map(|place| format!("line={},", place.start.line())).unwrap_or_default();
    let message = data(&short(&notice.message, LONGEST));
    Some(format!("::warning file={},{line}title=configuration::{message}", property(path)))
}

/// The text behind a command.
fn data(text: &str) -> String {
    escaped(text, &['%', '\r', '\n'])
}

/// The value of a command's property.
fn property(text: &str) -> String {
    escaped(text, &['%', '\r', '\n', ':', ','])
}

/// Text with `special` characters as the runner reads them back, and with every other control spelt out.
fn escaped(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            character if special.contains(&character) => escaped.push_str(&format!("%{:02X}", u32::from(character))),
            character if is_unsafe(character) => escaped.extend(character.escape_unicode()),
            character => escaped.push(character),
        }
    }
    escaped
}

/// Writes how many findings a change brings, in all and of each severity: `name=number` lines for `$GITHUB_OUTPUT`.
pub(crate) fn write_outputs(report: &Report, _: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let findings = worst_first(report);
    writeln!(out, "findings={}", findings.len())?;
    for severity in Severity::ALL.into_iter().rev() {
        let number = findings.iter().filter(|finding| finding.severity == severity).count();
        writeln!(out, "{severity}={number}")?;
    }
    Ok(())
}
