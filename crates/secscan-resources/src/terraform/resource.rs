//! Instances of resources: `count` and `for_each`, their addresses and trees.

use std::sync::Arc;

use secscan_model::{DiagnosticKind, Map, Node, Value};

use super::body::{Elements, elements, header, pair};
use super::evaluator::{Evaluator, Name, Scope};
use super::module::{Declaration, Kind};
use super::policy_document;

/// How many instances of one resource are looked at.
const MAX_INSTANCES: usize = 1_000;

/// The instances of one declaration.
#[derive(Debug, Default)]
pub(super) struct Instances {
    pub keys: Keys,
    pub list: Vec<Instance>,
}

/// How instances are told apart.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Keys {
    /// There is one, without a key.
    #[default]
    One,
    /// By `count`.
    Numbers,
    /// By `for_each`.
    Names,
    /// `count` or `for_each` is not known: the list has one that stands for all.
    Unknown(Arc<str>),
}

/// One instance.
#[derive(Debug)]
pub(super) struct Instance {
    /// The text of its key; empty when there is none.
    pub key: Arc<str>,
    pub address: Arc<str>,
    pub tree: Node,
    /// Attributes that are computed from the others.
    pub computed: Vec<(&'static str, Node)>,
}

impl Instance {
    /// The value of an attribute, when it is written or computed.
    pub(super) fn attribute(&self, name: &str) -> Option<&Node> {
        let computed = self.computed.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        computed.or_else(|| self.tree.get(name)).filter(|value| !value.is_null())
    }

    /// The instance as a whole value: there are more attributes than are written.
    pub(super) fn open(&self) -> Node {
        let mut node = self.tree.clone();
        if let Value::Map(map) = &mut node.value {
            let map = Arc::make_mut(map);
            for (name, value) in &self.computed {
                map.insert(*name, value.clone());
            }
            map.rest = Some(format!("`{}` has attributes that are known only after apply", self.address).into());
        }
        node
    }
}

impl<'a> Evaluator<'a> {
    /// Evaluates a declaration.
    pub(super) fn expand(&mut self, declaration: &'a Declaration<'a>) -> Instances {
        let scope = Scope::of(declaration.unit);
        if !matches!(declaration.kind, Kind::Resource | Kind::Data | Kind::Module) {
            let tree = self.tree(declaration, scope, &[]);
            return Instances { keys: Keys::One, list: vec![instance(declaration, "", tree)] };
        }
        for meta in ["count", "for_each"] {
            if let Some(written) = declaration.argument(meta) {
                let value = self.value(written.expression, Scope::of(written.unit));
                return match meta {
                    "count" => self.by_count(declaration, &value),
                    _ => self.by_name(declaration, &value),
                };
            }
        }
        let tree = self.tree(declaration, scope, &[]);
        Instances { keys: Keys::One, list: vec![instance(declaration, "", tree)] }
    }

    fn by_count(&mut self, declaration: &'a Declaration<'a>, count: &Node) -> Instances {
        let Some(wanted) = count.as_int().and_then(|wanted| usize::try_from(wanted).ok()) else {
            return self.unknown(declaration, "count", count, "`count` is no number");
        };
        let mut list = Vec::new();
        for index in 0..self.capped(declaration, wanted) {
            if self.is_spent() {
                break;
            }
            let mut map = Map::with_capacity(1);
            map.push_new("index", Node::int(index as i64, count.at));
            let value = Node::map(map, count.at);
            let names = Name { name: "count", value: &value, outer: None };
            let scope = Scope { names: Some(&names), ..Scope::of(declaration.unit) };
            let tree = self.tree(declaration, scope, &[("count", count)]);
            list.push(instance(declaration, &format!("[{index}]"), tree));
        }
        Instances { keys: Keys::Numbers, list }
    }

