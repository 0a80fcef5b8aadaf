//! Rule and pack files to compiled rules, and the judge that runs them.
//!
//! Reading order: [`syntax`] → [`compile`](mod@compile) (to [`check`] and [`asks`]) → [`blob`] → [`bind`](mod@bind) → [`select`]
//! and [`set`] (the index) → [`judge`] (three-valued verdicts with places), and [`native`], which it leaves to others. Packs:
//! [`pack`]. They are declared in this order, each with what it is.
//!
//! Without the feature `judge` this is the light checker and compiler that build scripts use.

#![forbid(unsafe_code)]

/// Rule and pack files as people write them.
pub mod syntax;

/// From rule files to compiled rules: everything is checked here, with the place, so that judging cannot fail.
pub mod compile;

/// Compiled checks: what the rule language becomes, as data that is embedded and judged.
pub mod check;

/// What one rule asks: whom is known at once, the questions themselves are decoded and bound when somebody first wants them.
pub mod asks;

/// The embedded form of rules and packs.
pub mod blob;

/// Parameters take their values: what users set, else the defaults.
pub mod bind;

/// Which resources a selector means.
pub mod select;

/// All rules of a scan, indexed by what they can judge.
pub mod set;

/// The judge: bound rules and a graph in, verdicts out.
#[cfg(feature = "judge")]
pub mod judge;

/// Rules that are judged by Rust code: what no rule language says well.
pub mod native;

/// Pack files to packs: regulations, their controls, and the map from topics and rules.
pub mod pack;

mod quantity;
mod ranges;

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
