//! HCL: every place that a file or a template names lies in it, and no file has more to say than promised.

use secscan_model::{Source, SourceId, Span};
use secscan_parse::MAX_DIAGNOSTICS;
use secscan_parse::hcl::syntax::{Body, Expression, Item, KeyKind, Kind, Piece, Step};
use secscan_parse::hcl::{self, Offsets};

use crate::parsers::Visit;

/// Parses an input as a file, and as a template and an expression that stand alone.
pub(crate) fn run(input: &[u8]) {
    let source = Source { bytes: input.into(), ..Source::from_text(SourceId(0), "main.tf", "") };
    let places = Places { visit: Visit { sources: std::slice::from_ref(&source), left: 0 }, source: &source };
    let file = hcl::parse(&source);
    assert!(file.diagnostics.len() <= MAX_DIAGNOSTICS, "{} diagnostics", file.diagnostics.len());
    file.diagnostics.iter().filter_map(|diagnostic| diagnostic.at).for_each(|at| places.visit.place(at));
    file.comments.iter().for_each(|comment| places.span(comment.span));
    places.body(&file.body);
    if let Ok(text) = source.text() {
        let alone = [hcl::template(text, Offsets::Same), hcl::expression(text, Offsets::Same)];
        alone.iter().flatten().for_each(|expression| places.expression(expression));
    }
}

/// A look at the places of what was read.
struct Places<'a> {
    visit: Visit<'a>,
    source: &'a Source,
}

impl Places<'_> {
    fn span(&self, span: Span) {
        self.visit.place(self.source.at(span));
    }

    fn body(&self, body: &Body) {
        for item in &body.items {
            match item {
                Item::Attribute(attribute) => {
                    self.span(attribute.name_span);
                    self.expression(&attribute.value);
                }
                Item::Block(block) => {
                    self.span(block.header);
                    self.span(block.span);
                    self.body(&block.body);
                }
            }
        }
    }

    fn expression(&self, expression: &Expression) {
        self.span(expression.span);
        let all = |inner: &[Expression]| inner.iter().for_each(|inner| self.expression(inner));
        match &expression.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Name(_) => {}
            Kind::List(items) => all(items),
            Kind::Call(call) => all(&call.arguments),
            Kind::Conditional(parts) => all(&**parts),
            Kind::Binary(_, operands) => all(&**operands),
            Kind::Wrapped(inner) | Kind::Not(inner) | Kind::Negative(inner) => self.expression(inner),
            Kind::Template(pieces) => self.pieces(pieces),
            Kind::Object(entries) => {
                for (key, value) in entries {
                    self.span(key.span);
                    if let KeyKind::Computed(key) = &key.kind {
                        self.expression(key);
                    }
                    self.expression(value);
                }
            }
            Kind::Steps(steps) => {
                self.expression(&steps.0);
                for step in &steps.1 {
                    if let Step::Index(index) = step {
                        self.expression(index);
                    }
                }
            }
            Kind::For(each) => {
                let parts = [Some(&each.collection), each.key.as_ref(), Some(&each.value), each.condition.as_ref()];
                parts.into_iter().flatten().for_each(|part| self.expression(part));
            }
        }
    }

    fn pieces(&self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Literal(_) => {}
                Piece::Hole(span, value) => {
                    self.span(*span);
                    self.expression(value);
                }
                Piece::Choice(span, condition, then, other) => {
                    self.span(*span);
                    self.expression(condition);
                    self.pieces(then);
                    self.pieces(other);
                }
                Piece::Repetition(span, repetition) => {
                    self.span(*span);
                    self.expression(&repetition.collection);
                    self.pieces(&repetition.pieces);
                }
            }
        }
    }
}
