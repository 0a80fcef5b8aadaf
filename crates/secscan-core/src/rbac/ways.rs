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

/// How many steps to accounts that rules name are followed: many rules may name many accounts of many namespaces.
const MAX_NAMED_STEPS: usize = 500_000;

/// A rule of a role that a binding gives, and what it allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
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
    /// Who has the rights: the account itself, or a group that it is in.
    pub(super) holder: SubjectId,
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
    evidence: Vec<Evidence<'a>>,
}

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
        let mut administrators = Vec::new();
        for (id, _) in access.subjects.iter().enumerate() {
            administrators.extend(search.add_steps(id));
        }
        for (id, evidence) in administrators {
            search.reach(id, Way { evidence, holder: id, next: None, length: 0 });
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

    /// Adds the steps that a subject can take. Returns what makes it an administrator of the cluster, if anything does.
    fn add_steps(&mut self, id: SubjectId) -> Option<(SubjectId, Vec<Evidence<'a>>)> {
        let mut scopes: BTreeMap<Option<&'a str>, Vec<Evidence<'a>>> = BTreeMap::new();
        for grant in &self.access.grants[id] {
            scopes.entry(grant.scope).or_default().extend(self.evidence(id, *grant));
        }
        let mut administrator = None;
        for (scope, evidence) in scopes {
            for power in POWERS.iter().filter(|power| scope.is_none() || !power.is_cluster_wide) {
                let of = |deed: &Deed| {
                    evidence.iter().find(|it| it.allowed.is_some_and(|allowed| allowed.deed == *deed)).copied()
                };
                let Some(found) = power.deeds.iter().map(of).collect::<Option<Vec<_>>>() else { continue };
                let world = self.access.subjects[id].world;
                let to = match (power.becoming, scope) {
                    (Becoming::Administrator, None) => {
                        administrator.get_or_insert((id, found));
                        continue;
                    }
                    (Becoming::Administrator | Becoming::AnyAccount, _) => To::Any(world, scope),
                    (Becoming::AccountOfPod, _) => To::WithPod(world, scope),
                    (Becoming::AccountOfSecret, _) => To::WithSecret(world, scope),
                };
                self.steps.entry(to).or_default().push(Step { from: id, evidence: found });
            }
        }
        administrator
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
                let evidence = vec![Evidence { grant, rule: *at, allowed: None, words }];
                self.steps.entry(To::One(*target)).or_default().push(Step { from: id, evidence });
            }
        }
        let of = |it: &Allowed| Evidence { grant, rule: it.at, allowed: Some(*it), words: it.words };
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
            let Step { from, evidence } = step;
            self.reach(from, Way { evidence, holder: from, next: Some(target), length });
        }
    }
}
