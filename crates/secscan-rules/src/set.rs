//! All rules of a scan, indexed by what they can judge.

use std::collections::BTreeMap;

use secscan_model::{Platform, Resource, RuleId};

use crate::check::{Check, Rule};
use crate::select;

/// Rules, sorted by id, with an index from resource types to checks.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules, sorted by id.
    pub rules: Vec<Rule>,
    exact: BTreeMap<Platform, BTreeMap<String, Vec<(u32, u32)>>>,
    patterns: Vec<(Platform, String, (u32, u32))>,
}

impl RuleSet {
    /// Indexes rules. Of two rules with one id the later one counts, so that users can replace a built-in rule.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let by_id: BTreeMap<RuleId, Rule> = rules.into_iter().map(|rule| (rule.info.id.clone(), rule)).collect();
        let mut set = Self { rules: by_id.into_values().collect(), ..Self::default() };
        for (rule_index, rule) in set.rules.iter().enumerate() {
            for (check_index, check) in rule.checks().iter().enumerate() {
                let key = (rule_index as u32, check_index as u32);
                for pattern in &check.selector.types {
                    let platform = check.selector.platform;
                    if pattern.contains(['*', '/']) {
                        set.patterns.push((platform, pattern.clone(), key));
                    } else {
                        set.exact.entry(platform).or_default().entry(pattern.clone()).or_default().push(key);
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
        let exact = self.exact.get(&resource.platform).and_then(|kinds| kinds.get(&*resource.kind));
        let mut keys: Vec<_> = exact.into_iter().flatten().copied().collect();
        for (platform, pattern, key) in &self.patterns {
            if *platform == resource.platform && select::is_type(pattern, resource) {
                keys.push(*key);
            }
        }
        keys.sort_unstable();
        keys.dedup();
        let check = |(rule, check): (u32, u32)| (rule as usize, &self.rules[rule as usize].checks()[check as usize]);
        keys.into_iter().map(check).collect()
    }
}
