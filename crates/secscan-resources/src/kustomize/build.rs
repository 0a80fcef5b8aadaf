//! Building a kustomization: what it takes in, then what it does to all of that.
//!
//! Reading order: [`build`] → [`Build::accumulate`] (one folder: resources, generators, components, transformers,
//! variables, in the order of Kustomize) → [`Build::finish`] (hashes, references, variables, order: once, for the whole).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Location, Node, Platform, Source, SourceId, Value};

use super::config::Config;
use super::fields;
use super::generators::{Generator, hash};
use super::loading::{Files, contains, is_remote};
use super::metadata::{self, Origin};
use super::object::{Behavior, Object, set_metadata};
use super::variables::{self, Variable};
use super::{order, references};
use crate::roots::within;

/// How many folders one kustomization may take in, each as often as it is named.
const MAX_FOLDERS: usize = 500;

/// How many objects one kustomization may have.
const MAX_OBJECTS: usize = 10_000;

/// How many values one object may have once it was changed.
const MAX_VALUES: usize = 200_000;

/// How deep values may nest in an object that was changed.
const MAX_DEPTH: usize = secscan_parse::MAX_DEPTH;

/// Whether a value is small enough to be kept: what is copied into itself again and again is not.
pub(super) fn is_small(value: &Node) -> bool {
    fn count(node: &Node, depth: usize, left: &mut usize) -> bool {
        *left = left.saturating_sub(1);
        *left > 0
            && depth < MAX_DEPTH
            && node.as_list().unwrap_or_default().iter().all(|item| count(item, depth + 1, left))
            && node.entries().iter().all(|entry| count(&entry.value, depth + 1, left))
    }
    count(value, 0, &mut MAX_VALUES.clone())
}

/// What a kustomization makes.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// The objects, in the order in which Kustomize prints them.
    pub(super) objects: Vec<Node>,
    /// The files that values stand in.
    pub(super) sources: BTreeMap<SourceId, Source>,
    /// Those of them that are part of the kustomization, so that they are no manifests of their own.
    pub(super) parts: BTreeSet<SourceId>,
    /// Why there may be more objects than these, when there may.
    pub(super) open: Option<Arc<str>>,
}

/// Builds the kustomization of a folder.
pub(super) fn build(files: Files<'_>, folder: &str, diagnostics: &mut Vec<Diagnostic>) -> Built {
    let mut build = Build {
        files,
        diagnostics,
        built: Built::default(),
        visiting: Vec::new(),
        folders: 0,
        objects: 0,
        work: 0,
        origin: None,
        current: None,
    };
    let layer = build.accumulate(folder, Layer::default(), false);
    build.finish(folder, layer)
}

/// A kustomization while it is built.
pub(super) struct Build<'a, 'd> {
    pub(super) files: Files<'a>,
    diagnostics: &'d mut Vec<Diagnostic>,
    built: Built,
    /// The folders that are being built, the outermost first.
    visiting: Vec<Arc<str>>,
    folders: usize,
    objects: usize,
    /// How many objects transformers have looked at.
    pub(super) work: usize,
    /// Where the folder is, when `buildMetadata` asks for that.
    pub(super) origin: Option<Origin>,
    /// The kustomization that is being worked on.
    current: Option<Source>,
}

/// What a folder has come to.
#[derive(Default)]
pub(super) struct Layer {
    pub(super) objects: Vec<Object>,
    pub(super) config: Config,
    variables: Vec<Variable>,
}

impl Build<'_, '_> {
    /// Takes in the kustomization of a folder. A component works on what is there already.
    fn accumulate(&mut self, folder: &str, layer: Layer, is_component: bool) -> Layer {
        let Some(source) = self.files.kustomization(folder) else { return layer };
        self.folders += 1;
        let parsed = secscan_parse::yaml::parse(&source);
        let Some(document) = parsed.documents.into_iter().next().filter(|document| document.as_map().is_some()) else {
            return layer;
        };
        self.built.sources.insert(source.id, source.clone());
        if self.visiting.is_empty() && document.get("buildMetadata").is_some_and(|list| !list.items().is_empty()) {
            self.origin = Some(Origin::default());
        }
        self.visiting.push(folder.into());
        let outer = self.current.replace(source.clone());
        let layer = self.take_in(&document, &source, layer, is_component);
        self.current = outer;
        self.visiting.pop();
        layer
    }

