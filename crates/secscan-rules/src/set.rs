//! Most resources can break few rules: types that a selector names in full are looked up, the others are tried, once for
//! each type that there is.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock};

use foldhash::HashMap;
use secscan_model::resource::PLATFORMS;
use secscan_model::{Platform, Resource, RuleId};

use crate::check::{Body, Check, Rule, Selector};
use crate::select;

/// Rules, sorted by id, with an index from resource types to checks.
#[derive(Debug)]
pub struct RuleSet {
    /// The rules, sorted by id.
    pub rules: Vec<Rule>,
    /// The index of each platform, once it has a resource.
    platforms: BTreeMap<Platform, OnceLock<Types>>,
}

/// The checks that ask resources of one platform.
#[derive(Debug, Default)]
struct Types {
    /// By type, the checks whose pattern names it.
    by_type: HashMap<String, Vec<Entry>>,
    /// Checks whose pattern leaves the type open, which may mean any.
    others: Vec<Entry>,
    /// By type, the checks that may mean it, in the order of the rules.
    known: RwLock<HashMap<Arc<str>, Arc<[Entry]>>>,
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

    /// What this is for resources of a type: nothing, if it cannot mean them.
    fn among(&self, platform: Platform, kind: &str) -> Option<Self> {
        let Some(pattern) = &self.pattern else { return Some(self.clone()) };
        let of_kind = select::kind(platform, pattern);
        let is_meant = select::is_kind(platform, of_kind, kind);
        let pattern = (of_kind != pattern).then(|| pattern.clone());
        is_meant.then_some(Self { pattern, ..*self })
    }
}

impl RuleSet {
    /// A set of rules. Of two with one id the later one counts, so that users can replace a built-in rule.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let platforms = PLATFORMS.iter().map(|(platform, _)| (*platform, OnceLock::new())).collect();
        Self { rules: sorted(rules.into_iter().collect()), platforms }
    }

    /// The rule of an id.
    pub fn get(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| rule.info.id.cmp(id)).ok().map(|index| &self.rules[index])
    }

    /// Gives the checks that a resource is asked, each with the index of its rule, in the order of the rules.
    pub fn checks_for(&self, resource: &Resource, mut ask: impl FnMut(usize, &Check)) {
        let platform = resource.platform;
        let Some(types) = self.platforms.get(&platform) else { return };
        let entries = types.get_or_init(|| Types::new(&self.rules, platform)).of(resource);
        let mut last = None;
        for entry in &*entries {
            let is_meant = entry.pattern.as_ref().is_none_or(|pattern| select::is_type(pattern, resource));
            if !is_meant || last.replace(entry.key()) == Some(entry.key()) {
                continue;
            }
            let rule = entry.rule as usize;
            if let Some(check) = self.rules[rule].checks().get(entry.check as usize) {
                ask(rule, check);
            }
        }
    }
}

impl Types {
    /// Indexes the checks about one platform.
    fn new(rules: &[Rule], platform: Platform) -> Self {
        let mut index = Self::default();
        for (rule_index, rule) in rules.iter().enumerate() {
            let Body::Checks(checks) = &rule.body else { continue };
            if !checks.are_about(platform) {
                continue;
            }
            for (check_index, selector) in checks.whom().iter().enumerate() {
                if selector.platform == platform {
                    index.add(selector, rule_index as u32, check_index as u32);
                }
            }
        }
        index
    }

    fn add(&mut self, Selector { platform, types }: &Selector, rule: u32, check: u32) {
        for pattern in types {
            let kind = select::kind(*platform, pattern);
            let is_decisive = kind == pattern && !pattern.contains('*');
            let entry = Entry { rule, check, pattern: (!is_decisive).then(|| pattern.clone()) };
            if kind.contains('*') {
                self.others.push(entry);
            } else {
                let kind = select::folded(*platform, kind);
                match self.by_type.get_mut(&*kind) {
                    Some(entries) => entries.push(entry),
                    None => drop(self.by_type.insert(kind.into_owned(), vec![entry])),
                }
            }
        }
    }

    /// The checks that may mean a resource.
    fn of(&self, resource: &Resource) -> Arc<[Entry]> {
        if let Some(known) = self.known.read().ok().and_then(|known| known.get(&resource.kind).cloned()) {
            return known;
        }
        let kind = select::folded(resource.platform, &resource.kind);
        let named = self.by_type.get(&*kind).map_or(&[][..], Vec::as_slice);
        let all = named.iter().chain(&self.others);
        let mut entries: Vec<_> = all.filter_map(|entry| entry.among(resource.platform, &resource.kind)).collect();
        entries.sort_by_key(Entry::key);
        let entries: Arc<[Entry]> = entries.into();
        if let Ok(mut known) = self.known.write() {
            known.insert(resource.kind.clone(), entries.clone());
        }
        entries
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
