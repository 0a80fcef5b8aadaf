//! Reading order: `Kubernetes` (which documents are objects, lists taken apart) → `object` (what an object is called)
//! → `patch` (pieces of objects) → `attributes` (values as the API server reads them) → `workload` (the common kind
//! `pod`) → `custom` (pods of custom resources) → `container` (the common kinds `container`, `env-var`, `image-ref` and
//! `command`) → `variable` (its environment) → `security` (settings that a container takes from its pod) → `link` and `selector` (references between objects)
//! → `systemd` (units that start the cluster's programs) → `service` (these programs and their settings) → `embedded` (documents
//! within texts) → `terraform` (objects that Terraform makes) → `template` (charts that nobody rendered).
//!
//! Field names and their effect follow the Kubernetes API reference, <https://kubernetes.io/docs/reference/kubernetes-api/>.

mod attributes;
mod container;
mod custom;
mod embedded;
mod link;
mod object;
mod patch;
pub(crate) mod removed;
mod security;
mod selector;
mod service;
pub(crate) mod systemd;
mod template;
pub(crate) mod terraform;
#[cfg(test)]
mod tests;
mod variable;
mod workload;

use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Edge, Graph, Map, Node, Platform, Resource, Source, Value};

use crate::{Batch, Reader};

use object::Identity;
pub use object::{bare_namespace_of, scope_of};
pub(crate) use template::unrendered;

/// Groups whose documents look like Kubernetes objects and are never sent to a cluster.
const FOREIGN_GROUPS: &[&str] = &["kustomize.config.k8s.io", "skaffold", "backstage.io"];

/// The reader of Kubernetes manifests. Custom resources and kubeconfig files are objects too.
#[derive(Debug)]
pub(crate) struct Kubernetes;

impl Reader for Kubernetes {
    fn platform(&self) -> Platform {
        Platform::Kubernetes
    }

    /// A map with the strings `apiVersion` and `kind`, unless its group is known to belong to a tool.
    fn accepts(&self, _path: &str, document: &Node) -> bool {
        let text = |key| document.get(key).filter(|value| attributes::is_text(value)).and_then(Node::as_str);
        match (text("apiVersion"), text("kind")) {
            (Some(version), Some(_)) => !FOREIGN_GROUPS.contains(&object::group(version)),
            _ => service::is_etcd(document),
        }
    }

    fn resembles(&self, source: &Source) -> bool {
        template::resembles(&source.bytes)
    }

    fn read(&self, source: &Source, document: &Node, batch: &mut Batch, diagnostics: &mut Vec<Diagnostic>) {
        Reading { source, batch, diagnostics, scope: None }.document(document);
    }

    fn derive(&self, graph: &Graph) -> Vec<Resource> {
        service::derive(graph)
    }

    fn link(&self, graph: &Graph, diagnostics: &mut Vec<Diagnostic>) -> Vec<Edge> {
        link::link(graph, diagnostics)
    }
}

/// Reads an object that was built, or a list of such. What belongs to one build shares a scope and is told from other objects of its names.
pub(crate) fn read_built(
    object: &Node,
    scope: &str,
    source: &Source,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if Kubernetes.accepts(&source.path, object) {
        Reading { source, batch, diagnostics, scope: Some(scope) }.document(object);
    }
}

/// One document being read.
struct Reading<'a> {
    source: &'a Source,
    batch: &'a mut Batch,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The build that it belongs to, if any.
    scope: Option<&'a str>,
}

impl Reading<'_> {
    /// An object, or a list of objects. Lists within lists end where the parser's limit on nesting ends.
    fn document(&mut self, document: &Node) {
        let kind = document.get("kind").and_then(Node::as_str).unwrap_or_default();
        match (kind.strip_suffix("List"), document.get("items")) {
            (Some(item_kind), Some(items)) if items.as_list().is_some() => {
                for item in items.items() {
                    if self.batch.resources.len() >= max_resources(self.source) {
                        return self.diagnostics.push(too_many(self.source, item));
                    }
                    self.item(document, item_kind, item);
                }
            }
            _ => self.object(document),
        }
    }

    /// An item of a list. In a list of one kind (`ConfigMapList`) items need not repeat version and kind.
    fn item(&mut self, list: &Node, item_kind: &str, item: &Node) {
        let Some(fields) = item.as_map() else {
            return self.misshapen(item, "an item of a List is no object");
        };
        let mut item = item.clone();
        if !item_kind.is_empty() && fields.get("kind").is_none() {
            let kind = list.get("kind").map(|kind| attributes::replaced(kind.clone(), item_kind));
            item.value = Value::Map(Arc::new(completed(fields, list.get("apiVersion").cloned(), kind)));
        }
        if item.get("kind").is_some_and(attributes::is_text) {
            self.document(&item);
        } else {
            self.misshapen(&item, "an item of a List has no kind");
        }
    }

    /// One object with what is derived from it.
    fn object(&mut self, object: &Node) {
        let identity = match service::is_etcd(object) {
            true => Identity::of_file(service::ETCD, self.source.file_name()),
            false => Identity::of(object, self.source.file_name()),
        };
        let resource = Resource {
            platform: Platform::Kubernetes,
            kind: identity.kind.clone(),
            address: identity.address(),
            part: "".into(),
            at: object.at,
            value: if self.scope.is_some() { object.clone() } else { patch::opened(&identity.kind, object) },
            unit: identity.unit(self.scope),
            owner: None,
            opaque: None,
        };
        let id = self.batch.push(resource.clone());
        workload::derive(&resource, id, self.source, self.batch, self.diagnostics);
    }

    fn misshapen(&mut self, node: &Node, message: &str) {
        self.diagnostics.push(misshapen(self.source, node, message));
    }
}

/// The fields of an item with the version and kind of its list where it has none itself.
fn completed(fields: &Map, version: Option<Node>, kind: Option<Node>) -> Map {
    let mut completed = fields.clone();
    for (key, value) in [("apiVersion", version), ("kind", kind)] {
        if let (None, Some(value)) = (fields.get(key), value) {
            completed.push_new(key, value);
        }
    }
    completed
}

/// How many resources one file may give. Without aliases no file comes near it; with them, few bytes can say much.
fn max_resources(source: &Source) -> usize {
    10_000 + source.bytes.len() / 8
}

/// What was left out because of [`max_resources`] begins at a node.
fn too_many(source: &Source, node: &Node) -> Diagnostic {
    let message = "aliases multiply the objects, containers or commands of this file: the rest was not judged";
    Diagnostic::new(DiagnosticKind::Limit, message).path(source.path.clone()).at(node.at).blinds(Platform::Kubernetes)
}

/// Something that Kubernetes would refuse, so that it was not judged.
fn misshapen(source: &Source, node: &Node, message: &str) -> Diagnostic {
    Diagnostic::new(DiagnosticKind::Syntax, message).path(source.path.clone()).at(node.at).blinds(Platform::Kubernetes)
}