    fn take_in(&mut self, document: &Node, source: &Source, mut layer: Layer, is_component: bool) -> Layer {
        let kind = document.get("kind").and_then(Node::as_str);
        if is_component != (kind == Some("Component")) && self.visiting.len() > 1 {
            let message = if is_component {
                "this is taken in as a component, and is none"
            } else {
                "a component cannot be a resource"
            };
            self.refuse(document.at, message);
        }
        for key in ["resources", "bases"] {
            for entry in items(document, key) {
                self.resource(entry, source, &mut layer);
            }
        }
        self.configure(document, source, &mut layer.config);
        self.generate(document, source, &mut layer.objects);
        self.run_generators(document, source, &mut layer.objects);
        for entry in items(document, "components") {
            if let Some(folder) = self.folder(entry, source.folder()) {
                layer = self.inside(entry, |build| build.accumulate(&folder, layer, true));
            }
        }
        self.transform(document, source, &mut layer);
        self.run_transformers(document, source, &mut layer);
        for written in items(document, "vars") {
            let declared = variables::declare(&mut layer.objects, written, &mut self.reporter());
            layer.variables.extend(declared);
        }
        self.leave_open(document);
        layer
    }

    /// Does something in a folder that an entry names.
    fn inside<T>(&mut self, entry: &Node, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.origin.clone();
        self.origin = outer.as_ref().map(|origin| origin.joined(entry.as_str().unwrap_or_default()));
        let result = work(self);
        self.origin = outer;
        result
    }

    /// One entry of `resources`: a file with objects, or a folder with a kustomization.
    pub(super) fn resource(&mut self, entry: &Node, source: &Source, layer: &mut Layer) {
        let Some(path) = entry.as_str() else { return self.refuse(entry.at, "a resource is named by a text") };
        let file = within(source.folder(), path).and_then(|path| self.files.source(&path));
        if file.is_some() {
            if let Some(file) = self.load(entry, source.folder()) {
                self.objects_of(&file, entry, &mut layer.objects);
            }
            return;
        }
        let Some(folder) = self.folder(entry, source.folder()) else { return };
        let inner = self.inside(entry, |build| build.accumulate(&folder, Layer::default(), false));
        for object in inner.objects {
            self.append(&mut layer.objects, object, entry.at);
        }
        layer.config.merge(&inner.config);
        layer.variables.extend(inner.variables);
    }

    /// The folder that an entry names, when it can be built.
    fn folder(&mut self, entry: &Node, from: &str) -> Option<Arc<str>> {
        let path = entry.as_str()?;
        let folder = within(from, path);
        let is_there = folder.as_ref().is_some_and(|folder| self.files.kustomization(folder).is_some());
        match folder {
            Some(folder) if is_there => {
                if self.visiting.iter().any(|visited| contains(&folder, visited)) {
                    self.refuse(entry.at, "this leads back to a kustomization that takes this one in");
                    return None;
                }
                if self.folders >= MAX_FOLDERS {
                    let message = format!("more than {MAX_FOLDERS} folders are taken in: the rest was left out");
                    self.report(DiagnosticKind::Limit, entry.at, &message);
                    return None;
                }
                return Some(folder);
            }
            _ if is_remote(path) => {
                let why = format!("`{path}` is fetched from elsewhere and was not looked at");
                self.report(DiagnosticKind::Unresolved, entry.at, &why);
                self.built.open.get_or_insert_with(|| why.into());
            }
            Some(folder) if self.files.has_folder(&folder) => {
                self.refuse(entry.at, &format!("`{path}` has no kustomization, or more than one"));
            }
            Some(_) => self.missing(entry),
            None => self.outside(entry),
        }
        None
    }

