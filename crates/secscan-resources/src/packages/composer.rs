//! `composer.json` and `composer.lock` (<https://getcomposer.org/doc/04-schema.md>).

use secscan_model::{Map, Node, Source};

use super::lockfile::Lockfile;
use super::manifest::{Manifest, Requirement};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

/// Reads a `composer.lock`.
pub(super) fn read_lockfile(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::json::parse(source)) else { return };
    let mut lockfile = Lockfile::default();
    let mut asked = Vec::new();
    for (list, dev) in [("packages", false), ("packages-dev", true)] {
        for entry in root.get(list).map(Node::items).unwrap_or_default() {
            let Some(name) = entry.get("name").and_then(Written::of) else {
                contents.complain(source, entry.at.span, "a package without a name was left out");
                continue;
            };
            let name = Written::new(Ecosystem::Composer.normal(&name.text), name.at);
            let mut package = Package::new(Ecosystem::Composer, "composer.lock", name, entry.at);
            package.version = entry.get("version").and_then(Written::of);
            package.dev = Some(dev);
            package.licence = entry.get("license").and_then(licence);
            let field = |table: &str, name: &str| entry.get(table)?.get(name).and_then(Written::of);
            package.integrity = field("dist", "shasum").into_iter().collect();
            package.source = Some(source_of(entry));
            lockfile.packages.push(package);
            asked.push(entry.get("require").map(Node::entries).unwrap_or_default());
        }
    }
    let by_name = lockfile.by_name();
    let find = |name: &str| by_name.get(&Ecosystem::Composer.normal(name)).into_iter().flatten().copied();
    lockfile.needs = asked.iter().map(|asked| asked.iter().flat_map(|needed| find(&needed.key)).collect()).collect();
    contents.lockfile = Some(lockfile);
}

/// Archives of commits are how Packagist delivers, so a repository counts as the source only without an archive.
fn source_of(entry: &Node) -> PackageSource {
    let field = |table: &str, name: &str| entry.get(table)?.get(name).and_then(Written::of);
    match (field("dist", "url"), field("source", "url")) {
        (Some(url), _) if entry.at_path(&["dist", "type"]).and_then(Node::as_str) == Some("path") => {
            PackageSource::at_url(SourceKind::Path, url)
        }
        (Some(url), _) => PackageSource::at_url(SourceKind::Registry, url),
        (None, Some(url)) => {
            PackageSource { revision: field("source", "reference"), ..PackageSource::at_url(SourceKind::Git, url) }
        }
        (None, None) => PackageSource::of_kind(SourceKind::Registry),
    }
}

/// A licence, or a list of those that one may choose from.
fn licence(node: &Node) -> Option<Written> {
    let texts: Vec<&str> = node.items().iter().filter_map(Node::as_str).collect();
    match texts.as_slice() {
        [] => None,
        [_] => node.items().first().and_then(Written::of),
        several => Some(Written::new(several.join(" OR "), node.at)),
    }
}

/// Reads a `composer.json`.
pub(super) fn read_manifest(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::json::parse(source)) else { return };
    let field = |name: &str| root.get(name).and_then(Written::of);
    let mut manifest = Manifest { name: field("name"), version: field("version"), ..Manifest::default() };
    manifest.licence = root.get("license").and_then(licence);
    for (group, dev) in [("require", false), ("require-dev", true)] {
        for entry in root.get(group).map(Node::entries).unwrap_or_default() {
            // What has no vendor is the platform: PHP itself and its extensions.
            if !entry.key.contains('/') {
                continue;
            }
            let name = Written::new(entry.key.clone(), entry.value.name_at);
            let mut requirement = Requirement::new(name, Written::of(&entry.value), group);
            requirement.dev = dev;
            manifest.requirements.push(requirement);
        }
    }
    let repositories: Vec<Node> = root
        .get("repositories")
        .map(|list| {
            list.entries()
                .iter()
                .map(|entry| &entry.value)
                .chain(list.items().iter().filter(|_| list.as_list().is_some()))
        })
        .into_iter()
        .flatten()
        .filter_map(|repository| {
            let url = repository.get("url")?;
            let mut map = Map::with_capacity(2);
            map.push_new("kind", repository.get("type").cloned().unwrap_or_else(|| Node::text("composer", url.at)));
            map.push_new("url", url.clone());
            Some(Node::map(map, repository.at))
        })
        .collect();
    if let Some(first) = repositories.first() {
        let at = first.at;
        manifest.more.push(("sources", Node::list(repositories, at)));
    }
    for key in ["config", "minimum-stability", "prefer-stable"] {
        manifest.more.extend(root.get(key).map(|value| (key, value.clone())));
    }
    contents.manifest = Some(manifest);
}
