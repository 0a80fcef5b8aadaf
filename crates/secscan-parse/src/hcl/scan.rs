//! Where top-level constructs and comments stand: one pass over the bytes that knows strings, templates, here-documents,
//! comments and brackets, and nothing else of the language.

use std::ops::Range;

use secscan_model::{Comment, Span};

/// How deep brackets and templates may nest: what `hcl-edit` accepts.
const MAX_NESTING: usize = 64;

/// How many keys an object or block may have: `hcl-edit` compares each key of an object with all before it.
const MAX_KEYS: u32 = 5_000;

/// How many here-document delimiters without an end are remembered while recovering.
const MAX_UNCLOSED: usize = 64;

/// How a text is cut into chunks.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Mode {
    /// By the rules of the language.
    #[default]
    Strict,
    /// A block header at the start of a line begins a chunk even where brackets are open, and a here-document without an
    /// end is none: what a broken construct swallows ends at the next one.
    Recovering,
}

/// A top-level block or attribute, with the comments before it on its first line.
#[derive(Debug, PartialEq)]
pub(super) struct Chunk {
    /// Its bytes, without the line break that ends it.
    pub span: Range<usize>,
    /// Why it must not reach the parser.
    pub fault: Option<Fault>,
}

/// Why a chunk must not reach the parser, with the offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Nested more than [`MAX_NESTING`] levels.
    Deep(usize),
    /// More than [`MAX_KEYS`] keys in one object.
    Wide(usize),
}

/// What a pass over a text found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub comments: Vec<Comment>,
    pub chunks: Vec<Chunk>,
}

/// What the scanner is inside of.
enum Context<'t> {
    /// `{`, with the number of `=` and `:` so far.
    Brace(u32),
    /// `(` or `[`.
    Bracket,
    /// `"`.
    Quote,
    /// `<<EOT`.
    Heredoc(&'t str),
    /// `${` or `%{`.
    Template,
}

/// Scans a text.
pub(super) fn scan(text: &str, mode: Mode) -> Scan {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), mode, at: 0, ..Scanner::default() };
    scanner.run();
    scanner.found
}

#[derive(Default)]
struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    mode: Mode,
    at: usize,
    /// The start of the line.
    line: usize,
    /// Whether something other than white space was met on the line.
    busy: bool,
    /// The start of the chunk, when one is open.
    chunk: Option<usize>,
    fault: Option<Fault>,
    stack: Vec<Context<'t>>,
    unclosed: Vec<&'t str>,
    found: Scan,
}

impl<'t> Scanner<'t> {
    fn run(&mut self) {
        while self.at < self.bytes.len() {
            match self.stack.last() {
                Some(Context::Quote) => self.quote(),
                Some(Context::Heredoc(delimiter)) => {
                    let delimiter = *delimiter;
                    self.heredoc(delimiter);
                }
                _ => self.code(),
            }
        }
        self.end_chunk(self.bytes.len());
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Steps over one byte, and those after it that are alike.
    fn skip(&mut self, is_alike: fn(u8) -> bool) {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        self.at += 1 + rest.iter().position(|byte| !is_alike(*byte)).unwrap_or(rest.len());
    }

    /// One step outside of strings.
    fn code(&mut self) {
        let byte = self.peek(0);
        match byte {
            b'\n' => return self.line_break(),
            b' ' | b'\t' | b'\r' => return self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r')),
            b'#' => return self.comment(),
            b'/' if matches!(self.peek(1), b'/' | b'*') => return self.comment(),
            _ => {}
        }
        if self.mode == Mode::Recovering && self.at == self.line && !self.stack.is_empty() && self.is_header() {
            self.end_chunk(self.at);
            self.stack.clear();
        }
        self.chunk.get_or_insert(self.at);
        self.busy = true;
        match byte {
            b'"' => self.push(Context::Quote),
            b'{' => self.push(Context::Brace(0)),
            b'(' | b'[' => self.push(Context::Bracket),
            b'}' => self.close_brace(),
            b')' | b']' => {
                if let Some(Context::Bracket) = self.stack.last() {
                    self.stack.pop();
                }
            }
            b'=' | b':' => self.count_key(),
            b'<' if self.peek(1) == b'<' => return self.open_heredoc(),
            _ if is_identifier(byte) => return self.skip(is_identifier),
            _ => {}
        }
        self.at += 1;
    }

    /// One step inside a quoted string. A line break ends it: strings over several lines are errors in HCL.
    fn quote(&mut self) {
        match self.peek(0) {
            b'"' => {
                self.stack.pop();
            }
            b'\n' => {
                self.stack.pop();
                return;
            }
            b'\\' if self.peek(1) != b'\n' => self.at += 1,
            _ if self.template() => return,
            _ => return self.skip(|byte| !matches!(byte, b'"' | b'\n' | b'\\' | b'$' | b'%')),
        }
        self.at += 1;
    }

    /// One step inside a here-document.
    fn heredoc(&mut self, delimiter: &str) {
        match self.peek(0) {
            b'\n' => {
                self.at += 1;
                self.line = self.at;
                if let Some(end) = self.heredoc_end(self.at, delimiter) {
                    self.at = end;
                    self.busy = true;
                    self.stack.pop();
                }
            }
            _ if self.template() => {}
            _ => self.skip(|byte| !matches!(byte, b'\n' | b'$' | b'%')),
        }
    }

    /// Steps over `${`, `%{` and their escaped forms; whether there was one.
    fn template(&mut self) -> bool {
        let marker = self.peek(0);
        if !matches!(marker, b'$' | b'%') {
            return false;
        }
        if self.peek(1) == marker && self.peek(2) == b'{' {
            self.at += 3;
            return true;
        }
        if self.peek(1) != b'{' {
            return false;
        }
        self.push(Context::Template);
        self.at += 2;
        true
    }

    /// The end of the here-document's last line when it begins at `line`.
    fn heredoc_end(&self, line: usize, delimiter: &str) -> Option<usize> {
        let rest = self.bytes.get(line..)?;
        let indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let after = rest.get(indent..)?.strip_prefix(delimiter.as_bytes())?;
        let goes_on = after.first().is_some_and(|byte| is_identifier(*byte));
        (!goes_on).then_some(line + indent + delimiter.len())
    }

    fn open_heredoc(&mut self) {
        let start = self.at + if self.peek(2) == b'-' { 3 } else { 2 };
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_identifier(**byte)).count();
        let delimiter = self.text.get(start..start + length).unwrap_or_default();
        let ends_line = rest.get(length..).is_some_and(|rest| rest.starts_with(b"\n") || rest.starts_with(b"\r\n"));
        self.at = start + length;
        if !delimiter.is_empty() && ends_line && (self.mode == Mode::Strict || self.is_closed(delimiter)) {
            self.push(Context::Heredoc(delimiter));
        }
    }

