//! Terraform and OpenTofu: a root module and all that it calls, evaluated as far as the files tell.
//!
//! Reading order: [`File`], [`parse`] and [`evaluate`] here; `json_syntax` (what files in JSON say, in the terms of
//! HCL); `files` (which
//! folders are modules and who calls them); `module` (what a folder declares), `frame` and `calls` (module instances);
//! `evaluator` (places and budgets); `expression` with `reference`, `template`, `functions`, `types`, `convert`, `sets`, `number`, `decimal`, `places` and `value`
//! (the expression language); `body` (blocks to trees) and `resource` (`count`, `for_each`); `policy_document` (the one data
//! source that is computed); `emission` (resources and edges); `plan` (what a plan says beside or instead of that).
//!
//! What hangs on something that is not in the files is unresolved, with the reason.

mod body;
mod calls;
mod convert;
mod csv;
mod decimal;
mod emission;
mod evaluator;
mod expression;
mod files;
mod frame;
mod functions;
mod json;
mod json_syntax;
mod module;
mod number;
mod places;
mod plan;
mod policy_document;
mod reference;
mod resource;
mod sets;
mod template;
mod types;
mod value;
mod yaml;

use std::sync::Arc;

use secscan_model::{Comment, Diagnostic, Node, Platform, Source, Span};
use secscan_parse::hcl;

use crate::reading::{Tree, UnitReading};
use crate::{Batch, Options};
use evaluator::Evaluator;
pub(crate) use files::Folders;
pub(crate) use functions::encoding::base64;
use module::Unit;

/// A configuration or variable file, parsed and waiting for its folder.
#[derive(Debug, Default)]
pub struct File {
    body: hcl::syntax::Body,
    /// The comments that stand behind something on their line.
    trailing: Vec<Span>,
    /// What a variable file in JSON gives, or a list of fetched modules.
    values: Option<Node>,
    /// What `terraform show -json` says of a plan.
    plan: Option<Node>,
}

impl File {
    /// A plan.
    pub(crate) fn of_plan(plan: Node) -> Self {
        Self { plan: Some(plan), ..Self::default() }
    }

    /// The comment behind a value that stands at `span`, without its marker.
    fn comment_behind<'b>(&self, bytes: &'b [u8], span: Span) -> Option<&'b str> {
        body::comment_behind(bytes, &self.trailing, span.end)
    }
}

/// The ends of the names of configuration files and variable files.
const ENDINGS: [&str; 6] = [".tf", ".tofu", ".tfvars", ".tf.json", ".tofu.json", ".tfvars.json"];

/// Whether a file is Terraform's by its name.
pub(crate) fn claims(path: &str) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending)) || files::is_manifest(path)
}

/// Whether a JSON document is a plan, as `terraform show -json` prints it.
pub(crate) fn is_plan(document: &Node) -> bool {
    plan::is_plan(document)
}

/// Parses one file.
pub(crate) fn parse(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> (File, Vec<Comment>) {
    if source.path.ends_with(".json") {
        return parse_json(source, diagnostics);
    }
    let mut parsed = hcl::parse(source);
    diagnostics.append(&mut parsed.diagnostics);
    let trailing = parsed.comments.iter().filter(|comment| comment.trailing).map(|comment| comment.span).collect();
    (File { body: parsed.body, trailing, ..File::default() }, parsed.comments)
}

fn parse_json(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> (File, Vec<Comment>) {
    let mut parsed = secscan_parse::json::parse(source);
    diagnostics.extend(parsed.diagnostics.drain(..).map(|found| match found.kind.is_blinding() {
        true => found.blinds(Platform::Terraform),
        false => found,
    }));
    let document = parsed.documents.into_iter().next();
    let is_configuration = source.path.ends_with(".tf.json") || source.path.ends_with(".tofu.json");
    let file = match &document {
        Some(document) if is_configuration => {
            File { body: json_syntax::configuration(source, document), ..File::default() }
        }
        _ => File { values: document, ..File::default() },
    };
    (file, parsed.comments)
}

/// Evaluates a folder as a root module: its resources and their references, and those of the modules that it calls, go to
/// the reading.
pub(crate) fn evaluate(
    folder: &Arc<str>,
    folders: &Folders<'_>,
    tree: Option<&Tree<'_>>,
    options: &Options,
    reading: &mut UnitReading,
) {
    let var_files: Vec<File> =
        options.var_files.iter().map(|source| parse(source, &mut reading.diagnostics).0).collect();
    let var_files: Vec<Unit<'_>> =
        options.var_files.iter().zip(&var_files).map(|(source, file)| Unit { source, file }).collect();
    let mut evaluator = Evaluator::new(folder, folders, tree, &var_files);
    let name = if folder.is_empty() { "." } else { folder };
    let unit: Arc<str> = format!("terraform:{name}").into();
    let mut written = Batch::default();
    emission::emit(&mut evaluator, &unit, &mut written);
    let plans: Vec<(&Source, &Node)> = folders.plans(folder).collect();
    reading.diagnostics.append(&mut evaluator.diagnostics);
    match &*plans {
        [] => emitted(written, reading),
        [(_, plan)] => {
            plan::overlay(plan, &unit, &mut written.resources);
            emitted(written, reading);
        }
        // Each of several plans is a root module of its own.
        plans => {
            for (source, plan) in plans {
                let unit: Arc<str> = format!("terraform:{}", source.path).into();
                let mut planned = written.clone();
                planned.resources.iter_mut().for_each(|resource| resource.unit = unit.clone());
                plan::overlay(plan, &unit, &mut planned.resources);
                emitted(planned, reading);
            }
        }
    }
    reading.sources = evaluator.files.into_sources();
}

/// Adds the resources of a root module, and links them.
fn emitted(mut batch: Batch, reading: &mut UnitReading) {
    let first = reading.batch.resources.len();
    reading.batch.resources.append(&mut batch.resources);
    emission::link(&mut reading.batch, first, &mut reading.diagnostics);
}

#[cfg(test)]
mod tests;
