//! References and steps into values: `var.a.b[0]`, `aws_s3_bucket.logs[*].id`, `each.value`.

use std::sync::Arc;

use hcl_edit::Decorated;
use hcl_edit::expr::{Traversal, TraversalOperator};
use secscan_model::{Location, Node, Reference, Value};

use super::evaluator::{Evaluator, Scope};
use super::module::Kind;
use super::resource::{Instance, Instances, Keys};
use super::value::{Failure, Outcome, fail, text, unresolved_by, with_refs};

type Steps<'e> = &'e [Decorated<TraversalOperator>];

/// Where a traversal is, for what its steps may find missing.
#[derive(Clone, Copy)]
struct Walk<'s> {
    at: Location,
    scope: Scope<'s>,
    /// Whether what is missing is known to Terraform later: attributes of resources.
    later: bool,
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
    pub(super) fn traversal(&mut self, traversal: &Traversal, at: Location, scope: Scope<'_>) -> Outcome {
        let steps = &*traversal.operators;
        let Some(root) = traversal.expr.as_variable().map(|root| root.as_str()) else {
            let value = self.attempt(&traversal.expr, scope)?;
            return self.walk(value, steps, Walk { at, scope, later: false });
        };
        if let Some(value) = scope.get(root) {
            let value = self.walk(value.clone(), steps, Walk { at, scope, later: false })?;
            return Ok(self.used(value, at));
        }
        let (name, rest) = match steps.split_first() {
            Some((first, rest)) => (attribute(first), rest),
            None => (None, steps),
        };
        let Some(name) = name else { return fail(format!("`{root}` is not known")) };
        let walk = Walk { at, scope, later: false };
        let value = match root {
            "var" => self.variable(name, at),
            "local" => self.local(name, at),
            "path" => return Ok(path(name, at)),
            "terraform" => {
                return Ok(Node::unresolved(format!("`terraform.{name}` is chosen when Terraform runs"), at));
            }
            "module" => return self.module_output(name, at),
            "data" => return self.resource(Kind::Data, name, rest, walk),
            _ => {
                if let Some((_, why)) = UNKNOWN_ROOTS.iter().find(|(known, _)| *known == root) {
                    return Ok(Node::unresolved(*why, at));
                }
                return self.resource(Kind::Resource, root, steps, walk);
            }
        };
        let value = self.walk(value, rest, walk)?;
        Ok(self.referred(value, at))
    }

    fn module_output(&mut self, name: &str, at: Location) -> Outcome {
        let Some(index) = self.module.find(Kind::Module, "", name) else {
            return Ok(Node::unresolved(format!("module `{name}` is not declared in this folder"), at));
        };
        let reference = Reference { address: self.module.declarations[index].address.clone() };
        Ok(with_refs(Node::unresolved(format!("module `{name}` is not read"), at), &[reference]))
    }

    /// `TYPE.NAME...`, where `steps` begin with the name.
    fn resource(&mut self, kind: Kind, of: &str, steps: Steps<'_>, walk: Walk<'_>) -> Outcome {
        let Some((name, steps)) = steps.split_first().and_then(|(name, rest)| Some((attribute(name)?, rest))) else {
            return fail(format!("`{of}` is not known"));
        };
        let Some(index) = self.module.find(kind, of, name) else {
            let written = walk.scope.written(walk.at);
            return Ok(Node::unresolved(format!("`{written}` is not declared in this folder"), walk.at));
        };
        let address = self.module.declarations[index].address.clone();
        let Some(instances) = self.instances(index) else {
            let refs = [Reference { address: address.clone() }];
            return Ok(with_refs(self.cycle(&format!("`{address}`"), walk.at), &refs));
        };
        let (value, address) = self.instance_value(&instances, address, steps, walk)?;
        let value = self.referred(value, walk.at);
        Ok(with_refs(value, &[Reference { address }]))
    }

    /// The value that `steps` lead to from the instances of a resource, and the address of what was referred to.
    fn instance_value(
        &mut self,
        instances: &Instances,
        address: Arc<str>,
        steps: Steps<'_>,
        walk: Walk<'_>,
    ) -> Result<(Node, Arc<str>), Failure> {
        let later = Walk { later: true, ..walk };
        let index = match steps.first().map(Decorated::value) {
            Some(TraversalOperator::Index(index)) => Some(self.attempt(index, walk.scope)?),
            Some(TraversalOperator::LegacyIndex(index)) => Some(Node::int(*index.value() as i64, walk.at)),
            _ => None,
        };
        let rest = steps.get(1..).unwrap_or_default();
        let chosen: Option<&Instance> = match (&instances.keys, &index) {
            (Keys::One, None) => return Ok((self.attributes(instances.list.first(), steps, later)?, address)),
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
                        .ok_or_else(|| no_instance(&address))?,
                )
            }
            (_, None) => None,
        };
        match chosen {
            Some(instance) => {
                let address = instance.address.clone();
                Ok((self.attributes(Some(instance), rest, later)?, address))
            }
            None => Ok((self.walk(collection(instances, walk.at), steps, later)?, address)),
        }
    }

    /// Attributes of one instance: what is not written is known only after apply.
    fn attributes(&mut self, instance: Option<&Instance>, steps: Steps<'_>, walk: Walk<'_>) -> Outcome {
        let Some(instance) = instance else { return fail("there is no instance") };
        match steps.split_first().and_then(|(first, rest)| Some((attribute(first)?, rest))) {
            Some((name, rest)) => match instance.attribute(name) {
                Some(value) => self.walk(value.clone(), rest, walk),
                None => Ok(Node::unresolved(after_apply(walk), walk.at)),
            },
            None => self.walk(instance.open(), steps, walk),
        }
    }

    /// Takes `steps` into a value.
    fn walk(&mut self, start: Node, steps: Steps<'_>, walk: Walk<'_>) -> Outcome {
        let mut node = start;
        for (done, step) in steps.iter().enumerate() {
            if node.as_unresolved().is_some() {
                return Ok(node);
            }
            // Looking a key up goes through the entries of a map.
            if let Err(too_much) = self.spend(node.entries().len() / 16, walk.at) {
                return Ok(too_much);
            }
            node = match step.value() {
                TraversalOperator::GetAttr(name) => key(node, name.as_str(), walk)?,
                TraversalOperator::LegacyIndex(index) => item(&node, *index.value() as i64, walk)?,
                TraversalOperator::Index(index) => {
                    let index = self.attempt(index, walk.scope)?;
                    indexed(node, &index, walk)?
                }
                TraversalOperator::FullSplat(_) => return self.splat(&node, &steps[done + 1..], &[], walk),
                TraversalOperator::AttrSplat(_) => {
                    let rest = &steps[done + 1..];
                    let names = rest.iter().take_while(|step| attribute(step).is_some()).count();
                    let (inner, outer) = rest.split_at(names);
                    return self.splat(&node, inner, outer, walk);
                }
            };
        }
        Ok(node)
    }

    /// `node[*]` and `node.*`: `inner` steps into each element, `outer` into the list of the results.
    fn splat(&mut self, node: &Node, inner: Steps<'_>, outer: Steps<'_>, walk: Walk<'_>) -> Outcome {
        let mut list = Vec::with_capacity(node.items().len());
        for element in node.items() {
            self.enter(walk.at).map_err(|node| Failure::new(reason(&node)))?;
            let result = self.walk(element.clone(), inner, walk);
            self.depth -= 1;
            list.push(result?);
        }
        self.walk(Node::list(list, walk.at), outer, walk)
    }
}

