//! An object while a kustomization works on it: its value, and what it was called before.

use std::sync::Arc;

use secscan_model::{Map, Node};

use super::id::{Gvk, Id};

/// An object with its history.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// What it says now.
    pub(super) value: Node,
    /// What it was called before, the oldest first.
    previous: Vec<Earlier>,
    /// The prefixes and suffixes that its name got, the innermost first.
    pub(super) prefixes: Vec<Arc<str>>,
    pub(super) suffixes: Vec<Arc<str>>,
    /// How it joins those that are there, when a generator made it.
    pub(super) behavior: Behavior,
    /// Whether its name will get the hash of its contents.
    pub(super) is_hashed: bool,
    /// The variables that take their value from it.
    pub(super) variables: Vec<Arc<str>>,
    /// Where it came from, and what transformed it, as `buildMetadata` prints it.
    pub(super) origin: Option<Arc<str>>,
    pub(super) transformations: String,
}

/// An earlier name.
#[derive(Clone, Debug)]
struct Earlier {
    kind: Arc<str>,
    name: Arc<str>,
    namespace: Arc<str>,
}

/// What a generated object does with one of the same name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Behavior {
    #[default]
    Create,
    Replace,
    Merge,
}

impl Object {
    pub(super) fn new(value: Node) -> Self {
        Self {
            value,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::default(),
            is_hashed: false,
            variables: Vec::new(),
            origin: None,
            transformations: String::new(),
        }
    }

    /// What it is called now.
    pub(super) fn id(&self) -> Id {
        Id::of(&self.value)
    }

    /// What it was called before, the oldest first. Whether its kind lives in a namespace stands in the namespace.
    pub(super) fn previous(&self) -> impl Iterator<Item = Id> {
        let gvk = Gvk::of(&self.value);
        self.previous.iter().map(move |earlier| Id {
            gvk: Gvk { kind: earlier.kind.clone(), ..gvk.clone() },
            name: earlier.name.clone(),
            namespace: earlier.namespace.clone(),
            is_cluster_scoped: false,
        })
    }

    /// What it was called first.
    pub(super) fn original(&self) -> Id {
        self.previous().next().unwrap_or_else(|| self.id())
    }

    /// Whether it is, or ever was, called something that matches.
    pub(super) fn was_ever(&self, matches: impl Fn(&Id) -> bool) -> bool {
        matches(&self.id()) || self.previous().any(|id| matches(&id))
    }

    /// Whether its name is, or ever was, this one: cheap to ask before anything else is.
    pub(super) fn was_ever_named(&self, name: &str) -> bool {
        let now = self.value.at_path(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
        now == name || self.previous.iter().any(|earlier| &*earlier.name == name)
    }

    /// Notes what it is called, before that changes.
    pub(super) fn remember(&mut self) {
        let id = self.id();
        let namespace = id.effective_namespace().into();
        self.previous.push(Earlier { kind: id.gvk.kind, name: id.name, namespace });
    }

    /// Takes over the history and the place of an object that it stands for from now on.
    pub(super) fn succeed(&mut self, old: &Self) {
        self.previous = old.previous.clone();
        self.prefixes = old.prefixes.clone();
        self.suffixes = old.suffixes.clone();
        self.behavior = old.behavior;
        self.is_hashed &= old.is_hashed;
        self.variables = old.variables.clone();
        for key in ["labels", "annotations"] {
            let before = old.value.at_path(&["metadata", key]);
            if let Some(all) = over(before, self.value.at_path(&["metadata", key])) {
                set_metadata(&mut self.value, key, Some(all));
            }
        }
        for key in ["name", "namespace"] {
            set_metadata(&mut self.value, key, old.value.at_path(&["metadata", key]).cloned());
        }
    }

    /// Adds the entries of an older map under a key that it does not have itself.
    pub(super) fn merge_under(&mut self, key: &str, old: &Self) {
        if let Some(all) = over(old.value.get(key), self.value.get(key))
            && let Some(map) = self.value.as_map_mut()
        {
            map.insert(key, all);
        }
    }
}

/// Two maps as one, in which the second counts.
fn over(below: Option<&Node>, above: Option<&Node>) -> Option<Node> {
    let (Some(below), Some(above)) = (below, above) else { return below.or(above).cloned() };
    let mut all = below.clone();
    let map = all.as_map_mut()?;
    above.entries().iter().for_each(|entry| drop(map.insert(entry.key.clone(), entry.value.clone())));
    Some(all)
}

/// Sets or removes an entry of an object's `metadata`.
pub(super) fn set_metadata(object: &mut Node, key: &str, value: Option<Node>) {
    let place = value.as_ref().map_or(object.at, |value| value.at);
    let Some(map) = object.as_map_mut() else { return };
    if map.get("metadata").is_none_or(|metadata| metadata.as_map().is_none()) {
        if value.is_none() {
            return;
        }
        map.insert("metadata", Node::map(Map::default(), place));
    }
    if let Some(metadata) = map.get_mut("metadata").and_then(Node::as_map_mut) {
        match value {
            Some(value) => drop(metadata.insert(key, value)),
            None => drop(metadata.remove(key)),
        }
    }
}
