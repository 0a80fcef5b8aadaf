//! Every key of `secscan.toml` is optional; one that does not exist is an error, with its place and the key that was
//! probably meant.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use secscan_model::{ControlRef, LineIndex, Location, Severity, Source, SourceId};
use secscan_parse::load::{self, Raw, Spanned};
use secscan_rules::check::Literal;
use serde::de::{Deserialize, Deserializer, Error};

use crate::builder::Threshold;
use crate::expiry::parse_day;
use crate::near::nearest;
use crate::path_pattern::PathPattern;

/// A settings file that was read.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file: places in [`Settings`] are places in it.
    pub source: Source,
    /// What it says.
    pub settings: Settings,
}

/// What a settings file can say.
#[derive(Clone, Debug, Default, JsonSchema, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "secscan.toml")]
pub struct Settings {
    /// The packs to report, by id.
    #[schemars(with = "Vec<String>")]
    pub packs: Vec<Spanned<String>>,
    /// Which findings fail the gate: a severity, `new:` and a severity, or `never`.
    #[schemars(with = "Option<String>", regex(pattern = r"^(never|(new:)?(critical|high|medium|low|info))$"))]
    #[serde(deserialize_with = "threshold")]
    pub fail_on: Option<Threshold>,
    /// What is not scanned: patterns in the syntax of `.gitignore`, relative to the target.
    pub exclude: Vec<String>,
    /// Folders with further rules, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<String>>,
    /// The rules or topics to run; all when empty.
    #[schemars(with = "Vec<String>")]
    pub only: Vec<Spanned<String>>,
    /// The rules or topics not to run.
    #[schemars(with = "Vec<String>")]
    pub skip: Vec<Spanned<String>>,
    /// The lowest severity of rules that run.
    #[serde(deserialize_with = "severity")]
    #[schemars(with = "Option<SeverityWord>")]
    pub min_severity: Option<Severity>,
    /// The release of Kubernetes that manifests are judged for (`1.31`); without it every API version that was ever
    /// removed is a finding.
    #[serde(deserialize_with = "kubernetes_version")]
    #[schemars(with = "Option<String>", regex(pattern = r"^v?\d+\.\d+"))]
    pub kubernetes_version: Option<KubernetesVersion>,
    /// Whether a scan fails when something recognised cannot be read, or when there is nothing to scan.
    pub strict: bool,
    /// The largest file that is read, in bytes.
    pub max_file_size: Option<u64>,
    /// Findings that are set aside in several places at once.
    #[schemars(with = "Vec<Ignore>")]
    pub ignore: Vec<Spanned<Ignore>>,
    /// Accepted risks: the only thing that changes the status of a control.
    #[schemars(with = "Vec<Waiver>")]
    pub waiver: Vec<Spanned<Waiver>>,
    /// Controls that do not concern what is scanned.
    #[schemars(with = "Vec<NotApplicable>")]
    pub not_applicable: Vec<Spanned<NotApplicable>>,
    /// Values for what rules leave open, by the parameter's name.
    #[schemars(with = "BTreeMap<String, ParameterForm>")]
    pub parameters: BTreeMap<String, Spanned<Parameter>>,
}

/// A release of Kubernetes, as far as API versions depend on it: major and minor number.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct KubernetesVersion(u32, u32);

impl std::str::FromStr for KubernetesVersion {
    type Err = String;

    /// Reads `1.31`, and what providers write: `v1.31.2`, `1.31.2-gke.100`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = text.strip_prefix('v').unwrap_or(text).split(['.', '-', '+']).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self(major, minor)),
            _ => Err(format!("`{text}` is no release of Kubernetes such as 1.31")),
        }
    }
}

impl std::fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Findings of certain rules in certain paths that do not count.
#[derive(Clone, Debug, JsonSchema, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ignore {
    /// The rules.
    #[schemars(with = "Vec<String>", length(min = 1))]
    #[serde(deserialize_with = "some")]
    pub rules: Vec<Spanned<String>>,
    /// Where: patterns in the syntax of `.gitignore`, relative to the target.
    #[schemars(with = "Vec<String>", length(min = 1))]
    #[serde(deserialize_with = "some")]
    pub paths: Vec<PathPattern>,
    /// Why.
    #[serde(deserialize_with = "words")]
    pub reason: String,
    /// The last day on which this counts.
    #[schemars(with = "Option<String>", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    #[serde(default, deserialize_with = "day_if_any")]
    pub until: Option<Date>,
}

/// A violation of a control that somebody has accepted for a time.
#[derive(Clone, Debug, JsonSchema, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Waiver {
    /// The control, as `PACK:NUMBER`.
    #[schemars(with = "String", regex(pattern = "^[^:]+:.+$"))]
    #[serde(deserialize_with = "control")]
    pub control: ControlRef,
    /// Addresses of resources, in which `*` stands for anything.
    #[schemars(with = "Vec<String>", length(min = 1))]
    #[serde(deserialize_with = "some")]
    pub resources: Vec<Spanned<String>>,
    /// Why the risk is accepted.
    #[serde(deserialize_with = "words")]
    pub reason: String,
    /// Who accepts it.
    #[serde(deserialize_with = "words")]
    pub owner: String,
    /// The last day on which this counts.
    #[schemars(with = "String", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    #[serde(deserialize_with = "day")]
    pub until: Date,
}

