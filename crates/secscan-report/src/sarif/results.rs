//! Findings as results.

use std::collections::{BTreeMap, HashMap};

use secscan_model::report::Related;
use secscan_model::{Finding, FindingKind, Report, RuleInfo, Severity, Status};
use serde_json::json;
use serde_sarif::sarif::{
    ArtifactChange, Fix, Location, LogicalLocation, PropertyBag, Replacement, Result, ResultKind, ResultLevel,
    Suppression,
};

use super::taxonomies::Taxonomies;
use super::{filled, message, places, rules, sentence};
use crate::Options;

/// How many related places GitHub may be asked to take (it refuses a file with more than 1,000 locations a result).
const MOST_RELATED: usize = 100;
/// How many related places a message links to.
const MOST_LINKS: usize = 10;

/// One result a finding, in the same order.
pub(super) fn results(
    findings: &[&Finding],
    found: &[&RuleInfo],
    report: &Report,
    options: &Options,
    taxonomies: &Taxonomies<'_>,
) -> Vec<Result> {
    let indices = (0..).zip(rules::ids(found, findings)).map(|(index, id)| (id, index)).collect();
    let compared = report.inputs.base.is_some() || report.findings.iter().any(|finding| !finding.new);
    let context =
        Context { report, taxonomies, indices, compared, suppressions: options.show.suppressed || options.show.waived };
    findings.iter().map(|finding| context.result(finding)).collect()
}

/// What results need besides their findings.
struct Context<'a> {
    report: &'a Report,
    taxonomies: &'a Taxonomies<'a>,
    /// The place of each rule among the descriptors.
    indices: HashMap<&'a str, i64>,
    /// Whether there was a base: then every result says whether it is new.
    compared: bool,
    /// Whether suppressed findings are listed: then every result says whether it is one.
    suppressions: bool,
}

impl Context<'_> {
    fn result(&self, finding: &Finding) -> Result {
        let related = &finding.related[..finding.related.len().min(MOST_RELATED)];
        let baseline = if finding.new { "new" } else { "unchanged" };
        Result {
            rule_id: Some(rules::id(finding).to_owned()),
            rule_index: self.indices.get(rules::id(finding)).copied(),
            kind: Some(kind(finding.kind)),
            level: Some(level(finding)),
            locations: Some(vec![primary(finding)]),
            related_locations: filled(
                (1..).zip(related).map(|(id, it)| places::location(&it.place, Some((id, &it.message)))).collect(),
            ),
            partial_fingerprints: Some(fingerprints(finding)),
            taxa: filled(self.taxonomies.of_finding(finding, self.report.rule(&finding.rule))),
            suppressions: self.suppressions.then(|| suppression(finding).into_iter().collect()),
            baseline_state: self.compared.then(|| json!(baseline)),
            fixes: finding.fix.as_ref().map(|it| vec![fix(it)]),
            properties: Some(properties(finding)),
            ..Result::builder().message(message(text(finding, related))).build()
        }
    }
}

fn kind(kind: FindingKind) -> ResultKind {
    match kind {
        FindingKind::Fail => ResultKind::Fail,
        FindingKind::Pass => ResultKind::Pass,
        FindingKind::Unknown => ResultKind::Open,
    }
}

/// The level of a result; the standard demands `none` of everything that is no failure.
fn level(finding: &Finding) -> ResultLevel {
    match (finding.kind, finding.severity) {
        (FindingKind::Pass | FindingKind::Unknown, _) => ResultLevel::None,
        (_, Severity::Critical | Severity::High) => ResultLevel::Error,
        (_, Severity::Medium) => ResultLevel::Warning,
        (_, Severity::Low | Severity::Info) => ResultLevel::Note,
    }
}

