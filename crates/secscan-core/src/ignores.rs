//! `[[ignore]]` entries of the settings: findings that are set aside in several places at once.

use std::collections::BTreeSet;

use jiff::civil::Date;
use secscan_model::RuleId;
use secscan_parse::load::Spanned;

use crate::config::Ignore;
use crate::expiry::is_over;
use crate::meta::{MetaRule, Problem, Standing};

/// The entries, with what they were used for.
#[derive(Clone, Debug)]
pub(crate) struct Ignores<'c> {
    entries: &'c [Spanned<Ignore>],
    today: Date,
    /// Indexes of entries and of their rules that match a finding, live or not.
    used: BTreeSet<(usize, usize)>,
}

impl<'c> Ignores<'c> {
    /// Entries as they stand on a day; the last day of an entry counts.
    pub(crate) fn new(entries: &'c [Spanned<Ignore>], today: Date) -> Self {
        Self { entries, today, used: BTreeSet::new() }
    }

    /// The live entry that covers a verdict of `rule` in the file at `path`. What is found here is used: ask for
    /// verdicts that would otherwise count, or may turn out to.
    pub(crate) fn find(&mut self, rule: &RuleId, path: &str) -> Option<&'c Spanned<Ignore>> {
        let mut found = None;
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(named) = entry.value.rules.iter().position(|named| *named.value == *rule.0) else { continue };
            if entry.value.paths.iter().any(|pattern| pattern.matches(path)) {
                self.used.insert((index, named));
                if found.is_none() && !is_over(entry.value.until, self.today) {
                    found = Some(entry);
                }
            }
        }
        found
    }

    /// What is wrong with the entries, once all findings have been asked about.
    pub(crate) fn problems(&self, standing: &dyn Fn(&RuleId) -> Standing) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(until) = entry.value.until.filter(|until| *until < self.today) {
                let rules: Vec<&str> = entry.value.rules.iter().map(|rule| &*rule.value).collect();
                let message = format!("this entry counted until {until}: it sets nothing aside any more");
                let (rule, subject) = (MetaRule::IgnoreExpired, rules.join(",").into());
                problems.push(Problem { rule, at: entry.at, subject, message });
                continue;
            }
            for (named, rule) in entry.value.rules.iter().enumerate() {
                let id = RuleId(rule.value.as_str().into());
                let message = match standing(&id) {
                    Standing::Unknown => format!("there is no rule `{id}`"),
                    Standing::Asked if !self.used.contains(&(index, named)) => {
                        format!("`{id}` finds nothing in the paths of this entry")
                    }
                    _ => continue,
                };
                problems.push(Problem { rule: MetaRule::IgnoreUnused, at: rule.at, subject: id.0, message });
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use secscan_model::Location;

    use super::*;
    use crate::path_pattern::PathPattern;

    const TODAY: Date = jiff::civil::date(2026, 11, 20);

    fn entry(rules: &[&str], path: &str, until: Option<&str>) -> Spanned<Ignore> {
        let at = Location::default();
        let rules = rules.iter().map(|rule| Spanned { at, value: (*rule).to_owned() }).collect();
        let paths = vec![PathPattern::new(path).unwrap()];
        let until = until.map(|until| until.parse().unwrap());
        Spanned { at, value: Ignore { rules, paths, reason: "r".to_owned(), until } }
    }

    fn rule(id: &str) -> RuleId {
        RuleId(id.into())
    }

    #[test]
    fn an_entry_covers_its_rules_in_its_paths_until_its_last_day() {
        for (of, path, until, covers) in [
            ("a", "tools/**", None, true),
            ("b", "tools/**", None, false),
            ("a", "docs/**", None, false),
            ("a", "tools", Some("2026-11-20"), true),
            ("a", "tools", Some("2026-11-19"), false),
        ] {
            let entries = [entry(&[of], path, until)];
            let found = Ignores::new(&entries, TODAY).find(&rule("a"), "tools/Dockerfile").is_some();
            assert_eq!(found, covers, "{of} {path} {until:?}");
        }
    }

    #[test]
    fn expired_unused_and_unknown_ones_are_said() {
        let entries = [entry(&["a", "b", "idle", "gone"], "x", None), entry(&["a"], "x", Some("2020-01-01"))];
        let mut ignores = Ignores::new(&entries, TODAY);
        assert!(ignores.find(&rule("a"), "x").is_some());
        let standing = |rule: &RuleId| match &*rule.0 {
            "idle" => Standing::Idle,
            "gone" => Standing::Unknown,
            _ => Standing::Asked,
        };
        let said: Vec<_> =
            ignores.problems(&standing).into_iter().map(|problem| (problem.rule, problem.message)).collect();
        assert_eq!(
            said,
            [
                (MetaRule::IgnoreUnused, "`b` finds nothing in the paths of this entry".to_owned()),
                (MetaRule::IgnoreUnused, "there is no rule `gone`".to_owned()),
                (
                    MetaRule::IgnoreExpired,
                    "this entry counted until 2020-01-01: it sets nothing aside any more".to_owned()
                ),
            ]
        );
    }
}
