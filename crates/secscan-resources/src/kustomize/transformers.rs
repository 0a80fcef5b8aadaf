//! All transformers of one kustomization, in the order of Kustomize.

use secscan_model::{DiagnosticKind, Node, Source};

use super::build::{Build, Layer, items};
use super::config::Config;
use super::fields::{self, Field};
use super::id::Gvk;
use super::object::Object;
use super::transform::{self, Affix, given};
use super::{metadata, replacements};

/// How many objects may be looked at by all transformers together.
const MAX_WORK: usize = 5_000_000;

impl Build<'_, '_> {
    /// All transformers, in the order of Kustomize.
    pub(super) fn transform(&mut self, document: &Node, source: &Source, layer: &mut Layer) {
        let Layer { objects, config, .. } = layer;
        if let Some(entries) = document.get("patchesStrategicMerge").filter(|entries| !entries.items().is_empty()) {
            self.merge_all(objects, entries, source);
            self.mark(objects, source, "PatchStrategicMergeTransformer");
        }
        for entry in self.affordable(document, "patches", objects.len()) {
            self.patch(objects, entry, source);
            self.mark(objects, source, "PatchTransformer");
        }
        let namespace = given(document, "namespace", &mut self.reporter());
        if let Some(namespace) = namespace {
            transform::namespace(objects, namespace, &config.namespaces, &mut self.reporter());
            self.mark(objects, source, "NamespaceTransformer");
        }
        let prefix = given(document, "namePrefix", &mut self.reporter());
        if let Some(prefix) = prefix {
            transform::affix(objects, Affix::Prefix, prefix, &config.prefixes, &mut self.reporter());
            self.mark(objects, source, "PrefixTransformer");
        }
        let suffix = given(document, "nameSuffix", &mut self.reporter());
        if let Some(suffix) = suffix {
            transform::affix(objects, Affix::Suffix, suffix, &config.suffixes, &mut self.reporter());
            self.mark(objects, source, "SuffixTransformer");
        }
        self.label(document, source, objects, config);
        let annotations = document.get("commonAnnotations").filter(|map| !map.entries().is_empty());
        if let Some(annotations) = annotations.filter(|map| self.can_afford(map, objects.len())) {
            transform::entries(objects, annotations, &config.annotations, &mut self.reporter());
            self.mark(objects, source, "AnnotationsTransformer");
        }
        for entry in self.affordable(document, "patchesJson6902", objects.len()) {
            self.patch_json(objects, entry, source);
            self.mark(objects, source, "PatchJson6902Transformer");
        }
        for entry in self.affordable(document, "replicas", objects.len()) {
            transform::replicas(objects, entry, &config.replicas, &mut self.reporter());
            self.mark(objects, source, "ReplicaCountTransformer");
        }
        for key in ["images", "imageTags"] {
            for entry in self.affordable(document, key, objects.len()) {
                transform::image(objects, entry, &config.images, &mut self.reporter());
                self.mark(objects, source, "ImageTagTransformer");
            }
        }
        let all = self.affordable(document, "replacements", objects.len());
        for entry in all {
            self.replace(objects, entry, source);
        }
        if !all.is_empty() {
            self.mark(objects, source, "ReplacementTransformer");
        }
    }

    /// The entries of a list that all look at so many objects; none when that is too much.
    fn affordable<'n>(&mut self, document: &'n Node, key: &str, objects: usize) -> &'n [Node] {
        let list = document.get(key);
        list.filter(|list| self.can_afford(list, objects)).map_or(&[], Node::items)
    }

    /// Whether so many objects may still be looked at for each member of a value.
    pub(super) fn can_afford(&mut self, of: &Node, objects: usize) -> bool {
        let members = of.as_map().map_or(of.items().len(), |map| map.len());
        self.work = self.work.saturating_add(members.saturating_mul(objects));
        if self.work > MAX_WORK {
            self.report(DiagnosticKind::Limit, of.name_at, "this changes too many objects and was left out");
        }
        self.work <= MAX_WORK
    }

    /// `labels` and `commonLabels`.
    fn label(&mut self, document: &Node, source: &Source, objects: &mut [Object], config: &Config) {
        let empty = fields::empty_map(document);
        let common = document.get("commonLabels").filter(|labels| !labels.entries().is_empty());
        let common = common.filter(|labels| self.can_afford(labels, objects.len()));
        let labels = self.affordable(document, "labels", objects.len());
        for label in labels {
            let option = |key| label.get(key).and_then(Node::as_bool) == Some(true);
            let mut known: Vec<Field> = items(label, "fields").iter().map(Field::written).collect();
            fields::merge(&mut known, &config.labels);
            if option("includeSelectors") {
                fields::merge(&mut known, &config.common_labels);
            } else {
                if option("includeTemplates") {
                    fields::merge(&mut known, &config.template_labels);
                }
                fields::merge(&mut known, &[Field::new("metadata/labels", Gvk::default(), true)]);
            }
            let pairs = label.get("pairs").filter(|pairs| self.can_afford(pairs, objects.len()));
            transform::entries(objects, pairs.unwrap_or(&empty), &known, &mut self.reporter());
            self.mark(objects, source, "LabelTransformer");
        }
        if common.is_some() || !labels.is_empty() {
            transform::entries(objects, common.unwrap_or(&empty), &config.common_labels, &mut self.reporter());
            self.mark(objects, source, "LabelTransformer");
        }
    }

    /// One entry of `replacements`: it, or those of the file that it names.
    pub(super) fn replace(&mut self, objects: &mut [Object], entry: &Node, source: &Source) {
        let Some(path) = entry.get("path") else {
            return replacements::apply(objects, entry, &mut self.reporter());
        };
        let Some(file) = self.load(path, source.folder()) else { return };
        let parsed = secscan_parse::yaml::parse(&file);
        self.take_diagnostics(parsed.diagnostics);
        for replacement in parsed.documents.first().map_or(&[][..], Node::items) {
            replacements::apply(objects, replacement, &mut self.reporter());
        }
    }

    /// Notes on all objects that a transformer has worked on them, when `buildMetadata` asks for that.
    fn mark(&mut self, objects: &mut [Object], source: &Source, transformer: &str) {
        if let Some(origin) = &self.origin {
            let note = origin.of_transformer(source.file_name(), transformer);
            objects.iter_mut().for_each(|object| metadata::mark(object, &note));
        }
    }
}
