//! What roles are good for beyond what they say: becoming somebody else.
//!
//! From <https://kubernetes.io/docs/concepts/security/rbac-good-practices/>.

use std::collections::HashMap;

use secscan_model::{Location, Node, ResourceId};

use super::access::Role;

/// A rule of a role.
struct PolicyRule<'a> {
    verbs: Vec<&'a str>,
    groups: Vec<&'a str>,
    resources: Vec<&'a str>,
    /// The only objects that it is about, when it names any.
    names: Vec<&'a str>,
    at: Option<RulePlace>,
}

/// The role that a rule stands in, and its place there; none of roles that every cluster has.
pub(super) type RulePlace = (ResourceId, Location);

/// Something that a rule allows.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Deed {
    Everything,
    StartPods,
    EnterPods,
    MintTokens,
    ReadSecrets,
    ImpersonateAccounts,
    ImpersonateUsers,
    ImpersonateGroups,
    EscalateClusterRoles,
    ChangeClusterRoles,
    EscalateRoles,
    ChangeRoles,
    BindClusterRoles,
    BindClusterWide,
    BindInNamespace,
    RequestCertificates,
    ApproveCertificates,
    ApproveForSigners,
    ReachKubelets,
}

/// What must be in a rule for a deed: any of the verbs, the group, any of the resources.
struct Demand {
    deed: Deed,
    /// In words that follow "may".
    words: &'static str,
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
}

const WRITE: &[&str] = &["create", "patch", "update"];
const CHANGE: &[&str] = &["patch", "update"];
const RBAC: &str = "rbac.authorization.k8s.io";

const fn demand(
    deed: Deed,
    words: &'static str,
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
) -> Demand {
    Demand { deed, words, verbs, group, resources }
}

static DEMANDS: &[Demand] = &[
    demand(Deed::StartPods, "start pods", &["create"], "", &["pods"]),
    demand(Deed::StartPods, "start pods", WRITE, "apps", &["daemonsets", "deployments", "replicasets", "statefulsets"]),
    demand(Deed::StartPods, "start pods", WRITE, "batch", &["cronjobs", "jobs"]),
    demand(Deed::StartPods, "start pods", WRITE, "", &["replicationcontrollers"]),
    demand(Deed::EnterPods, "run commands in pods", &["create", "get"], "", &["pods/attach", "pods/exec"]),
    demand(Deed::EnterPods, "add containers to pods", CHANGE, "", &["pods/ephemeralcontainers"]),
    demand(Deed::MintTokens, "make tokens of accounts", &["create"], "", &["serviceaccounts/token"]),
    demand(Deed::ReadSecrets, "read Secrets", &["get", "list", "watch"], "", &["secrets"]),
    demand(Deed::ImpersonateAccounts, "impersonate accounts", &["impersonate"], "", &["serviceaccounts"]),
    demand(Deed::ImpersonateUsers, "impersonate users", &["impersonate"], "", &["users"]),
    demand(Deed::ImpersonateGroups, "impersonate groups", &["impersonate"], "", &["groups"]),
    demand(Deed::EscalateClusterRoles, "escalate cluster roles", &["escalate"], RBAC, &["clusterroles"]),
    demand(Deed::ChangeClusterRoles, "change cluster roles", CHANGE, RBAC, &["clusterroles"]),
    demand(Deed::EscalateRoles, "escalate roles", &["escalate"], RBAC, &["roles"]),
    demand(Deed::ChangeRoles, "change roles", CHANGE, RBAC, &["roles"]),
    demand(Deed::BindClusterRoles, "bind any cluster role", &["bind"], RBAC, &["clusterroles"]),
    demand(Deed::BindClusterWide, "write cluster role bindings", WRITE, RBAC, &["clusterrolebindings"]),
    demand(Deed::BindInNamespace, "write role bindings", WRITE, RBAC, &["rolebindings"]),
    demand(Deed::RequestCertificates, "request certificates", &["create"], CSR, &["certificatesigningrequests"]),
    demand(Deed::ApproveCertificates, "approve certificates", CHANGE, CSR, &["certificatesigningrequests/approval"]),
    demand(Deed::ApproveForSigners, "approve for every signer", &["approve"], CSR, &["signers"]),
    demand(Deed::ReachKubelets, "call kubelets", &["create", "get"], "", &["nodes/proxy"]),
];

