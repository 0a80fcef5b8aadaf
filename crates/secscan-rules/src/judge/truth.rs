//! Three-valued evaluation: does a condition hold?
//!
//! The rules are section 4 of the language: absent satisfies nothing but `present: false`; what hangs on a value that is
//! not in the files is unknown; on the side of `deny` and `when` one element is enough, on the side of `require` all
//! must match.

use secscan_model::{Graph, Node, Part, Scalar, ScalarKind, Unresolved, Value};

use super::cursor::{Cursor, State, Walker};
use super::links::Links;
use crate::check::{Literal, Matcher, Pattern, Step, Test};
use crate::quantity::{self, Measure};
use crate::ranges::{Range, version_in};

/// False < unknown < true.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Truth {
    False,
    Unknown,
    True,
}

use Truth::{False, True, Unknown};

impl Truth {
    pub(super) fn not(self) -> Self {
        match self {
            False => True,
            Unknown => Unknown,
            True => False,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { True } else { False }
    }
}

/// The least of several, where there are any: nothing is asked any more once one is false.
fn least(truths: impl Iterator<Item = Truth>) -> Option<Truth> {
    let mut least = None;
    for truth in truths {
        if truth == False {
            return Some(False);
        }
        least = least.min(Some(truth)).or(Some(truth));
    }
    least
}

/// The greatest of several, where there are any: nothing is asked any more once one is true.
fn greatest(truths: impl Iterator<Item = Truth>) -> Option<Truth> {
    let mut greatest = None;
    for truth in truths {
        if truth == True {
            return Some(True);
        }
        greatest = greatest.max(Some(truth));
    }
    greatest
}

/// What a list means: one element is enough, or all must match.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Side {
    One,
    All,
}

impl Side {
    pub(super) fn flip(self) -> Self {
        match self {
            Self::One => Self::All,
            Self::All => Self::One,
        }
    }

    fn over(self, truths: impl Iterator<Item = Truth>) -> Truth {
        match self {
            Self::One => greatest(truths).unwrap_or(False),
            Self::All => least(truths).unwrap_or(False),
        }
    }
}

/// The evaluation of one check on one resource.
pub(super) struct Evaluation<'a> {
    pub(super) walker: Walker<'a>,
    pub(super) links: &'a Links,
    /// The subject of the check: what `same-as` paths begin at.
    pub(super) subject: Cursor<'a>,
    /// Whether the platform ignores case in names of values.
    pub(super) ignore_case: bool,
}

/// The conditions that must all hold.
fn parts(test: &Test) -> &[Test] {
    match test {
        Test::All(tests) => tests,
        one => std::slice::from_ref(one),
    }
}

/// Whether a condition asks the same of the resource, whichever element it is asked for.
fn asks_root(test: &Test) -> bool {
    match test {
        Test::All(tests) | Test::Any(tests) => tests.iter().all(asks_root),
        Test::Not(test) => asks_root(test),
        Test::At { step: Step::Root, whole, then } => {
            whole.iter().all(forgets_subject) && then.as_deref().is_none_or(is_about_end)
        }
        Test::At { .. } | Test::Is(_) | Test::Linked(_) | Test::Param(..) => false,
    }
}

/// Whether what is asked hangs on nothing but the value that it is asked of.
pub(super) fn is_about_end(test: &Test) -> bool {
    match test {
        Test::All(tests) | Test::Any(tests) => tests.iter().all(is_about_end),
        Test::Not(test) => is_about_end(test),
        Test::At { whole, then, .. } => whole.iter().all(forgets_subject) && then.as_deref().is_none_or(is_about_end),
        Test::Is(matcher) => forgets_subject(matcher),
        Test::Linked(_) | Test::Param(..) => false,
    }
}

fn forgets_subject(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::SameAs(_) => false,
        Matcher::Some(test) => is_about_end(test),
        Matcher::Length(bounds) => bounds.iter().all(forgets_subject),
        _ => true,
    }
}

