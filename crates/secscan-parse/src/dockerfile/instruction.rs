//! One instruction at a time: keyword, flags, then what its shape asks for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jsonc_parser::tokens::Token;
use jsonc_parser::{Scanner, ScannerOptions};
use secscan_model::{DiagnosticKind, Map, Node, Source, Span};

use super::lines::{Line, Lines};
use super::words;
use crate::Parsed;
use crate::map_builder::MapBuilder;

/// What follows the keyword and the flags.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Words between blanks.
    Words,
    /// Words between blanks, or a JSON list.
    WordsOrList,
    /// One text.
    Text,
    /// A command for a shell, or a JSON list.
    Command,
    /// A JSON list.
    List,
    /// `name=value` words, or one name and a text.
    Pairs,
    /// `name` and `name=value` words.
    Names,
    /// `NONE`, or a nested `CMD`.
    Check,
    /// A nested instruction.
    Nested,
}

const SHAPES: [(&str, Shape); 18] = [
    ("ADD", Shape::WordsOrList),
    ("ARG", Shape::Names),
    ("CMD", Shape::Command),
    ("COPY", Shape::WordsOrList),
    ("ENTRYPOINT", Shape::Command),
    ("ENV", Shape::Pairs),
    ("EXPOSE", Shape::Words),
    ("FROM", Shape::Words),
    ("HEALTHCHECK", Shape::Check),
    ("LABEL", Shape::Pairs),
    ("MAINTAINER", Shape::Text),
    ("ONBUILD", Shape::Nested),
    ("RUN", Shape::Command),
    ("SHELL", Shape::List),
    ("STOPSIGNAL", Shape::Text),
    ("USER", Shape::Text),
    ("VOLUME", Shape::WordsOrList),
    ("WORKDIR", Shape::Text),
];

/// How deep instructions nest: a health check within `ONBUILD` holds a command.
const MAX_NESTED: usize = 2;

/// Reads a file.
pub(super) struct Reader<'s> {
    source: &'s Source,
    text: &'s str,
    lines: Lines<'s>,
    parsed: Parsed,
}

