//! A folder on disk as a tree of files: what is listed, what is left out and said.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // helpers of tests may panic, and skip out loud
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use secscan_discover::{Directory, Options, TargetError};
use secscan_model::{DiagnosticKind, FileTree};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn open(path: &Path) -> Directory {
    Directory::open(path, &Options::default()).unwrap()
}

fn paths(tree: &Directory) -> Vec<String> {
    tree.list().files.iter().map(|file| file.path.to_string()).collect()
}

/// The diagnostics as `kind path message`.
fn said(tree: &Directory) -> Vec<String> {
    let line = |diagnostic: &secscan_model::Diagnostic| {
        let path = diagnostic.path.as_deref().unwrap_or("-");
        format!("{} {path} {}", diagnostic.kind.as_str(), diagnostic.message)
    };
    tree.list().diagnostics.iter().map(line).collect()
}

fn read(tree: &Directory, path: &str) -> Result<String, secscan_model::Diagnostic> {
    let candidate = tree.list().files.into_iter().find(|file| &*file.path == path).expect(path);
    tree.read(&candidate).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn files_are_sorted_and_hidden_ones_are_seen() {
    let folder =
        folder(&[("b.tf", ""), ("a/z.yaml", "z"), (".github/workflows/ci.yml", ""), ("a.tf", ""), (".env", "")]);
    let tree = open(folder.path());
    assert_eq!(paths(&tree), [".env", ".github/workflows/ci.yml", "a.tf", "a/z.yaml", "b.tf"]);
    assert_eq!(read(&tree, "a/z.yaml").unwrap(), "z");
    assert_eq!(said(&tree), [""; 0]);
}

#[test]
fn many_folders_come_in_one_order() {
    let names: Vec<String> = (0..300).map(|number| format!("d{}/f{number}.yaml", number % 17)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let folder = folder(&files);
    let mut expected = names.clone();
    expected.sort();
    assert_eq!(paths(&open(folder.path())), expected);
}

#[test]
fn git_and_node_modules_are_not_entered() {
    let folder = folder(&[(".git/config", ""), ("web/node_modules/x/a.yaml", ""), ("web/a.yaml", "")]);
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["web/a.yaml"]);
    assert_eq!(said(&tree), ["skipped - 1 `node_modules` folders are not entered"]);
    let inside = open(&folder.path().join("web/node_modules"));
    assert_eq!(paths(&inside), ["x/a.yaml"], "a target that is named is scanned");
}

#[test]
fn ignore_files_are_honoured_outside_of_repositories_too() {
    let folder = folder(&[
        (".gitignore", "/build/\n*.log\n!keep.log\n"),
        ("build/a.tf", ""),
        ("x/a.log", ""),
        ("x/keep.log", ""),
        ("x/.secscanignore", "b.tf\n"),
        ("x/b.tf", ""),
        ("b.tf", ""),
    ]);
    let tree = open(folder.path());
    assert_eq!(paths(&tree), [".gitignore", "b.tf", "x/.secscanignore", "x/keep.log"]);
    assert_eq!(said(&tree), ["skipped x/.secscanignore what this file names is not scanned"]);
    let all = Directory::open(folder.path(), &Options { use_ignore_files: false, ..Options::default() }).unwrap();
    assert_eq!(paths(&all).len(), 7);
}

#[test]
fn a_bad_ignore_pattern_is_said_with_its_line() {
    let folder = folder(&[(".gitignore", "a\n[z-a]\n")]);
    let said = said(&open(folder.path()));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("configuration .gitignore line 2 is no ignore pattern"), "{said:?}");
}

#[test]
fn excludes_are_counted() {
    let folder = folder(&[("vendor/a.tf", ""), ("vendor/b/c.tf", ""), ("gen/x.min.yaml", ""), ("gen/x.yaml", "")]);
    let exclude = vec!["vendor/".to_owned(), "*.min.yaml".to_owned()];
    let tree = Directory::open(folder.path(), &Options { exclude, ..Options::default() }).unwrap();
    assert_eq!(paths(&tree), ["gen/x.yaml"]);
    assert_eq!(said(&tree), ["skipped - 2 files and folders that exclude patterns name are not scanned"]);
    let exclude = vec!["{a".to_owned()];
    let error = Directory::open(folder.path(), &Options { exclude, ..Options::default() }).unwrap_err();
    assert!(matches!(error, TargetError::Pattern { .. }), "{error}");
}

