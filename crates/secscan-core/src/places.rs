//! Byte locations to places that people read: path, line, column, snippet, line hash.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::{Graph, LineHashes, LineIndex, Location, Origin, Place, Position, Source, SourceId, Span};

/// Resolves places; what a file needs for it is made once, when its first place is asked for.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    files: BTreeMap<SourceId, File<'a>>,
}

#[derive(Debug)]
struct File<'a> {
    source: &'a Source,
    lines: OnceCell<LineIndex>,
    hashes: OnceCell<LineHashes>,
}

impl<'a> Places<'a> {
    /// The places of the files of a graph.
    pub(crate) fn new(graph: &'a Graph) -> Self {
        Self::of(&graph.sources)
    }

    /// The places of some files.
    pub(crate) fn of(sources: impl IntoIterator<Item = &'a Source>) -> Self {
        let file = |source: &'a Source| (source.id, File { source, lines: OnceCell::new(), hashes: OnceCell::new() });
        let files = sources.into_iter().map(file);
        Self { files: files.collect() }
    }

    /// The path of a file.
    pub(crate) fn path(&self, id: SourceId) -> Arc<str> {
        self.files.get(&id).map_or_else(|| "".into(), |file| file.source.path.clone())
    }

    /// Where a file comes from.
    pub(crate) fn origin(&self, id: SourceId) -> Origin {
        self.files.get(&id).map_or(Origin::WorkTree, |file| file.source.origin.clone())
    }

    /// The line of a byte offset, beginning at one.
    pub(crate) fn line(&self, at: Location) -> u32 {
        self.files.get(&at.source).map_or(1, |file| file.lines().line(at.span.start))
    }

    /// The lines of a file.
    pub(crate) fn line_index(&self, id: SourceId) -> Option<&LineIndex> {
        self.files.get(&id).map(File::lines)
    }

    /// The place of a location. With `secret`, the text of the region is masked wherever it would be printed.
    pub(crate) fn place(&self, at: Location, secret: bool) -> Place {
        self.place_hiding(at, secret.then_some(at))
    }

    /// The place of a location; what is at the other one is masked wherever it would be printed.
    pub(crate) fn place_hiding(&self, at: Location, hidden: Option<Location>) -> Place {
        let Some(file) = self.files.get(&at.source) else { return nowhere() };
        let span = file.narrow(at.span);
        let bytes = &file.source.bytes;
        let lines = file.lines();
        let hidden = hidden.filter(|hidden| hidden.source == at.source).map(|hidden| file.clamped(hidden.span));
        let (start, end) = (lines.position(bytes, span.start), lines.position(bytes, span.end));
        let cut = span.end.min(span.start + Place::TEXT_LIMIT as u32);
        let shown = start.line()..=end.line().min(start.line() + Place::SNIPPET_LINES as u32 - 1);
        let snippet = shown.map(|line| file.text(lines.span(bytes, line), hidden));
        let hash = file.hashes().get(start.line()).unwrap_or_default();
        Place {
            path: file.source.path.clone(),
            start,
            end,
            text: file.text(Span { start: span.start, end: cut }, hidden),
            snippet: snippet.collect(),
            line_hash: hash.into(),
        }
    }
}

impl File<'_> {
    fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.source.bytes))
    }

    fn hashes(&self) -> &LineHashes {
        self.hashes.get_or_init(|| LineHashes::new(&self.source.bytes))
    }

    /// A region that is worth showing: an empty one becomes its line; a long one (a whole block) its first line, because
    /// a reader of a pull request sees a finding only when all of its lines belong to the change.
    fn narrow(&self, span: Span) -> Span {
        let span = self.clamped(span);
        let line = self.lines().span(&self.source.bytes, self.lines().line(span.start));
        if span.start == span.end {
            return line;
        }
        let last = self.lines().line(span.end.saturating_sub(1).max(span.start));
        let is_long = last >= self.lines().line(span.start) + Place::SNIPPET_LINES as u32;
        if is_long { Span { start: span.start, end: line.end.max(span.start) } } else { span }
    }

    fn clamped(&self, span: Span) -> Span {
        let length = self.source.bytes.len() as u32;
        Span { start: span.start.min(length), end: span.end.min(length) }
    }

    /// The text of a span, masked where it is hidden.
    fn text(&self, span: Span, hidden: Option<Span>) -> Arc<str> {
        let text = |span: Span| String::from_utf8_lossy(&self.source.bytes[span.range()]);
        let Some(hidden) = hidden else { return text(span).into() };
        let start = hidden.start.clamp(span.start, span.end);
        let end = hidden.end.clamp(start, span.end);
        let before = text(Span { start: span.start, end: start });
        let after = text(Span { start: end, end: span.end });
        format!("{before}{}{after}", masked(&text(Span { start, end }))).into()
    }
}

/// The same shape without the letters: stars for all but quotes and line breaks.
fn masked(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '"' | '\'' | '\n' | '\r') { c } else { '*' }).collect()
}

fn nowhere() -> Place {
    let hash = LineHashes::new(b"").get(1).unwrap_or_default();
    let start = Position::START;
    Place { path: "".into(), start, end: start, text: "".into(), snippet: Vec::new(), line_hash: hash.into() }
}
