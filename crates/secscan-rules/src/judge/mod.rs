//! The judge: bound rules and a graph in, verdicts out.
//!
//! Reading order: [`Judge`] → `truth` (does a condition hold) → `cursor` (how paths lead through values) → `links`
//! (conditions about other resources) → `explain` (places of a finding) → `wording` (what was expected).

mod cursor;
mod explain;
mod links;
#[cfg(test)]
mod tests;
mod truth;
mod wording;

use secscan_model::{Graph, Location, Resource, ResourceId, Value};

use self::cursor::{Cursor, Scratch, State, Walker};
pub use self::explain::Hit;
pub use self::links::Links;
use self::truth::{Evaluation, Side, Truth};
use crate::check::{Check, Piece, Rule};
use crate::set::RuleSet;

/// Rules and what they are asked about.
#[derive(Debug)]
pub struct Judge<'a> {
    rules: &'a RuleSet,
    graph: &'a Graph,
    links: Links,
    with_passes: bool,
}

/// What one rule says of one subject.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The rule, as an index into [`RuleSet::rules`].
    pub rule: usize,
    /// The resource that the subject is, or is in.
    pub resource: ResourceId,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome of one question to one subject.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The rule holds. The place that shows it and what was found there, when passes were asked for.
    Pass(Option<Hit>),
    /// The rule is broken, at these places.
    Fail(Vec<Violation>),
    /// It hangs on a value that is not in the files: why, and where.
    Unknown {
        /// What is missing, in plain words.
        why: String,
        /// The value that cannot be told.
        at: Location,
    },
    /// The condition of the check leaves the subject out.
    NotApplicable,
    /// The judge itself failed; the scan goes on.
    Panicked,
}

/// One place where a rule is broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The place.
    pub hit: Hit,
    /// The message.
    pub message: String,
}

impl<'a> Judge<'a> {
    /// A judge over a graph. With `with_passes`, passes carry the place that shows them.
    pub fn new(rules: &'a RuleSet, graph: &'a Graph, with_passes: bool) -> Self {
        Self { rules, graph, links: Links::new(graph), with_passes }
    }

    /// The verdicts over one resource, in the order of the rules.
    pub fn judge(&self, id: ResourceId) -> Vec<Verdict> {
        let resource = self.graph.resource(id);
        let scratch = Scratch::default();
        let mut verdicts = Vec::new();
        for (rule, check) in self.rules.checks_for(resource) {
            let asked = std::panic::AssertUnwindSafe(|| self.check(rule, check, id, &scratch));
            let outcomes = std::panic::catch_unwind(asked).unwrap_or_else(|_| vec![Outcome::Panicked]);
            verdicts.extend(outcomes.into_iter().map(|outcome| Verdict { rule, resource: id, outcome }));
        }
        verdicts
    }

    /// One outcome a subject.
    fn check(&self, rule: usize, check: &Check, id: ResourceId, scratch: &Scratch) -> Vec<Outcome> {
        let root = Cursor::root(self.graph, id);
        let subjects = match check.each.as_slice() {
            [] => vec![(root, String::new())],
            paths => self.subjects(root, paths, scratch),
        };
        let outcome = |(subject, path): (Cursor<'_>, String)| {
            let evaluation = Evaluation {
                walker: Walker { graph: self.graph, scratch },
                links: &self.links,
                subject,
                ignore_case: ignores_case(self.graph.resource(id)),
            };
            self.subject(&self.rules.rules[rule], check, &evaluation, &path)
        };
        subjects.into_iter().map(outcome).collect()
    }

