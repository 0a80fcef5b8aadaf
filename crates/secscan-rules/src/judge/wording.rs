//! What was expected, in words, from the condition itself: the part of a message that nobody wrote.

use crate::check::{Link, Literal, Matcher, Operand, Other, Test};

/// What a matcher asks for; with `holds` false, what the negated matcher asks for.
pub(super) fn expected(matcher: &Matcher, holds: bool) -> String {
    let not = if holds { "" } else { "not " };
    match matcher {
        Matcher::Equals(operand) => match operand.values() {
            [Literal::Bool(value)] if !holds => (!value).to_string(),
            _ => format!("{not}{}", any_of(operand)),
        },
        Matcher::In(operand) if holds => format!("one of {}", list(operand)),
        Matcher::In(operand) => format!("anything but {}", list(operand)),
        Matcher::NotIn(operand) if holds => format!("anything but {}", list(operand)),
        Matcher::NotIn(operand) => format!("one of {}", list(operand)),
        Matcher::Matches(pattern) => format!("{not}a match of {}", any_of(&pattern.operand)),
        Matcher::Order(order, operand) => format!("{not}{} {}", order.as_str(), any_of(operand)),
        Matcher::Version(operand) => format!("a version {not}in {}", any_of(operand)),
        Matcher::Within(operand) => format!("{not}within {}", list(operand)),
        Matcher::Overlaps(operand) => format!("{not}overlapping {}", list(operand)),
        Matcher::Present(wanted) => (if *wanted == holds { "a value" } else { "no value" }).to_owned(),
        Matcher::Contains(operand) => {
            format!("{} {}", if holds { "a list with" } else { "a list without" }, list(operand))
        }
        Matcher::Length(bounds) => {
            let bounds: Vec<_> = bounds.iter().map(|bound| expected(bound, true)).collect();
            format!("{not}{} elements", bounds.join(" and "))
        }
        Matcher::Some(test) => format!("{} that is {}", if holds { "an element" } else { "no element" }, inner(test)),
        Matcher::Literal(wanted) if *wanted == holds => "text written out".to_owned(),
        Matcher::Literal(_) => "a reference instead of text written out".to_owned(),
        Matcher::SameAs(path) => format!("{not}the value of {}", crate::check::PathText(path)),
    }
}

/// What a link asks for.
pub(super) fn expected_link(link: &Link, holds: bool) -> String {
    let what = match &link.other {
        Other::Resources(selector) => selector.types.join(" or "),
        Other::Files(globs) => globs.join(" or "),
    };
    let count: Vec<_> = link.count.iter().map(|bound| expected(bound, true)).collect();
    match (holds, count.is_empty()) {
        (true, true) => format!("a linked {what}"),
        (true, false) => format!("{} linked {what}", count.join(" and ")),
        (false, _) => format!("no such linked {what}"),
    }
}

fn inner(test: &Test) -> String {
    match test {
        Test::Is(matcher) => expected(matcher, true),
        _ => "as asked".to_owned(),
    }
}

fn any_of(operand: &Operand) -> String {
    match operand.values() {
        [one] => one.to_string(),
        _ => format!("one of {}", list(operand)),
    }
}

fn list(operand: &Operand) -> String {
    const SHOWN: usize = 6;
    let values = operand.values();
    let shown: Vec<_> = values.iter().take(SHOWN).map(Literal::to_string).collect();
    let more = values.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
