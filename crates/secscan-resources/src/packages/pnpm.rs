//! `pnpm-lock.yaml`, versions 5 to 9 (<https://github.com/pnpm/spec/tree/master/lockfile>).

use std::collections::HashMap;

use secscan_model::{Entry, Node, Source, Span};

use super::lockfile::{Lockfile, Need, Project};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

/// Reads a `pnpm-lock.yaml`.
pub(super) fn read(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::yaml::parse(source)) else { return };
    if root.get("lockfileVersion").is_none() {
        contents.complain(
            source,
            root.name_at.span,
            "this file has no `lockfileVersion`, so it is no lockfile of pnpm",
        );
    }
    let mut reader = Reader { slashes: is_old(&root), lockfile: Lockfile::default(), by_key: HashMap::new() };
    reader.lockfile.more.extend(root.get("lockfileVersion").map(|version| ("format-version", version.clone())));
    let packages = root.get("packages").map(Node::entries).unwrap_or_default();
    packages.iter().for_each(|entry| reader.package(entry));
    reader.lockfile.needs = vec![Vec::new(); reader.lockfile.packages.len()];
    // Version 9 keeps what packages need apart from what they are.
    for entry in root.get("snapshots").map_or(packages, Node::entries) {
        reader.needs(entry);
    }
    match root.get("importers") {
        Some(importers) => importers.entries().iter().for_each(|importer| reader.project(&importer.value)),
        None => reader.project(&root),
    }
    contents.lockfile = Some(reader.lockfile);
}

/// Whether keys are `/NAME/VERSION`, as before version 6.
fn is_old(root: &Node) -> bool {
    let version = root.get("lockfileVersion").and_then(Node::as_str).unwrap_or_default();
    version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major < 6)
}

struct Reader {
    slashes: bool,
    lockfile: Lockfile,
    /// Packages by `NAME@VERSION`: several keys that differ in their peers only are one package.
    by_key: HashMap<String, u32>,
}

impl Reader {
    fn package(&mut self, entry: &Entry) {
        let (name, version) = self.split(&entry.key);
        let key = format!("{name}@{version}");
        if self.by_key.contains_key(&key) {
            return;
        }
        let value = &entry.value;
        // What comes from elsewhere has an address for a key, and says name and version inside.
        let field = |name: &str| value.get(name).and_then(Written::of);
        let name = Written::new(field("name").map_or_else(|| name.into(), |name| name.text), value.name_at);
        let mut package = Package::new(Ecosystem::Npm, "pnpm-lock.yaml", name, value.at);
        package.at.span = Span::cover(value.name_at.span, value.at.span);
        let is_version = version.starts_with(|c: char| c.is_ascii_digit());
        package.version = field("version").or_else(|| is_version.then(|| Written::new(version, value.name_at)));
        package.dev = value.get("dev").and_then(Node::as_bool);
        if let Some(resolution) = value.get("resolution") {
            package.integrity = resolution.get("integrity").and_then(Written::of).into_iter().collect();
            package.source = Some(source_of(resolution));
        }
        self.by_key.insert(key, self.lockfile.packages.len() as u32);
        self.lockfile.packages.push(package);
    }

    fn needs(&mut self, entry: &Entry) {
        let (name, version) = self.split(&entry.key);
        let Some(owner) = self.by_key.get(&format!("{name}@{version}")).copied() else { return };
        let mut found = Vec::new();
        for group in ["dependencies", "optionalDependencies"] {
            let group = entry.value.get(group).map(Node::entries).unwrap_or_default();
            found.extend(group.iter().filter_map(|needed| self.find(&needed.key, needed.value.as_str()?)));
        }
        if let Some(needs) = self.lockfile.needs.get_mut(owner as usize) {
            needs.extend(found);
            needs.sort_unstable();
            needs.dedup();
        }
    }

    /// What a project, or one of several in a workspace, asks for.
    fn project(&mut self, project: &Node) {
        let mut needs = Vec::new();
        for (group, dev) in [("dependencies", false), ("optionalDependencies", false), ("devDependencies", true)] {
            for entry in project.get(group).map(Node::entries).unwrap_or_default() {
                let reference = entry.value.get("version").unwrap_or(&entry.value).as_str();
                let package = reference.and_then(|reference| self.find(&entry.key, reference));
                needs.extend(package.map(|package| Need { package, dev: Some(dev) }));
            }
        }
        if !needs.is_empty() {
            self.lockfile.projects.push(Project { name: Written::new("", project.name_at), needs });
        }
    }

    /// The package that `NAME: REFERENCE` means: a version, or the key of another name.
    fn find(&self, name: &str, reference: &str) -> Option<u32> {
        let plain = without_peers(reference, self.slashes);
        let by_version = self.by_key.get(&format!("{name}@{plain}"));
        by_version.copied().or_else(|| {
            let (name, version) = self.split(reference);
            self.by_key.get(&format!("{name}@{version}")).copied()
        })
    }

    /// Name and version of a key: `/@a/b/1.0.0_peer`, `/@a/b@1.0.0(peer@1)`, `@a/b@1.0.0`.
    fn split<'k>(&self, key: &'k str) -> (&'k str, &'k str) {
        let key = without_peers(key.strip_prefix('/').unwrap_or(key), false);
        if self.slashes {
            let (name, version) = key.rsplit_once('/').unwrap_or((key, ""));
            return (name, version.split('_').next().unwrap_or_default());
        }
        let from = usize::from(key.starts_with('@'));
        match key[from..].find('@') {
            Some(at) => (&key[..from + at], &key[from + at + 1..]),
            None => (key, ""),
        }
    }
}

/// A key or version without the peers that it was resolved with.
fn without_peers(key: &str, underscores: bool) -> &str {
    let key = key.find('(').map_or(key, |at| &key[..at]);
    if underscores && !key.starts_with('/') { key.split('_').next().unwrap_or_default() } else { key }
}

fn source_of(resolution: &Node) -> PackageSource {
    let field = |name: &str| resolution.get(name).and_then(Written::of);
    if let Some(repository) = field("repo") {
        return PackageSource { revision: field("commit"), ..PackageSource::at_url(SourceKind::Git, repository) };
    }
    match (field("tarball"), field("directory")) {
        (Some(tarball), _) if field("integrity").is_some() || tarball.text.contains("/-/") => {
            PackageSource::at_url(SourceKind::Registry, tarball)
        }
        (Some(tarball), _) => PackageSource::at_url(SourceKind::Url, tarball),
        (None, Some(folder)) => PackageSource::at_url(SourceKind::Path, folder),
        (None, None) => PackageSource::of_kind(SourceKind::Registry),
    }
}
