//! A [`Pack`] maps topics and single rules to its controls; what a scan makes of these is the [`ControlStatus`] of each.

use std::sync::Arc;

use crate::RuleId;

/// How far files can evidence a control.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Automation {
    /// Violations and positive evidence are visible in files.
    Automated,
    /// A part is visible; the residual sentence says what is left to a person.
    Partial,
    /// Nothing decisive is visible.
    Manual,
}

impl Automation {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Partial => "partial",
            Self::Manual => "manual",
        }
    }
}

/// One control of a regulation.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Control {
    /// The official number: `164.312(a)(1)`.
    pub id: Arc<str>,
    /// The number as an OSCAL token: `hipaa-164.312.a.1`.
    pub key: Arc<str>,
    /// A short title in our own words.
    pub title: Arc<str>,
    /// What it asks for, in our own words.
    pub intent: Arc<str>,
    /// The part of the regulation that it stands in.
    pub section: Arc<str>,
    /// The regulation's own grade: `required`, `addressable`, `standard`; empty where it has none.
    pub specification: Arc<str>,
    /// How far files can evidence it.
    pub automation: Automation,
    /// What remains for a person.
    pub residual: Option<Arc<str>>,
}

/// What a finding or a pass of a mapped rule means for a control.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub enum Role {
    /// Shown beside the control; decides nothing.
    Context,
    /// A pass supports the control; a finding does not break it.
    Evidence,
    /// A finding breaks the control; a pass supports it.
    Violation,
}

/// A demand on a parameter of a rule: set looser, the rule gives no credit.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Demand {
    /// The rule.
    pub rule: RuleId,
    /// Its parameter.
    pub parameter: Arc<str>,
    /// The loosest value that still counts.
    pub at_loosest: Arc<str>,
}

/// One line of the map from rules to controls.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MapEntry {
    /// The official numbers of the controls.
    pub controls: Vec<Arc<str>>,
    /// Topics whose rules count.
    pub topics: Vec<Arc<str>>,
    /// Rules that count, whatever their topics.
    pub rules: Vec<RuleId>,
    /// Rules that do not count, although their topics do.
    pub exclude: Vec<RuleId>,
    /// What the rules mean for the controls.
    pub role: Role,
    /// Demands on parameters.
    pub require: Vec<Demand>,
}

/// A regulation as data.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Pack {
    /// Its id: `hipaa`.
    pub id: Arc<str>,
    /// Its name.
    pub title: Arc<str>,
    /// The edition of the regulation.
    pub version: Arc<str>,
    /// Who publishes it.
    pub publisher: Arc<str>,
    /// Where its text is to be had.
    pub source: Arc<str>,
    /// What may be done with the text.
    pub text_status: Arc<str>,
    /// The day of the last review of catalogue and map.
    pub reviewed: Arc<str>,
    /// The controls in official order.
    pub controls: Vec<Control>,
    /// The map from topics and rules to controls.
    pub map: Vec<MapEntry>,
    /// A hash of the pack's content, in hexadecimal.
    pub digest: Arc<str>,
}

/// A control of a certain pack.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct ControlRef {
    /// The pack's id.
    pub pack: Arc<str>,
    /// The control's official number.
    pub control: Arc<str>,
}

impl std::fmt::Display for ControlRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.pack, self.control)
    }
}

/// The verdict over one control. Nothing here says "compliant".
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub enum ControlStatus {
    /// At least one unwaived violation.
    Fail,
    /// An automated control: its rules ran on something relevant, nothing unknown, no violation.
    Pass,
    /// A partial control in the same state.
    Evidence,
    /// Violations exist, and each has a live waiver.
    Waived,
    /// Rules ran, but an answer hangs on values not in the files, or something relevant could not be read.
    Unknown,
    /// Rules exist, nothing relevant was in the scan.
    NotAssessed,
    /// No installed rule maps to it.
    NoRule,
    /// Nothing that a scan can decide.
    Manual,
    /// Declared so by the user with a reason.
    NotApplicable,
}

impl ControlStatus {
    /// All statuses in the order in which reports list them.
    pub const ALL: [Self; 9] = [
        Self::Fail,
        Self::Unknown,
        Self::Waived,
        Self::Pass,
        Self::Evidence,
        Self::NotAssessed,
        Self::NoRule,
        Self::Manual,
        Self::NotApplicable,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Evidence => "evidence",
            Self::Waived => "waived",
            Self::Unknown => "unknown",
            Self::NotAssessed => "not-assessed",
            Self::NoRule => "no-rule",
            Self::Manual => "manual",
            Self::NotApplicable => "not-applicable",
        }
    }
}
