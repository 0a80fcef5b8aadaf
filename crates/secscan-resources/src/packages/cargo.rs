//! `Cargo.toml` and `Cargo.lock` (<https://doc.rust-lang.org/cargo/reference/manifest.html>; versions 1 to 4 of the lockfile).
//!
//! Entries of the lockfile without a source are packages of the project: they are roots, not packages.

use std::collections::HashMap;

use secscan_model::{Node, Source};

use super::lockfile::{Lockfile, Need, Project};
use super::manifest::{Manifest, Requirement};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

/// Reads a `Cargo.lock`.
pub(super) fn read_lockfile(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::toml::parse(source)) else { return };
    let entries = root.get("package").map(Node::items).unwrap_or_default();
    // Versions 1 and 2 keep the project's only package apart, and checksums in a table of their own.
    let entries: Vec<&Node> = root.get("root").into_iter().chain(entries).collect();
    let checksums = root.get("metadata").map(Node::entries).unwrap_or_default();
    let checksums: HashMap<&str, &Node> = checksums.iter().map(|entry| (&*entry.key, &entry.value)).collect();
    let mut lockfile = Lockfile::default();
    let mut slots = Slots::default();
    for entry in &entries {
        let Some(name) = entry.get("name").and_then(Written::of) else {
            contents.complain(source, entry.at.span, "a package without a name was left out");
            continue;
        };
        let version = entry.get("version").and_then(Written::of);
        let origin = entry.get("source").and_then(Written::of);
        let slot = match &origin {
            None => {
                lockfile.projects.push(Project { name: name.clone(), needs: Vec::new() });
                Slot::Project(lockfile.projects.len() - 1)
            }
            Some(origin) => {
                let mut package = Package::new(Ecosystem::Cargo, "Cargo.lock", name.clone(), entry.at);
                package.version.clone_from(&version);
                package.source = Some(package_source(origin));
                let key = format!("checksum {} {} ({})", name.text, package_version(&package), origin.text);
                let checksum = entry.get("checksum").or_else(|| checksums.get(&*key).copied());
                package.integrity =
                    checksum.and_then(Written::of).filter(|sum| &*sum.text != "<none>").into_iter().collect();
                lockfile.packages.push(package);
                Slot::Package(lockfile.packages.len() as u32 - 1)
            }
        };
        slots.add(&name.text, version.as_ref().map_or("", |version| &version.text), slot);
    }
    lockfile.needs = vec![Vec::new(); lockfile.packages.len()];
    let owners = slots.in_order.clone();
    for (entry, owner) in entries.iter().filter(|entry| entry.get("name").and_then(Written::of).is_some()).zip(owners) {
        for dependency in entry.get("dependencies").map(Node::items).unwrap_or_default() {
            let Some(Slot::Package(package)) = dependency.as_str().and_then(|text| slots.find(text)) else { continue };
            match owner {
                Slot::Project(index) => lockfile.projects[index].needs.push(Need { package, dev: None }),
                Slot::Package(index) => lockfile.needs[index as usize].push(package),
            }
        }
    }
    contents.lockfile = Some(lockfile);
}

fn package_version(package: &Package) -> &str {
    package.version.as_ref().map_or("", |version| &version.text)
}

/// What an entry became.
#[derive(Clone, Copy)]
enum Slot {
    Project(usize),
    Package(u32),
}

/// Entries by the forms in which others name them: `NAME`, `NAME VERSION`, `NAME VERSION (SOURCE)`.
#[derive(Default)]
struct Slots {
    in_order: Vec<Slot>,
    by_name: HashMap<String, Slot>,
    by_version: HashMap<String, Slot>,
}

impl Slots {
    fn add(&mut self, name: &str, version: &str, slot: Slot) {
        self.in_order.push(slot);
        self.by_name.entry(name.to_owned()).or_insert(slot);
        self.by_version.entry(format!("{name} {version}")).or_insert(slot);
    }

    fn find(&self, dependency: &str) -> Option<Slot> {
        let mut words = dependency.split(' ');
        match (words.next(), words.next()) {
            (Some(name), None) => self.by_name.get(name).copied(),
            (Some(name), Some(version)) => self.by_version.get(&format!("{name} {version}")).copied(),
            _ => None,
        }
    }
}

/// `registry+URL`, `sparse+URL`, `git+URL?rev=...#COMMIT`, `path+URL`.
fn package_source(written: &Written) -> PackageSource {
    let (kind, url) = written.text.split_once('+').unwrap_or(("registry", &written.text));
    let skipped = written.text.len() - url.len();
    match kind {
        "git" => {
            let (url, commit) = url.split_once('#').map_or((url, None), |(url, commit)| (url, Some(commit)));
            let part = |from: usize, text: &str| written.part(skipped + from..skipped + from + text.len());
            let revision = commit.map(|commit| part(url.len() + 1, commit));
            PackageSource { revision, ..PackageSource::at_url(SourceKind::Git, part(0, url)) }
        }
        "path" | "directory" => PackageSource::at_url(SourceKind::Path, written.part(skipped..written.text.len())),
        _ => PackageSource::at_url(SourceKind::Registry, written.part(skipped..written.text.len())),
    }
}

/// Reads a `Cargo.toml`.
pub(super) fn read_manifest(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::toml::parse(source)) else { return };
    let package = root.get("package");
    let field = |name: &str| package.and_then(|package| package.get(name)).and_then(Written::of);
    let mut manifest =
        Manifest { name: field("name"), version: field("version"), licence: field("license"), ..Manifest::default() };
    read_tables(&root, "", &mut manifest);
    if let Some(workspace) = root.get("workspace") {
        requirements(workspace.get("dependencies"), "workspace.dependencies", false, &mut manifest);
    }
    for target in root.get("target").map(Node::entries).unwrap_or_default() {
        read_tables(&target.value, &format!("target.{}.", target.key), &mut manifest);
    }
    contents.manifest = Some(manifest);
}

/// The three tables of dependencies.
fn read_tables(root: &Node, prefix: &str, manifest: &mut Manifest) {
    for (table, dev) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
        requirements(root.get(table), &format!("{prefix}{table}"), dev, manifest);
    }
}

fn requirements(table: Option<&Node>, group: &str, dev: bool, manifest: &mut Manifest) {
    for entry in table.map(Node::entries).unwrap_or_default() {
        let value = &entry.value;
        let alias = Written::new(entry.key.clone(), value.name_at);
        let name = value.get("package").and_then(Written::of).unwrap_or(alias);
        let versions =
            if value.as_map().is_some() { value.get("version").and_then(Written::of) } else { Written::of(value) };
        let mut requirement = Requirement::new(name, versions, group);
        requirement.dev = dev;
        requirement.is_inherited = value.get("workspace").and_then(Node::as_bool) == Some(true);
        let part = |key: &str| value.get(key).and_then(Written::of);
        requirement.source = match (part("git"), part("path")) {
            (Some(git), _) => {
                let branch = part("branch").or_else(|| part("tag"));
                Some(PackageSource { revision: part("rev"), branch, ..PackageSource::at_url(SourceKind::Git, git) })
            }
            (None, Some(path)) => Some(PackageSource::at_url(SourceKind::Path, path)),
            (None, None) => None,
        };
        manifest.requirements.push(requirement);
    }
}
