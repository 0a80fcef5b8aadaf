//! The `$`-children that rules may ask any value for. See [`secscan_model::vocabulary::COMPUTED`].

use secscan_model::Node;

/// The computed child of a value; none where the value has no such child. An unresolved value gives an unresolved child.
/// `$type`, `$platform`, `$address` belong to resources and are answered by the judge.
pub fn child(_name: &str, _of: &Node) -> Option<Node> {
    None
}
