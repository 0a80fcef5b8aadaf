//! Which fields each transformer works on: what Kustomize knows by itself, and what `configurations` add.
//!
//! Reading order: [`Config`], then the tables. Pods have the same fields wherever they stand, so the tables name the kinds
//! that run pods and the fields below the pod.

use std::sync::LazyLock;

use secscan_model::Node;

use super::fields::{Field, merge};
use super::id::Gvk;

/// The fields of all transformers.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) prefixes: Vec<Field>,
    pub(super) suffixes: Vec<Field>,
    pub(super) namespaces: Vec<Field>,
    pub(super) common_labels: Vec<Field>,
    pub(super) labels: Vec<Field>,
    pub(super) template_labels: Vec<Field>,
    pub(super) annotations: Vec<Field>,
    pub(super) references: Vec<Referred>,
    pub(super) variables: Vec<Field>,
    pub(super) images: Vec<Field>,
    pub(super) replicas: Vec<Field>,
}

/// A type with the fields that name objects of it.
#[derive(Clone, Debug)]
pub(super) struct Referred {
    pub(super) to: Gvk,
    pub(super) fields: Vec<Field>,
}

impl Config {
    /// What Kustomize knows by itself.
    pub(super) fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Config> = LazyLock::new(Config::new);
        &BUILT_IN
    }

    fn new() -> Self {
        let name = Field::new("metadata/name", Gvk::default(), false);
        Self {
            prefixes: vec![name.clone()],
            suffixes: vec![name],
            namespaces: namespaces(),
            common_labels: [selectors(), templates("labels")].concat(),
            labels: Vec::new(),
            template_labels: templates("labels"),
            annotations: templates("annotations"),
            references: references(),
            variables: variables(),
            images: images(),
            replicas: of_kinds(SCALED, &["spec/replicas"], true),
        }
    }

    /// Adds what a configuration file says.
    pub(super) fn add(&mut self, written: &Node) {
        let fields = |key: &str| -> Vec<Field> {
            written.get(key).map_or(&[][..], Node::items).iter().map(Field::written).collect()
        };
        let references = written.get("nameReference").map_or(&[][..], Node::items).iter().map(|reference| Referred {
            to: Gvk::written(reference),
            fields: reference.get("fieldSpecs").map_or(&[][..], Node::items).iter().map(Field::written).collect(),
        });
        self.merge(&Self {
            prefixes: fields("namePrefix"),
            suffixes: fields("nameSuffix"),
            namespaces: fields("namespace"),
            common_labels: fields("commonLabels"),
            labels: fields("labels"),
            template_labels: fields("templateLabels"),
            annotations: fields("commonAnnotations"),
            references: references.collect(),
            variables: fields("varReference"),
            images: fields("images"),
            replicas: fields("replicas"),
        });
    }

    /// Adds the fields of another configuration.
    pub(super) fn merge(&mut self, other: &Self) {
        for (own, more) in [
            (&mut self.prefixes, &other.prefixes),
            (&mut self.suffixes, &other.suffixes),
            (&mut self.namespaces, &other.namespaces),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.annotations, &other.annotations),
            (&mut self.variables, &other.variables),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
        ] {
            merge(own, more);
        }
        for referred in &other.references {
            match self.references.iter_mut().find(|known| known.to == referred.to) {
                Some(known) => merge(&mut known.fields, &referred.fields),
                None => self.references.push(referred.clone()),
            }
        }
    }
}

/// The kinds that hold the template of a pod: group and version where Kustomize asks for them, kind, and the path to the
/// template.
const TEMPLATED: &[(&str, &str, &str, &str)] = &[
    ("", "v1", "ReplicationController", "spec/template"),
    ("", "", "Deployment", "spec/template"),
    ("", "", "ReplicaSet", "spec/template"),
    ("", "", "DaemonSet", "spec/template"),
    ("", "", "StatefulSet", "spec/template"),
    ("batch", "", "Job", "spec/template"),
    ("batch", "", "CronJob", "spec/jobTemplate"),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template"),
];

