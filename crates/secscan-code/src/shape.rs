//! Patterns, parsed: a piece of source becomes the shape that places of a file are compared with.

use std::sync::OnceLock;

use ast_grep_language::Language as _;

use crate::grammar::{Grammar, Role, grammar};
use crate::language::{DIALECTS, Dialect};
use crate::names::Names;
use crate::question::{Import, Question};
use crate::tree::{NodeId, Tree};

/// Patterns are written by people; deeper ones are a mistake.
const DEEPEST: usize = 64;

/// What a place of a file is compared with.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Anything (`$X`); nothing is remembered of `$_`.
    Hole(Option<String>),
    /// Any number of things (`$$$ARGS`), among others only.
    Rest(Option<String>),
    Path(Path),
    Member(Box<Shape>, Word),
    /// A call, a construction, a macro, a composite literal.
    Call {
        role: Role,
        callee: Callee,
        arguments: Vec<Shape>,
    },
    /// An object: the named keys, and any others.
    Record(Vec<Shape>),
    Keyed(String, Box<Shape>),
    Assign(Box<Shape>, Box<Shape>),
    /// An import of the module or of something in it.
    Import(String),
    /// A string without anything put into it.
    Text(Vec<u8>),
    /// A constant, an operator.
    Leaf(Vec<u8>),
    /// Anything else: the same kind, with these children.
    Node(u16, Vec<Shape>),
}

/// A full name.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) text: String,
    /// Whether the file must import it.
    pub(crate) is_strict: bool,
}

/// The name of a member.
#[derive(Debug)]
pub(crate) enum Word {
    Hole(Option<String>),
    Is(Vec<u8>),
}

/// What is called.
#[derive(Debug)]
pub(crate) enum Callee {
    Path(Path),
    Method(Box<Shape>, Word),
    Other(Box<Shape>),
}

/// The patterns of a question, in one dialect.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    pub(crate) any: Vec<Shape>,
    pub(crate) not: Vec<Shape>,
    pub(crate) inside: Vec<Shape>,
    pub(crate) not_inside: Vec<Shape>,
    pub(crate) present: Vec<Shape>,
    pub(crate) absent: Vec<Shape>,
}

impl Patterns {
    /// Whether they ask of the whole file nothing but its imports.
    pub(crate) fn is_local(&self) -> bool {
        self.absent.is_empty() && self.present.iter().all(|shape| matches!(shape, Shape::Import(_)))
    }
}

/// The patterns of a question, parsed when a dialect first needs them.
#[derive(Debug)]
pub(crate) struct Parsed([OnceLock<Patterns>; DIALECTS]);

impl Default for Parsed {
    fn default() -> Self {
        Self([const { OnceLock::new() }; DIALECTS])
    }
}

impl Clone for Parsed {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Question {
    /// The patterns in a dialect. Those that are no source of it are left out: JSX is none in TypeScript.
    pub(crate) fn patterns(&self, dialect: Dialect) -> &Patterns {
        self.parsed.0[dialect as usize].get_or_init(|| {
            let parse = |patterns: &[String]| -> Vec<Shape> {
                patterns.iter().filter_map(|pattern| Shape::parse(pattern, &self.imports, grammar(dialect))).collect()
            };
            Patterns {
                any: parse(&self.any),
                not: parse(&self.not),
                inside: parse(&self.inside),
                not_inside: parse(&self.not_inside),
                present: parse(&self.present),
                absent: parse(&self.absent),
            }
        })
    }

