//! `buildMetadata`: annotations that say where objects came from and what worked on them.

use std::sync::Arc;

use secscan_model::{Map, Node, ScalarKind, Value};

use super::fields::set_entry;
use super::object::{Object, set_metadata};

/// Where a folder is, seen from the kustomization that is built.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    path: Vec<String>,
}

impl Origin {
    /// The origin of what stands at a path relative to this one.
    pub(super) fn joined(&self, path: &str) -> Self {
        let mut parts = self.path.clone();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| last != "..") => drop(parts.pop()),
                part => parts.push(part.to_owned()),
            }
        }
        Self { path: parts }
    }

    /// What is said of an object of a file.
    pub(super) fn of_file(&self, path: &str) -> Arc<str> {
        format!("path: {}\n", self.joined(path).path.join("/")).into()
    }

    /// What is said of an object that a generator made.
    pub(super) fn of_generator(&self, file: &str, kind: &str) -> Arc<str> {
        self.configured(file, &format!("{kind}Generator"), "").into()
    }

    /// What is said of a transformer.
    pub(super) fn of_transformer(&self, file: &str, transformer: &str) -> String {
        format!("- {}", self.configured(file, transformer, "  "))
    }

    fn configured(&self, file: &str, plugin: &str, indent: &str) -> String {
        let file = self.joined(file).path.join("/");
        format!(
            "configuredIn: {file}\n{indent}configuredBy:\n{indent}  apiVersion: builtin\n{indent}  kind: {plugin}\n"
        )
    }
}

/// How long the list of what worked on an object may get, in bytes.
const MAX_LIST: usize = 1 << 16;

/// Adds a transformer to those that worked on an object.
pub(super) fn mark(object: &mut Object, note: &str) {
    if object.transformations.len() < MAX_LIST {
        object.transformations.push_str(note);
    }
}

/// Writes what the kustomization wants to have written.
pub(super) fn write(object: &mut Object, wanted: &Node) {
    let asked = |word: &str| wanted.items().iter().find(|item| item.as_str() == Some(word)).cloned();
    if let (Some(by), Some(origin)) = (asked("originAnnotations"), &object.origin) {
        let value = Node::text(origin.clone(), by.at);
        put(&mut object.value, "annotations", "config.kubernetes.io/origin", &value);
    }
    if let (Some(by), false) = (asked("transformerAnnotations"), object.transformations.is_empty()) {
        let value = Node::text(object.transformations.as_str(), by.at);
        put(&mut object.value, "annotations", "alpha.config.kubernetes.io/transformations", &value);
    }
    if let Some(by) = asked("managedByLabel") {
        let value = Node::unresolved("the release of Kustomize that builds this", by.at);
        put(&mut object.value, "labels", "app.kubernetes.io/managed-by", &value);
    }
}

/// Makes texts of all annotations, whatever a variable put there: Kubernetes takes nothing else. Without any, nothing is
/// left of them.
pub(super) fn as_texts(object: &mut Node) {
    let annotations = object.at_path(&["metadata", "annotations"]);
    if annotations.is_some_and(|annotations| annotations.is_null() || annotations.as_map().is_some_and(Map::is_empty)) {
        return set_metadata(object, "annotations", None);
    }
    let is_text = |node: &Node| matches!(&node.value, Value::Scalar(scalar) if scalar.kind == ScalarKind::Text);
    if annotations.is_none_or(|annotations| annotations.entries().iter().all(|entry| is_text(&entry.value))) {
        return;
    }
    let metadata = object.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut);
    let annotations = metadata.and_then(|map| map.get_mut("annotations")).and_then(Node::as_map_mut);
    for (_, value) in annotations.into_iter().flat_map(Map::values_mut) {
        if let Value::Scalar(scalar) = &mut value.value {
            scalar.kind = ScalarKind::Text;
        }
    }
}

fn put(object: &mut Node, section: &str, key: &str, value: &Node) {
    let Some(metadata) = object.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut) else {
        return;
    };
    if metadata.get(section).is_none_or(|section| section.as_map().is_none()) {
        metadata.insert(section, Node::map(Map::default(), value.at));
    }
    if let Some(section) = metadata.get_mut(section) {
        set_entry(section, key, value);
    }
}
