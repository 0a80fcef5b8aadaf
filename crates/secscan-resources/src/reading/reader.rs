//! What a reader is, and all of them.

use secscan_model::{Diagnostic, Edge, Graph, Node, Platform, Resource, Source};

use super::{Batch, Fragment};
use crate::{
    arm, cloudformation, compose, devcontainer, docker, github_actions, image, kubernetes, packages, quadlet,
    serverless,
};

/// A reader of documents: one a platform.
pub trait Reader: Sync {
    /// The platform that its resources belong to.
    fn platform(&self) -> Platform;

    /// Whether a document of a YAML or JSON file is for this reader. `path` is the file's.
    fn accepts(&self, path: &str, document: &Node) -> bool;

    /// Whether a file of which no document could be parsed seems to be for this reader: what cannot be read is not clean.
    fn resembles(&self, _source: &Source) -> bool {
        false
    }

    /// What a document is that waits for other files of the scan; then [`Reader::read`] is not asked.
    fn defer(&self, _source: &Source, _document: &Node) -> Option<Fragment> {
        None
    }

    /// Reads one document.
    fn read(&self, _source: &Source, _document: &Node, _batch: &mut Batch, _diagnostics: &mut Vec<Diagnostic>) {}

    /// Resources that only the whole scan gives; their owners are in the graph.
    fn derive(&self, _graph: &Graph) -> Vec<Resource> {
        Vec::new()
    }

    /// References across files, once all resources are known. What a limit left out is a diagnostic.
    fn link(&self, _graph: &Graph, _diagnostics: &mut Vec<Diagnostic>) -> Vec<Edge> {
        Vec::new()
    }
}

/// The readers of YAML and JSON documents; the first that accepts a document reads it.
pub static READERS: &[&dyn Reader] = &[
    &image::Image,
    &github_actions::GithubActions,
    &compose::Compose,
    &quadlet::Quadlet,
    &devcontainer::Devcontainer,
    &docker::Docker,
    &arm::Arm,
    &serverless::Serverless,
    &cloudformation::CloudFormation,
    &kubernetes::Kubernetes,
    &packages::Sbom,
];
