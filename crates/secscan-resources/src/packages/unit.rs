//! The manifests and lockfiles of one folder, put together with those above and below that belong to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Edge, Map, Node, Platform, Resource, ResourceId, Source, Span};

use super::lockfile::{Lockfile, Need, Project, Root};
use super::manifest::{Requirement, Standing};
use super::maven::Family;
use super::{File, Format, Package, Role, Written, requirements};
use crate::{Batch, FileReading, Fragment};

/// A file of the tree with what was read from it.
pub(crate) type Read<'a> = (&'a Source, &'a File);

/// All files that were read, sorted by path.
pub(crate) struct Tree<'a>(pub(crate) &'a [FileReading]);

impl<'a> Tree<'a> {
    fn get(&self, path: &str) -> Option<Read<'a>> {
        let at = self.0.binary_search_by(|file| (*file.source.path).cmp(path)).ok()?;
        of_packages(self.0.get(at)?)
    }

    /// The package files of a folder and of all folders below.
    fn below(&self, folder: &str) -> impl Iterator<Item = Read<'a>> + use<'a> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let start = self.0.partition_point(|file| *file.source.path < *prefix);
        let rest = self.0.get(start..).unwrap_or_default();
        rest.iter().take_while(move |file| file.source.path.starts_with(&prefix)).filter_map(of_packages)
    }

    /// The lockfile that belongs to a manifest: the nearest, in its folder or above.
    fn lockfile_of(&self, source: &Source, format: &Format) -> Option<Read<'a>> {
        let mut folder = Some(source.folder());
        while let Some(here) = folder {
            let locks = super::FORMATS.iter().filter(|lock| lock.locks.contains(&format.name));
            let names = locks.flat_map(|lock| lock.files).filter(|name| !name.contains('*'));
            let mut found = names.filter_map(|name| self.get(&joined(here, name)));
            if let Some(found) = found.next() {
                return Some(found);
            }
            folder = here.rsplit_once('/').map(|(above, _)| above).or((!here.is_empty()).then_some(""));
        }
        None
    }
}

