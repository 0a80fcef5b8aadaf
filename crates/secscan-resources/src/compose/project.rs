//! Projects: which files of a folder belong together, and what they come to.
//!
//! Compose takes `compose.yaml` and lays `compose.override.yaml` over it. A file whose services have neither an image nor a
//! build is meant to be laid over it as well; any other file is a project of its own. Files that another one includes are
//! parts of that.

use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Node, Platform, Source, SourceId};

use super::interpolation::{self, Variables};
use super::{File, SECTIONS, merge};
use crate::reading::{FileReading, Fragment, Tree, source_of};
use crate::roots;

/// The names of the file that Compose takes by itself, the first that is there.
const DEFAULTS: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// What Compose lays over that file.
const OVERRIDES: &[&str] =
    &["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// How many files one project may take in, each as often as it is named.
const MAX_FILES: usize = 100;

/// Files that are one project, in the order in which they are laid over each other.
pub(super) struct Project<'a> {
    /// The file that it is named after.
    pub(super) name: &'a Source,
    pub(super) files: Vec<(&'a Source, &'a File)>,
}

/// The projects among the Compose files of a folder; `is_root` says of a file that no other one includes it.
pub(super) fn projects<'a>(own: &[(&'a Source, &'a File)], is_root: impl Fn(&str) -> bool) -> Vec<Project<'a>> {
    let named = |name: &&str| own.iter().find(|(source, _)| source.file_name() == *name).copied();
    let base = DEFAULTS.iter().find_map(named);
    let laid_over = OVERRIDES.iter().find_map(named).filter(|_| base.is_some());
    let mut projects = Vec::new();
    for (source, file) in own.iter().filter(|(source, _)| is_root(&source.path)) {
        let is_same = |other: Option<(&Source, &File)>| other.is_some_and(|(other, _)| other.id == source.id);
        if is_same(laid_over) {
            continue;
        }
        let files = match base {
            Some(base) if is_same(Some(base)) => [Some(base), laid_over].into_iter().flatten().collect(),
            Some(base) if lacks_images(&file.document, &base.1.document) => vec![base, (*source, *file)],
            _ => vec![(*source, *file)],
        };
        projects.push(Project { name: source, files });
    }
    projects
}

/// Whether a file says something of services of another one that it does not run by itself.
fn lacks_images(document: &Node, base: &Node) -> bool {
    let services = document.get("services").map_or(&[][..], Node::entries);
    services.iter().any(|entry| {
        let runs = ["image", "build", "extends"].iter().any(|key| entry.value.get(key).is_some());
        !runs && base.at_path(&["services", &entry.key]).is_some()
    })
}

/// The files that a document includes: paths as they are written.
pub(super) fn includes(document: &Node) -> impl Iterator<Item = &Node> {
    let entries = document.get("include").map_or(&[][..], Node::items);
    entries.iter().flat_map(|entry| entry.get("path").unwrap_or(entry).items())
}

/// A project while its files are laid over each other.
pub(super) struct Assembly<'a, 'd> {
    pub(super) readings: &'a [FileReading],
    pub(super) tree: Option<&'a Tree<'a>>,
    pub(super) diagnostics: &'d mut Vec<Diagnostic>,
    /// Files that no reader took and that values stand in.
    pub(super) sources: Vec<Source>,
    variables: Variables,
    /// The services that are being extended: file and name.
    extending: Vec<(SourceId, Arc<str>)>,
    /// The files that are being included.
    including: Vec<SourceId>,
    taken: usize,
}

/// A document with its file, ready to be looked into.
#[derive(Clone)]
struct Loaded {
    source: Source,
    document: Node,
}

impl<'a, 'd> Assembly<'a, 'd> {
    pub(super) fn new(
        readings: &'a [FileReading],
        tree: Option<&'a Tree<'a>>,
        diagnostics: &'d mut Vec<Diagnostic>,
    ) -> Self {
        let (sources, variables) = (Vec::new(), Variables::new());
        Self { readings, tree, diagnostics, sources, variables, extending: Vec::new(), including: Vec::new(), taken: 0 }
    }

    /// What the files of a project come to.
    pub(super) fn document(&mut self, project: &Project<'_>) -> Option<Node> {
        let (first, _) = project.files.first()?;
        if let Some(source) = roots::within(first.folder(), ".env").and_then(|path| self.find(&path)) {
            self.variables = interpolation::variables(&source);
            self.sources.push(source);
        }
        let mut result: Option<Node> = None;
        for (source, file) in &project.files {
            let document = interpolation::resolve(&file.document, source, &self.variables);
            let whole = self.whole(Loaded { source: (*source).clone(), document });
            result = match result {
                Some(base) => merge::merged(&base, &whole, ""),
                None => Some(whole),
            };
        }
        result
    }

