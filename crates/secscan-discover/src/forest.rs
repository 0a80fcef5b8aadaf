//! Several trees as one, each below a folder of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::{Candidate, Diagnostic, FileTree, Listing, Origin};

/// Trees joined below prefixes, so that one scan with one report covers several targets.
///
/// Where two trees hold the same path (a folder and a file in it are both targets), the first tree's file counts.
pub struct Forest {
    trees: Vec<Box<dyn FileTree>>,
    listing: Listing,
    /// By joined path and version: the tree and the file in it.
    files: BTreeMap<(Arc<str>, u32), (usize, Candidate)>,
}

impl std::fmt::Debug for Forest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forest").field("trees", &self.trees.len()).field("files", &self.files.len()).finish()
    }
}

impl Forest {
    /// Joins trees. A prefix is put in front of the paths of its tree with a slash; an empty one leaves them alone.
    pub fn new(trees: impl IntoIterator<Item = (String, Box<dyn FileTree>)>) -> Self {
        let mut forest = Self { trees: Vec::new(), listing: Listing::default(), files: BTreeMap::new() };
        for (prefix, tree) in trees {
            let listing = tree.list();
            let index = forest.trees.len();
            for file in listing.files {
                forest.files.entry((joined(&prefix, &file.path), file.version)).or_insert((index, file));
            }
            forest.listing.diagnostics.extend(listing.diagnostics.into_iter().map(|diagnostic| Diagnostic {
                path: diagnostic.path.as_ref().map(|path| joined(&prefix, path)),
                ..diagnostic
            }));
            forest.trees.push(tree);
        }
        let candidate = |((path, _), (_, file)): (&(Arc<str>, u32), &(usize, Candidate))| Candidate {
            path: path.clone(),
            ..file.clone()
        };
        forest.listing.files = forest.files.iter().map(candidate).collect();
        forest
    }

    /// The tree of a file, and the file as that tree names it.
    fn file(&self, candidate: &Candidate) -> Option<(&dyn FileTree, &Candidate)> {
        let (tree, file) = self.files.get(&(candidate.path.clone(), candidate.version))?;
        Some((&*self.trees[*tree], file))
    }
}

impl FileTree for Forest {
    fn list(&self) -> Listing {
        self.listing.clone()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        let missing = || {
            let kind = secscan_model::DiagnosticKind::Unreadable;
            Diagnostic::new(kind, "no such file in this scan").path(candidate.path.clone())
        };
        let (tree, file) = self.file(candidate).ok_or_else(missing)?;
        tree.read(file).map_err(|diagnostic| diagnostic.path(candidate.path.clone()))
    }

    fn origin(&self, candidate: &Candidate) -> Origin {
        self.file(candidate).map_or(Origin::WorkTree, |(tree, file)| tree.origin(file))
    }
}

fn joined(prefix: &str, path: &Arc<str>) -> Arc<str> {
    if prefix.is_empty() { path.clone() } else { format!("{prefix}/{path}").into() }
}

#[cfg(test)]
mod tests {
    use secscan_model::tree::MemoryTree;

    use super::*;

    #[test]
    fn trees_stand_below_their_prefixes() {
        let tree = |text: &str| Box::new(MemoryTree::new([("a.tf", text), ("b.tf", text)])) as Box<dyn FileTree>;
        let forest = Forest::new([("x".to_owned(), tree("first")), (String::new(), tree("second"))]);
        let listing = forest.list();
        let paths: Vec<_> = listing.files.iter().map(|file| &*file.path).collect();
        assert_eq!(paths, ["a.tf", "b.tf", "x/a.tf", "x/b.tf"], "sorted over all trees");
        assert_eq!(&*forest.read(&listing.files[2]).expect("it is listed"), b"first");
        assert_eq!(&*forest.read(&listing.files[0]).expect("it is listed"), b"second");
    }

    #[test]
    fn the_first_tree_with_a_path_counts() {
        let tree = |text: &str| Box::new(MemoryTree::new([("a.tf", text)])) as Box<dyn FileTree>;
        let forest = Forest::new([(String::new(), tree("first")), (String::new(), tree("second"))]);
        let listing = forest.list();
        assert_eq!(listing.files.len(), 1);
        assert_eq!(&*forest.read(&listing.files[0]).expect("it is listed"), b"first");
    }
}
