//! The lockfiles of Python's project managers: `poetry.lock`, `uv.lock`, `pdm.lock`, `pylock.toml` (PEP 751) and
//! `Pipfile.lock`.
//!
//! All but the last are TOML with a list of packages; they differ in how they write sources, needs and checksums.

use std::collections::{BTreeMap, HashMap};

use secscan_model::{Node, Source, Span};

use super::lockfile::{Lockfile, Need, Project};
use super::python::{requirement, source_of};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

/// A package of a list with its names in normal form.
fn package(entry: &Node, format: &'static str) -> Option<Package> {
    let name = entry.get("name").and_then(Written::of)?;
    let name = Written::new(Ecosystem::Pypi.normal(&name.text), name.at);
    let mut package = Package::new(Ecosystem::Pypi, format, name, entry.at);
    package.version = entry.get("version").and_then(Written::of);
    package.source = Some(PackageSource::of_kind(SourceKind::Registry));
    Some(package)
}

/// Reads the packages of a list; `fill` completes each and returns the names that it needs, or what the project asks
/// for when the entry is the project itself.
fn read_list(
    source: &Source,
    contents: &mut Contents,
    list: &str,
    format: &'static str,
    mut fill: impl FnMut(&Node, &Node, &mut Package) -> Asks,
) {
    let Some(root) = contents.document(source, secscan_parse::toml::parse(source)) else { return };
    let mut lockfile = Lockfile::default();
    lockfile
        .more
        .extend(["version", "lock-version"].iter().find_map(|key| Some(("format-version", root.get(key)?.clone()))));
    let (mut asked, mut projects) = (Vec::new(), Vec::new());
    for entry in root.get(list).map(Node::items).unwrap_or_default() {
        let Some(mut package) = package(entry, format) else {
            contents.complain(source, entry.at.span, "a package without a name was left out");
            continue;
        };
        match fill(&root, entry, &mut package) {
            Asks::Needs(names) => {
                asked.push(names);
                lockfile.packages.push(package);
            }
            Asks::Project(names) => projects.push((package.name, names)),
        }
    }
    let by_name = lockfile.by_name();
    let find = |asked: &str| -> Vec<u32> {
        let (name, version) = asked.split_once("==").unwrap_or((asked, ""));
        let all = by_name.get(&*Ecosystem::Pypi.normal(name)).map(Vec::as_slice).unwrap_or_default();
        let is_meant = |index: &&u32| {
            let package = lockfile.packages.get(**index as usize);
            package.and_then(|package| package.version.as_ref()).is_some_and(|known| *known.text == *version)
        };
        match all.iter().find(is_meant) {
            Some(index) if !version.is_empty() => vec![*index],
            _ => all.to_vec(),
        }
    };
    let needs: Vec<Vec<u32>> = asked.iter().map(|names| names.iter().flat_map(|name| find(name)).collect()).collect();
    let project = |(name, asked): (Written, Vec<(String, bool)>)| {
        let need = |(name, dev): &(String, bool)| {
            let dev = Some(*dev);
            find(name).into_iter().map(move |package| Need { package, dev })
        };
        Project { name, needs: asked.iter().flat_map(need).collect() }
    };
    lockfile.projects = projects.into_iter().map(project).collect();
    lockfile.needs = needs;
    contents.lockfile = Some(lockfile);
}

/// What an entry asks for: `NAME` or `NAME==VERSION`.
enum Asks {
    /// A package.
    Needs(Vec<String>),
    /// The project itself, and whether each is for development only.
    Project(Vec<(String, bool)>),
}

/// `NAME==VERSION` of a need that says which of several versions it means, else `NAME`.
fn name_and_version(need: &Node) -> Option<String> {
    let name = need.get("name")?.as_str()?;
    let version = need.get("version").and_then(Node::as_str);
    Some(version.map_or_else(|| name.to_owned(), |version| format!("{name}=={version}")))
}

/// The checksums of a list of files.
fn hashes<'n>(files: impl IntoIterator<Item = &'n Node>) -> Vec<Written> {
    files.into_iter().filter_map(|file| Written::of(file.get("hash")?)).collect()
}

