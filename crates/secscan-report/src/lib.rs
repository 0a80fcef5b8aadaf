//! A [`Report`] as text for a terminal, as JSON, as SARIF for code hosts, as what CI systems show beside a change, and
//! its packages as a bill of materials.
//!
//! Reading order: this page (the table of formats, and which findings an output lists) → `words` (what several outputs
//! say) → `text` → `json` → `sarif` → `cyclonedx` → `markdown` → `github` → `gitlab`.
//! An output is one module and one line of [`FORMATS`]. The structs that appear on the wire live in the module of their
//! format; the model knows none of them.

#![forbid(unsafe_code)]

mod cyclonedx;
mod github;
mod gitlab;
mod indented;
mod json;
mod markdown;
mod sarif;
mod text;
mod words;

use std::io;

use secscan_model::report::Quotes;
use secscan_model::{Finding, FindingKind, Report, Status};

pub use json::schema;

/// One way to write a report.
#[derive(Debug)]
pub struct Format {
    /// The word that selects it.
    pub name: &'static str,
    /// What it is for, in half a line.
    pub about: &'static str,
    /// What it repeats of the lines that findings stand in.
    pub quotes: Quotes,
    /// Writes the report. The only errors are those of the writer.
    pub write: fn(&Report, &Options, &mut dyn io::Write) -> io::Result<()>,
}

/// All formats, the default one first.
pub static FORMATS: &[Format] = &[
    Format { name: "text", about: "for people at a terminal", quotes: Quotes::Text, write: text::write },
    Format {
        name: "json",
        about: "for scripts; `secscan schema report` describes it",
        quotes: Quotes::Nothing,
        write: json::write,
    },
    Format {
        name: "sarif",
        about: "SARIF 2.1.0, for GitHub code scanning and editors",
        quotes: Quotes::Everything,
        write: sarif::write,
    },
    Format {
        name: "cyclonedx",
        about: "a bill of materials, CycloneDX 1.6 in JSON",
        quotes: Quotes::Nothing,
        write: cyclonedx::write,
    },
    Format {
        name: "markdown",
        about: "a summary for CI runs and comments",
        quotes: Quotes::Nothing,
        write: markdown::write,
    },
    Format {
        name: "github",
        about: "annotations, as workflow commands of GitHub Actions",
        quotes: Quotes::Nothing,
        write: github::write,
    },
    Format {
        name: "github-output",
        about: "numbers of findings, for $GITHUB_OUTPUT",
        quotes: Quotes::Nothing,
        write: github::write_outputs,
    },
    Format { name: "gitlab", about: "GitLab's Code Quality report", quotes: Quotes::Nothing, write: gitlab::write },
];

/// The format of a name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// How to write a report.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// Whether text carries ANSI colours.
    pub colour: bool,
    /// Which findings are listed besides those that count.
    pub show: Shown,
    /// How many columns text may take; without it, prose is not wrapped.
    pub width: Option<usize>,
    /// What tells apart several analyses of one commit on a code host, such as the projects of a monorepo; `secscan`
    /// without it.
    pub category: Option<String>,
}

/// Findings that are counted always and listed on request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Shown {
    /// Subjects for which a rule holds.
    pub pass: bool,
    /// Subjects for which the answer is not in the files.
    pub unknown: bool,
    /// What a comment, the configuration or the baseline sets aside.
    pub suppressed: bool,
    /// Accepted risks.
    pub waived: bool,
}

impl Shown {
    /// The words that select them.
    pub const WORDS: [&str; 4] = ["pass", "unknown", "suppressed", "waived"];

    /// Adds what a word selects; false when the word is none of [`Shown::WORDS`].
    pub fn add(&mut self, word: &str) -> bool {
        match word {
            "pass" => self.pass = true,
            "unknown" => self.unknown = true,
            "suppressed" => self.suppressed = true,
            "waived" => self.waived = true,
            _ => return false,
        }
        true
    }

    /// Whether an output lists the finding.
    pub fn admits(&self, finding: &Finding) -> bool {
        let kind = match finding.kind {
            FindingKind::Fail => true,
            FindingKind::Pass => self.pass,
            FindingKind::Unknown => self.unknown,
        };
        kind && match finding.status {
            Status::Open => true,
            Status::Suppressed { .. } | Status::Baselined => self.suppressed,
            Status::Waived { .. } => self.waived,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_their_names() {
        for each in FORMATS {
            assert!(std::ptr::eq(format(each.name).expect(each.name), each), "two formats share a name");
        }
        assert!(format("yaml").is_none());
    }

    #[test]
    fn every_word_shows_something_of_its_own() {
        let mut all = Shown::default();
        for word in Shown::WORDS {
            let before = all;
            assert!(all.add(word));
            assert_ne!(all, before, "{word}");
        }
        assert!(!all.add("everything"));
    }
}
