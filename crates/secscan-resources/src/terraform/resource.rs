//! Instances of resources: `count` and `for_each`, their addresses and trees.

use std::rc::Rc;
use std::sync::Arc;

use secscan_model::{DiagnosticKind, Map, Node, Value};

use super::body::{Elements, elements, header, pair};
use super::evaluator::{Evaluator, Name, Scope};
use super::frame::{FrameId, Slot};
use super::module::{Declaration, Kind};
use super::policy_document;
use super::value::Shape;

/// How many instances of one resource are looked at.
const MAX_INSTANCES: usize = 1_000;

/// The instances of one declaration.
#[derive(Debug, Default)]
pub(super) struct Instances {
    pub keys: Keys,
    pub list: Vec<Instance>,
}

/// How instances are told apart.
#[derive(Clone, Debug, Default, PartialEq)]
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

/// What `count` or `for_each` makes of a resource or module call.
pub(super) struct Expansion {
    pub keys: Keys,
    /// The argument and its value.
    pub meta: Option<(&'static str, Node)>,
    pub each: Vec<Each>,
}

/// One instance before it is evaluated.
pub(super) struct Each {
    /// The text of its key; empty when there is none.
    pub key: Arc<str>,
    /// The key as addresses have it: `[0]`, `["a"]`.
    pub suffix: String,
    /// `each` or `count`.
    pub name: Option<(&'static str, Node)>,
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
    /// The instances of a declaration; none while they are being evaluated.
    pub(super) fn instances(&mut self, frame: FrameId, index: usize) -> Option<Rc<Instances>> {
        match self.frames[frame].instances.get(&index) {
            Some(Slot::Done(instances)) => return Some(instances.clone()),
            Some(Slot::Busy) => return None,
            None => {}
        }
        self.frames[frame].instances.insert(index, Slot::Busy);
        let instances = Rc::new(self.apart(|evaluator| evaluator.make_instances(frame, index)));
        self.frames[frame].instances.insert(index, Slot::Done(instances.clone()));
        Some(instances)
    }

    fn make_instances(&mut self, frame: FrameId, index: usize) -> Instances {
        let module = self.frames[frame].module.clone();
        let declaration = &module.declarations[index];
        let Expansion { keys, meta, each } = self.expansion(frame, declaration);
        let mut list = Vec::with_capacity(each.len());
        self.doubting += usize::from(matches!(keys, Keys::Unknown(_)));
        for Each { key, suffix, name } in each {
            if self.is_spent() && !list.is_empty() {
                break;
            }
            let tree = self.tree(frame, declaration, name.as_ref(), meta.as_slice());
            let address = [&*self.frames[frame].prefix, &declaration.address, &suffix].concat().into();
            let computed = computed(declaration, &tree);
            list.push(Instance { key, address, tree, computed });
        }
        self.doubting = 0;
        Instances { keys, list }
    }

    /// What `count` and `for_each` of a declaration say.
    pub(super) fn expansion(&mut self, frame: FrameId, declaration: &Declaration<'a>) -> Expansion {
        let expands = matches!(declaration.kind, Kind::Resource | Kind::Data | Kind::Ephemeral | Kind::Module);
        for meta in ["count", "for_each"] {
            if let Some(written) = declaration.argument(meta).filter(|_| expands) {
                let value = self.value(written.expression, Scope::of(frame, written.unit));
                return match meta {
                    "count" => self.by_count(frame, declaration, value),
                    _ => self.by_name(frame, declaration, value),
                };
            }
        }
        let each = Each { key: "".into(), suffix: String::new(), name: None };
        Expansion { keys: Keys::One, meta: None, each: vec![each] }
    }

    fn by_count(&mut self, frame: FrameId, declaration: &Declaration<'a>, count: Node) -> Expansion {
        let Some(wanted) = count.as_int().and_then(|wanted| usize::try_from(wanted).ok()) else {
            return self.unknown("count", count, "`count` is no number");
        };
        let each = (0..self.capped(frame, declaration, wanted)).map(|index| {
            let mut map = Map::with_capacity(1);
            map.push_new("index", Node::int(index as i64, count.at));
            let name = Some(("count", Node::map(map, count.at)));
            Each { key: index.to_string().into(), suffix: format!("[{index}]"), name }
        });
        let each = each.collect();
        Expansion { keys: Keys::Numbers, meta: Some(("count", count)), each }
    }

    fn by_name(&mut self, frame: FrameId, declaration: &Declaration<'a>, value: Node) -> Expansion {
        let keyed = match &value.value {
            Value::Map(map) if map.rest.is_none() => elements(&value),
            // Terraform wants a set; a list of names is taken for one.
            Value::List(items) if items.iter().all(|item| item.as_str().is_some()) => {
                elements(&Shape::Set.on(value.clone()))
            }
            _ => None,
        };
        let Some(Elements { pairs, .. }) = keyed else {
            return self.unknown("for_each", value, "`for_each` is neither a map nor a set of names");
        };
        let count = self.capped(frame, declaration, pairs.len());
        let each = pairs.into_iter().take(count).map(|(key, value)| {
            let text: Arc<str> = key.as_str().unwrap_or_default().into();
            Each { suffix: quoted_key(&text), key: text, name: Some(("each", pair(key, value))) }
        });
        let each = each.collect();
        Expansion { keys: Keys::Names, meta: Some(("for_each", value)), each }
    }

    /// One resource for a number of them that is not known.
    fn unknown(&mut self, meta: &'static str, value: Node, wrong: &str) -> Expansion {
        let cause = match &value.value {
            Value::Unresolved(unresolved) => unresolved.why.clone(),
            Value::Map(map) => map.rest.clone().unwrap_or_else(|| wrong.into()),
            Value::List(items) => {
                let unknown = items.iter().find_map(Node::as_unresolved);
                unknown.map_or_else(|| wrong.into(), |unresolved| unresolved.why.clone())
            }
            Value::Scalar(_) => wrong.into(),
        };
        if *cause == *wrong {
            self.report(DiagnosticKind::Unresolved, value.at, wrong);
        }
        let why: Arc<str> = format!("`{meta}` is not known: {cause}").into();
        let iterated = Node::unresolved(why.clone(), value.at);
        let name = if meta == "count" { "count" } else { "each" };
        let each = Each { key: "".into(), suffix: String::new(), name: Some((name, iterated)) };
        Expansion { keys: Keys::Unknown(why), meta: Some((meta, value)), each: vec![each] }
    }

    fn capped(&mut self, frame: FrameId, declaration: &Declaration<'_>, wanted: usize) -> usize {
        if wanted > MAX_INSTANCES {
            let message = format!(
                "only the first {MAX_INSTANCES} of {wanted} instances of `{}{}` were looked at",
                self.frames[frame].prefix, declaration.address
            );
            let at = header(declaration.block, Scope::of(frame, declaration.unit));
            self.report(DiagnosticKind::Limit, at, message);
        }
        wanted.min(MAX_INSTANCES)
    }

    /// The tree of one instance; arguments of override files replace those of the block. `known` are arguments whose
    /// values the caller has found already.
    pub(super) fn tree(
        &mut self,
        frame: FrameId,
        declaration: &Declaration<'a>,
        name: Option<&(&'static str, Node)>,
        known: &[(&str, Node)],
    ) -> Node {
        let names = name.map(|(name, value)| Name { name, value, outer: None });
        let scope = Scope { names: names.as_ref(), ..Scope::of(frame, declaration.unit) };
        let of = declaration.block.body.attribute("type").filter(|_| declaration.kind == Kind::Variable);
        let of = of.map(|of| {
            let at = scope.at(of.value.span);
            ("type", Node::text(scope.written(at).trim_matches('"'), at))
        });
        let known: Vec<(&str, Node)> = known.iter().cloned().chain(of).collect();
        let mut map = self.body(&declaration.block.body, scope, &known);
        for (unit, block) in &declaration.overrides {
            let over = self.body(&block.body, Scope { unit: *unit, ..scope }, &known);
            for entry in over.entries() {
                map.insert(entry.key.clone(), entry.value.clone());
            }
        }
        let mut tree = Node::map(map, scope.at(declaration.block.span)).named(header(declaration.block, scope));
        let calls = self.call_places(frame);
        if !calls.is_empty() {
            tree.extra_mut().via = calls;
        }
        tree
    }
}

/// Attributes of a data source that are computed from what is written.
fn computed(declaration: &Declaration<'_>, tree: &Node) -> Vec<(&'static str, Node)> {
    if declaration.kind != Kind::Data || declaration.of != policy_document::TYPE {
        return Vec::new();
    }
    let policy = policy_document::document(tree);
    policy_document::ATTRIBUTES.map(|name| (name, policy.clone())).to_vec()
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
