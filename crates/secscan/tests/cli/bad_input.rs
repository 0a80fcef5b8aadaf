//! Files that are broken, hostile or no files at all: every scan ends soon and within bounds, names what it could not
//! read, and judges the good file beside it.

use serde_json::Value;

use crate::corpus::{self, Case};
use crate::workspace::{PATIENCE, Run, TODAY, Workspace, diagnostics, findings, list, privileged_pod};

/// How deep the nested cases nest.
const DEEP: usize = 200_000;

fn deep(open: &str, close: &str) -> String {
    open.repeat(DEEP) + &close.repeat(DEEP)
}

/// A good file, and beside it the cases.
fn workspace(cases: &[Case]) -> Workspace {
    let workspace = Workspace::with(&[("good.yaml", &privileged_pod("good"))]);
    for case in cases {
        workspace.write(&case.path, &case.bytes);
    }
    workspace
}

/// What a scan may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of address space, where the shell can limit it.
    pub(crate) address_space: u64,
    /// Seconds of processor time: unlike the clock, these do not tell how busy the machine is.
    pub(crate) seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { address_space: 1 << 30, seconds: 30 }
    }
}

/// Scans targets within limits.
pub(crate) fn scan(workspace: &Workspace, targets: &[&str], limits: Limits) -> Run {
    let options = ["--now", TODAY, "--fail-on", "never", "-f", "json", "--jobs", "2"];
    if !cfg!(target_os = "linux") {
        return workspace.run(&[&["scan"], targets, &options].concat());
    }
    let mut command = assert_cmd::Command::new("sh");
    let script = format!("ulimit -v {} && ulimit -t {} && exec \"$@\"", limits.address_space / 1024, limits.seconds);
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_secscan"), "scan"]).args(targets).args(options);
    Run::of(command.current_dir(workspace.path(".")).timeout(PATIENCE))
}

/// Scans and holds the scan to what is promised of any input; gives the report, or what was broken.
fn survive(workspace: &Workspace, what: &str) -> Result<Value, String> {
    let run = scan(workspace, &["."], Limits::default());
    if run.code != Some(0) {
        return Err(format!("{what}: {:?} {}", run.code, run.stderr));
    }
    let report = run.json();
    let is_defect = |said: &String| said.starts_with("internal");
    if let Some(defect) = diagnostics(&report).into_iter().find(is_defect) {
        return Err(format!("{what}: {defect}"));
    }
    if !findings(&report).iter().any(|line| line == "k8s-privileged-container good.yaml:9 open") {
        return Err(format!("the good file beside {what} is not judged"));
    }
    Ok(report)
}

/// Whether a diagnostic names the file.
pub(crate) fn is_named(report: &Value, path: &str) -> bool {
    list(&report["diagnostics"]).iter().any(|diagnostic| diagnostic["path"] == path)
}

