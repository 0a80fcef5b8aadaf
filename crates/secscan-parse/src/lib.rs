//! Bytes to located trees, one module a format.
//!
//! Reading order: [`Format`] and its table [`FORMATS`], then the formats: [`yaml`], [`json`], [`toml`], [`template`], [`mod@unit`]
//! and [`dockerfile`] give located values; [`hcl`], [`bicep`] and [`gotemplate`] are languages and give syntax trees, which
//! those evaluate who know what they mean. [`load`] reads our own files.
//!
//! Parsers are total: they return what could be read together with diagnostics, never an error and never a panic; nesting
//! is limited to [`MAX_DEPTH`].

#![forbid(unsafe_code)]

/// YAML 1.2 to located trees: several documents, comments, tags, anchors and merge keys.
pub mod yaml;

/// JSON, and JSON with comments and trailing commas, to located trees.
#[cfg(feature = "json")]
pub mod json;

/// TOML to located trees.
#[cfg(feature = "toml")]
pub mod toml;

/// `.template` files, the traditional name of CloudFormation templates.
pub mod template;

/// Unit files of systemd in the form that Podman reads (quadlets): sections of keys and values.
pub mod unit;

/// Dockerfiles to located lists of instructions.
#[cfg(feature = "dockerfile")]
pub mod dockerfile;

/// HCL: the native syntax of Terraform.
#[cfg(feature = "hcl")]
pub mod hcl;

/// Bicep: the language that Azure Resource Manager templates are written in by hand.
#[cfg(feature = "bicep")]
pub mod bicep;

/// Templates of Go's `text/template`, as Helm's charts use them: parsed once, executed with values that know where they
/// come from.
#[cfg(feature = "gotemplate")]
pub mod gotemplate;

/// Our own typed files (rules, packs, settings) from located trees, with errors that carry their place.
pub mod load;

mod map_builder;

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Node, Source, Span};

/// How deep values may nest, aliases followed. Deeper input is cut there with a diagnostic.
pub const MAX_DEPTH: usize = 128;

/// How many diagnostics of one kind a parser reports for a file; the last one says that there are more.
pub const MAX_DIAGNOSTICS: usize = 100;

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
pub static FORMATS: &[Format] = &[
    Format { name: "yaml", claims: yaml::claims, parse: yaml::parse },
    #[cfg(feature = "json")]
    Format { name: "json", claims: json::claims, parse: json::parse },
    #[cfg(feature = "toml")]
    Format { name: "toml", claims: toml::claims, parse: toml::parse },
    #[cfg(feature = "dockerfile")]
    Format { name: "dockerfile", claims: dockerfile::claims, parse: dockerfile::parse },
    Format { name: "unit", claims: unit::claims, parse: unit::parse },
    Format { name: "template", claims: template::claims, parse: template::parse },
];

/// The format of a path.
pub fn format_of(path: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.claims)(path))
}

impl Parsed {
    /// What there is to say about a file that is not UTF-8.
    pub(crate) fn not_text(source: &Source, error: std::str::Utf8Error) -> Self {
        let mut parsed = Self::default();
        let at = error.valid_up_to();
        let message = "not UTF-8 text, so nothing in this file was judged; convert it to UTF-8";
        parsed.report(source, DiagnosticKind::Unreadable, Span::new(at, at + 1), message);
        parsed
    }

    /// Adds a diagnostic, up to [`MAX_DIAGNOSTICS`] of its kind. What a span claims beyond the end of the file is cut.
    pub(crate) fn report(&mut self, source: &Source, kind: DiagnosticKind, span: Span, message: impl Into<String>) {
        let before = self.diagnostics.iter().filter(|diagnostic| diagnostic.kind == kind).count();
        let message = match before + 1 {
            count if count < MAX_DIAGNOSTICS => message.into(),
            count if count == MAX_DIAGNOSTICS => format!("{}; more like this are left out", message.into()),
            _ => return,
        };
        let at = source.at(whole_characters(&source.bytes, span));
        self.diagnostics.push(Diagnostic::new(kind, message).path(source.path.clone()).at(at));
    }
}

/// The span within the file, with all of the characters that it touches: parsers count bytes behind an error, whatever
/// these are part of.
fn whole_characters(bytes: &[u8], span: Span) -> Span {
    let continues = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    let mut start = (span.start as usize).min(bytes.len());
    let mut end = (span.end as usize).min(bytes.len());
    while start > 0 && continues(start) {
        start -= 1;
    }
    while continues(end) {
        end += 1;
    }
    Span::new(start, end)
}

/// Whether something other than comments stands in front of a comment on its line; `last` is the comment before it. No
/// further back than that one is looked, which knows what stands before itself: a line may be nothing but comments.
#[cfg(any(feature = "bicep", feature = "hcl"))]
fn trails(text: &str, start: usize, last: Option<&Comment>) -> bool {
    // Where a broken part is read again, a comment may stand within the last one.
    let last = last.filter(|last| last.span.range().end <= start);
    let before = &text.as_bytes()[last.map_or(0, |last| last.span.range().end)..start];
    match memchr::memrchr(b'\n', before) {
        Some(line) => !before[line..].trim_ascii().is_empty(),
        None => last.is_some_and(|last| last.trailing) || !before.trim_ascii().is_empty(),
    }
}
