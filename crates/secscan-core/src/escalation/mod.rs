//! The judge `iam-privilege-escalation`: who can turn the permissions that he has into more.
//!
//! Reading order: [`holder`] (who holds which statements, over all policies of a unit), `managed` (what the managed
//! policies of AWS give), [`paths`] (the ways to more rights), then this file: a way is open to a holder when each of its
//! steps is allowed, not denied and within the boundary. Whoever administers IAM anyway is left out; other rules speak of
//! him. What is not known makes a way neither open nor closed.

mod holder;
mod managed;
mod paths;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use secscan_model::{Location, Node, Resource};
use secscan_resources::iam::{Condition, Match, Statement, pattern};
use secscan_rules::judge::{Hit, Outcome, Violation};

use self::holder::{Held, Holder, Own, Policies};
use self::paths::{ANYTHING, On, PATHS, Path};
use crate::native::{Answer, Asked};

/// Conditions that say how a permission is used, not by whom or on what: the holder meets them.
const HOW: &[&str] = &[
    "aws:currenttime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:viaawsservice",
];

/// The condition that names the service to which a role is passed.
const PASSED_TO: &str = "iam:passedtoservice";

/// How many ways a message names.
const MOST_NAMED: usize = 3;

/// Judges all holders of permissions.
pub(crate) fn judge(asked: &Asked<'_>) -> Answer {
    let holders = holder::holders(asked.graph, asked.addresses);
    let outcomes =
        holders.par_iter().filter_map(|holder| Some((holder.id, outcome(holder, asked.with_passes)?))).collect();
    Answer { outcomes, ..Answer::default() }
}

/// Whether a step is open.
enum Step<'h> {
    Closed,
    /// It hangs on what stands here.
    Perhaps(Location, String),
    Open(Evidence<'h>),
}

/// What opens a step.
struct Evidence<'h> {
    action: &'static str,
    at: Location,
    of: &'h Resource,
}

/// A way that is open, and what opens each of its steps.
struct Way<'h> {
    path: &'static Path,
    steps: Vec<Evidence<'h>>,
}

impl Way<'_> {
    /// What it gives, by which actions.
    fn told(&self) -> String {
        let actions: Vec<&str> = self.steps.iter().map(|step| step.action).collect();
        format!("{} ({})", self.path.what, actions.join(", "))
    }
}

fn outcome(holder: &Holder<'_>, with_passes: bool) -> Option<Outcome> {
    if is_administrator(holder) {
        return None;
    }
    let mut open: Vec<Way<'_>> = Vec::new();
    let mut doubt = None;
    for path in PATHS {
        match walk(holder, path) {
            Ok(steps) => open.push(Way { path, steps }),
            Err(why) => doubt = doubt.or(why),
        }
    }
    Some(match (open.is_empty(), doubt) {
        (false, _) => Outcome::Fail(vec![violation(holder, &open)]),
        (true, Some((at, found))) => Outcome::Unknown(Box::new(Hit { at, found, ..Hit::default() })),
        (true, None) => {
            let shown =
                Hit { at: holder.resource.header(), found: "no way to more rights".to_owned(), ..Hit::default() };
            Outcome::Pass(with_passes.then(|| Box::new(shown)))
        }
    })
}

/// Whether the holder may do with IAM what he wants because he may do everything.
fn is_administrator(holder: &Holder<'_>) -> bool {
    let everything = |held: &Held<'_>| {
        let is_all = |node: &Node| matches!(node.as_str(), Some("*" | "*:*"));
        held.statement().allows() == Some(true) && held.statement().list("actions").iter().any(is_all)
    };
    let is_open = |on, action| matches!(step(holder, &[action], on, ""), Step::Open(_));
    let roles = On { service: "iam", all: "role/*", own: false };
    holder.policies.held.iter().any(everything) && is_open(roles, "iam:PutRolePolicy") && is_open(roles, "iam:PassRole")
}

