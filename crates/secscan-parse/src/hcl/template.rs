//! Texts and templates: quoted, in here-documents, or files of their own.
//!
//! A template is first a list of parts; white space that markers (`~`) and here-documents (`<<-`) remove is taken out of
//! them, then directives are put together. A literal within quotes is one part; elsewhere each of its lines is one. A
//! marker reaches no further than the part beside it:
//! <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#template-literals>.

use std::sync::Arc;

use super::cursor::{Cursor, Fault, Read, is_name};
use super::syntax::{Expression, Kind, Piece, Repetition};

/// Where a template ends.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Until<'t> {
    Quote,
    /// The line of a here-document that says its delimiter.
    Line(&'t str),
    End,
}

/// A part of a template, from `start` to `end`.
struct Part {
    start: usize,
    end: usize,
    /// Whether it removes white space before and behind it.
    strips: [bool; 2],
    kind: PartKind,
}

enum PartKind {
    Literal(String),
    Hole(Expression),
    If(Expression),
    Else,
    EndIf,
    For(Option<Arc<str>>, Arc<str>, Expression),
    EndFor,
}

impl<'t> Cursor<'t> {
    /// A text within quotes.
    pub(super) fn quoted(&mut self) -> Read<Kind> {
        if let Some(plain) = self.plain() {
            return Ok(Kind::Text(plain.into()));
        }
        self.nested(false, |inside| {
            let start = inside.at;
            inside.at += 1;
            inside.template(start, Until::Quote)
        })
    }

    /// A text within quotes that holds no holes.
    pub(super) fn plain_text(&mut self) -> Read<Arc<str>> {
        let start = self.at;
        match self.quoted()? {
            Kind::Text(text) => Ok(text),
            _ => Err(Fault { at: start, message: "expected a text without `${`", limit: false }),
        }
    }

    /// Steps over a text within quotes that stands there as it is meant, as most do.
    fn plain(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        let rest = &self.bytes[start..];
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n'))?;
        if rest[length] != b'"' {
            return None;
        }
        self.at = start + length + 1;
        self.text.get(start..start + length)
    }

    pub(super) fn heredoc(&mut self) -> Read<Kind> {
        let start = self.at;
        let outdents = self.peek(2) == b'-';
        let name = start + if outdents { 3 } else { 2 };
        let length = self.bytes[name..].iter().take_while(|byte| is_name(**byte)).count();
        let delimiter = &self.text[name..name + length];
        self.at = name + length;
        self.at += usize::from(self.peek(0) == b'\r');
        if delimiter.is_empty() || !self.eat(b'\n') {
            return self.fault("expected the delimiter of a here-document alone");
        }
        self.at -= 1;
        if !self.is_closed(delimiter) {
            return Err(Fault { at: start, message: "this here-document is never closed", limit: false });
        }
        self.at += 1;
        self.nested(false, |inside| {
            let mut parts = inside.parts(start, Until::Line(delimiter))?;
            strip(&mut parts);
            if outdents {
                outdent(&mut parts);
            }
            inside.put_together(parts)
        })
    }

    /// The rest of a template that began at `start`.
    pub(super) fn template(&mut self, start: usize, until: Until<'t>) -> Read<Kind> {
        let mut parts = self.parts(start, until)?;
        strip(&mut parts);
        self.put_together(parts)
    }

    fn parts(&mut self, start: usize, until: Until<'t>) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        let mut begins_line = true;
        loop {
            match until {
                Until::Quote if self.eat(b'"') => return Ok(parts),
                Until::Line(delimiter) if begins_line && self.close_heredoc(delimiter) => return Ok(parts),
                Until::End if self.is_at_end() => return Ok(parts),
                _ if self.is_at_end() || (until == Until::Quote && self.peek(0) == b'\n') => {
                    return Err(Fault { at: start, message: "this text is never closed", limit: false });
                }
                _ => {}
            }
            let part = match (self.peek(0), self.peek(1)) {
                (b'$', b'{') => self.hole()?,
                (b'%', b'{') => self.directive()?,
                _ => self.literal(until == Until::Quote)?,
            };
            begins_line = matches!(&part.kind, PartKind::Literal(text) if text.ends_with('\n'));
            parts.push(part);
        }
    }

