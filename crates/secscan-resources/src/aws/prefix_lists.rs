//! Prefix lists: the blocks of those that the unit declares, and which of AWS's own never hold everybody.

use std::collections::BTreeMap;

use secscan_model::{Node, Resource};

/// The attribute with the entries, and the key of the block in each.
static LISTS: &[(&str, &str, &str)] =
    &[("AWS::EC2::PrefixList", "Entries", "Cidr"), ("aws_ec2_managed_prefix_list", "entry", "cidr")];
/// An entry that stands by itself.
const ENTRY: &str = "aws_ec2_managed_prefix_list_entry";
/// Lists that AWS keeps: the addresses of one of its services.
const OF_AWS: &[&str] = &["data.aws_ec2_managed_prefix_list", "data.aws_prefix_list"];
const OF_SERVICES: &str = "com.amazonaws.";
const ALIASES: &[&str] = &["lightsail-connect"];

/// The prefix lists of a unit by address.
#[derive(Debug, Default)]
pub(super) struct PrefixLists<'r> {
    blocks: BTreeMap<&'r str, Vec<&'r Node>>,
}

impl<'r> PrefixLists<'r> {
    /// The lists among resources.
    pub(super) fn of(resources: &'r [Resource]) -> Self {
        let mut lists = Self::default();
        for resource in resources {
            if let Some((_, entries, key)) = LISTS.iter().find(|(kind, _, _)| *kind == &*resource.kind) {
                let entries = resource.value.get(entries).map(Node::items).unwrap_or_default();
                let blocks = entries.iter().map(|entry| entry.get(key).unwrap_or(entry));
                lists.blocks.entry(&resource.address).or_default().extend(blocks);
            }
            if OF_AWS.contains(&&*resource.kind) && is_of_service(resource) {
                lists.blocks.entry(&resource.address).or_default();
            }
        }
        for entry in resources.iter().filter(|resource| &*resource.kind == ENTRY) {
            let list = entry.value.get("prefix_list_id").map(Node::refs).unwrap_or_default().first();
            let blocks = list.and_then(|list| lists.blocks.get_mut(&*list.address));
            blocks.into_iter().for_each(|blocks| blocks.extend(entry.value.get("cidr")));
        }
        lists
    }

    /// The blocks of the list that a value names, in the place of the name; none where that is not known.
    pub(super) fn blocks(&self, named: &Node) -> Option<Vec<Node>> {
        if named.as_str().is_some_and(|name| ALIASES.contains(&name) || name.starts_with(OF_SERVICES)) {
            return Some(Vec::new());
        }
        let reference = named.refs().first()?;
        let blocks = self.blocks.get(&*reference.address)?;
        Some(blocks.iter().map(|block| Node { value: block.value.clone(), ..named.clone() }).collect())
    }
}

/// Whether a list that is looked up is that of a service. The lists that `aws_prefix_list` finds all are.
fn is_of_service(data: &Resource) -> bool {
    let name = data.value.get("name").and_then(Node::raw_text);
    name.map_or(&*data.kind == "data.aws_prefix_list", |name| name.starts_with(OF_SERVICES))
}
