//! Nodes from events: an explicit stack of open collections, anchors with the size of what they stand for, merge keys.
//!
//! Everything is bounded: nesting by [`MAX_DEPTH`] (aliases followed, so that who walks the tree may recurse), what
//! aliases add to a document by [`MAX_ALIASED`], the trail of places behind a merged entry by [`MAX_VIA`].

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ScalarStyle, Tag};
use secscan_model::{Comment, DiagnosticKind, Map, Node, Scalar, ScalarKind, Source, Span, Value};

use super::scalar;
use crate::map_builder::{Interner, MapBuilder};
use crate::{MAX_DEPTH, Parsed};

/// How many nodes aliases may add to one document, each counted as often as it would be printed.
const MAX_ALIASED: usize = 1_000_000;

/// How many places a merged entry remembers.
const MAX_VIA: usize = 16;

/// What a collection event opens.
#[derive(Clone, Copy)]
pub(super) enum Opening {
    Map,
    List,
}

/// The documents under construction.
pub(super) struct Builder<'s> {
    source: &'s Source,
    text: &'s str,
    parsed: Parsed,
    texts: Interner,
    stack: Vec<Frame>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    /// The nodes that aliases have added to this document.
    aliased: usize,
    /// A collection below the depth limit whose end has not come.
    cut: Option<Cut>,
    /// Whether the last event was a scalar value: a comment that follows on its line belongs to it.
    after_scalar: bool,
}

/// An open collection.
struct Frame {
    content: Content,
    anchor: usize,
    tag: Option<Arc<str>>,
    start: u32,
    /// Where the last thing in it ends.
    end: u32,
    bulk: Bulk,
}

enum Content {
    List(Vec<Node>),
    Map(Box<OpenMap>),
}

#[derive(Default)]
struct OpenMap {
    entries: MapBuilder,
    key: Key,
    first_key: Option<Span>,
    /// The position of the value that was set last.
    last: usize,
    /// The values of merge keys.
    merged: Vec<Node>,
}

/// The key whose value comes next.
#[derive(Default)]
enum Key {
    /// None: what comes next is a key.
    #[default]
    Awaited,
    Name(Arc<str>, Span),
    Merge(Span),
    /// A key that cannot be kept.
    Unusable,
}

/// How much a node stands for, aliases followed.
#[derive(Clone, Copy)]
struct Bulk {
    /// The number of nodes.
    size: usize,
    /// The number of collections that lie in one another.
    height: usize,
}

/// What an anchor stands for.
struct Anchored {
    node: Node,
    bulk: Bulk,
}

struct Cut {
    span: Span,
    open: usize,
}

