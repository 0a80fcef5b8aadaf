//! Which objects are of one cluster.
//!
//! A repository may hold the objects of many clusters. Objects belong together when they stand in one folder, or when
//! one refers to the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secscan_model::{Edge, Graph, Node, Platform, ResourceId};

/// The references that mean one object. A name that several folders have, and the folder of the reference does not, is
/// that of a base which an overlay completes: whom it means stands elsewhere.
pub(super) fn certain(graph: &Graph) -> Vec<&Edge> {
    let folder = |id: ResourceId| graph.source(graph.resource(id).at.source).map_or("", |source| source.folder());
    let name = |id: ResourceId| graph.resource(id).value.at_path(&["metadata", "name"]).and_then(Node::as_str);
    let key = |edge: &Edge| (edge.from, edge.path.clone(), name(edge.to));
    let mut folders: HashMap<_, BTreeSet<&str>> = HashMap::new();
    let of_objects = |edge: &&Edge| graph.resource(edge.from).platform == Platform::Kubernetes;
    for edge in graph.edges.iter().filter(of_objects) {
        folders.entry(key(edge)).or_default().insert(folder(edge.to));
    }
    let is_certain = |edge: &&Edge| {
        folder(edge.from) == folder(edge.to) || folders.get(&key(edge)).is_some_and(|folders| folders.len() == 1)
    };
    graph.edges.iter().filter(of_objects).filter(is_certain).collect()
}

/// The clusters of a scan: a number for each resource.
pub(super) struct Worlds {
    parents: Vec<u32>,
}

impl Worlds {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut worlds = Self { parents: (0..graph.resources.len() as u32).collect() };
        let is_object = |id: ResourceId| graph.resource(id).platform == Platform::Kubernetes;
        let mut folders: BTreeMap<&str, ResourceId> = BTreeMap::new();
        for (id, resource) in graph.iter().filter(|(id, _)| is_object(*id)) {
            let folder = graph.source(resource.at.source).map_or("", |source| source.folder());
            worlds.join(*folders.entry(folder).or_insert(id), id);
        }
        for edge in certain(graph).into_iter().filter(|edge| is_object(edge.from) && is_object(edge.to)) {
            worlds.join(edge.from, edge.to);
        }
        worlds
    }

    /// The number of the cluster that an object is of.
    pub(super) fn world(&self, id: ResourceId) -> u32 {
        let mut at = id.0;
        while let Some(parent) = self.parents.get(at as usize).filter(|parent| **parent != at) {
            at = *parent;
        }
        at
    }

    fn join(&mut self, one: ResourceId, other: ResourceId) {
        let (one, other) = (self.flatten(one), self.flatten(other));
        // The smaller number stays, so that the order of joining says nothing.
        let (root, child) = (one.min(other), one.max(other));
        if let Some(parent) = self.parents.get_mut(child as usize) {
            *parent = root;
        }
    }

    /// The number of an object's cluster, and a shorter way to it for the next who asks.
    fn flatten(&mut self, id: ResourceId) -> u32 {
        let root = self.world(id);
        let mut at = id.0;
        while let Some(parent) = self.parents.get_mut(at as usize).filter(|parent| **parent != at) {
            at = std::mem::replace(parent, root);
        }
        root
    }
}
