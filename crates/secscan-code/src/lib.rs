//! Code rules: which places of a source file have the shape that a rule names.
//!
//! A pattern is a piece of source with holes (`$X`, `$$$REST`), read with the language's own grammar. Names in it are
//! full names: `subprocess.run` means that function whatever a file calls it, and nothing else of that name.
//!
//! Reading order: [`language`] → [`question`] (what rules ask, as plain data) → [`atoms`], `required` and [`gate`] (the words that gate
//! parsing); with the feature `engine`: `grammar` (what the kinds of each grammar mean) → `outline` and `selection` (which parts of a
//! file are parsed) → `tree` (these, parsed and flattened) → `names` (imports) → `bindings` (what local names were given) → `shape`
//! (patterns, parsed) → `matching` → `condition` → [`examine`](mod@examine).

#![forbid(unsafe_code)]

mod atoms;
#[cfg(feature = "engine")]
mod bindings;
#[cfg(feature = "engine")]
mod condition;
#[cfg(feature = "engine")]
mod examine;
mod gate;
#[cfg(feature = "engine")]
mod grammar;
/// The languages that patterns are written in, and how a file's name tells them.
pub mod language;
#[cfg(feature = "engine")]
mod matching;
#[cfg(feature = "engine")]
mod names;
#[cfg(feature = "engine")]
mod outline;
/// What a code rule asks, compiled.
pub mod question;
mod required;
#[cfg(feature = "engine")]
mod selection;
#[cfg(feature = "engine")]
mod shape;
#[cfg(feature = "engine")]
mod tree;

pub use atoms::{Atom, Form};
#[cfg(feature = "engine")]
pub use examine::{Asked, Damage, Examined, Hit, examine, examine_parts};
pub use gate::{Gate, Occurrence};
pub use language::{Dialect, Language};
pub use question::{Condition, Expression, Import, Question};
