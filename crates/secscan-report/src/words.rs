//! Words that several outputs share: harmless text, counts, what the gate says, and the two numbers of a pack.

use std::borrow::Cow;
use std::collections::BTreeMap;

use secscan_model::report::{Gate, PackResult};
use secscan_model::{ControlStatus, Finding, FindingKind, Report, Status};

/// What every compliance report of secscan says.
pub(crate) const DISCLAIMER: &str = "evidence from static analysis; not a determination of compliance";

/// Whether a terminal may take the character for a command, or show what stands around it in another order.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Text on one line that is safe to print: line breaks and tabs become spaces, other controls are spelt out.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' | '\t' => safe.push(' '),
            '\r' => {}
            character if is_unsafe(character) => safe.extend(character.escape_unicode()),
            character => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

/// [`safe`] text of at most `most` characters, with dots where it was cut.
pub(crate) fn short(text: &str, most: usize) -> Cow<'_, str> {
    let text = safe(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => text,
    }
}

/// A count with its noun, whose plural is made with an `s`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Whether the gate passed, and the sentence behind that word.
pub(crate) fn gate(gate: &Gate) -> (&'static str, String) {
    let (only, threshold) = match gate.threshold.strip_prefix("new:") {
        Some(threshold) => ("new ", threshold),
        None => ("", &*gate.threshold),
    };
    let verdict = if gate.failed { "failed" } else { "passed" };
    if threshold == "never" || threshold.is_empty() {
        return (verdict, "findings do not fail it".to_owned());
    }
    let number = if gate.counted == 0 { "no".to_owned() } else { gate.counted.to_string() };
    let noun = if gate.counted == 1 { "finding" } else { "findings" };
    (verdict, format!("{number} {only}{noun} at {} or above", safe(threshold)))
}

/// The open failures that a change brings (without a base: all of them), the worst first.
pub(crate) fn worst_first(report: &Report) -> Vec<&Finding> {
    let counts = |finding: &&Finding| finding.kind == FindingKind::Fail && finding.status == Status::Open;
    let mut findings: Vec<_> = report.findings.iter().filter(counts).filter(|finding| finding.new).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    findings
}

/// How many open failures the base revision has too.
pub(crate) fn known(report: &Report) -> usize {
    let is_known = |finding: &&Finding| finding.kind == FindingKind::Fail && !finding.new;
    report.findings.iter().filter(is_known).filter(|finding| finding.status == Status::Open).count()
}

/// The controls of a pack in numbers: how many there are in each status; then coverage and holding with what they are
/// shares of.
pub(crate) fn numbers(pack: &PackResult) -> (String, String) {
    let mut counts: BTreeMap<ControlStatus, u64> = BTreeMap::new();
    for control in &pack.controls {
        *counts.entry(control.status).or_default() += 1;
    }
    let of = |statuses: &[ControlStatus]| statuses.iter().filter_map(|status| counts.get(status)).sum::<u64>();
    let words = ControlStatus::ALL
        .into_iter()
        .filter_map(|status| counts.get(&status).map(|number| format!("{number} {}", status.as_str())));
    let all = count(pack.controls.len() as u64, "control");
    use ControlStatus as S;
    let holding = of(&[S::Pass, S::Evidence]);
    let verdicts = holding + of(&[S::Fail, S::Waived]);
    let applicable = pack.controls.len() as u64 - of(&[S::NotApplicable]);
    let coverage = percent(pack.coverage);
    let share = percent(pack.holding);
    (
        format!("{all}: {}", words.collect::<Vec<_>>().join(", ")),
        format!(
            "coverage {coverage}: {verdicts} of {applicable} applicable controls got a verdict; \
             holding {share}: {holding} of these {verdicts} pass or have evidence"
        ),
    )
}

/// A share in whole per cent, rounded down: almost all is not all.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{} %", (share * 100.0 + 1e-9).floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_spelt_out() {
        assert_eq!(safe("plain ünïcode"), "plain ünïcode");
        assert_eq!(safe("a\nb\tc\r"), "a b c");
        assert_eq!(safe("\u{1b}[31mred\u{9b}2J"), "\\u{1b}[31mred\\u{9b}2J");
        assert_eq!(safe("x\u{202e}fdp.exe"), "x\\u{202e}fdp.exe");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(short("größe", 5), "größe");
        assert_eq!(short("größe\n!", 4), "größ...");
    }
}