/// A control that does not concern what is scanned.
#[derive(Clone, Debug, JsonSchema, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NotApplicable {
    /// The control, as `PACK:NUMBER`.
    #[schemars(with = "String", regex(pattern = "^[^:]+:.+$"))]
    #[serde(deserialize_with = "control")]
    pub control: ControlRef,
    /// Why.
    #[serde(deserialize_with = "words")]
    pub reason: String,
}

/// The value of a parameter: one scalar or several.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter(pub Vec<Literal>);

/// A settings file that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}")]
pub struct ConfigError {
    /// The file as it was named.
    pub path: String,
    /// The line, beginning at one.
    pub line: u32,
    /// The column in code points, beginning at one.
    pub column: u32,
    /// What is wrong, with the cure where there is one.
    pub message: String,
}

impl Config {
    /// The name under which the file is looked for.
    pub const FILE_NAME: &'static str = "secscan.toml";

    /// Reads a settings file. `path` names it in errors and findings.
    ///
    /// # Errors
    /// When the text is no TOML, a key does not exist, or a value is not of its kind.
    pub fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        let source = Source::from_text(SourceId::default(), path, text);
        let mut config = Self { source, settings: Settings::default() };
        let parsed = secscan_parse::toml::parse(&config.source);
        if let Some(diagnostic) = parsed.diagnostics.first() {
            return Err(config.error(diagnostic.at.unwrap_or_default(), &diagnostic.message));
        }
        if let Some(document) = parsed.documents.first() {
            config.settings = load::from_node(document).map_err(|error| config.error(error.at, &error.message))?;
        }
        Ok(config)
    }

    /// An error at a place of the file: for what turns out to be wrong only beside the rules and packs of a scan.
    pub fn error(&self, at: Location, message: &str) -> ConfigError {
        let position = LineIndex::new(&self.source.bytes).position(&self.source.bytes, at.span.start);
        let path = self.source.path.to_string();
        ConfigError { path, line: position.line(), column: position.column(), message: with_hint(message) }
    }
}

impl Settings {
    /// The controls that waivers and declarations name.
    pub(crate) fn controls(&self) -> impl Iterator<Item = &ControlRef> {
        let waived = self.waiver.iter().map(|waiver| &waiver.value.control);
        waived.chain(self.not_applicable.iter().map(|entry| &entry.value.control))
    }

    /// The parameters as rules take them.
    pub fn parameter_values(&self) -> BTreeMap<String, Vec<Literal>> {
        self.parameters.iter().map(|(name, parameter)| (name.clone(), parameter.value.0.clone())).collect()
    }
}

/// The JSON schema of the settings file.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Settings)
}

/// Shortens serde's complaint about an unknown word when one of the words that it lists was probably meant.
fn with_hint(message: &str) -> String {
    let Some((complaint, expected)) = message.split_once(", expected ") else { return message.to_owned() };
    let mut quoted = complaint.split('`');
    let (Some(what), Some(word)) = (quoted.next(), quoted.next()) else { return message.to_owned() };
    if !what.starts_with("unknown ") {
        return message.to_owned();
    }
    let what = what.replace("field", "key");
    match nearest(word, expected.split('`').skip(1).step_by(2)) {
        Some(meant) => format!("{what}`{word}`; did you mean `{meant}`?"),
        None => format!("{what}`{word}`, expected {expected}"),
    }
}

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let literal = |raw: Raw| match raw {
            Raw::Bool(value) => Ok(Literal::Bool(value)),
            Raw::Int(value) => Ok(Literal::Number(value as f64)),
            Raw::Float(value) => Ok(Literal::Number(value)),
            Raw::Text(value) => Ok(Literal::Text(value)),
            Raw::Null | Raw::List(_) | Raw::Map(_) => {
                Err(D::Error::custom("a parameter is a text, a number, a boolean, or a list of these"))
            }
        };
        match Raw::deserialize(deserializer)? {
            Raw::List(items) => items.into_iter().map(|item| literal(item.value)).collect::<Result<_, _>>().map(Self),
            single => literal(single).map(|literal| Self(vec![literal])),
        }
    }
}

fn threshold<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Threshold>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

fn kubernetes_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KubernetesVersion>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

/// The severities, for messages.
fn severities() -> String {
    Severity::ALL.map(Severity::as_str).join(", ")
}

fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Severity>, D::Error> {
    let word = String::deserialize(deserializer)?;
    let unknown = || D::Error::custom(format!("`{word}` is no severity: {}", severities()));
    Severity::from_word(&word).map(Some).ok_or_else(unknown)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_day(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no day (\"YYYY-MM-DD\")")))
}

fn day_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    day(deserializer).map(Some)
}

fn control<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ControlRef, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.split_once(':') {
        Some((pack, control)) if !pack.is_empty() && !control.is_empty() => {
            Ok(ControlRef { pack: pack.into(), control: control.into() })
        }
        _ => Err(D::Error::custom(format!("`{text}` is no control (\"PACK:NUMBER\")"))),
    }
}

/// Text that says something.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}

/// A list with something in it.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::deserialize(deserializer)?;
    if items.is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(items) }
}

/// The words for severities, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[allow(dead_code, reason = "only its schema is used")]
enum SeverityWord {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

/// The forms of a parameter's value, for the schema.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum ParameterForm {
    One(ScalarForm),
    Several(Vec<ScalarForm>),
}

/// The forms of a scalar, for the schema.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum ScalarForm {
    Text(String),
    Number(f64),
    Bool(bool),
}

#[cfg(test)]
mod tests;