    /// Whether a line further down ends a here-document of this delimiter. Gives up after [`MAX_UNCLOSED`] that none ends.
    fn is_closed(&mut self, delimiter: &'t str) -> bool {
        if self.unclosed.len() >= MAX_UNCLOSED || self.unclosed.contains(&delimiter) {
            return false;
        }
        let mut breaks = memchr::memchr_iter(b'\n', &self.bytes[self.at..]).map(|offset| self.at + offset + 1);
        let closed = breaks.any(|line| self.heredoc_end(line, delimiter).is_some());
        if !closed {
            self.unclosed.push(delimiter);
        }
        closed
    }

    /// A `}` closes the nearest brace or template, and brackets that were left open within.
    fn close_brace(&mut self) {
        while let Some(Context::Bracket) = self.stack.last() {
            self.stack.pop();
        }
        self.stack.pop();
    }

    fn push(&mut self, context: Context<'t>) {
        self.stack.push(context);
        if self.stack.len() > MAX_NESTING {
            self.fault.get_or_insert(Fault::Deep(self.at));
        }
    }

    fn count_key(&mut self) {
        if let Some(Context::Brace(keys)) = self.stack.last_mut() {
            *keys += 1;
            if *keys > MAX_KEYS {
                self.fault.get_or_insert(Fault::Wide(self.at));
            }
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start..];
        let trailing = self.busy;
        if self.peek(1) == b'*' {
            let length = memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4);
            self.at += length;
            if let Some(last) = memchr::memrchr(b'\n', &rest[..length]) {
                self.line = start + last + 1;
                self.busy = false;
            }
        } else {
            self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        }
        let end = if self.at > start && self.bytes[self.at - 1] == b'\r' { self.at - 1 } else { self.at };
        self.found.comments.push(Comment { span: Span::new(start, end), trailing });
    }

    fn line_break(&mut self) {
        if self.stack.is_empty() {
            self.end_chunk(self.at);
        }
        self.at += 1;
        self.line = self.at;
        self.busy = false;
    }

    fn end_chunk(&mut self, end: usize) {
        let fault = self.fault.take();
        if let Some(start) = self.chunk.take() {
            self.found.chunks.push(Chunk { span: start..end, fault });
        }
    }

    /// Whether the line at the scanner looks like the header of a block: `name {` or `name "label" "label" {`.
    fn is_header(&self) -> bool {
        let line = &self.bytes[self.at..];
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        let name = line.iter().take_while(|byte| is_identifier(**byte)).count();
        let rest = line[name..].trim_ascii();
        let opens = rest.strip_suffix(b"{").or_else(|| rest.strip_suffix(b"{}"));
        let labels = |rest: &[u8]| rest.is_empty() || (rest[0] == b'"' && rest.trim_ascii_end().ends_with(b"\""));
        name > 0 && line[0].is_ascii_alphabetic() && opens.is_some_and(labels)
    }
}

fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | 0x80..)
}
