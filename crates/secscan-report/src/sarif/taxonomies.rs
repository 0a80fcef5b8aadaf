//! Controls and CWE as taxonomies, so that a viewer can filter results by control.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secscan_model::report::{ControlResult, PackResult};
use secscan_model::{ControlRef, Finding, Report, RuleId, RuleInfo};
use serde_json::json;
use serde_sarif::sarif::{
    PropertyBag, ReportingDescriptor, ReportingDescriptorReference, ReportingDescriptorRelationship, ToolComponent,
    ToolComponentReference,
};

use super::{sentence, text};

/// The taxa that the rules and findings of a report refer to: controls of the packs that were asked for, and CWE.
pub(super) struct Taxonomies<'a> {
    packs: &'a [PackResult],
    /// The controls of each pack that are referred to, in official order.
    controls: Vec<Vec<&'a ControlResult>>,
    /// Where each control stands: its pack, and its place among the taxa.
    places: HashMap<&'a ControlRef, (usize, usize)>,
    /// The controls that each rule touches, in the order of the packs.
    by_rule: BTreeMap<&'a RuleId, BTreeSet<(usize, usize)>>,
    cwe: Vec<u32>,
}

impl<'a> Taxonomies<'a> {
    /// Collects what the packs and the listed findings refer to.
    pub(super) fn of(report: &'a Report, findings: &[&'a Finding]) -> Self {
        let mut pairs: BTreeSet<(&RuleId, &ControlRef)> = BTreeSet::new();
        for control in report.packs.iter().flat_map(|pack| &pack.controls) {
            pairs.extend(control.evidence.iter().map(|(rule, _)| (rule, &control.control)));
        }
        for finding in findings {
            pairs.extend(finding.controls.iter().map(|control| (&finding.rule, control)));
        }
        let used: BTreeSet<_> = pairs.iter().map(|(_, control)| *control).collect();
        let used = |pack: &'a PackResult| pack.controls.iter().filter(|it| used.contains(&it.control)).collect();
        let controls: Vec<Vec<&ControlResult>> = report.packs.iter().map(used).collect();
        let mut places = HashMap::new();
        for (pack, controls) in controls.iter().enumerate() {
            places.extend(controls.iter().enumerate().map(|(index, it)| (&it.control, (pack, index))));
        }
        let mut by_rule: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (rule, control) in pairs {
            by_rule.entry(rule).or_default().extend(places.get(control).copied());
        }
        let rules = findings.iter().filter_map(|finding| report.rule(&finding.rule));
        let cwe: BTreeSet<_> = rules.flat_map(|rule| rule.cwe.iter().copied()).collect();
        Self { packs: &report.packs, controls, places, by_rule, cwe: cwe.into_iter().collect() }
    }

    /// The taxonomies themselves, packs first.
    pub(super) fn components(&self) -> Vec<ToolComponent> {
        let packs = self.packs.iter().zip(&self.controls).map(|(pack, controls)| component(pack, controls));
        packs.chain((!self.cwe.is_empty()).then(|| cwe_component(&self.cwe))).collect()
    }

    /// References to [`Self::components`].
    pub(super) fn references(&self) -> Vec<ToolComponentReference> {
        let packs = (0..self.packs.len()).map(|pack| self.component_reference(pack));
        packs.chain((!self.cwe.is_empty()).then(|| self.component_reference(self.packs.len()))).collect()
    }

    /// The ids of the packs that a rule counts for.
    pub(super) fn packs_of(&self, rule: &RuleId) -> impl Iterator<Item = &'a str> {
        let packs: BTreeSet<_> = self.by_rule.get(rule).into_iter().flatten().map(|(pack, _)| *pack).collect();
        packs.into_iter().filter_map(|pack| self.packs.get(pack)).map(|pack| &*pack.id)
    }

    /// The titles of packs with the controls that a rule counts for.
    pub(super) fn controls_of(&self, rule: &RuleId) -> impl Iterator<Item = (&'a str, &'a ControlResult)> {
        self.by_rule
            .get(rule)
            .into_iter()
            .flatten()
            .filter_map(|(pack, index)| Some((&*self.packs.get(*pack)?.title, *self.controls.get(*pack)?.get(*index)?)))
    }

    /// How a rule relates to controls and to weaknesses.
    pub(super) fn relationships(&self, rule: &RuleInfo) -> Vec<ReportingDescriptorRelationship> {
        let relationship = |target, kind: &str| ReportingDescriptorRelationship {
            kinds: Some(vec![kind.to_owned()]),
            ..ReportingDescriptorRelationship::builder().target(target).build()
        };
        let controls = self.by_rule.get(&rule.id).into_iter().flatten();
        let controls = controls.filter_map(|place| self.control(*place)).map(|it| relationship(it, "relevant"));
        controls
            .chain(rule.cwe.iter().filter_map(|it| self.weakness(*it)).map(|it| relationship(it, "superset")))
            .collect()
    }

    /// The controls that a finding touches, and the weaknesses of its rule.
    pub(super) fn of_finding(&self, finding: &Finding, rule: Option<&RuleInfo>) -> Vec<ReportingDescriptorReference> {
        let places = finding.controls.iter().filter_map(|control| self.places.get(control));
        let controls = places.filter_map(|place| self.control(*place));
        let weaknesses = rule.into_iter().flat_map(|rule| &rule.cwe).filter_map(|number| self.weakness(*number));
        controls.chain(weaknesses).collect()
    }

    fn control(&self, (pack, index): (usize, usize)) -> Option<ReportingDescriptorReference> {
        let control = self.controls.get(pack)?.get(index)?;
        Some(self.reference(pack, index, control.control.control.to_string()))
    }

    fn weakness(&self, number: u32) -> Option<ReportingDescriptorReference> {
        let index = self.cwe.binary_search(&number).ok()?;
        Some(self.reference(self.packs.len(), index, number.to_string()))
    }

    fn reference(&self, component: usize, index: usize, id: String) -> ReportingDescriptorReference {
        ReportingDescriptorReference {
            id: Some(id),
            index: Some(index as i64),
            tool_component: Some(self.component_reference(component)),
            ..Default::default()
        }
    }

    fn component_reference(&self, component: usize) -> ToolComponentReference {
        let name = self.packs.get(component).map_or(CWE, |pack| &pack.id);
        ToolComponentReference { name: Some(name.to_owned()), index: Some(component as i64), ..Default::default() }
    }
}

