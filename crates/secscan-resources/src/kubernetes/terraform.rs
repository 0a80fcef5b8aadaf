//! Objects that Terraform makes: `kubernetes_*` resources in the words of Kubernetes, and manifests within configuration.
//!
//! The provider writes fields in snake case and lists as repeated blocks with a singular name; labels and the like are
//! maps, whose keys are nobody's words. So the shape tells what is to be translated: blocks are lists of maps, maps are
//! taken as they are.

use std::sync::Arc;

use secscan_model::{Diagnostic, Map, Node, Platform, Resource, ResourceId, Source, Value};

use super::object::Identity;
use super::{embedded, patch, workload};
use crate::Batch;

/// Types without their version (`_v1`), and the objects that they make. Secrets are not among them: the provider encodes
/// their data, and rules about Terraform ask for it.
const TYPES: &[(&str, &str, &str)] = &[
    ("kubernetes_cluster_role", "rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("kubernetes_cluster_role_binding", "rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("kubernetes_config_map", "v1", "ConfigMap"),
    ("kubernetes_cron_job", "batch/v1", "CronJob"),
    ("kubernetes_daemon_set", "apps/v1", "DaemonSet"),
    ("kubernetes_daemonset", "apps/v1", "DaemonSet"),
    ("kubernetes_deployment", "apps/v1", "Deployment"),
    ("kubernetes_horizontal_pod_autoscaler", "autoscaling/v2", "HorizontalPodAutoscaler"),
    ("kubernetes_ingress", "networking.k8s.io/v1", "Ingress"),
    ("kubernetes_job", "batch/v1", "Job"),
    ("kubernetes_limit_range", "v1", "LimitRange"),
    ("kubernetes_mutating_webhook_configuration", "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("kubernetes_namespace", "v1", "Namespace"),
    ("kubernetes_network_policy", "networking.k8s.io/v1", "NetworkPolicy"),
    ("kubernetes_persistent_volume", "v1", "PersistentVolume"),
    ("kubernetes_persistent_volume_claim", "v1", "PersistentVolumeClaim"),
    ("kubernetes_pod", "v1", "Pod"),
    ("kubernetes_pod_disruption_budget", "policy/v1", "PodDisruptionBudget"),
    ("kubernetes_replication_controller", "v1", "ReplicationController"),
    ("kubernetes_resource_quota", "v1", "ResourceQuota"),
    ("kubernetes_role", "rbac.authorization.k8s.io/v1", "Role"),
    ("kubernetes_role_binding", "rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("kubernetes_service", "v1", "Service"),
    ("kubernetes_service_account", "v1", "ServiceAccount"),
    ("kubernetes_stateful_set", "apps/v1", "StatefulSet"),
    ("kubernetes_storage_class", "storage.k8s.io/v1", "StorageClass"),
    (
        "kubernetes_validating_webhook_configuration",
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
    ),
];

/// Blocks that may be repeated, and the lists that they are items of.
const REPEATED: &[(&str, &str)] = &[
    ("cluster_role_selectors", "clusterRoleSelectors"),
    ("container", "containers"),
    ("egress", "egress"),
    ("env", "env"),
    ("env_from", "envFrom"),
    ("from", "from"),
    ("host_aliases", "hostAliases"),
    ("http_header", "httpHeaders"),
    ("image_pull_secret", "imagePullSecrets"),
    ("image_pull_secrets", "imagePullSecrets"),
    ("ingress", "ingress"),
    ("init_container", "initContainers"),
    ("items", "items"),
    ("limit", "limits"),
    ("match_expressions", "matchExpressions"),
    ("path", "paths"),
    ("port", "ports"),
    ("ports", "ports"),
    ("readiness_gate", "readinessGates"),
    ("rule", "rules"),
    ("sources", "sources"),
    ("subject", "subjects"),
    ("sysctl", "sysctls"),
    ("tls", "tls"),
    ("to", "to"),
    ("toleration", "tolerations"),
    ("topology_spread_constraint", "topologySpreadConstraints"),
    ("volume", "volumes"),
    ("volume_claim_template", "volumeClaimTemplates"),
    ("volume_device", "volumeDevices"),
    ("volume_mount", "volumeMounts"),
    ("webhook", "webhooks"),
];

/// Fields whose names in Kubernetes are not their words with capitals.
const IRREGULAR: &[(&str, &str)] = &[
    ("cluster_ip", "clusterIP"),
    ("cluster_ips", "clusterIPs"),
    ("external_ips", "externalIPs"),
    ("host_ip", "hostIP"),
    ("host_ipc", "hostIPC"),
    ("host_pid", "hostPID"),
    ("load_balancer_ip", "loadBalancerIP"),
    ("non_resource_urls", "nonResourceURLs"),
    ("storage_provisioner", "provisioner"),
];

/// Adds the objects of the Terraform resources from `first` on, with what is derived from them. They have the address
/// of the Terraform resource, which owns them. `sources` are the files that the values stand in, sorted by id.
pub(crate) fn derive(batch: &mut Batch, first: usize, sources: &[Source], diagnostics: &mut Vec<Diagnostic>) {
    for index in first..batch.resources.len() {
        let resource = &batch.resources[index];
        let objects = if resource.platform == Platform::Terraform { objects(resource, sources) } else { Vec::new() };
        let Ok(source) = sources.binary_search_by_key(&resource.at.source, |source| source.id) else { continue };
        let (at, address) = (resource.at, resource.address.clone());
        for object in objects {
            let identity = Identity::of(&object, &address);
            let derived = Resource {
                platform: Platform::Kubernetes,
                kind: identity.kind.clone(),
                address: address.clone(),
                part: "".into(),
                at,
                value: patch::opened(&identity.kind, &object),
                unit: identity.unit(None),
                owner: Some(ResourceId(index as u32)),
                opaque: None,
            };
            let id = batch.push(derived.clone());
            workload::derive(&derived, id, &sources[source], batch, diagnostics);
        }
    }
}

/// The objects that a resource makes.
fn objects(resource: &Resource, sources: &[Source]) -> Vec<Node> {
    let is_object = |node: &&Node| node.get("kind").and_then(Node::as_str).is_some();
    match &*resource.kind {
        "kubernetes_manifest" => {
            let manifest = resource.value.get("manifest").filter(is_object);
            manifest.map(|manifest| manifest.clone().named(resource.header())).into_iter().collect()
        }
        "kubectl_manifest" => {
            let body = resource.value.get("yaml_body");
            let documents = body.map(|body| embedded::parse(body, sources)).unwrap_or_default();
            documents.into_iter().filter(|document| is_object(&document)).collect()
        }
        kind if kind.starts_with("kubernetes_") => object(kind, resource).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The object of a `kubernetes_*` resource.
fn object(kind: &str, resource: &Resource) -> Option<Node> {
    let unversioned = kind.trim_end_matches(|last: char| last.is_ascii_digit());
    let unversioned = unversioned.strip_suffix("_v").or_else(|| kind.strip_suffix("_v2beta2")).unwrap_or(kind);
    let (_, version, kind) = TYPES.iter().find(|(name, ..)| *name == unversioned)?;
    let header = resource.header();
    let mut map = translated(resource.value.as_map()?);
    map.insert("apiVersion", Node::text(*version, header).named(header));
    map.insert("kind", Node::text(*kind, header).named(header));
    Some(Node::map(map, resource.at).named(header))
}

/// The fields of a block in the words of Kubernetes.
fn translated(block: &Map) -> Map {
    let mut map = Map::with_capacity(block.len() + 2);
    map.rest = block.rest.clone();
    for entry in block.entries() {
        let is_blocks = |items: &[Node]| !items.is_empty() && items.iter().all(|item| item.as_map().is_some());
        let repeated = REPEATED.iter().find(|(name, _)| *name == &*entry.key);
        match (entry.value.as_list().filter(|items| is_blocks(items)), repeated) {
            (Some(items), Some((_, list))) => {
                let items = items.iter().map(block_of).collect();
                map.insert(*list, Node::list(items, entry.value.at).named(entry.value.name_at));
            }
            (Some(items), None) => {
                if let Some(first) = items.first() {
                    map.insert(camel(&entry.key), block_of(first).named(entry.value.name_at));
                }
            }
            (None, _) => {
                map.insert(camel(&entry.key), entry.value.clone());
            }
        }
    }
    map
}

/// A block with its fields translated. The parser limits how deep blocks nest.
fn block_of(block: &Node) -> Node {
    match &block.value {
        Value::Map(map) => Node { value: Value::Map(Arc::new(translated(map))), ..block.clone() },
        _ => block.clone(),
    }
}

/// The name of a field in Kubernetes.
fn camel(name: &str) -> String {
    if let Some((_, irregular)) = IRREGULAR.iter().find(|(known, _)| *known == name) {
        return (*irregular).to_owned();
    }
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::super::tests::show;
    use super::*;
    use crate::{Options, assemble, read_file, read_unit, units};

    /// The resources that come of a file.
    fn resources(text: &str) -> Vec<Resource> {
        let readings = vec![read_file(Source::from_text(secscan_model::SourceId(0), "main.tf", text))];
        let units = units(&readings);
        let read =
            units.list.iter().map(|unit| read_unit(unit, &units, &readings, None, &Options::default())).collect();
        drop(units);
        assemble(readings, read, Vec::new()).0.resources
    }

    fn find<'r>(resources: &'r [Resource], kind: &str) -> &'r Resource {
        let found = resources.iter().find(|resource| &*resource.kind == kind);
        found.unwrap_or_else(|| panic!("no {kind}: {:?}", resources.iter().map(|it| &it.kind).collect::<Vec<_>>()))
    }

    const DEPLOYMENT: &str = r#"
resource "kubernetes_deployment_v1" "web" {
  metadata {
    name      = "web"
    namespace = "shop"
    labels    = { app_name = "web" }
  }
  spec {
    selector {
      match_labels = { app_name = "web" }
    }
    template {
      metadata {
        labels = { app_name = "web" }
      }
      spec {
        service_account_name = "web"
        host_pid             = true
        security_context {
          run_as_user = 1000
        }
        container {
          name  = "app"
          image = "app:1"
          security_context {
            privileged = true
            capabilities {
              add = ["SYS_ADMIN"]
            }
          }
          env {
            name  = "MODE"
            value = "fast"
          }
          volume_mount {
            name       = "host"
            mount_path = "/host"
          }
        }
        container {
          name  = "second"
          image = var.image
        }
        volume {
          name = "host"
          host_path {
            path = "/etc"
          }
        }
      }
    }
  }
}

variable "image" {}
"#;

    #[test]
    fn a_deployment_of_terraform_has_pod_and_containers() {
        let resources = resources(DEPLOYMENT);
        let object = find(&resources, "Deployment");
        assert_eq!((&*object.address, &*object.unit), ("kubernetes_deployment_v1.web", "kubernetes:shop"));
        assert_eq!(
            object.value.at_path(&["spec", "selector"]).map(show).as_deref(),
            Some("{matchLabels: {app_name: web}}")
        );
        let pod = find(&resources, "pod");
        assert_eq!(pod.value.get("host-pid").map(show).as_deref(), Some("true"));
        assert_eq!(pod.value.get("platform").map(show).as_deref(), Some("kubernetes"));
        let container = find(&resources, "container");
        let shown =
            ["privileged", "cap-add", "run-as-user", "env", "mounts"].map(|key| container.value.get(key).map(show));
        assert_eq!(
            shown.map(Option::unwrap_or_default),
            [
                "true",
                "[SYS_ADMIN]",
                "1000",
                "[{name: MODE, value: fast}]",
                "[{name: host, path: /host, host-path: /etc, type: hostPath}]"
            ]
        );
        let privileged = container.value.get("privileged").map(|node| node.at.span.range());
        assert_eq!(privileged.and_then(|range| DEPLOYMENT.get(range)), Some("true"), "a value has its place");
        let second = resources.iter().find(|resource| &*resource.part == "containers.second").expect("the second");
        assert!(second.value.get("image").is_some_and(|image| image.as_unresolved().is_some()));
    }

    #[test]
    fn manifests_within_configuration_are_objects() {
        let resources = resources(
            "resource \"kubernetes_manifest\" \"a\" {\n  manifest = {\n    apiVersion = \"v1\"\n    kind = \"Pod\"\n    metadata = { \
             name = \"a\" }\n    spec = { containers = [{ name = \"app\", image = \"a\" }] }\n  }\n}\nresource \"kubectl_manifest\" \
             \"b\" {\n  yaml_body = <<-YAML\n    apiVersion: v1\n    kind: ServiceAccount\n    metadata: {name: b, namespace: c}\n  YAML\n}\n",
        );
        assert_eq!(&*find(&resources, "Pod").address, "kubernetes_manifest.a");
        assert_eq!(&*find(&resources, "container").part, "containers.app");
        assert_eq!(&*find(&resources, "ServiceAccount").unit, "kubernetes:c");
    }

    #[test]
    fn words_are_joined_by_capitals() {
        assert_eq!(camel("allow_privilege_escalation"), "allowPrivilegeEscalation");
        assert_eq!(camel("se_linux_options"), "seLinuxOptions");
        assert_eq!(camel("host_pid"), "hostPID");
    }

    #[test]
    fn tables_can_be_searched() {
        assert!(TYPES.is_sorted());
        assert!(REPEATED.is_sorted());
    }
}
