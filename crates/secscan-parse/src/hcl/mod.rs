//! Reading order: `File` and `parse`, then `repeated` (keys that an object says twice), `recover` (what is saved of a
//! file with errors) and `scan` (where top-level
//! constructs and comments stand). The tree is not turned into located values here: most of HCL is expressions, and what
//! they mean is the business of who evaluates them.
//!
//! `hcl-edit` gives up a file at its first error and knows no byte order mark; here only the broken top-level constructs
//! are lost. What was lost is blanked out, byte for byte, before the rest is parsed, so that spans are true.

mod recover;
mod repeated;
mod scan;

use std::borrow::Cow;

use hcl_edit::structure::Body;
use secscan_model::{Comment, Diagnostic, Source};

/// A parsed file.
#[derive(Debug, Default)]
pub struct File {
    /// The blocks and attributes; their spans are offsets into the source's bytes. A key that an object says twice has
    /// another name here the second time: its true name is what the source says at its span.
    pub body: Body,
    /// The comments in the order of the file.
    pub comments: Vec<Comment>,
    /// What was not understood, with its place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file. Constructs with errors, with nesting beyond 64 levels or with an object of more than 5,000 keys are left
/// out, each with a diagnostic.
pub fn parse(source: &Source) -> File {
    let (text, invalid) = readable(&source.bytes);
    let scan = scan::scan(&text, scan::Mode::Strict);
    let sound = invalid.is_empty() && scan.chunks.iter().all(|chunk| chunk.fault.is_none());
    if sound && let Ok(body) = repeated::parse(&text) {
        return File { body, comments: scan.comments, diagnostics: Vec::new() };
    }
    recover::recover(source, &text, &invalid)
}

/// The text of a file, with the same offsets: blanks for a byte order mark, `?` for each byte that is not UTF-8. Also the
/// offsets of the latter.
fn readable(bytes: &[u8]) -> (Cow<'_, str>, Vec<usize>) {
    const MARK: &str = "\u{feff}";
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(MARK) => return (text.into(), Vec::new()),
        Ok(text) => return (format!("   {}", &text[MARK.len()..]).into(), Vec::new()),
        Err(_) => {}
    }
    let mut text = String::with_capacity(bytes.len());
    let mut invalid = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            invalid.push(text.len());
            text.push('?');
        }
    }
    if text.starts_with(MARK) {
        text.replace_range(..MARK.len(), "   ");
    }
    (text.into(), invalid)
}

#[cfg(test)]
mod tests;
