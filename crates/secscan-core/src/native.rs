//! Rules that are judged by Rust code: one judge for each name that rule files may write behind `native:`.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::civil::Date;
use secscan_advisory::Store;
use secscan_model::{Diagnostic, DiagnosticKind, Graph, ResourceId};
use secscan_rules::RuleSet;
use secscan_rules::check::Body;
use secscan_rules::judge::{Outcome, Verdict};

use crate::addresses::Addresses;
use crate::{escalation, public_path, rbac, vulnerable};

/// What judges look at.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) addresses: &'a Addresses<'a>,
    /// The advisories, when there are any.
    pub(crate) advisories: Option<&'a Store>,
    /// The day of the scan.
    pub(crate) today: Date,
    /// Whether passes carry the place that shows them.
    pub(crate) with_passes: bool,
}

/// What a judge says.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// In the order of the resources.
    pub(crate) outcomes: Vec<(ResourceId, Outcome)>,
    /// What it could not look at.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Why subjects stay unknown whatever the files say, when they do.
    pub(crate) unanswered: Option<Arc<str>>,
}

type Judge = fn(&Asked<'_>) -> Answer;

/// All judges, by name.
static JUDGES: &[(&str, Judge)] = &[
    ("iam-privilege-escalation", escalation::judge),
    ("public-path", public_path::judge),
    ("rbac-path", rbac::judge),
    ("vulnerable-dependency", vulnerable::judge),
];

/// What the judges of a rule set say.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// By the index of the rule: why subjects stay unknown whatever the files say.
    pub(crate) unanswered: BTreeMap<usize, Arc<str>>,
}

/// Asks the judges of all rules that name one.
pub(crate) fn ask(rules: &RuleSet, asked: &Asked<'_>) -> Answers {
    let mut answers = Answers::default();
    for (rule, body) in rules.rules.iter().map(|rule| &rule.body).enumerate() {
        let Body::Native(name) = body else { continue };
        // The compiler refuses names that are not there.
        let Some((_, judge)) = JUDGES.iter().find(|(known, _)| known == name) else { continue };
        match catch_unwind(AssertUnwindSafe(|| judge(asked))) {
            Ok(answer) => {
                let verdict = |(resource, outcome)| Verdict { rule, resource, outcome };
                answers.verdicts.extend(answer.outcomes.into_iter().map(verdict));
                answers.diagnostics.extend(answer.diagnostics);
                answers.unanswered.extend(answer.unanswered.map(|why| (rule, why)));
            }
            Err(_) => {
                let message = format!("the rule {} failed; please report it", rules.rules[rule].info.id);
                let diagnostic = Diagnostic::new(DiagnosticKind::Internal, message);
                let blind = rules.rules[rule].info.platforms.iter();
                answers.diagnostics.push(blind.fold(diagnostic, |it, platform| it.blinds(*platform)));
            }
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secscan_rules::native::NATIVES;

    use super::*;

    #[test]
    fn names_judges_and_rule_files_match() {
        let judges: BTreeSet<&str> = JUDGES.iter().map(|(name, _)| *name).collect();
        let names: BTreeSet<&str> = NATIVES.iter().map(|native| native.name).collect();
        let rules = secscan_builtin_rules::load().expect("the blob decodes").rules;
        let named: BTreeSet<&str> = rules
            .iter()
            .filter_map(|rule| match &rule.body {
                Body::Native(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(judges, names, "the compiler knows what the engine has");
        assert_eq!(named, names, "a built-in rule for each");
    }
}
