//! Packages: what manifests ask for and lockfiles fix, each with its exact place.
//!
//! Reading order: [`FORMATS`] (which files are read, and by whom), [`package`] (one package as a resource: also for readers
//! of other things than lockfiles), `manifest` and `requirement` (what is asked for), `lockfile` (what is fixed, and how it
//! hangs together), `unit` (manifests and lockfiles of a folder put together), then one module a format.
//!
//! A file is read alone into [`Contents`]; what several files say together waits for its folder.

mod cargo;
mod ecosystem;
mod lockfile;
mod manifest;
mod npm;
pub mod package;
mod python;
mod requirement;
mod requirements;
mod unit;

use std::sync::Arc;

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Node, Platform, Source, Span};
use secscan_parse::Parsed;

pub use ecosystem::Ecosystem;
pub use package::{Package, PackageSource, SourceKind, Written};
pub(crate) use unit::{Tree, evaluate};

use lockfile::Lockfile;
use manifest::{Manifest, Requirement};

/// What a file is to its project.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// People declare in it what they need.
    Manifest,
    /// A tool fixes versions in it.
    Lockfile,
    /// It says where packages come from.
    Settings,
}

impl Role {
    /// The type of its resource.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Lockfile => "lockfile",
            Self::Settings => "settings",
        }
    }
}

/// A file format that names packages.
pub struct Format {
    /// Its name, as resources carry it.
    pub name: &'static str,
    /// What its files are to their project.
    pub role: Role,
    /// Whose packages it names.
    pub ecosystem: Ecosystem,
    /// The names of its files, with `*` for anything but a slash; a slash asks for the folder too.
    pub files: &'static [&'static str],
    /// Of a lockfile: the formats of the manifests that it belongs to.
    pub locks: &'static [&'static str],
    read: fn(&Source, &mut Contents),
}

/// All formats; the first that claims a path reads it.
pub static FORMATS: &[Format] = &[
    Format {
        name: "Cargo.toml",
        role: Role::Manifest,
        ecosystem: Ecosystem::Cargo,
        files: &["Cargo.toml"],
        locks: &[],
        read: cargo::read_manifest,
    },
    Format {
        name: "Cargo.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Cargo,
        files: &["Cargo.lock"],
        locks: &["Cargo.toml"],
        read: cargo::read_lockfile,
    },
    Format {
        name: "package.json",
        role: Role::Manifest,
        ecosystem: Ecosystem::Npm,
        files: &["package.json"],
        locks: &[],
        read: npm::read_manifest,
    },
    Format {
        name: "package-lock.json",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Npm,
        files: &["package-lock.json", "npm-shrinkwrap.json"],
        locks: &["package.json"],
        read: npm::read_lockfile,
    },
    Format {
        name: "requirements.txt",
        role: Role::Manifest,
        ecosystem: Ecosystem::Pypi,
        files: &[
            "*requirements*.txt",
            "*constraints*.txt",
            "requirements/*.txt",
            "*requirements*.in",
            "requirements/*.in",
        ],
        locks: &[],
        read: requirements::read,
    },
];

/// What there is to say about a file that is not UTF-8.
const NOT_TEXT: &str = "not UTF-8 text, so nothing in this file was judged; convert it to UTF-8";

/// What one file says by itself.
#[derive(Debug, Default)]
pub struct Contents {
    manifest: Option<Manifest>,
    lockfile: Option<Lockfile>,
    includes: Vec<requirements::Include>,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
}

/// A file that waits for its folder.
pub struct File {
    /// How it was read.
    pub format: &'static Format,
    contents: Contents,
}

impl File {
    /// What the file asks for.
    fn requirements(&self) -> &[Requirement] {
        self.contents.manifest.as_ref().map_or(&[], |manifest| &manifest.requirements)
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("format", &self.format.name).field("contents", &self.contents).finish()
    }
}

/// The format of a path.
pub fn format_of(path: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.files.iter().any(|pattern| is_named(pattern, path)))
}

/// Whether the last segments of a path have the names of a pattern.
fn is_named(pattern: &str, path: &str) -> bool {
    let mut segments = path.rsplit('/');
    pattern.rsplit('/').all(|pattern| segments.next().is_some_and(|name| glob(pattern, name)))
}

/// Whether a name matches a pattern in which `*` stands for any run of characters.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(head) else { return false };
    match rest.split_once('*') {
        None => name.ends_with(rest),
        Some((middle, _)) => name.find(middle).is_some_and(|at| glob(rest, &name[at..])),
    }
}

/// Reads one file. Diagnostics that hide something blind [`Platform::Package`].
pub(crate) fn read(source: &Source, format: &'static Format) -> (File, Vec<Comment>, Vec<Diagnostic>) {
    let mut contents = Contents::default();
    (format.read)(source, &mut contents);
    let comments = std::mem::take(&mut contents.comments);
    let mut diagnostics = std::mem::take(&mut contents.diagnostics);
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.kind.is_blinding()) {
        diagnostic.blinds.push(Platform::Package);
    }
    (File { format, contents }, comments, diagnostics)
}

impl Contents {
    /// The first document of a parsed file; what the parser said is kept.
    fn document(&mut self, parsed: Parsed) -> Option<Node> {
        self.comments = parsed.comments;
        self.diagnostics.extend(parsed.diagnostics);
        parsed.documents.into_iter().next()
    }

    /// Says that something in the file is not as its format has it.
    fn complain(&mut self, source: &Source, span: Span, message: impl Into<Arc<str>>) {
        let diagnostic = Diagnostic::new(DiagnosticKind::Syntax, message).path(source.path.clone());
        self.diagnostics.push(diagnostic.at(source.at(span)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide_the_format() {
        for (path, expected) in [
            ("Cargo.lock", Some("Cargo.lock")),
            ("a/b/package-lock.json", Some("package-lock.json")),
            ("requirements.txt", Some("requirements.txt")),
            ("dev-requirements-3.txt", Some("requirements.txt")),
            ("a/requirements/base.txt", Some("requirements.txt")),
            ("base.txt", None),
            ("my-package.json", None),
        ] {
            assert_eq!(format_of(path).map(|format| format.name), expected, "{path}");
        }
    }

    #[test]
    fn lockfiles_name_manifests_that_are_read() {
        for format in FORMATS {
            let is_manifest = |name: &&&str| FORMATS.iter().any(|f| f.name == **name && f.role == Role::Manifest);
            assert_eq!(format.locks.iter().filter(is_manifest).count(), format.locks.len(), "{}", format.name);
            assert_eq!(format.role == Role::Lockfile, !format.locks.is_empty(), "{}", format.name);
        }
    }
}
