//! Where the parser stands: white space, comments, marks and names.

use std::ops::Range;

use secscan_model::{Comment, Span};

use super::syntax::Ident;

/// The place in the text, and what was noticed on the way.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// How high the expressions within the present one are, the highest.
    pub(super) tallest: usize,
    /// How much the present one has grown beside them.
    pub(super) chain: usize,
    pub(super) comments: Vec<Comment>,
    /// What was not understood, and where.
    pub(super) errors: Vec<(usize, String)>,
    /// How many bytes were read in vain, for something that could not be read.
    pub(super) reread: usize,
    /// The blanks that were passed last, and the white space: each expression within another asks what stands behind it.
    blanks: Range<usize>,
    space: Range<usize>,
}

/// A part that could not be read; the error is noted.
pub(super) struct Unread;

/// What a part of the grammar gives.
pub(super) type Read<T> = Result<T, Unread>;

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            text,
            at,
            depth: 0,
            tallest: 0,
            chain: 0,
            comments: Vec::new(),
            errors: Vec::new(),
            reread: 0,
            blanks: 0..0,
            space: 0..0,
        }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn span(&self, start: usize) -> Span {
        Span::new(start, self.at)
    }

    /// Notes an error where the cursor stands.
    pub(super) fn error<T>(&mut self, message: impl Into<String>) -> Read<T> {
        self.errors.push((self.at, message.into()));
        Err(Unread)
    }

    /// Passes blanks and comments, but no line break.
    pub(super) fn blanks(&mut self) {
        let start = self.at;
        if start == self.blanks.start {
            self.at = self.blanks.end;
        }
        self.pass_blanks();
        if start < self.at {
            self.blanks = start..self.at;
        }
    }

    fn pass_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\u{feff}', '\u{a0}']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") || trimmed.starts_with('#') {
                let length = trimmed.find('\n').unwrap_or(trimmed.len());
                self.comment(trimmed[..length].trim_end().len());
                self.at += length;
            } else if let Some(inside) = trimmed.strip_prefix("/*") {
                let length = inside.find("*/").map_or(trimmed.len(), |end| end + 4);
                self.comment(length);
                self.at += length;
            } else {
                return;
            }
        }
    }

    fn comment(&mut self, length: usize) {
        // A place may be looked at twice.
        let last = self.comments.last();
        if last.is_none_or(|last| (last.span.start as usize) < self.at) {
            let trailing = crate::trails(self.text, self.at, last);
            self.comments.push(Comment { span: Span::new(self.at, self.at + length), trailing });
        }
    }

    /// Passes blanks, comments and line breaks.
    pub(super) fn space(&mut self) {
        let start = self.at;
        if start == self.space.start {
            self.at = self.space.end;
        }
        self.blanks();
        while self.rest().starts_with('\n') {
            self.at += 1;
            self.blanks();
        }
        self.space = start..self.at;
    }

    /// Takes a mark when it is next on the line.
    pub(super) fn eat(&mut self, mark: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(mark);
        self.at += if found { mark.len() } else { 0 };
        found
    }

    /// Takes a mark that must be next.
    pub(super) fn need(&mut self, mark: &str) -> Read<()> {
        if self.eat(mark) { Ok(()) } else { self.error(format!("`{mark}` is missing here")) }
    }

    /// The word that is next on the line, without taking it.
    pub(super) fn peek_word(&mut self) -> &'t str {
        self.blanks();
        let rest = self.rest();
        let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
        if !rest.starts_with(is_start) {
            return "";
        }
        let end = rest.find(|c: char| !is_start(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
        &rest[..end]
    }

    /// Takes a certain word when it is next.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == word;
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// A name.
    pub(super) fn ident(&mut self) -> Read<Ident> {
        let word = self.peek_word();
        if word.is_empty() {
            return self.error("a name is missing here");
        }
        let start = self.at;
        self.at += word.len();
        Ok(Ident { name: word.into(), span: self.span(start) })
    }

    /// Goes to the end of the line.
    pub(super) fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    /// Goes one level deeper.
    pub(super) fn deeper<T>(&mut self, go: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= crate::MAX_DEPTH {
            return self.error("nested too deep to be read");
        }
        self.depth += 1;
        let result = go(self);
        self.depth -= 1;
        result
    }
}
