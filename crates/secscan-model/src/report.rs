//! Places are resolved to paths, positions and lines here, so that reporters need neither files nor spans.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{
    Automation, Confidence, ControlRef, ControlStatus, DiagnosticKind, Header, Origin, Platform, Position, RuleId,
    RuleInfo, Severity,
};

/// The verdict that a [`Finding`] records.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub enum FindingKind {
    /// The rule is broken.
    Fail,
    /// The rule holds; listed only on request.
    Pass,
    /// The answer hangs on a value that is not in the files; listed only on request.
    Unknown,
}

impl FindingKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Unknown => "unknown",
        }
    }
}

/// A place in a file as people read it. What [`Quotes`] leaves out is empty.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The path relative to the root of the scan, with forward slashes.
    pub path: Arc<str>,
    /// The first character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// The text of the region, exactly as the file has it; cut after [`Place::TEXT_LIMIT`] bytes.
    pub text: Arc<str>,
    /// The lines from the start's line to the end's line, at most [`Place::SNIPPET_LINES`], each whole unless it is
    /// [cut](Place::is_cut).
    pub snippet: Vec<Arc<str>>,
    /// GitHub's `primaryLocationLineHash` of the first line, counter included.
    pub line_hash: Arc<str>,
}

impl Place {
    /// How many lines a snippet has at the most.
    pub const SNIPPET_LINES: usize = 6;
    /// How many bytes of a line a snippet has at the most: a minified file is one line, and thousands of places may lie
    /// in it.
    pub const LINE_LIMIT: usize = 1024;
    /// How many bytes of a region's text are kept.
    pub const TEXT_LIMIT: usize = 4096;

    /// Whether there may be more of a line of a snippet in the file: no character is cut, so a byte or three may lack to
    /// the limit.
    pub fn is_cut(line: &str) -> bool {
        line.len() + 3 >= Self::LINE_LIMIT
    }
}

/// How much of the lines that findings stand in a report holds: making more than its outputs write is work for nothing.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Quotes {
    /// Nothing; where they are says enough.
    Nothing,
    /// Their text: [`Place::text`] and [`Place::snippet`].
    Text,
    /// Also what code hosts recognise them by: [`Place::line_hash`].
    #[default]
    Everything,
}

/// A place that explains a finding.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Related {
    /// The place.
    pub place: Place,
    /// What stands there.
    pub message: Arc<str>,
}

/// Whether a finding counts.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Status {
    /// It counts.
    Open,
    /// A comment or the configuration sets it aside; its controls still fail.
    Suppressed {
        /// The reason that was given.
        reason: Arc<str>,
        /// Where it was given: `path:line`.
        source: Arc<str>,
    },
    /// The baseline knows it; its controls still fail.
    Baselined,
    /// An accepted risk with an owner and an end.
    Waived {
        /// The reason that was given.
        reason: Arc<str>,
        /// Who accepted it.
        owner: Arc<str>,
        /// The last day, `YYYY-MM-DD`.
        until: Arc<str>,
    },
}

impl Status {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suppressed { .. } => "suppressed",
            Self::Baselined => "baselined",
            Self::Waived { .. } => "waived",
        }
    }
}

/// An edit that certainly mends a finding.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Fix {
    /// What the edit does.
    pub description: Arc<str>,
    /// The region to replace.
    pub place: Place,
    /// The new text of the region.
    pub replacement: Arc<str>,
}

/// The published vulnerability that a finding is about, and the package that has it.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Advisory {
    /// The preferred one of its ids.
    pub id: Arc<str>,
    /// Its other ids, sorted.
    pub aliases: Vec<Arc<str>>,
    /// One line; empty where nobody wrote one.
    pub summary: Arc<str>,
    /// The package as its ecosystem names it.
    pub package: Arc<str>,
    /// The ecosystem as OSV names it: `npm`, `Debian:12`.
    pub ecosystem: Arc<str>,
    /// The version that is there.
    pub version: Arc<str>,
    /// The first later version without it, where there is one.
    pub fixed: Option<Arc<str>>,
    /// How bad it is.
    pub severity: Severity,
    /// The CVSS score in tenths (98 is 9.8), where there is one.
    pub score: Option<u8>,
    /// Where the severity comes from, in words.
    pub rating: Arc<str>,
    /// Whether anybody rated it; the severity is an assumption otherwise.
    pub is_rated: bool,
}

