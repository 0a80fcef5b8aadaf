//! Who holds which statements: roles, users and groups with all policies that their unit gives them, and policies that
//! nobody of the unit holds.

use std::collections::{BTreeMap, BTreeSet};

use secscan_model::{Graph, Location, Node, Platform, Resource, ResourceId};
use secscan_resources::iam::Statement;

use super::managed;
use crate::addresses::Addresses;

/// The types of principals: how the end of their ARN begins, and the attribute with their name.
static PRINCIPALS: &[(&str, &str, &str)] = &[
    ("AWS::IAM::Group", "group", "GroupName"),
    ("AWS::IAM::Role", "role", "RoleName"),
    ("AWS::IAM::User", "user", "UserName"),
    ("aws_iam_group", "group", "name"),
    ("aws_iam_role", "role", "name"),
    ("aws_iam_user", "user", "name"),
];

/// The types of managed policies of one's own, with the attribute that holds their name.
static POLICIES: &[(&str, &str)] = &[("AWS::IAM::ManagedPolicy", "ManagedPolicyName"), ("aws_iam_policy", "name")];

/// What gives policies to principals: the attributes that name principals, and the attribute that names a managed policy
/// (empty where the statements are its own).
static GIVING: &[(&str, &[&str], &str)] = &[
    ("AWS::IAM::GroupPolicy", &["GroupName"], ""),
    ("AWS::IAM::ManagedPolicy", &["Groups", "Roles", "Users"], ""),
    ("AWS::IAM::Policy", &["Groups", "Roles", "Users"], ""),
    ("AWS::IAM::RolePolicy", &["RoleName"], ""),
    ("AWS::IAM::UserPolicy", &["UserName"], ""),
    ("aws_iam_group_policy", &["group"], ""),
    ("aws_iam_group_policy_attachment", &["group"], "policy_arn"),
    ("aws_iam_policy_attachment", &["groups", "roles", "users"], "policy_arn"),
    ("aws_iam_role_policy", &["role"], ""),
    ("aws_iam_role_policy_attachment", &["role"], "policy_arn"),
    ("aws_iam_user_policy", &["user"], ""),
    ("aws_iam_user_policy_attachment", &["user"], "policy_arn"),
];

/// What makes users members of groups: the attributes with the users (empty for the resource itself) and the groups.
static MEMBERSHIPS: &[(&str, &str, &str)] = &[
    ("AWS::IAM::User", "", "Groups"),
    ("AWS::IAM::UserToGroupAddition", "Users", "GroupName"),
    ("aws_iam_group_membership", "users", "group"),
    ("aws_iam_user_group_membership", "user", "groups"),
];

const ATTACHED: &[&str] = &["ManagedPolicyArns", "managed_policy_arns"];
const BOUNDARY: &[&str] = &["PermissionsBoundary", "permissions_boundary"];
const TRUST: &[&str] = &["AssumeRolePolicyDocument", "assume_role_policy"];
/// Families of types whose policies say what their holder may do.
const IDENTITY: &[&str] = &["AWS::IAM::", "AWS::SSO::", "AWS::Serverless::", "aws_iam_", "aws_ssoadmin_"];

/// A statement that somebody holds.
#[derive(Clone, Debug)]
pub(super) struct Held<'g> {
    node: Node,
    /// The resource that it is written in.
    pub(super) of: &'g Resource,
}

impl Held<'_> {
    pub(super) fn statement(&self) -> Statement<'_> {
        Statement(&self.node)
    }
}

/// A set of policies, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies<'g> {
    pub(super) held: Vec<Held<'g>>,
    /// A policy that is not in the files, and why.
    pub(super) hidden: Option<(Location, String)>,
}

impl<'g> Policies<'g> {
    fn add(&mut self, others: &Self) {
        self.held.extend(others.held.iter().cloned());
        if self.hidden.is_none() {
            self.hidden.clone_from(&others.hidden);
        }
    }
}

/// Something that is its holder's own: the address, and the end of the ARN where the name is written.
#[derive(Clone, Debug)]
pub(super) struct Own<'g> {
    pub(super) kind: &'static str,
    pub(super) address: &'g str,
    pub(super) name: Option<String>,
}

/// Who holds statements.
#[derive(Debug)]
pub(super) struct Holder<'g> {
    pub(super) id: ResourceId,
    pub(super) resource: &'g Resource,
    pub(super) policies: Policies<'g>,
    /// The limit of what the policies can give, where one is set.
    pub(super) boundary: Option<Policies<'g>>,
    pub(super) own: Vec<Own<'g>>,
}

/// The graph by what the search needs.
struct Index<'g> {
    graph: &'g Graph,
    addresses: &'g Addresses<'g>,
    by_name: BTreeMap<(&'g str, &'static str, &'g str), Vec<ResourceId>>,
    statements: BTreeMap<ResourceId, Vec<ResourceId>>,
}

