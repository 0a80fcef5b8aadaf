//! `${VARIABLE}` in Compose files.
//!
//! What the file `.env` beside the Compose file sets is the value, at its place there; else a default that is written, at its
//! own place: that is what runs unless the environment says otherwise. Without either the value is in nobody's file: a hole.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use secscan_model::{Location, Node, Part, Source, Span, Unresolved, Value};

use crate::{computed::Text, rewrite::rewrite};

/// How deep defaults may nest: `${A:-${B:-${C}}}`.
const MAX_DEPTH: usize = 20;

/// The variables that a file sets, with their places.
pub(super) type Variables = BTreeMap<String, Node>;

/// The variables of a file: `NAME=value` on each line, the value perhaps in quotes.
pub(super) fn variables(source: &Source) -> Variables {
    let mut found = Variables::new();
    let (text, mut start) = (source.text().unwrap_or_default(), 0);
    for line in text.split_inclusive('\n') {
        let offset = start;
        start += line.len();
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| !name.trim_start().starts_with('#')) else {
            continue;
        };
        let name = name.trim().strip_prefix("export ").unwrap_or(name).trim();
        let written = value.trim();
        let quoted = ['"', '\''].into_iter().find_map(|quote| written.strip_prefix(quote)?.split_once(quote));
        let shown = match quoted {
            Some((inner, _)) => inner,
            None => written.split_once(" #").map_or(written, |(value, _)| value.trim_end()),
        };
        let begin = offset + (shown.as_ptr().addr() - line.as_ptr().addr());
        found.insert(name.to_owned(), Node::text(shown, source.at(Span::new(begin, begin + shown.len()))));
    }
    found
}

/// Replaces the variables in all texts of a tree.
pub(super) fn resolve(document: &Node, source: &Source, variables: &Variables) -> Node {
    rewrite(document, &|of, text, _| text.contains('$').then(|| interpolated(of, text, source, variables)))
}

fn interpolated(of: &Node, text: &str, source: &Source, variables: &Variables) -> Node {
    let pieces = Reading { text, variables }.pieces(0..text.len(), 0);
    let mut at = of.at;
    // A value that is nothing but a default stands where that is written.
    if let [Piece { part: Part::Fixed(_), at: part, set_at }] = &*pieces {
        let here = || Text::new(of, std::slice::from_ref(source)).map_or(at, |text| text.at(part.clone()));
        at = set_at.unwrap_or_else(here);
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
    let mut node = Node { value, at, ..of.clone() };
    if at.source != of.at.source {
        node.extra_mut().via.insert(0, of.at);
    }
    node
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
    /// Where it is set, when that is in another file.
    set_at: Option<Location>,
}

/// A text with the variables that may stand in it.
#[derive(Clone, Copy)]
struct Reading<'a> {
    text: &'a str,
    variables: &'a Variables,
}

