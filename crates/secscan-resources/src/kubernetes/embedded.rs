//! Manifests and configuration files within texts: of config maps, of Terraform.

use std::sync::Arc;

use secscan_model::{Graph, Location, Map, Node, Resource, Source, SourceId, Value};

use super::workload::{CONTAINER_LISTS, pod_path};
use crate::computed::Text;

/// Kinds of configuration files; an entry of a config map is read only when it names one.
const KINDS: &[&str] = &[
    "AuthenticationConfiguration",
    "AuthorizationConfiguration",
    "ClusterConfiguration",
    "KubeProxyConfiguration",
    "KubeSchedulerConfiguration",
    "KubeletConfiguration",
];

/// A document in a text, with its places in the file.
pub(super) struct Document {
    pub(super) node: Node,
}

impl Document {
    /// The kind that it names.
    pub(super) fn kind(&self) -> &str {
        self.node.get("kind").and_then(Node::as_str).unwrap_or_default()
    }

    /// Its first key.
    pub(super) fn header(&self) -> Location {
        self.node.entries().first().map_or(self.node.at, |entry| entry.value.name_at)
    }
}

/// The configuration files in a config map, by their keys.
pub(super) fn documents(graph: &Graph, map: &Resource) -> Vec<(String, Document)> {
    let mut found = Vec::new();
    let Some(data) = map.value.get("data") else { return found };
    for entry in data.entries() {
        let Some(text) = entry.value.as_str() else { continue };
        if text.contains("Configuration") && KINDS.iter().any(|kind| text.contains(kind)) {
            let source = graph.source(entry.value.at.source);
            let nodes = parse(&entry.value, source.map(std::slice::from_ref).unwrap_or_default());
            found.extend(nodes.into_iter().map(|node| (entry.key.to_string(), Document { node })));
        }
    }
    found
}

/// The documents of a text, with their places in the file as far as it can be followed. What is no YAML is none, and
/// neither is text that is known in part: whoever reads it would refuse the one, and the other says anything.
pub(super) fn parse(of: &Node, sources: &[Source]) -> Vec<Node> {
    let (Some(text), Some(written)) = (Text::new(of, sources), of.as_str()) else { return Vec::new() };
    let parsed = secscan_parse::yaml::parse(&Source::from_text(SourceId(0), "", written));
    if !parsed.diagnostics.is_empty() {
        return Vec::new();
    }
    parsed.documents.iter().map(|document| placed(document, &text)).collect()
}

/// The value with the places that its parts have in the file. The parser limits how deep values nest.
fn placed(node: &Node, text: &Text<'_>) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(Arc::new(items.iter().map(|item| placed(item, text)).collect())),
        Value::Map(map) => {
            let mut moved = Map::with_capacity(map.len());
            for entry in map.entries() {
                moved.push_new(entry.key.clone(), placed(&entry.value, text));
            }
            Value::Map(Arc::new(moved))
        }
        other => other.clone(),
    };
    Node::new(value, text.at(node.at.span.range())).named(text.at(node.name_at.span.range()))
}

/// The config map and the entry in it that a container of a workload finds at a path.
pub(super) fn mounted(workload: &Resource, path: &str) -> Option<(String, String)> {
    let template = pod_path(&workload.kind, &workload.value)?;
    let spec = workload.value.at_path(template)?.get("spec")?;
    let volumes = spec.get("volumes").map_or(&[][..], Node::items);
    let containers = CONTAINER_LISTS.iter().filter_map(|(list, _)| spec.get(list)).flat_map(Node::items);
    let mounts = containers.filter_map(|container| container.get("volumeMounts")).flat_map(Node::items);
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    for mount in mounts {
        let (Some(name), Some(at)) = (text(mount, "name"), text(mount, "mountPath")) else { continue };
        let Some(rest) = path.strip_prefix(at.trim_end_matches('/')) else { continue };
        let file = text(mount, "subPath").unwrap_or_else(|| rest.trim_start_matches('/').to_owned());
        let volume = volumes.iter().find(|volume| text(volume, "name").as_deref() == Some(&name));
        let Some(map) = volume.and_then(|volume| volume.get("configMap")) else { continue };
        let items = map.get("items").map_or(&[][..], Node::items);
        let item = items.iter().find(|item| text(item, "path").as_deref() == Some(&file));
        let key = item.and_then(|item| text(item, "key")).unwrap_or(file);
        return Some((text(map, "name")?, key));
    }
    None
}
