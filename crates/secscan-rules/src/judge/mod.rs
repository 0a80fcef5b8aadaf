//! Reading order: `Judge` → `truth` (does a condition hold) → `cursor` (how paths lead through values) → `links`
//! (conditions about other resources) → `explain` (places of a finding) → `wording` (what was expected).

mod cursor;
mod explain;
mod links;
#[cfg(test)]
mod tests;
mod truth;
mod wording;

use std::borrow::Cow;
use std::sync::Arc;

use secscan_model::report::Advisory;
use secscan_model::{Graph, Platform, Resource, ResourceId, Value};

use self::cursor::{Cursor, Scratch, State, Walker};
pub use self::explain::Hit;
pub use self::links::Links;
use self::truth::{Evaluation, Side, Truth};
use crate::check::{Check, PathText, Piece, Rule, Step};
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
    Pass(Option<Box<Hit>>),
    /// The rule is broken, at these places.
    Fail(Vec<Violation>),
    /// It hangs on a value that is not in the files: what is missing, as [`Hit::found`], and where.
    Unknown(Box<Hit>),
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
    /// The published vulnerability that it is about, where it is about one.
    pub advisory: Option<Arc<Advisory>>,
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
        self.rules.checks_for(resource, |rule, check| {
            let mut add = |outcome| verdicts.push(Verdict { rule, resource: id, outcome });
            let asked = std::panic::AssertUnwindSafe(|| self.check(rule, check, id, &scratch, &mut add));
            if std::panic::catch_unwind(asked).is_err() {
                add(Outcome::Panicked);
            }
        });
        verdicts
    }

    /// One outcome a subject: the resource, or the elements that `each` names; what is absent is no subject.
    fn check(&self, rule: usize, check: &Check, id: ResourceId, scratch: &Scratch, add: &mut dyn FnMut(Outcome)) {
        let root = Cursor::root(self.graph, id);
        let walker = Walker { graph: self.graph, scratch };
        let ignore_case = ignores_case(self.graph.resource(id));
        let of_root = Evaluation { walker, links: &self.links, subject: root, ignore_case };
        let shared = check.when.as_ref().filter(|_| !check.each.is_empty());
        let shared = shared.map(|when| of_root.truth_at_root(when, root));
        let mut ask = |subject: Cursor<'_>, path: Option<&[Step]>| {
            let evaluation = Evaluation { walker, links: &self.links, subject, ignore_case };
            add(match shared {
                Some(Truth::False) => Outcome::NotApplicable,
                _ => self.subject(&self.rules.rules[rule], check, &evaluation, path, shared),
            });
        };
        if check.each.is_empty() {
            ask(root, None);
        }
        for path in &check.each {
            for end in walker.elements(root, path) {
                let is_subject = match end.state {
                    State::Node(node) => !node.is_null() || end.key.is_some(),
                    State::Absent => false,
                    State::Maybe(_) => true,
                };
                if is_subject {
                    ask(end, Some(path));
                }
            }
        }
    }

    /// The outcome for one subject; `each` is the path that led to it from the resource, if any, and `shared` whether
    /// the conditions hold that are the same for all subjects of the resource.
    fn subject(
        &self,
        rule: &Rule,
        check: &Check,
        evaluation: &Evaluation<'_>,
        each: Option<&[Step]>,
        shared: Option<Truth>,
    ) -> Outcome {
        let at = evaluation.subject;
        let applies = match &check.when {
            Some(when) if shared == Some(Truth::True) => evaluation.truth_below_root(when, at),
            Some(when) => evaluation.truth(when, at, Side::One),
            None => Truth::True,
        };
        if applies == Truth::False {
            return Outcome::NotApplicable;
        }
        let (side, broken) = if check.deny { (Side::One, Truth::True) } else { (Side::All, Truth::False) };
        let truth = evaluation.truth(&check.test, at, side);
        if truth == broken.not() {
            let shown = self.with_passes.then(|| evaluation.places(&check.test, at, side, truth));
            let first = shown.and_then(|hits| hits.into_iter().next());
            return Outcome::Pass(first.map(|hit| Box::new(with_path(hit, &subject_path(at, each)))));
        }
        if truth == broken && applies == Truth::True {
            let hits = evaluation.places(&check.test, at, side, truth);
            let path = subject_path(at, each);
            return Outcome::Fail(
                hits.into_iter().map(|hit| self.violation(rule, evaluation, with_path(hit, &path))).collect(),
            );
        }
        let hits = match (&check.when, applies) {
            (Some(when), Truth::Unknown) => evaluation.places(when, at, Side::One, Truth::Unknown),
            _ => evaluation.places(&check.test, at, side, Truth::Unknown),
        };
        let first = hits.into_iter().next();
        let (found, at) = first.map_or_else(|| (String::new(), at.anchor), |hit| (hit.found, hit.at));
        Outcome::Unknown(Box::new(Hit { at, found, ..Hit::default() }))
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
        let message = match &*rule.message {
            Some(pieces) => {
                let mut message = String::with_capacity(96);
                pieces.iter().for_each(|piece| message.push_str(&self.piece(rule, evaluation, piece, &hit)));
                message
            }
            None => default_message(rule, &hit),
        };
        Violation { hit, message, advisory: None }
    }

    fn piece<'p>(&'p self, rule: &Rule, evaluation: &Evaluation<'_>, piece: &'p Piece, hit: &'p Hit) -> Cow<'p, str> {
        match piece {
            Piece::Text(text) => text.into(),
            Piece::Found => (&hit.found).into(),
            Piece::Expected => (&hit.expected).into(),
            Piece::Address => (&*self.graph.resource(evaluation.subject.resource).address).into(),
            Piece::Param(name) => {
                let values = rule.params.get(name).map(|param| param.default.as_slice()).unwrap_or_default();
                values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ").into()
            }
            Piece::Path(path) => {
                let ends = evaluation.walker.elements(evaluation.subject, path);
                match ends.first().map(|end| end.state) {
                    Some(State::Node(node)) if hit.secret && node.at == hit.at => (&hit.found).into(),
                    Some(State::Node(node)) if !node.is_null() => match &node.value {
                        Value::Scalar(_) if names_a_secret(&PathText(path).to_string()) => {
                            redacted(&explain::found(node)).into()
                        }
                        _ => explain::found(node).into(),
                    },
                    _ => "not set".into(),
                }
            }
        }
    }
}

