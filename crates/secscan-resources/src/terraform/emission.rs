//! From evaluated declarations to resources, and from references in their trees to edges.

use std::collections::HashMap;
use std::sync::Arc;

use hcl_edit::expr::Expression;
use secscan_model::{DiagnosticKind, Edge, Node, Platform, Resource, ResourceId, Value};

use super::body::header;
use super::evaluator::{Evaluator, Scope};
use super::module::{Declaration, Kind};
use crate::Batch;

/// How many instances `count` and `for_each` may add to the resources that are written in a folder.
const MAX_ADDED: usize = 20_000;

/// How many references between the resources of a folder are kept.
const MAX_EDGES: usize = 200_000;

/// Evaluates every declaration of the module, adds its resources to `batch` and links them.
pub(super) fn emit(evaluator: &mut Evaluator<'_>, unit: &Arc<str>, batch: &mut Batch) {
    let module = evaluator.module;
    let first = batch.resources.len();
    let mut room = MAX_ADDED;
    // Addresses with and without instance keys.
    let mut by_address: HashMap<Arc<str>, Vec<ResourceId>> = HashMap::new();
    for (index, declaration) in module.declarations.iter().enumerate() {
        let Some(instances) = evaluator.instances(index) else { continue };
        let kind: Arc<str> = kind_word(declaration).into();
        let opaque = unread_module(evaluator, declaration);
        let shown = instances.list.len().min(1 + room);
        if shown < instances.list.len() {
            let message = format!(
                "only {shown} of {} instances of `{}` were looked at",
                instances.list.len(),
                declaration.address
            );
            evaluator.report(DiagnosticKind::Limit, header(declaration.block, Scope::of(declaration.unit)), message);
        }
        room -= shown.saturating_sub(1);
        for instance in &instances.list[..shown] {
            let id = batch.push(Resource {
                platform: Platform::Terraform,
                kind: kind.clone(),
                address: instance.address.clone(),
                part: "".into(),
                at: instance.tree.at,
                value: instance.tree.clone(),
                unit: unit.clone(),
                owner: None,
                opaque: opaque.clone(),
            });
            by_address.entry(instance.address.clone()).or_default().push(id);
            if instance.address != declaration.address {
                by_address.entry(declaration.address.clone()).or_default().push(id);
            }
        }
    }
    link(evaluator, batch, first, &by_address);
}

fn kind_word(declaration: &Declaration<'_>) -> String {
    match declaration.kind {
        Kind::Resource => declaration.of.to_owned(),
        Kind::Data => format!("data.{}", declaration.of),
        Kind::Provider => format!("provider.{}", declaration.name),
        Kind::Module => "module".to_owned(),
        Kind::Variable => "variable".to_owned(),
        Kind::Output => "output".to_owned(),
        Kind::Settings => "terraform".to_owned(),
    }
}

/// Why a module call cannot be looked into. A module of this repository is a folder of its own in the scan; what a remote
/// one makes goes unseen.
fn unread_module(evaluator: &mut Evaluator<'_>, declaration: &Declaration<'_>) -> Option<Arc<str>> {
    if declaration.kind != Kind::Module {
        return None;
    }
    let source = declaration.block.body.get_attribute("source").map(|source| &source.value);
    let source = source.and_then(Expression::as_str).unwrap_or_default();
    let why: Arc<str> = format!("module source {source} is not read").into();
    let at = header(declaration.block, Scope::of(declaration.unit));
    evaluator.report(DiagnosticKind::Unresolved, at, why.clone());
    if !source.starts_with("./")
        && !source.starts_with("../")
        && let Some(diagnostic) = evaluator.diagnostics.last_mut()
    {
        diagnostic.blinds.push(Platform::Terraform);
    }
    Some(why)
}

/// Adds an edge for every reference in the trees of the resources from `first` on.
fn link(
    evaluator: &mut Evaluator<'_>,
    batch: &mut Batch,
    first: usize,
    by_address: &HashMap<Arc<str>, Vec<ResourceId>>,
) {
    let mut links = Links { by_address, buckets: buckets(batch, first), edges: Vec::new(), path: String::new() };
    for (index, resource) in batch.resources.iter().enumerate().skip(first) {
        let from = ResourceId(index as u32);
        links.walk(&resource.value, from);
        links.by_bucket_name(resource, from);
        if links.edges.len() > MAX_EDGES {
            let message = format!("only the first {MAX_EDGES} references of this folder were followed");
            evaluator.report(DiagnosticKind::Limit, resource.header(), message);
            links.edges.truncate(MAX_EDGES);
            break;
        }
    }
    let Links { mut edges, .. } = links;
    edges.sort_by(|a, b| (a.from, a.to, &a.path).cmp(&(b.from, b.to, &b.path)));
    edges.dedup();
    batch.edges.append(&mut edges);
}

/// The buckets of a module by their literal name.
fn buckets(batch: &Batch, first: usize) -> HashMap<Arc<str>, ResourceId> {
    let mut buckets = HashMap::new();
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

struct Links<'m> {
    by_address: &'m HashMap<Arc<str>, Vec<ResourceId>>,
    buckets: HashMap<Arc<str>, ResourceId>,
    edges: Vec<Edge>,
    path: String,
}

impl Links<'_> {
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
