//! Text in quotes.

use std::sync::Arc;

use super::cursor::{Cursor, Read};
use super::syntax::{Expr, ExprKind};

impl Cursor<'_> {
    /// Text in one quote on each side, or in three.
    pub(super) fn quoted(&mut self) -> Read<Expr> {
        if self.rest().starts_with("'''") { self.verbatim() } else { self.single() }
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
                    self.expect("}")?;
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
                let digits =
                    self.rest()[2..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
                let decoded = digits.and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
                match (decoded, digits) {
                    (Some(decoded), Some(digits)) => (decoded, digits.len() + 4),
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
