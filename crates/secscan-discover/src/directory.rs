//! A folder or a file on disk.
//!
//! Links are looked at and not followed out of the tree, special files are never opened, and what `.git` and
//! `node_modules` hold is not entered.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use ignore::{DirEntry, WalkBuilder, WalkState};
use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, Listing};

use crate::exclude::Excludes;
use crate::target::{Target, Wanted, is_terraform, slashed};
use crate::{Options, TargetError, git, too_large};

/// The name of the ignore files of secscan itself.
pub const IGNORE_FILE: &str = ".secscanignore";

/// The files of a folder, or of one file.
///
/// The folder is walked once, by [`Directory::open`]. Its files are named relative to it. A target that is itself a
/// file keeps the name that the user gave; a Terraform file brings the Terraform files beside it, because it means
/// nothing without them.
#[derive(Clone, Debug)]
pub struct Directory {
    target: Target,
    listing: Listing,
    /// Files whose listed name does not lead to them.
    odd_names: BTreeMap<Arc<str>, PathBuf>,
    max_file_size: u64,
}

impl Directory {
    /// Walks the folder at `path`, or looks at the file there.
    ///
    /// # Errors
    /// When there is nothing at `path`, when it is neither a file nor a folder, and when an exclude pattern does not
    /// parse. What goes wrong below the target is a diagnostic of the listing.
    pub fn open(path: &Path, options: &Options) -> Result<Self, TargetError> {
        let target = Target::resolve(path)?;
        let excludes = Excludes::new(&options.exclude)?;
        let mut found = match &target.wanted {
            Wanted::Everything => walk(&target.folder, &excludes, options.use_ignore_files),
            Wanted::File(name) => Found { files: vec![target.folder.join(name)], ..Found::default() },
            Wanted::Terraform => terraform_files(&target.folder),
        };
        found.resolve_links(&target.folder);
        Ok(Self::new(target, found, options.max_file_size))
    }

    /// Names what was found and sorts it.
    fn new(target: Target, found: Found, max_file_size: u64) -> Self {
        let mut odd_names = BTreeMap::new();
        let mut listing = Listing { files: Vec::with_capacity(found.files.len()), diagnostics: found.diagnostics };
        for file in found.files {
            let relative = file.strip_prefix(&target.folder).unwrap_or(&file);
            let name: Arc<str> = format!("{}{}", target.prefix, slashed(&relative.to_string_lossy())).into();
            if relative.to_str().is_none() {
                let message = "the name is not UTF-8; it is shown with replacement characters";
                listing.diagnostics.push(Diagnostic::new(DiagnosticKind::Ambiguous, message).path(name.clone()));
                odd_names.insert(name.clone(), file);
            }
            listing.files.push(Candidate::new(name, 0));
        }
        listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let clashes = listing.files.chunk_by(|a, b| a.path == b.path).filter(|same| same.len() > 1);
        let message = "several files have this name once it is made UTF-8; one of them is not read";
        listing.diagnostics.extend(
            clashes.map(|same| Diagnostic::new(DiagnosticKind::Unreadable, message).path(same[0].path.clone())),
        );
        listing.files.dedup_by(|a, b| a.path == b.path);
        listing.diagnostics.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
        Self { target, listing, odd_names, max_file_size }
    }

    /// Where a file of the listing is on disk.
    fn locate(&self, name: &str) -> PathBuf {
        let within = name.strip_prefix(&self.target.prefix).unwrap_or(name);
        self.odd_names.get(name).cloned().unwrap_or_else(|| self.target.folder.join(within))
    }
}

impl FileTree for Directory {
    fn list(&self) -> Listing {
        self.listing.clone()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        read_regular(&self.locate(&candidate.path), self.max_file_size)
            .map_err(|(kind, message)| Diagnostic::new(kind, message).path(candidate.path.clone()))
    }
}

/// Reads a file of at most `limit` bytes; what is no regular file any more is refused.
fn read_regular(path: &Path, limit: u64) -> Result<Arc<[u8]>, (DiagnosticKind, String)> {
    let unreadable = |error: std::io::Error| (DiagnosticKind::Unreadable, format!("cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err((DiagnosticKind::Unreadable, "is no regular file any more: not read".to_owned()));
    }
    if metadata.len() > limit {
        return Err((DiagnosticKind::Limit, too_large(metadata.len(), limit)));
    }
    // A file may grow while it is read, and some files of the system give more than their size says.
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err((DiagnosticKind::Limit, too_large(bytes.len() as u64, limit)));
    }
    Ok(bytes.into())
}

