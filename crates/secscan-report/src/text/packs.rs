//! The controls of one pack: what fails first, what needs a person named, two numbers and no score.

use std::io::{self, Write};

use anstyle::Style;
use secscan_model::ControlStatus;
use secscan_model::report::{ControlResult, PackResult};

use super::terminal::{FAINT, STRONG, Terminal, count, safe, status_style};
use crate::words::{DISCLAIMER, numbers};

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
    let (counts, shares) = numbers(pack);
    terminal.prose(STRONG, "  ", 4, &counts)?;
    terminal.prose(Style::new(), "  ", 4, &shares)?;
    terminal.prose(FAINT, "  ", 4, DISCLAIMER)
}
