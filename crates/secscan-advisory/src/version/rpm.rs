//! Red Hat and its kin: rpm's documentation, "Dependencies", section "Versioning", and rpm-version(7).
//!
//! `[EPOCH:]VERSION[-RELEASE]`; segments of digits or of letters, everything between them only separates.

use std::cmp::Ordering;

use super::{compare_digits, take_while};

/// Epoch, version, and the release where both have one.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (parse(left)?, parse(right)?);
    let order = compare_digits(left.epoch, right.epoch).then_with(|| compare_segments(left.version, right.version));
    Some(match (left.release, right.release) {
        (Some(left), Some(right)) => order.then_with(|| compare_segments(left, right)),
        _ => order,
    })
}

struct RpmVersion<'a> {
    epoch: &'a str,
    version: &'a str,
    release: Option<&'a str>,
}

fn parse(text: &str) -> Option<RpmVersion<'_>> {
    let (epoch, rest) = text.trim().split_once(':').unwrap_or(("0", text.trim()));
    let (version, release) = rest.split_once('-').map_or((rest, None), |(version, release)| (version, Some(release)));
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~^-".contains(&byte);
    let is_version = epoch.bytes().all(|byte| byte.is_ascii_digit())
        && version.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && rest.bytes().all(is_known);
    is_version.then_some(RpmVersion { epoch, version, release })
}

/// A tilde comes before everything, even the end; a caret after the end and before everything else; numbers are newer
/// than letters; of equal beginnings the longer one is newer.
fn compare_segments(mut left: &str, mut right: &str) -> Ordering {
    loop {
        let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
        (left, right) = (left.trim_start_matches(is_separator), right.trim_start_matches(is_separator));
        for (mark, has_it) in [('~', Ordering::Less), ('^', Ordering::Greater)] {
            if let (Some(left), Some(right)) = (left.strip_prefix(mark), right.strip_prefix(mark)) {
                return compare_segments(left, right);
            }
            for (one, other, order) in [(left, right, has_it), (right, left, has_it.reverse())] {
                if one.starts_with(mark) {
                    // A caret is older than anything but the end.
                    return if mark == '^' && !other.is_empty() { order.reverse() } else { order };
                }
            }
        }
        let (Some(first), Some(second)) = (left.chars().next(), right.chars().next()) else {
            return left.is_empty().cmp(&right.is_empty()).reverse();
        };
        if first.is_ascii_digit() != second.is_ascii_digit() {
            return first.is_ascii_digit().cmp(&second.is_ascii_digit());
        }
        let is_same = |c: char| c.is_ascii_alphanumeric() && c.is_ascii_digit() == first.is_ascii_digit();
        let ((one, left_rest), (other, right_rest)) = (take_while(left, is_same), take_while(right, is_same));
        let order = if first.is_ascii_digit() { compare_digits(one, other) } else { one.cmp(other) };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// rpm-version(7): its rules on separators, segments, tilde, caret, epoch and release.
    #[test]
    fn order_of_the_documentation() {
        assert_ascending(
            compare,
            &[
                &["1.0~beta"],
                &["1.0~rc1"],
                &["1.0"],
                &["1.0^git1"],
                &["1.0^20160101"],
                &["1.0^20160101^git1"],
                &["1.0.1"],
            ],
        );
        assert_ascending(compare, &[&["5.5p1"], &["5.5p2"], &["5.5p10"]]);
        assert_ascending(compare, &[&["xyz"], &["xyz.4"], &["2"], &["8"]]);
        assert_ascending(compare, &[&["1.0010", "1.10"], &["1.10a"], &["1.10.1"]]);
        assert_ascending(compare, &[&["2.0", "2_0", "2+0"], &["2.0.1"]]);
        assert_ascending(compare, &[&["1.0~rc1~git123"], &["1.0~rc1"], &["1.0~rc1^git1"], &["1.0"]]);
        assert_ascending(
            compare,
            &[&["3.0.7-24.el9", "0:3.0.7-24.el9"], &["3.0.7-25.el9_3"], &["1:1.1.1k-9.el8"], &["1:3.0.7-1.el9"]],
        );
        assert_eq!(compare("1.0-1.el9", "1.0"), Some(Ordering::Equal), "a release that is not asked for");
        assert_eq!(compare("x:1", "1"), None);
        assert_eq!(compare("", "1"), None);
    }
}
