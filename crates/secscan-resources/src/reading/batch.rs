//! What readers make of a file or a unit, before it has its place in the graph.

use secscan_model::{Edge, Resource, ResourceId};

/// Resources and references with ids that count from zero within the batch.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The resources.
    pub resources: Vec<Resource>,
    /// The references between them.
    pub edges: Vec<Edge>,
}

impl Batch {
    /// Adds a resource.
    pub fn push(&mut self, resource: Resource) -> ResourceId {
        self.resources.push(resource);
        ResourceId(self.resources.len() as u32 - 1)
    }
}

/// Adds a batch to another one.
pub(crate) fn append(to: &mut Batch, batch: Batch) {
    extend(&mut to.resources, &mut to.edges, batch);
}

/// Adds a batch: its ids move behind those that are there.
pub(super) fn extend(resources: &mut Vec<Resource>, edges: &mut Vec<Edge>, batch: Batch) {
    let base = resources.len() as u32;
    let shift = |id: ResourceId| ResourceId(id.0 + base);
    resources.extend(batch.resources.into_iter().map(|mut resource| {
        resource.owner = resource.owner.map(shift);
        resource
    }));
    edges.extend(batch.edges.into_iter().map(|edge| Edge { from: shift(edge.from), to: shift(edge.to), ..edge }));
}
