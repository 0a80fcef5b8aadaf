//! Which findings count: comments, the settings and the baseline set findings aside, and are themselves held to account.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use secscan_model::{ControlRef, Finding, FindingKind, Graph, Header, Platform, RuleId, SourceId, Status};

use crate::config::Config;
use crate::findings::Raw;
use crate::ignores::Ignores;
use crate::meta::{self, MetaRule, Problem, Standing};
use crate::places::Places;
use crate::redaction::Redactor;
use crate::suppress::{Suppressions, constructs_around};
use crate::waivers::Waivers;

/// What triage goes by.
pub(crate) struct Triage<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) places: &'a Places<'a>,
    pub(crate) redactor: &'a Redactor,
    pub(crate) config: Option<&'a Config>,
    /// The folder of the settings file as findings' paths begin, empty or with a slash at its end.
    pub(crate) config_folder: &'a str,
    pub(crate) waivers: &'a Waivers<'a>,
    /// How each rule stands to this scan.
    pub(crate) rule_standing: &'a dyn Fn(&RuleId) -> Standing,
    /// How each control stands to this scan.
    pub(crate) control_standing: &'a dyn Fn(&ControlRef) -> Standing,
    /// What the base revision's comments say, counted, when there is a base.
    pub(crate) base_comments: Option<BTreeMap<String, usize>>,
    pub(crate) today: Date,
}

impl Triage<'_> {
    /// Sets findings aside and adds what is wrong with the reasons for it.
    pub(crate) fn run(&self, mut raw: Vec<Raw>) -> Vec<Finding> {
        let mut problems = self.comments(&mut raw);
        let mut of_settings = self.ignores(&mut raw);
        self.waive(&mut raw);
        of_settings.extend(self.waivers.problems(self.control_standing));
        let rules: BTreeMap<RuleId, Arc<Header>> =
            meta::rules().into_iter().map(|info| (info.id.clone(), info)).collect();
        let mut findings: Vec<Finding> = raw.into_iter().map(|raw| raw.finding).collect();
        problems.sort_by_key(|problem| (problem.at, problem.rule));
        findings.extend(problems.iter().filter_map(|problem| finding(problem, self.places, &rules)));
        if let Some(config) = self.config {
            let places = Places::of([&config.source], self.redactor);
            findings.extend(of_settings.iter().filter_map(|problem| finding(problem, &places, &rules)));
        }
        findings
    }

    /// Inline comments, file by file.
    fn comments(&self, raw: &mut [Raw]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut by_file: BTreeMap<SourceId, Vec<&mut Raw>> = BTreeMap::new();
        for raw in raw.iter_mut().filter(|raw| raw.finding.kind == FindingKind::Fail) {
            by_file.entry(raw.at.source).or_default().push(raw);
        }
        let mut of_base = self.base_comments.clone();
        for (source, comments) in self.graph.sources.iter().zip(&self.graph.comments) {
            let mut suppressions = Suppressions::read(source, comments, self.rule_standing);
            for raw in by_file.remove(&source.id).unwrap_or_default() {
                self.suppress(&mut suppressions, raw);
            }
            if let Some(of_base) = &mut of_base {
                problems.extend(suppressions.added(of_base));
            }
            problems.extend(suppressions.problems(self.rule_standing, self.today));
        }
        problems
    }

    fn suppress(&self, suppressions: &mut Suppressions, raw: &mut Raw) {
        if suppressions.is_empty() {
            return;
        }
        let Some(lines) = self.places.line_index(raw.at.source) else { return };
        let mut constructs = Vec::new();
        let mut holder = Some(raw.resource);
        while let Some(id) = holder {
            let resource = self.graph.resource(id);
            constructs.extend(constructs_around(resource, raw.at, lines));
            holder = resource.owner;
        }
        let line = lines.line(raw.at.span.start);
        if let Some(found) = suppressions.find(&raw.finding.rule, line, &constructs, self.today) {
            let source = format!("{}:{}", self.places.path(found.at.source), self.places.line(found.at));
            raw.finding.status = Status::Suppressed { reason: found.reason.clone(), source: source.into() };
        }
    }

    /// `[[ignore]]` entries of the settings.
    fn ignores(&self, raw: &mut [Raw]) -> Vec<Problem> {
        let Some(config) = self.config else { return Vec::new() };
        let mut ignores = Ignores::new(&config.settings.ignore, self.today);
        let places = Places::of([&config.source], self.redactor);
        for raw in raw.iter_mut().filter(|raw| raw.finding.kind == FindingKind::Fail) {
            let Some(path) = raw.finding.place.path.strip_prefix(self.config_folder) else { continue };
            let found = ignores.find(&raw.finding.rule, path);
            if let (Some(entry), Status::Open) = (found, &raw.finding.status) {
                let source = format!("{}:{}", config.source.path, places.line(entry.at));
                let reason = entry.value.reason.as_str().into();
                raw.finding.status = Status::Suppressed { reason, source: source.into() };
            }
        }
        ignores.problems(self.rule_standing)
    }

    /// Waivers: a violation that somebody has accepted for one of the controls that it breaks does not gate.
    fn waive(&self, raw: &mut [Raw]) {
        for raw in raw.iter_mut().filter(|raw| raw.finding.kind == FindingKind::Fail) {
            let finding = &mut raw.finding;
            let accepted: Vec<_> =
                finding.controls.iter().filter_map(|control| self.waivers.covers(control, &finding.resource)).collect();
            if let (Some(waiver), Status::Open) = (accepted.first(), &finding.status) {
                finding.status = Status::Waived {
                    reason: waiver.reason.as_str().into(),
                    owner: waiver.owner.as_str().into(),
                    until: waiver.until.to_string().into(),
                };
            }
        }
    }
}

/// A problem as a finding.
fn finding(problem: &Problem, places: &Places<'_>, rules: &BTreeMap<RuleId, Arc<Header>>) -> Option<Finding> {
    let info = rules.get(&problem.rule.id())?;
    let digest = secscan_model::source::digest_of(&[&info.id.0, &problem.subject, &problem.message]);
    Some(Finding {
        rule: info.id.clone(),
        kind: FindingKind::Fail,
        severity: info.severity,
        confidence: info.confidence,
        message: format!("{}: {}.", info.title, problem.message).into(),
        place: places.place(problem.at, false),
        origin: places.origin(problem.at.source),
        related: Vec::new(),
        platform: Platform::Configuration,
        resource_kind: kind(problem.rule).into(),
        resource: problem.subject.clone(),
        observed: problem.message.as_str().into(),
        expected: "".into(),
        fingerprint: format!("{digest}:1").into(),
        controls: Vec::new(),
        fix: None,
        advisory: None,
        status: Status::Open,
        new: true,
    })
}

fn kind(rule: MetaRule) -> &'static str {
    match rule {
        MetaRule::IgnoreExpired | MetaRule::IgnoreUnused => "ignore",
        MetaRule::WaiverExpired | MetaRule::WaiverUnused => "waiver",
        MetaRule::SuppressionAdded
        | MetaRule::SuppressionInvalid
        | MetaRule::SuppressionExpired
        | MetaRule::SuppressionUnused => "suppression",
    }
}
