//! The scanner: how a scan runs, and how its report is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::report::{AdvisoryData, Coverage, Gate, Notice, RunInputs};
use secscan_model::{
    ControlRef, Diagnostic, DiagnosticKind, FileTree, Finding, FindingKind, Graph, Header, Pack, Position, Report,
    RuleId, Severity, Status, Tally,
};
use secscan_parse::load::Spanned;
use secscan_resources::helm::Unfolded;
use secscan_rules::RuleSet;

use crate::builder::{ScannerBuilder, Settings, Threshold};
use crate::cache::{self, Cache, Fingerprints, Memory};
use crate::config::NotApplicable;
use crate::controls::{Mapping, Verdicts, blind_platforms, pack_result};
use crate::examine::{By, Examination, Reading, examine, read};
use crate::findings::{ControlsOf, findings, name_controls};
use crate::meta::{self, Standing};
use crate::observer::{Event, Observer, Stage};
use crate::places::Places;
use crate::redaction::Redactor;
use crate::since::mark_new;
use crate::suppress::Suppressions;
use crate::triage::Triage;
use crate::waivers::Waivers;

/// A scanner: rules, packs and settings, ready to scan any number of trees.
#[derive(Debug)]
pub struct Scanner {
    pub(crate) rules: RuleSet,
    /// Rules that exist and are not asked.
    pub(crate) idle_rules: BTreeSet<RuleId>,
    pub(crate) rules_digest: Arc<str>,
    /// A hash of the rules with their parameters, as far as they are asked.
    pub(crate) rules_fingerprint: Arc<str>,
    /// Knows what no output may quote.
    pub(crate) redactor: Redactor,
    /// The packs that were asked for.
    pub(crate) packs: Vec<Pack>,
    /// Packs that only the settings name, in waivers and controls that are not applicable.
    pub(crate) idle_packs: Vec<Pack>,
    pub(crate) settings: Settings,
}

/// The resources of a tree, without any verdict.
#[derive(Debug)]
pub struct Inspection {
    /// The resources and their references.
    pub graph: Graph,
    /// What was not understood.
    pub notices: Vec<Notice>,
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
    pub(crate) fn with_advisories(mut self, store: secscan_advisory::Store) -> Self {
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
        if let Some((kept, tallies)) = cache::recall(cache, &all, &tree) {
            let tallies = self.by_rule(&tallies);
            return Report { inputs: self.inputs(), rules: self.rule_headers(), tallies, ..kept };
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
            quotes,
        } = &self.settings;
        let packs =
            |packs: &[Pack]| packs.iter().map(|pack| (pack.id.clone(), pack.digest.clone())).collect::<Vec<_>>();
        let packs = (packs(&self.packs), packs(&self.idle_packs));
        let advisories = advisories.as_ref().map(|store| &store.about().digest);
        let settings =
            (options, keep, threshold, min_severity, config, config_folder, baseline, advisories, today, quotes);
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
        let places = Places::new(&examined.graph, &self.redactor).quoting(self.settings.quotes);
        if self.redactor.is_asked_by(&self.rules) { places.knowing(&examined.secrets) } else { places }
    }

    fn report(&self, examined: &Examination, base: Option<&Examination>) -> Report {
        let places = self.places(examined);
        let mappings: Vec<_> = self.packs.iter().map(|pack| Mapping::new(pack, &self.rules)).collect();
        let settings = self.settings.config.as_ref().map(|config| &config.settings);
        let entries = settings.map(|settings| settings.waiver.as_slice()).unwrap_or_default();
        let waivers = Waivers::new(entries, self.settings.today);
        let mut findings = self.findings(examined, base, &mappings, &waivers, &places);
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
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
            tallies: self.by_rule(&examined.tallies),
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

    /// The tallies of the rules in their order, by their ids.
    fn by_rule(&self, tallies: &[Tally]) -> BTreeMap<RuleId, Tally> {
        let ids = self.rules.rules.iter().map(|rule| rule.info.id.clone());
        ids.zip(tallies.iter().copied()).collect()
    }

    fn rule_headers(&self) -> Vec<Arc<Header>> {
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

/// What findings are sorted by: not by what places quote, which hangs on the outputs that are asked for.
fn order(finding: &Finding) -> (&str, Position, Position, &RuleId, FindingKind) {
    let place = &finding.place;
    (&place.path, place.start, place.end, &finding.rule, finding.kind)
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
