//! Files that are broken, hostile or no files at all: every scan ends soon and within bounds, names what it could not
//! read, and judges the good file beside it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::workspace::{PATIENCE, Run, TODAY, Workspace, diagnostics, findings, list, privileged_pod};

/// A debug build takes this long at most, on a busy machine too.
const SOON: Duration = Duration::from_secs(30);

/// How deep the nested cases nest.
const DEEP: usize = 200_000;

/// What is broken, and whether something must be said about it.
struct Case {
    /// The file's path.
    path: &'static str,
    bytes: Vec<u8>,
    /// Whether the file must be named by a diagnostic.
    told: bool,
}

fn case(path: &'static str, text: impl Into<Vec<u8>>) -> Case {
    Case { path, bytes: text.into(), told: true }
}

/// A case in which everything can be understood, or nothing needs to be.
fn harmless(path: &'static str, text: impl Into<Vec<u8>>) -> Case {
    Case { path, bytes: text.into(), told: false }
}

fn deep(open: &str, close: &str) -> String {
    open.repeat(DEEP) + &close.repeat(DEEP)
}

/// A workflow whose one step runs this.
fn workflow(run: &str) -> String {
    format!("on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: {run}\n")
}

/// As some editors and shells of Windows write.
fn in_utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn bytes() -> Vec<Case> {
    vec![
        case("latin.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: { name: \xe9t\xe9 }\n".as_slice()),
        case("latin.tf", b"resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"\xe9\"\n}\n".as_slice()),
        case("latin/Dockerfile", b"FROM alpine:3.22\nLABEL name=\xe9t\xe9\n".as_slice()),
        case("nul.yaml", b"apiVersion: v1\nkind: \0Pod\n".as_slice()),
        case("nul.json", b"{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {\0}}".as_slice()),
        case("wide.yaml", in_utf16("apiVersion: v1\nkind: Pod\n")),
        harmless("empty.yaml", b"".as_slice()),
        harmless("empty.tf", b"".as_slice()),
        harmless("mark.yaml", b"\xef\xbb\xbf".as_slice()),
    ]
}

fn syntax() -> Vec<Case> {
    vec![
        case("broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: { name: [\n"),
        case("broken.json", "{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {\"A\": "),
        case("broken.tf", "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \n"),
        case("broken/Dockerfile", "FROM alpine:3.22\nNOT AN INSTRUCTION\n"),
        case("tabs.yaml", "apiVersion: v1\nkind: Pod\nspec:\n\tcontainers: []\n"),
    ]
}

fn large() -> Vec<Case> {
    let ten_megabytes = 10 * 1024 * 1024 - 200;
    let line = "x".repeat(ten_megabytes);
    let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let of = format!("*a{}", level - 1);
        text + &format!("a{level}: &a{level} [{}]\n", vec![of; 10].join(", "))
    });
    vec![
        harmless(
            "line.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\ndata: {{ a: {line} }}\n"),
        ),
        harmless("line.tf", format!("resource \"aws_s3_bucket\" \"a\" {{\n  bucket = \"{line}\"\n}}\n")),
        harmless("line/Dockerfile", format!("FROM alpine:3.22\nRUN echo {line}\n")),
        case("larger.yaml", "# ".to_owned() + &"x".repeat(11 * 1024 * 1024)),
        case("bomb.yaml", format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\n{bomb}data: *a9\n")),
        case("count.tf", "resource \"aws_s3_bucket\" \"a\" {\n  count = 1000000000\n}\n"),
        harmless(
            "each.tf",
            "resource \"aws_s3_bucket\" \"b\" {\n  for_each = toset([for n in range(1000000000) : tostring(n)])\n}\n",
        ),
    ]
}

