//! What a change does to its own scan: files that decide what is looked at, and by what it is judged, held against the
//! base revision. A change may bring them, but not in silence. (`secscan.toml` is not among them: [`crate::settings`]
//! takes it from the base revision.)

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secscan_discover::{Base, Forest, IGNORE_FILE, file_at};
use secscan_model::report::Notice;
use secscan_model::{Candidate, DiagnosticKind, FileTree};

use crate::{rule_files, targets};

/// What is to be said of folders of rules, and of further files that a change is judged by, such as a baseline.
pub(crate) fn judges(rules: &[PathBuf], files: &[PathBuf], base: &Base) -> anyhow::Result<Vec<Notice>> {
    let mut changed = Vec::new();
    for folder in rules {
        changed.extend(rule_files::changed_since(folder, &base.commit)?);
    }
    changed.extend(files.iter().filter(|file| differs(file, base) == Some(true)).cloned());
    let what = "this file differs from the base revision: the change decides itself by what it is judged";
    Ok(changed.iter().map(|path| note(targets::slashed(path).into(), what)).collect())
}

/// What is to be said of files in and above the targets that leave others out of the scan.
pub(crate) fn ignore_files(named: &[String], tree: &Forest, base_tree: &Forest, base: Option<&Base>) -> Vec<Notice> {
    let mut changed = within(tree, base_tree);
    if let Some(base) = base {
        changed.extend(above(named, base));
    }
    let what = "this file is new or differs from the base revision: the change decides itself what is left out";
    changed.into_iter().map(|path| note(path, what)).collect()
}

fn note(path: Arc<str>, what: &str) -> Notice {
    Notice { kind: DiagnosticKind::Configuration, path: Some(path), place: None, message: what.into() }
}

/// Whether the base revision has a file otherwise; none where it belongs to no repository with that revision, because
/// what is outside is no part of a change.
fn differs(file: &Path, base: &Base) -> Option<bool> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let before = file_at(folder, &base.commit, file.file_name()?.to_str()?).ok()?;
    let now = std::fs::read(file).ok();
    // Git may end lines otherwise on disk.
    let lines = |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
    Some(lines(before) != lines(now))
}

fn within(tree: &Forest, base: &Forest) -> BTreeSet<Arc<str>> {
    let listing = tree.list();
    let skipped = listing.diagnostics.iter().filter_map(|diagnostic| diagnostic.path.clone());
    let listed = listing.files.iter().map(|file| file.path.clone());
    let is_ignore_file = |path: &Arc<str>| path.rsplit('/').next() == Some(IGNORE_FILE);
    let differs = |path: &Arc<str>| {
        let file = Candidate::new(path.clone(), 0);
        match (tree.read(&file).ok(), base.read(&file).ok()) {
            (_, None) => true,
            (now, before) => now.is_some() && now != before,
        }
    };
    listed.chain(skipped).filter(is_ignore_file).filter(differs).collect()
}

/// Those in the folders between the root of the repository and a target.
fn above(named: &[String], base: &Base) -> BTreeSet<Arc<str>> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let mut changed = BTreeSet::new();
    let folders = named.iter().filter_map(|target| Path::new(target).canonicalize().ok()).filter(|path| path.is_dir());
    for folder in folders {
        for file in folder.ancestors().skip(1).map(|folder| folder.join(IGNORE_FILE)) {
            let Some(differs) = differs(&file, base) else { break };
            if differs {
                let below = file.strip_prefix(&here).map(targets::slashed);
                changed.insert(below.unwrap_or_else(|_| format!("../{IGNORE_FILE}")).into());
            }
        }
    }
    changed
}
