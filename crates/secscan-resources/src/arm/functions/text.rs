//! Functions of text.

use std::sync::Arc;

use secscan_model::{Location, Node, Value};

use super::shown;
use crate::arm::evaluator::Deployment;
use crate::arm::term::{Term, plain};
use crate::arm::value::{add, inherit, unknown_because};
use crate::composed::Composed;

/// The longest text that padding makes.
const MAX_PAD: usize = 1_000;

/// `concat`: texts, or lists.
pub(super) fn concat<'a>(at: &mut Deployment<'a>, arguments: &'a [Term], term: &'a Term) -> Node {
    let values: Vec<Node> = arguments.iter().map(|argument| at.evaluate(argument)).collect();
    if values.iter().any(|value| value.as_list().is_some()) {
        let mut items = Vec::new();
        for value in &values {
            match &value.value {
                Value::List(more) => items.extend(more.iter().cloned()),
                Value::Unresolved(_) => return inherit(unknown_because(value, term.at), &values),
                _ => {}
            }
        }
        at.shared.spend(items.len());
        return inherit(Node::list(items, term.at), &values);
    }
    let mut made = Composed::default();
    for (value, argument) in values.iter().zip(arguments) {
        add(&mut made, value, &shown(argument), term.at);
    }
    at.finish(made, term.at)
}

/// `format`: `{0}` and the like stand for the arguments; doubled braces stand for themselves.
pub(super) fn format<'a>(at: &mut Deployment<'a>, pattern: &'a Term, arguments: &'a [Term], term: &'a Term) -> Node {
    let pattern = at.evaluate(pattern);
    let Some(text) = plain(&pattern) else { return unknown_because(&pattern, term.at) };
    let values: Vec<Node> = arguments.iter().map(|argument| at.evaluate(argument)).collect();
    let mut made = Composed::default();
    let mut rest = text;
    while let Some(brace) = rest.find(['{', '}']) {
        made.fixed(&rest[..brace]);
        let tail = &rest[brace..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            made.fixed(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let end = tail.find('}').filter(|_| tail.starts_with('{'));
        let inside = end.map(|end| &tail[1..end]).unwrap_or_default();
        // Behind a colon stands how a number is padded, which changes the text in ways that nobody asks for here.
        let index = inside.split([':', ',']).next().and_then(|index| index.trim().parse::<usize>().ok());
        match (index.and_then(|index| values.get(index).zip(arguments.get(index))), end) {
            (Some((value, argument)), Some(end)) => {
                match (inside.split_once(':').and_then(|(_, width)| padding(width)), value.as_int()) {
                    (Some(width), Some(number)) => made.fixed(&format!("{number:0width$}")),
                    _ => add(&mut made, value, &shown(argument), term.at),
                }
                rest = &tail[end + 1..];
            }
            _ => {
                made.fixed(&tail[..1]);
                rest = &tail[1..];
            }
        }
        if !at.shared.spend(1) {
            break;
        }
    }
    made.fixed(rest);
    at.finish(made, term.at)
}

/// The width of a format such as `D2` or `00`.
fn padding(format: &str) -> Option<usize> {
    let width = match format.strip_prefix(['D', 'd']) {
        Some(width) => width.parse().ok()?,
        None if !format.is_empty() && format.bytes().all(|byte| byte == b'0') => format.len(),
        None => return None,
    };
    (width <= MAX_PAD).then_some(width)
}

/// A function of text, all of whose arguments are known; none when there is no such function.
pub(super) fn call(name: &str, values: &[Node], at: Location) -> Option<Node> {
    let text = |index: usize| values.get(index).and_then(plain);
    let number = |index: usize| values.get(index).and_then(Node::as_int);
    let truth = |value: bool| Some(Node::bool(value, at));
    let made = |value: String| Some(Node::text(value, at));
    match name {
        "tolower" => made(text(0)?.to_lowercase()),
        "toupper" => made(text(0)?.to_uppercase()),
        "trim" => made(text(0)?.trim().to_owned()),
        "replace" => {
            let (from, to) = (text(1)?, text(2)?);
            let grown = text(0)?.matches(from).count().saturating_mul(to.len());
            if from.is_empty() || grown > 1 << 20 { None } else { made(text(0)?.replace(from, to)) }
        }
        "startswith" => truth(text(0)?.to_lowercase().starts_with(&text(1)?.to_lowercase())),
        "endswith" => truth(text(0)?.to_lowercase().ends_with(&text(1)?.to_lowercase())),
        "indexof" if values.first()?.as_list().is_none() => {
            index(text(0)?.to_lowercase().find(&text(1)?.to_lowercase()), at)
        }
        "lastindexof" if values.first()?.as_list().is_none() => {
            index(text(0)?.to_lowercase().rfind(&text(1)?.to_lowercase()), at)
        }
        "substring" => {
            let start = usize::try_from(number(1)?).ok()?;
            let length = number(2).map_or(Some(usize::MAX), |length| usize::try_from(length).ok())?;
            made(text(0)?.chars().skip(start).take(length).collect())
        }
        "padleft" => {
            let (text, width) = (text(0)?, usize::try_from(number(1)?).ok()?.min(MAX_PAD));
            let fill = self::fill(values.get(2)).unwrap_or(' ');
            let missing = width.saturating_sub(text.chars().count());
            made(std::iter::repeat_n(fill, missing).chain(text.chars()).collect())
        }
        "split" => {
            let marks: Vec<&str> =
                values.get(1)?.items().iter().filter_map(plain).filter(|mark| !mark.is_empty()).collect();
            Some(Node::list(split(text(0)?, &marks).map(|piece| Node::text(piece, at)).collect(), at))
        }
        "join" => {
            let items: Option<Vec<&str>> = values.first()?.as_list()?.iter().map(plain).collect();
            made(items?.join(text(1)?))
        }
        "string" => Some(string(values.first()?, at)),
        "uri" => made(uri(text(0)?, text(1)?)),
        // What is encoded is what rules look at; the encoding adds nothing to it.
        "base64" | "uricomponent" | "datauri" => made(text(0)?.to_owned()),
        "json" => json(text(0)?, at),
        _ => None,
    }
}

fn fill(node: Option<&Node>) -> Option<char> {
    node.and_then(plain)?.chars().next()
}

fn index(found: Option<usize>, at: Location) -> Option<Node> {
    Some(Node::int(found.map_or(-1, |index| index as i64), at))
}

fn split<'t>(text: &'t str, marks: &[&str]) -> impl Iterator<Item = &'t str> {
    let mut pieces = vec![text];
    for mark in marks {
        pieces = pieces.into_iter().flat_map(|piece| piece.split(mark)).collect();
    }
    pieces.into_iter()
}

