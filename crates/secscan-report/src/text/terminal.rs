//! The terminal: colours when asked for, prose wrapped, and nothing that a hostile file could steer it with.

use std::fmt::Display;
use std::io;

use anstyle::{AnsiColor, Style};
use secscan_model::{ControlStatus, Severity};

use crate::Options;
pub(super) use crate::words::{count, is_unsafe, safe};

/// For headings and numbers that matter.
pub(super) const STRONG: Style = Style::new().bold();
/// For what may be read later.
pub(super) const FAINT: Style = Style::new().dimmed();
/// For what holds.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// For what is broken.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what needs a look.
pub(super) const ODD: Style = AnsiColor::Yellow.on_default();

/// The style of a severity's word.
pub(super) fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => ODD,
        Severity::Low | Severity::Info => Style::new(),
    }
}

/// The style of a status's word.
pub(super) fn status_style(status: ControlStatus) -> Style {
    match status {
        ControlStatus::Fail => BAD,
        ControlStatus::Pass | ControlStatus::Evidence => GOOD,
        ControlStatus::Unknown | ControlStatus::Waived => ODD,
        _ => FAINT,
    }
}

/// Where text goes, with what it may use there.
pub(super) struct Terminal<W> {
    out: W,
    colour: bool,
    /// The columns there are, when prose is to be wrapped.
    pub(super) width: Option<usize>,
}

impl<W: io::Write> Terminal<W> {
    /// How narrow a terminal is believed to be at the most; what is narrower gets lines that are too long.
    const NARROWEST: usize = 40;

    pub(super) fn new(out: W, options: &Options) -> Self {
        let width = options.width.map(|width| width.max(Self::NARROWEST));
        Self { out, colour: options.colour, width }
    }

    /// `text` in a style, when colours are wanted.
    pub(super) fn paint(&self, style: Style, text: impl Display) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// Writes `lead` and behind it `text`; what does not fit goes on in lines that are indented by `hang`.
    pub(super) fn prose(&mut self, style: Style, lead: &str, hang: usize, text: &str) -> io::Result<()> {
        let width = self.width.unwrap_or(usize::MAX);
        let mut lines = vec![String::new()];
        let mut column = lead.chars().count();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            let Some(line) = lines.last_mut() else { break };
            if line.is_empty() || column + 1 + length <= width {
                let space = if line.is_empty() { "" } else { " " };
                column += space.len() + length;
                line.extend([space, word]);
            } else {
                lines.push(word.to_owned());
                column = hang + length;
            }
        }
        for (number, line) in lines.iter().enumerate() {
            let painted = self.paint(style, line);
            match number {
                0 => writeln!(self.out, "{lead}{painted}")?,
                _ => writeln!(self.out, "{:hang$}{painted}", "")?,
            }
        }
        Ok(())
    }
}

impl<W: io::Write> io::Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_hangs_where_it_does_not_fit() {
        let mut out = Vec::new();
        let options = Options { width: Some(40), ..Options::default() };
        let text = "one two three four five six seven eight nine ten eleven";
        Terminal::new(&mut out, &options).prose(Style::new(), "  ", 6, text).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "  one two three four five six seven\n      eight nine ten eleven\n");
        assert!(text.lines().all(|line| line.len() <= 40));
    }
}
