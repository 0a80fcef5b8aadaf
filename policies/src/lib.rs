//! The built-in packs of secscan: regulations as data.
//!
//! One YAML file a pack. The build script checks their form; that they name existing topics and rules is checked by a
//! test of `secscan-core`, which sees both.

#![forbid(unsafe_code)]

use secscan_rules::blob::{self, BlobError, PackBlob};

/// The built-in packs.
///
/// # Errors
/// Never in a program that was built whole; the type says so rather than a panic.
pub fn load() -> Result<PackBlob, BlobError> {
    blob::decode(include_bytes!(concat!(env!("OUT_DIR"), "/packs.bin")))
}
