//! `--since`: only what a change brings counts, and what it says of its own scan is held against the base.
//!
//! The repositories are made with `git`; without it these tests say so and do nothing.

use serde_json::Value;

use crate::commands::rule;
use crate::workspace::{Run, Workspace, diagnostics, findings, list, privileged_pod};

const RULE: &str = "k8s-privileged-container";

/// Runs git in a folder of a workspace, with nothing of the user's configuration.
pub(crate) fn git(workspace: &Workspace, folder: &str, arguments: &[&str]) -> Run {
    let mut command = assert_cmd::Command::new("git");
    command.current_dir(workspace.path(folder)).args(arguments);
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@example.com"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ("GIT_AUTHOR_DATE", "2026-11-01T00:00:00Z"),
        ("GIT_COMMITTER_DATE", "2026-11-01T00:00:00Z"),
    ] {
        command.env(name, value);
    }
    let run = Run::of(&mut command);
    assert_eq!(run.code, Some(0), "git {arguments:?}: {run:?}");
    run
}

fn commit(workspace: &Workspace) {
    git(workspace, ".", &["add", "--all"]);
    git(workspace, ".", &["commit", "--quiet", "--message", "state"]);
}

/// A repository whose branch `main` has these files and whose branch `change` is checked out; none without git.
pub(crate) fn repository(files: &[(&str, &str)]) -> Option<Workspace> {
    if std::process::Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: there is no git");
        return None;
    }
    let workspace = Workspace::with(files);
    git(&workspace, ".", &["init", "--quiet", "--initial-branch", "main"]);
    commit(&workspace);
    git(&workspace, ".", &["checkout", "--quiet", "-b", "change"]);
    Some(workspace)
}

/// Scans the change with the one rule.
fn scan(workspace: &Workspace, more: &[&str]) -> (Run, Value) {
    let arguments = [&["--only", RULE, "--since", "main", "-f", "json", "--show", "suppressed"], more].concat();
    let run = workspace.scan(&arguments);
    let report = run.json();
    (run, report)
}

/// `path:line` of the findings that are new.
fn new(report: &Value) -> Vec<String> {
    let is_new = |finding: &&Value| finding["new"] == true && finding["rule"] == RULE;
    let place = |finding: &Value| format!("{}:{}", finding["path"].as_str().unwrap_or("-"), finding["start_line"]);
    list(&report["findings"]).iter().filter(is_new).map(place).collect()
}

#[test]
fn a_new_finding_gates_and_an_old_one_does_not() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    let (run, report) = scan(&workspace, &[]);
    assert_eq!((run.code, new(&report)), (Some(0), vec![]), "nothing has changed yet");
    assert_eq!(findings(&report), [format!("{RULE} old.yaml:9 open")], "the old finding is still listed");
    workspace.write("new.yaml", privileged_pod("new"));
    let (run, report) = scan(&workspace, &[]);
    assert_eq!((run.code, new(&report)), (Some(1), vec!["new.yaml:9".to_owned()]), "before the commit");
    commit(&workspace);
    let (run, report) = scan(&workspace, &[]);
    assert_eq!((run.code, new(&report)), (Some(1), vec!["new.yaml:9".to_owned()]), "and after it");
    let head = git(&workspace, ".", &["rev-parse", "HEAD", "main"]).stdout;
    let mut hashes = head.lines();
    assert_eq!(report["inputs"]["revision"].as_str(), hashes.next());
    assert_eq!(report["inputs"]["base"].as_str(), hashes.next());
}

#[test]
fn moved_lines_and_renamed_files_are_not_new() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    workspace.write("old.yaml", format!("# two\n# lines more\n{}", privileged_pod("old")));
    let (run, report) = scan(&workspace, &[]);
    assert_eq!((run.code, findings(&report)), (Some(0), vec![format!("{RULE} old.yaml:11 open")]));
    std::fs::create_dir(workspace.path("deploy")).expect("a folder");
    git(&workspace, ".", &["mv", "old.yaml", "deploy/renamed.yaml"]);
    commit(&workspace);
    let (run, report) = scan(&workspace, &[]);
    assert_eq!((run.code, findings(&report)), (Some(0), vec![format!("{RULE} deploy/renamed.yaml:11 open")]));
    workspace.write("deploy/copy.yaml", privileged_pod("old"));
    assert_eq!(scan(&workspace, &[]).0.code, Some(1), "a copy is new: one of the two was not there");
}

