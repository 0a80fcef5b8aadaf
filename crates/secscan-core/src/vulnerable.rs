//! The judge `vulnerable-dependency`: every package of a scan against the advisory store.
//!
//! One verdict a package, one violation a vulnerability. What the store does not cover, and what has no version that can
//! be compared, is unknown: it never passes.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Unit;
use jiff::civil::Date;
use rayon::prelude::*;
use secscan_advisory::{About, Answer as StoreAnswer, Store, Vulnerability};
use secscan_model::report::Advisory;
use secscan_model::{Diagnostic, DiagnosticKind, Location, Platform, Resource, ResourceId};
use secscan_rules::judge::{Hit, Outcome, Violation};

use crate::native::{Answer, Asked};

/// How many days after the last change of any advisory a store counts as stale.
const STALE: i64 = 14;

/// What a resource says of its package; see "Packages" in docs/readers.md.
struct Package<'a> {
    ecosystem: &'a str,
    name: &'a str,
    version: Result<&'a str, String>,
    /// The source package that advisories name instead, with its version where that differs.
    built_from: Option<(&'a str, Option<&'a str>)>,
    /// Where findings stand: the version, else the name.
    at: Location,
    /// The direct dependency through which it comes in: places and names.
    ways: Vec<(Location, &'a str)>,
    is_direct: bool,
}

