//! Resources by address, for judges that follow references from values.

use foldhash::HashMap;
use secscan_model::{Graph, Node, Platform, ResourceId};

/// The resources of Terraform and CloudFormation by unit and address.
#[derive(Debug)]
pub(crate) struct Addresses<'g> {
    known: HashMap<(&'g str, &'g str), Vec<ResourceId>>,
}

impl<'g> Addresses<'g> {
    /// Indexes a graph.
    pub(crate) fn of(graph: &'g Graph) -> Self {
        let mut known: HashMap<_, Vec<_>> = HashMap::default();
        let platforms = [Platform::Terraform, Platform::CloudFormation];
        for (id, resource) in graph.iter().filter(|(_, resource)| platforms.contains(&resource.platform)) {
            let (unit, address) = (&*resource.unit, &*resource.address);
            known.entry((unit, address)).or_default().push(id);
            // Without an instance key all instances are meant.
            if let Some((all, _)) = address.split_once('[') {
                known.entry((unit, all)).or_default().push(id);
            }
        }
        Self { known }
    }

    /// The resources of an address.
    pub(crate) fn at<'a>(&'a self, unit: &'a str, address: &'a str) -> &'a [ResourceId] {
        self.known.get(&(unit, address)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The resources that a value refers to by itself.
    pub(crate) fn referred(&self, unit: &str, node: &Node) -> Vec<ResourceId> {
        let mut found: Vec<ResourceId> =
            node.refs().iter().flat_map(|reference| self.at(unit, &reference.address)).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
