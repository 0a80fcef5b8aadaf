//! The JSON syntax: <https://developer.hashicorp.com/terraform/language/syntax/json>. Texts are templates, except where
//! Terraform takes them as they are or as references.
//!
//! Which properties of a resource are nested blocks is known to its provider only; here they are arguments with maps and
//! lists of maps as values, except for the blocks of the language itself.

use std::sync::Arc;

use secscan_model::{Entry, Node, Scalar, ScalarKind, Source, Span, Value};

use secscan_parse::hcl::syntax::{Attribute, Block, Body, Expression, Item, Key, KeyKind, Kind};
use secscan_parse::hcl::{self, Offsets};

/// Top-level blocks with the number of their labels.
const TOP: [(&str, usize); 8] = [
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("module", 1),
    ("output", 1),
    ("provider", 1),
    ("variable", 1),
    ("terraform", 0),
];

/// Nested blocks of the language itself, with the number of their labels.
const NESTED: [(&str, usize); 12] = [
    ("backend", 1),
    ("cloud", 0),
    ("connection", 0),
    ("content", 0),
    ("dynamic", 1),
    ("lifecycle", 0),
    ("postcondition", 0),
    ("precondition", 0),
    ("provider_meta", 1),
    ("provisioner", 1),
    ("required_providers", 0),
    ("validation", 0),
];

/// How texts of an argument are read.
#[derive(Clone, Copy, PartialEq)]
enum Texts {
    Templates,
    /// References and types.
    Expressions,
    AsTheyAre,
}

/// The contents of a configuration file, of which `document` is the JSON.
pub(super) fn configuration(source: &Source, document: &Node) -> Body {
    let file = File { text: source.text().unwrap_or_default() };
    let mut items = Vec::new();
    for root in document.items() {
        for entry in root.entries() {
            match TOP.iter().find(|(of, _)| *of == &*entry.key) {
                Some((_, labels)) => file.blocks(&entry.key, entry, *labels, &mut Vec::new(), &mut items),
                None if &*entry.key == "locals" => file.blocks(&entry.key, entry, 0, &mut Vec::new(), &mut items),
                None => {}
            }
        }
    }
    Body { items }
}

struct File<'t> {
    text: &'t str,
}

impl File<'_> {
    /// The blocks of one type: as many levels of keys as there are labels, each level perhaps within lists.
    fn blocks(&self, of: &Arc<str>, entry: &Entry, levels: usize, labels: &mut Vec<Arc<str>>, items: &mut Vec<Item>) {
        for node in entry.value.items() {
            if levels == 0 {
                let header = entry.value.name_at.span;
                let body = self.body(of, node);
                items.push(Item::Block(Block {
                    of: of.clone(),
                    labels: labels.clone(),
                    header,
                    span: node.at.span,
                    body,
                }));
                continue;
            }
            for inner in node.entries().iter().filter(|inner| is_said(inner)) {
                labels.push(inner.key.clone());
                self.blocks(of, inner, levels - 1, labels, items);
                labels.pop();
            }
        }
    }

    /// The body of a block of type `of`.
    fn body(&self, of: &str, node: &Node) -> Body {
        let mut items = Vec::new();
        for entry in node.entries().iter().filter(|entry| is_said(entry)) {
            let nested = NESTED.iter().find(|(name, _)| *name == &*entry.key);
            match nested.filter(|_| matches!(entry.value.value, Value::Map(_) | Value::List(_))) {
                Some((_, labels)) => self.blocks(&entry.key, entry, *labels, &mut Vec::new(), &mut items),
                None => items.push(Item::Attribute(Attribute {
                    name: entry.key.clone(),
                    name_span: entry.value.name_at.span,
                    value: self.expression(&entry.value, reading(of, &entry.key)),
                })),
            }
        }
        Body { items }
    }

    fn expression(&self, node: &Node, texts: Texts) -> Expression {
        let kind = match &node.value {
            Value::Scalar(Scalar { kind: ScalarKind::Null, .. }) | Value::Unresolved(_) => Kind::Null,
            Value::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => Kind::Bool(*value),
            Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => return self.text(text, node.at.span, texts),
            Value::Scalar(number) => Kind::Number(number.clone()),
            Value::List(items) => Kind::List(items.iter().map(|item| self.expression(item, texts)).collect()),
            Value::Map(map) => {
                let entries = map.entries().iter().filter(|entry| &*entry.key != "//");
                Kind::Object(
                    entries.map(|entry| (self.key(entry, texts), self.expression(&entry.value, texts))).collect(),
                )
            }
        };
        Expression { kind, span: node.at.span }
    }

    fn key(&self, entry: &Entry, texts: Texts) -> Key {
        let span = entry.value.name_at.span;
        let kind = match texts {
            Texts::Templates if is_template(&entry.key) => KeyKind::Computed(self.text(&entry.key, span, texts)),
            _ => KeyKind::Name(entry.key.clone()),
        };
        Key { span, kind }
    }

    /// A text; one that is not well-formed where a template or an expression is expected stays a text.
    fn text(&self, decoded: &Arc<str>, span: Span, texts: Texts) -> Expression {
        let as_it_is = || Expression { kind: Kind::Text(decoded.clone()), span };
        if texts == Texts::AsTheyAre || (texts == Texts::Templates && !is_template(decoded)) {
            return as_it_is();
        }
        let offsets = offsets(self.text.get(span.range()).unwrap_or_default(), span.start, decoded);
        let read = match texts {
            Texts::Expressions => hcl::expression(decoded, Offsets::Each(&offsets)),
            _ => hcl::template(decoded, Offsets::Each(&offsets)).map(|template| Expression { span, ..template }),
        };
        read.unwrap_or_else(as_it_is)
    }
}

/// Whether a property is no comment.
fn is_said(entry: &Entry) -> bool {
    &*entry.key != "//"
}

fn is_template(text: &str) -> bool {
    text.contains("${") || text.contains("%{")
}

/// How Terraform reads the texts of an argument of a block.
fn reading(of: &str, name: &str) -> Texts {
    match (of, name) {
        ("variable", "type")
        | (_, "depends_on" | "ignore_changes" | "provider" | "providers" | "replace_triggered_by") => {
            Texts::Expressions
        }
        ("dynamic", "iterator") => Texts::Expressions,
        ("variable", _) | ("module", "source" | "version") | ("provider", "alias") => Texts::AsTheyAre,
        _ => Texts::Templates,
    }
}

/// Where each byte of a decoded JSON text, and its end, stands in the file. `written` is the text with its quotes and
/// begins at `start`.
fn offsets(written: &str, start: u32, decoded: &str) -> Vec<u32> {
    let inner = written.strip_prefix('"').unwrap_or(written);
    let mut at = start as usize + (written.len() - inner.len());
    let mut rest = inner;
    let mut offsets = Vec::with_capacity(decoded.len() + 1);
    for c in decoded.chars() {
        let length = match rest.as_bytes() {
            [b'\\', b'u', ..] if c as u32 > 0xffff => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => c.len_utf8(),
        };
        offsets.extend(std::iter::repeat_n(at as u32, c.len_utf8()));
        at += length;
        rest = rest.get(length..).unwrap_or_default();
    }
    offsets.push(at as u32);
    offsets
}