    fn by_name(&mut self, declaration: &'a Declaration<'a>, each: &Node) -> Instances {
        let keyed = match &each.value {
            Value::Map(map) if map.rest.is_none() => elements(each),
            Value::List(items) if items.iter().all(|item| item.as_str().is_some()) => elements(each),
            _ => None,
        };
        let Some(Elements { pairs, .. }) = keyed else {
            return self.unknown(declaration, "for_each", each, "`for_each` is neither a map nor a set of names");
        };
        let count = self.capped(declaration, pairs.len());
        let mut list = Vec::new();
        for (key, value) in pairs.into_iter().take(count) {
            if self.is_spent() {
                break;
            }
            let name = key.as_str().unwrap_or_default().to_owned();
            let value = pair(key, value);
            let names = Name { name: "each", value: &value, outer: None };
            let scope = Scope { names: Some(&names), ..Scope::of(declaration.unit) };
            let tree = self.tree(declaration, scope, &[("for_each", each)]);
            let mut made = instance(declaration, &quoted_key(&name), tree);
            made.key = name.into();
            list.push(made);
        }
        Instances { keys: Keys::Names, list }
    }

    /// One resource for a number of them that is not known.
    fn unknown(&mut self, declaration: &'a Declaration<'a>, meta: &str, value: &Node, wrong: &str) -> Instances {
        let cause = match &value.value {
            Value::Unresolved(unresolved) => unresolved.why.clone(),
            Value::Map(map) => map.rest.clone().unwrap_or_else(|| wrong.into()),
            Value::List(items) => {
                let unknown = items.iter().find_map(Node::as_unresolved);
                unknown.map_or_else(|| wrong.into(), |unresolved| unresolved.why.clone())
            }
            Value::Scalar(_) => wrong.into(),
        };
        let why: Arc<str> = format!("`{meta}` is not known: {cause}").into();
        let iterated = Node::unresolved(why.clone(), value.at);
        let name = if meta == "count" { "count" } else { "each" };
        let names = Name { name, value: &iterated, outer: None };
        let scope = Scope { names: Some(&names), ..Scope::of(declaration.unit) };
        let tree = self.tree(declaration, scope, &[(meta, value)]);
        Instances { keys: Keys::Unknown(why), list: vec![instance(declaration, "", tree)] }
    }

    fn capped(&mut self, declaration: &Declaration<'_>, wanted: usize) -> usize {
        if wanted > MAX_INSTANCES {
            let message = format!(
                "only the first {MAX_INSTANCES} of {wanted} instances of `{}` were looked at",
                declaration.address
            );
            self.report(DiagnosticKind::Limit, header(declaration.block, Scope::of(declaration.unit)), message);
        }
        wanted.min(MAX_INSTANCES)
    }

    /// The tree of one instance; arguments of override files replace those of the block.
    fn tree(&mut self, declaration: &'a Declaration<'a>, scope: Scope<'_>, known: &[(&str, &Node)]) -> Node {
        let mut map = self.body(&declaration.block.body, scope, known);
        for (unit, block) in &declaration.overrides {
            let over = self.body(&block.body, Scope { unit: *unit, ..scope }, known);
            for entry in over.entries() {
                map.insert(entry.key.clone(), entry.value.clone());
            }
        }
        if declaration.kind == Kind::Variable
            && let Some(of) = declaration.block.body.get_attribute("type")
        {
            let at = scope.at(&of.value);
            map.insert("type", Node::text(scope.written(at), at).named(scope.at(&of.key)));
        }
        let at = scope.at(declaration.block);
        Node::map(map, at).named(header(declaration.block, scope))
    }
}

fn instance(declaration: &Declaration<'_>, suffix: &str, tree: Node) -> Instance {
    let address =
        if suffix.is_empty() { declaration.address.clone() } else { format!("{}{suffix}", declaration.address).into() };
    let key = suffix.trim_matches(['[', ']']);
    let mut computed = Vec::new();
    if declaration.kind == Kind::Data && declaration.of == policy_document::TYPE {
        let policy = policy_document::document(&tree);
        computed.extend(policy_document::ATTRIBUTES.map(|name| (name, policy.clone())));
    }
    Instance { key: key.into(), address, tree, computed }
}

/// `["name"]`, escaped as Terraform does.
fn quoted_key(name: &str) -> String {
    let mut out = String::from("[\"");
    for c in name.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.replace("${", "$${").replace("%{", "%%{") + "\"]"
}