fn cycles() -> Vec<Case> {
    vec![
        case("cycle.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: &a { b: *a }\n"),
        harmless(
            "cycle.tf",
            "locals {\n  a = local.b\n  b = local.a\n}\nresource \"aws_s3_bucket\" \"c\" {\n  acl = local.a\n}\n",
        ),
        harmless("cycle/Dockerfile", "FROM a AS b\nFROM b AS a\nCOPY --from=a /x /y\n"),
        harmless("compose.yaml", "services:\n  a: { extends: { service: b } }\n  b: { extends: { service: a } }\n"),
    ]
}

fn nested() -> Vec<Case> {
    let brackets = deep("[", "]");
    let in_string = deep("[", "]");
    vec![
        case("deep.yaml", format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\ndata: {brackets}\n")),
        case(
            "block.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\ndata: {}\n", "- ".repeat(DEEP)),
        ),
        case("deep.json", format!("{{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {brackets}}}")),
        case("deep.tf", format!("resource \"aws_s3_bucket\" \"d\" {{\n  acl = {brackets}\n}}\n")),
        case("parentheses.tf", format!("locals {{\n  a = {}1{}\n}}\n", "(".repeat(DEEP), ")".repeat(DEEP))),
        case(
            "blocks.tf",
            format!("resource \"aws_s3_bucket\" \"e\" {{\n{}{}\n}}\n", "a {\n".repeat(DEEP), "}\n".repeat(DEEP)),
        ),
        case("templates.tf", format!("locals {{\n  b = \"{}{}\"\n}}\n", "${\"".repeat(DEEP), "\"}".repeat(DEEP))),
        harmless("minus.tf", format!("locals {{\n  c = {}1\n}}\n", "-".repeat(DEEP))),
        harmless("deep/Dockerfile", format!("FROM {}alpine\nRUN {}\n", "${A:-".repeat(DEEP), brackets)),
        harmless("onbuild/Dockerfile", format!("FROM alpine:3.22\n{}RUN true\n", "ONBUILD ".repeat(DEEP))),
        harmless(
            "string.tf",
            format!("resource \"aws_iam_policy\" \"f\" {{\n  policy = \"{{\\\"Statement\\\": {in_string}}}\"\n}}\n"),
        ),
        harmless(
            ".github/workflows/expression.yml",
            workflow(&format!("echo ${{{{ {}1{} }}}}", "(".repeat(DEEP), ")".repeat(DEEP))),
        ),
        harmless(".github/workflows/shell.yml", workflow(&format!("'{}true{}'", "$(".repeat(DEEP), ")".repeat(DEEP)))),
        harmless(
            ".github/workflows/groups.yml",
            workflow(&format!("'{}true{}'", "( ".repeat(DEEP), " )".repeat(DEEP))),
        ),
    ]
}

/// A good file, and beside it the cases.
fn workspace(cases: &[Case]) -> Workspace {
    let workspace = Workspace::with(&[("good.yaml", &privileged_pod("good"))]);
    for case in cases {
        workspace.write(case.path, &case.bytes);
    }
    workspace
}

/// Runs a scan with one GiB of address space, where the shell can limit it.
fn scan(workspace: &Workspace) -> Run {
    let arguments = ["scan", "--now", TODAY, "--fail-on", "never", "-f", "json", "--jobs", "2"];
    if !cfg!(target_os = "linux") {
        return workspace.run(&arguments);
    }
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", "ulimit -v 1048576 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_secscan")]).args(arguments);
    Run::of(command.current_dir(workspace.path(".")).timeout(PATIENCE))
}

/// Scans and holds the scan to what is promised of any input; gives the report.
fn survive(workspace: &Workspace, what: &str) -> Value {
    let start = Instant::now();
    let run = scan(workspace);
    let took = start.elapsed();
    assert_eq!(run.code, Some(0), "{what}: {}", run.stderr);
    assert!(took < SOON, "{what} took {took:?}");
    let report = run.json();
    let good = findings(&report).iter().any(|line| line == "k8s-privileged-container good.yaml:9 open");
    assert!(good, "the good file beside {what} is judged");
    let defects: Vec<_> = diagnostics(&report).into_iter().filter(|said| said.starts_with("internal")).collect();
    assert!(defects.is_empty(), "{what}: {defects:?}");
    report
}

