//! The nouns of secscan, as plain data.
//!
//! Reading order: [`source`] → [`tree`] → [`node`] → [`resource`] → [`vocabulary`] → [`rule`] → [`pack`] → [`report`] →
//! [`diagnostic`]; [`expression`], [`line_hash`] and [`lazy`] stand beside. They are declared in this order, each with what it is.
//!
//! This crate knows no file format, no wire format and does no input or output.

#![forbid(unsafe_code)]

/// Files, byte spans and the positions that people read.
pub mod source;

/// Where files come from: everything that can be scanned is a tree of files.
pub mod tree;

/// Located values: what parsers, evaluators and readers build and what rules look at.
pub mod node;

/// What a rule can judge, and how these things hang together.
pub mod resource;

/// The words that readers and rules agree on: computed children and common kinds.
pub mod vocabulary;

/// The header that every kind of rule shares.
pub mod rule;

/// Regulations as data: controls, and what evidences them.
pub mod pack;

/// What a scan says: findings, tallies, control statuses, and what was not looked at.
pub mod report;

/// What was not looked at, or not understood: counted, shown, and kept from turning into a pass.
pub mod diagnostic;

/// Regular expressions of rules.
pub mod expression;

/// The hash by which GitHub recognises a line again: `primaryLocationLineHash`.
pub mod line_hash;

/// What is embedded in the program and decoded when somebody asks.
pub mod lazy;

pub use diagnostic::{Diagnostic, DiagnosticKind};
pub use expression::Expression;
pub use lazy::Lazy;
pub use line_hash::LineHashes;
pub use node::{Entry, Extra, List, Map, Node, Part, Reference, Scalar, ScalarKind, Unresolved, Value};
pub use pack::{Automation, Control, ControlRef, ControlStatus, MapEntry, Pack, Role};
pub use report::{Finding, FindingKind, Place, Report, Status, Tally};
pub use resource::{Edge, Graph, Platform, Resource, ResourceId};
pub use rule::{Confidence, Header, RuleId, RuleInfo, Severity, Text};
pub use source::{Comment, ImageLayer, Introduction, LineIndex, Location, Origin, Position, Source, SourceId, Span};
pub use tree::{Candidate, FileTree, Listing};
