//! From evaluated declarations to resources, and from references in their trees to edges.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use secscan_model::{Diagnostic, DiagnosticKind, Edge, Node, Platform, Resource, ResourceId, Value};

use super::body::header;
use super::calls::{CallInstance, Calls};
use super::evaluator::{Evaluator, Scope};
use super::frame::FrameId;
use super::module::{Declaration, Kind};
use super::plan;
use crate::Batch;

/// How many instances `count`, `for_each` and further calls of a module may add to the resources that are written.
const MAX_ADDED: usize = 20_000;

/// How many references between the resources of a root module are kept.
const MAX_EDGES: usize = 200_000;

/// Evaluates every declaration of the root module and of what it calls, and adds their resources to `batch`.
pub(super) fn emit(evaluator: &mut Evaluator<'_>, unit: &Arc<str>, batch: &mut Batch) {
    let mut emission = Emission { evaluator, unit, batch, room: MAX_ADDED, seen: HashSet::default() };
    emission.frame(0);
}

struct Emission<'e, 'a> {
    evaluator: &'e mut Evaluator<'a>,
    unit: &'e Arc<str>,
    batch: &'e mut Batch,
    room: usize,
    /// The folders of modules that have been emitted at least once.
    seen: HashSet<Arc<str>>,
}

impl<'a> Emission<'_, 'a> {
    /// The resources of one module instance and of those that it calls.
    fn frame(&mut self, frame: FrameId) {
        let module = self.evaluator.frames[frame].module.clone();
        let is_first = self.seen.insert(self.evaluator.frames[frame].folder.clone());
        for (index, declaration) in module.declarations.iter().enumerate() {
            match declaration.kind {
                Kind::Module => self.calls(frame, index, declaration, is_first),
                // What a variable or the settings declare is the same in every instance of the module.
                Kind::Variable | Kind::Settings if !is_first => {}
                _ => self.resources(frame, index, declaration, is_first),
            }
        }
    }

    fn resources(&mut self, frame: FrameId, index: usize, declaration: &Declaration<'a>, is_first: bool) {
        let Some(instances) = self.evaluator.instances(frame, index) else { return };
        let kind: Arc<str> = kind_word(declaration).into();
        let shown = self.room_for(instances.list.len(), frame, declaration, is_first);
        for instance in &instances.list[..shown] {
            self.push(kind.clone(), instance.address.clone(), instance.tree.clone(), None);
        }
    }

    fn calls(&mut self, frame: FrameId, index: usize, declaration: &Declaration<'a>, is_first: bool) {
        let Some(calls) = self.evaluator.calls(frame, index) else { return };
        let Calls { list, .. } = &*calls;
        let shown = self.room_for(list.len(), frame, declaration, is_first);
        for instance in &list[..shown] {
            let tree = self.call_tree(frame, declaration, instance);
            let opaque = instance.module.as_ref().err().cloned();
            self.push("module".into(), instance.address.clone(), tree, opaque);
            if let Ok(called) = instance.module {
                self.frame(called);
            }
        }
    }

    /// The tree of a call: its arguments have the values that the module gets.
    fn call_tree(&mut self, frame: FrameId, declaration: &Declaration<'a>, instance: &CallInstance) -> Node {
        let mut known: Vec<(&str, Node)> = instance.meta.clone().into_iter().collect();
        if let Ok(called) = instance.module {
            let bodies = declaration.overrides.iter().map(|(_, block)| *block).chain([declaration.block]);
            let names = bodies.flat_map(|block| block.body.attributes()).map(|attribute| &*attribute.name);
            for name in names.filter(|name| !META.contains(name)) {
                known.extend(self.evaluator.argument(called, name).map(|value| (name, value)));
            }
        }
        self.evaluator.tree(frame, declaration, instance.name.as_ref(), &known)
    }

    /// How many of `count` instances may still be added. The first of a resource that is written is always.
    fn room_for(&mut self, count: usize, frame: FrameId, declaration: &Declaration<'_>, is_first: bool) -> usize {
        let free = usize::from(is_first);
        let shown = count.min(free + self.room);
        if shown < count {
            let prefix = &self.evaluator.frames[frame].prefix;
            let message =
                format!("only {shown} of {count} instances of `{prefix}{}` were looked at", declaration.address);
            let at = header(declaration.block, Scope::of(frame, declaration.unit));
            self.evaluator.report(DiagnosticKind::Limit, at, message);
        }
        self.room -= shown.saturating_sub(free);
        shown
    }

    fn push(&mut self, kind: Arc<str>, address: Arc<str>, value: Node, opaque: Option<Arc<str>>) {
        self.batch.push(Resource {
            platform: Platform::Terraform,
            kind,
            address,
            part: "".into(),
            at: value.at,
            value,
            unit: self.unit.clone(),
            owner: None,
            opaque,
        });
    }
}

/// Arguments of a call that are no arguments of the module.
const META: [&str; 6] = ["count", "depends_on", "for_each", "providers", "source", "version"];

