//! One stack: what its template says becomes resources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Edge, Location, Map, Node, Platform, Resource, ResourceId, Value};

use super::conditions::Truth;
use super::evaluate::Evaluator;
use super::sam::{self, Globals};
use super::{File, nested, section};
use crate::{Batch, links};

/// The attributes of a resource that stand beside its properties in the resource's value. A property of the same name
/// wins; `Type` is not among them because many properties bear that name and `$type` answers it.
const ATTRIBUTES: &[&str] =
    &["Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"];

/// How many resources the stacks that begin with one template may have.
const MAX_RESOURCES: usize = 20_000;

/// Makes the resources of a template, and of the stacks within it.
pub(super) fn deploy<'a>(
    file: &'a File,
    files: &'a dyn Fn(&str) -> Option<&'a File>,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let unit = format!("cloudformation:{}", file.path).into();
    let mut stack = Stack {
        file,
        unit,
        prefix: String::new(),
        evaluator: Evaluator::new(file, files),
        globals: Globals::of(&file.document),
        left_out: Vec::new(),
        own: Vec::new(),
        first: batch.resources.len(),
        batch,
        diagnostics,
    };
    stack.all();
    stack.account();
    let first = stack.first;
    link(batch, first);
}

/// A template while it is read.
pub(super) struct Stack<'a, 'b> {
    pub(super) file: &'a File,
    unit: Arc<str>,
    /// What stands before logical ids in addresses: the stacks that this one stands in.
    prefix: String,
    pub(super) evaluator: Evaluator<'a>,
    globals: Globals,
    /// The resources whose conditions are false.
    left_out: Vec<(Arc<str>, Location)>,
    /// The stacks within it, which are made last.
    own: Vec<(Arc<str>, Location)>,
    first: usize,
    batch: &'b mut Batch,
    diagnostics: &'b mut Vec<Diagnostic>,
}

