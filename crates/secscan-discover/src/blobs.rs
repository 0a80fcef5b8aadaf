//! The contents of a repository's blobs, read from many threads at once.

use std::sync::{Arc, Mutex, PoisonError};

use gix::{ObjectId, Repository, ThreadSafeRepository};
use secscan_model::{Candidate, Diagnostic, DiagnosticKind};

use crate::too_large;

/// The objects of a repository.
pub(crate) struct Blobs {
    repository: ThreadSafeRepository,
    /// Repositories with warm caches, one a thread that has read at the same time.
    idle: Mutex<Vec<Repository>>,
    max_file_size: u64,
}

impl Blobs {
    pub(crate) fn new(repository: &Repository, max_file_size: u64) -> Self {
        Self { repository: repository.clone().into_sync(), idle: Mutex::default(), max_file_size }
    }

    /// The bytes of a blob that is not larger than the limit. `candidate` is the file that diagnostics name.
    pub(crate) fn read(&self, id: ObjectId, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let repository = idle.unwrap_or_else(|| self.repository.to_thread_local());
        let bytes = self.read_with(&repository, id);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(repository);
        bytes.map_err(|(kind, message)| Diagnostic::new(kind, message).path(candidate.path.clone()))
    }

    fn read_with(&self, repository: &Repository, id: ObjectId) -> Result<Arc<[u8]>, (DiagnosticKind, String)> {
        let missing = |error: gix::Error| {
            (
                DiagnosticKind::Unreadable,
                format!("its content is not in this clone ({error}); a partial clone needs a fetch"),
            )
        };
        let size = repository.find_header(id).map_err(missing)?.size();
        if size > self.max_file_size {
            return Err((DiagnosticKind::Limit, too_large(size, self.max_file_size)));
        }
        let mut blob = repository.find_blob(id).map_err(missing)?;
        Ok(blob.take_data().into())
    }
}
