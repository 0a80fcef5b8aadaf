//! One file, asked several questions.

use secscan_model::Span;

use crate::Dialect;
use crate::gate::{Gate, Occurrence};
use crate::grammar::{Role, grammar};
use crate::matching::{File, Filled};
use crate::outline::pieces;
use crate::question::Question;
use crate::selection::Selection;
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

/// A question with what gates it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'q> {
    /// The question.
    pub question: &'q Question,
    /// The words without which it has nothing to find.
    pub gate: &'q Gate,
}

/// Asks questions about a file. It is parsed once, as a whole.
pub fn examine(bytes: &[u8], dialect: Dialect, asked: &[&Question]) -> Examined {
    examine_selected(bytes, dialect, asked, Selection::default())
}

/// Asks questions about a file of which those parts are parsed whose words leave something to find: the places are those
/// that [`examine`] finds, as long as the file follows the grammar; comments and damage are those of the parts. `words` are
/// those of the gates that occur in the file, by their places.
pub fn examine_parts(bytes: &[u8], dialect: Dialect, asked: &[Asked<'_>], words: &[Occurrence]) -> Examined {
    let questions: Vec<_> = asked.iter().map(|asked| asked.question).collect();
    let is_local = questions.iter().all(|question| question.patterns(dialect).is_local());
    let pieces = is_local.then(|| pieces(bytes, dialect.language())).flatten();
    let selection = pieces.map(|pieces| Selection::near(bytes, pieces, asked, words)).unwrap_or_default();
    examine_selected(bytes, dialect, &questions, selection)
}

fn examine_selected<'s>(
    bytes: &'s [u8],
    dialect: Dialect,
    asked: &[&Question],
    mut selection: Selection<'s>,
) -> Examined {
    let cut = |damage| Examined { damage: Some(damage), ..Examined::default() };
    if bytes.len() > MOST_BYTES {
        return cut(Damage::Size);
    }
    if is_minified(bytes) {
        return cut(Damage::Minified);
    }
    loop {
        let Some(tree) = Tree::parse(bytes, &selection.ranges(), grammar(dialect)) else { return cut(Damage::Steps) };
        if tree.damage.is_some() && !selection.is_whole() {
            selection = Selection::default();
            continue;
        }
        let syntax = tree.damage.map(|(first, bytes)| Damage::Syntax { first, is_most: bytes * 2 > tree.bytes.len() });
        let file = File::new(tree, &selection);
        let hits = hits(&file, dialect, asked);
        let damage = if file.is_spent() { Some(Damage::Steps) } else { syntax };
        let (comments, missed) = file.finish();
        if missed.is_empty() {
            return Examined { hits, comments, damage };
        }
        selection.widen(missed);
    }
}

/// The places that questions name, sorted by place, then question.
fn hits(file: &File<'_, '_>, dialect: Dialect, asked: &[&Question]) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let code = Code::read(&file.tree);
    for (number, question) in asked.iter().enumerate() {
        let patterns = question.patterns(dialect);
        if applies(file, &code, patterns) {
            let found = code.places(file, &patterns.any);
            let found = found.filter_map(|(id, shape)| place(file, question, patterns, shape, id));
            hits.extend(found.map(|id| Hit {
                question: number,
                at: narrow(file, id),
                statement: file.tree.span(file.tree.statement(id)),
            }));
        }
    }
    hits.sort_by_key(|hit| (hit.at, hit.question));
    hits.dedup_by_key(|hit| (hit.at, hit.question));
    hits
}

/// The place of a node; of a chain of calls over several lines the last one, which is what the pattern is about.
fn narrow(file: &File<'_, '_>, id: NodeId) -> Span {
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
fn applies(file: &File<'_, '_>, code: &Code, patterns: &Patterns) -> bool {
    let occurs = |shapes: &[Shape]| code.places(file, shapes).any(|(id, shape)| file.is(shape, id, &mut Vec::new()));
    (patterns.present.is_empty() || occurs(&patterns.present)) && !occurs(&patterns.absent)
}

/// The nodes of a file outside of its imports; those of each role together, so that a shape meets none but its like.
struct Code(Vec<Vec<NodeId>>);

impl Code {
    fn read(tree: &Tree<'_>) -> Self {
        let mut by_role: Vec<Vec<NodeId>> = Vec::new();
        let mut past_imports = 0;
        for id in tree.all() {
            let (role, span) = (tree.role(id), tree.span(id));
            if role == Role::Import {
                past_imports = span.end;
            }
            if span.start >= past_imports {
                by_role.resize_with(by_role.len().max(role as usize + 1), Vec::new);
                by_role[role as usize].push(id);
            }
        }
        Self(by_role)
    }

    /// The places that may have one of the shapes.
    fn places<'c>(&'c self, file: &'c File<'_, '_>, shapes: &'c [Shape]) -> impl Iterator<Item = (NodeId, &'c Shape)> {
        shapes.iter().flat_map(move |shape| {
            let imports = match shape {
                Shape::Import(module) => file.names.imports_of(module).collect(),
                _ => Vec::new(),
            };
            let may_be = |id: &NodeId| shape.may_be(file.tree.role(*id));
            let alike = self.0.iter().filter(move |group| group.first().is_some_and(may_be)).flatten().copied();
            imports.into_iter().chain(alike).map(move |id| (id, shape))
        })
    }
}

/// The place that a finding points at, when a node has the shape and keeps the conditions.
fn place(file: &File<'_, '_>, question: &Question, patterns: &Patterns, shape: &Shape, id: NodeId) -> Option<NodeId> {
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
