//! Rule and pack files to compiled rules, and the judge that runs them.
//!
//! Reading order: [`syntax`] (files as people write them) → [`compile`](mod@compile) (to [`check`] and [`asks`]) → [`blob`] (embedded)
//! → [`bind`](mod@bind) (parameters) → [`set`] (the index) → [`judge`] (three-valued verdicts with places). Packs:
//! [`pack`].
//!
//! Without the feature `judge` this is the light checker and compiler that build scripts use.

#![forbid(unsafe_code)]

pub mod asks;
pub mod bind;
pub mod blob;
pub mod check;
pub mod compile;
#[cfg(feature = "judge")]
pub mod judge;
pub mod native;
pub mod pack;
mod quantity;
mod ranges;
pub mod select;
pub mod set;
pub mod syntax;

pub use bind::{BindError, bind};
pub use check::Rule;
pub use compile::{FileError, Vocabulary, compile};
#[cfg(feature = "judge")]
pub use judge::{Judge, Outcome, Verdict};
pub use set::RuleSet;

/// The JSON schemas of the files that users write, by file name below `schemas/`.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("rule.schema.json", schemars::schema_for!(syntax::RuleFile)),
        ("pack.schema.json", schemars::schema_for!(syntax::PackFile)),
    ]
}
