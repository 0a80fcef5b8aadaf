//! The outside world as trees of files: what can be scanned, with limits, and nothing of it is ever run.
//!
//! Reading order: [`Options`] and [`TargetError`], then the trees: [`Directory`] (a folder or a single file on disk),
//! [`GitTree`] (the same target as a Git revision or the index has it), [`History`] (all that the repository ever held), [`Stdin`]. All of them implement
//! [`secscan_model::FileTree`] ([`Forest`] joins several), name files relative to the target with forward slashes, and say what they leave out.
//! [`merge_base`], [`revision`] and [`file_at`] answer what a scan asks Git besides.

#![forbid(unsafe_code)]

mod blobs;
mod directory;
mod error;
mod exclude;
mod forest;
mod git;
mod history;
mod stdin;
mod target;

pub use directory::{Directory, IGNORE_FILE};
pub use error::TargetError;
pub use forest::Forest;
pub use git::{Base, GitTree, file_at, merge_base, revision};
pub use history::History;
pub use stdin::Stdin;

/// What a tree leaves out.
#[derive(Clone, Debug)]
pub struct Options {
    /// Patterns in the syntax of `.gitignore`, relative to the target: what they match is not listed. A target that is
    /// itself a file is listed whatever they say.
    pub exclude: Vec<String>,
    /// The largest file that is read, in bytes. A larger one is a [`secscan_model::DiagnosticKind::Limit`] when it is
    /// asked for.
    pub max_file_size: u64,
    /// Whether `.gitignore` and `.secscanignore` are honoured in a folder on disk. Files that Git tracks are listed
    /// whatever `.gitignore` says: naming a file there must not hide it from the scan.
    pub use_ignore_files: bool,
}

impl Options {
    /// The largest file that is read unless told otherwise: 10 MiB.
    pub const DEFAULT_MAX_FILE_SIZE: u64 = 10 * 1024 * 1024;
}

impl Default for Options {
    fn default() -> Self {
        Self { exclude: Vec::new(), max_file_size: Self::DEFAULT_MAX_FILE_SIZE, use_ignore_files: true }
    }
}

/// The message of a [`secscan_model::DiagnosticKind::Limit`] for a file of `size` bytes.
fn too_large(size: u64, limit: u64) -> String {
    format!("{size} bytes are more than the {limit} that `max-file-size` allows: not read")
}
