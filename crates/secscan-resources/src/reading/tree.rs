//! The files of the scan, for readers that need more than their own.

use secscan_model::{Candidate, FileTree, Source, SourceId};

use super::FileReading;

/// The tree that is scanned, for what asks for files that no reader took.
pub struct Tree<'t> {
    tree: &'t dyn FileTree,
    files: &'t [Candidate],
}

impl<'t> Tree<'t> {
    /// A tree, with the files of its listing: their numbers are their indexes.
    pub fn new(tree: &'t dyn FileTree, files: &'t [Candidate]) -> Self {
        Self { tree, files }
    }

    /// The file of a path; none when there is none, or when it cannot be read.
    pub(crate) fn source(&self, path: &str) -> Option<Source> {
        let index = self.find(path)?;
        let candidate = self.files.get(index)?;
        let bytes = self.tree.read(candidate).ok()?;
        let origin = self.tree.origin(candidate);
        Some(Source { id: SourceId(index as u32), path: candidate.path.clone(), origin, bytes })
    }

    /// Whether there is a file of a path.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// The paths of the files below a folder.
    pub(crate) fn below(&self, folder: &str) -> Vec<&'t str> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let first = self.files.partition_point(|file| *file.path < *prefix);
        let below = self.files[first..].iter().take_while(|file| file.path.starts_with(&prefix));
        below.filter(|file| file.version == 0).map(|file| &*file.path).collect()
    }

    fn find(&self, path: &str) -> Option<usize> {
        let first = self.files.partition_point(|file| *file.path < *path);
        let same = self.files[first..].iter().take_while(|file| *file.path == *path);
        same.zip(first..).find(|(file, _)| file.version == 0).map(|(_, index)| index)
    }
}

impl std::fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

/// What was read of a path.
pub(crate) fn reading_of<'r>(readings: &'r [FileReading], path: &str) -> Option<&'r FileReading> {
    let first = readings.partition_point(|reading| *reading.source.path < *path);
    readings.get(first).filter(|reading| *reading.source.path == *path)
}

/// The file of a path: one that was read, else one of the tree.
pub(crate) fn source_of(readings: &[FileReading], tree: Option<&Tree<'_>>, path: &str) -> Option<Source> {
    let known = reading_of(readings, path);
    known.map(|reading| reading.source.clone()).or_else(|| tree?.source(path))
}
