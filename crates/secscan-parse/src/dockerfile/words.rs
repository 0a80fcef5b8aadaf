//! They are taken apart as BuildKit's shell lexer does, and put together by whoever knows the variables.

use std::borrow::Cow;
use std::ops::Range;

/// A piece of a word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part<'t> {
    /// Its bytes in the text that was taken apart.
    pub range: Range<usize>,
    /// What it is.
    pub kind: PartKind<'t>,
}

/// What a piece of a word is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PartKind<'t> {
    /// Text, its quotes and escapes resolved.
    Fixed(Cow<'t, str>),
    /// A variable: `$NAME` or `${NAME}`, or the latter with an operation.
    Variable {
        /// The name.
        name: &'t str,
        /// What happens to its value.
        operation: Operation,
        /// The bytes of what follows the operator, to be taken apart in turn; empty without one.
        operand: Range<usize>,
    },
}

/// What a reference does with the value of its variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Takes it as it is.
    Plain,
    /// Takes the operand when the variable is not set: `${V-word}`, `${V:-word}`.
    Default {
        /// Whether an empty value counts as not set, too (the colon).
        or_empty: bool,
    },
    /// Takes the operand when the variable is set, else nothing: `${V+word}`, `${V:+word}`.
    Alternative {
        /// Whether an empty value counts as not set, too (the colon).
        or_empty: bool,
    },
    /// Fails when the variable is not set, else takes it: `${V?message}`, `${V:?message}`.
    Required {
        /// Whether an empty value counts as not set, too (the colon).
        or_empty: bool,
    },
    /// Cuts or replaces: `${V#pattern}`, `${V%pattern}`, `${V/pattern/text}`.
    Edit,
}

/// How deep references may nest in operands. What nests deeper counts as not closed.
const MAX_NESTING: usize = 32;

/// Takes a word apart. `escape` is the file's escape character ([`super::escape_character`]). What is not closed
/// (a quote, a brace) is text as it stands.
pub fn parts(text: &str, escape: char) -> Vec<Part<'_>> {
    Lexer { text, escape, at: 0, parts: Vec::new(), fixed: None, unclosed: false }.run()
}

/// The text of a word without variables, its quotes and escapes resolved.
pub fn literal(text: &str, escape: char) -> Option<Cow<'_, str>> {
    let mut parts = parts(text, escape);
    match (parts.pop().map(|part| part.kind), parts.is_empty()) {
        (None, _) => Some("".into()),
        (Some(PartKind::Fixed(text)), true) => Some(text),
        _ => None,
    }
}

/// The words of a text: split at blanks that are neither quoted nor escaped nor within `${...}`.
pub(super) fn split(text: &str, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut braces = 0usize;
    let mut escaped = false;
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        if start.is_none() && !character.is_whitespace() {
            start = Some(at);
        }
        match (quote, character) {
            _ if escaped => escaped = false,
            (None | Some('"'), character) if character == escape => escaped = true,
            (Some(open), character) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') if before == '$' => braces += 1,
            (None, '}') => braces = braces.saturating_sub(1),
            (None, character) if character.is_whitespace() && braces == 0 => {
                words.extend(start.take().map(|start| start..at));
            }
            _ => {}
        }
        before = character;
    }
    words.extend(start.map(|start| start..text.len()));
    words
}

struct Lexer<'t> {
    text: &'t str,
    escape: char,
    at: usize,
    parts: Vec<Part<'t>>,
    /// The text in the making: where it began and, once it differs from what is written, its characters.
    fixed: Option<(usize, Option<String>)>,
    /// Whether a brace stayed open: those that follow are text, too, so that none is searched for again and again.
    unclosed: bool,
}