fn kind_word(declaration: &Declaration<'_>) -> String {
    match declaration.kind {
        Kind::Resource => declaration.of.to_owned(),
        Kind::Data => format!("data.{}", declaration.of),
        Kind::Ephemeral => format!("ephemeral.{}", declaration.of),
        Kind::Provider => format!("provider.{}", declaration.name),
        Kind::Module => "module".to_owned(),
        Kind::Variable => "variable".to_owned(),
        Kind::Output => "output".to_owned(),
        Kind::Settings => "terraform".to_owned(),
    }
}

/// Adds an edge for every reference in the trees of the resources from `first` on. They make one unit.
pub(super) fn link(batch: &mut Batch, first: usize, diagnostics: &mut Vec<Diagnostic>) {
    let by_address = by_address(batch, first);
    let mut links = Links { by_address, buckets: buckets(batch, first), edges: Vec::new(), path: String::new() };
    for (index, resource) in batch.resources.iter().enumerate().skip(first) {
        let from = ResourceId(index as u32);
        links.walk(&resource.value, from);
        links.by_bucket_name(resource, from);
        if links.edges.len() > MAX_EDGES {
            let message = format!("only the first {MAX_EDGES} references of this root module were followed");
            let diagnostic = Diagnostic::new(DiagnosticKind::Limit, message).at(resource.header());
            diagnostics.push(diagnostic.blinds(Platform::Terraform));
            links.edges.truncate(MAX_EDGES);
            break;
        }
    }
    let Links { mut edges, .. } = links;
    edges.sort_by(|a, b| (a.from, a.to, &a.path).cmp(&(b.from, b.to, &b.path)));
    edges.dedup();
    batch.edges.append(&mut edges);
}

/// The resources by their address, with and without instance keys.
fn by_address(batch: &Batch, first: usize) -> HashMap<Arc<str>, Vec<ResourceId>> {
    let mut by_address: HashMap<Arc<str>, Vec<ResourceId>> = HashMap::default();
    for (index, resource) in batch.resources.iter().enumerate().skip(first) {
        let id = ResourceId(index as u32);
        by_address.entry(resource.address.clone()).or_default().push(id);
        if !resource.address.contains('[') {
            continue;
        }
        let without_last = without_last_key(&resource.address);
        let without_any = plan::without_keys(&resource.address);
        if *without_last != *resource.address {
            by_address.entry(without_last.into()).or_default().push(id);
        }
        if *without_any != *without_last {
            by_address.entry(without_any.into()).or_default().push(id);
        }
    }
    by_address
}

/// An address without the key at its end.
fn without_last_key(address: &str) -> &str {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    match address.strip_suffix("\"]") {
        // Names hold no quotes, so the key begins at the last quote that follows a bracket and a name.
        Some(inner) => {
            let mut starts = inner.rmatch_indices("[\"").map(|(at, _)| at);
            let begins_key = |at: &usize| *at > 0 && is_name(&address.as_bytes()[at - 1]);
            starts.find(begins_key).map_or(address, |at| &address[..at])
        }
        None if address.ends_with(']') => address.rsplit_once('[').map_or(address, |(start, _)| start),
        None => address,
    }
}

/// The buckets of a module by their literal name.
fn buckets(batch: &Batch, first: usize) -> HashMap<Arc<str>, ResourceId> {
    let mut buckets = HashMap::default();
    for (index, resource) in batch.resources.iter().enumerate().skip(first) {
        if &*resource.kind == BUCKET
            && let Some(name) = resource.value.get("bucket").and_then(Node::as_str)
        {
            buckets.entry(name.into()).or_insert(ResourceId(index as u32));
        }
    }
    buckets
}

/// The resource that others may name by a literal name instead of a reference, and the argument that does so.
const BUCKET: &str = "aws_s3_bucket";

struct Links {
    by_address: HashMap<Arc<str>, Vec<ResourceId>>,
    buckets: HashMap<Arc<str>, ResourceId>,
    edges: Vec<Edge>,
    path: String,
}

impl Links {
    /// Adds the references of a tree. Its depth is limited by the parser and the evaluator.
    fn walk(&mut self, node: &Node, from: ResourceId) {
        for reference in node.refs() {
            let targets = self.by_address.get(&reference.address).map(Vec::as_slice).unwrap_or_default();
            // One more than are kept tells that there are too many.
            let room = (MAX_EDGES + 1).saturating_sub(self.edges.len());
            for to in targets.iter().filter(|to| **to != from).take(room) {
                self.edges.push(Edge { from, path: self.path.as_str().into(), to: *to });
            }
        }
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.walk(item, from)),
            Value::Map(map) => {
                for entry in map.entries() {
                    let length = self.path.len();
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(&entry.key);
                    self.walk(&entry.value, from);
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
    }

    /// `bucket = "logs"` means the bucket of that name.
    fn by_bucket_name(&mut self, resource: &Resource, from: ResourceId) {
        let named = resource.value.get("bucket").and_then(Node::as_str).and_then(|name| self.buckets.get(name));
        if let Some(to) = named.filter(|to| **to != from && &*resource.kind != BUCKET) {
            self.edges.push(Edge { from, path: "bucket".into(), to: *to });
        }
    }
}
