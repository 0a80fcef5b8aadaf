//! From the tree of `hcl-edit` to ours.

use hcl_edit::expr::{
    self, BinaryOp, BinaryOperator, ForExpr, FuncCall, ObjectKey, TraversalOperator, UnaryOp, UnaryOperator,
};
use hcl_edit::structure::{self, Structure};
use hcl_edit::template::Template;
use secscan_model::{Scalar, ScalarKind, Span};

use secscan_parse::hcl::syntax::{
    Attribute, Block, Body, Call, Expression, For, Item, Key, KeyKind, Kind, Operator, Piece, Repetition, Step,
};

use super::texts::Texts;

/// The body of a file of which `text` is the text.
pub(super) fn body(parsed: &structure::Body, text: &str) -> Body {
    Lowering { text }.body(parsed)
}

/// How a text is turned from `hcl-edit`'s tree into ours.
#[derive(Clone, Copy, Debug)]
struct Lowering<'t> {
    text: &'t str,
}

impl Lowering<'_> {
    fn span(&self, parsed: &impl hcl_edit::Span) -> Span {
        parsed.span().unwrap_or_default().into()
    }

    fn body(&self, parsed: &structure::Body) -> Body {
        let items = parsed.iter().map(|structure| match structure {
            Structure::Attribute(attribute) => Item::Attribute(Attribute {
                name: attribute.key.as_str().into(),
                name_span: self.span(&attribute.key),
                value: self.expression(&attribute.value),
            }),
            Structure::Block(block) => Item::Block(self.block(block)),
        });
        Body { items: items.collect() }
    }

    fn block(&self, block: &structure::Block) -> Block {
        let start = self.span(&block.ident);
        Block {
            of: block.ident.as_str().into(),
            labels: block.labels.iter().map(|label| label.as_str().into()).collect(),
            header: start.cover(block.labels.last().map_or(start, |label| self.span(label))),
            span: self.span(block),
            body: self.body(&block.body),
        }
    }

    fn expression(&self, parsed: &expr::Expression) -> Expression {
        use expr::Expression as Parsed;
        let kind = match parsed {
            Parsed::Null(_) => Kind::Null,
            Parsed::Bool(value) => Kind::Bool(*value.value()),
            Parsed::Number(value) => Kind::Number(self.number(value)),
            Parsed::String(value) => Kind::Text(value.as_str().into()),
            Parsed::Array(array) => Kind::List(array.iter().map(|item| self.expression(item)).collect()),
            Parsed::Object(object) => {
                let entries = object.iter().map(|(key, value)| (self.key(key), self.expression(value.expr())));
                Kind::Object(entries.collect())
            }
            Parsed::StringTemplate(template) => self.template(template, None),
            Parsed::HeredocTemplate(heredoc) => {
                let opening = self.text.get(parsed_range(parsed)).unwrap_or_default();
                self.template(&heredoc.template, Some(opening.starts_with("<<-")))
            }
            Parsed::Parenthesis(inner) => return self.expression(inner.inner()),
            Parsed::Variable(name) => Kind::Name(name.as_str().into()),
            Parsed::Traversal(traversal) => {
                let steps = traversal.operators.iter().map(|step| self.step(step.value()));
                Kind::Steps(Box::new((self.expression(&traversal.expr), steps.collect())))
            }
            Parsed::FuncCall(call) => Kind::Call(Box::new(self.call(call))),
            Parsed::Conditional(parsed) => Kind::Conditional(Box::new([
                self.expression(&parsed.cond_expr),
                self.expression(&parsed.true_expr),
                self.expression(&parsed.false_expr),
            ])),
            Parsed::UnaryOp(operation) => self.unary(operation),
            Parsed::BinaryOp(operation) => self.binary(operation),
            Parsed::ForExpr(parsed) => Kind::For(Box::new(self.for_expression(parsed))),
        };
        Expression { kind, span: self.span(parsed) }
    }

    /// A number, with the text that it is written as.
    fn number(&self, value: &hcl_edit::Formatted<hcl_edit::Number>) -> Scalar {
        let kind = match (value.value().as_i64(), value.value().as_f64()) {
            (Some(whole), _) => ScalarKind::Int(whole),
            (None, Some(other)) => ScalarKind::Float(other),
            (None, None) => ScalarKind::Text,
        };
        let range = hcl_edit::Span::span(value).unwrap_or_default();
        Scalar { kind, text: self.text.get(range).unwrap_or_default().into() }
    }

    fn key(&self, key: &ObjectKey) -> Key {
        let kind = match key {
            ObjectKey::Ident(name) => KeyKind::Name(name.as_str().into()),
            ObjectKey::Expression(expr::Expression::Variable(name)) => KeyKind::Name(name.as_str().into()),
            ObjectKey::Expression(expr::Expression::String(text)) => KeyKind::Name(text.as_str().into()),
            ObjectKey::Expression(key) => KeyKind::Computed(self.expression(key)),
        };
        Key { span: self.span(key), kind }
    }

    fn step(&self, step: &TraversalOperator) -> Step {
        match step {
            TraversalOperator::GetAttr(name) => Step::Attribute(name.as_str().into()),
            TraversalOperator::Index(index) => Step::Index(self.expression(index)),
            TraversalOperator::LegacyIndex(index) => Step::LegacyIndex(*index.value()),
            TraversalOperator::FullSplat(_) => Step::FullSplat,
            TraversalOperator::AttrSplat(_) => Step::AttributeSplat,
        }
    }

    fn call(&self, call: &FuncCall) -> Call {
        let namespace = call.name.namespace.iter().map(|name| format!("{}::", name.as_str()));
        let name: String = namespace.chain([call.name.name.as_str().to_owned()]).collect();
        let arguments = call.args.iter().map(|argument| self.expression(argument)).collect();
        Call { name: name.into(), arguments, expands: call.args.expand_final() }
    }

    fn unary(&self, operation: &UnaryOp) -> Kind {
        let operand = Box::new(self.expression(&operation.expr));
        match operation.operator.value() {
            UnaryOperator::Not => Kind::Not(operand),
            UnaryOperator::Neg => Kind::Negative(operand),
        }
    }

    fn binary(&self, operation: &BinaryOp) -> Kind {
        let operator = match operation.operator.value() {
            BinaryOperator::And => Operator::And,
            BinaryOperator::Or => Operator::Or,
            BinaryOperator::Eq => Operator::Equal,
            BinaryOperator::NotEq => Operator::NotEqual,
            BinaryOperator::Less => Operator::Less,
            BinaryOperator::LessEq => Operator::LessOrEqual,
            BinaryOperator::Greater => Operator::Greater,
            BinaryOperator::GreaterEq => Operator::GreaterOrEqual,
            BinaryOperator::Plus => Operator::Plus,
            BinaryOperator::Minus => Operator::Minus,
            BinaryOperator::Mul => Operator::Times,
            BinaryOperator::Div => Operator::Divide,
            BinaryOperator::Mod => Operator::Modulo,
        };
        let operands = [self.expression(&operation.lhs_expr), self.expression(&operation.rhs_expr)];
        Kind::Binary(operator, Box::new(operands))
    }

    fn for_expression(&self, parsed: &ForExpr) -> For {
        For {
            key_name: parsed.intro.key_var.as_ref().map(|name| name.as_str().into()),
            value_name: parsed.intro.value_var.as_str().into(),
            collection: self.expression(&parsed.intro.collection_expr),
            key: parsed.key_expr.as_ref().map(|key| self.expression(key)),
            value: self.expression(&parsed.value_expr),
            condition: parsed.cond.as_ref().map(|condition| self.expression(&condition.expr)),
            grouping: parsed.grouping,
        }
    }

    /// A template. `lines` is none within quotes; elsewhere it tells whether the indentation that all lines share goes.
    fn template(&self, template: &Template, lines: Option<bool>) -> Kind {
        use hcl_edit::template::Element;
        if let (Some(Element::Interpolation(only)), 1) = (template.get(0), template.len()) {
            return Kind::Wrapped(Box::new(self.expression(&only.expr)));
        }
        let mut texts = Texts::of(template, self.text, lines);
        let mut pieces = self.pieces(template, &mut texts);
        match &mut *pieces {
            [] => Kind::Text("".into()),
            [Piece::Literal(text)] => Kind::Text(text.clone()),
            _ => Kind::Template(pieces),
        }
    }

    fn pieces(&self, template: &Template, texts: &mut Texts) -> Vec<Piece> {
        use hcl_edit::template::{Directive, Element};
        let mut pieces = Vec::with_capacity(template.len());
        for element in template.iter() {
            let span = self.span(element);
            match element {
                Element::Literal(_) => {
                    let text = texts.next();
                    if !text.is_empty() {
                        pieces.push(Piece::Literal(text));
                    }
                }
                Element::Interpolation(hole) => pieces.push(Piece::Hole(span, self.expression(&hole.expr))),
                Element::Directive(directive) => pieces.push(match &**directive {
                    Directive::If(choice) => {
                        let condition = self.expression(&choice.if_expr.cond_expr);
                        let then = self.pieces(&choice.if_expr.template, texts);
                        let other = choice.else_expr.as_ref();
                        let other = other.map(|other| self.pieces(&other.template, texts));
                        Piece::Choice(span, condition, then, other.unwrap_or_default())
                    }
                    Directive::For(repetition) => {
                        let each = &repetition.for_expr;
                        let repetition = Repetition {
                            key_name: each.key_var.as_ref().map(|name| name.as_str().into()),
                            value_name: each.value_var.as_str().into(),
                            collection: self.expression(&each.collection_expr),
                            pieces: self.pieces(&each.template, texts),
                        };
                        Piece::Repetition(span, Box::new(repetition))
                    }
                }),
            }
        }
        pieces
    }
}

fn parsed_range(parsed: &impl hcl_edit::Span) -> std::ops::Range<usize> {
    parsed.span().unwrap_or_default()
}