/// The message, with a link to each related place: GitHub shows no others.
fn text(finding: &Finding, related: &[Related]) -> String {
    let mut text = unlinked(&sentence(&finding.message));
    for (id, related) in (1..).zip(related.iter().take(MOST_LINKS)) {
        let label = if related.message.trim().is_empty() { "related place" } else { related.message.trim() };
        let label = unlinked(label).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
        text.push_str(if id == 1 { " See " } else { ", " });
        text.push_str(&format!("[{label}]({id})"));
    }
    match finding.related.len().saturating_sub(MOST_LINKS) {
        0 => {}
        more => text.push_str(&format!(" and {more} more")),
    }
    let mut text = sentence(&text);
    if let Some(introduction) = finding.origin.introduction() {
        text.push_str(&unlinked(&format!(" It came with {introduction}.")));
    }
    if let Some(layer) = finding.origin.image_layer() {
        text.push_str(&unlinked(&format!(" It is in {layer}.")));
    }
    text
}

/// Text of the scanned tree must not become a link: what looks like one is pulled apart.
fn unlinked(text: &str) -> String {
    text.replace("](", "] (")
}

fn primary(finding: &Finding) -> Location {
    Location {
        logical_locations: Some(vec![LogicalLocation {
            fully_qualified_name: Some(finding.resource.to_string()),
            kind: Some("resource".to_owned()),
            ..Default::default()
        }]),
        ..places::location(&finding.place, None)
    }
}

/// GitHub's line hash, and our own identity under a key of its own.
fn fingerprints(finding: &Finding) -> BTreeMap<String, String> {
    let line = if finding.place.line_hash.is_empty() { &finding.fingerprint } else { &finding.place.line_hash };
    BTreeMap::from([
        ("primaryLocationLineHash".to_owned(), line.to_string()),
        ("secscan/v1".to_owned(), finding.fingerprint.to_string()),
    ])
}

fn suppression(finding: &Finding) -> Option<Suppression> {
    let (kind, justification) = match &finding.status {
        Status::Open | Status::Baselined => return None,
        Status::Suppressed { reason, source } => {
            let path = source.rsplit_once(':').map_or(&**source, |(path, _)| path);
            let kind = if path == &*finding.place.path { "inSource" } else { "external" };
            (kind, format!("{reason} ({source})"))
        }
        Status::Waived { reason, owner, until } => ("external", format!("{reason} ({owner}, until {until})")),
    };
    Some(Suppression {
        status: Some(json!("accepted")),
        justification: Some(justification),
        ..Suppression::builder().kind(json!(kind)).build()
    })
}

fn fix(fix: &secscan_model::report::Fix) -> Fix {
    let replacement = Replacement {
        inserted_content: Some(places::content(fix.replacement.to_string())),
        ..Replacement::builder().deleted_region(places::region(&fix.place)).build()
    };
    let change = ArtifactChange::builder()
        .artifact_location(places::artifact(&fix.place.path))
        .replacements(vec![replacement])
        .build();
    let description = Some(message(sentence(&fix.description)));
    Fix { description, ..Fix::builder().artifact_changes(vec![change]).build() }
}

fn properties(finding: &Finding) -> PropertyBag {
    let all = [
        ("platform", finding.platform.as_str()),
        ("resourceType", &finding.resource_kind),
        ("severity", finding.severity.as_str()),
        ("observed", &finding.observed),
        ("expected", &finding.expected),
    ];
    let filled = all.into_iter().filter(|(_, value)| !value.is_empty());
    let introduced = finding
        .origin
        .introduction()
        .map(|it| ("introduced".to_owned(), json!({ "commit": it.commit, "author": it.author, "date": it.date })));
    let layer = finding.origin.image_layer().map(|layer| {
        let mut value = json!({ "number": layer.number, "digest": layer.digest, "createdBy": layer.created_by });
        if let (Some(gone_in), Some(map)) = (layer.gone_in, value.as_object_mut()) {
            map.insert("goneIn".to_owned(), json!(gone_in));
        }
        ("layer".to_owned(), value)
    });
    PropertyBag {
        additional_properties: filled
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .chain(introduced)
            .chain(layer)
            .collect(),
        ..Default::default()
    }
}
