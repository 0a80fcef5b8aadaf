//! The `$`-children that rules may ask any value for. See [`secscan_model::vocabulary::COMPUTED`].

use secscan_model::{Node, Source};

/// The computed child of a value; none where the value has no such child. An unresolved value gives an unresolved child.
/// `$type`, `$platform`, `$address` belong to resources and are answered by the judge.
///
/// `sources` are the files that values stand in, sorted by id ([`secscan_model::Graph::sources`]): their bytes tell where
/// exactly a child stands within an embedded document. Without the file a child has the place of the whole value.
pub fn child(_name: &str, _of: &Node, _sources: &[Source]) -> Option<Node> {
    None
}
