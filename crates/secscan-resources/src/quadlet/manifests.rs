//! The manifests that `.kube` units start: what stands in them is read as Kubernetes, here it is joined with the unit.

use std::collections::HashMap;
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Edge, Graph, Node, Platform, ResourceId, SourceId};

use crate::roots::within;

/// Where a unit names its manifests.
const PATH: &str = "Kube.Yaml";

/// References from units to the objects of their manifests. One that is not in the scan is said.
pub(super) fn link(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) -> Vec<Edge> {
    let is_kube = |platform, kind: &str| platform == Platform::Quadlet && kind == "kube";
    let units: Vec<_> = graph.iter().filter(|(_, unit)| is_kube(unit.platform, &unit.kind)).collect();
    if units.is_empty() {
        return Vec::new();
    }
    let mut objects: HashMap<SourceId, Vec<ResourceId>> = HashMap::new();
    for (id, object) in graph.iter().filter(|(_, object)| object.platform == Platform::Kubernetes) {
        objects.entry(object.at.source).or_default().push(id);
    }
    let paths: HashMap<&Arc<str>, SourceId> = graph.sources.iter().map(|source| (&source.path, source.id)).collect();
    let mut edges = Vec::new();
    for (id, unit) in units {
        let Some(source) = graph.source(unit.at.source) else { continue };
        for named in unit.value.at_path(&["Kube", "Yaml"]).map_or(&[][..], Node::items) {
            let path = named.as_str().and_then(|path| within(source.folder(), path));
            let manifest = path.and_then(|path| objects.get(paths.get(&path)?));
            if manifest.is_none() {
                let message = "no objects of the manifest that this unit starts are in what is scanned";
                let said = Diagnostic::new(DiagnosticKind::Unresolved, message).path(source.path.clone()).at(named.at);
                diagnostics.push(said.blinds(Platform::Quadlet).blinds(Platform::Kubernetes));
            }
            let edge = |to: &ResourceId| Edge { from: id, path: PATH.into(), to: *to };
            edges.extend(manifest.into_iter().flatten().map(edge));
        }
    }
    edges
}