impl<'t> Lexer<'t> {
    fn run(mut self) -> Vec<Part<'t>> {
        let mut quote: Option<char> = None;
        while let Some(character) = self.peek(0) {
            match (quote, character) {
                (Some('\''), '\'') | (Some('"'), '"') => {
                    quote = None;
                    self.skip(character);
                }
                (Some('\''), _) => self.keep(character),
                (None, '"' | '\'') if self.closes(character) => {
                    quote = Some(character);
                    self.skip(character);
                }
                (_, '$') => self.dollar(),
                (_, character) if character == self.escape => self.escaped(quote.is_some()),
                _ => self.keep(character),
            }
        }
        self.finish_fixed();
        self.parts
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self, skip: usize) -> Option<char> {
        self.rest().chars().nth(skip)
    }

    /// Whether a quote that opens here is closed later.
    fn closes(&self, quote: char) -> bool {
        let mut escaped = false;
        self.rest().chars().skip(1).any(|character| {
            let closes = character == quote && !escaped;
            escaped = !escaped && quote == '"' && character == self.escape;
            closes
        })
    }

    /// Takes a character as it is.
    fn keep(&mut self, character: char) {
        let (_, changed) = self.fixed.get_or_insert((self.at, None));
        if let Some(changed) = changed {
            changed.push(character);
        }
        self.at += character.len_utf8();
    }

    /// Leaves a character out.
    fn skip(&mut self, character: char) {
        let (start, changed) = self.fixed.get_or_insert((self.at, None));
        if changed.is_none() {
            *changed = Some(self.text.get(*start..self.at).unwrap_or("").to_owned());
        }
        self.at += character.len_utf8();
    }

    fn escaped(&mut self, quoted: bool) {
        match self.peek(1) {
            Some(next) if !quoted || next == '"' || next == '$' || next == self.escape => {
                self.skip(self.escape);
                self.keep(next);
            }
            _ => self.keep(self.escape),
        }
    }

    fn finish_fixed(&mut self) {
        if let Some((start, changed)) = self.fixed.take() {
            let range = start..self.at;
            let text = match changed {
                Some(changed) => changed.into(),
                None => self.text.get(range.clone()).unwrap_or("").into(),
            };
            self.parts.push(Part { range, kind: PartKind::Fixed(text) });
        }
    }

    fn dollar(&mut self) {
        let rest = self.rest();
        let after = rest.get(1..).unwrap_or("");
        let found = match after.strip_prefix('{') {
            Some(_) if self.unclosed => None,
            Some(inner) => braced(inner, self.escape).map(|(name, operation, operand, length)| {
                let start = self.at + 2;
                (name, operation, start + operand.start..start + operand.end, length + 2)
            }),
            None => {
                let name = after.get(..name_length(after)).unwrap_or("");
                let end = self.at + 1 + name.len();
                (!name.is_empty()).then_some((name, Operation::Plain, end..end, 1 + name.len()))
            }
        };
        let Some((name, operation, operand, length)) = found else {
            self.unclosed |= after.starts_with('{');
            return self.keep('$');
        };
        self.finish_fixed();
        let range = self.at..self.at + length;
        self.at = range.end;
        self.parts.push(Part { range, kind: PartKind::Variable { name, operation, operand } });
    }
}