/// An instruction under construction.
struct Draft {
    keyword: Span,
    entries: MapBuilder,
    end: u32,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s Source, text: &'s str) -> Self {
        Self { source, text, lines: Lines::new(text), parsed: Parsed::default() }
    }

    /// The instructions, and all else.
    pub(super) fn read(mut self) -> (Vec<Node>, Parsed) {
        let mut instructions = Vec::new();
        while let Some(line) = self.lines.next(&mut self.parsed.comments) {
            let whole = trimmed(&line.text, 0..line.text.len());
            instructions.extend(self.instruction(&line, whole, 0));
        }
        (instructions, self.parsed)
    }

    fn instruction(&mut self, line: &Line<'_>, range: Range<usize>, depth: usize) -> Option<Node> {
        let (keyword, rest) = first_word(&line.text, range);
        let name = line.text.get(keyword.clone())?.to_ascii_uppercase();
        let keyword = line.span(keyword);
        let Some((name, shape)) = SHAPES.into_iter().find(|(known, _)| *known == name) else {
            self.refuse(keyword, "there is no such instruction: this line was left out");
            return None;
        };
        let mut draft = Draft { keyword, entries: MapBuilder::default(), end: line.span(rest.clone()).end };
        draft.end = draft.end.max(keyword.end);
        self.set(&mut draft, "instruction", Node::text(name, self.source.at(keyword)));
        let rest = self.flags(line, rest, &mut draft);
        if rest.is_empty() {
            self.refuse(keyword, &format!("`{name}` needs arguments: this line was left out"));
            return None;
        }
        let list = match shape {
            Shape::Command | Shape::WordsOrList | Shape::List => self.json_list(line, rest.clone()),
            _ => None,
        };
        if matches!(shape, Shape::Command | Shape::List) {
            let form = if list.is_some() { "exec" } else { "shell" };
            self.set(&mut draft, "form", Node::text(form, self.source.at(line.span(rest.clone()))));
        }
        let is_exec = list.is_some();
        match (shape, list) {
            (_, Some(items)) => self.set_list(&mut draft, "args", items),
            (Shape::Words | Shape::WordsOrList, None) => {
                let items = blank_separated(&line.text, rest.clone()).map(|word| self.text_node(line, word)).collect();
                self.set_list(&mut draft, "args", items);
            }
            (Shape::Text, None) => self.set_list(&mut draft, "args", vec![self.text_node(line, rest.clone())]),
            (Shape::Command, None) => self.set(&mut draft, "text", self.text_node(line, rest.clone())),
            (Shape::List, None) => {
                self.refuse(keyword, &format!("`{name}` needs a JSON list: this line was left out"));
                return None;
            }
            (Shape::Pairs | Shape::Names, None) => self.pairs(line, rest.clone(), shape, &mut draft)?,
            (Shape::Check, None) => self.check(line, rest.clone(), depth, &mut draft)?,
            (Shape::Nested, None) => self.nested(line, rest.clone(), depth, &mut draft)?,
        }
        if matches!(name, "RUN" | "COPY" | "ADD") && !is_exec {
            self.here_documents(line, rest, &mut draft);
        }
        let span = Span { start: keyword.start, end: draft.end };
        let node = Node::map(draft.entries.finish(), self.source.at(span));
        Some(node.named(self.source.at(keyword)))
    }

    fn refuse(&mut self, span: Span, message: &str) {
        self.parsed.report(self.source, DiagnosticKind::Syntax, span, message);
    }

    /// Sets a key that is not in the file: its name is the keyword.
    fn set(&self, draft: &mut Draft, key: &str, node: Node) {
        draft.entries.insert(key.into(), node.named(self.source.at(draft.keyword)));
    }

    fn set_list(&self, draft: &mut Draft, key: &str, items: Vec<Node>) {
        let span = items.first().zip(items.last()).map(|(first, last)| first.at.span.cover(last.at.span));
        let at = self.source.at(span.unwrap_or(draft.keyword));
        self.set(draft, key, Node::list(items, at));
    }

    fn text_node(&self, line: &Line<'_>, range: Range<usize>) -> Node {
        let span = line.span(range.clone());
        Node::text(line.text.get(range).unwrap_or(""), self.source.at(span))
    }

    /// Reads the flags and gives what follows them.
    fn flags(&self, line: &Line<'_>, rest: Range<usize>, draft: &mut Draft) -> Range<usize> {
        let text = line.text.get(rest.clone()).filter(|text| text.starts_with("--")).unwrap_or("");
        let mut flags = Flags::default();
        let mut span: Option<Span> = None;
        let mut after = rest.start;
        for word in words::split(text, self.lines.escape()) {
            let word = rest.start + word.start..rest.start + word.end;
            let Some(flag) = line.text.get(word.clone()).and_then(|text| text.strip_prefix("--")) else { break };
            after = word.end;
            if flag.is_empty() {
                // A lone `--` ends the flags.
                break;
            }
            let place = line.span(word.clone());
            span = Some(span.map_or(place, |span| span.cover(place)));
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, self.text_node(line, word.end - value.len()..word.end)),
                None => (flag, Node::bool(true, self.source.at(place))),
            };
            let name_at = self.source.at(line.span(word.start..word.start + 2 + name.len()));
            flags.add(name, value.named(name_at));
        }
        if let Some(span) = span {
            self.set(draft, "flags", Node::map(flags.finish(), self.source.at(span)));
        }
        trimmed(&line.text, after..rest.end)
    }

    /// The items of a JSON list of texts, when all of the range is one. Anything else is a shell form, as for Docker.
    fn json_list(&self, line: &Line<'_>, range: Range<usize>) -> Option<Vec<Node>> {
        let text = line.text.get(range.clone()).filter(|text| text.starts_with('['))?;
        let options = ScannerOptions {
            allow_single_quoted_strings: false,
            allow_extended_string_escapes: false,
            ..ScannerOptions::default()
        };
        let mut scanner = Scanner::new(text, &options);
        scanner.scan().ok()?;
        let mut items = Vec::new();
        loop {
            match scanner.scan().ok()?? {
                Token::String(item) => {
                    let place = range.start + scanner.token_start()..range.start + scanner.token_end();
                    items.push(Node::text(&*item, self.source.at(line.span(place))));
                }
                Token::CloseBracket if items.is_empty() => break,
                _ => return None,
            }
            match scanner.scan().ok()?? {
                Token::Comma => {}
                Token::CloseBracket => break,
                _ => return None,
            }
        }
        scanner.scan().ok()?.is_none().then_some(items)
    }

    fn pairs(&mut self, line: &Line<'_>, rest: Range<usize>, shape: Shape, draft: &mut Draft) -> Option<()> {
        let escape = self.lines.escape();
        let words = words::split(line.text.get(rest.clone()).unwrap_or(""), escape);
        let words = words.into_iter().map(|word| rest.start + word.start..rest.start + word.end);
        let mut pairs = MapBuilder::default();
        for (position, word) in words.enumerate() {
            let text = line.text.get(word.clone()).unwrap_or("");
            let (name, value) = match text.find('=') {
                Some(sign) => (word.start..word.start + sign, Some(word.start + sign + 1..word.end)),
                None if shape == Shape::Names => (word, None),
                // The old form: `ENV name all the rest`.
                None if position == 0 => {
                    let value = trimmed(&line.text, word.end..rest.end);
                    if value.is_empty() {
                        self.refuse(line.span(word), "a name without a value: this line was left out");
                        return None;
                    }
                    self.pair(line, word, Some(value), &mut pairs);
                    break;
                }
                None => {
                    self.refuse(line.span(word), "`name=value` was expected: this word was left out");
                    continue;
                }
            };
            self.pair(line, name, value, &mut pairs);
        }
        let at = self.source.at(line.span(rest));
        self.set(draft, "pairs", Node::map(pairs.finish(), at));
        Some(())
    }

    fn pair(&self, line: &Line<'_>, name: Range<usize>, value: Option<Range<usize>>, pairs: &mut MapBuilder) {
        let written = line.text.get(name.clone()).unwrap_or("");
        let key: Arc<str> = words::literal(written, self.lines.escape()).map_or_else(|| written.into(), Arc::from);
        let name_at = self.source.at(line.span(name));
        let value = match value {
            Some(value) => self.text_node(line, value),
            None => Node::null(self.source.at(Span { start: name_at.span.end, end: name_at.span.end })),
        };
        pairs.insert(key, value.named(name_at));
    }

    fn check(&mut self, line: &Line<'_>, rest: Range<usize>, depth: usize, draft: &mut Draft) -> Option<()> {
        let (word, more) = first_word(&line.text, rest.clone());
        let kind = line.text.get(word.clone()).unwrap_or("");
        if kind.eq_ignore_ascii_case("NONE") && more.is_empty() {
            self.set_list(draft, "args", vec![self.text_node(line, word)]);
            return Some(());
        }
        if !kind.eq_ignore_ascii_case("CMD") {
            self.refuse(line.span(word), "`NONE` or `CMD` was expected: this line was left out");
            return None;
        }
        self.nested(line, rest, depth, draft)
    }

    fn nested(&mut self, line: &Line<'_>, rest: Range<usize>, depth: usize, draft: &mut Draft) -> Option<()> {
        if depth == MAX_NESTED {
            self.refuse(draft.keyword, "instructions do not nest like this: this line was left out");
            return None;
        }
        let inner = self.instruction(line, rest, depth + 1)?;
        draft.end = draft.end.max(inner.at.span.end);
        let name_at = inner.name_at;
        draft.entries.insert("nested".into(), inner.named(name_at));
        Some(())
    }

    /// Reads the here-documents that the words of a line announce.
    fn here_documents(&mut self, line: &Line<'_>, rest: Range<usize>, draft: &mut Draft) {
        let escape = self.lines.escape();
        let text = line.text.get(rest.clone()).unwrap_or("");
        let mut documents = Vec::new();
        for word in words::split(text, escape) {
            let Some(announced) = text.get(word.clone()).and_then(|word| announcement(word, escape)) else { continue };
            let (body, is_closed) = self.lines.here_document(&announced.delimiter, announced.strips_tabs);
            let place = line.span(rest.start + word.start..rest.start + word.end);
            if !is_closed {
                let message = format!("the here-document lacks its end `{}`", announced.delimiter);
                self.refuse(place, &message);
            }
            draft.end = Span::new(0, self.lines.end()).end;
            documents.push(self.here_document(&announced, body, place));
        }
        if !documents.is_empty() {
            self.set_list(draft, "heredocs", documents);
        }
    }

    fn here_document(&self, announced: &Announcement, body: Range<usize>, place: Span) -> Node {
        let written = self.text.get(body.clone()).unwrap_or("");
        let text: String = match announced.strips_tabs {
            true => written.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect(),
            false => written.to_owned(),
        };
        let place = self.source.at(place);
        let at = self.source.at(body.into());
        let mut entries = MapBuilder::default();
        entries.insert("delimiter".into(), Node::text(&*announced.delimiter, place));
        entries.insert("text".into(), Node::text(text, at).named(place));
        entries.insert("expand".into(), Node::bool(announced.expands, place));
        Node::map(entries.finish(), at).named(place)
    }
}

