//! References and steps into values: `var.a.b[0]`, `aws_s3_bucket.logs[*].id`, `each.value`.

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Part, Reference, Unresolved, Value};

use super::calls::{CallInstance, Calls};
use super::evaluator::{Evaluator, Scope};
use super::frame::FrameId;
use super::module::Kind;
use super::resource::{Instance, Instances, Keys};
use super::types::{Type, unify};
use super::value::{Failure, Outcome, Shape, fail, is_sensitive, marked, text, unresolved_by, with_refs};
use secscan_parse::hcl::syntax::{Expression, Kind as Written, Step};

/// Where a traversal is, for what its steps may find missing.
#[derive(Clone, Copy)]
struct Walk<'s> {
    at: Location,
    scope: Scope<'s>,
    /// The type of the resource whose attributes are walked: what is missing there is known to Terraform later.
    later: Option<&'s str>,
}

/// Roots that have a meaning of their own.
const UNKNOWN_ROOTS: [(&str, &str); 3] = [
    ("each", "`each` is known only where there is `for_each`"),
    ("count", "`count` is known only where there is `count`"),
    ("self", "`self` is known only after apply"),
];

impl<'a> Evaluator<'a> {
    /// The value of a name that stands alone.
    pub(super) fn name(&mut self, name: &str, at: Location, scope: Scope<'_>) -> Outcome {
        match scope.get(name) {
            Some(value) => {
                let value = value.clone();
                Ok(self.used(value, at))
            }
            None => fail(format!("`{name}` is not known")),
        }
    }

    /// The value of a reference, or of steps into another expression.
    pub(super) fn steps(&mut self, start: &Expression, steps: &[Step], at: Location, scope: Scope<'_>) -> Outcome {
        let walk = Walk { at, scope, later: None };
        let Written::Name(root) = &start.kind else {
            let value = self.attempt(start, scope)?;
            return self.walk(value, steps, walk);
        };
        if let Some(value) = scope.get(root) {
            let value = self.walk(value.clone(), steps, walk)?;
            return Ok(self.used(value, at));
        }
        let (name, rest) = match steps.split_first() {
            Some((Step::Attribute(name), rest)) if scope.template.is_none() => (name, rest),
            _ => return fail(format!("`{root}` is not known")),
        };
        let value = match &**root {
            "var" => self.variable(scope.frame, name, at),
            "local" => self.local(scope.frame, name, at),
            "path" => return Ok(self.path(name, at, scope)),
            "terraform" | "tofu" if &**name == "workspace" => Node::text("default", at),
            "module" => return self.module_value(name, rest, walk),
            "data" => return self.resource(Kind::Data, name, rest, walk),
            "ephemeral" => return self.resource(Kind::Ephemeral, name, rest, walk),
            root => {
                if let Some((_, why)) = UNKNOWN_ROOTS.iter().find(|(known, _)| *known == root) {
                    return Ok(Node::unresolved(*why, at));
                }
                return self.resource(Kind::Resource, root, steps, walk);
            }
        };
        let value = self.walk(value, rest, walk)?;
        Ok(self.referred(value, at))
    }

    /// `path.module` and the like, as seen from the root module.
    fn path(&self, name: &str, at: Location, scope: Scope<'_>) -> Node {
        match name {
            "module" => Node::text(&*self.frames[scope.frame].path, at),
            "root" => Node::text(".", at),
            _ => Node::unresolved(format!("`path.{name}` is known only when Terraform runs"), at),
        }
    }

