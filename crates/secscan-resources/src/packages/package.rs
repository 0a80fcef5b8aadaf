//! One package as a resource: what every reader of packages fills in, and how that looks to rules.

use std::{ops::Range, sync::Arc};

use secscan_model::{Location, Map, Node, Platform, Resource, Span, Value};

use super::Ecosystem;

/// Text with its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// The text.
    pub text: Arc<str>,
    /// Where it is written.
    pub at: Location,
}

impl Written {
    /// Text at a place.
    pub fn new(text: impl Into<Arc<str>>, at: Location) -> Self {
        Self { text: text.into(), at }
    }

    /// The text of a scalar; none for anything else and for the empty text.
    pub fn of(node: &Node) -> Option<Self> {
        match &node.value {
            Value::Scalar(scalar) if !scalar.text.is_empty() && !node.is_null() => {
                Some(Self::new(scalar.text.clone(), node.at))
            }
            _ => None,
        }
    }

    /// As a value.
    pub fn node(&self) -> Node {
        Node::text(self.text.clone(), self.at)
    }

    /// A part of the text by bytes. Its place is its own where the text is written without escapes, bare or in quotes;
    /// else that of the whole.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let (start, end) = (self.at.span.start as usize, self.at.span.end as usize);
        let quote = match (end - start).checked_sub(self.text.len()) {
            Some(0) => 0,
            Some(2) => 1,
            _ => return Self::new(text, self.at),
        };
        let start = start + quote + range.start;
        Self::new(text, Location { span: Span::new(start, start + text.len()), ..self.at })
    }
}

/// The kind of place that a package is taken from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SourceKind {
    /// A package registry.
    Registry,
    /// A Git, Mercurial or Subversion repository.
    Git,
    /// An archive at an address.
    Url,
    /// A folder or file beside the project.
    Path,
}

impl SourceKind {
    /// The word that rules compare with.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Git => "git",
            Self::Url => "url",
            Self::Path => "path",
        }
    }
}

/// Where a package is taken from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PackageSource {
    /// What kind of place.
    pub kind: SourceKind,
    /// The address or path as it is written, where it is.
    pub url: Option<Written>,
    /// Of a repository: the commit, where one is fixed.
    pub revision: Option<Written>,
    /// Of a repository: the branch or tag that is named, when no commit is.
    pub branch: Option<Written>,
}

impl PackageSource {
    /// A source of a kind whose address is not written.
    pub fn of_kind(kind: SourceKind) -> Self {
        Self { kind, url: None, revision: None, branch: None }
    }

    /// A source with its address.
    pub fn at_url(kind: SourceKind, url: Written) -> Self {
        Self { url: Some(url), ..Self::of_kind(kind) }
    }

    /// As a value: `{kind, url, revision, branch}`.
    pub(crate) fn node(&self, at: Location) -> Node {
        let at = self.url.as_ref().map_or(at, |url| url.at);
        let mut map = Map::with_capacity(4);
        map.push_new("kind", Node::text(self.kind.as_str(), at));
        for (key, value) in [("url", &self.url), ("revision", &self.revision), ("branch", &self.branch)] {
            value.iter().for_each(|value| map.push_new(key, value.node()));
        }
        Node::map(map, at)
    }
}

/// What a distribution built a package from: advisories name this, with its versions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourcePackage {
    /// Its name.
    pub name: Written,
    /// Its version, where it differs from the package's own.
    pub version: Option<Written>,
}

/// A package of a certain version, as a lockfile, a manifest with exact versions or an installation names it.
///
/// [`Package::new`] knows the least; set what else the format tells. What stays `None` is unknown to rules, except for
/// `source` and `licence`, which are absent.
#[derive(Clone, Debug)]
pub struct Package {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// The full name in the spelling of the ecosystem: `@babel/core`, `org.slf4j:slf4j-api`, `github.com/a/b`.
    pub name: Written,
    /// The exact version as it is written; none where the file does not say.
    pub version: Option<Written>,
    /// The whole entry. Findings about the package as such stand at its name.
    pub at: Location,
    /// The name of the format that it was read from: `Cargo.lock`, `dpkg status`.
    pub format: &'static str,
    /// Whether the project asks for it by name.
    pub direct: Option<bool>,
    /// Whether only development and tests need it.
    pub dev: Option<bool>,
    /// The way from the project to the package, both included, shortest first of several: `app`, `express@4.18.2`, ...
    pub chain: Vec<Written>,
    /// The lines of the direct dependency through which it comes in: in the lockfile, then in the manifest.
    pub direct_places: Vec<Written>,
    /// The checksums as they are written.
    pub integrity: Vec<Written>,
    /// Where it is taken from.
    pub source: Option<PackageSource>,
    /// The licence as it is stated: an SPDX expression, or what the author wrote.
    pub licence: Option<Written>,
    /// Qualifiers of the package URL: `("arch", "amd64")`.
    pub qualifiers: Vec<(&'static str, String)>,
    /// The package URL as it is stated, where it is: a bill of materials may name types that are not known here.
    pub stated_purl: Option<Arc<str>>,
    /// What stands in front of the name in the package URL but is not part of it: the distribution, `debian`.
    pub namespace: Option<Arc<str>>,
    /// Of distributions: the ecosystem of the release as OSV has it, `Debian:12`.
    pub osv: Option<Arc<str>>,
    /// Of distributions: what the package was built from.
    pub source_package: Option<SourcePackage>,
}

impl Package {
    /// A package of which nothing but its name is known.
    pub fn new(ecosystem: Ecosystem, format: &'static str, name: Written, at: Location) -> Self {
        Self {
            ecosystem,
            name,
            version: None,
            at,
            format,
            direct: None,
            dev: None,
            chain: Vec::new(),
            direct_places: Vec::new(),
            integrity: Vec::new(),
            source: None,
            licence: None,
            qualifiers: Vec::new(),
            stated_purl: None,
            namespace: None,
            osv: None,
            source_package: None,
        }
    }