    /// What stands between holes and directives, up to the end of the text or, outside of quotes, of its line.
    fn literal(&mut self, quoted: bool) -> Read<Part> {
        let start = self.at;
        let mut text = String::new();
        loop {
            let rest = &self.bytes[self.at..];
            let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n');
            let length = rest.iter().position(is_special).unwrap_or(rest.len());
            text.push_str(&self.text[self.at..self.at + length]);
            self.at += length;
            match (self.peek(0), self.peek(1)) {
                (b'$' | b'%', b'{') => break,
                (marker @ (b'$' | b'%'), again) if marker == again && self.peek(2) == b'{' => {
                    text.push_str(&self.text[self.at + 1..self.at + 3]);
                    self.at += 3;
                }
                (b'"', _) | (b'\n', _) if quoted => break,
                (b'\\', _) if quoted => text.push(self.escape()?),
                (b'\n', _) => {
                    text.push('\n');
                    self.at += 1;
                    break;
                }
                _ if self.is_at_end() => break,
                (other, _) => {
                    text.push(char::from(other));
                    self.at += 1;
                }
            }
        }
        Ok(Part { start, end: self.at, strips: [false; 2], kind: PartKind::Literal(text) })
    }

    fn escape(&mut self) -> Read<char> {
        let digits = match self.peek(1) {
            b'n' => return Ok(self.escaped('\n')),
            b'r' => return Ok(self.escaped('\r')),
            b't' => return Ok(self.escaped('\t')),
            b'"' => return Ok(self.escaped('"')),
            b'\\' => return Ok(self.escaped('\\')),
            b'u' => 4,
            b'U' => 8,
            _ => return self.fault("no such escape in a text"),
        };
        let code = self.text.get(self.at + 2..self.at + 2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                self.at += 2 + digits;
                Ok(c)
            }
            None => self.fault("expected the number of a character"),
        }
    }

    fn escaped(&mut self, meant: char) -> char {
        self.at += 2;
        meant
    }

    /// `${ }`
    fn hole(&mut self) -> Read<Part> {
        self.sequence(|inside| Ok(PartKind::Hole(inside.expression()?)))
    }

    /// `%{ }`
    fn directive(&mut self) -> Read<Part> {
        self.sequence(|inside| {
            let start = inside.at;
            match inside.name() {
                Some("if") => {
                    inside.gap();
                    Ok(PartKind::If(inside.expression()?))
                }
                Some("else") => Ok(PartKind::Else),
                Some("endif") => Ok(PartKind::EndIf),
                Some("for") => {
                    let (key_name, value_name) = inside.variables()?;
                    Ok(PartKind::For(key_name, value_name, inside.expression()?))
                }
                Some("endfor") => Ok(PartKind::EndFor),
                _ => Err(Fault { at: start, message: "no such directive", limit: false }),
            }
        })
    }

    /// What stands between braces, with their markers.
    fn sequence(&mut self, read: impl FnOnce(&mut Self) -> Read<PartKind>) -> Read<Part> {
        let start = self.at;
        self.nested(true, |inside| {
            inside.at += 2;
            let before = inside.eat(b'~');
            inside.gap();
            let kind = read(inside)?;
            inside.gap();
            let behind = inside.eat(b'~');
            if !inside.eat(b'}') {
                return inside.fault("expected `}`");
            }
            Ok(Part { start, end: inside.at, strips: [before, behind], kind })
        })
    }

    /// The template that parts make.
    fn put_together(&mut self, mut parts: Vec<Part>) -> Read<Kind> {
        if parts.len() == 1
            && let Some(Part { kind: PartKind::Hole(_), .. }) = parts.first()
            && let Some(Part { kind: PartKind::Hole(only), .. }) = parts.pop()
        {
            return Ok(Kind::Wrapped(Box::new(only)));
        }
        let mut parts = parts.into_iter();
        let (mut pieces, end) = self.pieces(&mut parts)?;
        if let Some(stray) = end {
            return Err(Fault { at: stray.start, message: "nothing that this directive could end", limit: false });
        }
        Ok(match &mut *pieces {
            [] => Kind::Text("".into()),
            [Piece::Literal(text)] => Kind::Text(text.clone()),
            _ => Kind::Template(pieces),
        })
    }

    /// Pieces up to the directive that ends them, and that directive.
    fn pieces(&mut self, parts: &mut std::vec::IntoIter<Part>) -> Read<(Vec<Piece>, Option<Part>)> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let end = loop {
            let Some(part) = parts.next() else { break None };
            let Part { start, end, kind, .. } = part;
            let piece = match kind {
                PartKind::Literal(text) => {
                    literal.push_str(&text);
                    continue;
                }
                PartKind::Hole(value) => Piece::Hole(self.span(start, end), value),
                PartKind::If(condition) => {
                    let (then, mut end) = self.nested(true, |inside| inside.pieces(parts))?;
                    let mut other = Vec::new();
                    if let Some(Part { kind: PartKind::Else, .. }) = end {
                        (other, end) = self.nested(true, |inside| inside.pieces(parts))?;
                    }
                    match end {
                        Some(Part { kind: PartKind::EndIf, end, .. }) => {
                            Piece::Choice(self.span(start, end), condition, then, other)
                        }
                        _ => return Err(Fault { at: start, message: "this `if` is never ended", limit: false }),
                    }
                }
                PartKind::For(key_name, value_name, collection) => {
                    let (pieces, end) = self.nested(true, |inside| inside.pieces(parts))?;
                    let Some(Part { kind: PartKind::EndFor, end, .. }) = end else {
                        return Err(Fault { at: start, message: "this `for` is never ended", limit: false });
                    };
                    let repetition = Repetition { key_name, value_name, collection, pieces };
                    Piece::Repetition(self.span(start, end), Box::new(repetition))
                }
                kind @ (PartKind::Else | PartKind::EndIf | PartKind::EndFor) => {
                    break Some(Part { start, end, strips: [false; 2], kind });
                }
            };
            add_literal(&mut pieces, &mut literal);
            pieces.push(piece);
        };
        add_literal(&mut pieces, &mut literal);
        Ok((pieces, end))
    }
}

