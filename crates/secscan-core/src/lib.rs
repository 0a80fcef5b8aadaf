//! secscan as a library: build a [`Scanner`], scan a tree of files, get a [`secscan_model::Report`].
//!
//! Reading order: `builder` (rules, packs, settings) → `scanner` (the flow) → `examine` (one tree, read and judged) →
//! `text`, `words`, `secrets` and `code` (rules about text) → `native`, `vulnerable`, `escalation`, `public_path` and `rbac`
//! with `addresses` (judges in Rust) → `findings`, `places` and `redaction` (verdicts to findings that may be shown),
//! `packages` (what a report lists besides) → `triage` (what counts: `suppress`, [`config`] with `ignores` and `waivers`,
//! [`baseline`], `since`; [`meta`] holds all of these to account) → `controls` (the status of each control).
//!
//! Beside the flow stand `cache` (what scans said, kept for the next one), [`examples`] (those of rule files, run),
//! `observer` (progress), `path_pattern`, `expiry` and `near` (the word that somebody probably meant).
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
/// The baseline file: findings that were there when a team began, so that only new ones count.
pub mod baseline;
mod builder;
mod cache;
mod code;
/// The settings file, `secscan.toml`.
pub mod config;
mod controls;
mod escalation;
mod examine;
/// The examples of rule files, run: every marked line must be found, and nothing else.
pub mod examples;
mod expiry;
mod findings;
mod ignores;
/// Built-in rules about what a tree says of its own scan.
pub mod meta;
mod native;
mod near;
mod observer;
mod packages;
mod path_pattern;
mod places;
mod public_path;
mod rbac;
mod redaction;
mod scanner;
mod secrets;
mod since;
mod suppress;
mod text;
mod triage;
mod vulnerable;
mod waivers;
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
