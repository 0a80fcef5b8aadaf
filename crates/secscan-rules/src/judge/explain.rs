//! Why a condition has the truth that it has: the places of a finding, and what was found and expected there.
//!
//! Evaluation asks only for truths, which is fast; this runs again over the one condition in a hundred that is broken.

use std::borrow::Cow;

use secscan_model::{Location, Node, ResourceId, Value};

use super::cursor::{Cursor, State};
use super::truth::{Evaluation, Side, Truth};
use super::wording;
use crate::check::{Link, Matcher, Step, Test};

/// A place of a finding.
#[derive(Clone, Debug, Default)]
pub struct Hit {
    /// The primary place.
    pub at: Location,
    /// Further places, and what stands there.
    pub related: Vec<(Location, String)>,
    /// The path from the resource to the place, in the document's own keys and names.
    pub path: String,
    /// What was found: the value as written, or `not set`.
    pub found: String,
    /// What was expected, in words.
    pub expected: String,
    /// Whether the value at the place is a secret, so that nobody prints the source text.
    pub secret: bool,
}

/// How many linked resources, and how many places that they give, a finding shows.
const MOST_PARTNERS: usize = 10;
const MOST_PLACES: usize = 20;

/// What is explained, handed down unchanged.
#[derive(Clone, Copy)]
struct Ask<'p> {
    side: Side,
    wanted: Truth,
    path: &'p str,
}

impl<'a> Evaluation<'a> {
    /// The places that make `test` have the truth `wanted` for the element, which it has. At least one.
    pub(super) fn places(&self, test: &Test, at: Cursor<'a>, side: Side, wanted: Truth) -> Vec<Hit> {
        let mut hits = self.explain_known(test, at, Ask { side, wanted, path: "" });
        if hits.is_empty() {
            hits.push(self.hit(at, "", String::new()));
        }
        hits
    }

    fn explain(&self, test: &Test, at: Cursor<'a>, ask: Ask<'_>) -> Vec<Hit> {
        if self.truth(test, at, ask.side) == ask.wanted { self.explain_known(test, at, ask) } else { Vec::new() }
    }

    /// Explains a condition that is known to have the truth that is asked for.
    fn explain_known(&self, test: &Test, at: Cursor<'a>, ask: Ask<'_>) -> Vec<Hit> {
        match test {
            Test::All(tests) => {
                let hits = tests.iter().map(|test| self.explain(test, at, ask));
                first_with_related(hits.collect())
            }
            Test::Any(tests) => {
                let mut hits = tests.iter().map(|test| self.explain(test, at, ask));
                hits.find(|hits| !hits.is_empty()).unwrap_or_default()
            }
            Test::Not(test) => {
                self.explain_known(test, at, Ask { side: ask.side.flip(), wanted: ask.wanted.not(), ..ask })
            }
            Test::At { step, whole, then } => self.explain_at(step, whole, then.as_deref(), at, ask),
            Test::Is(matcher) => vec![self.explain_is(matcher, at, ask)],
            Test::Linked(link) => vec![self.explain_linked(link, at, ask)],
            Test::Param(..) => Vec::new(),
        }
    }

    fn explain_at(
        &self,
        step: &Step,
        whole: &[Matcher],
        then: Option<&Test>,
        at: Cursor<'a>,
        ask: Ask<'_>,
    ) -> Vec<Hit> {
        let ends = match self.walker.one(at, step) {
            Some(end) => vec![end],
            None => {
                let mut ends = self.walker.step(at, step);
                ends.retain(|end| self.end(whole, then, *end, ask.side) == ask.wanted);
                ends
            }
        };
        let mut hits = Vec::new();
        for end in ends {
            let path = join(ask.path, step, end);
            let inner = Ask { path: &path, ..ask };
            let mut parts: Vec<Vec<Hit>> = Vec::new();
            for matcher in whole {
                if self.is(matcher, end, ask.side) == ask.wanted {
                    parts.push(vec![self.explain_is(matcher, end, inner)]);
                }
            }
            match then {
                Some(test) if end.is_list() => {
                    let of_elements = end.elements().into_iter().flat_map(|element| {
                        let path = format!("{path}{}", element_name(element, end));
                        self.explain(test, element, Ask { path: &path, ..ask })
                    });
                    parts.push(of_elements.collect());
                }
                Some(test) if whole.is_empty() => parts.push(self.explain_known(test, end, inner)),
                Some(test) => parts.push(self.explain(test, end, inner)),
                None => {}
            }
            hits.extend(first_with_related(parts));
        }
        hits
    }

    fn explain_is(&self, matcher: &Matcher, at: Cursor<'a>, ask: Ask<'_>) -> Hit {
        if let (Matcher::Some(test), Truth::True) = (matcher, ask.wanted) {
            let of_elements = at.elements().into_iter().flat_map(|element| self.explain(test, element, ask));
            if let Some(hit) = of_elements.into_iter().next() {
                return hit;
            }
        }
        let expected = wording::expected(matcher, ask.wanted == Truth::False);
        self.hit(at, ask.path, expected)
    }

