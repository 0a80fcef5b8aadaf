//! Packed charts: archives as `helm package` writes them, unfolded so that everybody sees the files within.
//!
//! A file of an archive stands below the path of the archive: `charts/redis-1.0.0.tgz/redis/values.yaml`. What an archive
//! may unfold to is bounded, whatever it promises.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, Listing, Origin, Platform};

use super::chart::{Charts, is_metadata};

/// A tree with the charts that are packed in it unfolded.
pub struct Unfolded<'t> {
    tree: &'t dyn FileTree,
    listing: Listing,
    /// By path: the archive, and the content.
    members: BTreeMap<Arc<str>, (Candidate, Arc<[u8]>)>,
}

/// What archives may unfold to.
#[derive(Clone, Copy)]
struct Limits {
    /// The bytes of one archive.
    archive: u64,
    /// The bytes of all archives of a scan.
    all: u64,
    /// The files of one archive.
    members: usize,
}

const LIMITS: Limits = Limits { archive: 64 << 20, all: 256 << 20, members: 10_000 };
/// How deep archives may lie in one another.
const MAX_NESTING: usize = 5;
/// Among how many files at the beginning of an archive its `Chart.yaml` stands, where nothing says that it is a chart.
const FIRST_FILES: usize = 20;

impl std::fmt::Debug for Unfolded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unfolded").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

impl<'t> Unfolded<'t> {
    /// Unfolds the archives of a tree: those in the folder `charts` of a chart, and others that turn out to be charts.
    pub fn new(tree: &'t dyn FileTree) -> Self {
        Self::within(tree, LIMITS)
    }

    fn within(tree: &'t dyn FileTree, mut limits: Limits) -> Self {
        let mut unfolded = Self { tree, listing: tree.list(), members: BTreeMap::new() };
        let counting = || unfolded.listing.files.iter().filter(|file| file.version == 0);
        let archives: Vec<Candidate> = counting().filter(|file| is_archive(&file.path)).cloned().collect();
        if archives.is_empty() {
            return unfolded;
        }
        let charts = Charts::of(counting().map(|file| &*file.path));
        for archive in archives {
            let is_dependency = charts.holds(&archive.path);
            let found = tree.read(&archive).map_err(|said| said.message).and_then(|bytes| {
                let mut opened = Opened { members: BTreeMap::new(), left_out: Vec::new() };
                opened
                    .archive(&archive.path, &bytes, &mut limits, if is_dependency { 1 } else { 0 })
                    .map(|()| opened)
                    .map_err(Into::into)
            });
            match found {
                Ok(opened) if is_dependency || opened.is_chart(&archive.path) => unfolded.take_in(&archive, opened),
                Err(why) if is_dependency => {
                    let message = format!("this packed chart cannot be opened, so what it holds is unknown: {why}");
                    unfolded.listing.diagnostics.push(said(&archive.path, DiagnosticKind::Unreadable, message));
                }
                _ => {}
            }
        }
        let key = |file: &Candidate| (file.path.clone(), file.version);
        unfolded.listing.files.sort_by_key(key);
        unfolded.listing.files.dedup_by_key(|file| key(file));
        unfolded
    }

    fn take_in(&mut self, archive: &Candidate, opened: Opened) {
        self.listing.diagnostics.extend(opened.left_out);
        for (path, bytes) in opened.members {
            self.listing.files.push(Candidate::new(path.clone(), bytes.len() as u64));
            self.members.insert(path, (archive.clone(), bytes));
        }
    }
}

impl FileTree for Unfolded<'_> {
    fn list(&self) -> Listing {
        self.listing.clone()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        match self.members.get(&candidate.path) {
            Some((_, bytes)) => Ok(bytes.clone()),
            None => self.tree.read(candidate),
        }
    }

    fn origin(&self, candidate: &Candidate) -> Origin {
        match self.members.get(&candidate.path) {
            Some((archive, _)) => self.tree.origin(archive),
            None => self.tree.origin(candidate),
        }
    }
}

/// Whether a file is named like a packed chart.
pub(super) fn is_archive(path: &str) -> bool {
    path.ends_with(".tgz")
}

/// What an archive holds, and those within it.
struct Opened {
    members: BTreeMap<Arc<str>, Arc<[u8]>>,
    left_out: Vec<Diagnostic>,
}

