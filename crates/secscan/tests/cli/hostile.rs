//! One tree with everything that is broken or hostile in it, good files between, and an image of the same kind: one scan
//! ends within bounds, names whatever is bad, judges whatever is good, and says the same on every run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bad_input::{Limits, is_named, scan};
use crate::corpus::{self, Case};
use crate::workspace::{TODAY, Workspace, diagnostics, findings, list, privileged_pod, text};

/// Files with findings, one of each kind that is judged on its own.
fn good() -> Vec<(&'static str, String)> {
    let key = format!("AKIA{}", "QZ7M2XK5RT3WJ6VN");
    let tf =
        "resource \"aws_ebs_volume\" \"good\" {\n  availability_zone = \"a\"\n  size = 1\n  encrypted = false\n}\n";
    let workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: some/action@main\n";
    vec![
        ("good.yaml", privileged_pod("good")),
        ("good.tf", tf.to_owned()),
        ("good.py", "import yaml\n\n\ndef read(text):\n    return yaml.load(text, Loader=yaml.Loader)\n".to_owned()),
        ("good.ini", format!("[default]\naws_access_key_id = {key}\n")),
        ("good/Dockerfile", "FROM alpine:latest\nUSER root\n".to_owned()),
        ("good/compose.yaml", "services:\n  a:\n    image: example/a:1.0\n    privileged: true\n".to_owned()),
        (".github/workflows/good.yml", workflow.to_owned()),
        ("good/requirements.txt", "flask\n".to_owned()),
    ]
}

/// A tree with the good files and the bad ones, written in an order that `step` shuffles: each `step`-th file, then the
/// next of each.
fn tree(cases: &[Case], step: usize) -> Workspace {
    let good = good();
    let good = good.iter().map(|(path, text)| (*path, text.as_bytes()));
    let files: Vec<_> = good.chain(cases.iter().map(|case| (case.path.as_str(), case.bytes.as_slice()))).collect();
    let workspace = Workspace::with(&[]);
    for first in 0..step {
        for (path, bytes) in files.iter().skip(first).step_by(step) {
            workspace.write(path, bytes);
        }
    }
    workspace
}

/// `rule line` of the findings in a file; those about a whole tree stand at its first file, whichever that is.
fn findings_in(report: &Value, path: &str) -> BTreeSet<String> {
    let of_file = list(&report["findings"]).iter().filter(|found| found["path"] == path && found["platform"] != "unit");
    of_file.map(|found| format!("{} {}", text(&found["rule"]), found["start_line"])).collect()
}

#[test]
fn every_bad_file_is_named_and_every_good_one_is_judged() {
    let cases = corpus::all(200_000);
    let workspace = tree(&cases, 1);
    let outside = Workspace::with(&[("secret.yaml", &privileged_pod("outside"))]);
    let links = corpus::links(&|path| workspace.path(path), &outside.path("."));
    workspace.write("evil.tar", corpus::image());
    let run = scan(&workspace, &[".", "docker-archive:evil.tar"], Limits { address_space: 2 << 30, seconds: 120 });
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let report = run.json();

    let defects: Vec<_> = diagnostics(&report).into_iter().filter(|said| said.starts_with("internal")).collect();
    assert!(defects.is_empty(), "{defects:?}");
    let told = cases.iter().filter(|case| case.told).map(|case| case.path.as_str()).chain(links);
    let silent: Vec<_> = told.filter(|path| !is_named(&report, path)).collect();
    assert!(silent.is_empty(), "these are not named: {silent:?}");
    assert!(findings(&report).iter().all(|line| !line.contains("outside")), "links lead out of the tree");

    let good = good();
    let alone = Workspace::with(&good.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>());
    let expected = alone.report(&["--fail-on", "never"]);
    for (path, _) in &good {
        let (expected, found) = (findings_in(&expected, path), findings_in(&report, path));
        assert!(!expected.is_empty(), "{path} has findings");
        let lost: Vec<_> = expected.difference(&found).collect();
        assert!(lost.is_empty(), "{path} is judged as if it were alone: {lost:?}");
    }
    let unsaid = |words: &&&str| !diagnostics(&report).iter().any(|said| said.contains(**words));
    let unsaid: Vec<_> = corpus::IMAGE_SAYS.iter().filter(unsaid).collect();
    let said: Vec<_> = diagnostics(&report).into_iter().filter(|said| said.contains("layer ")).collect();
    assert!(unsaid.is_empty(), "these are not said of the image: {unsaid:#?}, but {said:#?}");
    let of_image = findings(&report).into_iter().any(|line| line.contains("app/settings.ini"));
    assert!(of_image, "the good file of the image is judged: {:#?}", findings(&report));
}

/// What a run prints as JSON and writes as SARIF.
fn reports(workspace: &Workspace, jobs: &str) -> (String, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sarif = folder.path().join("out.sarif");
    let output = format!("sarif={}", sarif.display());
    let show = ["--show", "pass,unknown,suppressed,waived", "--pack", "pci-dss"];
    let run = workspace.run(
        &[&["scan", ".", "--now", TODAY, "--fail-on", "never", "-f", "json", "-o", &output, "--jobs", jobs], &show[..]]
            .concat(),
    );
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    (run.stdout, std::fs::read_to_string(&sarif).expect("the report is written"))
}

#[test]
fn neither_threads_nor_orders_nor_roots_change_a_byte() {
    let cases = corpus::all(300);
    let workspace = tree(&cases, 1);
    let expected = reports(&workspace, "1");
    let root = workspace.path(".").display().to_string();
    assert!(!expected.0.contains(root.trim_end_matches("/.")), "a report tells where the tree lies");
    for jobs in 2..=8 {
        assert!(reports(&workspace, &jobs.to_string()) == expected, "{jobs} threads");
    }
    for step in [2, 7] {
        assert!(reports(&tree(&cases, step), "3") == expected, "every {step}. file first, in another folder");
    }
}

#[test]
fn what_is_said_of_a_bad_file_has_its_place() {
    let report = scan(&tree(&corpus::syntax(), 1), &["."], Limits::default()).json();
    for case in corpus::syntax() {
        let said = list(&report["diagnostics"]).iter().filter(|said| said["path"] == *case.path);
        let has_place = said.clone().any(|said| said["line"].as_u64().is_some_and(|line| line > 0));
        let said: Vec<_> = said.map(|said| text(&said["message"])).collect();
        assert!(has_place, "{} has a line: {said:?}", case.path);
    }
}
