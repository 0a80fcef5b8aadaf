//! Which sensitive actions a statement gives: by name, by pattern, or because `NotAction` does not name them.

use secscan_model::{Map, Node};

use super::classes::{CLASSES, Class};
use super::statement::{Match, Statement, names_action};

/// A map from classes of actions to the patterns, as written, that give actions of the class; for `NotAction` the text
/// `NotAction`. Patterns for every action of every service are left out: they are no riddle. What an unconditional
/// denial of the same policy takes back is not given.
pub(super) fn of(statement: Statement<'_>, policy: &[Node]) -> Option<Node> {
    if statement.allows() == Some(false) {
        return None;
    }
    let denials: Vec<Statement<'_>> = policy.iter().map(Statement).filter(|other| is_sweeping(*other)).collect();
    let mut given = Map::with_capacity(1);
    for class in CLASSES {
        let patterns = patterns(class, statement, &denials);
        if let Some(first) = patterns.first() {
            let at = first.at;
            given.push_new(class.name, Node::list(patterns, at));
        }
    }
    let place = statement.written("actions").or_else(|| statement.written("not-actions"))?;
    (!given.is_empty()).then(|| Node::map(given, place.at).named(place.name_at))
}

/// A denial on everything, whatever the circumstances.
fn is_sweeping(statement: Statement<'_>) -> bool {
    statement.allows() == Some(false)
        && statement.written("conditions").is_none()
        && statement.list("resources").iter().any(|resource| resource.as_str() == Some("*"))
}

fn patterns(class: &Class, statement: Statement<'_>, denials: &[Statement<'_>]) -> Vec<Node> {
    let left = |action: &&&str| !denials.iter().any(|denial| matches!(denial.takes_action(action), Match::Yes(_)));
    let actions: Vec<&str> = class.actions.iter().filter(left).copied().collect();
    let Some(written) = statement.written("actions") else {
        let Match::Yes(spared) = Match::first(actions.iter().map(|action| statement.takes_action(action))) else {
            return Vec::new();
        };
        return vec![Node {
            value: Node::text("NotAction", spared.name_at).value,
            at: spared.name_at,
            ..spared.clone()
        }];
    };
    let items = written.items().iter().map(|item| (gives(item, &actions), item));
    items
        .filter_map(|(found, item)| match found {
            Match::No => None,
            Match::Yes(_) => Some(item.clone()),
            Match::Perhaps(_) => {
                let why = item.as_unresolved().map(|unresolved| unresolved.why.clone()).unwrap_or_default();
                Some(Node::perhaps_absent(why, item.at).named(item.name_at))
            }
        })
        .collect()
}

/// Whether a pattern gives one of the actions.
fn gives<'a>(item: &'a Node, actions: &[&str]) -> Match<'a> {
    match item.as_str() {
        Some("*" | "*:*") => Match::No,
        _ => Match::first(actions.iter().map(|action| names_action(item, action))),
    }
}
