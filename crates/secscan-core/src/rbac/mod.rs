//! The judge `rbac-path`: which pods can become administrators of their cluster by way of other accounts.
//!
//! A role that may start pods in a namespace is as mighty as the mightiest account of that namespace; what these
//! accounts may do in turn is what no condition about one object can ask. Reading order: [`judge`] → `world` (which
//! objects are of one cluster) → `access` (who is given which roles) → `powers` and `roles` (what a role is good for) → `ways` (the
//! shortest ways to an administrator) → `telling` (findings).

mod access;
mod powers;
mod roles;
mod telling;
#[cfg(test)]
mod tests;
mod ways;
mod world;

use secscan_model::{Diagnostic, DiagnosticKind, Graph, Node, Platform, Resource, ResourceId};
use secscan_rules::judge::Outcome;

use self::access::{Access, SubjectId};
use self::ways::Ways;
use crate::native::{Answer, Asked};

const CUT: &str = "there are too many roles and bindings: not all ways to administrators were searched";

/// Judges the pods of all workloads.
pub(crate) fn judge(asked: &Asked<'_>) -> Answer {
    let graph = asked.graph;
    let is_binding = |resource: &Resource| matches!(&*resource.kind, "ClusterRoleBinding" | "RoleBinding");
    if !graph.resources.iter().any(|resource| resource.platform == Platform::Kubernetes && is_binding(resource)) {
        return Answer::default();
    }
    let access = Access::of(graph);
    let ways = Ways::of(graph, &access);
    let outcomes = pods(graph).map(|(id, pod)| (id, outcome(graph, &access, &ways, pod, asked.with_passes)));
    let cut = ways.is_cut.then(|| Diagnostic::new(DiagnosticKind::Limit, CUT).blinds(Platform::Kubernetes));
    Answer { outcomes: outcomes.collect(), diagnostics: cut.into_iter().collect(), ..Answer::default() }
}

/// The pods of Kubernetes workloads.
fn pods(graph: &Graph) -> impl Iterator<Item = (ResourceId, &Resource)> {
    let of_kubernetes = |pod: &Resource| pod.value.get("platform").and_then(Node::as_str) == Some("kubernetes");
    graph.iter().filter(move |(_, resource)| {
        resource.platform == Platform::Common && &*resource.kind == "pod" && of_kubernetes(resource)
    })
}

/// What is said of one pod. A pod without the token of an account is nobody.
fn outcome(graph: &Graph, access: &Access<'_>, ways: &Ways<'_>, pod: &Resource, with_passes: bool) -> Outcome {
    let written = pod.value.get("service-account").filter(|account| !account.is_null());
    if let Some(unresolved) = written.and_then(Node::as_unresolved) {
        return telling::unknown(pod, written, &unresolved.why);
    }
    let accounts = access.accounts_of(graph, pod);
    if accounts.is_empty() {
        return Outcome::NotApplicable;
    }
    let shortest = accounts.iter().filter_map(|account| Some((ways.length(*account)?, *account))).min();
    match shortest {
        // A binding to the role of the administrators is told by rules about one object.
        Some((0, account)) if ways.is_plain(account) => Outcome::NotApplicable,
        Some((_, account)) => telling::finding(graph, access, ways, pod, account),
        None => {
            let unknown = accounts.iter().find_map(|account| access.unknown(*account));
            match unknown.or(ways.is_cut.then_some(CUT)) {
                Some(why) => telling::unknown(pod, written, why),
                None => telling::pass(pod, written, with_passes),
            }
        }
    }
}

/// The account itself, with the groups that every account of its namespace is in.
fn with_groups(access: &Access<'_>, account: SubjectId) -> impl Iterator<Item = SubjectId> {
    std::iter::once(account).chain(access.groups_of(account))
}
