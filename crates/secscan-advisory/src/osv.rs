//! OSV records (schema 1.x) as they are written, and what becomes of them.
//!
//! Reading order: [`Record`] and the structs below it → [`read`] → [`ranges`] (events in their order).

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::Value;

use crate::advisory::{Advisory, Affected, End, Range};
use crate::{Ecosystem, rating};

/// A record.
#[derive(Debug, Deserialize)]
struct Record {
    id: String,
    modified: String,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    /// Ids of the vulnerabilities that this one is made of: distributions write the CVE numbers there.
    #[serde(default)]
    upstream: Option<Vec<String>>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    severity: Option<Vec<SeverityEntry>>,
    #[serde(default)]
    affected: Option<Vec<AffectedEntry>>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Debug, Deserialize)]
struct SeverityEntry {
    score: String,
}

#[derive(Debug, Deserialize)]
struct AffectedEntry {
    package: Option<Package>,
    #[serde(default)]
    ranges: Option<Vec<RangeEntry>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    severity: Option<Vec<SeverityEntry>>,
    #[serde(default)]
    ecosystem_specific: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Debug, Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct RangeEntry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// What a record came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An advisory about at least one package whose versions have an order.
    Advisory(Advisory, Vec<Affected>),
    /// The record was taken back.
    Withdrawn {
        /// Its id.
        id: String,
    },
    /// It is about packages of these ecosystems only, whose versions have no order here; or about none at all.
    Elsewhere(Vec<String>),
}

/// Reads a record.
///
/// # Errors
/// Whatever `serde_json` says of bytes that are no OSV record.
pub(crate) fn read(bytes: &[u8]) -> Result<Outcome, serde_json::Error> {
    let record: Record = serde_json::from_slice(bytes)?;
    if record.withdrawn.is_some() {
        return Ok(Outcome::Withdrawn { id: record.id });
    }
    let entries = record.affected.as_deref().unwrap_or_default();
    let affected: Vec<_> = entries.iter().filter_map(affected).collect();
    if affected.is_empty() {
        let names = entries.iter().filter_map(|entry| Some(entry.package.as_ref()?.ecosystem.clone()));
        return Ok(Outcome::Elsewhere(names.collect()));
    }
    let mut aliases = [record.aliases.as_deref(), record.upstream.as_deref()].map(Option::unwrap_or_default).concat();
    aliases.sort();
    aliases.dedup();
    aliases.retain(|alias| *alias != record.id);
    let notice = entries.iter().find_map(|entry| word(&entry.database_specific, "informational").map(str::to_owned));
    let advisory = Advisory {
        summary: summary(record.summary.as_deref(), record.details.as_deref()),
        modified: record.modified.chars().take(10).collect(),
        rating: if notice.is_some() { rating::notice() } else { record_rating(&record, entries) },
        id: record.id,
        aliases,
        notice,
    };
    Ok(Outcome::Advisory(advisory, affected))
}

fn record_rating(record: &Record, entries: &[AffectedEntry]) -> crate::Rating {
    let lists = [&record.severity].into_iter().chain(entries.iter().map(|entry| &entry.severity));
    let vectors = lists.flatten().flatten().map(|severity| severity.score.as_str());
    let values = entries.iter().flat_map(|entry| [&entry.ecosystem_specific, &entry.database_specific]);
    let words = [&record.database_specific].into_iter().chain(values).flat_map(|value| {
        // Ubuntu has its priority in the list of vectors, Debian its urgency.
        ["severity", "urgency", "cvss_severity"].into_iter().filter_map(|name| word(value, name))
    });
    let listed = record.severity.iter().flatten().map(|severity| severity.score.as_str());
    rating::rate(vectors, words.chain(listed))
}

fn word<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// The summary, else the first sentence of the details; one line, cut at a word.
fn summary(summary: Option<&str>, details: Option<&str>) -> String {
    const LONGEST: usize = 160;
    let text = summary.filter(|text| !text.trim().is_empty()).or(details).unwrap_or_default();
    let is_title = |line: &&str| line.starts_with('#');
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty() || is_title(line));
    let words: Vec<_> = lines.take_while(|line| !line.is_empty()).flat_map(str::split_whitespace).collect();
    let line = words.join(" ");
    let sentence = if summary.is_some() { &line } else { line.split_inclusive(". ").next().unwrap_or_default().trim() };
    if sentence.chars().count() <= LONGEST {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(LONGEST).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", cut.trim_end_matches([',', ';', ':', '.', ' ']))
}

