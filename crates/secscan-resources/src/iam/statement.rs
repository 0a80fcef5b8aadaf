//! One statement of a policy, asked which actions and resources it takes in.

use secscan_model::{Node, Part};

use super::pattern;

/// The stand-in for what a text with unknown pieces does not tell: text, but no wildcard.
pub(super) const HOLE: char = '\u{1}';

/// A statement in the shape of `$iam`.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a>(pub &'a Node);

/// Whether something is taken in, and by what.
#[derive(Clone, Copy, Debug)]
pub enum Match<'a> {
    /// It is not.
    No,
    /// It hangs on this value, which is not known.
    Perhaps(&'a Node),
    /// This value takes it in.
    Yes(&'a Node),
}

impl<'a> Match<'a> {
    /// The first that is sure, else the first that may be.
    pub fn first(found: impl IntoIterator<Item = Self>) -> Self {
        let mut best = Self::No;
        for one in found {
            match (one, best) {
                (Self::Yes(_), _) => return one,
                (Self::Perhaps(_), Self::No) => best = one,
                _ => {}
            }
        }
        best
    }

    /// Whether it is surely taken in; none where that is not known.
    pub fn truth(self) -> Option<bool> {
        match self {
            Self::No => Some(false),
            Self::Perhaps(_) => None,
            Self::Yes(_) => Some(true),
        }
    }
}

impl<'a> Statement<'a> {
    /// Whether it allows (`true`) or denies; none where that is not known.
    pub fn allows(self) -> Option<bool> {
        match self.0.get("effect")?.as_str()? {
            "Allow" => Some(true),
            _ => Some(false),
        }
    }

    /// The values of a key: of `principals` each principal.
    pub fn list(self, key: &str) -> &'a [Node] {
        self.0.get(key).map(Node::items).unwrap_or_default()
    }

    /// The values of a key, when it is written.
    pub(super) fn written(self, key: &str) -> Option<&'a Node> {
        self.0.get(key).filter(|node| !node.is_null())
    }

    /// Whether its actions take one in: by `Action`, or because `NotAction` does not name it.
    pub fn takes_action(self, action: &str) -> Match<'a> {
        let names = |written: &'a Node| Match::first(written.items().iter().map(|item| names_action(item, action)));
        match (self.written("actions"), self.written("not-actions")) {
            (Some(actions), _) => names(actions),
            (None, Some(others)) => match names(others) {
                Match::No => Match::Yes(others),
                Match::Perhaps(node) => Match::Perhaps(node),
                Match::Yes(_) => Match::No,
            },
            (None, None) => self.hidden().map_or(Match::No, Match::Perhaps),
        }
    }

    /// Whether its resources take in all that the end of an ARN stands for: `role/*` of the service `iam`.
    pub fn takes_resource(self, service: &str, resource: &str) -> Match<'a> {
        let names = |written: &'a Node| {
            Match::first(written.items().iter().map(|item| names_resource(item, service, resource)))
        };
        match (self.written("resources"), self.written("not-resources")) {
            (Some(resources), _) => names(resources),
            // All but a few are nearly all.
            (None, Some(others)) => match names(others) {
                Match::Yes(_) => Match::No,
                _ => Match::Yes(others),
            },
            (None, None) => self.hidden().map_or(Match::Yes(self.0), Match::Perhaps),
        }
    }

    /// The statement itself, where it may say more than is written.
    fn hidden(self) -> Option<&'a Node> {
        let is_open = self.0.as_map().is_none_or(|map| map.rest.is_some());
        is_open.then_some(self.0)
    }
}

pub(super) fn names_action<'a>(item: &'a Node, action: &str) -> Match<'a> {
    match item.as_str() {
        Some(text) if pattern::matches(text.trim(), action) => Match::Yes(item),
        None if item.as_unresolved().is_some() && pattern::matches(&widest(item), action) => Match::Perhaps(item),
        _ => Match::No,
    }
}

fn names_resource<'a>(item: &'a Node, service: &str, resource: &str) -> Match<'a> {
    let Some(text) = text(item) else {
        return if names_one(item) { Match::No } else { Match::Perhaps(item) };
    };
    if text.bytes().all(|byte| byte == b'*') {
        return Match::Yes(item);
    }
    // The partition, the region and the account are always one's own.
    let mut fields = text.splitn(6, ':');
    let (of, path) = (fields.nth(2).unwrap_or_default(), fields.nth(2).unwrap_or_default());
    if pattern::covers(of, service) && pattern::covers(path, resource) { Match::Yes(item) } else { Match::No }
}

/// The text of a value, with a stand-in for each unknown piece; none where nothing is known.
pub(super) fn text(node: &Node) -> Option<String> {
    if let Some(text) = node.as_str() {
        return Some(text.trim().to_owned());
    }
    let parts = node.as_unresolved().map(|unresolved| unresolved.parts.as_slice()).filter(|parts| !parts.is_empty())?;
    let mut made = String::new();
    for part in parts {
        match part {
            Part::Fixed(text) => made.push_str(text),
            Part::Hole(_) => made.push(HOLE),
        }
    }
    (made.chars().any(|c| c != HOLE)).then_some(made)
}

/// The widest pattern that a value may turn out to be.
fn widest(node: &Node) -> String {
    text(node).map_or_else(|| "*".to_owned(), |text| text.replace(HOLE, "*"))
}

/// Whether a value that is not known is that of one resource: an attribute that only a deployment tells. What a caller
/// sets, as a parameter or through a module, may be anything.
pub(super) fn names_one(node: &Node) -> bool {
    let refs = node.refs();
    let is_set = node.as_unresolved().is_some_and(|unresolved| unresolved.why.starts_with("parameter `"));
    !is_set && !refs.is_empty() && !refs.iter().any(|reference| reference.address.starts_with("module."))
}
