//! Verdicts to findings: places resolved, equal ones joined, identity given.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use secscan_model::report::{Advisory, Related};
use secscan_model::source::digest_of;
use secscan_model::{
    Confidence, ControlRef, Finding, FindingKind, Graph, Location, Origin, Platform, Resource, ResourceId, RuleId,
    RuleInfo, Status,
};
use secscan_rules::RuleSet;
use secscan_rules::judge::{Hit, Outcome, Verdict, Violation};

use crate::places::Places;

/// How many related places a finding has at the most.
pub(crate) const MOST_RELATED: usize = 20;

/// A finding that still knows where it is in bytes, for suppressions.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) finding: Finding,
    pub(crate) at: Location,
    pub(crate) resource: ResourceId,
}

/// What a verdict says at one place, before it is a finding.
struct Candidate<'v> {
    rule: usize,
    resource: ResourceId,
    kind: FindingKind,
    hit: &'v Hit,
    message: &'v str,
    advisory: Option<&'v Arc<Advisory>>,
}

impl Candidate<'_> {
    fn advisory_id(&self) -> Option<&str> {
        self.advisory.map(|advisory| &*advisory.id)
    }
}

/// The findings of a graph, sorted by place, then rule.
///
/// Equal rule, place, value and advisory make one finding: one root cause that several resources share, also through
/// several calls of a module, names the first and relates the others.
pub(crate) fn findings(graph: &Graph, verdicts: &[Verdict], rules: &RuleSet, places: &Places<'_>) -> Vec<Raw> {
    let mut candidates: Vec<_> = Vec::with_capacity(verdicts.len());
    candidates.extend(verdicts.iter().flat_map(self::candidates));
    candidates.sort_by(|a, b| order(graph, a).cmp(&order(graph, b)));
    let is_same = |a: &Candidate<'_>, b: &Candidate<'_>| {
        (a.hit.at, a.rule, a.kind, a.advisory_id(), &a.hit.found)
            == (b.hit.at, b.rule, b.kind, b.advisory_id(), &b.hit.found)
    };
    let one = |group: &[Candidate<'_>]| {
        let (first, others) = group.split_first()?;
        let mut raw = finding(graph, first, &rules.rules[first.rule].info, places);
        others.iter().for_each(|other| relate(graph, &mut raw, other, places));
        Some(raw)
    };
    let mut raw: Vec<Raw> = Vec::with_capacity(candidates.len());
    raw.extend(candidates.chunk_by(is_same).filter_map(one));
    number(&mut raw);
    raw
}

fn order<'a>(graph: &'a Graph, candidate: &'a Candidate<'_>) -> impl Ord + use<'a> {
    let resource = graph.resource(candidate.resource);
    let at = candidate.hit.at;
    (
        at,
        candidate.rule,
        candidate.kind,
        candidate.advisory_id(),
        &*candidate.hit.found,
        &*resource.address,
        &*resource.part,
        &*candidate.hit.path,
    )
}

fn candidates(verdict: &Verdict) -> impl Iterator<Item = Candidate<'_>> {
    let (violations, other): (&[Violation], _) = match &verdict.outcome {
        Outcome::Fail(violations) => (violations, None),
        Outcome::Pass(Some(hit)) => (&[], Some((FindingKind::Pass, &**hit))),
        Outcome::Unknown(hit) => (&[], Some((FindingKind::Unknown, &**hit))),
        Outcome::Pass(None) | Outcome::NotApplicable | Outcome::Panicked => (&[], None),
    };
    let (rule, resource) = (verdict.rule, verdict.resource);
    let violations = violations.iter().map(move |found| Candidate {
        rule,
        resource,
        kind: FindingKind::Fail,
        hit: &found.hit,
        message: &found.message,
        advisory: found.advisory.as_ref(),
    });
    let other = other.map(|(kind, hit)| Candidate { rule, resource, kind, hit, message: "", advisory: None });
    violations.chain(other)
}

fn finding(graph: &Graph, candidate: &Candidate<'_>, info: &RuleInfo, places: &Places<'_>) -> Raw {
    let resource = graph.resource(candidate.resource);
    let hit = candidate.hit;
    let message = match candidate.kind {
        FindingKind::Fail => candidate.message.into(),
        FindingKind::Pass => format!("Holds: {}.", info.title).into(),
        FindingKind::Unknown => format!("Cannot be told: {}. {}.", info.title, sentence(&hit.found)).into(),
    };
    let hidden = hit.secret.then_some(hit.at);
    let related = hit
        .related
        .iter()
        .map(|(at, message)| Related { place: places.place_hiding(*at, hidden), message: message.as_str().into() });
    // A value that a call gives stands at the call, or has come through it: that is said already.
    let is_new = |at: &&Location| hit.at != **at && hit.related.iter().all(|(known, _)| known != *at);
    let calls = called_from(graph, resource).iter().filter(is_new);
    let calls = calls.map(|at| Related { place: places.place(*at, false), message: called_by(graph, resource).into() });
    // Nearly always one: room for more in every finding would be half of what a report weighs.
    let mut all_related = Vec::with_capacity(hit.related.len().min(MOST_RELATED));
    all_related.extend(related.chain(calls).take(MOST_RELATED));
    let advisory = candidate.advisory;
    let finding = Finding {
        rule: info.id.clone(),
        kind: candidate.kind,
        severity: advisory.map_or(info.severity, |advisory| advisory.severity),
        confidence: if advisory.is_some_and(|advisory| !advisory.is_rated) { Confidence::Low } else { info.confidence },
        message,
        place: places.place(hit.at, hit.secret),
        origin: origin(hit, places),
        related: all_related,
        platform: resource.platform,
        resource_kind: resource.kind.clone(),
        resource: resource.address.clone(),
        observed: hit.found.as_str().into(),
        expected: hit.expected.as_str().into(),
        fingerprint: identity(info, resource, candidate, &hit.path, places),
        controls: Vec::new(),
        fix: None,
        advisory: advisory.cloned(),
        status: Status::Open,
        new: true,
    };
    let mut raw = Raw { finding, at: hit.at, resource: candidate.resource };
    if places.has_secrets(hit.at.source) {
        redact(&mut raw, info, resource, candidate, places);
    }
    raw
}

