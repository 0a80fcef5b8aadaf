//! Plans: what `terraform show -json` says of a plan file. <https://developer.hashicorp.com/terraform/internals/json-format>
//!
//! A plan says more than its configuration: which variables were set, what data sources found. Where the configuration
//! stands beside it, its values take the places of the arguments that they come from; else they stand in the plan.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use secscan_model::{Extra, Location, Map, Node, Platform, Reference, Resource, Value};

/// Whether a document is a plan.
pub(super) fn is_plan(document: &Node) -> bool {
    document.get("format_version").is_some()
        && (document.get("planned_values").is_some() || document.get("resource_changes").is_some())
}

/// How deep modules of a plan may nest.
const MAX_LEVELS: usize = 64;

/// Adds the resources of a plan to those that the configuration beside it gave, in whose place they stand.
pub(super) fn overlay(plan: &Node, unit: &Arc<str>, resources: &mut Vec<Resource>) {
    let written: HashMap<Arc<str>, Resource> =
        resources.iter().map(|resource| (resource.address.clone(), resource.clone())).collect();
    let mut planned = Vec::new();
    let reading = Reading { plan, written: &written, changes: changes(plan), unit };
    for (section, only_data) in [("planned_values", false), ("prior_state", true)] {
        let values = plan.get(section);
        let values = if only_data { values.and_then(|state| state.get("values")) } else { values };
        if let Some(module) = values.and_then(|values| values.get("root_module")) {
            reading.module(module, only_data, &mut planned, MAX_LEVELS);
        }
    }
    if plan.get("planned_values").is_none() {
        planned.extend(reading.changed());
    }
    let covered: HashSet<String> = planned.iter().map(|resource| without_keys(&resource.address)).collect();
    resources.retain(|resource| !is_planned_kind(resource) || !covered.contains(&without_keys(&resource.address)));
    resources.append(&mut planned);
}

/// Whether resources of a kind stand in plans.
fn is_planned_kind(resource: &Resource) -> bool {
    let other = ["module", "variable", "output", "terraform"];
    !other.contains(&&*resource.kind) && !resource.kind.starts_with("provider.")
}

/// The changes of a plan by address.
fn changes(plan: &Node) -> HashMap<&str, &Node> {
    let changes = plan.get("resource_changes").map(Node::items).unwrap_or_default();
    changes.iter().filter_map(|change| Some((change.get("address")?.as_str()?, change.get("change")?))).collect()
}

/// An address without the keys of instances.
pub(super) fn without_keys(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut in_key = false;
    let mut in_quotes = false;
    let mut chars = address.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_quotes => {
                chars.next();
            }
            '"' if in_key => in_quotes = !in_quotes,
            '[' if !in_key => in_key = true,
            ']' if in_key && !in_quotes => in_key = false,
            c if !in_key => out.push(c),
            _ => {}
        }
    }
    out
}

struct Reading<'p> {
    plan: &'p Node,
    /// What the configuration beside the plan gave, by address.
    written: &'p HashMap<Arc<str>, Resource>,
    changes: HashMap<&'p str, &'p Node>,
    unit: &'p Arc<str>,
}

