//! The top-level declarations of a file, told apart without a parser, so that only those are parsed that a question can
//! concern.
//!
//! Only Go is taken apart: a few bytes tell its strings, comments and brackets, and all that one declaration takes from
//! the others is what imports, variables and constants mean and which functions there are. A file of another language, or
//! one that is not understood here, is looked at whole.

use std::ops::Range;

use crate::Language;

/// A top-level declaration.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Piece<'s> {
    /// From its keyword to the end of its last line; comments before it are not part of it.
    pub(crate) range: Range<usize>,
    pub(crate) declares: Declares<'s>,
}

/// What a declaration gives the rest of the file.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Declares<'s> {
    /// The package, or imports: what names mean.
    Imports,
    /// A function or method of this name.
    Function(&'s [u8]),
    /// Variables or constants of these names.
    Values(Vec<&'s [u8]>),
    /// Types, which nobody looks through.
    Types,
}

/// The declarations of a file in their order; none where they cannot be told apart.
pub(crate) fn pieces(bytes: &[u8], language: Language) -> Option<Vec<Piece<'_>>> {
    (language == Language::Go).then(|| Reader { bytes, at: 0, last: b';' }.declarations()).flatten()
}

/// What stands outside of comments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Token<'s> {
    Word(&'s [u8]),
    Open,
    Close,
    /// A semicolon, or the end of a line that stands for one.
    Semicolon,
    /// The end of the file.
    End,
    /// A string, by its quote; a byte of an operator.
    Other(u8),
}

/// Reads a file of Go from its beginning to its end. Whatever is no Go ends it with nothing.
struct Reader<'s> {
    bytes: &'s [u8],
    at: usize,
    /// The last byte of the token before: it tells whether the end of the line stands for a semicolon.
    last: u8,
}

impl<'s> Reader<'s> {
    fn declarations(mut self) -> Option<Vec<Piece<'s>>> {
        let mut pieces = Vec::new();
        loop {
            let keyword = match self.token()? {
                Token::Word(keyword) => keyword,
                Token::Semicolon => continue,
                Token::End => return Some(pieces),
                Token::Open | Token::Close | Token::Other(_) => return None,
            };
            let start = self.at - keyword.len();
            let declares = match keyword {
                b"package" | b"import" => self.finish().map(|()| Declares::Imports),
                b"type" => self.finish().map(|()| Declares::Types),
                b"func" => self.function().map(Declares::Function),
                b"var" | b"const" => self.values().map(Declares::Values),
                _ => None,
            }?;
            pieces.push(Piece { range: start..self.at, declares });
        }
    }

    /// A function or method after its keyword; its name.
    fn function(&mut self) -> Option<&'s [u8]> {
        let mut token = self.token()?;
        if token == Token::Open {
            self.skip_brackets()?;
            token = self.token()?;
        }
        let Token::Word(name) = token else { return None };
        self.finish()?;
        Some(name)
    }

    /// Variables or constants after their keyword, in brackets several lists of them; their names.
    fn values(&mut self) -> Option<Vec<&'s [u8]>> {
        let mut names = Vec::new();
        match self.token()? {
            Token::Word(name) => {
                self.value(name, &mut names).filter(|end| *end != Token::Close)?;
            }
            Token::Open => {
                loop {
                    let end = match self.token()? {
                        Token::Word(name) => self.value(name, &mut names)?,
                        token => token,
                    };
                    match end {
                        Token::Semicolon => {}
                        Token::Close => break,
                        _ => return None,
                    }
                }
                self.finish()?;
            }
            _ => return None,
        }
        Some(names)
    }

    /// One list of names, of which the first was read, and what they are given; what ended it.
    fn value(&mut self, first: &'s [u8], names: &mut Vec<&'s [u8]>) -> Option<Token<'s>> {
        names.push(first);
        let mut token = self.token()?;
        while token == Token::Other(b',') {
            let Token::Word(name) = self.token()? else { return None };
            names.push(name);
            token = self.token()?;
        }
        self.finish_from(token)
    }

    /// Goes on behind the end of a declaration.
    fn finish(&mut self) -> Option<()> {
        let first = self.token()?;
        (self.finish_from(first)? != Token::Close).then_some(())
    }

    /// Goes on from a token behind the end of its statement; what ended it.
    fn finish_from(&mut self, first: Token<'s>) -> Option<Token<'s>> {
        let mut token = first;
        loop {
            match token {
                Token::Semicolon | Token::Close | Token::End => return Some(token),
                Token::Open => self.skip_brackets()?,
                Token::Word(_) | Token::Other(_) => {}
            }
            token = self.token()?;
        }
    }

    fn token(&mut self) -> Option<Token<'s>> {
        while let Some(&byte) = self.bytes.get(self.at) {
            let start = self.at;
            self.at += 1;
            let token = match byte {
                b' ' | b'\t' | b'\r' => continue,
                b'\n' if ends_statement(self.last) => Token::Semicolon,
                b'\n' => continue,
                b';' => Token::Semicolon,
                b'/' => match self.comment() {
                    [] => Token::Other(b'/'),
                    // A comment over several lines is as good as the end of a line.
                    comment if ends_statement(self.last) && comment.contains(&b'\n') => Token::Semicolon,
                    _ => continue,
                },
                b'"' | b'\'' | b'`' => {
                    self.finish_string(byte)?;
                    Token::Other(byte)
                }
                b'(' | b'[' | b'{' => Token::Open,
                b')' | b']' | b'}' => Token::Close,
                _ if is_name(byte) => {
                    let rest = &self.bytes[start..];
                    let length = rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
                    self.at = start + length;
                    Token::Word(&rest[..length])
                }
                _ => Token::Other(byte),
            };
            self.last = if token == Token::Semicolon { b';' } else { self.bytes[self.at - 1] };
            return Some(token);
        }
        Some(Token::End)
    }

    /// Goes on behind the bracket that closes the one before.
    fn skip_brackets(&mut self) -> Option<()> {
        let mut open = 1_usize;
        while open > 0 {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            match byte {
                b'(' | b'[' | b'{' => open += 1,
                b')' | b']' | b'}' => open -= 1,
                b'"' | b'\'' | b'`' => self.finish_string(byte)?,
                b'/' => {
                    self.comment();
                }
                _ => {}
            }
        }
        self.last = b')';
        Some(())
    }

    /// Goes on behind the quote that closes the one before.
    fn finish_string(&mut self, quote: u8) -> Option<()> {
        if quote == b'`' {
            self.at += memchr::memchr(quote, self.bytes.get(self.at..)?)? + 1;
            return Some(());
        }
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' => return None,
                _ if byte == quote => return Some(()),
                _ => {}
            }
        }
    }

    /// Goes on behind a comment whose slash was read, but for the end of its line; what it says, nothing where it is none.
    fn comment(&mut self) -> &'s [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'/') => memchr::memchr(b'\n', rest),
            Some(b'*') => memchr::memmem::find(&rest[1..], b"*/").map(|found| found + 3),
            _ => Some(0),
        };
        let comment = &rest[..length.unwrap_or(rest.len())];
        self.at += comment.len();
        comment
    }
}

