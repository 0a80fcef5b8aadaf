//! `pyproject.toml` (PEP 621, PEP 735, and the tables of Poetry, PDM and uv) and `Pipfile`.

use secscan_model::{Map, Node, Source};

use super::manifest::{Manifest, Requirement};
use super::python::requirement;
use super::{Contents, PackageSource, SourceKind, Written};

/// Reads a `pyproject.toml`.
pub(super) fn read(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::toml::parse(source)) else { return };
    let project = root.get("project");
    let poetry = root.at_path(&["tool", "poetry"]);
    let field = |name: &str| [project, poetry].into_iter().flatten().find_map(|table| Written::of(table.get(name)?));
    let licence = field("license").or_else(|| project?.at_path(&["license", "text"]).and_then(Written::of));
    let mut manifest = Manifest { name: field("name"), version: field("version"), licence, ..Manifest::default() };
    list(project.and_then(|project| project.get("dependencies")), "dependencies", false, &mut manifest);
    for group in project.and_then(|project| project.get("optional-dependencies")).map(Node::entries).unwrap_or_default()
    {
        list(Some(&group.value), &group.key, false, &mut manifest);
    }
    for group in root.get("dependency-groups").map(Node::entries).unwrap_or_default() {
        list(Some(&group.value), &group.key, true, &mut manifest);
    }
    for group in root.at_path(&["tool", "pdm", "dev-dependencies"]).map(Node::entries).unwrap_or_default() {
        list(Some(&group.value), &group.key, true, &mut manifest);
    }
    list(root.at_path(&["tool", "uv", "dev-dependencies"]), "dev", true, &mut manifest);
    list(root.at_path(&["build-system", "requires"]), "build-system", true, &mut manifest);
    if let Some(poetry) = poetry {
        read_poetry(poetry, &mut manifest);
    }
    let uv = root.at_path(&["tool", "uv"]);
    overrides(uv.and_then(|uv| uv.get("sources")), &mut manifest);
    let indexes = [
        poetry.and_then(|poetry| poetry.get("source")),
        uv.and_then(|uv| uv.get("index")),
        root.at_path(&["tool", "pdm", "source"]),
    ];
    sources(indexes.into_iter().flatten().flat_map(Node::items), &mut manifest);
    contents.manifest = Some(manifest);
}

/// A list of requirements as PEP 508 writes them; groups may include others as tables, which are not repeated.
fn list(list: Option<&Node>, group: &str, dev: bool, manifest: &mut Manifest) {
    for item in list.map(Node::items).unwrap_or_default() {
        let read = Written::of(item).and_then(|written| requirement(&written, group));
        manifest.requirements.extend(read.map(|read| Requirement { dev, ..read }));
    }
}

fn read_poetry(poetry: &Node, manifest: &mut Manifest) {
    table(poetry.get("dependencies"), "dependencies", false, manifest);
    table(poetry.get("dev-dependencies"), "dev", true, manifest);
    for group in poetry.get("group").map(Node::entries).unwrap_or_default() {
        table(group.value.get("dependencies"), &group.key, &*group.key != "main", manifest);
    }
}

/// A table of names and versions, as Poetry and Pipenv have it: text, a table, or a list of tables.
fn table(table: Option<&Node>, group: &str, dev: bool, manifest: &mut Manifest) {
    for entry in table.map(Node::entries).unwrap_or_default() {
        if &*entry.key == "python" {
            continue;
        }
        for value in entry.value.items() {
            let name = Written::new(entry.key.clone(), entry.value.name_at);
            let versions = value.get("version").or_else(|| value.as_str().map(|_| value)).and_then(Written::of);
            let mut read = Requirement::new(name, versions, group);
            read.dev = dev;
            read.source = table_source(value);
            manifest.requirements.push(read);
        }
    }
}

fn table_source(value: &Node) -> Option<PackageSource> {
    let field = |name: &str| value.get(name).and_then(Written::of);
    if let Some(git) = field("git") {
        let (revision, branch) = (field("rev").or_else(|| field("ref")), field("branch").or_else(|| field("tag")));
        return Some(PackageSource { revision, branch, ..PackageSource::at_url(SourceKind::Git, git) });
    }
    let path = field("path").map(|path| PackageSource::at_url(SourceKind::Path, path));
    path.or_else(|| Some(PackageSource::at_url(SourceKind::Url, field("url").or_else(|| field("file"))?)))
}

/// uv keeps where requirements come from in a table of its own.
fn overrides(table: Option<&Node>, manifest: &mut Manifest) {
    for entry in table.map(Node::entries).unwrap_or_default() {
        let is_workspace = entry.value.get("workspace").and_then(Node::as_bool) == Some(true);
        let source =
            if is_workspace { Some(PackageSource::of_kind(SourceKind::Path)) } else { table_source(&entry.value) };
        let normal = super::Ecosystem::Pypi.normal(&entry.key);
        for read in &mut manifest.requirements {
            if super::Ecosystem::Pypi.normal(&read.name.text) == normal && source.is_some() {
                read.source.clone_from(&source);
            }
        }
    }
}

/// The indexes that a file names: `{kind, url, name}`; an explicit one serves only those that name it.
fn sources<'n>(indexes: impl Iterator<Item = &'n Node>, manifest: &mut Manifest) {
    let nodes: Vec<Node> = indexes
        .filter_map(|index| {
            let url = index.get("url")?;
            let is_explicit = index.get("explicit").and_then(Node::as_bool) == Some(true)
                || index.get("priority").and_then(Node::as_str) == Some("explicit");
            let is_default = index.get("default").and_then(Node::as_bool) == Some(true)
                || matches!(index.get("priority").and_then(Node::as_str), Some("default" | "primary"));
            let kind = match () {
                () if is_explicit => "explicit-index",
                () if is_default => "index",
                () => "extra-index",
            };
            let mut map = Map::with_capacity(4);
            map.push_new("kind", Node::text(kind, url.at));
            map.push_new("url", url.clone());
            for key in ["name", "verify_ssl"] {
                index.get(key).into_iter().for_each(|value| map.push_new(key, value.clone()));
            }
            Some(Node::map(map, index.at))
        })
        .collect();
    if let Some(first) = nodes.first() {
        let at = first.at;
        manifest.more.push(("sources", Node::list(nodes, at)));
    }
}

/// Reads a `Pipfile`. Its sources are asked in their order: the first is the index.
pub(super) fn read_pipfile(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::toml::parse(source)) else { return };
    let mut manifest = Manifest::default();
    table(root.get("packages"), "packages", false, &mut manifest);
    table(root.get("dev-packages"), "dev-packages", true, &mut manifest);
    sources(root.get("source").map(Node::items).unwrap_or_default().iter(), &mut manifest);
    contents.manifest = Some(manifest);
}
