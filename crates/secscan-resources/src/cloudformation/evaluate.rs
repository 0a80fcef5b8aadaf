//! References, choices and lookups of a template, as far as the template itself answers them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use secscan_model::{Extra, Map, Node, Part, Reference, Scalar, Unresolved, Value};

use super::File;
use super::conditions::Truth;
use crate::links::each_reference;

/// How many values one template may evaluate to, text counted by its length. The service accepts templates of 1 MB.
const BUDGET: usize = 2_000_000;

/// How deep values may nest once aliases are followed.
const MAX_DEPTH: usize = 200;

/// How many stacks may stand within each other.
const MAX_STACKS: usize = 16;

/// What only a deployment tells.
pub(super) const AT_DEPLOYMENT: &str = "known only at deployment";

/// Evaluates the values of one template.
pub(super) struct Evaluator<'a> {
    /// What the parameters are given from outside.
    pub(super) given: BTreeMap<String, Node>,
    /// The outputs of stacks within this one, by logical id: those that were asked for.
    pub(super) outputs: BTreeMap<String, Option<Node>>,
    /// The templates of the tree by their paths.
    pub(super) files: &'a dyn Fn(&str) -> Option<&'a File>,
    /// What stands before logical ids in addresses: the stacks that this one stands in.
    pub(super) prefix: String,
    /// The files through which the template came to be deployed, itself the last.
    pub(super) path: Vec<Arc<str>>,
    /// The names of loops with what they stand for, the innermost last.
    pub(super) names: Vec<(Arc<str>, Node)>,
    pub(super) parameters: Section<'a>,
    pub(super) mappings: Section<'a>,
    pub(super) conditions: Section<'a>,
    pub(super) resources: Section<'a>,
    /// What conditions turned out to be; none while one is being evaluated, so that a cycle is seen.
    pub(super) truths: BTreeMap<&'a str, Option<Truth>>,
    budget: Rc<Cell<usize>>,
    depth: usize,
}

/// The entries of a section by name.
type Section<'a> = BTreeMap<&'a str, &'a Node>;

/// The use of an intrinsic function, in its long or in its short form.
pub(super) struct Call<'n> {
    /// Its name without `Fn::` or `!`.
    pub(super) name: &'n str,
    pub(super) argument: Node,
}

impl<'n> Call<'n> {
    /// The call that a value is, when it is one.
    pub(super) fn of(node: &'n Node) -> Option<Self> {
        if let Some(tag) = node.extra.as_ref().and_then(|extra| extra.tag.as_deref())
            && let Some(name) = tag.strip_prefix('!').filter(|name| !name.starts_with('!'))
        {
            let mut argument = node.clone();
            argument.extra_mut().tag = None;
            return Some(Self { name, argument });
        }
        let [entry] = node.entries() else { return None };
        let name = match entry.key.strip_prefix("Fn::") {
            Some(name) => name,
            None if &*entry.key == "Ref" => "Ref",
            None => return None,
        };
        Some(Self { name, argument: entry.value.clone() })
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(file: &'a File, files: &'a dyn Fn(&str) -> Option<&'a File>) -> Self {
        let section = |name| -> Section<'a> {
            super::section(&file.document, name).iter().map(|entry| (&*entry.key, &entry.value)).collect()
        };
        Self {
            given: BTreeMap::new(),
            outputs: BTreeMap::new(),
            files,
            prefix: String::new(),
            path: vec![file.path.clone()],
            names: Vec::new(),
            parameters: section("Parameters"),
            mappings: section("Mappings"),
            conditions: section("Conditions"),
            resources: section("Resources"),
            truths: BTreeMap::new(),
            budget: Rc::new(Cell::new(BUDGET)),
            depth: 0,
        }
    }

    /// An evaluator of a stack within this one, with what its parameters are given; none when the template is one of
    /// those that this stack stands in.
    pub(super) fn within(&self, file: &'a File, given: BTreeMap<String, Node>) -> Option<Self> {
        if self.path.contains(&file.path) || self.path.len() >= MAX_STACKS {
            return None;
        }
        let mut inner = Self::new(file, self.files);
        inner.path = self.path.iter().cloned().chain([file.path.clone()]).collect();
        inner.budget = self.budget.clone();
        inner.given = given;
        Some(inner)
    }