    /// The patterns that are no source of the language, in any of its dialects.
    pub fn unreadable(&self) -> Vec<&str> {
        let lists = [&self.any, &self.not, &self.inside, &self.not_inside, &self.present, &self.absent];
        let is_readable = |pattern: &&String| {
            let mut dialects = self.language.dialects().iter();
            dialects.any(|dialect| Shape::parse(pattern, &self.imports, grammar(*dialect)).is_some())
        };
        lists.into_iter().flatten().filter(|pattern| !is_readable(pattern)).map(String::as_str).collect()
    }
}

impl Shape {
    fn parse(pattern: &str, imports: &[Import], grammar: &'static Grammar) -> Option<Self> {
        let pattern = grammar.support.pre_process_pattern(pattern.trim()).into_owned();
        let parse = |(before, after): &(&str, &str)| {
            let text = format!("{before}{pattern}{after}");
            let tree = Tree::parse(text.as_bytes(), &[], grammar).filter(|tree| tree.damage.is_none())?;
            let is_whole = |id: &NodeId| tree.span(*id).range() == (before.len()..before.len() + pattern.len());
            // The file itself is as long as a pattern that nothing stands around.
            let root = tree.all().skip(1).find(is_whole)?;
            let parser = PatternParser { tree: &tree, names: Names::read(&tree), imports };
            parser.shape(root, DEEPEST)
        };
        grammar.contexts.iter().find_map(parse)
    }

    /// Whether a node of this role can have the shape, at a glance.
    pub(crate) fn may_be(&self, role: Role) -> bool {
        match self {
            Self::Hole(_) | Self::Rest(_) => false,
            Self::Path(_) => matches!(role, Role::Name | Role::Member),
            Self::Member(..) => role == Role::Member,
            Self::Call { role: wanted, .. } => calls_alike(*wanted, role),
            Self::Record(_) => role == Role::Record,
            Self::Keyed(..) => role == Role::Keyed,
            Self::Assign(..) => role == Role::Assign,
            Self::Text(_) => role == Role::Text,
            Self::Leaf(_) => matches!(role, Role::Constant | Role::Token),
            Self::Import(_) => false,
            Self::Node(..) => true,
        }
    }
}

/// Whether two roles are calls of one sort.
pub(crate) fn calls_alike(one: Role, other: Role) -> bool {
    one == other || matches!((one, other), (Role::Call, Role::Invoke) | (Role::Invoke, Role::Call))
}

struct PatternParser<'p> {
    tree: &'p Tree<'p>,
    names: Names,
    imports: &'p [Import],
}

