//! Text that knows where each of its pieces comes from.

use std::ops::Range;
use std::rc::Rc;

use secscan_model::{Location, Span};

/// Where a value comes from, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Where the value is written: a line of a values file.
    pub at: Option<Location>,
    /// Why it is a mere stand-in, when it is one: random, the time, a setting that nobody made.
    pub unknown: Option<Rc<str>>,
}

impl Origin {
    /// What is written at a place.
    pub fn at(at: Location) -> Self {
        Self { at: Some(at), unknown: None }
    }

    /// What cannot be known.
    pub fn unknown(why: impl Into<Rc<str>>) -> Self {
        Self { at: None, unknown: Some(why.into()) }
    }

    /// This origin with what it leaves open taken from another.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self { at: self.at.or(other.at), unknown: self.unknown.or_else(|| other.unknown.clone()) }
    }

    fn is_empty(&self) -> bool {
        self.at.is_none() && self.unknown.is_none()
    }
}

/// A piece of text with one origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// The offset of its first byte.
    start: u32,
    /// The template's bytes that wrote it.
    template: Option<Location>,
    /// Whether these bytes are the text itself, so that offsets carry over.
    exact: bool,
    /// Where the value comes from that it shows.
    origin: Origin,
}

/// What is known of a stretch of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whereabouts {
    /// The template's bytes that wrote it.
    pub template: Option<Location>,
    /// The first value that it shows.
    pub origin: Origin,
    /// Whether an action wrote any of it, so that it does not stand in a template as it is.
    pub is_made: bool,
}

/// Text in pieces.
#[derive(Clone, Debug)]
pub struct Text {
    text: Rc<str>,
    runs: Rc<[Run]>,
}

impl Default for Text {
    fn default() -> Self {
        Self::plain("")
    }
}

impl Text {
    /// Text that comes from nowhere in particular.
    pub fn plain(text: &str) -> Self {
        Self { text: text.into(), runs: Rc::new([]) }
    }

    /// Text with one origin.
    pub fn of(text: &str, origin: Origin) -> Self {
        let run = Run { origin, ..Run::default() };
        Self { text: text.into(), runs: if run.origin.is_empty() { Rc::new([]) } else { Rc::new([run]) } }
    }

    /// The text of a template file, byte for byte; `at` covers it.
    pub fn of_file(text: &str, at: Location) -> Self {
        let run = Run { template: Some(at), exact: true, ..Run::default() };
        Self { text: text.into(), runs: Rc::new([run]) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A part of the text. Offsets must be on character borders; what is out of range is empty.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let Some(text) = self.text.get(range.clone()) else { return Self::default() };
        let runs = self.pieces(range.clone()).map(|(piece, run)| {
            let template = run.template.map(|at| located(at, run, &piece));
            Run { start: (piece.start - range.start) as u32, template, ..run.clone() }
        });
        Self { text: text.into(), runs: runs.collect() }
    }

    /// What is known of a part of the text.
    pub fn whereabouts(&self, range: Range<usize>) -> Whereabouts {
        let mut found = Whereabouts::default();
        for (piece, run) in self.pieces(range.start..range.end.max(range.start + 1)) {
            let template = run.template.map(|at| located(at, run, &piece));
            found.template = match (found.template, template) {
                (Some(a), Some(b)) if a.source == b.source && a.span.start <= b.span.start => {
                    Some(Location { span: a.span.cover(b.span), ..a })
                }
                (a, b) => a.or(b),
            };
            found.origin = found.origin.or(&run.origin);
            found.is_made |= !run.exact;
        }
        found
    }

    /// The stretches of text that are mere stand-ins within a range.
    pub fn unknowns(&self, range: Range<usize>) -> Vec<(Range<usize>, Rc<str>)> {
        self.pieces(range).filter_map(|(piece, run)| Some((piece, run.origin.unknown.clone()?))).collect()
    }

    /// The origin of the whole: the first place and the first reason not to know it.
    pub fn origin(&self) -> Origin {
        self.runs.iter().fold(Origin::default(), |origin, run| origin.or(&run.origin))
    }

    /// The same text with the origin filled in where it has none.
    #[must_use]
    pub fn with_origin(self, origin: &Origin) -> Self {
        if self.runs.is_empty() {
            return Self::of(&self.text, origin.clone());
        }
        if origin.unknown.is_none() && self.runs.iter().any(|run| run.origin.at.is_some()) {
            return self;
        }
        let runs = self.runs.iter().map(|run| Run { origin: run.origin.clone().or(origin), ..run.clone() });
        Self { runs: runs.collect(), text: self.text }
    }

    /// The pieces of a range with the runs that they belong to.
    fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, &Run)> {
        let first = self.runs.partition_point(|run| run.start as usize <= range.start).saturating_sub(1);
        let ends = self.runs.iter().skip(first + 1).map(|run| run.start as usize).chain([self.text.len()]);
        let runs = self.runs.iter().skip(first).zip(ends);
        runs.take_while({
            let end = range.end;
            move |(run, _)| (run.start as usize) < end
        })
        .map(move |(run, end)| ((run.start as usize).max(range.start)..end.min(range.end), run))
        .filter(|(piece, _)| piece.start < piece.end)
    }
}

/// The template's bytes of a piece of a run.
fn located(at: Location, run: &Run, piece: &Range<usize>) -> Location {
    if !run.exact {
        return at;
    }
    let start = at.span.start + (piece.start as u32 - run.start);
    Location { span: Span { start, end: start + piece.len() as u32 }, ..at }
}

/// Text in the making.
#[derive(Debug, Default)]
pub struct Builder {
    text: String,
    runs: Vec<Run>,
}

impl Builder {
    /// How long the text is.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What was written so far.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds text; pieces that no template wrote yet are written by `template`.
    pub fn push(&mut self, text: &Text, template: Option<Location>) {
        if text.text.is_empty() {
            return;
        }
        let base = self.text.len() as u32;
        if text.runs.first().is_none_or(|run| run.start > 0) {
            self.run(Run { start: base, template, ..Run::default() });
        }
        for run in text.runs.iter() {
            let exact = run.exact && run.template.is_some();
            let template = run.template.or(template);
            self.run(Run { start: base + run.start, template, exact, origin: run.origin.clone() });
        }
        self.text.push_str(&text.text);
    }

    /// Adds text with one origin.
    pub fn push_str(&mut self, text: &str, origin: &Origin) {
        if !text.is_empty() {
            self.run(Run { start: self.text.len() as u32, origin: origin.clone(), ..Run::default() });
            self.text.push_str(text);
        }
    }

    /// The text.
    pub fn finish(self) -> Text {
        Text { text: self.text.into(), runs: self.runs.into() }
    }

    fn run(&mut self, run: Run) {
        let same = |last: &Run| !run.exact && !last.exact && last.template == run.template && last.origin == run.origin;
        if !self.runs.last().is_some_and(same) {
            self.runs.push(run);
        }
    }
}
