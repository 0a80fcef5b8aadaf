//! Kubernetes.

use secscan_model::{Diagnostic, Node, Platform, Source};

use crate::{Batch, Reader};

/// The reader of Kubernetes.
#[derive(Debug)]
pub struct Kubernetes;

impl Reader for Kubernetes {
    fn platform(&self) -> Platform {
        Platform::Kubernetes
    }

    fn accepts(&self, _path: &str, _document: &Node) -> bool {
        false
    }

    fn read(&self, _source: &Source, _document: &Node, _batch: &mut Batch, _diagnostics: &mut Vec<Diagnostic>) {}
}
