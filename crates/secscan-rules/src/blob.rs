//! One blob a crate, made by its build script and read without any YAML.

use std::collections::BTreeMap;

use secscan_model::{Lazy, Pack};
use serde::{Deserialize, Serialize};

use crate::check::{Param, Rule};
use crate::pack::Topic;

/// All built-in rules with the vocabulary that they use.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct RuleBlob {
    /// The rules, sorted by id.
    pub rules: Vec<Rule>,
    /// The vocabulary of evidence.
    pub topics: Lazy<Vec<Topic>>,
    /// Parameters that many rules share, for rules of users.
    pub params: Lazy<BTreeMap<String, Param>>,
    /// A hash of all rule files.
    pub digest: String,
}

/// All built-in packs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct PackBlob {
    /// The packs, sorted by id.
    pub packs: Vec<Pack>,
}

/// A blob that cannot be read or written: a defect of the build.
#[derive(Debug, thiserror::Error)]
#[error("the embedded data does not decode: {0}")]
pub struct BlobError(#[from] postcard::Error);

/// Writes a blob.
///
/// # Errors
/// When the data does not encode.
pub fn encode<T: Serialize>(data: &T) -> Result<Vec<u8>, BlobError> {
    Ok(postcard::to_allocvec(data)?)
}

/// Reads a blob.
///
/// # Errors
/// When it was not written by [`encode`] of the same version.
pub fn decode<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, BlobError> {
    Ok(postcard::from_bytes(bytes)?)
}
