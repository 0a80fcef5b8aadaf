//! CloudFormation templates, in YAML with short-form tags and in JSON; SAM resources are read as they are written.
//!
//! Reading order: this file (what a template is, what becomes a resource) → [`evaluate`] (references, choices, lookups) →
//! [`text`] (functions that make text) → [`conditions`].
//!
//! A resource's value is its `Properties` with the other attributes of the resource (`DeletionPolicy`, `DependsOn`, ...)
//! beside them. Parameters count as set to their defaults; what only a deployment tells is unresolved.

mod conditions;
mod evaluate;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem;
use secscan_model::{
    Diagnostic, DiagnosticKind, Edge, Location, Map, Node, Platform, Resource, ResourceId, Source, Value,
};

use self::conditions::Truth;
use self::evaluate::Evaluator;
use crate::{Batch, Reader, aws, links};

/// The attributes of a resource that stand beside its properties in the resource's value. A property of the same name
/// wins; `Type` is not among them because many properties bear that name and `$type` answers it.
const ATTRIBUTES: &[&str] =
    &["Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"];

/// The reader of CloudFormation.
#[derive(Debug)]
pub struct CloudFormation;

impl Reader for CloudFormation {
    fn platform(&self) -> Platform {
        Platform::CloudFormation
    }

    fn accepts(&self, _path: &str, document: &Node) -> bool {
        // Other clouds copied the shape, with a version key of their own.
        document.get("ROSTemplateFormatVersion").is_none()
            && (document.get("AWSTemplateFormatVersion").is_some()
                || document.get("Resources").is_some_and(|resources| resources.entries().iter().any(is_resource)))
    }

    fn resembles(&self, source: &Source) -> bool {
        let has = |word: &str| memmem::find(&source.bytes, word.as_bytes()).is_some();
        has("AWSTemplateFormatVersion") || has("Resources") && has("AWS::")
    }

    fn read(&self, source: &Source, document: &Node, batch: &mut Batch, diagnostics: &mut Vec<Diagnostic>) {
        let first = batch.resources.len();
        let mut stack = Stack {
            path: source.path.clone(),
            unit: format!("cloudformation:{}", source.path).into(),
            evaluator: Evaluator::new(document),
            left_out: Vec::new(),
            batch,
            diagnostics,
        };
        for entry in section(document, "Parameters") {
            stack.declare("parameter", entry.key.clone(), &entry.value);
        }
        for entry in section(document, "Resources") {
            stack.resource(&entry.key, &entry.value);
        }
        for entry in section(document, "Outputs") {
            stack.declare("output", format!("Outputs.{}", entry.key).into(), &entry.value);
        }
        stack.account(document);
        link(batch, first);
        aws::derive(batch, first, std::slice::from_ref(source));
    }
}

/// The entries of a section of the template.
fn section<'a>(document: &'a Node, name: &str) -> &'a [secscan_model::Entry] {
    document.get(name).map_or(&[], Node::entries)
}

/// Whether an entry of `Resources` has a type such as `AWS::S3::Bucket` or `Custom::Thing`.
fn is_resource(entry: &secscan_model::Entry) -> bool {
    entry.value.get("Type").and_then(Node::as_str).is_some_and(|kind| {
        kind.contains("::")
            && kind.split("::").all(|word| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == ':'))
    })
}

/// A template while it is read.
struct Stack<'a> {
    path: Arc<str>,
    unit: Arc<str>,
    evaluator: Evaluator<'a>,
    /// The resources whose conditions are false.
    left_out: Vec<(Arc<str>, Location)>,
    batch: &'a mut Batch,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Stack<'_> {
    /// A parameter or an output: not deployed, but what rules about secrets ask for.
    fn declare(&mut self, kind: &str, address: Arc<str>, declaration: &Node) {
        if let Some(value) = self.evaluator.evaluate(declaration) {
            self.push(kind.into(), address, declaration, value);
        }
    }

    /// One entry of `Resources`.
    fn resource(&mut self, name: &Arc<str>, body: &Node) {
        let Some(kind) = body.get("Type").and_then(Node::as_str) else {
            let message = match name.strip_prefix("Fn::") {
                Some(function) => format!("the resources that `Fn::{function}` makes are not known"),
                None => format!("resource `{name}` has no type"),
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
        let value = self.hoisted(body);
        self.push(kind.into(), name.clone(), body, value);
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
    fn account(self, document: &Node) {
        if let Some((_, first)) = self.left_out.first() {
            let names: Vec<String> = self.left_out.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!(
                "left out, because their conditions are false with the parameters' defaults: {}",
                names.join(", ")
            );
            let skipped = Diagnostic::new(DiagnosticKind::Skipped, message).path(self.path.clone()).at(*first);
            self.diagnostics.push(skipped);
        }
        if self.evaluator.exhausted() {
            let message = "the template is too large to evaluate: the values beyond the limit are unknown";
            let limit = Diagnostic::new(DiagnosticKind::Limit, message).path(self.path.clone()).at(document.at);
            self.diagnostics.push(limit.blinds(Platform::CloudFormation));
        }
    }

    fn note(&mut self, kind: DiagnosticKind, message: String, at: &Node) {
        let note = Diagnostic::new(kind, message).path(self.path.clone()).at(at.name_at);
        self.diagnostics.push(note.blinds(Platform::CloudFormation));
    }
}

/// Adds the references between the resources of the batch from `first` on.
fn link(batch: &mut Batch, first: usize) {
    let Batch { resources, edges } = batch;
    let fresh = || resources.iter().enumerate().skip(first).map(|(id, resource)| (ResourceId(id as u32), resource));
    let by_address: BTreeMap<&str, ResourceId> = fresh().map(|(id, resource)| (&*resource.address, id)).collect();
    for (from, resource) in fresh() {
        links::each_reference(&resource.value, &mut |path, address| {
            if let Some(to) = by_address.get(address) {
                edges.push(Edge { from, path: path.join(".").into(), to: *to });
            }
        });
    }
}