/// What an entry says of a package; none where nobody can order its versions.
fn affected(entry: &AffectedEntry) -> Option<Affected> {
    let package = entry.package.as_ref()?;
    let ecosystem = Ecosystem::named(&package.ecosystem)?;
    let mut affected = Affected {
        ecosystem: Ecosystem::key(&package.ecosystem).into_owned(),
        package: ecosystem.normal_name(&package.name).into_owned(),
        ..Affected::default()
    };
    let mut has_range = false;
    for range in entry.ranges.iter().flatten().filter(|range| range.kind != "GIT") {
        has_range = true;
        match ranges(ecosystem, &range.events) {
            Some(ranges) => affected.ranges.extend(ranges),
            None => affected.is_partial = true,
        }
    }
    let written = entry.versions.as_deref().unwrap_or_default();
    // Commits alone, or nothing at all, say nothing about versions.
    affected.is_partial |= !has_range && written.is_empty();
    let is_covered = |version: &&String| !matches!(affected.standing(version), crate::Standing::Affected { .. });
    affected.versions = written.iter().filter(is_covered).cloned().collect();
    Some(affected)
}

/// One turn of a range: what happens at a version.
enum Turn<'a> {
    Introduced(Option<&'a str>),
    Fixed(&'a str),
    Last(&'a str),
}

impl<'a> Turn<'a> {
    fn version(&self) -> Option<&'a str> {
        match self {
            Self::Introduced(version) => *version,
            Self::Fixed(version) | Self::Last(version) => Some(version),
        }
    }

    /// What comes first where several happen at one version: a fix ends the range before, a last version the same.
    fn rank(&self) -> u8 {
        match self {
            Self::Fixed(_) => 0,
            Self::Introduced(_) => 1,
            Self::Last(_) => 2,
        }
    }
}

/// The ranges of a list of events ("Evaluation" in the OSV schema); none when a version in it has no order.
fn ranges(ecosystem: &Ecosystem, events: &[Event]) -> Option<Vec<Range>> {
    let mut turns = Vec::new();
    for event in events {
        let first = |version: &'_ str| version == "0";
        let introduced = event.introduced.as_deref().map(|it| Turn::Introduced(Some(it).filter(|it| !first(it))));
        // Nothing at or beyond a limit is affected, which is what a fix says too; `*` is no limit.
        let limit = event.limit.as_deref().filter(|limit| *limit != "*").map(Turn::Fixed);
        let fixed = event.fixed.as_deref().map(Turn::Fixed);
        turns.extend(introduced.into_iter().chain(limit).chain(fixed));
        turns.extend(event.last_affected.as_deref().map(Turn::Last));
    }
    if turns.iter().filter_map(Turn::version).any(|version| ecosystem.compare(version, version).is_none()) {
        return None;
    }
    turns.sort_by(|left, right| {
        let order = match (left.version(), right.version()) {
            (Some(left), Some(right)) => ecosystem.compare(left, right).unwrap_or(Ordering::Equal),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        order.then(left.rank().cmp(&right.rank()))
    });
    let mut ranges = Vec::new();
    let mut open: Option<Option<&str>> = None;
    for turn in &turns {
        match (turn, open) {
            (Turn::Introduced(version), None) => open = Some(*version),
            (Turn::Introduced(_), Some(_)) | (_, None) => {}
            (Turn::Fixed(version), Some(introduced)) => {
                ranges.push(range(introduced, End::Fixed((*version).to_owned())));
                open = None;
            }
            (Turn::Last(version), Some(introduced)) => {
                ranges.push(range(introduced, End::Last((*version).to_owned())));
                open = None;
            }
        }
    }
    ranges.extend(open.map(|introduced| range(introduced, End::Open)));
    Some(ranges)
}

fn range(introduced: Option<&str>, end: End) -> Range {
    Range { introduced: introduced.map(str::to_owned), end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::{RatingSource, Standing};

    fn advisory(json: &str) -> (Advisory, Vec<Affected>) {
        match read(json.as_bytes()) {
            Ok(Outcome::Advisory(advisory, affected)) => (advisory, affected),
            other => panic!("{other:?}"),
        }
    }

    const NPM: &str = r#"{
        "schema_version": "1.6.0", "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-03-04T05:06:07Z",
        "aliases": ["CVE-2026-0001"], "details": "Long text. And more.",
        "affected": [{
            "package": {"ecosystem": "npm", "name": "left-pad", "purl": "pkg:npm/left-pad"},
            "ranges": [
                {"type": "SEMVER", "events": [
                    {"fixed": "2.1.0"}, {"introduced": "2.0.0"}, {"introduced": "0"}, {"last_affected": "1.3.0"}]},
                {"type": "GIT", "repo": "https://example.com/x", "events": [{"introduced": "0"}]}],
            "versions": ["1.0.0", "5.0.0"]}],
        "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-79"]},
        "severity": [], "references": [{"type": "WEB", "url": "https://example.com"}], "unheard-of": {}}"#;

    #[test]
    fn a_record_becomes_an_advisory() {
        let (advisory, affected) = advisory(NPM);
        assert_eq!((advisory.id.as_str(), advisory.modified.as_str()), ("GHSA-aaaa-bbbb-cccc", "2026-03-04"));
        assert_eq!(advisory.summary, "Long text.");
        assert_eq!(advisory.rating.source, RatingSource::Word);
        assert_eq!(affected.len(), 1);
        assert_eq!(affected[0].versions, ["5.0.0"], "what the ranges cover is left out");
        for (version, expected) in [
            ("1.3.0", Standing::Affected { fixed: None }),
            ("1.3.1", Standing::Safe),
            ("2.0.5", Standing::Affected { fixed: Some("2.1.0".into()) }),
            ("2.1.0", Standing::Safe),
            ("5.0.0", Standing::Affected { fixed: None }),
        ] {
            assert_eq!(affected[0].standing(version), expected, "{version}");
        }
    }

    #[test]
    fn withdrawn_records_and_foreign_ecosystems_say_so() {
        let withdrawn = NPM.replace("\"aliases\"", "\"withdrawn\": \"2026-04-01T00:00:00Z\", \"aliases\"");
        assert!(matches!(read(withdrawn.as_bytes()), Ok(Outcome::Withdrawn { id }) if id == "GHSA-aaaa-bbbb-cccc"));
        let foreign = NPM.replace("\"npm\"", "\"OSS-Fuzz\"");
        assert!(matches!(read(foreign.as_bytes()), Ok(Outcome::Elsewhere(names)) if names == ["OSS-Fuzz"]));
        assert!(read(b"{\"id\": \"X\"}").is_err(), "a record says when it was changed");
        assert!(read(&NPM.as_bytes()[..300]).is_err(), "cut short");
    }

    #[test]
    fn commits_alone_leave_versions_unknown() {
        let git = NPM.replace("SEMVER", "GIT").replace(r#""versions": ["1.0.0", "5.0.0"]"#, r#""versions": null"#);
        assert_eq!(advisory(&git).1[0].standing("1.0.0"), Standing::Unknown);
        let odd = NPM.replace("2.1.0", "next");
        let (_, affected) = advisory(&odd);
        assert_eq!(affected[0].standing("1.0.0"), Standing::Affected { fixed: None }, "by name");
        assert_eq!(affected[0].standing("1.1.0"), Standing::Unknown, "by a range without an order");
    }

    #[test]
    fn a_limit_ends_a_range_and_a_star_does_not() {
        let event = |json: &str| serde_json::from_str::<Event>(json).unwrap();
        let npm = Ecosystem::named("npm").unwrap();
        let of = |events: &[&str]| ranges(npm, &events.iter().map(|json| event(json)).collect::<Vec<_>>()).unwrap();
        let limited = of(&[r#"{"introduced": "1.0.0"}"#, r#"{"limit": "2.0.0"}"#]);
        assert_eq!(limited, [range(Some("1.0.0"), End::Fixed("2.0.0".into()))]);
        assert_eq!(of(&[r#"{"introduced": "0"}"#, r#"{"limit": "*"}"#]), [range(None, End::Open)]);
        let again = of(&[r#"{"introduced": "0"}"#, r#"{"fixed": "1.0.0"}"#, r#"{"introduced": "1.0.0"}"#]);
        assert_eq!(again.len(), 2, "fixed and broken again at one version: {again:?}");
    }

    #[test]
    fn summaries_are_one_short_line() {
        assert_eq!(summary(Some("A  b\nc"), None), "A b c");
        assert_eq!(summary(None, Some("# Title\n\nFirst one. Second.")), "First one.");
        let long = "word ".repeat(60);
        assert!(summary(Some(&long), None).chars().count() <= 160);
        assert!(summary(Some(&long), None).ends_with("word…"));
    }
}
