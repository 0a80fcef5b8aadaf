//! A target as a Git revision has it, and what a scan asks Git besides.
//!
//! Only the repository's own files are read: no configuration of the user or the system, no hooks, no filters, no
//! program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::ByteSlice;
use gix::object::tree::EntryKind;
use gix::{ObjectId, Repository};
use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, Listing, Origin};

use crate::blobs::Blobs;
use crate::exclude::Excludes;
use crate::target::{Target, Wanted, is_terraform, slashed};
use crate::{Options, TargetError};

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
    contents: Blobs,
    commit: Arc<str>,
    listing: Listing,
    blobs: BTreeMap<Arc<str>, ObjectId>,
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
            contents: Blobs::new(&repository, options.max_file_size),
        };
        tree.fill(&repository, commit, &target, &excludes).map_err(|error| TargetError::Git(error.to_string()))?;
        tree.listing.files = tree.candidates();
        tree.listing.diagnostics.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
        Ok(tree)
    }

    /// What the next commit would change below `path`: the files of the index that HEAD lacks or has otherwise, and
    /// beside it what HEAD has of these and of what the index has lost. Terraform files bring their siblings, because
    /// they mean nothing without them. Before the first commit, HEAD has nothing.
    ///
    /// # Errors
    /// As [`GitTree::open`]; also when there is no index that can be read.
    pub fn staged(path: &Path, options: &Options) -> Result<(Self, Self), TargetError> {
        let target = Target::resolve(path)?;
        let excludes = Excludes::new(&options.exclude)?;
        let repository = open(&target.folder, path)?;
        let empty = |commit: &str| Self {
            commit: commit.into(),
            listing: Listing::default(),
            blobs: BTreeMap::new(),
            contents: Blobs::new(&repository, options.max_file_size),
        };
        let mut head = match repository.head_id() {
            Ok(_) => Self::open(path, "HEAD", options)?,
            Err(_) => empty(""),
        };
        let mut staged = empty("");
        let index = repository.index_or_empty().map_err(|error| TargetError::Git(error.to_string()))?;
        let within = within_repository(&repository, &target.folder);
        for entry in
            index.entries().iter().filter(|entry| entry.mode.to_tree_entry_mode().is_some_and(|mode| mode.is_blob()))
        {
            let Ok(whole) = gix::path::from_bstr(entry.path(&index)) else { continue };
            let Ok(name) = whole.strip_prefix(&within) else { continue };
            let name = slashed(&name.to_string_lossy());
            let is_everything = matches!(target.wanted, Wanted::Everything);
            if is_wanted(&target.wanted, &name) && !(is_everything && excludes.cover(Path::new(&name))) {
                staged.blobs.insert(format!("{}{name}", target.prefix).into(), entry.id);
            }
        }
        let changed: BTreeSet<Arc<str>> = staged
            .blobs
            .iter()
            .filter(|(path, id)| head.blobs.get(*path) != Some(id))
            .map(|(path, _)| path.clone())
            .chain(head.blobs.keys().filter(|path| !staged.blobs.contains_key(*path)).cloned())
            .collect();
        let modules: BTreeSet<&str> =
            changed.iter().filter(|path| is_terraform(path)).map(|path| folder(path)).collect();
        let is_kept =
            |path: &Arc<str>| changed.contains(path) || (is_terraform(path) && modules.contains(folder(path)));
        for tree in [&mut staged, &mut head] {
            tree.blobs.retain(|path, _| is_kept(path));
            tree.listing = Listing { files: tree.candidates(), diagnostics: Vec::new() };
        }
        Ok((staged, head))
    }

    fn candidates(&self) -> Vec<Candidate> {
        self.blobs.keys().map(|path| Candidate::new(path.clone(), 0)).collect()
    }

    /// The full hash of the commit; empty for what is staged.
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
}

impl FileTree for GitTree {
    fn list(&self) -> Listing {
        self.listing.clone()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        let unknown = || {
            Diagnostic::new(DiagnosticKind::Unreadable, "no such file in this revision").path(candidate.path.clone())
        };
        let id = *self.blobs.get(&candidate.path).ok_or_else(unknown)?;
        self.contents.read(id, candidate)
    }

    fn origin(&self, _candidate: &Candidate) -> Origin {
        if self.commit.is_empty() { Origin::WorkTree } else { Origin::GitBlob { commit: self.commit.clone() } }
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a name relative to the target's folder belongs to the target.
pub(crate) fn is_wanted(wanted: &Wanted, name: &str) -> bool {
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
pub(crate) fn open(folder: &Path, named: &Path) -> Result<Repository, TargetError> {
    let options = gix::open::Options::isolated();
    let mut repository = gix::discover_opts(folder, Default::default(), options)
        .map_err(|error| TargetError::NoRepository { path: named.to_owned(), reason: error.to_string() })?;
    repository.object_cache_size_if_unset(OBJECT_CACHE);
    Ok(repository)
}

/// The place of an absolute folder within the work tree; empty for its root and for a bare repository.
pub(crate) fn within_repository(repository: &Repository, folder: &Path) -> PathBuf {
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
