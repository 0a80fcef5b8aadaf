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

/// The call of a function as a template writes it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name of the function.
    pub function: Rc<str>,
    /// Its arguments as they are written, without what a pipeline hands on.
    pub arguments: String,
    /// The bytes of both.
    pub span: Span,
}

impl Definition {
    /// The functions that it calls, in order.
    pub fn calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        self.calls_of(&self.nodes, &mut calls);
        calls
    }

    fn calls_of(&self, nodes: &[Node], into: &mut Vec<Call>) {
        for node in nodes {
            match node {
                Node::Action(pipeline) => self.calls_in(pipeline, into),
                Node::Template(_, _, pipeline) => pipeline.iter().for_each(|pipeline| self.calls_in(pipeline, into)),
                Node::Branch(branch) => {
                    self.calls_in(&branch.pipeline, into);
                    self.calls_of(&branch.body, into);
                    self.calls_of(&branch.otherwise, into);
                }
                Node::Text(_) | Node::Break | Node::Continue => {}
            }
        }
    }

    fn calls_in(&self, pipeline: &Pipeline, into: &mut Vec<Call>) {
        for command in &pipeline.commands {
            if let Some(Operand::Function(name)) = command.operands.first() {
                let written = self.text.as_str().get(command.span.range()).unwrap_or_default();
                let arguments = written.strip_prefix(&**name).unwrap_or_default().trim().to_owned();
                into.push(Call { function: name.clone(), arguments, span: command.span });
            }
            for operand in &command.operands {
                let of = match operand {
                    Operand::Chain(of, _) => of,
                    operand => operand,
                };
                if let Operand::Pipeline(pipeline) = of {
                    self.calls_in(pipeline, into);
                }
            }
        }
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
