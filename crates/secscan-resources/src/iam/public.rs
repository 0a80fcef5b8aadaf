//! Whom a statement lets in, read together with the denials of the same policy.

use secscan_model::Node;

use super::condition::{catches_strangers, narrows};
use super::statement::{HOLE, Statement, names_one, text};
use super::{all, any, pattern};

/// Whether a statement that names principals lets strangers in: `*` is allowed (or all but some), and neither its own
/// conditions nor a denial of the same policy keep strangers out. Nothing for what names no principals or denies.
pub(super) fn of(statement: Statement<'_>, policy: &[Node]) -> Option<Node> {
    let named = statement.written("principals").or_else(|| statement.written("not-principals"))?;
    let unknown = |node: &Node, why: &str| Some(Node::unresolved(why, node.at).named(node.name_at));
    match statement.allows() {
        Some(true) => {}
        Some(false) => return None,
        None => return unknown(named, "whether the statement allows is not known"),
    }
    let principals = statement.list("principals");
    let everybody = match principals.iter().find(|principal| principal.as_str() == Some("*")) {
        Some(everybody) => everybody,
        None if statement.written("principals").is_none() => named,
        None => {
            let hidden = principals.iter().find(|principal| text(principal).is_none() && !names_one(principal));
            return match hidden.and_then(Node::as_unresolved) {
                Some(unresolved) => unknown(named, &unresolved.why),
                None => Some(Node::bool(false, named.at)),
            };
        }
    };
    let closed = any([narrows(statement), any(policy.iter().map(|other| keeps_out(Statement(other), statement)))]);
    match closed {
        Some(closed) => Some(Node { value: Node::bool(!closed, everybody.at).value, ..everybody.clone() }),
        None => unknown(everybody, "whether conditions keep strangers out is not known"),
    }
}

/// Whether a statement denies strangers all that another one allows.
fn keeps_out(denial: Statement<'_>, allowed: Statement<'_>) -> Option<bool> {
    let denies = denial.allows().map(|allows| !allows);
    if denies == Some(false) {
        return Some(false);
    }
    let of_strangers = match denial.written("principals") {
        Some(principals) => any(principals.items().iter().map(|principal| match principal.as_unresolved() {
            Some(_) => None,
            None => Some(principal.as_str() == Some("*")),
        })),
        None => Some(denial.written("not-principals").is_some()),
    };
    all([
        denies,
        of_strangers,
        denies_actions(denial, allowed),
        denies_resources(denial, allowed),
        catches_strangers(denial),
    ])
}

/// Whether a denial takes back each action that is allowed.
fn denies_actions(denial: Statement<'_>, allowed: Statement<'_>) -> Option<bool> {
    let covered = |action: &Node| {
        let action = action.as_str()?;
        match denial.written("not-actions") {
            Some(spared) => all(spared.items().iter().map(|spared| Some(!pattern::overlap(spared.as_str()?, action)))),
            None => any(denial.list("actions").iter().map(|denied| Some(pattern::covers(denied.as_str()?, action)))),
        }
    };
    let everything = || any(denial.list("actions").iter().map(|denied| Some(matches!(denied.as_str()?, "*" | "*:*"))));
    any([everything(), all(allowed.list("actions").iter().map(covered).chain(is_empty(allowed.list("actions"))))])
}

/// Whether a denial holds for each resource that is allowed.
fn denies_resources(denial: Statement<'_>, allowed: Statement<'_>) -> Option<bool> {
    let covers = |denied: &Node, resource: &Node| match (text(denied), text(resource)) {
        // Two unknown pieces look alike; they are one where they refer to the same.
        (Some(pattern), Some(text)) if !pattern.contains(HOLE) || denied.refs() == resource.refs() => {
            Some(pattern::covers(&pattern, &text))
        }
        _ => is_same(denied, resource).then_some(true),
    };
    let covered = |resource: &Node| any(denial.list("resources").iter().map(|denied| covers(denied, resource)));
    let everything = any(denial.list("resources").iter().map(|denied| Some(denied.as_str() == Some("*"))));
    any([everything, all(allowed.list("resources").iter().map(covered).chain(is_empty(allowed.list("resources"))))])
}

/// What is not written is not known to be covered.
fn is_empty(list: &[Node]) -> Option<Option<bool>> {
    list.is_empty().then_some(Some(false))
}

/// Whether two values that are not known are the same one: an attribute of one resource.
fn is_same(one: &Node, other: &Node) -> bool {
    names_one(one) && one.refs() == other.refs() && one.as_unresolved() == other.as_unresolved()
}

/// The accounts that the principals of a statement name, but for the one that its own resources are in.
pub(super) fn accounts(statement: Statement<'_>) -> Option<Node> {
    let own: Vec<&str> = statement.list("resources").iter().filter_map(account).collect();
    let others: Vec<Node> = statement
        .list("principals")
        .iter()
        .filter_map(|principal| {
            let account = account(principal).filter(|account| !own.contains(account))?;
            Some(Node { value: Node::text(account, principal.at).value, ..principal.clone() })
        })
        .collect();
    let first = others.first()?;
    let at = first.at;
    Some(Node::list(others, at))
}

/// The account in an ARN, or the number that stands alone.
fn account(node: &Node) -> Option<&str> {
    let text = node.as_str()?.trim();
    let account = if text.starts_with("arn:") { text.split(':').nth(4)? } else { text };
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}
