//! A file in which people declare what they need, as a resource.

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Platform, Resource, Source, Span};

use super::package::{PackageSource, Written};
use super::requirement::bound;
use super::{Ecosystem, Format};

/// One declared requirement.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    /// The name in the spelling of the ecosystem.
    pub(crate) name: Written,
    /// The versions that are asked for, as written; none where nothing is.
    pub(crate) versions: Option<Written>,
    /// The section that it stands in: `dependencies`, `dev-dependencies`, an extra, a profile.
    pub(crate) group: Arc<str>,
    /// Whether only development and tests need it.
    pub(crate) dev: bool,
    /// Where it is taken from, when the requirement says so.
    pub(crate) source: Option<PackageSource>,
    /// The checksums that stand beside it.
    pub(crate) integrity: Vec<Written>,
    /// The condition under which it counts, as written.
    pub(crate) marker: Option<Written>,
    /// Whether versions and source stand elsewhere: in the workspace, a parent, a catalogue.
    pub(crate) is_inherited: bool,
}

impl Requirement {
    /// A requirement that names versions, or none.
    pub(crate) fn new(name: Written, versions: Option<Written>, group: impl Into<Arc<str>>) -> Self {
        let group = group.into();
        Self {
            name,
            versions,
            group,
            dev: false,
            source: None,
            integrity: Vec::new(),
            marker: None,
            is_inherited: false,
        }
    }

    /// Where a finding about it stands.
    pub(crate) fn at(&self) -> Location {
        self.versions.as_ref().map_or(self.name.at, |versions| versions.at)
    }

    /// As a value; `is_locked` tells whether the lockfile has it, where there is one.
    fn node(&self, ecosystem: Ecosystem, is_locked: Option<bool>) -> Node {
        let mut map = Map::with_capacity(9);
        let at = self.name.at;
        map.push_new("name", self.name.node());
        self.versions.iter().for_each(|versions| map.push_new("requirement", versions.node()));
        if self.is_inherited {
            map.push_new("inherited", Node::bool(true, at));
        } else if self.versions.is_some() || self.source.is_none() {
            let written = self.versions.as_ref().map_or("", |versions| &*versions.text);
            map.push_new("bound", Node::text(bound(ecosystem, written).as_str(), self.at()));
        }
        map.push_new("group", Node::text(self.group.clone(), at));
        map.push_new("dev", Node::bool(self.dev, at));
        self.source.iter().for_each(|source| map.push_new("source", source.node(at)));
        if let Some(first) = self.integrity.first() {
            map.push_new("integrity", Node::list(self.integrity.iter().map(Written::node).collect(), first.at));
        }
        self.marker.iter().for_each(|marker| map.push_new("marker", marker.node()));
        is_locked.into_iter().for_each(|is_locked| map.push_new("locked", Node::bool(is_locked, at)));
        let span = Span::cover(at.span, self.at().span);
        Node::map(map, Location { span, ..at }).named(at)
    }
}

/// A manifest or settings file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manifest {
    /// The name of the project.
    pub(crate) name: Option<Written>,
    /// Its version.
    pub(crate) version: Option<Written>,
    /// Its licence, as stated.
    pub(crate) licence: Option<Written>,
    /// What it needs.
    pub(crate) requirements: Vec<Requirement>,
    /// What else of the file rules may ask for, under the name that docs/readers.md gives it.
    pub(crate) more: Vec<(&'static str, Node)>,
}

/// What the rest of the tree says about a manifest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing<'a> {
    /// The lockfile that fixes its versions, by path.
    pub(crate) lockfile: Option<&'a str>,
    /// The normal names that the lockfile holds.
    pub(crate) locked: Option<&'a std::collections::BTreeSet<String>>,
}

impl Manifest {
    /// The resource: `manifest` or `settings`, with the path as its address.
    pub(crate) fn resource(
        &self,
        source: &Source,
        format: &Format,
        standing: Standing<'_>,
        unit: Arc<str>,
    ) -> Resource {
        let start = source.at(Span::default());
        let header = self.name.as_ref().map_or(start, |name| name.at);
        let mut map = Map::with_capacity(8);
        map.push_new("format", Node::text(format.name, header));
        map.push_new("ecosystem", Node::text(format.ecosystem.osv(), header));
        map.push_new("path", Node::text(source.path.clone(), header));
        for (key, value) in [("name", &self.name), ("version", &self.version), ("licence", &self.licence)] {
            value.iter().for_each(|value| map.push_new(key, value.node()));
        }
        if let Some(lockfile) = standing.lockfile {
            map.push_new("lockfile", Node::text(lockfile, header));
        }
        if !self.requirements.is_empty() {
            let node = |requirement: &Requirement| {
                let name = format.ecosystem.normal(&requirement.name.text);
                let is_locked = standing.locked.map(|locked| locked.contains(&name));
                requirement.node(format.ecosystem, is_locked)
            };
            let nodes: Vec<Node> = self.requirements.iter().map(node).collect();
            map.push_new("requirements", Node::list(nodes, self.requirements[0].name.at));
        }
        for (key, value) in &self.more {
            map.push_new(*key, value.clone());
        }
        let at = source.at(Span::new(0, source.bytes.len()));
        Resource {
            platform: Platform::Package,
            kind: format.role.as_str().into(),
            address: source.path.clone(),
            part: "".into(),
            at,
            value: Node::map(map, at).named(header),
            unit,
            owner: None,
            opaque: None,
        }
    }
}