    /// Whether the budget did not suffice.
    pub(super) fn exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    /// Takes from the budget; false when nothing is left.
    pub(super) fn spend(&mut self, cost: usize) -> bool {
        self.budget.set(self.budget.get().saturating_sub(cost));
        self.budget.get() > 0
    }

    /// Goes one level deeper; none when that is too deep or too much.
    pub(super) fn deeper<T>(&mut self, go: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH || !self.spend(1) {
            return None;
        }
        self.depth += 1;
        let result = go(self);
        self.depth -= 1;
        Some(result)
    }

    /// The value of a node; none when it is `AWS::NoValue`, which takes the property away.
    pub(super) fn evaluate(&mut self, node: &Node) -> Option<Node> {
        let too_much = || Some(unresolved("nested too deep or too large to evaluate", node));
        self.deeper(|this| match (Call::of(node), &node.value) {
            (Some(call), _) => this.call(&call, node),
            (None, Value::List(items)) => {
                let items = items.iter().filter_map(|item| this.evaluate(item)).collect();
                Some(Node { value: Value::List(Arc::new(items)), ..node.clone() })
            }
            (None, Value::Map(map)) => Some(Node { value: Value::Map(Arc::new(this.map(map))), ..node.clone() }),
            (None, _) => Some(node.clone()),
        })
        .unwrap_or_else(too_much)
    }

    /// A resource within a loop: everything but the name of its condition.
    pub(super) fn evaluate_attributes(&mut self, body: &Node) -> Option<Node> {
        let Value::Map(map) = &body.value else { return Some(body.clone()) };
        let mut evaluated = self.map(map);
        if let Some(condition) = map.get("Condition") {
            evaluated.insert("Condition", condition.clone());
        }
        Some(Node { value: Value::Map(Arc::new(evaluated)), ..body.clone() })
    }

    fn map(&mut self, map: &Map) -> Map {
        let mut evaluated = Map::with_capacity(map.len());
        evaluated.rest = map.rest.clone();
        for entry in map.entries() {
            if entry.key.starts_with("Fn::ForEach::") {
                match self.repeated(&entry.value) {
                    Some(made) => made.into_iter().for_each(|(key, value)| drop(evaluated.insert(key, value))),
                    None => evaluated.rest = Some(format!("`{}` may add more", entry.key).into()),
                }
            } else if entry.key.starts_with("Fn::") {
                // A function beside other keys (`Fn::Transform`, `Fn::ForEach::X`) adds keys of its own.
                evaluated.rest = Some(format!("`{}` may add more", entry.key).into());
            } else if let Some(value) = self.evaluate(&entry.value) {
                evaluated.push_new(entry.key.clone(), value);
            }
        }
        evaluated
    }

