//! The status of each control of a pack: exactly one, with its evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::pack::Demand;
use secscan_model::report::{ControlResult, PackResult};
use secscan_model::{
    Automation, Control, ControlRef, ControlStatus, Diagnostic, Finding, FindingKind, Pack, Platform, Role, RuleId,
    Tally,
};
use secscan_rules::RuleSet;
use secscan_rules::bind::is_strict_enough;
use secscan_rules::check::Literal;
use secscan_rules::pack::roles;

use crate::findings::ControlsOf;

/// What the rules of a scan mean for one pack.
#[derive(Debug)]
pub(crate) struct Mapping<'a> {
    pack: &'a Pack,
    /// By control number: the rules that touch it, as indexes into the rule set, with their roles.
    rules: BTreeMap<Arc<str>, Vec<(usize, Role)>>,
}

impl<'a> Mapping<'a> {
    /// Maps all rules to the controls of a pack.
    pub(crate) fn new(pack: &'a Pack, rules: &RuleSet) -> Self {
        let mut by_control: BTreeMap<Arc<str>, Vec<(usize, Role)>> = BTreeMap::new();
        for (index, rule) in rules.rules.iter().enumerate() {
            for (control, role) in roles(pack, &rule.info) {
                by_control.entry(control).or_default().push((index, role));
            }
        }
        Self { pack, rules: by_control }
    }

    /// Adds the controls that a finding of each rule breaks.
    pub(crate) fn violated(&self, rules: &RuleSet, into: &mut ControlsOf) {
        for (control, members) in &self.rules {
            for (index, role) in members {
                if *role == Role::Violation {
                    let touched = into.entry(rules.rules[*index].info.id.clone()).or_default();
                    touched.push(ControlRef { pack: self.pack.id.clone(), control: control.clone() });
                    touched.sort();
                }
            }
        }
    }
}

/// What decides about controls, beside the mapping.
pub(crate) struct Verdicts<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) tallies: &'a [Tally],
    pub(crate) findings: &'a [Finding],
    /// Platforms of which something could not be read.
    pub(crate) blind: BTreeSet<Platform>,
    /// By the index of a rule: why subjects stay unknown whatever the files say.
    pub(crate) unanswered: &'a BTreeMap<usize, Arc<str>>,
    /// Whether a live waiver accepts a finding for a control.
    pub(crate) is_waived: &'a dyn Fn(&ControlRef, &Finding) -> bool,
    /// The reason why a control was declared not applicable.
    pub(crate) not_applicable: &'a dyn Fn(&ControlRef) -> Option<Arc<str>>,
}

/// The platforms of which something could not be read.
pub(crate) fn blind_platforms(diagnostics: &[Diagnostic]) -> BTreeSet<Platform> {
    diagnostics.iter().flat_map(|diagnostic| diagnostic.blinds.iter().copied()).collect()
}

/// The status of all controls of a pack, and the two numbers.
pub(crate) fn pack_result(mapping: &Mapping<'_>, verdicts: &Verdicts<'_>) -> PackResult {
    let pack = mapping.pack;
    let by_rule = violations_by_rule(verdicts.findings);
    let controls: Vec<_> = pack.controls.iter().map(|control| result(mapping, control, verdicts, &by_rule)).collect();
    let count =
        |wanted: &[ControlStatus]| controls.iter().filter(|control| wanted.contains(&control.status)).count() as f64;
    use ControlStatus::{Evidence, Fail, NotApplicable, Pass, Waived};
    let judged = count(&[Fail, Pass, Evidence, Waived]);
    let applicable = controls.len() as f64 - count(&[NotApplicable]);
    let holding = count(&[Pass, Evidence]);
    PackResult {
        id: pack.id.clone(),
        title: pack.title.clone(),
        version: pack.version.clone(),
        source: pack.source.clone(),
        digest: pack.digest.clone(),
        coverage: (applicable > 0.0).then(|| judged / applicable),
        holding: (judged > 0.0).then(|| holding / judged),
        controls,
    }
}

/// The failures by rule; a suppressed or baselined finding still breaks its controls.
fn violations_by_rule(findings: &[Finding]) -> BTreeMap<&RuleId, Vec<&Finding>> {
    let mut by_rule: BTreeMap<&RuleId, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.kind == FindingKind::Fail) {
        by_rule.entry(&finding.rule).or_default().push(finding);
    }
    by_rule
}