/// What opens each step of a way; else the place and the reason why that is not known, if it is not.
fn walk<'h>(holder: &'h Holder<'_>, path: &Path) -> Result<Vec<Evidence<'h>>, Option<(Location, String)>> {
    let mut evidence = Vec::with_capacity(path.steps.len());
    let mut doubt = None;
    for (number, actions) in path.steps.iter().enumerate() {
        let on = if number == 0 { path.on } else { ANYTHING };
        match step(holder, actions, on, path.service) {
            Step::Closed => return Err(None),
            Step::Perhaps(at, why) => doubt = doubt.or(Some((at, why))),
            Step::Open(step) => evidence.push(step),
        }
    }
    match doubt {
        None => Ok(evidence),
        some => Err(some),
    }
}

/// The first of the actions that is open, else one that may be.
fn step<'h>(holder: &'h Holder<'_>, actions: &[&'static str], on: On, service: &str) -> Step<'h> {
    let mut best = Step::Closed;
    for action in actions {
        match permission(holder, action, on, service) {
            Step::Closed => {}
            Step::Open(evidence) => return Step::Open(evidence),
            perhaps => best = perhaps,
        }
    }
    best
}

/// Whether policies and boundary together permit an action.
fn permission<'h>(holder: &'h Holder<'_>, action: &'static str, on: On, service: &str) -> Step<'h> {
    let given = allowed(&holder.policies, holder, action, on, service);
    let (Some(boundary), false) = (&holder.boundary, matches!(given, Step::Closed)) else { return given };
    match (allowed(boundary, holder, action, on, service), given) {
        (Step::Closed, _) => Step::Closed,
        (Step::Perhaps(at, why), _) => Step::Perhaps(at, why),
        (Step::Open(_), given) => given,
    }
}

/// Whether a set of policies permits an action: something allows it and nothing takes it back.
fn allowed<'h>(
    policies: &'h Policies<'_>,
    holder: &Holder<'_>,
    action: &'static str,
    on: On,
    service: &str,
) -> Step<'h> {
    let mut best = match &policies.hidden {
        Some((at, why)) => Step::Perhaps(*at, why.clone()),
        None => Step::Closed,
    };
    for held in &policies.held {
        let statement = held.statement();
        let found = statement.takes_action(action);
        let (Match::Yes(at) | Match::Perhaps(at)) = found else { continue };
        let truths =
            [statement.allows(), found.truth(), reaches(statement, on, &holder.own).truth(), meets(statement, service)];
        if truths.contains(&Some(false)) {
            continue;
        }
        if truths.contains(&None) {
            best = Step::Perhaps(at.at, unknown(statement, at));
            continue;
        }
        best = Step::Open(Evidence { action, at: at.at, of: held.of });
        break;
    }
    if matches!(best, Step::Closed) {
        return best;
    }
    for held in &policies.held {
        match takes_back(held.statement(), action, on) {
            Some(true) => return Step::Closed,
            Some(false) => {}
            None => {
                best =
                    Step::Perhaps(held.statement().0.name_at, "whether a denial takes it back is not known".to_owned());
            }
        }
    }
    best
}

/// Why it is not known whether a statement allows an action.
fn unknown(statement: Statement<'_>, action: &Node) -> String {
    let lists = ["actions", "not-actions", "resources", "not-resources", "effect"].map(|key| statement.list(key));
    let nodes = std::iter::once(action).chain(lists.into_iter().flatten());
    let why = nodes.filter_map(Node::as_unresolved).map(|unresolved| unresolved.why.to_string()).next();
    why.or_else(|| Some(statement.0.as_map()?.rest.as_ref()?.to_string()))
        .unwrap_or_else(|| "a condition of the statement is not known".to_owned())
}