    fn find(&self, path: &str) -> Option<Source> {
        source_of(self.readings, self.tree, path)
    }

    /// The files that values may stand in, sorted by id.
    pub(super) fn all_sources(&self, project: &Project<'_>) -> Vec<Source> {
        let own = project.files.iter().map(|(source, _)| (*source).clone());
        let mut all: Vec<Source> = own.chain(self.sources.iter().cloned()).collect();
        all.sort_by_key(|source| source.id);
        all.dedup_by_key(|source| source.id);
        all
    }

    /// A file that another one names.
    fn load(&mut self, from: &Source, path: &Node) -> Option<Loaded> {
        let written = path.as_str()?;
        let full = roots::within(from.folder(), written)?;
        self.taken += 1;
        if self.taken > MAX_FILES {
            self.say(DiagnosticKind::Limit, from, path, "too many files are taken in: the rest was left out");
            return None;
        }
        let source = self.find(&full)?;
        let known = self.readings.iter().find(|reading| reading.source.id == source.id);
        let document = match known.and_then(|reading| reading.fragment.as_ref()) {
            Some(Fragment::Compose(file)) => file.document.clone(),
            _ => secscan_parse::yaml::parse(&source).documents.into_iter().next()?,
        };
        self.sources.push(source.clone());
        let document = interpolation::resolve(&document, &source, &self.variables);
        Some(Loaded { source, document })
    }

    /// A document with what its services extend and what it includes.
    fn whole(&mut self, loaded: Loaded) -> Node {
        let Loaded { source, document } = &loaded;
        let mut result = document.clone();
        let names: Vec<Arc<str>> =
            document.get("services").map_or(&[][..], Node::entries).iter().map(|entry| entry.key.clone()).collect();
        for name in names {
            let Some(service) = self.service(&loaded, &name) else { continue };
            if let Some(services) =
                result.as_map_mut().and_then(|map| map.get_mut("services")).and_then(Node::as_map_mut)
            {
                services.insert(name, service);
            }
        }
        let included: Vec<Node> = includes(document).cloned().collect();
        self.including.push(source.id);
        for path in included {
            result = self.included(source, &path, result);
        }
        self.including.pop();
        result
    }

    /// A document with the members of one that it includes.
    fn included(&mut self, source: &Source, path: &Node, mut document: Node) -> Node {
        let Some(other) = self.load(source, path) else {
            self.say(DiagnosticKind::Unresolved, source, path, "what is included here is not in what is scanned");
            return document;
        };
        if self.including.contains(&other.source.id) {
            self.say(DiagnosticKind::Syntax, source, path, "this file includes itself");
            return document;
        }
        let other = self.whole(other);
        let Some(map) = document.as_map_mut() else { return document };
        for (section, _) in SECTIONS {
            let Some(theirs) = other.get(section).filter(|theirs| theirs.as_map().is_some()) else { continue };
            let merged = match map.get(section) {
                Some(own) => merge::merged(theirs, own, section),
                None => Some(theirs.clone()),
            };
            merged.into_iter().for_each(|merged| drop(map.insert(*section, merged)));
        }
        document
    }

    /// A service with what it extends.
    fn service(&mut self, loaded: &Loaded, name: &Arc<str>) -> Option<Node> {
        let service = loaded.document.at_path(&["services", name])?;
        let Some(extends) = service.get("extends").filter(|extends| !extends.is_null()) else {
            return Some(service.clone());
        };
        let site = (loaded.source.id, name.clone());
        let other = extends.get("service").unwrap_or(extends).as_str().map(Arc::<str>::from);
        let file = match extends.get("file") {
            Some(path) => self.load(&loaded.source, path),
            None => Some(loaded.clone()),
        };
        let base = match (file, other) {
            (Some(file), Some(other)) if !self.extending.contains(&site) => {
                self.extending.push(site);
                let base = self.service(&file, &other);
                self.extending.pop();
                base
            }
            _ => None,
        };
        let mut own = service.clone();
        match base {
            Some(base) => {
                own.as_map_mut().map(|map| map.remove("extends"));
                let merged = merge::merged(&base, &own, name)?;
                Some(merged.named(service.name_at))
            }
            None => {
                let what = "what this extends is not in what is scanned: what the other service sets is not known";
                self.say(DiagnosticKind::Unresolved, &loaded.source, extends, what);
                own.as_map_mut().into_iter().for_each(|map| map.rest = Some("`extends` may bring more".into()));
                Some(own)
            }
        }
    }

    fn say(&mut self, kind: DiagnosticKind, source: &Source, at: &Node, message: &str) {
        let diagnostic = Diagnostic::new(kind, message).path(source.path.clone());
        let diagnostic = diagnostic.at(at.name_at).blinds(Platform::Compose);
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }
}
