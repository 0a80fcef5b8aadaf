//! `generators` and `transformers`: configurations of what Kustomize has built in (`apiVersion: builtin`), each in a file, in a
//! folder with a kustomization of its own, or in the list itself.
//!
//! They do what the fields of a kustomization do, after these, and in the fields only that they name themselves. All others are
//! programs, which are not run.

use std::sync::Arc;

use secscan_model::{DiagnosticKind, Node, Source};

use super::build::{Build, Layer, items};
use super::fields::Field;
use super::loading::documents_in;
use super::object::Object;
use super::transform::{self, Affix, given};

/// The `apiVersion` of what is built in.
const BUILT_IN: &str = "builtin";

/// Built-in generators with the kinds of what they make.
const GENERATORS: &[(&str, &str)] = &[("ConfigMapGenerator", "ConfigMap"), ("SecretGenerator", "Secret")];

impl Build<'_, '_> {
    /// Adds what configured generators make.
    pub(super) fn run_generators(&mut self, document: &Node, source: &Source, objects: &mut Vec<Object>) {
        for configuration in self.configurations(document, "generators", source) {
            let kind = built_in(&configuration);
            match GENERATORS.iter().find(|(generator, _)| Some(*generator) == kind) {
                Some((_, made)) => self.make(made, &named(configuration), None, source, objects),
                None => self.is_not_run(&configuration),
            }
        }
    }

    /// Lets configured transformers work.
    pub(super) fn run_transformers(&mut self, document: &Node, source: &Source, layer: &mut Layer) {
        for configuration in self.configurations(document, "transformers", source) {
            if self.can_afford(&configuration, layer.objects.len()) {
                self.run_transformer(&configuration, source, &mut layer.objects);
            }
        }
    }

    fn run_transformer(&mut self, configuration: &Node, source: &Source, objects: &mut Vec<Object>) {
        let fields: Vec<Field> = items(configuration, "fieldSpecs").iter().map(Field::written).collect();
        let value = |key: &str| configuration.get(key).filter(|value| !value.is_null());
        match built_in(configuration) {
            Some("AnnotationsTransformer") => {
                let pairs = value("annotations").into_iter();
                pairs.for_each(|pairs| transform::entries(objects, pairs, &fields, &mut self.reporter()));
            }
            Some("LabelTransformer") => {
                let pairs = value("labels").into_iter();
                pairs.for_each(|pairs| transform::entries(objects, pairs, &fields, &mut self.reporter()));
            }
            Some("NamespaceTransformer") if is_plain_namespace(configuration) => {
                let namespace =
                    value("metadata").and_then(|metadata| given(metadata, "namespace", &mut self.reporter()));
                if let Some(namespace) = namespace {
                    transform::namespace(objects, namespace, &fields, &mut self.reporter());
                }
            }
            Some("PrefixTransformer") => self.affix(configuration, &[Affix::Prefix], &fields, objects),
            Some("SuffixTransformer") => self.affix(configuration, &[Affix::Suffix], &fields, objects),
            Some("PrefixSuffixTransformer") => {
                self.affix(configuration, &[Affix::Prefix, Affix::Suffix], &fields, objects);
            }
            Some("PatchTransformer") => self.patch(objects, configuration, source),
            Some("PatchJson6902Transformer") => {
                let mut patch = configuration.clone();
                if let (Some(map), Some(operations)) = (patch.as_map_mut(), value("jsonOp")) {
                    map.insert("patch", operations.clone());
                }
                self.patch_json(objects, &patch, source);
            }
            Some("PatchStrategicMergeTransformer") => {
                let patches = items(configuration, "paths").iter().chain(value("patches")).cloned().collect();
                self.merge_all(objects, &Node::list(patches, configuration.at), source);
            }
            Some("ImageTagTransformer") => {
                let image = value("imageTag").into_iter();
                image.for_each(|image| transform::image(objects, image, &fields, &mut self.reporter()));
            }
            Some("ReplicaCountTransformer") => {
                let replica = value("replica").into_iter();
                replica.for_each(|replica| transform::replicas(objects, replica, &fields, &mut self.reporter()));
            }
            Some("ReplacementTransformer") => {
                items(configuration, "replacements").iter().for_each(|entry| self.replace(objects, entry, source));
            }
            _ => self.is_not_run(configuration),
        }
    }

    fn affix(&mut self, configuration: &Node, affixes: &[Affix], fields: &[Field], objects: &mut [Object]) {
        if configuration.get("fieldSpecs").is_none() {
            return self.refuse(configuration.at, "`fieldSpecs` is not there; Kustomize refuses that");
        }
        for affix in affixes {
            let key = if *affix == Affix::Prefix { "prefix" } else { "suffix" };
            let text = given(configuration, key, &mut self.reporter());
            if let Some(text) = text {
                transform::affix(objects, *affix, text, fields, &mut self.reporter());
            }
        }
    }

    /// The configurations of a list: those in the list itself first, as Kustomize takes them.
    fn configurations(&mut self, document: &Node, key: &str, source: &Source) -> Vec<Node> {
        let (mut found, mut layer) = (Vec::new(), Layer::default());
        for entry in items(document, key) {
            let inline = documents_in(entry, source).documents;
            if inline.iter().any(|document| document.get("kind").is_some()) {
                found.extend(inline.into_iter().filter(|document| !document.is_null()));
            } else {
                self.resource(entry, source, &mut layer);
            }
        }
        found.extend(layer.objects.into_iter().map(|object| object.value));
        found
    }

    fn is_not_run(&mut self, configuration: &Node) {
        let kind = configuration.get("kind").and_then(Node::as_str).unwrap_or_default();
        let why: Arc<str> = match configuration.get("apiVersion").and_then(Node::as_str) {
            Some(BUILT_IN) => format!("what `{kind}` does is not done here").into(),
            _ => format!("`{kind}` is a program or a plugin and is not run").into(),
        };
        self.report(DiagnosticKind::Unresolved, configuration.at, &why);
        self.leave_open_because(why);
    }
}

/// The kind of a configuration, when it is one of what is built in.
fn built_in(configuration: &Node) -> Option<&str> {
    let text = |key| configuration.get(key).and_then(Node::as_str);
    text("kind").filter(|_| text("apiVersion") == Some(BUILT_IN))
}

/// Whether a transformer of namespaces does what the field `namespace` does.
fn is_plain_namespace(configuration: &Node) -> bool {
    let subjects = configuration.get("setRoleBindingSubjects").and_then(Node::as_str);
    let keeps = configuration.get("unsetOnly").and_then(Node::as_bool) == Some(true);
    !keeps && subjects.is_none_or(|mode| mode == "defaultOnly")
}

/// A generator with the name that its configuration has, unless it says one itself.
fn named(mut configuration: Node) -> Node {
    for key in ["name", "namespace"] {
        let of_metadata = configuration.at_path(&["metadata", key]).cloned();
        if let (Some(map), Some(text)) = (configuration.as_map_mut(), of_metadata)
            && map.get(key).is_none()
        {
            map.insert(key, text);
        }
    }
    let first = crate::derived::first_key(&configuration);
    configuration.named(first)
}
