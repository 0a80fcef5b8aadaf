//! What a template says, whichever language says it: declarations whose values are terms of one small language.
//!
//! The JSON language ([`super::json`], [`super::expression`]) and Bicep ([`super::bicep`]) both become this; operators of
//! Bicep are calls of the functions that Bicep itself compiles them to.

use std::collections::HashMap;
use std::sync::Arc;

use secscan_model::{Location, Node, Scalar, ScalarKind, Value};

/// A value as it is written, not evaluated.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) kind: Kind,
    /// Where it is written.
    pub(super) at: Location,
    /// What names it: its key.
    pub(super) name_at: Location,
    /// The expression as people read it, for what cannot be known; empty where a value is written out.
    pub(super) written: Arc<str>,
}

/// What a term is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A scalar.
    Scalar(Scalar),
    /// A list.
    List(Vec<Term>),
    /// A map.
    Map(Vec<Field>),
    /// Text put together from pieces.
    Text(Vec<Term>),
    /// A function and its arguments.
    Call(Arc<str>, Vec<Term>),
    /// What stands under a key or an index; with `true`, null where nothing does.
    Member(Box<Term>, Box<Term>, bool),
    /// The variable of a loop or of a lambda.
    Name(Arc<str>),
    /// A resource or module by its symbolic name.
    Symbol(Arc<str>),
    /// A function without a name.
    Lambda(Vec<Arc<str>>, Box<Term>),
    /// A list that is made item by item.
    Loop(Box<Loop>, Box<Term>),
    /// Something that is not read, and why.
    Opaque(Arc<str>),
}

/// An entry of a map.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) key: Key,
    pub(super) value: Term,
}

/// The key of an entry.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Fixed(Arc<str>),
    /// One that an expression makes.
    Made(Term),
}

/// What a loop goes over.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    /// A number of times, or the items of a list or map.
    pub(super) over: Over,
    /// The name of the item.
    pub(super) item: Option<Arc<str>>,
    /// The names of the index; the first is the innermost `copyIndex()`.
    pub(super) index: Vec<Arc<str>>,
    /// Which items count.
    pub(super) condition: Option<Term>,
}

/// How often a loop runs.
#[derive(Clone, Debug)]
pub(super) enum Over {
    Count(Term),
    Items(Term),
}

/// A template, or a module.
#[derive(Debug, Default)]
pub(super) struct Template {
    pub(super) parameters: HashMap<String, Parameter>,
    /// Parameters and outputs in the order of the file, as resources show them.
    pub(super) declared: Vec<Declared>,
    pub(super) variables: HashMap<String, Term>,
    pub(super) functions: HashMap<String, Function>,
    pub(super) outputs: Vec<Field>,
    pub(super) resources: Vec<Declaration>,
    /// Variables and functions that other files export, by the local name: the path and the name there.
    pub(super) imports: HashMap<String, Import>,
}

/// A name that stands for something in another file.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) path: Arc<str>,
    /// The name there; all of the file where there is none.
    pub(super) name: Option<Arc<str>>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: Arc<str>,
    pub(super) default: Option<Term>,
    /// Whether it may be left out: then it is null.
    pub(super) nullable: bool,
    /// Whether it holds a secret.
    pub(super) is_secure: bool,
}

/// A parameter or an output as rules see it.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) kind: &'static str,
    pub(super) name: Arc<str>,
    pub(super) body: Term,
}

/// A function of a template's author.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) parameters: Vec<Arc<str>>,
    pub(super) body: Term,
}

/// A resource or module as it is declared.
#[derive(Debug)]
pub(super) struct Declaration {
    /// Its symbolic name.
    pub(super) symbol: Option<Arc<str>>,
    /// Its type as written, without the version: of a child, perhaps without its parent's.
    pub(super) kind: Arc<str>,
    /// Its attributes, without what becomes resources of its own.
    pub(super) body: Term,
    /// Whether it exists already and is only named here.
    pub(super) existing: bool,
    pub(super) condition: Option<Term>,
    pub(super) repeat: Option<Loop>,
    pub(super) parent: Parent,
    /// Resources within it.
    pub(super) children: Vec<Declaration>,
    /// What a deployment deploys.
    pub(super) deploys: Option<Deploys>,
    /// The whole, and its narrow place.
    pub(super) at: Location,
    pub(super) name_at: Location,
}

/// What a resource is a child of.
#[derive(Clone, Debug)]
pub(super) enum Parent {
    /// Of what its full name says, if of anything.
    Named,
    /// Of the declaration that it stands in.
    Outer,
    /// Of the term's resource.
    Term(Box<Term>),
}

/// What a deployment deploys.
#[derive(Debug)]
pub(super) enum Deploys {
    /// A template within the template that sees the names of the outer one.
    Inline(Box<Template>),
    /// A template within the template with names of its own, and what its parameters are given.
    Nested(Box<Template>, Vec<Field>),
    /// Another file by its path within the tree, and what its parameters are given.
    File(Arc<str>, Vec<Field>),
    /// What is not in the tree, and why.
    Elsewhere(Arc<str>),
}

impl Term {
    pub(super) fn new(kind: Kind, at: Location) -> Self {
        Self { kind, at, name_at: at, written: Arc::default() }
    }

    /// A value that stands for itself.
    pub(super) fn text(text: impl Into<Arc<str>>, at: Location) -> Self {
        Self::new(Kind::Scalar(Scalar { kind: ScalarKind::Text, text: text.into() }), at)
    }

    pub(super) fn named(mut self, name_at: Location) -> Self {
        self.name_at = name_at;
        self
    }

    /// With its text: of a long one the beginning, as each of the terms within one another would hold all of it.
    pub(super) fn written(mut self, written: &str) -> Self {
        const MAX_WRITTEN: usize = 1_024;
        self.written = match written.len() <= MAX_WRITTEN {
            true => written.into(),
            false => format!("{}...", &written[..written.floor_char_boundary(MAX_WRITTEN)]).into(),
        };
        self
    }

    /// A scalar that is written out.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Text that is written out.
    pub(super) fn as_str(&self) -> Option<&str> {
        self.scalar().filter(|scalar| scalar.kind != ScalarKind::Null).map(|scalar| &*scalar.text)
    }

    /// The entries of a map that is written out.
    pub(super) fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The value of a key of a map that is written out. Azure ignores case in names.
    pub(super) fn get(&self, name: &str) -> Option<&Term> {
        let field = self.fields().iter().find(|field| field.is(name));
        field.map(|field| &field.value)
    }

    /// Takes a key away.
    pub(super) fn take(&mut self, name: &str) -> Option<Term> {
        let Kind::Map(fields) = &mut self.kind else { return None };
        let at = fields.iter().position(|field| field.is(name))?;
        Some(fields.remove(at).value)
    }
}

impl Field {
    pub(super) fn new(key: impl Into<Arc<str>>, value: Term) -> Self {
        Self { key: Key::Fixed(key.into()), value }
    }

    /// Whether its key is this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.fixed().is_some_and(|key| key.eq_ignore_ascii_case(name))
    }

    /// Its key, where that is written out.
    pub(super) fn fixed(&self) -> Option<&Arc<str>> {
        match &self.key {
            Key::Fixed(key) => Some(key),
            Key::Made(_) => None,
        }
    }
}

/// The value of a key, whatever its case: Azure ignores it in names.
pub(super) fn get<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(name)).map(|entry| &entry.value)
}

/// Whether a value is text, a number or a boolean; its text.
pub(super) fn plain(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(_) => node.as_str(),
        _ => None,
    }
}
