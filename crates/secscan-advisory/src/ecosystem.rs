//! The ecosystems: what OSV calls them, which packages belong to them, how their names and versions compare.
//!
//! One table; adding an ecosystem is one line of it. Names are those of the OSV schema, "Defined ecosystems".

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::version::{self, Compare};

/// One ecosystem.
#[derive(Debug)]
pub struct Ecosystem {
    /// The name in OSV records, without what follows a colon.
    pub name: &'static str,
    kind: Kind,
    names: Names,
    compare: Compare,
}

/// Who makes the packages of an ecosystem.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Language,
    Distribution,
}

/// Which spellings of a package's name mean the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Names {
    Exact,
    /// Upper and lower case alike.
    Caseless,
    /// PEP 503: case, and runs of hyphens, underscores and dots, alike.
    Python,
}

const fn language(name: &'static str, names: Names, compare: Compare) -> Ecosystem {
    Ecosystem { name, kind: Kind::Language, names, compare }
}

const fn distribution(name: &'static str, compare: Compare) -> Ecosystem {
    Ecosystem { name, kind: Kind::Distribution, names: Names::Exact, compare }
}

/// All ecosystems whose versions secscan can order.
pub static ECOSYSTEMS: &[Ecosystem] = &[
    language("crates.io", Names::Exact, version::semver::compare),
    language("Go", Names::Exact, version::go::compare),
    language("npm", Names::Exact, version::npm::compare),
    language("PyPI", Names::Python, version::pep440::compare),
    language("Maven", Names::Exact, version::maven::compare),
    language("RubyGems", Names::Exact, version::rubygems::compare),
    language("NuGet", Names::Caseless, version::nuget::compare),
    language("Packagist", Names::Caseless, version::composer::compare),
    language("Hex", Names::Exact, version::semver::compare),
    language("Pub", Names::Exact, version::semver::compare_with_build),
    language("SwiftURL", Names::Caseless, version::semver::compare),
    language("GitHub Actions", Names::Caseless, version::semver::compare),
    distribution("Debian", version::dpkg::compare),
    distribution("Ubuntu", version::dpkg::compare),
    distribution("Alpine", version::apk::compare),
    distribution("Wolfi", version::apk::compare),
    distribution("Chainguard", version::apk::compare),
    distribution("Red Hat", version::rpm::compare),
    distribution("Rocky Linux", version::rpm::compare),
    distribution("AlmaLinux", version::rpm::compare),
];

impl Ecosystem {
    /// The ecosystem of a name as OSV records write it: `npm`, `Debian:12`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let base = name.split(':').next().unwrap_or_default();
        ECOSYSTEMS.iter().find(|ecosystem| ecosystem.name == base)
    }

    /// Whether its packages are those of an operating system, whose name a release follows in records.
    pub fn is_distribution(&self) -> bool {
        self.kind == Kind::Distribution
    }

    /// The name under which packages of an ecosystem are looked up, from one as OSV records write it. Long-term support
    /// is no release of its own, and the main streams of Red Hat (`Red Hat:enterprise_linux:9::appstream`) are one.
    pub fn key(name: &str) -> Cow<'_, str> {
        if let Some(stream) = name.strip_prefix("Red Hat:enterprise_linux:") {
            let major = stream.split([':', '.']).next().unwrap_or_default();
            return format!("Red Hat:{major}").into();
        }
        let is_lts = |name: &&str| name.starts_with("Ubuntu:") && !name.starts_with("Ubuntu:Pro:");
        match name.strip_suffix(":LTS").filter(is_lts) {
            Some(release) => release.into(),
            None => name.into(),
        }
    }

    /// A package's name in the one spelling that stands for all others.
    pub fn normal_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.names {
            Names::Exact => name.into(),
            Names::Caseless => name.to_lowercase().into(),
            Names::Python => {
                let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
                words.collect::<Vec<_>>().join("-").to_lowercase().into()
            }
        }
    }

    /// Which of two versions is the older one; none when one of them is no version of this ecosystem.
    pub fn compare(&self, left: &str, right: &str) -> Option<Ordering> {
        (self.compare)(left, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_their_releases() {
        assert_eq!(Ecosystem::named("Debian:12").map(|it| it.name), Some("Debian"));
        assert_eq!(Ecosystem::named("crates.io").map(|it| it.name), Some("crates.io"));
        assert!(Ecosystem::named("OSS-Fuzz").is_none());
    }

    #[test]
    fn releases_that_share_advisories_have_one_key() {
        for (written, key) in [
            ("Ubuntu:22.04:LTS", "Ubuntu:22.04"),
            ("Ubuntu:Pro:18.04:LTS", "Ubuntu:Pro:18.04:LTS"),
            ("Red Hat:enterprise_linux:9::appstream", "Red Hat:9"),
            ("Red Hat:rhel_eus:9.2::baseos", "Red Hat:rhel_eus:9.2::baseos"),
            ("npm", "npm"),
        ] {
            assert_eq!(Ecosystem::key(written), key);
        }
    }

    #[test]
    fn spellings_of_one_name_are_one() {
        let normal = |ecosystem: &str, name: &str| {
            Ecosystem::named(ecosystem).map(|it| it.normal_name(name).into_owned()).unwrap_or_default()
        };
        assert_eq!(normal("PyPI", "Friendly__Bard.-x"), "friendly-bard-x");
        assert_eq!(normal("NuGet", "Newtonsoft.Json"), "newtonsoft.json");
        assert_eq!(normal("npm", "JSONStream"), "JSONStream");
    }

    #[test]
    fn each_ecosystem_stands_once_and_orders_its_own_versions() {
        for (index, ecosystem) in ECOSYSTEMS.iter().enumerate() {
            assert!(ECOSYSTEMS[..index].iter().all(|other| other.name != ecosystem.name), "{}", ecosystem.name);
            assert_eq!(ecosystem.compare("1.2.10", "1.2.9"), Some(Ordering::Greater), "{}", ecosystem.name);
            assert_eq!(ecosystem.compare("not a version!", "1.2.9").is_none(), ecosystem.name != "Maven");
        }
    }
}
