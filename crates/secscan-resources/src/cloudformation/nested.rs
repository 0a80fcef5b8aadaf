//! Stacks within stacks: parameters flow in, outputs flow out.

use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::{Extra, Node, Reference, Value};

use super::File;
use super::evaluate::Evaluator;

/// Whether a type deploys another template.
pub(super) fn is_stack(kind: &str) -> bool {
    matches!(kind, "AWS::CloudFormation::Stack" | "AWS::Serverless::Application")
}

/// The path of the template that a resource deploys, when it is one on disk: as it is written, or as the CDK notes it
/// beside the address that it is uploaded to.
pub(super) fn template_of(body: &Node) -> Option<&str> {
    let kind = body.get("Type").and_then(Node::as_str).filter(|kind| is_stack(kind))?;
    let written = match kind {
        "AWS::CloudFormation::Stack" => body.at_path(&["Properties", "TemplateURL"]),
        _ => body.at_path(&["Properties", "Location"]),
    };
    let noted = || body.at_path(&["Metadata", "aws:asset:path"]).and_then(Node::as_str);
    let is_call = |node: &Node| node.extra.as_ref().is_some_and(|extra| extra.tag.is_some());
    let written = written.filter(|node| !is_call(node)).and_then(Node::as_str);
    written.filter(|path| !path.contains("://")).or_else(noted)
}

/// The template of a stack within this one, and its evaluator with what the parameters are given.
pub(super) fn inner<'a>(outer: &mut Evaluator<'a>, file: &'a File, id: &str) -> Option<(&'a File, Evaluator<'a>)> {
    let template = (outer.files)(file.calls.get(id)?)?;
    let body = *outer.resources.get(id)?;
    let parameters = body.at_path(&["Properties", "Parameters"]);
    let parameters = parameters.and_then(|parameters| outer.evaluate(parameters));
    let mut given = BTreeMap::new();
    for entry in parameters.iter().flat_map(Node::entries) {
        given.insert(entry.key.to_string(), absolute(&entry.value, &outer.prefix));
    }
    let mut inner = outer.within(template, given)?;
    inner.prefix = format!("{}{id}/", outer.prefix);
    Some((template, inner))
}

impl Evaluator<'_> {
    /// An output of a stack within this one; none where the stack is not in the tree, or has no such output.
    pub(super) fn output_of(&mut self, id: &str, output: &str) -> Option<Node> {
        let key = format!("{id}.{output}");
        if let Some(known) = self.outputs.get(&key) {
            return known.clone();
        }
        // A stack that rests on its own output is not known.
        self.outputs.insert(key.clone(), None);
        let file = (self.files)(self.path.last()?);
        let file = file?;
        let value = self.deeper(|this| {
            let (template, mut inner) = inner(this, file, id)?;
            let value = template.document.at_path(&["Outputs", output, "Value"])?;
            let prefix = inner.prefix.clone();
            inner.evaluate(value).map(|value| absolute(&value, &prefix))
        });
        self.outputs.insert(key, value.clone().flatten());
        value.flatten()
    }
}

/// A value whose references can be told in any stack.
fn absolute(node: &Node, prefix: &str) -> Node {
    let mut node = node.clone();
    if let Value::List(items) = &node.value {
        node.value = Value::List(Arc::new(items.iter().map(|item| absolute(item, prefix)).collect()));
    }
    if let Some(extra) = &node.extra {
        let full = |reference: &Reference| match reference.address.starts_with('/') {
            true => reference.clone(),
            false => Reference { address: format!("/{prefix}{}", reference.address).into() },
        };
        let refs = extra.refs.iter().map(full).collect();
        node.extra = Some(Arc::new(Extra { refs, ..Extra::clone(extra) }));
    }
    node
}
