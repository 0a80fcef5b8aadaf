//! Objects in, ways out.

use secscan_model::{Source, SourceId};
use secscan_resources::{Options, assemble, read_file, read_unit, units};
use secscan_rules::judge::Outcome;

use super::*;
use crate::addresses::Addresses;

/// What is said of each pod: the message of a finding, `unknown: WHY`, `pass` or `nobody`.
fn said(text: &str) -> Vec<String> {
    said_of(&[("a.yaml", text)])
}

fn said_of(files: &[(&str, &str)]) -> Vec<String> {
    let source = |(index, (path, text)): (usize, &(&str, &str))| Source::from_text(SourceId(index as u32), path, text);
    let readings: Vec<_> = files.iter().enumerate().map(source).map(read_file).collect();
    let units = units(&readings);
    let read = units.list.iter().map(|unit| read_unit(unit, &units, &readings, None, &Options::default())).collect();
    let (graph, _) = assemble(readings, read, Vec::new());
    let (addresses, today) = (Addresses::of(&graph), jiff::civil::date(2026, 12, 1));
    let asked = Asked { graph: &graph, addresses: &addresses, advisories: None, today, with_passes: false };
    let told = |(_, outcome): (_, Outcome)| match outcome {
        Outcome::Fail(violations) => violations[0].message.split(": ").nth(1).unwrap().to_owned(),
        Outcome::Unknown(hit) => format!("unknown: {}", hit.found.split(": ").next().unwrap_or_default()),
        Outcome::Pass(_) => "pass".to_owned(),
        _ => "nobody".to_owned(),
    };
    judge(&asked).outcomes.into_iter().map(told).collect()
}

fn pod(account: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: a}}, spec: {{serviceAccountName: {account}, \
         containers: [{{name: a, image: a}}]}}}}\n"
    )
}

fn role(name: &str, rule: &str) -> String {
    format!(
        "---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {name}}}, rules: [{rule}]}}\n"
    )
}

/// A binding of a cluster role, everywhere or in a namespace, to a subject.
fn bound(role: &str, namespace: Option<&str>, subject: &str) -> String {
    let (kind, metadata) = match namespace {
        Some(namespace) => ("RoleBinding", format!("{{name: {role}, namespace: {namespace}}}")),
        None => ("ClusterRoleBinding", format!("{{name: {role}}}")),
    };
    format!(
        "---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {metadata}, roleRef: {{kind: ClusterRole, \
         name: {role}}}, subjects: [{subject}]}}\n"
    )
}

const A: &str = "{kind: ServiceAccount, name: a, namespace: a}";
const B: &str = "{kind: ServiceAccount, name: b, namespace: b}";
const C: &str = "{kind: ServiceAccount, name: c, namespace: c}";

fn administrator() -> String {
    bound("cluster-admin", None, C)
}

#[test]
fn a_way_may_have_many_steps() {
    let start = role("start", "{apiGroups: [''], resources: [pods], verbs: [create]}");
    let mint = role("mint", "{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}");
    let bindings = bound("start", Some("b"), A) + &bound("mint", Some("c"), B);
    assert_eq!(
        said(&(pod("a") + &start + &mint + &bindings + &administrator())),
        [
            "runs as a/a, which may start pods in namespace b (ClusterRole/start) and so act as b/b, which may make tokens of \
             accounts in namespace c (ClusterRole/mint) and so act as c/c, which may do everything in the whole cluster \
             (ClusterRole/cluster-admin)"
        ]
    );
    assert_eq!(said(&(pod("a") + &start + &mint + &bindings)), ["pass"], "nobody is an administrator");
}

#[test]
fn what_leads_no_further_is_no_way() {
    for rule in [
        "{apiGroups: [''], resources: [pods], verbs: [get, list]}",
        "{apiGroups: [''], resources: [pods], resourceNames: [x], verbs: [create]}",
        "{apiGroups: [apps], resources: [pods], verbs: [create]}",
        "{apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [x], verbs: [create]}",
        "{apiGroups: [''], resources: [secrets], verbs: [get]}",
        "{apiGroups: [''], resources: [pods/exec], verbs: [create]}",
    ] {
        assert_eq!(said(&(pod("a") + &role("r", rule) + &bound("r", None, A) + &administrator())), ["pass"], "{rule}");
    }
}

