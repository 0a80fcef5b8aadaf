//! The ecosystems that packages come from, and how each spells a package URL.
//!
//! Types and rules are those of the purl specification (<https://github.com/package-url/purl-spec>); the names of
//! ecosystems those of the OSV schema (<https://ossf.github.io/osv-schema/#defined-ecosystems>).

use std::fmt::Write;

/// Where packages of one naming scheme come from.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Ecosystem {
    /// Rust crates.
    Cargo,
    /// Node packages.
    Npm,
    /// Python distributions.
    Pypi,
    /// Go modules.
    Golang,
    /// Maven artifacts: Java, Kotlin, Scala.
    Maven,
    /// Ruby gems.
    Gem,
    /// PHP packages.
    Composer,
    /// .NET packages.
    Nuget,
    /// Debian packages, and those of its descendants.
    Deb,
    /// Alpine packages.
    Apk,
    /// RPM packages.
    Rpm,
    /// Anything else that a bill of materials names.
    Generic,
}

/// What is fixed about an ecosystem.
struct Facts {
    ecosystem: Ecosystem,
    /// The type of its package URLs.
    purl: &'static str,
    /// Its name in OSV records; of distributions the first part, which a release follows (`Debian:12`).
    osv: &'static str,
    /// What stands between namespace and name within a full name.
    separator: char,
}

static ECOSYSTEMS: &[Facts] = &[
    Facts { ecosystem: Ecosystem::Cargo, purl: "cargo", osv: "crates.io", separator: '\0' },
    Facts { ecosystem: Ecosystem::Npm, purl: "npm", osv: "npm", separator: '/' },
    Facts { ecosystem: Ecosystem::Pypi, purl: "pypi", osv: "PyPI", separator: '\0' },
    Facts { ecosystem: Ecosystem::Golang, purl: "golang", osv: "Go", separator: '/' },
    Facts { ecosystem: Ecosystem::Maven, purl: "maven", osv: "Maven", separator: ':' },
    Facts { ecosystem: Ecosystem::Gem, purl: "gem", osv: "RubyGems", separator: '\0' },
    Facts { ecosystem: Ecosystem::Composer, purl: "composer", osv: "Packagist", separator: '/' },
    Facts { ecosystem: Ecosystem::Nuget, purl: "nuget", osv: "NuGet", separator: '\0' },
    Facts { ecosystem: Ecosystem::Deb, purl: "deb", osv: "Debian", separator: '/' },
    Facts { ecosystem: Ecosystem::Apk, purl: "apk", osv: "Alpine", separator: '/' },
    Facts { ecosystem: Ecosystem::Rpm, purl: "rpm", osv: "Red Hat", separator: '/' },
    Facts { ecosystem: Ecosystem::Generic, purl: "generic", osv: "", separator: '/' },
];

impl Ecosystem {
    fn facts(self) -> &'static Facts {
        ECOSYSTEMS.iter().find(|facts| facts.ecosystem == self).unwrap_or(&ECOSYSTEMS[ECOSYSTEMS.len() - 1])
    }

    /// The type of its package URLs: `npm`. Also the type of package resources.
    pub fn purl_type(self) -> &'static str {
        self.facts().purl
    }

    /// Its name in OSV records: `crates.io`; empty where there is none.
    pub fn osv(self) -> &'static str {
        self.facts().osv
    }

    /// The ecosystem of a purl type; [`Ecosystem::Generic`] when it is none of those known here.
    pub fn of_purl_type(word: &str) -> Self {
        ECOSYSTEMS.iter().find(|facts| facts.purl == word).map_or(Self::Generic, |facts| facts.ecosystem)
    }

    /// A full name of its parts, as the ecosystem writes it: `@babel/core`, `org.slf4j:slf4j-api`.
    pub fn full_name(self, namespace: &str, name: &str) -> String {
        let separator = if self.facts().separator == '\0' { '/' } else { self.facts().separator };
        if namespace.is_empty() { name.to_owned() } else { format!("{namespace}{separator}{name}") }
    }

    /// The name as the ecosystem compares names: PyPI's normal form (PEP 503), lower case for Composer.
    pub fn normal(self, name: &str) -> String {
        match self {
            Self::Pypi => {
                let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
            }
            Self::Composer => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        }
    }

    /// The package URL of a full name. Qualifiers are put into order; those without a value are left out.
    pub fn purl(self, name: &str, version: &str, qualifiers: &[(&str, &str)]) -> String {
        let facts = self.facts();
        let (namespace, name) = name.rsplit_once(facts.separator).unwrap_or(("", name));
        let mut purl = format!("pkg:{}", facts.purl);
        for segment in namespace.split('/').filter(|segment| !segment.is_empty()) {
            purl.push('/');
            encode(segment, &mut purl);
        }
        purl.push('/');
        encode(name, &mut purl);
        if !version.is_empty() {
            purl.push('@');
            encode(version, &mut purl);
        }
        let mut qualifiers: Vec<_> = qualifiers.iter().filter(|(_, value)| !value.is_empty()).collect();
        qualifiers.sort();
        for (index, (key, value)) in qualifiers.into_iter().enumerate() {
            purl.push(if index == 0 { '?' } else { '&' });
            purl.push_str(key);
            purl.push('=');
            encode(value, &mut purl);
        }
        purl
    }
}

/// What a package URL says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Purl {
    pub(crate) ecosystem: Ecosystem,
    /// The full name in the spelling of the ecosystem.
    pub(crate) name: String,
    /// Empty when there is none.
    pub(crate) version: String,
    /// The release of a distribution, by the qualifier `distro`.
    pub(crate) release: Option<String>,
}

