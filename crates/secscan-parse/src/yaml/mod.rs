//! Reading order: `parse` turns the events of the parser into calls of `builder`, which makes the nodes;
//! `scalar` tells what a plain scalar means.
//!
//! What the nodes hold, beyond what [`secscan_model::Node`] says:
//! - A scalar's `at` covers what is written, quotes included. That of a block scalar covers its content without the
//!   header and the blank lines behind it; that of a value that is not there is empty.
//! - A collection ends where its last value ends, or with its bracket.
//! - An alias is the anchor's value at the anchor's place; [`secscan_model::Extra::via`] begins with the alias.
//! - A map's merge keys (`<<`) are resolved: explicit keys win, merged entries keep their places and come last.
//! - Tags (`!Ref`) are kept as written in [`secscan_model::Extra::tag`] and not interpreted.
//!
//! A document with a syntax error is left out as a whole: half of a document would look like one that lacks settings.

mod builder;
mod scalar;

use granit_parser::{ErrorKind, Event, Parser, Placement};
use secscan_model::{Comment, DiagnosticKind, Source, Span};

use crate::Parsed;
use builder::{Builder, Opening};

/// Whether a path looks like YAML.
pub fn claims(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// Parses a file.
pub fn parse(source: &Source) -> Parsed {
    let text = match source.text() {
        Ok(text) => text,
        Err(error) => return Parsed::not_text(source, error),
    };
    // The parser keeps its own stack and stays linear, so the builder can do the limiting: it knows how to go on.
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: usize::MAX,
        block_nesting_limit: usize::MAX,
    };
    let mut events = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::new(source, text);
    loop {
        match events.next_event() {
            None => break,
            Some(Ok((event, place))) => {
                let span = place.byte_range().map(Span::from).unwrap_or_default();
                on_event(&mut builder, event, span);
            }
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |next| at + next.len_utf8());
                let kind = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => DiagnosticKind::Limit,
                    _ => DiagnosticKind::Syntax,
                };
                let message = format!("this YAML document was not judged: {}", error.info());
                builder.abandon_document(kind, Span::new(at, end), message);
                if !matches!(events.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    builder.finish()
}

fn on_event(builder: &mut Builder<'_>, event: Event<'_>, span: Span) {
    match event {
        Event::Scalar(text, style, anchor, tag) => builder.scalar(&text, style, anchor, tag.as_deref(), span),
        Event::MappingStart(_, anchor, tag) => builder.open(Opening::Map, anchor, tag.as_deref(), span),
        Event::SequenceStart(_, anchor, tag) => builder.open(Opening::List, anchor, tag.as_deref(), span),
        Event::MappingEnd | Event::SequenceEnd => builder.close(span),
        Event::Alias(anchor) => builder.alias(anchor, span),
        Event::UnresolvedAlias(name) => builder.unknown_alias(&name, span),
        Event::Comment(_, placement) => builder.comment(Comment { span, trailing: placement == Placement::Right }),
        Event::DocumentEnd => builder.end_document(),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
