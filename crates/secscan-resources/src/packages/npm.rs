//! `package.json` and `package-lock.json` in its versions 1, 2 and 3
//! (<https://docs.npmjs.com/cli/configuring-npm/package-lock-json>).

use std::collections::HashMap;

use secscan_model::{Entry, Node, Source};

use super::lockfile::{Lockfile, Need, Project};
use super::manifest::{Manifest, Requirement};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

const FORMAT: &str = "package-lock.json";
const FOLDER: &str = "node_modules/";

/// The groups of a `package.json`, and whether they are for development.
const GROUPS: &[(&str, bool)] =
    &[("dependencies", false), ("optionalDependencies", false), ("peerDependencies", false), ("devDependencies", true)];

/// Reads a `package-lock.json`.
pub(super) fn read_lockfile(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::json::parse(source)) else { return };
    let mut lockfile = Lockfile::default();
    if let Some(version) = root.get("lockfileVersion") {
        lockfile.more.push(("format-version", version.clone()));
    }
    match (root.get("packages"), root.get("dependencies")) {
        (Some(packages), _) => Flat::read(packages.entries(), &mut lockfile),
        (None, Some(dependencies)) => Nested::read(&root, dependencies, &mut lockfile),
        (None, None) if root.get("lockfileVersion").is_none() => {
            contents.complain(
                source,
                root.at.span,
                "neither `packages` nor `dependencies`: no package lock that is known",
            );
        }
        (None, None) => {}
    }
    contents.lockfile = Some(lockfile);
}

/// Versions 2 and 3: one entry a folder, all in one map.
struct Flat<'a> {
    /// The index of the package in a folder.
    folders: HashMap<&'a str, u32>,
    lockfile: &'a mut Lockfile,
}

impl<'a> Flat<'a> {
    fn read(entries: &'a [Entry], lockfile: &'a mut Lockfile) {
        let mut flat = Self { folders: HashMap::with_capacity(entries.len()), lockfile };
        for entry in entries {
            let Some(name) = folder_name(&entry.key) else { continue };
            if entry.value.get("link").and_then(Node::as_bool) == Some(true) {
                continue;
            }
            flat.folders.insert(&entry.key, flat.lockfile.packages.len() as u32);
            flat.lockfile.packages.push(package(name, &entry.value));
        }
        for entry in entries {
            let groups: &[_] = if folder_name(&entry.key).is_some() { &GROUPS[..3] } else { GROUPS };
            let needs = flat.needs(entry, groups);
            match flat.folders.get(&*entry.key) {
                Some(_) => flat.lockfile.needs.push(needs.into_iter().map(|need| need.package).collect()),
                None => {
                    let name = entry.value.get("name").and_then(Written::of);
                    let name = name.unwrap_or_else(|| Written::new(entry.key.clone(), entry.value.name_at));
                    flat.lockfile.projects.push(Project { name, needs });
                }
            }
        }
        flat.lockfile.projects.retain(|project| !project.needs.is_empty());
    }

    /// What an entry asks for, as Node finds it: in its own folder, then in each folder above.
    fn needs(&self, entry: &Entry, groups: &[(&str, bool)]) -> Vec<Need> {
        let names = groups.iter().flat_map(|(group, dev)| {
            let group = entry.value.get(group).map(Node::entries).unwrap_or_default();
            group.iter().map(move |needed| (&needed.key, *dev))
        });
        names.filter_map(|(name, dev)| Some(Need { package: self.find(&entry.key, name)?, dev: Some(dev) })).collect()
    }

    fn find(&self, folder: &str, name: &str) -> Option<u32> {
        let mut folder = folder;
        loop {
            let separator = if folder.is_empty() { "" } else { "/" };
            let path = [folder, separator, FOLDER, name].concat();
            if let Some(index) = self.folders.get(&*path) {
                return Some(*index);
            }
            if folder.is_empty() {
                return None;
            }
            folder = match folder.rfind(FOLDER) {
                Some(at) => folder[..at].trim_end_matches('/'),
                None => "",
            };
        }
    }
}

/// The name of the package in a folder of `node_modules`; none for the project's own folders.
fn folder_name(folder: &str) -> Option<&str> {
    folder.rfind(FOLDER).map(|at| &folder[at + FOLDER.len()..]).filter(|name| !name.is_empty())
}

/// One package of either layout.
fn package(folder_name: &str, value: &Node) -> Package {
    // An alias stands in the folder of its own name and names the package inside.
    let name = value.get("name").and_then(Written::of);
    let name = Written::new(name.map_or_else(|| folder_name.into(), |name| name.text), value.name_at);
    let mut package = Package::new(Ecosystem::Npm, FORMAT, name, value.at);
    package.dev = Some(value.get("dev").and_then(Node::as_bool) == Some(true));
    package.version = value.get("version").and_then(Written::of);
    package.integrity = value.get("integrity").and_then(Written::of).into_iter().collect();
    package.licence = value.get("license").and_then(Written::of);
    let resolved = value.get("resolved").and_then(Written::of).map(|url| source_of(&url));
    package.source = Some(resolved.unwrap_or_else(|| PackageSource::of_kind(SourceKind::Registry)));
    // Version 1 writes where a package comes from in the place of its version, and an alias too.
    if let Some(version) = package.version.clone() {
        if let Some((name, number)) = version.text.strip_prefix("npm:").and_then(|rest| rest.rsplit_once('@')) {
            package.name.text = name.into();
            package.version = Some(Written::new(number, version.at));
        } else if version.text.contains([':', '#']) {
            package.source = Some(source_of(&version));
            package.version = None;
        }
    }
    package
}

