//! Parsers and readers never fail: what would be an error elsewhere is a [`Diagnostic`] with its place.

use std::sync::Arc;

use crate::{Location, Platform};

/// What kind of thing was missed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub enum DiagnosticKind {
    /// A file or folder could not be opened or read, or is not text where text is needed.
    Unreadable,
    /// A file was read and does not follow its format; what could be saved was judged.
    Syntax,
    /// A limit (size, nesting, aliases, count, ...) was reached; what lies beyond it was not judged.
    Limit,
    /// Something was left out on purpose: a link out of the tree, a device, a template that nobody rendered.
    Skipped,
    /// A value, module or reference could not be resolved from the files.
    Unresolved,
    /// The document says the same key twice, or something else that parsers disagree on.
    Ambiguous,
    /// A suppression, waiver or setting that does not do what its author meant.
    Configuration,
    /// A defect of secscan itself: a rule or reader that panicked.
    Internal,
}

impl DiagnosticKind {
    /// The word that outputs print.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Syntax => "syntax",
            Self::Limit => "limit",
            Self::Skipped => "skipped",
            Self::Unresolved => "unresolved",
            Self::Ambiguous => "ambiguous",
            Self::Configuration => "configuration",
            Self::Internal => "internal",
        }
    }

    /// Whether `--strict` fails on it: something recognised could not be read.
    pub fn is_blinding(self) -> bool {
        matches!(self, Self::Unreadable | Self::Syntax | Self::Limit | Self::Internal)
    }
}

/// One thing that was not looked at.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// What kind of thing.
    pub kind: DiagnosticKind,
    /// The path that reports print, when it belongs to a file or folder.
    pub path: Option<Arc<str>>,
    /// The bytes, when it belongs to a place in a file that was read.
    pub at: Option<Location>,
    /// One sentence in plain words, with the cure where there is one.
    pub message: Arc<str>,
    /// The platforms whose resources may have gone unseen: controls that rest on them cannot pass.
    pub blinds: Vec<Platform>,
}

impl Diagnostic {
    /// A diagnostic without a place.
    pub fn new(kind: DiagnosticKind, message: impl Into<Arc<str>>) -> Self {
        Self { kind, path: None, at: None, message: message.into(), blinds: Vec::new() }
    }

    /// Adds the path.
    #[must_use]
    pub fn path(mut self, path: impl Into<Arc<str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, at: Location) -> Self {
        self.at = Some(at);
        self
    }

    /// Names a platform whose resources may have gone unseen.
    #[must_use]
    pub fn blinds(mut self, platform: Platform) -> Self {
        self.blinds.push(platform);
        self
    }
}
