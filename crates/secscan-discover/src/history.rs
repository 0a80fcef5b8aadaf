//! All that a repository has ever held: every reachable blob once, with the commit that brought it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::ByteSlice;
use gix::object::tree::EntryKind;
use gix::revision::walk::Sorting;
use gix::{ObjectId, Repository};
use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, Introduction, Listing, Origin};

use crate::blobs::Blobs;
use crate::exclude::Excludes;
use crate::git::{is_wanted, open, within_repository};
use crate::target::{Target, Wanted};
use crate::{Options, TargetError};

/// The blobs below a folder that any branch, tag or HEAD reaches, each once, named by the path that it first had.
///
/// The versions of a path are numbered from one, the oldest first; the number zero is left to the file of today. What is
/// held in memory is the identity of each tree and blob; contents are read when they are asked for.
pub struct History {
    contents: Blobs,
    listing: Listing,
    blobs: BTreeMap<(Arc<str>, u32), Blob>,
}

struct Blob {
    id: ObjectId,
    introduction: Arc<Introduction>,
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").field("blobs", &self.blobs.len()).finish_non_exhaustive()
    }
}

impl History {
    /// The history of a folder in the work tree of a repository, or of a bare repository.
    ///
    /// # Errors
    /// When `path` does not exist or lies in no repository, when an exclude pattern does not parse, and when the
    /// repository is damaged.
    pub fn open(path: &Path, options: &Options) -> Result<Self, TargetError> {
        let target = Target::resolve(path)?;
        let excludes = Excludes::new(&options.exclude)?;
        let repository = open(&target.folder, path)?;
        let within = within_repository(&repository, &target.folder);
        let mut walk = Walk {
            within,
            target: &target,
            excludes: &excludes,
            trees: HashSet::new(),
            known: HashSet::new(),
            found: BTreeMap::new(),
        };
        walk.commits(&repository).map_err(|error| TargetError::Git(error.to_string()))?;
        let mut blobs = BTreeMap::new();
        for (name, versions) in walk.found {
            for (version, blob) in (1..).zip(versions) {
                blobs.insert((name.clone(), version), blob);
            }
        }
        let candidate =
            |(path, version): &(Arc<str>, u32)| Candidate { version: *version, ..Candidate::new(path.clone(), 0) };
        let mut listing = Listing { files: blobs.keys().map(candidate).collect(), diagnostics: Vec::new() };
        if repository.is_shallow().unwrap_or(false) {
            let message =
                "the clone is shallow: what lies before its first commits was not looked at (`git fetch --unshallow`)";
            listing.diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, message));
        }
        Ok(Self { contents: Blobs::new(&repository, options.max_file_size), listing, blobs })
    }

    fn blob(&self, candidate: &Candidate) -> Option<&Blob> {
        self.blobs.get(&(candidate.path.clone(), candidate.version))
    }
}

impl FileTree for History {
    fn list(&self) -> Listing {
        self.listing.clone()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        let unknown =
            || Diagnostic::new(DiagnosticKind::Unreadable, "no such file in this history").path(candidate.path.clone());
        let blob = self.blob(candidate).ok_or_else(unknown)?;
        self.contents.read(blob.id, candidate)
    }

    fn origin(&self, candidate: &Candidate) -> Origin {
        self.blob(candidate).map_or(Origin::WorkTree, |blob| Origin::Commit(blob.introduction.clone()))
    }
}

/// A walk from the oldest commit to the newest, in which no tree and no blob is looked at twice.
struct Walk<'a> {
    /// The target's folder within the repository.
    within: PathBuf,
    target: &'a Target,
    excludes: &'a Excludes,
    trees: HashSet<ObjectId>,
    known: HashSet<ObjectId>,
    /// By path, the blobs in the order of their commits.
    found: BTreeMap<Arc<str>, Vec<Blob>>,
}

impl Walk<'_> {
    fn commits(&mut self, repository: &Repository) -> gix::Result<()> {
        let mut tips: Vec<ObjectId> = repository.head_id().ok().map(|id| id.detach()).into_iter().collect();
        for reference in repository.references()?.all()?.filter_map(Result::ok) {
            let mut reference = reference;
            if let Ok(id) = reference.peel_to_id()
                && id.object().is_ok_and(|object| object.kind == gix::objs::Kind::Commit)
            {
                tips.push(id.detach());
            }
        }
        tips.sort_unstable();
        tips.dedup();
        let walk = repository.rev_walk(tips).sorting(Sorting::ByCommitTime(Default::default())).all()?;
        let mut commits = Vec::new();
        for info in walk {
            // A history that ends too early is a shallow clone, which is said.
            let Ok(info) = info else { break };
            commits.push(info.id);
        }
        for id in commits.into_iter().rev() {
            self.commit(repository, id)?;
        }
        Ok(())
    }

    fn commit(&mut self, repository: &Repository, id: ObjectId) -> gix::Result<()> {
        let commit = repository.find_commit(id)?;
        let root = commit.tree()?;
        let folder = if self.within.as_os_str().is_empty() {
            root
        } else {
            match root.lookup_entry_by_path(&self.within)?.map(|entry| entry.object()).transpose()? {
                Some(object) if object.kind == gix::objs::Kind::Tree => object.into_tree(),
                _ => return Ok(()),
            }
        };
        let mut new = Vec::new();
        let mut open = vec![(folder.id, String::new())];
        while let Some((tree, prefix)) = open.pop() {
            if !self.trees.insert(tree) {
                continue;
            }
            for entry in repository.find_tree(tree)?.iter() {
                let entry = entry?;
                let name = format!("{prefix}{}", entry.filename().to_str_lossy());
                match entry.kind() {
                    EntryKind::Tree => open.push((entry.object_id(), format!("{name}/"))),
                    EntryKind::Blob | EntryKind::BlobExecutable if self.is_new(&name, entry.object_id()) => {
                        new.push((name, entry.object_id()));
                    }
                    EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link | EntryKind::Commit => {}
                }
            }
        }
        if !new.is_empty() {
            let introduction = Arc::new(introduction(&commit)?);
            for (name, id) in new {
                let name = format!("{}{name}", self.target.prefix).into();
                self.found.entry(name).or_default().push(Blob { id, introduction: introduction.clone() });
            }
        }
        Ok(())
    }

    /// Whether a blob belongs to the target and was not met before.
    fn is_new(&mut self, name: &str, id: ObjectId) -> bool {
        let is_excluded = matches!(self.target.wanted, Wanted::Everything) && self.excludes.cover(Path::new(name));
        is_wanted(&self.target.wanted, name) && !is_excluded && self.known.insert(id)
    }
}

fn introduction(commit: &gix::Commit<'_>) -> gix::Result<Introduction> {
    let author = commit.author()?;
    let date = author.time().ok().and_then(|time| time.format(gix::date::time::format::SHORT).ok());
    Ok(Introduction {
        commit: commit.id.to_string().into(),
        author: format!("{} <{}>", author.name.to_str_lossy(), author.email.to_str_lossy()).into(),
        date: date.unwrap_or_default().into(),
    })
}