impl Reading<'_> {
    /// The resources of a module of the plan and of those below it.
    fn module(&self, module: &Node, only_data: bool, planned: &mut Vec<Resource>, levels: usize) {
        for entry in module.get("resources").map(Node::items).unwrap_or_default() {
            let is_data = entry.get("mode").and_then(Node::as_str) == Some("data");
            if is_data || !only_data {
                planned.extend(self.resource(entry, entry.get("values")));
            }
        }
        if levels > 0 {
            for child in module.get("child_modules").map(Node::items).unwrap_or_default() {
                self.module(child, only_data, planned, levels - 1);
            }
        }
    }

    /// The resources of a plan that has only changes.
    fn changed(&self) -> Vec<Resource> {
        let changes = self.plan.get("resource_changes").map(Node::items).unwrap_or_default();
        let after = |change: &Node| change.at_path(&["change", "after"]).filter(|after| !after.is_null()).cloned();
        changes.iter().filter_map(|change| self.resource(change, Some(&after(change)?))).collect()
    }

    fn resource(&self, entry: &Node, values: Option<&Node>) -> Option<Resource> {
        let text = |name: &str| entry.get(name).and_then(Node::as_str);
        let (address, of) = (text("address")?, text("type")?);
        let kind = if text("mode") == Some("data") { format!("data.{of}") } else { of.to_owned() };
        let unknown = self.changes.get(address).and_then(|change| change.get("after_unknown"));
        let empty = Node::map(Map::default(), entry.at);
        let tree = self.referring(known(values.unwrap_or(&empty), unknown), address);
        let declared = without_keys(address);
        let written = self.written.get(address).or_else(|| {
            let mut alike = self.written.values().filter(|resource| without_keys(&resource.address) == declared);
            alike.next()
        });
        let value = match written {
            Some(written) => beside(tree, &written.value, written.value.name_at),
            None => tree.named(entry.get("address").map_or(entry.at, |address| address.at)),
        };
        Some(Resource {
            platform: Platform::Terraform,
            kind: kind.into(),
            address: address.into(),
            part: "".into(),
            at: written.map_or(entry.at, |written| written.at),
            value,
            unit: self.unit.clone(),
            owner: None,
            opaque: None,
        })
    }

    /// The tree with the references that the plan's copy of the configuration tells.
    fn referring(&self, tree: Node, address: &str) -> Node {
        let Some(root) = self.plan.at_path(&["configuration", "root_module"]) else { return tree };
        let (modules, name) = split(address);
        let Some(module) =
            modules.iter().try_fold(root, |module, name| module.at_path(&["module_calls", name, "module"]))
        else {
            return tree;
        };
        let prefix = &address[..address.len() - local_part(address).len()];
        let resources = module.get("resources").map(Node::items).unwrap_or_default();
        let is_it = |resource: &&Node| resource.get("address").and_then(Node::as_str) == Some(&*name);
        match resources.iter().find(is_it).and_then(|resource| resource.get("expressions")) {
            Some(expressions) => with_references(tree, expressions, &|reference| {
                self.targets(root, &modules, prefix, reference, MAX_LEVELS)
            }),
            None => tree,
        }
    }

    /// The resources that a reference within a module means.
    fn targets(&self, root: &Node, modules: &[String], prefix: &str, reference: &str, levels: usize) -> Vec<String> {
        let Some(levels) = levels.checked_sub(1) else { return Vec::new() };
        let module_at = |modules: &[String]| {
            modules.iter().try_fold(root, |module, name| module.at_path(&["module_calls", name, "module"]))
        };
        let plain = without_keys(reference);
        let parts: Vec<&str> = plain.split('.').collect();
        match *parts {
            ["var", name, ..] => {
                let Some((call, outer)) = modules.split_last() else { return Vec::new() };
                let expression =
                    module_at(outer).and_then(|outer| outer.at_path(&["module_calls", call, "expressions", name]));
                let outer_prefix = parent(prefix);
                let references = expression.map(references).unwrap_or_default();
                references.iter().flat_map(|it| self.targets(root, outer, outer_prefix, it, levels)).collect()
            }
            ["module", name, output, ..] => {
                let inner: Vec<String> = modules.iter().cloned().chain([name.to_owned()]).collect();
                let expression = module_at(&inner).and_then(|inner| inner.at_path(&["outputs", output, "expression"]));
                let inner_prefix = format!("{prefix}module.{name}.");
                let references = expression.map(references).unwrap_or_default();
                references.iter().flat_map(|it| self.targets(root, &inner, &inner_prefix, it, levels)).collect()
            }
            ["local" | "each" | "count" | "path" | "terraform" | "self" | "module", ..] => Vec::new(),
            ["data", of, name, ..] => vec![format!("{prefix}data.{of}.{name}")],
            [of, name, ..] => vec![format!("{prefix}{of}.{name}")],
            _ => Vec::new(),
        }
    }
}

/// The names of the modules on the way to a resource, and its address within the last, all without keys.
fn split(address: &str) -> (Vec<String>, String) {
    let plain = without_keys(address);
    let mut modules = Vec::new();
    let mut rest = &*plain;
    while let Some(after) = rest.strip_prefix("module.") {
        let Some((name, after)) = after.split_once('.') else { break };
        modules.push(name.to_owned());
        rest = after;
    }
    (modules, rest.to_owned())
}

/// The part of an address within its module.
fn local_part(address: &str) -> &str {
    let mut rest = address;
    while let Some(after) = rest.strip_prefix("module.") {
        let Some(end) = end_of_step(after) else { break };
        rest = &after[end..];
    }
    rest
}

