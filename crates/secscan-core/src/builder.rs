//! What a scanner is built from: rules, packs and settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use secscan_advisory::Store;
use secscan_model::report::{Quotes, RunInputs};
use secscan_model::{Pack, RuleId, Severity};
use secscan_resources::Options;
use secscan_rules::blob::BlobError;
use secscan_rules::check::Literal;
use secscan_rules::{BindError, Rule, RuleSet};

use crate::baseline::Baseline;
use crate::config::{Config, KubernetesVersion};
use crate::examine::Keep;
use crate::redaction::Redactor;
use crate::scanner::Scanner;

/// A scanner that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The built-in data does not decode: a defect of the build.
    #[error(transparent)]
    Embedded(#[from] BlobError),
    /// A parameter that cannot be set so.
    #[error(transparent)]
    Parameter(#[from] BindError),
    /// No such pack.
    #[error("there is no pack `{name}`; there are: {known}")]
    Pack {
        /// What was asked for.
        name: String,
        /// The ids that exist.
        known: String,
    },
    /// Neither a rule nor a topic.
    #[error("`{0}` is neither a rule nor a topic; `secscan rules list` names them all")]
    RuleOrTopic(String),
}

/// What keeps a change out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Threshold {
    /// Findings at or above the severity.
    At(Severity),
    /// Such findings that the base revision or baseline lacks.
    New(Severity),
    /// Nothing.
    Never,
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(severity) => write!(f, "{severity}"),
            Self::New(severity) => write!(f, "new:{severity}"),
            Self::Never => f.write_str("never"),
        }
    }
}

impl std::str::FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let severity = |word| {
            Severity::from_word(word).ok_or_else(|| {
            format!("`{text}` is no threshold: critical, high, medium, low or info, `new:` in front of one of them, or never")
        })
        };
        match text.strip_prefix("new:") {
            _ if text == "never" => Ok(Self::Never),
            Some(word) => severity(word).map(Self::New),
            None => severity(text).map(Self::At),
        }
    }
}

/// What a scan is built from. Everything has a sensible default: the built-in rules, no pack, findings of high severity
/// keep a change out.
#[derive(Debug, Default)]
pub struct ScannerBuilder {
    user_rules: Vec<Rule>,
    user_packs: Vec<Pack>,
    packs: Vec<String>,
    parameters: BTreeMap<String, Vec<Literal>>,
    only: Vec<String>,
    skip: Vec<String>,
    settings: Settings,
}

/// What does not depend on rules.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) keep: Keep,
    pub(crate) inputs: RunInputs,
    pub(crate) threshold: Option<Threshold>,
    pub(crate) min_severity: Option<Severity>,
    pub(crate) config: Option<Config>,
    pub(crate) config_folder: String,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) advisories: Option<Store>,
    pub(crate) today: Date,
    pub(crate) ends_after_scan: bool,
    pub(crate) quotes: Quotes,
}

