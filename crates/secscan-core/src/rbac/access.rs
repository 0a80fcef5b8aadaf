//! Who is given which roles where: bindings with their subjects.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secscan_model::{Graph, Location, Node, Platform, Resource, ResourceId};
use secscan_resources::kubernetes::bare_namespace_of;

use super::powers;
use super::roles::Roles;
use super::world::{Worlds, certain};

/// The index of a subject.
pub(super) type SubjectId = usize;

/// Somebody that a binding may name, of those that pods can be.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Who<'a> {
    /// A service account, by namespace and name.
    Account(&'a str, &'a str),
    /// All service accounts of a namespace.
    AccountsOf(&'a str),
    /// All service accounts.
    Accounts,
}

/// A subject within its cluster.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Subject<'a> {
    pub(super) world: u32,
    pub(super) who: Who<'a>,
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.who {
            Who::Account(namespace, name) => write!(f, "{namespace}/{name}"),
            Who::AccountsOf(namespace) => write!(f, "every account of {namespace}"),
            Who::Accounts => f.write_str("every account"),
        }
    }
}

/// A role that a binding gives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Role<'a> {
    Object(ResourceId),
    /// One that every cluster has.
    BuiltIn(&'a str),
}

/// A role given to a subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant<'a> {
    pub(super) binding: ResourceId,
    pub(super) role: Role<'a>,
    /// The namespace that it is given in; none for all of the cluster.
    pub(super) scope: Option<&'a str>,
}

/// All of it.
pub(super) struct Access<'a> {
    worlds: Worlds,
    pub(super) subjects: Vec<Subject<'a>>,
    ids: HashMap<Subject<'a>, SubjectId>,
    pub(super) grants: Vec<Vec<Grant<'a>>>,
    /// Why not all grants of a subject are known.
    unknown: HashMap<SubjectId, String>,
    pub(super) roles: Roles<'a>,
    /// Accounts whose tokens are kept in Secrets, by the Secret.
    tokens: BTreeMap<ResourceId, SubjectId>,
    references: Vec<(ResourceId, ResourceId)>,
    /// Namespaces by whether Pod Security keeps pods in them from their node.
    guarded: HashMap<(u32, &'a str), bool>,
}

impl<'a> Access<'a> {
    pub(super) fn of(graph: &'a Graph) -> Self {
        let worlds = Worlds::of(graph);
        let mut access = Self {
            roles: Roles::of(graph, &worlds),
            worlds,
            subjects: Vec::new(),
            ids: HashMap::new(),
            grants: Vec::new(),
            unknown: HashMap::new(),
            tokens: BTreeMap::new(),
            references: Vec::new(),
            guarded: HashMap::new(),
        };
        let roles = role_references(graph);
        for (id, resource) in graph.iter().filter(|(_, resource)| resource.platform == Platform::Kubernetes) {
            match &*resource.kind {
                "ClusterRoleBinding" => access.add_binding(id, resource, None, &roles),
                "RoleBinding" => access.add_binding(id, resource, Some(bare_namespace_of(resource)), &roles),
                "Secret" => access.add_token(id, resource),
                "Namespace" => access.add_namespace(id, resource),
                "ServiceAccount" => {
                    if let Some(name) = name(resource) {
                        access.subject(id, Who::Account(bare_namespace_of(resource), name));
                    }
                }
                _ => {}
            }
        }
        for (id, pod) in super::pods(graph) {
            if let Some(who) = own_account(graph, pod) {
                access.subject(pod.owner.unwrap_or(id), who);
            }
        }
        let is_token = |id: ResourceId| access.tokens.contains_key(&id);
        let mounts = graph.edges.iter().filter(|edge| edge.path.contains(".volumes.") && is_token(edge.to));
        access.references = mounts.map(|edge| (edge.from, edge.to)).collect();
        access
    }

    /// The number of a subject that an object speaks of.
    fn subject(&mut self, near: ResourceId, who: Who<'a>) -> SubjectId {
        let subject = Subject { world: self.worlds.world(near), who };
        *self.ids.entry(subject).or_insert_with(|| {
            self.subjects.push(subject);
            self.grants.push(Vec::new());
            self.subjects.len() - 1
        })
    }

    fn add_binding(
        &mut self,
        id: ResourceId,
        binding: &'a Resource,
        scope: Option<&'a str>,
        roles: &BTreeMap<ResourceId, Vec<ResourceId>>,
    ) {
        let named = binding.value.at_path(&["roleRef", "name"]).and_then(Node::as_str);
        let is_cluster_role = binding.value.at_path(&["roleRef", "kind"]).and_then(Node::as_str) == Some("ClusterRole");
        let mut given: Vec<Role<'a>> = roles.get(&id).into_iter().flatten().map(|role| Role::Object(*role)).collect();
        let built_in = named.filter(|name| is_cluster_role && powers::is_built_in(name)).map(Role::BuiltIn);
        if given.is_empty() {
            given.extend(built_in);
        }
        for who in subjects(binding, scope) {
            let subject = self.subject(id, who);
            if given.is_empty() {
                let why =
                    format!("which role {} of {} means is not in the scan", named.unwrap_or("?"), binding.address);
                self.unknown.entry(subject).or_insert(why);
            }
            let grants = given.iter().map(|role| Grant { binding: id, role: *role, scope });
            self.grants[subject].extend(grants);
        }
    }