/// Whether a diagnostic names the file.
fn is_named(report: &Value, path: &str) -> bool {
    list(&report["diagnostics"]).iter().any(|diagnostic| diagnostic["path"] == path)
}

fn each_alone(cases: Vec<Case>) {
    for case in cases {
        let path = case.path;
        let told = case.told;
        let report = survive(&workspace(&[case]), path);
        assert!(!told || is_named(&report, path), "{path} is named: {:?}", diagnostics(&report));
    }
}

#[test]
fn bytes_that_are_no_text() {
    each_alone(bytes());
}

#[test]
fn broken_syntax() {
    each_alone(syntax());
}

#[test]
fn large_files_and_bombs() {
    each_alone(large());
}

#[test]
fn cyclic_definitions() {
    each_alone(cycles());
}

#[test]
fn deep_nesting() {
    each_alone(nested());
}

#[test]
fn all_of_them_at_once() {
    let all: Vec<Case> = [bytes(), syntax(), cycles(), nested()].into_iter().flatten().collect();
    let report = survive(&workspace(&all), "all cases");
    let silent: Vec<_> =
        all.iter().filter(|case| case.told && !is_named(&report, case.path)).map(|case| case.path).collect();
    assert!(silent.is_empty(), "these are not named: {silent:?}");
}

#[test]
fn settings_that_nest_without_end_are_refused() {
    let workspace = Workspace::with(&[("good.yaml", &privileged_pod("good"))]);
    workspace.write("secscan.toml", format!("exclude = {}\n", deep("[", "]")));
    let run = scan(&workspace);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("secscan.toml:1:"), "{}", run.stderr);
}

#[test]
#[cfg(unix)]
fn links_and_devices() {
    use std::os::unix::fs::symlink;

    let outside = Workspace::with(&[("secret.yaml", &privileged_pod("outside"))]);
    let workspace = Workspace::with(&[("good.yaml", &privileged_pod("good")), ("folder/keep.txt", "")]);
    let at = |path: &str| workspace.path(path);
    symlink(at("folder"), at("folder/loop")).expect("a link to the folder that holds it");
    symlink(at("turn.yaml"), at("turn.yaml")).expect("a link to itself");
    symlink(outside.path("secret.yaml"), at("outside.yaml")).expect("a link out of the tree");
    symlink(outside.path("."), at("elsewhere")).expect("a link to a folder out of the tree");
    symlink("missing.yaml", at("dangling.yaml")).expect("a link to nothing");
    symlink("/dev/zero", at("zero.yaml")).expect("a link to a device");
    let fifo = std::process::Command::new("mkfifo").arg(at("pipe.yaml")).status();
    let report = survive(&workspace, "links and devices");
    let found = findings(&report);
    assert!(found.iter().all(|line| !line.contains("outside") && !line.contains("elsewhere")), "{found:?}");
    for path in ["outside.yaml", "elsewhere", "zero.yaml", "turn.yaml", "dangling.yaml"] {
        assert!(is_named(&report, path), "{path}: {:?}", diagnostics(&report));
    }
    if fifo.is_ok_and(|status| status.success()) {
        assert!(is_named(&report, "pipe.yaml"), "{:?}", diagnostics(&report));
    }
}

#[test]
#[cfg(unix)]
fn files_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;

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
    if std::fs::read(workspace.path("closed.yaml")).is_ok() {
        eprintln!("skipped: this user may read everything");
    } else {
        let report = survive(&workspace, "closed files");
        assert!(is_named(&report, "closed.yaml") && is_named(&report, "closed"), "{:?}", diagnostics(&report));
    }
    mode("closed", 0o700);
    assert!(Path::new(&workspace.path("closed/pod.yaml")).exists(), "it can be removed again");
}
