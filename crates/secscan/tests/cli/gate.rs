//! What sets findings aside, what narrows a scan, and what of it the report says.

use serde_json::Value;

use crate::workspace::{Run, TODAY, Workspace, diagnostics, findings, list, privileged_pod, status, text};

/// The rule that every test here breaks, critical; no other rule runs.
const RULE: &str = "k8s-privileged-container";
const ONLY: [&str; 2] = ["--only", RULE];

/// A pack of two controls that the rule breaks.
const PACK: &str = "\
id: house
title: House rules
version: '1'
publisher: Example
source: https://example.com/house
text-status: own
reviewed: 2026-11-01
controls:
  - { id: '1', key: house-1, title: No privileged containers, automation: automated }
  - { id: '2', key: house-2, title: Isolation, automation: automated }
map:
  - { controls: ['1', '2'], role: violation, rules: [k8s-privileged-container] }
";

fn with_comment(comment: &str, line: usize) -> Workspace {
    let mut lines: Vec<String> = privileged_pod("agent").lines().map(str::to_owned).collect();
    if comment.starts_with(' ') {
        lines[line - 1].push_str(comment);
    } else {
        let indent = lines[line - 1].len() - lines[line - 1].trim_start().len();
        lines.insert(line - 1, " ".repeat(indent) + comment);
    }
    Workspace::with(&[("pod.yaml", &(lines.join("\n") + "\n"))])
}

/// Scans with the one rule and shows what is set aside.
fn scan(workspace: &Workspace, more: &[&str]) -> (Run, Value) {
    let run = workspace.scan(&[&ONLY[..], &["-f", "json", "--show", "suppressed,waived"], more].concat());
    let report = run.json();
    (run, report)
}

#[test]
fn a_comment_sets_aside_the_construct_of_its_line_or_of_the_next_one() {
    for (comment, line, path_line) in [
        (" # secscan:ignore k8s-privileged-container -- drives the disk array", 9, 9),
        ("# secscan:ignore k8s-privileged-container -- drives the disk array", 9, 10),
        ("# secscan:ignore k8s-privileged-container -- the whole context", 8, 10),
        ("# secscan:ignore k8s-privileged-container -- the whole pod", 1, 10),
        (" # secscan:ignore k8s-host-pid,k8s-privileged-container -- two rules", 9, 9),
        (" # secscan:ignore k8s-privileged-container until=2026-11-21 -- the last day counts", 9, 9),
    ] {
        let (run, report) = scan(&with_comment(comment, line), &[]);
        assert_eq!(run.code, Some(0), "`{comment}` in line {line}");
        assert_eq!(findings(&report), [format!("{RULE} pod.yaml:{path_line} suppressed")], "{comment}");
        let reason = &report["findings"][0]["reason"];
        assert!(comment.ends_with(text(&reason["text"])), "{reason}");
        assert_eq!(text(&reason["source"]), format!("pod.yaml:{line}"));
    }
}

#[test]
fn a_comment_elsewhere_sets_nothing_aside() {
    for (comment, line) in [
        ("# secscan:ignore k8s-privileged-container -- not this construct", 7),
        (" # secscan:ignore k8s-privileged-container -- not this construct", 7),
        (" # secscan:ignore k8s-host-pid -- another rule", 9),
    ] {
        let (run, report) = scan(&with_comment(comment, line), &[]);
        assert_eq!(run.code, Some(1), "`{comment}` in line {line}");
        let found = findings(&report);
        assert!(found.iter().any(|line| line.starts_with(RULE) && line.ends_with(" open")), "{found:?}");
    }
}