/// Labels or annotations of objects and of the templates within them.
fn templates(what: &str) -> Vec<Field> {
    let of_template = |(group, version, kind, path): &(&str, &str, &str, &str)| {
        // Labels tell the StatefulSet of `apps` from others, annotations do not.
        let group = if (*kind, what) == ("StatefulSet", "labels") { "apps" } else { group };
        Field::new(&format!("{path}/metadata/{what}"), Gvk::new(group, version, kind), true)
    };
    let mut fields = vec![Field::new(&format!("metadata/{what}"), Gvk::default(), true)];
    fields.extend(TEMPLATED.iter().map(of_template));
    if what == "labels" {
        let claims = Gvk::new("apps", "", "StatefulSet");
        fields.push(Field::new("spec/volumeClaimTemplates[]/metadata/labels", claims, true));
    }
    fields
}

/// Where selectors of pods stand: group, version, kind, path, whether it is made.
const SELECTORS: &[(&str, &str, &str, &str, bool)] = &[
    ("", "v1", "Service", "spec/selector", true),
    ("", "v1", "ReplicationController", "spec/selector", true),
    ("", "", "Deployment", "spec/selector/matchLabels", true),
    ("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    ("", "", "DaemonSet", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    ("batch", "", "Job", "spec/selector/matchLabels", false),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    ("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

/// Selectors of other pods within the pod of a Deployment or StatefulSet.
const NEIGHBOURS: &[&str] = &[
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
];

fn selectors() -> Vec<Field> {
    let own = SELECTORS
        .iter()
        .map(|(group, version, kind, path, is_created)| Field::new(path, Gvk::new(group, version, kind), *is_created));
    let neighbours = ["Deployment", "StatefulSet"].into_iter().flat_map(|kind| {
        let of = move |path| Field::new(&format!("spec/template/spec/{path}"), Gvk::new("apps", "", kind), false);
        NEIGHBOURS.iter().map(of)
    });
    own.chain(neighbours).collect()
}

fn namespaces() -> Vec<Field> {
    vec![
        Field::new("metadata/name", Gvk::new("", "", "Namespace"), true),
        Field::new("spec/service/namespace", Gvk::new("apiregistration.k8s.io", "", "APIService"), true),
        Field::new(
            "spec/conversion/webhook/clientConfig/service/namespace",
            Gvk::new("apiextensions.k8s.io", "", "CustomResourceDefinition"),
            false,
        ),
    ]
}

fn images() -> Vec<Field> {
    let lists = ["spec", "spec/template/spec"].into_iter().flat_map(|spec| {
        ["containers", "initContainers"].into_iter().map(move |list| format!("{spec}/{list}[]/image"))
    });
    lists.map(|path| Field::new(&path, Gvk::default(), true)).collect()
}

/// Kinds whose number of pods can be set.
const SCALED: &[&str] = &["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];

fn of_kinds(kinds: &[&str], paths: &[&str], is_created: bool) -> Vec<Field> {
    let of = |kind: &&str| {
        let kind = Gvk::new("", "", kind);
        paths.iter().map(move |path| Field::new(path, kind.clone(), is_created))
    };
    kinds.iter().flat_map(of).collect()
}

/// The kinds that run pods, with the version where Kustomize asks for it, and the path to the pod's `spec`.
const PODS: &[(&str, &str, &str)] = &[
    ("v1", "Pod", "spec"),
    ("", "PodTemplate", "template/spec"),
    ("", "Deployment", "spec/template/spec"),
    ("", "ReplicaSet", "spec/template/spec"),
    ("", "DaemonSet", "spec/template/spec"),
    ("", "StatefulSet", "spec/template/spec"),
    ("", "Job", "spec/template/spec"),
    ("", "CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// Likewise for service accounts, claims and priority classes.
const ACCOUNTED: &[(&str, &str, &str)] = &[
    ("", "Pod", "spec"),
    ("", "StatefulSet", "spec/template/spec"),
    ("", "Deployment", "spec/template/spec"),
    ("", "ReplicationController", "spec/template/spec"),
    ("", "CronJob", "spec/jobTemplate/spec/template/spec"),
    ("", "Job", "spec/template/spec"),
    ("", "DaemonSet", "spec/template/spec"),
];

/// Fields below the `spec` of pods that name an object.
fn in_pods(pods: &[(&str, &str, &str)], paths: &[&str]) -> Vec<Field> {
    let of = |(version, kind, spec): &(&str, &str, &str)| {
        let (kind, spec) = (Gvk::new("", version, kind), (*spec).to_owned());
        paths.iter().map(move |path| Field::new(&format!("{spec}/{path}"), kind.clone(), false))
    };
    pods.iter().flat_map(of).collect()
}

/// The types that fields refer to: group, version, kind, the fields below pods, and all other fields with the group,
/// version and kind of their objects. In the order in which Kustomize goes through them.
type Reference<'t> = (
    (&'t str, &'t str, &'t str),
    &'t [(&'t str, &'t str, &'t str)],
    &'t [&'t str],
    &'t [(&'t str, &'t str, &'t str, &'t str)],
);

const REFERENCES: &[Reference<'_>] = &[
    (
        ("storage.k8s.io", "v1", "StorageClass"),
        &[],
        &[],
        &[
            ("", "", "PersistentVolume", "spec/storageClassName"),
            ("", "", "PersistentVolumeClaim", "spec/storageClassName"),
            ("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
        ],
    ),
    (
        ("", "v1", "ServiceAccount"),
        ACCOUNTED,
        &["serviceAccountName"],
        &[
            ("rbac.authorization.k8s.io", "", "RoleBinding", "subjects"),
            ("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects"),
        ],
    ),
    (
        ("rbac.authorization.k8s.io", "", "Role"),
        &[],
        &[],
        &[("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name")],
    ),
    (
        ("rbac.authorization.k8s.io", "", "ClusterRole"),
        &[],
        &[],
        &[
            ("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
            ("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name"),
        ],
    ),
    (
        ("", "v1", "ConfigMap"),
        PODS,
        &[
            "volumes/configMap/name",
            "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name",
            "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name",
            "volumes/projected/sources/configMap/name",
        ],
        &[
            ("", "", "Node", "spec/configSource/configMap"),
            ("", "", "Role", "rules/resourceNames"),
            ("", "", "ClusterRole", "rules/resourceNames"),
            ("", "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"),
        ],
    ),
    (
        ("", "v1", "Secret"),
        PODS,
        &[
            "volumes/secret/secretName",
            "containers/env/valueFrom/secretKeyRef/name",
            "initContainers/env/valueFrom/secretKeyRef/name",
            "containers/envFrom/secretRef/name",
            "initContainers/envFrom/secretRef/name",
            "imagePullSecrets/name",
            "volumes/projected/sources/secret/name",
        ],
        &[
            ("", "", "Ingress", "spec/tls/secretName"),
            ("", "", "Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
            ("", "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
            ("", "", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
            ("", "", "ServiceAccount", "imagePullSecrets/name"),
            ("", "", "StorageClass", "parameters/secretName"),
            ("", "", "StorageClass", "parameters/adminSecretName"),
            ("", "", "StorageClass", "parameters/userSecretName"),
            ("", "", "StorageClass", "parameters/secretRef"),
            ("", "", "Role", "rules/resourceNames"),
            ("", "", "ClusterRole", "rules/resourceNames"),
            ("serving.knative.dev", "v1", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            ("", "", "PersistentVolume", "spec/azureFile/secretName"),
        ],
    ),
    (
        ("", "v1", "Service"),
        &[],
        &[],
        &[
            ("apps", "", "StatefulSet", "spec/serviceName"),
            ("", "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
            ("", "", "Ingress", "spec/backend/serviceName"),
            ("", "", "Ingress", "spec/rules/http/paths/backend/service/name"),
            ("", "", "Ingress", "spec/defaultBackend/service/name"),
            ("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
            ("admissionregistration.k8s.io", "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
            ("admissionregistration.k8s.io", "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
        ],
    ),
    (("scheduling.k8s.io", "v1", "PriorityClass"), ACCOUNTED, &["priorityClassName"], &[]),
    (
        ("", "v1", "PersistentVolume"),
        &[],
        &[],
        &[("", "", "PersistentVolumeClaim", "spec/volumeName"), ("", "", "ClusterRole", "rules/resourceNames")],
    ),
    (("", "v1", "PersistentVolumeClaim"), ACCOUNTED, &["volumes/persistentVolumeClaim/claimName"], &[]),
    (("", "", "Deployment"), &[], &[], SCALER),
    (("", "", "StatefulSet"), &[], &[], SCALER),
    (
        ("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy"),
        &[],
        &[],
        &[("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicyBinding", "spec/policyName")],
    ),
    // The group is written with a version behind it, so that it selects nothing; kept, because so it is.
    (("networking.k8s.io/v1", "v1", "IngressClass"), &[], &[], &[("", "", "Ingress", "spec/ingressClassName")]),
    (("", "", "ReplicaSet"), &[], &[], SCALER),
    (("", "", "ReplicationController"), &[], &[], SCALER),
];

const SCALER: &[(&str, &str, &str, &str)] = &[("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")];

fn references() -> Vec<Referred> {
    let referred = |((group, version, kind), pods, below, others): &Reference<'_>| {
        let others =
            others.iter().map(|(group, version, kind, path)| Field::new(path, Gvk::new(group, version, kind), false));
        let fields = in_pods(pods, below).into_iter().chain(others).collect();
        Referred { to: Gvk::new(group, version, kind), fields }
    };
    REFERENCES.iter().map(referred).collect()
}

/// The kinds in whose containers variables are replaced, with the path to the pod's `spec`.
const VARIABLE_PODS: &[(&str, &str, &str)] = &[
    ("", "CronJob", "spec/jobTemplate/spec/template/spec"),
    ("", "DaemonSet", "spec/template/spec"),
    ("", "Deployment", "spec/template/spec"),
    ("", "Job", "spec/template/spec"),
    ("", "Pod", "spec"),
    ("", "ReplicaSet", "spec/template/spec"),
    ("", "StatefulSet", "spec/template/spec"),
];

/// Other fields in which variables are replaced.
const VARIABLE_FIELDS: &[(&str, &str)] = &[
    ("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
    ("DaemonSet", "spec/template/spec/volumes/nfs/server"),
    ("Deployment", "spec/template/spec/volumes/nfs/server"),
    ("Deployment", "spec/template/metadata/annotations"),
    ("Ingress", "spec/rules/host"),
    ("Ingress", "spec/tls/hosts"),
    ("Ingress", "spec/tls/secretName"),
    ("Job", "spec/template/spec/volumes/nfs/server"),
    ("Pod", "spec/volumes/nfs/server"),
    ("ReplicaSet", "spec/template/spec/volumes/nfs/server"),
    ("Service", "spec/ports/port"),
    ("Service", "spec/ports/targetPort"),
    ("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
    ("PersistentVolume", "spec/nfs/server"),
    ("", "metadata/labels"),
    ("", "metadata/annotations"),
];

fn variables() -> Vec<Field> {
    let containers = ["containers", "initContainers"].into_iter().flat_map(|list| {
        ["args", "command", "env/value", "volumeMounts/mountPath"].into_iter().map(move |path| format!("{list}/{path}"))
    });
    let containers: Vec<String> = containers.collect();
    let paths: Vec<&str> = containers.iter().map(|path| &**path).collect();
    let others = VARIABLE_FIELDS.iter().map(|(kind, path)| Field::new(path, Gvk::new("", "", kind), false));
    in_pods(VARIABLE_PODS, &paths).into_iter().chain(others).collect()
}
