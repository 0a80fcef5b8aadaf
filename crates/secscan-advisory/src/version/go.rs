//! Go: modules are Semantic Versioning with a `v` in front; the toolchain and its library count in a way of their own.
//!
//! Sources: The Go Modules Reference, "Versions" and "Pseudo-versions"; "Go Toolchains", section "Go versions".

use std::cmp::Ordering;

use semver::{Prerelease, Version};

use super::{semver as strict, take_while};

/// A pseudo-version such as `v0.0.0-20191109021931-daa7c04131f5` is a pre-release whose identifiers say its place, and
/// `+incompatible` is a build, which does not count: both follow from Semantic Versioning.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(parse(left)?.cmp_precedence(&parse(right)?))
}

fn parse(text: &str) -> Option<Version> {
    strict::parse(text).or_else(|| toolchain(text.strip_prefix("go").unwrap_or(text)))
}

/// `1.21`, `1.21rc2`, `1.9.2beta1`: the advisories write them `1.21.0`, `1.21.0-rc.2`, `1.9.2-beta.1`.
fn toolchain(text: &str) -> Option<Version> {
    let (numbers, pre) = take_while(text, |c| c.is_ascii_digit() || c == '.');
    let mut parts = numbers.split('.').map(|part| part.parse::<u64>());
    let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let patch = parts.next().transpose().ok()?.unwrap_or(0);
    if parts.next().is_some() {
        return None;
    }
    let mut version = Version::new(major, minor, patch);
    if !pre.is_empty() {
        let (word, number) = take_while(pre, |c| c.is_ascii_lowercase());
        let is_known = matches!(word, "rc" | "beta") && !number.is_empty();
        version.pre = is_known.then(|| Prerelease::new(&format!("{word}.{number}")).ok()).flatten()?;
    }
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// The Go Modules Reference, "Versions" and "Pseudo-versions": a pseudo-version without an earlier tag, one after a
    /// pre-release, and one after a release, each before the next version.
    #[test]
    fn examples_of_the_modules_reference() {
        assert_ascending(
            compare,
            &[
                &["v0.0.0-20191109021931-daa7c04131f5"],
                &["v0.0.0"],
                &["v1.2.3-pre"],
                &["v1.2.3-pre.0.20191109021931-daa7c04131f5"],
                &["v1.2.3"],
                &["v1.2.4-0.20191109021931-daa7c04131f5"],
                &["v1.2.4"],
                &["v1.12.134"],
                &["v2.0.9", "v2.0.9+meta", "v2.0.9+incompatible", "2.0.9"],
                &["v4.1.2+incompatible"],
                &["v8.0.5-pre"],
            ],
        );
    }

    #[test]
    fn versions_of_the_toolchain() {
        assert_ascending(
            compare,
            &[
                &["1.20.14", "go1.20.14"],
                &["1.21.0-0"],
                &["1.21beta1"],
                &["1.21rc1", "1.21.0-rc.1"],
                &["1.21rc2"],
                &["go1.21", "1.21", "1.21.0"],
                &["1.21.1"],
            ],
        );
        assert_eq!(compare("devel +a1b2c3", "1.21.0"), None);
        assert_eq!(compare("1.21-custom", "1.21.0"), None);
    }
}