/// One verdict with its place.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// The verdict.
    pub kind: FindingKind,
    /// How bad it is.
    pub severity: Severity,
    /// How often the rule is right.
    pub confidence: Confidence,
    /// One or two sentences; the first stands alone. Secrets are redacted.
    pub message: Arc<str>,
    /// Where it is.
    pub place: Place,
    /// Where the file of that place comes from.
    pub origin: Origin,
    /// Further places: a variable's default, the other half of a condition.
    pub related: Vec<Related>,
    /// The platform of the resource.
    pub platform: Platform,
    /// The type of the resource.
    pub resource_kind: Arc<str>,
    /// The address of the resource.
    pub resource: Arc<str>,
    /// What was found there (`0.0.0.0/0`, `not set`); secrets are redacted.
    pub observed: Arc<str>,
    /// What the rule asks for, in words.
    pub expected: Arc<str>,
    /// Identity that survives moved lines: hexadecimal, then `:` and a counter for ties.
    pub fingerprint: Arc<str>,
    /// The controls that it touches, sorted.
    pub controls: Vec<ControlRef>,
    /// An edit that certainly mends it.
    pub fix: Option<Box<Fix>>,
    /// The published vulnerability that it is about, where it is about one.
    pub advisory: Option<Arc<Advisory>>,
    /// Whether it counts.
    pub status: Status,
    /// Whether the base revision or baseline lacks it; always true without one.
    pub new: bool,
}

/// How often a rule was asked, and what came out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Subjects for which the rule holds.
    pub pass: u64,
    /// Subjects for which it is broken.
    pub fail: u64,
    /// Subjects for which it cannot be told.
    pub unknown: u64,
    /// Subjects of the right type that the rule's condition leaves out.
    pub not_applicable: u64,
}

impl Tally {
    /// The subjects that got a verdict.
    pub fn examined(&self) -> u64 {
        self.pass + self.fail + self.unknown
    }
}

/// The status of one control, with its evidence.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ControlResult {
    /// Pack and number.
    pub control: ControlRef,
    /// The number as an OSCAL token.
    pub key: Arc<str>,
    /// Our title.
    pub title: Arc<str>,
    /// The part of the regulation that it stands in.
    pub section: Arc<str>,
    /// The regulation's own grade; empty where it has none.
    pub specification: Arc<str>,
    /// How far files can evidence it.
    pub automation: Automation,
    /// The verdict.
    pub status: ControlStatus,
    /// Why the status is what it is, where the status alone does not say it.
    pub reason: Option<Arc<str>>,
    /// What remains for a person.
    pub residual: Option<Arc<str>>,
    /// Fingerprints of the violations, in report order.
    pub findings: Vec<Arc<str>>,
    /// The rules that gave verdicts, with their tallies, sorted by id.
    pub evidence: Vec<(RuleId, Tally)>,
    /// How many verdicts there are in all.
    pub examined: u64,
}

/// The status of one pack.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PackResult {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub title: Arc<str>,
    /// The edition of the regulation.
    pub version: Arc<str>,
    /// Where its text is to be had.
    pub source: Arc<str>,
    /// A hash of the pack's content.
    pub digest: Arc<str>,
    /// Controls with a verdict (fail, pass, evidence, waived) over all that are applicable; 0 to 1, none when none is.
    pub coverage: Option<f64>,
    /// Controls that hold (pass, evidence) over those with a verdict; 0 to 1, none when none has.
    pub holding: Option<f64>,
    /// The controls in official order.
    pub controls: Vec<ControlResult>,
}

