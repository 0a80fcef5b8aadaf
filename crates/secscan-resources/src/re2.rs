//! Regular expressions as Go's package `regexp` reads them (the syntax of RE2): what Terraform and charts match with, both
//! match it.
//!
//! They match like those of the crate `regex`, but are written differently: `\w`, `\d`, `\s` and `\b` mean ASCII, a brace
//! that counts nothing and the marks of Rust's set operations mean themselves, and much that Rust reads is refused. So they
//! are read here and written anew, each literal escaped, and nothing is left for Rust to read otherwise.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Captures, Regex, RegexBuilder};

/// Why there is no expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Error {
    /// Go refuses it.
    Syntax,
    /// It takes more memory than it may take.
    Size,
}

/// Compiles an expression to at most so many bytes.
pub(crate) fn compile(pattern: &str, size: usize) -> Result<Regex, Error> {
    let built = RegexBuilder::new(&rewritten(pattern)?).size_limit(size).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Error::Size,
        _ => Error::Syntax,
    })
}

/// Text in which what means something in an expression is escaped.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

/// Writes a template with its `$1`, `${1}` and `$name` replaced by what they matched; what is no such thing stays.
pub(crate) fn expand(captures: &Captures<'_>, template: &str, into: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        into.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            into.push('$');
            rest = after;
            continue;
        }
        match group(after) {
            Some((name, behind)) => {
                let has_leading_zero = name.len() > 1 && name.starts_with('0');
                let number = name.bytes().all(|byte| byte.is_ascii_digit()) && !has_leading_zero;
                let found = if number { captures.get(name.parse().unwrap_or(usize::MAX)) } else { captures.name(name) };
                into.push_str(found.map_or("", |found| found.as_str()));
                rest = behind;
            }
            None => {
                into.push('$');
                rest = after;
            }
        }
    }
    into.push_str(rest);
}

/// The name of a group behind a dollar, as long as letters, figures and `_` go on, and what follows it.
fn group(text: &str) -> Option<(&str, &str)> {
    let (inner, has_brace) = text.strip_prefix('{').map_or((text, false), |inner| (inner, true));
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let (name, behind) = inner.split_at(inner.find(|character| !is_part(character)).unwrap_or(inner.len()));
    let behind = if has_brace { behind.strip_prefix('}')? } else { behind };
    (!name.is_empty()).then_some((name, behind))
}

const DIGITS: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
/// Rust's have the vertical tab too.
const BLANKS: &str = r"\t\n\x0C\r ";

/// An expression as Rust reads it.
fn rewritten(pattern: &str) -> Result<String, Error> {
    let mut rewriter = Rewriter { rest: pattern.chars().peekable(), made: String::with_capacity(pattern.len() * 2) };
    let mut repeated = false;
    while let Some(character) = rewriter.rest.next() {
        let repetition = match character {
            '*' | '+' | '?' => Some(character.to_string()),
            '{' => rewriter.count()?,
            _ => None,
        };
        let repeats = repetition.is_some();
        match repetition {
            None => rewriter.one(character)?,
            // Rust would repeat the repetition.
            Some(_) if repeated => return Err(Error::Syntax),
            Some(repetition) => {
                rewriter.made.push_str(&repetition);
                rewriter.made.extend(rewriter.rest.next_if_eq(&'?'));
            }
        }
        repeated = repeats;
    }
    Ok(rewriter.made)
}

struct Rewriter<'p> {
    rest: Peekable<Chars<'p>>,
    made: String,
}

