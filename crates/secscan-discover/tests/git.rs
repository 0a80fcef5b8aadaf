//! Git revisions as trees of files, made by git itself.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // helpers of tests may panic, and skip out loud

use std::fs;
use std::path::Path;
use std::process::Command;

use secscan_discover::{Directory, GitTree, Options, TargetError, merge_base, revision};
use secscan_model::{Candidate, FileTree, Origin};

/// Runs git in a folder; its output without the line break.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .expect("git was there a moment ago");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A new repository; none where git is missing, which is said.
fn repository() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: no git here");
        return None;
    }
    git(folder.path(), &["init", "-q"]);
    Some(folder)
}

/// Writes files and commits everything; the commit's hash.
fn commit(folder: &Path, files: &[(&str, &str)]) -> String {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", "change"]);
    git(folder, &["rev-parse", "HEAD"])
}

fn at(path: &Path, revision: &str) -> GitTree {
    GitTree::open(path, revision, &Options::default()).unwrap()
}

/// The files with their text.
fn files(tree: &dyn FileTree) -> Vec<(String, String)> {
    let text = |candidate| String::from_utf8(tree.read(candidate).unwrap().to_vec()).unwrap();
    tree.list().files.iter().map(|candidate| (candidate.path.to_string(), text(candidate))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect()
}

#[test]
fn a_revision_is_read_as_it_was() {
    let Some(folder) = repository() else { return };
    let first = commit(folder.path(), &[("b.tf", "1"), ("a/x.yaml", "old"), ("node_modules/m.yaml", "")]);
    commit(folder.path(), &[("a/x.yaml", "new")]);
    git(folder.path(), &["mv", "b.tf", "renamed.tf"]);
    let third = commit(folder.path(), &[]);
    git(folder.path(), &["tag", "-a", "-m", "x", "v1", &first]);

    let tree = at(folder.path(), &first);
    assert_eq!(files(&tree), pairs(&[("a/x.yaml", "old"), ("b.tf", "1")]));
    assert_eq!(tree.origin(&Candidate::new("any", 0)), Origin::GitBlob { commit: first.as_str().into() });
    assert_eq!(files(&at(folder.path(), "v1")), files(&tree), "an annotated tag is peeled");
    assert_eq!(files(&at(folder.path(), "HEAD")), pairs(&[("a/x.yaml", "new"), ("renamed.tf", "1")]));
    assert_eq!(revision(&folder.path().join("a")).as_deref(), Some(third.as_str()));
}

#[test]
fn a_sub_folder_or_file_is_named_as_on_disk() {
    let Some(folder) = repository() else { return };
    commit(folder.path(), &[("infra/main.tf", "1"), ("infra/m/x.tf", "2"), ("top.yaml", ""), ("infra/readme.md", "")]);
    let infra = folder.path().join("infra");
    assert_eq!(files(&at(&infra, "HEAD")), pairs(&[("m/x.tf", "2"), ("main.tf", "1"), ("readme.md", "")]));
    for target in [folder.path().to_owned(), infra.clone(), infra.join("main.tf"), infra.join("readme.md")] {
        let disk = Directory::open(&target, &Options::default()).unwrap();
        assert_eq!(files(&at(&target, "HEAD")), files(&disk), "{}", target.display());
    }
    fs::create_dir(folder.path().join("new")).unwrap();
    assert_eq!(files(&at(&folder.path().join("new"), "HEAD")), [], "the revision does not have it yet");
}

#[test]
fn excludes_and_limits_hold_for_revisions() {
    let Some(folder) = repository() else { return };
    commit(folder.path(), &[("vendor/a.tf", ""), ("main.tf", "123456")]);
    let options = Options { exclude: vec!["vendor/**".to_owned()], max_file_size: 5, ..Options::default() };
    let tree = GitTree::open(folder.path(), "HEAD", &options).unwrap();
    let listing = tree.list();
    assert_eq!(listing.files.len(), 1);
    assert_eq!(&*listing.diagnostics[0].message, "1 files that exclude patterns name are not scanned");
    assert!(tree.read(&listing.files[0]).unwrap_err().message.contains("max-file-size"));
}

#[cfg(unix)]
#[test]
fn links_and_submodules_are_left_out() {
    let (Some(folder), Some(other)) = (repository(), repository()) else { return };
    commit(other.path(), &[("x.tf", "")]);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.yaml")).unwrap();
    git(folder.path(), &["submodule", "--quiet", "add", &other.path().display().to_string(), "sub"]);
    commit(folder.path(), &[]);
    let listing = at(folder.path(), "HEAD").list();
    assert_eq!(listing.files.len(), 1, "only .gitmodules is a file");
    let said: Vec<_> = listing.diagnostics.iter().map(|d| (d.path.as_deref().unwrap(), &*d.message)).collect();
    assert_eq!(
        said,
        [
            ("link.yaml", "a link: not followed in a Git revision"),
            ("sub", "a submodule: its files belong to another repository")
        ]
    );
}

#[test]
fn the_base_is_where_the_branches_parted() {
    let Some(folder) = repository() else { return };
    let parted = commit(folder.path(), &[("a", "1")]);
    git(folder.path(), &["checkout", "-q", "-b", "feature"]);
    commit(folder.path(), &[("b", "1")]);
    git(folder.path(), &["checkout", "-q", "main"]);
    commit(folder.path(), &[("c", "1")]);
    git(folder.path(), &["checkout", "-q", "feature"]);
    let base = merge_base(folder.path(), "main").unwrap();
    assert_eq!((&*base.commit, base.note), (&*parted, None));
}

#[test]
fn without_a_common_ancestor_the_revision_itself_is_the_base() {
    let Some(folder) = repository() else { return };
    let main = commit(folder.path(), &[("a", "1")]);
    git(folder.path(), &["checkout", "-q", "--orphan", "other"]);
    commit(folder.path(), &[("b", "1")]);
    let base = merge_base(folder.path(), "main").unwrap();
    assert_eq!(*base.commit, *main);
    assert!(base.note.unwrap().contains("no common history"));
}

#[test]
fn a_shallow_clone_says_what_is_missing() {
    let Some(folder) = repository() else { return };
    let parted = commit(folder.path(), &[("a", "1")]);
    git(folder.path(), &["checkout", "-q", "-b", "feature"]);
    commit(folder.path(), &[("b", "1")]);
    commit(folder.path(), &[("b", "2")]);
    git(folder.path(), &["checkout", "-q", "main"]);
    let main = commit(folder.path(), &[("c", "1")]);
    let clones = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display());
    git(clones.path(), &["clone", "-q", "--depth", "1", "--branch", "feature", &url, "clone"]);
    let clone = clones.path().join("clone");

    let error = merge_base(&clone, "main").unwrap_err();
    let TargetError::NoRevision { cure, .. } = &error else { panic!("{error}") };
    assert!(cure.contains("git fetch origin main"), "{cure}");

    git(&clone, &["fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main"]);
    let error = merge_base(&clone, "main").unwrap_err();
    assert!(error.to_string().contains("did you mean `origin/main`?"), "{error}");
    let base = merge_base(&clone, "origin/main").unwrap();
    assert_eq!(*base.commit, *main, "the parting commit {parted} is not in the clone");
    assert!(base.note.unwrap().contains("fetch-depth: 0"));
    assert_eq!(files(&at(&clone, &base.commit)), pairs(&[("a", "1"), ("c", "1")]));
}

