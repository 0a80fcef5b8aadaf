//! Templates: quoted strings with interpolations, here-documents, `%{ if }` and `%{ for }`.

use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::template::{Directive, Element, ForDirective, IfDirective, Strip, Template};
use secscan_model::{Location, Node, Part, Reference, Unresolved, Value};

use super::body::{Elements, elements};
use super::evaluator::{Evaluator, Name, Scope};
use super::value::{Failure, Outcome, boolean, collect_refs, fail, text, with_refs};

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
    /// Whether white space at the start of the next literal goes (`~}`).
    strip: bool,
    length: usize,
}

impl Text {
    fn literal(&mut self, literal: &str) -> Result<(), Failure> {
        let literal = if std::mem::take(&mut self.strip) { literal.trim_start() } else { literal };
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
        with_refs(node, &self.refs)
    }

    fn strip_before(&mut self, strip: Strip) {
        if strip.strip_start() {
            self.tail.truncate(self.tail.trim_end().len());
        }
    }

    fn strip_after(&mut self, strip: Strip) {
        self.strip = strip.strip_end();
    }
}

impl<'a> Evaluator<'a> {
    /// The value of a template. One that is a single interpolation has that value, whatever its type.
    pub(super) fn template(&mut self, template: &Template, at: Location, scope: Scope<'_>) -> Outcome {
        match template.as_single_element() {
            Some(Element::Literal(literal)) => return Ok(Node::text(literal.as_str(), at)),
            Some(Element::Interpolation(interpolation)) => return self.attempt(&interpolation.expr, scope),
            _ => {}
        }
        let mut text = Text::default();
        self.elements(template, &mut text, scope)?;
        Ok(self.used(text.node(at), at))
    }

    fn elements(&mut self, template: &Template, out: &mut Text, scope: Scope<'_>) -> Result<(), Failure> {
        for element in template.iter() {
            match element {
                Element::Literal(literal) => out.literal(literal)?,
                Element::Interpolation(interpolation) => {
                    out.strip_before(interpolation.strip);
                    self.interpolation(&interpolation.expr, scope.at(element), out, scope)?;
                    out.strip_after(interpolation.strip);
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(choice) => self.choice(choice, scope.at(element), out, scope)?,
                    Directive::For(repetition) => self.repetition(repetition, scope.at(element), out, scope)?,
                },
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
        out.strip = false;
        match value.as_unresolved() {
            Some(unresolved) if !unresolved.parts.is_empty() => out.parts(unresolved),
            Some(unresolved) => out.hole(scope.written(at), unresolved.why.clone()),
            None => match text(&value) {
                Ok(text) => out.literal(&text),
                // What `jsonencode` gave, with something unknown in it.
                Err(Failure { why, unknown: true }) => out.hole(scope.written(at), why),
                Err(failure) => Err(failure),
            },
        }
    }

    /// `%{ if }`.
    fn choice(&mut self, choice: &IfDirective, at: Location, out: &mut Text, scope: Scope<'_>) -> Result<(), Failure> {
        out.strip_before(choice.if_expr.strip);
        let condition = self.attempt(&choice.if_expr.cond_expr, scope)?;
        if let Some(unresolved) = condition.as_unresolved() {
            out.hole(scope.written(at), unresolved.why.clone())?;
        } else if boolean(&condition)? {
            out.strip_after(choice.if_expr.strip);
            self.elements(&choice.if_expr.template, out, scope)?;
            let end = choice.else_expr.as_ref().map_or(choice.endif_expr.strip, |other| other.strip);
            out.strip_before(end);
        } else if let Some(other) = &choice.else_expr {
            out.strip_after(other.strip);
            self.elements(&other.template, out, scope)?;
            out.strip_before(choice.endif_expr.strip);
        }
        out.strip_after(choice.endif_expr.strip);
        Ok(())
    }

    /// `%{ for }`.
    fn repetition(
        &mut self,
        repetition: &ForDirective,
        at: Location,
        out: &mut Text,
        scope: Scope<'_>,
    ) -> Result<(), Failure> {
        let each = &repetition.for_expr;
        out.strip_before(each.strip);
        let collection = self.attempt(&each.collection_expr, scope)?;
        match elements(&collection) {
            Some(Elements { pairs, more: None }) => {
                for (key, value) in &pairs {
                    let outer = Name {
                        name: each.key_var.as_ref().map_or("", |name| name.as_str()),
                        value: key,
                        outer: scope.names,
                    };
                    let names = Name { name: each.value_var.as_str(), value, outer: Some(&outer) };
                    out.strip_after(each.strip);
                    self.elements(&each.template, out, Scope { names: Some(&names), ..scope })?;
                    out.strip_before(repetition.endfor_expr.strip);
                }
            }
            Some(Elements { more: Some(why), .. }) => out.hole(scope.written(at), why)?,
            None => match collection.as_unresolved() {
                Some(unresolved) => out.hole(scope.written(at), unresolved.why.clone())?,
                None => return fail("`for` needs a list or a map"),
            },
        }
        out.strip_after(repetition.endfor_expr.strip);
        Ok(())
    }
}