#[test]
fn what_the_base_branch_got_meanwhile_does_not_count() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    git(&workspace, ".", &["checkout", "--quiet", "main"]);
    std::fs::remove_file(workspace.path("old.yaml")).expect("it is there");
    workspace.write("mended.yaml", "kind: none\n");
    commit(&workspace);
    git(&workspace, ".", &["checkout", "--quiet", "change"]);
    let (run, report) = scan(&workspace, &[]);
    assert_eq!((run.code, new(&report)), (Some(0), vec![]), "the change is compared with where it left main");
}

#[test]
fn a_suppression_that_the_change_brings_is_told() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    let excused =
        privileged_pod("old").trim_end().to_owned() + " # secscan:ignore k8s-privileged-container -- trust me\n";
    workspace.write("old.yaml", &excused);
    let (_, report) = scan(&workspace, &[]);
    assert_eq!(
        findings(&report),
        [format!("{RULE} old.yaml:9 suppressed"), "suppression-added old.yaml:9 open".to_owned()]
    );
    commit(&workspace);
    git(&workspace, ".", &["branch", "--force", "main", "HEAD"]);
    let (run, report) = scan(&workspace, &[]);
    assert_eq!(
        findings(&report),
        [format!("{RULE} old.yaml:9 suppressed")],
        "once it is merged it counts like any other"
    );
    assert_eq!(run.code, Some(0));
    workspace.write("moved.yaml", format!("# first\n{excused}"));
    std::fs::remove_file(workspace.path("old.yaml")).expect("it is there");
    assert_eq!(findings(&scan(&workspace, &[]).1), [format!("{RULE} moved.yaml:10 suppressed")], "moved is not added");
}

#[test]
fn a_change_of_the_rules_that_judge_it_is_told() {
    let kept = rule("my-kept", "acl = \"public-read\" # finding");
    let files = [
        ("secscan.toml", "rules = [\"rules\"]\n"),
        ("rules/my-kept.yaml", &kept),
        ("rules/my-gone.yaml", &kept.replace("kept", "gone")),
    ];
    let Some(workspace) = repository(&files) else { return };
    let told = |report: &Value| -> Vec<String> {
        let said = diagnostics(report).into_iter().filter(|said| said.contains("by what it is judged"));
        said.filter_map(|said| said.split(' ').nth(1).map(|path| path.trim_end_matches(':').to_owned())).collect()
    };
    assert_eq!(told(&scan(&workspace, &[]).1), [""; 0], "the same rules are nothing to tell");
    std::fs::remove_file(workspace.path("rules/my-gone.yaml")).expect("it is there");
    workspace.write("rules/my-kept.yaml", kept.replace("severity: high", "severity: info"));
    workspace.write("rules/more/my-new.yaml", kept.replace("kept", "new"));
    let told = told(&scan(&workspace, &[]).1);
    assert_eq!(told, ["rules/more/my-new.yaml", "rules/my-gone.yaml", "rules/my-kept.yaml"]);
}

/// Whether the report says that the base revision's settings were used.
fn tells_of_settings(report: &Value) -> bool {
    diagnostics(report).iter().any(|said| said.contains("secscan.toml") && said.contains("base revision"))
}

#[test]
fn a_change_is_judged_by_the_settings_of_its_base() {
    let Some(workspace) = repository(&[("secscan.toml", "fail-on = \"high\"\n")]) else { return };
    workspace.write("new.yaml", privileged_pod("new"));
    assert!(!tells_of_settings(&scan(&workspace, &[]).1), "the same settings are nothing to tell");
    workspace.write("secscan.toml", "fail-on = \"never\"\n");
    let (run, report) = scan(&workspace, &[]);
    assert_eq!(run.code, Some(1), "a change cannot loosen what it is judged by: {report}");
    assert!(tells_of_settings(&report), "and it is said: {:?}", diagnostics(&report));
    std::fs::remove_file(workspace.path("secscan.toml")).expect("it is there");
    let (_, report) = scan(&workspace, &[]);
    assert!(tells_of_settings(&report), "settings that the change deletes still count: {:?}", diagnostics(&report));
}