#[test]
fn comments_that_do_nothing_are_findings() {
    for (comment, rule, said, gates) in [
        (" # secscan:ignore k8s-privileged-container", "suppression-invalid", "no reason is given", true),
        (" # secscan:ignore -- why", "suppression-invalid", "no rule is named", true),
        (" # secscan:ignore k8s-privileged -- why", "suppression-invalid", "there is no rule `k8s-privileged`", true),
        (
            " # secscan:ignore k8s-privileged-container until=2026-02-30 -- why",
            "suppression-invalid",
            "`2026-02-30` is no day",
            true,
        ),
        (
            " # secscan:ignore k8s-privileged-container until=2026-11-20 -- why",
            "suppression-expired",
            "counted until 2026-11-20",
            true,
        ),
    ] {
        let (run, report) = scan(&with_comment(comment, 9), &[]);
        assert_eq!(run.code, Some(i32::from(gates)), "{comment}");
        let found = findings(&report);
        assert!(found.contains(&format!("{RULE} pod.yaml:9 open")), "{comment} sets nothing aside: {found:?}");
        let problem = list(&report["findings"]).iter().find(|finding| finding["rule"] == rule);
        let problem = problem.unwrap_or_else(|| panic!("{comment} is a {rule}: {found:?}"));
        assert!(text(&problem["message"]).contains(said), "{problem}");
        assert_eq!(problem["start_line"], 9);
    }
    let unused = with_comment(" # secscan:ignore k8s-privileged-container -- why", 7);
    let (_, report) = scan(&unused, &[]);
    assert!(findings(&report).contains(&"suppression-unused pod.yaml:7 open".to_owned()), "{report}");
}

