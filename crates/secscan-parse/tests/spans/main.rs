//! Two properties that every parser keeps: no input makes it panic, and the bytes under a scalar's span decode to its
//! value. They are tried on generated documents, on noise, and on the files of the repository.
//!
//! The decoders here share no code with the parsers.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]
#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a test may stop and may report")]

mod decode;
mod dockerfile;
mod files;
mod json;
mod noise;
mod toml;
mod tree;
mod yaml;

use secscan_model::{Node, Source, SourceId, Value};
use secscan_parse::{Parsed, format_of};

/// Parses a text as the format that claims the path.
fn parse(path: &str, text: &str) -> Parsed {
    let format = format_of(path).unwrap_or_else(|| panic!("no format claims {path}"));
    (format.parse)(&Source::from_text(SourceId(9), path, text))
}

/// Calls `visit` for every scalar below a node, and checks what holds for every place.
fn each_scalar(node: &Node, text: &str, visit: &mut dyn FnMut(&Node, &str)) {
    for place in [node.at, node.name_at] {
        assert_eq!(place.source, SourceId(9));
        assert!(text.get(place.span.range()).is_some(), "{place:?} is no span of the text");
    }
    match &node.value {
        Value::Scalar(_) => visit(node, &text[node.at.span.range()]),
        Value::List(items) => items.iter().for_each(|item| each_scalar(item, text, visit)),
        Value::Map(map) => map.entries().iter().for_each(|entry| each_scalar(&entry.value, text, visit)),
        Value::Unresolved(_) => {}
    }
}
