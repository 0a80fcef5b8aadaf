//! Whether a place of a file has a shape, and what the holes stand for.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;

use secscan_model::Span;

use crate::bindings::Bindings;
use crate::grammar::Role;
use crate::names::{FullName, Names, Origin};
use crate::selection::Selection;
use crate::shape::{Callee, Path, Shape, Word, calls_alike, key};
use crate::tree::{NodeId, Tree};

/// Through how many names one after the other a question looks.
pub(crate) const MOST_HOPS: usize = 4;

/// How many comparisons one file may cost; no program needs a hundredth of it.
const FUEL: u64 = 5_000_000;

/// A file with everything that questions ask of it.
#[derive(Debug)]
pub(crate) struct File<'f, 's> {
    pub(crate) tree: Tree<'s>,
    pub(crate) names: Names,
    selection: &'f Selection<'s>,
    bindings: OnceCell<Bindings<'s>>,
    fuel: Cell<u64>,
}

/// What the holes of a pattern stand for, in the order in which they were filled.
pub(crate) type Filled<'p> = Vec<(&'p str, Vec<NodeId>)>;

impl<'f, 's> File<'f, 's> {
    /// A file of which some parts were parsed.
    pub(crate) fn new(tree: Tree<'s>, selection: &'f Selection<'s>) -> Self {
        let mut names = Names::read(&tree);
        names.define_functions(selection.functions());
        Self { tree, names, selection, bindings: OnceCell::new(), fuel: Cell::new(FUEL) }
    }

