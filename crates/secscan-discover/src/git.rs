//! A target as a Git revision has it, and what a scan asks Git besides.
//!
//! Only the repository's own files are read: no configuration of the user or the system, no hooks, no filters, no
//! program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gix::bstr::ByteSlice;
use gix::object::tree::EntryKind;
use gix::{ObjectId, Repository, ThreadSafeRepository};
use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, Listing, Origin};

use crate::exclude::Excludes;
use crate::target::{Target, Wanted, is_terraform};
use crate::{Options, TargetError, too_large};

/// How much memory decoded objects may take while trees and histories are walked.
const OBJECT_CACHE: usize = 32 << 20;

/// The revision that a change is compared with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Base {
    /// The full hash of the commit.
    pub commit: Arc<str>,
    /// What is not as the user may expect, with the cure.
    pub note: Option<Arc<str>>,
}

/// The files of a target at a revision, named as [`crate::Directory`] names them.
///
/// Links and submodules are left out with a diagnostic. Ignore files are not asked: what a revision holds is tracked. A
/// target that the revision does not have yet is empty.
pub struct GitTree {
    repository: ThreadSafeRepository,
    /// Repositories with warm caches, one a thread that has read at the same time.
    idle: Mutex<Vec<Repository>>,
    commit: Arc<str>,
    listing: Listing,
    blobs: BTreeMap<Arc<str>, ObjectId>,
    max_file_size: u64,
}

impl std::fmt::Debug for GitTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitTree")
            .field("commit", &self.commit)
            .field("files", &self.blobs.len())
            .finish_non_exhaustive()
    }
}

impl GitTree {
    /// The tree of `revision` below `path`: a folder or a file in the work tree of a repository, or a bare repository.
    ///
    /// # Errors
    /// When `path` does not exist or lies in no repository, when the clone does not have `revision`, when an exclude
    /// pattern does not parse, and when the repository is damaged.
    pub fn open(path: &Path, revision: &str, options: &Options) -> Result<Self, TargetError> {
        let target = Target::resolve(path)?;
        let excludes = Excludes::new(&options.exclude)?;
        let repository = open(&target.folder, path)?;
        let commit = commit_of(&repository, revision)?;
        let mut tree = Self {
            commit: commit.to_string().into(),
            listing: Listing::default(),
            blobs: BTreeMap::new(),
            max_file_size: options.max_file_size,
            repository: repository.clone().into_sync(),
            idle: Mutex::default(),
        };
        tree.fill(&repository, commit, &target, &excludes).map_err(|error| TargetError::Git(error.to_string()))?;
        tree.listing.files = tree.blobs.keys().map(|path| Candidate::new(path.clone(), 0)).collect();
        tree.listing.diagnostics.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
        Ok(tree)
    }

    /// The full hash of the commit.
    pub fn commit(&self) -> &Arc<str> {
        &self.commit
    }

