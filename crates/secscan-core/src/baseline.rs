//! The file says `{"version": "1", "findings": [{"fingerprint", "rule", "path"}]}`. Only the fingerprint decides; rule and path are
//! there for people who read the file and for its diffs.

use std::collections::BTreeMap;

use secscan_model::{Finding, FindingKind, Status};
use serde::{Deserialize, Serialize};

/// The version of the file format.
const VERSION: &str = "1";

/// Findings that are known and do not count.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Baseline {
    /// Sorted by path, rule and fingerprint.
    findings: Vec<Known>,
}

/// One known finding.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
struct Known {
    fingerprint: String,
    rule: String,
    path: String,
}

/// The file as it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    findings: Vec<Known>,
}

/// A baseline file that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BaselineError {
    /// It is no JSON of the right form.
    #[error("{path}:{line}:{column}: {message}")]
    Form {
        /// The file as it was named.
        path: String,
        /// The line, beginning at one.
        line: usize,
        /// The column in bytes, beginning at one.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A later secscan wrote it.
    #[error("{path}: a baseline of version `{version}`; this secscan reads version `{VERSION}`: make a new one")]
    Version {
        /// The file as it was named.
        path: String,
        /// The version that it claims.
        version: String,
    },
}

impl Baseline {
    /// Takes the findings that count now: the open ones and those that a baseline knows already.
    pub fn of(findings: &[Finding]) -> Self {
        let counts = |finding: &&Finding| {
            finding.kind == FindingKind::Fail && matches!(finding.status, Status::Open | Status::Baselined)
        };
        let known = |finding: &Finding| Known {
            fingerprint: finding.fingerprint.to_string(),
            rule: finding.rule.to_string(),
            path: finding.place.path.to_string(),
        };
        Self::sorted(findings.iter().filter(counts).map(known).collect())
    }

    /// Reads a baseline file. `path` names it in errors.
    ///
    /// # Errors
    /// When the text is no baseline, or one of another version.
    pub fn parse(text: &str, path: &str) -> Result<Self, BaselineError> {
        let file: File = serde_json::from_str(text).map_err(|error| {
            let message = error.to_string();
            // serde_json ends its messages with the place, which stands in front already.
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
            BaselineError::Form { path: path.to_owned(), line: error.line(), column: error.column(), message }
        })?;
        if file.version != VERSION {
            return Err(BaselineError::Version { path: path.to_owned(), version: file.version });
        }
        Ok(Self::sorted(file.findings))
    }

    /// The text of the baseline file: the same findings give the same text.
    pub fn to_json(&self) -> String {
        let file = File { version: VERSION.to_owned(), findings: self.findings.clone() };
        // Strings in maps with fixed keys always serialise.
        let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
        text.push('\n');
        text
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Marks the failures that the baseline knows: they are not new, and open ones are baselined. One entry answers for
    /// one finding, so a second of the same kind is new. Returns how many entries matched nothing.
    pub fn apply(&self, findings: &mut [Finding]) -> usize {
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for known in &self.findings {
            *left.entry(identity(&known.fingerprint)).or_default() += 1;
        }
        for finding in findings.iter_mut().filter(|finding| finding.kind == FindingKind::Fail) {
            if let Some(count) = left.get_mut(identity(&finding.fingerprint)).filter(|count| **count > 0) {
                *count -= 1;
                finding.new = false;
                if finding.status == Status::Open {
                    finding.status = Status::Baselined;
                }
            }
        }
        left.values().sum()
    }

    fn sorted(mut findings: Vec<Known>) -> Self {
        findings.sort_by(|a, b| (&a.path, &a.rule, &a.fingerprint).cmp(&(&b.path, &b.rule, &b.fingerprint)));
        Self { findings }
    }
}

/// A fingerprint without the counter for ties: the first of several findings may go, and the others are still known.
pub(crate) fn identity(fingerprint: &str) -> &str {
    fingerprint.rsplit_once(':').map_or(fingerprint, |(hash, _)| hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::since::tests::finding;

    fn baseline(fingerprints: &[&str]) -> Baseline {
        Baseline::of(&fingerprints.iter().map(|fingerprint| finding(fingerprint, "x.tf")).collect::<Vec<_>>())
    }

    #[test]
    fn a_file_survives_writing_and_reading() {
        let mut findings = vec![finding("b:1", "z.tf"), finding("a:1", "z.tf"), finding("c:1", "a.tf")];
        findings[0].status = Status::Suppressed { reason: "r".into(), source: "z.tf:1".into() };
        let baseline = Baseline::of(&findings);
        let text = baseline.to_json();
        assert_eq!(Baseline::parse(&text, "b.json"), Ok(baseline));
        let order: Vec<_> = text.lines().filter(|line| line.contains("fingerprint")).map(str::trim).collect();
        assert_eq!(order, [r#""fingerprint": "c:1","#, r#""fingerprint": "a:1","#], "what is suppressed is not in it");
    }

    #[test]
    fn one_entry_answers_for_one_finding() {
        // What is known, what is found, which of that is new, and how many entries match nothing.
        type Case = (&'static [&'static str], &'static [&'static str], &'static [bool], usize);
        let table: [Case; 5] = [
            (&["a:1"], &["a:1"], &[false], 0),
            (&["a:2"], &["a:1"], &[false], 0), // the first of two went away
            (&["a:1"], &["a:1", "a:2"], &[false, true], 0),
            (&["a:1", "a:2"], &["a:1"], &[false], 1),
            (&["b:1"], &["a:1"], &[true], 1),
        ];
        for (known, found, new, unmatched) in table {
            let mut findings: Vec<_> = found.iter().map(|fingerprint| finding(fingerprint, "y.tf")).collect();
            assert_eq!(baseline(known).apply(&mut findings), unmatched, "{known:?} {found:?}");
            assert_eq!(findings.iter().map(|finding| finding.new).collect::<Vec<_>>(), new, "{known:?} {found:?}");
            for finding in findings {
                assert_eq!(finding.status == Status::Baselined, !finding.new);
            }
        }
    }

    #[test]
    fn a_waived_finding_uses_its_entry_and_stays_waived() {
        let waived = Status::Waived { reason: "r".into(), owner: "o".into(), until: "2027-01-31".into() };
        let mut findings = vec![finding("a:1", "x.tf"), finding("a:2", "x.tf")];
        findings[0].status = waived.clone();
        baseline(&["a:1"]).apply(&mut findings);
        assert_eq!((&findings[0].status, findings[0].new), (&waived, false));
        assert_eq!((&findings[1].status, findings[1].new), (&Status::Open, true));
    }

    #[test]
    fn errors_name_the_place() {
        let table = [
            ("{", "b.json:1:1: EOF while parsing an object"),
            (
                "{\"version\": \"1\",\n \"found\": []}",
                "b.json:2:8: unknown field `found`, expected `version` or `findings`",
            ),
            (
                "{\"version\": \"2\", \"findings\": []}",
                "b.json: a baseline of version `2`; this secscan reads version `1`: make a new one",
            ),
        ];
        for (text, message) in table {
            assert_eq!(Baseline::parse(text, "b.json").unwrap_err().to_string(), message);
        }
    }
}
