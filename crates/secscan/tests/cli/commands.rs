//! The commands beside `scan`, and how the binary behaves at a terminal.

use std::io::Read;
use std::process::Stdio;

use crate::workspace::{Workspace, list, privileged_pod, text};

const RULE: &str = "k8s-privileged-container";

/// A bucket whose ACL is not in the files, and a pod.
fn mixed() -> Workspace {
    Workspace::with(&[
        (
            "main.tf",
            "variable \"acl\" {}\nresource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n  acl = var.acl\n}\n",
        ),
        ("pod.yaml", &privileged_pod("agent")),
    ])
}

/// What a command prints; it must succeed.
fn output(workspace: &Workspace, arguments: &[&str]) -> String {
    let run = workspace.run(arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
    run.stdout
}

#[test]
fn inspect_shows_resources_as_rules_see_them() {
    let workspace = mixed();
    let shown = workspace.run(&["inspect", "-f", "json"]).json();
    let resources = list(&shown["resources"]);
    let bucket = resources.iter().find(|resource| resource["type"] == "aws_s3_bucket").expect("the bucket");
    assert_eq!((text(&bucket["platform"]), text(&bucket["address"])), ("terraform", "aws_s3_bucket.logs"));
    assert_eq!((text(&bucket["path"]), &bucket["start_line"], &bucket["end_line"]), ("main.tf", &2.into(), &5.into()));
    assert_eq!(bucket["value"]["bucket"], "logs");
    let why = text(&bucket["value"]["acl"]["$unresolved"]);
    assert!(why.contains("var.acl") || why.contains("`acl`"), "it says what is missing: {why}");
    let pod = resources.iter().find(|resource| resource["type"] == "Pod").expect("the pod");
    assert_eq!(text(&pod["address"]), "default/Pod/agent");
    assert_eq!(pod["value"]["spec"]["containers"][0]["securityContext"]["privileged"], true);
    assert!(list(&shown["diagnostics"]).is_empty());
    assert!(resources.iter().all(|resource| resource["platform"] != "common"), "what is derived is not in the files");

    let derived = workspace.run(&["inspect", "-f", "json", "--derived"]).json();
    assert!(list(&derived["resources"]).iter().any(|resource| resource["type"] == "container"), "{derived}");

    let in_words = output(&workspace, &["inspect", "main.tf"]);
    assert!(in_words.contains("terraform aws_s3_bucket aws_s3_bucket.logs  (main.tf:2-5)"), "{in_words}");
    assert!(in_words.contains("  bucket = logs\n") && in_words.contains("  acl = unknown: "), "{in_words}");
}

#[test]
fn inspect_takes_variables_and_says_what_it_did_not_read() {
    let workspace = mixed();
    workspace.write("prod.vars", "acl = \"private\"\n");
    workspace.write("broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: { name: [\n");
    let shown = workspace.run(&["inspect", "-f", "json", "--var-file", "prod.vars"]).json();
    let bucket = list(&shown["resources"]).iter().find(|resource| resource["type"] == "aws_s3_bucket");
    assert_eq!(bucket.expect("the bucket")["value"]["acl"], "private");
    assert_eq!(shown["diagnostics"][0]["path"], "broken.yaml", "{}", shown["diagnostics"]);
    assert_eq!(shown["diagnostics"][0]["kind"], "syntax");
    assert_eq!(workspace.run(&["inspect", "missing"]).code, Some(2));
}

#[test]
fn explain_knows_rules_and_controls() {
    let workspace = Workspace::with(&[]);
    let rule = output(&workspace, &["explain", RULE]);
    for said in ["k8s-privileged-container: Container runs privileged", "critical", "CWE-250", "kubernetes-hardening:"]
    {
        assert!(rule.contains(said), "{said}: {rule}");
    }
    let control = output(&workspace, &["explain", "hipaa:164.312(a)(1)"]);
    for said in ["hipaa:164.312(a)(1): ", "asks", "automation", "residual"] {
        assert!(control.contains(said), "{said}: {control}");
    }
    assert_eq!(output(&workspace, &["explain", "164.312(a)(1)"]), control, "the number alone");
    let meta = output(&workspace, &["explain", "suppression-unused"]);
    assert!(meta.contains("Suppression comment matches no finding"), "{meta}");
    let unknown = workspace.run(&["explain", "k8s-privileged"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("neither a rule nor a control"), "{}", unknown.stderr);
}

#[test]
fn rules_are_listed_and_shown() {
    let workspace = Workspace::with(&[]);
    let all = output(&workspace, &["rules", "list"]);
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with(RULE) && line.contains("critical")), "{all}");
    assert_eq!(lines.last().copied(), Some(format!("{} rules", lines.len() - 1).as_str()));
    let one = output(&workspace, &["rules", "show", RULE]);
    assert!(one.starts_with("k8s-privileged-container: Container runs privileged\n"), "{one}");
    assert_eq!(workspace.run(&["rules", "show", "k8s-privileged"]).code, Some(2));
}

/// A rule about bucket ACLs whose failing example marks this line.
pub(crate) fn rule(id: &str, marked: &str) -> String {
    format!(
        "id: {id}\ntitle: Bucket is public\nseverity: high\nconfidence: high\ntopics: [public-exposure]\nwhy: A test.\n\
         fix: A test.\nchecks:\n  - terraform: aws_s3_bucket\n    deny: {{ acl: public-read }}\nexamples:\n\
         \x20 - fails: terraform\n    code: |\n      resource \"aws_s3_bucket\" \"a\" {{\n        {marked}\n      }}\n\
         \x20 - passes: terraform\n    code: |\n      resource \"aws_s3_bucket\" \"b\" {{}}\n"
    )
}

