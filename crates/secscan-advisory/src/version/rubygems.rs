//! RubyGems: the documentation of `Gem::Version`.
//!
//! Parts that hold letters make a pre-release; a hyphen is a `.pre.`; trailing zeros of the release and of the
//! pre-release mean nothing.

use std::cmp::Ordering;

use super::{compare_digits, runs};

/// Part by part: letters come before numbers, a missing part is a zero.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (parse(left)?, parse(right)?);
    for index in 0..left.len().max(right.len()) {
        let part = |parts: &[String]| parts.get(index).map_or("0", String::as_str).to_owned();
        let (left, right) = (part(&left), part(&right));
        let order = match (is_number(&left), is_number(&right)) {
            (true, true) => compare_digits(&left, &right),
            (false, false) => left.cmp(&right),
            (left_is_number, _) => left_is_number.cmp(&!left_is_number),
        };
        if order != Ordering::Equal {
            return Some(order);
        }
    }
    Some(Ordering::Equal)
}

fn is_number(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_digit())
}

fn parse(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let is_version = text.starts_with(|c: char| c.is_ascii_digit())
        && text.split(['.', '-']).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if !is_version {
        return None;
    }
    let dotted = text.replace('-', ".pre.");
    let parts: Vec<String> = dotted.split('.').flat_map(runs).map(str::to_owned).collect();
    let first_word = parts.iter().position(|part| !is_number(part)).unwrap_or(parts.len());
    let (release, pre) = parts.split_at(first_word);
    Some([trimmed(release), trimmed(pre)].concat())
}

/// Without the zeros at the end.
fn trimmed(parts: &[String]) -> &[String] {
    let is_zero = |part: &String| part.bytes().all(|byte| byte == b'0');
    let end = parts.iter().rposition(|part| !is_zero(part)).map_or(0, |last| last + 1);
    &parts[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// The documentation of `Gem::Version`: "Prereleases sort between real releases", and `1.0.a10` after `1.0.a9`.
    #[test]
    fn examples_of_the_documentation() {
        assert_ascending(
            compare,
            &[&["0.9"], &["1.0.a.2"], &["1.0.a9"], &["1.0.a10", "1.0.a.10"], &["1.0.b1"], &["1.0", "1", "1.0.0"]],
        );
        assert_ascending(compare, &[&["1.9.3"], &["1.9.4"], &["1.10"], &["2.0.0.rc1"], &["2.0.0"], &["2.0.0.1"]]);
        assert_ascending(compare, &[&["5.0.0-beta1", "5.0.0.pre.beta1"], &["5.0.0.rc1"], &["5.0.0"]]);
        assert_eq!(compare("", "1"), None);
        assert_eq!(compare("junk", "1"), None);
        assert_eq!(compare("1..2", "1"), None);
    }
}
