//! Advisories in the one form that all sources are brought into, and the question whether a version is affected.

use std::cmp::Ordering;

use secscan_model::Severity;
use serde::{Deserialize, Serialize};

use crate::Ecosystem;

/// What is known of one vulnerability, whatever it is in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Advisory {
    /// Its id in the database that wrote it: `GHSA-...`, `RUSTSEC-2021-0003`, `PYSEC-2021-66`, `CVE-...`.
    pub id: String,
    /// Ids of the same vulnerability in other databases, sorted.
    pub aliases: Vec<String>,
    /// One line; empty where the record has none.
    pub summary: String,
    /// When the record was last changed: `YYYY-MM-DD`.
    pub modified: String,
    /// How bad it is, and who says so.
    pub rating: Rating,
    /// What it is when it is no vulnerability: `unmaintained`, `unsound`, `notice`.
    pub notice: Option<String>,
}

/// How bad an advisory is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rating {
    /// The severity.
    pub severity: Severity,
    /// The CVSS score in tenths (98 is 9.8), where there is a vector.
    pub score: Option<u8>,
    /// Where the severity comes from.
    pub source: RatingSource,
}

/// Where a severity comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum RatingSource {
    /// Nobody says how bad it is: medium is assumed.
    Assumed,
    /// It is no vulnerability but a notice about a package: low.
    Notice,
    /// A word of the record itself.
    Word,
    /// A CVSS vector; the number is the version in tenths (31 is 3.1).
    Cvss(u8),
}

impl std::fmt::Display for Rating {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.source, self.score) {
            (RatingSource::Cvss(version), Some(score)) => {
                write!(f, "CVSS {}.{} score {}.{}", version / 10, version % 10, score / 10, score % 10)
            }
            (RatingSource::Cvss(_) | RatingSource::Word, _) => f.write_str("the advisory's own word"),
            (RatingSource::Notice, _) => f.write_str("a notice, not a vulnerability"),
            (RatingSource::Assumed, _) => f.write_str("not rated; medium is assumed"),
        }
    }
}

/// Which versions of one package an advisory is about.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Affected {
    /// The ecosystem as [`Ecosystem::key`] writes it.
    pub ecosystem: String,
    /// The package as [`Ecosystem::normal_name`] writes it.
    pub package: String,
    /// Ranges of versions, oldest first.
    pub ranges: Vec<Range>,
    /// Versions by name that no range covers.
    pub versions: Vec<String>,
    /// Whether the record has ranges that nobody can order: then what it does not name is unknown.
    pub is_partial: bool,
}

/// A range of versions.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Range {
    /// The first version in it; none when it begins with the first of all.
    pub introduced: Option<String>,
    /// Where it ends.
    pub end: End,
}

/// The end of a range.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum End {
    /// It goes on.
    Open,
    /// The first version that is mended.
    Fixed(String),
    /// The last version that is known to be affected.
    Last(String),
}

/// Whether a version is affected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It is.
    Affected {
        /// The first later version without it, where there is one.
        fixed: Option<String>,
    },
    /// It is not.
    Safe,
    /// It cannot be told: the version, or one that the record names, has no order.
    Unknown,
}

impl Affected {
    /// Whether a version is affected.
    pub fn standing(&self, version: &str) -> Standing {
        let Some(ecosystem) = Ecosystem::named(&self.ecosystem) else { return Standing::Unknown };
        let mut is_unsure = self.is_partial;
        for range in &self.ranges {
            match range.contains(ecosystem, version) {
                Some(true) => return Standing::Affected { fixed: range.fixed() },
                Some(false) => {}
                None => is_unsure = true,
            }
        }
        let is_named = |named: &String| named == version || ecosystem.compare(named, version) == Some(Ordering::Equal);
        match (self.versions.iter().any(is_named), is_unsure) {
            (true, _) => Standing::Affected { fixed: None },
            (false, true) => Standing::Unknown,
            (false, false) => Standing::Safe,
        }
    }
}

impl Range {
    /// Whether a version lies in the range; none when it cannot be told.
    fn contains(&self, ecosystem: &Ecosystem, version: &str) -> Option<bool> {
        let compare = |bound: &str| ecosystem.compare(version, bound);
        // A version without an order is not even compared with an open range: it may be of another line altogether.
        ecosystem.compare(version, version)?;
        let begins = self.introduced.as_deref().map(compare).map_or(Some(true), |order| Some(order? != Ordering::Less));
        let goes_on = match &self.end {
            End::Open => Some(true),
            End::Fixed(bound) => compare(bound).map(|order| order == Ordering::Less),
            End::Last(bound) => compare(bound).map(|order| order != Ordering::Greater),
        };
        match (begins, goes_on) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    fn fixed(&self) -> Option<String> {
        match &self.end {
            End::Fixed(version) => Some(version.clone()),
            End::Open | End::Last(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(introduced: Option<&str>, end: End) -> Range {
        Range { introduced: introduced.map(str::to_owned), end }
    }

    #[test]
    fn ranges_hold_their_first_version_and_not_the_fixed_one() {
        let affected = Affected {
            ecosystem: "PyPI".into(),
            package: "x".into(),
            ranges: vec![
                range(None, End::Fixed("1.2".into())),
                range(Some("2.0"), End::Last("2.3".into())),
                range(Some("3.0"), End::Open),
            ],
            versions: vec!["1.9.post1".into(), "2004d".into()],
            is_partial: false,
        };
        let fixed = |version: &str| Standing::Affected { fixed: Some(version.to_owned()) };
        let unfixed = Standing::Affected { fixed: None };
        for (version, expected) in [
            ("0.1", fixed("1.2")),
            ("1.2rc1", fixed("1.2")),
            ("1.2", Standing::Safe),
            ("1.9-1", unfixed.clone()),
            ("2.3.0", unfixed.clone()),
            ("2.3.1", Standing::Safe),
            ("3", unfixed.clone()),
            ("2004d", unfixed),
            ("2005d", Standing::Unknown),
        ] {
            assert_eq!(affected.standing(version), expected, "{version}");
        }
    }

    #[test]
    fn what_cannot_be_ordered_is_unknown() {
        let affected = Affected { ecosystem: "npm".into(), is_partial: true, ..Affected::default() };
        assert_eq!(affected.standing("1.0.0"), Standing::Unknown);
        let odd = Affected {
            ecosystem: "npm".into(),
            ranges: vec![range(Some("1.0.0"), End::Fixed("next".into()))],
            ..Affected::default()
        };
        assert_eq!(odd.standing("0.9.0"), Standing::Safe, "before the range, wherever it ends");
        assert_eq!(odd.standing("1.1.0"), Standing::Unknown);
    }
}
