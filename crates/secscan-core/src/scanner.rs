//! The scanner: what it is built from, and how a scan runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use secscan_advisory::Store;
use secscan_model::report::{AdvisoryData, Coverage, Gate, Notice, RunInputs};
use secscan_model::{
    ControlRef, Diagnostic, DiagnosticKind, FileTree, Finding, FindingKind, Graph, Pack, Report, RuleId, RuleInfo,
    Severity, Status,
};
use secscan_parse::load::Spanned;
use secscan_resources::Options;
use secscan_resources::helm::Unfolded;
use secscan_rules::blob::BlobError;
use secscan_rules::check::Literal;
use secscan_rules::{BindError, Rule, RuleSet};

use crate::baseline::Baseline;
use crate::cache::{self, Cache, Fingerprints, Memory};
use crate::config::{Config, KubernetesVersion, NotApplicable};
use crate::controls::{Mapping, Verdicts, blind_platforms, pack_result};
use crate::examine::{By, Examination, Keep, Reading, examine, read};
use crate::findings::{ControlsOf, findings, name_controls};
use crate::meta::{self, Standing};
use crate::observer::{Event, Observer, Stage};
use crate::places::Places;
use crate::redaction::Redactor;
use crate::since::mark_new;
use crate::suppress::Suppressions;
use crate::triage::Triage;
use crate::waivers::Waivers;

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
struct Settings {
    options: Options,
    keep: Keep,
    inputs: RunInputs,
    threshold: Option<Threshold>,
    min_severity: Option<Severity>,
    config: Option<Config>,
    config_folder: String,
    baseline: Option<Baseline>,
    advisories: Option<Store>,
    today: Date,
    ends_after_scan: bool,
}

