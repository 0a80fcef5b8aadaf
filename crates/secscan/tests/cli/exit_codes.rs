//! Exit codes: 0 the gate passed, 1 the gate failed, 2 wrong usage, configuration, rule or pack, 3 with `--strict`,
//! something recognised could not be read or nothing was there. 2 beats 1 beats 3.

use crate::workspace::{Workspace, diagnostics, list, privileged_pod};

/// Narrows scans to one rule whose severity is critical.
const ONLY: [&str; 2] = ["--only", "k8s-privileged-container"];

const CLEAN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: colours }\ndata: { door: red }\n";
const BROKEN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: [\n";

fn with_finding() -> Workspace {
    Workspace::with(&[("pod.yaml", &privileged_pod("agent"))])
}

#[test]
fn a_clean_tree_passes() {
    let run = Workspace::with(&[("colours.yaml", CLEAN)]).scan(&[]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn the_threshold_decides() {
    let workspace = with_finding();
    for (threshold, code) in [("critical", 1), ("high", 1), ("info", 1), ("new:critical", 1), ("never", 0)] {
        let run = workspace.scan(&[&ONLY[..], &["--fail-on", threshold]].concat());
        assert_eq!(run.code, Some(code), "critical finding, threshold {threshold}: {run:?}");
    }
    assert_eq!(workspace.scan(&ONLY).code, Some(1), "the default threshold is high");
    let medium = workspace.scan(&["--only", "k8s-allow-privilege-escalation"]);
    assert!(medium.stdout.contains("medium[k8s-allow-privilege-escalation]"), "{medium:?}");
    assert_eq!(medium.code, Some(0), "a medium finding lies below the default threshold");
    let medium = workspace.scan(&["--only", "k8s-allow-privilege-escalation", "--fail-on", "medium"]);
    assert_eq!(medium.code, Some(1), "and at this one");
}

#[test]
fn the_settings_set_the_threshold_and_the_command_line_has_the_last_word() {
    let workspace = with_finding();
    workspace.write("secscan.toml", "fail-on = \"never\"\n");
    assert_eq!(workspace.scan(&[]).code, Some(0));
    assert_eq!(workspace.scan(&["--fail-on", "critical"]).code, Some(1));
}

#[test]
fn the_gate_does_not_depend_on_the_format() {
    let dirty = with_finding();
    let clean = Workspace::with(&[("colours.yaml", CLEAN)]);
    for format in ["text", "json", "sarif"] {
        assert_eq!(dirty.scan(&["-f", format]).code, Some(1), "{format}");
        assert_eq!(clean.scan(&["-f", format]).code, Some(0), "{format}");
        let output = format!("{format}=report.out");
        assert_eq!(dirty.scan(&["-o", &output]).code, Some(1), "-o {output}");
    }
}

#[test]
fn wrong_usage_is_2_and_says_what_is_wrong() {
    let workspace = with_finding();
    workspace.write("odd.yaml", "id: only-an-id\n");
    for (arguments, said) in [
        (&["--fail-on", "severe"][..], "`severe` is no threshold"),
        (&["--fail-on", "new:severe"], "`new:severe` is no threshold"),
        (&["--min-severity", "severe"], "there are: critical, high, medium, low, info"),
        (&["-f", "yaml"], "there is no format `yaml`"),
        (&["-o", "yaml=report"], "there is no format `yaml`"),
        (&["-o", "json"], "write FORMAT=FILE"),
        (&["-o", "json="], "write FORMAT=FILE"),
        (&["-o", "json=missing/report.json"], "cannot write missing/report.json"),
        (&["--show", "everything"], "pass, unknown, suppressed, waived"),
        (&["--jobs", "0"], "--jobs"),
        (&["--now", "2026-02-30"], "--now"),
        (&["--only", "k8s-privileged-contaner"], "`k8s-privileged-contaner` is neither a rule nor a topic"),
        (&["--skip", "k8s-privileged-contaner"], "`k8s-privileged-contaner` is neither a rule nor a topic"),
        (&["--pack", "hippa"], "there is no pack `hippa`; there are: gdpr, hipaa, kubernetes-hardening, pci-dss"),
        (&["--pack", "missing.yaml"], "missing.yaml"),
        (&["--pack", "odd.yaml"], "odd.yaml:1:"),
        (&["--config", "missing.toml"], "cannot read missing.toml"),
        (&["--baseline", "missing.json"], "cannot read missing.json"),
        (&["--baseline", "pod.yaml"], "pod.yaml:1:1: "),
        (&["--var-file", "missing.tfvars"], "cannot read missing.tfvars"),
        (&["--rules", "missing"], "cannot open missing"),
        (&["--since", "HEAD"], "secscan: "),
        (&["--kubernetes-version", "latest"], "`latest` is no release of Kubernetes"),
        (&["--no-such-flag"], "--no-such-flag"),
        (&["missing"], "missing"),
        (&["sbom:x.json"], "x.json: "),
        (&["oci:missing"], "missing: no such file or folder"),
        (&["docker-archive:pod.yaml"], "pod.yaml: "),
        (&["image:127.0.0.1:1/agent:1.4"], "127.0.0.1:1 cannot be reached"),
        (&["image:Not A Reference"], "that is no reference to an image"),
        (&["oci:.", "--platform", "linux"], "`linux` is no platform"),
    ] {
        // `--now` may stand once only.
        let run = workspace.run(&[&["scan"], arguments].concat());
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(said), "{arguments:?} says `{said}`: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{arguments:?}: no half a report: {}", run.stdout);
    }
}

#[test]
fn a_command_that_does_not_exist_is_2() {
    let workspace = Workspace::with(&[]);
    for arguments in
        [&["scam"][..], &["rules"], &["rules", "show"], &["packs", "show", "hippa"], &["explain", "x"], &[]]
    {
        assert_eq!(workspace.run(arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn broken_settings_are_2_with_their_place() {
    for (settings, said) in [
        ("packs = [\"hipaa\"\n", "secscan.toml:"),
        ("fail-on = \"high\"\nfail_on = \"low\"\n", "secscan.toml:2:1: unknown key `fail_on`; did you mean `fail-on`?"),
        ("fail-on = \"severe\"\n", "secscan.toml:1:"),
        ("[[waiver]]\ncontrol = \"hipaa\"\n", "secscan.toml:2:"),
        ("\n[[ignore]]\nrules = [\"x\"]\npaths = [\"y\"]\nreason = \" \"\n", "secscan.toml:5:"),
        ("[[ignore]]\nrules = [\"x\"]\npaths = [\"y\"]\nreason = \"z\"\nuntil = \"soon\"\n", "secscan.toml:5:"),
        ("packs = [\"hippa\"]\n", "secscan.toml:1:10: there is no pack `hippa`"),
        ("only = [\"k8s-privileged\"]\n", "secscan.toml:1:9: `k8s-privileged` is neither a rule nor a topic"),
        ("[parameters]\nlog-retention = 1\n", "secscan.toml:2:"),
    ] {
        let workspace = with_finding();
        workspace.write("secscan.toml", settings);
        let run = workspace.scan(&[]);
        assert_eq!(run.code, Some(2), "{settings}: {run:?}");
        assert!(run.stderr.contains(said), "{settings} is told with `{said}`: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
}

#[test]
fn broken_rules_are_2_with_their_places() {
    let workspace = with_finding();
    workspace.write("rules/one.yaml", "id: my-rule\ntitle: A title\nseverity: severe\n");
    workspace.write("rules/two.yaml", "id: [\n");
    for arguments in [&["scan", "--rules", "rules"][..], &["rules", "test", "rules"]] {
        let run = workspace.run(arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        for place in ["rules/one.yaml:3:11: ", "rules/two.yaml:"] {
            assert!(run.stderr.contains(place), "all mistakes of all files are told, {place} too: {}", run.stderr);
        }
    }
}

#[test]
fn strict_does_not_take_what_cannot_be_read() {
    let workspace = Workspace::with(&[("colours.yaml", CLEAN), ("broken.yaml", BROKEN)]);
    let strict = workspace.scan(&["--strict"]);
    assert_eq!(strict.code, Some(3), "{strict:?}");
    let lenient = workspace.scan(&[]);
    assert_eq!(lenient.code, Some(0), "{lenient:?}");
    assert!(lenient.stdout.contains("broken.yaml"), "it is told loudly: {}", lenient.stdout);
    let said = diagnostics(&workspace.report(&[]));
    assert!(said.iter().any(|said| said.starts_with("syntax broken.yaml: ")), "{said:?}");
    workspace.write("secscan.toml", "strict = true\n");
    assert_eq!(workspace.scan(&[]).code, Some(3), "the settings can ask for it");
}

#[test]
fn strict_does_not_take_an_empty_folder() {
    let workspace = Workspace::with(&[("notes.txt", "nothing that is scanned\n")]);
    assert_eq!(workspace.scan(&["--strict"]).code, Some(3));
    let lenient = workspace.scan(&[]);
    assert_eq!(lenient.code, Some(0));
    assert!(lenient.stdout.contains("nothing that secscan reads was found"), "{}", lenient.stdout);
}

#[test]
fn one_beats_three_and_two_beats_one() {
    let workspace = Workspace::with(&[("pod.yaml", &privileged_pod("agent")), ("broken.yaml", BROKEN)]);
    let both = workspace.scan(&["--strict", "-f", "json"]);
    assert_eq!(both.code, Some(1), "a finding beats what cannot be read");
    assert!(!list(&both.json()["findings"]).is_empty());
    assert_eq!(workspace.scan(&["--strict", "-o", "json=missing/x"]).code, Some(2), "and wrong usage beats both");
}
