//! npm: Semantic Versioning as the program `node-semver` reads it.

use std::cmp::Ordering;

use node_semver::Version;

/// Builds do not count; a `v` or `=` in front, which older manifests have, is left out.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(parse(left)?.cmp(&parse(right)?))
}

fn parse(text: &str) -> Option<Version> {
    Version::parse(text.trim().trim_start_matches(['v', '='])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// The README of node-semver, "Comparison" and "Prerelease Tags", and section 11 of Semantic Versioning.
    #[test]
    fn examples_of_the_readme() {
        assert_ascending(
            compare,
            &[
                &["1.2.3-alpha.3"],
                &["1.2.3-alpha.7"],
                &["1.2.3-beta.2"],
                &["1.2.3-beta.11"],
                &["1.2.3", "v1.2.3", "=v1.2.3", "1.2.3+build"],
                &["3.4.5-alpha.9"],
                &["9.8.7"],
                &["10.0.0"],
            ],
        );
        assert_eq!(compare("a.b.c", "1.0.0"), None);
        assert_eq!(compare("file:../local", "1.0.0"), None);
    }
}
