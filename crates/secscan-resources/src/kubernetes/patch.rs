//! Patches: pieces of workloads that an overlay lays over what stands elsewhere. What a patch does not say is not absent.

use std::sync::Arc;

use secscan_model::{Map, Node, Value};

use super::workload::{CONTAINER_LISTS, pod_path};

const WHY: &str = "this is a patch: the rest of the workload stands elsewhere";

/// Kinds that Kubernetes refuses without a selector, whatever else is written.
const WITH_SELECTOR: &[&str] = &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"];

/// The object as it is, or with open maps when it is a patch: a workload that has neither the selector that it needs
/// nor an image for any container. Kinds without a selector are patches when their containers have no image.
pub(super) fn opened(kind: &str, object: &Node) -> Node {
    let is_workload = WITH_SELECTOR.contains(&kind) || pod_path(kind, object).is_some();
    if is_workload && object.at_path(&["spec", "selector"]).is_none() && !has_image(kind, object) {
        open(object)
    } else {
        object.clone()
    }
}

fn has_image(kind: &str, object: &Node) -> bool {
    let spec = pod_path(kind, object).and_then(|path| object.at_path(path)?.get("spec"));
    let containers = CONTAINER_LISTS.iter().filter_map(|(list, _)| spec?.get(list));
    containers.flat_map(Node::items).any(|container| container.get("image").is_some())
}

/// The value with every map in it open. The parser limits how deep values nest.
fn open(node: &Node) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(Arc::new(items.iter().map(open).collect())),
        Value::Map(map) => {
            let mut opened = Map::with_capacity(map.len());
            for entry in map.entries() {
                opened.push_new(entry.key.clone(), open(&entry.value));
            }
            opened.rest = Some(map.rest.clone().unwrap_or_else(|| WHY.into()));
            Value::Map(Arc::new(opened))
        }
        other => other.clone(),
    };
    Node { value, ..node.clone() }
}