/// All holders, in the order of the graph.
pub(super) fn holders<'g>(graph: &'g Graph, addresses: &'g Addresses<'g>) -> Vec<Holder<'g>> {
    let index = Index::new(graph, addresses);
    if index.statements.is_empty() && !graph.resources.iter().any(|resource| principal(resource).is_some()) {
        return Vec::new();
    }
    let (given, mut attached) = index.given();
    let groups = index.groups();
    let mut holders = Vec::new();
    for (id, resource) in graph.iter() {
        if let Some((kind, _)) = principal(resource) {
            holders.push(index.holder(id, kind, &given, &groups, &mut attached));
        }
    }
    let is_alone = |id: &ResourceId| {
        let resource = graph.resource(*id);
        !attached.contains(id) && principal(resource).is_none() && !is_boundary(resource)
    };
    for id in index.statements.keys().copied().filter(is_alone) {
        let resource = graph.resource(id);
        let policies = index.own_statements(id);
        let own = index.policy(id).into_iter().collect();
        holders.push(Holder { id, resource, policies, boundary: None, own });
    }
    holders.sort_by_key(|holder| holder.id);
    holders
}

/// Whether a policy says by its name that it is the boundary of others, outside of the unit: it limits and gives nothing.
fn is_boundary(resource: &Resource) -> bool {
    resource.address.to_ascii_lowercase().contains("boundary")
}

/// What a principal is, and its name where that is written.
fn principal(resource: &Resource) -> Option<(&'static str, Option<&str>)> {
    let (_, kind, name) = PRINCIPALS.iter().find(|(of, _, _)| *of == &*resource.kind)?;
    Some((kind, resource.value.get(name).and_then(Node::as_str)))
}

impl<'g> Index<'g> {
    fn new(graph: &'g Graph, addresses: &'g Addresses<'g>) -> Self {
        let mut index = Self { graph, addresses, by_name: BTreeMap::new(), statements: BTreeMap::new() };
        for (id, resource) in graph.iter() {
            match resource.platform {
                Platform::Terraform | Platform::CloudFormation => index.name(id, resource),
                Platform::Common if &*resource.kind == "iam-statement" => index.state(id, resource),
                _ => {}
            }
        }
        index
    }

    fn name(&mut self, id: ResourceId, resource: &'g Resource) {
        if let Some((kind, Some(name))) = principal(resource) {
            self.by_name.entry((&*resource.unit, kind, name)).or_default().push(id);
        }
    }

    fn state(&mut self, id: ResourceId, statement: &Resource) {
        let attribute = statement.value.get("attribute").and_then(Node::as_str).unwrap_or_default();
        let owner = statement.owner.filter(|owner| {
            let kind = &self.graph.resource(*owner).kind;
            !TRUST.contains(&attribute) && IDENTITY.iter().any(|family| kind.starts_with(family))
        });
        owner.into_iter().for_each(|owner| self.statements.entry(owner).or_default().push(id));
    }

