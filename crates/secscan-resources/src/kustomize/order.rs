//! In which order a kustomization gives its objects out: by kind, as they must be made, or as they came.

use secscan_model::Node;

use super::id::{Gvk, Id};
use super::object::Object;

/// Kinds that others need come first.
const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that would refuse others come last.
const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts objects as `sortOptions` says, by kind when it says nothing.
pub(super) fn sort(objects: &mut [Object], options: Option<&Node>) {
    if options.and_then(|options| options.get("order")).and_then(Node::as_str) == Some("fifo") {
        return;
    }
    let legacy = options.and_then(|options| options.get("legacySortOptions"));
    let listed = |key: &str, default: &[&str]| -> Vec<String> {
        match legacy {
            Some(legacy) => {
                let items = legacy.get(key).map_or(&[][..], Node::items);
                items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
            }
            None => default.iter().map(|kind| (*kind).to_owned()).collect(),
        }
    };
    let (first, last) = (listed("orderFirst", FIRST), listed("orderLast", LAST));
    let rank = |kind: &str| {
        let among = |kinds: &[String]| kinds.iter().rposition(|known| known == kind);
        let early = || among(&first).map(|at| at as i64 - first.len() as i64);
        among(&last).map(|at| at as i64 + 1).or_else(early).unwrap_or_default()
    };
    objects.sort_by_cached_key(|object| {
        let id = object.id();
        (rank(&id.gvk.kind), of_type(&id.gvk), of_name(&id))
    });
}

fn or(text: &str, placeholder: &str) -> String {
    if text.is_empty() { placeholder.to_owned() } else { text.to_owned() }
}

fn of_type(gvk: &Gvk) -> String {
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

fn of_name(id: &Id) -> String {
    format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N"))
}
