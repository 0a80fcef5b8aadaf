//! What a kustomization does to all objects: namespace, prefix and suffix, labels, annotations, replicas, images.
//!
//! Each function is one transformer of Kustomize; in which order they work stands in [`super::build`].

use secscan_model::{Location, Node, Value};

use super::fields::{self, Field, Made, each, set_entry};
use super::id::Gvk;
use super::object::Object;
use crate::re2;

/// Says what a transformer could not do.
pub(super) type Report<'r> = dyn FnMut(Location, String) + 'r;

/// The longest text that objects are given, in bytes: names have 253.
const MAX_TEXT: usize = 4096;

/// A text of the kustomization that objects are given; none when there is none, or when it is too long.
pub(super) fn given<'n>(of: &'n Node, key: &str, report: &mut Report<'_>) -> Option<&'n Node> {
    let value = of.get(key)?;
    match value.as_str() {
        Some("") => None,
        Some(text) if text.len() > MAX_TEXT => {
            report(value.at, format!("`{key}` is longer than {MAX_TEXT} bytes"));
            None
        }
        Some(_) => Some(value),
        None => {
            if !value.is_null() {
                report(value.at, format!("`{key}` is no text"));
            }
            None
        }
    }
}

fn blocked(object: &Object, field: &Field, report: &mut Report<'_>) {
    let message = format!("`{}` of {} leads through something that has no fields", field.path, object.id());
    report(object.value.at, message);
}

/// `namespace`.
pub(super) fn namespace(objects: &mut [Object], namespace: &Node, known: &[Field], report: &mut Report<'_>) {
    let text = namespace.as_str().unwrap_or_default();
    let own = Field::new("metadata/namespace", Gvk::default(), true);
    for object in objects {
        object.remember();
        let id = object.id();
        let mut set = |node: &mut Node| {
            if matches!(node.value, Value::Scalar(_)) {
                fields::overwrite(node, text, namespace);
            }
        };
        if !id.is_cluster_scoped && each(&mut object.value, &own, Made::Scalar, &mut set).is_err() {
            blocked(object, &own, report);
        }
        if matches!(&*id.gvk.kind, "RoleBinding" | "ClusterRoleBinding") {
            subjects(&mut object.value, namespace);
        }
        let is_core = object.value.get("apiVersion").and_then(Node::as_str) == Some("v1");
        for field in known.iter().filter(|field| &*field.path != "metadata/namespace") {
            if &*field.path == "metadata/name" && !is_core {
                continue;
            }
            if each(&mut object.value, field, Made::Scalar, &mut set).is_err() {
                blocked(object, field, report);
            }
        }
    }
}

/// The account `default` of a binding is that of the namespace.
fn subjects(binding: &mut Node, namespace: &Node) {
    let subjects = binding.as_map_mut().and_then(|map| map.get_mut("subjects")).and_then(Node::as_list_mut);
    for subject in subjects.into_iter().flatten() {
        if subject.get("name").and_then(Node::as_str) == Some("default") {
            set_entry(subject, "namespace", namespace);
        }
    }
}

/// Objects whose names Kustomize leaves alone.
const WITHOUT_AFFIXES: &[(&str, &str)] =
    &[("", "CustomResourceDefinition"), ("apiregistration.k8s.io", "APIService"), ("", "Namespace")];

/// What goes before or behind names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Affix {
    Prefix,
    Suffix,
}

/// `namePrefix` and `nameSuffix`.
pub(super) fn affix(objects: &mut [Object], affix: Affix, given: &Node, known: &[Field], report: &mut Report<'_>) {
    let text = given.as_str().unwrap_or_default();
    for object in objects {
        let original = object.original();
        let is_left = |(group, kind): &(&str, &str)| original.gvk.is_selected_by(&Gvk::new(group, "", kind));
        if WITHOUT_AFFIXES.iter().any(is_left) {
            continue;
        }
        for field in known.iter().filter(|field| original.gvk.is_selected_by(&field.of)) {
            if &*field.path == "metadata/name" {
                let affixes = if affix == Affix::Prefix { &mut object.prefixes } else { &mut object.suffixes };
                affixes.push(text.into());
                object.remember();
            }
            let mut set = |node: &mut Node| {
                let Some(name) = node.as_str().filter(|name| name.len() <= MAX_TEXT * 4) else { return };
                let text = if affix == Affix::Prefix { format!("{text}{name}") } else { format!("{name}{text}") };
                fields::extend(node, text, given);
            };
            if each(&mut object.value, field, Made::Scalar, &mut set).is_err() {
                blocked(object, field, report);
            }
        }
    }
}

/// Labels or annotations, in certain fields.
pub(super) fn entries(objects: &mut [Object], pairs: &Node, known: &[Field], report: &mut Report<'_>) {
    for entry in pairs.entries() {
        let Some(text) = entry.value.as_str().filter(|text| text.len() <= MAX_TEXT) else {
            report(entry.value.at, format!("`{}` is no short text", entry.key));
            continue;
        };
        let value = Node { value: Node::text(text, entry.value.at).value, ..entry.value.clone() };
        for object in &mut *objects {
            for field in known {
                let mut set = |node: &mut Node| set_entry(node, &entry.key, &value);
                if each(&mut object.value, field, Made::Map, &mut set).is_err() {
                    blocked(object, field, report);
                }
            }
        }
    }
}