fn each_alone(cases: Vec<Case>) {
    let mut broken = Vec::new();
    for case in cases {
        let (path, told) = (case.path.clone(), case.told);
        match survive(&workspace(&[case]), &path) {
            Err(what) => broken.push(what),
            Ok(report) if told && !is_named(&report, &path) => {
                broken.push(format!("{path} is not named: {:?}", diagnostics(&report)));
            }
            Ok(_) => {}
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn bytes_that_are_no_text() {
    each_alone(corpus::bytes());
}

#[test]
fn broken_syntax() {
    each_alone(corpus::syntax());
}

#[test]
fn small_files_that_mean_something_large() {
    each_alone(corpus::bombs());
}

#[test]
fn long_lines() {
    each_alone(corpus::large());
}

#[test]
fn cyclic_definitions() {
    each_alone(corpus::cycles());
}

#[test]
fn endless_chains() {
    each_alone(corpus::chains(DEEP));
}

#[test]
fn deep_nesting() {
    each_alone(corpus::nested(DEEP));
}

#[test]
fn deep_nesting_in_code() {
    each_alone(corpus::nested_code(DEEP));
}

#[test]
fn deep_nesting_in_scripts() {
    each_alone(corpus::nested_scripts(DEEP));
}

#[test]
fn lockfiles_of_nonsense() {
    each_alone(corpus::nonsense());
}

#[test]
fn lockfiles_that_break_off() {
    each_alone(corpus::cut());
}

#[test]
fn programs_named_like_sources() {
    each_alone(corpus::renamed());
}

#[test]
fn settings_that_nest_without_end_are_refused() {
    let workspace = Workspace::with(&[("good.yaml", &privileged_pod("good"))]);
    workspace.write("secscan.toml", format!("exclude = {}\n", deep("[", "]")));
    let run = scan(&workspace, &["."], Limits::default());
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("secscan.toml:1:"), "{}", run.stderr);
}

#[test]
#[cfg(unix)]
fn links_and_devices() {
    let outside = Workspace::with(&[("secret.yaml", &privileged_pod("outside"))]);
    let workspace = Workspace::with(&[("good.yaml", &privileged_pod("good"))]);
    let told = corpus::links(&|path| workspace.path(path), &outside.path("."));
    let report = survive(&workspace, "links and devices").unwrap_or_else(|broken| panic!("{broken}"));
    let found = findings(&report);
    assert!(found.iter().all(|line| !line.contains("outside") && !line.contains("elsewhere")), "{found:?}");
    for path in told {
        assert!(is_named(&report, path), "{path}: {:?}", diagnostics(&report));
    }
}

/// Who runs the tests may be allowed to read everything; then somebody else scans.
#[test]
#[cfg(unix)]
fn files_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let workspace = Workspace::with(&[
        ("good.yaml", &privileged_pod("good")),
        ("closed.yaml", "kind: Pod\n"),
        ("closed/pod.yaml", "kind: Pod\n"),
    ]);
    let mode = |path: &str, mode| {
        std::fs::set_permissions(workspace.path(path), std::fs::Permissions::from_mode(mode)).expect("our own file");
    };
    mode("closed.yaml", 0o000);
    mode("closed", 0o000);
    mode(".", 0o755);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_secscan"));
    command.args(["scan", "--now", TODAY, "--fail-on", "never", "-f", "json"]).current_dir(workspace.path("."));
    command.env_remove("SECSCAN_DB").env("XDG_DATA_HOME", workspace.path(".no-data"));
    if std::fs::read(workspace.path("closed.yaml")).is_ok() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output();
    mode("closed", 0o700);
    let Ok(output) = output else {
        eprintln!("skipped: nobody else may run the program where it lies");
        return;
    };
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert!(is_named(&report, "closed.yaml") && is_named(&report, "closed"), "{:?}", diagnostics(&report));
    assert!(findings(&report).contains(&"k8s-privileged-container good.yaml:9 open".to_owned()));
}

/// Files that users name rather than have scanned: wrong ones end the run with 2 and say where.
#[test]
fn own_files_that_nest_without_end_are_refused() {
    let brackets = deep("[", "]");
    let own = Workspace::with(&[
        ("good.yaml", &privileged_pod("good")),
        ("rules/deep.yaml", &format!("id: deep\ntitle: {brackets}\n")),
        ("pack.yaml", &format!("id: deep\ncontrols: {brackets}\n")),
        ("baseline.json", &format!("{{\"version\": {brackets}}}")),
        ("deep.tfvars", &format!("a = {brackets}\n")),
    ]);
    for (arguments, place) in [
        (["--rules", "rules"], "deep.yaml:2:"),
        (["--pack", "./pack.yaml"], "pack.yaml:2:"),
        (["--baseline", "baseline.json"], "baseline.json:1:"),
    ] {
        let run = scan(&own, &[".", arguments[0], arguments[1]], Limits::default());
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(place), "{arguments:?}: {}", run.stderr);
    }
    let run = scan(&own, &[".", "--var-file", "deep.tfvars"], Limits::default());
    assert!(matches!(run.code, Some(0 | 2)), "{run:?}");
}

#[test]
fn standard_input_has_a_limit_too() {
    let workspace = Workspace::with(&[]);
    let mut command = workspace.command(&["scan", "-", "--stdin-name", "line.yaml"]);
    let run = Run::of(command.write_stdin("x".repeat(60_000_000)));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("standard input"), "{}", run.stderr);
}
