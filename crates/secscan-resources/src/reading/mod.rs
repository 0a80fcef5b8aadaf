//! From files to a graph: which reader takes which document, and how their output is joined.
//!
//! Reading order: [`Batch`] (what readers make) → [`Reader`] and [`READERS`] → `file` (one file) → [`Tree`] (the others that it
//! may need) → `unit` (what only a whole folder makes sense of) → `graph` (everything joined).

mod batch;
mod file;
mod graph;
mod reader;
mod tree;
mod unit;

use std::sync::Arc;

use secscan_model::Source;

pub use batch::Batch;
pub(crate) use batch::append;
pub use file::{FileReading, Fragment, claims, read_file, read_file_of, read_wanted, wanted};
pub use graph::assemble;
pub use reader::{READERS, Reader};
pub use tree::Tree;
pub(crate) use tree::{reading_of, source_of};
pub use unit::{Unit, UnitReading, Units, read_unit, units};

/// What a user may tell readers.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Terraform variable files beyond those that Terraform loads by itself, in order, with their text.
    pub var_files: Vec<Source>,
    /// Values of Helm charts beyond those of the charts, in order.
    pub helm_values: Vec<Source>,
    /// Single values of Helm charts, as `helm --set` takes them.
    pub helm_set: Vec<Arc<str>>,
    /// The release of Kubernetes that charts are rendered for: `1.33`.
    pub kubernetes_version: Option<Arc<str>>,
}