const CSR: &str = "certificates.k8s.io";

/// Whom somebody becomes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Becoming {
    /// An administrator of where the role is given: of the cluster, or of a namespace.
    Administrator,
    /// Any account of where the role is given.
    AnyAccount,
    /// The account of any pod that runs there.
    AccountOfPod,
    /// The account of any pod of the cluster, by way of the nodes, where no standard keeps pods from these.
    AccountOnNode,
    /// Any account whose token is kept in a Secret there.
    AccountOfSecret,
}

/// What deeds together are good for, and whether only when they are allowed in the whole cluster.
pub(super) struct Power {
    pub(super) deeds: &'static [Deed],
    pub(super) becoming: Becoming,
    pub(super) is_cluster_wide: bool,
}

const fn power(deeds: &'static [Deed], becoming: Becoming, is_cluster_wide: bool) -> Power {
    Power { deeds, becoming, is_cluster_wide }
}

/// All powers, the strongest first.
pub(super) static POWERS: &[Power] = &[
    power(&[Deed::Everything], Becoming::Administrator, false),
    power(&[Deed::EscalateClusterRoles, Deed::ChangeClusterRoles], Becoming::Administrator, true),
    power(&[Deed::BindClusterRoles, Deed::BindClusterWide], Becoming::Administrator, true),
    power(&[Deed::ImpersonateUsers, Deed::ImpersonateGroups], Becoming::Administrator, true),
    power(
        &[Deed::RequestCertificates, Deed::ApproveCertificates, Deed::ApproveForSigners],
        Becoming::Administrator,
        true,
    ),
    power(&[Deed::EscalateRoles, Deed::ChangeRoles], Becoming::Administrator, false),
    power(&[Deed::BindClusterRoles, Deed::BindInNamespace], Becoming::Administrator, false),
    power(&[Deed::StartPods], Becoming::AnyAccount, false),
    power(&[Deed::MintTokens], Becoming::AnyAccount, false),
    power(&[Deed::ImpersonateAccounts], Becoming::AnyAccount, false),
    power(&[Deed::EnterPods], Becoming::AccountOfPod, false),
    power(&[Deed::StartPods], Becoming::AccountOnNode, false),
    power(&[Deed::ReachKubelets], Becoming::AccountOfPod, true),
    power(&[Deed::ReadSecrets], Becoming::AccountOfSecret, false),
];

/// What a role is good for. Of several rules that allow the same, the first is named.
#[derive(Clone, Debug, Default)]
pub(super) struct Abilities<'a> {
    /// What it allows for every object.
    pub(super) allowed: Vec<Allowed>,
    /// The accounts that it lets somebody become by name.
    pub(super) named: Vec<Named<'a>>,
}

/// An account that a rule names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) words: &'static str,
    pub(super) at: Option<RulePlace>,
}

/// What one rule is enough for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub(super) deed: Deed,
    pub(super) words: &'static str,
    /// Whether the rule names what it allows, rather than all verbs.
    pub(super) is_named: bool,
    pub(super) at: Option<RulePlace>,
}

impl<'a> Abilities<'a> {
    /// What the rules of a role allow. What is not known allows nothing.
    pub(super) fn of_role(id: ResourceId, role: &'a Node) -> Self {
        Self::of_rules(role.get("rules").map_or(&[][..], Node::items).iter().map(|rule| policy_rule(id, rule)))
    }

    fn of_rules(rules: impl Iterator<Item = PolicyRule<'a>>) -> Self {
        let mut abilities = Self::default();
        for rule in rules {
            let named = rule
                .becomes_named()
                .into_iter()
                .flat_map(|words| rule.names.iter().map(move |name| Named { name, words, at: rule.at }));
            abilities.add(&Self { allowed: rule.allowed(), named: named.collect() });
        }
        abilities
    }

    /// Adds what another role allows.
    pub(super) fn add(&mut self, other: &Self) {
        for allowed in &other.allowed {
            if !self.allowed.iter().any(|known| known.deed == allowed.deed) {
                self.allowed.push(*allowed);
            }
        }
        self.named.extend(other.named.iter().take(MAX_NAMED.saturating_sub(self.named.len())));
    }
}

/// How many accounts a role may name; none that people write comes near it.
const MAX_NAMED: usize = 10_000;