/// Whether a statement reaches all resources of a kind, or what is the holder's own.
fn reaches<'a>(statement: Statement<'a>, on: On, own: &[Own<'_>]) -> Match<'a> {
    if on.service.is_empty() {
        return Match::Yes(statement.0);
    }
    let all = statement.takes_resource(on.service, on.all);
    let kind = on.all.trim_end_matches("/*");
    match all {
        Match::No if on.own => {
            let is_own = |item: &&Node| own.iter().any(|own| own.kind == kind && names(item, own));
            statement.list("resources").iter().find(is_own).map_or(Match::No, Match::Yes)
        }
        found => found,
    }
}

/// Whether a resource in a statement is this one: by reference, by name, or as the caller himself.
fn names(item: &Node, own: &Own<'_>) -> bool {
    if item.refs().iter().any(|reference| *reference.address == *own.address) {
        return true;
    }
    let Some(text) = item.as_str() else { return false };
    let path = text.splitn(6, ':').nth(5).unwrap_or_default();
    (own.kind == "user" && path.ends_with("${aws:username}"))
        || own.name.as_deref().is_some_and(|name| pattern::matches(path, name))
}

/// Whether the holder meets the conditions of a statement that allows. What asks for more than the table knows is taken
/// to restrict.
fn meets(statement: Statement<'_>, service: &str) -> Option<bool> {
    let mut met = Some(true);
    for condition in Condition::all(statement) {
        let Some(condition) = condition else {
            met = None;
            continue;
        };
        match condition.key.as_deref() {
            None => met = None,
            Some(PASSED_TO) => {
                let is_service = |value: &Node| value.as_str().is_none_or(|value| pattern::matches(value, service));
                if !service.is_empty() && !condition.values.iter().any(is_service) {
                    return Some(false);
                }
                if condition.values.iter().any(|value| value.as_str().is_none()) {
                    met = None;
                }
            }
            Some(key) if HOW.contains(&key) => {}
            Some(_) => return Some(false),
        }
    }
    met
}

/// Whether a statement surely denies an action on what matters. A denial that hangs on how the action is called leaves
/// it open; one that hangs on more is not known.
fn takes_back(statement: Statement<'_>, action: &str, on: On) -> Option<bool> {
    let denies = statement.allows().map(|allows| !allows);
    // A statement of which nothing is known is counted as something that may allow.
    if denies != Some(true) {
        return Some(false);
    }
    let (service, all) = if on.service.is_empty() { ("*", "*") } else { (on.service, on.all) };
    let truths = [statement.takes_action(action).truth(), statement.takes_resource(service, all).truth()];
    if truths.contains(&Some(false)) {
        return Some(false);
    }
    let conditions: Vec<_> = Condition::all(statement).collect();
    let is_how = |condition: &Option<Condition<'_>>| {
        condition.as_ref().and_then(|condition| condition.key.as_deref()).is_some_and(|key| HOW.contains(&key))
    };
    match conditions.is_empty() {
        true if truths.contains(&None) => None,
        true => Some(true),
        false if conditions.iter().any(is_how) => Some(false),
        false => None,
    }
}

/// What is said of a holder: all ways that are open to him at once, where the shortest begins.
fn violation(holder: &Holder<'_>, ways: &[Way<'_>]) -> Violation {
    let mut named: Vec<String> = ways.iter().take(MOST_NAMED).map(Way::told).collect();
    if let Some(more) = ways.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        named.push(format!("{more} more"));
    }
    let first = ways.first();
    let steps = first.map(|way| way.steps.as_slice()).unwrap_or_default();
    let at = steps.first().map_or(holder.resource.header(), |step| step.at);
    let actions: Vec<&str> = steps.iter().map(|step| step.action).collect();
    let hit = Hit {
        at,
        related: related(holder, ways, at),
        path: first.map(|way| way.path.what.to_owned()).unwrap_or_default(),
        found: actions.join(" + "),
        expected: "no way to more rights".to_owned(),
        secret: false,
    };
    let address = &holder.resource.address;
    Violation { hit, message: format!("{address} can take more rights: it may {}.", named.join("; ")), advisory: None }
}

/// The places of all steps, then the policies and the holder himself; each place once.
fn related(holder: &Holder<'_>, ways: &[Way<'_>], at: Location) -> Vec<(Location, String)> {
    let mut related: Vec<(Location, String)> = Vec::new();
    let mut relate = |place: Location, what: String| {
        if place != at && !related.iter().any(|(known, _)| *known == place) {
            related.push((place, what));
        }
    };
    let steps = || ways.iter().flat_map(|way| &way.steps);
    for evidence in steps() {
        relate(evidence.at, format!("allows {}", evidence.action));
    }
    for evidence in steps() {
        if !std::ptr::eq(evidence.of, holder.resource) {
            relate(evidence.of.header(), format!("held through {}", evidence.of.address));
        }
    }
    relate(holder.resource.header(), format!("held by {}", holder.resource.address));
    related
}