/// Takes the secrets of its file out of all that a finding says, and out of what its identity is made of: a guess at a
/// weak password must not be tried on it.
fn redact(raw: &mut Raw, info: &RuleInfo, resource: &Resource, candidate: &Candidate<'_>, places: &Places<'_>) {
    let finding = &mut raw.finding;
    for text in [&mut finding.message, &mut finding.observed, &mut finding.expected, &mut finding.resource] {
        if let Some(redacted) = places.redacted(raw.at.source, text) {
            *text = redacted.into();
        }
    }
    if let Some(path) = places.redacted(raw.at.source, &candidate.hit.path) {
        finding.fingerprint = identity(info, resource, candidate, &path, places);
    }
}

/// Where a finding comes from: the commit that brought it, where a related place of the same file tells that; else where
/// its file comes from.
fn origin(hit: &Hit, places: &Places<'_>) -> Origin {
    let path = places.path(hit.at.source);
    let related = hit.related.iter().filter(|(at, _)| at.source != hit.at.source && places.path(at.source) == path);
    let mut introductions = related.map(|(at, _)| places.origin(at.source)).filter(|it| it.introduction().is_some());
    introductions.next().unwrap_or_else(|| places.origin(hit.at.source))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Adds the resource of an equal finding as a related place: where it stands, or where the module is called that it
/// belongs to.
fn relate(graph: &Graph, raw: &mut Raw, candidate: &Candidate<'_>, places: &Places<'_>) {
    let resource = graph.resource(candidate.resource);
    let first = graph.resource(raw.resource);
    let message: Arc<str> = format!("also in {}", resource.address).into();
    let at = called_from(graph, resource).first().copied().unwrap_or_else(|| resource.header());
    let is_first = (&first.address, &first.unit) == (&resource.address, &resource.unit);
    if is_first || raw.finding.related.len() >= MOST_RELATED {
        return;
    }
    let related = Related { place: places.place(at, false), message };
    let known = |known: &Related| known.message == related.message && known.place == related.place;
    if !raw.finding.related.iter().any(known) {
        raw.finding.related.push(related);
    }
}

/// The places of the module calls that lead to a resource, nearest first. What is derived from a resource is made by the
/// same calls.
fn called_from<'g>(graph: &'g Graph, resource: &'g Resource) -> &'g [Location] {
    let owner = owner_of(graph, resource);
    match owner.platform {
        Platform::Terraform | Platform::Kubernetes => owner.value.via(),
        _ => &[],
    }
}

/// The resource that was written: what is derived from one stands for that.
fn owner_of<'g>(graph: &'g Graph, resource: &'g Resource) -> &'g Resource {
    let owner = resource.owner.filter(|_| resource.platform == Platform::Common);
    owner.map_or(resource, |owner| graph.resource(owner))
}

/// How the place is called that leads to a resource.
fn called_by(graph: &Graph, resource: &Resource) -> &'static str {
    match owner_of(graph, resource).platform {
        Platform::Kubernetes => "built by this kustomization",
        _ => "module called here",
    }
}

/// What stays the same when lines move and files are renamed: rule, resource, and the path within it.
fn identity(
    info: &RuleInfo,
    resource: &Resource,
    candidate: &Candidate<'_>,
    path: &str,
    places: &Places<'_>,
) -> Arc<str> {
    let platform = resource.platform.as_str();
    let file;
    let address = match (resource.platform, candidate.advisory) {
        // A line of text is the same in a renamed file.
        (Platform::Text | Platform::Code, _) => "",
        // The address of a package holds its version, but a flaw stays the same flaw while no version mends it.
        (_, Some(_)) => {
            file = places.path(candidate.hit.at.source);
            &*file
        }
        (_, None) => &*resource.address,
    };
    digest_of(&[&info.id.0, platform, &resource.kind, address, &resource.part, path])
}

/// Gives equal identities their counters, in report order.
fn number(raw: &mut [Raw]) {
    let mut seen: HashMap<(FindingKind, Arc<str>), u32> = HashMap::with_capacity(raw.len());
    for raw in raw {
        let count = seen.entry((raw.finding.kind, raw.finding.fingerprint.clone())).or_default();
        *count += 1;
        let count = count.to_string();
        raw.finding.fingerprint = [&*raw.finding.fingerprint, &count].join(":").into();
    }
}

/// The controls that a rule touches in the packs of this scan, by rule.
pub(crate) type ControlsOf = BTreeMap<RuleId, Vec<ControlRef>>;

/// Fills in the controls of each finding.
pub(crate) fn name_controls(raw: &mut [Raw], controls: &ControlsOf) {
    for raw in raw {
        if let Some(touched) = controls.get(&raw.finding.rule) {
            raw.finding.controls.clone_from(touched);
        }
    }
}
