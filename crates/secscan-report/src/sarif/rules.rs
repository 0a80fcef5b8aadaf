//! Rules as descriptors: what GitHub shows beside an alert, and filters by.

use std::collections::{BTreeMap, HashSet};

use secscan_model::report::Advisory;
use secscan_model::{Confidence, Finding, Report, RuleId, RuleInfo, Severity};
use serde_json::json;
use serde_sarif::sarif::{MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor};

use super::taxonomies::Taxonomies;
use super::{filled, sentence, text};

/// How many characters GitHub takes of a description.
const LONGEST_DESCRIPTION: usize = 1024;
/// How many tags GitHub shows.
const MOST_TAGS: usize = 10;

/// What a result bears as the id of its rule: that of the advisory where it is about one, so that code hosts group by it.
pub(super) fn id(finding: &Finding) -> &str {
    finding.advisory.as_ref().map_or(&finding.rule.0, |advisory| &advisory.id)
}

/// The rules that findings are about, in the order of the report. The rules that found nothing stay out: there are
/// thousands, and what each of them says would be most of the file.
pub(super) fn found<'a>(report: &'a Report, findings: &[&Finding]) -> Vec<&'a RuleInfo> {
    let of_rules = findings.iter().filter(|finding| finding.advisory.is_none());
    let found: HashSet<&RuleId> = of_rules.map(|finding| &finding.rule).collect();
    report.rules.iter().filter(|rule| found.contains(&rule.id)).map(|rule| &***rule).collect()
}

/// The ids of [`descriptors`], in their order.
pub(super) fn ids<'a>(found: &[&'a RuleInfo], findings: &[&'a Finding]) -> Vec<&'a str> {
    found.iter().map(|rule| &*rule.id.0).chain(advisories(findings).into_keys()).collect()
}

/// The descriptors of the rules that found something, then of all advisories that findings are about.
pub(super) fn descriptors(
    report: &Report,
    found: &[&RuleInfo],
    findings: &[&Finding],
    taxonomies: &Taxonomies<'_>,
) -> Vec<ReportingDescriptor> {
    let rules = found.iter().map(|rule| descriptor(rule, taxonomies));
    let of_advisory = |finding: &Finding| {
        let advisory = finding.advisory.as_deref()?;
        Some(advisory_descriptor(advisory, report.rule(&finding.rule)?, taxonomies))
    };
    rules.chain(advisories(findings).into_values().filter_map(of_advisory)).collect()
}

/// The advisories that findings are about, each with the finding that rates it worst.
fn advisories<'a>(findings: &[&'a Finding]) -> BTreeMap<&'a str, &'a Finding> {
    let score = |finding: &Finding| finding.advisory.as_ref().map(|advisory| (advisory.severity, advisory.score));
    let mut worst: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.advisory.is_some()) {
        let known = worst.entry(id(finding)).or_insert(finding);
        if score(finding) > score(known) {
            *known = finding;
        }
    }
    worst
}

/// The descriptor of an advisory: that of the rule which found it, with what the advisory says of itself.
fn advisory_descriptor(advisory: &Advisory, rule: &RuleInfo, taxonomies: &Taxonomies<'_>) -> ReportingDescriptor {
    let all = std::iter::once(&advisory.id).chain(&advisory.aliases).map(|id| &**id).collect::<Vec<_>>().join(", ");
    let title = match &*advisory.summary {
        "" => format!("{} has a published vulnerability.", advisory.package),
        summary => sentence(summary),
    };
    let about = format!("{title} ({all}; {})", advisory.rating);
    let link = format!("https://osv.dev/vulnerability/{}", advisory.id);
    let info = RuleInfo {
        title: title.into(),
        why: about.into(),
        severity: advisory.severity,
        confidence: if advisory.is_rated { rule.confidence } else { Confidence::Low },
        links: std::iter::once(link.into()).chain(rule.links.iter().cloned()).collect(),
        ..rule.clone()
    };
    let mut descriptor =
        ReportingDescriptor { id: advisory.id.to_string(), name: None, ..descriptor(&info, taxonomies) };
    let score = advisory.score.filter(|score| *score > 0);
    if let (Some(score), Some(properties)) = (score, &mut descriptor.properties) {
        let number = format!("{}.{}", score / 10, score % 10);
        properties.additional_properties.insert("security-severity".to_owned(), json!(number));
    }
    descriptor
}

