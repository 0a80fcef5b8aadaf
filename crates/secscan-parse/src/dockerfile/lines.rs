//! Dockerfile lines: physical lines joined by the escape character, comments taken out, places kept.
//!
//! The rules are those of BuildKit's frontend: an escape character at the end of a line, blanks allowed behind it,
//! joins the next line unless another escape character stands before it; comment lines and empty lines between joined
//! lines vanish.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;
use secscan_model::{Comment, Span};

/// The characters that may join lines; the first is the default.
const ESCAPES: [char; 2] = ['\\', '`'];

/// A line after joining.
pub(super) struct Line<'s> {
    /// The text without line breaks, escape characters at line ends, and comments.
    pub(super) text: Cow<'s, str>,
    /// Where each piece begins, in `text` and in the file.
    pieces: Vec<(usize, usize)>,
}

impl Line<'_> {
    /// The bytes of the file under a range of the text. What vanished between two pieces is part of it.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let start = self.source_of(range.start);
        let end = if range.is_empty() { start } else { self.source_of(range.end - 1) + 1 };
        Span::new(start, end)
    }

    fn source_of(&self, offset: usize) -> usize {
        let piece = self.pieces.partition_point(|(begin, _)| *begin <= offset).saturating_sub(1);
        self.pieces.get(piece).map_or(0, |(begin, source)| source + offset.saturating_sub(*begin))
    }
}

/// The lines of a file, one after the other.
pub(super) struct Lines<'s> {
    text: &'s str,
    next: usize,
    escape: char,
}

/// The directives at the top of a Dockerfile, `# NAME=VALUE`, with the bytes of their values.
fn directives(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut offset = start;
    text.get(start..).unwrap_or_default().split_inclusive('\n').map_while(move |line| {
        let begin = offset;
        offset += line.len();
        let (name, value) = line.trim().strip_prefix('#')?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let is_known = ["check", "escape", "syntax"].iter().any(|known| name.eq_ignore_ascii_case(known));
        let end = begin + line.trim_end().len();
        is_known.then_some((name, end - value.len()..end))
    })
}

/// The value of a directive: the first of its name counts.
fn directive<'s>(text: &'s str, name: &str) -> Option<(&'s str, Range<usize>)> {
    let (_, range) = directives(text).find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((text.get(range.clone())?, range))
}

/// The escape character of a Dockerfile: a backslash unless a directive (`# escape=`) at its top says otherwise.
pub fn escape_character(text: &str) -> char {
    let written = directive(text, "escape").map(|(value, _)| value);
    let named = ESCAPES.into_iter().find(|escape| written.is_some_and(|value| value.chars().eq([*escape])));
    named.unwrap_or(ESCAPES[0])
}

/// The image of the program that reads a Dockerfile, where a directive (`# syntax=`) at its top names one.
pub fn syntax(text: &str) -> Option<Span> {
    let (value, range) = directive(text, "syntax")?;
    // Words behind it are for that program.
    let image = value.split_whitespace().next()?;
    Some(Span::new(range.start, range.start + image.len()))
}

impl<'s> Lines<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let next = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, next, escape: escape_character(text) }
    }

    pub(super) fn escape(&self) -> char {
        self.escape
    }

    /// The next line that is neither empty nor a comment; comments go to `comments`.
    pub(super) fn next(&mut self, comments: &mut Vec<Comment>) -> Option<Line<'s>> {
        let mut joined: Option<(String, Vec<(usize, usize)>)> = None;
        while let Some(range) = self.physical() {
            let content = self.text.get(range.clone()).unwrap_or("");
            let blanks = content.len() - content.trim_start().len();
            if content.len() == blanks {
                continue;
            }
            if content.as_bytes().get(blanks) == Some(&b'#') {
                let span = Span::new(range.start + blanks, range.start + content.trim_end().len());
                comments.push(Comment { span, trailing: false });
                continue;
            }
            // Leading blanks matter in joined lines only.
            let skipped = if joined.is_some() { 0 } else { blanks };
            let start = range.start + skipped;
            let content = content.get(skipped..).unwrap_or("");
            match (self.continued(content), &mut joined) {
                (None, None) => return Some(Line { text: content.into(), pieces: vec![(0, start)] }),
                (part, joined) => {
                    let is_last = part.is_none();
                    let (text, pieces) = joined.get_or_insert_default();
                    pieces.push((text.len(), start));
                    text.push_str(part.unwrap_or(content));
                    if is_last {
                        break;
                    }
                }
            }
        }
        joined.map(|(text, pieces)| Line { text: text.into(), pieces })
    }

    /// Reads the body of a here-document up to its terminator; gives its bytes and whether the terminator came.
    pub(super) fn here_document(&mut self, delimiter: &str, strips_tabs: bool) -> (Range<usize>, bool) {
        let start = self.next;
        while let Some(range) = self.physical() {
            let line = self.text.get(range.clone()).unwrap_or("");
            let line = if strips_tabs { line.trim_start_matches('\t') } else { line };
            if line == delimiter {
                return (start..range.start, true);
            }
        }
        (start..self.text.len(), false)
    }

    /// Where the line before the next one ends, without its line break.
    pub(super) fn end(&self) -> usize {
        self.text.get(..self.next).unwrap_or("").trim_end_matches(['\r', '\n']).len()
    }

    /// What comes before the escape character, when the line goes on.
    fn continued<'l>(&self, content: &'l str) -> Option<&'l str> {
        let before = content.trim_end_matches([' ', '\t']).strip_suffix(self.escape)?;
        (!before.ends_with(self.escape)).then_some(before)
    }

    /// The next line of the file without its line break.
    fn physical(&mut self) -> Option<Range<usize>> {
        let start = self.next;
        let rest = self.text.as_bytes().get(start..).filter(|rest| !rest.is_empty())?;
        let (length, width) = memchr(b'\n', rest).map_or((rest.len(), 0), |length| (length, 1));
        self.next = start + length + width;
        let content = rest.get(..length).unwrap_or(rest);
        let length = content.strip_suffix(b"\r").map_or(length, <[u8]>::len);
        Some(start..start + length)
    }
}
