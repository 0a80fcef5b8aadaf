//! The nouns of secscan, as plain data.
//!
//! Reading order: [`source`] (files, spans, positions) → [`tree`] (where files come from) → [`node`] (located values)
//! → [`resource`] (what a rule can judge, and how resources hang together) → [`rule`] (the header of a rule) →
//! [`pack`] (regulations and their controls) → [`report`] (findings, tallies, control statuses) → [`diagnostic`]
//! (everything that was not looked at). Beside these stand [`line_hash`] (how GitHub recognises a line again) and
//! [`expression`] (how rules look for patterns in text).
//!
//! This crate knows no file format, no wire format and does no input or output.

#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod expression;
pub mod line_hash;
pub mod node;
pub mod pack;
pub mod report;
pub mod resource;
pub mod rule;
pub mod source;
pub mod tree;
pub mod vocabulary;

pub use diagnostic::{Diagnostic, DiagnosticKind};
pub use expression::Expression;
pub use line_hash::LineHashes;
pub use node::{Entry, Extra, List, Map, Node, Part, Reference, Scalar, ScalarKind, Unresolved, Value};
pub use pack::{Automation, Control, ControlRef, ControlStatus, MapEntry, Pack, Role};
pub use report::{Finding, FindingKind, Place, Report, Status, Tally};
pub use resource::{Edge, Graph, Platform, Resource, ResourceId};
pub use rule::{Confidence, RuleId, RuleInfo, Severity, Text};
pub use source::{Comment, ImageLayer, Introduction, LineIndex, Location, Origin, Position, Source, SourceId, Span};
pub use tree::{Candidate, FileTree, Listing};
