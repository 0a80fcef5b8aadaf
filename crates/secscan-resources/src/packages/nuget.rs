//! The files of NuGet: `packages.lock.json`, project files with `PackageReference`, `Directory.Packages.props`,
//! `packages.config` and `NuGet.config`.

use std::collections::BTreeMap;

use secscan_model::{Map, Node, Source, Span};

use super::lockfile::Lockfile;
use super::manifest::{Manifest, Requirement};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written, xml};

/// Reads a `packages.lock.json`: one list a target framework; a version that several have is one package.
pub(super) fn read_lockfile(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::json::parse(source)) else { return };
    let mut lockfile = Lockfile::default();
    lockfile.more.extend(root.get("version").map(|version| ("format-version", version.clone())));
    let mut known: BTreeMap<(String, String), u32> = BTreeMap::new();
    let frameworks = root.get("dependencies").map(Node::entries).unwrap_or_default();
    let mut asked = Vec::new();
    for framework in frameworks {
        for entry in framework.value.entries() {
            let value = &entry.value;
            let kind = value.get("type").and_then(Node::as_str).unwrap_or_default();
            let Some(version) = value.get("resolved").and_then(Written::of).filter(|_| kind != "Project") else {
                continue;
            };
            let key = (entry.key.to_ascii_lowercase(), version.text.to_string());
            let index = *known.entry(key).or_insert_with(|| {
                let name = Written::new(entry.key.clone(), value.name_at);
                let mut package = Package::new(Ecosystem::Nuget, "packages.lock.json", name, value.at);
                package.at.span = Span::cover(value.name_at.span, value.at.span);
                package.version = Some(version);
                package.integrity = value.get("contentHash").and_then(Written::of).into_iter().collect();
                package.source = Some(PackageSource::of_kind(SourceKind::Registry));
                lockfile.packages.push(package);
                lockfile.packages.len() as u32 - 1
            });
            if let Some(package) = lockfile.packages.get_mut(index as usize) {
                package.direct = Some(package.direct == Some(true) || kind == "Direct");
            }
            asked.push((index, &framework.value, value.get("dependencies").map(Node::entries).unwrap_or_default()));
        }
    }
    lockfile.needs = vec![Vec::new(); lockfile.packages.len()];
    for (index, framework, names) in asked {
        // The version that is used is the one that the framework resolved, not the one that is asked for.
        let resolved: BTreeMap<String, &str> = match names {
            [] => continue,
            _ => framework
                .entries()
                .iter()
                .filter_map(|e| Some((e.key.to_ascii_lowercase(), e.value.get("resolved")?.as_str()?)))
                .collect(),
        };
        let needs = names.iter().filter_map(|name| {
            let name = name.key.to_ascii_lowercase();
            let version = (*resolved.get(&name)?).to_owned();
            known.get(&(name, version)).copied()
        });
        if let Some(slot) = lockfile.needs.get_mut(index as usize) {
            slot.extend(needs);
            slot.sort_unstable();
            slot.dedup();
        }
    }
    contents.lockfile = Some(lockfile);
}

/// Reads a project file or `Directory.Packages.props`. Versions with properties of MSBuild are not known.
pub(super) fn read_project(source: &Source, contents: &mut Contents) {
    let Some(file) = xml::parse(source, contents) else { return };
    let mut manifest = Manifest::default();
    for tag in ["PackageReference", "PackageVersion", "GlobalPackageReference"] {
        for element in file.all(tag) {
            let name = ["Include", "Update"].iter().find_map(|key| file.attribute(element, key));
            let Some(name) = name else { continue };
            let version = ["Version", "VersionOverride"]
                .iter()
                .find_map(|key| file.attribute(element, key).or_else(|| file.child(element, key)));
            let version = version.filter(|version| !version.text.contains("$("));
            let is_inherited = version.is_none();
            let requirement = Requirement::new(name, version, tag);
            manifest.requirements.push(Requirement { is_inherited, ..requirement });
        }
    }
    contents.manifest = Some(manifest);
}

/// Reads a `packages.config`: every package of the project with its exact version.
pub(super) fn read_config(source: &Source, contents: &mut Contents) {
    let Some(file) = xml::parse(source, contents) else { return };
    let mut lockfile = Lockfile::default();
    for element in file.all("package") {
        let (Some(name), version) = (file.attribute(element, "id"), file.attribute(element, "version")) else {
            continue;
        };
        let mut package = Package::new(Ecosystem::Nuget, "packages.config", name, file.at(element));
        package.version = version;
        package.dev = Some(file.attribute(element, "developmentDependency").is_some_and(|dev| &*dev.text == "true"));
        package.source = Some(PackageSource::of_kind(SourceKind::Registry));
        lockfile.packages.push(package);
    }
    contents.lockfile = Some(lockfile);
}

/// Reads a `NuGet.config`: `sources` as `{kind, url, name, allow-insecure}`, and whether packages are bound to sources.
pub(super) fn read_settings(source: &Source, contents: &mut Contents) {
    let Some(file) = xml::parse(source, contents) else { return };
    let mut manifest = Manifest::default();
    let mut sources = Vec::new();
    for element in file.all("packageSources").flat_map(|list| xml::children(list, "add")) {
        let Some(url) = file.attribute(element, "value") else { continue };
        let mut map = Map::with_capacity(4);
        map.push_new("kind", Node::text("index", url.at));
        map.push_new("url", url.node());
        file.attribute(element, "key").into_iter().for_each(|name| map.push_new("name", name.node()));
        let insecure = file.attribute(element, "allowInsecureConnections");
        insecure.into_iter().for_each(|insecure| map.push_new("allow-insecure", insecure.node()));
        sources.push(Node::map(map, file.at(element)));
    }
    if let Some(first) = sources.first() {
        let at = first.at;
        manifest.more.push(("sources", Node::list(sources, at)));
    }
    let mapping = file.all("packageSourceMapping").next();
    manifest.more.extend(mapping.map(|mapping| ("source-mapping", Node::bool(true, file.at(mapping)))));
    contents.manifest = Some(manifest);
}
