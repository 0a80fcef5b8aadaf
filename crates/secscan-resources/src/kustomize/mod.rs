//! Reading order: this file (which folders are built, what becomes a resource) → `build` (one kustomization, in the order
//! of Kustomize) → `loading` (files and folders) → what is done to objects: `generators`, `patches` with `merge`, `shape`,
//! `json_patch` and `selector`, `transformers` and `transform`, `plugins`, `replacements`, `references`, `variables`, `order`, `metadata` → `config` and
//! `fields` (which fields each of these works on) → `object` and `id` (what objects are called) → `print`.
//!
//! A kustomization that another one takes in is judged as a part of that one only; the files that make up objects are no
//! manifests of their own. Values keep the places where they are written, so that a flaw of a base that several overlays
//! have is one finding at its place in the base.
//!
//! The behaviour follows Kustomize 5.5, <https://kubectl.docs.kubernetes.io/references/kustomize/>; a test compares
//! what comes out with `kubectl kustomize`.

mod build;
mod config;
mod fields;
mod generators;
mod id;
mod json_patch;
mod loading;
mod merge;
mod metadata;
mod object;
mod order;
mod patches;
mod plugins;
mod print;
mod references;
mod replacements;
mod selector;
mod shape;
#[cfg(test)]
mod tests;
mod transform;
mod transformers;
mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::{Comment, Diagnostic, Map, Node, Platform, Resource, Source};

use crate::kubernetes;
use crate::reading::{Batch, FileReading, Fragment, Tree, UnitReading, append};
use crate::roots;
use loading::{Files, is_remote};
pub use print::{Printed, print};

/// A kustomization, waiting for the files that it takes in.
#[derive(Debug)]
pub struct File {
    /// The folders that it takes in, as far as they are in the tree.
    folders: Vec<Arc<str>>,
    is_component: bool,
}

/// The lists of a kustomization that may name folders.
const TAKEN_IN: &[&str] = &["resources", "bases", "components", "generators", "transformers"];

/// Whether a path is that of a kustomization.
pub fn claims(path: &str) -> bool {
    loading::NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}

/// Reads a kustomization: what it says itself is a resource, what it makes waits for its files.
pub(crate) fn read(
    source: &Source,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<File>, Vec<Comment>) {
    let parsed = secscan_parse::yaml::parse(source);
    let blinding = |diagnostic: Diagnostic| diagnostic.blinds(Platform::Kustomize).blinds(Platform::Kubernetes);
    diagnostics.extend(parsed.diagnostics.into_iter().map(blinding));
    let document = parsed.documents.into_iter().next().filter(|document| document.as_map().is_some());
    let file = document.map(|document| {
        let entries = TAKEN_IN.iter().filter_map(|key| document.get(key));
        let paths = entries.flat_map(Node::items).filter_map(Node::as_str);
        let file = File {
            folders: paths.filter_map(|path| roots::within(source.folder(), path)).collect(),
            is_component: document.get("kind").and_then(Node::as_str) == Some("Component"),
        };
        batch.push(resource(source, &document));
        file
    });
    (file, parsed.comments)
}

/// The kustomization as a resource: what it says, with `remotes`, what it fetches from elsewhere.
fn resource(source: &Source, document: &Node) -> Resource {
    let mut value = document.clone().named(crate::derived::first_key(document));
    let remotes: Vec<Node> = ["resources", "bases", "components"]
        .into_iter()
        .flat_map(|section| {
            let entries = document.get(section).map_or(&[][..], Node::items);
            entries.iter().filter_map(move |entry| remote(section, entry))
        })
        .collect();
    if let (Some(map), false) = (value.as_map_mut(), remotes.is_empty()) {
        map.insert("remotes", Node::list(remotes, document.at));
    }
    let folder = source.folder();
    Resource {
        platform: Platform::Kustomize,
        kind: "kustomization".into(),
        address: if folder.is_empty() { "." } else { folder }.into(),
        part: "".into(),
        at: document.at,
        value,
        unit: format!("kustomize:{folder}").into(),
        owner: None,
        opaque: None,
    }
}

/// What is fetched: `{url, section, ref, ref-kind}`.
fn remote(section: &str, entry: &Node) -> Option<Node> {
    let url = entry.as_str().filter(|url| is_remote(url))?;
    let mut map = Map::with_capacity(4);
    map.push_new("url", entry.clone());
    map.push_new("section", Node::text(section, entry.at));
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let named = query.split('&').find_map(|pair| pair.strip_prefix("ref=").or_else(|| pair.strip_prefix("version=")));
    if let Some(name) = named.filter(|name| !name.is_empty()) {
        map.push_new("ref", Node::text(name, entry.at));
        map.push_new("ref-kind", Node::text(crate::computed::revision_kind(name), entry.at));
    }
    Some(Node::map(map, entry.at))
}

/// Builds the kustomization of a folder, unless another one takes it in. `readings` are all files of the scan.
pub(crate) fn evaluate(
    folder: &str,
    own: &File,
    readings: &[FileReading],
    tree: Option<&Tree<'_>>,
    reading: &mut UnitReading,
) {
    if own.is_component || !is_root(folder, readings) {
        return;
    }
    let built = build::build(Files::new(readings, tree), folder, &mut reading.diagnostics);
    reading.sources.extend(built.sources.values().cloned());
    reading.replaced.extend(&built.parts);
    let Some(kustomization) = Files::new(readings, tree).kustomization(folder) else { return };
    let scope: Arc<str> = if folder.is_empty() { "." } else { folder }.into();
    let place = kustomization.at(secscan_model::Span::default());
    for mut object in built.objects {
        let source = built.sources.get(&object.at.source).unwrap_or(&kustomization);
        object.extra_mut().via.insert(0, place);
        let mut batch = Batch::default();
        kubernetes::read_built(&object, &scope, source, &mut batch, &mut reading.diagnostics);
        append(&mut reading.batch, batch);
    }
    if let Some(why) = built.open {
        leave_open(&mut reading.batch, &why, place);
    }
}

/// Whether no other kustomization takes a folder in; of those that take in each other, the first counts.
fn is_root(folder: &str, readings: &[FileReading]) -> bool {
    let kustomizations: BTreeMap<&str, &File> = readings
        .iter()
        .filter_map(|reading| match &reading.fragment {
            Some(Fragment::Kustomize(file)) => Some((reading.source.folder(), &**file)),
            _ => None,
        })
        .collect();
    // A folder that is found by its own name, which lives as long as the readings.
    let Some((folder, _)) = kustomizations.get_key_value(folder) else { return false };
    roots::is_root(folder, |called| {
        let calling = kustomizations.iter().filter(|(_, file)| file.folders.iter().any(|taken| **taken == *called));
        calling.map(|(caller, _)| *caller).collect()
    })
}

/// Says in each namespace that there may be objects that are not there.
fn leave_open(batch: &mut Batch, why: &Arc<str>, at: secscan_model::Location) {
    let kubernetes = batch.resources.iter().filter(|resource| resource.platform == Platform::Kubernetes);
    let units: std::collections::BTreeSet<Arc<str>> = kubernetes.map(|resource| resource.unit.clone()).collect();
    for unit in units {
        batch.push(Resource {
            platform: Platform::Kustomize,
            kind: "unknown".into(),
            address: "unknown".into(),
            part: "".into(),
            at,
            value: Node::map(Map::default(), at),
            unit,
            owner: None,
            opaque: Some(why.clone()),
        });
    }
}
