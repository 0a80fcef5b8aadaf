//! What a person sees: findings with their source, then controls, then what was looked at.
//!
//! Reading order: this page (the order of the parts) → `terminal` (nothing raw from the scanned tree reaches a
//! terminal) → `finding` → `packs` → `summary`. The verdict comes last, where a terminal leaves the eye.

mod finding;
mod packs;
mod summary;
mod terminal;

use std::io;

use secscan_model::Report;

use crate::Options;
use terminal::Terminal;

/// Writes a report as text.
pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let mut terminal = Terminal::new(io::BufWriter::new(out), options);
    finding::write_all(report, options, &mut terminal)?;
    for pack in &report.packs {
        packs::write(pack, &mut terminal)?;
    }
    summary::write(report, options, &mut terminal)?;
    io::Write::flush(&mut terminal)
}
