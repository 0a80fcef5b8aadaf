//! Suppressions, ignore entries and waivers that do not do what their author meant are findings like any other's, on
//! [`Platform::Configuration`].

use std::sync::Arc;

use secscan_model::{Confidence, Header, Location, Platform, RuleId, RuleInfo, Severity};

/// One of these rules.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MetaRule {
    /// A comment that the base revision lacks.
    SuppressionAdded,
    /// A comment that suppresses nothing because it cannot be understood.
    SuppressionInvalid,
    /// A comment whose last day has gone by.
    SuppressionExpired,
    /// A comment that matches no finding.
    SuppressionUnused,
    /// An `[[ignore]]` entry whose last day has gone by.
    IgnoreExpired,
    /// An `[[ignore]]` entry that matches no finding.
    IgnoreUnused,
    /// A `[[waiver]]` whose last day has gone by.
    WaiverExpired,
    /// A `[[waiver]]` that matches no violation.
    WaiverUnused,
}

/// The words of one rule.
struct Words {
    rule: MetaRule,
    id: &'static str,
    title: &'static str,
    severity: Severity,
    why: &'static str,
    fix: &'static str,
}

static TABLE: &[Words] = &[
    Words {
        rule: MetaRule::SuppressionAdded,
        id: "suppression-added",
        title: "Change sets a finding aside",
        severity: Severity::Medium,
        why: "A change that brings its own suppression excuses itself: whoever reviews it must see that it does.",
        fix: "Have the reason reviewed with the change; once it is merged the comment counts like any other.",
    },
    Words {
        rule: MetaRule::SuppressionInvalid,
        id: "suppression-invalid",
        title: "Suppression comment has no effect",
        severity: Severity::Medium,
        why: "A comment without a reason, with a date that does not parse or with a rule that does not exist suppresses \
              nothing, while its author believes that the finding was dealt with.",
        fix: "Write `secscan:ignore RULE[,RULE] [until=YYYY-MM-DD] -- reason`.",
    },
    Words {
        rule: MetaRule::SuppressionExpired,
        id: "suppression-expired",
        title: "Suppression comment has expired",
        severity: Severity::Medium,
        why: "The finding was set aside until a day that has gone by; nobody has decided about it since.",
        fix: "Mend the finding, or decide again and give a new `until` date.",
    },
    Words {
        rule: MetaRule::SuppressionUnused,
        id: "suppression-unused",
        title: "Suppression comment matches no finding",
        severity: Severity::Low,
        why: "A suppression that outlives its finding hides the next one at the same place.",
        fix: "Delete the comment, or the rule from its list.",
    },
    Words {
        rule: MetaRule::IgnoreExpired,
        id: "ignore-expired",
        title: "Ignore entry has expired",
        severity: Severity::Medium,
        why: "The findings were set aside until a day that has gone by; nobody has decided about them since.",
        fix: "Mend the findings, or decide again and give a new `until` date.",
    },
    Words {
        rule: MetaRule::IgnoreUnused,
        id: "ignore-unused",
        title: "Ignore entry matches no finding",
        severity: Severity::Low,
        why: "An entry that outlives its findings hides the next ones in the same paths.",
        fix: "Delete the entry, or the rule from its list.",
    },
    Words {
        rule: MetaRule::WaiverExpired,
        id: "waiver-expired",
        title: "Waiver has expired",
        severity: Severity::Medium,
        why: "The risk was accepted until a day that has gone by: its control fails again.",
        fix: "Mend the violation, or have the risk accepted again with a new `until` date.",
    },
    Words {
        rule: MetaRule::WaiverUnused,
        id: "waiver-unused",
        title: "Waiver matches no violation",
        severity: Severity::Low,
        why: "A waiver that outlives its violation accepts the next one before anybody has looked at it.",
        fix: "Delete the waiver, or correct its control and resources.",
    },
];

impl MetaRule {
    /// The id of the rule.
    pub fn id(self) -> RuleId {
        RuleId(TABLE.iter().find(|words| words.rule == self).map_or("", |words| words.id).into())
    }
}

/// The headers of all these rules, sorted by id.
pub fn rules() -> Vec<Arc<Header>> {
    let mut rules: Vec<_> = TABLE.iter().map(|words| Arc::new(Header::from(header(words)))).collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules
}

fn header(words: &Words) -> RuleInfo {
    RuleInfo {
        id: RuleId(words.id.into()),
        title: words.title.into(),
        severity: words.severity,
        confidence: Confidence::High,
        topics: Vec::new(),
        cwe: Vec::new(),
        why: words.why.into(),
        fix: words.fix.into(),
        links: Vec::new(),
        platforms: vec![Platform::Configuration],
    }
}

/// A breach of one of these rules.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The rule.
    pub rule: MetaRule,
    /// The comment, or the entry of the settings; in the file that it was read from.
    pub at: Location,
    /// What the breach is about, as its address: the rules or the control that are named.
    pub subject: Arc<str>,
    /// What is wrong.
    pub message: String,
}

/// How a rule or control that settings name stands to this scan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Nothing of this name exists.
    Unknown,
    /// It exists and was not asked in this scan: nothing can be told about what names it.
    Idle,
    /// It was asked.
    Asked,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_words_once() {
        let ids: std::collections::BTreeSet<RuleId> = TABLE.iter().map(|words| words.rule.id()).collect();
        assert_eq!(ids.len(), TABLE.len());
        assert!(TABLE.iter().all(|words| words.rule.id().0.as_ref() == words.id));
        assert!(rules().is_sorted_by(|a, b| a.id < b.id));
    }
}
