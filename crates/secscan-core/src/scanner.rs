//! The scanner: what it is built from, and how a scan runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::report::{Coverage, Gate, Notice, RunInputs};
use secscan_model::{
    ControlRef, Diagnostic, FileTree, Finding, FindingKind, Graph, Pack, Report, RuleId, Severity, Status,
};
use secscan_resources::Options;
use secscan_rules::blob::BlobError;
use secscan_rules::check::Literal;
use secscan_rules::{BindError, Rule, RuleSet};

use crate::controls::{Mapping, Verdicts, blind_platforms, pack_result};
use crate::examine::{Examination, Keep, examine, read};
use crate::findings::{ControlsOf, Raw, findings, name_controls};
use crate::observer::{Event, Observer, Stage};
use crate::places::Places;

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
    packs: Vec<String>,
    user_packs: Vec<Pack>,
    parameters: BTreeMap<String, Vec<Literal>>,
    settings: Settings,
}

/// What does not depend on rules.
#[derive(Debug, Default)]
struct Settings {
    options: Options,
    keep: Keep,
    inputs: RunInputs,
    threshold: Option<Threshold>,
}

/// A scanner: rules, packs and settings, ready to scan any number of trees.
#[derive(Debug)]
pub struct Scanner {
    rules: RuleSet,
    rules_digest: Arc<str>,
    packs: Vec<Pack>,
    settings: Settings,
}

/// The resources of a tree, without any verdict.
#[derive(Debug)]
pub struct Inspection {
    /// The resources and their references.
    pub graph: Graph,
    /// What was not understood.
    pub notices: Vec<Notice>,
}

impl ScannerBuilder {
    /// Adds rules of a user; one with the id of a built-in rule replaces it.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.user_rules.extend(rules);
        self
    }

    /// Asks for the controls of a pack.
    #[must_use]
    pub fn pack(mut self, id: impl Into<String>) -> Self {
        self.packs.push(id.into());
        self
    }

    /// Adds a pack of a user, which can then be asked for; one with the id of a built-in pack replaces it.
    #[must_use]
    pub fn add_pack(mut self, pack: Pack) -> Self {
        self.user_packs.push(pack);
        self
    }

    /// Sets a parameter of all rules that have it.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, values: Vec<Literal>) -> Self {
        self.parameters.insert(name.into(), values);
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

    /// What the report says it was made from; the rules' digest and the version are filled in by the scan.
    #[must_use]
    pub fn inputs(mut self, inputs: RunInputs) -> Self {
        self.settings.inputs = inputs;
        self
    }

    /// Builds the scanner.
    ///
    /// # Errors
    /// A pack, rule, topic or parameter that does not exist or cannot be set so.
    pub fn build(self) -> Result<Scanner, BuildError> {
        let blob = secscan_builtin_rules::load()?;
        let mut digest = secscan_model::source::Digest::default();
        digest.update(blob.digest.as_bytes());
        for rule in &self.user_rules {
            digest.update(format!("{rule:?}").as_bytes());
        }
        let mut rules: Vec<Rule> = blob.rules;
        rules.extend(self.user_rules);
        secscan_rules::bind(&mut rules, &self.parameters)?;
        let packs = chosen_packs(&self.packs, self.user_packs)?;
        Ok(Scanner { rules: RuleSet::new(rules), rules_digest: digest.hex(), packs, settings: self.settings })
    }
}

fn chosen_packs(wanted: &[String], own: Vec<Pack>) -> Result<Vec<Pack>, BuildError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut known: BTreeMap<Arc<str>, Pack> =
        secscan_builtin_packs::load()?.packs.into_iter().map(|pack| (pack.id.clone(), pack)).collect();
    known.extend(own.into_iter().map(|pack| (pack.id.clone(), pack)));
    let names: Vec<_> = known.keys().cloned().collect();
    let mut packs: Vec<Pack> = Vec::new();
    for name in wanted {
        if packs.iter().any(|pack| *pack.id == **name) {
            continue;
        }
        packs.push(
            known
                .remove(name.as_str())
                .ok_or_else(|| BuildError::Pack { name: name.clone(), known: names.join(", ") })?,
        );
    }
    Ok(packs)
}

impl Scanner {
    /// A builder with the built-in rules.
    pub fn builder() -> ScannerBuilder {
        ScannerBuilder::default()
    }

