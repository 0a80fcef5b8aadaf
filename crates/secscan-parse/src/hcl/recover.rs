//! What is saved of a file with errors: every top-level construct that parses alone.

use std::collections::HashSet;

use secscan_model::{Diagnostic, DiagnosticKind, Platform, Source, Span};

use crate::MAX_DIAGNOSTICS;

use super::File;
use super::repeated;
use super::scan::{Chunk, Fault, Mode, scan};

/// Parses each top-level construct of `text` alone, blanks out those that fail and parses what is left. `invalid` holds the
/// ascending offsets of bytes that are not UTF-8.
pub(super) fn recover(source: &Source, text: &str, invalid: &[usize]) -> File {
    let scan = scan(text, Mode::Recovering);
    let in_comment = |offset: &usize| {
        let before = scan.comments.partition_point(|comment| comment.span.start as usize <= *offset);
        before > 0 && scan.comments[before - 1].span.end as usize > *offset
    };
    let mut saved = text.as_bytes().to_vec();
    let mut diagnostics = Vec::new();
    let mut keys = HashSet::new();
    for chunk in &scan.chunks {
        let first = invalid.partition_point(|offset| *offset < chunk.span.start);
        let bad_byte =
            invalid[first..].iter().take_while(|at| **at < chunk.span.end).copied().find(|at| !in_comment(at));
        if let Some((kind, offset, message)) = error(text, chunk, bad_byte, &mut keys) {
            blank(&mut saved, chunk);
            diagnostics.push(diagnostic(source, kind, offset, &message));
        }
    }
    let body = std::str::from_utf8(&saved).ok().and_then(|text| repeated::parse(text).ok());
    if body.is_none() {
        diagnostics.push(diagnostic(source, DiagnosticKind::Syntax, 0, "nothing of this file could be read"));
    }
    if diagnostics.len() > MAX_DIAGNOSTICS {
        let more = diagnostics.len() - MAX_DIAGNOSTICS + 1;
        diagnostics.truncate(MAX_DIAGNOSTICS - 1);
        diagnostics.push(diagnostic(source, DiagnosticKind::Syntax, 0, &format!("{more} more errors in this file")));
    }
    File { body: body.unwrap_or_default(), comments: scan.comments, diagnostics }
}

/// What is wrong with a chunk, and where.
fn error<'t>(
    text: &'t str,
    chunk: &Chunk,
    bad_byte: Option<usize>,
    keys: &mut HashSet<&'t str>,
) -> Option<(DiagnosticKind, usize, String)> {
    match chunk.fault {
        Some(Fault::Deep(at)) => {
            return Some((
                DiagnosticKind::Limit,
                at,
                "nested more than 64 levels deep; this block was left out".into(),
            ));
        }
        Some(Fault::Wide(at)) => {
            return Some((DiagnosticKind::Limit, at, "more than 5,000 keys in one object; it was left out".into()));
        }
        None => {}
    }
    if let Some(at) = bad_byte {
        return Some((DiagnosticKind::Syntax, at, "not UTF-8 text; this block was left out".into()));
    }
    let own = &text[chunk.span.clone()];
    match repeated::parse(own) {
        Err(error) => {
            let at = chunk.span.start + error.location().offset();
            Some((DiagnosticKind::Syntax, at, format!("{}; this block was left out", error.message())))
        }
        Ok(body) => body.attributes().next().and_then(|_| {
            let key = own.split(|c: char| c == '=' || c.is_whitespace()).next().unwrap_or_default();
            let again = !keys.insert(key);
            again.then(|| {
                (DiagnosticKind::Ambiguous, chunk.span.start, format!("`{key}` is set twice; the first is used"))
            })
        }),
    }
}

/// Overwrites a chunk with blanks and keeps the line breaks.
fn blank(text: &mut [u8], chunk: &Chunk) {
    for byte in text[chunk.span.clone()].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

fn diagnostic(source: &Source, kind: DiagnosticKind, offset: usize, message: &str) -> Diagnostic {
    let at = offset.min(source.bytes.len());
    Diagnostic::new(kind, message)
        .path(source.path.clone())
        .at(source.at(Span::new(at, (at + 1).min(source.bytes.len()))))
        .blinds(Platform::Terraform)
}