/// What is said of an ignore file.
const IGNORES: &str = "what this file names is not scanned";

/// What a look at the disk gave; paths are absolute.
#[derive(Debug, Default)]
struct Found {
    files: Vec<PathBuf>,
    links: Vec<PathBuf>,
    diagnostics: Vec<Diagnostic>,
}

impl Found {
    /// Sorts one entry into files, links and what is never opened.
    fn add(&mut self, folder: &Path, path: PathBuf, kind: std::fs::FileType) {
        if kind.is_file() {
            self.files.push(path);
        } else if kind.is_symlink() {
            self.links.push(path);
        } else if !kind.is_dir() {
            self.leave_out(folder, &path, "a FIFO, socket or device: not opened");
        }
    }

    /// Says that something is not scanned.
    fn leave_out(&mut self, folder: &Path, path: &Path, message: impl Into<Arc<str>>) {
        let name = slashed(&path.strip_prefix(folder).unwrap_or(path).to_string_lossy());
        self.diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, message).path(name));
    }

    /// Decides about links: what they lead to is scanned where it stands, if it is. Only Terraform files are listed
    /// under the link's name too, because they mean what their folder makes of them.
    fn resolve_links(&mut self, folder: &Path) {
        // By bytes: comparing paths part by part takes longer than finding them.
        self.files.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        for link in std::mem::take(&mut self.links) {
            let written = std::fs::read_link(&link).unwrap_or_default();
            let written = written.display();
            let Ok(end) = link.canonicalize() else {
                self.leave_out(folder, &link, format!("a link that leads nowhere or in a circle (`{written}`)"));
                continue;
            };
            let scanned = self.position(&end).is_ok() || self.holds_below(&end);
            if !end.starts_with(folder) {
                self.leave_out(folder, &link, format!("a link out of the tree (`{written}`): not followed"));
            } else if !scanned {
                self.leave_out(folder, &link, format!("a link to `{written}`, which is not scanned"));
            } else if end.is_file() && is_terraform(&link.to_string_lossy()) {
                let (Ok(at) | Err(at)) = self.position(&link);
                self.files.insert(at, link);
            }
        }
    }

    /// Where a file stands in the sorted list, or belongs.
    fn position(&self, file: &Path) -> Result<usize, usize> {
        self.files.binary_search_by(|listed| listed.as_os_str().cmp(file.as_os_str()))
    }

    /// Whether a file below a folder is in the sorted list.
    fn holds_below(&self, folder: &Path) -> bool {
        let (Ok(at) | Err(at)) = self.position(&folder.join(""));
        self.files.get(at).is_some_and(|file| file.starts_with(folder))
    }
}

/// The Terraform files of one folder, whatever ignore files say: Terraform does not ask them either.
fn terraform_files(folder: &Path) -> Found {
    let mut found = Found::default();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("the folder cannot be read: {error}");
            found.diagnostics.push(Diagnostic::new(DiagnosticKind::Unreadable, message).path(""));
            return found;
        }
    };
    for entry in entries.flatten().filter(|entry| is_terraform(&entry.file_name().to_string_lossy())) {
        if let Ok(kind) = entry.file_type() {
            found.add(folder, entry.path(), kind);
        }
    }
    found
}

/// What a walk left out without looking at each piece.
#[derive(Default)]
struct LeftOut {
    excluded: AtomicU64,
    node_modules: AtomicU64,
}

/// Everything below a folder.
fn walk(folder: &Path, excludes: &Excludes, use_ignore_files: bool) -> Found {
    let left_out = Arc::new(LeftOut::default());
    let mut builder = walker(folder, use_ignore_files);
    builder.git_ignore(use_ignore_files).filter_entry({
        let (folder, excludes, left_out) = (folder.to_owned(), excludes.clone(), left_out.clone());
        move |entry| is_entered(entry, &folder, &excludes, &left_out)
    });
    let mut found = collect(folder, &builder);
    if use_ignore_files {
        add_tracked(folder, excludes, &mut found);
    }
    let counts = [
        (&left_out.excluded, "files and folders that exclude patterns name are not scanned"),
        (&left_out.node_modules, "`node_modules` folders are not entered"),
    ];
    for (count, what) in counts {
        let count = count.load(Ordering::Relaxed);
        if count > 0 {
            found.diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, format!("{count} {what}")));
        }
    }
    found
}

