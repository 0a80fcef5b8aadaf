//! PyPI: PEP 440, now the page "Version specifiers" of the Python Packaging User Guide.

use std::cmp::Ordering;
use std::str::FromStr;

use pep440_rs::Version;

/// Versions that predate PEP 440 (`2004d`) have no order.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(Version::from_str(left).ok()?.cmp(&Version::from_str(right).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// "Summary of permitted suffixes and relative ordering", its last example, with "Normalization" for the equal ones
    /// and "Version epochs" for the end.
    #[test]
    fn examples_of_the_specification() {
        assert_ascending(
            compare,
            &[
                &["1.dev0"],
                &["1.0.dev456"],
                &["1.0a1", "1.0-alpha.1", "1.0A1"],
                &["1.0a2.dev456"],
                &["1.0a12.dev456"],
                &["1.0a12"],
                &["1.0b1.dev456"],
                &["1.0b2"],
                &["1.0b2.post345.dev456"],
                &["1.0b2.post345"],
                &["1.0rc1.dev456"],
                &["1.0rc1", "1.0c1", "1.0-preview1"],
                &["1.0", "1.0.0", "v1.0"],
                &["1.0+abc.5"],
                &["1.0+abc.7"],
                &["1.0+5"],
                &["1.0.post456.dev34"],
                &["1.0.post456", "1.0-456", "1.0.r456"],
                &["1.0.15"],
                &["1.1.dev1"],
                &["2013.10"],
                &["2014.04"],
                &["1!1.0"],
                &["1!1.1"],
                &["1!2.0"],
            ],
        );
        assert_eq!(compare("2004d", "1.0"), None);
    }
}