/// The name of the taxonomy of weaknesses.
const CWE: &str = "CWE";

fn component(pack: &PackResult, controls: &[&ControlResult]) -> ToolComponent {
    let taxa = controls.iter().map(|control| ReportingDescriptor {
        name: Some(control.key.to_string()),
        short_description: Some(text(sentence(&control.title))),
        properties: Some(properties([
            ("status", json!(control.status.as_str())),
            ("automation", json!(control.automation.as_str())),
        ])),
        ..ReportingDescriptor::builder().id(&*control.control.control).build()
    });
    ToolComponent {
        full_name: Some(pack.title.to_string()),
        short_description: Some(text(sentence(&pack.title))),
        version: Some(pack.version.to_string()),
        information_uri: Some(pack.source.to_string()).filter(|source| source.starts_with("https://")),
        is_comprehensive: Some(false),
        taxa: Some(taxa.collect()),
        properties: Some(properties([
            ("digest", json!(&*pack.digest)),
            ("coverage", json!(pack.coverage)),
            ("holding", json!(pack.holding)),
        ])),
        ..ToolComponent::builder().name(&*pack.id).build()
    }
}

fn cwe_component(numbers: &[u32]) -> ToolComponent {
    let taxa = numbers.iter().map(|number| ReportingDescriptor {
        help_uri: Some(format!("https://cwe.mitre.org/data/definitions/{number}.html")),
        ..ReportingDescriptor::builder().id(number.to_string()).build()
    });
    ToolComponent {
        full_name: Some("Common Weakness Enumeration".to_owned()),
        organization: Some("MITRE".to_owned()),
        short_description: Some(text("The MITRE Common Weakness Enumeration.")),
        information_uri: Some("https://cwe.mitre.org/".to_owned()),
        is_comprehensive: Some(false),
        taxa: Some(taxa.collect()),
        ..ToolComponent::builder().name(CWE).build()
    }
}

fn properties<const N: usize>(all: [(&str, serde_json::Value); N]) -> PropertyBag {
    PropertyBag {
        additional_properties: all.map(|(name, value)| (name.to_owned(), value)).into(),
        ..Default::default()
    }
}
