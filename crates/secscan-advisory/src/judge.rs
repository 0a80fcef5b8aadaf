//! One package against the store: which vulnerabilities it has.
//!
//! Databases describe the same vulnerability under several ids. Records that share an id, their own or an alias, are one
//! answer: a package is affected when one of them says so.

use std::collections::BTreeSet;

use crate::advisory::{Advisory, Rating, RatingSource, Standing};
use crate::{Ecosystem, Store, StoreError};

/// What the store says of one version of a package.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// The store holds nothing about the ecosystem: nothing can be said.
    NotCovered,
    /// The store was asked.
    Judged {
        /// What the version has, sorted by id.
        vulnerabilities: Vec<Vulnerability>,
        /// Ids of advisories of which it cannot be told whether they concern the version, sorted.
        unknown: Vec<String>,
    },
}

/// A vulnerability of one version of a package, from all records that describe it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Vulnerability {
    /// The preferred id: of a database of the ecosystem, else of GitHub's, else the CVE number.
    pub id: String,
    /// Its other ids, sorted.
    pub aliases: Vec<String>,
    /// One line; empty where no record has one.
    pub summary: String,
    /// How bad it is: the best founded rating, of equally founded ones the worst.
    pub rating: Rating,
    /// What it is when it is no vulnerability: `unmaintained`, `unsound`, `notice`.
    pub notice: Option<String>,
    /// The first later version without it, where there is one.
    pub fixed: Option<String>,
}

impl Vulnerability {
    /// The id that stays when another database describes it too: its first CVE number, else its own id.
    pub fn identity(&self) -> &str {
        let mut ids = std::iter::once(&self.id).chain(&self.aliases);
        ids.find(|id| id.starts_with("CVE-")).unwrap_or(&self.id)
    }

    /// Whether anybody rated it; its severity is an assumption otherwise.
    pub fn is_rated(&self) -> bool {
        self.rating.source != RatingSource::Assumed
    }
}

/// Records of one vulnerability.
struct Group {
    ids: BTreeSet<String>,
    affected: Vec<(Advisory, Option<String>)>,
    unknown: Vec<String>,
}

impl Store {
    /// What the store says of one version of a package. `ecosystem` is OSV's name for it, with its release for a
    /// distribution (`npm`, `Debian:12`).
    ///
    /// # Errors
    /// A store that cannot be read any more.
    pub fn judge(&self, ecosystem: &str, package: &str, version: &str) -> Result<Answer, StoreError> {
        if !self.covers(&Ecosystem::key(ecosystem)) {
            return Ok(Answer::NotCovered);
        }
        let mut groups: Vec<Group> = Vec::new();
        for (affected, at) in self.about_package(ecosystem, package)? {
            let standing = affected.standing(version);
            if standing == Standing::Safe {
                continue;
            }
            let advisory = self.advisory(at)?;
            let mut group = Group {
                ids: advisory.aliases.iter().chain([&advisory.id]).cloned().collect(),
                affected: Vec::new(),
                unknown: Vec::new(),
            };
            match standing {
                Standing::Affected { fixed } => group.affected.push((advisory, fixed)),
                _ => group.unknown.push(advisory.id),
            }
            join(&mut groups, group);
        }
        let mut unknown: Vec<_> =
            groups.iter().filter(|group| group.affected.is_empty()).flat_map(|group| group.unknown.clone()).collect();
        unknown.sort();
        let ecosystem = Ecosystem::named(ecosystem);
        let mut vulnerabilities: Vec<_> = groups.into_iter().filter_map(|group| merged(group, ecosystem)).collect();
        vulnerabilities.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Answer::Judged { vulnerabilities, unknown })
    }
}

/// Adds a record to the groups that it shares an id with, which become one.
fn join(groups: &mut Vec<Group>, mut new: Group) {
    let (same, others): (Vec<_>, Vec<_>) = groups.drain(..).partition(|group| !group.ids.is_disjoint(&new.ids));
    *groups = others;
    for group in same {
        new.ids.extend(group.ids);
        new.affected.extend(group.affected);
        new.unknown.extend(group.unknown);
    }
    groups.push(new);
}

fn merged(group: Group, ecosystem: Option<&Ecosystem>) -> Option<Vulnerability> {
    let mut records = group.affected;
    records.sort_by(|(a, _), (b, _)| (preference(&a.id), &a.id).cmp(&(preference(&b.id), &b.id)));
    let fixed = records.iter().filter_map(|(_, fixed)| fixed.clone()).reduce(|left, right| {
        // Every record must be content, so the latest of the fixed versions is the one to name.
        let order = ecosystem.and_then(|ecosystem| ecosystem.compare(&left, &right));
        if order == Some(std::cmp::Ordering::Less) { right } else { left }
    });
    let ratings = records.iter().map(|(advisory, _)| advisory.rating);
    let rating = ratings.max_by_key(|rating| (founded(rating.source), rating.score, rating.severity))?;
    let is_notice = records.iter().all(|(advisory, _)| advisory.notice.is_some());
    let summary = records.iter().map(|(advisory, _)| &advisory.summary).find(|summary| !summary.is_empty());
    let (first, _) = records.first()?;
    Some(Vulnerability {
        id: first.id.clone(),
        aliases: group.ids.iter().filter(|id| **id != first.id).cloned().collect(),
        summary: summary.cloned().unwrap_or_default(),
        rating,
        notice: first.notice.clone().filter(|_| is_notice),
        fixed,
    })
}

