//! What people read beside a change: the step summary of a CI run, or a comment on a pull or merge request.
//!
//! The whole fits GitHub's smallest limit, that of a comment; what does not is counted. Text of the scanned tree is shown
//! letter for letter: it makes no heading, link, image, table cell or mention.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;

use secscan_model::report::{Notice, PackResult};
use secscan_model::{ControlStatus, DiagnosticKind, Report};

use crate::Options;
use crate::words::{DISCLAIMER, count, gate, known, numbers, safe, short, worst_first};

/// How many bytes the whole takes at the most, a closing line aside. A comment on GitHub has 65,536 characters, a step summary 1 MiB, a note on
/// GitLab a million characters.
const LIMIT: usize = 64_000;
/// How many bytes the findings leave for packs and notices.
const RESERVED: usize = 24_000;
/// How many characters of a message or a path are shown.
const LONGEST: usize = 300;
/// How many characters of a name are shown.
const LONGEST_NAME: usize = 80;
/// How many controls of one status are named.
const MOST_CONTROLS: usize = 40;
/// How many notices are written out.
const MOST_NOTICES: usize = 10;

/// Writes the summary.
pub(crate) fn write(report: &Report, _: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page { text: String::new(), limit: LIMIT - RESERVED };
    write_head(report, &mut page);
    write_findings(report, &mut page);
    page.limit = LIMIT;
    let missing = report.packs.iter().filter(|pack| !page.add(&about_pack(pack))).count();
    if missing > 0 {
        page.text.push_str(&format!("{} did not fit here; the log has them.\n\n", count(missing as u64, "pack")));
    }
    if !page.add(&about_notices(&report.notices)) {
        let notices = count(report.notices.len() as u64, "notice");
        page.text.push_str(&format!("{notices} on what was not looked at did not fit here; the log has them.\n"));
    }
    out.write_all(page.text.as_bytes())
}

/// Text that grows by whole pieces up to a limit.
struct Page {
    text: String,
    limit: usize,
}

impl Page {
    /// Adds a piece if it fits.
    fn add(&mut self, piece: &str) -> bool {
        let fits = self.text.len() + piece.len() <= self.limit;
        if fits {
            self.text.push_str(piece);
        }
        fits
    }
}

fn write_head(report: &Report, page: &mut Page) {
    let (verdict, why) = gate(&report.gate);
    page.add(&format!("## secscan: the gate {verdict}\n\n{}.", literal(&sentence(&why))));
    if let Some(base) = &report.inputs.base {
        let base = literal(&safe(base.get(..12).unwrap_or(base)));
        page.add(&format!(" Compared with {base}; {} there too.", were(known(report))));
    }
    let coverage = &report.coverage;
    let resources = count(coverage.resources.values().sum(), "resource");
    let files = count(coverage.files, "file");
    let rules = count(report.rules.len() as u64, "rule");
    page.add(&format!(" Looked at {resources} in {} of {files} with {rules}.\n\n", coverage.recognised));
}

fn were(number: usize) -> String {
    let were = if number == 1 { "was" } else { "were" };
    format!("{} {were}", count(number as u64, "finding"))
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn write_findings(report: &Report, page: &mut Page) {
    let findings = worst_first(report);
    if findings.is_empty() {
        page.add(if report.inputs.base.is_some() { "No new findings.\n\n" } else { "No findings.\n\n" });
        return;
    }
    page.add("| severity | where | finding |\n|---|---|---|\n");
    let rows = findings.iter().map(|finding| {
        let place = &finding.place;
        let path = literal(&short(&place.path, LONGEST));
        let message = literal(&short(&finding.message, LONGEST));
        let rule = literal(&short(&finding.rule.0, LONGEST_NAME));
        format!("| {} | {path}:{} | **{rule}** {message} |\n", finding.severity, place.start.line())
    });
    let written = rows.take_while(|row| page.add(row)).count();
    if written < findings.len() {
        let more = count((findings.len() - written) as u64, "more finding");
        page.limit = LIMIT;
        page.add(&format!("\n{more} did not fit here; the log and the SARIF file have all of them.\n"));
    }
    page.add("\n");
}

/// A pack: what fails, what cannot be told, what was accepted, and the numbers.
fn about_pack(pack: &PackResult) -> String {
    let mut text =
        format!("### {} ({})\n\n", literal(&short(&pack.title, LONGEST_NAME)), literal(&short(&pack.id, LONGEST_NAME)));
    for status in [ControlStatus::Fail, ControlStatus::Unknown, ControlStatus::Waived] {
        let controls: Vec<_> = pack.controls.iter().filter(|control| control.status == status).collect();
        if controls.is_empty() {
            continue;
        }
        let names = controls.iter().take(MOST_CONTROLS).map(|row| literal(&short(&row.control.control, LONGEST_NAME)));
        let names = names.collect::<Vec<_>>().join(", ");
        let more = match controls.len().saturating_sub(MOST_CONTROLS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        // A string takes all that is written to it.
        let _ = writeln!(text, "- **{}**: {names}{more}", status.as_str());
    }
    let (counts, shares) = numbers(pack);
    let _ = writeln!(text, "\n{counts}; {shares}\n\n*{DISCLAIMER}*\n");
    text
}

/// What was not looked at, or not as its author may think; settings first, because a change may have touched them.
fn about_notices(notices: &[Notice]) -> String {
    if notices.is_empty() {
        return String::new();
    }
    let title = count(notices.len() as u64, "notice");
    let mut text = format!("<details><summary>{title} on what was not looked at</summary>\n\n");
    let mut first: Vec<_> = notices.iter().collect();
    first.sort_by_key(|notice| (notice.kind != DiagnosticKind::Configuration, !notice.kind.is_blinding()));
    for notice in first.iter().take(MOST_NOTICES) {
        let place = match (&notice.path, &notice.place) {
            (Some(path), Some(place)) => format!("{}:{}: ", literal(&short(path, LONGEST)), place.start.line()),
            (Some(path), None) => format!("{}: ", literal(&short(path, LONGEST))),
            (None, _) => String::new(),
        };
        let _ = writeln!(text, "- {}: {place}{}", notice.kind.as_str(), literal(&short(&notice.message, LONGEST)));
    }
    let kinds: BTreeSet<_> = first.iter().skip(MOST_NOTICES).map(|notice| notice.kind.as_str()).collect();
    if !kinds.is_empty() {
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "- and {} more ({kinds})", notices.len() - MOST_NOTICES);
    }
    text.push_str("\n</details>\n");
    text
}

/// What means something to Markdown, or to the code hosts that extend it, within a line. A colon makes links and emoji.
const ACTIVE: &str = "\\`*_[]<>{}&|#@!~$:";

/// Text that Markdown shows as it is. An invisible space behind what begins a mention or a reference keeps code hosts
/// from telling people, or issues, of it.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        let is_address = character == '.' && literal.ends_with(['w', 'W']);
        if ACTIVE.contains(character) || is_address {
            literal.push('\\');
        }
        literal.push(character);
        if matches!(character, '@' | '#' | '!') {
            literal.push('\u{200B}');
        }
    }
    literal
}
