//! `$json`: the document in a text.
//!
//! Of a text that is known in part, what can be known of the document is: each hole is masked by filler of its own
//! length, the masked text is parsed, and what stands under a mask becomes unresolved. Offsets stay true that way.

use std::ops::Range;
use std::sync::Arc;

use secscan_model::{Extra, Map, Node, Part, Scalar, ScalarKind, Source, SourceId, Unresolved, Value};

use super::text::HOLE;
use super::{Text, unknown};

/// Stands for a byte of a hole. JSON allows it within strings, unlike [`HOLE`].
const FILLER: char = '\u{7f}';

/// The map or list that a text holds; maps and lists are their own document.
pub(super) fn child(of: &Node, sources: &[Source]) -> Option<Node> {
    match &of.value {
        Value::Map(_) | Value::List(_) => Some(of.clone()),
        Value::Scalar(scalar) if scalar.kind != ScalarKind::Text => None,
        Value::Scalar(_) => parse(of, sources),
        Value::Unresolved(unresolved) => unknown(of).or_else(|| parse(of, sources)).or_else(|| {
            let nothing = Unresolved { parts: Vec::new(), ..Unresolved::clone(unresolved) };
            Some(Node::new(Value::Unresolved(Arc::new(nothing)), of.at).named(of.name_at))
        }),
    }
}

fn parse(of: &Node, sources: &[Source]) -> Option<Node> {
    if !of.raw_text()?.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let text = Text::new(of, sources)?;
    let parsed = secscan_parse::json::parse(&Source::from_text(SourceId(0), "", &mask(text.opaque())));
    let document = parsed.documents.first().filter(|_| parsed.diagnostics.is_empty())?;
    Some(Restore { text, of }.node(document).named(of.name_at))
}

/// Masks the holes: those within strings stay there, and one that stands for a whole value becomes a string.
fn mask(opaque: &str) -> String {
    let mut masked = String::with_capacity(opaque.len());
    let (mut in_string, mut escaped, mut before) = (false, false, None);
    let mut characters = opaque.chars().peekable();
    while let Some(character) = characters.next() {
        let edge = before != Some(HOLE) || characters.peek() != Some(&HOLE);
        match character {
            HOLE if edge && !in_string => masked.push('"'),
            HOLE => masked.push(FILLER),
            _ => masked.push(character),
        }
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
        before = Some(character);
    }
    masked
}

/// Turns a document that was parsed from masked text into the document of the value.
struct Restore<'a> {
    text: Text<'a>,
    of: &'a Node,
}

impl Restore<'_> {
    fn node(&self, masked: &Node) -> Node {
        let range = masked.at.span.range();
        let value = match &masked.value {
            Value::List(items) => Value::List(Arc::new(items.iter().map(|item| self.node(item)).collect())),
            Value::Map(map) => {
                let mut restored = Map::with_capacity(map.len());
                for entry in map.entries() {
                    let key = entry.value.name_at.span.range();
                    let key = match self.text.has_hole(&key) {
                        true => self.text.raw().get(key).unwrap_or_default().trim_matches('"').into(),
                        false => entry.key.clone(),
                    };
                    restored.push_new(key, self.node(&entry.value));
                }
                Value::Map(Arc::new(restored))
            }
            Value::Scalar(scalar) if self.text.has_hole(&range) => self.unresolved(scalar, range.clone()),
            Value::Scalar(_) | Value::Unresolved(_) => masked.value.clone(),
        };
        let mut node = Node::new(value, self.text.at(range)).named(self.text.at(masked.name_at.span.range()));
        if !self.of.via().is_empty() {
            node.extra = Some(Arc::new(Extra { via: self.of.via().to_vec(), ..Extra::default() }));
        }
        node
    }

    /// The pieces of a string: its decoded text, in which filler gives way to the holes in their order.
    fn unresolved(&self, scalar: &Scalar, range: Range<usize>) -> Value {
        let mut parts = Vec::new();
        let mut rest = &*scalar.text;
        for hole in self.text.parts(range) {
            let Part::Hole(written) = hole else { continue };
            let (fixed, masked) = rest.split_at(rest.find(FILLER).unwrap_or(rest.len()));
            if !fixed.is_empty() {
                parts.push(Part::Fixed(fixed.into()));
            }
            let filled = masked.len() - masked.trim_start_matches(FILLER).len();
            rest = masked.get(filled.min(written.len())..).unwrap_or_default();
            parts.push(Part::Hole(written));
        }
        if !rest.is_empty() {
            parts.push(Part::Fixed(rest.into()));
        }
        Value::Unresolved(Arc::new(Unresolved { why: self.why(&parts), perhaps_absent: false, parts }))
    }

    /// Why these pieces are not known: the reason of the whole text is that of its first hole.
    fn why(&self, parts: &[Part]) -> Arc<str> {
        let whole = self.of.as_unresolved();
        match (whole, first_hole(parts)) {
            (Some(whole), Some(hole)) if first_hole(&whole.parts) != Some(hole) => {
                format!("`{hole}` is not known from the files").into()
            }
            (whole, _) => whole.map(|whole| whole.why.clone()).unwrap_or_default(),
        }
    }
}

