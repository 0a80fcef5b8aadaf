//! What is installed in a file system: the packages of the operating system, and those of languages.
//!
//! Reading order: [`FORMATS`] (which files are read, and by whom) → [`os_release`] (which distribution it is) → one module a
//! format. Packages of an operating system wait for the distribution, which another file names.
//!
//! Databases that are no text come written out as text by `secscan-image`, under the name of the file with `!` and a word
//! behind it.

mod apk;
mod binaries;
mod dpkg;
mod lines;
mod node;
mod os_release;
mod python;
mod rpm;
mod stanza;

use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Platform, Source, Span};

use crate::packages::Package;
use crate::{Batch, FileReading, Fragment};
use os_release::Distribution;

/// A file that tells of installed packages.
pub(crate) struct Format {
    /// Its name, as package resources carry it.
    pub name: &'static str,
    /// The root folder of the file system that a path belongs to (without a slash at its end), when it is such a file.
    claims: fn(&str) -> Option<&str>,
    /// Whether the distribution matters to its packages.
    of_distribution: bool,
    read: fn(&Source, &mut Contents),
}

/// All formats; the first that claims a path reads it.
pub(crate) static FORMATS: &[Format] = &[
    Format { name: "os-release", claims: os_release::claims, of_distribution: true, read: os_release::read },
    Format { name: "dpkg status", claims: dpkg::claims, of_distribution: true, read: dpkg::read },
    Format { name: "apk installed", claims: apk::claims, of_distribution: true, read: apk::read },
    Format { name: "rpm database", claims: rpm::claims, of_distribution: true, read: rpm::read },
    Format { name: "unreadable rpm database", claims: rpm::claims_old, of_distribution: true, read: rpm::refuse },
    Format { name: "Python metadata", claims: python::claims, of_distribution: false, read: python::read },
    Format { name: "installed package.json", claims: node::claims, of_distribution: false, read: node::read },
    Format { name: "Go build info", claims: binaries::claims_go, of_distribution: false, read: binaries::read_go },
    Format {
        name: "cargo-auditable",
        claims: binaries::claims_cargo,
        of_distribution: false,
        read: binaries::read_cargo,
    },
];

/// What one file says.
#[derive(Debug, Default)]
struct Contents {
    packages: Vec<Package>,
    distribution: Option<Distribution>,
    diagnostics: Vec<Diagnostic>,
}

impl Contents {
    /// Says that packages of the file may have gone unseen.
    fn complain(&mut self, source: &Source, kind: DiagnosticKind, message: impl Into<Arc<str>>) {
        let diagnostic = Diagnostic::new(kind, message).path(source.path.clone());
        self.diagnostics.push(diagnostic.at(source.at(Span::new(0, 0))).blinds(Platform::Package));
    }
}

/// A file that waits for the distribution.
pub struct File {
    format: &'static Format,
    root: String,
    contents: Contents,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("format", &self.format.name).field("contents", &self.contents).finish()
    }
}

/// The format of a path.
pub(crate) fn format_of(path: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.claims)(path).is_some())
}

/// Reads one file into a reading.
pub(crate) fn read(source: &Source, format: &'static Format, reading: &mut FileReading) {
    let mut contents = Contents::default();
    (format.read)(source, &mut contents);
    let root = (format.claims)(&source.path).unwrap_or_default().to_owned();
    reading.recognised = true;
    reading.diagnostics.append(&mut contents.diagnostics);
    if let Some(distribution) = &contents.distribution {
        reading.batch.push(distribution.resource(source));
    }
    if format.of_distribution {
        reading.fragment = Some(Fragment::Installed(File { format, root, contents }));
        return;
    }
    let unit = unit(&root);
    for package in contents.packages {
        reading.batch.push(package.into_resource(unit.clone()));
    }
}

/// Adds the packages of a database, now that the distribution can be asked for. `files` are sorted by path.
pub(crate) fn evaluate(file: &File, files: &[FileReading], batch: &mut Batch) {
    let distribution = os_release::PATHS.iter().find_map(|path| distribution(&joined(&file.root, path), files));
    let unit = unit(&file.root);
    for mut package in file.contents.packages.iter().cloned() {
        if let Some(distribution) = distribution {
            distribution.name(&mut package);
        }
        batch.push(package.into_resource(unit.clone()));
    }
}

fn distribution<'a>(path: &str, files: &'a [FileReading]) -> Option<&'a Distribution> {
    let first = files.partition_point(|file| *file.source.path < *path);
    let file = files.get(first).filter(|file| &*file.source.path == path)?;
    match &file.fragment {
        Some(Fragment::Installed(file)) => file.contents.distribution.as_ref(),
        _ => None,
    }
}

fn unit(root: &str) -> Arc<str> {
    format!("installed:{}", if root.is_empty() { "." } else { root }).into()
}

fn joined(root: &str, path: &str) -> String {
    if root.is_empty() { path.to_owned() } else { format!("{root}/{path}") }
}

/// What stands in front of one of the names at the end of a path.
fn root_of<'p>(path: &'p str, names: &[&str]) -> Option<&'p str> {
    names.iter().find_map(|name| {
        let root = path.strip_suffix(name)?;
        if root.is_empty() { Some("") } else { root.strip_suffix('/') }
    })
}

/// The folder of a path.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests;