impl Reading<'_> {
    /// The pieces of a part of the text, variables replaced. Empty ones are left out.
    fn pieces(&self, part: Range<usize>, depth: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut at = part.start;
        while let Some(dollar) = self.text.get(at..part.end).and_then(|rest| rest.find('$')).map(|dollar| at + dollar) {
            pieces.extend(self.fixed(at..dollar));
            let rest = self.text.get(dollar + 1..part.end).unwrap_or_default();
            let name = name_length(rest);
            at = if rest.starts_with('$') {
                pieces.extend(self.fixed(dollar..dollar + 1));
                dollar + 2
            } else if rest.starts_with('{') {
                let end = closing(rest).map_or(part.end, |end| dollar + 1 + end);
                let inner = dollar + 2..end.max(dollar + 2).min(part.end);
                let whole = dollar..(end + 1).min(part.end);
                pieces.extend(self.braced(inner, whole.clone(), depth));
                whole.end
            } else if name > 0 {
                let whole = dollar..dollar + 1 + name;
                let set = rest.get(..name).and_then(|name| self.set(name, whole.clone()));
                pieces.extend(set.unwrap_or_else(|| self.hole(whole.clone())));
                whole.end
            } else {
                pieces.extend(self.fixed(dollar..dollar + 1));
                dollar + 1
            };
        }
        pieces.extend(self.fixed(at..part.end));
        pieces
    }

    fn fixed(&self, range: Range<usize>) -> Option<Piece> {
        let fixed = self.text.get(range.clone()).filter(|text| !text.is_empty())?;
        Some(Piece { part: Part::Fixed(fixed.into()), at: range, set_at: None })
    }

    fn hole(&self, range: Range<usize>) -> Vec<Piece> {
        let written = self.text.get(range.clone()).unwrap_or_default();
        vec![Piece { part: Part::Hole(written.into()), at: range, set_at: None }]
    }

    /// The value of a variable that is set; none when it is not.
    fn set(&self, name: &str, whole: Range<usize>) -> Option<Vec<Piece>> {
        let node = self.variables.get(name)?;
        let text = node.as_str().unwrap_or_default();
        let piece = Piece { part: Part::Fixed(text.into()), at: whole, set_at: Some(node.at) };
        Some(if text.is_empty() { Vec::new() } else { vec![piece] })
    }

    /// What `${...}` stands for: `NAME`, with `-` and a default, `+` and an alternative, `?` and a message. With a colon
    /// before it an empty value counts as none.
    fn braced(&self, inner: Range<usize>, whole: Range<usize>, depth: usize) -> Vec<Piece> {
        let written = self.text.get(inner.clone()).unwrap_or_default();
        let length = name_length(written);
        let (name, behind) = written.split_at_checked(length).unwrap_or((written, ""));
        let operator = [":-", ":+", ":?", "-", "+", "?"].into_iter().find(|operator| behind.starts_with(operator));
        let is_set = self.variables.get(name).map(|value| {
            let counts_empty = operator.is_none_or(|operator| !operator.starts_with(':'));
            counts_empty || value.as_str().is_some_and(|text| !text.is_empty())
        });
        let word = operator.map(|operator| inner.start + length + operator.len()..inner.end);
        let kind = operator.map(|operator| operator.trim_start_matches(':'));
        match (kind, is_set, word) {
            _ if length == 0 || depth >= MAX_DEPTH => self.hole(whole),
            (Some("-"), Some(false) | None, Some(default)) => self.pieces(default, depth + 1),
            (Some("+"), Some(true), Some(alternative)) => self.pieces(alternative, depth + 1),
            (Some("+"), Some(false), _) => Vec::new(),
            (Some("+"), None, _) | (_, Some(false), _) => self.hole(whole),
            _ => self.set(name, whole.clone()).unwrap_or_else(|| self.hole(whole)),
        }
    }
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
            let found = interpolated(&node, text, &source, &Variables::new());
            assert_eq!(&source.text().expect("UTF-8")[found.at.span.range()], place, "{text}");
            assert_eq!(show(Some(found)), expected, "{text}");
        }
    }

    #[test]
    fn holes_keep_what_is_written() {
        let (node, source) = written("a-${V}-${W:-w}");
        let found = interpolated(&node, "a-${V}-${W:-w}", &source, &Variables::new());
        assert_eq!(found.raw_text().as_deref(), Some("a-${V}-w"));
    }

    #[test]
    fn the_file_of_variables_says_what_they_are() {
        let env =
            Source::from_text(secscan_model::SourceId(7), ".env", "# note\nTAG=1.2 # newest\nEMPTY=\nQ='a # b'\n");
        let variables = variables(&env);
        for (text, expected) in [
            ("nginx:$TAG", "nginx:1.2"),
            ("${TAG}", "1.2"),
            ("${TAG:-x}", "1.2"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY-x}", ""),
            ("${EMPTY:?needed}", "?"),
            ("${TAG:+set}", "set"),
            ("${EMPTY:+set}", ""),
            ("${NONE:+set}", "?"),
            ("${Q}", "a # b"),
        ] {
            let (node, source) = written(text);
            let found = interpolated(&node, text, &source, &variables);
            if text == "${TAG}" {
                assert_eq!(&env.text().expect("UTF-8")[found.at.span.range()], "1.2");
                assert_eq!(found.via(), [node.at]);
            }
            assert_eq!(show(Some(found)), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r"([a-z$\{\}:?+-]|\PC){0,60}") {
            let (node, source) = written(&text);
            interpolated(&node, &text, &source, &Variables::new());
        }
    }
}
