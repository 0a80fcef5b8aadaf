//! Which objects are of one cluster.
//!
//! A repository may hold the objects of many clusters. Objects belong together when they are of one build (a chart, an
//! overlay), else when they stand in one folder; and when one refers to the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secscan_model::{Edge, Graph, Node, Platform, ResourceId};
use secscan_resources::kubernetes::scope_of;

/// Where objects that belong together stand: a build, or a folder.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Place<'a> {
    Build(&'a str),
    Folder(&'a str),
}

fn place(graph: &Graph, id: ResourceId) -> Place<'_> {
    let resource = graph.resource(id);
    let folder = || Place::Folder(graph.source(resource.at.source).map_or("", |source| source.folder()));
    scope_of(resource).map_or_else(folder, Place::Build)
}

/// The references that mean one object. A name that several places have, and that of the reference does not, is
/// that of a base which an overlay completes: whom it means stands elsewhere.
pub(super) fn certain(graph: &Graph) -> Vec<&Edge> {
    let name = |id: ResourceId| graph.resource(id).value.at_path(&["metadata", "name"]).and_then(Node::as_str);
    let key = |edge: &Edge| (edge.from, edge.path.clone(), name(edge.to));
    let mut places: HashMap<_, BTreeSet<Place<'_>>> = HashMap::new();
    let of_objects = |edge: &&Edge| graph.resource(edge.from).platform == Platform::Kubernetes;
    for edge in graph.edges.iter().filter(of_objects) {
        places.entry(key(edge)).or_default().insert(place(graph, edge.to));
    }
    let is_certain = |edge: &&Edge| {
        place(graph, edge.from) == place(graph, edge.to)
            || places.get(&key(edge)).is_some_and(|places| places.len() == 1)
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
        let mut places: BTreeMap<Place<'_>, ResourceId> = BTreeMap::new();
        for (id, _) in graph.iter().filter(|(id, _)| is_object(*id)) {
            worlds.join(*places.entry(place(graph, id)).or_insert(id), id);
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