impl<'a> Evaluation<'a> {
    pub(super) fn graph(&self) -> &'a Graph {
        self.walker.graph
    }

    /// Whether the condition holds for the element.
    pub(super) fn truth(&self, test: &Test, at: Cursor<'a>, side: Side) -> Truth {
        match test {
            Test::All(tests) => least(tests.iter().map(|test| self.truth(test, at, side))).unwrap_or(True),
            Test::Any(tests) => greatest(tests.iter().map(|test| self.truth(test, at, side))).unwrap_or(False),
            Test::Not(test) => self.truth(test, at, side.flip()).not(),
            Test::At { step, whole, then } => self.at(step, whole, then.as_deref(), at, side),
            Test::Is(matcher) => self.is(matcher, at, side),
            Test::Linked(link) => self.linked(link, at, side),
            // Binding has decided these.
            Test::Param(..) => False,
        }
    }

    /// Whether those parts of a condition hold that ask only about the resource: they are answered once for all its
    /// elements, or asking a long list about itself would take the square of its length.
    pub(super) fn truth_at_root(&self, when: &Test, root: Cursor<'a>) -> Truth {
        let of_root = parts(when).iter().filter(|part| asks_root(part));
        least(of_root.map(|part| self.truth(part, root, Side::One))).unwrap_or(True)
    }

    /// Whether the other parts hold for an element.
    pub(super) fn truth_below_root(&self, when: &Test, at: Cursor<'a>) -> Truth {
        let below_root = parts(when).iter().filter(|part| !asks_root(part));
        least(below_root.map(|part| self.truth(part, at, Side::One))).unwrap_or(True)
    }

    fn at(&self, step: &Step, whole: &[Matcher], then: Option<&Test>, at: Cursor<'a>, side: Side) -> Truth {
        if let Some(end) = self.walker.one(at, step) {
            return self.end(whole, then, end, side);
        }
        let ends = self.walker.step(at, step);
        side.over(ends.into_iter().map(|end| self.end(whole, then, end, side)))
    }

    /// What is asked of the end of a step: some words take a list whole, all others its elements.
    pub(super) fn end(&self, whole: &[Matcher], then: Option<&Test>, end: Cursor<'a>, side: Side) -> Truth {
        let of_whole = least(whole.iter().map(|matcher| self.is(matcher, end, side))).unwrap_or(True);
        match then {
            Some(test) if of_whole > False && !end.is_list() => of_whole.min(self.truth(test, end, side)),
            Some(test) if of_whole > False => {
                let elements = end.elements().into_iter().map(|element| self.truth(test, element, side));
                of_whole.min(side.over(elements))
            }
            _ => of_whole,
        }
    }

    /// Whether a matcher holds for a value.
    pub(super) fn is(&self, matcher: &Matcher, at: Cursor<'a>, side: Side) -> Truth {
        let node = match at.state {
            State::Absent => return Truth::from(matches!(matcher, Matcher::Present(false))),
            State::Maybe(_) => return if matches!(matcher, Matcher::Literal(_)) { False } else { Unknown },
            State::Node(node) => node,
        };
        match &node.value {
            Value::Unresolved(unresolved) => self.is_unresolved(matcher, unresolved),
            Value::Scalar(scalar) if scalar.kind == ScalarKind::Null => {
                Truth::from(matches!(matcher, Matcher::Present(false)))
            }
            _ => self.is_value(matcher, node, at, side),
        }
    }

    fn is_unresolved(&self, matcher: &Matcher, unresolved: &Unresolved) -> Truth {
        match matcher {
            Matcher::Literal(_) => False,
            Matcher::Present(wanted) if !unresolved.perhaps_absent => Truth::from(*wanted),
            Matcher::Matches(pattern) if matches_fixed_part(pattern, unresolved) => True,
            Matcher::Equals(operand) | Matcher::In(operand) if self.is_ruled_out(operand.values(), unresolved) => False,
            Matcher::NotIn(operand) if self.is_ruled_out(operand.values(), unresolved) => True,
            _ => Unknown,
        }
    }

    /// Whether the fixed parts of a text leave none of the values possible: `arn:${...}` is never `*`.
    fn is_ruled_out(&self, values: &[Literal], unresolved: &Unresolved) -> bool {
        let is_possible = |value: &Literal| match self.ignore_case {
            true => may_become(&unresolved.parts, &value.to_string().to_ascii_lowercase(), str::to_ascii_lowercase),
            false => may_become(&unresolved.parts, &value.to_string(), str::to_owned),
        };
        !unresolved.perhaps_absent && !unresolved.parts.is_empty() && !values.iter().any(is_possible)
    }

    fn is_value(&self, matcher: &Matcher, node: &Node, at: Cursor<'a>, side: Side) -> Truth {
        match matcher {
            Matcher::Equals(operand) | Matcher::In(operand) => Truth::from(self.is_one_of(node, operand.values())),
            Matcher::NotIn(operand) => Truth::from(!self.is_one_of(node, operand.values())),
            Matcher::Matches(pattern) => match (node.as_str(), pattern.expression()) {
                (Some(text), Some(expression)) => Truth::from(expression.is_match(text.as_bytes())),
                (Some(_), None) => False,
                (None, _) => Unknown,
            },
            Matcher::Order(order, operand) => compare(node, operand.values(), |left, right| order.holds(left, right)),
            Matcher::Version(operand) => any_known(operand.values(), |range| version_in(node.as_str()?, range)),
            Matcher::Within(operand) => in_ranges(node, operand.values(), Range::within),
            Matcher::Overlaps(operand) => in_ranges(node, operand.values(), Range::overlaps),
            Matcher::Present(wanted) => Truth::from((node.as_str() != Some("")) == *wanted),
            Matcher::Contains(operand) => self.contains(node, operand.values()),
            Matcher::Length(bounds) => self.length(node, bounds, at, side),
            Matcher::Some(test) => {
                Side::One.over(at.elements().into_iter().map(|element| self.truth(test, element, side)))
            }
            Matcher::Literal(wanted) => Truth::from(is_literal(node) == *wanted),
            Matcher::SameAs(path) => {
                let others = self.walker.elements(self.subject, path);
                Side::One.over(others.into_iter().map(|other| same(node, other)))
            }
        }
    }

    fn is_one_of(&self, node: &Node, values: &[Literal]) -> bool {
        let Value::Scalar(scalar) = &node.value else { return false };
        values.iter().any(|value| equals(scalar, value, self.ignore_case))
    }

    fn contains(&self, node: &Node, wanted: &[Literal]) -> Truth {
        let has = |value: &Literal| match &node.value {
            Value::Map(map) => match map.entries().iter().find(|entry| self.is_key(&entry.key, &value.text())) {
                Some(_) => True,
                None if map.rest.is_some() => Unknown,
                None => False,
            },
            _ => greatest(node.items().iter().map(|item| self.item_equals(item, value))).unwrap_or(False),
        };
        least(wanted.iter().map(has)).unwrap_or(True)
    }

    fn is_key(&self, key: &str, wanted: &str) -> bool {
        key == wanted || self.ignore_case && key.eq_ignore_ascii_case(wanted)
    }

    fn item_equals(&self, item: &Node, value: &Literal) -> Truth {
        match &item.value {
            Value::Scalar(scalar) => Truth::from(equals(scalar, value, self.ignore_case)),
            Value::Unresolved(_) => Unknown,
            Value::List(items) => greatest(items.iter().map(|item| self.item_equals(item, value))).unwrap_or(False),
            Value::Map(_) => False,
        }
    }

    fn length(&self, node: &Node, bounds: &[Matcher], at: Cursor<'a>, side: Side) -> Truth {
        let (sure, perhaps) = match &node.value {
            Value::Map(map) => (map.len(), map.rest.is_some()),
            Value::List(items) => {
                let perhaps = items.iter().filter(|item| item.as_unresolved().is_some_and(|it| it.perhaps_absent));
                let count = perhaps.count();
                (items.len() - count, count > 0)
            }
            _ => {
                let range = node.as_str().filter(|text| text.contains('-')).and_then(Range::parse);
                let members = range.and_then(Range::members).unwrap_or(1);
                (usize::try_from(members).unwrap_or(usize::MAX), false)
            }
        };
        if perhaps {
            return Unknown;
        }
        let length = Node::int(sure as i64, node.at);
        least(bounds.iter().map(|bound| self.is_value(bound, &length, at, side))).unwrap_or(True)
    }

    fn linked(&self, link: &crate::check::Link, at: Cursor<'a>, side: Side) -> Truth {
        let counted = self.linked_resources(link, at, side);
        if link.count.is_empty() {
            return match (counted.sure.is_empty(), counted.perhaps) {
                (false, _) => True,
                (true, true) => Unknown,
                (true, false) => False,
            };
        }
        let holds = |count: usize| {
            let count = Node::int(count as i64, at.anchor);
            least(link.count.iter().map(|bound| self.is_value(bound, &count, at, side))).unwrap_or(True)
        };
        match counted.perhaps {
            false => holds(counted.sure.len()),
            true if holds(counted.sure.len()) == holds(usize::MAX >> 1) => holds(counted.sure.len()),
            true => Unknown,
        }
    }
}