/// A scanner: rules, packs and settings, ready to scan any number of trees.
#[derive(Debug)]
pub struct Scanner {
    rules: RuleSet,
    /// Rules that exist and are not asked.
    idle_rules: BTreeSet<RuleId>,
    rules_digest: Arc<str>,
    /// A hash of the rules with their parameters, as far as they are asked.
    rules_fingerprint: Arc<str>,
    /// Knows what no output may quote.
    redactor: Redactor,
    /// The packs that were asked for.
    packs: Vec<Pack>,
    /// Packs that only the settings name, in waivers and controls that are not applicable.
    idle_packs: Vec<Pack>,
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
        let least = self.settings.min_severity.unwrap_or(Severity::Info);
        let runs = |rule: &Rule| {
            let is_demanded = || !rule.on_demand || packs.iter().any(|pack| maps(pack, &rule.info.id));
            let is_asked = |name: &String| is_named(rule, name) && (*rule.info.id.0 == **name || is_demanded());
            let is_wanted = if self.only.is_empty() { is_demanded() } else { self.only.iter().any(is_asked) };
            is_wanted && rule.info.severity >= least && !self.skip.iter().any(|name| is_named(rule, name))
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

impl Scanner {
    /// A builder with the built-in rules.
    pub fn builder() -> ScannerBuilder {
        ScannerBuilder::default()
    }

    /// A scanner of these rules alone, with their parameters at their defaults.
    pub fn of_rules(rules: RuleSet) -> Self {
        let redactor = Redactor::new(&rules.rules);
        Self {
            rules,
            idle_rules: BTreeSet::new(),
            rules_digest: "".into(),
            rules_fingerprint: "".into(),
            redactor,
            packs: Vec::new(),
            idle_packs: Vec::new(),
            settings: Settings::default(),
        }
    }

    /// The same scanner with advisories.
    pub(crate) fn with_advisories(mut self, store: Store) -> Self {
        self.settings.advisories = Some(store);
        self
    }

    /// Reads a tree without judging it.
    pub fn inspect(&self, tree: &dyn FileTree, observer: &dyn Observer) -> Inspection {
        let tree = Unfolded::new(tree);
        let listing = tree.list();
        let Reading { graph, mut diagnostics, .. } =
            read(&tree, &listing.files, &self.settings.options, None, observer);
        diagnostics.extend(listing.diagnostics);
        let notices = notices(&diagnostics, &Places::new(&graph, &self.redactor));
        Inspection { graph, notices }
    }

    /// Scans a tree, or takes up what an earlier scan said of the very same files under the same rules and settings; what is
    /// new is kept. The report is the same either way.
    pub fn scan_cached(&self, tree: &dyn FileTree, cache: &dyn Cache, observer: &dyn Observer) -> Report {
        let tree = Unfolded::new(tree);
        let all = self.fingerprint();
        if let Some(kept) = cache::recall(cache, &all, &tree) {
            return Report { inputs: self.inputs(), rules: self.rule_headers(), ..kept };
        }
        let record = cache.get(cache::TEXTS).unwrap_or_default();
        let memory = Memory::new(&record, &self.rules_fingerprint);
        let examined = self.examine(&tree, Some(&memory), observer);
        observer.event(Event::Begin(Stage::Report));
        let report = self.report(&examined, None);
        self.let_go(examined);
        let prints = Fingerprints { rules: &self.rules_fingerprint, all: &all };
        memory.keep(cache, prints, &tree.list(), &report);
        report
    }

    /// A hash of all that a report hangs on besides the files.
    fn fingerprint(&self) -> Arc<str> {
        // Whoever adds a setting decides here whether reports hang on it.
        let Settings {
            options,
            keep,
            inputs: _,
            threshold,
            min_severity,
            config,
            config_folder,
            baseline,
            advisories,
            today,
            ends_after_scan: _,
        } = &self.settings;
        let packs =
            |packs: &[Pack]| packs.iter().map(|pack| (pack.id.clone(), pack.digest.clone())).collect::<Vec<_>>();
        let packs = (packs(&self.packs), packs(&self.idle_packs));
        let advisories = advisories.as_ref().map(|store| &store.about().digest);
        let settings = (options, keep, threshold, min_severity, config, config_folder, baseline, advisories, today);
        let mut digest = secscan_model::source::Digest::default();
        digest.update(format!("{}\0{packs:?}\0{settings:?}", self.rules_fingerprint).as_bytes());
        digest.hex()
    }

    /// Scans a tree.
    pub fn scan(&self, tree: &dyn FileTree, observer: &dyn Observer) -> Report {
        let examined = self.examine(&Unfolded::new(tree), None, observer);
        observer.event(Event::Begin(Stage::Report));
        let report = self.report(&examined, None);
        self.let_go(examined);
        report
    }

    /// Scans a tree and tells which findings the `base` tree lacks: only these count for the gate. Moved lines and
    /// renamed files are not new. A suppression that the base lacks is a finding of its own.
    pub fn scan_since(&self, tree: &dyn FileTree, base: &dyn FileTree, observer: &dyn Observer) -> Report {
        let before = self.examine(&Unfolded::new(base), None, &crate::Silent);
        let examined = self.examine(&Unfolded::new(tree), None, observer);
        observer.event(Event::Begin(Stage::Report));
        let report = self.report(&examined, Some(&before));
        self.let_go(examined);
        self.let_go(before);
        report
    }

    fn let_go(&self, examined: Examination) {
        if self.settings.ends_after_scan {
            std::mem::forget(examined);
        }
    }

    fn examine(&self, tree: &dyn FileTree, memory: Option<&Memory<'_>>, observer: &dyn Observer) -> Examination {
        let by = By {
            rules: &self.rules,
            advisories: self.settings.advisories.as_ref(),
            today: self.settings.today,
            keep: self.settings.keep,
            memory,
        };
        examine(tree, by, &self.settings.options, observer)
    }

    /// The places of what was examined. Where the rules asked for all secrets, files are not asked once more.
    fn places<'a>(&'a self, examined: &'a Examination) -> Places<'a> {
        let places = Places::new(&examined.graph, &self.redactor);
        if self.redactor.is_asked_by(&self.rules) { places.knowing(&examined.secrets) } else { places }
    }

    fn report(&self, examined: &Examination, base: Option<&Examination>) -> Report {
        let places = self.places(examined);
        let mappings: Vec<_> = self.packs.iter().map(|pack| Mapping::new(pack, &self.rules)).collect();
        let settings = self.settings.config.as_ref().map(|config| &config.settings);
        let entries = settings.map(|settings| settings.waiver.as_slice()).unwrap_or_default();
        let waivers = Waivers::new(entries, self.settings.today);
        let mut findings = self.findings(examined, base, &mappings, &waivers, &places);
        findings.sort_by(|a, b| (&a.place, &a.rule, a.kind).cmp(&(&b.place, &b.rule, b.kind)));
        let not_applicable = |control: &ControlRef| {
            let entries = settings.into_iter().flat_map(|settings| &settings.not_applicable);
            let mut of_control = entries.filter(|entry| entry.value.control == *control);
            of_control.next().map(|entry| entry.value.reason.as_str().into())
        };
        let packs = {
            let verdicts = Verdicts {
                rules: &self.rules,
                tallies: &examined.tallies,
                findings: &findings,
                blind: blind_platforms(&examined.diagnostics),
                unanswered: &examined.unanswered,
                is_waived: &|control, finding: &Finding| waivers.covers(control, &finding.resource).is_some(),
                not_applicable: &not_applicable,
            };
            mappings.iter().map(|mapping| pack_result(mapping, &verdicts)).collect()
        };
        let ids = self.rules.rules.iter().map(|rule| rule.info.id.clone());
        Report {
            inputs: self.inputs(),
            coverage: Coverage {
                files: examined.counts.all,
                recognised: examined.counts.recognised,
                searched: examined.counts.text,
                binary: examined.counts.binary,
                resources: examined.resources_by_platform(),
            },
            rules: self.rule_headers(),
            tallies: ids.zip(examined.tallies.iter().copied()).collect::<BTreeMap<RuleId, _>>(),
            gate: self.gate(&findings, base.is_some()),
            findings,
            packs,
            notices: [self.misnamed(), notices(&examined.diagnostics, &places)].concat(),
            packages: crate::packages::packages(&examined.graph),
        }
    }

    /// Controls that are declared not applicable and do not exist: the entry does nothing, which its author must know.
    fn misnamed(&self) -> Vec<Notice> {
        let Some(config) = &self.settings.config else { return Vec::new() };
        let places = Places::of([&config.source], &self.redactor);
        let is_misnamed =
            |entry: &&Spanned<NotApplicable>| self.control_standing(&entry.value.control) == Standing::Unknown;
        let notice = |entry: &Spanned<NotApplicable>| Notice {
            kind: DiagnosticKind::Configuration,
            path: Some(config.source.path.clone()),
            place: Some(places.place(entry.at, false)),
            message: format!("there is no control `{}` that could be not applicable", entry.value.control).into(),
        };
        config.settings.not_applicable.iter().filter(is_misnamed).map(notice).collect()
    }

    /// The findings of a tree with their status.
    fn findings(
        &self,
        examined: &Examination,
        base: Option<&Examination>,
        mappings: &[Mapping<'_>],
        waivers: &Waivers<'_>,
        places: &Places<'_>,
    ) -> Vec<Finding> {
        let mut controls = ControlsOf::new();
        mappings.iter().for_each(|mapping| mapping.violated(&self.rules, &mut controls));
        let idle: Vec<_> = self.idle_packs.iter().map(|pack| Mapping::new(pack, &self.rules)).collect();
        idle.iter().for_each(|mapping| mapping.violated(&self.rules, &mut controls));
        let mut raw = findings(&examined.graph, &examined.verdicts, &self.rules, places);
        name_controls(&mut raw, &controls);
        let triage = Triage {
            graph: &examined.graph,
            places,
            redactor: &self.redactor,
            config: self.settings.config.as_ref(),
            config_folder: &self.settings.config_folder,
            waivers,
            rule_standing: &|id| self.rule_standing(id),
            control_standing: &|control| self.control_standing(control),
            base_comments: base.map(|base| self.comment_words(base)),
            today: self.settings.today,
        };
        let mut findings = triage.run(raw);
        for finding in &mut findings {
            finding.controls.retain(|control| self.packs.iter().any(|pack| pack.id == control.pack));
        }
        if let Some(base) = base {
            let places = self.places(base);
            let raw = crate::findings::findings(&base.graph, &base.verdicts, &self.rules, &places);
            let before: Vec<Finding> = raw.into_iter().map(|raw| raw.finding).collect();
            mark_new(&mut findings, &before);
        }
        if let Some(baseline) = &self.settings.baseline {
            baseline.apply(&mut findings);
        }
        findings
    }

    /// What the suppressions of a tree say, counted.
    fn comment_words(&self, examined: &Examination) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (source, comments) in examined.graph.sources.iter().zip(&examined.graph.comments) {
            let suppressions = Suppressions::read(source, comments, &|id| self.rule_standing(id));
            for words in suppressions.words() {
                *counts.entry(words).or_default() += 1;
            }
        }
        counts
    }

    fn rule_standing(&self, id: &RuleId) -> Standing {
        if self.rules.get(id).is_some() {
            Standing::Asked
        } else if self.idle_rules.contains(id) || meta::rules().iter().any(|info| info.id == *id) {
            Standing::Idle
        } else {
            Standing::Unknown
        }
    }

    fn control_standing(&self, control: &ControlRef) -> Standing {
        let has = |packs: &[Pack]| {
            packs
                .iter()
                .any(|pack| pack.id == control.pack && pack.controls.iter().any(|known| known.id == control.control))
        };
        if has(&self.packs) {
            Standing::Asked
        } else if has(&self.idle_packs) {
            Standing::Idle
        } else {
            Standing::Unknown
        }
    }

    fn rule_headers(&self) -> Vec<Arc<RuleInfo>> {
        let mut headers: Vec<_> = self.rules.rules.iter().map(|rule| rule.info.clone()).collect();
        headers.extend(meta::rules());
        headers.sort_by(|a, b| a.id.cmp(&b.id));
        headers
    }

    fn inputs(&self) -> RunInputs {
        let version = env!("CARGO_PKG_VERSION").into();
        let advisories = self.settings.advisories.as_ref().map(|store| AdvisoryData {
            count: store.about().advisories,
            modified: store.about().modified.as_str().into(),
            digest: store.about().digest.as_str().into(),
        });
        RunInputs { version, rules_digest: self.rules_digest.clone(), advisories, ..self.settings.inputs.clone() }
    }

    fn gate(&self, findings: &[Finding], has_base: bool) -> Gate {
        let threshold = self.settings.threshold.unwrap_or(Threshold::At(Severity::High));
        let counts = |finding: &&Finding| {
            let is_open = finding.kind == FindingKind::Fail && finding.status == Status::Open;
            is_open
                && match threshold {
                    Threshold::At(severity) => finding.severity >= severity && (finding.new || !has_base),
                    Threshold::New(severity) => finding.severity >= severity && finding.new,
                    Threshold::Never => false,
                }
        };
        let counted = findings.iter().filter(counts).count() as u64;
        Gate { failed: counted > 0, counted, threshold: threshold.to_string().into() }
    }
}

/// Whether a pack maps a rule by its id: topics alone do not demand one.
fn maps(pack: &Pack, rule: &RuleId) -> bool {
    pack.map.iter().any(|entry| entry.rules.contains(rule))
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
