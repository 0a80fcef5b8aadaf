//! Comments that set findings aside: `secscan:ignore RULE[,RULE] [until=YYYY-MM-DD] -- reason`.
//!
//! A comment speaks for the construct that begins on its own line when code stands before it, and for the one that
//! begins on the next line otherwise; further comments and `---` between the two are passed over. A reason is
//! required, the last day counts, and a comment that cannot be understood suppresses nothing.
//!
//! Reading order: [`Suppressions`] → `directive` (what a comment says) → `construct` (what it speaks for).

mod construct;
mod directive;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use secscan_model::{Comment, Location, RuleId, Source, Span};

use construct::Lines;
pub(crate) use construct::constructs_around;
pub(crate) use directive::{MARKER, textual_comment};
use directive::{directives, parse};

use crate::expiry::is_over;
use crate::meta::{MetaRule, Problem, Standing};

/// A comment that can set findings aside.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Suppression {
    /// The rules that exist among those that it names, and whether each has matched a finding.
    rules: Vec<(RuleId, bool)>,
    /// The last day on which it counts.
    until: Option<Date>,
    /// Why.
    pub reason: Arc<str>,
    /// The line that a construct must begin on to be covered.
    line: u32,
    /// The text from the marker to the end of the comment's line.
    pub at: Location,
}

/// The suppressions of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suppressions {
    entries: Vec<Suppression>,
    problems: Vec<Problem>,
}

impl Suppression {
    /// What it says, whatever its place.
    fn words(&self) -> String {
        let names: Vec<&str> = self.rules.iter().map(|(rule, _)| &*rule.0).collect();
        format!("{} {:?} {}", names.join(","), self.until, self.reason)
    }
}

impl Suppressions {
    /// Reads the comments of a file. `standing` tells which rules exist.
    pub(crate) fn read(source: &Source, comments: &[Comment], standing: &dyn Fn(&RuleId) -> Standing) -> Self {
        let mut suppressions = Self::default();
        let mut lines = None;
        for comment in comments {
            let text = source.bytes.get(comment.span.range()).and_then(|bytes| std::str::from_utf8(bytes).ok());
            for directive in text.into_iter().flat_map(directives) {
                let lines = lines.get_or_insert_with(|| Lines::new(source, comments));
                let start = comment.span.start as usize + directive.offset;
                let at = source.at(Span::new(start, start + directive.text.len()));
                suppressions.add(directive.text, at, lines.spoken_for(comment), standing);
            }
        }
        suppressions
    }

    /// Whether there is nothing to ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The suppression that covers a verdict of `rule` at `line`, if one counts on `today`. `constructs` are the first
    /// and last lines of what the place stands in: see [`constructs_around`]. What is found here is used: ask for
    /// verdicts that would otherwise count, or may turn out to.
    pub(crate) fn find(
        &mut self,
        rule: &RuleId,
        line: u32,
        constructs: &[(u32, u32)],
        today: Date,
    ) -> Option<&Suppression> {
        let covers = |first: u32| {
            line == first || constructs.iter().any(|(start, end)| *start == first && (*start..=*end).contains(&line))
        };
        let mut found = None;
        for entry in self.entries.iter_mut().filter(|entry| covers(entry.line)) {
            let Some((_, used)) = entry.rules.iter_mut().find(|(named, _)| named == rule) else { continue };
            *used = true;
            if found.is_none() && !is_over(entry.until, today) {
                found = Some(&*entry);
            }
        }
        found
    }

    /// What the comments say, whatever their place: the base revision's are counted with this.
    pub(crate) fn words(&self) -> impl Iterator<Item = String> {
        self.entries.iter().map(Suppression::words)
    }

    /// The comments that the base revision lacks; what it has is taken off `of_base`. A change cannot excuse itself in
    /// silence.
    pub(crate) fn added(&self, of_base: &mut BTreeMap<String, usize>) -> Vec<Problem> {
        let mut added = Vec::new();
        for entry in &self.entries {
            match of_base.get_mut(&entry.words()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let names: Vec<&str> = entry.rules.iter().map(|(rule, _)| &*rule.0).collect();
                    let message = format!("this change sets `{}` aside: {}", names.join("`, `"), entry.reason);
                    let (rule, subject) = (MetaRule::SuppressionAdded, names.join(",").into());
                    added.push(Problem { rule, at: entry.at, subject, message });
                }
            }
        }
        added
    }

    /// What is wrong with the comments, once all findings have been asked about.
    pub(crate) fn problems(self, standing: &dyn Fn(&RuleId) -> Standing, today: Date) -> Vec<Problem> {
        let mut problems = self.problems;
        for entry in self.entries {
            let names: Vec<&str> = entry.rules.iter().map(|(rule, _)| &*rule.0).collect();
            if let Some(until) = entry.until.filter(|_| is_over(entry.until, today)) {
                let message = format!("this suppression counted until {until}: it sets nothing aside any more");
                let subject = names.join(",").into();
                problems.push(Problem { rule: MetaRule::SuppressionExpired, at: entry.at, subject, message });
                continue;
            }
            for (rule, _) in entry.rules.iter().filter(|(rule, used)| !used && standing(rule) == Standing::Asked) {
                let message = format!("`{rule}` finds nothing in the construct that this comment speaks for");
                let (at, subject) = (entry.at, rule.0.clone());
                problems.push(Problem { rule: MetaRule::SuppressionUnused, at, subject, message });
            }
        }
        problems.sort_by(|a, b| (a.at, a.rule, &a.subject).cmp(&(b.at, b.rule, &b.subject)));
        problems
    }

    /// Reads one directive.
    fn add(&mut self, text: &str, at: Location, line: u32, standing: &dyn Fn(&RuleId) -> Standing) {
        let mut invalid = |subject: &str, message: String| {
            let rule = MetaRule::SuppressionInvalid;
            self.problems.push(Problem { rule, at, subject: subject.into(), message });
        };
        match parse(text) {
            Err(message) => invalid("", message),
            Ok(mut entry) => {
                entry.names.retain(|rule| {
                    let known = standing(rule) != Standing::Unknown;
                    if !known {
                        invalid(&rule.0, format!("there is no rule `{rule}`: nothing is set aside for it"));
                    }
                    known
                });
                if !entry.names.is_empty() {
                    let rules = entry.names.into_iter().map(|rule| (rule, false)).collect();
                    self.entries.push(Suppression { rules, until: entry.until, reason: entry.reason, line, at });
                }
            }
        }
    }
}
