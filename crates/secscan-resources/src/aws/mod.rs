//! The common kinds of AWS, from Terraform and CloudFormation alike.
//!
//! Reading order: [`derive()`], then [`network`] (`network-rule`) with [`prefix_lists`] and [`split`], and [`policies`] (`iam-statement`). What the attributes
//! mean is said in [`secscan_model::vocabulary::COMMON_KINDS`].

mod network;
mod policies;
mod prefix_lists;
mod split;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Platform, Resource, ResourceId, Source};

use crate::Batch;

/// A common resource before it has an owner.
struct Derived {
    kind: &'static str,
    part: String,
    at: Location,
    /// The place that names it.
    name_at: Location,
    value: Map,
}

impl Derived {
    /// A resource of which nothing is known but that there may be one: a list that is not in the files, for example.
    fn unknown(kind: &'static str, part: String, of: &Node, why: &Arc<str>) -> Self {
        let mut value = Map::default();
        value.rest = Some(why.clone());
        Self { kind, part, at: of.at, name_at: of.name_at, value }
    }
}

/// Adds the common resources of the batch's AWS resources from `first` on. `sources` are the files that their values
/// stand in, sorted by id.
pub(crate) fn derive(batch: &mut Batch, first: usize, sources: &[Source]) {
    let mut derived: Vec<Resource> = Vec::new();
    let lists = prefix_lists::PrefixLists::of(batch.resources.get(first..).unwrap_or_default());
    for (index, owner) in batch.resources.iter().enumerate().skip(first) {
        let common = network::rules(owner, &lists).into_iter().chain(policies::statements(owner, sources));
        derived.extend(common.map(|common| owned(common, owner, ResourceId(index as u32))));
    }
    split::join(&batch.resources, &mut derived);
    batch.resources.extend(derived);
}

fn owned(common: Derived, owner: &Resource, id: ResourceId) -> Resource {
    let Derived { kind, part, at, name_at, mut value } = common;
    value.insert("platform", Node::text(owner.platform.as_str(), name_at));
    Resource {
        platform: Platform::Common,
        kind: kind.into(),
        address: owner.address.clone(),
        part: part.into(),
        at,
        value: Node::map(value, at).named(name_at),
        unit: owner.unit.clone(),
        owner: Some(id),
        opaque: None,
    }
}