/// A value as text; a list or a map stays a tree, so that rules look into it.
fn string(value: &Node, at: Location) -> Node {
    match plain(value) {
        Some(text) => Node::text(text, at),
        None => Node { at, ..value.clone() },
    }
}

/// An address and what is added to it.
fn uri(base: &str, relative: &str) -> String {
    if relative.contains("://") {
        return relative.to_owned();
    }
    let folder = base.rfind('/').map_or(base, |slash| &base[..=slash]);
    format!("{folder}{}", relative.trim_start_matches('/'))
}

/// `json` of a scalar; of anything longer the text, into which rules look by themselves.
fn json(text: &str, at: Location) -> Option<Node> {
    let trimmed = text.trim();
    Some(match trimmed {
        "null" => Node::null(at),
        "true" | "false" => Node::bool(trimmed == "true", at),
        _ => match trimmed.parse::<i64>() {
            Ok(number) => Node::int(number, at),
            Err(_) => {
                let source = secscan_model::Source::from_text(at.source, "text.json", trimmed);
                let parsed = secscan_parse::json::parse(&source);
                match (parsed.documents.into_iter().next(), parsed.diagnostics.is_empty()) {
                    (Some(document), true) => placed(&document, at),
                    _ => Node::text(Arc::<str>::from(text), at),
                }
            }
        },
    })
}

/// The tree with all of it at one place.
fn placed(node: &Node, at: Location) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(Arc::new(items.iter().map(|item| placed(item, at)).collect())),
        Value::Map(map) => {
            let entries = map.entries().iter().map(|entry| (entry.key.clone(), placed(&entry.value, at)));
            Value::Map(Arc::new(entries.collect()))
        }
        other => other.clone(),
    };
    Node::new(value, at)
}
