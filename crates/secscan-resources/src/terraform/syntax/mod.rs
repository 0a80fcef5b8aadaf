//! What configurations say, whichever syntax they are written in: blocks, arguments and expressions with their places.
//!
//! Reading order: the types here, [`Body`] first; `native` (from the tree of `hcl-edit`), `template` (white space of
//! templates), `json` (from located JSON).

mod json;
mod native;
mod template;

use std::sync::Arc;

use secscan_model::{Scalar, Span};

pub(super) use json::configuration as from_json;
pub(super) use native::{body as from_native, template as from_template};

/// The contents of a file or block, in order.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub items: Vec<Item>,
}

/// An argument or a block.
#[derive(Debug)]
pub(super) enum Item {
    Attribute(Attribute),
    Block(Block),
}

/// `name = value`.
#[derive(Debug)]
pub(super) struct Attribute {
    pub name: Arc<str>,
    pub name_span: Span,
    pub value: Expression,
}

/// `type "label" { ... }`.
#[derive(Debug)]
pub(super) struct Block {
    pub of: Arc<str>,
    pub labels: Vec<Arc<str>>,
    /// The type and the labels.
    pub header: Span,
    pub span: Span,
    pub body: Body,
}

/// An expression and its place.
#[derive(Debug)]
pub(super) struct Expression {
    pub kind: Kind,
    pub span: Span,
}

/// What an expression is.
#[derive(Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Scalar),
    Text(Arc<str>),
    List(Vec<Expression>),
    Object(Vec<(Key, Expression)>),
    /// A text with interpolations and directives.
    Template(Vec<Piece>),
    /// A text that is one interpolation: it has the value of that, whatever its type.
    Wrapped(Box<Expression>),
    /// A name that stands alone.
    Name(Arc<str>),
    /// Steps into a value.
    Steps(Box<(Expression, Vec<Step>)>),
    Call(Box<Call>),
    Conditional(Box<[Expression; 3]>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Binary(Operator, Box<[Expression; 2]>),
    For(Box<For>),
}

/// A key of an object.
#[derive(Debug)]
pub(super) struct Key {
    pub span: Span,
    pub kind: KeyKind,
}

/// A key as it is written, or one that is computed.
#[derive(Debug)]
pub(super) enum KeyKind {
    Name(Arc<str>),
    Computed(Expression),
}

/// A step into a value.
#[derive(Debug)]
pub(super) enum Step {
    Attribute(Arc<str>),
    Index(Expression),
    LegacyIndex(u64),
    /// `[*]`
    FullSplat,
    /// `.*`
    AttributeSplat,
}

/// A function call.
#[derive(Debug)]
pub(super) struct Call {
    /// With the namespace of a provider's function in front.
    pub name: Arc<str>,
    pub arguments: Vec<Expression>,
    /// Whether the last argument stands for its items (`...`).
    pub expands: bool,
}

/// A `for` expression.
#[derive(Debug)]
pub(super) struct For {
    pub key_name: Option<Arc<str>>,
    pub value_name: Arc<str>,
    pub collection: Expression,
    /// The key of each element, where an object is made.
    pub key: Option<Expression>,
    pub value: Expression,
    pub condition: Option<Expression>,
    /// Whether values of one key make a list (`...`).
    pub grouping: bool,
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
}

/// A piece of a template. White space that markers (`~`) remove is gone already.
#[derive(Debug)]
pub(super) enum Piece {
    Literal(Arc<str>),
    /// `${ }`; the span includes the markers.
    Hole(Span, Expression),
    /// `%{ if }`, what follows, and what follows `%{ else }`.
    Choice(Span, Expression, Vec<Piece>, Vec<Piece>),
    /// `%{ for }`.
    Repetition(Span, Box<Repetition>),
}

/// `%{ for key, value in collection }` and what is repeated.
#[derive(Debug)]
pub(super) struct Repetition {
    pub key_name: Option<Arc<str>>,
    pub value_name: Arc<str>,
    pub collection: Expression,
    pub pieces: Vec<Piece>,
}

impl Body {
    /// The arguments.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(attribute) => Some(attribute),
            Item::Block(_) => None,
        })
    }

    /// The blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(_) => None,
            Item::Block(block) => Some(block),
        })
    }

    /// The argument of a name.
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes().find(|attribute| *attribute.name == *name)
    }
}

impl Expression {
    /// The text of a literal.
    pub(super) fn as_text(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name that stands alone.
    pub(super) fn as_name(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The boolean of a literal.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }
}

impl KeyKind {
    /// The key, when it is written out.
    pub(super) fn as_text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Name(name) => Some(name),
            Self::Computed(key) => key.as_text(),
        }
    }
}