    /// A namespace. Of several by one name, all must let pods take over their node for any pod to do so.
    fn add_namespace(&mut self, id: ResourceId, written: &'a Resource) {
        let Some(name) = name(written) else { return };
        let level = written.value.at_path(&["metadata", "labels", "pod-security.kubernetes.io/enforce"]);
        let is_guarded = level.is_some_and(|level| level.as_str() != Some("privileged"));
        *self.guarded.entry((self.worlds.world(id), name)).or_default() |= is_guarded;
    }

    /// Whether pods of a namespace can be told to take over their node: the namespace is in the scan, and it does not
    /// enforce a standard that refuses such pods.
    pub(super) fn reaches_nodes(&self, world: u32, namespace: &str) -> bool {
        self.guarded.get(&(world, namespace)) == Some(&false)
    }

    /// A Secret that keeps the token of an account.
    fn add_token(&mut self, id: ResourceId, secret: &'a Resource) {
        const ACCOUNT: &str = "kubernetes.io/service-account.name";
        let of_type = secret.value.get("type").and_then(Node::as_str) == Some("kubernetes.io/service-account-token");
        let account = secret.value.at_path(&["metadata", "annotations", ACCOUNT]).and_then(Node::as_str);
        if let Some(account) = account.filter(|_| of_type) {
            let subject = self.subject(id, Who::Account(bare_namespace_of(secret), account));
            self.tokens.insert(id, subject);
        }
    }

    /// The accounts that a pod has tokens of: its own, unless it takes none, and those in Secrets that it mounts.
    pub(super) fn accounts_of(&self, graph: &Graph, pod: &Resource) -> Vec<SubjectId> {
        let Some(owner) = pod.owner else { return Vec::new() };
        let own = own_account(graph, pod);
        let own = own.and_then(|who| self.ids.get(&Subject { world: self.worlds.world(owner), who }).copied());
        let takes_token = pod.value.get("automount-token").and_then(Node::as_bool) != Some(false);
        let start = self.references.partition_point(|(from, _)| *from < owner);
        let mounted = self.references[start..].iter().take_while(|(from, _)| *from == owner);
        let mounted = mounted.filter_map(|(_, secret)| self.tokens.get(secret).copied());
        own.filter(|_| takes_token).into_iter().chain(mounted).collect()
    }

    /// Accounts whose tokens are kept in Secrets.
    pub(super) fn kept_tokens(&self) -> BTreeSet<SubjectId> {
        self.tokens.values().copied().collect()
    }

    /// The groups of an account, or of a group of accounts, that are named anywhere.
    pub(super) fn groups_of(&self, account: SubjectId) -> impl Iterator<Item = SubjectId> {
        let Subject { world, who } = self.subjects[account];
        let groups = match who {
            Who::Account(namespace, _) => vec![Who::AccountsOf(namespace), Who::Accounts],
            Who::AccountsOf(_) => vec![Who::Accounts],
            Who::Accounts => Vec::new(),
        };
        groups.into_iter().filter_map(move |who| self.ids.get(&Subject { world, who }).copied())
    }

    /// Why what an account may do is not known, when it is not.
    pub(super) fn unknown(&self, account: SubjectId) -> Option<&str> {
        super::with_groups(self, account).find_map(|subject| self.unknown.get(&subject)).map(String::as_str)
    }
}

/// The account that a pod runs as.
fn own_account<'a>(graph: &'a Graph, pod: &'a Resource) -> Option<Who<'a>> {
    let name = match pod.value.get("service-account").filter(|account| !account.is_null()) {
        Some(written) => written.as_str()?,
        None => "default",
    };
    Some(Who::Account(bare_namespace_of(graph.resource(pod.owner?)), name))
}

/// The roles that bindings name, of those in the scan.
fn role_references(graph: &Graph) -> BTreeMap<ResourceId, Vec<ResourceId>> {
    let mut roles: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for edge in certain(graph).into_iter().filter(|edge| &*edge.path == "roleRef") {
        roles.entry(edge.from).or_default().push(edge.to);
    }
    roles
}

/// The subjects of a binding that pods can be. A group of everybody who signs in has all accounts in it.
fn subjects<'a>(binding: &'a Resource, scope: Option<&'a str>) -> Vec<Who<'a>> {
    let who = |subject: &'a Node| {
        let text = |key| subject.get(key).and_then(Node::as_str);
        let name = text("name")?;
        match text("kind")? {
            "ServiceAccount" => Some(Who::Account(text("namespace").or(scope).unwrap_or("default"), name)),
            "User" => {
                let (namespace, name) = name.strip_prefix("system:serviceaccount:")?.split_once(':')?;
                Some(Who::Account(namespace, name))
            }
            "Group" => match name.strip_prefix("system:serviceaccounts") {
                Some("") => Some(Who::Accounts),
                Some(namespace) => Some(Who::AccountsOf(namespace.strip_prefix(':')?)),
                None => (name == "system:authenticated").then_some(Who::Accounts),
            },
            _ => None,
        }
    };
    binding.value.get("subjects").map_or(&[][..], Node::items).iter().filter_map(who).collect()
}

fn name(object: &Resource) -> Option<&str> {
    object.value.at_path(&["metadata", "name"])?.as_str()
}

/// The place of a binding that names the role.
pub(super) fn place(binding: &Resource) -> Location {
    binding.value.get("roleRef").map_or(binding.header(), |role| role.name_at)
}