/// Where an address leads, by its form. The commit of a repository stands behind `#`.
pub(super) fn source_of(url: &Written) -> PackageSource {
    let text = &*url.text;
    let (address, fragment) =
        text.split_once('#').map_or((text, None), |(address, fragment)| (address, Some(fragment)));
    let is_git = text.starts_with("git")
        || ["bitbucket:", "gist:"].iter().any(|host| text.starts_with(host))
        || address.ends_with(".git")
        || is_shorthand(address);
    if is_git {
        let fragment = fragment.map(|fragment| Written::new(fragment, url.at));
        let is_commit = fragment.as_ref().is_some_and(|fragment| is_commit(&fragment.text));
        let (revision, branch) = if is_commit { (fragment, None) } else { (None, fragment) };
        return PackageSource { revision, branch, ..PackageSource::at_url(SourceKind::Git, url.clone()) };
    }
    let is_path = ["file:", "link:", "portal:", "./", "../", "/", "~/"].iter().any(|start| text.starts_with(start));
    let kind = match () {
        () if is_path => SourceKind::Path,
        // A tarball of a registry stands in a folder `-` below the package.
        () if address.contains("/-/") => SourceKind::Registry,
        () => SourceKind::Url,
    };
    PackageSource::at_url(kind, url.clone())
}

/// `OWNER/REPOSITORY`, which npm takes for a repository of GitHub.
fn is_shorthand(text: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '@', '~'])
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    text.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

/// Whether text is the full hash of a commit.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Version 1: a tree of folders.
struct Nested<'a> {
    /// The packages of each folder by name, and the folder above.
    folders: Vec<(HashMap<&'a str, u32>, Option<usize>)>,
    /// The entry of each package and the folder that it opens, in the order of the packages.
    entries: Vec<(&'a Node, usize)>,
}

impl<'a> Nested<'a> {
    fn read(root: &'a Node, dependencies: &'a Node, lockfile: &mut Lockfile) {
        let mut nested = Self { folders: vec![(HashMap::new(), None)], entries: Vec::new() };
        // The parser limits how deep folders nest; the list saves the recursion all the same.
        let mut open = vec![(dependencies, 0)];
        while let Some((folder, number)) = open.pop() {
            for entry in folder.entries() {
                nested.folders[number].0.insert(&entry.key, lockfile.packages.len() as u32);
                lockfile.packages.push(package(&entry.key, &entry.value));
                nested.folders.push((HashMap::new(), Some(number)));
                nested.entries.push((&entry.value, nested.folders.len() - 1));
                open.extend(entry.value.get("dependencies").map(|inner| (inner, nested.folders.len() - 1)));
            }
        }
        for (entry, folder) in &nested.entries {
            let names = entry.get("requires").map(Node::entries).unwrap_or_default();
            lockfile.needs.push(names.iter().filter_map(|name| nested.find(*folder, &name.key)).collect());
        }
        // Which of them the project asks for stands in its manifest only; the name helps to find it.
        if let Some(name) = root.get("name").and_then(Written::of) {
            lockfile.more.push(("name", name.node()));
        }
    }

    fn find(&self, folder: usize, name: &str) -> Option<u32> {
        let mut folder = Some(folder);
        while let Some((packages, above)) = folder.and_then(|number| self.folders.get(number)) {
            if let Some(index) = packages.get(name) {
                return Some(*index);
            }
            folder = *above;
        }
        None
    }
}

/// Reads a `package.json`.
pub(super) fn read_manifest(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::json::parse(source)) else { return };
    let field = |name: &str| root.get(name).and_then(Written::of);
    let mut manifest =
        Manifest { name: field("name"), version: field("version"), licence: field("license"), ..Manifest::default() };
    for (group, dev) in GROUPS {
        for entry in root.get(group).map(Node::entries).unwrap_or_default() {
            let name = Written::new(entry.key.clone(), entry.value.name_at);
            manifest.requirements.push(requirement(name, &entry.value, group, *dev));
        }
    }
    for key in ["scripts", "private", "engines", "workspaces", "packageManager"] {
        if let Some(value) = root.get(key) {
            manifest.more.push((key, value.clone()));
        }
    }
    contents.manifest = Some(manifest);
}

fn requirement(name: Written, value: &Node, group: &str, dev: bool) -> Requirement {
    // The empty text is a requirement: anything will do.
    let versions = value.as_str().map(|text| Written::new(text, value.at));
    let is_elsewhere = |text: &str| {
        let is_address = text.contains(':')
            && !text.starts_with("npm:")
            && !text.starts_with("workspace:")
            && !text.starts_with("catalog:");
        is_address || text.starts_with(['.', '/']) || is_shorthand(text.split('#').next().unwrap_or_default())
    };
    let source = versions.as_ref().filter(|versions| is_elsewhere(&versions.text)).map(source_of);
    let source = source.or_else(|| {
        let workspace = versions.as_ref().filter(|versions| versions.text.starts_with("workspace:"))?;
        Some(PackageSource::at_url(SourceKind::Path, workspace.clone()))
    });
    // An alias asks for another package than the one whose name it has.
    let alias = versions.as_ref().and_then(|versions| versions.text.strip_prefix("npm:")?.rsplit_once('@'));
    let name = alias.filter(|(real, _)| !real.is_empty()).map_or(name.clone(), |(real, _)| Written::new(real, name.at));
    let mut requirement = Requirement::new(name, versions.filter(|_| source.is_none()), group);
    requirement.dev = dev;
    requirement.source = source;
    requirement.is_inherited = value.as_str().is_some_and(|text| text.starts_with("catalog:"));
    requirement
}
