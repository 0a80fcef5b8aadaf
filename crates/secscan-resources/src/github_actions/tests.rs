//! What the fixtures do not show: paths, references across files, places, broken workflows.

use secscan_model::{Graph, Node, Source, SourceId};

use super::*;
use crate::for_tests::scan;
use crate::{FileReading, read_file};

fn read(path: &str, text: &str) -> FileReading {
    read_file(Source::from_text(SourceId(0), path, text))
}

fn workflow(text: &str) -> FileReading {
    read(".github/workflows/ci.yml", text)
}

fn graph(files: &[(&str, &str)]) -> Graph {
    scan(files).0
}

fn find<'r>(reading: &'r FileReading, kind: &str, address: &str) -> &'r Resource {
    let found = reading.batch.resources.iter().find(|known| &*known.kind == kind && &*known.address == address);
    found.unwrap_or_else(|| panic!("no {kind} {address}"))
}

#[test]
fn paths_tell_what_a_file_is() {
    for (path, expected) in [
        (".github/workflows/ci.yml", Some(File::Workflow)),
        ("service/.github/workflows/ci.yaml", Some(File::Workflow)),
        (".github/workflows/nested/ci.yml", None),
        ("my.github/workflows/ci.yml", None),
        ("workflows/ci.yml", None),
        ("action.yml", Some(File::Action)),
        (".github/actions/a/action.yaml", Some(File::Action)),
        ("transaction.yml", None),
        (".github/dependabot.yml", Some(File::Dependabot)),
        ("dependabot.yml", None),
        (".github/workflows/ci.json", None),
    ] {
        assert_eq!(File::of(path), expected, "{path}");
    }
    assert!(!read("action.yml", "name: not an action\n").recognised);
}

#[test]
fn permissions_are_the_jobs_else_the_workflows() {
    let reading = workflow("permissions: read-all\njobs:\n  a: {runs-on: x}\n  b: {runs-on: x, permissions: {}}\n");
    let of = |job| find(&reading, "job", job).value.get("$permissions").cloned();
    assert_eq!(of("a").as_ref().and_then(Node::as_str), Some("read-all"));
    assert!(of("b").is_some_and(|permissions| permissions.as_map().is_some_and(Map::is_empty)));
    let reading = workflow("jobs:\n  a: {runs-on: x}\n");
    assert!(find(&reading, "job", "a").value.get("$permissions").is_none(), "the repository's setting is not known");
}

#[test]
fn shells_come_from_step_job_workflow_and_runner() {
    let shell = |text: &str| {
        let reading = workflow(text);
        let command = find(&reading, "command", "a/1");
        command.value.get("shell").map(|shell| shell.raw_text().unwrap_or_default().into_owned())
    };
    let steps = "steps: [{run: x}]";
    assert_eq!(shell(&format!("jobs: {{a: {{runs-on: ubuntu-24.04, {steps}}}}}")).as_deref(), Some("bash"));
    assert_eq!(shell(&format!("jobs: {{a: {{runs-on: [self-hosted, Windows], {steps}}}}}")).as_deref(), Some("pwsh"));
    assert_eq!(shell(&format!("jobs: {{a: {{runs-on: \"${{{{ matrix.os }}}}\", {steps}}}}}")), None);
    let defaults = "defaults: {run: {shell: dash}}";
    assert_eq!(shell(&format!("{{{defaults}, jobs: {{a: {{runs-on: x, {steps}}}}}}}")).as_deref(), Some("dash"));
    assert_eq!(shell("jobs: {a: {runs-on: x, steps: [{run: x, shell: '/bin/sh -e {0}'}]}}").as_deref(), Some("sh"));
}

#[test]
fn local_actions_and_workflows_are_references() {
    let steps = "jobs: {a: {runs-on: x, steps: [{uses: ./tools/setup}]}, b: {uses: ./.github/workflows/called.yml}}";
    let graph = graph(&[
        (".github/workflows/called.yml", "jobs: {c: {runs-on: x}}"),
        (".github/workflows/ci.yml", steps),
        ("tools/setup/action.yml", "runs: {using: composite, steps: []}"),
    ]);
    let address = |id| &*graph.resource(id).address;
    let edges: Vec<_> = graph
        .edges
        .iter()
        .map(|edge| format!("{} -{}-> {}", address(edge.from), edge.path, address(edge.to)))
        .collect();
    assert_eq!(edges, ["a/1 -uses-> setup", "b -uses-> called"]);
}

#[test]
fn commands_of_a_block_stand_on_their_own_lines() {
    let text = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          one ${{ x }}\n\n          two |\n            three\n";
    let reading = workflow(text);
    let commands = reading.batch.resources.iter().filter(|resource| &*resource.kind == "command");
    let texts: Vec<_> = commands.map(|command| &text[command.at.span.range()]).collect();
    assert_eq!(texts, ["one ${{ x }}", "two", "three"]);
}

#[test]
fn what_is_no_workflow_says_so() {
    let reading = workflow("jobs: [a]\n");
    assert_eq!(reading.diagnostics.len(), 1);
    assert_eq!(reading.diagnostics[0].blinds, [Platform::GithubActions]);
    let reading = workflow("jobs: {a: 1, b: {steps: [x]}}\n");
    assert_eq!(reading.diagnostics.len(), 2, "a job and a step that are no maps");
    let reading = workflow("jobs: {a: [\n");
    assert!(reading.recognised, "a workflow that cannot be parsed is not clean");
}
