//! The built-in rules of secscan.
//!
//! One YAML file a rule, in one folder a family. What many of them share lies in `vocabulary/`: `topics.yaml` says which
//! evidence there is, `parameters.yaml` holds what users may set. The build script checks and compiles both into one blob;
//! loading it takes about a millisecond and no YAML.

#![forbid(unsafe_code)]

use secscan_rules::blob::{self, BlobError, RuleBlob};

/// The built-in rules with their vocabulary.
///
/// # Errors
/// Never in a program that was built whole; the type says so rather than a panic.
pub fn load() -> Result<RuleBlob, BlobError> {
    blob::decode(include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin")))
}

#[cfg(test)]
mod tests {
    use secscan_rules::check::Body;

    #[test]
    fn the_checks_of_every_rule_decode() {
        for rule in super::load().expect("the blob decodes").rules {
            if let Body::Checks(checks) = &rule.body {
                assert!(!rule.checks().is_empty(), "{} asks nothing", rule.info.id);
                assert_eq!(rule.checks().len(), checks.whom().len(), "{}", rule.info.id);
            }
        }
    }
}
