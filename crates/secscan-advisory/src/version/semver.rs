//! Semantic Versioning 2.0.0: crates.io, Hex, Swift packages, GitHub Actions; and Pub, which orders builds too.

use std::cmp::Ordering;

use semver::Version;

/// Section 11 of the specification: builds do not count.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(parse(left)?.cmp_precedence(&parse(right)?))
}

/// Pub, where `1.0.0+1` comes after `1.0.0` (dart.dev, "Package versioning").
pub(crate) fn compare_with_build(left: &str, right: &str) -> Option<Ordering> {
    Some(parse(left)?.cmp(&parse(right)?))
}

/// A version; a `v` in front, as tags have it, is no part of it.
pub(super) fn parse(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// Semantic Versioning 2.0.0, sections 10 and 11.
    #[test]
    fn examples_of_the_specification() {
        assert_ascending(
            compare,
            &[
                &["1.0.0-alpha", "1.0.0-alpha+001"],
                &["1.0.0-alpha.1"],
                &["1.0.0-alpha.beta"],
                &["1.0.0-beta", "1.0.0-beta+exp.sha.5114f85"],
                &["1.0.0-beta.2"],
                &["1.0.0-beta.11"],
                &["1.0.0-rc.1"],
                &["1.0.0", "1.0.0+20130313144700", "v1.0.0"],
                &["2.0.0"],
                &["2.1.0"],
                &["2.1.1"],
            ],
        );
        assert_eq!(compare("1.0", "1.0.0"), None, "three numbers are asked for");
        assert_eq!(compare("1.0.0", "latest"), None);
    }

    #[test]
    fn pub_orders_builds() {
        assert_ascending(compare_with_build, &[&["1.2.3-dev.1"], &["1.2.3"], &["1.2.3+1"], &["1.2.3+2"]]);
    }
}
