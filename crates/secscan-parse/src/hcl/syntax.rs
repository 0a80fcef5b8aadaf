//! What files in HCL say: blocks, arguments and expressions with their places.
//!
//! [`Body`] comes first; what stands in JSON is told in the same types.

use std::sync::Arc;

use secscan_model::{Scalar, Span};

/// The contents of a file or block, in order.
#[derive(Debug, Default, PartialEq)]
pub struct Body {
    /// The arguments and blocks.
    pub items: Vec<Item>,
}

/// An argument or a block.
#[derive(Debug, PartialEq)]
pub enum Item {
    /// An argument.
    Attribute(Attribute),
    /// A block.
    Block(Block),
}

/// `name = value`.
#[derive(Debug, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: Arc<str>,
    /// The bytes of its name.
    pub name_span: Span,
    /// What stands behind the `=`.
    pub value: Expression,
}

/// `type "label" { ... }`.
#[derive(Debug, PartialEq)]
pub struct Block {
    /// Its type.
    pub of: Arc<str>,
    /// Its labels, without quotes.
    pub labels: Vec<Arc<str>>,
    /// The type and the labels.
    pub header: Span,
    /// All of it, from its type to its `}`.
    pub span: Span,
    /// What stands between its braces.
    pub body: Body,
}

/// An expression and its place.
#[derive(Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, without parentheses around it.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with the text that it is written as.
    Number(Scalar),
    /// A text without interpolations, as it is meant.
    Text(Arc<str>),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{ a = b }`, in the order of the file; a key may be said twice.
    Object(Vec<(Key, Expression)>),
    /// A text with interpolations and directives.
    Template(Vec<Piece>),
    /// A text that is one interpolation: it has the value of that, whatever its type.
    Wrapped(Box<Expression>),
    /// A name that stands alone.
    Name(Arc<str>),
    /// Steps into a value.
    Steps(Box<(Expression, Vec<Step>)>),
    /// A function call.
    Call(Box<Call>),
    /// `condition ? then : otherwise`
    Conditional(Box<[Expression; 3]>),
    /// `!a`
    Not(Box<Expression>),
    /// `-a`
    Negative(Box<Expression>),
    /// `a + b`
    Binary(Operator, Box<[Expression; 2]>),
    /// `[for a in b : c]` or `{for a in b : c => d}`
    For(Box<For>),
}

/// A key of an object.
#[derive(Debug, PartialEq)]
pub struct Key {
    /// Its bytes, with quotes.
    pub span: Span,
    /// What it is.
    pub kind: KeyKind,
}

/// A key as it is written, or one that is computed.
#[derive(Debug, PartialEq)]
pub enum KeyKind {
    /// A name or a text.
    Name(Arc<str>),
    /// Anything else.
    Computed(Expression),
}

/// A step into a value.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// `.name`
    Attribute(Arc<str>),
    /// `[expression]`
    Index(Expression),
    /// `.0`
    LegacyIndex(u64),
    /// `[*]`
    FullSplat,
    /// `.*`
    AttributeSplat,
}

/// A function call.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// With the namespace of a provider's function in front.
    pub name: Arc<str>,
    /// What stands between its parentheses.
    pub arguments: Vec<Expression>,
    /// Whether the last argument stands for its items (`...`).
    pub expands: bool,
}

/// A `for` expression.
#[derive(Debug, PartialEq)]
pub struct For {
    /// The variable for keys or indexes.
    pub key_name: Option<Arc<str>>,
    /// The variable for values.
    pub value_name: Arc<str>,
    /// What is walked through.
    pub collection: Expression,
    /// The key of each element, where an object is made.
    pub key: Option<Expression>,
    /// The value of each element.
    pub value: Expression,
    /// Which elements count, behind `if`.
    pub condition: Option<Expression>,
    /// Whether values of one key make a list (`...`).
    pub grouping: bool,
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// A piece of a template. White space that markers (`~`) remove is gone already.
#[derive(Debug, PartialEq)]
pub enum Piece {
    /// What stands there as it is meant.
    Literal(Arc<str>),
    /// `${ }`; the span includes the markers.
    Hole(Span, Expression),
    /// `%{ if }`, what follows, and what follows `%{ else }`.
    Choice(Span, Expression, Vec<Piece>, Vec<Piece>),
    /// `%{ for }`.
    Repetition(Span, Box<Repetition>),
}

/// `%{ for key, value in collection }` and what is repeated.
#[derive(Debug, PartialEq)]
pub struct Repetition {
    /// The variable for keys or indexes.
    pub key_name: Option<Arc<str>>,
    /// The variable for values.
    pub value_name: Arc<str>,
    /// What is walked through.
    pub collection: Expression,
    /// What is said for each element.
    pub pieces: Vec<Piece>,
}

impl Body {
    /// The arguments.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(attribute) => Some(attribute),
            Item::Block(_) => None,
        })
    }

    /// The blocks.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(_) => None,
            Item::Block(block) => Some(block),
        })
    }

    /// The argument of a name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes().find(|attribute| *attribute.name == *name)
    }
}

impl Expression {
    /// The text of a literal.
    pub fn as_text(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name that stands alone.
    pub fn as_name(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The boolean of a literal.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }
}

impl KeyKind {
    /// The key, when it is written out.
    pub fn as_text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Name(name) => Some(name),
            Self::Computed(key) => key.as_text(),
        }
    }
}
