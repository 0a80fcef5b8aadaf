//! Shell text to tokens: words with their quotes resolved, operators, redirections; comments and here-documents passed.
//!
//! After the POSIX shell grammar with the forms of bash that scripts use (`$'...'`, `<( )`, `<<<`, arrays). Total: what
//! is never closed ends with the text.

use std::ops::Range;

use secscan_model::{Location, Node, Part};

use super::super::{Text, text::HOLE};

/// How deep quotes and substitutions may nest within one word.
const MAX_NESTING: usize = 200;

/// One token.
#[derive(Debug)]
pub(super) enum Token {
    Word(Word),
    /// `;`, `;;`, `&`, `&&`, `|`, `||`, `|&`, `(`, `)`, or a line break.
    Operator(&'static str),
    /// `>`, `2>>`, `<<`, ...: as written, with the file descriptor.
    Redirect(Range<usize>),
}

/// One word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The decoded text; holes are expansions of the shell and what the host format leaves open.
    pub(super) parts: Vec<Part>,
    /// Where its text stands, without the quotes when they enclose all of it.
    pub(super) at: Location,
    /// Where it stands in the shell text, quotes included.
    pub(super) range: Range<usize>,
    /// The part of the shell text that it decodes to unchanged, when there is one.
    pub(super) inner: Option<Range<usize>>,
    /// The commands in `$( )` and back quotes.
    pub(super) substitutions: Vec<Range<usize>>,
    /// The commands in `<( )` and `>( )`.
    pub(super) processes: Vec<Range<usize>>,
    /// The value, when the word is no part of a shell text but an item of a list.
    pub(super) value: Option<Node>,
}

impl Word {
    /// The text, when all of it is known.
    pub(super) fn fixed(&self) -> Option<&str> {
        match &*self.parts {
            [] => Some(""),
            [Part::Fixed(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether anything of it is known.
    pub(super) fn is_partly_fixed(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Fixed(_)))
    }

    /// The known text that it begins with.
    pub(super) fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Fixed(text)) => text,
            _ => "",
        }
    }

    /// The text when neither quotes nor escapes are in it: only such a word is a keyword.
    pub(super) fn bare(&self) -> Option<&str> {
        self.fixed().filter(|_| self.inner.as_ref() == Some(&self.range))
    }
}

