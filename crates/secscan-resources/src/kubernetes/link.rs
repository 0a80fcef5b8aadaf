//! References between objects: by name, by kind and name, and by label selector.
//!
//! Reading order: the tables of what refers to what, [`link`], `Linker`. Objects refer within their namespace, unless the
//! reference names another one. When several files write an object of the same name (overlays, examples), a name means
//! the one in the same file, else those in the same folder, else all of them.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashMap;
use secscan_model::{Diagnostic, DiagnosticKind, Edge, Graph, Node, Platform, Resource, ResourceId, Value};

use super::custom;
use super::object::{group_of, in_scope, is_cluster_scoped, namespace_of, scope_of, without_scope};
use super::selector::{Pods, Selector};
use super::workload::{CONTAINER_LISTS, pod_path};

/// How many objects are looked at for all references of a scan together. Each reference found is one of them, so this
/// bounds time and memory when thousands of objects select thousands.
const MAX_CANDIDATES: usize = 2_000_000;

/// Fields that hold the name of an object: the kinds that have the field, its path, the kind that it names.
const NAMES: &[(&[&str], &str, &str)] = &[
    (&["StatefulSet"], "spec.serviceName", "Service"),
    (&["PersistentVolumeClaim"], "spec.volumeName", "PersistentVolume"),
    (&["PersistentVolumeClaim", "PersistentVolume"], "spec.storageClassName", "StorageClass"),
    (&["ServiceAccount"], "secrets.name", "Secret"),
    (&["ServiceAccount"], "imagePullSecrets.name", "Secret"),
    (&["Ingress"], "spec.ingressClassName", "IngressClass"),
    (&["Ingress"], "spec.tls.secretName", "Secret"),
    (&["Ingress"], "spec.backend.serviceName", "Service"),
    (&["Ingress"], "spec.rules.http.paths.backend.serviceName", "Service"),
];