/// A diagnostic with its place resolved.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Notice {
    /// What kind of thing was missed.
    pub kind: DiagnosticKind,
    /// The file or folder.
    pub path: Option<Arc<str>>,
    /// The place in it.
    pub place: Option<Place>,
    /// One sentence in plain words.
    pub message: Arc<str>,
}

/// The advisories that packages were judged by.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AdvisoryData {
    /// How many there are.
    pub count: u64,
    /// The day of the last change of any of them, `YYYY-MM-DD`.
    pub modified: Arc<str>,
    /// A hash of them all.
    pub digest: Arc<str>,
}

/// What the scan was made from: an auditor repeats it with these.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RunInputs {
    /// The version of secscan.
    pub version: Arc<str>,
    /// The targets as they were named.
    pub targets: Vec<Arc<str>>,
    /// The Git revision that was scanned, when it is known.
    pub revision: Option<Arc<str>>,
    /// The revision that findings were compared with.
    pub base: Option<Arc<str>>,
    /// The day that expiry was judged by, `YYYY-MM-DD`.
    pub date: Arc<str>,
    /// A hash of all rules that ran.
    pub rules_digest: Arc<str>,
    /// The advisories, when there were any.
    pub advisories: Option<AdvisoryData>,
}

/// A package that was found, for bills of materials.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PackageEntry {
    /// Its package URL: the identity.
    pub purl: Arc<str>,
    /// The full name in the spelling of its ecosystem.
    pub name: Arc<str>,
    /// The exact version; none where it is not known.
    pub version: Option<Arc<str>>,
    /// The licence as it is stated.
    pub licence: Option<Arc<str>>,
    /// Checksums as they are written.
    pub integrity: Vec<Arc<str>>,
    /// Whether the project asks for it by name, where that is known.
    pub direct: Option<bool>,
    /// Whether only development and tests need it, where that is known.
    pub dev: Option<bool>,
    /// The files that name it, sorted.
    pub paths: Vec<Arc<str>>,
    /// The package URLs of what it needs, sorted.
    pub needs: Vec<Arc<str>>,
}

/// What was looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Coverage {
    /// Files that the trees hold.
    pub files: u64,
    /// Files that a reader recognised.
    pub recognised: u64,
    /// Files that were searched as text, whether or not a reader recognised them.
    pub searched: u64,
    /// Files that were read and are no text: nothing was looked for in them.
    pub binary: u64,
    /// Resources by platform word.
    pub resources: BTreeMap<Arc<str>, u64>,
}

/// What the gate says.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Gate {
    /// Whether findings keep the change out.
    pub failed: bool,
    /// The findings that count: open, new where only new ones count, at or above the threshold.
    pub counted: u64,
    /// The threshold in words: `high`, `new:medium`, `never`.
    pub threshold: Arc<str>,
}

/// All that a scan says.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// What the scan was made from. Not kept between scans: each says its own.
    #[serde(skip)]
    pub inputs: RunInputs,
    /// What was looked at.
    pub coverage: Coverage,
    /// The headers of all rules that ran, sorted by id. Not kept between scans: the scanner has them.
    #[serde(skip)]
    pub rules: Vec<Arc<Header>>,
    /// One tally a rule that ran. Kept between scans as a list, in the order of the rules.
    #[serde(skip)]
    pub tallies: BTreeMap<RuleId, Tally>,
    /// The findings, sorted by place, then rule. Nothing is deleted: see [`Finding::status`].
    pub findings: Vec<Finding>,
    /// The packs that were asked for, in that order.
    pub packs: Vec<PackResult>,
    /// What was not looked at, sorted by path and place.
    pub notices: Vec<Notice>,
    /// What the gate says.
    pub gate: Gate,
    /// The packages that were found, each once, sorted by package URL.
    pub packages: Vec<PackageEntry>,
}

impl Report {
    /// The header of a rule that ran.
    pub fn rule(&self, id: &RuleId) -> Option<&RuleInfo> {
        self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok().map(|index| &**self.rules[index])
    }
}