impl PatternParser<'_> {
    fn shape(&self, id: NodeId, deepest: usize) -> Option<Shape> {
        let deepest = deepest.checked_sub(1)?;
        let tree = self.tree;
        let boxed = |id: NodeId| self.shape(id, deepest).map(Box::new);
        Some(match tree.role(id) {
            Role::Name => match self.hole(id) {
                Some(hole) => hole,
                None => Shape::Path(self.path(id)?),
            },
            Role::Member => match self.path(id) {
                Some(path) => Shape::Path(path),
                None => Shape::Member(boxed(tree.part(id, 0)?)?, self.word(tree.part(id, 1)?)),
            },
            role @ (Role::Call | Role::New | Role::Macro | Role::Composite | Role::Invoke) => {
                let callee = if role == Role::Invoke { self.invoked(id, deepest)? } else { self.callee(id, deepest)? };
                let arguments = tree.part(id, 1).map(|arguments| self.shapes(arguments, deepest));
                let role = if role == Role::Invoke { Role::Call } else { role };
                Shape::Call { role, callee, arguments: arguments.unwrap_or_else(|| Some(Vec::new()))? }
            }
            Role::Record => Shape::Record(self.shapes(id, deepest)?),
            Role::Keyed => Shape::Keyed(key(tree, id)?, boxed(tree.part(id, 1)?)?),
            Role::Assign => Shape::Assign(boxed(tree.part(id, 0)?)?, boxed(tree.part(id, 1)?)?),
            Role::Import => {
                let mut modules = self.names.modules();
                Shape::Import(modules.next_back()?.to_owned())
            }
            Role::Text if tree.operands(id).next().is_none() => Shape::Text(tree.content(id).to_vec()),
            Role::Constant | Role::Token => Shape::Leaf(tree.text(id).to_vec()),
            _ => match self.declaration(id) {
                Some(declarator) => return self.shape(declarator, deepest),
                None => Shape::Node(tree.kind(id), self.shapes(id, deepest)?),
            },
        })
    }

    fn shapes(&self, id: NodeId, deepest: usize) -> Option<Vec<Shape>> {
        self.tree.children(id).map(|child| self.shape(child, deepest)).collect()
    }

    /// The only assignment of a declaration: `let x = 1` asks for any way to give `x` that value.
    fn declaration(&self, id: NodeId) -> Option<NodeId> {
        let is_declaration = self.tree.kind_name(id).ends_with("_declaration");
        let mut inner = self.tree.operands(id).filter(|child| self.tree.role(*child) == Role::Assign);
        inner.next().filter(|_| is_declaration && inner.next().is_none())
    }

    /// A name that is a metavariable.
    fn hole(&self, id: NodeId) -> Option<Shape> {
        let text = self.tree.words(id);
        let sigil = self.tree.grammar.support.expando_char();
        let name = text.trim_start_matches(sigil);
        let sigils = text.chars().count() - name.chars().count();
        let is_name =
            name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
        let remembered = (!name.is_empty() && name != "_").then(|| name.to_owned());
        match sigils {
            1 if is_name && !name.is_empty() => Some(Shape::Hole(remembered)),
            3 if is_name => Some(Shape::Rest(remembered)),
            _ => None,
        }
    }

    fn word(&self, id: NodeId) -> Word {
        match self.hole(id) {
            Some(Shape::Hole(name)) => Word::Hole(name),
            _ => Word::Is(self.tree.text(id).to_vec()),
        }
    }

    /// The full name that a dotted name means with the rule's imports.
    fn path(&self, id: NodeId) -> Option<Path> {
        let mut at = id;
        loop {
            match self.tree.role(at) {
                Role::Name if self.hole(at).is_none() => break,
                Role::Member if self.hole(self.tree.part(at, 1)?).is_none() => at = self.tree.part(at, 0)?,
                _ => return None,
            }
        }
        let written = self.names.full_name(self.tree, id)?.text;
        Some(self.resolved(written))
    }

    fn resolved(&self, written: String) -> Path {
        let (root, rest) = written.split_once('.').map_or((written.as_str(), ""), |(root, rest)| (root, rest));
        let join = |path: &str| {
            let path = path.replace("::", ".");
            if rest.is_empty() { path } else { format!("{path}.{rest}") }
        };
        if let Some(import) = self.imports.iter().find(|import| import.local == root) {
            return Path { text: join(&import.path), is_strict: true };
        }
        let is_listed = |import: &Import| import.path.replace("::", ".").split('.').next() == Some(root);
        Path { is_strict: self.imports.iter().any(is_listed), text: written }
    }

    fn callee(&self, id: NodeId, deepest: usize) -> Option<Callee> {
        let callee = self.tree.part(id, 0)?;
        Some(match self.shape(callee, deepest)? {
            Shape::Path(path) => Callee::Path(path),
            Shape::Member(object, name) => Callee::Method(object, name),
            other => Callee::Other(Box::new(other)),
        })
    }

    /// The callee of a Java call, which is no node of its own.
    fn invoked(&self, id: NodeId, deepest: usize) -> Option<Callee> {
        let name = self.tree.part(id, 0)?;
        let Some(object) = self.tree.invoked_object(id) else {
            return self.shape(name, deepest).map(|shape| match shape {
                Shape::Path(path) => Callee::Path(path),
                other => Callee::Other(Box::new(other)),
            });
        };
        Some(match (self.shape(object, deepest)?, self.word(name)) {
            (Shape::Path(path), Word::Is(name)) => {
                let text = format!("{}.{}", path.text, String::from_utf8_lossy(&name));
                Callee::Path(Path { text, ..path })
            }
            (object, name) => Callee::Method(Box::new(object), name),
        })
    }
}

/// The key of a keyed element as text.
pub(crate) fn key(tree: &Tree<'_>, id: NodeId) -> Option<String> {
    let key = tree.part(id, 0)?;
    let text = if tree.role(key) == Role::Text { tree.content(key) } else { tree.text(key) };
    Some(String::from_utf8_lossy(text).into_owned())
}