    fn call(&mut self, call: &Call<'_>, node: &Node) -> Option<Node> {
        let argument = &call.argument;
        let value = match call.name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default(), node)?,
            "GetAtt" => self.attribute(argument, node),
            "If" => self.choice(argument, node)?,
            "FindInMap" => self.lookup(argument, node)?,
            "Sub" => self.substitute(argument, node),
            "Join" => self.join(argument, node),
            "Split" => self.split(argument, node),
            "Select" => self.select(argument, node)?,
            // What is encoded is what rules look at; the encoding adds nothing to it. JSON text and the map that it is
            // made from look alike to rules as well.
            "Base64" | "ToJsonString" => self.evaluate(argument)?,
            "Length" => self.length(argument, node)?,
            "Cidr" => self.cidr(argument, node),
            "And" | "Or" | "Not" | "Equals" => match self.condition_of(node) {
                Truth::Unknown => unresolved("the condition is not known from the files", node),
                truth => Node::bool(truth == Truth::True, node.at),
            },
            name => {
                let mut value = unresolved(format!("what `{name}` gives is {AT_DEPLOYMENT}"), node);
                let inner = self.evaluate(argument);
                inherit_references(&mut value, inner.iter());
                value
            }
        };
        Some(value.named(node.name_at))
    }

    /// `Ref`: a parameter's default, or something of a resource that only a deployment tells.
    pub(super) fn reference(&mut self, name: &str, node: &Node) -> Option<Node> {
        if name == "AWS::NoValue" {
            return None;
        }
        if let Some((_, value)) = self.names.iter().rev().find(|(known, _)| **known == *name) {
            return Some(value.clone());
        }
        if let Some(parameter) = self.parameters.get(name) {
            return Some(match self.given.get(name) {
                Some(given) => self.given_parameter(name, parameter, given.clone(), node),
                None => self.parameter(name, parameter, node),
            });
        }
        Some(match self.resources.contains_key(name) {
            true => refers_to(unresolved(format!("the id of `{name}` is {AT_DEPLOYMENT}"), node), name),
            false if name.starts_with("AWS::") => unresolved(format!("`{name}` is {AT_DEPLOYMENT}"), node),
            false => unresolved(format!("`{name}` is no parameter and no resource of the template"), node),
        })
    }

    /// The value of a parameter: its default where the default is written, reached through the reference.
    fn parameter(&mut self, name: &str, parameter: &Node, node: &Node) -> Node {
        let kind = parameter.get("Type").and_then(Node::as_str).unwrap_or("String");
        let default = parameter.get("Default").filter(|default| !default.is_null());
        let (Some(default), false) = (default, kind.starts_with("AWS::SSM::Parameter::Value")) else {
            let why = match default {
                Some(_) => format!("parameter `{name}` is read from the parameter store at deployment"),
                None => format!("parameter `{name}` has no default"),
            };
            return refers_to(unresolved(why, node), name);
        };
        let refs = vec![Reference { address: name.into() }];
        let extra = Some(Arc::new(Extra { via: vec![node.at], refs, ..Extra::default() }));
        let through = |value: Node| Node { extra: extra.clone(), ..value };
        let value = match default.as_str() {
            Some(text) if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
                let item = |item: &str| through(Node::text(item.trim(), default.at));
                let items: Vec<Node> = text.split(',').map(item).collect();
                self.spend(items.len());
                Node::list(items, default.at)
            }
            _ => default.clone(),
        };
        through(value).named(node.name_at)
    }

    /// What a parameter is given by the stack around, reached through the reference.
    fn given_parameter(&mut self, name: &str, parameter: &Node, mut value: Node, node: &Node) -> Node {
        let kind = parameter.get("Type").and_then(Node::as_str).unwrap_or("String");
        if let Some(text) = value.as_str().filter(|_| kind == "CommaDelimitedList" || kind.starts_with("List<")) {
            let items: Vec<Node> = text.split(',').map(|item| Node::text(item.trim(), value.at)).collect();
            self.spend(items.len());
            value = Node::list(items, value.at);
        }
        let via = std::iter::once(node.at).chain(value.via().iter().copied()).take(MAX_STACKS).collect();
        let own = Reference { address: name.into() };
        let refs = std::iter::once(own).chain(value.refs().iter().cloned()).collect();
        value.extra = Some(Arc::new(Extra { via, refs, ..Extra::default() }));
        value.named(node.name_at)
    }

    /// `Fn::GetAtt`: `Name.Attribute` or `[Name, Attribute]`.
    fn attribute(&mut self, argument: &Node, node: &Node) -> Node {
        let mut words = argument.items().iter().filter_map(Node::as_str).flat_map(|word| word.split('.'));
        let name = words.next().unwrap_or_default();
        let attribute = words.collect::<Vec<_>>().join(".");
        self.attribute_of(name, &attribute, node)
    }

    /// An attribute of a resource: an output of a stack that is in the files, or something that only a deployment tells.
    pub(super) fn attribute_of(&mut self, name: &str, attribute: &str, node: &Node) -> Node {
        if let Some(value) = attribute.strip_prefix("Outputs.").and_then(|output| self.output_of(name, output)) {
            return refers_to(value, name);
        }
        let why = format!("`{attribute}` of `{name}` is {AT_DEPLOYMENT}");
        let Some(resource) = self.resources.get(name) else { return unresolved(why, node) };
        let of = resource.get("Type").and_then(Node::as_str).unwrap_or_default();
        // What is not AWS's own may call anything so.
        let is_arn = attribute == "Arn" && of.starts_with("AWS::") && !of.starts_with("AWS::CloudFormation::");
        let value = match is_arn {
            true => arn(name, why, node),
            false => unresolved(why, node),
        };
        refers_to(value, name)
    }

    /// `Fn::If`: the arm that is chosen; where the choice is not known, what both arms agree on.
    fn choice(&mut self, argument: &Node, node: &Node) -> Option<Node> {
        let [condition, yes, no] = argument.items() else {
            return Some(unresolved("`Fn::If` without a condition and two values", node));
        };
        let condition = condition.as_str().unwrap_or_default();
        match self.condition(condition) {
            Truth::True => return self.evaluate(yes),
            Truth::False => return self.evaluate(no),
            Truth::Unknown => {}
        }
        let arms = (self.evaluate(yes), self.evaluate(no));
        if let (Some(yes), Some(no)) = &arms
            && same(yes, no)
        {
            return arms.0;
        }
        let unresolved = Unresolved {
            why: format!("condition `{condition}` is not known from the files").into(),
            perhaps_absent: arms.0.is_none() || arms.1.is_none(),
            parts: Vec::new(),
        };
        let mut value = Node::new(Value::Unresolved(Arc::new(unresolved)), node.at);
        inherit_references(&mut value, arms.0.iter().chain(&arms.1));
        (arms.0.is_some() || arms.1.is_some()).then_some(value)
    }

    /// `Fn::FindInMap`: the entry of a mapping, where it is written.
    fn lookup(&mut self, argument: &Node, node: &Node) -> Option<Node> {
        let [map, first, second, options @ ..] = argument.items() else {
            return Some(unresolved("`Fn::FindInMap` without a map and two keys", node));
        };
        let mut keys = Vec::with_capacity(3);
        for key in [map, first, second] {
            let key = self.evaluate(key)?;
            if let Some(unknown) = key.as_unresolved() {
                let mut value = unresolved(format!("a key of `Fn::FindInMap` is not known: {}", unknown.why), node);
                inherit_references(&mut value, [&key]);
                return Some(value);
            }
            keys.push(key);
        }
        let mut names = keys.iter().map(Node::as_str);
        let mapping = names.next().flatten().and_then(|name| self.mappings.get(name).copied());
        let found = names.try_fold(mapping, |map, name| Some(map.zip(name).and_then(|(map, name)| map.get(name))));
        let Some(found) = found.flatten() else {
            if let Some(default) = options.first().and_then(|options| options.get("DefaultValue")) {
                return self.evaluate(default);
            }
            return Some(unresolved("`Fn::FindInMap` finds nothing in the mappings of the template", node));
        };
        let mut value = self.evaluate(found)?;
        value.extra_mut().via.insert(0, node.at);
        Some(value)
    }

    /// `DependsOn`: one or many names, each of which refers to its resource.
    pub(super) fn depends_on(&mut self, node: &Node) -> Option<Node> {
        let refer = |node: &Node| match node.as_str() {
            Some(name) => refers_to(node.clone(), name),
            None => node.clone(),
        };
        let names = self.evaluate(node)?;
        Some(match &names.value {
            Value::List(items) => Node { value: Value::List(Arc::new(items.iter().map(refer).collect())), ..names },
            _ => refer(&names),
        })
    }
}

