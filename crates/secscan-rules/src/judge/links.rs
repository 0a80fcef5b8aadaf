//! References between resources, indexed both ways, and how many satisfy a `linked` condition.

use std::sync::{Arc, OnceLock, RwLock};

use foldhash::HashMap;
use globset::{Glob, GlobSet, GlobSetBuilder};
use secscan_model::{Edge, Graph, Platform, Resource, ResourceId};

use super::cursor::Cursor;
use super::truth::{Evaluation, Side, Truth, is_about_end};
use crate::check::{Link, Other, Scope, Selector, Step};
use crate::select;

/// The references of a graph, by either end, and which resources stand together.
#[derive(Debug, Default)]
pub struct Links {
    from: Ends,
    to: Ends,
    /// The resources that are deployed together.
    units: Groups,
    /// The resources of one folder; few rules ask for them.
    folders: OnceLock<Groups>,
    shared: RwLock<HashMap<Shared, Arc<Linked>>>,
}

/// Among how many resources nothing is remembered: in a folder of few, hardly a question is asked twice.
const FEW: usize = 32;

/// What an answer hangs on that all resources of a group share: where is looked, the group, whether it is asked for the
/// repository, the condition, the side, and whether case counts.
type Shared = (Scope, u32, bool, usize, Side, bool);

/// Resources by what they have in common.
#[derive(Debug, Default)]
struct Groups {
    groups: Vec<Group>,
    /// The group of each resource, as an index.
    of: Vec<u32>,
}

/// Resources that have something in common.
#[derive(Debug, Default)]
struct Group {
    /// By type.
    kinds: HashMap<Arc<str>, Vec<ResourceId>>,
    /// How many there are.
    count: usize,
    /// Whether one of them cannot be looked into.
    is_opaque: bool,
}

/// The references of each resource at one of their ends.
#[derive(Debug, Default)]
struct Ends {
    /// Where those of each resource begin; one more than there are resources.
    starts: Vec<u32>,
    /// Indexes into the references.
    edges: Vec<u32>,
}

