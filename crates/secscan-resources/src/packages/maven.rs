//! `pom.xml` (<https://maven.apache.org/pom.html>) with its parents as far as they are in the tree, and `settings.xml`.
//!
//! Versions come from the dependency, else from `dependencyManagement`, the file's own before its parents'; properties are
//! filled in, the child's before the parent's. What stands in parents and bills of materials elsewhere is not known, and
//! such a dependency has no version.

use std::collections::BTreeMap;

use roxmltree::Node as Element;
use secscan_model::{Map, Node, Source, Span};

use super::lockfile::Lockfile;
use super::manifest::{Manifest, Requirement};
use super::xml::{self, Xml, child, children};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

/// How many parents are followed, and how many properties through each other.
const PARENTS: usize = 16;

/// What a `pom.xml` says that others may take over.
#[derive(Debug, Default)]
pub(crate) struct Pom {
    group: Option<Written>,
    artifact: Option<Written>,
    version: Option<Written>,
    parent: Option<Parent>,
    properties: BTreeMap<String, Written>,
    managed: Vec<Dependency>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Parent {
    group: Option<Written>,
    artifact: Option<Written>,
    version: Option<Written>,
    /// The path of its file; empty when it is to be loaded.
    path: String,
}

#[derive(Clone, Debug)]
struct Dependency {
    group: Written,
    artifact: Written,
    version: Option<Written>,
    scope: Option<Written>,
    at: secscan_model::Location,
}

/// Reads a `pom.xml`.
pub(super) fn read(source: &Source, contents: &mut Contents) {
    let Some(file) = xml::parse(source, contents) else { return };
    let project = file.document.root_element();
    if project.tag_name().name() != "project" {
        return contents.complain(source, Span::default(), "the root of this file is no `project`");
    }
    let field = |name: &str| file.child(project, name);
    let mut pom =
        Pom { group: field("groupId"), artifact: field("artifactId"), version: field("version"), ..Pom::default() };
    pom.parent = child(project, "parent").map(|parent| Parent {
        group: file.child(parent, "groupId"),
        artifact: file.child(parent, "artifactId"),
        version: file.child(parent, "version"),
        path: match child(parent, "relativePath") {
            Some(path) => file.text(path).map_or_else(String::new, |path| path.text.to_string()),
            None => "../pom.xml".to_owned(),
        },
    });
    for property in child(project, "properties").into_iter().flat_map(|all| all.children()).filter(Element::is_element)
    {
        pom.properties.extend(file.text(property).map(|value| (property.tag_name().name().to_owned(), value)));
    }
    pom.dependencies = dependencies(&file, project);
    pom.managed =
        child(project, "dependencyManagement").map(|managed| dependencies(&file, managed)).unwrap_or_default();
    let mut manifest = Manifest { name: pom.artifact.clone(), version: pom.version.clone(), ..Manifest::default() };
    let licence = child(project, "licenses").and_then(|all| child(all, "license"));
    manifest.licence = licence.and_then(|licence| file.child(licence, "name"));
    manifest.requirements = pom.dependencies.iter().map(|of| of.requirement("dependencies")).collect();
    manifest.requirements.extend(pom.managed.iter().map(|of| of.requirement("dependencyManagement")));
    repositories(&file, &mut manifest);
    contents.manifest = Some(manifest);
    contents.lockfile = Some(Lockfile::default());
    contents.pom = Some(Box::new(pom));
}

fn dependencies(file: &Xml<'_>, within: Element<'_, '_>) -> Vec<Dependency> {
    let all = children(within, "dependencies").flat_map(|list| children(list, "dependency"));
    let read = |element| {
        Some(Dependency {
            group: file.child(element, "groupId")?,
            artifact: file.child(element, "artifactId")?,
            version: file.child(element, "version"),
            scope: file.child(element, "scope"),
            at: file.at(element),
        })
    };
    all.filter_map(read).collect()
}

/// The repositories that a file names, those of plugins and mirrors included: `{kind, url}`.
fn repositories(file: &Xml<'_>, manifest: &mut Manifest) {
    let mut sources = Vec::new();
    for kind in ["repository", "pluginRepository", "mirror", "snapshotRepository"] {
        for element in file.all(kind) {
            let Some(url) = file.child(element, "url") else { continue };
            let mut map = Map::with_capacity(2);
            map.push_new("kind", Node::text(kind, url.at));
            map.push_new("url", url.node());
            sources.push(Node::map(map, url.at));
        }
    }
    if let Some(first) = sources.first() {
        let at = first.at;
        manifest.more.push(("sources", Node::list(sources, at)));
    }
}

/// Reads a `settings.xml` of Maven; another program's file of that name has no such elements.
pub(super) fn read_settings(source: &Source, contents: &mut Contents) {
    let Some(file) = xml::parse(source, contents) else { return };
    let mut manifest = Manifest::default();
    repositories(&file, &mut manifest);
    contents.manifest = Some(manifest);
}

impl Dependency {
    fn name(&self) -> Written {
        Written::new(format!("{}:{}", self.group.text, self.artifact.text), self.artifact.at)
    }