    fn explain_linked(&self, link: &Link, at: Cursor<'a>, ask: Ask<'_>) -> Hit {
        let expected = wording::expected_link(link, ask.wanted == Truth::False);
        let header = Cursor { anchor: at.anchor, state: State::Absent, ..at };
        let mut hit = self.hit(header, ask.path, expected);
        let linked = self.linked_resources(link, at, ask.side);
        let partners = &linked.sure;
        hit.found = match partners.len() {
            0 => "none".to_owned(),
            count => format!("{count} linked"),
        };
        if !matches!(link.other, crate::check::Other::Files(_)) {
            for partner in partners.iter().take(MOST_PARTNERS) {
                self.tell_partner(link, *partner, ask.side, &mut hit.related);
            }
        }
        hit
    }

    /// Adds the place of a linked resource and what makes it count, which may be a link in turn: so that the places of a
    /// finding show the way from one resource to the next.
    fn tell_partner(&self, link: &Link, partner: ResourceId, side: Side, related: &mut Vec<(Location, String)>) {
        let resource = self.graph().resource(partner);
        let mut places = vec![(resource.header(), format!("linked: {}", resource.address))];
        if let Some(test) = &link.condition {
            let ask = Ask { side, wanted: Truth::True, path: "" };
            for hit in self.explain(test, Cursor::root(self.graph(), partner), ask) {
                let says = format!("{} of {} is {}", quoted(&hit.path), resource.address, hit.found);
                let is_value = !hit.path.is_empty();
                places.extend(Some((hit.at, says)).filter(|_| is_value));
                places.extend(hit.related);
            }
        }
        for place in places {
            if related.len() < MOST_PLACES && !related.iter().any(|(at, _)| *at == place.0) {
                related.push(place);
            }
        }
    }

    /// A hit at a cursor: the value there, or the name of the deepest part of the path that exists.
    fn hit(&self, at: Cursor<'a>, path: &str, expected: String) -> Hit {
        let (place, found, via): (_, _, &[Location]) = match at.state {
            State::Node(node) if !node.is_null() => (node.at, found(node), node.via()),
            State::Node(node) => (node.name_at, "not set".to_owned(), node.via()),
            State::Absent => (at.anchor, "not set".to_owned(), &[]),
            State::Maybe(why) => (at.anchor, why.to_owned(), &[]),
        };
        let set_at = if let State::Node(node) = at.state { node.set_at() } else { None };
        let used = via.iter().map(|at| (*at, "used here".to_owned()));
        let related = set_at.into_iter().map(|at| (at, "the value is set here".to_owned())).chain(used).collect();
        Hit { at: place, related, path: path.to_owned(), found, expected, secret: false }
    }
}

/// The hits of the first part that has any; the places of the other parts are related to each of them.
fn first_with_related(parts: Vec<Vec<Hit>>) -> Vec<Hit> {
    let mut parts = parts.into_iter().filter(|hits| !hits.is_empty());
    let Some(mut hits) = parts.next() else { return Vec::new() };
    for other in parts.flatten() {
        for hit in &mut hits {
            let known = hit.at == other.at || hit.related.iter().any(|(at, _)| *at == other.at);
            if !known {
                hit.related.push((other.at, format!("{} is {}", quoted(&other.path), other.found)));
            }
        }
    }
    hits
}

fn quoted(path: &str) -> String {
    if path.is_empty() { "it".to_owned() } else { format!("`{path}`") }
}

/// What a value looks like in a message: short, on one line.
pub(super) fn found(node: &Node) -> String {
    const LIMIT: usize = 80;
    let text = match &node.value {
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::List(items) if items.is_empty() => "an empty list".to_owned(),
        Value::List(items) => {
            let shown: Vec<_> = items.iter().take(5).map(found).collect();
            let more = if items.len() > 5 { ", ..." } else { "" };
            format!("[{}{more}]", shown.join(", "))
        }
        Value::Map(map) if map.is_empty() => "an empty map".to_owned(),
        Value::Map(_) => "set".to_owned(),
        Value::Unresolved(unresolved) => unresolved.why.to_string(),
    };
    if text.is_empty() {
        return "empty".to_owned();
    }
    if text.len() <= LIMIT && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return text;
    }
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LIMIT).collect();
    if text.chars().count() > LIMIT { format!("{line}...") } else { line }
}

/// The path one step on, in the document's own words.
fn join(path: &str, step: &Step, end: Cursor<'_>) -> String {
    let name: Cow<'_, str> = match (step, end.key) {
        (Step::Itself, _) => return path.to_owned(),
        (Step::Any | Step::Deep(_) | Step::FirstOf(_), Some(key)) => key.into(),
        (Step::FirstOf(paths), None) => {
            paths.first().map(|path| crate::check::PathText(path).to_string()).unwrap_or_default().into()
        }
        (Step::Key(key), _) if !key.contains('.') => key.into(),
        _ => step.to_string().into(),
    };
    if path.is_empty() { name.into_owned() } else { [path, &name].join(".") }
}

/// What tells an element of a list from its siblings: its name where it has one, else its index.
pub(super) fn element_name(element: Cursor<'_>, list: Cursor<'_>) -> String {
    let is_list = list.node().is_some_and(|node| node.as_list().is_some());
    let Some((_, index)) = element.list.filter(|_| is_list) else { return String::new() };
    let named = ["name", "id", "Id", "Name", "sid", "Sid", "key"];
    let name = element.node().and_then(|node| named.iter().find_map(|key| node.get(key)?.as_str()));
    name.map_or_else(|| format!("[{index}]"), |name| format!("[{name}]"))
}
