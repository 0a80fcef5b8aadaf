//! Where a construct that cannot be read ends: a pass over the bytes that knows strings, templates, here-documents,
//! comments and brackets, and nothing else of the language.
//!
//! Of a construct with an error, a block header at the start of a line begins the next construct even where brackets are
//! open, and a here-document without an end is none: what a broken construct swallows ends at the next one.

use secscan_model::Comment;

use super::cursor::{comment_at, is_closed, is_name};

/// What the pass is inside of.
enum Context<'t> {
    /// `{`, `${` or `%{`.
    Brace,
    /// `(` or `[`.
    Bracket,
    /// `"`
    Quote,
    /// `<<EOT`
    Heredoc(&'t str),
}

/// The end of the construct that begins at `start`, without the line break behind it, and the comments within. One that
/// is well-formed goes on to its last bracket. `unclosed` are delimiters that no further line ends.
pub(super) fn skip<'t>(
    text: &'t str,
    start: usize,
    well_formed: bool,
    unclosed: &mut Vec<&'t str>,
) -> (usize, Vec<Comment>) {
    let (stack, comments) = (Vec::new(), Vec::new());
    let mut pass = Pass { text, bytes: text.as_bytes(), well_formed, start, at: start, stack, unclosed, comments };
    while pass.at < pass.bytes.len() && !pass.is_done() {
        match pass.stack.last() {
            Some(Context::Quote) => pass.quote(),
            Some(Context::Heredoc(delimiter)) => {
                let delimiter = *delimiter;
                pass.heredoc(delimiter);
            }
            _ => pass.code(),
        }
    }
    (pass.at, pass.comments)
}

struct Pass<'t, 'u> {
    text: &'t str,
    bytes: &'t [u8],
    well_formed: bool,
    start: usize,
    at: usize,
    stack: Vec<Context<'t>>,
    unclosed: &'u mut Vec<&'t str>,
    comments: Vec<Comment>,
}

impl Pass<'_, '_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Whether the construct ends here: at the end of its line, or where another block begins.
    fn is_done(&self) -> bool {
        match self.stack.last() {
            None => self.at > self.start && self.peek(0) == b'\n',
            Some(Context::Brace | Context::Bracket) if !self.well_formed => {
                let begins_line = self.at > self.start && self.bytes[self.at - 1] == b'\n';
                begins_line && self.is_header()
            }
            Some(_) => false,
        }
    }

    /// One step outside of strings.
    fn code(&mut self) {
        match self.peek(0) {
            b'#' => return self.comment(),
            b'/' if matches!(self.peek(1), b'/' | b'*') => return self.comment(),
            b'"' => self.stack.push(Context::Quote),
            b'{' => self.stack.push(Context::Brace),
            b'(' | b'[' => self.stack.push(Context::Bracket),
            b'}' => self.close_brace(),
            b')' | b']' => {
                if let Some(Context::Bracket) = self.stack.last() {
                    self.stack.pop();
                }
            }
            b'<' if self.peek(1) == b'<' => return self.open_heredoc(),
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
            _ => {}
        }
        self.at += 1;
    }

    /// One step inside a here-document.
    fn heredoc(&mut self, delimiter: &str) {
        match self.peek(0) {
            b'\n' => {
                self.at += 1;
                let line = &self.bytes[self.at..];
                let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
                if line.trim_ascii() == delimiter.as_bytes() {
                    self.at += line.len();
                    self.stack.pop();
                }
            }
            _ if self.template() => {}
            _ => self.at += 1,
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
        self.stack.push(Context::Brace);
        self.at += 2;
        true
    }

    fn open_heredoc(&mut self) {
        let start = self.at + if self.peek(2) == b'-' { 3 } else { 2 };
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_name(**byte)).count();
        let delimiter = self.text.get(start..start + length).unwrap_or_default();
        let ends_line = rest.get(length..).is_some_and(|rest| rest.starts_with(b"\n") || rest.starts_with(b"\r\n"));
        self.at = start + length;
        if !delimiter.is_empty() && ends_line && is_closed(&self.bytes[self.at..], delimiter, self.unclosed) {
            self.stack.push(Context::Heredoc(delimiter));
        }
    }

    /// A `}` closes the nearest brace, and brackets that were left open within.
    fn close_brace(&mut self) {
        while let Some(Context::Bracket) = self.stack.last() {
            self.stack.pop();
        }
        self.stack.pop();
    }

    fn comment(&mut self) {
        let comment = comment_at(self.text, self.at, self.comments.last());
        self.at = comment.span.end as usize;
        self.comments.push(comment);
    }

    /// Whether the line here looks like the header of a block: `name {` or `name "label" "label" {`.
    fn is_header(&self) -> bool {
        let line = &self.bytes[self.at..];
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        let name = line.iter().take_while(|byte| is_name(**byte)).count();
        let rest = line[name..].trim_ascii();
        let opens = rest.strip_suffix(b"{").or_else(|| rest.strip_suffix(b"{}"));
        let labels = |rest: &[u8]| rest.is_empty() || (rest[0] == b'"' && rest.trim_ascii_end().ends_with(b"\""));
        name > 0 && line[0].is_ascii_alphabetic() && opens.is_some_and(labels)
    }
}
