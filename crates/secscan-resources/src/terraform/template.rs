//! Templates: quoted strings with interpolations, here-documents, `%{ if }` and `%{ for }`.

use std::sync::Arc;

use secscan_model::{Location, Node, Part, Reference, Unresolved, Value};

use super::body::{Elements, elements};
use super::evaluator::{Evaluator, Name, Scope};
use super::value::{Failure, Outcome, boolean, collect_refs, fail, is_sensitive, marked, text, with_refs};
use secscan_parse::hcl::syntax::{Expression, Piece, Repetition};

/// How long a text that is put together may be, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// Of how many parts a text that is known in part may consist.
pub(super) const MAX_PARTS: usize = 1_000;

/// A text under construction.
#[derive(Default)]
struct Text {
    parts: Vec<Part>,
    /// Known text behind the last part.
    tail: String,
    /// Why the text is not known whole, when it is not.
    why: Option<Arc<str>>,
    refs: Vec<Reference>,
    sensitive: bool,
    length: usize,
}

impl Text {
    fn literal(&mut self, literal: &str) -> Result<(), Failure> {
        self.length += literal.len();
        if self.length > MAX_TEXT {
            return fail("the text is too long");
        }
        self.tail.push_str(literal);
        Ok(())
    }

    fn hole(&mut self, written: &str, why: Arc<str>) -> Result<(), Failure> {
        self.flush();
        self.length += written.len();
        if self.length > MAX_TEXT || self.parts.len() > MAX_PARTS {
            return fail("the text is too long");
        }
        self.parts.push(Part::Hole(written.into()));
        self.why.get_or_insert(why);
        Ok(())
    }

    /// The parts of a text that is itself known in part.
    fn parts(&mut self, unresolved: &Unresolved) -> Result<(), Failure> {
        for part in &unresolved.parts {
            match part {
                Part::Fixed(text) => self.literal(text)?,
                Part::Hole(written) => self.hole(written, unresolved.why.clone())?,
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.tail.is_empty() {
            self.parts.push(Part::Fixed(std::mem::take(&mut self.tail).into()));
        }
    }

    fn node(mut self, at: Location) -> Node {
        let node = match self.why.take() {
            None => Node::text(self.tail, at),
            Some(why) => {
                self.flush();
                let unresolved = Unresolved { why, perhaps_absent: false, parts: self.parts };
                Node::new(Value::Unresolved(unresolved.into()), at)
            }
        };
        marked(with_refs(node, &self.refs), self.sensitive)
    }
}

impl<'a> Evaluator<'a> {
    /// The value of a template.
    pub(super) fn template(&mut self, pieces: &[Piece], at: Location, scope: Scope<'_>) -> Outcome {
        let mut text = Text::default();
        self.pieces(pieces, &mut text, scope)?;
        Ok(self.made(text.node(at), at))
    }

    fn pieces(&mut self, pieces: &[Piece], out: &mut Text, scope: Scope<'_>) -> Result<(), Failure> {
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => out.literal(literal)?,
                Piece::Hole(span, expression) => self.interpolation(expression, scope.at(*span), out, scope)?,
                Piece::Choice(span, condition, then, other) => {
                    let condition = self.attempt(condition, scope)?;
                    out.sensitive |= is_sensitive(&condition);
                    match condition.as_unresolved() {
                        Some(unresolved) => {
                            collect_refs(&condition, &mut out.refs);
                            out.hole(scope.written(scope.at(*span)), unresolved.why.clone())?;
                        }
                        None if boolean(&condition)? => self.pieces(then, out, scope)?,
                        None => self.pieces(other, out, scope)?,
                    }
                }
                Piece::Repetition(span, repetition) => self.repetition(repetition, scope.at(*span), out, scope)?,
            }
        }
        Ok(())
    }

    fn interpolation(
        &mut self,
        expression: &Expression,
        at: Location,
        out: &mut Text,
        scope: Scope<'_>,
    ) -> Result<(), Failure> {
        let value = self.attempt(expression, scope)?;
        collect_refs(&value, &mut out.refs);
        out.sensitive |= is_sensitive(&value);
        match value.as_unresolved() {
            Some(unresolved) if !unresolved.parts.is_empty() => out.parts(unresolved),
            Some(unresolved) => out.hole(scope.written(at), unresolved.why.clone()),
            None => match text(&value) {
                Ok(text) => out.literal(&text),
                // What `jsonencode` gave, with something unknown in it.
                Err(Failure { why, unknown: true, .. }) => out.hole(scope.written(at), why),
                Err(failure) => Err(failure),
            },
        }
    }

    /// `%{ for }`.
    fn repetition(
        &mut self,
        repetition: &Repetition,
        at: Location,
        out: &mut Text,
        scope: Scope<'_>,
    ) -> Result<(), Failure> {
        let collection = self.attempt(&repetition.collection, scope)?;
        out.sensitive |= is_sensitive(&collection);
        match elements(&collection) {
            Some(Elements { pairs, more: None }) => {
                for (key, value) in &pairs {
                    let name = repetition.key_name.as_deref().unwrap_or_default();
                    let outer = Name { name, value: key, outer: scope.names };
                    let names = Name { name: &repetition.value_name, value, outer: Some(&outer) };
                    self.pieces(&repetition.pieces, out, Scope { names: Some(&names), ..scope })?;
                }
                Ok(())
            }
            Some(Elements { more: Some(why), .. }) => out.hole(scope.written(at), why),
            None => match collection.as_unresolved() {
                Some(unresolved) => {
                    collect_refs(&collection, &mut out.refs);
                    out.hole(scope.written(at), unresolved.why.clone())
                }
                None => fail("`for` needs a list or a map"),
            },
        }
    }
}