    fn outside(&mut self, entry: &Node) {
        let path = entry.as_str().unwrap_or_default().to_owned();
        self.report(DiagnosticKind::Unresolved, entry.at, &format!("`{path}` is outside of what is scanned"));
        self.built.open.get_or_insert_with(|| "a part of the kustomization is outside of what is scanned".into());
    }

    /// The file that a value of a kustomization names. It must lie in the folder of the kustomization or below.
    pub(super) fn load(&mut self, entry: &Node, folder: &str) -> Option<Source> {
        let path = entry.as_str()?;
        let Some(full) = within(folder, path) else {
            self.outside(entry);
            return None;
        };
        if !contains(folder, &full) {
            self.refuse(
                entry.at,
                &format!("`{path}` is outside of the folder of its kustomization; Kustomize refuses that"),
            );
            return None;
        }
        let source = self.files.source(&full);
        match &source {
            Some(source) => drop(self.built.sources.insert(source.id, source.clone())),
            None if is_remote(path) => {
                self.report(DiagnosticKind::Unresolved, entry.at, &format!("`{path}` is fetched from elsewhere"));
            }
            None => self.missing(entry),
        }
        source
    }

    /// What an entry names may be left out of the scan, or kept out of the repository.
    fn missing(&mut self, entry: &Node) {
        let why = format!("there is no `{}` in what is scanned", entry.as_str().unwrap_or_default());
        self.report(DiagnosticKind::Unresolved, entry.at, &why);
        self.built.open.get_or_insert_with(|| why.into());
    }

    /// Adds the objects of a file, lists taken apart.
    fn objects_of(&mut self, file: &Source, entry: &Node, objects: &mut Vec<Object>) {
        let parsed = self.files.documents(file);
        self.take_diagnostics(parsed.diagnostics);
        self.note(file, true);
        let origin = self.origin.as_ref().map(|origin| origin.of_file(entry.as_str().unwrap_or_default()));
        for document in flattened(parsed.documents) {
            if document.is_null() {
                continue;
            }
            let has_text = |path: &[&str]| document.at_path(path).and_then(Node::as_str).is_some();
            if !has_text(&["kind"]) || !has_text(&["metadata", "name"]) {
                self.refuse(document.at, "an object without kind or name; Kustomize refuses that");
                continue;
            }
            let mut object = Object::new(document);
            object.origin = origin.clone();
            self.append(objects, object, entry.at);
        }
    }

    /// Adds an object, unless there is one of its name.
    fn append(&mut self, objects: &mut Vec<Object>, object: Object, at: Location) {
        let id = object.id();
        if objects.len() >= MAX_OBJECTS || self.objects >= MAX_OBJECTS * 10 {
            let message = format!("a kustomization of more than {MAX_OBJECTS} objects: the rest was left out");
            return self.report(DiagnosticKind::Limit, at, &message);
        }
        if objects.iter().any(|known| known.was_ever_named(&id.name) && known.id().is_same(&id)) {
            return self.refuse(at, &format!("{id} is there already; Kustomize refuses the second"));
        }
        self.objects += 1;
        objects.push(object);
    }

    /// The fields that transformers work on, as far as the kustomization adds some.
    fn configure(&mut self, document: &Node, source: &Source, config: &mut Config) {
        config.merge(Config::built_in());
        for entry in items(document, "configurations") {
            if let Some(file) = self.load(entry, source.folder()) {
                let parsed = secscan_parse::yaml::parse(&file);
                self.take_diagnostics(parsed.diagnostics);
                parsed.documents.iter().for_each(|written| config.add(written));
            }
        }
    }

