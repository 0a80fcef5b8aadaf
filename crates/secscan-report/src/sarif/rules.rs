//! Rules as descriptors: what GitHub shows beside an alert, and filters by.

use secscan_model::{Confidence, RuleInfo, Severity};
use serde_json::json;
use serde_sarif::sarif::{MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor};

use super::taxonomies::Taxonomies;
use super::{filled, sentence, text};

/// How many characters GitHub takes of a description.
const LONGEST_DESCRIPTION: usize = 1024;
/// How many tags GitHub shows.
const MOST_TAGS: usize = 10;

/// The descriptor of a rule.
pub(super) fn descriptor(rule: &RuleInfo, taxonomies: &Taxonomies<'_>) -> ReportingDescriptor {
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