/// Whether a scalar of a file equals a literal of a rule. Text that spells a boolean or a number equals it.
fn equals(scalar: &Scalar, literal: &Literal, ignore_case: bool) -> bool {
    match (literal, scalar.kind) {
        (_, ScalarKind::Null) => false,
        (Literal::Bool(wanted), ScalarKind::Bool(value)) => *wanted == value,
        (Literal::Bool(wanted), _) => *scalar.text == *if *wanted { "true" } else { "false" },
        (Literal::Number(wanted), ScalarKind::Int(value)) => *wanted == value as f64,
        (Literal::Number(wanted), ScalarKind::Float(value)) => *wanted == value,
        (Literal::Number(wanted), _) => scalar.text.parse() == Ok(*wanted),
        (Literal::Text(wanted), _) if ignore_case => scalar.text.eq_ignore_ascii_case(wanted),
        (Literal::Text(wanted), _) => *scalar.text == **wanted,
    }
}

/// The greatest truth over the operands; what cannot be read is unknown.
fn any_known(values: &[Literal], holds: impl Fn(&str) -> Option<bool>) -> Truth {
    greatest(values.iter().map(|value| holds(&value.text()).map_or(Unknown, Truth::from))).unwrap_or(False)
}

fn compare(node: &Node, values: &[Literal], holds: impl Fn(f64, f64) -> bool) -> Truth {
    any_known(values, |operand| {
        let (bound, measure) = quantity::operand(operand)?;
        let text = node.as_str()?;
        let value = match measure {
            Measure::Number => text.trim().parse().ok()?,
            measure => quantity::read_as(text, measure)?,
        };
        Some(holds(value, bound))
    })
}