/// Maps that name an object by `kind`, `name` and `namespace`: the kinds that have the map, its path, and the kind that
/// is meant when the map says none.
const OBJECTS: &[(&[&str], &str, &str)] = &[
    (&["HorizontalPodAutoscaler"], "spec.scaleTargetRef", ""),
    (&["VerticalPodAutoscaler"], "spec.targetRef", ""),
    (&["ScaledObject"], "spec.scaleTargetRef", "Deployment"),
    (&["RoleBinding", "ClusterRoleBinding"], "roleRef", ""),
    (&["RoleBinding", "ClusterRoleBinding"], "subjects", ""),
    (&["Ingress"], "spec.defaultBackend.service", "Service"),
    (&["Ingress"], "spec.rules.http.paths.backend.service", "Service"),
    (&["HTTPRoute", "GRPCRoute"], "spec.parentRefs", "Gateway"),
    (&["HTTPRoute", "GRPCRoute"], "spec.rules.backendRefs", "Service"),
    (&["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], "webhooks.clientConfig.service", "Service"),
    (&["APIService"], "spec.service", "Service"),
    (&["PersistentVolume"], "spec.claimRef", "PersistentVolumeClaim"),
];

/// Fields below the specification of a pod that hold the name of an object.
const POD_NAMES: &[(&str, &str)] = &[
    ("serviceAccountName", "ServiceAccount"),
    ("serviceAccount", "ServiceAccount"),
    ("imagePullSecrets.name", "Secret"),
    ("priorityClassName", "PriorityClass"),
    ("runtimeClassName", "RuntimeClass"),
    ("volumes.configMap.name", "ConfigMap"),
    ("volumes.secret.secretName", "Secret"),
    ("volumes.persistentVolumeClaim.claimName", "PersistentVolumeClaim"),
    ("volumes.projected.sources.configMap.name", "ConfigMap"),
    ("volumes.projected.sources.secret.name", "Secret"),
    ("volumes.csi.nodePublishSecretRef.name", "Secret"),
];

/// Likewise below a container.
const CONTAINER_NAMES: &[(&str, &str)] = &[
    ("env.valueFrom.configMapKeyRef.name", "ConfigMap"),
    ("env.valueFrom.secretKeyRef.name", "Secret"),
    ("envFrom.configMapRef.name", "ConfigMap"),
    ("envFrom.secretRef.name", "Secret"),
];

/// Kinds of the core group that other groups have as well (a `Service` of Knative is none that an ingress can name).
const CORE: &[&str] =
    &["ConfigMap", "Namespace", "PersistentVolume", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount"];

/// Finds the references between the Kubernetes objects of a scan.
pub(super) fn link(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) -> Vec<Edge> {
    let mut linker = Linker::new(graph);
    for (id, resource) in objects(graph) {
        linker.object(id, resource);
    }
    if linker.exhausted {
        let message =
            format!("more than {MAX_CANDIDATES} possible references between Kubernetes objects: not all were found");
        diagnostics.push(Diagnostic::new(DiagnosticKind::Limit, message).blinds(Platform::Kubernetes));
    }
    linker.edges
}

fn objects(graph: &Graph) -> impl Iterator<Item = (ResourceId, &Resource)> {
    graph.iter().filter(|(_, resource)| resource.platform == Platform::Kubernetes)
}

struct Linker<'a> {
    graph: &'a Graph,
    /// The objects by kind, namespace and name.
    named: HashMap<(&'a str, &'a str, &'a str), Vec<ResourceId>>,
    pods: Pods<'a>,
    edges: Vec<Edge>,
    /// What is left of [`MAX_CANDIDATES`].
    budget: usize,
    exhausted: bool,
}

/// The object that a reference stands in, and where it stands there.
struct Site<'a> {
    id: ResourceId,
    resource: &'a Resource,
    path: Arc<str>,
}

impl<'a> Linker<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut named: HashMap<_, Vec<_>> = HashMap::default();
        let mut pods = Pods::default();
        for (id, resource) in objects(graph) {
            let (kind, namespace, object) = (&*resource.kind, namespace_of(resource), &resource.value);
            if let Some(path) = pod_path(kind, object) {
                let template = object.at_path(path);
                pods.add(namespace, id, template.and_then(|template| template.at_path(&["metadata", "labels"])));
            } else {
                for pod in custom::pods(kind, group_of(object), object) {
                    if let Cow::Borrowed(template) = pod.template {
                        pods.add(namespace, id, template.at_path(&["metadata", "labels"]));
                    }
                }
            }
            let foreign = CORE.contains(&kind) && !group_of(object).is_empty();
            if let Some(name) = object.at_path(&["metadata", "name"]).and_then(Node::as_str).filter(|_| !foreign) {
                named.entry((kind, namespace, name)).or_default().push(id);
            }
        }
        Self { graph, named, pods, edges: Vec::new(), budget: MAX_CANDIDATES, exhausted: false }
    }

    /// The references that stand in one object.
    fn object(&mut self, id: ResourceId, resource: &'a Resource) {
        let kind = &*resource.kind;
        self.names(id, resource, &resource.value, "metadata.namespace", "", "Namespace");
        for (_, path, to) in NAMES.iter().filter(|(kinds, ..)| kinds.contains(&kind)) {
            self.names(id, resource, &resource.value, path, "", to);
        }
        for (_, path, default_kind) in OBJECTS.iter().filter(|(kinds, ..)| kinds.contains(&kind)) {
            let site = Site { id, resource, path: (*path).into() };
            for reference in values(&resource.value, path) {
                self.reference(&site, reference, default_kind);
            }
        }
        if let Some((path, selector)) = selector(resource) {
            self.selected(&Site { id, resource, path: path.into() }, &selector);
        }
        if let Some(path) = pod_path(kind, &resource.value) {
            let path = [path, &["spec"]].concat();
            if let Some(spec) = resource.value.at_path(&path) {
                self.pod(id, resource, spec, &path.join("."));
            }
        } else {
            for pod in custom::pods(kind, group_of(&resource.value), &resource.value) {
                if let Some(spec) = pod.template.get("spec") {
                    self.pod(id, resource, spec, &pod.path);
                }
            }
        }
    }

    /// The references that stand in the specification of a pod of a workload; `prefix` is the path to it.
    fn pod(&mut self, id: ResourceId, resource: &'a Resource, spec: &Node, prefix: &str) {
        for (path, to) in POD_NAMES {
            self.names(id, resource, spec, path, prefix, to);
        }
        for (list, _) in CONTAINER_LISTS {
            let Some(containers) = spec.get(list) else { continue };
            for (path, to) in CONTAINER_NAMES {
                self.names(id, resource, containers, path, &format!("{prefix}.{list}"), to);
            }
        }
    }

    /// The objects of a kind whose names stand at a path below a value of an object. `prefix` is the value's own path.
    fn names(&mut self, id: ResourceId, resource: &'a Resource, below: &Node, path: &str, prefix: &str, kind: &str) {
        let names = values(below, path);
        if names.is_empty() {
            return;
        }
        let path = if prefix.is_empty() { path.into() } else { format!("{prefix}.{path}").into() };
        let site = Site { id, resource, path };
        for name in names.into_iter().filter_map(Node::as_str) {
            self.named(&site, kind, namespace_of(resource), name);
        }
    }

    /// The object that a map names by kind, name and namespace.
    fn reference(&mut self, site: &Site, reference: &Node, default_kind: &str) {
        let text = |key| reference.get(key).and_then(Node::as_str);
        let kind = text("kind").unwrap_or(default_kind);
        let namespace = text("namespace").unwrap_or_else(|| namespace_of(site.resource));
        if let Some(name) = text("name") {
            self.named(site, kind, namespace, name);
        }
    }

    /// The objects of a name: the nearest ones.
    fn named(&mut self, site: &Site, kind: &str, namespace: &str, name: &str) {
        let bare = if is_cluster_scoped(kind) { "" } else { without_scope(namespace) };
        let scoped = scope_of(site.resource).map(|scope| in_scope(bare, scope));
        let built = scoped.as_deref().and_then(|namespace| self.named.get(&(kind, namespace, name)));
        // What is not in the same build may stand beside it.
        let Some(ids) = built.or_else(|| self.named.get(&(kind, bare, name))) else { return };
        let Some(budget) = self.budget.checked_sub(ids.len()) else {
            self.exhausted = true;
            return;
        };
        self.budget = budget;
        let graph = self.graph;
        let source = |id: ResourceId| graph.resource(id).at.source;
        let folder = |id: ResourceId| graph.source(source(id)).map(|source| source.folder());
        let same_file = |id: &ResourceId| source(*id) == source(site.id);
        let same_folder = |id: &ResourceId| folder(*id) == folder(site.id);
        let edge = |to: &ResourceId| Edge { from: site.id, path: site.path.clone(), to: *to };
        if ids.iter().any(same_file) {
            self.edges.extend(ids.iter().filter(|id| same_file(id)).map(edge));
        } else if ids.iter().any(same_folder) {
            self.edges.extend(ids.iter().filter(|id| same_folder(id)).map(edge));
        } else {
            self.edges.extend(ids.iter().map(edge));
        }
    }

    /// The workloads whose pods a selector selects.
    fn selected(&mut self, site: &Site, selector: &Selector) {
        match self.pods.select(namespace_of(site.resource), selector, &mut self.budget) {
            Some(workloads) => {
                let edge = |to| Edge { from: site.id, path: site.path.clone(), to };
                self.edges.extend(workloads.into_iter().map(edge));
            }
            None => self.exhausted = true,
        }
    }
}

