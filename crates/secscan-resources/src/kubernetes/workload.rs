//! Objects that run pods: where each kind keeps its pod, and the common kind `pod`.

use std::collections::HashMap;

use secscan_model::{Diagnostic, Node, Resource, ResourceId, Source, Value};

use super::attributes::{at_path, each, field, header, is_set, record, word};
use super::object::group_of;
use super::{container, custom, max_resources, misshapen, security, too_many};
use crate::Batch;
use crate::derived::Deriving;

/// The lists of containers of a pod, and the role of those in them.
pub(super) const CONTAINER_LISTS: &[(&str, &str)] =
    &[("containers", "main"), ("initContainers", "init"), ("ephemeralContainers", "ephemeral")];

/// Kinds that keep their pod under `spec.template`, whatever else is written there.
const TEMPLATED: &[&str] = &[
    "DaemonSet",
    "Deployment",
    "DeploymentConfig",
    "Job",
    "ReplicaSet",
    "ReplicationController",
    "Rollout",
    "StatefulSet",
];

/// The path to the pod (its `metadata` and `spec`) of an object that runs pods. A kind that is not known runs pods when
/// it has containers where most kinds have them, under `spec.template.spec`.
pub(super) fn pod_path(kind: &str, object: &Node) -> Option<&'static [&'static str]> {
    const TEMPLATE: &[&str] = &["spec", "template"];
    let path: &[&str] = match kind {
        "Pod" => &[],
        "PodTemplate" => &["template"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        _ if TEMPLATED.contains(&kind) => TEMPLATE,
        _ => {
            object.at_path(&["spec", "template", "spec", "containers"])?.as_list()?;
            TEMPLATE
        }
    };
    object.at_path(path).is_some().then_some(path)
}

/// A pod while its containers are read.
pub(super) struct Pod<'a> {
    /// The object that runs it.
    pub(super) workload: &'a Resource,
    /// The specification.
    pub(super) spec: Node,
    /// The annotations of the pod, not of the workload.
    pub(super) annotations: Option<Node>,
    /// The security settings of the pod.
    pub(super) security: Option<Node>,
    /// The volumes by name.
    pub(super) volumes: HashMap<String, Volume>,
}

/// A volume of a pod.
#[derive(Clone, Default)]
pub(super) struct Volume {
    /// The key that says what it is: `hostPath`, `secret`, ...; at the place of that key.
    pub(super) kind: Option<Node>,
    /// The path on the node, for `hostPath`.
    pub(super) host_path: Option<Node>,
}

impl Volume {
    fn of(volume: &Node) -> Self {
        let source = volume.entries().iter().find(|entry| &*entry.key != "name" && !entry.value.is_null());
        Self {
            kind: source.and_then(|entry| word(&entry.key, entry.value.name_at)),
            host_path: at_path(volume, &["hostPath", "path"]),
        }
    }
}

/// Adds the pod and the containers of an object, when it has any.
pub(super) fn derive(
    workload: &Resource,
    id: ResourceId,
    source: &Source,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match pod_path(&workload.kind, &workload.value) {
        Some(path) => {
            let Some(template) = at_path(&workload.value, path) else { return };
            derive_pod(workload, id, "", &template, source, batch, diagnostics);
        }
        None => {
            for pod in custom::pods(&workload.kind, group_of(&workload.value), &workload.value) {
                if batch.resources.len() >= max_resources(source) {
                    return diagnostics.push(too_many(source, &pod.template));
                }
                let prefix = if pod.part.is_empty() { String::new() } else { format!("{}.", pod.part) };
                derive_pod(workload, id, &prefix, &pod.template, source, batch, diagnostics);
            }
        }
    }
}

/// Adds one pod with its containers. `prefix` tells apart the pods of one object.
fn derive_pod(
    workload: &Resource,
    id: ResourceId,
    prefix: &str,
    template: &Node,
    source: &Source,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(spec) = field(template, "spec").filter(is_set) else { return };
    if matches!(spec.value, Value::Scalar(_) | Value::List(_)) {
        return diagnostics.push(misshapen(source, &spec, "the specification of a pod is no map"));
    }
    let pod = Pod::of(workload, template, spec);
    let containers = pod.containers(source, diagnostics);
    let listed = containers.iter().map(|(_, container)| container.clone()).collect();
    if let Some(mut deriving) = Deriving::from(batch, id, source) {
        deriving.push("pod", &format!("{prefix}pod"), pod.value(template, listed));
    }
    for (part, container) in containers {
        if batch.resources.len() >= max_resources(source) {
            return diagnostics.push(too_many(source, &container));
        }
        let Some(mut deriving) = Deriving::from(batch, id, source) else { return };
        container::derive(&container, &format!("{prefix}{part}"), &mut deriving);
    }
}