/// One entry of `replicas`.
pub(super) fn replicas(objects: &mut [Object], replica: &Node, known: &[Field], report: &mut Report<'_>) {
    let name = replica.get("name").and_then(Node::as_str).unwrap_or_default();
    let Some(count) = replica.get("count").filter(|count| count.as_int().is_some()) else {
        return report(replica.at, "`replicas` has an entry without a count".into());
    };
    let mut is_found = false;
    for field in known {
        for object in &mut *objects {
            if object.was_ever(|id| &*id.name == name && id.gvk.is_selected_by(&field.of)) {
                is_found = true;
                let mut set = |node: &mut Node| *node = Node { name_at: node.name_at, ..count.clone() };
                if each(&mut object.value, field, Made::Scalar, &mut set).is_err() {
                    blocked(object, field, report);
                }
            }
        }
    }
    if !is_found {
        report(replica.at, format!("`replicas` names `{name}`, which is no object that has replicas"));
    }
}

/// One entry of `images`.
pub(super) fn image(objects: &mut [Object], written: &Node, known: &[Field], report: &mut Report<'_>) {
    let name = written.get("name").and_then(Node::as_str).unwrap_or_default();
    let tag = "[a-zA-Z0-9_.{}-]*";
    let Ok(pattern) = re2::compile(&format!("^{name}(:{tag})?(@sha256:{tag})?$"), 10 << 20) else {
        return report(written.at, "the name of an image is taken for a regular expression, and it is none".into());
    };
    let Some(change) = ImageChange::of(written, report) else { return };
    let mut set = |node: &mut Node| {
        if let Some(image) = node.as_str().filter(|image| pattern.is_match(image)) {
            let new = change.applied(image);
            fields::overwrite(node, &new, change.place);
        }
    };
    for object in objects {
        if object.value.get("kind").and_then(Node::as_str) == Some("CustomResourceDefinition") {
            continue;
        }
        in_containers(&mut object.value, &mut set);
        for field in known {
            if each(&mut object.value, field, Made::Nothing, &mut set).is_err() {
                blocked(object, field, report);
            }
        }
    }
}

/// What `images` makes of a reference.
struct ImageChange<'n> {
    name: Option<&'n str>,
    tag: Option<&'n str>,
    digest: Option<&'n str>,
    suffix: Option<&'n str>,
    /// What says most about it: the tag or digest, else the name.
    place: &'n Node,
}

impl<'n> ImageChange<'n> {
    fn of(written: &'n Node, report: &mut Report<'_>) -> Option<Self> {
        let mut text = |key| given(written, key, &mut *report);
        let (name, tag) = (text("newName"), text("newTag"));
        let (digest, suffix) = (text("digest"), text("tagSuffix"));
        let place = tag.or(digest).or(suffix).or(name)?;
        let text = |node: Option<&'n Node>| node.and_then(Node::as_str);
        Some(Self { name: text(name), tag: text(tag), digest: text(digest), suffix: text(suffix), place })
    }

    fn applied(&self, image: &str) -> String {
        let (name, tag, digest) = parts(image);
        let (tag, digest) = match (self.tag, self.digest, self.suffix) {
            (Some(tag), digest, _) => (tag.to_owned(), digest.unwrap_or_default()),
            (None, Some(digest), _) => (String::new(), digest),
            (None, None, Some(suffix)) => (format!("{tag}{suffix}"), ""),
            (None, None, None) => (tag.to_owned(), digest),
        };
        let mut new = self.name.unwrap_or(name).to_owned();
        if !tag.is_empty() {
            new.push(':');
            new.push_str(&tag);
        }
        if !digest.is_empty() {
            new.push('@');
            new.push_str(digest);
        }
        new
    }
}

/// Name, tag and digest of a reference.
fn parts(image: &str) -> (&str, &str, &str) {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    // A colon before the first slash belongs to the port of a registry.
    let host = rest.find('/').filter(|slash| *slash > 0).unwrap_or(0);
    match rest.get(host..).and_then(|path| path.find(':')) {
        Some(colon) => (&rest[..host + colon], &rest[host + colon + 1..], digest),
        None => (rest, "", digest),
    }
}

/// Calls `set` with the `image` of every item of a list called `containers` or `initContainers`, wherever it stands.
fn in_containers(node: &mut Node, set: &mut dyn FnMut(&mut Node)) {
    let has_containers = mentions_containers(node);
    if !has_containers {
        return;
    }
    for item in node.as_list_mut().into_iter().flatten() {
        in_containers(item, set);
    }
    let Some(map) = node.as_map_mut() else { return };
    for (key, value) in map.values_mut() {
        in_containers(value, set);
        if !matches!(key, "containers" | "initContainers") {
            continue;
        }
        for item in value.as_list_mut().into_iter().flatten() {
            let image = item.as_map_mut().and_then(|map| map.get_mut("image"));
            image.into_iter().for_each(&mut *set);
        }
    }
}

/// Whether such a list stands in a value: trees that have none are not copied.
fn mentions_containers(node: &Node) -> bool {
    let in_entry = |entry: &secscan_model::Entry| {
        matches!(&*entry.key, "containers" | "initContainers") || mentions_containers(&entry.value)
    };
    node.entries().iter().any(in_entry) || node.as_list().unwrap_or_default().iter().any(mentions_containers)
}
