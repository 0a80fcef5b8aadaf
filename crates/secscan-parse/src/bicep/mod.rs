//! Reading order: `parse`, `syntax`, `cursor` (white space, comments, names), `statement`, `expression`, `text`.
//!
//! The grammar is that of the language's own description. Line breaks end statements, properties and items, so the
//! parser reads characters, not tokens. After an error it goes on at the next property or at the next statement.

mod cursor;
mod expression;
mod statement;
/// What a Bicep file says, with places.
pub mod syntax;
#[cfg(test)]
mod tests;
mod text;

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Source, Span};

use self::cursor::Cursor;
pub use self::syntax::Statement;
use crate::Parsed;

/// What a Bicep file says.
#[derive(Debug, Default)]
pub struct Bicep {
    /// The statements in the order of the file.
    pub statements: Vec<Statement>,
    /// The comments in the order of the file.
    pub comments: Vec<Comment>,
    /// What was not understood.
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether a path is that of a Bicep file or of a Bicep parameter file.
pub fn claims(path: &str) -> bool {
    path.ends_with(".bicep") || path.ends_with(".bicepparam")
}

/// Parses a file.
pub fn parse(source: &Source) -> Bicep {
    let mut parsed = Parsed::default();
    let text = match source.text() {
        Ok(text) => text,
        Err(error) => {
            let diagnostics = Parsed::not_text(source, error).diagnostics;
            return Bicep { diagnostics, ..Bicep::default() };
        }
    };
    let mut cursor = Cursor::new(text);
    let statements = cursor.statements();
    for (at, message) in std::mem::take(&mut cursor.errors) {
        parsed.report(source, DiagnosticKind::Syntax, Span::new(at, at + 1), message);
    }
    cursor.comments.sort_by_key(|comment| comment.span);
    cursor.comments.dedup();
    Bicep { statements, comments: cursor.comments, diagnostics: parsed.diagnostics }
}
