//! The packages of a graph as a report lists them: each package URL once, whatever number of files name it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::report::PackageEntry;
use secscan_model::{Graph, Node, Platform, Resource, ResourceId};

/// The package URL of a resource; none when it is no package.
fn purl(resource: &Resource) -> Option<Arc<str>> {
    let is_package = resource.platform == Platform::Package && resource.value.get("purl").is_some();
    is_package.then(|| resource.address.clone())
}

/// All packages, sorted by package URL.
pub(crate) fn packages(graph: &Graph) -> Vec<PackageEntry> {
    let mut entries: BTreeMap<Arc<str>, PackageEntry> = BTreeMap::new();
    for resource in &graph.resources {
        let Some(purl) = purl(resource) else { continue };
        let text = |key: &str| resource.value.get(key).and_then(Node::as_str).map(Arc::from);
        let flag = |key: &str| resource.value.get(key).and_then(Node::as_bool);
        let entry = entries.entry(purl.clone()).or_insert_with(|| PackageEntry { purl, ..PackageEntry::default() });
        entry.name = text("name").unwrap_or_default();
        entry.version = entry.version.take().or_else(|| text("version"));
        entry.licence = entry.licence.take().or_else(|| text("licence"));
        // What one project asks for by name, or needs at run time, is so for all.
        entry.direct = [entry.direct, flag("direct")].into_iter().flatten().reduce(|one, other| one || other);
        entry.dev = [entry.dev, flag("dev")].into_iter().flatten().reduce(|one, other| one && other);
        let sums = resource.value.get("integrity").map(Node::items).unwrap_or_default();
        entry.integrity.extend(sums.iter().filter_map(Node::as_str).map(Arc::from));
        entry.paths.extend(graph.source(resource.at.source).map(|source| source.path.clone()));
    }
    let address = |id: ResourceId| purl(graph.resource(id));
    for edge in graph.edges.iter().filter(|edge| &*edge.path == "dependencies") {
        let (Some(from), Some(to)) = (address(edge.from), address(edge.to)) else { continue };
        if let Some(entry) = entries.get_mut(&from) {
            entry.needs.push(to);
        }
    }
    let sorted = |list: Vec<Arc<str>>| list.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let finish = |entry: PackageEntry| PackageEntry {
        integrity: sorted(entry.integrity),
        paths: sorted(entry.paths),
        needs: sorted(entry.needs),
        ..entry
    };
    entries.into_values().map(finish).collect()
}
