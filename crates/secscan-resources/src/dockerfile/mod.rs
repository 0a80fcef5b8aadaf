//! Dockerfiles.

use secscan_model::{Diagnostic, Source};
use secscan_parse::Parsed;

use crate::Batch;

/// Whether a file is a Dockerfile by its name.
pub fn claims(_path: &str) -> bool {
    false
}

/// Reads the stages and instructions of a parsed Dockerfile.
pub fn read(_source: &Source, _parsed: &Parsed, _batch: &mut Batch, _diagnostics: &mut Vec<Diagnostic>) {}