    fn is_test(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| &*scope.text == "test")
    }

    fn requirement(&self, group: &str) -> Requirement {
        let version = self.version.clone().filter(|version| !version.text.contains("${"));
        let is_inherited = version.is_none();
        let requirement = Requirement::new(self.name(), version, group);
        Requirement { dev: self.is_test(), is_inherited, ..requirement }
    }
}

/// A file and its parents, nearest first.
pub(super) struct Family<'a>(Vec<&'a Pom>);

impl<'a> Family<'a> {
    /// Follows the parents; `find` gives the file of a path. A file of another artifact is not the parent.
    pub(super) fn new(pom: &'a Pom, folder: &str, find: impl Fn(&str) -> Option<&'a Pom>) -> Self {
        let mut family = vec![pom];
        let mut folder = folder.to_owned();
        let mut last = pom;
        while let Some(parent) = last.parent.as_ref().filter(|parent| !parent.path.is_empty() && family.len() < PARENTS)
        {
            let path =
                if parent.path.ends_with(".xml") { parent.path.clone() } else { format!("{}/pom.xml", parent.path) };
            let Some(path) = super::unit::resolved(&folder, &path) else { break };
            let text = |written: &Option<Written>| written.as_ref().map(|written| written.text.clone());
            let Some(found) = find(&path).filter(|found| text(&found.artifact) == text(&parent.artifact)) else {
                break;
            };
            family.push(found);
            folder = path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned());
            last = found;
        }
        Self(family)
    }

    /// The dependencies that come in, those of the parents included, with the versions that the files tell.
    pub(super) fn packages(&self) -> Vec<Package> {
        let own = self.0.first().map(|pom| pom.dependencies.as_slice()).unwrap_or_default();
        own.iter().filter_map(|dependency| self.package(dependency)).collect()
    }

    fn package(&self, dependency: &Dependency) -> Option<Package> {
        let group = self.filled(&dependency.group)?;
        let artifact = self.filled(&dependency.artifact)?;
        let same = |managed: &&Dependency| {
            let text = |written: &Written| self.filled(written).map(|written| written.text);
            text(&managed.group).as_ref() == Some(&group.text)
                && text(&managed.artifact).as_ref() == Some(&artifact.text)
        };
        let managed = self.0.iter().flat_map(|pom| &pom.managed).find(same);
        let version = dependency.version.as_ref().or_else(|| managed?.version.as_ref())?;
        let scope = dependency.scope.as_ref().or_else(|| managed?.scope.as_ref());
        let version = self.filled(version)?;
        let name = Written::new(format!("{}:{}", group.text, artifact.text), dependency.artifact.at);
        let mut package = Package::new(Ecosystem::Maven, "pom.xml", name, dependency.at);
        // A range, or whatever is newest, is no version.
        package.version =
            Some(version).filter(|version| super::requirement::bound(Ecosystem::Maven, &version.text).is_exact());
        package.version.as_ref()?;
        package.direct = Some(true);
        package.dev = Some(scope.is_some_and(|scope| &*scope.text == "test"));
        package.source = Some(PackageSource::of_kind(SourceKind::Registry));
        Some(package)
    }

    /// Text with its properties filled in. The place is that of the property when the text is nothing else.
    fn filled(&self, written: &Written) -> Option<Written> {
        let mut filled = written.clone();
        for _ in 0..PARENTS {
            let Some(start) = filled.text.find("${") else { break };
            let end = start + filled.text[start..].find('}')?;
            let value = self.property(&filled.text[start + 2..end])?;
            let is_whole = start == 0 && end + 1 == filled.text.len();
            let text = format!("{}{}{}", &filled.text[..start], value.text, &filled.text[end + 1..]);
            if text.len() > 1000 {
                return None;
            }
            filled = Written::new(text, if is_whole { value.at } else { filled.at });
        }
        let text = filled.text.trim().trim_start_matches('[').trim_end_matches(']');
        (!text.contains("${") && !text.is_empty()).then(|| Written::new(text, filled.at))
    }

    fn property(&self, name: &str) -> Option<&'a Written> {
        let defined = self.0.iter().find_map(|pom| pom.properties.get(name));
        let pom = self.0.first()?;
        let parent = pom.parent.as_ref();
        defined.or_else(|| match name.trim_start_matches("project.").trim_start_matches("pom.") {
            "version" => pom.version.as_ref().or_else(|| parent?.version.as_ref()),
            "groupId" => pom.group.as_ref().or_else(|| parent?.group.as_ref()),
            "artifactId" => pom.artifact.as_ref(),
            "parent.version" => parent?.version.as_ref(),
            "parent.groupId" => parent?.group.as_ref(),
            _ => None,
        })
    }
}
