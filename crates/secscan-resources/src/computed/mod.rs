//! `secscan_model::vocabulary::COMPUTED` lists them for rules.
//!
//! Reading order: [`child`](computed::child) and its table `CHILDREN`, `Placement` (from text back to bytes), then one module a child. A child is
//! computed from one value alone.

mod action;
pub(crate) mod expression;
pub(crate) mod iam;
pub(crate) mod image;
mod json;
mod licence;
mod placement;
pub(crate) mod shell;
mod text;
mod url;

use std::sync::Arc;

use secscan_model::{Entry, Location, Map, Node, Source, Value};

pub(crate) use action::ref_kind as revision_kind;
pub(crate) use placement::Placement;
pub(crate) use text::Text;

/// Makes a child of a value; none where the value has no such child. Begins with [`unknown`].
type Compute = fn(&Node, &[Source]) -> Option<Node>;

/// The computed children of values, by name.
static CHILDREN: &[(&str, Compute)] = &[
    ("action", action::child),
    ("comment", comment),
    ("expr", expression::child),
    ("iam", iam::child),
    ("image", image::child),
    ("json", json::child),
    ("licence", licence::child),
    ("removed-in", crate::kubernetes::removed::child),
    ("shell", shell::child),
    ("url", url::child),
];

/// The computed child of a value; none where the value has no such child. An unresolved value gives an unresolved child.
/// `$type`, `$platform`, `$address` belong to resources and are answered by the judge.
///
/// `sources` are the files that values stand in, sorted by id ([`secscan_model::Graph::sources`]): their bytes tell where
/// exactly a child stands within a longer text. Without the file a child has the place of the whole value.
pub fn child(name: &str, of: &Node, sources: &[Source]) -> Option<Node> {
    let (_, compute) = CHILDREN.iter().find(|(known, _)| *known == name)?;
    let child = compute(of, sources)?;
    Some(match of.set_at() {
        Some(at) => set_at(child, at),
        None => child,
    })
}

/// What is computed from a value was set where the value was.
fn set_at(mut node: Node, at: Location) -> Node {
    match &mut node.value {
        Value::Map(map) => {
            let entry = |entry: &Entry| Entry { key: entry.key.clone(), value: set_at(entry.value.clone(), at) };
            let mut placed = Map::from_unique(map.entries().iter().map(entry).collect());
            placed.rest.clone_from(&map.rest);
            *map = Arc::new(placed);
        }
        Value::List(items) => *items = Arc::new(items.iter().map(|item| set_at(item.clone(), at)).collect()),
        Value::Scalar(_) | Value::Unresolved(_) => {}
    }
    node.extra_mut().set_at = Some(at);
    node
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
pub(crate) mod testing {
    //! How tests of computed children write values down.

    use secscan_model::{Location, Part, SourceId, Span, Unresolved};

    use super::*;

    /// A value that stands in a file as it is.
    pub(crate) fn written(text: &str) -> (Node, Source) {
        let source = Source::from_text(SourceId(0), "file", &format!("key: {text}\n"));
        (Node::text(text, source.at(Span::new(5, 5 + text.len()))), source)
    }

    /// A value in which each `${...}` is a hole.
    pub(crate) fn partly(text: &str) -> Node {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let end = after.find('}').map_or(after.len(), |end| end + 1);
            let end = end + usize::from(after[end..].starts_with('}'));
            parts.extend([Part::Fixed(before.into()), Part::Hole(format!("${{{}", &after[..end]).into())]);
            rest = &after[end..];
        }
        parts.push(Part::Fixed(rest.into()));
        parts.retain(|part| !matches!(part, Part::Fixed(text) if text.is_empty()));
        let unresolved = Unresolved { why: "not in the files".into(), perhaps_absent: false, parts };
        Node::new(Value::Unresolved(unresolved.into()), Location::default())
    }

    /// A value on one line: `?` is unresolved, `??` perhaps absent, text and keys stand without quotes.
    pub(crate) fn show(node: Option<Node>) -> String {
        let Some(node) = node else { return "none".into() };
        match &node.value {
            Value::Scalar(scalar) => scalar.text.to_string(),
            Value::Unresolved(unresolved) => if unresolved.perhaps_absent { "??" } else { "?" }.into(),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|item| show(Some(item.clone()))).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(map) => {
                let entries = map.entries().iter();
                let entries: Vec<_> =
                    entries.map(|entry| format!("{}: {}", entry.key, show(Some(entry.value.clone())))).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
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
