//! YAML.

use secscan_model::Source;

use crate::Parsed;

/// Whether a path looks like YAML.
pub fn claims(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// Parses a file.
pub fn parse(_source: &Source) -> Parsed {
    Parsed::default()
}
