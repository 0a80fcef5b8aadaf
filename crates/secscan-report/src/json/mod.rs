//! Our own JSON: documented by its schema, versioned, and kept when the model changes.
//!
//! Reading order: [`write()`] → [`Wire`] and the structs below it, in the order of the output → `conversions`. Fields
//! are only ever added within one version; columns are one-based in code points, ends are exclusive.

mod conversions;

use std::collections::{BTreeMap, HashSet};
use std::io;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use secscan_model::report as model;
use secscan_model::{Report, RuleId};
use serde::{Serialize, Serializer};

use crate::{Options, Shown, indented};

/// The version of the format: raised when a field goes away or changes its meaning.
const VERSION: &str = "1";

/// Writes a report as JSON.
pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    indented::write(&Wire::new(report, options), out)
}

/// The JSON schema (draft 2020-12) of what the format `json` writes.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Wire<'static>>().into()
}

/// The report of one scan.
#[derive(JsonSchema, Serialize)]
#[schemars(title = "secscan report")]
struct Wire<'a> {
    /// The version of this format.
    version: &'static str,
    tool: Tool<'a>,
    inputs: Inputs<'a>,
    coverage: Coverage<'a>,
    gate: Gate<'a>,
    summary: Summary,
    packs: Vec<Pack<'a>>,
    /// In the order of their places. Passes, unknown answers, and what is set aside appear on request; `summary`
    /// counts them always.
    #[schemars(with = "Vec<Finding<'a>>")]
    findings: Listed<'a>,
    /// The controls of all packs, in official order.
    controls: Vec<Control<'a>>,
    /// The rules that ran, sorted by id.
    #[schemars(with = "Vec<Rule<'a>>")]
    rules: Rules<'a>,
    /// What was not looked at.
    diagnostics: Vec<Diagnostic<'a>>,
}

/// The findings that an output lists, each made when it is written: there may be many thousands.
struct Listed<'a> {
    report: &'a Report,
    show: Shown,
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let listed = self.report.findings.iter().filter(|finding| self.show.admits(finding));
        serializer.collect_seq(listed.map(Finding::new))
    }
}

/// The rules that ran, each made when it is written.
struct Rules<'a> {
    report: &'a Report,
    show: Shown,
}

impl Serialize for Rules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let listed = self.report.findings.iter().filter(|finding| self.show.admits(finding));
        let found: HashSet<&RuleId> = listed.map(|finding| &finding.rule).collect();
        serializer.collect_seq(self.report.rules.iter().map(|rule| Rule::new(rule, self.report, &found)))
    }
}

/// What wrote the report.
#[derive(JsonSchema, Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

/// What the scan was made from.
#[derive(JsonSchema, Serialize)]
struct Inputs<'a> {
    /// The targets as they were named.
    targets: Vec<&'a str>,
    /// The Git revision that was scanned, where it is known.
    revision: Option<&'a str>,
    /// The revision that findings were compared with.
    base: Option<&'a str>,
    /// The day that expiry was judged by, `YYYY-MM-DD`.
    date: &'a str,
    /// A hash of all rules that ran.
    rules_digest: &'a str,
    /// The advisories that packages were judged by; null without any.
    advisories: Option<AdvisoryData<'a>>,
}

impl<'a> Advisory<'a> {
    fn new(advisory: &'a model::Advisory) -> Self {
        Self {
            id: &advisory.id,
            aliases: advisory.aliases.iter().map(|alias| &**alias).collect(),
            summary: &advisory.summary,
            package: &advisory.package,
            ecosystem: &advisory.ecosystem,
            version: &advisory.version,
            fixed: advisory.fixed.as_deref(),
            score: advisory.score.map(|tenths| f64::from(tenths) / 10.0),
            rating: &advisory.rating,
        }
    }
}

/// The advisories of a scan.
#[derive(JsonSchema, Serialize)]
struct AdvisoryData<'a> {
    count: u64,
    /// The day of the last change of any of them, `YYYY-MM-DD`.
    modified: &'a str,
    /// A hash of them all.
    digest: &'a str,
}

