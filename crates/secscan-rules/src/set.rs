//! All rules of a scan, indexed by what they can judge.

use std::collections::BTreeMap;

use secscan_model::{Platform, Resource, RuleId};

use crate::check::{Body, Check, Rule, Selector};
use crate::select;

/// Rules, sorted by id, with an index from resource types to checks.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules, sorted by id.
    pub rules: Vec<Rule>,
    /// Checks whose pattern ends in a type without `*`, by that type.
    by_type: BTreeMap<Platform, BTreeMap<String, Vec<Entry>>>,
    /// All others.
    others: BTreeMap<Platform, Vec<Entry>>,
}

/// A check that may mean a resource.
#[derive(Debug)]
struct Entry {
    rule: u32,
    check: u32,
    /// The pattern, where the type alone does not decide.
    pattern: Option<String>,
}

impl RuleSet {
    /// Indexes rules. Of two rules with one id the later one counts, so that users can replace a built-in rule.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let by_id: BTreeMap<RuleId, Rule> = rules.into_iter().map(|rule| (rule.info.id.clone(), rule)).collect();
        let mut set = Self { rules: by_id.into_values().collect(), ..Self::default() };
        for (rule_index, rule) in set.rules.iter().enumerate() {
            let Body::Checks(checks) = &rule.body else { continue };
            for (check_index, Selector { platform, types }) in checks.selectors().iter().enumerate() {
                let platform = *platform;
                for pattern in types {
                    let kind = select::kind(platform, pattern);
                    let is_decisive = kind == pattern && !pattern.contains('*');
                    let entry = Entry {
                        rule: rule_index as u32,
                        check: check_index as u32,
                        pattern: (!is_decisive).then(|| pattern.clone()),
                    };
                    if kind.contains('*') {
                        set.others.entry(platform).or_default().push(entry);
                    } else {
                        set.by_type.entry(platform).or_default().entry(kind.to_owned()).or_default().push(entry);
                    }
                }
            }
        }
        set
    }

    /// The rule of an id.
    pub fn get(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| rule.info.id.cmp(id)).ok().map(|index| &self.rules[index])
    }

    /// The checks that a resource is asked, each with the index of its rule, in the order of the rules.
    pub fn checks_for(&self, resource: &Resource) -> Vec<(usize, &Check)> {
        let by_type = self.by_type.get(&resource.platform).and_then(|types| types.get(&*resource.kind));
        let entries = by_type.into_iter().chain(self.others.get(&resource.platform)).flatten();
        let is_meant = |entry: &&Entry| entry.pattern.as_ref().is_none_or(|pattern| select::is_type(pattern, resource));
        let mut keys: Vec<_> = entries.filter(is_meant).map(|entry| (entry.rule, entry.check)).collect();
        keys.sort_unstable();
        keys.dedup();
        let check = |(rule, check): (u32, u32)| (rule as usize, &self.rules[rule as usize].checks()[check as usize]);
        keys.into_iter().map(check).collect()
    }
}
