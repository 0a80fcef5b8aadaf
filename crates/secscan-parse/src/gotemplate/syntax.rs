//! What a template is made of.

use std::rc::Rc;

use secscan_model::Span;

use super::text::Text;

/// A named template: a file, or what `define` and `block` name within one.
#[derive(Debug)]
pub struct Definition {
    /// Its name.
    pub name: Rc<str>,
    /// The text of the file that it stands in; spans are offsets into it.
    pub text: Text,
    /// What it does.
    pub(super) nodes: Vec<Node>,
}

impl Definition {
    /// Whether it writes nothing but white space.
    pub(super) fn is_blank(&self) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text(span) => self.text.as_str().get(span.range()).is_some_and(|text| text.trim().is_empty()),
            _ => false,
        })
    }
}

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Node {
    /// Text as it stands.
    Text(Span),
    /// An action that writes the value of its pipeline, unless it only sets a variable.
    Action(Pipeline),
    /// `if`, `with` or `range`.
    Branch(Box<Branch>),
    /// `template NAME PIPELINE`.
    Template(Span, Rc<str>, Option<Pipeline>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// `if`, `with` or `range` with what follows from it.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) kind: BranchKind,
    pub(super) pipeline: Pipeline,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BranchKind {
    If,
    With,
    Range,
}

/// Commands whose values are handed on from one to the next.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) span: Span,
    /// The variables that it sets.
    pub(super) variables: Vec<Rc<str>>,
    /// Whether these exist already.
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

/// An operand, or a function with its arguments.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) span: Span,
    pub(super) operands: Vec<Operand>,
}

#[derive(Debug)]
pub(super) enum Operand {
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    /// `.a.b`
    Field(Vec<Rc<str>>),
    /// `$x.a.b`
    Variable(Rc<str>, Vec<Rc<str>>),
    /// The name of a function.
    Function(Rc<str>),
    /// `(...).a.b`
    Chain(Box<Operand>, Vec<Rc<str>>),
    /// `(...)`
    Pipeline(Box<Pipeline>),
}
