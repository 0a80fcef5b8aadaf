//! secscan as a library: build a [`Scanner`], scan a tree of files, get a [`secscan_model::Report`].
//!
//! Reading order: [`builder`] (rules, packs, settings) → [`scanner`] (the flow) → `examine`, `text`, `words` and `code` (read and judge one tree), `native` and
//! `vulnerable`, `escalation`, `public_path`, `rbac` (judges in Rust) → `findings` and `places`
//! (verdicts to findings) → `triage` ([`suppress`], [`config`], [`ignores`], [`waivers`], [`baseline`], [`since`]: what counts) →
//! `controls` (the status of each control). [`cache`] keeps what scans said for the next one; [`examples`] runs the examples of rule files; [`observer`] tells of progress.
//!
//! The library has no terminal, no output format, no network, no clock and no environment.
//!
//! ```
//! use secscan_core::{Scanner, Silent};
//! use secscan_model::tree::MemoryTree;
//!
//! let tree = MemoryTree::new([("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n")]);
//! let scanner = Scanner::builder().build()?;
//! let report = scanner.scan(&tree, &Silent);
//! assert_eq!(&*report.findings[0].resource, "default/Pod/a");
//! # Ok::<(), secscan_core::BuildError>(())
//! ```

#![forbid(unsafe_code)]

mod addresses;
pub mod baseline;
pub mod builder;
pub mod cache;
mod code;
pub mod config;
mod controls;
mod escalation;
mod examine;
pub mod examples;
mod findings;
pub mod ignores;
pub mod meta;
mod native;
pub mod near;
pub mod observer;
mod packages;
pub mod path_pattern;
mod places;
mod public_path;
mod rbac;
mod redaction;
pub mod scanner;
mod secrets;
pub mod since;
pub mod suppress;
mod text;
mod triage;
mod vulnerable;
pub mod waivers;
mod words;

pub use builder::{BuildError, ScannerBuilder, Threshold};
pub use cache::Cache;
pub use observer::{Event, Observer, Silent, Stage};
pub use scanner::{Inspection, Scanner};

use secscan_model::Platform;

/// Whether resources of a platform are made from others rather than read from files.
fn is_derived(platform: Platform) -> bool {
    matches!(platform, Platform::Common | Platform::Unit | Platform::Configuration)
}
