//! Pack files, and the file of topics.

use schemars::JsonSchema;
use secscan_parse::load::{Located, Spanned};
use serde::Deserialize;

/// A pack file: one regulation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "secscan pack")]
pub struct PackFile {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The edition of the regulation.
    pub version: String,
    /// Who publishes it.
    #[serde(default)]
    pub publisher: String,
    /// Where its text is to be had.
    #[serde(default)]
    pub source: String,
    /// What may be done with the text.
    #[serde(default)]
    pub text_status: String,
    /// The day of the last review of catalogue and map.
    #[serde(default)]
    pub reviewed: String,
    /// The packs that this one takes over; its own controls and map entries come on top.
    #[serde(default)]
    pub extends: Vec<String>,
    /// The controls in official order.
    #[serde(default)]
    pub controls: Vec<ControlFile>,
    /// The map from topics and rules to controls.
    #[serde(default)]
    pub map: Vec<MapFile>,
}

/// A control of a pack file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ControlFile {
    /// The official number.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// The number as an OSCAL token.
    pub key: String,
    /// A short title in the pack author's own words.
    pub title: String,
    /// What it asks for.
    #[serde(default)]
    pub intent: String,
    /// The part of the regulation that it stands in.
    #[serde(default)]
    pub section: String,
    /// The regulation's own grade.
    #[serde(default)]
    pub specification: String,
    /// How far files can evidence it.
    pub automation: AutomationWord,
    /// What remains for a person; a partial control must say it.
    #[serde(default)]
    pub residual: Option<String>,
}

/// How far files can evidence a control.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words are explained at secscan_model::Automation")]
pub enum AutomationWord {
    Automated,
    Partial,
    Manual,
}

/// One line of the map from topics and rules to controls.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MapFile {
    /// Official numbers.
    #[schemars(with = "Vec<String>")]
    pub controls: Vec<Spanned<String>>,
    /// Topics whose rules count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub topics: Vec<Spanned<String>>,
    /// Rules that count, whatever their topics.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<String>>,
    /// Rules that do not count, although their topics do.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Spanned<String>>,
    /// What the rules mean for the controls.
    pub role: RoleWord,
    /// Demands on parameters: set looser, a rule gives no credit.
    #[serde(default)]
    pub require: Vec<DemandFile>,
}

/// What the rules of a map entry mean for its controls.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words are explained at secscan_model::Role")]
pub enum RoleWord {
    Violation,
    Evidence,
    Context,
}

/// A demand on a parameter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DemandFile {
    /// The rule.
    pub rule: String,
    /// Its parameter.
    pub parameter: String,
    /// The loosest value that still counts.
    #[schemars(with = "serde_json::Value")]
    pub at_loosest: Located,
}

/// A line of the vocabulary of evidence.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TopicFile {
    /// The slug.
    pub topic: String,
    /// A short title.
    pub title: String,
    /// One sentence.
    pub meaning: String,
    /// The nearest CWE numbers.
    #[serde(default)]
    pub cwe: Vec<u32>,
}