impl Opened {
    /// Whether there is a `NAME/Chart.yaml`.
    fn is_chart(&self, archive: &str) -> bool {
        let inside = |path: &Arc<str>| {
            path.strip_prefix(archive).and_then(|rest| rest.strip_prefix('/')).is_some_and(is_top_metadata)
        };
        self.members.keys().any(inside)
    }

    /// Reads an archive to its end, or to where a limit is reached. An error means that nothing of it can be read. One that
    /// lies in nothing, at depth zero, may be something else than a chart.
    fn archive(&mut self, path: &str, bytes: &[u8], limits: &mut Limits, depth: usize) -> Result<(), String> {
        let allowed = limits.archive.min(limits.all);
        let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes).take(allowed));
        let mut names = BTreeSet::new();
        let mut inner: Vec<(String, Vec<u8>)> = Vec::new();
        let mut unusable = None;
        let entries = archive.entries().map_err(|error| error.to_string())?;
        for entry in entries {
            if depth == 0 && names.len() == FIRST_FILES && !names.iter().any(|name: &String| is_top_metadata(name)) {
                unusable = Some("it is no chart".to_owned());
                break;
            }
            let read = entry.and_then(|mut entry| self.member(path, &mut entry, allowed));
            match read {
                Ok(Some((name, content))) if names.len() < limits.members => {
                    if names.insert(name.clone()) {
                        inner.push((name, content));
                    }
                }
                Ok(Some(_)) => {
                    self.say(
                        path,
                        DiagnosticKind::Limit,
                        format!("only {} files of this archive were read", limits.members),
                    );
                    break;
                }
                Ok(None) => {}
                Err(error) if names.is_empty() => {
                    unusable = Some(error.to_string());
                    break;
                }
                Err(error) => {
                    self.say(
                        path,
                        DiagnosticKind::Unreadable,
                        format!("this archive cannot be read to its end: {error}"),
                    );
                    break;
                }
            }
        }
        let left = archive.into_inner().limit();
        limits.all -= allowed - left;
        if let Some(why) = unusable {
            return Err(why);
        }
        if left == 0 {
            self.say(path, DiagnosticKind::Limit, format!("only the first {allowed} bytes of this archive were read"));
        }
        if depth > 0 && !names.iter().any(|name| is_top_metadata(name)) {
            self.say(path, DiagnosticKind::Unreadable, "this archive in a folder `charts` holds no chart".to_owned());
        }
        for (name, content) in inner {
            let name = format!("{path}/{name}");
            if is_archive(&name)
                && name.contains("/charts/")
                && depth < MAX_NESTING
                && let Err(why) = self.archive(&name, &content, limits, depth + 1)
            {
                let message = format!("this packed chart cannot be opened, so what it holds is unknown: {why}");
                self.say(&name, DiagnosticKind::Unreadable, message);
            }
            self.members.insert(name.into(), content.into());
        }
        Ok(())
    }

    /// The path and the content of a file; nothing for anything else. What points out of the archive is said.
    fn member(
        &mut self,
        archive: &str,
        entry: &mut tar::Entry<'_, impl Read>,
        allowed: u64,
    ) -> std::io::Result<Option<(String, Vec<u8>)>> {
        let kind = entry.header().entry_type();
        let written = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if kind.is_symlink() || kind.is_hard_link() {
            self.say(
                archive,
                DiagnosticKind::Skipped,
                format!("the link `{written}` in this archive was not followed"),
            );
        }
        if !kind.is_file() {
            return Ok(None);
        }
        let Some(path) = inner_path(&written) else {
            self.say(archive, DiagnosticKind::Skipped, format!("`{written}` leads out of this archive: not read"));
            return Ok(None);
        };
        let mut content = Vec::new();
        entry.take(allowed).read_to_end(&mut content)?;
        Ok(Some((path, content)))
    }

    fn say(&mut self, path: &str, kind: DiagnosticKind, message: String) {
        self.left_out.push(said(path, kind, message));
    }
}

/// Whether a path within an archive is the metadata of the chart that it holds.
fn is_top_metadata(path: &str) -> bool {
    is_metadata(path) && path.matches('/').count() == 1
}

/// A path of an archive without `.`; none when it leads out of it.
fn inner_path(written: &str) -> Option<String> {
    let parts: Vec<&str> = written.split('/').filter(|part| *part != ".").collect();
    let is_inside =
        !parts.is_empty() && parts.iter().all(|part| !part.is_empty() && *part != ".." && !part.contains('\\'));
    is_inside.then(|| parts.join("/"))
}