impl<'a> Stack<'a, '_> {
    fn all(&mut self) {
        let document = &self.file.document;
        for entry in section(document, "Parameters") {
            self.declare("parameter", entry.key.clone(), &entry.value);
        }
        for entry in section(document, "Resources") {
            match entry.key.starts_with("Fn::ForEach::") {
                true => self.repeated(&entry.key, &entry.value),
                false => self.resource(&entry.key, &entry.value),
            }
        }
        for (id, kind, value) in self.globals.implied() {
            let Some(value) = self.evaluator.evaluate(&value) else { continue };
            self.transformed(&id, kind, &value);
        }
        for entry in section(document, "Outputs") {
            self.declare("output", format!("Outputs.{}", entry.key).into(), &entry.value);
        }
        for (id, at) in std::mem::take(&mut self.own) {
            self.within(&id, at);
        }
    }

    /// The resources that a loop makes.
    fn repeated(&mut self, key: &str, node: &Node) {
        let mut made: Vec<(Arc<str>, Node)> = Vec::new();
        let known = self.evaluator.each_round(node, &mut |evaluator, key, body| {
            // The body is evaluated here, where the name of the item is known.
            if let Some(evaluated) = evaluator.evaluate_attributes(body) {
                made.push((key, evaluated));
            }
        });
        for (name, body) in made {
            self.resource(&name, &body);
        }
        if known.is_none() {
            let message = format!("the resources that `{key}` makes are not known");
            self.note(DiagnosticKind::Unresolved, message, node);
        }
    }

    /// A stack within this one.
    fn within(&mut self, id: &str, at: Location) {
        let Some(inner) = nested::inner(&mut self.evaluator, self.file, id) else { return };
        if self.batch.resources.len() - self.first > MAX_RESOURCES {
            let message = format!("the stack `{id}` was not looked into: there are too many resources already");
            let limit = Diagnostic::new(DiagnosticKind::Limit, message).path(self.file.path.clone()).at(at);
            self.diagnostics.push(limit.blinds(Platform::CloudFormation));
            return;
        }
        let mut stack = Stack {
            file: inner.0,
            unit: self.unit.clone(),
            prefix: format!("{}{id}/", self.prefix),
            evaluator: inner.1,
            globals: Globals::of(&inner.0.document),
            left_out: Vec::new(),
            own: Vec::new(),
            first: self.first,
            batch: self.batch,
            diagnostics: self.diagnostics,
        };
        stack.evaluator.prefix = stack.prefix.clone();
        stack.all();
        stack.account();
    }

    /// A parameter or an output: not deployed, but what rules about secrets ask for.
    fn declare(&mut self, kind: &str, address: Arc<str>, declaration: &Node) {
        if let Some(value) = self.evaluator.evaluate(declaration) {
            self.push(kind.into(), address, declaration, value);
        }
    }

    /// One entry of `Resources`.
    fn resource(&mut self, name: &Arc<str>, body: &Node) {
        let Some(kind) = body.get("Type").and_then(Node::as_str) else {
            let message = match name.starts_with("Fn::") {
                true => format!("the resources that `{name}` makes are not known"),
                false => format!("resource `{name}` has no type"),
            };
            self.note(DiagnosticKind::Unresolved, message, body);
            return;
        };
        if let Some(condition) = body.get("Condition").and_then(Node::as_str)
            && self.evaluator.condition(condition) == Truth::False
        {
            self.left_out.push((name.clone(), body.name_at));
            return;
        }
        let merged = self.globals.merged(kind, body);
        let value = self.hoisted(&merged);
        self.push(kind.into(), name.clone(), body, value.clone());
        self.transformed(name, kind, &value);
        if nested::is_stack(kind) {
            self.own.push((name.clone(), body.name_at));
            self.opaque(name, body);
        }
    }

    /// What the SAM transform makes of a resource, at the places of what it is made from.
    fn transformed(&mut self, name: &str, kind: &str, value: &Node) {
        for made in sam::transform(name, kind, value, &self.globals.apis) {
            let value = Node::map(made.value, value.at).named(value.name_at);
            self.push(made.kind.into(), made.id.into(), &value.clone(), value);
        }
    }

    /// Says of a stack that is not in the tree that nobody can look into it.
    fn opaque(&mut self, name: &str, body: &Node) {
        let why: Arc<str> = match self.file.calls.get(name) {
            Some(path) if (self.evaluator.files)(path).is_some() => return,
            Some(path) => format!("`{path}` is not in the tree or was not read").into(),
            None => "its template is not in the tree".into(),
        };
        if let Some(resource) = self.batch.resources.last_mut() {
            resource.opaque = Some(why.clone());
        }
        self.note(DiagnosticKind::Unresolved, format!("what the stack `{name}` holds was not judged: {why}"), body);
    }

    /// The properties of a resource with its other attributes beside them.
    fn hoisted(&mut self, body: &Node) -> Node {
        let mut value = match body.get("Properties").and_then(|properties| self.evaluator.evaluate(properties)) {
            Some(Node { value: Value::Map(map), .. }) => Map::clone(&map),
            Some(Node { value: Value::Unresolved(unresolved), .. }) => {
                let mut unknown = Map::default();
                unknown.rest = Some(unresolved.why.clone());
                unknown
            }
            _ => Map::default(),
        };
        for name in ATTRIBUTES {
            let Some(attribute) = body.get(name).filter(|_| value.get(name).is_none()) else { continue };
            let evaluated = match *name {
                "DependsOn" => self.evaluator.depends_on(attribute),
                _ => self.evaluator.evaluate(attribute),
            };
            if let Some(evaluated) = evaluated {
                value.push_new(*name, evaluated);
            }
        }
        Node::map(value, body.at).named(body.name_at)
    }

    fn push(&mut self, kind: Arc<str>, address: Arc<str>, body: &Node, value: Node) {
        let address = if self.prefix.is_empty() { address } else { format!("{}{address}", self.prefix).into() };
        self.batch.push(Resource {
            platform: Platform::CloudFormation,
            kind,
            address,
            part: "".into(),
            at: Location { span: body.name_at.span.cover(body.at.span), ..body.name_at },
            value: value.named(body.name_at),
            unit: self.unit.clone(),
            owner: None,
            opaque: None,
        });
    }

    /// Says what was left out, and whether the limit was reached.
    fn account(&mut self) {
        if let Some((_, first)) = self.left_out.first() {
            let names: Vec<String> = self.left_out.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!(
                "left out, because their conditions are false with the parameters' defaults: {}",
                names.join(", ")
            );
            let skipped = Diagnostic::new(DiagnosticKind::Skipped, message).path(self.file.path.clone()).at(*first);
            self.diagnostics.push(skipped);
        }
        if self.evaluator.exhausted() {
            let message = "the template is too large to evaluate: the values beyond the limit are unknown";
            let limit =
                Diagnostic::new(DiagnosticKind::Limit, message).path(self.file.path.clone()).at(self.file.document.at);
            self.diagnostics.push(limit.blinds(Platform::CloudFormation));
        }
    }

    fn note(&mut self, kind: DiagnosticKind, message: String, at: &Node) {
        let note = Diagnostic::new(kind, message).path(self.file.path.clone()).at(at.name_at);
        self.diagnostics.push(note.blinds(Platform::CloudFormation));
    }
}

/// Adds the references between the resources of the batch from `first` on. A name means what stands in the same stack;
/// one with a slash in front stands in another.
fn link(batch: &mut Batch, first: usize) {
    let Batch { resources, edges } = batch;
    let fresh = || resources.iter().enumerate().skip(first).map(|(id, resource)| (ResourceId(id as u32), resource));
    let mut by_address: BTreeMap<&str, Vec<ResourceId>> = BTreeMap::new();
    for (id, resource) in fresh() {
        by_address.entry(&resource.address).or_default().push(id);
    }
    for (from, resource) in fresh() {
        let stack = match resource.address.rsplit_once('/') {
            Some((stack, _)) => format!("{stack}/"),
            None => String::new(),
        };
        let mut found = BTreeSet::new();
        links::each_reference(&resource.value, &mut |path, address| {
            let full = match address.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("{stack}{address}"),
            };
            for to in by_address.get(&*full).into_iter().flatten() {
                found.insert((path.join("."), *to));
            }
        });
        edges.extend(found.into_iter().map(|(path, to)| Edge { from, path: path.into(), to }));
    }
}
