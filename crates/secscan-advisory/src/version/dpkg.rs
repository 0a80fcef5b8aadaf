//! Debian and Ubuntu: Debian Policy Manual, section 5.6.12, "Version".

use std::cmp::Ordering;

use super::{compare_digits, take_while};

/// Epoch, upstream version, revision.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (parse(left)?, parse(right)?);
    let order = compare_digits(left.epoch, right.epoch);
    let order = order.then_with(|| compare_part(left.upstream, right.upstream));
    Some(order.then_with(|| compare_part(left.revision, right.revision)))
}

struct DebianVersion<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

fn parse(text: &str) -> Option<DebianVersion<'_>> {
    let (epoch, rest) = text.trim().split_once(':').unwrap_or(("0", text.trim()));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte);
    let is_version = !epoch.is_empty()
        && epoch.bytes().all(|byte| byte.is_ascii_digit())
        && upstream.starts_with(|c: char| c.is_ascii_alphanumeric())
        && rest.bytes().all(is_known);
    is_version.then_some(DebianVersion { epoch, upstream, revision })
}

/// By turns what is no number and what is one.
fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let ((left_text, left_rest), (right_text, right_rest)) =
            (take_while(left, |c| !c.is_ascii_digit()), take_while(right, |c| !c.is_ascii_digit()));
        let ((left_digits, left_rest), (right_digits, right_rest)) =
            (take_while(left_rest, |c| c.is_ascii_digit()), take_while(right_rest, |c| c.is_ascii_digit()));
        let order = compare_text(left_text, right_text).then_with(|| compare_digits(left_digits, right_digits));
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

/// A tilde comes before everything, even the end; letters before all else.
fn compare_text(left: &str, right: &str) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let bytes = (0..left.len().max(right.len())).map(|index| weight(left.get(index)).cmp(&weight(right.get(index))));
    bytes.fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// Debian Policy Manual 5.6.12: the sorted parts of its text, epochs, and revisions.
    #[test]
    fn examples_of_the_policy() {
        assert_ascending(compare, &[&["1~~"], &["1~~a"], &["1~"], &["1"], &["1a"]]);
        assert_ascending(
            compare,
            &[
                &["1.0~beta1~svn1245"],
                &["1.0~beta1"],
                &["1.0", "0:1.0", "1.0-0"],
                &["1.0-1"],
                &["1.0-1+deb12u1"],
                &["1.0-1.1"],
            ],
        );
        assert_ascending(compare, &[&["9.10"], &["1:1.0"], &["2:0.1"]]);
        assert_ascending(compare, &[&["1.0-0.1+b"], &["1.0a"], &["1.0+b"], &["1.0.b"]]);
        assert_ascending(compare, &[&["3.0.11-1~deb12u1"], &["3.0.11-1~deb12u2"], &["3.0.11-1"]]);
        assert_eq!(compare("a:1", "1"), None, "an epoch is a number");
        assert_eq!(compare("1 2", "1"), None);
        assert_eq!(compare("", "1"), None);
    }
}