/// Judges all packages.
pub(crate) fn judge(asked: &Asked<'_>) -> Answer {
    let packages: Vec<(ResourceId, Package<'_>)> =
        asked.graph.iter().filter_map(|(id, resource)| Some((id, package(resource)?))).collect();
    if packages.is_empty() {
        return Answer::default();
    }
    let Some(store) = asked.advisories else {
        let message = format!(
            "the vulnerabilities of {} packages were not looked at: there is no advisory store; `secscan db import` or \
             `secscan db update` makes one",
            packages.len()
        );
        let why = "there is no advisory store";
        let unknown = |(id, package): (ResourceId, Package<'_>)| (id, unknown(why, package.at));
        return Answer {
            outcomes: packages.into_iter().map(unknown).collect(),
            diagnostics: vec![Diagnostic::new(DiagnosticKind::Configuration, message)],
            unanswered: Some("vulnerabilities were not looked at: there is no advisory store".into()),
        };
    };
    let outcomes: Vec<_> =
        packages.par_iter().map(|(id, package)| (*id, outcome(package, store, asked.with_passes))).collect();
    let uncovered: BTreeSet<&str> =
        packages.iter().map(|(_, package)| package.ecosystem).filter(|name| !covers(store, name)).collect();
    let mut diagnostics: Vec<_> = uncovered.iter().map(|name| uncovered_diagnostic(name)).collect();
    diagnostics.extend(stale(store.about(), asked.today));
    let names = uncovered.into_iter().collect::<Vec<_>>().join(", ");
    let unanswered = (!names.is_empty()).then(|| format!("the advisory store has nothing about {names}").into());
    Answer { outcomes, diagnostics, unanswered }
}

fn covers(store: &Store, ecosystem: &str) -> bool {
    store.covers(&secscan_advisory::Ecosystem::key(ecosystem))
}

fn uncovered_diagnostic(ecosystem: &str) -> Diagnostic {
    let message = format!("the advisory store has nothing about {ecosystem}: its packages were not judged");
    Diagnostic::new(DiagnosticKind::Configuration, message)
}

/// Says that a store is old, when it is.
fn stale(about: &About, today: Date) -> Option<Diagnostic> {
    let modified: Date = about.modified.parse().ok()?;
    let days = today.since((Unit::Day, modified)).ok()?.get_days();
    let message = || {
        format!(
            "the advisories end on {}, {days} days before this scan: younger vulnerabilities go unseen; `secscan db update` \
             fetches them",
            about.modified
        )
    };
    (i64::from(days) > STALE).then(|| Diagnostic::new(DiagnosticKind::Configuration, message()))
}

/// The package of a resource; none where it is something else, or a folder of the project whose version says nothing.
fn package(resource: &Resource) -> Option<Package<'_>> {
    if resource.platform != Platform::Package {
        return None;
    }
    let value = &resource.value;
    let text = |key: &str| value.get(key).and_then(|node| node.as_str());
    let (name, ecosystem) = (text("name")?, text("ecosystem").filter(|ecosystem| !ecosystem.is_empty())?);
    text("purl")?;
    let source = value.at_path(&["source", "kind"]).and_then(|kind| kind.as_str());
    if source == Some("path") {
        return None;
    }
    let written = value.get("version");
    let version = match (source, written.and_then(|version| version.as_str())) {
        (Some(kind @ ("git" | "url")), _) => Err(format!(
            "it is taken from {}, where its version does not say what is in it",
            if kind == "git" { "a repository" } else { "an address" }
        )),
        (_, Some(version)) => Ok(version),
        (_, None) => Err("its version is not known".to_owned()),
    };
    // Debian's, Ubuntu's and Alpine's advisories name source packages; those of RPM what is installed.
    let source_text = |key: &str| value.at_path(&["source-package", key]).and_then(|node| node.as_str());
    let built_from = source_text("name").filter(|_| &*resource.kind != "rpm");
    let places = value.get("direct-place").map(|places| places.items()).unwrap_or_default();
    Some(Package {
        ecosystem,
        name,
        version,
        built_from: built_from.map(|name| (name, source_text("version"))),
        at: written.map_or(resource.header(), |version| version.at),
        ways: places.iter().filter_map(|place| Some((place.at, place.as_str()?))).collect(),
        is_direct: value.get("direct").and_then(|direct| direct.as_bool()) == Some(true),
    })
}

fn unknown(why: impl Into<String>, at: Location) -> Outcome {
    let (path, expected) = (String::new(), String::new());
    Outcome::Unknown(Box::new(Hit { at, related: Vec::new(), path, found: why.into(), expected, secret: false }))
}

fn outcome(package: &Package<'_>, store: &Store, with_passes: bool) -> Outcome {
    let version = match &package.version {
        Ok(version) => *version,
        Err(why) => return unknown(why.as_str(), package.at),
    };
    let (name, of_source) = package.built_from.unwrap_or((package.name, None));
    match store.judge(package.ecosystem, name, of_source.unwrap_or(version)) {
        Err(error) => unknown(error.to_string(), package.at),
        Ok(StoreAnswer::NotCovered) => {
            unknown(format!("the advisory store has nothing about {}", package.ecosystem), package.at)
        }
        Ok(StoreAnswer::Judged { vulnerabilities, unknown: ids }) => match (vulnerabilities.as_slice(), ids.as_slice())
        {
            ([], []) => {
                Outcome::Pass(with_passes.then(|| Box::new(hit(package, version, String::new(), String::new()))))
            }
            ([], ids) => {
                unknown(format!("the version {version} cannot be compared with {}", ids.join(", ")), package.at)
            }
            (found, _) => Outcome::Fail(found.iter().map(|found| violation(package, version, found)).collect()),
        },
    }
}

fn violation(package: &Package<'_>, version: &str, found: &Vulnerability) -> Violation {
    let summary = found.summary.trim_end_matches('.');
    let what = match (&found.notice, summary) {
        (Some(notice), "") => format!("has a notice: {notice}"),
        (Some(notice), summary) => format!("has a notice ({notice}): {summary}"),
        (None, "") => "has a published vulnerability".to_owned(),
        (None, summary) => format!("has a vulnerability: {summary}"),
    };
    let mended = match &found.fixed {
        Some(fixed) => format!("Fixed in {fixed}"),
        None => "No fixed version is known".to_owned(),
    };
    let expected =
        found.fixed.as_ref().map_or_else(|| "another package".to_owned(), |fixed| format!("{fixed} or later"));
    // What stays the same when the version is raised and the flaw remains, and when further databases describe it.
    let identity = format!("{} {}", package.name, found.identity());
    Violation {
        hit: hit(package, version, identity, expected),
        message: format!("{} {version} {what} ({}; {}). {mended}.", package.name, found.id, found.rating),
        advisory: Some(Arc::new(advisory(package, version, found))),
    }
}

fn hit(package: &Package<'_>, version: &str, path: String, expected: String) -> Hit {
    let about = |name: &str| {
        if package.is_direct { format!("{name} is asked for here") } else { format!("comes in through {name}") }
    };
    let elsewhere = package
        .ways
        .iter()
        .filter(|(at, _)| *at != package.at && !(package.is_direct && at.source == package.at.source));
    Hit {
        at: package.at,
        related: elsewhere.map(|(at, name)| (*at, about(name))).collect(),
        path,
        found: version.to_owned(),
        expected,
        secret: false,
    }
}

fn advisory(package: &Package<'_>, version: &str, found: &Vulnerability) -> Advisory {
    Advisory {
        id: found.id.as_str().into(),
        aliases: found.aliases.iter().map(|alias| alias.as_str().into()).collect(),
        summary: found.summary.as_str().into(),
        package: package.name.into(),
        ecosystem: package.ecosystem.into(),
        version: version.into(),
        fixed: found.fixed.as_deref().map(Into::into),
        severity: found.rating.severity,
        score: found.rating.score,
        rating: found.rating.to_string().into(),
        is_rated: found.is_rated(),
    }
}