/// The length of the name at the start of a text: letters, digits and underscores, or one special parameter.
fn name_length(text: &str) -> usize {
    match text.as_bytes() {
        [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => {
            text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
        }
        [b'0'..=b'9', ..] => text.bytes().take_while(u8::is_ascii_digit).count(),
        [b'@' | b'*' | b'#', ..] => 1,
        _ => 0,
    }
}

/// What stands behind `${`: the name, the operation, the operand and the length with the closing brace.
fn braced(inner: &str, escape: char) -> Option<(&str, Operation, Range<usize>, usize)> {
    let name = inner.get(..name_length(inner)).filter(|name| !name.is_empty())?;
    let rest = inner.get(name.len()..)?;
    let (or_empty, operator) = match rest.strip_prefix(':') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let operation = match (operator.chars().next()?, or_empty) {
        ('}', false) => return Some((name, Operation::Plain, name.len()..name.len(), name.len() + 1)),
        ('-', _) => Operation::Default { or_empty },
        ('+', _) => Operation::Alternative { or_empty },
        ('?', _) => Operation::Required { or_empty },
        ('#' | '%' | '/', false) => Operation::Edit,
        _ => return None,
    };
    let start = name.len() + usize::from(or_empty) + 1;
    let length = operand_length(inner.get(start..)?, escape)?;
    Some((name, operation, start..start + length, start + length + 1))
}

/// The length of an operand up to the brace that closes it.
fn operand_length(text: &str, escape: char) -> Option<usize> {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            character if character == escape => escaped = true,
            '{' if depth == MAX_NESTING => return None,
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short form: fixed text, or `<name operation operand>`.
    fn short(text: &str) -> Vec<String> {
        let show = |part: Part<'_>| match part.kind {
            PartKind::Fixed(fixed) => fixed.into_owned(),
            PartKind::Variable { name, operation, operand } => {
                format!("<{name} {operation:?} {}>", &text[operand])
            }
        };
        parts(text, '\\').into_iter().map(show).collect()
    }

    #[test]
    fn variables_and_text_are_told_apart() {
        assert_eq!(short("alpine"), ["alpine"]);
        assert_eq!(short("a$B-c"), ["a", "<B Plain >", "-c"]);
        assert_eq!(short("${A}/${B:-x y}"), ["<A Plain >", "/", "<B Default { or_empty: true } x y>"]);
        assert_eq!(short("${A-${B:+c}}d"), ["<A Default { or_empty: false } ${B:+c}>", "d"]);
        assert_eq!(
            short("${A+b}${A?no}"),
            ["<A Alternative { or_empty: false } b>", "<A Required { or_empty: false } no>"]
        );
        assert_eq!(short("${A%%x}"), ["<A Edit %x>"]);
        assert_eq!(short("$1$@"), ["<1 Plain >", "<@ Plain >"]);
    }

    #[test]
    fn quotes_and_escapes_are_resolved() {
        assert_eq!(short(r#""a b"c'$d'"#), ["a bc$d"]);
        assert_eq!(short(r#""x $A y""#), ["x ", "<A Plain >", " y"]);
        assert_eq!(short(r"\$A\ b"), ["$A b"]);
        assert_eq!(short(r#""\n\"""#), [r#"\n""#]);
        assert_eq!(parts("`$A", '`')[0].kind, PartKind::Fixed("$A".into()));
        assert_eq!(literal(r#""a b""#, '\\').as_deref(), Some("a b"));
        assert_eq!(literal("\"\"", '\\').as_deref(), Some(""));
        assert_eq!(literal("", '\\').as_deref(), Some(""));
        assert_eq!(literal("$A", '\\'), None);
    }

    #[test]
    fn what_is_not_closed_is_text() {
        for text in ["it's", "\"a", "${A", "${A:-b", "$", "${}", "${A!b}", "a$", "$-", "${A:}", "\\"] {
            assert_eq!(short(text), [text], "{text:?}");
        }
    }

    #[test]
    fn hostile_nesting_is_text_and_takes_linear_time() {
        for text in ["${A-".repeat(200_000), "\"".repeat(199_999), format!("{}{}", "${A-".repeat(40), "}".repeat(40))] {
            let parts = parts(&text, '\\');
            assert!(matches!(&parts[..], [Part { kind: PartKind::Fixed(_), .. }]));
        }
    }

    #[test]
    fn words_split_outside_of_quotes_and_braces() {
        let words = |text: &str| split(text, '\\').into_iter().map(|range| text[range].to_owned()).collect::<Vec<_>>();
        assert_eq!(words("  a  \"b c\"d e\\ f 'g\\' h "), ["a", "\"b c\"d", "e\\ f", "'g\\'", "h"]);
        assert_eq!(words("${A:-b c} d}"), ["${A:-b c}", "d}"]);
        assert_eq!(words(""), Vec::<String>::new());
    }
}