impl Rewriter<'_> {
    /// Writes what begins with a character and is no repetition.
    fn one(&mut self, character: char) -> Result<(), Error> {
        match character {
            '(' => self.group(),
            '[' => self.class(),
            '\\' => self.escaped(),
            '^' | '$' | '.' | '|' | ')' => {
                self.made.push(character);
                Ok(())
            }
            literal => {
                self.literal(literal);
                Ok(())
            }
        }
    }

    /// A character that means itself, whatever it is.
    fn literal(&mut self, character: char) {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => self.made.push(character),
            _ => self.made.push_str(&format!(r"\x{{{:x}}}", u32::from(character))),
        }
    }

    /// What stands behind a brace, when it says how often something comes.
    fn count(&mut self) -> Result<Option<String>, Error> {
        const MOST: u32 = 1_000;
        let mut ahead = self.rest.clone();
        let inner: String = std::iter::from_fn(|| ahead.next_if(|next| *next != '}')).take(12).collect();
        let is_number = |text: &str| {
            let has_leading_zero = text.len() > 1 && text.starts_with('0');
            !text.is_empty() && !has_leading_zero && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
        let is_count = is_number(least) && (most.is_empty() || is_number(most)) && ahead.next() == Some('}');
        if !is_count {
            return Ok(None);
        }
        if [least, most].iter().any(|number| number.parse().is_ok_and(|number: u64| number > MOST.into())) {
            return Err(Error::Syntax);
        }
        self.rest = ahead;
        Ok(Some(format!("{{{inner}}}")))
    }

    /// The beginning of a group, or flags.
    fn group(&mut self) -> Result<(), Error> {
        self.made.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        let head: String = std::iter::from_fn(|| self.rest.next_if(|next| !matches!(next, ':' | ')' | '>'))).collect();
        let end = self.rest.next().ok_or(Error::Syntax)?;
        if end == '>' {
            let name = head.strip_prefix("P<").or_else(|| head.strip_prefix('<')).ok_or(Error::Syntax)?;
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(Error::Syntax);
            }
            self.made.push_str(&format!("?P<{name}>"));
            return Ok(());
        }
        let flags = head.replacen('-', "", 1);
        if !flags.chars().all(|flag| "imsU".contains(flag)) || head.ends_with('-') {
            return Err(Error::Syntax);
        }
        match (head.is_empty(), end) {
            // Rust has no name for flags that set nothing.
            (true, ')') => self.made.push_str("?:)"),
            _ => self.made.push_str(&format!("?{head}{end}")),
        }
        Ok(())
    }

    /// What stands behind a backslash outside of a class.
    fn escaped(&mut self) -> Result<(), Error> {
        match self.rest.peek() {
            Some('A') => self.take(r"\A"),
            Some('z') => self.take(r"\z"),
            Some('b') => self.take(r"(?-u:\b)"),
            Some('B') => self.take(r"(?-u:\B)"),
            Some('Q') => {
                self.rest.next();
                while let Some(character) = self.rest.next() {
                    if character == '\\' && self.rest.next_if_eq(&'E').is_some() {
                        break;
                    }
                    self.literal(character);
                }
            }
            _ => match self.named()? {
                Some(class) => self.made.push_str(&format!("[{class}]")),
                None => {
                    let character = self.character()?;
                    self.literal(character);
                }
            },
        }
        Ok(())
    }

    fn take(&mut self, written: &str) {
        self.rest.next();
        self.made.push_str(written);
    }

    /// A class that an escape names, as it stands within brackets; nothing is read of an escape that names none.
    fn named(&mut self) -> Result<Option<String>, Error> {
        let Some(name) = self.rest.next_if(|next| "dDsSwWpP".contains(*next)) else { return Ok(None) };
        Ok(Some(match name {
            'd' => DIGITS.to_owned(),
            'D' => format!("[^{DIGITS}]"),
            's' => BLANKS.to_owned(),
            'S' => format!("[^{BLANKS}]"),
            'w' => WORD.to_owned(),
            'W' => format!("[^{WORD}]"),
            _ => {
                let mut property = self.rest.next().ok_or(Error::Syntax)?.to_string();
                if property == "{" {
                    property = self.rest.by_ref().take_while(|next| *next != '}').collect();
                }
                if !property.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '^' | '_')) {
                    return Err(Error::Syntax);
                }
                let (is_negated, property) = match property.strip_prefix('^') {
                    Some(property) => (name == 'p', property),
                    None => (name == 'P', &*property),
                };
                format!(r"\{}{{{property}}}", if is_negated { 'P' } else { 'p' })
            }
        }))
    }

    /// The character that an escape means.
    fn character(&mut self) -> Result<char, Error> {
        let character = self.rest.next().ok_or(Error::Syntax)?;
        let code = match character {
            'a' => 0x07,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            'x' => self.hexadecimal()?,
            // One figure alone would be a reference to a group, which RE2 does not have.
            '1'..='7' if !self.rest.peek().is_some_and(|next| next.is_digit(8)) => return Err(Error::Syntax),
            '0'..='7' => {
                let further: Vec<u32> = (0..2).map_while(|_| self.digit(8)).collect();
                further.into_iter().fold(character.to_digit(8).unwrap_or(0), |code, digit| code * 8 + digit)
            }
            _ if character.is_ascii() && !character.is_ascii_alphanumeric() => return Ok(character),
            _ => return Err(Error::Syntax),
        };
        char::from_u32(code).ok_or(Error::Syntax)
    }

    fn digit(&mut self, radix: u32) -> Option<u32> {
        self.rest.next_if(|next| next.is_digit(radix))?.to_digit(radix)
    }

    /// Two digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Result<u32, Error> {
        if self.rest.next_if_eq(&'{').is_none() {
            let (high, low) = (self.digit(16).ok_or(Error::Syntax)?, self.digit(16).ok_or(Error::Syntax)?);
            return Ok(high * 16 + low);
        }
        let digits: String = self.rest.by_ref().take_while(|next| *next != '}').collect();
        u32::from_str_radix(&digits, 16).map_err(|_| Error::Syntax)
    }

    /// What stands behind an opening bracket. There a `-` means itself wherever it parts no two characters.
    fn class(&mut self) -> Result<(), Error> {
        self.made.push('[');
        if let Some(negation) = self.rest.next_if_eq(&'^') {
            self.made.push(negation);
        }
        let mut is_first = true;
        while is_first || self.rest.peek() != Some(&']') {
            is_first = false;
            if let Some(class) = self.posix()? {
                self.made.push_str(&class);
                continue;
            }
            if self.rest.peek() == Some(&'\\') {
                let before = self.rest.clone();
                self.rest.next();
                if let Some(class) = self.named()? {
                    self.made.push_str(&class);
                    continue;
                }
                self.rest = before;
            }
            let low = self.in_class()?;
            let mut ahead = self.rest.clone();
            let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
            self.literal(low);
            if is_range {
                self.rest.next();
                let high = self.in_class()?;
                self.made.push('-');
                self.literal(high);
            }
        }
        self.rest.next();
        self.made.push(']');
        Ok(())
    }

    fn in_class(&mut self) -> Result<char, Error> {
        match self.rest.next().ok_or(Error::Syntax)? {
            '\\' => self.character(),
            character => Ok(character),
        }
    }

    /// `[:alnum:]` and its like. Rust would take a name that is none for characters.
    fn posix(&mut self) -> Result<Option<String>, Error> {
        const NAMES: &[&str] = &[
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
            "word", "xdigit",
        ];
        let mut ahead = self.rest.clone();
        if (ahead.next(), ahead.next()) != (Some('['), Some(':')) {
            return Ok(None);
        }
        let is_part = |next: &char| next.is_ascii_alphabetic() || *next == '^';
        let name: String = std::iter::from_fn(|| ahead.next_if(is_part)).take(8).collect();
        if (ahead.next(), ahead.next()) != (Some(':'), Some(']')) {
            return Ok(None);
        }
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(&name)) {
            return Err(Error::Syntax);
        }
        self.rest = ahead;
        Ok(Some(format!("[:{name}:]")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
        Some(compile(pattern, 1 << 20).ok()?.find(text)?.as_str())
    }

    #[test]
    fn what_go_reads_means_what_it_means_in_go() {
        for (pattern, text, expected) in [
            (r"[\w-\.]+", "é a-b.c!", Some("a-b.c")),
            (r"[\w-.]+", "a-b.c!", Some("a-b.c")),
            (r"[]a]+", "x]a", Some("]a")),
            (r"[^]a]+", "]ax", Some("x")),
            (r"[a&&b~~[-]+", "x&&~[-", Some("&&~[-")),
            ("[[:alpha:]-]+", "1a-b", Some("a-b")),
            ("[[:^alpha:]]", "a1", Some("1")),
            ("[[:a]+", "[:a", Some("[:a")),
            ("a{", "a{", Some("a{")),
            ("{{", "{{", Some("{{")),
            ("a{,2}", "a{,2}", Some("a{,2}")),
            ("a{01}", "a{01}", Some("a{01}")),
            ("a{2}", "aaa", Some("aa")),
            ("a{2,}?", "aaa", Some("aa")),
            ("}]", "}]", Some("}]")),
            (r"\w+", "éa", Some("a")),
            (r"\d", "٣3", Some("3")),
            (r"\s", "\u{b}\u{a0} ", Some(" ")),
            (r"\ba", "éa", Some("a")),
            (r"a\B", "aé ab", Some("a")),
            (r"\W", "aé", Some("é")),
            (r"[^\W]", "éa", Some("a")),
            (r"\<a\>\_\ ", "<a>_ ", Some("<a>_ ")),
            (r"\101\x42\x{43}\0", "ABC\0", Some("ABC\0")),
            (r"\Qa.b\E.", "axb a.bc", Some("a.bc")),
            (r"\Qa*b", "aab a*b", Some("a*b")),
            (r"\p{Greek}\P{Greek}\p{^Greek}\pN", "αab1", Some("αab1")),
            ("(?i)ab(?-i:C)(?)", "ABC", Some("ABC")),
            ("(?U)a+", "aaa", Some("a")),
            ("(?P<x>a)(?<y>b)", "ab", Some("ab")),
            ("a # b", "a # b", Some("a # b")),
            ("^*a|", "ba", Some("")),
        ] {
            assert_eq!(found(pattern, text), expected, "{pattern}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "a**",
            "a{2}{3}",
            "a+??",
            "*a",
            "(a",
            "a)",
            "[a",
            "[b-a]",
            r"\8",
            r"\1",
            r"\C",
            r"\Z",
            r"\pX",
            r"\",
            "(?x)a",
            "(?u)a",
            "(?=a)",
            "(?!a)",
            "(?i-)a",
            "a{1001}",
            "[[:nope:]]",
            r"\x{110000}",
            "(?P<a>x)(?P<a>y)",
            "(?P<a.b>x)",
            r"\E",
            r"\p{gc=L}",
            r"[a-\d]",
        ] {
            assert_eq!(compile(pattern, 1 << 20).err(), Some(Error::Syntax), "{pattern}");
        }
        assert_eq!(compile("(a{1000}){1000}", 1 << 18).err(), Some(Error::Size));
    }

    #[test]
    fn templates_expand_as_in_go() {
        let regex = compile("(a)(?P<name>b)(c)?", 1 << 20).unwrap();
        let captures = regex.captures("ab").unwrap();
        for (template, expected) in [
            ("$1x", ""),
            ("${1}x", "ax"),
            ("$name ${name}s", "b bs"),
            ("$$1 $ ${ ${} ${1 $-", "$1 $ ${ ${} ${1 $-"),
            ("${a-b}$3$9$01|", "${a-b}|"),
            ("$0", "ab"),
        ] {
            let mut made = String::new();
            expand(&captures, template, &mut made);
            assert_eq!(made, expected, "{template}");
        }
        assert_eq!(quoted("a.b-c#d &~{}"), r"a\.b-c#d &~\{\}");
    }
}
