//! Alpine, Wolfi and Chainguard: the manual page apk-package(5), "Package versions".
//!
//! `NUMBER{.NUMBER}[LETTER]{_SUFFIX[NUMBER]}[~HASH][-rNUMBER]`

use std::cmp::Ordering;

use super::{compare_digits, take_while};

/// Numbers, letter, suffixes, then the build.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (parse(left)?, parse(right)?);
    let order = compare_numbers(&left.numbers, &right.numbers);
    let order = order.then_with(|| left.letter.cmp(right.letter));
    let order = order.then_with(|| compare_suffixes(&left.suffixes, &right.suffixes));
    Some(order.then_with(|| compare_digits(left.build, right.build)))
}

struct ApkVersion<'a> {
    numbers: Vec<&'a str>,
    letter: &'a str,
    /// Places among [`SUFFIXES`] with the numbers behind them.
    suffixes: Vec<(usize, &'a str)>,
    build: &'a str,
}

/// Suffixes in their order; the first four come before the version without a suffix.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
/// How many of them make a version older.
const EARLIER: usize = 4;

fn parse(text: &str) -> Option<ApkVersion<'_>> {
    let is_digit = |c: char| c.is_ascii_digit();
    let (text, build) = text.trim().rsplit_once("-r").unwrap_or((text.trim(), "0"));
    let text = text.split('~').next().unwrap_or_default();
    let (numbers, rest) = take_while(text, |c| is_digit(c) || c == '.');
    let numbers: Vec<_> = numbers.split('.').collect();
    let (letter, rest) = take_while(rest, |c| c.is_ascii_lowercase());
    let mut suffixes = Vec::new();
    let mut pieces = rest.split('_');
    let has_lead = pieces.next().is_none_or(str::is_empty);
    for piece in pieces {
        let (word, number) = take_while(piece, |c| c.is_ascii_lowercase());
        suffixes.push((SUFFIXES.iter().position(|suffix| *suffix == word)?, number));
    }
    let is_number = |text: &str| text.chars().all(is_digit);
    let is_version = has_lead
        && letter.len() <= 1
        && numbers.iter().all(|number| !number.is_empty())
        && suffixes.iter().all(|(_, number)| is_number(number))
        && is_number(build)
        && !build.is_empty();
    is_version.then_some(ApkVersion { numbers, letter, suffixes, build })
}

/// A number behind a dot that begins with a zero counts as a fraction; of equal beginnings the longer one is newer.
fn compare_numbers(left: &[&str], right: &[&str]) -> Ordering {
    for (index, (left, right)) in left.iter().zip(right).enumerate() {
        let is_fraction = index > 0 && (left.starts_with('0') || right.starts_with('0'));
        let order = if is_fraction { left.cmp(right) } else { compare_digits(left, right) };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

fn compare_suffixes(left: &[(usize, &str)], right: &[(usize, &str)]) -> Ordering {
    for index in 0..left.len().max(right.len()) {
        let order = match (left.get(index), right.get(index)) {
            (Some((left, left_number)), Some((right, right_number))) => {
                left.cmp(right).then_with(|| compare_digits(left_number, right_number))
            }
            (Some((suffix, _)), None) => (*suffix).cmp(&EARLIER).then(Ordering::Greater),
            (None, Some((suffix, _))) => EARLIER.cmp(suffix).then(Ordering::Less),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// apk-package(5): the order of numbers, letters, suffixes and builds that its text gives.
    #[test]
    fn order_of_the_manual() {
        assert_ascending(
            compare,
            &[
                &["1.2.3_alpha"],
                &["1.2.3_alpha2"],
                &["1.2.3_beta1"],
                &["1.2.3_pre1"],
                &["1.2.3_rc1"],
                &["1.2.3", "1.2.3-r0", "1.2.3~3f2a1b"],
                &["1.2.3-r1"],
                &["1.2.3-r10"],
                &["1.2.3_cvs1"],
                &["1.2.3_svn1"],
                &["1.2.3_git20240101"],
                &["1.2.3_hg1"],
                &["1.2.3_p1"],
                &["1.2.3a"],
                &["1.2.3b"],
                &["1.2.3.1"],
                &["1.2.10"],
            ],
        );
        assert_ascending(compare, &[&["0.12"], &["0.12.1"], &["1.1.1w-r1"], &["3.1.4-r5"]]);
        assert_ascending(compare, &[&["1.05"], &["1.1"]]);
        for wrong in ["", "1.2.3_zeta", "1..2", "1.2.3-rx", "abc", "1.2.3ab"] {
            assert_eq!(compare(wrong, "1"), None, "{wrong}");
        }
    }
}
