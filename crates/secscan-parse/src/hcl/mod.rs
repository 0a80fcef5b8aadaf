//! Reading order: `File` and `parse`, then `syntax` (what is read), `cursor` (white space, comments, names), `body`
//! (arguments and blocks), `expression`, `template` (texts) and `skip` (where a broken construct ends).
//!
//! The grammar is that of <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>. The parser is our own because
//! every byte of Terraform goes through it and because of what a broken file must not lose: only a top-level construct with
//! an error is left out, keys of objects may be said twice, and everything has its place.

mod body;
mod cursor;
mod expression;
mod skip;
/// What files in HCL say, with places.
pub mod syntax;
mod template;

use std::borrow::Cow;
use std::ops::Range;

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Platform, Source, Span};

use self::cursor::{Cursor, Fault};
use self::syntax::{Body, Expression, Item};
use self::template::Until;
use crate::{MAX_DIAGNOSTICS, whole_characters};

pub use self::cursor::Offsets;

/// A parsed file.
#[derive(Debug, Default)]
pub struct File {
    /// The blocks and arguments; their spans are offsets into the source's bytes.
    pub body: Body,
    /// The comments in the order of the file.
    pub comments: Vec<Comment>,
    /// What was not understood, with its place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file. Top-level constructs with errors or with nesting beyond 64 levels are left out, each with a diagnostic.
pub fn parse(source: &Source) -> File {
    let (text, invalid) = readable(&source.bytes);
    let mut cursor = Cursor::new(&text, Offsets::Same);
    let (mut items, mut diagnostics, mut errors) = (Vec::new(), Vec::new(), 0);
    loop {
        cursor.lines();
        if cursor.is_at_end() {
            break;
        }
        match construct(&mut cursor, &invalid) {
            Ok(item) => items.push(item),
            Err(fault) => {
                errors += 1;
                if errors <= MAX_DIAGNOSTICS {
                    diagnostics.push(left_out(source, fault));
                }
            }
        }
    }
    let body = cursor.body(items);
    errors += cursor.repeated.len();
    let room = MAX_DIAGNOSTICS - diagnostics.len();
    diagnostics.extend(cursor.repeated.iter().take(room).map(|(name, span)| {
        let message = format!("`{name}` is set twice; the first is used");
        diagnostic(source, DiagnosticKind::Ambiguous, *span, &message)
    }));
    if errors > MAX_DIAGNOSTICS {
        diagnostics.pop();
        let message = format!("{} more errors in this file", errors - diagnostics.len());
        diagnostics.push(diagnostic(source, DiagnosticKind::Syntax, Span::new(0, 1), &message));
    }
    File { body, comments: cursor.comments, diagnostics }
}

/// The template that a whole text is; none when it is not well-formed.
pub fn template(text: &str, offsets: Offsets<'_>) -> Option<Expression> {
    let mut cursor = Cursor::new(text, offsets);
    let kind = cursor.template(0, Until::End).ok()?;
    Some(Expression { kind, span: cursor.span(0, text.len()) })
}

/// The expression that a whole text is; none when it is not well-formed.
pub fn expression(text: &str, offsets: Offsets<'_>) -> Option<Expression> {
    let mut cursor = Cursor::new(text, offsets);
    cursor.lines();
    let expression = cursor.expression().ok()?;
    cursor.lines();
    cursor.is_at_end().then_some(expression)
}

/// Reads a top-level construct, or steps over it. `invalid` holds the ascending offsets of bytes that are not UTF-8.
fn construct(cursor: &mut Cursor<'_>, invalid: &[usize]) -> Result<Item, Fault> {
    let (start, comments) = (cursor.at, cursor.comments.len());
    let read = cursor.item();
    let fault = match read {
        Ok(item) => match bad_byte(invalid, start..cursor.at, &cursor.comments[comments..]) {
            None => return Ok(item),
            Some(at) => return Err(Fault { at, message: "not UTF-8 text", limit: false }),
        },
        Err(fault) => fault,
    };
    let (end, within) = skip::skip(cursor.text, start, fault.limit, &mut cursor.unclosed);
    cursor.comments.truncate(comments);
    cursor.comments.extend(within);
    cursor.at = end;
    // What is wrong with a construct that was never closed turns up behind it.
    Err(Fault { at: fault.at.min(end.saturating_sub(1).max(start)), ..fault })
}

/// The first byte in a range that is not UTF-8, comments aside.
fn bad_byte(invalid: &[usize], within: Range<usize>, comments: &[Comment]) -> Option<usize> {
    let first = invalid.partition_point(|offset| *offset < within.start);
    let is_in_comment = |offset: usize| {
        let before = comments.partition_point(|comment| comment.span.range().end <= offset);
        comments.get(before).is_some_and(|comment| comment.span.range().contains(&offset))
    };
    invalid[first..].iter().copied().take_while(|offset| *offset < within.end).find(|offset| !is_in_comment(*offset))
}

fn left_out(source: &Source, fault: Fault) -> Diagnostic {
    let kind = if fault.limit { DiagnosticKind::Limit } else { DiagnosticKind::Syntax };
    let message = format!("{}; this block was left out", fault.message);
    diagnostic(source, kind, Span::new(fault.at, fault.at + 1), &message)
}

fn diagnostic(source: &Source, kind: DiagnosticKind, span: Span, message: &str) -> Diagnostic {
    let at = source.at(whole_characters(&source.bytes, span));
    Diagnostic::new(kind, message).path(source.path.clone()).at(at).blinds(Platform::Terraform)
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
