//! Which distribution a file system is (os-release(5)), and what others call it.

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Platform, Resource, Source, Span};

use super::lines::lines;
use super::{Contents, root_of};
use crate::packages::{Package, Written};

/// Where the file is, the one that counts first.
pub(super) const PATHS: &[&str] = &["etc/os-release", "usr/lib/os-release"];

pub(super) fn claims(path: &str) -> Option<&str> {
    root_of(path, PATHS)
}

/// A distribution.
#[derive(Clone, Debug)]
pub(super) struct Distribution {
    id: Written,
    version: Option<Written>,
    name: Option<Written>,
    at: Location,
}

pub(super) fn read(source: &Source, contents: &mut Contents) {
    let text = source.text().unwrap_or_default();
    let field = |wanted: &str| {
        lines(text).find_map(|(at, line)| {
            let value = line.strip_prefix(wanted)?.strip_prefix('=')?;
            let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            let start = at + wanted.len() + 1 + usize::from(quoted.is_some());
            let value = quoted.unwrap_or(value);
            (!value.is_empty()).then(|| Written::new(value, source.at(Span::new(start, start + value.len()))))
        })
    };
    let at = source.at(Span::new(0, source.bytes.len()));
    contents.distribution =
        field("ID").map(|id| Distribution { id, version: field("VERSION_ID"), name: field("PRETTY_NAME"), at });
}

impl Distribution {
    /// The release as a resource: `os`, of which rules ask whether it is still supported.
    pub(super) fn resource(&self, source: &Source) -> Resource {
        let mut map = Map::with_capacity(3);
        map.push_new("id", self.id.node());
        for (key, value) in [("release", &self.version), ("name", &self.name)] {
            value.iter().for_each(|value| map.push_new(key, value.node()));
        }
        let at = self.version.as_ref().unwrap_or(&self.id).at;
        Resource {
            platform: Platform::Image,
            kind: "os".into(),
            address: self.label().into(),
            part: source.path.clone(),
            at: self.at,
            value: Node::map(map, self.at).named(at),
            unit: "image:os".into(),
            owner: None,
            opaque: None,
        }
    }

    /// `debian-12`, as package URLs have it.
    fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{}-{}", self.id.text, version.text),
            None => self.id.text.to_string(),
        }
    }

    /// What OSV records call the release.
    fn osv(&self) -> Arc<str> {
        let version = self.version.as_ref().map_or("", |version| &*version.text);
        let mut numbers = version.split('.');
        let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        let named = |name: &str, release: String| match version {
            "" => name.to_owned(),
            _ => format!("{name}:{release}"),
        };
        match &*self.id.text {
            "debian" => named("Debian", major.to_owned()),
            "ubuntu" => named("Ubuntu", version.to_owned()),
            "alpine" => named("Alpine", format!("v{major}.{minor}")),
            "wolfi" => "Wolfi".to_owned(),
            "chainguard" => "Chainguard".to_owned(),
            "rhel" => named("Red Hat", major.to_owned()),
            "rocky" => named("Rocky Linux", major.to_owned()),
            "almalinux" => named("AlmaLinux", major.to_owned()),
            other => named(other, version.to_owned()),
        }
        .into()
    }

    /// Tells a package of the operating system which one it is.
    pub(super) fn name(&self, package: &mut Package) {
        package.namespace = Some(self.id.text.clone());
        package.osv = Some(self.osv());
        package.qualifiers.push(("distro", self.label()));
    }
}