#[test]
fn links_are_not_followed_out_of_the_tree() {
    let outside = folder(&[("secret.yaml", "s")]);
    let folder = folder(&[("shared/common.tf", "c"), ("shared/x.yaml", ""), ("app/main.tf", ""), (".git/config", "")]);
    let at = |name: &str| folder.path().join(name);
    symlink("../shared/common.tf", at("app/common.tf")).unwrap();
    symlink("../shared/x.yaml", at("app/x.yaml")).unwrap();
    symlink("../shared", at("app/shared")).unwrap();
    symlink("..", at("app/up")).unwrap();
    symlink("../.git/config", at("app/gitconfig")).unwrap();
    symlink(outside.path().join("secret.yaml"), at("app/out.yaml")).unwrap();
    symlink(outside.path(), at("app/out")).unwrap();
    symlink("nothing", at("app/dangling.yaml")).unwrap();
    symlink("loop.yaml", at("app/loop.yaml")).unwrap();
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["app/common.tf", "app/main.tf", "shared/common.tf", "shared/x.yaml"]);
    assert_eq!(read(&tree, "app/common.tf").unwrap(), "c");
    let said = said(&tree);
    let outside = outside.path().display();
    assert_eq!(
        said,
        [
            "skipped app/dangling.yaml a link that leads nowhere or in a circle (`nothing`)".to_owned(),
            "skipped app/gitconfig a link to `../.git/config`, which is not scanned".to_owned(),
            "skipped app/loop.yaml a link that leads nowhere or in a circle (`loop.yaml`)".to_owned(),
            format!("skipped app/out a link out of the tree (`{outside}`): not followed"),
            format!("skipped app/out.yaml a link out of the tree (`{outside}/secret.yaml`): not followed"),
        ]
    );
}

#[test]
fn a_fifo_is_never_opened() {
    let folder = folder(&[("a.yaml", "")]);
    let fifo = folder.path().join("pipe.yaml");
    if !Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mkfifo here");
        return;
    }
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["a.yaml"]);
    let message = "a FIFO, socket or device: not opened";
    assert_eq!(said(&tree), [format!("skipped pipe.yaml {message}"), format!("skipped socket {message}")]);
    assert!(matches!(Directory::open(&fifo, &Options::default()), Err(TargetError::Special(_))));
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = folder(&[("closed/a.yaml", ""), ("b.yaml", "")]);
    fs::set_permissions(folder.path().join("closed"), fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(folder.path().join("b.yaml"), fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read_dir(folder.path().join("closed")).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["b.yaml"]);
    assert!(said(&tree)[0].starts_with("unreadable closed cannot be read"), "{:?}", said(&tree));
    assert_eq!(read(&tree, "b.yaml").unwrap_err().kind, DiagnosticKind::Unreadable);
    fs::set_permissions(folder.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_file_that_vanished_is_a_diagnostic() {
    let folder = folder(&[("a.yaml", ""), ("b.yaml", "")]);
    let tree = open(folder.path());
    fs::remove_file(folder.path().join("a.yaml")).unwrap();
    fs::remove_file(folder.path().join("b.yaml")).unwrap();
    fs::create_dir(folder.path().join("b.yaml")).unwrap();
    assert_eq!(read(&tree, "a.yaml").unwrap_err().kind, DiagnosticKind::Unreadable);
    let replaced = read(&tree, "b.yaml").unwrap_err();
    assert_eq!(&*replaced.message, "is no regular file any more: not read");
}

#[test]
fn a_file_over_the_limit_is_refused_when_it_is_read() {
    let folder = folder(&[("a.yaml", "123456"), ("b.yaml", "12345")]);
    let tree = Directory::open(folder.path(), &Options { max_file_size: 5, ..Options::default() }).unwrap();
    let refused = read(&tree, "a.yaml").unwrap_err();
    assert_eq!(refused.kind, DiagnosticKind::Limit);
    assert_eq!(&*refused.message, "6 bytes are more than the 5 that `max-file-size` allows: not read");
    assert_eq!(read(&tree, "b.yaml").unwrap(), "12345");
}

#[test]
fn names_that_are_not_utf_8_are_listed_and_read() {
    let folder = folder(&[]);
    let name = OsStr::from_bytes(b"b\xffd.yaml");
    if fs::write(folder.path().join(name), "x").is_err() {
        eprintln!("skipped: this file system takes no such names");
        return;
    }
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["b\u{fffd}d.yaml"]);
    assert_eq!(read(&tree, "b\u{fffd}d.yaml").unwrap(), "x");
    assert_eq!(said(&tree).len(), 1);
}

#[test]
fn a_single_file_is_listed_alone_and_keeps_its_name() {
    let folder = folder(&[("a.yaml", "x"), ("b.yaml", ""), ("main.tf", ""), ("vars.tf", "v"), ("dev.tfvars", "")]);
    let name = |file: &str| folder.path().join(file).display().to_string();
    let tree = open(&folder.path().join("a.yaml"));
    assert_eq!(paths(&tree), [name("a.yaml")]);
    assert_eq!(read(&tree, &name("a.yaml")).unwrap(), "x");
    let tree = open(&folder.path().join("main.tf"));
    assert_eq!(paths(&tree), [name("dev.tfvars"), name("main.tf"), name("vars.tf")], "a module is a folder");
    assert_eq!(read(&tree, &name("vars.tf")).unwrap(), "v");
}