impl Ends {
    fn new(graph: &Graph, end: fn(&Edge) -> ResourceId) -> Self {
        let mut starts = vec![0; graph.resources.len() + 1];
        for edge in &graph.edges {
            starts[end(edge).0 as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut edges = vec![0; graph.edges.len()];
        for (index, edge) in graph.edges.iter().enumerate() {
            let place = &mut next[end(edge).0 as usize];
            edges[*place as usize] = index as u32;
            *place += 1;
        }
        Self { starts, edges }
    }

    fn of(&self, id: ResourceId) -> &[u32] {
        let id = id.0 as usize;
        &self.edges[self.starts[id] as usize..self.starts[id + 1] as usize]
    }
}

impl Groups {
    /// The resources of a graph, those of one name together.
    fn new<'g>(graph: &'g Graph, name: impl Fn(&'g Resource) -> &'g str) -> Self {
        let mut made = Self::default();
        let mut numbers: HashMap<&str, u32> = HashMap::default();
        // Resources of a group mostly follow each other.
        let mut last: Option<(&str, u32)> = None;
        for (id, resource) in graph.iter() {
            let name = name(resource);
            let number = match last.filter(|(known, _)| *known == name) {
                Some((_, number)) => number,
                None => *numbers.entry(name).or_insert_with(|| {
                    made.groups.push(Group::default());
                    made.groups.len() as u32 - 1
                }),
            };
            last = Some((name, number));
            made.of.push(number);
            let group = &mut made.groups[number as usize];
            group.count += 1;
            group.is_opaque |= resource.opaque.is_some();
            group.kinds.entry(resource.kind.clone()).or_default().push(id);
        }
        made
    }

    fn number(&self, id: ResourceId) -> u32 {
        self.of[id.0 as usize]
    }
}

impl Links {
    /// Indexes the references of a graph.
    pub fn new(graph: &Graph) -> Self {
        let (from, to) = (Ends::new(graph, |edge| edge.from), Ends::new(graph, |edge| edge.to));
        Self { from, to, units: Groups::new(graph, |resource| &resource.unit), ..Self::default() }
    }

    fn groups(&self, graph: &Graph, scope: Scope) -> &Groups {
        match scope {
            Scope::Unit => &self.units,
            Scope::Directory => self.folders.get_or_init(|| Groups::new(graph, |resource| folder(graph, resource))),
        }
    }

    fn edges<'a>(&'a self, graph: &'a Graph, of: ResourceId) -> impl Iterator<Item = (&'a Edge, bool)> {
        let edge = |index: &u32| &graph.edges[*index as usize];
        let outward = self.from.of(of).iter().map(move |index| (edge(index), true));
        let inward = self.to.of(of).iter().map(move |index| (edge(index), false));
        outward.chain(inward)
    }
}

impl Group {
    /// The resources whose type a selector may mean.
    fn members(&self, selector: &Selector) -> Vec<ResourceId> {
        let kinds = &self.kinds;
        let platform = selector.platform;
        let patterns = || selector.types.iter().map(|pattern| select::kind(platform, pattern));
        // Most selectors spell their types, so that the index knows them.
        if platform != Platform::Arm && patterns().all(|pattern| !pattern.contains('*')) {
            return patterns().filter_map(|kind| kinds.get(kind)).flatten().copied().collect();
        }
        let is_meant = |kind: &str| patterns().any(|pattern| select::is_kind(platform, pattern, kind));
        kinds.iter().filter(|(kind, _)| is_meant(kind)).flat_map(|(_, ids)| ids).copied().collect()
    }
}

/// What a `linked` condition found.
#[derive(Debug)]
pub(super) struct Linked {
    /// The resources that satisfy it for sure. For files, one id a file that exists; the ids mean nothing then.
    pub(super) sure: Vec<ResourceId>,
    /// Whether there may be more.
    pub(super) perhaps: bool,
}

impl<'a> Evaluation<'a> {
    /// The resources that satisfy a condition. What a unit has is looked up once, where the condition does not look back
    /// at the subject: thousands of pods asking for one of thousands of services would take the square of it.
    pub(super) fn linked_resources(&self, link: &Link, at: Cursor<'a>, side: Side) -> Arc<Linked> {
        let selector = match &link.other {
            Other::Files(globs) => return self.linked_files(globs, link.scope, at).into(),
            Other::Resources(selector) => selector,
        };
        let forgets_subject = link.condition.as_ref().is_none_or(is_about_end);
        let Some(scope) = link.scope.filter(|_| forgets_subject) else {
            return self.search(link, selector, at, side).into();
        };
        let us = self.anchor_resource(at.resource);
        let groups = self.links.groups(self.graph(), scope);
        let group = groups.number(us);
        let is_repository = is_repository(self.graph().resource(us));
        if !is_repository && groups.groups[group as usize].count <= FEW {
            return self.search(link, selector, at, side).into();
        }
        let key = (scope, group, is_repository, std::ptr::from_ref(link).addr(), side, self.ignore_case);
        if let Some(known) = self.links.shared.read().ok().and_then(|shared| shared.get(&key).cloned()) {
            return known;
        }
        let found = Arc::new(self.search(link, selector, at, side));
        if let Ok(mut shared) = self.links.shared.write() {
            shared.insert(key, found.clone());
        }
        found
    }

    fn search(&self, link: &Link, selector: &Selector, at: Cursor<'a>, side: Side) -> Linked {
        let (candidates, mut perhaps) = self.candidates(link, selector, at);
        let mut sure = Vec::new();
        for candidate in candidates {
            let other = self.graph().resource(candidate);
            if !select::matches(selector, other) {
                continue;
            }
            let cursor = Cursor::root(self.graph(), candidate);
            match link.condition.as_ref().map_or(Truth::True, |test| self.truth(test, cursor, side)) {
                Truth::True => sure.push(candidate),
                Truth::Unknown => perhaps = true,
                Truth::False => {}
            }
        }
        sure.sort_unstable();
        sure.dedup();
        Linked { sure, perhaps }
    }