impl Purl {
    /// Takes a package URL apart. None when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split('#').next()?;
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, version) = match rest.rsplit_once('@') {
            // A scope may begin with a bare at sign.
            Some((path, version)) if !version.contains('/') => (path, version),
            _ => (rest, ""),
        };
        let (kind, path) = path.split_once('/')?;
        let ecosystem = Ecosystem::of_purl_type(&kind.to_ascii_lowercase());
        let (namespace, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
        let namespace =
            if matches!(ecosystem, Ecosystem::Deb | Ecosystem::Apk | Ecosystem::Rpm) { "" } else { namespace };
        let distro = qualifiers.split('&').find_map(|qualifier| qualifier.strip_prefix("distro="));
        let release = distro.and_then(|distro| {
            let distro = decode(distro);
            let (name, release) = distro.rsplit_once('-')?;
            matches!(name, "debian" | "alpine").then(|| release.to_owned())
        });
        let name = ecosystem.full_name(&decode(namespace), &decode(name));
        (!name.is_empty()).then(|| Self { ecosystem, name, version: decode(version), release })
    }

    /// The ecosystem of the release of a distribution as OSV has it: `Debian:12`, `Alpine:v3.18`.
    pub(crate) fn distribution(&self) -> Option<String> {
        let release = self.release.as_deref()?;
        let mut parts = release.split('.');
        let major = parts.next().unwrap_or_default();
        match self.ecosystem {
            Ecosystem::Deb => Some(format!("Debian:{major}")),
            Ecosystem::Apk => Some(format!("Alpine:v{major}.{}", parts.next()?)),
            _ => None,
        }
    }
}

/// Resolves percent escapes; one that is broken stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes text with everything but letters, digits and `.-_~:` as percent escapes (purl specification, "Character
/// encoding").
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls_are_those_of_the_specification() {
        for (ecosystem, name, version, qualifiers, expected) in [
            (Ecosystem::Npm, "@angular/animation", "12.3.1", &[][..], "pkg:npm/%40angular/animation@12.3.1"),
            (Ecosystem::Npm, "foobar", "12.3.1", &[], "pkg:npm/foobar@12.3.1"),
            (Ecosystem::Pypi, "django", "1.11.1", &[], "pkg:pypi/django@1.11.1"),
            (
                Ecosystem::Golang,
                "google.golang.org/genproto",
                "v0.0.0-1",
                &[],
                "pkg:golang/google.golang.org/genproto@v0.0.0-1",
            ),
            (
                Ecosystem::Maven,
                "org.apache.commons:io",
                "1.3.4",
                &[("type", "zip"), ("classifier", "dist")],
                "pkg:maven/org.apache.commons/io@1.3.4?classifier=dist&type=zip",
            ),
            (Ecosystem::Gem, "ruby-advisory-db-check", "0.12.4", &[], "pkg:gem/ruby-advisory-db-check@0.12.4"),
            (Ecosystem::Cargo, "x", "1.0.0+a b", &[], "pkg:cargo/x@1.0.0%2Ba%20b"),
            (Ecosystem::Composer, "laravel/laravel", "5.5.0", &[], "pkg:composer/laravel/laravel@5.5.0"),
            (Ecosystem::Deb, "debian/curl", "7.50.3-1", &[("arch", "i386")], "pkg:deb/debian/curl@7.50.3-1?arch=i386"),
            (Ecosystem::Cargo, "", "", &[], "pkg:cargo/"),
        ] {
            assert_eq!(ecosystem.purl(name, version, qualifiers), expected);
        }
    }

    #[test]
    fn purls_are_taken_apart() {
        for (purl, name, version) in [
            ("pkg:npm/%40angular/animation@12.3.1", "@angular/animation", "12.3.1"),
            ("pkg:npm/@angular/animation@12.3.1", "@angular/animation", "12.3.1"),
            ("pkg:npm/@angular/animation", "@angular/animation", ""),
            ("pkg:maven/org.apache.commons/io@1.3.4?type=zip#sub", "org.apache.commons:io", "1.3.4"),
            ("pkg:golang/example.org/a/b@v1.0.0%2Bincompatible", "example.org/a/b", "v1.0.0+incompatible"),
            ("pkg:cargo/x@1%zz", "x", "1%zz"),
        ] {
            let parsed = Purl::parse(purl).expect(purl);
            assert_eq!((&*parsed.name, &*parsed.version), (name, version), "{purl}");
        }
        let debian = Purl::parse("pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=debian-12").expect("a purl");
        assert_eq!((&*debian.name, debian.release.as_deref()), ("curl", Some("12")));
        assert!(["", "npm/x@1", "pkg:npm", "pkg:npm/"].iter().all(|none| Purl::parse(none).is_none()));
    }

    #[test]
    fn every_ecosystem_has_its_facts_and_is_found_by_its_type() {
        for facts in ECOSYSTEMS {
            assert_eq!(Ecosystem::of_purl_type(facts.purl), facts.ecosystem);
            assert_eq!(facts.ecosystem.purl_type(), facts.purl);
        }
        assert_eq!(Ecosystem::of_purl_type("swift"), Ecosystem::Generic);
    }

    #[test]
    fn names_are_compared_in_their_normal_form() {
        assert_eq!(Ecosystem::Pypi.normal("Zope.Interface__x"), "zope-interface-x");
        assert_eq!(Ecosystem::Npm.normal("JSONStream"), "JSONStream");
        assert_eq!(Ecosystem::Maven.full_name("org.slf4j", "slf4j-api"), "org.slf4j:slf4j-api");
    }
}