#[test]
fn settings_that_a_change_brings_do_not_count_yet() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    workspace.write("new.yaml", privileged_pod("new"));
    workspace.write("secscan.toml", "fail-on = \"never\"\n");
    let (run, report) = scan(&workspace, &[]);
    assert_eq!(run.code, Some(1), "the base has no settings: the defaults count");
    assert!(tells_of_settings(&report), "{:?}", diagnostics(&report));
    std::fs::remove_file(workspace.path("secscan.toml")).expect("it is there");
    workspace.write("deploy/secscan.toml", "fail-on = \"never\"\n");
    workspace.write("deploy/new.yaml", privileged_pod("newer"));
    let (run, report) = scan(&workspace, &["deploy"]);
    assert_eq!(run.code, Some(1), "nor do those in a folder below");
    assert!(tells_of_settings(&report), "{:?}", diagnostics(&report));
}

#[test]
fn settings_that_are_named_on_the_command_line_count() {
    let Some(workspace) = repository(&[("secscan.toml", "fail-on = \"high\"\n")]) else { return };
    workspace.write("new.yaml", privileged_pod("new"));
    workspace.write("loose.toml", "fail-on = \"never\"\n");
    let (run, report) = scan(&workspace, &["--config", "loose.toml"]);
    assert_eq!(run.code, Some(0), "who writes the command decides: {report}");
}

#[test]
fn a_change_cannot_hide_files_from_its_own_scan() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    workspace.write("new.yaml", privileged_pod("new"));
    workspace.write(".gitignore", "new.yaml\n");
    git(&workspace, ".", &["add", "--all", "--force"]);
    commit(&workspace);
    assert_eq!(scan(&workspace, &[]).0.code, Some(1), "a file that git tracks is scanned whatever .gitignore says");
    workspace.write(".secscanignore", "new.yaml\n");
    commit(&workspace);
    let (run, report) = scan(&workspace, &[]);
    let told = diagnostics(&report).iter().any(|said| said.contains(".secscanignore: this file is new or differs"));
    assert!(told, "what hides files is told: {} {report}", run.stderr);
}

#[test]
fn an_ignore_file_that_hides_itself_or_stands_above_the_target_is_told_too() {
    let Some(workspace) = repository(&[("app/old.yaml", &privileged_pod("old"))]) else { return };
    workspace.write("app/new.yaml", privileged_pod("new"));
    let told = |path: &str, target: &str| {
        commit(&workspace);
        let said = diagnostics(&scan(&workspace, &[target]).1);
        assert!(
            said.iter().any(|said| said.contains(&format!(" {path}: this file is new or differs"))),
            "{path}: {said:?}"
        );
        std::fs::remove_file(workspace.path(path)).expect("it is there");
    };
    workspace.write("app/.secscanignore", "*\n");
    told("app/.secscanignore", ".");
    workspace.write(".secscanignore", "new.yaml\n");
    told(".secscanignore", "app");
}

#[test]
fn what_is_named_on_the_command_line_and_comes_with_the_change_is_told() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old")), ("loose.toml", ""), ("own.tfvars", "")])
    else {
        return;
    };
    workspace.write("rules/my-own.yaml", rule("my-own", "acl = \"public-read\" # finding"));
    workspace.write("known.json", "{\"version\": \"1\", \"findings\": []}");
    workspace.write("loose.toml", "fail-on = \"never\"\n");
    workspace.write("own.tfvars", "open = true\n");
    let arguments =
        ["--config", "loose.toml", "--baseline", "known.json", "--rules", "rules", "--var-file", "own.tfvars"];
    let said = diagnostics(&scan(&workspace, &arguments).1);
    for file in ["loose.toml", "known.json", "rules/my-own.yaml", "own.tfvars"] {
        let note = format!(" {file}: this file differs from the base revision");
        assert!(said.iter().any(|said| said.contains(&note)), "{file}: {said:?}");
    }
    commit(&workspace);
    git(&workspace, ".", &["branch", "--force", "main", "HEAD"]);
    let said = diagnostics(&scan(&workspace, &arguments).1);
    assert!(!said.iter().any(|said| said.contains("differs")), "once merged they are like any other: {said:?}");
}

