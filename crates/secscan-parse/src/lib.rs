//! Bytes to located trees, one module a format.
//!
//! Reading order: [`Format`] and its table [`FORMATS`], then the formats. Parsers are total: they return what could be
//! read together with diagnostics, never an error and never a panic; nesting is limited to [`MAX_DEPTH`].

#![forbid(unsafe_code)]

pub mod yaml;

use secscan_model::{Comment, Diagnostic, Node, Source};

/// How deep values may nest. Deeper input is cut there with a diagnostic.
pub const MAX_DEPTH: usize = 128;

/// What a parser made of a file.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The documents: several for YAML, at most one elsewhere.
    pub documents: Vec<Node>,
    /// The comments in the order of the file.
    pub comments: Vec<Comment>,
    /// What was not understood, with its place.
    pub diagnostics: Vec<Diagnostic>,
}

/// A format of located trees.
pub struct Format {
    /// Its name, as `inspect` and diagnostics print it.
    pub name: &'static str,
    /// Whether a path looks like it.
    pub claims: fn(path: &str) -> bool,
    /// The parser.
    pub parse: fn(&Source) -> Parsed,
}

/// All formats that give generic trees; the first that claims a path parses it.
pub static FORMATS: &[Format] = &[Format { name: "yaml", claims: yaml::claims, parse: yaml::parse }];

/// The format of a path.
pub fn format_of(path: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.claims)(path))
}