    fn generate(&mut self, document: &Node, source: &Source, objects: &mut Vec<Object>) {
        let options = document.get("generatorOptions");
        for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            for written in items(document, key) {
                self.make(kind, written, options, source, objects);
            }
        }
    }

    /// Adds what one generator makes.
    pub(super) fn make(
        &mut self,
        kind: &'static str,
        written: &Node,
        options: Option<&Node>,
        kustomization: &Source,
        objects: &mut Vec<Object>,
    ) {
        let source = self.source_of(written, kustomization);
        let generator = Generator { kind, written, options, source: &source };
        let mut problems = Vec::new();
        let mut load = |entry: &Node, path: &str| {
            let entry = Node { value: Node::text(path, entry.at).value, ..entry.clone() };
            self.load(&entry, kustomization.folder())
        };
        let object = generator.object(&mut load, &mut |at, message| problems.push((at, message)));
        problems.into_iter().for_each(|(at, message)| self.refuse(at, &message));
        if let Some(mut object) = object {
            object.origin = self.origin.as_ref().map(|origin| origin.of_generator(kustomization.file_name(), kind));
            self.absorb(objects, object, written.at);
        }
    }

    /// The file that a value stands in: that of the kustomization, or another one that it takes in.
    pub(super) fn source_of(&self, of: &Node, kustomization: &Source) -> Source {
        self.built.sources.get(&of.at.source).unwrap_or(kustomization).clone()
    }

    /// Adds a generated object, or joins it with the one of its name.
    fn absorb(&mut self, objects: &mut Vec<Object>, mut object: Object, at: Location) {
        let (id, behavior) = (object.id(), object.behavior);
        let is_meant = |known: &Object| known.was_ever_named(&id.name) && known.was_ever(|known| known.is_same(&id));
        let position = objects.iter().position(is_meant);
        match (position.and_then(|position| objects.get_mut(position)), behavior) {
            (None, Behavior::Create) => self.append(objects, object, at),
            (None, _) => {
                if !self.is_open() {
                    self.refuse(at, &format!("there is no {id} to merge with or to replace"));
                }
            }
            (Some(_), Behavior::Create) => self.refuse(at, &format!("{id} is there already: say `behavior`")),
            (Some(old), Behavior::Replace) => {
                object.succeed(old);
                *old = object;
            }
            (Some(old), Behavior::Merge) => {
                object.succeed(old);
                object.merge_under("data", old);
                object.merge_under("binaryData", old);
                object.origin = old.origin.clone().or(object.origin);
                *old = object;
            }
        }
    }

    /// What a kustomization does that is not done here leaves open what else there is.
    fn leave_open(&mut self, document: &Node) {
        const LEFT_OUT: &[(&str, &str)] = &[
            ("helmCharts", "the charts of a kustomization are not rendered"),
            ("helmChartInflationGenerator", "the charts of a kustomization are not rendered"),
        ];
        for (key, why) in LEFT_OUT {
            if let Some(first) = items(document, key).first() {
                self.report(DiagnosticKind::Unresolved, first.at, why);
                self.leave_open_because((*why).into());
            }
        }
        for key in ["openapi", "crds"] {
            if let Some(schema) = document.get(key).filter(|schema| !schema.is_null()) {
                let why = "schemas of custom resources are not read: lists and names in them may come out otherwise";
                self.report(DiagnosticKind::Unresolved, schema.name_at, why);
            }
        }
    }

    /// Says why there may be more objects than these, unless that is known already.
    pub(super) fn leave_open_because(&mut self, why: Arc<str>) {
        self.built.open.get_or_insert(why);
    }

    /// What is done once all is there.
    fn finish(mut self, folder: &str, layer: Layer) -> Built {
        let Layer { mut objects, config, variables } = layer;
        for object in objects.iter_mut().filter(|object| object.is_hashed) {
            let hash = hash(&object.value);
            object.remember();
            if let Some(mut name) = object.value.at_path(&["metadata", "name"]).cloned() {
                let by = name.clone();
                fields::extend(&mut name, format!("{}-{hash}", by.as_str().unwrap_or_default()), &by);
                set_metadata(&mut object.value, "name", Some(name));
            }
        }
        references::update(&mut objects, &config, &mut self.reporter());
        variables::resolve(&mut objects, &variables, &config.variables, &mut self.reporter());
        objects.retain(|object| !is_local(&object.value));
        objects.iter_mut().for_each(|object| metadata::as_texts(&mut object.value));
        let document = self
            .files
            .kustomization(folder)
            .and_then(|source| secscan_parse::yaml::parse(&source).documents.into_iter().next());
        order::sort(&mut objects, document.as_ref().and_then(|document| document.get("sortOptions")));
        if let Some(wanted) = document.as_ref().and_then(|document| document.get("buildMetadata")) {
            objects.iter_mut().for_each(|object| metadata::write(object, wanted));
        }
        self.built.objects = objects.into_iter().map(|object| object.value).collect();
        self.built
    }

    /// Whether there may be objects that are not here.
    pub(super) fn is_open(&self) -> bool {
        self.built.open.is_some()
    }

    /// Notes a file that objects are made of.
    pub(super) fn note(&mut self, source: &Source, is_part: bool) {
        self.built.sources.entry(source.id).or_insert_with(|| source.clone());
        if is_part {
            self.built.parts.insert(source.id);
        }
    }

    /// Keeps what a parser said.
    pub(super) fn take_diagnostics(&mut self, diagnostics: Vec<Diagnostic>) {
        // Files that are read for themselves, too, say the same again: those are told once.
        for diagnostic in diagnostics {
            let diagnostic = diagnostic.blinds(Platform::Kubernetes);
            if !self.diagnostics.contains(&diagnostic) {
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Says that Kustomize would refuse something.
    pub(super) fn refuse(&mut self, at: Location, message: &str) {
        self.report(DiagnosticKind::Syntax, at, message);
    }

    /// Says something that hides nothing.
    pub(super) fn remark(&mut self, at: Location, message: &str) {
        let diagnostic = Diagnostic::new(DiagnosticKind::Unresolved, message).at(at);
        self.push(diagnostic);
    }

    pub(super) fn report(&mut self, kind: DiagnosticKind, at: Location, message: &str) {
        let diagnostic = Diagnostic::new(kind, message).at(at).blinds(Platform::Kubernetes);
        self.push(diagnostic);
    }

    fn push(&mut self, mut diagnostic: Diagnostic) {
        let known = diagnostic.at.and_then(|at| self.built.sources.get(&at.source));
        diagnostic.path = known.or(self.current.as_ref()).map(|source| source.path.clone());
        // A base is built once for each of its overlays.
        if !self.diagnostics.contains(&diagnostic) && self.diagnostics.len() < secscan_parse::MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Says what transformers could not do.
    pub(super) fn reporter(&mut self) -> impl FnMut(Location, String) {
        |at, message| self.refuse(at, &message)
    }
}

/// The items of a list of a document.
pub(super) fn items<'n>(document: &'n Node, key: &str) -> &'n [Node] {
    document.get(key).map_or(&[], Node::items)
}

/// Documents with the items of lists behind those that are none. How deep lists nest, the parser limits.
fn flattened(documents: Vec<Node>) -> Vec<Node> {
    let mut open: std::collections::VecDeque<Node> = documents.into();
    let mut flat = Vec::new();
    while let Some(document) = open.pop_front() {
        let is_list = document.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"));
        match document.get("items").filter(|_| is_list) {
            Some(list) => open.extend(list.items().iter().cloned()),
            None => flat.push(document),
        }
    }
    flat
}

/// Whether an object is meant for tools only.
fn is_local(object: &Node) -> bool {
    let mark = object.at_path(&["metadata", "annotations", "config.kubernetes.io/local-config"]);
    mark.is_some_and(|mark| !matches!(&mark.value, Value::Scalar(scalar) if &*scalar.text == "false"))
}
