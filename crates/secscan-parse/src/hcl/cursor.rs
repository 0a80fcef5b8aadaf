//! Where the parser stands in the text, and what it passes over: white space, comments, names.

use std::sync::Arc;

use secscan_model::{Comment, Span};

/// How deep constructs may nest.
const MAX_NESTING: usize = 64;

/// How many here-document delimiters without an end are remembered.
const MAX_UNCLOSED: usize = 64;

/// Why a construct could not be read, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fault {
    pub at: usize,
    pub message: &'static str,
    /// Whether it is well-formed, but more than is read.
    pub limit: bool,
}

pub(super) type Read<T> = Result<T, Fault>;

/// Where the text stands in the file.
#[derive(Clone, Copy, Debug)]
pub enum Offsets<'t> {
    /// It is the file.
    Same,
    /// Each of its bytes, and its end, has an offset in the file.
    Each(&'t [u32]),
}

/// The place in the text, and what was noticed on the way.
pub(super) struct Cursor<'t> {
    pub text: &'t str,
    pub bytes: &'t [u8],
    pub at: usize,
    /// Where the last operand ended, without what was passed over behind it.
    pub end: usize,
    /// Whether line breaks are white space, as within brackets.
    pub breaks: bool,
    pub comments: Vec<Comment>,
    /// Arguments that a body says a second time; the first is taken.
    pub repeated: Vec<(Arc<str>, Span)>,
    offsets: Offsets<'t>,
    depth: usize,
    /// How many operators stand on a path through what was read, at most.
    pub operators: usize,
    /// Delimiters of here-documents that no further line ends.
    pub unclosed: Vec<&'t str>,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str, offsets: Offsets<'t>) -> Self {
        let bytes = text.as_bytes();
        Self {
            text,
            bytes,
            at: 0,
            end: 0,
            breaks: false,
            comments: Vec::new(),
            repeated: Vec::new(),
            offsets,
            depth: 0,
            operators: 0,
            unclosed: Vec::new(),
        }
    }

    /// The byte `ahead` of the place; zero behind the end.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn follows(&self, text: &str) -> bool {
        self.bytes[self.at..].starts_with(text.as_bytes())
    }

    /// Steps over a byte, if it is the next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek(0) == byte;
        self.at += usize::from(is_next);
        is_next
    }

    /// The span in the file of a part of the text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        match self.offsets {
            Offsets::Same => Span::new(start, end),
            Offsets::Each(offsets) => {
                let offset = |at: usize| offsets.get(at).or(offsets.last()).copied().unwrap_or_default();
                Span { start: offset(start), end: offset(end) }
            }
        }
    }

    /// The fault that something else was expected here.
    pub(super) fn fault<T>(&self, message: &'static str) -> Read<T> {
        Err(Fault { at: self.at, message, limit: false })
    }

    /// Reads what is nested, with its own meaning of line breaks.
    pub(super) fn nested<T>(&mut self, breaks: bool, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= MAX_NESTING {
            return Err(Fault { at: self.at, message: "nested more than 64 levels deep", limit: true });
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.breaks, breaks);
        let found = read(self);
        self.breaks = outer;
        self.depth -= 1;
        found
    }

    /// Passes over white space and comments.
    pub(super) fn gap(&mut self) {
        self.pass(self.breaks);
    }

    /// Passes over white space, line breaks and comments.
    pub(super) fn lines(&mut self) {
        self.pass(true);
    }

    fn pass(&mut self, breaks: bool) {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' if breaks => self.at += 1,
                b'#' => self.comment(),
                b'/' if matches!(self.peek(1), b'/' | b'*') => self.comment(),
                _ => return,
            }
        }
    }

    fn comment(&mut self) {
        // A place may be looked at twice.
        let before = self.comments.partition_point(|known| (known.span.start as usize) < self.at);
        if let Some(known) = self.comments.get(before) {
            self.at = known.span.end as usize;
            return;
        }
        let comment = comment_at(self.text, self.at, self.comments.last());
        self.at = comment.span.end as usize;
        self.comments.push(comment);
    }

    /// A name: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#identifiers>.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        let start = self.at;
        if !begins_name(self.peek(0)) {
            return None;
        }
        let rest = &self.bytes[start..];
        self.at += rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
        self.text.get(start..self.at)
    }

    /// Steps over the line that ends a here-document, when the place is the start of that line.
    pub(super) fn close_heredoc(&mut self, delimiter: &str) -> bool {
        let rest = &self.bytes[self.at..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let closes = line.trim_ascii() == delimiter.as_bytes();
        if closes {
            self.at += line.trim_ascii_end().len();
        }
        closes
    }

    /// Whether a line further down ends a here-document. Gives up after [`MAX_UNCLOSED`] that none ends, so that a file of
    /// nothing else is not searched again and again.
    pub(super) fn is_closed(&mut self, delimiter: &'t str) -> bool {
        is_closed(&self.bytes[self.at..], delimiter, &mut self.unclosed)
    }
}

/// Whether a line of `rest` ends a here-document; `unclosed` are delimiters that none did before.
pub(super) fn is_closed<'t>(rest: &[u8], delimiter: &'t str, unclosed: &mut Vec<&'t str>) -> bool {
    if unclosed.len() >= MAX_UNCLOSED || unclosed.contains(&delimiter) {
        return false;
    }
    // Only the blanks around are looked at: a line may hold the delimiter again and again.
    let begins_line = |before: &[u8]| before[before.trim_ascii_end().len()..].contains(&b'\n');
    let ends_line = |behind: &[u8]| {
        let next = behind.iter().find(|byte| **byte == b'\n' || !byte.is_ascii_whitespace());
        next.is_none_or(|next| *next == b'\n')
    };
    let mut found = memchr::memmem::find_iter(rest, delimiter);
    let closed = found.any(|at| begins_line(&rest[..at]) && ends_line(&rest[at + delimiter.len()..]));
    if !closed {
        unclosed.push(delimiter);
    }
    closed
}

/// The comment that begins at `start`; `last` is the one before it.
pub(super) fn comment_at(text: &str, start: usize, last: Option<&Comment>) -> Comment {
    let bytes = text.as_bytes();
    let rest = &bytes[start..];
    let length = match rest {
        [b'/', b'*', inside @ ..] => memchr::memmem::find(inside, b"*/").map_or(rest.len(), |end| end + 4),
        _ => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
    };
    let is_cut = rest[..length].ends_with(b"\r") && !rest.starts_with(b"/*");
    let span = Span::new(start, start + length - usize::from(is_cut));
    Comment { span, trailing: crate::trails(text, start, last) }
}

fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | 0x80..)
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | 0x80..)
}