impl Frame {
    /// Counts what a value adds to this collection: a key adds nothing; merged maps, alone or in a list, dissolve into
    /// the one that merges them.
    fn grow(&mut self, value: &Node, bulk: Bulk) {
        let dissolved = match &self.content {
            Content::Map(map) if matches!(map.key, Key::Awaited) => return,
            Content::Map(map) if matches!(map.key, Key::Merge(_)) => match &value.value {
                Value::List(_) => 2,
                Value::Map(_) => 1,
                _ => 0,
            },
            _ => 0,
        };
        self.bulk.size += bulk.size.saturating_sub(dissolved);
        self.bulk.height = self.bulk.height.max((bulk.height + 1).saturating_sub(dissolved));
    }
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s Source, text: &'s str) -> Self {
        Self {
            source,
            text,
            parsed: Parsed::default(),
            texts: Interner::new(),
            stack: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            aliased: 0,
            cut: None,
            after_scalar: false,
        }
    }

    pub(super) fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, span: Span) {
        if self.cut.is_some() {
            return;
        }
        let absent = style == ScalarStyle::Plain && span.start == span.end;
        // The events spell a value that is not written as `~`.
        let text = if absent { "" } else { text };
        let is_merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
        let kind = match (tag, style) {
            (Some(tag), _) => scalar::tagged(tag.handle(), tag.suffix(), text),
            (None, ScalarStyle::Plain) => scalar::plain(text),
            (None, _) => ScalarKind::Text,
        };
        // At the end of a file without a last line break the content has none either.
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let is_cut = is_block && span.end as usize == self.source.bytes.len() && !self.source.bytes.ends_with(b"\n");
        let text = if is_cut { text.strip_suffix('\n').unwrap_or(text) } else { text };
        let span = match style {
            // At the end of the file the span of empty content is that of the header.
            ScalarStyle::Literal | ScalarStyle::Folded if text.is_empty() => Span { start: span.end, end: span.end },
            ScalarStyle::Literal | ScalarStyle::Folded => self.without_blank_end(span),
            _ => span,
        };
        let text = self.texts.share(text);
        let mut node = Node::new(Value::Scalar(Scalar { kind, text }), self.source.at(span));
        if let Some(tag) = tag {
            node.extra_mut().tag = Some(tag.original().into());
        }
        let bulk = Bulk { size: 1, height: 0 };
        self.define(anchor, &node, bulk);
        self.after_scalar = !self.is_key_awaited() && !absent;
        self.place(node, span, bulk, is_merge);
    }

    pub(super) fn open(&mut self, opening: Opening, anchor: usize, tag: Option<&Tag>, span: Span) {
        self.after_scalar = false;
        if let Some(cut) = &mut self.cut {
            cut.open += 1;
            return;
        }
        if self.stack.len() >= MAX_DEPTH {
            self.cut = Some(Cut { span, open: 1 });
            return;
        }
        let content = match opening {
            Opening::List => Content::List(Vec::new()),
            Opening::Map => Content::Map(Box::default()),
        };
        let tag = tag.map(|tag| tag.original().into());
        let bulk = Bulk { size: 1, height: 1 };
        self.stack.push(Frame { content, anchor, tag, start: span.start, end: span.end, bulk });
    }

    pub(super) fn close(&mut self, span: Span) {
        self.after_scalar = false;
        if let Some(cut) = &mut self.cut {
            cut.open = cut.open.saturating_sub(1);
            if cut.open == 0 {
                let span = Span { start: cut.span.start, end: span.end.max(cut.span.end) };
                self.cut = None;
                let why = format!("nested deeper than {MAX_DEPTH} levels");
                self.place_unresolved(DiagnosticKind::Limit, why, span);
            }
            return;
        }
        let Some(frame) = self.stack.pop() else { return };
        // The end of a flow collection is its bracket; that of a block collection is an empty span behind its blank
        // lines and comments.
        let end = if span.start == span.end { frame.end } else { span.end };
        let span = Span { start: frame.start, end: end.max(frame.start) };
        let at = self.source.at(span);
        let mut node = match frame.content {
            Content::List(items) => Node::list(items, at),
            Content::Map(map) => {
                let name_at = map.first_key.map_or(at, |key| self.source.at(key));
                Node::map(self.finish_map(*map), at).named(name_at)
            }
        };
        if let Some(tag) = frame.tag {
            node.extra_mut().tag = Some(tag);
        }
        self.define(frame.anchor, &node, frame.bulk);
        self.place(node, span, frame.bulk, false);
    }

    pub(super) fn alias(&mut self, anchor: usize, span: Span) {
        self.after_scalar = false;
        if self.cut.is_some() {
            return;
        }
        let Some(Anchored { node, bulk }) = self.anchors.get(&anchor) else {
            let why = match self.stack.iter().any(|frame| frame.anchor == anchor) {
                true => "the alias stands inside of what it refers to",
                false => "the alias refers to a value that was too large or too deep",
            };
            return self.place_unresolved(DiagnosticKind::Limit, why.to_owned(), span);
        };
        let (mut node, bulk) = (node.clone(), *bulk);
        if self.stack.len() + bulk.height > MAX_DEPTH {
            let why = format!("the alias nests values deeper than {MAX_DEPTH} levels");
            return self.place_unresolved(DiagnosticKind::Limit, why, span);
        }
        if self.aliased + bulk.size > MAX_ALIASED {
            let why = format!("the aliases of this document stand for more than {MAX_ALIASED} values");
            return self.place_unresolved(DiagnosticKind::Limit, why, span);
        }
        self.aliased += bulk.size;
        let place = self.source.at(span);
        node.name_at = place;
        node.extra_mut().via = vec![place];
        self.place(node, span, bulk, false);
    }

    pub(super) fn unknown_alias(&mut self, name: &str, span: Span) {
        self.after_scalar = false;
        if self.cut.is_none() {
            self.place_unresolved(DiagnosticKind::Syntax, format!("there is no anchor `&{name}` for this alias"), span);
        }
    }

    pub(super) fn comment(&mut self, comment: Comment) {
        if comment.trailing && std::mem::take(&mut self.after_scalar) {
            let (source_text, span) = (self.text, comment.span);
            let text = source_text.get(span.range()).unwrap_or("").trim_start_matches('#').trim();
            if let Some(node) = self.last_value() {
                let between = source_text.get(node.at.span.end as usize..span.start as usize);
                if between.is_some_and(|between| !between.contains('\n')) {
                    node.extra_mut().comment = Some(text.into());
                }
            }
        }
        self.parsed.comments.push(comment);
    }

    pub(super) fn end_document(&mut self) {
        self.after_scalar = false;
        if let Some(root) = self.root.take()
            && !(root.is_null() && root.at.span.start == root.at.span.end)
        {
            self.parsed.documents.push(root);
        }
        self.forget_document();
    }

    pub(super) fn abandon_document(&mut self, kind: DiagnosticKind, span: Span, message: String) {
        self.forget_document();
        self.parsed.report(self.source, kind, span, message);
    }

    pub(super) fn finish(self) -> Parsed {
        self.parsed
    }

    fn forget_document(&mut self) {
        self.stack.clear();
        self.anchors.clear();
        self.root = None;
        self.cut = None;
        self.aliased = 0;
        self.after_scalar = false;
    }

    fn define(&mut self, anchor: usize, node: &Node, bulk: Bulk) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), bulk });
        }
    }

    fn is_key_awaited(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { content: Content::Map(map), .. }) if matches!(map.key, Key::Awaited))
    }

    fn last_value(&mut self) -> Option<&mut Node> {
        match &mut self.stack.last_mut()?.content {
            Content::List(items) => items.last_mut(),
            Content::Map(map) => map.entries.value_mut(map.last),
        }
    }

    fn place_unresolved(&mut self, kind: DiagnosticKind, why: String, span: Span) {
        self.parsed.report(self.source, kind, span, why.clone());
        let node = Node::unresolved(why, self.source.at(span));
        self.place(node, span, Bulk { size: 1, height: 0 }, false);
    }

    /// Puts a finished node where it belongs. `written` is what it takes up in the text, for an alias not its `at`.
    fn place(&mut self, node: Node, written: Span, bulk: Bulk, is_merge: bool) {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.grow(&node, bulk);
        if written.start < written.end {
            frame.end = written.end;
        }
        let map = match &mut frame.content {
            Content::List(items) => return items.push(node),
            Content::Map(map) => map,
        };
        match std::mem::take(&mut map.key) {
            Key::Awaited => {
                map.first_key.get_or_insert(written);
                match node.value {
                    Value::Scalar(_) if is_merge => map.key = Key::Merge(written),
                    Value::Scalar(scalar) => map.key = Key::Name(scalar.text, written),
                    _ => {
                        map.key = Key::Unusable;
                        let message = "a key that is not a scalar: it and its value were left out";
                        self.parsed.report(self.source, DiagnosticKind::Syntax, written, message);
                    }
                }
            }
            Key::Name(key, key_span) => {
                let node = node.named(self.source.at(key_span));
                let (position, before) = map.entries.insert(key.clone(), node);
                map.last = position;
                if before.is_some() {
                    let message = format!("the key `{key}` is set twice in this map: the last value counts here");
                    self.parsed.report(self.source, DiagnosticKind::Ambiguous, key_span, message);
                }
            }
            Key::Merge(key_span) => map.merged.push(node.named(self.source.at(key_span))),
            Key::Unusable => {}
        }
    }

    /// Applies the merge keys. Explicit keys win; within a list the first map wins, of several merge keys the last.
    fn finish_map(&mut self, map: OpenMap) -> Map {
        let mut entries = map.entries;
        let mut rest = None;
        for source in map.merged.iter().rev().flat_map(Node::items) {
            match &source.value {
                Value::Map(merged) => {
                    rest = rest.or_else(|| merged.rest.clone());
                    merge(&mut entries, merged, source.via());
                }
                Value::Unresolved(unresolved) => rest = Some(unresolved.why.clone()),
                _ => {
                    let message = "a merge key (`<<`) needs a map or a list of maps: this value was left out";
                    self.parsed.report(self.source, DiagnosticKind::Syntax, source.name_at.span, message);
                }
            }
        }
        let mut map = entries.finish();
        map.rest = rest;
        map
    }

    /// The span of a block scalar without the line breaks and blank lines at its end.
    fn without_blank_end(&self, span: Span) -> Span {
        let content = self.text.get(span.range()).unwrap_or("");
        let filled = content.trim_end_matches([' ', '\t', '\r', '\n']).len();
        let line = content.get(filled..).and_then(|rest| rest.find(['\r', '\n'])).unwrap_or(content.len() - filled);
        let length = if filled == 0 { 0 } else { filled + line };
        Span::new(span.start as usize, span.start as usize + length)
    }
}

/// Adds the entries whose keys are not set yet.
fn merge(entries: &mut MapBuilder, merged: &Map, via: &[secscan_model::Location]) {
    for entry in merged.entries() {
        if entries.contains(&entry.key) {
            continue;
        }
        let mut node = entry.value.clone();
        if !via.is_empty() {
            let trail = &mut node.extra_mut().via;
            trail.splice(0..0, via.iter().copied());
            trail.truncate(MAX_VIA);
        }
        entries.insert(entry.key.clone(), node);
    }
}
