//! `${VARIABLE}` in Compose files.
//!
//! A default that is written is the value, at its own place: that is what runs unless somebody says otherwise. Without
//! a default the value is in nobody's file here (`.env` and the environment are not read): a hole.

use std::{ops::Range, sync::Arc};

use secscan_model::{Node, Part, Source, Unresolved, Value};

use crate::{computed::Text, rewrite::rewrite};

/// How deep defaults may nest: `${A:-${B:-${C}}}`.
const MAX_DEPTH: usize = 20;

/// Replaces the variables in all texts of a tree.
pub(super) fn resolve(document: &Node, source: &Source) -> Node {
    rewrite(document, &|of, text, _| text.contains('$').then(|| interpolated(of, text, source)))
}

fn interpolated(of: &Node, text: &str, source: &Source) -> Node {
    let pieces = pieces(text, 0..text.len(), 0);
    let mut at = of.at;
    // A value that is nothing but a default stands where that is written.
    if let [Piece { part: Part::Fixed(_), at: part }] = &*pieces {
        at = Text::new(of, std::slice::from_ref(source)).map_or(at, |text| text.at(part.clone()));
    }
    let mut parts: Vec<Part> = Vec::new();
    for Piece { part, .. } in pieces {
        match (parts.last_mut(), &part) {
            (Some(Part::Fixed(before)), Part::Fixed(text)) => *before = format!("{before}{text}").into(),
            _ => parts.push(part),
        }
    }
    let value = match parts.iter().find(|part| matches!(part, Part::Hole(_))) {
        None => Node::text(parts.first().map_or("".into(), fixed), at).value,
        Some(Part::Hole(hole) | Part::Fixed(hole)) => {
            let why = format!("`{hole}` comes from the environment").into();
            Value::Unresolved(Arc::new(Unresolved { why, perhaps_absent: false, parts }))
        }
    };
    Node { value, at, ..of.clone() }
}

fn fixed(part: &Part) -> Arc<str> {
    match part {
        Part::Fixed(text) | Part::Hole(text) => text.clone(),
    }
}

/// A piece of a text and where it is written in it.
struct Piece {
    part: Part,
    at: Range<usize>,
}

/// The pieces of a part of a text, variables replaced. Empty ones are left out.
fn pieces(text: &str, part: Range<usize>, depth: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = part.start;
    let piece = |range: Range<usize>| {
        let fixed = text.get(range.clone()).filter(|text| !text.is_empty())?;
        Some(Piece { part: Part::Fixed(fixed.into()), at: range })
    };
    while let Some(dollar) = text.get(at..part.end).and_then(|rest| rest.find('$')).map(|dollar| at + dollar) {
        pieces.extend(piece(at..dollar));
        let rest = text.get(dollar + 1..part.end).unwrap_or_default();
        let name = name_length(rest);
        at = if rest.starts_with('$') {
            pieces.extend(piece(dollar..dollar + 1));
            dollar + 2
        } else if rest.starts_with('{') {
            let end = closing(rest).map_or(part.end, |end| dollar + 1 + end);
            let inner = dollar + 2..end.max(dollar + 2).min(part.end);
            let whole = dollar..(end + 1).min(part.end);
            match default(text, inner) {
                Some(default) if depth < MAX_DEPTH => pieces.extend(self::pieces(text, default, depth + 1)),
                _ => pieces.extend(hole(text, whole.clone())),
            }
            whole.end
        } else if name > 0 {
            pieces.extend(hole(text, dollar..dollar + 1 + name));
            dollar + 1 + name
        } else {
            pieces.extend(piece(dollar..dollar + 1));
            dollar + 1
        };
    }
    pieces.extend(piece(at..part.end));
    pieces
}

fn hole(text: &str, range: Range<usize>) -> Option<Piece> {
    Some(Piece { part: Part::Hole(text.get(range.clone())?.into()), at: range })
}

/// The default in the inside of `${NAME:-default}` or `${NAME-default}`.
fn default(text: &str, inner: Range<usize>) -> Option<Range<usize>> {
    let written = text.get(inner.clone())?;
    let name = name_length(written);
    let behind = written.get(name..)?;
    let operator = [":-", "-"].iter().find(|operator| behind.starts_with(**operator))?;
    (name > 0).then_some(inner.start + name + operator.len()..inner.end)
}

fn name_length(text: &str) -> usize {
    let letters = text.bytes().take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric()).count();
    if text.starts_with(|first: char| first.is_ascii_digit()) { 0 } else { letters }
}

/// Where the brace that a text begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let opens = *byte == b'{' && (at == 0 || bytes.get(at - 1) == Some(&b'$'));
        match byte {
            _ if opens => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::computed::testing::{show, written};

    #[test]
    fn defaults_are_values_and_the_rest_is_unknown() {
        for (text, expected, place) in [
            ("${V:-nginx}", "nginx", "nginx"),
            ("${V-nginx}", "nginx", "nginx"),
            ("nginx:${V:-1.27}", "nginx:1.27", "nginx:${V:-1.27}"),
            ("${A:-${B:-c}}", "c", "c"),
            ("${A:-}", "", "${A:-}"),
            ("$$HOME", "$HOME", "$$HOME"),
            ("a $ b", "a $ b", "a $ b"),
            ("${V}", "?", "${V}"),
            ("$V/x", "?", "$V/x"),
            ("${V:?message}", "?", "${V:?message}"),
            ("${V:+x}", "?", "${V:+x}"),
            ("${V", "?", "${V"),
            ("${A:-x${B}}", "?", "${A:-x${B}}"),
        ] {
            let (node, source) = written(text);
            let found = interpolated(&node, text, &source);
            assert_eq!(&source.text().expect("UTF-8")[found.at.span.range()], place, "{text}");
            assert_eq!(show(Some(found)), expected, "{text}");
        }
    }

    #[test]
    fn holes_keep_what_is_written() {
        let (node, source) = written("a-${V}-${W:-w}");
        let found = interpolated(&node, "a-${V}-${W:-w}", &source);
        assert_eq!(found.raw_text().as_deref(), Some("a-${V}-w"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r"([a-z$\{\}:?+-]|\PC){0,60}") {
            let (node, source) = written(&text);
            interpolated(&node, &text, &source);
        }
    }
}