#[test]
fn a_named_account_and_a_kept_token_are_ways() {
    let secret = "---\n{apiVersion: v1, kind: Secret, metadata: {name: t, namespace: c, annotations: \
                  {kubernetes.io/service-account.name: c}}, type: kubernetes.io/service-account-token}\n";
    for (rule, more) in [
        ("{apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [c], verbs: [create]}", ""),
        ("{apiGroups: [''], resources: [secrets], verbs: [list]}", secret),
        ("{apiGroups: ['*'], resources: ['*'], verbs: [impersonate]}", ""),
    ] {
        let told = said(&(pod("a") + &role("r", rule) + &bound("r", Some("c"), A) + &administrator() + more));
        assert!(told[0].ends_with("(ClusterRole/cluster-admin)"), "{rule}: {told:?}");
    }
}

#[test]
fn commands_in_pods_are_a_way_to_the_accounts_of_these() {
    let exec = role("r", "{apiGroups: [''], resources: [pods/exec], verbs: [create]}") + &bound("r", None, A);
    let mighty = pod("c").replace("namespace: a", "namespace: c");
    assert_eq!(said(&(pod("a") + &exec + &administrator() + &mighty)).len(), 2);
    assert!(said(&(pod("a") + &exec + &administrator() + &mighty))[0].contains("run commands in pods"));
}

#[test]
fn groups_hold_accounts() {
    let start = role("start", "{apiGroups: [''], resources: [pods], verbs: [create]}");
    for group in ["system:serviceaccounts:a", "system:serviceaccounts", "system:authenticated"] {
        let binding = bound("start", Some("c"), &format!("{{kind: Group, name: '{group}'}}"));
        let told = said(&(pod("default") + &start + &binding + &administrator()));
        assert!(told[0].starts_with("runs as a/default, which may start pods in namespace c"), "{group}: {told:?}");
    }
    let other = bound("start", Some("c"), "{kind: Group, name: 'system:serviceaccounts:b'}");
    assert_eq!(said(&(pod("default") + &start + &other + &administrator())), ["pass"]);
}

#[test]
fn what_other_rules_tell_is_not_told_again() {
    assert_eq!(said(&(pod("a") + &bound("cluster-admin", None, A))), ["nobody"]);
    let bind = "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, clusterrolebindings], verbs: [bind, create]}";
    assert_eq!(said(&(pod("a") + &role("bind", bind) + &bound("bind", None, A))), ["nobody"]);
    let every = role("every", &bind.replace("[bind, create]", "['*']")) + &bound("every", None, A);
    assert!(
        said(&(pod("a") + &every))[0].contains("escalate cluster roles and change cluster roles in the whole cluster")
    );
    let all = role("all", "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}") + &bound("all", None, A);
    assert_eq!(
        said(&(pod("a") + &all)),
        ["runs as a/a, which may do everything in the whole cluster (ClusterRole/all)"]
    );
}

#[test]
fn a_pod_without_a_token_is_nobody() {
    let text = pod("a").replace("spec: {", "spec: {automountServiceAccountToken: false, ");
    let start = role("start", "{apiGroups: [''], resources: [pods], verbs: [create]}");
    assert_eq!(said(&(text + &start + &bound("start", None, A) + &administrator())), ["nobody"]);
}

#[test]
fn what_is_not_in_the_scan_is_unknown() {
    assert_eq!(
        said(&(pod("a") + &bound("elsewhere", None, A))),
        ["unknown: which role elsewhere of ClusterRoleBinding/elsewhere means is not in the scan"]
    );
}

#[test]
fn loops_of_accounts_end() {
    let start = role("start", "{apiGroups: [''], resources: [pods], verbs: [create]}");
    let text = pod("a") + &start + &bound("start", Some("b"), A) + &bound("start", Some("a"), B);
    assert_eq!(said(&text), ["pass"]);
}

#[test]
fn a_name_that_several_folders_have_is_of_none_of_them() {
    let start = role("start", "{apiGroups: [''], resources: [pods], verbs: [create]}") + &bound("start", Some("c"), A);
    let account = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: c, namespace: c}}\n";
    let mighty = administrator() + account;
    let uses = pod("c").replace("namespace: a", "namespace: c");
    let one = [("a/a.yaml", pod("a") + &start + &uses), ("b/b.yaml", mighty.clone())];
    let files = one.each_ref().map(|(path, text)| (*path, text.as_str()));
    assert!(said_of(&files)[0].contains("act as c/c"), "one folder has the name");
    let twice = [files[0], files[1], ("d/d.yaml", mighty.as_str())];
    assert_eq!(said_of(&twice)[0], "pass", "two have it");
}

