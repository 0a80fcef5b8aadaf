//! What local names were given: assignments by function, so that a rule sees through a variable.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use crate::grammar::Role;
use crate::tree::{NodeId, Tree};

/// How many functions within each other are looked through.
const MOST_SCOPES: usize = 16;

/// One way in which a name gets a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    /// What it is given or made from; nothing for a parameter.
    pub(crate) value: Option<NodeId>,
    /// Whether it is just that, rather than a part of it or more than it.
    pub(crate) is_whole: bool,
    /// Whether it is the first of several results, or the only one.
    pub(crate) is_first: bool,
    /// The type that it was declared with.
    pub(crate) declared: Option<NodeId>,
}

impl Binding {
    /// Whether it only says that there is such a name.
    pub(crate) fn is_declaration(&self) -> bool {
        self.value.is_none() && self.is_whole
    }
}

/// The bindings of a file, by the function that they stand in.
#[derive(Debug, Default)]
pub(crate) struct Bindings<'s> {
    by_name: HashMap<&'s [u8], Vec<(NodeId, Binding)>>,
    /// Names that the file gives something outside of what was parsed, with the numbers of the parts.
    elsewhere: HashMap<&'s [u8], Vec<usize>>,
    /// The parts that were asked for.
    missed: RefCell<BTreeSet<usize>>,
}

impl<'s> Bindings<'s> {
    /// Reads all assignments and parameters; `elsewhere` has the names that are given something in other parts of the file.
    pub(crate) fn read(tree: &Tree<'s>, elsewhere: HashMap<&'s [u8], Vec<usize>>) -> Self {
        let mut bindings = Self { elsewhere, ..Self::default() };
        for id in tree.all() {
            match tree.role(id) {
                Role::Assign => bindings.assign(tree, id, true),
                Role::Augment | Role::Loop => bindings.assign(tree, id, false),
                Role::Parameter => {
                    let declared = tree.declared_type(id).or_else(|| tree.part(id, 1));
                    for name in tree.parts(id, 0) {
                        bindings.add(tree, name, Binding { value: None, is_whole: false, is_first: true, declared });
                    }
                }
                Role::Name if is_parameter(tree, id) => {
                    bindings.add(tree, id, Binding { value: None, is_whole: false, is_first: true, declared: None });
                }
                _ => {}
            }
        }
        bindings
    }

    fn assign(&mut self, tree: &Tree<'s>, id: NodeId, is_whole: bool) {
        let (targets, values) = (tree.parts(id, 0), tree.parts(id, 1));
        // Declarations of types stand around the declarator in Java, within it elsewhere.
        let declared = tree.declared_type(id).or_else(|| tree.parent(id).and_then(|parent| tree.declared_type(parent)));
        for (index, target) in targets.iter().enumerate() {
            let value = if values.len() == targets.len() { values.get(index) } else { values.first() };
            // The first of several results is the one that matters: `request, err := ...`.
            let is_first = values.len() == targets.len() || index == 0;
            let binding = Binding { value: value.copied(), is_whole: is_whole && is_first, is_first, declared };
            match tree.role(*target) {
                Role::Name => self.add(tree, *target, binding),
                Role::Member | Role::Subscript => {}
                _ => {
                    let part = Binding { is_whole: false, ..binding };
                    let mut open: Vec<NodeId> = tree.operands(*target).collect();
                    while let Some(inner) = open.pop() {
                        match tree.role(inner) {
                            Role::Name => self.add(tree, inner, part),
                            _ => open.extend(tree.operands(inner)),
                        }
                    }
                }
            }
        }
    }

    fn add(&mut self, tree: &Tree<'s>, name: NodeId, binding: Binding) {
        if tree.role(name) == Role::Name {
            self.by_name.entry(tree.text(name)).or_default().push((tree.scope(name), binding));
        }
    }

    /// What a name was given, in the innermost function around it that gives it anything.
    pub(crate) fn of(&self, tree: &Tree<'s>, name: NodeId) -> Vec<Binding> {
        let text = tree.text(name);
        let all = self.by_name.get(text).map(Vec::as_slice).unwrap_or_default();
        let outer = |scope: &NodeId| (*scope != NodeId::ROOT).then(|| tree.scope(*scope));
        let mut found = std::iter::successors(Some(tree.scope(name)), outer).take(MOST_SCOPES).map(|scope| {
            if scope == NodeId::ROOT {
                self.missed.borrow_mut().extend(self.elsewhere.get(text).into_iter().flatten());
            }
            let inside = all.iter().filter(|(of, _)| *of == scope).map(|(_, binding)| *binding);
            inside.collect::<Vec<_>>()
        });
        found.find(|bindings| !bindings.is_empty()).unwrap_or_default()
    }

    /// The parts of the file that should have been parsed too.
    pub(crate) fn missed(self) -> BTreeSet<usize> {
        self.missed.into_inner()
    }

    /// The one value that a name has, when there is just one.
    pub(crate) fn value(&self, tree: &Tree<'s>, name: NodeId) -> Option<NodeId> {
        let mut given = self.of(tree, name).into_iter().filter(|binding| !binding.is_declaration());
        match (given.next(), given.next()) {
            (Some(Binding { value, is_whole: true, .. }), None) => value,
            _ => None,
        }
    }
}

/// Whether a name stands where parameters without types do.
fn is_parameter(tree: &Tree<'_>, id: NodeId) -> bool {
    let Some(parent) = tree.parent(id) else { return false };
    match tree.role(parent) {
        Role::Parameters => true,
        Role::Function => tree.stands_in_field(id, "parameter") || tree.stands_in_field(id, "parameters"),
        _ => false,
    }
}