/// A walker that sees hidden files and asks nothing but the tree: the same tree gives the same files on any machine.
fn walker(folder: &Path, use_ignore_files: bool) -> WalkBuilder {
    let mut builder = WalkBuilder::new(folder);
    let in_repository = git::is_in_repository(folder);
    builder.standard_filters(false).require_git(false).parents(use_ignore_files && in_repository);
    if use_ignore_files {
        builder.add_custom_ignore_filename(IGNORE_FILE);
    }
    builder
}

/// Whether a walk looks at an entry.
fn is_entered(entry: &DirEntry, folder: &Path, excludes: &Excludes, left_out: &LeftOut) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    if entry.file_name() == ".git" {
        return false;
    }
    if is_folder && entry.file_name() == "node_modules" {
        left_out.node_modules.fetch_add(1, Ordering::Relaxed);
        return false;
    }
    let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
    let excluded = excludes.name(relative, is_folder);
    if excluded {
        left_out.excluded.fetch_add(1, Ordering::Relaxed);
    }
    !excluded
}

/// Walks in parallel.
fn collect(folder: &Path, builder: &WalkBuilder) -> Found {
    let (sender, receiver) = mpsc::channel();
    builder.build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| match sender.send(entry) {
            Ok(()) => WalkState::Continue,
            Err(_) => WalkState::Quit,
        })
    });
    drop(sender);
    let mut found = Found::default();
    for entry in receiver {
        match entry {
            Err(error) => complain(&error, None, folder, &mut found.diagnostics),
            Ok(entry) => {
                if let Some(error) = entry.error() {
                    complain(error, None, folder, &mut found.diagnostics);
                }
                if entry.file_name() == IGNORE_FILE {
                    found.leave_out(folder, entry.path(), IGNORES);
                }
                if let Some(kind) = entry.file_type() {
                    found.add(folder, entry.into_path(), kind);
                }
            }
        }
    }
    found
}

/// Adds what `.gitignore` names although Git tracks it: a change must not hide a file from the scan by naming it there.
fn add_tracked(folder: &Path, excludes: &Excludes, found: &mut Found) {
    let Some(tracked) = git::tracked(folder) else { return };
    let listed: HashSet<&Path> =
        found.files.iter().chain(&found.links).filter_map(|path| path.strip_prefix(folder).ok()).collect();
    let hidden: Vec<PathBuf> = tracked.into_iter().filter(|path| !listed.contains(path.as_path())).collect();
    if hidden.is_empty() {
        return;
    }
    let Some(mut left_out_on_purpose) = walker(folder, true).build_matchers().pop() else { return };
    for relative in hidden {
        let set_aside = relative.components().any(|part| part.as_os_str() == "node_modules")
            || excludes.cover(&relative)
            || left_out_on_purpose.matched(&relative, false).is_ignore();
        let path = folder.join(&relative);
        // One that names itself is passed over by the walk, and would hide what it names in silence.
        if relative.file_name().is_some_and(|name| name == IGNORE_FILE) {
            found.leave_out(folder, &path, IGNORES);
        }
        // A file may be tracked and gone, or stand behind a link that replaced its folder.
        let stands_there = || path.canonicalize().is_ok_and(|end| end == path);
        if let (false, Ok(metadata), true) = (set_aside, path.symlink_metadata(), stands_there()) {
            found.add(folder, path, metadata.file_type());
        }
    }
}

/// Turns an error of the walk into diagnostics.
fn complain(error: &ignore::Error, path: Option<&Path>, folder: &Path, out: &mut Vec<Diagnostic>) {
    let (kind, message) = match error {
        ignore::Error::Partial(errors) => return errors.iter().for_each(|error| complain(error, path, folder, out)),
        ignore::Error::WithPath { path, err } => return complain(err, Some(path), folder, out),
        ignore::Error::WithDepth { err, .. } => return complain(err, path, folder, out),
        ignore::Error::WithLineNumber { line, err } => {
            (DiagnosticKind::Configuration, format!("line {line} is no ignore pattern: {err}"))
        }
        ignore::Error::Glob { .. } => (DiagnosticKind::Configuration, format!("no ignore pattern: {error}")),
        ignore::Error::Io(error) => (DiagnosticKind::Unreadable, format!("cannot be read: {error}")),
        other => (DiagnosticKind::Unreadable, other.to_string()),
    };
    let mut diagnostic = Diagnostic::new(kind, message);
    if let Some(path) = path {
        diagnostic = diagnostic.path(slashed(&path.strip_prefix(folder).unwrap_or(path).to_string_lossy()));
    }
    out.push(diagnostic);
}