/// The selector of pods that an object has, with its path; none when it selects no pods at all.
fn selector(resource: &Resource) -> Option<(&'static str, Selector<'_>)> {
    let at = |path: &[&str]| resource.value.at_path(path).filter(|node| !node.is_null());
    match &*resource.kind {
        "Service" => {
            let selector = Selector::of_labels(at(&["spec", "selector"])?)?;
            (!selector.is_empty()).then_some(("spec.selector", selector))
        }
        "NetworkPolicy" => {
            let selector = at(&["spec"])?.get("podSelector");
            Some(("spec.podSelector", selector.map_or(Some(Selector::all()), Selector::of)?))
        }
        "PodDisruptionBudget" => {
            let selector = Selector::of(at(&["spec", "selector"])?)?;
            // An empty selector selected nothing in the version before `policy/v1`.
            let beta = resource.value.get("apiVersion").and_then(Node::as_str) == Some("policy/v1beta1");
            (!(beta && selector.is_empty())).then_some(("spec.selector", selector))
        }
        _ => None,
    }
}

/// The values at a path of keys; lists on the way and at the end are looked through.
fn values<'n>(below: &'n Node, path: &str) -> Vec<&'n Node> {
    fn collect<'n>(node: &'n Node, path: &str, found: &mut Vec<&'n Node>) {
        if let Value::List(items) = &node.value {
            return items.iter().for_each(|item| collect(item, path, found));
        }
        if path.is_empty() {
            return found.push(node);
        }
        let (key, rest) = path.split_once('.').unwrap_or((path, ""));
        if let Some(child) = node.get(key) {
            collect(child, rest, found);
        }
    }
    let mut found = Vec::new();
    collect(below, path, &mut found);
    found
}