    fn own_statements(&self, id: ResourceId) -> Policies<'g> {
        let of = self.graph.resource(id);
        let statements = self.statements.get(&id).into_iter().flatten();
        let held = statements.map(|statement| Held { node: self.graph.resource(*statement).value.clone(), of });
        Policies { held: held.collect(), hidden: None }
    }

    /// The principals that an attribute names, by reference or by name.
    fn named(&self, resource: &Resource, attribute: &str) -> Vec<ResourceId> {
        let Some(node) = resource.value.get(attribute) else { return Vec::new() };
        let kind =
            PRINCIPALS.iter().map(|(_, kind, _)| *kind).find(|kind| attribute.to_ascii_lowercase().contains(kind));
        let mut found = BTreeSet::new();
        for item in node.items() {
            let mut ids = self.addresses.referred(&resource.unit, item);
            ids.retain(|id| principal(self.graph.resource(*id)).is_some());
            if let (true, Some(name), Some(kind)) = (ids.is_empty(), item.as_str(), kind) {
                ids.extend(self.by_name.get(&(&*resource.unit, kind, name)).into_iter().flatten());
            }
            found.extend(ids);
        }
        found.into_iter().collect()
    }

    /// The policies that other resources give to principals, and the policies that are given.
    fn given(&self) -> (BTreeMap<ResourceId, Policies<'g>>, BTreeSet<ResourceId>) {
        let mut given: BTreeMap<ResourceId, Policies<'g>> = BTreeMap::new();
        let mut attached = BTreeSet::new();
        for (id, resource) in self.graph.iter() {
            if resource.opaque.is_some() {
                self.seen_by_module(id, &mut given);
            }
            let Some((_, attributes, managed)) = GIVING.iter().find(|(kind, _, _)| *kind == &*resource.kind) else {
                continue;
            };
            let principals: Vec<ResourceId> =
                attributes.iter().flat_map(|attribute| self.named(resource, attribute)).collect();
            if principals.is_empty() {
                continue;
            }
            let policies = if managed.is_empty() {
                attached.insert(id);
                self.own_statements(id)
            } else {
                self.managed(resource, managed, &mut attached)
            };
            principals.into_iter().for_each(|principal| given.entry(principal).or_default().add(&policies));
        }
        (given, attached)
    }

    /// A module that nobody reads may give policies to the principals that it is told of.
    fn seen_by_module(&self, module: ResourceId, given: &mut BTreeMap<ResourceId, Policies<'g>>) {
        let edges = self.graph.edges.partition_point(|edge| edge.from < module);
        for edge in self.graph.edges.iter().skip(edges).take_while(|edge| edge.from == module) {
            if principal(self.graph.resource(edge.to)).is_some() {
                let why = "a module that is not read may give it more".to_owned();
                let hidden = Some((self.graph.resource(module).header(), why));
                given.entry(edge.to).or_default().add(&Policies { held: Vec::new(), hidden });
            }
        }
    }

    /// The managed policies that an attribute names.
    fn managed(&self, of: &'g Resource, attribute: &str, attached: &mut BTreeSet<ResourceId>) -> Policies<'g> {
        let mut policies = Policies::default();
        for item in of.value.get(attribute).map(Node::items).unwrap_or_default() {
            let referred = self.addresses.referred(&of.unit, item);
            let ids: Vec<ResourceId> = referred.iter().copied().filter(|id| self.policy(*id).is_some()).collect();
            if !ids.is_empty() {
                ids.iter().for_each(|id| policies.add(&self.own_statements(*id)));
                attached.extend(ids);
                continue;
            }
            let arn = item.raw_text().or_else(|| {
                let mut data = referred.iter().map(|id| self.graph.resource(*id));
                data.find_map(|data| data.value.get("arn").and_then(Node::raw_text))
            });
            match arn.and_then(|arn| managed::statements(&arn, item.at)) {
                Some(nodes) => policies.held.extend(nodes.into_iter().map(|node| Held { node, of })),
                None if policies.hidden.is_none() => {
                    policies.hidden = Some((item.at, "what an attached policy allows is not known".to_owned()));
                }
                None => {}
            }
        }
        policies
    }

    /// A managed policy of one's own.
    fn policy(&self, id: ResourceId) -> Option<Own<'g>> {
        let resource = self.graph.resource(id);
        let (_, name) = POLICIES.iter().find(|(kind, _)| *kind == &*resource.kind)?;
        let name = resource.value.get(name).and_then(Node::as_str).map(|name| format!("policy/{name}"));
        Some(Own { kind: "policy", address: &resource.address, name })
    }

    /// The groups of each user.
    fn groups(&self) -> BTreeMap<ResourceId, Vec<ResourceId>> {
        let mut groups: BTreeMap<ResourceId, Vec<ResourceId>> = BTreeMap::new();
        for (id, resource) in self.graph.iter() {
            for (_, users, of) in MEMBERSHIPS.iter().filter(|(kind, _, _)| *kind == &*resource.kind) {
                let users = if users.is_empty() { vec![id] } else { self.named(resource, users) };
                let joined = self.named(resource, of);
                users.into_iter().for_each(|user| groups.entry(user).or_default().extend(&joined));
            }
        }
        groups
    }

    fn holder(
        &self,
        id: ResourceId,
        kind: &'static str,
        given: &BTreeMap<ResourceId, Policies<'g>>,
        groups: &BTreeMap<ResourceId, Vec<ResourceId>>,
        attached: &mut BTreeSet<ResourceId>,
    ) -> Holder<'g> {
        let resource = self.graph.resource(id);
        let mut policies = Policies::default();
        let mut own = vec![self.own(id, kind)];
        let joined = groups.get(&id).map(Vec::as_slice).unwrap_or_default();
        own.extend(joined.iter().map(|group| self.own(*group, "group")));
        for part in std::iter::once(&id).chain(joined) {
            policies.add(&self.own_statements(*part));
            given.get(part).into_iter().for_each(|more| policies.add(more));
            for attribute in ATTACHED {
                policies.add(&self.managed(self.graph.resource(*part), attribute, attached));
            }
        }
        let of: BTreeSet<&str> = policies.held.iter().map(|held| &*held.of.address).collect();
        let of_unit = of.iter().flat_map(|address| self.addresses.at(&resource.unit, address));
        own.extend(of_unit.filter_map(|id| self.policy(*id)));
        let boundary = BOUNDARY.iter().find(|name| resource.value.get(name).is_some_and(|node| !node.is_null()));
        let boundary = boundary.map(|name| self.managed(resource, name, attached));
        Holder { id, resource, policies, boundary, own }
    }

    fn own(&self, id: ResourceId, kind: &'static str) -> Own<'g> {
        let resource = self.graph.resource(id);
        let name = principal(resource).and_then(|(_, name)| name).map(|name| format!("{kind}/{name}"));
        Own { kind, address: &resource.address, name }
    }
}
