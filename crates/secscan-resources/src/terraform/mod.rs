//! Terraform: the files of a folder, evaluated as one module as far as the files tell.
//!
//! Reading order: [`File`], [`parse`] and [`evaluate`] here; `module` (what a folder declares); `evaluator` (memory and
//! budgets); `expression` with `reference`, `template`, `functions`, `types` and `value` (the expression language);
//! `body` (blocks to trees) and `resource` (`count`, `for_each`); `policy_document` (the one data source that is computed);
//! `emission` (resources and edges).
//!
//! What hangs on something that is not in the files is unresolved, with the reason. Not read are `*.tf.json` and the modules
//! that a module calls.

mod body;
mod emission;
mod evaluator;
mod expression;
mod functions;
mod json;
mod module;
mod policy_document;
mod reference;
mod resource;
mod template;
mod types;
mod value;

use hcl_edit::structure::Body;
use secscan_model::{Comment, Diagnostic, DiagnosticKind, Node, Platform, Source, Span};
use secscan_parse::hcl;

use crate::{Batch, Options};
use evaluator::Evaluator;
use module::{Module, Unit};

/// A configuration or variable file, parsed and waiting for its folder.
#[derive(Debug, Default)]
pub struct File {
    body: Body,
    /// The comments that stand behind something on their line.
    trailing: Vec<Span>,
    /// What a variable file in JSON gives.
    values: Option<Node>,
}

impl File {
    /// The comment behind a value that stands at `span`, without its marker.
    fn comment_behind<'b>(&self, bytes: &'b [u8], span: Span) -> Option<&'b str> {
        body::comment_behind(bytes, &self.trailing, span.end)
    }
}

/// Whether a file is Terraform's by its name.
pub fn claims(path: &str) -> bool {
    [".tf", ".tfvars", ".tf.json", ".tfvars.json"].iter().any(|ending| path.ends_with(ending))
}

/// Parses one file.
pub fn parse(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> (File, Vec<Comment>) {
    if source.path.ends_with(".tf.json") {
        let message = "Terraform in JSON syntax is not read; what this file declares was not judged";
        let skipped = Diagnostic::new(DiagnosticKind::Skipped, message).path(source.path.clone());
        diagnostics.push(skipped.at(source.at(Span::default())).blinds(Platform::Terraform));
        return Default::default();
    }
    if source.path.ends_with(".json") {
        let mut parsed = secscan_parse::json::parse(source);
        diagnostics.append(&mut parsed.diagnostics);
        let values = parsed.documents.into_iter().next();
        return (File { values, ..File::default() }, parsed.comments);
    }
    let mut parsed = hcl::parse(source);
    diagnostics.append(&mut parsed.diagnostics);
    let trailing = parsed.comments.iter().filter(|comment| comment.trailing).map(|comment| comment.span).collect();
    (File { body: parsed.body, trailing, values: None }, parsed.comments)
}

/// Evaluates the files of one folder as a root module: its resources and their references go to `batch`.
pub fn evaluate(
    folder: &str,
    files: &[(&Source, &File)],
    options: &Options,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let var_files: Vec<File> = options.var_files.iter().map(|source| parse(source, diagnostics).0).collect();
    let var_files: Vec<Unit<'_>> =
        options.var_files.iter().zip(&var_files).map(|(source, file)| Unit { source, file }).collect();
    let files: Vec<Unit<'_>> = files.iter().map(|(source, file)| Unit { source, file }).collect();
    let module = Module::new("", &files, &var_files, diagnostics);
    let bytes = files.iter().map(|unit| unit.source.bytes.len()).sum();
    let mut evaluator = Evaluator::new(&module, bytes);
    let folder = if folder.is_empty() { "." } else { folder };
    emission::emit(&mut evaluator, &format!("terraform:{folder}").into(), batch);
    diagnostics.append(&mut evaluator.diagnostics);
}

#[cfg(test)]
mod tests;