/// The flags of an instruction; a repeated one becomes a list.
#[derive(Default)]
struct Flags {
    first: MapBuilder,
    /// What follows the first value, for each position.
    more: BTreeMap<usize, Vec<Node>>,
}

impl Flags {
    fn add(&mut self, name: &str, value: Node) {
        let (position, before) = self.first.insert(name.into(), value);
        let (Some(before), Some(node)) = (before, self.first.value_mut(position)) else { return };
        let value = std::mem::replace(node, before.clone());
        self.more.entry(position).or_insert_with(|| vec![before]).push(value);
    }

    fn finish(mut self) -> Map {
        for (position, values) in self.more {
            if let Some(node) = self.first.value_mut(position) {
                *node = Node::list(values, node.at).named(node.name_at);
            }
        }
        self.first.finish()
    }
}

/// What `<<EOF` says.
struct Announcement {
    delimiter: String,
    strips_tabs: bool,
    expands: bool,
}

/// Reads a word as the announcement of a here-document: digits, `<<`, perhaps `-`, and a delimiter.
fn announcement(word: &str, escape: char) -> Option<Announcement> {
    let rest = word.trim_start_matches(|digit: char| digit.is_ascii_digit()).strip_prefix("<<")?;
    let (strips_tabs, written) = match rest.strip_prefix('-') {
        Some(written) => (true, written),
        None => (false, rest),
    };
    if written.is_empty() || written.contains('<') {
        return None;
    }
    let delimiter = words::literal(written, escape)?.into_owned();
    Some(Announcement { expands: delimiter == written, delimiter, strips_tabs })
}

/// A range without the blanks at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = text.get(range.clone()).unwrap_or("");
    let start = range.start + (inner.len() - inner.trim_start().len());
    start..start + inner.trim().len()
}

/// The first word of a range and what follows the blanks behind it.
fn first_word(text: &str, range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let inner = text.get(range.clone()).unwrap_or("");
    let end = range.start + inner.find(char::is_whitespace).unwrap_or(inner.len());
    (range.start..end, trimmed(text, end..range.end))
}

/// The words of a range between blanks, quotes or not.
fn blank_separated(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut rest = trimmed(text, range);
    std::iter::from_fn(move || {
        let (word, after) = first_word(text, rest.clone());
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}
