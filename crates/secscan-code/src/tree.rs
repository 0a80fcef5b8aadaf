//! A source file, parsed and flattened: nodes by number, with what only punctuates left out.
//!
//! The tree is copied out of the parser by a cursor, so that nothing here recurses: two hundred thousand open
//! parentheses are a list like any other.

use std::cell::RefCell;
use std::ops::{ControlFlow, Range};

use secscan_model::Span;

use crate::grammar::{Grammar, Part, Role};

/// How many times the parser may report progress for each byte of a file, and for any file: it does so every hundred
/// steps. What takes longer is no program but an attack on its parser. Steps are counted rather than seconds, so that
/// the same file always gives the same report.
const REPORTS_A_BYTE: usize = 1;
const REPORTS: usize = 10_000;

/// How far up a question looks from a node.
const MOST_ANCESTORS: usize = 500;

/// The number of a node within its tree; parents come before their children.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct NodeId(u32);

impl NodeId {
    pub(crate) const ROOT: Self = Self(0);
    const NONE: Self = Self(u32::MAX);

    fn some(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: u16,
    /// Its field within its parent; zero where there is none.
    field: u16,
    role: Role,
    span: Span,
    parent: NodeId,
    /// The function that it stands in; the root where there is none.
    scope: NodeId,
    first: NodeId,
    last: NodeId,
    next: NodeId,
}

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Tree<'s> {
    pub(crate) bytes: &'s [u8],
    pub(crate) grammar: &'static Grammar,
    nodes: Vec<Node>,
    pub(crate) comments: Vec<Span>,
    /// What does not follow the grammar: the first place and how many bytes in all.
    pub(crate) damage: Option<(Span, usize)>,
}

impl<'s> Tree<'s> {
    /// Parses a file, or as if it were the whole of it some parts; nothing when that takes more steps than any program
    /// needs.
    pub(crate) fn parse(bytes: &'s [u8], parts: &[Range<usize>], grammar: &'static Grammar) -> Option<Self> {
        thread_local! {
            static PARSER: RefCell<tree_sitter::Parser> = RefCell::new(tree_sitter::Parser::new());
        }
        let parsed = PARSER.with_borrow_mut(|parser| {
            parser.set_language(&grammar.language).ok()?;
            let parts: Vec<_> = parts.iter().map(part).collect();
            parser.set_included_ranges(&parts).ok()?;
            let limit = bytes.len() * REPORTS_A_BYTE + REPORTS;
            let mut reports = 0_usize;
            let mut progress = |_: &tree_sitter::ParseState| {
                reports += 1;
                if reports > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let options = tree_sitter::ParseOptions::new().progress_callback(&mut progress);
            let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
            let parsed = parser.parse_with_options(&mut read, None, Some(options));
            // After a cancelled parse the parser would go on where it stopped, with another file.
            parser.reset();
            parsed
        })?;
        let mut tree = Self { bytes, grammar, nodes: Vec::new(), comments: Vec::new(), damage: None };
        tree.copy(&parsed);
        Some(tree)
    }

    /// Copies the parser's tree, which is freed afterwards.
    fn copy(&mut self, parsed: &tree_sitter::Tree) {
        let mut cursor = parsed.walk();
        // For each open level: the node that what is found here belongs to, and the field that it takes over.
        let mut open: Vec<(NodeId, u16)> = vec![(NodeId::NONE, 0)];
        loop {
            let node = cursor.node();
            let (parent, inherited) = open.last().copied().unwrap_or((NodeId::NONE, 0));
            let own = cursor.field_id().map_or(0, |id| id.get());
            let field = if inherited == 0 { own } else { inherited };
            let span = Span::new(node.start_byte(), node.end_byte());
            if node.is_error() || node.is_missing() {
                let (_, bytes) = self.damage.get_or_insert((span, 0));
                *bytes += span.range().len();
            }
            let inner = match self.grammar.role(node.kind_id()) {
                Role::Skip => None,
                Role::Comment => {
                    self.comments.push(span);
                    None
                }
                Role::Token if !self.keeps_tokens(parent) => None,
                Role::Elide => Some((parent, field)),
                role => Some((self.push(node.kind_id(), field, role, span, parent), 0)),
            };
            if let Some(inner) = inner
                && cursor.goto_first_child()
            {
                open.push(inner);
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                open.pop();
            }
        }
    }

    /// Whether the tokens of a node say what it means: only where its role does not.
    fn keeps_tokens(&self, parent: NodeId) -> bool {
        parent.some().is_some_and(|parent| matches!(self.role(parent), Role::Other | Role::Binary | Role::Augment))
    }

    fn push(&mut self, kind: u16, field: u16, role: Role, span: Span, parent: NodeId) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let none = NodeId::NONE;
        let scope = match parent.some() {
            None => NodeId::ROOT,
            Some(parent) if self.role(parent) == Role::Function => parent,
            Some(parent) => self.node(parent).scope,
        };
        self.nodes.push(Node { kind, field, role, span, parent, scope, first: none, last: none, next: none });
        if let Some(parent) = parent.some() {
            match self.nodes[parent.0 as usize].last.some() {
                Some(last) => self.nodes[last.0 as usize].next = id,
                None => self.nodes[parent.0 as usize].first = id,
            }
            self.nodes[parent.0 as usize].last = id;
        }
        id
    }