#[test]
fn targets_without_git_say_so() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(revision(folder.path()), None);
    let error = GitTree::open(folder.path(), "HEAD", &Options::default()).unwrap_err();
    assert!(matches!(error, TargetError::NoRepository { .. }), "{error}");
    let Some(empty) = repository() else { return };
    assert_eq!(revision(empty.path()), None);
    assert!(merge_base(empty.path(), "HEAD").unwrap_err().to_string().contains("there is no commit yet"));
}

#[test]
fn naming_a_tracked_file_in_gitignore_does_not_hide_it() {
    let Some(folder) = repository() else { return };
    commit(folder.path(), &[("infra/main.tf", "1"), ("infra/left-out.tf", ""), ("vendor/v.tf", ""), ("gone.tf", "")]);
    commit(folder.path(), &[(".gitignore", "*.tf\n"), (".secscanignore", "left-out.tf\n")]);
    fs::write(folder.path().join("untracked.tf"), "").unwrap();
    fs::remove_file(folder.path().join("gone.tf")).unwrap();
    let options = Options { exclude: vec!["vendor/".to_owned()], ..Options::default() };
    let tree = Directory::open(folder.path(), &options).unwrap();
    let names: Vec<_> = tree.list().files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(names, [".gitignore", ".secscanignore", "infra/main.tf"]);
    let below = Directory::open(&folder.path().join("infra"), &Options::default()).unwrap();
    assert_eq!(below.list().files.len(), 1, "the same from a folder below");
}

#[test]
fn many_threads_read_at_once() {
    let Some(folder) = repository() else { return };
    let names: Vec<String> = (0..50).map(|number| format!("f{number}.yaml")).collect();
    let contents: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    commit(folder.path(), &contents);
    let tree = at(folder.path(), "HEAD");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(files(&tree).iter().all(|(path, text)| path == text)));
        }
    });
}
