//! Ways as findings.

use secscan_model::{Graph, Location, Node, Resource};
use secscan_rules::judge::{Hit, Outcome, Violation};

use super::access::{Access, Role, SubjectId, place};
use super::ways::{Evidence, Way, Ways};

/// How many steps of a way are told.
const MOST_STEPS: usize = 8;

/// The finding for a pod that has the token of an account with a way.
pub(super) fn finding(
    graph: &Graph,
    access: &Access<'_>,
    ways: &Ways<'_>,
    pod: &Resource,
    account: SubjectId,
) -> Outcome {
    let steps = ways.steps(account);
    let mut related = Vec::new();
    let mut told = vec![format!("runs as {}", access.subjects[account])];
    for way in steps.iter().take(MOST_STEPS) {
        for evidence in &way.evidence {
            related.extend(places(graph, access, evidence));
        }
        told.push(sentence(graph, access, way));
    }
    let written = pod.value.get("service-account").filter(|account| !account.is_null());
    let hit = Hit {
        at: written.map_or(pod.header(), |account| account.at),
        related,
        path: "serviceAccountName".to_owned(),
        found: access.subjects[account].to_string(),
        expected: "an account that leads to no administrator".to_owned(),
        secret: false,
    };
    let message = format!("Can become an administrator of the cluster: {}", told.join(", "));
    Outcome::Fail(vec![Violation { hit, message, advisory: None }])
}

/// A step in words that follow the account.
fn sentence(graph: &Graph, access: &Access<'_>, way: &Way<'_>) -> String {
    let mut words: Vec<&str> = way.evidence.iter().map(|evidence| evidence.words).collect();
    words.dedup();
    let scope = way.scope.map_or_else(|| "the whole cluster".to_owned(), |namespace| format!("namespace {namespace}"));
    let mut roles: Vec<String> = way.evidence.iter().map(|evidence| role(graph, evidence)).collect();
    roles.dedup();
    let role = roles.join(" and ");
    match way.next {
        Some(next) => {
            format!("which may {} in {scope} ({role}) and so act as {}", words.join(" and "), access.subjects[next])
        }
        None => format!("which may {} in {scope} ({role})", words.join(" and ")),
    }
}

/// The places of a step: the rule, and the binding that gives its role.
fn places(graph: &Graph, access: &Access<'_>, evidence: &Evidence<'_>) -> Vec<(Location, String)> {
    let binding = graph.resource(evidence.grant.binding);
    let holder = access.subjects[evidence.holder];
    let given = format!("{} gives {} to {holder}", binding.address, role(graph, evidence));
    let rule = evidence.rule.map(|(role, at)| (at, format!("{} may {}", graph.resource(role).address, evidence.words)));
    rule.into_iter().chain([(place(binding), given)]).collect()
}

fn role(graph: &Graph, evidence: &Evidence<'_>) -> String {
    match evidence.grant.role {
        Role::Object(id) => graph.resource(id).address.to_string(),
        Role::BuiltIn(name) => format!("ClusterRole/{name}"),
    }
}

/// A pod of which it cannot be told.
pub(super) fn unknown(pod: &Resource, account: Option<&Node>, why: &str) -> Outcome {
    Outcome::Unknown(Box::new(Hit { found: why.to_owned(), ..shown(pod, account) }))
}

/// A pod whose accounts lead nowhere.
pub(super) fn pass(pod: &Resource, account: Option<&Node>, with_place: bool) -> Outcome {
    Outcome::Pass(with_place.then(|| Box::new(shown(pod, account))))
}

fn shown(pod: &Resource, account: Option<&Node>) -> Hit {
    let found = account.and_then(Node::as_str).unwrap_or("default").to_owned();
    Hit { at: account.map_or(pod.header(), |account| account.at), found, ..Hit::default() }
}
