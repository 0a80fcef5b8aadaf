//! The controls of one pack: what fails first, what needs a person named, two numbers and no score.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use secscan_model::ControlStatus;
use secscan_model::report::{ControlResult, PackResult};

use super::terminal::{FAINT, STRONG, Terminal, count, safe, status_style};

/// What every compliance report of secscan says.
const DISCLAIMER: &str = "evidence from static analysis; not a determination of compliance";

/// How wide a column of numbers or titles gets at the most.
const WIDEST: usize = 48;

/// How wide the column of statuses is: the longest word and two spaces.
const STATUS: usize = 16;

/// Writes one pack.
pub(super) fn write<W: io::Write>(pack: &PackResult, terminal: &mut Terminal<W>) -> io::Result<()> {
    let title = terminal.paint(STRONG, safe(&pack.title));
    writeln!(terminal, "{title} ({}), {}", safe(&pack.id), safe(&pack.version))?;
    let rows: Vec<_> = ControlStatus::ALL.into_iter().filter(|status| is_row(*status)).collect();
    let rows: Vec<&ControlResult> =
        rows.iter().flat_map(|status| pack.controls.iter().filter(move |control| control.status == *status)).collect();
    let width = |text: fn(&ControlResult) -> &str| {
        rows.iter().map(|row| safe(text(row)).chars().count()).max().unwrap_or(0).min(WIDEST)
    };
    let columns = (width(|row| &row.control.control), width(|row| &row.title));
    for row in &rows {
        write_row(row, columns, terminal)?;
    }
    write_list(pack, ControlStatus::NotAssessed, terminal)?;
    write_numbers(pack, terminal)?;
    writeln!(terminal)
}

/// Whether controls in this status get a line each; the others are listed or only counted.
fn is_row(status: ControlStatus) -> bool {
    use ControlStatus as S;
    matches!(status, S::Fail | S::Unknown | S::Waived | S::Pass | S::Evidence | S::NotApplicable)
}

fn write_row<W: io::Write>(
    row: &ControlResult,
    (number, title): (usize, usize),
    terminal: &mut Terminal<W>,
) -> io::Result<()> {
    let status = terminal.paint(status_style(row.status), format_args!("{:STATUS$}", row.status.as_str()));
    let mut counts = Vec::new();
    if !row.findings.is_empty() {
        counts.push(count(row.findings.len() as u64, "finding"));
    }
    if row.examined > 0 {
        counts.push(format!("{} examined", row.examined));
    }
    let id = safe(&row.control.control);
    let line = format!("  {status}{id:number$}  {:title$}  {}", safe(&row.title), counts.join(", "));
    writeln!(terminal, "{}", line.trim_end())?;
    let lead = " ".repeat(STATUS + 2);
    if let Some(reason) = &row.reason {
        terminal.prose(FAINT, &lead, STATUS + 4, &safe(reason))?;
    }
    match &row.residual {
        Some(residual) if row.status == ControlStatus::Evidence => {
            terminal.prose(FAINT, &lead, STATUS + 4, &format!("left to a person: {}", safe(residual)))
        }
        _ => Ok(()),
    }
}

/// Writes the numbers of the controls in one status on as few lines as they need.
fn write_list<W: io::Write>(pack: &PackResult, status: ControlStatus, terminal: &mut Terminal<W>) -> io::Result<()> {
    let controls = pack.controls.iter().filter(|control| control.status == status);
    let ids: Vec<_> = controls.map(|control| safe(&control.control.control)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let lead = format!("  {:STATUS$}", status.as_str());
    terminal.prose(FAINT, &lead, STATUS + 2, &ids.join(", "))
}

/// Writes the counts per status, and coverage and holding with what they are shares of.
fn write_numbers<W: io::Write>(pack: &PackResult, terminal: &mut Terminal<W>) -> io::Result<()> {
    let mut counts: BTreeMap<ControlStatus, u64> = BTreeMap::new();
    for control in &pack.controls {
        *counts.entry(control.status).or_default() += 1;
    }
    let of = |statuses: &[ControlStatus]| statuses.iter().filter_map(|status| counts.get(status)).sum::<u64>();
    let words = ControlStatus::ALL
        .into_iter()
        .filter_map(|status| counts.get(&status).map(|number| format!("{number} {}", status.as_str())));
    let all = count(pack.controls.len() as u64, "control");
    terminal.prose(STRONG, "  ", 4, &format!("{all}: {}", words.collect::<Vec<_>>().join(", ")))?;
    use ControlStatus as S;
    let holding = of(&[S::Pass, S::Evidence]);
    let verdicts = holding + of(&[S::Fail, S::Waived]);
    let applicable = pack.controls.len() as u64 - of(&[S::NotApplicable]);
    let coverage = percent(pack.coverage);
    let share = percent(pack.holding);
    terminal.prose(
        Style::new(),
        "  ",
        4,
        &format!(
            "coverage {coverage}: {verdicts} of {applicable} applicable controls got a verdict; \
             holding {share}: {holding} of these {verdicts} pass or have evidence"
        ),
    )?;
    terminal.prose(FAINT, "  ", 4, DISCLAIMER)
}

/// A share in whole per cent, rounded down: almost all is not all.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{} %", (share * 100.0 + 1e-9).floor()))
}