#[test]
fn a_suppressed_finding_still_fails_its_control() {
    let workspace = with_comment(" # secscan:ignore k8s-privileged-container -- drives the disk array", 9);
    workspace.write("house.yaml", PACK);
    let (run, report) = scan(&workspace, &["--pack", "house.yaml"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(status(&report, "house", "1"), "fail");
}

#[test]
fn ignore_entries_set_aside_paths() {
    let workspace = Workspace::with(&[
        ("tools/pod.yaml", &privileged_pod("tool")),
        ("app/pod.yaml", &privileged_pod("app")),
        (
            "secscan.toml",
            "[[ignore]]\nrules = [\"k8s-privileged-container\"]\npaths = [\"tools/**\"]\nreason = \"never run\"\n",
        ),
    ]);
    let (run, report) = scan(&workspace, &[]);
    assert_eq!(run.code, Some(1), "the other path counts");
    assert_eq!(
        findings(&report),
        [format!("{RULE} app/pod.yaml:9 open"), format!("{RULE} tools/pod.yaml:9 suppressed")]
    );
    assert_eq!(report["findings"][1]["reason"]["source"], "secscan.toml:1");
    assert_eq!(scan(&workspace, &["tools"]).0.code, Some(0), "the settings above the target count");
}

#[test]
fn ignore_entries_that_do_nothing_are_findings() {
    let workspace = Workspace::with(&[
        ("pod.yaml", &privileged_pod("agent")),
        (
            "secscan.toml",
            "[[ignore]]\nrules = [\"k8s-privileged-container\"]\npaths = [\"*.yaml\"]\nreason = \"x\"\nuntil = \"2026-11-20\"\n\
             [[ignore]]\nrules = [\"k8s-privileged-container\"]\npaths = [\"gone/**\"]\nreason = \"x\"\n",
        ),
    ]);
    let (run, report) = scan(&workspace, &[]);
    assert_eq!(run.code, Some(1));
    let found = findings(&report);
    for expected in ["ignore-expired secscan.toml:1 open", "ignore-unused secscan.toml:7 open"] {
        assert!(found.contains(&expected.to_owned()), "{expected}: {found:?}");
    }
    assert!(found.contains(&format!("{RULE} pod.yaml:9 open")), "{found:?}");
}

/// A settings file with a waiver of a control.
fn waiver(control: &str, resources: &str, until: &str) -> String {
    format!(
        "[[waiver]]\ncontrol = \"{control}\"\nresources = [\"{resources}\"]\nreason = \"accepted\"\n\
         owner = \"owner@example.com\"\nuntil = \"{until}\"\n"
    )
}

#[test]
fn a_live_waiver_changes_its_control_and_no_other() {
    let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent")), ("house.yaml", PACK)]);
    workspace.write("secscan.toml", waiver("house:1", "default/Pod/*", TODAY));
    let (run, report) = scan(&workspace, &["--pack", "house.yaml"]);
    assert_eq!(run.code, Some(0), "an accepted violation does not gate");
    assert_eq!(findings(&report), [format!("{RULE} pod.yaml:9 waived")]);
    let reason = &report["findings"][0]["reason"];
    assert_eq!((text(&reason["owner"]), text(&reason["until"])), ("owner@example.com", TODAY));
    assert_eq!((status(&report, "house", "1"), status(&report, "house", "2")), ("waived", "fail"));
}

#[test]
fn a_waiver_that_is_over_or_names_another_resource_changes_nothing() {
    for (resources, until, problem) in
        [("default/Pod/agent", "2026-11-20", "waiver-expired"), ("default/Pod/other", TODAY, "waiver-unused")]
    {
        let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent")), ("house.yaml", PACK)]);
        workspace.write("secscan.toml", waiver("house:1", resources, until));
        let (run, report) = scan(&workspace, &["--pack", "house.yaml"]);
        assert_eq!(run.code, Some(1), "{problem}");
        assert_eq!(status(&report, "house", "1"), "fail", "{problem}");
        let found = findings(&report);
        assert!(found.contains(&format!("{problem} secscan.toml:1 open")), "{found:?}");
        assert!(found.contains(&format!("{RULE} pod.yaml:9 open")), "{found:?}");
    }
}

#[test]
fn a_control_can_be_declared_not_applicable() {
    let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent")), ("house.yaml", PACK)]);
    workspace.write("secscan.toml", "[[not-applicable]]\ncontrol = \"house:2\"\nreason = \"one tenant\"\n");
    let (run, report) = scan(&workspace, &["--pack", "house.yaml"]);
    assert_eq!(run.code, Some(1), "the finding still gates");
    assert_eq!((status(&report, "house", "1"), status(&report, "house", "2")), ("fail", "not-applicable"));
    assert_eq!(report["packs"][0]["coverage"], 1.0, "what does not apply is not in the denominator");
}

#[test]
fn declaring_a_control_that_does_not_exist_is_said() {
    let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent")), ("house.yaml", PACK)]);
    workspace.write("secscan.toml", "[[not-applicable]]\ncontrol = \"house:22\"\nreason = \"one tenant\"\n");
    let said = diagnostics(&workspace.report(&["--pack", "house.yaml"]));
    assert!(
        said.iter().any(|said| said.starts_with("configuration secscan.toml: there is no control `house:22`")),
        "{said:?}"
    );
}

/// A rule with a parameter.
const RULE_WITH_PARAMETER: &str = "\
id: my-priority
title: Pod outranks others
severity: high
confidence: high
topics: [privileged-container]
why: A test.
fix: A test.
params:
  most-priority: { default: 10, about: The highest priority. }
checks:
  - kubernetes: Pod
    require: { spec.priority: { le: $most-priority } }
examples:
  - fails: kubernetes
    code: |
      apiVersion: v1
      kind: Pod
      spec: { priority: 11 } # finding
  - passes: kubernetes
    code: |
      apiVersion: v1
      kind: Pod
      spec: { priority: 10 }
";

#[test]
fn parameters_of_rules_are_set_in_the_settings() {
    let workspace = Workspace::with(&[
        ("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { priority: 50, containers: [] }\n"),
        ("rules/mine.yaml", RULE_WITH_PARAMETER),
    ]);
    let arguments = ["--only", "my-priority", "--rules", "rules", "pod.yaml"];
    let run = workspace.scan(&arguments);
    assert_eq!(run.code, Some(1), "50 is more than the default: {run:?}");
    workspace.write("secscan.toml", "[parameters]\nmost-priority = 100\n");
    assert_eq!(workspace.scan(&arguments).code, Some(0), "and not more than 100");
}

#[test]
fn a_baseline_lets_known_findings_pass_and_new_ones_gate() {
    let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent"))]);
    let written = workspace.run(&[&["baseline", "--now", TODAY, "-o", "known.json"], &ONLY[..]].concat());
    assert_eq!(written.code, Some(0), "{written:?}");
    assert!(written.stdout.contains("1 finding written to known.json"), "{}", written.stdout);
    let (run, report) = scan(&workspace, &["--baseline", "known.json"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(findings(&report), [format!("{RULE} pod.yaml:9 baselined")]);

    workspace.write("pod.yaml", format!("# moved by a line\n{}", privileged_pod("agent")));
    let (run, report) = scan(&workspace, &["--baseline", "known.json"]);
    assert_eq!(run.code, Some(0), "moved lines are known: {report}");

    workspace.write("second.yaml", privileged_pod("second"));
    let (run, report) = scan(&workspace, &["--baseline", "known.json", "--fail-on", "new:high"]);
    assert_eq!(run.code, Some(1), "a new finding gates");
    assert_eq!(findings(&report), [format!("{RULE} pod.yaml:10 baselined"), format!("{RULE} second.yaml:9 open")]);
    let printed = workspace.run(&[&["baseline", "--now", TODAY, "-o", "-"], &ONLY[..]].concat());
    assert_eq!(list(&printed.json()["findings"]).len(), 2, "`-` is standard output");
}

#[test]
fn rules_are_chosen_by_name_topic_and_severity() {
    let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent"))]);
    let rules = |arguments: &[&str]| -> Vec<String> {
        let report = workspace.report(arguments);
        list(&report["rules"]).iter().map(|rule| text(&rule["id"]).to_owned()).collect()
    };
    let all = rules(&[]);
    assert!(all.len() > 50, "all rules run: {all:?}");
    let own = |ids: &[String]| ids.iter().filter(|id| id.starts_with("k8s-")).cloned().collect::<Vec<_>>();
    assert_eq!(own(&rules(&ONLY)), [RULE]);
    assert_eq!(own(&rules(&["--only", RULE, "--only", "k8s-host-pid"])), ["k8s-host-pid", RULE]);
    let of_topic = rules(&["--only", "privileged-container"]);
    assert!(of_topic.contains(&RULE.to_owned()) && of_topic.len() < all.len(), "{of_topic:?}");
    assert!(!rules(&["--skip", RULE]).contains(&RULE.to_owned()));
    assert!(!rules(&["--skip", "privileged-container"]).contains(&RULE.to_owned()));
    let critical = rules(&["--min-severity", "critical"]);
    assert!(critical.contains(&RULE.to_owned()) && !critical.contains(&"k8s-host-pid".to_owned()), "{critical:?}");
    workspace.write("secscan.toml", "skip = [\"privileged-container\"]\nmin-severity = \"high\"\n");
    let by_settings = rules(&[]);
    assert!(!by_settings.contains(&RULE.to_owned()) && !by_settings.contains(&"k8s-host-ipc".to_owned()));
}

#[test]
fn passes_and_unknown_answers_are_listed_on_request() {
    let workspace = Workspace::with(&[
        ("pod.yaml", &privileged_pod("agent").replace("true", "false")),
        ("main.tf", "variable \"acl\" {}\nresource \"aws_s3_bucket\" \"logs\" {\n  acl = var.acl\n}\n"),
    ]);
    let kinds = |show: &[&str]| -> Vec<String> {
        let report = workspace.report(&[&["--only", RULE, "--only", "aws-s3-public-acl"], show].concat());
        assert_eq!(
            (&report["summary"]["pass"], &report["summary"]["unknown"]),
            (&1.into(), &1.into()),
            "always counted"
        );
        list(&report["findings"]).iter().map(|finding| text(&finding["kind"]).to_owned()).collect()
    };
    assert!(kinds(&[]).is_empty());
    assert_eq!(kinds(&["--show", "pass"]), ["pass"]);
    assert_eq!(kinds(&["--show", "unknown"]), ["unknown"]);
    assert_eq!(kinds(&["--show", "unknown,pass"]), ["unknown", "pass"]);
}

#[test]
fn several_outputs_come_from_one_scan() {
    let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent"))]);
    let run = workspace.scan(&["-f", "json", "-o", "sarif=a.sarif", "-o", "text=b.txt", "-o", "json=c.json"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(workspace.read("c.json"), run.stdout, "a file holds what standard output would");
    let sarif: Value = serde_json::from_str(&workspace.read("a.sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert!(workspace.read("b.txt").contains("Gate: failed"));
}

#[test]
fn paths_are_told_from_the_working_directory() {
    let workspace = Workspace::with(&[("app/deploy/pod.yaml", &privileged_pod("agent"))]);
    let (_, from_root) = scan(&workspace, &["app/deploy"]);
    assert_eq!(findings(&from_root), [format!("{RULE} app/deploy/pod.yaml:9 open")]);
    let (_, one_file) = scan(&workspace, &["app/deploy/pod.yaml"]);
    assert_eq!(findings(&one_file), [format!("{RULE} app/deploy/pod.yaml:9 open")]);
    let mut inside = workspace.command(&["scan", "--now", TODAY, "-f", "json", "--only", RULE]);
    let inside = Run::of(inside.current_dir(workspace.path("app")));
    assert_eq!(findings(&inside.json()), [format!("{RULE} deploy/pod.yaml:9 open")]);
}

#[test]
fn several_targets_are_one_scan() {
    let workspace = Workspace::with(&[
        ("a/pod.yaml", &privileged_pod("a")),
        ("b/pod.yaml", &privileged_pod("b")),
        ("c/pod.yaml", &privileged_pod("c")),
    ]);
    let (_, report) = scan(&workspace, &["a", "b/pod.yaml"]);
    assert_eq!(findings(&report), [format!("{RULE} a/pod.yaml:9 open"), format!("{RULE} b/pod.yaml:9 open")]);
    assert_eq!(report["inputs"]["targets"], serde_json::json!(["a", "b/pod.yaml"]));
    let (_, overlapping) = scan(&workspace, &["a", "a/pod.yaml"]);
    assert_eq!(findings(&overlapping).len(), 1, "a file that two targets hold is judged once: {overlapping}");
}

#[test]
fn settings_are_found_above_the_target() {
    let workspace = Workspace::with(&[
        ("secscan.toml", "fail-on = \"never\"\nexclude = [\"old/**\"]\n"),
        ("app/deploy/pod.yaml", &privileged_pod("agent")),
        ("app/old/pod.yaml", &privileged_pod("old")),
        ("strict.toml", "fail-on = \"low\"\n"),
    ]);
    assert_eq!(scan(&workspace, &["app/deploy"]).0.code, Some(0), "those at the root");
    assert_eq!(scan(&workspace, &["--config", "strict.toml", "app/deploy"]).0.code, Some(1), "those that are named");
    workspace.write("app/secscan.toml", "fail-on = \"critical\"\n");
    assert_eq!(scan(&workspace, &["app/deploy"]).0.code, Some(1), "the nearest");
}

#[test]
fn standard_input_is_a_target() {
    let workspace = Workspace::with(&[]);
    let mut command = workspace.command(&["scan", "--now", TODAY, "-f", "json", "--only", RULE, "-"]);
    let run = Run::of(command.write_stdin(privileged_pod("agent")));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(findings(&run.json()), [format!("{RULE} stdin.yaml:9 open")]);
}

#[test]
fn manifests_are_judged_for_a_release_of_kubernetes() {
    const OLD: &str = "k8s-deprecated-api";
    let job = "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: { name: nightly }\n";
    let workspace = Workspace::with(&[("job.yaml", job)]);
    let judged = |arguments: &[&str]| findings(&workspace.report(&[&["--only", OLD], arguments].concat()));
    let found = [format!("{OLD} job.yaml:1 open")];
    assert_eq!(judged(&[]), found, "without a release every removal counts");
    assert_eq!(judged(&["--kubernetes-version", "1.25"]), found, "removed in 1.25");
    assert_eq!(judged(&["--kubernetes-version", "v1.33.1-gke.100"]), found);
    assert_eq!(judged(&["--kubernetes-version", "1.24"]), [""; 0], "still served");
    workspace.write("secscan.toml", "kubernetes-version = \"1.24\"\n");
    assert_eq!(judged(&[]), [""; 0], "the settings say so too");
    assert_eq!(judged(&["--kubernetes-version", "1.25"]), found, "the command line comes first");
    workspace.write("secscan.toml", "kubernetes-version = \"latest\"\n");
    let run = workspace.scan(&[]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("secscan.toml:1:22: `latest` is no release of Kubernetes"), "{}", run.stderr);
}