#[test]
fn roles_are_aggregated_by_their_labels() {
    let whole = "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: whole}, aggregationRule: \
                 {clusterRoleSelectors: [{matchLabels: {to: whole}}]}}\n";
    let part = role("part", "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}");
    let bound = bound("whole", None, A);
    let labelled = part.replace("{name: part}", "{name: part, labels: {to: whole}}");
    assert_eq!(said(&(pod("a") + whole + &part + &bound)), ["pass"]);
    assert!(said(&(pod("a") + whole + &labelled + &bound))[0].contains("do everything"));
    let circle = whole.replace("{name: whole}", "{name: whole, labels: {to: whole}}");
    assert_eq!(said(&(pod("a") + &circle + &bound)), ["pass"], "a role may select itself");
}

#[test]
fn thousands_of_roles_that_take_in_each_other_end() {
    let one = |n: usize| {
        format!(
            "---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: r{n}, labels: {{to: whole}}}}, \
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to: whole}}}}]}}}}\n"
        )
    };
    let text: String = (0..2_000).map(one).collect();
    let told = said(&(pod("a") + &text + &bound("r1", None, A)));
    assert_eq!(told, ["unknown: there are too many roles and bindings"], "what was not searched does not pass");
}

#[test]
fn rights_of_several_bindings_and_of_groups_are_put_together() {
    let rbac = |name: &str, kind: &str, verb: &str| {
        role(name, &format!("{{apiGroups: [rbac.authorization.k8s.io], resources: [{kind}], verbs: [{verb}]}}"))
    };
    let roles = rbac("escalate", "roles", "escalate") + &rbac("change", "roles", "update");
    let group = "{kind: Group, name: 'system:serviceaccounts:a'}";
    for (escalate, change) in [
        (bound("escalate", Some("c"), A), bound("change", Some("c"), A)),
        (bound("escalate", None, A), bound("change", Some("c"), A)),
        (bound("escalate", None, group), bound("change", Some("c"), A)),
    ] {
        let told = said(&(pod("a") + &roles + &escalate + &change + &administrator()));
        let way = "runs as a/a, which may escalate roles and change roles in namespace c (ClusterRole/escalate and \
                   ClusterRole/change) and so act as c/c";
        assert!(told[0].starts_with(way), "{told:?}");
    }
    let apart = bound("escalate", Some("b"), A) + &bound("change", Some("c"), A);
    assert_eq!(said(&(pod("a") + &roles + &apart + &administrator())), ["pass"]);
}

#[test]
fn pods_take_over_nodes_where_no_standard_keeps_them_from_it() {
    let start = role("start", "{apiGroups: [''], resources: [pods], verbs: [create]}") + &bound("start", Some("b"), A);
    let mighty = administrator() + &pod("c").replace("namespace: a", "namespace: c");
    let namespace = |level: &str| {
        let labels = match level {
            "" => String::new(),
            level => format!(", labels: {{pod-security.kubernetes.io/enforce: {level}}}"),
        };
        format!("---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: b{labels}}}}}\n")
    };
    for level in ["", "privileged"] {
        let told = said(&(pod("a") + &start + &mighty + &namespace(level)));
        let way = "runs as a/a, which may start pods that take over their node in namespace b (ClusterRole/start) and so act as c/c";
        assert!(told[0].starts_with(way), "{told:?}");
    }
    for level in ["baseline", "restricted"] {
        assert_eq!(said(&(pod("a") + &start + &mighty + &namespace(level)))[0], "pass", "{level}");
    }
    assert_eq!(said(&(pod("a") + &start + &mighty))[0], "pass", "a namespace that is not in the scan");
    let other = bound("cluster-admin", None, B);
    let told = said(&(pod("a") + &start + &other + &namespace("restricted")));
    assert!(told[0].contains("start pods in namespace b (ClusterRole/start) and so act as b/b"), "{told:?}");
}

#[test]
fn builds_of_one_base_are_clusters_of_their_own() {
    let start = role("start", "{apiGroups: [''], resources: [pods], verbs: [create]}") + &bound("start", Some("c"), A);
    let base = pod("a") + &start;
    let mighty = administrator();
    let files = [
        ("base/a.yaml", base.as_str()),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("one/kustomization.yaml", "resources: [../base]\n"),
        ("two/b.yaml", mighty.as_str()),
        ("two/kustomization.yaml", "resources: [../base, b.yaml]\n"),
    ];
    let told = said_of(&files);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "pass", "nobody is an administrator where this is deployed");
    assert!(told[1].starts_with("runs as a/a, which may start pods in namespace c"), "{told:?}");
}
