//! Names that changed, changed as well where other objects name them.
//!
//! Candidates are looked for among what objects were called before; the nearest one counts: same namespace, then same
//! prefixes and suffixes. Where several are left, the name stays as it is and that is said.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use secscan_model::{Node, Value};

use super::config::Config;
use super::fields::{self, Field, Made, each};
use super::id::{Gvk, Id};
use super::object::Object;
use super::transform::Report;

/// The objects as far as finding one by name needs them.
struct Index {
    entries: Vec<Entry>,
    /// The objects by all that they were ever called before.
    by_name: HashMap<Arc<str>, Vec<usize>>,
}

/// How many objects of one name are looked at for one reference.
const MAX_NAMESAKES: usize = 1000;

/// What an object is called and was called.
struct Entry {
    id: Id,
    name: Node,
    namespace: Option<Node>,
    previous: Vec<Id>,
    original: Id,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
}

impl Index {
    fn of(objects: &[Object]) -> Self {
        let entries: Vec<Entry> = objects.iter().map(Entry::of).collect();
        let mut by_name: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let names: BTreeSet<&Arc<str>> = entry.previous.iter().map(|id| &id.name).collect();
            for name in names {
                by_name.entry(name.clone()).or_default().push(index);
            }
        }
        Self { entries, by_name }
    }
}

impl Entry {
    fn of(object: &Object) -> Self {
        let metadata = |key| object.value.at_path(&["metadata", key]).cloned();
        let name = metadata("name").unwrap_or_else(|| Node::text("", object.value.at));
        Self {
            id: object.id(),
            name,
            namespace: metadata("namespace").filter(|namespace| namespace.as_str().is_some_and(|it| !it.is_empty())),
            previous: object.previous().collect(),
            original: object.original(),
            prefixes: object.prefixes.clone(),
            suffixes: object.suffixes.clone(),
        }
    }

    fn has_affixes_of(&self, other: &Self, may_lack: bool) -> bool {
        let fits = |own: &[Arc<str>], others: &[Arc<str>]| {
            (may_lack && (own.is_empty() || others.is_empty())) || end_alike(own, others)
        };
        fits(&self.prefixes, &other.prefixes) && fits(&self.suffixes, &other.suffixes)
    }
}

/// Whether the longer list ends with the shorter one; an empty one ends only an empty one.
fn end_alike(one: &[Arc<str>], other: &[Arc<str>]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}

/// Updates all names that objects have of each other.
pub(super) fn update(objects: &mut [Object], config: &Config, report: &mut Report<'_>) {
    let index = Index::of(objects);
    if index.by_name.is_empty() {
        return;
    }
    for (position, object) in objects.iter_mut().enumerate() {
        let Some(own) = index.entries.get(position) else { continue };
        let reachable = Reachable::from(own, &object.value);
        for referred in &config.references {
            for field in referred.fields.iter().filter(|field| own.original.gvk.is_selected_by(&field.of)) {
                let site = Site {
                    index: &index,
                    own,
                    reachable: &reachable,
                    to: &referred.to,
                    field,
                    role: role(&object.value),
                };
                let field = Field { of: Gvk::of(&object.value), ..field.clone() };
                let mut ambiguous = Vec::new();
                let mut set = |node: &mut Node| site.set(node, &mut ambiguous);
                // What leads nowhere names nothing.
                let _ = each(&mut object.value, &field, Made::Nothing, &mut set);
                for (at, name) in ambiguous {
                    report(at, format!("`{name}` may name several objects of this kustomization"));
                }
            }
        }
    }
}

/// The group and kind of the role that a binding refers to.
fn role(object: &Node) -> Option<Gvk> {
    let text = |key| object.at_path(&["roleRef", key]).and_then(Node::as_str);
    Some(Gvk::new(text("apiGroup")?, "", text("kind")?))
}

/// The namespaces that an object can refer to.
enum Reachable {
    /// It lives in none and can refer to anything.
    All,
    /// Its own, and those of the accounts that it binds.
    Some(BTreeSet<Arc<str>>),
}

impl Reachable {
    fn from(own: &Entry, object: &Node) -> Self {
        if own.id.is_cluster_scoped {
            return Self::All;
        }
        let mut namespaces: BTreeSet<Arc<str>> = BTreeSet::new();
        if &*own.id.gvk.kind == "RoleBinding" {
            let subjects = object.get("subjects").map_or(&[][..], Node::items);
            let accounts = subjects.iter().filter(|it| it.get("kind").and_then(Node::as_str) == Some("ServiceAccount"));
            namespaces.extend(accounts.filter_map(|it| it.get("namespace")?.as_str()).map(Arc::from));
        }
        Self::Some(namespaces)
    }

    fn holds(&self, own: &Entry, other: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Some(more) => {
                other.id.is_cluster_scoped || other.id.is_in_namespace_of(&own.id) || more.contains(&other.id.namespace)
            }
        }
    }
}