/// Reads a `poetry.lock`.
pub(super) fn read_poetry(source: &Source, contents: &mut Contents) {
    read_list(source, contents, "package", "poetry.lock", |root, entry, package| {
        let files = entry.get("files").or_else(|| {
            // Before Poetry 1.3 the files of all packages stood together.
            root.get("metadata")?.get("files")?.get(entry.get("name")?.as_str()?)
        });
        package.integrity = hashes(files.map(Node::items).unwrap_or_default());
        let groups = entry.get("groups").map(Node::items);
        let in_groups = groups.map(|groups| !groups.iter().any(|group| group.as_str() == Some("main")));
        package.dev = in_groups.or_else(|| Some(entry.get("category")?.as_str()? == "dev"));
        if let Some(origin) = entry.get("source") {
            let field = |name: &str| origin.get(name).and_then(Written::of);
            let kind = match origin.get("type").and_then(Node::as_str) {
                Some("git") => SourceKind::Git,
                Some("url") => SourceKind::Url,
                Some("file" | "directory") => SourceKind::Path,
                _ => SourceKind::Registry,
            };
            let revision = field("resolved_reference").filter(|_| kind == SourceKind::Git);
            let branch = field("reference").filter(|_| kind == SourceKind::Git && revision.is_none());
            package.source = Some(PackageSource { kind, url: field("url"), revision, branch });
        }
        let needs = entry.get("dependencies").map(Node::entries).unwrap_or_default();
        Asks::Needs(needs.iter().map(|need| need.key.to_string()).collect())
    });
}

/// Reads a `pdm.lock`.
pub(super) fn read_pdm(source: &Source, contents: &mut Contents) {
    read_list(source, contents, "package", "pdm.lock", |_, entry, package| {
        package.integrity = hashes(entry.get("files").map(Node::items).unwrap_or_default());
        let groups = entry.get("groups").map(Node::items);
        package.dev = groups.map(|groups| !groups.iter().any(|group| group.as_str() == Some("default")));
        let field = |name: &str| entry.get(name).and_then(Written::of);
        if let Some(repository) = field("git") {
            package.source = Some(PackageSource {
                revision: field("revision"),
                ..PackageSource::at_url(SourceKind::Git, repository)
            });
        } else if let Some(path) = field("path") {
            package.source = Some(PackageSource::at_url(SourceKind::Path, path));
        } else if let Some(url) = field("url") {
            package.source = Some(PackageSource::at_url(SourceKind::Url, url));
        }
        let needs = entry.get("dependencies").map(Node::items).unwrap_or_default();
        let name = |need: &Node| Some(requirement(&Written::of(need)?, "")?.name.text.to_string());
        Asks::Needs(needs.iter().filter_map(name).collect())
    });
}

/// Reads a `uv.lock`.
pub(super) fn read_uv(source: &Source, contents: &mut Contents) {
    read_list(source, contents, "package", "uv.lock", |_, entry, package| {
        let files = entry.get("sdist").into_iter().chain(entry.get("wheels").map(Node::items).unwrap_or_default());
        package.integrity = hashes(files);
        let names = |list: Option<&Node>| -> Vec<String> {
            let list = list.map(Node::items).unwrap_or_default();
            list.iter().filter_map(name_and_version).collect()
        };
        let groups = |key: &str| entry.get(key).map(Node::entries).unwrap_or_default().iter();
        let mut needs = names(entry.get("dependencies"));
        needs.extend(groups("optional-dependencies").flat_map(|group| names(Some(&group.value))));
        let origin = entry.get("source");
        let field = |name: &str| origin.and_then(|origin| origin.get(name)).and_then(Written::of);
        if ["editable", "virtual"].iter().any(|kind| field(kind).is_some()) {
            let dev = groups("dev-dependencies").flat_map(|group| names(Some(&group.value))).map(|name| (name, true));
            return Asks::Project(needs.into_iter().map(|name| (name, false)).chain(dev).collect());
        }
        package.source = Some(if let Some(git) = field("git") {
            uv_git(&git)
        } else if let Some(url) = field("url") {
            PackageSource::at_url(SourceKind::Url, url)
        } else if let Some(path) = field("path").or_else(|| field("directory")) {
            PackageSource::at_url(SourceKind::Path, path)
        } else {
            PackageSource { url: field("registry"), ..PackageSource::of_kind(SourceKind::Registry) }
        });
        Asks::Needs(needs)
    });
}

