//! Lines, and the columns that tabs part them into, with their places.

use secscan_model::{Source, Span};

use crate::packages::Written;

/// The lines of a text with their offsets, without line breaks.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

/// What stands between the tabs of a line that begins at an offset.
pub(super) fn columns<'l>(source: &'l Source, line_at: usize, line: &'l str) -> impl Iterator<Item = Written> + 'l {
    let mut start = line_at;
    line.split('\t').map(move |column| {
        let written = Written::new(column, source.at(Span::new(start, start + column.len())));
        start += column.len() + 1;
        written
    })
}
