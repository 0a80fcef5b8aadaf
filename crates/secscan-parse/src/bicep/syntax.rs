//! Types are kept as their text.

use std::sync::Arc;

use secscan_model::Span;

/// A name where it is written.
#[derive(Clone, Debug)]
pub struct Ident {
    /// The name.
    pub name: Arc<str>,
    /// Where it is written.
    pub span: Span,
}

/// A statement with what stands before it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The decorators above it: calls such as `@description('...')`.
    pub decorators: Vec<Expr>,
    /// What it says.
    pub kind: StatementKind,
    /// All of it, without its decorators.
    pub span: Span,
    /// From the keyword to what names it: the header.
    pub header: Span,
}

/// What a statement says.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// `param name type = default`; in a parameter file without a type.
    Parameter(Ident, Option<Type>, Option<Expr>),
    /// `var name = value`.
    Variable(Ident, Expr),
    /// `resource name 'type@version' existing = value`.
    Resource(Resource),
    /// `module name 'path' = value`.
    Module(Resource),
    /// `output name type = value`.
    Output(Ident, Option<Type>, Expr),
    /// `func name(parameter type) type => value`.
    Function(Ident, Vec<Ident>, Expr),
    /// `import { name as alias } from 'path'`, `import * as alias from 'path'`.
    Import(Vec<Imported>, Expr),
    /// `using 'path'`.
    Using(Expr),
    /// What says nothing about values: types, metadata, scopes, extensions, assertions.
    Other,
}

/// A resource or module.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its symbolic name.
    pub name: Ident,
    /// Its type or path.
    pub of: Expr,
    /// Whether it exists already.
    pub existing: bool,
    /// Its attributes: an object, perhaps under a condition or in a loop.
    pub value: Expr,
}

/// A name that is taken from another file.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The name there; none for everything.
    pub name: Option<Ident>,
    /// The name here.
    pub alias: Ident,
}

/// A type as it is written.
#[derive(Clone, Debug)]
pub struct Type {
    /// The text.
    pub text: Arc<str>,
    /// Where it is written.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is written.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Int(i64),
    /// Text without values in it.
    Text(Arc<str>),
    /// Text with values in it.
    Interpolated(Vec<Expr>),
    /// A list.
    Array(Vec<Expr>),
    /// A map.
    Object(Vec<Property>),
    /// A name.
    Name(Arc<str>),
    /// `of.name`, `of.?name`.
    Member(Box<Expr>, Ident, bool),
    /// `of[index]`, `of[?index]`.
    Index(Box<Expr>, Box<Expr>, bool),
    /// `of::name`: a resource within a resource.
    Nested(Box<Expr>, Ident),
    /// `name(arguments)`; `of.name(arguments)` has the value first.
    Call(Option<Box<Expr>>, Ident, Vec<Expr>),
    /// `!a`, `-a`.
    Unary(char, Box<Expr>),
    /// `a + b` and the like.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a ? b : c`.
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `(a, b) => c`.
    Lambda(Vec<Ident>, Box<Expr>),
    /// `[for (item, index) in over: body]`.
    For(Box<For>),
    /// `if (condition) body`.
    If(Box<Expr>, Box<Expr>),
    /// `...value`.
    Spread(Box<Expr>),
}

/// A loop.
#[derive(Clone, Debug)]
pub struct For {
    /// The name of the item.
    pub item: Ident,
    /// The name of its index.
    pub index: Option<Ident>,
    /// The list that it goes over.
    pub over: Expr,
    /// What it makes of each item, perhaps under a condition.
    pub body: Expr,
}

/// What stands in an object.
#[derive(Clone, Debug)]
pub enum Property {
    /// `key: value`; the key is a text, perhaps with values in it.
    Entry(Expr, Expr),
    /// A resource within a resource.
    Statement(Statement),
    /// `...value`.
    Spread(Expr),
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// `??`
    Coalesce,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equals,
    /// `!=`
    Differs,
    /// `=~`
    EqualsInAnyCase,
    /// `!~`
    DiffersInAnyCase,
    /// `<`
    Less,
    /// `<=`
    LessOrEquals,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEquals,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// The operators as they are written, with how tightly they bind; of two that begin alike the longer one first.
pub(super) const OPERATORS: &[(&str, Operator, u8)] = &[
    ("??", Operator::Coalesce, 1),
    ("||", Operator::Or, 2),
    ("&&", Operator::And, 3),
    ("==", Operator::Equals, 4),
    ("!=", Operator::Differs, 4),
    ("=~", Operator::EqualsInAnyCase, 4),
    ("!~", Operator::DiffersInAnyCase, 4),
    ("<=", Operator::LessOrEquals, 5),
    (">=", Operator::GreaterOrEquals, 5),
    ("<", Operator::Less, 5),
    (">", Operator::Greater, 5),
    ("+", Operator::Add, 6),
    ("-", Operator::Subtract, 6),
    ("*", Operator::Multiply, 7),
    ("/", Operator::Divide, 7),
    ("%", Operator::Remainder, 7),
];