fn reason(node: &Node) -> Arc<str> {
    node.as_unresolved().map_or_else(|| "not known".into(), |unresolved| unresolved.why.clone())
}

fn no_instance(address: &str) -> Failure {
    Failure::new(format!("`{address}` has no such instance"))
}

fn attribute(step: &Decorated<TraversalOperator>) -> Option<&str> {
    match step.value() {
        TraversalOperator::GetAttr(name) => Some(name.as_str()),
        _ => None,
    }
}

fn after_apply(walk: Walk<'_>) -> String {
    format!("`{}` is known only after apply", walk.scope.written(walk.at))
}

/// The value of a map's key.
fn key(node: Node, key: &str, walk: Walk<'_>) -> Outcome {
    match &node.value {
        Value::Map(map) => match (map.get(key), &map.rest) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(why)) => Ok(Node::unresolved(why.clone(), walk.at)),
            (None, None) if walk.later => Ok(Node::unresolved(after_apply(walk), walk.at)),
            (None, None) => fail(format!("there is no `{key}` in `{}`", walk.scope.written(walk.at))),
        },
        // `instance.0.id`-like access without the index was common before Terraform 0.12.
        Value::List(items) if items.len() == 1 && walk.later => match items.first() {
            Some(only) => self::key(only.clone(), key, walk),
            None => fail("there is no element"),
        },
        _ if walk.later => Ok(Node::unresolved(after_apply(walk), walk.at)),
        _ => fail(format!("`{key}` is asked of something that has no attributes")),
    }
}

/// An item of a list.
fn item(node: &Node, index: i64, walk: Walk<'_>) -> Outcome {
    let item = node.as_list().and_then(|items| items.get(usize::try_from(index).ok()?));
    match item {
        Some(item) => Ok(item.clone()),
        None if walk.later => Ok(Node::unresolved(after_apply(walk), walk.at)),
        None => fail(format!("there is no element {index}")),
    }
}

/// `node[index]` of any value.
fn indexed(node: Node, index: &Node, walk: Walk<'_>) -> Outcome {
    if index.as_unresolved().is_some() {
        return Ok(unresolved_by(index, walk.at));
    }
    match (&node.value, index.as_int()) {
        (Value::List(_), Some(index)) => item(&node, index, walk),
        (Value::Map(_), _) => {
            let name = text(index)?;
            key(node, &name, walk)
        }
        _ if walk.later => Ok(Node::unresolved(after_apply(walk), walk.at)),
        _ => fail("there is no such element"),
    }
}

/// `path.module` and the like, seen from the root module.
fn path(name: &str, at: Location) -> Node {
    match name {
        "module" | "root" => Node::text(".", at),
        _ => Node::unresolved(format!("`path.{name}` is known only when Terraform runs"), at),
    }
}

/// All instances as a value: a list, or a map by name.
fn collection(instances: &Instances, at: Location) -> Node {
    if instances.keys == Keys::Numbers {
        return Node::list(instances.list.iter().map(Instance::open).collect(), at);
    }
    let mut map = secscan_model::Map::with_capacity(instances.list.len());
    for instance in &instances.list {
        map.push_new(instance.key.clone(), instance.open());
    }
    Node::map(map, at)
}
