//! What an object is called.

use std::sync::Arc;

use secscan_model::{Node, Resource};

use super::attributes;

/// The namespace of objects that name none.
const DEFAULT_NAMESPACE: &str = "default";

/// Kinds that live in no namespace: those of Kubernetes itself and of widely used extensions. The scope of any other
/// kind stands in its definition, which need not be in the scan; it is taken for namespaced, as most kinds are.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "CiliumClusterwideNetworkPolicy",
    "ClusterExternalSecret",
    "ClusterIssuer",
    "ClusterPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterSecretStore",
    "ClusterTrustBundle",
    "ComponentStatus",
    "ConstraintTemplate",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "GatewayClass",
    "GlobalNetworkPolicy",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "SecurityContextConstraints",
    "SelfSubjectAccessReview",
    "SelfSubjectReview",
    "SelfSubjectRulesReview",
    "StorageClass",
    "SubjectAccessReview",
    "TokenReview",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
    "VolumeSnapshotClass",
    "VolumeSnapshotContent",
];

/// Groups without any namespaced kind: settings of the cluster's programs, which are files and no objects, and the
/// constraints of Gatekeeper.
const CLUSTER_SCOPED_GROUPS: &[&str] =
    &["audit.k8s.io", "constraints.gatekeeper.sh", "kind.x-k8s.io", "kubeadm.k8s.io"];

/// The group of an `apiVersion`: `apps` of `apps/v1`, empty for the core group's `v1`.
pub(super) fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The group of an object that was read.
pub(super) fn group_of(object: &Node) -> &str {
    object.get("apiVersion").and_then(Node::as_str).map_or("", group)
}

/// Whether a kind of Kubernetes itself lives in no namespace.
pub(super) fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.binary_search(&kind).is_ok()
}

/// The namespace of an object that was read, with the scope of what was built; empty for what lives in none.
pub(super) fn namespace_of(resource: &Resource) -> &str {
    resource.unit.strip_prefix(UNIT_PREFIX).unwrap_or_default()
}

/// Stands between a namespace and the scope of what was built: the same names in two overlays are not the same objects.
const SCOPE: char = '@';

/// The namespace of an object that was read; empty for what lives in none.
pub fn bare_namespace_of(resource: &Resource) -> &str {
    without_scope(namespace_of(resource))
}

/// The scope of an object that was built, which it shares with those of the same build; none for those that are read as
/// they are written.
pub fn scope_of(resource: &Resource) -> Option<&str> {
    namespace_of(resource).split_once(SCOPE).map(|(_, scope)| scope)
}

/// A namespace without a scope.
pub(super) fn without_scope(namespace: &str) -> &str {
    namespace.split_once(SCOPE).map_or(namespace, |(namespace, _)| namespace)
}

/// A namespace of a scope.
pub(super) fn in_scope(namespace: &str, scope: &str) -> String {
    format!("{namespace}{SCOPE}{scope}")
}

const UNIT_PREFIX: &str = "kubernetes:";

/// The name of an object.
pub(super) struct Identity {
    /// The kind as written.
    pub(super) kind: Arc<str>,
    /// The namespace, `default` when none is written; none for what lives in no namespace.
    namespace: Option<Arc<str>>,
    name: Arc<str>,
}

impl Identity {
    /// The identity of an object in a file of that name. An object without a name of its own is called `PREFIX*` after
    /// `generateName`, else `<FILE>` after its file: neither can be the name of another object.
    pub(super) fn of(object: &Node, file_name: &str) -> Self {
        let text = |path: &[&str]| {
            let node = attributes::at_path(object, path)?;
            node.raw_text().map(|text| text.to_string()).filter(|text| !text.is_empty())
        };
        let kind = text(&["kind"]).unwrap_or_default();
        let group = group_of(object);
        let settings = group.ends_with(".config.k8s.io") || (group.is_empty() && kind == "Config");
        let scoped = !(settings || CLUSTER_SCOPED_GROUPS.contains(&group) || is_cluster_scoped(&kind));
        let name = text(&["metadata", "name"])
            .or_else(|| text(&["metadata", "generateName"]).map(|prefix| format!("{prefix}*")))
            .unwrap_or_else(|| format!("<{file_name}>"));
        let namespace = || text(&["metadata", "namespace"]).map_or_else(|| DEFAULT_NAMESPACE.into(), Into::into);
        Self { kind: kind.into(), namespace: scoped.then(namespace), name: name.into() }
    }

    /// The identity of a file that is no object and says no kind itself.
    pub(super) fn of_file(kind: &str, file_name: &str) -> Self {
        Self { kind: kind.into(), namespace: None, name: format!("<{file_name}>").into() }
    }

    /// `NAMESPACE/KIND/NAME`, or `KIND/NAME` for what lives in no namespace.
    pub(super) fn address(&self) -> Arc<str> {
        let Self { kind, namespace, name } = self;
        match namespace {
            Some(namespace) => format!("{namespace}/{kind}/{name}").into(),
            None => format!("{kind}/{name}").into(),
        }
    }

    /// `kubernetes:NAMESPACE`, without a namespace for what lives in none; of what was built, `@SCOPE` behind it.
    pub(super) fn unit(&self, scope: Option<&str>) -> Arc<str> {
        let namespace = self.namespace.as_deref().unwrap_or_default();
        match scope {
            Some(scope) => format!("{UNIT_PREFIX}{}", in_scope(namespace, scope)).into(),
            None => format!("{UNIT_PREFIX}{namespace}").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched() {
        assert!(CLUSTER_SCOPED.is_sorted());
    }

    #[test]
    fn the_core_group_has_no_name() {
        assert_eq!((group("v1"), group("apps/v1")), ("", "apps"));
    }
}