/// The first hole among the pieces of a text.
fn first_hole(parts: &[Part]) -> Option<&Arc<str>> {
    parts.iter().find_map(|part| match part {
        Part::Hole(written) => Some(written),
        Part::Fixed(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{partly, show, written};
    use super::*;

    #[test]
    fn documents_in_texts() {
        for (text, expected) in [
            (r#"{"a": [1, true, null, "x\ny"]}"#, "{a: [1, true, null, x\ny]}"),
            ("  [1]\n", "[1]"),
            ("plain", "none"),
            ("5", "none"),
            ("\"text\"", "none"),
            ("{broken", "none"),
            ("{a} of {b}", "none"),
        ] {
            let (node, source) = written(text);
            assert_eq!(show(child(&node, &[source])), expected, "{text}");
        }
        let (node, _) = written("x");
        let list = Node::list(vec![node.clone()], node.at);
        assert_eq!(show(child(&list, &[])), "[x]", "what is no text already is its own document");
        assert_eq!(show(child(&Node::int(5, node.at), &[])), "none");
        assert_eq!(show(child(&Node::unresolved("why", node.at), &[])), "?");
    }

    #[test]
    fn holes_stay_holes_and_the_rest_is_known() {
        for (text, expected) in [
            (r#"{"a": "arn:${x}:y", "b": 1}"#, "{a: ?arn:${x}:y, b: 1}"),
            (r#"{"a": ${jsonencode(x)}, "b": [${y}]}"#, "{a: ?${jsonencode(x)}, b: [?${y}]}"),
            (r#"{"a": "${x}${y}\n${z}"}"#, "{a: ?${x}${y}\n${z}}"),
            (r#"{"${host}:sub": "x"}"#, "{${host}:sub: x}"),
            (r#"{"a": "\"${x}\\"}"#, "{a: ?\"${x}\\}"),
            (r#"{"a": 1 ${x}}"#, "?"),
            ("${x}/policy.json", "?"),
        ] {
            assert_eq!(shown(&child(&partly(text), &[]).expect("never absent")), expected, "{text}");
        }
    }

    /// As [`show`], with the text of what is known in part.
    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Unresolved(unresolved) => format!("?{}", unresolved.raw_text()),
            Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
            Value::Map(map) => {
                let entries = map.entries().iter().map(|entry| format!("{}: {}", entry.key, shown(&entry.value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            Value::Scalar(_) => show(Some(node.clone())),
        }
    }

    #[test]
    fn parts_of_the_document_have_their_own_places() {
        let text = "{\n  \"Effect\": \"Allow\",\n  \"Action\": [\"s3:*\"]\n}";
        let indented = text.replace('\n', "\n    ");
        let file = format!("policy: |\n    {indented}\nnext: 1\n");
        let source = Source::from_text(SourceId(0), "a.yaml", &file);
        let parsed = secscan_parse::yaml::parse(&source);
        let policy = parsed.documents.first().and_then(|document| document.get("policy")).expect("a policy");
        let document = child(policy, std::slice::from_ref(&source)).expect("a document");
        let action = document.get("Action").and_then(|action| action.items().first()).expect("an action");
        assert_eq!(&file[action.at.span.range()], "\"s3:*\"");
        assert_eq!(&file[document.get("Effect").expect("an effect").name_at.span.range()], "\"Effect\"");
        assert_eq!(&file[document.name_at.span.range()], "policy", "the document is named by what holds the text");
        let nowhere = child(policy, &[]).expect("a document without its file");
        assert_eq!(nowhere.get("Action").map(|action| action.at), Some(policy.at));
    }
}