/// What was looked at.
#[derive(JsonSchema, Serialize)]
struct Coverage<'a> {
    /// Files that the targets hold.
    files: u64,
    /// Files that a reader recognised.
    recognised: u64,
    /// Files that were searched as text, whether or not a reader recognised them.
    searched: u64,
    /// Files that are no text: nothing was looked for in them.
    binary: u64,
    /// Resources by platform.
    resources: BTreeMap<&'a str, u64>,
}

/// What the gate says.
#[derive(JsonSchema, Serialize)]
struct Gate<'a> {
    failed: bool,
    /// The findings that count: open, at or above the threshold, and new where only new ones count.
    counted: u64,
    /// A severity, `new:` and a severity, or `never`.
    threshold: &'a str,
}

/// How many of everything there is, listed or not.
#[derive(JsonSchema, Serialize)]
struct Summary {
    /// Open failures by severity.
    open: BTreeMap<&'static str, u64>,
    /// Failures that a comment or the configuration sets aside.
    suppressed: u64,
    /// Failures that the baseline knows.
    baselined: u64,
    /// Accepted risks.
    waived: u64,
    /// Answers of all rules that are a pass.
    pass: u64,
    /// Answers of all rules that hang on values not in the files.
    unknown: u64,
}

/// A pack that was asked for.
#[derive(JsonSchema, Serialize)]
struct Pack<'a> {
    id: &'a str,
    title: &'a str,
    /// The edition of the regulation.
    version: &'a str,
    /// Where the text of the regulation is to be had.
    source: &'a str,
    /// A hash of the pack's content.
    digest: &'a str,
    /// (fail + pass + evidence + waived) / (all - not-applicable), 0 to 1; null when nothing is applicable.
    coverage: Option<f64>,
    /// (pass + evidence) / (fail + pass + evidence + waived), 0 to 1; null when no control has a verdict.
    holding: Option<f64>,
    /// Controls by status.
    statuses: BTreeMap<&'static str, u64>,
}

/// One verdict with its place.
#[derive(JsonSchema, Serialize)]
struct Finding<'a> {
    rule: &'a str,
    #[schemars(extend("enum" = ["fail", "pass", "unknown"]))]
    kind: &'static str,
    #[schemars(extend("enum" = ["critical", "high", "medium", "low", "info"]))]
    severity: &'static str,
    #[schemars(extend("enum" = ["high", "medium", "low"]))]
    confidence: &'static str,
    #[schemars(extend("enum" = ["open", "suppressed", "baselined", "waived"]))]
    status: &'static str,
    /// Why the status is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason<'a>>,
    /// Whether the base revision or baseline lacks it; always true without one.
    new: bool,
    message: &'a str,
    /// Relative to the root of the scan, with forward slashes.
    path: &'a str,
    /// One-based.
    start_line: u32,
    /// One-based, in code points.
    start_column: u32,
    /// One-based.
    end_line: u32,
    /// One past the last code point.
    end_column: u32,
    /// The commit that brought it, when the history was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    introduced: Option<Introduced<'a>>,
    /// The layer of a container image that the file comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<Layer<'a>>,
    platform: &'static str,
    /// The platform's own name of the resource's type.
    resource_type: &'a str,
    /// The address of the resource.
    resource: &'a str,
    /// What stands there.
    observed: &'a str,
    /// What the rule asks for, in words.
    expected: &'a str,
    /// Identity that survives moved lines.
    fingerprint: &'a str,
    /// The controls that it touches, as `pack:number`.
    controls: Vec<String>,
    /// Places that explain it.
    related: Vec<Related<'a>>,
    /// An edit that certainly mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
    /// The published vulnerability that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    advisory: Option<Advisory<'a>>,
}

/// A published vulnerability, and the package that has it.
#[derive(JsonSchema, Serialize)]
struct Advisory<'a> {
    /// The preferred one of its ids.
    id: &'a str,
    /// Its other ids, sorted.
    aliases: Vec<&'a str>,
    summary: &'a str,
    /// The package as its ecosystem names it.
    package: &'a str,
    /// The ecosystem as OSV names it.
    ecosystem: &'a str,
    /// The version that is there.
    version: &'a str,
    /// The first later version without it; null where none is known.
    fixed: Option<&'a str>,
    /// The CVSS score; null where there is none.
    score: Option<f64>,
    /// Where the severity comes from, in words.
    rating: &'a str,
}