    pub(crate) fn bindings(&self) -> &Bindings<'s> {
        self.bindings.get_or_init(|| Bindings::read(&self.tree, self.selection.values()))
    }

    /// Its comments, and the numbers of the parts that should have been parsed too.
    pub(crate) fn finish(self) -> (Vec<Span>, BTreeSet<usize>) {
        (self.tree.comments, self.bindings.into_inner().map(Bindings::missed).unwrap_or_default())
    }

    /// Takes one comparison off what is left; whether there was any.
    pub(crate) fn spend(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether comparisons ran out, so that something may have been missed.
    pub(crate) fn is_spent(&self) -> bool {
        self.fuel.get() == 0
    }

    /// Whether the node itself has the shape.
    pub(crate) fn is<'p>(&self, shape: &'p Shape, id: NodeId, filled: &mut Filled<'p>) -> bool {
        let before = filled.len();
        let matches = self.compare(shape, id, filled, MOST_HOPS);
        if !matches {
            filled.truncate(before);
        }
        matches
    }

    /// Whether the node has the shape, or is a name for something that has it.
    fn stands_for<'p>(&self, shape: &'p Shape, id: NodeId, filled: &mut Filled<'p>, hops: usize) -> bool {
        let before = filled.len();
        if self.compare(shape, id, filled, hops) {
            return true;
        }
        filled.truncate(before);
        let next = match self.tree.role(id) {
            Role::Name => self.bindings().value(&self.tree, id),
            Role::Cast => self.tree.part(id, 0),
            _ => None,
        };
        match (next, hops.checked_sub(1)) {
            (Some(next), Some(hops)) => self.stands_for(shape, next, filled, hops),
            _ => false,
        }
    }

    fn compare<'p>(&self, shape: &'p Shape, id: NodeId, filled: &mut Filled<'p>, hops: usize) -> bool {
        if !self.spend() {
            return false;
        }
        let tree = &self.tree;
        let role = tree.role(id);
        match shape {
            Shape::Hole(name) => self.fill(name.as_deref(), vec![id], filled),
            Shape::Rest(_) => false,
            Shape::Path(path) => self.names.full_name(tree, id).is_some_and(|name| self.means(&name, path)),
            Shape::Member(object, name) => {
                let (Some(of), Some(word)) = (tree.part(id, 0), tree.part(id, 1)) else { return false };
                role == Role::Member && self.is_word(name, word, filled) && self.stands_for(object, of, filled, hops)
            }
            Shape::Call { role: wanted, callee, arguments } => {
                calls_alike(*wanted, role)
                    && self.is_callee(callee, id, filled, hops)
                    && match tree.part(id, 1) {
                        Some(given) => self.are_arguments(arguments, given, filled, hops),
                        None => arguments.iter().all(|shape| matches!(shape, Shape::Rest(_))),
                    }
            }
            Shape::Record(elements) => role == Role::Record && self.are_keyed(elements, id, filled, hops),
            Shape::Keyed(wanted, value) => {
                role == Role::Keyed
                    && key(tree, id).as_deref() == Some(wanted)
                    && tree.part(id, 1).is_some_and(|given| self.stands_for(value, given, filled, hops))
            }
            Shape::Assign(target, value) => {
                let (targets, values) = (tree.parts(id, 0), tree.parts(id, 1));
                let ([to], [given]) = (targets.as_slice(), values.as_slice()) else { return false };
                role == Role::Assign
                    && self.compare(target, *to, filled, 0)
                    && self.stands_for(value, *given, filled, hops)
            }
            Shape::Import(module) => self.names.imports_of(module).any(|at| at == id),
            Shape::Text(text) => {
                role == Role::Text && tree.operands(id).next().is_none() && tree.content(id) == text.as_slice()
            }
            Shape::Leaf(text) => tree.text(id) == text.as_slice(),
            Shape::Node(kind, children) => {
                let given: Vec<NodeId> = tree.children(id).collect();
                tree.kind(id) == *kind && self.are(children, &given, filled, hops)
            }
        }
    }

    /// Fills a hole; one that is filled already must be filled with the same text.
    fn fill<'p>(&self, name: Option<&'p str>, ids: Vec<NodeId>, filled: &mut Filled<'p>) -> bool {
        let Some(name) = name else { return true };
        let same = |(one, other): (&NodeId, &NodeId)| self.tree.text(*one) == self.tree.text(*other);
        match filled.iter().find(|(known, _)| *known == name) {
            Some((_, known)) => known.len() == ids.len() && known.iter().zip(&ids).all(same),
            None => {
                filled.push((name, ids));
                true
            }
        }
    }

    fn means(&self, name: &FullName, path: &Path) -> bool {
        self.names.means(name, &path.text, path.is_strict)
    }

    fn is_word<'p>(&self, word: &'p Word, id: NodeId, filled: &mut Filled<'p>) -> bool {
        match word {
            Word::Hole(name) => self.fill(name.as_deref(), vec![id], filled),
            Word::Is(text) => self.tree.text(id) == text.as_slice(),
        }
    }

    fn is_callee<'p>(&self, callee: &'p Callee, call: NodeId, filled: &mut Filled<'p>, hops: usize) -> bool {
        let tree = &self.tree;
        match callee {
            Callee::Path(path) => self.called(call, hops).is_some_and(|name| self.means(&name, path)),
            Callee::Method(object, name) => {
                let Some((Some(of), word)) = self.method(call) else { return false };
                self.is_word(name, word, filled) && self.stands_for(object, of, filled, hops)
            }
            Callee::Other(shape) => tree.part(call, 0).is_some_and(|id| self.stands_for(shape, id, filled, hops)),
        }
    }

    /// The object and the name of the method that is called.
    pub(crate) fn method(&self, call: NodeId) -> Option<(Option<NodeId>, NodeId)> {
        let callee = self.tree.part(call, 0)?;
        match self.tree.role(call) {
            Role::Invoke => Some((self.tree.invoked_object(call), callee)),
            _ if self.tree.role(callee) == Role::Member => {
                Some((self.tree.part(callee, 0), self.tree.part(callee, 1)?))
            }
            _ => None,
        }
    }

    /// The full name of what is called.
    pub(crate) fn called(&self, call: NodeId, hops: usize) -> Option<FullName> {
        let callee = self.tree.part(call, 0)?;
        if self.tree.role(call) == Role::Invoke {
            let method = self.tree.words(callee);
            let Some(object) = self.tree.invoked_object(call) else { return self.names.full_name(&self.tree, callee) };
            let object = self.names.full_name(&self.tree, object)?;
            return Some(FullName { text: format!("{}.{method}", object.text), ..object });
        }
        let name = self.names.full_name(&self.tree, callee)?;
        let is_local = name.origin == Origin::Bare && self.tree.role(callee) == Role::Name && hops > 0;
        let value = is_local.then(|| self.bindings().value(&self.tree, callee)).flatten();
        // `run = subprocess.run`
        let is_name = |id: &NodeId| matches!(self.tree.role(*id), Role::Name | Role::Member);
        value.filter(is_name).and_then(|value| self.names.full_name(&self.tree, value)).or(Some(name))
    }

    /// Positional arguments in their order; the named ones in any, and others besides.
    fn are_arguments<'p>(&self, shapes: &'p [Shape], list: NodeId, filled: &mut Filled<'p>, hops: usize) -> bool {
        let positional: Vec<&Shape> = shapes.iter().filter(|shape| !matches!(shape, Shape::Keyed(..))).collect();
        let given: Vec<NodeId> = self.tree.children(list).filter(|id| self.tree.role(*id) != Role::Keyed).collect();
        self.are_keyed(shapes, list, filled, hops) && self.in_order(&positional, &given, filled, hops)
    }

    /// Each keyed shape has its element.
    fn are_keyed<'p>(&self, shapes: &'p [Shape], list: NodeId, filled: &mut Filled<'p>, hops: usize) -> bool {
        shapes.iter().all(|shape| match shape {
            Shape::Keyed(key, value) => {
                self.element(list, key).is_some_and(|given| self.stands_for(value, given, filled, hops))
            }
            _ => true,
        })
    }

    /// The value of a key; `{ name }` is short for `{ name: name }`.
    fn element(&self, list: NodeId, wanted: &str) -> Option<NodeId> {
        let tree = &self.tree;
        let value = |id: NodeId| match tree.role(id) {
            Role::Keyed => (key(tree, id).as_deref() == Some(wanted)).then(|| tree.part(id, 1)).flatten(),
            Role::Name if tree.role(list) == Role::Record => (tree.text(id) == wanted.as_bytes()).then_some(id),
            _ => None,
        };
        tree.children(list).find_map(value)
    }

    fn are<'p>(&self, shapes: &'p [Shape], given: &[NodeId], filled: &mut Filled<'p>, hops: usize) -> bool {
        self.in_order(&shapes.iter().collect::<Vec<_>>(), given, filled, hops)
    }

    /// Compares two sequences; a rest takes as little as it can.
    fn in_order<'p>(&self, shapes: &[&'p Shape], given: &[NodeId], filled: &mut Filled<'p>, hops: usize) -> bool {
        let Some((first, rest)) = shapes.split_first() else { return given.is_empty() };
        if let Shape::Rest(name) = first {
            let before = filled.len();
            let takes = |taken: usize| {
                filled.truncate(before);
                self.fill(name.as_deref(), given[..taken].to_vec(), filled)
                    && self.in_order(rest, &given[taken..], filled, hops)
            };
            return if rest.is_empty() {
                std::iter::once(given.len()).any(takes)
            } else {
                (0..=given.len()).any(takes)
            };
        }
        let Some((id, others)) = given.split_first() else { return false };
        self.stands_for(first, *id, filled, hops) && self.in_order(rest, others, filled, hops)
    }
}