impl Deed {
    /// Whether a verb that is for nothing else but more rights is what it is about.
    pub(super) fn raises_rights(self) -> bool {
        matches!(
            self,
            Self::EscalateClusterRoles | Self::BindClusterRoles | Self::ImpersonateUsers | Self::ImpersonateGroups
        )
    }
}

impl PolicyRule<'_> {
    /// The deeds that a rule allows for every object. A rule that names objects allows none of them: creating cannot be
    /// limited by name, and what else it says of one object is a question to that object.
    fn allowed(&self) -> Vec<Allowed> {
        let is_about_all = |list: &[&str]| list.contains(&"*");
        if !self.names.is_empty() {
            return Vec::new();
        }
        if is_about_all(&self.verbs) && is_about_all(&self.groups) && is_about_all(&self.resources) {
            return vec![Allowed { deed: Deed::Everything, words: "do everything", is_named: false, at: self.at }];
        }
        let of = |demand: &Demand| Allowed {
            deed: demand.deed,
            words: demand.words,
            is_named: self.verbs.iter().any(|verb| demand.verbs.contains(verb)),
            at: self.at,
        };
        DEMANDS.iter().filter(|demand| self.satisfies(demand)).map(of).collect()
    }

    /// Whether it lets somebody make tokens of the accounts that it names, or impersonate them.
    fn becomes_named(&self) -> Option<&'static str> {
        let named = |demand: &&Demand| matches!(demand.deed, Deed::MintTokens | Deed::ImpersonateAccounts);
        let demand = DEMANDS.iter().filter(named).find(|demand| self.satisfies(demand));
        demand.filter(|_| !self.names.is_empty()).map(|demand| demand.words)
    }

    fn satisfies(&self, demand: &Demand) -> bool {
        let any = |list: &[&str], wanted: &[&str]| list.iter().any(|item| *item == "*" || wanted.contains(item));
        let covers = |pattern: &&str| {
            demand.resources.iter().any(|resource| {
                *pattern == "*"
                    || pattern == resource
                    || pattern
                        .strip_prefix("*/")
                        .is_some_and(|part| resource.rsplit_once('/').map(|it| it.1) == Some(part))
            })
        };
        any(&self.verbs, demand.verbs) && any(&self.groups, &[demand.group]) && self.resources.iter().any(covers)
    }
}

fn policy_rule(id: ResourceId, rule: &Node) -> PolicyRule<'_> {
    let list = |key| rule.get(key).map_or(&[][..], Node::items).iter().filter_map(Node::as_str).collect();
    PolicyRule {
        verbs: list("verbs"),
        groups: list("apiGroups"),
        resources: list("resources"),
        names: list("resourceNames"),
        at: Some((id, rule.get("verbs").unwrap_or(rule).name_at)),
    }
}

/// The roles for people that every cluster has, as far as they lead further: `edit` may start pods and impersonate.
pub(super) fn built_in<'a>() -> HashMap<Role<'a>, Abilities<'a>> {
    let rule = |verbs: &[&'a str], groups: &[&'a str], resources: &[&'a str]| PolicyRule {
        verbs: verbs.to_vec(),
        groups: groups.to_vec(),
        resources: resources.to_vec(),
        names: Vec::new(),
        at: None,
    };
    let all = Abilities::of_rules([rule(&["*"], &["*"], &["*"])].into_iter());
    let edit = [
        rule(&["create", "get", "list", "patch", "update", "watch"], &["apps", "batch"], &["*"]),
        rule(&["create", "get"], &[""], &["pods", "pods/attach", "pods/exec", "serviceaccounts/token"]),
        rule(&["get", "list", "watch"], &[""], &["secrets"]),
        rule(&["impersonate"], &[""], &["serviceaccounts"]),
    ];
    let edit = Abilities::of_rules(edit.into_iter());
    let roles = [("cluster-admin", all), ("admin", edit.clone()), ("edit", edit)];
    roles.into_iter().map(|(name, abilities)| (Role::BuiltIn(name), abilities)).collect()
}

/// Whether every cluster has a role of a name. Those of the system itself are not for pods of others.
pub(super) fn is_built_in(name: &str) -> bool {
    matches!(name, "admin" | "cluster-admin" | "edit" | "view") || name.starts_with("system:")
}