    /// `module.NAME...`, where `steps` are what follows.
    fn module_value(&mut self, name: &str, steps: &[Step], walk: Walk<'_>) -> Outcome {
        let frame = walk.scope.frame;
        let module = self.frames[frame].module.clone();
        let Some(index) = module.find(Kind::Module, "", name) else {
            return Ok(Node::unresolved(format!("module `{name}` is not declared in this folder"), walk.at));
        };
        let Some(calls) = self.calls(frame, index) else {
            return Ok(self.cycle(&format!("module `{name}`"), walk.at));
        };
        let index = match steps.first() {
            Some(Step::Index(index)) => Some(self.attempt(index, walk.scope)?),
            Some(Step::LegacyIndex(index)) => Some(Node::int(*index as i64, walk.at)),
            _ => None,
        };
        let rest = steps.get(1..).unwrap_or_default();
        match (&calls.keys, &index) {
            (Keys::One, None) | (Keys::Unknown(_), Some(_)) => {
                let rest = if index.is_some() { rest } else { steps };
                match calls.list.first() {
                    Some(instance) => self.output_value(instance, rest, walk),
                    None => fail("there is no instance"),
                }
            }
            (Keys::Unknown(why), None) => {
                let refs: Vec<_> = calls.list.iter().map(|call| Reference { address: call.address.clone() }).collect();
                Ok(with_refs(Node::unresolved(why.clone(), walk.at), &refs))
            }
            (_, Some(index)) if index.as_unresolved().is_some() => Ok(unresolved_by(index, walk.at)),
            (_, Some(index)) => {
                let key = text(index)?;
                match calls.list.iter().find(|instance| *instance.key == *key) {
                    Some(instance) => self.output_value(instance, rest, walk),
                    None => fail(format!("`module.{name}` has no such instance")),
                }
            }
            (_, None) => {
                let all = self.all_outputs(&calls, walk);
                self.walk(all, steps, walk)
            }
        }
    }

    /// What `steps` lead to from one module instance.
    fn output_value(&mut self, instance: &CallInstance, steps: &[Step], walk: Walk<'_>) -> Outcome {
        let frame = match &instance.module {
            Ok(frame) => *frame,
            Err(why) => {
                let reference = Reference { address: instance.address.clone() };
                return Ok(with_refs(Node::unresolved(why.clone(), walk.at), &[reference]));
            }
        };
        let (name, rest) = match steps.split_first() {
            Some((Step::Attribute(name), rest)) => (name, rest),
            _ => {
                let outputs = self.outputs(frame, walk.at);
                return self.walk(outputs, steps, walk);
            }
        };
        match self.output(frame, name, walk.at) {
            Some(value) => {
                let value = self.walk(value, rest, walk)?;
                Ok(self.referred(value, walk.at))
            }
            None => fail(format!("`{}` has no output `{name}`", instance.address)),
        }
    }

    /// All outputs of a module instance.
    fn outputs(&mut self, frame: FrameId, at: Location) -> Node {
        let module = self.frames[frame].module.clone();
        let mut map = Map::default();
        for output in module.declarations.iter().filter(|declaration| declaration.kind == Kind::Output) {
            if let Some(value) = self.output(frame, output.name, at) {
                map.insert(output.name, value);
            }
        }
        Node::map(map, at)
    }

    /// The outputs of all instances of a call: a list, or a map by name.
    fn all_outputs(&mut self, calls: &Calls, walk: Walk<'_>) -> Node {
        let mut outputs = Vec::with_capacity(calls.list.len());
        for instance in &calls.list {
            let value = match &instance.module {
                Ok(frame) => self.outputs(*frame, walk.at),
                Err(why) => Node::unresolved(why.clone(), walk.at),
            };
            outputs.push((instance.key.clone(), value));
        }
        if calls.keys == Keys::Numbers {
            return Node::list(outputs.into_iter().map(|(_, value)| value).collect(), walk.at);
        }
        let mut map = Map::with_capacity(outputs.len());
        outputs.into_iter().for_each(|(key, value)| map.push_new(key, value));
        Node::map(map, walk.at)
    }

    /// `TYPE.NAME...`, where `steps` begin with the name.
    fn resource(&mut self, kind: Kind, of: &str, steps: &[Step], walk: Walk<'_>) -> Outcome {
        let Some((Step::Attribute(name), steps)) = steps.split_first() else {
            return fail(format!("`{of}` is not known"));
        };
        let frame = walk.scope.frame;
        let module = self.frames[frame].module.clone();
        let Some(index) = module.find(kind, of, name) else {
            let written = walk.scope.written(walk.at);
            return Ok(Node::unresolved(format!("`{written}` is not declared in this folder"), walk.at));
        };
        let address: Arc<str> = [&*self.frames[frame].prefix, &*module.declarations[index].address].concat().into();
        let Some(instances) = self.instances(frame, index) else {
            let refs = [Reference { address: address.clone() }];
            return Ok(with_refs(self.cycle(&format!("`{address}`"), walk.at), &refs));
        };
        let later = Walk { later: Some(of), ..walk };
        let (value, address) = self.instance_value(&instances, address, steps, later)?;
        let value = self.referred(value, walk.at);
        Ok(with_refs(value, &[Reference { address }]))
    }