/// `https://host/a?rev=main#COMMIT`.
fn uv_git(written: &Written) -> PackageSource {
    let (url, commit) = written.text.split_once('#').unwrap_or((&written.text, ""));
    let revision = (!commit.is_empty()).then(|| written.part(url.len() + 1..written.text.len()));
    PackageSource { revision, ..PackageSource::at_url(SourceKind::Git, written.part(0..url.len())) }
}

/// Reads a `pylock.toml` or `pylock.NAME.toml`.
pub(super) fn read_pylock(source: &Source, contents: &mut Contents) {
    read_list(source, contents, "packages", "pylock.toml", |_, entry, package| {
        let wheels = entry.get("wheels").map(Node::items).unwrap_or_default();
        let files = entry.get("sdist").into_iter().chain(entry.get("archive")).chain(wheels);
        let sums = files.flat_map(|file| file.get("hashes").map(Node::entries).unwrap_or_default());
        package.integrity = sums.filter_map(|sum| Written::of(&sum.value)).collect();
        let field = |table: &str, name: &str| entry.get(table)?.get(name).and_then(Written::of);
        if let Some(url) = field("vcs", "url").or_else(|| field("vcs", "path")) {
            let revision = field("vcs", "commit-id");
            package.source = Some(PackageSource { revision, ..PackageSource::at_url(SourceKind::Git, url) });
        } else if let Some(path) = field("directory", "path") {
            package.source = Some(PackageSource::at_url(SourceKind::Path, path));
        } else if let Some(url) = field("archive", "url") {
            package.source = Some(PackageSource::at_url(SourceKind::Url, url));
        } else {
            let index = entry.get("index").and_then(Written::of);
            package.source = Some(PackageSource { url: index, ..PackageSource::of_kind(SourceKind::Registry) });
        }
        let needs = entry.get("dependencies").map(Node::items).unwrap_or_default();
        Asks::Needs(needs.iter().filter_map(name_and_version).collect())
    });
}

/// Reads a `Pipfile.lock`. What needs what does not stand in it.
pub(super) fn read_pipenv(source: &Source, contents: &mut Contents) {
    let Some(root) = contents.document(source, secscan_parse::json::parse(source)) else { return };
    let mut lockfile = Lockfile::default();
    let indexes = root.at_path(&["_meta", "sources"]).map(Node::items).unwrap_or_default();
    let indexes: HashMap<&str, &Node> =
        indexes.iter().filter_map(|index| Some((index.get("name")?.as_str()?, index.get("url")?))).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (section, dev) in [("default", false), ("develop", true)] {
        for entry in root.get(section).map(Node::entries).unwrap_or_default() {
            let value = &entry.value;
            let name = Written::new(Ecosystem::Pypi.normal(&entry.key), value.name_at);
            let field = |key: &str| value.get(key).and_then(Written::of);
            let version = field("version").map(|version| {
                version.part(version.text.len() - version.text.trim_start_matches('=').len()..version.text.len())
            });
            // What both sections fix is needed at run time.
            let key = format!("{} {}", name.text, version.as_ref().map_or("", |version| &version.text));
            if seen.insert(key, lockfile.packages.len()).is_some() {
                continue;
            }
            let mut package = Package::new(Ecosystem::Pypi, "Pipfile.lock", name, value.at);
            package.at.span = Span::cover(value.name_at.span, value.at.span);
            package.version = version;
            package.dev = Some(dev);
            package.integrity =
                value.get("hashes").map(Node::items).unwrap_or_default().iter().filter_map(Written::of).collect();
            package.source = Some(match (field("git"), field("file").or_else(|| field("path"))) {
                (Some(git), _) => {
                    PackageSource { revision: field("ref"), ..PackageSource::at_url(SourceKind::Git, git) }
                }
                (None, Some(file)) => source_of(&file),
                (None, None) => {
                    let url = field("index").and_then(|index| Written::of(indexes.get(&*index.text)?));
                    PackageSource { url, ..PackageSource::of_kind(SourceKind::Registry) }
                }
            });
            lockfile.packages.push(package);
        }
    }
    contents.lockfile = Some(lockfile);
}