/// Where the name of a module, its key and the dot behind it end.
fn end_of_step(text: &str) -> Option<usize> {
    let mut in_quotes = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '.' if !in_quotes => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The prefix of the module around the one of a prefix.
fn parent(prefix: &str) -> &str {
    let mut starts = vec![0];
    let mut at = 0;
    while let Some(after) = prefix[at..].strip_prefix("module.")
        && let Some(end) = end_of_step(after)
    {
        at += "module.".len() + end;
        starts.push(at);
    }
    let outer = starts.len().checked_sub(2).and_then(|index| starts.get(index)).copied().unwrap_or(0);
    &prefix[..outer]
}

/// The references of an expression of the plan's copy of the configuration.
fn references(expression: &Node) -> Vec<&str> {
    let references = expression.get("references").map(Node::items).unwrap_or_default();
    references.iter().filter_map(Node::as_str).collect()
}

/// The tree with the references of the expressions that its parts come from. The parsers have limited the depth.
fn with_references(mut tree: Node, expressions: &Node, targets: &dyn Fn(&str) -> Vec<String>) -> Node {
    let found = references(expressions);
    if !found.is_empty() {
        let addresses: Vec<String> = found.iter().flat_map(|reference| targets(reference)).collect();
        let refs: Vec<_> = addresses.into_iter().map(|address| Reference { address: address.into() }).collect();
        return super::value::with_refs(tree, &refs);
    }
    match (&mut tree.value, &expressions.value) {
        (Value::Map(map), Value::Map(_)) => {
            let mut referring = Map::with_capacity(map.len());
            for entry in map.entries() {
                let value = match expressions.get(&entry.key) {
                    Some(expression) => with_references(entry.value.clone(), expression, targets),
                    None => entry.value.clone(),
                };
                referring.push_new(entry.key.clone(), value);
            }
            *map = referring.into();
        }
        (Value::List(items), Value::List(expressions)) => {
            for (item, expression) in Arc::make_mut(items).iter_mut().zip(expressions.iter()) {
                *item = with_references(item.clone(), expression, targets);
            }
        }
        _ => {}
    }
    tree
}

/// The known values of a plan, and what is known only after apply as unresolved. What is not set is left out.
fn known(values: &Node, unknown: Option<&Node>) -> Node {
    const WHY: &str = "known only after apply";
    let is_unknown = |unknown: Option<&Node>| unknown.and_then(Node::as_bool) == Some(true);
    if is_unknown(unknown) {
        return Node::unresolved(WHY, values.at).named(values.name_at);
    }
    match &values.value {
        Value::Map(map) => {
            let mut kept = Map::with_capacity(map.len());
            for entry in map.entries() {
                let value = known(&entry.value, unknown.and_then(|unknown| unknown.get(&entry.key)));
                if !value.is_null() && value.as_list().is_none_or(|items| !items.is_empty()) {
                    kept.push_new(entry.key.clone(), value);
                }
            }
            for entry in unknown.map(Node::entries).unwrap_or_default() {
                if map.get(&entry.key).is_none_or(Node::is_null) && is_unknown(Some(&entry.value)) {
                    kept.insert(entry.key.clone(), Node::unresolved(WHY, values.at).named(values.name_at));
                }
            }
            Node { value: Value::Map(kept.into()), ..values.clone() }
        }
        Value::List(items) => {
            let unknown = unknown.and_then(Node::as_list).unwrap_or_default();
            let items = items.iter().enumerate().map(|(index, item)| known(item, unknown.get(index)));
            Node { value: Value::List(items.collect::<Vec<_>>().into()), ..values.clone() }
        }
        _ => values.clone(),
    }
}

/// A value of the plan at the place of the argument that it comes from; what is written nowhere stands at `header`, the
/// name of what is around it.
fn beside(planned: Node, written: &Node, header: Location) -> Node {
    let mut refs: Vec<Reference> = planned.refs().to_vec();
    let value = match (planned.value, &written.value) {
        (Value::Map(map), Value::Map(beside_it)) => {
            let mut moved = Map::with_capacity(map.len());
            for entry in map.entries() {
                let value = match beside_it.get(&entry.key) {
                    Some(written) => beside(entry.value.clone(), written, written.name_at),
                    None => all_at(&entry.value, header),
                };
                moved.push_new(entry.key.clone(), value);
            }
            Value::Map(moved.into())
        }
        (Value::List(items), _) => {
            let beside_them = written.items();
            let place = |(index, item): (usize, &Node)| match beside_them.get(index) {
                Some(written) => beside(item.clone(), written, written.name_at),
                None => all_at(item, written.name_at),
            };
            Value::List(items.iter().enumerate().map(place).collect::<Vec<_>>().into())
        }
        (Value::Map(map), _) => {
            let mut moved = Map::with_capacity(map.len());
            map.entries().iter().for_each(|entry| moved.push_new(entry.key.clone(), all_at(&entry.value, written.at)));
            Value::Map(moved.into())
        }
        (value, _) => value,
    };
    refs.extend(written.refs().iter().filter(|known| !refs.contains(known)).cloned().collect::<Vec<_>>());
    let extra = written.extra.as_deref().cloned().unwrap_or_default();
    let extra = Extra { refs, tag: None, ..extra };
    let extra = (extra != Extra::default()).then(|| Arc::new(extra));
    Node { value, at: written.at, name_at: written.name_at, extra }
}

/// The tree with one place for all of it.
fn all_at(node: &Node, at: Location) -> Node {
    let refs = node.refs();
    super::value::with_refs(super::json::placed(node, at), refs)
}
