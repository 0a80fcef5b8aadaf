//! Where evaluation stands in the tree of a resource, and how paths lead on from there.

use elsa::FrozenVec;
use elsa::map::FrozenBTreeMap;
use secscan_model::{Graph, Location, Node, Platform, ResourceId, Value, vocabulary};

use crate::check::Step;

/// A place in the tree of a resource: a value, or the place where one would be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    /// The resource that is being judged, or the one that `$owner` led to.
    pub(super) resource: ResourceId,
    /// What stands there.
    pub(super) state: State<'a>,
    /// The key under which it stands.
    pub(super) key: Option<&'a str>,
    /// The list that it stands in, and where in it.
    pub(super) list: Option<(&'a [Node], usize)>,
    /// The name of the deepest part of the path that exists: where a finding about something absent is placed.
    pub(super) anchor: Location,
}

/// What stands at a cursor.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'a> {
    /// A value; it may be unresolved.
    Node(&'a Node),
    /// Nothing.
    Absent,
    /// Nothing that is known: a child of an unresolved value, or of a map that may have more keys. Why.
    Maybe(&'a str),
}

/// What lives as long as the judging of one resource: computed children, made once however many rules ask.
#[derive(Default)]
pub(super) struct Scratch {
    computed: FrozenBTreeMap<(usize, &'static str), Box<Option<Node>>>,
    nodes: FrozenVec<Box<Node>>,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

impl<'a> Cursor<'a> {
    /// The root of a resource.
    pub(super) fn root(graph: &'a Graph, resource: ResourceId) -> Self {
        let value = &graph.resource(resource).value;
        Self { resource, state: State::Node(value), key: None, list: None, anchor: value.name_at }
    }

    /// The value there, when there is one.
    pub(super) fn node(self) -> Option<&'a Node> {
        match self.state {
            State::Node(node) => Some(node),
            State::Absent | State::Maybe(_) => None,
        }
    }

    fn onto(self, node: &'a Node, key: Option<&'a str>) -> Self {
        Self { state: State::Node(node), key, list: None, anchor: node.name_at, ..self }
    }

    fn absent(self) -> Self {
        Self { state: State::Absent, key: None, list: None, ..self }
    }

    fn maybe(self, why: &'a str) -> Self {
        Self { state: State::Maybe(why), key: None, list: None, ..self }
    }

    /// The child of a key, in any case where that is ignored.
    fn child(self, key: &str, ignore_case: bool) -> Self {
        match self.state {
            State::Absent | State::Maybe(_) => self,
            State::Node(node) => match &node.value {
                Value::Unresolved(unresolved) => self.maybe(&unresolved.why),
                Value::Map(map) => {
                    let exact = map.entries().iter().find(|entry| &*entry.key == key);
                    let in_any_case = || map.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(key));
                    let entry = if ignore_case { exact.or_else(in_any_case) } else { exact };
                    match (entry, &map.rest) {
                        (Some(entry), _) => self.onto(&entry.value, Some(&entry.key)),
                        (None, Some(why)) => self.maybe(why),
                        (None, None) => self.absent(),
                    }
                }
                Value::Scalar(_) | Value::List(_) => self.absent(),
            },
        }
    }

    /// The elements there: the items of a list at any depth, else the value itself. Where a list is empty, one absent
    /// element.
    pub(super) fn elements(self) -> Vec<Self> {
        if !self.is_list() {
            return vec![self];
        }
        let mut elements = Vec::new();
        self.flatten_into(&mut elements);
        elements
    }

    /// Adds the [elements](Self::elements) there.
    fn flatten_into(self, elements: &mut Vec<Self>) {
        let before = elements.len();
        self.flatten(elements);
        if elements.len() == before {
            elements.push(self.absent());
        }
    }

    /// Whether a list stands there.
    pub(super) fn is_list(self) -> bool {
        matches!(self.state, State::Node(Node { value: Value::List(_), .. }))
    }

    fn flatten(self, elements: &mut Vec<Self>) {
        match self.state {
            State::Node(Node { value: Value::List(items), .. }) => {
                for (index, item) in items.iter().enumerate() {
                    Self { list: Some((items, index)), ..self.onto(item, self.key) }.flatten(elements);
                }
            }
            _ => elements.push(self),
        }
    }

    /// Whether something is there, as `p | q` asks it: not missing, not null.
    fn is_there(self) -> bool {
        match self.state {
            State::Node(node) => !node.is_null(),
            State::Absent => false,
            State::Maybe(_) => true,
        }
    }
}

/// The way from one cursor to others: steps need the graph and the scratch space beside the tree.
#[derive(Clone, Copy)]
pub(super) struct Walker<'a> {
    pub(super) graph: &'a Graph,
    pub(super) scratch: &'a Scratch,
}

