//! Compose files.
//!
//! Reading order: [`Compose`] (which files, which resources, what is derived) → [`project`] (files that belong together) →
//! [`interpolation`] (`${VARIABLE}`) → [`merge`] (one file laid over another) → [`container`] (a service in the shape that
//! it shares with Kubernetes).
//!
//! Resources: `file` (address: the name of the file) > `service`, `network`, `volume`, `secret`, `config` (their names).

pub(crate) mod container;
mod interpolation;
mod merge;
mod project;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use secscan_model::{Diagnostic, DiagnosticKind, Edge, Node, Platform, Resource, ResourceId, Source, Value};

use crate::reading::{FileReading, Fragment, Tree, UnitReading};
use crate::{
    Batch, Reader,
    derived::{Deriving, Running, first_key, whole},
    roots,
};
use project::{Assembly, includes};

/// The sections of a file with the kind of their members. Services come last, because they refer to the others.
const SECTIONS: &[(&str, &str)] = &[
    ("networks", "network"),
    ("volumes", "volume"),
    ("secrets", "secret"),
    ("configs", "config"),
    ("services", "service"),
];

/// The reader of Compose files.
#[derive(Debug)]
pub(crate) struct Compose;

/// A Compose file, waiting for those that belong to it.
#[derive(Debug)]
pub struct File {
    document: Node,
}

/// Whether a path has the name that Compose looks for, or a variant of it (`docker-compose.prod.yml`).
fn is_named(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    let stem =
        stem.map(|stem| stem.strip_prefix("docker-").unwrap_or(stem)).and_then(|stem| stem.strip_prefix("compose"));
    stem.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

impl Reader for Compose {
    fn platform(&self) -> Platform {
        Platform::Compose
    }

    /// By its name; under another name, by services that have an image or a build.
    fn accepts(&self, path: &str, document: &Node) -> bool {
        if is_named(path) {
            let has = |section: &str| document.get(section).is_some();
            return SECTIONS.iter().any(|(section, _)| has(section)) || has("include");
        }
        let services = document.get("services").map_or(&[][..], Node::entries);
        let is_service = |service: &Node| service.get("image").is_some() || service.get("build").is_some();
        document.get("apiVersion").is_none()
            && !services.is_empty()
            && services.iter().all(|entry| is_service(&entry.value))
    }

    fn resembles(&self, source: &Source) -> bool {
        is_named(&source.path)
    }

    fn defer(&self, _: &Source, document: &Node) -> Option<Fragment> {
        Some(Fragment::Compose(Box::new(File { document: document.clone() })))
    }
}

/// Adds the projects of a folder. `readings` are all files of the scan.
pub(crate) fn evaluate(
    own: &[(&Source, &File)],
    readings: &[FileReading],
    tree: Option<&Tree<'_>>,
    reading: &mut UnitReading,
) {
    let mut callers: BTreeMap<Arc<str>, Vec<&str>> = BTreeMap::new();
    for file in readings {
        let Some(Fragment::Compose(compose)) = &file.fragment else { continue };
        let paths = includes(&compose.document).filter_map(Node::as_str);
        for path in paths.filter_map(|path| roots::within(file.source.folder(), path)) {
            callers.entry(path).or_default().push(&file.source.path);
        }
    }
    let is_root = |path: &str| {
        let path = readings.iter().map(|file| &*file.source.path).find(|known| *known == path);
        path.is_some_and(|path| roots::is_root(path, |called| callers.get(called).cloned().unwrap_or_default()))
    };
    for project in project::projects(own, is_root) {
        let mut assembly = Assembly::new(readings, tree, &mut reading.diagnostics);
        let Some(document) = assembly.document(&project) else { continue };
        let sources = assembly.all_sources(&project);
        let more = assembly.sources;
        Reading {
            source: project.name,
            sources: &sources,
            unit: format!("compose:{}", project.name.path).into(),
            batch: &mut reading.batch,
            diagnostics: &mut reading.diagnostics,
            known: BTreeMap::new(),
        }
        .document(document);
        reading.sources.extend(more);
    }
}

impl Reading<'_> {
    /// All of a project.
    fn document(&mut self, document: Node) {
        let document = document.clone().named(first_key(&document));
        let owner = self.push("file", self.source.file_name().into(), document.clone(), None);
        for (section, kind) in SECTIONS {
            let Some(members) = document.get(section) else { continue };
            if members.as_map().is_none() && !members.is_null() {
                self.misshapen(members, section);
            }
            for entry in members.entries() {
                self.member(kind, &entry.key, &entry.value, owner);
            }
        }
        for service in document.get("services").map_or(&[][..], Node::entries) {
            self.references(&service.key, &service.value);
        }
    }
}

/// One project while it is read.
struct Reading<'a> {
    source: &'a Source,
    /// The files that values may stand in, sorted by id.
    sources: &'a [Source],
    unit: Arc<str>,
    batch: &'a mut Batch,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The resources by kind and name.
    known: BTreeMap<(&'static str, Arc<str>), ResourceId>,
}