/// The descriptor of a rule.
fn descriptor(rule: &RuleInfo, taxonomies: &Taxonomies<'_>) -> ReportingDescriptor {
    let title = sentence(&rule.title);
    let why = if rule.why.is_empty() { title.clone() } else { sentence(&rule.why) };
    ReportingDescriptor {
        name: Some(pascal_case(&rule.id.0)),
        short_description: Some(text(limited(&title))),
        full_description: Some(text(limited(&why))),
        help: Some(help(rule, &why, taxonomies)),
        help_uri: rule.links.iter().find(|link| link.starts_with("https://")).map(|link| link.to_string()),
        default_configuration: Some(ReportingConfiguration {
            level: Some(json!(level(rule.severity))),
            ..Default::default()
        }),
        properties: Some(properties(rule, taxonomies)),
        relationships: filled(taxonomies.relationships(rule)),
        ..ReportingDescriptor::builder().id(&*rule.id.0).build()
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The number that GitHub makes `critical`, `high`, `medium` or `low` from: the middle of each band. Without one, a
/// rule is no security rule to GitHub.
fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.5"),
        Severity::Info => None,
    }
}

fn properties(rule: &RuleInfo, taxonomies: &Taxonomies<'_>) -> PropertyBag {
    let security = security_severity(rule.severity);
    let precision = match rule.confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    };
    let (name, severity) = match security {
        Some(number) => ("security-severity", number),
        None => ("problem.severity", "recommendation"),
    };
    let tags = security.map(|_| "security".to_owned()).into_iter();
    let tags = tags.chain(rule.cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}")));
    let tags = tags.chain(taxonomies.packs_of(&rule.id).map(str::to_owned));
    let tags = tags.chain(rule.topics.iter().map(|topic| topic.to_string()));
    PropertyBag {
        tags: filled(tags.take(MOST_TAGS).collect()),
        additional_properties: [("precision", precision), (name, severity)]
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .into(),
    }
}

/// The long text: why, how to mend it, all controls, and where to read on.
fn help(rule: &RuleInfo, why: &str, taxonomies: &Taxonomies<'_>) -> MultiformatMessageString {
    let fix = sentence(&rule.fix);
    let mut plain = why.to_owned();
    let mut markdown = why.to_owned();
    if !fix.is_empty() {
        plain.push_str(&format!("\n\nHow to fix it: {fix}"));
        markdown.push_str(&format!("\n\n**How to fix it:** {fix}"));
    }
    let controls: Vec<_> = taxonomies.controls_of(&rule.id).collect();
    if !controls.is_empty() {
        plain.push_str("\n\nControls:");
        markdown.push_str("\n\n**Controls**\n");
    }
    for (pack, control) in controls {
        plain.push_str(&format!("\n- {pack} {}: {}", control.control.control, control.title));
        markdown.push_str(&format!("\n- {pack} `{}`: {}", control.control.control, control.title));
    }
    if !rule.links.is_empty() {
        plain.push_str("\n\nRead on:");
        markdown.push_str("\n\n**Read on**\n");
    }
    for link in &rule.links {
        plain.push_str(&format!("\n- {link}"));
        markdown.push_str(&format!("\n- <{link}>"));
    }
    MultiformatMessageString { markdown: Some(markdown), ..text(plain) }
}

/// `aws-s3-public-acl` as `AwsS3PublicAcl`, which is how the standard wants names.
fn pascal_case(id: &str) -> String {
    id.split('-')
        .flat_map(|word| {
            let mut characters = word.chars();
            characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters)
        })
        .collect()
}

/// The text, cut to what GitHub takes.
fn limited(text: &str) -> String {
    match text.char_indices().nth(LONGEST_DESCRIPTION) {
        None => text.to_owned(),
        Some(_) => text.chars().take(LONGEST_DESCRIPTION - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_descriptions_fit() {
        assert_eq!(pascal_case("aws-s3-public-acl"), "AwsS3PublicAcl");
        assert_eq!(limited("short"), "short");
        assert_eq!(limited(&"é".repeat(2000)).chars().count(), LONGEST_DESCRIPTION);
    }
}
