//! Is this version affected: advisories, and the version order of each ecosystem.
//!
//! Reading order: [`ecosystem`] (the table: names and orders) → `version` (the orders) → [`advisory`] (the one form of all
//! advisories) → `osv` and `rust_sec` (files to that form), `rating` (how bad) → [`import`] → [`store`] (the file) →
//! [`judge`] (the question).
//!
//! The crate is pure: bytes in, data out. Who opens files and talks to servers is the front end.

#![forbid(unsafe_code)]

mod advisory;
mod ecosystem;
mod import;
mod judge;
mod osv;
mod rating;
mod rust_sec;
mod store;
mod version;

pub use advisory::{Advisory, Affected, End, Range, Rating, RatingSource, Standing};
pub use ecosystem::{ECOSYSTEMS, Ecosystem};
pub use import::{ImportError, Importer, Summary};
pub use judge::{Answer, Vulnerability};
pub use store::{About, Advisories, Share, Store, StoreError};