fn of_packages(file: &FileReading) -> Option<Read<'_>> {
    match &file.fragment {
        Some(Fragment::Packages(fragment)) => Some((&file.source, fragment)),
        _ => None,
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Evaluates the package files of one folder.
pub(crate) fn evaluate(
    folder: &str,
    files: &[Read<'_>],
    tree: &Tree<'_>,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let unit: Arc<str> = format!("packages:{}", if folder.is_empty() { "." } else { folder }).into();
    for (source, file) in files {
        let mut lock = None;
        if let Some(manifest) = &file.contents.manifest {
            let lockfile = tree.lockfile_of(source, file.format);
            let names = lockfile.and_then(|(_, lock)| lock.contents.lockfile.as_ref()).map(names_of);
            let standing = Standing { lockfile: lockfile.map(|(source, _)| &*source.path), locked: names.as_ref() };
            batch.push(manifest.resource(source, file.format, standing, unit.clone()));
        }
        if file.format.role == Role::Lockfile {
            lock = Some(batch.push(lockfile_resource(source, file, &unit)));
        }
        if let Some(lockfile) = &file.contents.lockfile {
            packages((source, file), lockfile, tree, &unit, lock, batch);
        }
        includes(source, file, tree, diagnostics);
    }
}

/// The normal names of the packages of a lockfile, the project's own included.
fn names_of(lockfile: &Lockfile) -> BTreeSet<String> {
    let own = lockfile.projects.iter().map(|project| project.name.text.to_string());
    let summed = lockfile.sums.keys().filter_map(|key| Some(key.rsplit_once('@')?.0.to_owned()));
    lockfile.by_name().into_keys().chain(own).chain(summed).collect()
}

/// Adds the packages of a lockfile and what they need.
fn packages(
    (source, file): Read<'_>,
    lockfile: &Lockfile,
    tree: &Tree<'_>,
    unit: &Arc<str>,
    owner: Option<ResourceId>,
    batch: &mut Batch,
) {
    let manifests: Vec<Read<'_>> = tree
        .below(source.folder())
        .filter(|(_, manifest)| file.format.locks.contains(&manifest.format.name))
        .filter(|(manifest, file)| {
            tree.lockfile_of(manifest, file.format).is_some_and(|(lock, _)| lock.id == source.id)
        })
        .collect();
    let mut settled = lockfile.packages.clone();
    settled.extend(constrained(source, file, tree));
    if let Some(pom) = &file.contents.pom {
        let find = |path: &str| tree.get(path).and_then(|(_, file)| file.contents.pom.as_deref());
        settled.extend(Family::new(pom, source.folder(), find).packages());
    }
    let sums = tree.lockfile_of(source, file.format).and_then(|(_, lock)| lock.contents.lockfile.as_ref());
    if let Some(sums) = sums.map(|lockfile| &lockfile.sums).filter(|sums| !sums.is_empty()) {
        for package in &mut settled {
            package.integrity = sums.get(&package.label()).cloned().into_iter().collect();
        }
    }
    Lockfile::settle(&mut settled, &lockfile.needs, &roots(lockfile, &manifests));
    emit(settled, &lockfile.needs, unit, owner, batch);
}

/// Adds packages, and as references what they need.
pub(super) fn emit(
    packages: Vec<Package>,
    needs: &[Vec<u32>],
    unit: &Arc<str>,
    owner: Option<ResourceId>,
    batch: &mut Batch,
) {
    let base = batch.resources.len() as u32;
    for package in packages {
        let mut resource = package.into_resource(unit.clone());
        resource.owner = owner;
        batch.push(resource);
    }
    let path: Arc<str> = "dependencies".into();
    for (from, needs) in (base..).zip(needs) {
        let edge = |to: &u32| Edge { from: ResourceId(from), path: path.clone(), to: ResourceId(base + to) };
        batch.edges.extend(needs.iter().map(edge));
    }
}

/// The packages of requirements that leave the version to a constraint file.
fn constrained(source: &Source, file: &File, tree: &Tree<'_>) -> Vec<Package> {
    let constraints = file.contents.includes.iter().filter(|include| include.is_constraint);
    let found = constraints.filter_map(|include| tree.get(&resolved(source.folder(), &include.path.text)?));
    let pins: BTreeMap<String, &Requirement> = found
        .flat_map(|(_, file)| file.requirements())
        .map(|pin| (file.format.ecosystem.normal(&pin.name.text), pin))
        .collect();
    let open = file.requirements().iter().filter(|requirement| requirements::package(requirement).is_none());
    let package = |requirement: &Requirement| {
        let pin = pins.get(&file.format.ecosystem.normal(&requirement.name.text))?;
        requirements::package(&Requirement {
            versions: pin.versions.clone(),
            integrity: pin.integrity.clone(),
            ..requirement.clone()
        })
    };
    open.filter_map(package).collect()
}

/// What the project asks for: by the lockfile where it says so, else by the manifests.
fn roots(lockfile: &Lockfile, manifests: &[Read<'_>]) -> Vec<Root> {
    let asked = Asked::of(manifests);
    if !lockfile.projects.is_empty() {
        let of_project = |project| asked.roots_of(lockfile, project);
        return lockfile.projects.iter().flat_map(of_project).collect();
    }
    let by_name = lockfile.by_name();
    let mut roots = Vec::new();
    for (source, file) in manifests {
        let Some(manifest) = &file.contents.manifest else { continue };
        let start = Written::new(source.path.clone(), source.at(Span::default()));
        let project = manifest.name.clone().unwrap_or(start);
        for requirement in &manifest.requirements {
            let range = requirement.versions.as_ref().map_or("", |versions| &*versions.text);
            let key = lockfile.keys.get(&format!("{}@{range}", requirement.name.text));
            let name = file.format.ecosystem.normal(&requirement.name.text);
            let found = match key {
                Some(index) => std::slice::from_ref(index),
                None => by_name.get(&name).map(Vec::as_slice).unwrap_or_default(),
            };
            roots.extend(found.iter().map(|package| Root {
                package: *package,
                dev: Some(requirement.dev),
                project: project.clone(),
                requirement: Some(line_of(requirement)),
            }));
        }
    }
    roots
}

/// What finds a requirement again: its name and versions, at the place of the name.
fn line_of(requirement: &Requirement) -> Written {
    let text = match &requirement.versions {
        Some(versions) => format!("{} {}", requirement.name.text, versions.text),
        None => requirement.name.text.to_string(),
    };
    Written::new(text, requirement.name.at)
}

/// The requirements of manifests by project and by the name that they ask for.
struct Asked<'a> {
    by_name: BTreeMap<String, Vec<(&'a str, &'a Requirement)>>,
}

impl<'a> Asked<'a> {
    fn of(manifests: &[Read<'a>]) -> Self {
        let mut by_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (_, file) in manifests {
            let Some(manifest) = &file.contents.manifest else { continue };
            let project = manifest.name.as_ref().map_or("", |name| &*name.text);
            for requirement in &manifest.requirements {
                let name = file.format.ecosystem.normal(&requirement.name.text);
                by_name.entry(name).or_default().push((project, requirement));
            }
        }
        Self { by_name }
    }

    /// What a project of a lockfile asks for, with the lines of its manifest.
    fn roots_of(&self, lockfile: &Lockfile, project: &Project) -> Vec<Root> {
        let root = |need: &Need| {
            let package = lockfile.packages.get(need.package as usize)?;
            let name = package.ecosystem.normal(&package.name.text);
            let asked = self.by_name.get(&name).map(Vec::as_slice).unwrap_or_default();
            let own: Vec<&Requirement> = asked
                .iter()
                .filter(|(name, _)| *name == &*project.name.text)
                .map(|(_, requirement)| *requirement)
                .collect();
            let line = own.iter().find(|requirement| !requirement.dev).or(own.first()).copied();
            // A workspace declares versions for its members in one place.
            let line = line.or_else(|| asked.first().map(|(_, requirement)| *requirement));
            let dev = need.dev.or_else(|| own.iter().map(|requirement| requirement.dev).reduce(|all, dev| all && dev));
            Some(Root { package: need.package, dev, project: project.name.clone(), requirement: line.map(line_of) })
        };
        project.needs.iter().filter_map(root).collect()
    }
}

/// The lockfile as a resource.
fn lockfile_resource(source: &Source, file: &File, unit: &Arc<str>) -> Resource {
    let start = source.at(Span::default());
    let mut map = Map::with_capacity(6);
    map.push_new("format", Node::text(file.format.name, start));
    map.push_new("ecosystem", Node::text(file.format.ecosystem.osv(), start));
    map.push_new("path", Node::text(source.path.clone(), start));
    if let Some(lockfile) = &file.contents.lockfile {
        map.push_new("packages", Node::int(lockfile.packages.len() as i64, start));
        for (key, value) in &lockfile.more {
            map.push_new(*key, value.clone());
        }
    }
    let at = source.at(Span::new(0, source.bytes.len()));
    Resource {
        platform: Platform::Package,
        kind: Role::Lockfile.as_str().into(),
        address: source.path.clone(),
        part: "".into(),
        at,
        value: Node::map(map, at).named(start),
        unit: unit.clone(),
        owner: None,
        opaque: None,
    }
}

/// Says which included files were not found.
fn includes(source: &Source, file: &File, tree: &Tree<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for include in &file.contents.includes {
        let path = resolved(source.folder(), &include.path.text);
        if path.as_deref().and_then(|path| tree.get(path)).is_none() {
            let message =
                format!("`{}` was not read as a requirements file; what it asks for was not judged", include.path.text);
            let diagnostic = Diagnostic::new(DiagnosticKind::Unresolved, message).path(source.path.clone());
            diagnostics.push(diagnostic.at(include.path.at).blinds(Platform::Package));
        }
    }
}

/// A relative path from a folder, without `.` and `..`; none when it leads out of the tree.
pub(super) fn resolved(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
