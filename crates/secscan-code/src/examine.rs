//! One file, asked several questions.

use secscan_model::Span;

use crate::Dialect;
use crate::grammar::{Role, grammar};
use crate::matching::{File, Filled};
use crate::question::Question;
use crate::shape::{Patterns, Shape};
use crate::tree::{NodeId, Tree};

/// A larger file is generated, or an attack.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// What was found in one file.
#[derive(Debug, Default)]
pub struct Examined {
    /// The places that questions name, sorted by place, then question.
    pub hits: Vec<Hit>,
    /// The comments, in their order.
    pub comments: Vec<Span>,
    /// What kept it from being looked at whole.
    pub damage: Option<Damage>,
}

/// A place that a question names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hit {
    /// The index of the question among those that were asked.
    pub question: usize,
    /// What a finding points at.
    pub at: Span,
    /// The statement around it.
    pub statement: Span,
}

/// Why a file was not looked at whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Damage {
    /// It is larger than any file that people write.
    Size,
    /// It takes more steps than any file that people write.
    Steps,
    /// Machines wrote it for machines: lines are longer than people write them.
    Minified,
    /// Some of it does not follow the grammar.
    Syntax {
        /// The first such place.
        first: Span,
        /// Whether that is most of the file, so that it may not be of this language at all.
        is_most: bool,
    },
}

/// Asks questions about a file. It is parsed once.
pub fn examine(bytes: &[u8], dialect: Dialect, asked: &[&Question]) -> Examined {
    let cut = |damage| Examined { damage: Some(damage), ..Examined::default() };
    if bytes.len() > MOST_BYTES {
        return cut(Damage::Size);
    }
    if is_minified(bytes) {
        return cut(Damage::Minified);
    }
    let Some(tree) = Tree::parse(bytes, grammar(dialect)) else { return cut(Damage::Steps) };
    let syntax = tree.damage.map(|(first, bytes)| Damage::Syntax { first, is_most: bytes * 2 > tree.bytes.len() });
    let file = File::new(tree);
    let mut hits: Vec<Hit> = Vec::new();
    for (number, question) in asked.iter().enumerate() {
        let patterns = question.patterns(dialect);
        if applies(&file, patterns) {
            let found =
                places(&file, &patterns.any).filter_map(|(id, shape)| place(&file, question, patterns, shape, id));
            hits.extend(found.map(|id| Hit {
                question: number,
                at: narrow(&file, id),
                statement: file.tree.span(file.tree.statement(id)),
            }));
        }
    }
    hits.sort_by_key(|hit| (hit.at, hit.question));
    hits.dedup_by_key(|hit| (hit.at, hit.question));
    let damage = if file.is_spent() { Some(Damage::Steps) } else { syntax };
    Examined { hits, comments: file.tree.comments, damage }
}

/// The place of a node; of a chain of calls over several lines the last one, which is what the pattern is about.
fn narrow(file: &File<'_>, id: NodeId) -> Span {
    let span = file.tree.span(id);
    let is_call = matches!(file.tree.role(id), Role::Call | Role::Invoke);
    let Some((_, name)) = is_call.then(|| file.method(id)).flatten() else { return span };
    let start = file.tree.span(name).start;
    let before = file.tree.bytes.get(span.start as usize..start as usize).unwrap_or_default();
    if before.contains(&b'\n') { Span { start, end: span.end } } else { span }
}

/// Whether a file is written for machines: a long one whose lines are long on average.
fn is_minified(bytes: &[u8]) -> bool {
    const LONG_FILE: usize = 20_000;
    const LONG_LINE: usize = 400;
    bytes.len() > LONG_FILE && bytes.len() / (bytes.iter().filter(|byte| **byte == b'\n').count() + 1) > LONG_LINE
}

/// Whether the file holds what the question asks of all of it.
fn applies(file: &File<'_>, patterns: &Patterns) -> bool {
    let occurs = |shapes: &[Shape]| places(file, shapes).any(|(id, shape)| file.is(shape, id, &mut Vec::new()));
    (patterns.present.is_empty() || occurs(&patterns.present)) && !occurs(&patterns.absent)
}

/// The places that may have one of the shapes.
fn places<'f, 'p, 's>(
    file: &'f File<'s>,
    shapes: &'p [Shape],
) -> impl Iterator<Item = (NodeId, &'p Shape)> + use<'f, 'p, 's> {
    let imports = shapes.iter().flat_map(|shape| {
        let at: Vec<NodeId> = match shape {
            Shape::Import(module) => file.names.imports_of(module).collect(),
            _ => Vec::new(),
        };
        at.into_iter().map(move |id| (id, shape))
    });
    let mut past_imports = 0;
    let code = file.tree.all().filter(move |id| {
        let (role, span) = (file.tree.role(*id), file.tree.span(*id));
        if role == Role::Import {
            past_imports = span.end;
        }
        span.start >= past_imports
    });
    let places = code.flat_map(move |id| {
        let role = file.tree.role(id);
        shapes.iter().filter(move |shape| shape.may_be(role)).map(move |shape| (id, shape))
    });
    imports.chain(places)
}

/// The place that a finding points at, when a node has the shape and keeps the conditions.
fn place(file: &File<'_>, question: &Question, patterns: &Patterns, shape: &Shape, id: NodeId) -> Option<NodeId> {
    let mut filled: Filled<'_> = Vec::new();
    let any = |shapes: &[Shape], id: NodeId| shapes.iter().any(|shape| file.is(shape, id, &mut Vec::new()));
    let around = |shapes: &[Shape]| file.tree.ancestors(id).skip(1).any(|outer| any(shapes, outer));
    if !file.is(shape, id, &mut filled)
        || any(&patterns.not, id)
        || (!patterns.inside.is_empty() && !around(&patterns.inside))
        || around(&patterns.not_inside)
    {
        return None;
    }
    let mut at = id;
    for (name, condition) in &question.conditions {
        let Some((_, ids)) = filled.iter().find(|(known, _)| known == name) else { continue };
        let shown = file.keeps(condition, ids)?;
        if question.at.as_ref() == Some(name) {
            at = shown;
        }
    }
    if at == id
        && let Some(name) = &question.at
        && let Some((_, ids)) = filled.iter().find(|(known, _)| known == name)
    {
        at = ids.first().copied().unwrap_or(id);
    }
    Some(at)
}
