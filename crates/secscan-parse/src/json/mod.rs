//! The tokens come from `jsonc-parser`; the trees are made here, because its own parser recurses, gives up at its depth
//! limit and keeps comments apart from the order of the file. What JSON5 adds beyond that is a syntax error.
//!
//! Reading order: `parse`, then `Reader`, which holds what is open and what may come next. A file with a syntax
//! error gives no tree: half of one would look like one that lacks settings.

use std::sync::Arc;

use jsonc_parser::tokens::Token;
use jsonc_parser::{Scanner, ScannerOptions};
use secscan_model::{Comment, DiagnosticKind, Location, Node, Scalar, ScalarKind, Source, Span, Value};

use crate::map_builder::{Interner, MapBuilder};
use crate::{MAX_DEPTH, Parsed};

/// Whether a path looks like JSON.
pub fn claims(path: &str) -> bool {
    path.ends_with(".json") || path.ends_with(".jsonc")
}

/// Parses a file.
pub fn parse(source: &Source) -> Parsed {
    let text = match source.text() {
        Ok(text) => text,
        Err(error) => return Parsed::not_text(source, error),
    };
    let mut reader = Reader::new(source, text);
    if let Err(fault) = reader.read() {
        let message = format!("this JSON file was not judged: {}", fault.message);
        reader.parsed.report(source, DiagnosticKind::Syntax, fault.span, message);
        reader.parsed.documents.clear();
    }
    reader.parsed
}

/// Why the file is no JSON.
struct Fault {
    message: String,
    span: Span,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Value,
    /// A value or the end of the list.
    Item,
    /// A key or the end of the map.
    Key,
    Colon,
    /// A comma or the end of the collection.
    Comma,
    /// Nothing.
    End,
}

#[derive(Clone, Copy, PartialEq)]
enum Opening {
    Map,
    List,
}

/// An open collection.
struct Frame {
    content: Content,
    start: u32,
}

enum Content {
    List(Vec<Node>),
    Map(Box<OpenMap>),
}

#[derive(Default)]
struct OpenMap {
    entries: MapBuilder,
    key: Option<(Arc<str>, Span)>,
    first_key: Option<Span>,
    /// The position of the value that was set last.
    last: usize,
}

struct Reader<'s> {
    source: &'s Source,
    text: &'s str,
    scanner: Scanner<'s>,
    /// The length of the byte order mark that the scanner does not see.
    skipped: usize,
    texts: Interner,
    parsed: Parsed,
    stack: Vec<Frame>,
    /// The collections that are open below the depth limit.
    cut: Vec<Opening>,
    cut_start: u32,
    next: Next,
    /// The span of the scalar value to which a comment on its line belongs.
    scalar: Option<Span>,
    /// Where the last token or comment ends.
    end: Option<u32>,
}