/// Which database's id people look for first: that of the ecosystem, then GitHub's, then the CVE list.
fn preference(id: &str) -> u8 {
    match id.split('-').next() {
        Some("CVE") => 2,
        Some("GHSA") => 1,
        _ => 0,
    }
}

/// How well founded a rating is.
fn founded(source: RatingSource) -> u8 {
    match source {
        RatingSource::Assumed => 0,
        RatingSource::Notice => 1,
        RatingSource::Word => 2,
        RatingSource::Cvss(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use secscan_model::Severity;

    use super::*;
    use crate::Importer;

    fn store(records: &[(&str, &str, &str, &str)]) -> Store {
        let mut importer = Importer::default();
        for (id, aliases, events, rest) in records {
            let json = format!(
                r#"{{"id": "{id}", "modified": "2026-01-01T00:00:00Z", "aliases": {aliases}, "summary": "of {id}",
                "affected": [{{"package": {{"ecosystem": "PyPI", "name": "Demo"}},
                "ranges": [{{"type": "ECOSYSTEM", "events": {events}}}]}}] {rest}}}"#
            );
            importer.file(&format!("{id}.json"), json.as_bytes()).unwrap();
        }
        Store::open(Cursor::new(importer.finish().unwrap())).unwrap()
    }

    fn judged(store: &Store, version: &str) -> (Vec<Vulnerability>, Vec<String>) {
        match store.judge("PyPI", "demo", version).unwrap() {
            Answer::Judged { vulnerabilities, unknown } => (vulnerabilities, unknown),
            Answer::NotCovered => panic!("covered"),
        }
    }

    #[test]
    fn records_of_one_vulnerability_are_one_answer() {
        let store = store(&[
            (
                "GHSA-1",
                r#"["CVE-2026-1"]"#,
                r#"[{"introduced": "0"}, {"fixed": "1.5"}]"#,
                r#", "database_specific": {"severity": "LOW"}"#,
            ),
            ("PYSEC-1", r#"["CVE-2026-1"]"#, r#"[{"introduced": "0"}, {"fixed": "1.10"}]"#, ""),
            ("GHSA-2", r#"["CVE-2026-2"]"#, r#"[{"introduced": "0"}, {"fixed": "1.2"}]"#, ""),
        ]);
        let (found, unknown) = judged(&store, "1.0");
        assert!(unknown.is_empty());
        assert_eq!(found.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["GHSA-2", "PYSEC-1"]);
        let merged = &found[1];
        assert_eq!(merged.aliases, ["CVE-2026-1", "GHSA-1"]);
        assert_eq!(merged.fixed.as_deref(), Some("1.10"), "the version that contents both");
        assert_eq!(merged.rating.severity, Severity::Low, "a word beats an assumption");
        assert_eq!(merged.identity(), "CVE-2026-1");
        assert!(merged.is_rated());
        assert!(!found[0].is_rated());
        let (found, _) = judged(&store, "1.7");
        assert_eq!(found.len(), 1, "one of the two records says so: {found:?}");
    }

    #[test]
    fn aliases_join_over_several_records() {
        let all = r#"[{"introduced": "0"}]"#;
        let store = store(&[
            ("GHSA-1", r#"["CVE-1"]"#, all, ""),
            ("PYSEC-2", r#"["CVE-2"]"#, all, ""),
            ("X-3", r#"["CVE-1", "CVE-2"]"#, all, ""),
        ]);
        let (found, _) = judged(&store, "1.0");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, "PYSEC-2");
        assert_eq!(found[0].aliases, ["CVE-1", "CVE-2", "GHSA-1", "X-3"]);
    }

    #[test]
    fn unknown_is_said_and_foreign_ecosystems_are_not_covered() {
        let store = store(&[("X-1", "[]", r#"[{"introduced": "0"}, {"fixed": "1.0"}]"#, "")]);
        assert_eq!(judged(&store, "banana"), (Vec::new(), vec!["X-1".to_owned()]));
        assert_eq!(store.judge("npm", "demo", "1.0.0").unwrap(), Answer::NotCovered);
        assert_eq!(judged(&store, "1.0"), (Vec::new(), Vec::new()));
    }
}