    /// The value that `steps` lead to from the instances of a resource, and the address of what was referred to.
    fn instance_value(
        &mut self,
        instances: &Instances,
        address: Arc<str>,
        steps: &[Step],
        walk: Walk<'_>,
    ) -> Result<(Node, Arc<str>), Failure> {
        let index = match steps.first() {
            Some(Step::Index(index)) => Some(self.attempt(index, walk.scope)?),
            Some(Step::LegacyIndex(index)) => Some(Node::int(*index as i64, walk.at)),
            _ => None,
        };
        let rest = steps.get(1..).unwrap_or_default();
        let chosen: Option<&Instance> = match (&instances.keys, &index) {
            (Keys::One, None) => return Ok((self.attributes(instances.list.first(), steps, walk)?, address)),
            (Keys::Unknown(_), Some(_)) => instances.list.first(),
            (Keys::Unknown(why), None) => return Ok((Node::unresolved(why.clone(), walk.at), address)),
            (_, Some(index)) if index.as_unresolved().is_some() => return Ok((unresolved_by(index, walk.at), address)),
            (_, Some(index)) => {
                let key = text(index)?;
                Some(
                    instances
                        .list
                        .iter()
                        .find(|instance| *instance.key == *key)
                        .ok_or_else(|| Failure::new(format!("`{address}` has no such instance")))?,
                )
            }
            (_, None) => None,
        };
        match chosen {
            Some(instance) => {
                let address = instance.address.clone();
                Ok((self.attributes(Some(instance), rest, walk)?, address))
            }
            None => Ok((self.walk(collection(instances, walk.at), steps, walk)?, address)),
        }
    }

    /// Attributes of one instance: what is not written is known only after apply.
    fn attributes(&mut self, instance: Option<&Instance>, steps: &[Step], walk: Walk<'_>) -> Outcome {
        let Some(instance) = instance else { return fail("there is no instance") };
        match steps.split_first() {
            Some((Step::Attribute(name), rest)) => match instance.attribute(name) {
                Some(value) => self.walk(value.clone(), rest, walk),
                None if is_arn(walk.later, name) => Ok(arn(walk)),
                None => Ok(Node::unresolved(after_apply(walk), walk.at)),
            },
            _ => self.walk(instance.open(), steps, walk),
        }
    }

    /// Takes `steps` into a value.
    fn walk(&mut self, start: Node, steps: &[Step], walk: Walk<'_>) -> Outcome {
        let mut node = start;
        let mut sensitive = is_sensitive(&node);
        for (done, step) in steps.iter().enumerate() {
            if node.as_unresolved().is_some() {
                return Ok(node);
            }
            // Looking a key up goes through the entries of a map.
            if let Err(too_much) = self.spend(node.entries().len() / 16, walk.at) {
                return Ok(too_much);
            }
            sensitive |= is_sensitive(&node);
            node = match step {
                Step::Attribute(name) => key(node, name, walk)?,
                Step::LegacyIndex(index) => item(&node, *index as i64, walk)?,
                Step::Index(index) => {
                    let index = self.attempt(index, walk.scope)?;
                    indexed(node, &index, walk)?
                }
                Step::FullSplat => return self.splat(&node, &steps[done + 1..], &[], walk),
                Step::AttributeSplat => {
                    let rest = &steps[done + 1..];
                    let names = rest.iter().take_while(|step| matches!(step, Step::Attribute(_))).count();
                    let (inner, outer) = rest.split_at(names);
                    return self.splat(&node, inner, outer, walk);
                }
            };
        }
        Ok(marked(node, sensitive))
    }

    /// `node[*]` and `node.*`: `inner` steps into each element, `outer` into the list of the results.
    fn splat(&mut self, node: &Node, inner: &[Step], outer: &[Step], walk: Walk<'_>) -> Outcome {
        let is_list = node.as_list().is_some() && !Shape::of(node).is_some_and(Shape::is_text);
        let elements = if is_list || node.is_null() { node.items() } else { std::slice::from_ref(node) };
        let mut list = Vec::with_capacity(elements.len());
        for element in elements {
            self.enter(walk.at).map_err(|node| Failure::unknown(&node))?;
            let result = self.walk(element.clone(), inner, walk);
            self.depth -= 1;
            list.push(result?);
        }
        let types: Vec<Type> = list.iter().map(Type::of).collect();
        let all = Node::list(list, walk.at);
        // Of a list a list is made, of a tuple a tuple.
        let all = match Shape::of(node) {
            Some(Shape::List | Shape::Set) if unify(&types.iter().collect::<Vec<_>>()).is_some() => Shape::List.on(all),
            _ => all,
        };
        self.walk(all, outer, walk)
    }
}