/// A field of an object that names another.
struct Site<'a> {
    index: &'a Index,
    own: &'a Entry,
    reachable: &'a Reachable,
    to: &'a Gvk,
    field: &'a Field,
    role: Option<Gvk>,
}

type Ambiguous = Vec<(secscan_model::Location, String)>;

impl Site<'_> {
    fn set(&self, node: &mut Node, ambiguous: &mut Ambiguous) {
        match &node.value {
            Value::Map(_) => self.set_map(node, ambiguous),
            Value::List(_) => {
                for item in node.as_list_mut().into_iter().flatten() {
                    self.set(item, ambiguous);
                }
            }
            Value::Scalar(_) => self.set_name(node, ambiguous),
            Value::Unresolved(_) => {}
        }
    }

    fn set_name(&self, node: &mut Node, ambiguous: &mut Ambiguous) {
        let Some(name) = node.as_str().map(str::to_owned) else { return };
        let all_alike = |found: &[&Entry]| found.windows(2).all(|pair| pair[0].id.name == pair[1].id.name);
        match self.select(&name, |_| true, all_alike) {
            Ok(Some(found)) if *found.id.name != *name => rename(node, found),
            Ok(_) => {}
            Err(Several) => ambiguous.push((node.at, name)),
        }
    }

    /// A map that names an object by `name` and `namespace`.
    fn set_map(&self, node: &mut Node, ambiguous: &mut Ambiguous) {
        let Some(name) = node.get("name").and_then(Node::as_str).map(str::to_owned) else { return };
        let namespace = node.get("namespace").map(|namespace| namespace.as_str().unwrap_or_default().to_owned());
        let was_there = namespace.as_ref().is_some_and(|namespace| {
            self.index.entries.iter().any(|entry| entry.original.effective_namespace() == namespace)
        });
        let is_there = |entry: &Entry| match &namespace {
            None => true,
            Some(namespace) if was_there => entry.original.effective_namespace() == namespace,
            Some(namespace) => entry.id.effective_namespace() == namespace,
        };
        let same = |one: &Id, other: &Id| one.name == other.name && one.namespace == other.namespace;
        let all_alike = |found: &[&Entry]| found.windows(2).all(|pair| same(&pair[0].id, &pair[1].id));
        let found = match self.select(&name, is_there, all_alike) {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(Several) => return ambiguous.push((node.at, name)),
        };
        let Some(map) = node.as_map_mut() else { return };
        if *found.id.name != *name
            && let Some(name) = map.get_mut("name")
        {
            rename(name, found);
        }
        if let Some(namespace) = &found.namespace {
            let is_new = map.get("namespace").and_then(Node::as_str) != namespace.as_str();
            is_new.then(|| map.insert("namespace", namespace.clone()));
        }
    }

    /// The object that a name means; none when it is none of those whose names changed.
    fn select(
        &self,
        name: &str,
        is_there: impl Fn(&Entry) -> bool,
        all_alike: impl Fn(&[&Entry]) -> bool,
    ) -> Result<Option<&Entry>, Several> {
        let was_selected = |entry: &Entry, gvk: &Gvk| entry.previous.iter().any(|id| id.gvk.is_selected_by(gvk));
        let named = self.index.by_name.get(name).into_iter().flatten().take(MAX_NAMESAKES);
        let named = named.filter_map(|index| self.index.entries.get(*index));
        let mut found: Vec<&Entry> = named
            .filter(|entry| self.reachable.holds(self.own, entry) && is_there(entry) && was_selected(entry, self.to))
            .filter(|entry| self.role_fits(entry, &was_selected) && self.is_near(entry))
            .collect();
        if let [only] = found[..] {
            return Ok(Some(only));
        }
        found.retain(|entry| entry.has_affixes_of(self.own, true));
        if found.len() > 1 {
            found.retain(|entry| entry.has_affixes_of(self.own, false));
        }
        match found[..] {
            [] => Ok(None),
            [first] => Ok(Some(first)),
            [first, ..] if all_alike(&found) => Ok(Some(first)),
            _ => Err(Several),
        }
    }

    fn role_fits(&self, entry: &Entry, was_selected: &impl Fn(&Entry, &Gvk) -> bool) -> bool {
        match &self.role {
            Some(role) if self.field.path.ends_with("roleRef/name") => was_selected(entry, role),
            _ => true,
        }
    }

    fn is_near(&self, entry: &Entry) -> bool {
        self.own.id.is_cluster_scoped
            || entry.id.is_cluster_scoped
            || &*entry.id.gvk.kind == "ServiceAccount"
            || entry.id.is_in_namespace_of(&self.own.id)
    }
}

/// Several objects fit a name.
struct Several;

fn rename(node: &mut Node, to: &Entry) {
    fields::extend(node, to.id.name.to_string(), &to.name);
}