    /// A scanner of these rules alone, with their parameters at their defaults.
    pub fn of_rules(mut rules: RuleSet) -> Self {
        // Without values to set, binding cannot fail.
        drop(secscan_rules::bind(&mut rules.rules, &BTreeMap::new()));
        Self { rules, rules_digest: "".into(), packs: Vec::new(), settings: Settings::default() }
    }

    /// Reads a tree without judging it.
    pub fn inspect(&self, tree: &dyn FileTree, observer: &dyn Observer) -> Inspection {
        let listing = tree.list();
        let (graph, mut diagnostics) = read(tree, &listing.files, &self.settings.options, observer);
        diagnostics.extend(listing.diagnostics);
        let notices = notices(&diagnostics, &Places::new(&graph));
        Inspection { graph, notices }
    }

    /// Scans a tree.
    pub fn scan(&self, tree: &dyn FileTree, observer: &dyn Observer) -> Report {
        let settings = &self.settings;
        let examined = examine(tree, &self.rules, &settings.options, settings.keep, observer);
        observer.event(Event::Begin(Stage::Report));
        self.report(&examined)
    }

    fn report(&self, examined: &Examination) -> Report {
        let places = Places::new(&examined.graph);
        let mappings: Vec<_> = self.packs.iter().map(|pack| Mapping::new(pack, &self.rules)).collect();
        let mut controls = ControlsOf::new();
        mappings.iter().for_each(|mapping| mapping.violated(&self.rules, &mut controls));
        let mut raw = findings(&examined.graph, &examined.verdicts, &self.rules, &places);
        name_controls(&mut raw, &controls);
        let findings: Vec<Finding> = raw.into_iter().map(|raw: Raw| raw.finding).collect();
        let verdicts = Verdicts {
            rules: &self.rules,
            tallies: &examined.tallies,
            findings: &findings,
            blind: blind_platforms(&examined.diagnostics),
            is_waived: &|_: &ControlRef, _: &Finding| false,
            not_applicable: &|_: &ControlRef| None,
        };
        let packs = mappings.iter().map(|mapping| pack_result(mapping, &verdicts)).collect();
        let ids = self.rules.rules.iter().map(|rule| rule.info.id.clone());
        Report {
            inputs: self.inputs(),
            coverage: Coverage {
                files: examined.files,
                recognised: examined.graph.sources.len() as u64,
                resources: examined.resources_by_platform(),
            },
            rules: self.rules.rules.iter().map(|rule| Arc::new(rule.info.clone())).collect(),
            tallies: ids.zip(examined.tallies.iter().copied()).collect::<BTreeMap<RuleId, _>>(),
            gate: self.gate(&findings),
            findings,
            packs,
            notices: notices(&examined.diagnostics, &places),
        }
    }

    fn inputs(&self) -> RunInputs {
        let version = env!("CARGO_PKG_VERSION").into();
        RunInputs { version, rules_digest: self.rules_digest.clone(), ..self.settings.inputs.clone() }
    }

    fn gate(&self, findings: &[Finding]) -> Gate {
        let threshold = self.settings.threshold.unwrap_or(Threshold::At(Severity::High));
        let counts = |finding: &&Finding| {
            let is_open = finding.kind == FindingKind::Fail && finding.status == Status::Open;
            is_open
                && match threshold {
                    Threshold::At(severity) => finding.severity >= severity,
                    Threshold::New(severity) => finding.severity >= severity && finding.new,
                    Threshold::Never => false,
                }
        };
        let counted = findings.iter().filter(counts).count() as u64;
        Gate { failed: counted > 0, counted, threshold: threshold.to_string().into() }
    }
}

/// Diagnostics with their places, sorted, each once.
fn notices(diagnostics: &[Diagnostic], places: &Places<'_>) -> Vec<Notice> {
    let notice = |diagnostic: &Diagnostic| {
        let place = diagnostic.at.map(|at| places.place(at, false));
        let path = diagnostic.path.clone().or_else(|| place.as_ref().map(|place| place.path.clone()));
        Notice { kind: diagnostic.kind, path, place, message: diagnostic.message.clone() }
    };
    let mut notices: Vec<_> = diagnostics.iter().map(notice).collect();
    notices.sort_by(|a, b| (&a.path, &a.place, a.kind, &a.message).cmp(&(&b.path, &b.place, b.kind, &b.message)));
    notices.dedup();
    notices
}