fn after_apply(walk: Walk<'_>) -> String {
    ["`", walk.scope.written(walk.at), "` is known only after apply"].concat()
}

/// Whether an attribute of a type is the ARN that AWS gives.
fn is_arn(of: Option<&str>, attribute: &str) -> bool {
    attribute == "arn" && of.is_some_and(|of| of.starts_with("aws_"))
}

/// An ARN that is known only after apply: how it begins is known, so that it is no `*`.
fn arn(walk: Walk<'_>) -> Node {
    let written = format!("${{{}}}", walk.scope.written(walk.at));
    let parts = vec![Part::Fixed("arn:".into()), Part::Hole(written.into())];
    let unresolved = Unresolved { why: after_apply(walk).into(), perhaps_absent: false, parts };
    Node::new(Value::Unresolved(unresolved.into()), walk.at)
}

/// The value of a map's key.
fn key(node: Node, key: &str, walk: Walk<'_>) -> Outcome {
    match &node.value {
        Value::Map(_) if Shape::of(&node).is_some_and(Shape::is_text) => fail("a text has no attributes"),
        Value::Map(map) => match (map.get(key), &map.rest) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(why)) => Ok(Node::unresolved(why.clone(), walk.at)),
            (None, None) if walk.later.is_some() => Ok(Node::unresolved(after_apply(walk), walk.at)),
            (None, None) => fail(format!("there is no `{key}` in `{}`", walk.scope.written(walk.at))),
        },
        // `instance.0.id`-like access without the index was common before Terraform 0.12.
        Value::List(items) if items.len() == 1 && walk.later.is_some() => match items.first() {
            Some(only) => self::key(only.clone(), key, walk),
            None => fail("there is no element"),
        },
        _ if walk.later.is_some() => Ok(Node::unresolved(after_apply(walk), walk.at)),
        _ => fail(format!("`{key}` is asked of something that has no attributes")),
    }
}

/// An item of a list.
fn item(node: &Node, index: i64, walk: Walk<'_>) -> Outcome {
    if matches!(Shape::of(node), Some(Shape::Set | Shape::Json | Shape::Yaml)) && walk.later.is_none() {
        return fail("the elements of a set have no numbers");
    }
    let index_in_list = usize::try_from(index).ok();
    let up_to_it = index_in_list.map_or(0, |index| index.saturating_add(1));
    let is_uncertain = |item: &&Node| item.as_unresolved().is_some_and(|item| item.perhaps_absent);
    if let Some(uncertain) = node.as_list().unwrap_or_default().iter().take(up_to_it).find(is_uncertain) {
        return Ok(unresolved_by(uncertain, walk.at));
    }
    let item = node.as_list().and_then(|items| items.get(index_in_list?));
    match item {
        Some(item) => Ok(item.clone()),
        None if walk.later.is_some() => Ok(Node::unresolved(after_apply(walk), walk.at)),
        None => fail(format!("there is no element {index}")),
    }
}

/// `node[index]` of any value.
fn indexed(node: Node, index: &Node, walk: Walk<'_>) -> Outcome {
    if index.as_unresolved().is_some() {
        return Ok(unresolved_by(index, walk.at));
    }
    match (&node.value, super::value::number(index).ok().and_then(|index| index.to_int())) {
        (Value::List(_), Some(index)) => item(&node, index, walk),
        (Value::Map(_), _) => {
            let name = text(index)?;
            key(node, &name, walk)
        }
        _ if walk.later.is_some() => Ok(Node::unresolved(after_apply(walk), walk.at)),
        _ => fail("there is no such element"),
    }
}

/// All instances as a value: a list, or a map by name.
fn collection(instances: &Instances, at: Location) -> Node {
    if instances.keys == Keys::Numbers {
        return Node::list(instances.list.iter().map(Instance::open).collect(), at);
    }
    let mut map = Map::with_capacity(instances.list.len());
    for instance in &instances.list {
        map.push_new(instance.key.clone(), instance.open());
    }
    Node::map(map, at)
}