impl<'s> Reader<'s> {
    fn new(source: &'s Source, text: &'s str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let options = ScannerOptions {
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        Self {
            source,
            text,
            scanner: Scanner::new(body, &options),
            skipped: text.len() - body.len(),
            texts: Interner::new(),
            parsed: Parsed::default(),
            stack: Vec::new(),
            cut: Vec::new(),
            cut_start: 0,
            next: Next::Value,
            scalar: None,
            end: None,
        }
    }

    fn read(&mut self) -> Result<(), Fault> {
        loop {
            let token = self.scanner.scan().map_err(|error| Fault {
                message: error.kind().to_string(),
                span: Span::new(error.range().start + self.skipped, error.range().end + self.skipped),
            })?;
            let span = Span::new(self.scanner.token_start() + self.skipped, self.scanner.token_end() + self.skipped);
            match token {
                None if self.next == Next::End || self.end.is_none() => return Ok(()),
                None if self.next == Next::Value && self.stack.is_empty() => return Ok(()),
                None => return Err(Fault { message: "the file ends too early".to_owned(), span }),
                Some(Token::CommentLine(_) | Token::CommentBlock(_)) => self.comment(span),
                Some(token) => {
                    self.token(token, span)?;
                    self.end = Some(span.end);
                }
            }
        }
    }

    fn token(&mut self, token: Token<'s>, span: Span) -> Result<(), Fault> {
        let is_value = matches!(self.next, Next::Value | Next::Item);
        match token {
            Token::String(key) if self.next == Next::Key => self.key(&key, span),
            Token::String(text) if is_value => self.scalar(ScalarKind::Text, &text, span),
            Token::Number(text) if is_value => self.scalar(number(text), text, span),
            Token::Boolean(value) if is_value => {
                self.scalar(ScalarKind::Bool(value), if value { "true" } else { "false" }, span);
            }
            Token::Null if is_value => self.scalar(ScalarKind::Null, "null", span),
            Token::OpenBrace if is_value => self.open(Opening::Map, span),
            Token::OpenBracket if is_value => self.open(Opening::List, span),
            Token::CloseBrace if self.innermost() == Some(Opening::Map) && self.may_close() => self.close(span),
            Token::CloseBracket if self.innermost() == Some(Opening::List) && self.may_close() => self.close(span),
            Token::Colon if self.next == Next::Colon => self.next = Next::Value,
            Token::Comma if self.next == Next::Comma => {
                self.next = if self.innermost() == Some(Opening::Map) { Next::Key } else { Next::Item };
            }
            _ => return Err(self.unexpected(span)),
        }
        Ok(())
    }

    fn unexpected(&self, span: Span) -> Fault {
        let wanted = match self.next {
            Next::Value => "a value",
            Next::Item => "a value or the end of the list",
            Next::Key => "a quoted key or the end of the map",
            Next::Colon => "a colon",
            Next::Comma => "a comma or the end of the collection",
            Next::End => "the end of the file",
        };
        Fault { message: format!("{wanted} was expected here"), span }
    }

    fn innermost(&self) -> Option<Opening> {
        self.cut.last().copied().or_else(|| {
            self.stack.last().map(|frame| match frame.content {
                Content::List(_) => Opening::List,
                Content::Map(_) => Opening::Map,
            })
        })
    }

    fn may_close(&self) -> bool {
        matches!(self.next, Next::Item | Next::Key | Next::Comma)
    }

    fn key(&mut self, key: &str, span: Span) {
        self.next = Next::Colon;
        self.scalar = None;
        if !self.cut.is_empty() {
            return;
        }
        let key = self.texts.share(key);
        if let Some(Frame { content: Content::Map(map), .. }) = self.stack.last_mut() {
            map.first_key.get_or_insert(span);
            map.key = Some((key, span));
        }
    }

    fn scalar(&mut self, kind: ScalarKind, text: &str, span: Span) {
        if !self.cut.is_empty() {
            self.next = Next::Comma;
            return;
        }
        let text = self.texts.share(text);
        self.place(Node::new(Value::Scalar(Scalar { kind, text }), self.source.at(span)));
        self.scalar = Some(span);
    }

    fn open(&mut self, opening: Opening, span: Span) {
        self.scalar = None;
        self.next = match opening {
            Opening::Map => Next::Key,
            Opening::List => Next::Item,
        };
        if self.stack.len() >= MAX_DEPTH {
            if self.cut.is_empty() {
                self.cut_start = span.start;
            }
            self.cut.push(opening);
            return;
        }
        let content = match opening {
            Opening::Map => Content::Map(Box::default()),
            Opening::List => Content::List(Vec::new()),
        };
        self.stack.push(Frame { content, start: span.start });
    }

    fn close(&mut self, span: Span) {
        self.scalar = None;
        if self.cut.pop().is_some() {
            self.next = Next::Comma;
            if self.cut.is_empty() {
                let span = Span { start: self.cut_start, end: span.end };
                let why = format!("nested deeper than {MAX_DEPTH} levels");
                self.parsed.report(self.source, DiagnosticKind::Limit, span, why.clone());
                self.place(Node::unresolved(why, self.source.at(span)));
            }
            return;
        }
        let Some(frame) = self.stack.pop() else { return };
        let at = self.source.at(Span { start: frame.start, end: span.end });
        let node = match frame.content {
            Content::List(items) => Node::list(items, at),
            Content::Map(map) => {
                let name_at: Location = map.first_key.map_or(at, |key| self.source.at(key));
                Node::map(map.entries.finish(), at).named(name_at)
            }
        };
        self.place(node);
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node) {
        let Some(frame) = self.stack.last_mut() else {
            self.parsed.documents.push(node);
            self.next = Next::End;
            return;
        };
        self.next = Next::Comma;
        let map = match &mut frame.content {
            Content::List(items) => return items.push(node),
            Content::Map(map) => map,
        };
        let Some((key, span)) = map.key.take() else { return };
        let (position, before) = map.entries.insert(key.clone(), node.named(self.source.at(span)));
        map.last = position;
        if before.is_some() {
            let message = format!("the key `{key}` is set twice in this map: the last value counts here");
            self.parsed.report(self.source, DiagnosticKind::Ambiguous, span, message);
        }
    }

    fn comment(&mut self, span: Span) {
        let text = |range: std::ops::Range<u32>| self.text.get(range.start as usize..range.end as usize).unwrap_or("");
        let trailing = self.end.is_some_and(|end| !text(end..span.start).contains('\n'));
        if let Some(scalar) = self.scalar.take()
            && !text(scalar.end..span.start).contains('\n')
        {
            let comment = text(span.start..span.end);
            let inner = match comment.strip_prefix("/*") {
                Some(block) => block.strip_suffix("*/").unwrap_or(block),
                None => comment.trim_start_matches('/'),
            };
            let inner = Arc::from(inner.trim());
            let last = self.stack.last_mut().and_then(|frame| match &mut frame.content {
                Content::List(items) => items.last_mut(),
                Content::Map(map) => map.entries.value_mut(map.last),
            });
            if let Some(node) = last {
                node.extra_mut().comment = Some(inner);
            }
        }
        self.end = Some(span.end);
        self.parsed.comments.push(Comment { span, trailing });
    }
}

fn number(text: &str) -> ScalarKind {
    if let Ok(whole) = text.parse() {
        return ScalarKind::Int(whole);
    }
    text.parse().map_or(ScalarKind::Text, ScalarKind::Float)
}

#[cfg(test)]
mod tests;
