//! Text and the words of actions.

use std::rc::Rc;

use secscan_model::Span;

/// What stands between the actions of a template, and the actions.
#[derive(Debug)]
pub(super) enum Piece {
    /// Text, with what trim markers take away taken away.
    Text(Span),
    /// An action: its place with the delimiters, and its words.
    Action(Span, Vec<Word>),
}

/// A word of an action.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) token: Token,
    pub(super) span: Span,
    /// Whether a blank stands before it.
    pub(super) spaced: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name: of a function, a keyword, `true`, `nil`.
    Name(Rc<str>),
    /// `.name`
    Field(Rc<str>),
    /// `$name`; `$` is empty.
    Variable(Rc<str>),
    /// `.`
    Dot,
    Text(Rc<str>),
    Int(i64),
    Float(f64),
    Declare,
    Assign,
    Pipe,
    Comma,
    Open,
    Close,
}

/// What is wrong, and where.
pub(super) type Wrong = (Span, String);

/// Cuts a template into pieces.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Wrong> {
    let mut pieces = Vec::new();
    let (mut at, mut trims) = (0, false);
    loop {
        let open = text[at..].find("{{").map(|offset| at + offset);
        let mut end = open.unwrap_or(text.len());
        let action = open.map(|open| action(text, open)).transpose()?;
        if trims {
            at = end - text[at..end].trim_start_matches(BLANKS).len();
        }
        if action.as_ref().is_some_and(|action| action.trims_left) {
            end = at + text[at..end].trim_end_matches(BLANKS).len();
        }
        if at < end {
            pieces.push(Piece::Text(Span::new(at, end)));
        }
        let Some(action) = action else { return Ok(pieces) };
        if let Some(words) = action.words {
            pieces.push(Piece::Action(Span::new(open.unwrap_or(at), action.end), words));
        }
        (at, trims) = (action.end, action.trims_right);
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// An action, or a comment when it has no words.
struct Action {
    words: Option<Vec<Word>>,
    trims_left: bool,
    trims_right: bool,
    end: usize,
}

/// Reads the action that begins at an offset.
fn action(text: &str, open: usize) -> Result<Action, Wrong> {
    let inner = open + 2;
    let rest = &text[inner..];
    let trims_left = rest.starts_with('-') && rest[1..].starts_with(BLANKS);
    let start = inner + if trims_left { 2 } else { 0 };
    // With a trim marker, blanks may stand before a comment.
    let comment = start + text[start..].len() - text[start..].trim_start_matches(BLANKS).len();
    if text[start..].starts_with("/*") || (trims_left && text[comment..].starts_with("/*")) {
        let close = text[comment..].find("*/").map(|offset| comment + offset + 2);
        let close = close.ok_or_else(|| (Span::new(open, inner), "the comment has no end".to_owned()))?;
        let rest = &text[close..];
        let dash = rest.trim_start_matches(BLANKS);
        return if rest.starts_with("}}") {
            Ok(Action { words: None, trims_left, trims_right: false, end: close + 2 })
        } else if rest.len() > dash.len() && dash.starts_with("-}}") {
            let end = close + (rest.len() - dash.len()) + 3;
            Ok(Action { words: None, trims_left, trims_right: true, end })
        } else {
            Err((Span::new(open, close), "a comment must end where its action ends".to_owned()))
        };
    }
    let mut lexer = Lexer { text, at: start, words: Vec::new() };
    let trims_right = lexer.run(open)?;
    Ok(Action { words: Some(lexer.words), trims_left, trims_right, end: lexer.at })
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    words: Vec<Word>,
}

impl Lexer<'_> {
    /// Reads words up to the closing delimiter; whether it trims.
    fn run(&mut self, open: usize) -> Result<bool, Wrong> {
        loop {
            let before = self.at;
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches(BLANKS);
            self.at += rest.len() - trimmed.len();
            let spaced = self.at > before;
            if trimmed.starts_with("}}") {
                self.at += 2;
                return Ok(false);
            }
            if spaced && trimmed.starts_with("-}}") {
                self.at += 3;
                return Ok(true);
            }
            if trimmed.is_empty() {
                return Err((Span::new(open, open + 2), "the action has no end".to_owned()));
            }
            let start = self.at;
            let token = self.token()?;
            self.words.push(Word { token, span: Span::new(start, self.at), spaced });
        }
    }

    fn token(&mut self) -> Result<Token, Wrong> {
        let rest = &self.text[self.at..];
        let first = rest.chars().next().unwrap_or('\0');
        let second = rest[first.len_utf8()..].chars().next().unwrap_or('\0');
        let (length, token) = match first {
            '(' => (1, Token::Open),
            ')' => (1, Token::Close),
            '|' => (1, Token::Pipe),
            ',' => (1, Token::Comma),
            ':' if second == '=' => (2, Token::Declare),
            '=' => (1, Token::Assign),
            '"' => return self.quoted(),
            '\'' => return self.character(),
            '`' => {
                let end = rest[1..].find('`').ok_or_else(|| self.wrong("the raw text has no end"))?;
                (end + 2, Token::Text(rest[1..=end].into()))
            }
            '$' => {
                let name = name(&rest[1..]);
                (1 + name.len(), Token::Variable(name.into()))
            }
            '.' if second.is_ascii_digit() => return self.number(),
            '.' => match name(&rest[1..]) {
                "" => (1, Token::Dot),
                name => (1 + name.len(), Token::Field(name.into())),
            },
            '0'..='9' => return self.number(),
            '+' | '-' if second.is_ascii_digit() || second == '.' => return self.number(),
            _ => match name(rest) {
                "" => return Err(self.wrong(&format!("`{first}` has no meaning here"))),
                name => (name.len(), Token::Name(name.into())),
            },
        };
        self.at += length;
        Ok(token)
    }

    fn wrong(&self, message: &str) -> Wrong {
        (Span::new(self.at, self.at + 1), message.to_owned())
    }

    fn number(&mut self) -> Result<Token, Wrong> {
        let rest = &self.text[self.at..];
        let is_hex = rest.trim_start_matches(['+', '-']).get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
        let mut length = 0;
        let mut before = ' ';
        for next in rest.chars() {
            let opens_power = if is_hex { matches!(before, 'p' | 'P') } else { matches!(before, 'e' | 'E') };
            let is_sign = matches!(next, '+' | '-') && (length == 0 || opens_power);
            if !is_sign && !next.is_ascii_alphanumeric() && next != '.' && next != '_' {
                break;
            }
            before = next;
            length += next.len_utf8();
        }
        let written = &rest[..length];
        let real = || float(&written.replace('_', "")).filter(|_| written.contains(['.', 'e', 'E', 'p', 'P']));
        let token = int(written).map(Token::Int).or_else(|| real().map(Token::Float));
        let token = token.ok_or_else(|| self.wrong(&format!("`{written}` is no number")))?;
        self.at += length;
        Ok(token)
    }

    fn quoted(&mut self) -> Result<Token, Wrong> {
        let rest = &self.text[self.at..];
        let end = closing(rest, '"').ok_or_else(|| self.wrong("the text has no closing quote"))?;
        let text = unescaped(&rest[1..end]).ok_or_else(|| self.wrong("the text has an escape that does not exist"))?;
        self.at += end + 1;
        Ok(Token::Text(text.into()))
    }

    fn character(&mut self) -> Result<Token, Wrong> {
        let rest = &self.text[self.at..];
        let end = closing(rest, '\'').ok_or_else(|| self.wrong("the character has no closing quote"))?;
        let text = unescaped(&rest[1..end]).unwrap_or_default();
        let mut characters = text.chars();
        let (Some(only), None) = (characters.next(), characters.next()) else {
            return Err(self.wrong("one character must stand between single quotes"));
        };
        self.at += end + 1;
        Ok(Token::Int(i64::from(u32::from(only))))
    }
}