/// Something unknown in the place of a node.
pub(super) fn unresolved(why: impl Into<Arc<str>>, node: &Node) -> Node {
    Node::unresolved(why, node.at).named(node.name_at)
}

/// An ARN that only a deployment tells: how it begins is known, so that it is no `*`.
fn arn(name: &str, why: String, node: &Node) -> Node {
    let parts = vec![Part::Fixed("arn:".into()), Part::Hole(format!("${{{name}.Arn}}").into())];
    let unresolved = Unresolved { why: why.into(), perhaps_absent: false, parts };
    Node::new(Value::Unresolved(Arc::new(unresolved)), node.at).named(node.name_at)
}

/// The node with a reference to a logical id.
pub(super) fn refers_to(mut node: Node, name: &str) -> Node {
    node.extra_mut().refs.push(Reference { address: name.into() });
    node
}

/// Adds the references anywhere in `from` to a node.
pub(super) fn inherit_references<'n>(node: &mut Node, from: impl IntoIterator<Item = &'n Node>) {
    let mut addresses = BTreeSet::new();
    for origin in from {
        each_reference(origin, &mut |_, address| {
            addresses.insert(Arc::<str>::from(address));
        });
    }
    if !addresses.is_empty() {
        node.extra_mut().refs.extend(addresses.into_iter().map(|address| Reference { address }));
    }
}

/// Whether two values are equal wherever they are written; what is unknown equals nothing.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(Scalar { text: a, .. }), Value::Scalar(Scalar { text: b, .. })) => a == b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.rest.is_none()
                && b.rest.is_none()
                && a.len() == b.len()
                && a.entries().iter().zip(b.entries()).all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        _ => false,
    }
}
