//! Packages: what manifests ask for and lockfiles fix, each with its exact place.
//!
//! Reading order: [`FORMATS`] (which files are read, and by whom), [`package`] (one package as a resource: also for readers
//! of other things than lockfiles), `manifest` and `requirement` (what is asked for), `lockfile` (what is fixed, and how it
//! hangs together), `unit` (manifests and lockfiles of a folder put together), then one module a format.
//!
//! A file is read alone into [`Contents`]; what several files say together waits for its folder.

mod cargo;
mod composer;
mod ecosystem;
mod gem;
mod go;
mod gradle;
mod lockfile;
mod manifest;
mod maven;
mod npm;
mod nuget;
pub mod package;
mod pnpm;
mod pyproject;
mod python;
mod python_locks;
mod requirement;
mod requirements;
mod sbom;
mod settings;
mod text;
mod unit;
mod xml;
mod yarn;

use std::sync::Arc;

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Node, Platform, Source, Span};
use secscan_parse::{MAX_DIAGNOSTICS, Parsed};

pub use ecosystem::Ecosystem;
pub use package::{Package, PackageSource, SourceKind, SourcePackage, Written};
pub use sbom::Sbom;
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
        name: "yarn.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Npm,
        files: &["yarn.lock"],
        locks: &["package.json"],
        read: yarn::read,
    },
    Format {
        name: "pnpm-lock.yaml",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Npm,
        files: &["pnpm-lock.yaml"],
        locks: &["package.json"],
        read: pnpm::read,
    },
    Format {
        name: ".npmrc",
        role: Role::Settings,
        ecosystem: Ecosystem::Npm,
        files: &[".npmrc"],
        locks: &[],
        read: settings::read_npmrc,
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
    Format {
        name: "pyproject.toml",
        role: Role::Manifest,
        ecosystem: Ecosystem::Pypi,
        files: &["pyproject.toml"],
        locks: &[],
        read: pyproject::read,
    },
    Format {
        name: "Pipfile",
        role: Role::Manifest,
        ecosystem: Ecosystem::Pypi,
        files: &["Pipfile"],
        locks: &[],
        read: pyproject::read_pipfile,
    },
    Format {
        name: "poetry.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["poetry.lock"],
        locks: &["pyproject.toml"],
        read: python_locks::read_poetry,
    },
    Format {
        name: "uv.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["uv.lock"],
        locks: &["pyproject.toml"],
        read: python_locks::read_uv,
    },
    Format {
        name: "pdm.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["pdm.lock"],
        locks: &["pyproject.toml"],
        read: python_locks::read_pdm,
    },
    Format {
        name: "pylock.toml",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["pylock.toml", "pylock.*.toml"],
        locks: &["pyproject.toml"],
        read: python_locks::read_pylock,
    },
    Format {
        name: "Pipfile.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Pypi,
        files: &["Pipfile.lock"],
        locks: &["Pipfile"],
        read: python_locks::read_pipenv,
    },
    Format {
        name: "pip.conf",
        role: Role::Settings,
        ecosystem: Ecosystem::Pypi,
        files: &["pip.conf", "pip.ini"],
        locks: &[],
        read: settings::read_pip,
    },
    Format {
        name: "go.mod",
        role: Role::Manifest,
        ecosystem: Ecosystem::Golang,
        files: &["go.mod"],
        locks: &[],
        read: go::read_manifest,
    },
    Format {
        name: "go.sum",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Golang,
        files: &["go.sum"],
        locks: &["go.mod"],
        read: go::read_sums,
    },
    Format {
        name: "pom.xml",
        role: Role::Manifest,
        ecosystem: Ecosystem::Maven,
        files: &["pom.xml"],
        locks: &[],
        read: maven::read,
    },
    Format {
        name: "settings.xml",
        role: Role::Settings,
        ecosystem: Ecosystem::Maven,
        files: &["settings.xml"],
        locks: &[],
        read: maven::read_settings,
    },
    Format {
        name: "gradle.lockfile",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Maven,
        files: &["gradle.lockfile", "buildscript-gradle.lockfile"],
        locks: &[],
        read: gradle::read,
    },
    Format {
        name: "gradle-wrapper.properties",
        role: Role::Settings,
        ecosystem: Ecosystem::Maven,
        files: &["gradle-wrapper.properties"],
        locks: &[],
        read: settings::read_wrapper,
    },
    Format {
        name: "maven-wrapper.properties",
        role: Role::Settings,
        ecosystem: Ecosystem::Maven,
        files: &["maven-wrapper.properties"],
        locks: &[],
        read: settings::read_wrapper,
    },
    Format {
        name: "Gemfile",
        role: Role::Manifest,
        ecosystem: Ecosystem::Gem,
        files: &["Gemfile"],
        locks: &[],
        read: gem::read_manifest,
    },
    Format {
        name: "Gemfile.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Gem,
        files: &["Gemfile.lock"],
        locks: &["Gemfile"],
        read: gem::read_lockfile,
    },
    Format {
        name: "composer.json",
        role: Role::Manifest,
        ecosystem: Ecosystem::Composer,
        files: &["composer.json"],
        locks: &[],
        read: composer::read_manifest,
    },
    Format {
        name: "composer.lock",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Composer,
        files: &["composer.lock"],
        locks: &["composer.json"],
        read: composer::read_lockfile,
    },
    Format {
        name: "MSBuild project",
        role: Role::Manifest,
        ecosystem: Ecosystem::Nuget,
        files: &["*.csproj", "*.fsproj", "*.vbproj", "Directory.Packages.props"],
        locks: &[],
        read: nuget::read_project,
    },
    Format {
        name: "packages.lock.json",
        role: Role::Lockfile,
        ecosystem: Ecosystem::Nuget,
        files: &["packages.lock.json"],
        locks: &["MSBuild project"],
        read: nuget::read_lockfile,
    },
    Format {
        name: "packages.config",
        role: Role::Manifest,
        ecosystem: Ecosystem::Nuget,
        files: &["packages.config"],
        locks: &[],
        read: nuget::read_config,
    },
    Format {
        name: "NuGet.config",
        role: Role::Settings,
        ecosystem: Ecosystem::Nuget,
        files: &["NuGet.config", "nuget.config", "NuGet.Config"],
        locks: &[],
        read: nuget::read_settings,
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
    pom: Option<Box<maven::Pom>>,
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
    // What stands in there is installed, not asked for: `installed` reads it.
    if path.split('/').any(|folder| folder == "node_modules") {
        return None;
    }
    FORMATS.iter().find(|format| format.files.iter().any(|pattern| is_named(pattern, path)))
}

/// Whether the last segments of a path have the names of a pattern.
fn is_named(pattern: &str, path: &str) -> bool {
    // Asked of every file: nearly all of them end otherwise.
    let end = pattern.bytes().rposition(|byte| byte == b'*').map_or(0, |star| star + 1);
    if !path.as_bytes().ends_with(&pattern.as_bytes()[end..]) {
        return false;
    }
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
    fn document(&mut self, source: &Source, parsed: Parsed) -> Option<Node> {
        self.comments = parsed.comments;
        self.diagnostics.extend(parsed.diagnostics);
        let document = parsed.documents.into_iter().next()?;
        if document.as_map().is_none() {
            self.complain(source, document.at.span, "this file holds no map of keys and values, as its format does");
            return None;
        }
        Some(document)
    }

    /// Says that something in the file is not as its format has it, up to [`MAX_DIAGNOSTICS`] times.
    fn complain(&mut self, source: &Source, span: Span, message: impl Into<Arc<str>>) {
        if self.diagnostics.len() >= MAX_DIAGNOSTICS {
            return;
        }
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
            assert!(format.role == Role::Lockfile || format.locks.is_empty(), "{}", format.name);
        }
    }
}
