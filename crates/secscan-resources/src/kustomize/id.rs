//! What objects are called: group, version, kind, name and namespace.

use std::sync::Arc;

use secscan_model::Node;

/// The namespace that stands for none, in comparisons of objects that live in no namespace.
const NO_NAMESPACE: &str = "_non_namespaceable_";

/// The namespace of objects that name none.
const DEFAULT_NAMESPACE: &str = "default";

/// Kinds that live in no namespace, with their group and the versions for which Kustomize knows it. Of all others it
/// takes for granted that they live in one.
const CLUSTER_SCOPED: &[(&str, &[&str], &[&str])] = &[
    ("", &["v1"], &["ComponentStatus", "Namespace", "Node", "NodeProxyOptions", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &["v1", "v1beta1"],
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
    ),
    ("apiextensions.k8s.io", &["v1", "v1beta1"], &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["v1", "v1beta1"], &["APIService"]),
    ("certificates.k8s.io", &["v1", "v1beta1"], &["CertificateSigningRequest"]),
    ("flowcontrol.apiserver.k8s.io", &["v1beta1"], &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["v1", "v1beta1"], &["IngressClass"]),
    ("node.k8s.io", &["v1", "v1beta1"], &["RuntimeClass"]),
    ("policy", &["v1beta1"], &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["v1", "v1beta1"], &["ClusterRole", "ClusterRoleBinding"]),
    ("scheduling.k8s.io", &["v1", "v1beta1"], &["PriorityClass"]),
    ("storage.k8s.io", &["v1", "v1beta1"], &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
];

/// Group, version and kind; as a selector, what is empty selects everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Gvk {
    pub(super) group: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) kind: Arc<str>,
}

impl Gvk {
    pub(super) fn new(group: &str, version: &str, kind: &str) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// The type of an object: `apps/v1` has the group `apps`, `v1` has none.
    pub(super) fn of(object: &Node) -> Self {
        let text = |key| object.get(key).and_then(Node::as_str).unwrap_or_default();
        let (group, version) = group_and_version(text("apiVersion"));
        Self::new(group, version, text("kind"))
    }

    /// What a map says under `group`, `version` and `kind`.
    pub(super) fn written(map: &Node) -> Self {
        let text = |key| map.get(key).and_then(Node::as_str).unwrap_or_default();
        Self::new(text("group"), text("version"), text("kind"))
    }

    pub(super) fn is_selected_by(&self, selector: &Self) -> bool {
        let fits = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        fits(&self.group, &selector.group) && fits(&self.version, &selector.version) && fits(&self.kind, &selector.kind)
    }

    fn is_cluster_scoped(&self) -> bool {
        CLUSTER_SCOPED.iter().any(|(group, versions, kinds)| {
            *group == &*self.group && versions.contains(&&*self.version) && kinds.contains(&&*self.kind)
        })
    }
}

/// The parts of an `apiVersion`.
pub(super) fn group_and_version(written: &str) -> (&str, &str) {
    written.split_once('/').unwrap_or(("", written))
}

/// What tells one object from another.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Id {
    pub(super) gvk: Gvk,
    pub(super) name: Arc<str>,
    /// The namespace as written; empty for none.
    pub(super) namespace: Arc<str>,
    pub(super) is_cluster_scoped: bool,
}

impl Id {
    /// What an object is called now.
    pub(super) fn of(object: &Node) -> Self {
        let text = |key| object.at_path(&["metadata", key]).and_then(Node::as_str).unwrap_or_default();
        Self::new(Gvk::of(object), text("name"), text("namespace"))
    }

    pub(super) fn new(gvk: Gvk, name: &str, namespace: &str) -> Self {
        let is_cluster_scoped = gvk.is_cluster_scoped();
        Self { gvk, name: name.into(), namespace: namespace.into(), is_cluster_scoped }
    }

    /// The namespace that counts when objects are compared.
    pub(super) fn effective_namespace(&self) -> &str {
        match &*self.namespace {
            _ if self.is_cluster_scoped => NO_NAMESPACE,
            "" => DEFAULT_NAMESPACE,
            written => written,
        }
    }

    pub(super) fn is_in_namespace_of(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.is_in_namespace_of(other)
    }

    /// Whether a selector without expressions means it: what the selector leaves empty selects everything.
    pub(super) fn is_selected_by(&self, selector: &Self) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.is_in_namespace_of(self))
            && self.gvk.is_selected_by(&selector.gvk)
    }

    /// Whether it says nothing: such a selector is none.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.namespace {
            "" => write!(f, "{}/{}", self.gvk.kind, self.name),
            namespace => write!(f, "{namespace}/{}/{}", self.gvk.kind, self.name),
        }
    }
}