impl<'a> Walker<'a> {
    /// What a whole path leads to, lists taken apart on the way and at the end. At least one cursor.
    pub(super) fn elements(&self, from: Cursor<'a>, path: &[Step]) -> Vec<Cursor<'a>> {
        // Most paths lead from one place to one place for a while.
        let (mut from, mut path) = (from, path);
        while let [step, rest @ ..] = path {
            match self.one(from, step) {
                Some(end) if !end.is_list() => (from, path) = (end, rest),
                _ => break,
            }
        }
        let mut at = vec![from];
        for step in path {
            let mut next = Vec::with_capacity(at.len());
            for cursor in at {
                match self.one(cursor, step) {
                    Some(end) => end.flatten_into(&mut next),
                    None => self.step(cursor, step).into_iter().for_each(|end| end.flatten_into(&mut next)),
                }
            }
            at = next;
        }
        at
    }

    /// What a step leads to that leads to one place: most do, and evaluation asks here first to save a list.
    pub(super) fn one(&self, from: Cursor<'a>, step: &Step) -> Option<Cursor<'a>> {
        match step {
            Step::Key(key) => Some(self.key(from, key)),
            Step::Computed(name) => Some(self.computed(from, name)),
            Step::Root => Some(Cursor::root(self.graph, from.resource)),
            Step::Owner => Some(match self.graph.resource(from.resource).owner {
                Some(owner) => Cursor::root(self.graph, owner),
                None => from.absent(),
            }),
            Step::KeyName => Some(match from.key {
                Some(key) => from.onto(self.keep(Node::text(key, from.anchor)), None),
                None => from.absent(),
            }),
            Step::Itself => Some(from),
            Step::Any | Step::Deep(_) | Step::FirstOf(_) | Step::Before | Step::After => None,
        }
    }

    /// What one step leads to, lists whole. At least one cursor, which may be absent.
    pub(super) fn step(&self, from: Cursor<'a>, step: &Step) -> Vec<Cursor<'a>> {
        match step {
            Step::Any => self.values(from),
            Step::Deep(step) => self.deep(from, step),
            Step::FirstOf(paths) => self.first_of(from, paths),
            Step::Before => self.siblings(from, true),
            Step::After => self.siblings(from, false),
            _ => self.one(from, step).into_iter().collect(),
        }
    }

    /// A key. `type` of a resource that has no attribute of that name is the resource's type: `$owner.type`.
    fn key(&self, from: Cursor<'a>, key: &str) -> Cursor<'a> {
        let resource = self.graph.resource(from.resource);
        let child = from.child(key, resource.platform == Platform::Arm);
        let at_root = from.node().is_some_and(|node| std::ptr::eq(node, &resource.value));
        match child.state {
            State::Absent if key == "type" && at_root => self.computed(from, key),
            _ => child,
        }
    }

    fn values(&self, from: Cursor<'a>) -> Vec<Cursor<'a>> {
        let State::Node(node) = from.state else { return vec![from] };
        if let Some(unresolved) = node.as_unresolved() {
            return vec![from.maybe(&unresolved.why)];
        }
        let mut values: Vec<_> = node.entries().iter().map(|entry| from.onto(&entry.value, Some(&entry.key))).collect();
        if let Some(why) = node.as_map().and_then(|map| map.rest.as_ref()) {
            values.push(from.maybe(why));
        }
        if values.is_empty() {
            values.push(from.absent());
        }
        values
    }

    /// What the step leads to from the element and everything below it; only what is there counts.
    fn deep(&self, from: Cursor<'a>, step: &Step) -> Vec<Cursor<'a>> {
        let mut found = Vec::new();
        let mut open = vec![from];
        while let Some(cursor) = open.pop() {
            found.extend(self.step(cursor, step).into_iter().filter(|cursor| cursor.is_there()));
            let below = open.len();
            match cursor.state {
                State::Node(Node { value: Value::Map(_), .. }) => open.extend(self.values(cursor)),
                State::Node(Node { value: Value::List(_), .. }) => open.extend(cursor.elements()),
                _ => {}
            }
            open[below..].reverse();
        }
        if found.is_empty() {
            found.push(from.absent());
        }
        found
    }

    fn first_of(&self, from: Cursor<'a>, paths: &[Vec<Step>]) -> Vec<Cursor<'a>> {
        let mut first = None;
        for path in paths {
            let Some((last, before)) = path.split_last() else { continue };
            let ends: Vec<_> =
                self.elements(from, before).into_iter().flat_map(|cursor| self.step(cursor, last)).collect();
            if ends.iter().any(|cursor| cursor.is_there()) {
                return ends;
            }
            first.get_or_insert(ends);
        }
        first.unwrap_or_else(|| vec![from.absent()])
    }

    fn computed(&self, from: Cursor<'a>, name: &str) -> Cursor<'a> {
        let State::Node(node) = from.state else { return from };
        let resource = self.graph.resource(from.resource);
        let about_resource = match name {
            "type" => Some(&resource.kind),
            "address" => Some(&resource.address),
            "platform" => return from.onto(self.keep(Node::text(resource.platform.as_str(), from.anchor)), None),
            _ => None,
        };
        if let Some(text) = about_resource {
            return from.onto(self.keep(Node::text(text.clone(), from.anchor)), None);
        }
        // What a reader stored in the tree under a `$` name (a job's effective permissions) comes before what is
        // computed from the value.
        if let State::Node(stored) = from.child_named_with_dollar(name).state {
            return from.onto(stored, None);
        }
        match self.computed_node(node, name) {
            Some(child) => Cursor { anchor: from.anchor, ..from.onto(child, from.key) },
            None => from.absent(),
        }
    }

    fn computed_node(&self, node: &'a Node, name: &str) -> Option<&'a Node> {
        let name = vocabulary::COMPUTED.iter().find(|child| child.name == name)?.name;
        let key = (std::ptr::from_ref(node) as usize, name);
        if let Some(known) = self.scratch.computed.get(&key) {
            return known.as_ref();
        }
        let made = secscan_resources::computed::child(name, node, &self.graph.sources);
        self.scratch.computed.insert(key, Box::new(made)).as_ref()
    }

    /// The siblings before or after: in the list that the element stands in; for a whole resource, the resources of
    /// the same platform that its owner holds.
    fn siblings(&self, from: Cursor<'a>, before: bool) -> Vec<Cursor<'a>> {
        let found: Vec<_> = if let Some((items, index)) = from.list {
            let range = if before { 0..index } else { index + 1..items.len() };
            range.map(|at| Cursor { list: Some((items, at)), ..from.onto(&items[at], None) }).collect()
        } else {
            let resource = self.graph.resource(from.resource);
            let is_sibling = |other: &secscan_model::Resource| {
                other.owner.is_some() && other.owner == resource.owner && other.platform == resource.platform
            };
            let ids =
                if before { self.owned_range(from.resource, true) } else { self.owned_range(from.resource, false) };
            let holds = |id: &u32| is_sibling(self.graph.resource(ResourceId(*id)));
            match resource.platform {
                Platform::Common => Vec::new(),
                _ => ids.filter(holds).map(|id| Cursor::root(self.graph, ResourceId(id))).collect(),
            }
        };
        if found.is_empty() { vec![from.absent()] } else { found }
    }

    /// The ids before or after a resource that may have the same owner: a reader pushes what one file holds in a row.
    fn owned_range(&self, of: ResourceId, before: bool) -> std::ops::Range<u32> {
        let source = self.graph.resource(of).at.source;
        let same_file = |id: u32| self.graph.resource(ResourceId(id)).at.source == source;
        let (mut low, mut high) = (of.0, of.0 + 1);
        if before {
            while low > 0 && same_file(low - 1) {
                low -= 1;
            }
            low..of.0
        } else {
            while (high as usize) < self.graph.resources.len() && same_file(high) {
                high += 1;
            }
            of.0 + 1..high
        }
    }

    fn keep(&self, node: Node) -> &'a Node {
        self.scratch.nodes.push_get(Box::new(node))
    }
}

impl<'a> Cursor<'a> {
    fn child_named_with_dollar(self, name: &str) -> Self {
        let State::Node(node) = self.state else { return self.absent() };
        let stored = node.entries().iter().find(|entry| entry.key.strip_prefix('$') == Some(name));
        stored.map_or_else(|| self.absent(), |entry| self.onto(&entry.value, None))
    }
}
