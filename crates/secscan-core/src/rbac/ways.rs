//! The shortest ways from accounts to an administrator of the cluster.
//!
//! Searched backwards, from the administrators: who can become them, who can become these, and so on. Whoever may become
//! any account of a namespace is found once, when the first account of the namespace is; so the work is in proportion to
//! the number of bindings.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use secscan_model::Graph;

use super::access::{Access, Grant, Role, Subject, SubjectId, Who};
use super::powers::{Allowed, Becoming, Deed, Named, POWERS, RulePlace};

/// How many steps to accounts that rules name, and how many scopes of groups, are followed: many rules may name many accounts
/// of many namespaces.
const MAX_NAMED_STEPS: usize = 500_000;

/// A rule of a role that a binding gives, and what it allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    /// Who has the right: an account, or a group that it is in.
    pub(super) holder: SubjectId,
    pub(super) grant: Grant<'a>,
    pub(super) rule: Option<RulePlace>,
    /// What it allows; none for what is about one account.
    allowed: Option<Allowed>,
    pub(super) words: &'static str,
}

/// The first step of a way.
#[derive(Clone, Debug)]
pub(super) struct Way<'a> {
    pub(super) evidence: Vec<Evidence<'a>>,
    /// The namespace that the rights hold in; none for the whole cluster.
    pub(super) scope: Option<&'a str>,
    /// Whom that makes them; none for an administrator.
    pub(super) next: Option<SubjectId>,
    length: usize,
}

/// The ways of all accounts that have one.
pub(super) struct Ways<'a> {
    ways: HashMap<SubjectId, Way<'a>>,
    plain: BTreeSet<SubjectId>,
    /// Whether not all ways were searched.
    pub(super) is_cut: bool,
}

/// Somebody who can become somebody else.
struct Step<'a> {
    from: SubjectId,
    scope: Option<&'a str>,
    evidence: Vec<Evidence<'a>>,
}

/// What is allowed in each namespace, and in the whole cluster.
type Scopes<'a> = BTreeMap<Option<&'a str>, Vec<Evidence<'a>>>;

