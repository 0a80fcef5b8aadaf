//! Which lists of which types are merged by keys: what the schema of Kubernetes that Kustomize carries says.

use secscan_model::Node;

use super::id::Gvk;

/// How the items of a list are told apart when a patch is laid over it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keys {
    /// They are not: the list of the patch takes the place of the other.
    None,
    /// By themselves.
    Whole,
    /// By these fields.
    Of(&'static [&'static str]),
}

/// The type of a value within an object; its items, for lists.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// The name of the type in [`FIELDS`]; of a list, that of its items.
    name: &'static str,
    keys: Keys,
}

/// The groups whose kinds are in the schema. Of all others nothing is known, so that their lists are replaced.
const GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Kinds whose fields hold lists with keys: group, kind, the name of the type.
const KINDS: &[(&str, &str, &str)] = &[
    ("", "Pod", "Pod"),
    ("", "PodTemplate", "PodTemplate"),
    ("", "ReplicationController", "Workload"),
    ("", "Service", "Service"),
    ("", "ServiceAccount", "ServiceAccount"),
    ("", "Node", "Node"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "Webhooks"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "Webhooks"),
    ("apps", "DaemonSet", "Workload"),
    ("apps", "Deployment", "Workload"),
    ("apps", "ReplicaSet", "Workload"),
    ("apps", "StatefulSet", "Workload"),
    ("batch", "CronJob", "CronJob"),
    ("batch", "Job", "Workload"),
    ("storage.k8s.io", "CSINode", "CsiNode"),
];

use Keys::{None as Plain, Of, Whole};

/// The fields that matter: type, field, the type of the field or of its items, and how these are told apart.
const FIELDS: &[(&str, &str, &str, Keys)] = &[
    ("Any", "metadata", "Metadata", Plain),
    ("Container", "env", "", Of(&["name"])),
    ("Container", "ports", "", Of(&["containerPort", "protocol"])),
    ("Container", "volumeDevices", "", Of(&["devicePath"])),
    ("Container", "volumeMounts", "", Of(&["mountPath"])),
    ("CronJob", "metadata", "Metadata", Plain),
    ("CronJob", "spec", "CronJobSpec", Plain),
    ("CronJobSpec", "jobTemplate", "Workload", Plain),
    ("CsiNode", "metadata", "Metadata", Plain),
    ("CsiNode", "spec", "CsiNodeSpec", Plain),
    ("CsiNodeSpec", "drivers", "", Of(&["name"])),
    ("EphemeralContainer", "env", "", Of(&["name"])),
    ("EphemeralContainer", "volumeDevices", "", Of(&["devicePath"])),
    ("EphemeralContainer", "volumeMounts", "", Of(&["mountPath"])),
    ("EphemeralVolume", "volumeClaimTemplate", "Any", Plain),
    ("Metadata", "finalizers", "", Whole),
    ("Metadata", "ownerReferences", "", Of(&["uid"])),
    ("Node", "metadata", "Metadata", Plain),
    ("Node", "spec", "NodeSpec", Plain),
    ("NodeSpec", "podCIDRs", "", Whole),
    ("Pod", "metadata", "Metadata", Plain),
    ("Pod", "spec", "PodSpec", Plain),
    ("PodSpec", "containers", "Container", Of(&["name"])),
    ("PodSpec", "ephemeralContainers", "EphemeralContainer", Of(&["name"])),
    ("PodSpec", "hostAliases", "", Of(&["ip"])),
    ("PodSpec", "imagePullSecrets", "", Of(&["name"])),
    ("PodSpec", "initContainers", "Container", Of(&["name"])),
    ("PodSpec", "topologySpreadConstraints", "", Of(&["topologyKey", "whenUnsatisfiable"])),
    ("PodSpec", "volumes", "Volume", Of(&["name"])),
    ("PodTemplate", "metadata", "Metadata", Plain),
    ("PodTemplate", "template", "Pod", Plain),
    ("Service", "metadata", "Metadata", Plain),
    ("Service", "spec", "ServiceSpec", Plain),
    ("ServiceAccount", "metadata", "Metadata", Plain),
    ("ServiceAccount", "secrets", "", Of(&["name"])),
    ("ServiceSpec", "ports", "", Of(&["port", "protocol"])),
    ("Volume", "ephemeral", "EphemeralVolume", Plain),
    ("Webhooks", "metadata", "Metadata", Plain),
    ("Webhooks", "webhooks", "", Of(&["name"])),
    ("Workload", "metadata", "Metadata", Plain),
    ("Workload", "spec", "WorkloadSpec", Plain),
    ("WorkloadSpec", "template", "Pod", Plain),
];

impl Shape {
    /// The type of an object; none where the schema does not know it.
    pub(super) fn of(object: &Node) -> Option<Self> {
        let gvk = Gvk::of(object);
        if gvk.kind.is_empty() || gvk.version.is_empty() || !GROUPS.contains(&&*gvk.group) {
            return None;
        }
        let known = KINDS.iter().find(|(group, kind, _)| (*group, *kind) == (&*gvk.group, &*gvk.kind));
        Some(Self { name: known.map_or("Any", |(_, _, name)| name), keys: Keys::None })
    }

    /// The type of a field. One that the table does not have is known, too: it has no lists with keys.
    pub(super) fn field(&self, key: &str) -> Option<Self> {
        let field = FIELDS.iter().find(|(of, field, ..)| (*of, *field) == (self.name, key));
        Some(field.map_or(Self { name: "", keys: Keys::None }, |(_, _, name, keys)| Self { name, keys: *keys }))
    }

    /// The type of the items of a list.
    pub(super) fn item(&self) -> Option<Self> {
        Some(Self { name: self.name, keys: Keys::None })
    }

    /// How the items of the list are told apart.
    pub(super) fn keys(&self) -> Keys {
        self.keys
    }
}
