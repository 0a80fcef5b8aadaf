//! CloudFormation.

use secscan_model::{Diagnostic, Node, Platform, Source};

use crate::{Batch, Reader};

/// The reader of CloudFormation.
#[derive(Debug)]
pub struct CloudFormation;

impl Reader for CloudFormation {
    fn platform(&self) -> Platform {
        Platform::CloudFormation
    }

    fn accepts(&self, _path: &str, _document: &Node) -> bool {
        false
    }

    fn read(&self, _source: &Source, _document: &Node, _batch: &mut Batch, _diagnostics: &mut Vec<Diagnostic>) {}
}