    /// The elements that `each` names, with their paths; what is absent is no subject.
    fn subjects<'s>(
        &'s self,
        root: Cursor<'s>,
        paths: &[crate::check::Path],
        scratch: &'s Scratch,
    ) -> Vec<(Cursor<'s>, String)> {
        let walker = Walker { graph: self.graph, scratch };
        let mut subjects = Vec::new();
        for path in paths {
            let text = crate::check::PathText(path).to_string();
            let mut ends = vec![root];
            for step in path {
                ends = ends.iter().flat_map(|cursor| walker.step(*cursor, step)).flat_map(Cursor::elements).collect();
            }
            for end in ends {
                let is_subject = match end.state {
                    State::Node(node) => !node.is_null() || end.key.is_some(),
                    State::Absent => false,
                    State::Maybe(_) => true,
                };
                if is_subject {
                    let list = Cursor { state: State::Absent, ..end };
                    let name = end.list.map_or_else(String::new, |_| explain::element_name(end, list));
                    let key = end.key.filter(|key| !text.ends_with(key)).map(|key| format!(".{key}"));
                    subjects.push((end, format!("{text}{}{name}", key.unwrap_or_default())));
                }
            }
        }
        subjects
    }

    fn subject(&self, rule: &Rule, check: &Check, evaluation: &Evaluation<'_>, path: &str) -> Outcome {
        let at = evaluation.subject;
        let applies = check.when.as_ref().map_or(Truth::True, |when| evaluation.truth(when, at, Side::One));
        if applies == Truth::False {
            return Outcome::NotApplicable;
        }
        let (side, broken) = if check.deny { (Side::One, Truth::True) } else { (Side::All, Truth::False) };
        let truth = evaluation.truth(&check.test, at, side);
        if truth == broken.not() {
            let shown = self.with_passes.then(|| evaluation.places(&check.test, at, side, truth));
            return Outcome::Pass(shown.and_then(|hits| hits.into_iter().next()).map(|hit| with_path(hit, path)));
        }
        if truth == broken && applies == Truth::True {
            let hits = evaluation.places(&check.test, at, side, truth);
            return Outcome::Fail(
                hits.into_iter().map(|hit| self.violation(rule, evaluation, with_path(hit, path))).collect(),
            );
        }
        let hits = match (&check.when, applies) {
            (Some(when), Truth::Unknown) => evaluation.places(when, at, Side::One, Truth::Unknown),
            _ => evaluation.places(&check.test, at, side, Truth::Unknown),
        };
        let first = hits.into_iter().next();
        let (why, at) = first.map_or_else(|| (String::new(), at.anchor), |hit| (hit.found, hit.at));
        Outcome::Unknown { why, at }
    }

    fn violation(&self, rule: &Rule, evaluation: &Evaluation<'_>, mut hit: Hit) -> Violation {
        let resource = self.graph.resource(evaluation.subject.resource);
        let inside = hit.at.source == resource.at.source && resource.at.span.contains(hit.at.span);
        if !inside {
            hit.related.push((resource.header(), format!("in {}", resource.address)));
        }
        hit.secret = is_secret(rule, &hit);
        if hit.secret {
            hit.found = redacted(&hit.found);
        }
        let message = match &rule.message {
            Some(pieces) => pieces.iter().map(|piece| self.piece(rule, evaluation, piece, &hit)).collect(),
            None => default_message(rule, &hit),
        };
        Violation { hit, message }
    }

    fn piece(&self, rule: &Rule, evaluation: &Evaluation<'_>, piece: &Piece, hit: &Hit) -> String {
        match piece {
            Piece::Text(text) => text.clone(),
            Piece::Found => hit.found.clone(),
            Piece::Expected => hit.expected.clone(),
            Piece::Address => self.graph.resource(evaluation.subject.resource).address.to_string(),
            Piece::Param(name) => {
                let values = rule.params.get(name).map(|param| param.default.as_slice()).unwrap_or_default();
                values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Piece::Path(path) => {
                let ends = evaluation.walker.elements(evaluation.subject, path);
                match ends.first().map(|end| end.state) {
                    Some(State::Node(node)) if hit.secret && node.at == hit.at => hit.found.clone(),
                    Some(State::Node(node)) if !node.is_null() => match &node.value {
                        Value::Scalar(_) if names_a_secret(&crate::check::PathText(path).to_string()) => {
                            redacted(&explain::found(node))
                        }
                        _ => explain::found(node),
                    },
                    _ => "not set".to_owned(),
                }
            }
        }
    }
}

fn with_path(mut hit: Hit, subject: &str) -> Hit {
    hit.path = match (subject.is_empty(), hit.path.is_empty()) {
        (true, _) => hit.path,
        (false, true) => subject.to_owned(),
        (false, false) => format!("{subject}.{}", hit.path),
    };
    hit
}

fn default_message(rule: &Rule, hit: &Hit) -> String {
    let title = &rule.info.title;
    match (hit.path.is_empty(), hit.expected.is_empty()) {
        (_, true) => title.to_string(),
        (true, false) => format!("{title}. Found {}, expected {}.", hit.found, hit.expected),
        (false, false) => format!("{title}. `{}` is {}, expected {}.", hit.path, hit.found, hit.expected),
    }
}

/// Azure's names of values are the same in any case.
fn ignores_case(resource: &Resource) -> bool {
    resource.kind.starts_with("azurerm_")
}

/// Whether what stands at the place must not be printed: the rule is about secrets, or the key says so.
fn is_secret(rule: &Rule, hit: &Hit) -> bool {
    let is_value = !matches!(hit.found.as_str(), "not set" | "set" | "none" | "empty" | "true" | "false");
    let about_secrets = rule.info.topics.iter().any(|topic| &**topic == "secret-in-source");
    is_value && (about_secrets || names_a_secret(&hit.path))
}

fn names_a_secret(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    const WORDS: &[&str] =
        &["password", "passwd", "passphrase", "private_key", "privatekey", "secret_key", "secretkey"];
    WORDS.iter().any(|word| last.contains(word)) || last == "token" || last.ends_with("_token") || last == "secret"
}

fn redacted(text: &str) -> String {
    format!("[redacted, {} characters]", text.chars().count())
}
