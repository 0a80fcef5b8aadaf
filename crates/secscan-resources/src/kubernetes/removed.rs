//! `$removed-in`: the release of Kubernetes that no longer serves the API version of an object.
//!
//! From the deprecated API migration guide of Kubernetes, and for alpha versions from the changelogs of the releases.

use secscan_model::{Node, Source};

/// API versions that are gone, with the kinds that had them and the release that dropped these.
static REMOVED: &[(&str, &[&str], &str)] = &[
    ("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet", "NetworkPolicy", "PodSecurityPolicy"], "1.16"),
    ("apps/v1beta1", &["Deployment", "ReplicaSet", "StatefulSet"], "1.16"),
    ("apps/v1beta2", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], "1.16"),
    ("batch/v2alpha1", &["CronJob"], "1.21"),
    ("extensions/v1beta1", &["Ingress"], "1.22"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22"),
    ("rbac.authorization.k8s.io/v1beta1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"], "1.22"),
    ("rbac.authorization.k8s.io/v1alpha1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"], "1.23"),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "1.22",
    ),
    ("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], "1.22"),
    ("apiregistration.k8s.io/v1beta1", &["APIService"], "1.22"),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "1.22"),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22"),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], "1.22"),
    ("storage.k8s.io/v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], "1.22"),
    ("batch/v1beta1", &["CronJob"], "1.25"),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], "1.25"),
    ("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], "1.25"),
    ("policy/v1beta1", &["PodDisruptionBudget", "PodSecurityPolicy"], "1.25"),
    ("node.k8s.io/v1beta1", &["RuntimeClass"], "1.25"),
    ("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], "1.26"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &["FlowSchema", "PriorityLevelConfiguration"], "1.26"),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "1.27"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &["FlowSchema", "PriorityLevelConfiguration"], "1.29"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &["FlowSchema", "PriorityLevelConfiguration"], "1.32"),
];

/// `$removed-in` of an object, at the place of its `apiVersion`; none while its version is served.
pub(crate) fn child(of: &Node, _: &[Source]) -> Option<Node> {
    let version = of.get("apiVersion")?;
    let (written, kind) = (version.as_str()?, of.get("kind")?.as_str()?);
    let (.., release) = REMOVED.iter().find(|(known, kinds, _)| *known == written && kinds.contains(&kind))?;
    Some(Node::text(*release, version.at).named(version.name_at))
}

#[cfg(test)]
mod tests {
    use secscan_model::{Location, Map};

    use super::*;

    fn removed_in(version: &str, kind: &str) -> Option<String> {
        let text = |text: &str| Node::text(text, Location::default());
        let map: Map = [("apiVersion".into(), text(version)), ("kind".into(), text(kind))].into_iter().collect();
        Some(child(&Node::map(map, Location::default()), &[])?.as_str()?.to_owned())
    }

    #[test]
    fn a_version_is_gone_for_some_kinds_only() {
        assert_eq!(removed_in("extensions/v1beta1", "Deployment").as_deref(), Some("1.16"));
        assert_eq!(removed_in("extensions/v1beta1", "Ingress").as_deref(), Some("1.22"));
        assert_eq!(removed_in("storage.k8s.io/v1beta1", "CSIStorageCapacity").as_deref(), Some("1.27"));
        assert_eq!(removed_in("storage.k8s.io/v1beta1", "VolumeAttributesClass"), None);
        assert_eq!(removed_in("apps/v1", "Deployment"), None);
    }

    #[test]
    fn no_kind_of_a_version_is_listed_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for (version, kinds, _) in REMOVED {
            assert!(kinds.iter().all(|kind| seen.insert((version, kind))), "{version}");
        }
    }
}