    /// The resources that may satisfy a link, and whether something unreadable may hold more.
    fn candidates(&self, link: &Link, selector: &Selector, at: Cursor<'a>) -> (Vec<ResourceId>, bool) {
        let us = self.anchor_resource(at.resource);
        let resource = self.graph().resource(us);
        match link.scope {
            Some(Scope::Unit) if is_repository(resource) => {
                let all = self.graph().iter().map(|(id, _)| id).collect();
                (all, self.links.units.groups.iter().any(|unit| unit.is_opaque))
            }
            Some(scope) => {
                let groups = self.links.groups(self.graph(), scope);
                let group = &groups.groups[groups.number(us) as usize];
                (group.members(selector), group.is_opaque)
            }
            None => self.referenced(link, us),
        }
    }

    fn referenced(&self, link: &Link, us: ResourceId) -> (Vec<ResourceId>, bool) {
        let mut found = Vec::new();
        let mut perhaps = false;
        for (edge, outward) in self.links.edges(self.graph(), us) {
            let other = if outward { edge.to } else { edge.from };
            perhaps |= self.graph().resource(other).opaque.is_some();
            let starts_with = |wanted| starts_with(self.graph().resource(edge.from).platform, &edge.path, wanted);
            let wanted = match (&link.via, &link.by) {
                (None, None) => true,
                (Some(via), _) if outward => starts_with(via),
                (_, Some(by)) if !outward => starts_with(by),
                _ => false,
            };
            if wanted {
                found.push(other);
            }
        }
        (found, perhaps)
    }

    /// Common resources have their owner's references.
    fn anchor_resource(&self, id: ResourceId) -> ResourceId {
        let resource = self.graph().resource(id);
        match (resource.platform, resource.owner) {
            (Platform::Common, Some(owner)) => owner,
            _ => id,
        }
    }

    fn linked_files(&self, globs: &[String], scope: Option<Scope>, at: Cursor<'a>) -> Linked {
        let resource = self.graph().resource(at.resource);
        let folder = match scope {
            Some(Scope::Directory) => folder(self.graph(), resource),
            _ => "",
        };
        let set = glob_set(globs);
        let within = |path: &str| {
            let rest = path.strip_prefix(folder)?;
            Some(if folder.is_empty() { rest } else { rest.strip_prefix('/')? }.to_owned())
        };
        let hits = self.graph().paths.iter().filter(|path| within(path).is_some_and(|path| set.is_match(path)));
        Linked { sure: hits.map(|_| at.resource).collect(), perhaps: false }
    }
}

/// The folder of the file that a resource stands in.
fn folder<'g>(graph: &'g Graph, resource: &Resource) -> &'g str {
    graph.source(resource.at.source).map_or("", |source| source.folder())
}

fn is_repository(resource: &Resource) -> bool {
    resource.platform == Platform::Unit && &*resource.kind == "repository"
}

/// Whether a reference's path begins with the path of a rule, key by key.
fn starts_with(platform: Platform, path: &str, wanted: &[Step]) -> bool {
    let ignore_case = platform == Platform::Arm;
    let mut rest = Some(path);
    wanted.iter().all(|step| {
        let Step::Key(key) = step else { return false };
        let Some((head, after)) = rest.and_then(|text| text.split_at_checked(key.len())) else { return false };
        rest = after.strip_prefix('.');
        let is_whole = after.is_empty() || rest.is_some();
        is_whole && (head == key || ignore_case && head.eq_ignore_ascii_case(key))
    })
}

fn glob_set(globs: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs.iter().filter_map(|glob| Glob::new(glob).ok()) {
        set.add(glob);
    }
    set.build().unwrap_or_default()
}
