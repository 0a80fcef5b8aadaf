//! SARIF 2.1.0, shaped by what GitHub's code scanning reads and refuses.
//!
//! Reading order: this page (the log and its one run) → `results` → `places` (regions, URIs) → `rules` → `taxonomies`
//! (controls and CWE) → `notices` (what was not looked at).
//!
//! The standard's own structs come from `serde-sarif`: their builders take what the standard demands, and struct update
//! adds the rest, because builders cannot leave a field out.

mod notices;
mod places;
mod results;
mod rules;
mod taxonomies;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use secscan_model::{Finding, FindingKind, Report, RuleInfo, Status};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Message, MultiformatMessageString, PropertyBag, Run, RunAutomationDetails, Sarif,
    Tool, ToolComponent,
};

use crate::Options;
use taxonomies::Taxonomies;

/// Where the schema of the format is published.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Where the tool is described.
const INFORMATION: &str = "https://docs.rs/secscan";

/// How many results GitHub takes in one run; it refuses the whole file when there are more.
const MOST_RESULTS: usize = 25_000;

/// Writes a report as SARIF.
pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let log = Sarif {
        schema: Some(SCHEMA.to_owned()),
        ..Sarif::builder().version(json!("2.1.0")).runs(vec![run(report, options)]).build()
    };
    crate::indented::write(&log, out)
}

fn run(report: &Report, options: &Options) -> Run {
    let (findings, left_out) = listed(report, options);
    let found = rules::found(report, &findings);
    let taxonomies = Taxonomies::of(report, &findings);
    let mut notifications = notices::notifications(&report.notices);
    notifications.execution.extend(notices::results_left_out(left_out));
    let category = options.category.as_deref().unwrap_or("secscan").trim_end_matches('/');
    Run {
        automation_details: Some(RunAutomationDetails { id: Some(format!("{category}/")), ..Default::default() }),
        column_kind: Some(json!("unicodeCodePoints")),
        invocations: Some(vec![Invocation {
            tool_execution_notifications: filled(notifications.execution),
            tool_configuration_notifications: filled(notifications.configuration),
            ..Invocation::builder().execution_successful(true).build()
        }]),
        original_uri_base_ids: Some(BTreeMap::from([(
            places::ROOT.to_owned(),
            ArtifactLocation { description: Some(message("The root of the scan.")), ..Default::default() },
        )])),
        properties: Some(inputs(report)),
        results: Some(results::results(&findings, &found, report, options, &taxonomies)),
        taxonomies: filled(taxonomies.components()),
        ..Run::builder().tool(Tool::builder().driver(driver(report, &found, &findings, &taxonomies)).build()).build()
    }
}

/// The findings to write, and how many GitHub's limit leaves out: the mildest.
fn listed<'a>(report: &'a Report, options: &Options) -> (Vec<&'a Finding>, usize) {
    let findings: Vec<_> = report.findings.iter().filter(|finding| options.show.admits(finding)).collect();
    let left_out = findings.len().saturating_sub(MOST_RESULTS);
    if left_out == 0 {
        return (findings, 0);
    }
    let mut worst: Vec<_> = findings.into_iter().enumerate().collect();
    worst.sort_by_key(|(index, it)| {
        (it.kind != FindingKind::Fail, it.status != Status::Open, !it.new, Reverse(it.severity), *index)
    });
    worst.truncate(MOST_RESULTS);
    worst.sort_by_key(|(index, _)| *index);
    (worst.into_iter().map(|(_, finding)| finding).collect(), left_out)
}

fn driver(report: &Report, found: &[&RuleInfo], findings: &[&Finding], taxonomies: &Taxonomies<'_>) -> ToolComponent {
    let version = Some(report.inputs.version.to_string()).filter(|version| !version.is_empty());
    ToolComponent {
        full_name: version.as_ref().map(|version| format!("secscan {version}")),
        short_description: Some(text("Compliance and security policy scanner.")),
        information_uri: Some(INFORMATION.to_owned()),
        version: version.clone(),
        semantic_version: version,
        rules: Some(rules::descriptors(report, found, findings, taxonomies)),
        notifications: Some(notices::descriptors()),
        supported_taxonomies: filled(taxonomies.references()),
        ..ToolComponent::builder().name("secscan").build()
    }
}

/// What the scan was made from.
fn inputs(report: &Report) -> PropertyBag {
    let inputs = &report.inputs;
    let targets: Vec<_> = inputs.targets.iter().map(|target| json!(&**target)).collect();
    let mut properties = BTreeMap::from([
        ("targets".to_owned(), Value::Array(targets)),
        ("date".to_owned(), json!(&*inputs.date)),
        ("rulesDigest".to_owned(), json!(&*inputs.rules_digest)),
    ]);
    for (name, value) in [("revision", &inputs.revision), ("base", &inputs.base)] {
        if let Some(value) = value {
            properties.insert(name.to_owned(), json!(&**value));
        }
    }
    if let Some(data) = &inputs.advisories {
        let advisories = json!({"count": data.count, "modified": &*data.modified, "digest": &*data.digest});
        properties.insert("advisories".to_owned(), advisories);
    }
    PropertyBag { additional_properties: properties, ..Default::default() }
}

/// A list that is left out when it is empty.
fn filled<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

fn message(text: impl Into<String>) -> Message {
    Message { text: Some(text.into()), ..Default::default() }
}

fn text(text: impl Into<String>) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

/// The text with a full stop, which the standard asks of messages.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}
