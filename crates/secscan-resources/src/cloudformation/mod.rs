//! CloudFormation templates, in YAML with short-form tags and in JSON, with what the SAM transform adds to them.
//!
//! Reading order: this file (what a template is, which are deployed) → [`stack`] (what becomes a resource) →
//! [`mod@evaluate`] (references, choices, lookups) → [`text`], [`lists`] (functions) → [`conditions`] → [`nested`] (stacks
//! within stacks) → [`sam`].
//!
//! A resource's value is its `Properties` with the other attributes of the resource (`DeletionPolicy`, `DependsOn`, ...)
//! beside them. Parameters count as set to their defaults, or to what the stack around gives; what only a deployment
//! tells is unresolved.

mod conditions;
mod evaluate;
mod lists;
mod nested;
mod sam;
mod stack;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use memchr::memmem;
use secscan_model::{Diagnostic, Entry, Node, Platform, Source};

use self::stack::deploy;
use crate::reading::{FileReading, Fragment};
use crate::{Batch, Reader, aws, roots};

/// The reader of CloudFormation.
#[derive(Debug)]
pub(crate) struct CloudFormation;

/// A template, waiting for those that it deploys.
#[derive(Debug)]
pub struct File {
    path: Arc<str>,
    document: Node,
    /// The templates that it deploys, by the logical ids of the stacks.
    calls: HashMap<String, Arc<str>>,
}

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

    fn defer(&self, source: &Source, document: &Node) -> Option<Fragment> {
        Some(Fragment::CloudFormation(Box::new(File::new(source, document))))
    }

    fn read(&self, source: &Source, document: &Node, batch: &mut Batch, diagnostics: &mut Vec<Diagnostic>) {
        let first = batch.resources.len();
        deploy(&File::new(source, document), &|_| None, batch, diagnostics);
        aws::derive(batch, first, std::slice::from_ref(source));
    }
}

impl File {
    fn new(source: &Source, document: &Node) -> Self {
        let calls = section(document, "Resources").iter().filter_map(|entry| {
            let path = nested::template_of(&entry.value)?;
            Some((entry.key.to_string(), roots::joined(source.folder(), path).into()))
        });
        Self { path: source.path.clone(), document: document.clone(), calls: calls.collect() }
    }

    /// What the template says.
    pub(crate) fn document(&self) -> &Node {
        &self.document
    }
}

/// Whether a path is in a copy that the CDK makes of what it uploads: the originals are in the tree as well.
pub(crate) fn is_copy(path: &str) -> bool {
    let below = path.split_once("cdk.out/").filter(|(before, _)| before.is_empty() || before.ends_with('/'));
    let is_asset = |part: &str| part.strip_prefix("asset.").is_some_and(|hash| hash.len() >= 64);
    below.is_some_and(|(_, below)| below.rsplit_once('/').is_some_and(|(folders, _)| folders.split('/').any(is_asset)))
}

/// The templates of a scan by their paths.
fn templates(readings: &[FileReading]) -> HashMap<&str, &File> {
    let templates = readings.iter().filter_map(|reading| match &reading.fragment {
        Some(Fragment::CloudFormation(file)) => Some((&*reading.source.path, &**file)),
        _ => None,
    });
    templates.collect()
}

/// Deploys the templates among `own` that no other template deploys and no service takes in. `readings` are all files
/// of the scan.
pub(crate) fn evaluate<'a>(
    own: &[(&'a Source, &'a File)],
    readings: &'a [FileReading],
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let templates = templates(readings);
    let callers = |called: &str| -> Vec<&'a str> {
        let calling = templates.iter().filter(|(_, file)| file.calls.values().any(|path| **path == *called));
        calling.map(|(path, _)| *path).collect()
    };
    let is_included = |path: &str| {
        readings.iter().any(|reading| match &reading.fragment {
            Some(Fragment::Serverless(service)) => service.includes().contains(path),
            _ => false,
        })
    };
    let lookup = |path: &str| templates.get(path).copied();
    let first = batch.resources.len();
    for (source, file) in own {
        if roots::is_root(&source.path, callers) && !is_included(&source.path) {
            deploy(file, &lookup, batch, diagnostics);
        }
    }
    derive(batch, first, readings);
}

/// Deploys a template that was made from the file of another format.
pub(crate) fn evaluate_made(
    source: &Source,
    document: &Node,
    readings: &[FileReading],
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let templates = templates(readings);
    let first = batch.resources.len();
    deploy(&File::new(source, document), &|path| templates.get(path).copied(), batch, diagnostics);
    derive(batch, first, readings);
}

/// Adds the common resources of what was deployed.
fn derive(batch: &mut Batch, first: usize, readings: &[FileReading]) {
    let ids: BTreeSet<_> = batch.resources[first..].iter().map(|resource| resource.at.source).collect();
    let source = |id| readings.binary_search_by_key(&id, |reading| reading.source.id).ok();
    let sources: Vec<Source> = ids.into_iter().filter_map(source).map(|index| readings[index].source.clone()).collect();
    aws::derive(batch, first, &sources);
}

/// The entries of a section of the template.
fn section<'a>(document: &'a Node, name: &str) -> &'a [Entry] {
    document.get(name).map_or(&[], Node::entries)
}

/// Whether an entry of `Resources` has a type such as `AWS::S3::Bucket` or `Custom::Thing`.
fn is_resource(entry: &Entry) -> bool {
    entry.value.get("Type").and_then(Node::as_str).is_some_and(|kind| {
        kind.contains("::")
            && kind.split("::").all(|word| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == ':'))
    })
}