impl ScannerBuilder {
    /// Adds rules of a user; one with the id of a built-in rule replaces it.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.user_rules.extend(rules);
        self
    }

    /// Adds a pack of a user, which can then be asked for; one with the id of a built-in pack replaces it.
    #[must_use]
    pub fn add_pack(mut self, pack: Pack) -> Self {
        self.user_packs.push(pack);
        self
    }

    /// Asks for the controls of a pack.
    #[must_use]
    pub fn pack(mut self, id: impl Into<String>) -> Self {
        self.packs.push(id.into());
        self
    }

    /// Runs this rule, or the rules of this topic, and no others; several add up.
    #[must_use]
    pub fn only(mut self, rule_or_topic: impl Into<String>) -> Self {
        self.only.push(rule_or_topic.into());
        self
    }

    /// Leaves out this rule, or the rules of this topic.
    #[must_use]
    pub fn skip(mut self, rule_or_topic: impl Into<String>) -> Self {
        self.skip.push(rule_or_topic.into());
        self
    }

    /// Leaves out rules of a lower severity.
    #[must_use]
    pub fn min_severity(mut self, severity: Severity) -> Self {
        self.settings.min_severity = Some(severity);
        self
    }

    /// Sets a parameter of all rules that have it.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, values: Vec<Literal>) -> Self {
        self.parameters.insert(name.into(), values);
        self
    }

    /// Judges Kubernetes manifests for a release: an API version that only a later one removes is no finding, and the Pod
    /// Security Standards are those that it enforces.
    #[must_use]
    pub fn kubernetes_version(self, version: KubernetesVersion) -> Self {
        let removals = vec![Literal::Text(format!("<={version}"))];
        self.parameter("kubernetes-removals", removals)
            .parameter("kubernetes-version", vec![Literal::Text(version.to_string())])
    }

    /// Takes ignore entries, waivers, controls that are not applicable, and parameters from a settings file. Their
    /// paths are relative to `folder`, which is written as the paths of the tree are: empty for its root. Packs,
    /// threshold and the like are the caller's to take over, since a command line may say otherwise.
    #[must_use]
    pub fn config(mut self, config: Config, folder: &str) -> Self {
        self.parameters.extend(config.settings.parameter_values());
        self.settings.config = Some(config);
        self.settings.config_folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self
    }

    /// Findings that are known and do not count.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline) -> Self {
        self.settings.baseline = Some(baseline);
        self
    }

    /// The advisories that packages are judged by. Without any, their vulnerabilities are unknown.
    #[must_use]
    pub fn advisories(mut self, store: Store) -> Self {
        self.settings.advisories = Some(store);
        self
    }

    /// The day that expiry is judged by.
    #[must_use]
    pub fn today(mut self, today: Date) -> Self {
        self.settings.today = today;
        self
    }

    /// Says that the program ends after the scan. What was read is then left to the system: dropping hundreds of
    /// thousands of small values one by one takes a twentieth of the run.
    #[must_use]
    pub fn ends_after_scan(mut self) -> Self {
        self.settings.ends_after_scan = true;
        self
    }

    /// How much of the lines that findings stand in the report holds; all that any format wants unless told otherwise.
    #[must_use]
    pub fn quotes(mut self, quotes: Quotes) -> Self {
        self.settings.quotes = quotes;
        self
    }

    /// What readers are told.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.settings.options = options;
        self
    }

    /// Keeps passes and unknown verdicts as findings, beside the failures.
    #[must_use]
    pub fn keep(mut self, passes: bool, unknowns: bool) -> Self {
        self.settings.keep = Keep { passes, unknowns };
        self
    }

    /// What keeps a change out; without it, findings of high severity and above.
    #[must_use]
    pub fn threshold(mut self, threshold: Threshold) -> Self {
        self.settings.threshold = Some(threshold);
        self
    }

    /// What the report says it was made from; version, date and digest of the rules are filled in by the scan.
    #[must_use]
    pub fn inputs(mut self, inputs: RunInputs) -> Self {
        self.settings.inputs = inputs;
        self
    }

    /// Builds the scanner.
    ///
    /// # Errors
    /// A pack, rule, topic or parameter that does not exist or cannot be set so.
    pub fn build(mut self) -> Result<Scanner, BuildError> {
        let blob = secscan_builtin_rules::load()?;
        let mut digest = secscan_model::source::Digest::default();
        digest.update(blob.digest.as_bytes());
        for rule in &self.user_rules {
            digest.update(format!("{rule:?}").as_bytes());
        }
        let rules_digest = digest.hex();
        let choice = (&self.parameters, &self.packs, &self.only, &self.skip, self.settings.min_severity);
        digest.update(format!("{choice:?}").as_bytes());
        let rules_fingerprint = digest.hex();
        let mut rules: Vec<Rule> = blob.rules;
        rules.append(&mut self.user_rules);
        secscan_rules::bind(&mut rules, &self.parameters)?;
        let redactor = Redactor::new(&rules);
        let (packs, idle_packs) = self.chosen_packs()?;
        let (rules, idle_rules) = self.chosen_rules(rules, &packs)?;
        let mut settings = self.settings;
        settings.inputs.date = settings.today.to_string().into();
        Ok(Scanner { rules, idle_rules, rules_digest, rules_fingerprint, redactor, packs, idle_packs, settings })
    }

    /// The rules that run, and those that exist besides. Rules on demand run where one of these packs maps them.
    fn chosen_rules(&self, rules: Vec<Rule>, packs: &[Pack]) -> Result<(RuleSet, BTreeSet<RuleId>), BuildError> {
        let is_named = |rule: &Rule, name: &String| {
            *rule.info.id.0 == **name || rule.info.topics.iter().any(|topic| **topic == **name)
        };
        for name in self.only.iter().chain(&self.skip) {
            if !rules.iter().any(|rule| is_named(rule, name)) {
                return Err(BuildError::RuleOrTopic(name.clone()));
            }
        }
        let least = self.settings.min_severity;
        let runs = |rule: &Rule| {
            let is_demanded = || !rule.on_demand || packs.iter().any(|pack| maps(pack, &rule.info.id));
            let is_asked = |name: &String| is_named(rule, name) && (*rule.info.id.0 == **name || is_demanded());
            let is_wanted = if self.only.is_empty() { is_demanded() } else { self.only.iter().any(is_asked) };
            let is_bad_enough = least.is_none_or(|least| rule.info.severity >= least);
            is_wanted && is_bad_enough && !self.skip.iter().any(|name| is_named(rule, name))
        };
        let (chosen, idle): (Vec<_>, Vec<_>) = rules.into_iter().partition(runs);
        Ok((RuleSet::new(chosen), idle.into_iter().map(|rule| rule.info.id.clone()).collect()))
    }

    /// The packs that were asked for, and those that only waivers and controls that are not applicable name.
    fn chosen_packs(&mut self) -> Result<(Vec<Pack>, Vec<Pack>), BuildError> {
        let settings = self.settings.config.as_ref().map(|config| &config.settings);
        let named: BTreeSet<Arc<str>> =
            settings.into_iter().flat_map(|settings| settings.controls()).map(|control| control.pack.clone()).collect();
        if self.packs.is_empty() && named.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut known: BTreeMap<Arc<str>, Pack> =
            secscan_builtin_packs::load()?.packs.into_iter().map(|pack| (pack.id.clone(), pack)).collect();
        known.extend(self.user_packs.drain(..).map(|pack| (pack.id.clone(), pack)));
        let names: Vec<_> = known.keys().cloned().collect();
        let mut packs: Vec<Pack> = Vec::new();
        for name in &self.packs {
            if packs.iter().any(|pack| *pack.id == **name) {
                continue;
            }
            let unknown = || BuildError::Pack { name: name.clone(), known: names.join(", ") };
            packs.push(known.remove(name.as_str()).ok_or_else(unknown)?);
        }
        let idle = named.iter().filter_map(|name| known.remove(name)).collect();
        Ok((packs, idle))
    }
}

/// Whether a pack maps a rule by its id: topics alone do not demand one.
fn maps(pack: &Pack, rule: &RuleId) -> bool {
    pack.map.iter().any(|entry| entry.rules.contains(rule))
}