impl Reading<'_> {
    fn push(&mut self, kind: &str, address: Arc<str>, value: Node, owner: Option<ResourceId>) -> ResourceId {
        self.batch.push(Resource {
            platform: Platform::Compose,
            kind: kind.into(),
            address,
            part: "".into(),
            at: whole(&value),
            value,
            unit: self.unit.clone(),
            owner,
            opaque: None,
        })
    }

    /// A member of a section; one without a value has no settings of its own.
    fn member(&mut self, kind: &'static str, name: &Arc<str>, value: &Node, owner: ResourceId) {
        let mut value = value.clone();
        if value.is_null() {
            value.value = Value::Map(Arc::default());
        } else if value.as_map().is_none() {
            return self.misshapen(&value, name);
        }
        let id = self.push(kind, name.clone(), value.clone(), Some(owner));
        self.known.insert((kind, name.clone()), id);
        if kind == "service" {
            self.derive(id, name, &value);
        }
    }

    fn derive(&mut self, id: ResourceId, name: &Arc<str>, service: &Node) {
        let of = self.sources.binary_search_by_key(&service.at.source, |source| source.id).ok();
        let source = of.and_then(|index| self.sources.get(index)).unwrap_or(self.source);
        let name = Node::text(name.clone(), service.name_at);
        let container = container::read(&name, service, source);
        let Some(mut deriving) = Deriving::from(self.batch, id, source) else { return };
        let build = service.get("build").filter(|build| !build.is_null());
        // The image of a service that is built is the name that its result gets: nothing is pulled by it.
        if let (None, Some(image)) = (build, service.get("image")) {
            deriving.image_ref(image, "service", "image");
        }
        let args = build.and_then(|build| build.get("args")).map(|args| container::environment(args, source));
        for (variables, kind) in [(container.get("env"), "env"), (args.as_ref(), "arg")] {
            for variable in variables.map_or(&[][..], Node::items) {
                variable.get("name").cloned().into_iter().for_each(|name| {
                    deriving.env_var(name, variable.get("value").cloned(), kind);
                });
            }
        }
        commands(&mut deriving, service);
        deriving.push("container", "", container);
    }

    /// The networks, volumes, secrets, configs and services that a service names.
    fn references(&mut self, name: &Arc<str>, service: &Node) {
        let Some(from) = self.known.get(&("service", name.clone())).copied() else { return };
        let sections = [
            ("networks", "network"),
            ("volumes", "volume"),
            ("secrets", "secret"),
            ("configs", "config"),
            ("depends_on", "service"),
            ("links", "service"),
        ];
        for (path, kind) in sections {
            let Some(written) = service.get(path) else { continue };
            let keys = written.entries().iter().map(|entry| entry.key.to_string());
            let named = |item: &Node| Some(item.get("source").unwrap_or(item).as_str()?.to_owned());
            let items = written.as_list().unwrap_or_default().iter().filter_map(named);
            for name in keys.chain(items) {
                // `name:target` of volumes, `service:alias` of links.
                let name = name.split(':').next().unwrap_or_default();
                if let Some(to) = self.known.get(&(kind, name.into())).copied() {
                    self.batch.edges.push(Edge { from, path: path.into(), to });
                }
            }
        }
    }

    fn misshapen(&mut self, of: &Node, what: &str) {
        let message = format!("`{what}` is not a map; it was not judged");
        let diagnostic = Diagnostic::new(DiagnosticKind::Syntax, message).path(self.source.path.clone());
        self.diagnostics.push(diagnostic.at(of.name_at).blinds(Platform::Compose));
    }
}

/// Derives what a container runs and is checked with: its entry point, its command, its health check.
pub(crate) fn commands(deriving: &mut Deriving<'_>, service: &Node) {
    let user = service.get("user").filter(|user| !user.is_null());
    let exec = Node::text("exec", service.name_at);
    let running = Running { shell: Some(&exec), user };
    let written = |key: &str| service.get(key).filter(|value| !value.is_null());
    let (entrypoint, command) = (written("entrypoint"), written("command"));
    entrypoint.into_iter().for_each(|entrypoint| deriving.commands(entrypoint, running, "entrypoint"));
    if let Some(command) = command {
        // The words of `command` are the arguments of an entry point that is a list, too.
        let all = entrypoint
            .and_then(Node::as_list)
            .zip(command.as_list())
            .map(|(before, words)| Node::list([before, words].concat(), command.at).named(command.name_at));
        deriving.commands(all.as_ref().unwrap_or(command), running, "command");
    }
    if let Some(test) = service.at_path(&["healthcheck", "test"]) {
        check(deriving, test, user);
    }
}

/// The command of a health check: `["CMD", words]`, `["CMD-SHELL", text]`, or text for a shell.
fn check(deriving: &mut Deriving<'_>, test: &Node, user: Option<&Node>) {
    let sh = Node::text("sh", test.at);
    let running = Running { shell: Some(&sh), user };
    let first = test.as_list().and_then(|items| items.first()?.as_str());
    match (test.as_list(), first) {
        (Some([_, words @ ..]), Some("CMD")) => {
            let words = Node::list(words.to_vec(), test.at).named(test.name_at);
            deriving.commands(&words, running, "healthcheck");
        }
        (Some([_, text, ..]), Some("CMD-SHELL")) => deriving.commands(text, running, "healthcheck"),
        (None, _) => deriving.commands(test, running, "healthcheck"),
        _ => {}
    }
}