fn in_ranges(node: &Node, values: &[Literal], holds: impl Fn(Range, Range) -> bool) -> Truth {
    let range = node.as_str().and_then(Range::parse);
    any_known(values, |operand| Some(holds(range?, Range::parse(operand)?)))
}

/// Whether the fixed parts of a text match already, whatever the holes will be.
fn matches_fixed_part(pattern: &Pattern, unresolved: &Unresolved) -> bool {
    /// Stands for a hole; a match that reaches into one is none. No text has this byte.
    const HOLE: u8 = 0xFF;
    let Some(expression) = pattern.expression().filter(|_| !unresolved.parts.is_empty()) else { return false };
    let mut text = Vec::new();
    for part in &unresolved.parts {
        match part {
            Part::Fixed(fixed) => text.extend_from_slice(fixed.as_bytes()),
            Part::Hole(_) => text.push(HOLE),
        }
    }
    expression.matches(&text).iter().any(|found| !found.whole.is_empty() && !text[found.whole.clone()].contains(&HOLE))
}

/// Whether a text that is known in part may turn out to be `text`: the fixed parts occur in order, the outer ones at
/// the ends.
fn may_become(parts: &[Part], text: &str, fold: impl Fn(&str) -> String) -> bool {
    let mut rest = text;
    let mut after_hole = false;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Hole(_) => after_hole = true,
            Part::Fixed(fixed) => {
                let fixed = fold(fixed);
                let is_last = index + 1 == parts.len();
                let found = match (after_hole, is_last) {
                    (false, _) => rest.starts_with(&fixed).then_some(0),
                    (true, true) => rest.ends_with(&fixed).then(|| rest.len() - fixed.len()),
                    (true, false) => rest.find(&fixed),
                };
                let Some(at) = found else { return false };
                rest = &rest[at + fixed.len()..];
                after_hole = false;
            }
        }
    }
    after_hole || rest.is_empty()
}

/// Whether a value is non-empty text written out: no reference, expression, template or placeholder in it.
fn is_literal(node: &Node) -> bool {
    let Value::Scalar(scalar) = &node.value else { return false };
    let text = scalar.text.trim();
    let is_template = ["${", "$(", "{{", "<%", "#{"].iter().any(|mark| text.contains(mark))
        || text.strip_prefix('$').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
    let is_placeholder = text.starts_with('<') && text.ends_with('>');
    scalar.kind != ScalarKind::Null && !text.is_empty() && !is_template && !is_placeholder
}

fn same(node: &Node, other: Cursor<'_>) -> Truth {
    match other.state {
        State::Absent => False,
        State::Maybe(_) => Unknown,
        State::Node(other) => match (&node.value, &other.value) {
            (Value::Scalar(a), Value::Scalar(b)) => Truth::from(a.text == b.text),
            (_, Value::Unresolved(_)) => Unknown,
            _ => False,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_ends_the_asking() {
        for (truths, expected) in [(&[][..], None), (&[True], Some(True)), (&[True, Unknown], Some(Unknown))] {
            assert_eq!(least(truths.iter().copied()), expected);
            assert_eq!(greatest(truths.iter().map(|truth| truth.not())).map(Truth::not), expected);
        }
        let end = || std::iter::once_with(|| panic!("one too many"));
        assert_eq!(least([True, Unknown, False].into_iter().chain(end())), Some(False));
        assert_eq!(greatest([False, Unknown, True].into_iter().chain(end())), Some(True));
    }

    #[test]
    fn fixed_parts_rule_values_out() {
        let fixed = |text: &str| Part::Fixed(text.into());
        let hole = || Part::Hole("${x}".into());
        let may = |parts: &[Part], text: &str| may_become(parts, text, str::to_owned);
        assert!(!may(&[fixed("arn:"), hole()], "*"));
        assert!(may(&[fixed("arn:"), hole()], "arn:aws"));
        assert!(may(&[hole(), fixed("-logs")], "my-logs"));
        assert!(!may(&[hole(), fixed("-logs")], "logs"));
        assert!(may(&[fixed("a"), hole(), fixed("b"), hole(), fixed("c")], "axbyc"));
        assert!(!may(&[fixed("a"), hole(), fixed("b"), hole(), fixed("c")], "acb"));
        assert!(!may(&[fixed("ab"), hole(), fixed("ba")], "aba"), "parts do not overlap");
    }
}
