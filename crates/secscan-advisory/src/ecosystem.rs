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
    /// The type of its package URLs.
    pub purl: &'static str,
    /// For system packages: the distribution's `ID` in os-release, and which of its versions share advisories.
    distribution: Option<(&'static str, Release)>,
    names: Names,
    compare: Compare,
}

/// How an ecosystem writes the release of a distribution behind its own name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Release {
    /// Not at all: there is one rolling release.
    None,
    /// The whole version: `22.04`.
    Whole,
    /// The number in front of the first dot: `12`, `9`.
    Major,
    /// Two numbers behind a `v`: `v3.18`.
    Branch,
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

const fn language(name: &'static str, purl: &'static str, names: Names, compare: Compare) -> Ecosystem {
    Ecosystem { name, purl, distribution: None, names, compare }
}

const fn system(
    name: &'static str,
    purl: &'static str,
    id: &'static str,
    release: Release,
    compare: Compare,
) -> Ecosystem {
    Ecosystem { name, purl, distribution: Some((id, release)), names: Names::Exact, compare }
}

/// All ecosystems whose versions secscan can order.
pub static ECOSYSTEMS: &[Ecosystem] = &[
    language("crates.io", "cargo", Names::Exact, version::semver::compare),
    language("Go", "golang", Names::Exact, version::go::compare),
    language("npm", "npm", Names::Exact, version::npm::compare),
    language("PyPI", "pypi", Names::Python, version::pep440::compare),
    language("Maven", "maven", Names::Exact, version::maven::compare),
    language("RubyGems", "gem", Names::Exact, version::rubygems::compare),
    language("NuGet", "nuget", Names::Caseless, version::nuget::compare),
    language("Packagist", "composer", Names::Caseless, version::composer::compare),
    language("Hex", "hex", Names::Exact, version::semver::compare),
    language("Pub", "pub", Names::Exact, version::semver::compare_with_build),
    language("SwiftURL", "swift", Names::Caseless, version::semver::compare),
    language("GitHub Actions", "githubactions", Names::Caseless, version::semver::compare),
    system("Debian", "deb", "debian", Release::Major, version::dpkg::compare),
    system("Ubuntu", "deb", "ubuntu", Release::Whole, version::dpkg::compare),
    system("Alpine", "apk", "alpine", Release::Branch, version::apk::compare),
    system("Wolfi", "apk", "wolfi", Release::None, version::apk::compare),
    system("Chainguard", "apk", "chainguard", Release::None, version::apk::compare),
    system("Red Hat", "rpm", "rhel", Release::Major, version::rpm::compare),
    system("Rocky Linux", "rpm", "rocky", Release::Major, version::rpm::compare),
    system("AlmaLinux", "rpm", "almalinux", Release::Major, version::rpm::compare),
];

impl Ecosystem {
    /// The ecosystem of a name as OSV records write it: `npm`, `Debian:12`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let base = name.split(':').next().unwrap_or_default();
        ECOSYSTEMS.iter().find(|ecosystem| ecosystem.name == base)
    }

    /// The ecosystem of packages of a language, by the type of their package URLs.
    pub fn of_purl_type(purl: &str) -> Option<&'static Self> {
        ECOSYSTEMS.iter().find(|ecosystem| ecosystem.purl == purl && ecosystem.distribution.is_none())
    }

    /// The ecosystem of a distribution's packages, with its release as advisories write it (`Debian:12`). `id` and
    /// `release` are `ID` and `VERSION_ID` of os-release.
    pub fn of_distribution(id: &str, release: &str) -> Option<String> {
        let is_it = |ecosystem: &&Self| ecosystem.distribution.is_some_and(|(known, _)| known == id);
        let ecosystem = ECOSYSTEMS.iter().find(is_it)?;
        let mut parts = release.split('.');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match ecosystem.distribution?.1 {
            Release::None => Some(ecosystem.name.to_owned()),
            _ if first.is_empty() => None,
            Release::Whole => Some(format!("{}:{release}", ecosystem.name)),
            Release::Major => Some(format!("{}:{first}", ecosystem.name)),
            Release::Branch => Some(format!("{}:v{first}.{second}", ecosystem.name)),
        }
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
        assert_eq!(Ecosystem::named("Debian:12").map(|it| it.purl), Some("deb"));
        assert_eq!(Ecosystem::named("crates.io").map(|it| it.purl), Some("cargo"));
        assert!(Ecosystem::named("OSS-Fuzz").is_none());
        assert_eq!(Ecosystem::of_purl_type("golang").map(|it| it.name), Some("Go"));
        assert!(Ecosystem::of_purl_type("deb").is_none(), "a system package needs its distribution");
    }

    #[test]
    fn distributions_share_advisories_by_release() {
        for (id, release, expected) in [
            ("debian", "12", Some("Debian:12")),
            ("ubuntu", "22.04", Some("Ubuntu:22.04")),
            ("alpine", "3.18.4", Some("Alpine:v3.18")),
            ("rhel", "9.2", Some("Red Hat:9")),
            ("wolfi", "20230201", Some("Wolfi")),
            ("debian", "", None),
            ("plan9", "4", None),
        ] {
            assert_eq!(Ecosystem::of_distribution(id, release).as_deref(), expected);
        }
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