/// Whom steps lead to: by cluster, and by namespace where they lead to the accounts of one only.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum To<'a> {
    Any(u32, Option<&'a str>),
    WithPod(u32, Option<&'a str>),
    WithSecret(u32, Option<&'a str>),
    One(SubjectId),
}

impl<'a> Ways<'a> {
    pub(super) fn of(graph: &Graph, access: &Access<'a>) -> Self {
        let mut search = Search::new(graph, access);
        search.gather();
        let mut administrators = Vec::new();
        for (id, _) in access.subjects.iter().enumerate() {
            administrators.extend(search.add_steps(id));
        }
        for (id, evidence) in administrators {
            search.reach(id, Way { evidence, scope: None, next: None, length: 0 });
        }
        while let Some(target) = search.open.pop_front() {
            search.expand(target);
        }
        let plain = search.ways.iter().filter(|(_, way)| way.next.is_none() && is_told(graph, way));
        let plain = plain.map(|(id, _)| *id).collect();
        Self { ways: search.ways, plain, is_cut: search.is_cut || access.roles.is_cut() }
    }

    /// How many others an account becomes on its way to an administrator.
    pub(super) fn length(&self, account: SubjectId) -> Option<usize> {
        self.ways.get(&account).map(|way| way.length)
    }

    /// Whether a way of no steps is what rules about one role or one binding say.
    pub(super) fn is_plain(&self, account: SubjectId) -> bool {
        self.plain.contains(&account)
    }

    /// The steps of an account's way.
    pub(super) fn steps(&self, account: SubjectId) -> Vec<&Way<'a>> {
        let first = self.ways.get(&account);
        std::iter::successors(first, |way| self.ways.get(&way.next?)).collect()
    }
}

/// Whether rules about one binding or one role tell of what makes an administrator: the name of the role, or a verb.
fn is_told(graph: &Graph, way: &Way<'_>) -> bool {
    way.evidence.iter().any(|evidence| match evidence.grant.role {
        Role::BuiltIn(_) => true,
        Role::Object(role) => {
            let raises = evidence.allowed.is_some_and(|allowed| allowed.is_named && allowed.deed.raises_rights());
            raises || graph.resource(role).address.ends_with("/cluster-admin")
        }
    })
}

struct Search<'s, 'a> {
    access: &'s Access<'a>,
    /// What each subject is allowed by itself.
    allowed: Vec<Scopes<'a>>,
    steps: HashMap<To<'a>, Vec<Step<'a>>>,
    ways: HashMap<SubjectId, Way<'a>>,
    open: VecDeque<SubjectId>,
    with_pod: BTreeSet<SubjectId>,
    with_secret: BTreeSet<SubjectId>,
    by_name: HashMap<(u32, &'a str), Vec<SubjectId>>,
    /// What is left of [`MAX_NAMED_STEPS`].
    budget: usize,
    is_cut: bool,
    by_namespace: BTreeMap<(u32, &'a str), Vec<SubjectId>>,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(graph: &Graph, access: &'s Access<'a>) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        let mut by_namespace: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (id, subject) in access.subjects.iter().enumerate() {
            if let Who::Account(namespace, name) = subject.who {
                by_name.entry((subject.world, name)).or_default().push(id);
                by_namespace.entry((subject.world, namespace)).or_default().push(id);
            }
        }
        Self {
            access,
            allowed: Vec::new(),
            steps: HashMap::new(),
            ways: HashMap::new(),
            open: VecDeque::new(),
            with_pod: super::pods(graph).flat_map(|(_, pod)| access.accounts_of(graph, pod)).collect(),
            with_secret: access.kept_tokens(),
            by_name,
            budget: MAX_NAMED_STEPS,
            is_cut: false,
            by_namespace,
        }
    }

    /// Finds what the grants of all subjects allow.
    fn gather(&mut self) {
        for id in 0..self.access.subjects.len() {
            let mut scopes = Scopes::new();
            for grant in &self.access.grants[id] {
                scopes.entry(grant.scope).or_default().extend(self.evidence(id, *grant));
            }
            self.allowed.push(scopes);
        }
    }

    /// Adds the steps that a subject can take. Returns what makes it an administrator of the cluster, if anything does.
    fn add_steps(&mut self, id: SubjectId) -> Option<(SubjectId, Vec<Evidence<'a>>)> {
        let mut administrator = None;
        for scope in self.scopes_of(id) {
            for power in POWERS.iter().filter(|power| scope.is_none() || !power.is_cluster_wide) {
                let Some(found) = self.together(id, scope, power.deeds) else { continue };
                let world = self.access.subjects[id].world;
                let to = match (power.becoming, scope) {
                    (Becoming::Administrator, None) => {
                        administrator.get_or_insert((id, found));
                        continue;
                    }
                    (Becoming::Administrator | Becoming::AnyAccount, _) => To::Any(world, scope),
                    (Becoming::AccountOfPod, _) => To::WithPod(world, scope),
                    (Becoming::AccountOfSecret, _) => To::WithSecret(world, scope),
                    (Becoming::AccountOnNode, Some(namespace)) if self.access.reaches_nodes(world, namespace) => {
                        let words = "start pods that take over their node";
                        let evidence = found.into_iter().map(|it| Evidence { words, ..it }).collect();
                        let step = Step { from: id, scope, evidence };
                        self.steps.entry(To::WithPod(world, None)).or_default().push(step);
                        continue;
                    }
                    // In a whole cluster any account can be had without this.
                    (Becoming::AccountOnNode, _) => continue,
                };
                self.steps.entry(to).or_default().push(Step { from: id, scope, evidence: found });
            }
        }
        administrator
    }

    /// The scopes in which a subject is allowed something: its own, and those of its groups where it may have the other half
    /// of what needs several rights.
    fn scopes_of(&mut self, id: SubjectId) -> BTreeSet<Option<&'a str>> {
        let mut scopes: BTreeSet<_> = self.allowed[id].keys().copied().collect();
        if scopes.is_empty() {
            return scopes;
        }
        for group in self.access.groups_of(id) {
            let of_group = &self.allowed[group];
            let Some(budget) = self.budget.checked_sub(of_group.len()) else {
                self.is_cut = true;
                break;
            };
            self.budget = budget;
            scopes.extend(of_group.keys().copied());
        }
        scopes
    }

    /// What allows a subject some deeds in a scope: its own grants there or in the whole cluster, else those of its groups.
    /// None where one is missing, and where less says as much: the whole cluster alone, or a group alone.
    fn together(&self, id: SubjectId, scope: Option<&'a str>, deeds: &[Deed]) -> Option<Vec<Evidence<'a>>> {
        let of = |deed: &Deed, holder: SubjectId, scope: Option<&'a str>| {
            let evidence = self.allowed[holder].get(&scope)?;
            evidence.iter().find(|it| it.allowed.is_some_and(|allowed| allowed.deed == *deed)).copied()
        };
        let any = |deed: &Deed| {
            let mut holders = super::with_groups(self.access, id);
            holders.find_map(|holder| of(deed, holder, scope).or_else(|| of(deed, holder, None)))
        };
        let found = deeds.iter().map(any).collect::<Option<Vec<_>>>()?;
        let is_own = found.iter().any(|evidence| evidence.holder == id);
        let is_of_scope = found.iter().any(|evidence| evidence.grant.scope == scope);
        (is_own && is_of_scope).then_some(found)
    }

    /// What a grant allows. Rules that name accounts become steps at once.
    fn evidence(&mut self, id: SubjectId, grant: Grant<'a>) -> Vec<Evidence<'a>> {
        let access = self.access;
        let world = access.subjects[id].world;
        let Some(abilities) = access.roles.abilities(grant.role) else { return Vec::new() };
        for Named { name, words, at } in &abilities.named {
            for target in self.by_name.get(&(world, *name)).into_iter().flatten() {
                let is_given = |scope| matches!(access.subjects[*target].who, Who::Account(of, _) if of == scope);
                if !grant.scope.is_none_or(is_given) {
                    continue;
                }
                let Some(budget) = self.budget.checked_sub(1) else {
                    self.is_cut = true;
                    break;
                };
                self.budget = budget;
                let evidence = vec![Evidence { holder: id, grant, rule: *at, allowed: None, words }];
                let step = Step { from: id, scope: grant.scope, evidence };
                self.steps.entry(To::One(*target)).or_default().push(step);
            }
        }
        let of = |it: &Allowed| Evidence { holder: id, grant, rule: it.at, allowed: Some(*it), words: it.words };
        abilities.allowed.iter().map(of).collect()
    }

    /// Notes the way of an account that has none yet; of a group, for all accounts in it.
    fn reach(&mut self, id: SubjectId, way: Way<'a>) {
        let Subject { world, who } = self.access.subjects[id];
        let members: Vec<SubjectId> = match who {
            Who::Account(..) => vec![id],
            Who::AccountsOf(namespace) => self.by_namespace.get(&(world, namespace)).cloned().unwrap_or_default(),
            Who::Accounts => {
                let all = self.by_namespace.range((world, "")..).take_while(|((of, _), _)| *of == world);
                all.flat_map(|(_, accounts)| accounts.iter().copied()).collect()
            }
        };
        for member in members {
            if let Entry::Vacant(vacant) = self.ways.entry(member) {
                vacant.insert(way.clone());
                self.open.push_back(member);
            }
        }
    }

    /// Notes the ways of all who can become an account.
    fn expand(&mut self, target: SubjectId) {
        let Subject { world, who } = self.access.subjects[target];
        let Who::Account(namespace, _) = who else { return };
        let length = self.ways.get(&target).map_or(0, |way| way.length) + 1;
        let mut to = vec![To::One(target), To::Any(world, None), To::Any(world, Some(namespace))];
        if self.with_pod.contains(&target) {
            to.extend([To::WithPod(world, None), To::WithPod(world, Some(namespace))]);
        }
        if self.with_secret.contains(&target) {
            to.extend([To::WithSecret(world, None), To::WithSecret(world, Some(namespace))]);
        }
        for step in to.iter().filter_map(|to| self.steps.remove(to)).flatten().collect::<Vec<_>>() {
            let Step { from, scope, evidence } = step;
            self.reach(from, Way { evidence, scope, next: Some(target), length });
        }
    }
}
