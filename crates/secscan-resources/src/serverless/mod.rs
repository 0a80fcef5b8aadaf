//! The Serverless Framework: services on AWS, read as the CloudFormation stack that the framework makes of them.
//!
//! Reading order: this file (which files are services), [`variables`] (`${self:...}`, `${file(...)}` and the like),
//! [`stack`] (functions, events and roles as resources of a template).
//!
//! What a service says itself is a resource too: `Serverless::Service` and `Serverless::Function`, for questions about
//! the framework.

mod stack;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::BTreeSet;
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Node, Platform, Source, Value};

use crate::reading::{FileReading, Fragment};
use crate::{Batch, Reader, cloudformation, roots};

/// The reader of services.
#[derive(Debug)]
pub(crate) struct Serverless;

/// A service, waiting for the files that it takes parts from.
#[derive(Debug)]
pub struct File {
    document: Node,
    /// The files that it names, by their paths within the tree.
    includes: BTreeSet<Arc<str>>,
}

impl Reader for Serverless {
    fn platform(&self) -> Platform {
        Platform::CloudFormation
    }

    fn accepts(&self, path: &str, document: &Node) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_named =
            name.starts_with("serverless") && [".yml", ".yaml", ".json"].iter().any(|end| name.ends_with(end));
        let cloud = document.get("provider").map(|provider| provider.get("name").unwrap_or(provider));
        let is_aws = cloud.and_then(Node::as_str).is_some_and(|name| name == "aws" || name.contains("${"));
        is_named && document.get("service").is_some() && is_aws
    }

    fn defer(&self, source: &Source, document: &Node) -> Option<Fragment> {
        let mut includes = BTreeSet::new();
        each_text(document, &mut |text| {
            includes.extend(variables::files(text).map(|path| Arc::from(roots::joined(source.folder(), path))));
        });
        Some(Fragment::Serverless(Box::new(File { document: document.clone(), includes })))
    }
}

impl File {
    /// The files that it takes parts from.
    pub(crate) fn includes(&self) -> &BTreeSet<Arc<str>> {
        &self.includes
    }
}

fn each_text(node: &Node, found: &mut dyn FnMut(&str)) {
    match &node.value {
        Value::Scalar(scalar) => found(&scalar.text),
        Value::List(items) => items.iter().for_each(|item| each_text(item, found)),
        Value::Map(map) => map.entries().iter().for_each(|entry| each_text(&entry.value, found)),
        Value::Unresolved(_) => {}
    }
}

/// Makes the stacks of services. `readings` are all files of the scan.
pub(crate) fn evaluate(
    own: &[(&Source, &File)],
    readings: &[FileReading],
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let document = |path: &str| {
        let reading = readings.iter().find(|reading| &*reading.source.path == path)?;
        match reading.fragment.as_ref()? {
            Fragment::Document(document) => Some((**document).clone()),
            Fragment::CloudFormation(file) => Some(file.document().clone()),
            _ => None,
        }
    };
    for (source, file) in own {
        let (service, exhausted) = variables::resolved(&file.document, source.folder(), &document);
        if exhausted {
            let message = "the service is too large to evaluate: what lies beyond the limit was not judged";
            let limit = Diagnostic::new(DiagnosticKind::Limit, message).path(source.path.clone());
            diagnostics.push(limit.at(file.document.at).blinds(Platform::CloudFormation));
        }
        let template = stack::template(&service);
        cloudformation::evaluate_made(source, &template, readings, batch, diagnostics);
    }
}
