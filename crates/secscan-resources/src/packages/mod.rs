//! Reading order: `FORMATS` (which files are read, and by whom), `package` (one package as a resource: also for readers
//! of other things than lockfiles), `manifest` and `requirement` (what is asked for), `lockfile` (what is fixed, and how it
//! hangs together), `unit` (manifests and lockfiles of a folder put together), then one module a format.
//!
//! A file is read alone into `Contents`; what several files say together waits for its folder.

mod cargo;
mod composer;
mod ecosystem;
mod formats;
mod gem;
mod go;
mod gradle;
mod lockfile;
mod manifest;
mod maven;
mod npm;
mod nuget;
mod package;
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
pub use formats::{FORMATS, Format, Role, format_of};
pub use package::{Package, PackageSource, SourceKind, SourcePackage, Written};
pub use sbom::Sbom;
pub(crate) use unit::{Tree, evaluate};

use lockfile::Lockfile;
use manifest::{Manifest, Requirement};

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
