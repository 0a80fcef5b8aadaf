//! Text in quotes.

use std::sync::Arc;

use super::cursor::{Cursor, Read};
use super::syntax::{Expr, ExprKind};

impl Cursor<'_> {
    /// Text in one quote on each side, or in three.
    pub(super) fn quoted(&mut self) -> Read<Expr> {
        let marks = self.rest().bytes().take_while(|byte| *byte == b'$').count();
        match self.rest()[marks..].starts_with("'''") {
            true if marks > 0 => self.verbatim_with_values(marks),
            true => self.verbatim(),
            false if marks > 0 => self.error("`'''` is missing here"),
            false => self.single(),
        }
    }

    /// Text over several lines with values in it: as many dollars as stand before the quotes open one.
    fn verbatim_with_values(&mut self, marks: usize) -> Read<Expr> {
        let start = self.at;
        self.at += marks + 3;
        for line_break in ["\r\n", "\n"] {
            if self.rest().starts_with(line_break) {
                self.at += line_break.len();
                break;
            }
        }
        let (mut pieces, mut text, mut piece_start) = (Vec::new(), String::new(), self.at);
        loop {
            let rest = self.rest();
            let Some(next) = rest.chars().next() else { return self.error("the text has no end") };
            if rest.starts_with("'''") && !rest.starts_with("''''") {
                break;
            }
            let dollars = rest.bytes().take_while(|byte| *byte == b'$').count();
            if dollars >= marks && rest[dollars..].starts_with('{') {
                // Of more dollars than are asked for, the first ones are text.
                text.push_str(&rest[..dollars - marks]);
                self.at += dollars - marks;
                self.fixed(&mut pieces, &mut text, piece_start);
                self.at += marks + 1;
                self.space();
                pieces.push(self.expression()?);
                self.space();
                self.need("}")?;
                piece_start = self.at;
            } else {
                let length = dollars.max(next.len_utf8());
                text.push_str(&rest[..length]);
                self.at += length;
            }
        }
        self.fixed(&mut pieces, &mut text, piece_start);
        self.at += 3;
        Ok(Expr { kind: ExprKind::Interpolated(pieces), span: self.span(start) })
    }

    /// Text over several lines, as it is written.
    fn verbatim(&mut self) -> Read<Expr> {
        let start = self.at;
        let inside = &self.rest()[3..];
        let Some(end) = inside.find("'''") else { return self.error("the text has no end") };
        // A quote too many belongs to the text.
        let extra = inside[end + 3..].bytes().take_while(|byte| *byte == b'\'').count();
        let text = &inside[..end + extra];
        let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
        let kind = ExprKind::Text(text.into());
        self.at += end + extra + 6;
        Ok(Expr { kind, span: self.span(start) })
    }

    fn single(&mut self) -> Read<Expr> {
        let start = self.at;
        self.at += 1;
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut piece_start = self.at;
        loop {
            let Some(next) = self.rest().chars().next() else { return self.error("the text has no end") };
            match next {
                '\'' => break,
                '\n' => return self.error("the text has no end on its line"),
                '\\' => self.escape(&mut text)?,
                '$' if self.rest().starts_with("${") => {
                    self.fixed(&mut pieces, &mut text, piece_start);
                    self.at += 2;
                    self.space();
                    pieces.push(self.expression()?);
                    self.space();
                    self.need("}")?;
                    piece_start = self.at;
                }
                _ => {
                    text.push(next);
                    self.at += next.len_utf8();
                }
            }
        }
        if pieces.is_empty() {
            self.at += 1;
            return Ok(Expr { kind: ExprKind::Text(text.into()), span: self.span(start) });
        }
        self.fixed(&mut pieces, &mut text, piece_start);
        self.at += 1;
        Ok(Expr { kind: ExprKind::Interpolated(pieces), span: self.span(start) })
    }

    /// Ends a piece of fixed text.
    fn fixed(&self, pieces: &mut Vec<Expr>, text: &mut String, start: usize) {
        if !text.is_empty() {
            let kind = ExprKind::Text(Arc::from(std::mem::take(text)));
            pieces.push(Expr { kind, span: self.span(start) });
        }
    }

    fn escape(&mut self, text: &mut String) -> Read<()> {
        let escaped = self.rest()[1..].chars().next();
        let (decoded, length) = match escaped {
            Some('n') => ('\n', 2),
            Some('r') => ('\r', 2),
            Some('t') => ('\t', 2),
            Some('u') => {
                let rest = self.rest()[2..].strip_prefix('{').unwrap_or_default();
                let digits = rest.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or_default();
                // Half of a pair of surrogates is no character, but Bicep takes it.
                match u32::from_str_radix(digits, 16) {
                    Ok(code) if rest[digits.len()..].starts_with('}') => {
                        (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), digits.len() + 4)
                    }
                    _ => return self.error("this is no character"),
                }
            }
            Some(other) => (other, 1 + other.len_utf8()),
            None => return self.error("the text has no end"),
        };
        text.push(decoded);
        self.at += length;
        Ok(())
    }
}
