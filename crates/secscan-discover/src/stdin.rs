//! Standard input as a tree of one file.

use std::io::Read;
use std::sync::Arc;

use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, Listing, Origin};

use crate::TargetError;

/// One file that was read from a pipe. Its name decides which reader takes it.
#[derive(Clone, Debug)]
pub struct Stdin {
    name: Arc<str>,
    bytes: Arc<[u8]>,
}

impl Stdin {
    /// The name of the file unless the user gives one.
    pub const DEFAULT_NAME: &'static str = "stdin";

    /// Reads `input` to its end under the given name.
    ///
    /// # Errors
    /// When reading fails, or when there are more than `max_file_size` bytes.
    pub fn read(name: &str, input: impl Read, max_file_size: u64) -> Result<Self, TargetError> {
        let mut bytes = Vec::new();
        input.take(max_file_size.saturating_add(1)).read_to_end(&mut bytes).map_err(TargetError::Stdin)?;
        if bytes.len() as u64 > max_file_size {
            return Err(TargetError::StdinTooLarge { limit: max_file_size });
        }
        Ok(Self { name: name.into(), bytes: bytes.into() })
    }
}

impl FileTree for Stdin {
    fn list(&self) -> Listing {
        let file = Candidate::new(self.name.clone(), self.bytes.len() as u64);
        Listing { files: vec![file], diagnostics: Vec::new() }
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        if candidate.path == self.name {
            return Ok(self.bytes.clone());
        }
        let message = "standard input holds no such file";
        Err(Diagnostic::new(DiagnosticKind::Unreadable, message).path(candidate.path.clone()))
    }

    fn origin(&self, _candidate: &Candidate) -> Origin {
        Origin::Stdin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_a_tree_of_one_file() {
        let tree = Stdin::read("pod.yaml", &b"kind: Pod\n"[..], 10).unwrap();
        let listing = tree.list();
        assert_eq!(&*listing.files[0].path, "pod.yaml");
        assert_eq!(&*FileTree::read(&tree, &listing.files[0]).unwrap(), b"kind: Pod\n");
    }

    #[test]
    fn endless_input_stops_at_the_limit() {
        let error = Stdin::read("stdin", std::io::repeat(b'x'), 10).unwrap_err();
        assert!(matches!(error, TargetError::StdinTooLarge { limit: 10 }));
    }
}
