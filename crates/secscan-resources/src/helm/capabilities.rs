//! What templates are told of the cluster and the release.

use std::rc::Rc;

use secscan_parse::gotemplate::{Data, Executor, Failure, Object, Value};

/// The release of Kubernetes that charts are rendered for when nobody names one.
pub(super) const KUBERNETES: &str = "1.37";

/// The groups and versions that a cluster serves by itself (1.37; older releases serve these or more of them).
const GROUPS: &[&str] = &[
    "admissionregistration.k8s.io/v1",
    "apiextensions.k8s.io/v1",
    "apiregistration.k8s.io/v1",
    "apps/v1",
    "authentication.k8s.io/v1",
    "authorization.k8s.io/v1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "certificates.k8s.io/v1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "events.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1",
    "networking.k8s.io/v1",
    "node.k8s.io/v1",
    "policy/v1",
    "rbac.authorization.k8s.io/v1",
    "resource.k8s.io/v1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1",
    "v1",
];

/// Versions that releases before the given minor one still serve.
const REMOVED: &[(&str, u32)] = &[
    ("admissionregistration.k8s.io/v1beta1", 22),
    ("apiextensions.k8s.io/v1beta1", 22),
    ("autoscaling/v2beta1", 25),
    ("autoscaling/v2beta2", 26),
    ("batch/v1beta1", 25),
    ("discovery.k8s.io/v1beta1", 25),
    ("extensions/v1beta1", 22),
    ("flowcontrol.apiserver.k8s.io/v1beta2", 29),
    ("flowcontrol.apiserver.k8s.io/v1beta3", 32),
    ("networking.k8s.io/v1beta1", 22),
    ("policy/v1beta1", 25),
    ("rbac.authorization.k8s.io/v1beta1", 22),
];

/// Versions that releases from the given minor one on serve.
const ADDED: &[(&str, u32)] = &[
    ("autoscaling/v2", 23),
    ("batch/v1", 8),
    ("discovery.k8s.io/v1", 21),
    ("flowcontrol.apiserver.k8s.io/v1", 29),
    ("networking.k8s.io/v1", 19),
    ("policy/v1", 21),
    ("resource.k8s.io/v1", 34),
];

/// The kinds that charts ask for by name, in the groups above.
const KINDS: &[&str] = &[
    "ConfigMap",
    "CronJob",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "EndpointSlice",
    "Endpoints",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressClass",
    "Job",
    "Lease",
    "LimitRange",
    "MutatingWebhookConfiguration",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PriorityClass",
    "ReplicaSet",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "RuntimeClass",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

/// The numbers of a release.
fn numbers(kubernetes: &str) -> (&str, &str, &str) {
    let mut numbers = kubernetes.trim_start_matches('v').splitn(3, '.');
    (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"), numbers.next().unwrap_or("0"))
}

/// The version of a release of Kubernetes, with all its numbers.
pub(super) fn version(kubernetes: &str) -> String {
    let (major, minor, patch) = numbers(kubernetes);
    format!("v{major}.{minor}.{patch}")
}

/// `.Capabilities`
pub(super) fn value(kubernetes: &str) -> Value {
    let (major, minor, _) = numbers(kubernetes);
    let version = version(kubernetes);
    let release = Release { major: major.into(), minor: minor.into(), version };
    let versions = Versions(minor.parse().unwrap_or(u32::MAX));
    Value::map([
        ("KubeVersion", Data::Object(Rc::new(release)).into()),
        ("APIVersions", Data::Object(Rc::new(versions)).into()),
        ("HelmVersion", Value::map([("Version", "v3.18.0".into()), ("GoVersion", "go1.24".into())])),
    ])
}

#[derive(Debug)]
struct Release {
    major: String,
    minor: String,
    version: String,
}

impl Object for Release {
    fn member(&self, name: &str, _: &[Value], _: &mut Executor<'_>) -> Option<Result<Value, Failure>> {
        let text = match name {
            "Version" | "GitVersion" | "String" => &self.version,
            "Major" => &self.major,
            "Minor" => &self.minor,
            _ => return None,
        };
        Some(Ok(text.as_str().into()))
    }

    fn print(&self) -> String {
        self.version.clone()
    }
}

/// The versions that a minor release serves.
#[derive(Debug)]
struct Versions(u32);

impl Versions {
    fn all(&self) -> Vec<&'static str> {
        let serves = |group: &&str| ADDED.iter().all(|(added, since)| added != group || self.0 >= *since);
        let removed = REMOVED.iter().filter(|(_, until)| self.0 < *until).map(|(group, _)| *group);
        GROUPS.iter().copied().filter(serves).chain(removed).collect()
    }
}

impl Object for Versions {
    fn member(&self, name: &str, arguments: &[Value], _: &mut Executor<'_>) -> Option<Result<Value, Failure>> {
        let asked = arguments.first().and_then(Value::as_str).unwrap_or_default();
        (name == "Has").then(|| {
            let all = self.all();
            let of_kind =
                asked.rsplit_once('/').is_some_and(|(group, kind)| all.contains(&group) && KINDS.contains(&kind));
            Ok((of_kind || all.contains(&asked)).into())
        })
    }

    fn entries(&self) -> Vec<(Rc<str>, Value)> {
        self.all().into_iter().map(|group| (Rc::from(group), Value::from(group))).collect()
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.all().into_iter().map(Value::from).collect())
    }

    fn print(&self) -> String {
        format!("[{}]", self.all().join(" "))
    }
}

/// The namespace that releases are rendered for.
pub(super) const NAMESPACE: &str = "default";

/// `.Release`
pub(super) fn release() -> Value {
    Value::map([
        ("Name", "release-name".into()),
        ("Namespace", NAMESPACE.into()),
        ("Service", "Helm".into()),
        ("IsInstall", true.into()),
        ("IsUpgrade", false.into()),
        ("Revision", 1i64.into()),
    ])
}
