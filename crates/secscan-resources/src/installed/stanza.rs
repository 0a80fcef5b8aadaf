//! Paragraphs of `Name: value` lines, as Debian's control files (deb822(5)), Alpine's database and Python's metadata have
//! them: separated by empty lines, continued by lines that begin with a blank.

use secscan_model::{Location, Source, Span};

use super::lines::lines;
use crate::packages::Written;

/// One paragraph: its fields in the order of the file. Continuation lines are left out: no field that matters has any.
pub(super) struct Stanza<'s> {
    source: &'s Source,
    fields: Vec<(&'s str, usize, &'s str)>,
    start: usize,
    end: usize,
}

/// The paragraphs of a file. Text that is not UTF-8 gives none.
pub(super) fn stanzas(source: &Source) -> impl Iterator<Item = Stanza<'_>> {
    let mut lines = lines(source.text().unwrap_or_default()).peekable();
    std::iter::from_fn(move || {
        while lines.next_if(|(_, line)| line.is_empty()).is_some() {}
        let start = lines.peek()?.0;
        let mut stanza = Stanza { source, fields: Vec::new(), start, end: start };
        while let Some((at, line)) = lines.next_if(|(_, line)| !line.is_empty()) {
            stanza.end = at + line.len();
            let is_continued = line.starts_with([' ', '\t']);
            if let Some((name, value)) = line.split_once(':').filter(|_| !is_continued) {
                let before = name.len() + 1 + (value.len() - value.trim_start().len());
                stanza.fields.push((name, at + before, value.trim()));
            }
        }
        Some(stanza)
    })
}

impl Stanza<'_> {
    /// The value of a field that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<Written> {
        let (_, at, value) = self.fields.iter().find(|(known, _, value)| *known == name && !value.is_empty())?;
        Some(Written::new(*value, self.source.at(Span::new(*at, at + value.len()))))
    }

    /// The whole paragraph.
    pub(super) fn at(&self) -> Location {
        self.source.at(Span::new(self.start, self.end))
    }
}