    /// `name@version`, or the name alone.
    pub fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{}@{}", self.name.text, version.text),
            None => self.name.text.to_string(),
        }
    }

    /// Its package URL.
    pub fn purl(&self) -> String {
        if let Some(stated) = &self.stated_purl {
            return stated.to_string();
        }
        let version = self.version.as_ref().map_or("", |version| &*version.text);
        let mut qualifiers: Vec<_> = self.qualifiers.iter().map(|(key, value)| (*key, &**value)).collect();
        // Package URLs of RPM have the epoch among the qualifiers, all others in the version.
        let version = match version.split_once(':').filter(|_| self.ecosystem == Ecosystem::Rpm) {
            Some((epoch, version)) => {
                qualifiers.push(("epoch", epoch));
                version
            }
            None => version,
        };
        let name = self.ecosystem.full_name(self.namespace.as_deref().unwrap_or_default(), &self.name.text);
        self.ecosystem.purl(&name, version, &qualifiers)
    }

    /// The resource. `unit` names what is built together: `packages:FOLDER`. The layout of the value is a contract:
    /// see "Packages" in docs/readers.md.
    pub fn into_resource(self, unit: Arc<str>) -> Resource {
        let purl: Arc<str> = self.purl().into();
        let at = self.name.at;
        let osv = self.osv.clone().unwrap_or_else(|| Arc::from(self.ecosystem.osv()));
        let mut map = Map::with_capacity(14);
        let ways: Vec<Location> = self.direct_places.iter().map(|place| place.at).filter(|way| *way != at).collect();
        let led_by = |mut node: Node| {
            if !ways.is_empty() && node.at.source == at.source {
                node.extra_mut().via.clone_from(&ways);
            }
            node
        };
        map.push_new("name", led_by(self.name.node()));
        if let Some(version) = &self.version {
            map.push_new("version", led_by(version.node()));
        }
        map.push_new("purl", Node::text(purl.clone(), at));
        map.push_new("ecosystem", Node::text(osv, at));
        map.push_new("format", Node::text(self.format, at));
        map.push_new("direct", known(self.direct, at));
        map.push_new("dev", known(self.dev, at));
        for (key, list) in
            [("chain", &self.chain), ("direct-place", &self.direct_places), ("integrity", &self.integrity)]
        {
            if let Some(first) = list.first() {
                map.push_new(key, Node::list(list.iter().map(Written::node).collect(), first.at));
            }
        }
        if let Some(source) = &self.source {
            map.push_new("source", source.node(at));
        }
        if let Some(licence) = &self.licence {
            map.push_new("licence", licence.node());
        }
        if let Some(from) = &self.source_package {
            let version = from.version.iter().map(|version| ("version".into(), version.node()));
            let parts: Map = std::iter::once(("name".into(), from.name.node())).chain(version).collect();
            map.push_new("source-package", Node::map(parts, from.name.at));
        }
        Resource {
            platform: Platform::Package,
            kind: purl.strip_prefix("pkg:").and_then(|rest| rest.split('/').next()).unwrap_or_default().into(),
            address: purl,
            part: "".into(),
            at: self.at,
            value: Node::map(map, self.at).named(at),
            unit,
            owner: None,
            opaque: None,
        }
    }
}

/// A yes or no that a format may leave open.
fn known(value: Option<bool>, at: Location) -> Node {
    match value {
        Some(value) => Node::bool(value, at),
        None => Node::unresolved("this format does not say", at),
    }
}
