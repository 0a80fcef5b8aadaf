//! Maven: the page "POM Reference", section "Version Order Specification".
//!
//! A version becomes a sequence of numbers and qualifiers, each with the separator in front of it; what means nothing
//! at the end of a part between hyphens is cut off; the sequences compare item by item.

use std::cmp::Ordering;

use super::{compare_digits, runs};

/// Any two versions have an order.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (parse(left), parse(right));
    for index in 0..left.len().max(right.len()) {
        let order = match (left.get(index), right.get(index)) {
            (Some(left), Some(right)) => left.compare(right),
            (Some(left), None) => left.compare(&left.padding()),
            (None, Some(right)) => right.padding().compare(right),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return Some(order);
        }
    }
    Some(Ordering::Equal)
}

/// A number or qualifier with its separator.
#[derive(Debug, PartialEq)]
struct Item {
    is_dotted: bool,
    token: Token,
}

#[derive(Debug, PartialEq)]
enum Token {
    /// Digits, as they are written.
    Number(String),
    /// Lower case.
    Qualifier(String),
}

/// Qualifiers that come before all others, in this order; the empty one is the release itself.
const KNOWN: [&[&str]; 7] =
    [&["alpha"], &["beta"], &["milestone"], &["rc", "cr"], &["snapshot"], &["", "final", "ga", "release"], &["sp"]];

impl Item {
    /// What a missing item counts as beside this one.
    fn padding(&self) -> Self {
        let number = || Token::Number("0".to_owned());
        let qualifier = || Token::Qualifier(String::new());
        Self {
            is_dotted: self.is_dotted,
            token: if self.is_dotted && self.is_number() { number() } else { qualifier() },
        }
    }

    fn is_number(&self) -> bool {
        matches!(self.token, Token::Number(_))
    }

    fn is_null(&self) -> bool {
        match &self.token {
            Token::Number(digits) => digits.bytes().all(|digit| digit == b'0'),
            Token::Qualifier(word) => KNOWN[5].contains(&word.as_str()),
        }
    }

    /// `.qualifier` = `-qualifier` < `-number` < `.number`
    fn compare(&self, other: &Self) -> Ordering {
        match (&self.token, &other.token) {
            (Token::Number(left), Token::Number(right)) if self.is_dotted == other.is_dotted => {
                compare_digits(left, right)
            }
            (Token::Number(_), Token::Number(_)) => self.is_dotted.cmp(&other.is_dotted),
            (Token::Qualifier(_), Token::Number(_)) => Ordering::Less,
            (Token::Number(_), Token::Qualifier(_)) => Ordering::Greater,
            (Token::Qualifier(left), Token::Qualifier(right)) => rank(left).cmp(&rank(right)),
        }
    }
}

/// Known qualifiers by their place, then all others by the alphabet.
fn rank(word: &str) -> (usize, &str) {
    match KNOWN.iter().position(|words| words.contains(&word)) {
        Some(place) => (place, ""),
        None => (KNOWN.len(), word),
    }
}

fn parse(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut is_dotted = true;
    for piece in text.to_ascii_lowercase().split_inclusive(['.', '-', '_']) {
        let (token, separator) = match piece.char_indices().next_back() {
            Some((end, separator @ ('.' | '-' | '_'))) => (&piece[..end], Some(separator)),
            _ => (piece, None),
        };
        push_runs(token, is_dotted, &mut items);
        is_dotted = separator == Some('.');
    }
    if items.is_empty() {
        push_runs("", is_dotted, &mut items);
    }
    trim(&mut items);
    items
}

/// A change between digits and letters counts as a hyphen; an empty token as 0.
fn push_runs(token: &str, is_dotted: bool, items: &mut Vec<Item>) {
    if token.is_empty() {
        items.push(Item { is_dotted, token: Token::Number("0".to_owned()) });
    }
    let mut runs = runs(token).enumerate().peekable();
    while let Some((index, run)) = runs.next() {
        let is_dotted = is_dotted && index == 0;
        let token = match run {
            digits if digits.starts_with(|c: char| c.is_ascii_digit()) => Token::Number(digits.to_owned()),
            "a" if runs.peek().is_some() => Token::Qualifier("alpha".to_owned()),
            "b" if runs.peek().is_some() => Token::Qualifier("beta".to_owned()),
            "m" if runs.peek().is_some() => Token::Qualifier("milestone".to_owned()),
            word => Token::Qualifier(word.to_owned()),
        };
        items.push(Item { is_dotted, token });
    }
}

/// Cuts off what means nothing, from the end and in front of each hyphen; the first item stays.
fn trim(items: &mut Vec<Item>) {
    let mut end = items.len();
    while end > 1 {
        let is_end = end == items.len() || !items[end].is_dotted;
        if is_end && items[end - 1].is_null() {
            items.remove(end - 1);
        }
        end -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// POM Reference, "Version Order Specification", "End Result Examples" and "Trimming Examples".
    #[test]
    fn examples_of_the_reference() {
        assert_ascending(compare, &[&["1"], &["1.1"]]);
        let circle = ["1.foo", "1.0.beta", "1", "1.foo"];
        assert!(circle.windows(2).all(|pair| compare(pair[0], pair[1]) == Some(Ordering::Less)), "as it is specified");
        assert_ascending(compare, &[&["1-snapshot", "1-SNAPSHOT"], &["1"], &["1-sp"]]);
        assert_ascending(compare, &[&["1-foo2"], &["1-foo10"]]);
        assert_ascending(compare, &[&["1.foo", "1-foo"], &["1-1"], &["1.1"]]);
        assert_ascending(
            compare,
            &[&["1.ga", "1-ga", "1-0", "1.0", "1", "1.0.0", "1.final", "1.", "1-", "1.0.0-0.0.0"]],
        );
        assert_ascending(compare, &[&["1-ga"], &["1-sp"]]);
        assert_ascending(compare, &[&["1-ga.1"], &["1-sp.1"]]);
        assert_ascending(compare, &[&["1-sp-1"], &["1-ga-1", "1-1"]]);
        assert_ascending(compare, &[&["1-a1", "1-alpha-1"], &["1-b1"], &["1-m1"], &["1-rc1", "1-cr1"]]);
        assert_ascending(compare, &[&["1.0.0-foo.0.0", "1-foo"]]);
        assert_eq!(parse("1-1.foo-bar1baz-.1"), parse("1-1.foo-bar-1-baz-0.1"), "splitting and replacing");
    }

    #[test]
    fn versions_as_projects_have_them() {
        assert_ascending(
            compare,
            &[&["2.0-beta9"], &["2.0-rc1"], &["2.0"], &["2.3.1"], &["2.14.1"], &["2.15.0"], &["2.17.1"]],
        );
        assert_ascending(compare, &[&["4.1.0.RC1"], &["4.1.0.Final", "4.1.0"], &["4.1.1.Final"]]);
        assert_ascending(compare, &[&["31.1-android"], &["31.1-jre"], &["32.0-android"]]);
    }
}
