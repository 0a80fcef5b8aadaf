//! `toml-span` reads the values; its tokens give what the values do not tell: comments, and the quotes around strings.
//! A table covers its header and its body; one that is spread over several headers covers all of them. A file with a
//! syntax error gives no tree. Dates and times are not known to `toml-span`: `dates` hides them from it, and they come out
//! as text.

mod dates;

use std::borrow::Cow;

use secscan_model::{Comment, DiagnosticKind, Map, Node, Scalar, ScalarKind, Source, Span, Value};
use toml_span::ErrorKind;
use toml_span::tokens::{Token, Tokenizer};
use toml_span::value::{Table, ValueInner};

use crate::{MAX_DEPTH, Parsed};

/// Whether a path looks like TOML.
pub fn claims(path: &str) -> bool {
    path.ends_with(".toml")
}

/// Parses a file.
pub fn parse(source: &Source) -> Parsed {
    let text = match source.text() {
        Ok(text) => text,
        Err(error) => return Parsed::not_text(source, error),
    };
    let dates = dates::find(text);
    let shown = dates::hidden(text, &dates);
    let mut converter =
        Converter { source, text, shown: &shown, dates, strings: Vec::new(), parsed: Parsed::default() };
    converter.read_tokens();
    match toml_span::parse(&shown) {
        Ok(mut root) => {
            if let ValueInner::Table(table) = root.take()
                && !table.is_empty()
            {
                let root = converter.table(table, None, 0);
                converter.parsed.documents.push(root);
            }
        }
        Err(error) => {
            let kind = match error.kind {
                ErrorKind::ExceededDepthLimit => DiagnosticKind::Limit,
                _ => DiagnosticKind::Syntax,
            };
            let message = format!("this TOML file was not judged: {error}");
            converter.parsed.report(source, kind, Span::new(error.span.start, error.span.end), message);
        }
    }
    converter.parsed
}

struct Converter<'s> {
    source: &'s Source,
    text: &'s str,
    /// The text as `toml-span` sees it: of the same length.
    shown: &'s str,
    /// The dates and times in the order of the file.
    dates: Vec<Span>,
    /// The strings in the order of the file: where their content begins, and their span with quotes.
    strings: Vec<(usize, Span)>,
    parsed: Parsed,
}

impl Converter<'_> {
    /// Collects comments and strings. What follows a token that is none is left to the parser to refuse.
    fn read_tokens(&mut self) {
        let mut tokens = Tokenizer::new(self.shown);
        let mut line_is_empty = true;
        while let Ok(Some((span, token))) = tokens.step() {
            match token {
                Token::Newline => line_is_empty = true,
                Token::Whitespace(_) => {}
                Token::Comment(text) => {
                    let span = Span::new(span.start, span.start + text.trim_end().len());
                    self.parsed.comments.push(Comment { span, trailing: !line_is_empty });
                }
                Token::String { src, .. } => {
                    let start = src.as_ptr().addr() - self.shown.as_ptr().addr();
                    self.strings.push((span.start, Span::new(start, start + src.len())));
                    line_is_empty = false;
                }
                _ => line_is_empty = false,
            }
        }
    }

    /// A table with its entries in the order of the file. `own` is what its header covers.
    fn table(&mut self, table: Table<'_>, own: Option<Span>, depth: usize) -> Node {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        let mut map = Map::with_capacity(entries.len());
        let mut covered = own;
        let mut name = None;
        for (key, mut value) in entries {
            let key_span = self.with_quotes(Span::new(key.span.start, key.span.end));
            let span = Span::new(value.span.start, value.span.end);
            let node = self.value(value.take(), span, depth + 1).named(self.source.at(key_span));
            let entry = key_span.cover(node.at.span);
            covered = Some(covered.map_or(entry, |covered| covered.cover(entry)));
            name.get_or_insert(key_span);
            map.push_new(&*key.name, node);
        }
        let at = self.source.at(covered.unwrap_or_default());
        Node::map(map, at).named(name.map_or(at, |name| self.source.at(name)))
    }

    fn value(&mut self, value: ValueInner<'_>, span: Span, depth: usize) -> Node {
        let is_collection = matches!(value, ValueInner::Array(_) | ValueInner::Table(_));
        if is_collection && depth >= MAX_DEPTH {
            let why = format!("nested deeper than {MAX_DEPTH} levels");
            self.parsed.report(self.source, DiagnosticKind::Limit, span, why.clone());
            return Node::unresolved(why, self.source.at(span));
        }
        let (kind, text, span) = match value {
            ValueInner::Table(table) => return self.table(table, Some(span), depth),
            ValueInner::Array(items) => {
                let items: Vec<Node> = items
                    .into_iter()
                    .map(|mut item| {
                        let span = Span::new(item.span.start, item.span.end);
                        self.value(item.take(), span, depth + 1)
                    })
                    .collect();
                let span = items.iter().fold(span, |span, item| span.cover(item.at.span));
                return Node::list(items, self.source.at(span));
            }
            ValueInner::String(text) => {
                let span = self.with_quotes(span);
                let is_date = self.dates.binary_search(&span).is_ok();
                let text = if is_date { Cow::Owned(self.written(span)) } else { text };
                (ScalarKind::Text, text.into_owned(), span)
            }
            ValueInner::Boolean(value) => (ScalarKind::Bool(value), self.written(span), span),
            ValueInner::Integer(value) => (ScalarKind::Int(value), self.written(span), span),
            ValueInner::Float(value) => (ScalarKind::Float(value), self.written(span), span),
        };
        Node::new(Value::Scalar(Scalar { kind, text: text.into() }), self.source.at(span))
    }

    fn written(&self, span: Span) -> String {
        self.text.get(span.range()).unwrap_or("").to_owned()
    }

    /// The span of a string with its quotes; anything else as it is.
    fn with_quotes(&self, span: Span) -> Span {
        let start = span.start as usize;
        let found = self.strings.binary_search_by_key(&start, |(start, _)| *start).ok();
        found.and_then(|position| self.strings.get(position)).map_or(span, |(_, quoted)| *quoted)
    }
}

#[cfg(test)]
mod tests;
