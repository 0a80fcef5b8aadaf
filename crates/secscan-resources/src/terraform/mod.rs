//! Terraform.

use secscan_model::{Diagnostic, Source};

use crate::{Batch, Options};

/// A configuration or variable file, parsed and waiting for its folder.
#[derive(Debug)]
pub struct File {}

/// Whether a file is Terraform's by its name.
pub fn claims(_path: &str) -> bool {
    false
}

/// Parses one file.
pub fn parse(_source: &Source, _diagnostics: &mut Vec<Diagnostic>) -> (File, Vec<secscan_model::Comment>) {
    (File {}, Vec::new())
}

/// Evaluates the files of one folder: the root module there.
pub fn evaluate(
    _folder: &str,
    _files: &[(&Source, &File)],
    _options: &Options,
    _batch: &mut Batch,
    _diagnostics: &mut Vec<Diagnostic>,
) {
}
