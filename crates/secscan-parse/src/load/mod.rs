//! `from_node` reads any type that derives `Deserialize`. Two types may stand in its fields to keep places:
//! `Spanned` for a typed value and `Located` for a value of any form. They work through a struct name that only
//! `deserializer` knows, so they cannot be read from other formats, nor below `#[serde(flatten)]` or
//! `#[serde(untagged)]`, which copy values through a form without places.

mod deserializer;
mod located;

pub use located::{Located, Raw, Spanned};

use secscan_model::{Location, Node};
use serde::de::DeserializeOwned;

/// Why a file does not have the form that it should have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct LoadError {
    /// What is wrong, in plain words.
    pub message: String,
    /// The innermost value that is wrong; the key when it is unknown, the name of the map when a key is missing.
    pub at: Location,
}

/// Reads a value of a type from a tree.
///
/// Numbers are taken for text where text is wanted, as they are written (`1.10` stays `1.10`). An unresolved value is
/// an error.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, LoadError> {
    T::deserialize(deserializer::NodeDeserializer::new(node)).map_err(|fault| fault.at_least(node.at))
}

#[cfg(test)]
mod tests;