#[test]
fn a_part_of_the_repository_is_compared_with_its_part() {
    let Some(workspace) =
        repository(&[("app/pod.yaml", &privileged_pod("app")), ("tools/pod.yaml", &privileged_pod("tool"))])
    else {
        return;
    };
    workspace.write("tools/new.yaml", privileged_pod("new"));
    let (run, report) = scan(&workspace, &["app"]);
    assert_eq!((run.code, findings(&report)), (Some(0), vec![format!("{RULE} app/pod.yaml:9 open")]));
    let (run, report) = scan(&workspace, &["app", "tools"]);
    assert_eq!((run.code, new(&report)), (Some(1), vec!["tools/new.yaml:9".to_owned()]));
    workspace.write("fresh/new.yaml", privileged_pod("fresh"));
    let (run, report) = scan(&workspace, &["fresh"]);
    assert_eq!(
        (run.code, new(&report)),
        (Some(1), vec!["fresh/new.yaml:9".to_owned()]),
        "a folder that the base lacks"
    );
}

#[test]
fn a_shallow_clone_is_compared_with_the_revision_itself_and_says_so() {
    let Some(workspace) = repository(&[("origin/old.yaml", &privileged_pod("old"))]) else { return };
    workspace.write("origin/new.yaml", privileged_pod("new"));
    commit(&workspace);
    git(&workspace, ".", &["checkout", "--quiet", "main"]);
    workspace.write("notes.txt", "meanwhile\n");
    commit(&workspace);
    git(&workspace, ".", &["checkout", "--quiet", "change"]);
    let url = format!("file://{}", workspace.path(".").display());
    git(&workspace, ".", &["clone", "--quiet", "--depth", "1", "--no-single-branch", &url, "clone"]);
    let run = Run::of(
        workspace
            .command(&["scan", "--now", "2026-11-21", "--only", RULE, "--since", "origin/main", "-f", "json"])
            .current_dir(workspace.path("clone")),
    );
    let report = run.json();
    assert_eq!((run.code, new(&report)), (Some(1), vec!["origin/new.yaml:9".to_owned()]), "{report}");
    let said = diagnostics(&report);
    assert!(said.iter().any(|said| said.contains("the clone is shallow")), "{said:?}");
}

#[test]
fn an_unrelated_history_is_compared_and_said() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    git(&workspace, ".", &["checkout", "--quiet", "--orphan", "other"]);
    workspace.write("new.yaml", privileged_pod("new"));
    commit(&workspace);
    let (run, report) = scan(&workspace, &[]);
    assert_eq!((run.code, new(&report)), (Some(1), vec!["new.yaml:9".to_owned()]));
    let said = diagnostics(&report);
    assert!(said.iter().any(|said| said.contains("no common history")), "{said:?}");
}

#[test]
fn what_cannot_be_compared_is_wrong_usage() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    for (arguments, said) in [
        (&["--since", "v9.9"][..], "v9.9"),
        (&["--since", "main", "-"], "--since"),
        (&["--since", "main", "git:HEAD"], "--since"),
    ] {
        let run = workspace.scan(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_revision_is_a_target() {
    let Some(workspace) = repository(&[("old.yaml", &privileged_pod("old"))]) else { return };
    workspace.write("new.yaml", privileged_pod("new"));
    let report = workspace.report(&["--only", RULE, "git:main"]);
    assert_eq!(findings(&report), [format!("{RULE} old.yaml:9 open")], "the work tree is not looked at");
}