    /// Lists the target's part of a commit.
    fn fill(
        &mut self,
        repository: &Repository,
        commit: ObjectId,
        target: &Target,
        excludes: &Excludes,
    ) -> gix::Result<()> {
        let root = repository.find_commit(commit)?.tree()?;
        let within = within_repository(repository, &target.folder);
        let tree = if within.as_os_str().is_empty() {
            root
        } else {
            match root.lookup_entry_by_path(&within)?.map(|entry| entry.object()).transpose()? {
                Some(object) if object.kind == gix::objs::Kind::Tree => object.into_tree(),
                _ => return Ok(()),
            }
        };
        let mut excluded = 0_u64;
        for entry in tree.traverse().breadthfirst.files()? {
            let name = entry.filepath.to_str_lossy();
            if !is_wanted(&target.wanted, &name) {
                continue;
            }
            if matches!(target.wanted, Wanted::Everything) && excludes.cover(Path::new(&*name)) {
                excluded += 1;
                continue;
            }
            let path: Arc<str> = format!("{}{name}", target.prefix).into();
            let left_out = match entry.mode.kind() {
                EntryKind::Blob | EntryKind::BlobExecutable => {
                    self.blobs.insert(path, entry.oid);
                    continue;
                }
                EntryKind::Tree => continue,
                EntryKind::Link => "a link: not followed in a Git revision",
                EntryKind::Commit => "a submodule: its files belong to another repository",
            };
            self.listing.diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, left_out).path(path));
        }
        if excluded > 0 {
            let message = format!("{excluded} files that exclude patterns name are not scanned");
            self.listing.diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, message));
        }
        Ok(())
    }

    /// Reads a blob that is not larger than the limit.
    fn read_blob(&self, repository: &Repository, id: ObjectId) -> Result<Arc<[u8]>, (DiagnosticKind, String)> {
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

impl FileTree for GitTree {
    fn list(&self) -> Listing {
        self.listing.clone()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        let failed = |(kind, message): (_, String)| Diagnostic::new(kind, message).path(candidate.path.clone());
        let unknown = || failed((DiagnosticKind::Unreadable, "no such file in this revision".to_owned()));
        let id = *self.blobs.get(&candidate.path).ok_or_else(unknown)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let repository = idle.unwrap_or_else(|| self.repository.to_thread_local());
        let bytes = self.read_blob(&repository, id).map_err(failed);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(repository);
        bytes
    }

    fn origin(&self, _candidate: &Candidate) -> Origin {
        Origin::GitBlob { commit: self.commit.clone() }
    }
}

/// Whether a name relative to the target's folder belongs to the target.
fn is_wanted(wanted: &Wanted, name: &str) -> bool {
    match wanted {
        Wanted::Everything => !name.split('/').any(|part| part == "node_modules"),
        Wanted::File(file) => name == file,
        Wanted::Terraform => !name.contains('/') && is_terraform(name),
    }
}

/// The commit that changes since `revision` are compared with: where HEAD and `revision` parted. A clone that does not
/// reach back so far gives `revision` itself, with a note.
///
/// # Errors
/// When `path` does not exist or lies in no repository, when the clone does not have `revision`, and when there is no
/// commit yet.
pub fn merge_base(path: &Path, revision: &str) -> Result<Base, TargetError> {
    let target = Target::resolve(path)?;
    let repository = open(&target.folder, path)?;
    let theirs = commit_of(&repository, revision)?;
    let ours = commit_of(&repository, "HEAD")?;
    // An error here is a history that ends too early, which is what a shallow clone has.
    if let Ok(Some(base)) = repository.merge_base(ours, theirs) {
        return Ok(Base { commit: base.to_string().into(), note: None });
    }
    let cure = if repository.is_shallow().unwrap_or(true) {
        "the clone is shallow: fetch more of the history (`fetch-depth: 0`, `git fetch --unshallow`)"
    } else {
        "the two have no common history"
    };
    let note = format!(
        "no common ancestor of HEAD and `{revision}` is in this clone; compared with `{revision}` itself: {cure}"
    );
    Ok(Base { commit: theirs.to_string().into(), note: Some(note.into()) })
}

/// What a file directly in `folder` holds at a revision; none when the revision has no such file.
///
/// # Errors
/// When `folder` does not exist or lies in no repository, when the clone does not have `revision`, and when the
/// repository is damaged.
pub fn file_at(folder: &Path, revision: &str, name: &str) -> Result<Option<Vec<u8>>, TargetError> {
    let target = Target::resolve(folder)?;
    let repository = open(&target.folder, folder)?;
    let commit = commit_of(&repository, revision)?;
    let path = within_repository(&repository, &target.folder).join(name);
    let read = || -> gix::Result<Option<Vec<u8>>> {
        let entry = repository.find_commit(commit)?.tree()?.lookup_entry_by_path(&path)?;
        let Some(entry) = entry.filter(|entry| entry.mode().is_blob()) else { return Ok(None) };
        Ok(Some(entry.object()?.into_blob().take_data()))
    };
    read().map_err(|error| TargetError::Git(error.to_string()))
}

/// The full hash of the commit that is checked out where `path` lies; none outside of a repository and before the first
/// commit.
pub fn revision(path: &Path) -> Option<String> {
    let target = Target::resolve(path).ok()?;
    let repository = is_in_repository(&target.folder).then(|| open(&target.folder, path).ok())??;
    repository.head_id().ok().map(|id| id.to_string())
}

/// Whether a folder seems to lie in the work tree of a repository. `folder` is absolute.
pub(crate) fn is_in_repository(folder: &Path) -> bool {
    folder.ancestors().any(|ancestor| ancestor.join(".git").exists())
}

/// The files below `folder` that the index has, relative to it; none outside of a repository.
pub(crate) fn tracked(folder: &Path) -> Option<Vec<PathBuf>> {
    let repository = is_in_repository(folder).then(|| open(folder, folder).ok())??;
    let within = within_repository(&repository, folder);
    let index = repository.index_or_empty().ok()?;
    let paths = index.entries().iter().filter_map(|entry| {
        let path = gix::path::from_bstr(entry.path(&index)).ok()?;
        if within.as_os_str().is_empty() {
            Some(path.into_owned())
        } else {
            Some(path.strip_prefix(&within).ok()?.to_owned())
        }
    });
    Some(paths.collect())
}

/// Opens the repository that holds `folder`.
fn open(folder: &Path, named: &Path) -> Result<Repository, TargetError> {
    let options = gix::open::Options::isolated();
    let mut repository = gix::discover_opts(folder, Default::default(), options)
        .map_err(|error| TargetError::NoRepository { path: named.to_owned(), reason: error.to_string() })?;
    repository.object_cache_size_if_unset(OBJECT_CACHE);
    Ok(repository)
}

/// The place of an absolute folder within the work tree; empty for its root and for a bare repository.
fn within_repository(repository: &Repository, folder: &Path) -> PathBuf {
    let root = repository.workdir().and_then(|root| root.canonicalize().ok());
    root.and_then(|root| folder.strip_prefix(root).ok().map(Path::to_owned)).unwrap_or_default()
}

/// The commit of a revision, tags peeled.
fn commit_of(repository: &Repository, revision: &str) -> Result<ObjectId, TargetError> {
    let resolve = |revision: &str| -> gix::Result<ObjectId> {
        Ok(repository.rev_parse_single(revision)?.object()?.peel_to_commit()?.id)
    };
    resolve(revision).map_err(|_| {
        let remote = format!("origin/{revision}");
        let cure = if revision == "HEAD" {
            "there is no commit yet".to_owned()
        } else if resolve(&remote).is_ok() {
            format!("did you mean `{remote}`?")
        } else if repository.is_shallow().unwrap_or(false) {
            format!("the clone is shallow: `git fetch origin {revision}`, or check out with `fetch-depth: 0`")
        } else {
            format!("fetch it (`git fetch origin {revision}`)")
        };
        TargetError::NoRevision { revision: revision.to_owned(), cure }
    })
}
