//! Compose.

use secscan_model::{Diagnostic, Node, Platform, Source};

use crate::{Batch, Reader};

/// The reader of Compose.
#[derive(Debug)]
pub struct Compose;

impl Reader for Compose {
    fn platform(&self) -> Platform {
        Platform::Compose
    }

    fn accepts(&self, _path: &str, _document: &Node) -> bool {
        false
    }

    fn read(&self, _source: &Source, _document: &Node, _batch: &mut Batch, _diagnostics: &mut Vec<Diagnostic>) {}
}
