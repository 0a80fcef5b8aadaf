//! The order of versions, one module for each family of rules.
//!
//! Every module has one function `compare`: which of two versions is the older one, none when one of them follows no
//! rule of the family. None travels on as *unknown*: a version that cannot be ordered is neither affected nor safe.

pub(crate) mod apk;
pub(crate) mod composer;
pub(crate) mod dpkg;
pub(crate) mod go;
pub(crate) mod maven;
pub(crate) mod npm;
pub(crate) mod nuget;
pub(crate) mod pep440;
pub(crate) mod rpm;
pub(crate) mod rubygems;
pub(crate) mod semver;

use std::cmp::Ordering;

/// Which of two versions is the older one.
pub(crate) type Compare = fn(&str, &str) -> Option<Ordering>;

/// Compares two strings of ASCII digits as numbers of any length.
fn compare_digits(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Splits off the longest beginning of which every character passes.
fn take_while(text: &str, passes: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !passes(c)).unwrap_or(text.len()))
}

/// Splits a version into runs of digits and runs of anything else.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_digit = rest.chars().next()?.is_ascii_digit();
        let (run, after) = take_while(rest, |c| c.is_ascii_digit() == is_digit);
        rest = after;
        Some(run)
    })
}

/// Holds that versions which are listed oldest first, equal ones side by side, compare so, every one with every other.
#[cfg(test)]
fn assert_ascending(compare: Compare, ranks: &[&[&str]]) {
    for (left_rank, lefts) in ranks.iter().enumerate() {
        for (right_rank, rights) in ranks.iter().enumerate() {
            for (left, right) in lefts.iter().flat_map(|left| rights.iter().map(move |right| (left, right))) {
                assert_eq!(compare(left, right), Some(left_rank.cmp(&right_rank)), "{left} against {right}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ECOSYSTEMS;

    /// Text that looks like versions of all families at once.
    fn versions() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[0-9]{1,3}",
            "[.+~^_:-]",
            Just("0".to_owned()),
            prop_oneof![
                Just("rc"),
                Just("alpha"),
                Just("beta"),
                Just("dev"),
                Just("post"),
                Just("a"),
                Just("_p"),
                Just("-r")
            ]
            .prop_map(str::to_owned),
        ];
        proptest::collection::vec(piece, 1..7).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        /// Each family has an order: never a panic, the same seen from both sides, and no circles but for Maven's.
        #[test]
        fn orders_are_orders(a in versions(), b in versions(), c in versions()) {
            for ecosystem in ECOSYSTEMS {
                let order = |left: &str, right: &str| ecosystem.compare(left, right);
                prop_assert_eq!(order(&a, &b), order(&b, &a).map(Ordering::reverse), "{}", ecosystem.name);
                if order(&a, &a).is_some() {
                    prop_assert_eq!(order(&a, &a), Some(Ordering::Equal));
                }
                // Maven's own order has circles: 1.foo < 1.0.beta < 1 < 1.foo, for a qualifier comes before a number, but
                // is compared with nothing where a version ends.
                if ecosystem.name == "Maven" {
                    continue;
                }
                if let (Some(Ordering::Less | Ordering::Equal), Some(Ordering::Less | Ordering::Equal)) = (order(&a, &b), order(&b, &c)) {
                    prop_assert_ne!(order(&a, &c), Some(Ordering::Greater), "{}: {} {} {}", ecosystem.name, a, b, c);
                }
            }
        }

        #[test]
        fn no_text_makes_a_panic(a in ".{0,20}", b in ".{0,20}") {
            for ecosystem in ECOSYSTEMS {
                prop_assert_eq!(ecosystem.compare(&a, &b), ecosystem.compare(&b, &a).map(Ordering::reverse));
            }
        }
    }

    #[test]
    fn digits_compare_as_numbers_of_any_length() {
        assert_eq!(compare_digits("010", "9"), Ordering::Greater);
        assert_eq!(compare_digits("00", "0"), Ordering::Equal);
        assert_eq!(compare_digits("99999999999999999999998", "99999999999999999999999"), Ordering::Less);
        assert_eq!(runs("1rc10.x").collect::<Vec<_>>(), ["1", "rc", "10", ".x"]);
    }
}
