//! The text of a line format, with the places of its parts.

use secscan_model::{Location, Source, Span};

use super::{Contents, NOT_TEXT, Written};

/// The text of a file whose parts know their places.
#[derive(Clone, Copy)]
pub(super) struct Text<'s> {
    source: &'s Source,
    text: &'s str,
}

impl<'s> Text<'s> {
    /// The text of a file; none, with a diagnostic, when it is not UTF-8.
    ///
    /// Marks of a merge that nobody resolved are said: both sides were read.
    pub(super) fn new(source: &'s Source, contents: &mut Contents) -> Option<Self> {
        match source.text() {
            Ok(text) => {
                let text = Self { source, text: text.strip_prefix('\u{feff}').unwrap_or(text) };
                if let Some(mark) = text.lines().find(|line| line.starts_with("<<<<<<< ")) {
                    contents.complain(source, text.span(mark), "this file has marks of a merge that nobody resolved");
                }
                Some(text)
            }
            Err(error) => {
                let at = error.valid_up_to();
                contents.complain(source, Span::new(at, at + 1), NOT_TEXT);
                None
            }
        }
    }

    /// The lines without their ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        self.text.lines()
    }

    /// All of it.
    pub(super) fn whole(&self) -> &'s str {
        self.text
    }

    /// The place of a part: a slice of [`Text::whole`].
    pub(super) fn span(&self, part: &str) -> Span {
        // A byte order mark in front is a part of the file.
        let skipped = self.source.bytes.len() - self.text.len();
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr()) + skipped;
        Span::new(start, start + part.len())
    }

    /// The place of a part.
    pub(super) fn at(&self, part: &str) -> Location {
        self.source.at(self.span(part))
    }

    /// A part with its place.
    pub(super) fn written(&self, part: &str) -> Written {
        Written::new(part, self.at(part))
    }

    /// A part from the start of one to the end of another.
    pub(super) fn cover(&self, first: &str, last: &str) -> Location {
        self.source.at(self.span(first).cover(self.span(last)))
    }
}

/// Text without the quotes around it, when there are some.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// How many blanks a line begins with.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