fn said(path: &str, kind: DiagnosticKind, message: String) -> Diagnostic {
    Diagnostic::new(kind, message).path(path).blinds(Platform::Kubernetes)
}

/// An archive of some files. Names are written as they are, also those that no tool would write.
#[cfg(test)]
pub(super) fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[cfg(test)]
mod tests {
    use secscan_model::tree::MemoryTree;

    use super::*;

    fn paths(tree: &Unfolded<'_>) -> Vec<String> {
        tree.list().files.iter().map(|file| file.path.to_string()).collect()
    }

    #[test]
    fn packed_charts_are_folders_of_the_tree() {
        let inner = packed(&[("deep/Chart.yaml", b"name: deep\n")]);
        let outer = packed(&[("db/Chart.yaml", b"name: db\n"), ("db/charts/deep-1.tgz", &inner)]);
        let other = packed(&[("package/package.json", b"{}")]);
        let files: [(&str, &[u8]); 4] = [
            ("web/Chart.yaml", b"name: web\n"),
            ("web/charts/db-1.tgz", &outer),
            ("alone.tgz", &outer),
            ("npm.tgz", &other),
        ];
        let tree = MemoryTree::new(files);
        let tree = Unfolded::new(&tree);
        let expected = [
            "alone.tgz",
            "alone.tgz/db/Chart.yaml",
            "alone.tgz/db/charts/deep-1.tgz",
            "alone.tgz/db/charts/deep-1.tgz/deep/Chart.yaml",
            "npm.tgz",
            "web/Chart.yaml",
            "web/charts/db-1.tgz",
            "web/charts/db-1.tgz/db/Chart.yaml",
            "web/charts/db-1.tgz/db/charts/deep-1.tgz",
            "web/charts/db-1.tgz/db/charts/deep-1.tgz/deep/Chart.yaml",
        ];
        assert_eq!(paths(&tree), expected);
        assert_eq!(tree.read(&Candidate::new(expected[1], 0)).unwrap()[..], *b"name: db\n");
        assert!(tree.list().diagnostics.is_empty());
    }

    #[test]
    fn archives_that_lead_out_break_off_or_swell_are_said() {
        let hostile = packed(&[
            ("../evil/Chart.yaml", b"x"),
            ("/etc/passwd", b"x"),
            ("a/../../b", b"x"),
            ("ok/Chart.yaml", b"name: ok\n"),
        ]);
        let swollen = packed(&[("big/Chart.yaml", b"name: big\n"), ("big/zeros", &[0; 70_000])]);
        let noise: Vec<u8> = (0..5_000u32).map(|at| (at * at % 251) as u8).collect();
        let whole = packed(&[("cut/Chart.yaml", b"name: cut\n"), ("cut/noise", &noise)]);
        let files: [(&str, &[u8]); 5] = [
            ("web/Chart.yaml", b"name: web\n"),
            ("web/charts/hostile.tgz", &hostile),
            ("web/charts/none.tgz", b"no archive"),
            ("web/charts/swollen.tgz", &swollen),
            ("web/charts/cut.tgz", &whole[..whole.len() / 2]),
        ];
        let tree = MemoryTree::new(files);
        let tree = Unfolded::within(&tree, Limits { archive: 40_000, ..LIMITS });
        let inside: Vec<_> = paths(&tree).into_iter().filter(|path| path.contains(".tgz/")).collect();
        assert!(inside.contains(&"web/charts/hostile.tgz/ok/Chart.yaml".to_owned()));
        assert!(inside.contains(&"web/charts/swollen.tgz/big/Chart.yaml".to_owned()));
        assert!(inside.iter().all(|path| !path.contains("evil") && !path.contains("passwd") && !path.contains("..")));
        let said: Vec<_> = tree
            .list()
            .diagnostics
            .iter()
            .map(|said| format!("{}: {}", said.path.as_deref().unwrap_or_default(), said.message))
            .collect();
        assert_eq!(
            said.iter().filter(|said| said.contains("hostile.tgz") && said.contains("leads out")).count(),
            3,
            "{said:?}"
        );
        assert!(said.iter().any(|said| said.contains("none.tgz: this packed chart cannot be opened")), "{said:?}");
        assert!(said.iter().any(|said| said.contains("swollen.tgz: ")), "{said:?}");
        assert!(said.iter().any(|said| said.contains("cut.tgz: ")), "{said:?}");
    }
}