fn result(
    mapping: &Mapping<'_>,
    control: &Control,
    verdicts: &Verdicts<'_>,
    by_rule: &BTreeMap<&RuleId, Vec<&Finding>>,
) -> ControlResult {
    let reference = ControlRef { pack: mapping.pack.id.clone(), control: control.id.clone() };
    let members = mapping.rules.get(&control.id).map(Vec::as_slice).unwrap_or_default();
    let deciding: Vec<_> = members.iter().filter(|(_, role)| *role != Role::Context).copied().collect();
    let violations: Vec<&Finding> = deciding
        .iter()
        .filter(|(_, role)| *role == Role::Violation)
        .flat_map(|(rule, _)| by_rule.get(&verdicts.rules.rules[*rule].info.id).into_iter().flatten())
        .copied()
        .collect();
    let (status, reason) = status(mapping, control, &reference, &deciding, &violations, verdicts);
    let tally = |(rule, _): &(usize, Role)| (verdicts.rules.rules[*rule].info.id.clone(), verdicts.tallies[*rule]);
    let evidence: Vec<_> = deciding.iter().map(tally).filter(|(_, tally)| tally.examined() > 0).collect();
    ControlResult {
        key: control.key.clone(),
        title: control.title.clone(),
        section: control.section.clone(),
        specification: control.specification.clone(),
        automation: control.automation,
        status,
        reason,
        residual: control.residual.clone(),
        findings: violations.iter().map(|finding| finding.fingerprint.clone()).collect(),
        examined: evidence.iter().map(|(_, tally)| tally.examined()).sum(),
        evidence,
        control: reference,
    }
}

fn status(
    mapping: &Mapping<'_>,
    control: &Control,
    reference: &ControlRef,
    deciding: &[(usize, Role)],
    violations: &[&Finding],
    verdicts: &Verdicts<'_>,
) -> (ControlStatus, Option<Arc<str>>) {
    if let Some(reason) = (verdicts.not_applicable)(reference) {
        return (ControlStatus::NotApplicable, Some(reason));
    }
    if control.automation == Automation::Manual {
        return (ControlStatus::Manual, None);
    }
    if deciding.is_empty() {
        return (ControlStatus::NoRule, None);
    }
    if !violations.is_empty() {
        let waived = violations.iter().all(|finding| (verdicts.is_waived)(reference, finding));
        return (if waived { ControlStatus::Waived } else { ControlStatus::Fail }, None);
    }
    if let Some(reason) = unknown_reason(mapping, deciding, verdicts) {
        return (ControlStatus::Unknown, Some(reason));
    }
    let examined: u64 = deciding.iter().map(|(rule, _)| verdicts.tallies[*rule].examined()).sum();
    match (examined, control.automation) {
        (0, _) => (ControlStatus::NotAssessed, None),
        (_, Automation::Automated) => (ControlStatus::Pass, None),
        (_, _) => (ControlStatus::Evidence, None),
    }
}

/// Why a control without violations has not passed, when it has not.
fn unknown_reason(mapping: &Mapping<'_>, deciding: &[(usize, Role)], verdicts: &Verdicts<'_>) -> Option<Arc<str>> {
    let tally = |rule: usize| verdicts.tallies[rule];
    let blind: BTreeSet<Platform> = deciding
        .iter()
        .flat_map(|(rule, _)| verdicts.rules.rules[*rule].info.platforms.iter().copied())
        .filter(|platform| verdicts.blind.contains(platform))
        .collect();
    if !blind.is_empty() {
        let names: Vec<_> = blind.iter().map(|platform| platform.as_str()).collect();
        return Some(format!("some {} files could not be read", names.join(" and ")).into());
    }
    if let Some(why) = deciding.iter().find_map(|(rule, _)| verdicts.unanswered.get(rule)) {
        return Some(why.clone());
    }
    let unknown: u64 = deciding.iter().map(|(rule, _)| tally(*rule).unknown).sum();
    match unknown {
        0 => {}
        1 => return Some("one answer hangs on a value that is not in the files".into()),
        _ => return Some(format!("{unknown} answers hang on values that are not in the files").into()),
    }
    let examined = deciding.iter().any(|(rule, _)| tally(*rule).examined() > 0);
    let supported =
        deciding.iter().any(|(rule, _)| tally(*rule).pass > 0 && has_credit(mapping.pack, *rule, verdicts.rules));
    (examined && !supported).then(|| "what was examined does not support it".into())
}

/// Whether a pack gives credit for a rule: not when a parameter is set looser than the pack demands.
fn has_credit(pack: &Pack, rule: usize, rules: &RuleSet) -> bool {
    let rule = &rules.rules[rule];
    let is_met = |demand: &Demand| {
        let literals = demand.at_loosest.split(',').map(literal).collect::<Vec<_>>();
        rule.params.get(&*demand.parameter).is_none_or(|param| is_strict_enough(param, &literals))
    };
    let demands = pack.map.iter().flat_map(|entry| &entry.require);
    demands.filter(|demand| demand.rule == rule.info.id).all(is_met)
}

fn literal(text: &str) -> Literal {
    text.parse().map_or_else(|_| Literal::Text(text.to_owned()), Literal::Number)
}