impl<'a> Pod<'a> {
    fn of(workload: &'a Resource, template: &Node, spec: Node) -> Self {
        let volumes = field(&spec, "volumes");
        let volumes = volumes.iter().flat_map(|volumes| volumes.items());
        let named = volumes.filter_map(|volume| Some((volume.get("name")?.as_str()?.to_owned(), Volume::of(volume))));
        Self {
            workload,
            annotations: at_path(template, &["metadata", "annotations"]),
            security: field(&spec, "securityContext"),
            volumes: named.collect(),
            spec,
        }
    }

    /// The containers with the part of the workload that each is.
    fn containers(&self, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, Node)> {
        let mut containers = Vec::new();
        for (list, role) in CONTAINER_LISTS {
            let written = field(&self.spec, list).filter(is_set);
            for (index, item) in written.iter().flat_map(Node::items).enumerate() {
                if matches!(item.value, Value::Scalar(_) | Value::List(_)) {
                    diagnostics.push(misshapen(source, item, "a container is no map"));
                    continue;
                }
                if containers.len() >= max_resources(source) {
                    diagnostics.push(too_many(source, item));
                    return containers;
                }
                let container = container::read(self, item, role);
                let name = container.get("name").and_then(Node::raw_text).map_or(index.to_string(), |name| name.into());
                containers.push((format!("{list}.{name}"), container));
            }
        }
        containers
    }

    /// The namespace of the workload as written.
    pub(super) fn namespace(&self) -> Option<Node> {
        at_path(&self.workload.value, &["metadata", "namespace"])
    }

    /// A setting of the pod.
    pub(super) fn setting(&self, key: &str) -> Option<Node> {
        field(&self.spec, key)
    }

    /// A security setting of the pod.
    pub(super) fn security(&self, key: &str) -> Option<Node> {
        field(self.security.as_ref()?, key)
    }

    /// The common kind `pod`. A finding for something that the pod does not say is placed on the `spec` key.
    fn value(&self, template: &Node, containers: Vec<Node>) -> Node {
        let lists = CONTAINER_LISTS.iter().find_map(|(list, _)| self.setting(list));
        record(
            &self.spec,
            [
                ("name", at_path(&self.workload.value, &["metadata", "name"])),
                ("namespace", self.namespace()),
                ("labels", at_path(template, &["metadata", "labels"])),
                ("annotations", self.annotations.clone()),
                ("host-network", self.setting("hostNetwork")),
                ("host-pid", self.setting("hostPID")),
                ("host-ipc", self.setting("hostIPC")),
                ("host-users", self.setting("hostUsers")),
                ("service-account", self.setting("serviceAccountName").or_else(|| self.setting("serviceAccount"))),
                ("automount-token", self.setting("automountServiceAccountToken")),
                ("run-as-user", self.security("runAsUser")),
                ("run-as-group", self.security("runAsGroup")),
                ("run-as-non-root", self.security("runAsNonRoot")),
                ("fs-group", self.security("fsGroup")),
                ("supplemental-groups", self.security("supplementalGroups")),
                ("seccomp", security::pod_seccomp(self)),
                ("sysctls", self.security("sysctls")),
                ("volumes", self.setting("volumes").map(|volumes| each(volumes, volume))),
                ("containers", lists.map(|list| Node::list(containers, list.at).named(list.name_at))),
                ("spec", Some(self.spec.clone())),
            ],
        )
    }
}

/// A volume as the common kind `pod` shows it.
fn volume(volume: &Node) -> Node {
    if matches!(volume.value, Value::Scalar(_) | Value::List(_)) {
        return volume.clone();
    }
    let Volume { kind, host_path } = Volume::of(volume);
    let attributes =
        [("name", field(volume, "name")), ("kind", kind), ("host-path", host_path), ("spec", Some(volume.clone()))];
    record(volume, attributes).named(header(volume))
}