/// Whether a byte is part of a name.
pub(crate) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Whether a line that ends with a token ends a statement, by the last byte of the token.
fn ends_statement(last: u8) -> bool {
    is_name(last) || matches!(last, b')' | b']' | b'}' | b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first line of each piece, with the names that it declares.
    fn shown(source: &str) -> Option<Vec<String>> {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let shown = |piece: Piece<'_>| {
            let first = source[piece.range].trim_end().replace('\n', "|");
            match piece.declares {
                Declares::Imports => format!("{first} -> imports"),
                Declares::Function(name) => format!("{first} -> func {}", text(name)),
                Declares::Values(names) => {
                    format!("{first} -> {}", names.into_iter().map(text).collect::<Vec<_>>().join(" "))
                }
                Declares::Types => format!("{first} -> types"),
            }
        };
        pieces(source.as_bytes(), Language::Go).map(|pieces| pieces.into_iter().map(shown).collect())
    }

    #[test]
    fn declarations_are_told_apart() {
        let source = "// Package p.\npackage p\n\nimport (\n\t\"fmt\"\n)\n\n// f.\nfunc f() {\n}\n\n\
            func (t *T[K]) Run(x interface{}) struct{ a int } {\n\tg()\n}\n\nfunc asm(x int) int\n\
            var a, b = 1, func() {\n}\nconst (\n\tc = iota // (\n\td, e\n\tF int = 3 +\n\t\t4\n)\nvar x, y T\n\
            type (\n\tA struct{}\n)\ntype I interface {\n\tDo(var_ int)\n}\n";
        let expected = [
            "package p -> imports",
            "import (|\t\"fmt\"|) -> imports",
            "func f() {|} -> func f",
            "func (t *T[K]) Run(x interface{}) struct{ a int } {|\tg()|} -> func Run",
            "func asm(x int) int -> func asm",
            "var a, b = 1, func() {|} -> a b",
            "const (|\tc = iota // (|\td, e|\tF int = 3 +|\t\t4|) -> c d e F",
            "var x, y T -> x y",
            "type (|\tA struct{}|) -> types",
            "type I interface {|\tDo(var_ int)|} -> types",
        ];
        assert_eq!(shown(source).expect("it is Go"), expected);
    }

    #[test]
    fn strings_and_comments_open_and_close_nothing() {
        let source = "package p; import \"x\"\nfunc f() {\n\t_ = `\n}\nfunc g() {\n` + \"}\\\"}\" + string('}') + string('\\'')\n\
            }\n/* func h() {\n*/ func k() { /* } */ // }\n}\nvar s = `\nfunc`\nvar t =\nfunc() {}\nvar (u = 1; v = 2)\nfunc é() {}";
        let expected = [
            "package p; -> imports",
            "import \"x\" -> imports",
            "func f() {|\t_ = `|}|func g() {|` + \"}\\\"}\" + string('}') + string('\\'')|} -> func f",
            "func k() { /* } */ // }|} -> func k",
            "var s = `|func` -> s",
            "var t =|func() {} -> t",
            "var (u = 1; v = 2) -> u v",
            "func é() {} -> func é",
        ];
        assert_eq!(shown(source).expect("it is Go"), expected);
    }

    #[test]
    fn what_is_no_go_is_not_taken_apart() {
        for source in [
            "package p\nfunc f() {",
            "package p\nfunc f() {}}",
            "package p\nvar s = \"a\nb\"",
            "package p\nvar s = `a",
            "package p\nx := 1",
            "package p\nfunc\n",
            "package p\nvar (\n\ta = 1",
            "package p\n)",
            "{",
        ] {
            assert_eq!(shown(source), None, "{source}");
        }
        assert_eq!(pieces(b"def f(): pass\n", Language::Python), None);
    }
}