/// The offset of the quote that closes what a quote opens, on the same line.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// A whole number as Go writes it.
pub(super) fn int(text: &str) -> Option<i64> {
    let digits = text.replace('_', "");
    let (sign, digits) = match digits.strip_prefix(['+', '-']) {
        Some(rest) => (if digits.starts_with('-') { "-" } else { "" }, rest.to_ascii_lowercase()),
        None => ("", digits.to_ascii_lowercase()),
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(start) if start.starts_with('0') && !digits.contains(['.', 'e']) => (8, &digits[1..]),
        _ => (10, &digits[..]),
    };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// A number with a point or an exponent: of ten, or behind hexadecimal digits (`0x1p10`) of two.
fn float(text: &str) -> Option<f64> {
    let Some((digits, power)) = text.split_once(['p', 'P']) else { return text.parse().ok() };
    let digits = int(digits)?;
    Some(digits as f64 * 2f64.powi(power.parse().ok()?))
}

fn name(text: &str) -> &str {
    let end = text.find(|next: char| next != '_' && !next.is_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

/// Text between quotes with its escapes resolved.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        if next != '\\' {
            bytes.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match rest.next()? {
            same @ ('"' | '\'' | '\\') => bytes.push(same as u8),
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'v' => bytes.push(11),
            'x' => bytes.push(code(&mut rest, 2, 16)? as u8),
            'u' => bytes.extend_from_slice(char::from_u32(code(&mut rest, 4, 16)?)?.to_string().as_bytes()),
            'U' => bytes.extend_from_slice(char::from_u32(code(&mut rest, 8, 16)?)?.to_string().as_bytes()),
            digit @ '0'..='3' => bytes.push((digit.to_digit(8)? * 64 + code(&mut rest, 2, 8)?) as u8),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The number that a fixed count of digits means.
fn code(rest: &mut std::str::Chars<'_>, length: usize, radix: u32) -> Option<u32> {
    (0..length).try_fold(0u32, |code, _| code.checked_mul(radix)?.checked_add(rest.next()?.to_digit(radix)?))
}