/// The path of a subject from its resource, in the document's own keys and names.
fn subject_path(subject: Cursor<'_>, each: Option<&[Step]>) -> String {
    let Some(each) = each else { return String::new() };
    let text = PathText(each).to_string();
    match subject.key.filter(|key| !text.trim_end_matches(".$json").ends_with(key)) {
        Some(key) => format!("{text}.{key}"),
        None => text,
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

/// The title, what was found, and what was expected where that says more than that it is something else. Names that only
/// rules have, such as `$shell`, tell a reader nothing.
fn default_message(rule: &Rule, hit: &Hit) -> String {
    let title = &rule.info.title;
    let path = hit.path.replace(".$json", "");
    let is_inner = path.contains('$');
    let is_other = ["not ", "anything but ", "no value"].iter().any(|start| hit.expected.starts_with(start));
    let says_enough = match &*hit.found {
        _ if hit.expected.is_empty() => true,
        "set" => is_other,
        "not set" | "[set]" => is_inner,
        _ => false,
    };
    if says_enough {
        return title.to_string();
    }
    let found = match is_inner || path.is_empty() {
        true => format!("Found {}", hit.found),
        false => format!("`{path}` is {}", hit.found),
    };
    match is_other && hit.found != "not set" {
        true => format!("{title}. {found}."),
        false => format!("{title}. {found}, expected {}.", hit.expected),
    }
}

/// Azure's names of values are the same in any case.
fn ignores_case(resource: &Resource) -> bool {
    resource.platform == Platform::Arm || resource.kind.starts_with("azurerm_")
}

/// Whether what stands at the place must not be printed: the rule is about secrets, or the key says so.
fn is_secret(rule: &Rule, hit: &Hit) -> bool {
    let is_value = !matches!(hit.found.as_str(), "not set" | "set" | "none" | "empty" | "true" | "false");
    const TOPICS: &[&str] = &["secret-in-source", "secret-in-image", "hardcoded-credential"];
    let about_secrets = rule.info.topics.iter().any(|topic| TOPICS.contains(&&**topic));
    // What is shorter is no secret, but the `.` of a `COPY . .`.
    let may_be_one = hit.found.len() >= 4;
    is_value && (about_secrets && may_be_one || names_a_secret(&hit.path))
}

fn names_a_secret(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    const WORDS: &[&str] =
        &["password", "passwd", "passphrase", "private_key", "privatekey", "secret_key", "secretkey"];
    // Numbers that say what passwords must be like.
    const ABOUT: &[&str] = &["length", "_age", "prevention", "_days", "_count"];
    let is_about = ABOUT.iter().any(|end| last.ends_with(end));
    let is_named = WORDS.iter().any(|word| last.contains(word)) || last == "token" || last.ends_with("_token");
    (is_named && !is_about) || last == "secret"
}

fn redacted(text: &str) -> String {
    format!("[redacted, {} characters]", text.chars().count())
}
