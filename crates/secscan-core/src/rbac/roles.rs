//! What each role allows, with what is aggregated into it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secscan_model::{Entry, Graph, Node, Platform, Resource, ResourceId};

use super::access::Role;
use super::powers::{self, Abilities};
use super::world::Worlds;

/// How many roles are looked at for all aggregation of a scan together: thousands of roles may each take in thousands.
const MAX_AGGREGATED: usize = 500_000;

/// The roles of a scan and those that every cluster has.
pub(super) struct Roles<'a> {
    abilities: HashMap<Role<'a>, Abilities<'a>>,
    /// What is left of [`MAX_AGGREGATED`]; none when that did not suffice.
    budget: Option<usize>,
}

/// The cluster roles by their labels, each in its cluster.
type Labelled<'a> = HashMap<(u32, &'a str, &'a str), BTreeSet<ResourceId>>;

impl<'a> Roles<'a> {
    pub(super) fn of(graph: &'a Graph, worlds: &Worlds) -> Self {
        let mut roles = Self { abilities: powers::built_in(), budget: Some(MAX_AGGREGATED) };
        let mut labelled = Labelled::new();
        let mut aggregating = BTreeMap::new();
        for (id, role) in graph.iter().filter(|(_, resource)| is_role(resource)) {
            roles.abilities.insert(Role::Object(id), Abilities::of_role(id, &role.value));
            for label in role.value.at_path(&["metadata", "labels"]).map_or(&[][..], Node::entries) {
                if let Some(value) = label.value.as_str() {
                    labelled.entry((worlds.world(id), &*label.key, value)).or_default().insert(id);
                }
            }
            aggregating.extend(role.value.get("aggregationRule").map(|rule| (id, rule)));
        }
        for id in aggregating.keys() {
            let parts = roles.parts(*id, worlds.world(*id), &labelled, &aggregating);
            let mut whole = roles.abilities.remove(&Role::Object(*id)).unwrap_or_default();
            parts.iter().filter_map(|part| roles.abilities.get(&Role::Object(*part))).for_each(|part| whole.add(part));
            roles.abilities.insert(Role::Object(*id), whole);
        }
        roles
    }

    /// What a role allows.
    pub(super) fn abilities(&self, role: Role<'a>) -> Option<&Abilities<'a>> {
        self.abilities.get(&role)
    }

    /// Whether not all aggregation was followed.
    pub(super) fn is_cut(&self) -> bool {
        self.budget.is_none()
    }

    /// The roles that an aggregating role takes in, and those that these take in.
    fn parts(
        &mut self,
        id: ResourceId,
        world: u32,
        labelled: &Labelled<'a>,
        aggregating: &BTreeMap<ResourceId, &'a Node>,
    ) -> BTreeSet<ResourceId> {
        let mut parts = BTreeSet::from([id]);
        let mut open: Vec<&'a Node> = aggregating.get(&id).copied().into_iter().collect();
        while let Some(rule) = open.pop() {
            for selector in rule.get("clusterRoleSelectors").map_or(&[][..], Node::items) {
                let with = |label: &'a Entry| labelled.get(&(world, &*label.key, label.value.as_str()?));
                let labels = selector.get("matchLabels").map_or(&[][..], Node::entries);
                let Some(lists) = labels.iter().map(with).collect::<Option<Vec<_>>>() else { continue };
                let Some(narrowest) = lists.iter().min_by_key(|list| list.len()) else { continue };
                self.budget = self.budget.and_then(|budget| budget.checked_sub(narrowest.len() * lists.len()));
                if self.budget.is_none() {
                    return parts;
                }
                let selected = narrowest.iter().filter(|role| lists.iter().all(|list| list.contains(role)));
                for role in selected {
                    if parts.insert(*role) {
                        open.extend(aggregating.get(role).copied());
                    }
                }
            }
        }
        parts
    }
}

fn is_role(resource: &Resource) -> bool {
    resource.platform == Platform::Kubernetes && matches!(&*resource.kind, "ClusterRole" | "Role")
}
