//! [`FileTree`] is the only door to the outside while a scan runs; `MemoryTree` is one without an outside, for tests.

use std::sync::Arc;

use crate::{Diagnostic, Origin};

/// A file that may be read.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The path that reports print: relative to the root of the scan, with forward slashes.
    pub path: Arc<str>,
    /// Its size in bytes when the tree knows it before reading; otherwise zero.
    pub size: u64,
    /// Zero for the file that counts. Others of the same path (a file of an image that a later layer deletes or
    /// replaces) have numbers of their own: they are searched as text, and no reader takes them for what is there.
    pub version: u32,
}

impl Candidate {
    /// The file of a path that counts.
    pub fn new(path: impl Into<Arc<str>>, size: u64) -> Self {
        Self { path: path.into(), size, version: 0 }
    }
}

/// What a tree holds, and what of it cannot be had.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The files, sorted by path bytes, then version; each of these pairs once.
    pub files: Vec<Candidate>,
    /// What was left out: links that lead out of the tree, special files, folders that cannot be opened.
    pub diagnostics: Vec<Diagnostic>,
}

/// A tree of files: a directory, a Git revision, standard input, an archive. The only door to the outside while scanning.
pub trait FileTree: Sync {
    /// The files of the tree.
    fn list(&self) -> Listing;

    /// The bytes of one file of the listing. Called from many threads at once.
    ///
    /// # Errors
    /// A diagnostic with the path and the reason, when the file cannot be read or is larger than the tree allows.
    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic>;

    /// Where a file of the listing comes from.
    fn origin(&self, _candidate: &Candidate) -> Origin {
        Origin::WorkTree
    }
}

/// A tree held in memory: for tests, rule examples and library callers.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: std::collections::BTreeMap<Arc<str>, Arc<[u8]>>,
}

impl MemoryTree {
    /// A tree of these paths and contents.
    pub fn new<P: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        let files = files.into_iter().map(|(path, bytes)| (path.as_ref().into(), bytes.as_ref().into())).collect();
        Self { files }
    }
}

impl FileTree for MemoryTree {
    fn list(&self) -> Listing {
        let files = self.files.iter().map(|(path, bytes)| Candidate::new(path.clone(), bytes.len() as u64));
        Listing { files: files.collect(), diagnostics: Vec::new() }
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        self.files.get(&candidate.path).cloned().ok_or_else(|| {
            Diagnostic::new(crate::DiagnosticKind::Unreadable, "no such file in this tree").path(candidate.path.clone())
        })
    }
}