#[test]
fn examples_of_rules_are_tested() {
    let workspace = Workspace::with(&[("rules/good.yaml", &rule("my-good", "acl = \"public-read\" # finding"))]);
    let passed = output(&workspace, &["rules", "test", "rules"]);
    assert_eq!(passed, "1 rules, 2 examples: 1 rules passed, 0 failed\n");
    assert_eq!(output(&workspace, &["rules", "test", "rules/good.yaml"]), passed, "one file");
    workspace.write("rules/wrong.yaml", rule("my-wrong", "acl = \"private\" # finding"));
    let failed = workspace.run(&["rules", "test", "rules"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stdout.contains("rules/wrong.yaml: example 1: "), "{}", failed.stdout);
    assert!(failed.stdout.contains("1 rules passed, 1 failed"), "{}", failed.stdout);
    let empty = Workspace::with(&[("readme.txt", "")]);
    assert_eq!(empty.run(&["rules", "test", "."]).code, Some(2), "no rules are no success");
}

#[test]
fn packs_are_listed_and_shown() {
    let workspace = Workspace::with(&[]);
    let all = output(&workspace, &["packs", "list"]);
    for (pack, controls) in [("hipaa", 69), ("pci-dss", 265), ("gdpr", 52), ("kubernetes-hardening", 87)] {
        let line = all.lines().find(|line| line.split_whitespace().next() == Some(pack));
        assert!(line.is_some_and(|line| line.contains(&format!(" {controls} controls"))), "{pack}: {all}");
        let shown = output(&workspace, &["packs", "show", pack]);
        assert!(shown.lines().count() > controls, "{pack} shows all of its controls");
    }
    assert!(output(&workspace, &["packs", "show", "hipaa"]).contains("164.312(a)(1)"));
}

#[test]
fn init_writes_settings_once() {
    let workspace = Workspace::with(&[]);
    output(&workspace, &["init"]);
    workspace.write("pod.yaml", privileged_pod("agent"));
    assert_eq!(workspace.scan(&[]).code, Some(1), "a scan takes what is written");
    workspace.write("secscan.toml", "# mine\n");
    let again = workspace.run(&["init"]);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert_eq!(workspace.read("secscan.toml"), "# mine\n", "what is there stays");
}

#[test]
fn completions_exist_for_common_shells() {
    let workspace = Workspace::with(&[]);
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef secscan"), ("fish", "complete -c secscan")] {
        let script = output(&workspace, &["completions", shell]);
        assert!(script.contains(word) && script.contains("fail-on"), "{shell}: {script}");
    }
}

#[test]
fn schemas_are_printed() {
    let workspace = Workspace::with(&[]);
    for kind in ["rule", "pack", "config", "report"] {
        let schema = workspace.run(&["schema", kind]).json();
        assert!(schema["$schema"].is_string() && schema["properties"].is_object(), "{kind}");
    }
    let schema = workspace.run(&["schema", "report"]).json();
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let report = mixed().report(&["--pack", "hipaa", "--show", "pass,unknown,suppressed,waived"]);
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn the_version_is_that_of_the_package() {
    let workspace = Workspace::with(&[]);
    assert_eq!(output(&workspace, &["--version"]), format!("secscan {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(mixed().report(&[])["tool"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn help_tells_what_is_built_and_nothing_else() {
    let workspace = Workspace::with(&[]);
    let help: String = [&["--help"][..], &["scan", "--help"], &["inspect", "--help"], &["rules", "--help"]]
        .iter()
        .map(|arguments| output(&workspace, arguments))
        .collect();
    for built in [
        "image:",
        "oci:",
        "docker-archive:",
        "--insecure-registry",
        "--helm-values",
        "render",
        "--db",
        "--fail-on",
        "--since",
        "--baseline",
        "--strict",
        "--show",
        "--pack",
        "completions",
        "Exit codes: 0",
        "github-output  numbers of findings",
    ] {
        assert!(help.contains(built), "{built}");
    }
    for unbuilt in ["sbom:", "html", "oscal"] {
        assert!(!help.contains(unbuilt), "{unbuilt} is not built, yet --help tells of it");
    }
    let shown = |arguments: &[&str]| workspace.run(arguments).code;
    assert_eq!(shown(&["db", "status"]), Some(2));
}

#[test]
fn colours_are_for_terminals_unless_they_are_forced() {
    let workspace = mixed();
    let escape = '\u{1b}';
    let scan = |variables: &[(&str, &str)]| {
        let mut command = workspace.command(&["scan", "--now", "2026-11-21", "--only", RULE]);
        let output = command.envs(variables.iter().copied()).output().expect("it runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(!scan(&[]).contains(escape), "a pipe gets no colours");
    assert!(scan(&[("CLICOLOR_FORCE", "1")]).contains(escape), "unless somebody asks for them");
    assert!(!scan(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains(escape), "NO_COLOR has the last word");
}

#[test]
fn whoever_stops_reading_is_no_error() {
    let workspace = mixed();
    for (arguments, code) in [
        (&["rules", "list"][..], 0),
        (&["schema", "rule"], 0),
        (&["inspect", "-f", "json"], 0),
        (&["scan", "--now", "2026-11-21", "-f", "json"], 1),
        (&["scan", "--now", "2026-11-21", "-f", "text"], 1),
    ] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_secscan"))
            .args(arguments)
            .current_dir(workspace.path("."))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut said).expect("UTF-8");
        let status = child.wait().expect("it ends");
        assert!(said.is_empty(), "{arguments:?}: {said}");
        assert_eq!(status.code(), Some(code), "{arguments:?}: what was found out still counts");
    }
}