fn add_literal(pieces: &mut Vec<Piece>, literal: &mut String) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal.as_str().into()));
        literal.clear();
    }
}

/// Removes the white space that markers remove.
fn strip(parts: &mut [Part]) {
    for place in 0..parts.len() {
        let [before, behind] = parts[place].strips;
        if before
            && let Some(Part { kind: PartKind::Literal(text), .. }) =
                place.checked_sub(1).and_then(|at| parts.get_mut(at))
        {
            text.truncate(text.trim_end().len());
        }
        if behind && let Some(Part { kind: PartKind::Literal(text), .. }) = parts.get_mut(place + 1) {
            *text = text.trim_start().to_owned();
        }
    }
}

/// Removes the indentation that all lines share. Lines of nothing but white space have no say and stay as they are.
fn outdent(parts: &mut [Part]) {
    let is_blank = |text: &str| text.ends_with('\n') && text.trim().is_empty();
    let mut shared = usize::MAX;
    let mut begins_line = true;
    for part in &*parts {
        match &part.kind {
            PartKind::Literal(text) => {
                if begins_line && !is_blank(text) {
                    shared = shared.min(text.chars().take_while(|c| c.is_whitespace()).count());
                }
                begins_line = text.ends_with('\n');
            }
            _ => {
                if begins_line {
                    shared = 0;
                }
                begins_line = false;
            }
        }
    }
    begins_line = true;
    for part in parts {
        match &mut part.kind {
            PartKind::Literal(text) => {
                let ends_line = text.ends_with('\n');
                if begins_line && !is_blank(text) {
                    *text = text.chars().skip(shared).collect();
                }
                begins_line = ends_line;
            }
            _ => begins_line = false,
        }
    }
}