    /// The text as people would say it; bytes that are none are replaced.
    pub(crate) fn words(&self, id: NodeId) -> std::borrow::Cow<'s, str> {
        String::from_utf8_lossy(self.text(id))
    }

    /// All nodes, parents before their children.
    pub(crate) fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn role(&self, id: NodeId) -> Role {
        self.node(id).role
    }

    pub(crate) fn kind(&self, id: NodeId) -> u16 {
        self.node(id).kind
    }

    /// What the grammar calls it.
    pub(crate) fn kind_name(&self, id: NodeId) -> &'static str {
        self.grammar.language.node_kind_for_id(self.kind(id)).unwrap_or_default()
    }

    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    pub(crate) fn text(&self, id: NodeId) -> &'s [u8] {
        self.bytes.get(self.node(id).span.range()).unwrap_or_default()
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent.some()
    }

    /// The function that a node stands in; the root where there is none.
    pub(crate) fn scope(&self, id: NodeId) -> NodeId {
        self.node(id).scope
    }

    /// The node and what it stands in, inside out, as far as anybody nests programs.
    pub(crate) fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), |id| self.parent(*id)).take(MOST_ANCESTORS)
    }

    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.node(id).first.some(), |id| self.node(*id).next.some())
    }

    /// The children that are no operators and keywords.
    pub(crate) fn operands(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.children(id).filter(|child| self.role(*child) != Role::Token)
    }

    /// The child in a field of that name.
    pub(crate) fn child_in(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.children(id).find(|child| self.stands_in_field(*child, name))
    }

    fn in_field(&self, id: NodeId, field: u16) -> impl Iterator<Item = NodeId> + '_ {
        self.children(id).filter(move |child| field != 0 && self.node(*child).field == field)
    }

    /// The nodes of a part (0 or 1) of a node: see [`Role`] for what they are.
    pub(crate) fn parts(&self, id: NodeId, number: usize) -> Vec<NodeId> {
        match self.grammar.parts(self.kind(id))[number] {
            Part::Child(child) => self.operands(id).nth(child.into()).into_iter().collect(),
            Part::Field(field) => self.in_field(id, field).collect(),
        }
    }

    /// The first node of a part.
    pub(crate) fn part(&self, id: NodeId, number: usize) -> Option<NodeId> {
        match self.grammar.parts(self.kind(id))[number] {
            Part::Child(child) => self.operands(id).nth(child.into()),
            Part::Field(field) => self.in_field(id, field).next(),
        }
    }

    /// The two outcomes of a choice.
    pub(crate) fn outcomes(&self, id: NodeId) -> Vec<NodeId> {
        match self.grammar.parts(self.kind(id)) {
            // Python writes the condition between them.
            [Part::Child(_), _] => self.operands(id).next().into_iter().chain(self.operands(id).last()).collect(),
            _ => [0, 1].iter().filter_map(|part| self.part(id, *part)).collect(),
        }
    }

    /// The type that a declaration names.
    pub(crate) fn declared_type(&self, id: NodeId) -> Option<NodeId> {
        self.in_field(id, self.grammar.type_field()).next()
    }

    /// The object that a Java method is called on.
    pub(crate) fn invoked_object(&self, id: NodeId) -> Option<NodeId> {
        self.in_field(id, self.grammar.object_field()).next()
    }

    /// Whether a node stands in a field of its parent.
    pub(crate) fn stands_in_field(&self, id: NodeId, name: &str) -> bool {
        let field = self.grammar.language.field_id_for_name(name).map_or(0, |id| id.get());
        field != 0 && self.node(id).field == field
    }

    /// What a string says: its text without prefix and quotes.
    pub(crate) fn content(&self, id: NodeId) -> &'s [u8] {
        let text = self.text(id);
        let open = text.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'`')).unwrap_or(0);
        let Some(&quote) = text.get(open) else { return text };
        let hashes = text[..open].iter().filter(|byte| **byte == b'#').count();
        let is_triple = text[open..].starts_with(&[quote; 3]) && text.len() >= open + 6;
        let width = if is_triple { 3 } else { 1 };
        text.get(open + width..text.len().saturating_sub(width + hashes)).unwrap_or_default()
    }

    /// The narrowest statement around a node: what stands directly in a block.
    pub(crate) fn statement(&self, id: NodeId) -> NodeId {
        let is_statement = |id: &NodeId| self.parent(*id).is_none_or(|parent| self.role(parent) == Role::Block);
        self.ancestors(id).find(is_statement).unwrap_or(id)
    }
}

/// A part of a file for the parser, which only counts lines and columns for others.
fn part(range: &Range<usize>) -> tree_sitter::Range {
    let point = tree_sitter::Point::default();
    tree_sitter::Range { start_byte: range.start, end_byte: range.end, start_point: point, end_point: point }
}
