//! The `$`-children that rules may ask any value for. See [`secscan_model::vocabulary::COMPUTED`].
//!
//! Reading order: [`child`] and its table `CHILDREN`, [`Placement`] (from text back to bytes), then one module a child. A child is computed from one value alone.

mod placement;

use secscan_model::{Node, Source, Value};

pub(crate) use placement::Placement;

/// Makes a child of a value; none where the value has no such child. Begins with [`unknown`].
type Compute = fn(&Node, &[Source]) -> Option<Node>;

/// The computed children of values, by name.
static CHILDREN: &[(&str, Compute)] = &[("comment", comment)];

/// The computed child of a value; none where the value has no such child. An unresolved value gives an unresolved child.
/// `$type`, `$platform`, `$address` belong to resources and are answered by the judge.
///
/// `sources` are the files that values stand in, sorted by id ([`secscan_model::Graph::sources`]): their bytes tell where
/// exactly a child stands within a longer text. Without the file a child has the place of the whole value.
pub fn child(name: &str, of: &Node, sources: &[Source]) -> Option<Node> {
    let (_, compute) = CHILDREN.iter().find(|(known, _)| *known == name)?;
    compute(of, sources)
}

/// The child of a value of which nothing is known: unknown for the same reason. None when something is known.
fn unknown(of: &Node) -> Option<Node> {
    let unresolved = of.as_unresolved().filter(|unresolved| unresolved.parts.is_empty())?;
    Some(Node::new(Value::Unresolved(unresolved.clone().into()), of.at).named(of.name_at))
}

/// `$comment`: the comment behind a value on its line.
fn comment(of: &Node, _: &[Source]) -> Option<Node> {
    let comment = of.extra.as_ref()?.comment.as_ref()?;
    Some(Node::text(comment.clone(), of.at).named(of.name_at))
}

#[cfg(test)]
mod tests {
    use secscan_model::{Location, vocabulary::COMPUTED};

    use super::*;

    #[test]
    fn every_child_is_in_the_vocabulary() {
        for (name, _) in CHILDREN {
            assert!(COMPUTED.iter().any(|known| known.name == *name), "the rule compiler refuses ${name}");
        }
    }

    #[test]
    fn the_comment_is_the_one_behind_the_value() {
        let mut node = Node::text("v4", Location::default());
        assert!(child("comment", &node, &[]).is_none());
        node.extra_mut().comment = Some("pinned".into());
        assert_eq!(child("comment", &node, &[]).as_ref().and_then(Node::as_str), Some("pinned"));
    }

    #[test]
    fn nothing_known_gives_nothing_known() {
        let node = Node::perhaps_absent("variable `x` has no value", Location::default());
        let child = unknown(&node).expect("unresolved");
        assert_eq!(child.as_unresolved(), node.as_unresolved());
        assert!(unknown(&Node::text("x", Location::default())).is_none());
    }
}