/// Reads tokens from a part of a text.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t Text<'t>,
    /// The text up to the end of the part.
    bytes: &'t [u8],
    at: usize,
    /// Behind the here-documents that begin on the next line.
    resume: Option<usize>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t Text<'t>, part: Range<usize>) -> Self {
        let bytes = text.opaque().as_bytes().get(..part.end).unwrap_or_default();
        Self { text, bytes, at: part.start, resume: None }
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Goes to the end: nothing more is read.
    pub(super) fn stop(&mut self) {
        self.at = self.bytes.len();
    }

    /// Passes over everything up to the closing parenthesis of the one that was just read.
    pub(super) fn skip_parentheses(&mut self) {
        self.at = (closing(self.bytes, self.at, b')') + 1).min(self.bytes.len());
    }

    /// Whether the next byte is this one.
    pub(super) fn is_before(&self, byte: u8) -> bool {
        self.byte(self.at) == byte
    }

    /// Takes the here-document of a delimiter: its body begins behind the current line, or behind the document before.
    pub(super) fn here_document(&mut self, delimiter: &str, indented: bool) -> Range<usize> {
        let line_end = |from: usize| {
            self.bytes
                .get(from..)
                .and_then(|rest| memchr::memchr(b'\n', rest))
                .map_or(self.bytes.len(), |end| from + end)
        };
        let start = self.resume.unwrap_or_else(|| (line_end(self.at) + 1).min(self.bytes.len()));
        let mut line = start;
        while line < self.bytes.len() {
            let end = line_end(line);
            let mut content = self.bytes.get(line..end).unwrap_or_default();
            content = content.strip_suffix(b"\r").unwrap_or(content);
            if indented {
                content = content.trim_ascii_start();
            }
            let next = (end + 1).min(self.bytes.len());
            if content == delimiter.as_bytes() {
                self.resume = Some(next);
                return start..line;
            }
            line = if next > line { next } else { self.bytes.len() };
        }
        self.resume = Some(self.bytes.len());
        start..self.bytes.len()
    }

    fn operator(&mut self, operator: &'static str) -> Option<Token> {
        self.at += operator.len();
        Some(Token::Operator(operator))
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.byte(self.at) {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.byte(self.at + 1) == b'\n' => self.at += 2,
                b'\\' if self.byte(self.at + 1) == b'\r' && self.byte(self.at + 2) == b'\n' => self.at += 3,
                b'#' => {
                    let rest = self.bytes.get(self.at..).unwrap_or_default();
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    fn word(&mut self) -> Token {
        let mut word = WordReader {
            lexer: self,
            word: Vec::new(),
            literal: String::new(),
            substitutions: Vec::new(),
            processes: Vec::new(),
            plain: true,
        };
        Token::Word(word.read())
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let (byte, next) = (*self.bytes.get(self.at)?, self.byte(self.at + 1));
        match (byte, next) {
            (b'\n', _) => {
                self.at = self.resume.take().unwrap_or(self.at + 1);
                Some(Token::Operator("\n"))
            }
            (b';', b';' | b'&') => {
                self.at += 2;
                Some(Token::Operator(";;"))
            }
            (b';', _) => self.operator(";"),
            (b'&', b'&') => self.operator("&&"),
            (b'|', b'|') => self.operator("||"),
            (b'|', b'&') => self.operator("|&"),
            (b'|', _) => self.operator("|"),
            (b'(', _) => self.operator("("),
            (b')', _) => self.operator(")"),
            (b'<' | b'>', b'(') => Some(self.word()),
            (b'&', b'>') | (b'<' | b'>', _) => Some(self.redirect(self.at)),
            (b'&', _) => self.operator("&"),
            (b'0'..=b'9', _) => {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                match self.byte(self.at + digits) {
                    b'<' | b'>' if self.byte(self.at + digits + 1) != b'(' => Some(self.redirect(self.at + digits)),
                    _ => Some(self.word()),
                }
            }
            _ => Some(self.word()),
        }
    }
}

impl Lexer<'_> {
    /// The longest redirection operator at `from`; the token begins where the lexer stands.
    fn redirect(&mut self, from: usize) -> Token {
        const OPERATORS: &[&str] = &["&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">&", ">|", ">"];
        let rest = self.bytes.get(from..).unwrap_or_default();
        let length = OPERATORS.iter().find(|known| rest.starts_with(known.as_bytes())).map_or(1, |known| known.len());
        let range = self.at..from + length;
        self.at = range.end;
        Token::Redirect(range)
    }
}

/// Reads one word; the lexer stands at its first byte.
struct WordReader<'l, 't> {
    lexer: &'l mut Lexer<'t>,
    word: Vec<Part>,
    literal: String,
    substitutions: Vec<Range<usize>>,
    processes: Vec<Range<usize>>,
    /// Whether neither quotes nor escapes were met.
    plain: bool,
}

impl WordReader<'_, '_> {
    fn read(&mut self) -> Word {
        let start = self.lexer.at;
        let mut enclosed = None;
        while let Some(&byte) = self.lexer.bytes.get(self.lexer.at) {
            let (at, next) = (self.lexer.at, self.lexer.byte(self.lexer.at + 1));
            match byte {
                b'<' | b'>' if next == b'(' => self.process(),
                b'(' if self.is_array(start) => self.array(),
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                b'\'' => {
                    let end = self.single_quoted();
                    enclosed = (at == start).then_some(at + 1..end);
                }
                b'"' => {
                    let (end, escaped) = self.double_quoted();
                    enclosed = (at == start && !escaped).then_some(at + 1..end);
                }
                b'\\' => self.escape(),
                b'$' if next == b'\'' => {
                    self.lexer.at += 1;
                    self.single_quoted();
                }
                b'$' | b'`' => self.expansion(),
                _ => self.plain_run(),
            }
        }
        self.flush();
        let range = start..self.lexer.at;
        // Quotes around the whole word leave its text as it is written; a quote in the middle does not.
        let enclosed = enclosed.filter(|inner| inner.end + 1 == range.end);
        let inner = if self.plain { Some(range.clone()) } else { enclosed };
        let at = self.lexer.text.at(inner.clone().unwrap_or(range.clone()));
        Word {
            parts: std::mem::take(&mut self.word),
            at,
            range,
            inner,
            substitutions: std::mem::take(&mut self.substitutions),
            processes: std::mem::take(&mut self.processes),
            value: None,
        }
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.word.push(Part::Fixed(std::mem::take(&mut self.literal).into()));
        }
    }

    /// Adds text as it stands, with the holes of the host format.
    fn literal(&mut self, range: Range<usize>) {
        for part in self.lexer.text.parts(range) {
            match part {
                Part::Fixed(text) => self.literal.push_str(&text),
                Part::Hole(_) => {
                    self.flush();
                    self.word.push(part);
                }
            }
        }
    }

    fn hole(&mut self, range: Range<usize>) {
        self.flush();
        self.word.push(Part::Hole(self.lexer.text.raw().get(range).unwrap_or_default().into()));
    }

    /// Bytes that mean themselves, up to the next that may not.
    fn plain_run(&mut self) {
        let start = self.lexer.at;
        let rest = self.lexer.bytes.get(start..).unwrap_or_default();
        let special = |byte: &u8| b" \t\r\n;&|()<>'\"\\$`".contains(byte);
        let length = rest.iter().position(special).unwrap_or(rest.len()).max(1);
        self.lexer.at += length;
        self.literal(start..self.lexer.at);
    }

    fn escape(&mut self) {
        let start = self.lexer.at;
        self.plain = false;
        self.lexer.at = (start + 2).min(self.lexer.bytes.len());
        let next = self.lexer.byte(start + 1);
        if next & 0x80 != 0 || char::from(next) == HOLE {
            // What takes several bytes: the backslash alone is dropped, the rest is plain.
            self.lexer.at = start + 1;
        } else if next != b'\n' {
            self.literal(start + 1..self.lexer.at);
        }
    }

    /// Returns where the closing quote stands.
    fn single_quoted(&mut self) -> usize {
        let start = self.lexer.at + 1;
        let rest = self.lexer.bytes.get(start..).unwrap_or_default();
        let end = start + memchr::memchr(b'\'', rest).unwrap_or(rest.len());
        self.plain = false;
        self.literal(start..end);
        self.lexer.at = (end + 1).min(self.lexer.bytes.len());
        end
    }

    /// Returns where the closing quote stands and whether a backslash changed the text.
    fn double_quoted(&mut self) -> (usize, bool) {
        self.plain = false;
        self.lexer.at += 1;
        let mut escaped = false;
        while let Some(&byte) = self.lexer.bytes.get(self.lexer.at) {
            let start = self.lexer.at;
            match byte {
                b'"' => {
                    self.lexer.at += 1;
                    return (start, escaped);
                }
                b'\\' if b"$`\"\\\n".contains(&self.lexer.byte(start + 1)) => {
                    escaped = true;
                    self.escape();
                }
                b'$' | b'`' => self.expansion(),
                _ => {
                    let rest = self.lexer.bytes.get(start + 1..).unwrap_or_default();
                    let length = 1 + rest.iter().position(|byte| b"\"\\$`".contains(byte)).unwrap_or(rest.len());
                    self.lexer.at += length;
                    self.literal(start..start + length);
                }
            }
        }
        (self.lexer.bytes.len(), escaped)
    }

    /// `$name`, `${...}`, `$(...)`, `$((...))`, back quotes; a dollar that begins none of them is text.
    fn expansion(&mut self) {
        let start = self.lexer.at;
        let bytes = self.lexer.bytes;
        let past = |end: usize| (end + 1).min(bytes.len());
        match (self.lexer.byte(start), self.lexer.byte(start + 1)) {
            (b'`', _) => {
                let end = closing(bytes, start + 1, b'`');
                self.substitutions.push(start + 1..end);
                self.lexer.at = past(end);
            }
            (_, b'(') => {
                let end = closing(bytes, start + 2, b')');
                if self.lexer.byte(start + 2) != b'(' {
                    self.substitutions.push(start + 2..end);
                }
                self.lexer.at = past(end);
            }
            (_, b'{') => self.lexer.at = past(closing(bytes, start + 2, b'}')),
            (_, b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-' | b'0'..=b'9') => self.lexer.at = start + 2,
            (_, byte) if byte == b'_' || byte.is_ascii_alphabetic() => {
                let rest = bytes.get(start + 1..).unwrap_or_default();
                self.lexer.at +=
                    1 + rest.iter().take_while(|byte| **byte == b'_' || byte.is_ascii_alphanumeric()).count();
            }
            _ => {
                self.lexer.at += 1;
                self.literal.push('$');
                return;
            }
        }
        self.hole(start..self.lexer.at);
    }

    fn process(&mut self) {
        let start = self.lexer.at;
        let end = closing(self.lexer.bytes, start + 2, b')');
        self.processes.push(start + 2..end);
        self.lexer.at = (end + 1).min(self.lexer.bytes.len());
        self.hole(start..self.lexer.at);
    }

    /// Whether the word so far is `name=`, so that a parenthesis begins an array.
    fn is_array(&self, start: usize) -> bool {
        self.lexer.at > start && self.lexer.byte(self.lexer.at - 1) == b'='
    }

    fn array(&mut self) {
        let start = self.lexer.at;
        self.lexer.at += 1;
        self.lexer.skip_parentheses();
        self.hole(start..self.lexer.at);
    }
}

/// Where what was opened before `from` is closed; the end of the text when it never is. Quotes and nested substitutions
/// are respected.
fn closing(bytes: &[u8], from: usize, close: u8) -> usize {
    let mut open = vec![close];
    let mut at = from;
    while let (Some(&byte), Some(&wanted)) = (bytes.get(at), open.last()) {
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        if byte == b'\\' {
            at += 2;
            continue;
        }
        if byte == wanted {
            open.pop();
            if open.is_empty() {
                return at;
            }
        } else {
            match (byte, next) {
                (b'$', b'(') => {
                    open.push(b')');
                    at += 1;
                }
                (b'$', b'{') => {
                    open.push(b'}');
                    at += 1;
                }
                (b'`', _) => open.push(b'`'),
                (b'"', _) => open.push(b'"'),
                (b'(', _) if wanted == b')' => open.push(b')'),
                (b'\'', _) if wanted != b'"' => {
                    let rest = bytes.get(at + 1..).unwrap_or_default();
                    at += 1 + memchr::memchr(b'\'', rest).unwrap_or(rest.len());
                }
                _ => {}
            }
            if open.len() > MAX_NESTING {
                return bytes.len();
            }
        }
        at += 1;
    }
    bytes.len()
}