/// The commit that brought something.
#[derive(JsonSchema, Serialize)]
struct Introduced<'a> {
    /// The full hash.
    commit: &'a str,
    /// `Name <address>`.
    author: &'a str,
    /// `YYYY-MM-DD`.
    date: &'a str,
}

/// A layer of a container image.
#[derive(JsonSchema, Serialize)]
struct Layer<'a> {
    /// One is the lowest.
    number: u32,
    /// `sha256:` and hexadecimal.
    digest: &'a str,
    /// The instruction that made it; empty where the image does not say.
    created_by: &'a str,
    /// The later layer that deletes or replaces the file, which is in the image all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_in: Option<u32>,
}

/// Why a finding does not count.
#[derive(JsonSchema, Serialize)]
struct Reason<'a> {
    text: &'a str,
    /// Where it was given: `path:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// Who accepted the risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
}

/// A place that explains a finding.
#[derive(JsonSchema, Serialize)]
struct Related<'a> {
    /// Relative to the root of the scan, with forward slashes.
    path: &'a str,
    /// One-based.
    start_line: u32,
    /// One-based, in code points.
    start_column: u32,
    /// One-based.
    end_line: u32,
    /// One past the last code point.
    end_column: u32,
    message: &'a str,
}

/// An edit: the region is to be replaced.
#[derive(JsonSchema, Serialize)]
struct Fix<'a> {
    description: &'a str,
    /// Relative to the root of the scan, with forward slashes.
    path: &'a str,
    /// One-based.
    start_line: u32,
    /// One-based, in code points.
    start_column: u32,
    /// One-based.
    end_line: u32,
    /// One past the last code point.
    end_column: u32,
    replacement: &'a str,
}

/// The status of one control.
#[derive(JsonSchema, Serialize)]
struct Control<'a> {
    pack: &'a str,
    /// The official number.
    id: &'a str,
    /// The number as an OSCAL token.
    key: &'a str,
    title: &'a str,
    /// The part of the regulation that it stands in.
    section: &'a str,
    /// The regulation's own grade; empty where it has none.
    specification: &'a str,
    /// How far files can evidence it.
    #[schemars(extend("enum" = ["automated", "partial", "manual"]))]
    automation: &'static str,
    #[schemars(extend("enum" = ["fail", "pass", "evidence", "waived", "unknown", "not-assessed", "no-rule", "manual", "not-applicable"]))]
    status: &'static str,
    /// Why the status is what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Fingerprints of the violations.
    findings: Vec<&'a str>,
    /// How many verdicts there are in all.
    examined: u64,
    /// The rules that gave verdicts.
    evidence: Vec<Evidence<'a>>,
    /// What remains for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    residual: Option<&'a str>,
}

/// What one rule says about a control.
#[derive(JsonSchema, Serialize)]
struct Evidence<'a> {
    rule: &'a str,
    pass: u64,
    fail: u64,
    unknown: u64,
    not_applicable: u64,
}

/// A rule that ran.
#[derive(JsonSchema, Serialize)]
struct Rule<'a> {
    id: &'a str,
    pass: u64,
    fail: u64,
    unknown: u64,
    not_applicable: u64,
    /// Left out where no finding of the report is about the rule: there are thousands that ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<About<'a>>,
}

/// What a rule says.
#[derive(JsonSchema, Serialize)]
struct About<'a> {
    title: &'a str,
    severity: &'static str,
    confidence: &'static str,
    topics: Vec<&'a str>,
    /// CWE numbers.
    cwe: &'a [u32],
    why: &'a str,
    fix: &'a str,
    links: Vec<&'a str>,
}

/// Something that was not looked at.
#[derive(JsonSchema, Serialize)]
struct Diagnostic<'a> {
    #[schemars(extend("enum" = ["unreadable", "syntax", "limit", "skipped", "unresolved", "ambiguous", "configuration", "internal"]))]
    kind: &'static str,
    /// Null when it belongs to no file.
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    message: &'a str,
}
