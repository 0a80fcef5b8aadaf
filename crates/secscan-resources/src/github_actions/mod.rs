//! GithubActions.

use secscan_model::{Diagnostic, Node, Platform, Source};

use crate::{Batch, Reader};

/// The reader of GithubActions.
#[derive(Debug)]
pub struct GithubActions;

impl Reader for GithubActions {
    fn platform(&self) -> Platform {
        Platform::GithubActions
    }

    fn accepts(&self, _path: &str, _document: &Node) -> bool {
        false
    }

    fn read(&self, _source: &Source, _document: &Node, _batch: &mut Batch, _diagnostics: &mut Vec<Diagnostic>) {}
}
