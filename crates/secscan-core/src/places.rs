//! Byte locations to places that people read: path, line, column, snippet, line hash.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::report::Quotes;
use secscan_model::{Graph, LineHashes, LineIndex, Location, Origin, Place, Source, SourceId, Span};

use crate::redaction::{Redactor, masked, without_secrets};

/// Resolves places; what a file needs for it is made once, when its first place is asked for.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    files: BTreeMap<SourceId, File<'a>>,
    redactor: &'a Redactor,
    quotes: Quotes,
}

#[derive(Debug)]
struct File<'a> {
    source: &'a Source,
    /// Its secrets, in order, where the rules have said what they are.
    known: Option<&'a [Span]>,
    /// Its secrets otherwise.
    secrets: OnceCell<Vec<Span>>,
    lines: OnceCell<LineIndex>,
    hashes: OnceCell<LineHashes>,
}

impl<'a> Places<'a> {
    /// The places of the files of a graph. What the redactor takes for secrets is masked wherever it would be quoted.
    pub(crate) fn new(graph: &'a Graph, redactor: &'a Redactor) -> Self {
        Self::of(&graph.sources, redactor)
    }

    /// Takes over the secrets of files that are known already.
    pub(crate) fn knowing(mut self, secrets: &'a BTreeMap<SourceId, Vec<Span>>) -> Self {
        for (id, file) in &mut self.files {
            file.known = secrets.get(id).map(Vec::as_slice);
        }
        self
    }

    /// Leaves out of places what nobody will read.
    pub(crate) fn quoting(self, quotes: Quotes) -> Self {
        Self { quotes, ..self }
    }

    /// The places of some files.
    pub(crate) fn of(sources: impl IntoIterator<Item = &'a Source>, redactor: &'a Redactor) -> Self {
        let file = |source: &'a Source| {
            let (secrets, lines, hashes) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
            (source.id, File { source, known: None, secrets, lines, hashes })
        };
        Self { files: sources.into_iter().map(file).collect(), redactor, quotes: Quotes::default() }
    }

    /// Whether a file holds secrets.
    pub(crate) fn has_secrets(&self, id: SourceId) -> bool {
        self.files.get(&id).is_some_and(|file| !file.secrets(self.redactor).is_empty())
    }

    /// A text about a file without the file's secrets; none where it holds none.
    pub(crate) fn redacted(&self, id: SourceId, text: &str) -> Option<String> {
        let file = self.files.get(&id)?;
        without_secrets(file.source, file.secrets(self.redactor), text)
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
        let (start, end) = (lines.position(bytes, span.start), lines.position(bytes, span.end));
        let place = Place { path: file.source.path.clone(), start, end, ..Place::default() };
        if self.quotes == Quotes::Nothing {
            return place;
        }
        let hidden = hidden.filter(|hidden| hidden.source == at.source).map(|hidden| file.clamped(hidden.span));
        let secrets = file.secrets_with(self.redactor, hidden);
        let cut = Span { start: span.start, end: span.end.min(span.start + Place::TEXT_LIMIT as u32) };
        let text = masked(file.source, cut, &secrets);
        let shown = start.line()..=end.line().min(start.line() + Place::SNIPPET_LINES as u32 - 1);
        let snippet = shown.map(|line| masked(file.source, shortened(bytes, lines.span(bytes, line)), &secrets).into());
        let hash = (self.quotes == Quotes::Everything).then(|| file.line_hash(start.line(), &secrets)).flatten();
        Place { text: text.into(), snippet: snippet.collect(), line_hash: hash.unwrap_or_default().into(), ..place }
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

    fn secrets(&self, redactor: &Redactor) -> &[Span] {
        self.known.unwrap_or_else(|| self.secrets.get_or_init(|| redactor.secrets(self.source)))
    }

    /// The secrets of the file, and one that a rule knows of besides.
    fn secrets_with(&self, redactor: &Redactor, own: Option<Span>) -> Cow<'_, [Span]> {
        let known = self.secrets(redactor);
        let Some(own) = own else { return known.into() };
        let is_apart = |secret: &&Span| secret.end <= own.start || own.end <= secret.start || !own.contains(**secret);
        let mut secrets: Vec<Span> = known.iter().filter(is_apart).copied().chain([own]).collect();
        secrets.sort_unstable();
        secrets.into()
    }

    /// The hash of a line; none where a secret is among what it is made of, for a weak one could be guessed from it. The
    /// code host computes it by itself then.
    fn line_hash(&self, line: u32, secrets: &[Span]) -> Option<String> {
        let start = self.lines().span(&self.source.bytes, line).start;
        let counted = self.source.bytes[start as usize..].iter().enumerate();
        let mut counted = counted.filter(|(_, byte)| !matches!(byte, b' ' | b'\t'));
        let length = counted.nth(LineHashes::WINDOW).map_or(self.source.bytes.len(), |(at, _)| at);
        let end = start.saturating_add(length as u32);
        let is_secret = secrets.iter().any(|secret| secret.start < end && start < secret.end);
        (!is_secret).then(|| self.hashes().get(line)).flatten()
    }
}

/// As much of a line as a snippet may have; no character is cut.
fn shortened(bytes: &[u8], line: Span) -> Span {
    let mut end = line.end.min(line.start.saturating_add(Place::LINE_LIMIT as u32));
    while end < line.end && end > line.start && bytes.get(end as usize).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    Span { end, ..line }
}

fn nowhere() -> Place {
    let hash = LineHashes::new(b"").get(1).unwrap_or_default();
    Place { line_hash: hash.into(), ..Place::default() }
}
