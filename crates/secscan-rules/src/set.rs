//! Most resources can break few rules: types that a selector names in full are looked up, the others are tried.

use std::collections::BTreeMap;

use foldhash::HashMap;
use secscan_model::{Platform, Resource, RuleId};

use crate::check::{Body, Check, Rule, Selector};
use crate::select;

/// Rules, sorted by id, with an index from resource types to checks.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules, sorted by id.
    pub rules: Vec<Rule>,
    /// By type, the checks that may mean it.
    by_type: HashMap<Platform, HashMap<String, Vec<Entry>>>,
    /// Checks whose pattern leaves the type open, which may mean any.
    others: BTreeMap<Platform, Vec<Entry>>,
}

/// A check that may mean a resource.
#[derive(Clone, Debug)]
struct Entry {
    rule: u32,
    check: u32,
    /// The pattern, where the type alone does not decide.
    pattern: Option<String>,
}

impl Entry {
    fn key(&self) -> (u32, u32) {
        (self.rule, self.check)
    }
}

impl RuleSet {
    /// Indexes rules. Of two rules with one id the later one counts, so that users can replace a built-in rule.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut set = Self { rules: sorted(rules.into_iter().collect()), ..Self::default() };
        for (rule_index, rule) in set.rules.iter().enumerate() {
            let Body::Checks(checks) = &rule.body else { continue };
            for (check_index, Selector { platform, types }) in checks.whom().iter().enumerate() {
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
                        let types = set.by_type.entry(platform).or_default();
                        match types.get_mut(&*select::folded(platform, kind)) {
                            Some(entries) => entries.push(entry),
                            None => drop(types.insert(select::folded(platform, kind).into_owned(), vec![entry])),
                        }
                    }
                }
            }
        }
        set.merge();
        set
    }

    /// Puts what may mean any type beside what means one, so that a resource looks at one list in the order of the rules.
    fn merge(&mut self) {
        for (platform, others) in &self.others {
            let lists = self.by_type.get_mut(platform).into_iter().flat_map(|types| types.values_mut());
            lists.for_each(|entries| {
                entries.extend_from_slice(others);
                entries.sort_by_key(Entry::key);
            });
        }
    }

    /// The rule of an id.
    pub fn get(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| rule.info.id.cmp(id)).ok().map(|index| &self.rules[index])
    }

    /// The checks that a resource is asked, each with the index of its rule, in the order of the rules.
    pub fn checks_for<'a>(&'a self, resource: &'a Resource) -> impl Iterator<Item = (usize, &'a Check)> {
        let kind = select::folded(resource.platform, &resource.kind);
        let by_type = self.by_type.get(&resource.platform).and_then(|types| types.get(&*kind));
        let entries = by_type.or_else(|| self.others.get(&resource.platform));
        let is_meant =
            move |entry: &&Entry| entry.pattern.as_ref().is_none_or(|pattern| select::is_type(pattern, resource));
        let mut last = None;
        let is_new = move |entry: &&Entry| last.replace(entry.key()) != Some(entry.key());
        let check = |entry: &Entry| {
            Some((entry.rule as usize, self.rules[entry.rule as usize].checks().get(entry.check as usize)?))
        };
        entries.into_iter().flatten().filter(is_meant).filter(is_new).filter_map(check)
    }
}

/// Rules sorted by id, of equal ids the last.
fn sorted(rules: Vec<Rule>) -> Vec<Rule> {
    // The built-in ones are.
    if rules.is_sorted_by(|a, b| a.info.id < b.info.id) {
        return rules;
    }
    let by_id: BTreeMap<RuleId, Rule> = rules.into_iter().map(|rule| (rule.info.id.clone(), rule)).collect();
    by_id.into_values().collect()
}
