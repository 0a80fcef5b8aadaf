//! Charts: rendered, scanned at the lines of their templates, and printed.

use crate::workspace::{Workspace, diagnostics, findings, list, text};

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: {{ .Chart.Name }}
spec:
  containers:
    - name: web
      image: example/web:1.0
      securityContext:
        privileged: {{ .Values.privileged }}
";

/// A chart whose pod is privileged because its values say so.
fn chart() -> Workspace {
    Workspace::with(&[
        ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("web/values.yaml", "# defaults\nprivileged: true\n"),
        ("web/templates/pod.yaml", POD),
    ])
}

const ONLY: [&str; 3] = ["web", "--only", "k8s-privileged-container"];

#[test]
fn a_finding_stands_in_the_template_and_names_the_line_of_the_value() {
    let workspace = chart();
    let report = workspace.report(&ONLY);
    assert_eq!(findings(&report), ["k8s-privileged-container web/templates/pod.yaml:10 open"]);
    let related = list(&report["findings"][0]["related"]);
    let set = related.iter().find(|related| related["path"] == "web/values.yaml").expect("the line of the value");
    assert_eq!((&set["start_line"], text(&set["message"])), (&2.into(), "the value is set here"));
    assert_eq!(diagnostics(&report), [] as [&str; 0]);
}

#[test]
fn values_of_the_user_decide_what_is_rendered() {
    let workspace = chart();
    let set = workspace.report(&[&ONLY[..], &["--set", "privileged=false"]].concat());
    assert_eq!(findings(&set), [] as [&str; 0]);
    workspace.write("prod.yaml", "privileged: false\n");
    let file = workspace.report(&[&ONLY[..], &["--helm-values", "prod.yaml"]].concat());
    assert_eq!(findings(&file), [] as [&str; 0]);
    let both = workspace.report(&[&ONLY[..], &["--helm-values", "prod.yaml", "--set", "privileged=true"]].concat());
    assert_eq!(findings(&both).len(), 1, "what is set wins over files");
    assert_eq!(workspace.scan(&[&ONLY[..], &["--helm-values", "missing.yaml"]].concat()).code, Some(2));
}

#[test]
fn a_comment_in_a_template_suppresses() {
    let workspace = chart();
    let ignored = "{{/* secscan:ignore k8s-privileged-container -- the agent needs the devices of its node */}}";
    workspace.write(
        "web/templates/pod.yaml",
        POD.replace("        privileged", &format!("        {ignored}\n        privileged")),
    );
    assert_eq!(
        findings(&workspace.report(&[&ONLY[..], &["--show", "suppressed"]].concat())),
        ["k8s-privileged-container web/templates/pod.yaml:11 suppressed"]
    );
}

#[test]
fn render_prints_what_helm_template_prints() {
    let workspace = chart();
    let run = workspace.run(&["render", "web", "--set", "privileged=false"]);
    let expected = POD.replace("{{ .Chart.Name }}", "web").replace("{{ .Values.privileged }}", "false");
    assert_eq!(run.stdout, format!("---\n# Source: web/templates/pod.yaml\n{expected}"));
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));

    workspace.write("web/templates/broken.yaml", "a: 1\nb: {{ .Values.no.thing }}\n");
    let run = workspace.run(&["render", "web"]);
    assert!(run.stdout.contains("web/templates/pod.yaml"), "the others are rendered: {run:?}");
    assert!(run.stderr.contains("web/templates/broken.yaml:2: "), "the line that fails is said: {run:?}");
    assert_eq!(run.code, Some(3));
}

#[test]
fn what_does_not_render_is_said_and_keeps_controls_from_passing() {
    let workspace = chart();
    workspace.write("web/templates/broken.yaml", "{{ fail \"set the host\" }}\n");
    workspace.write(
        "web/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: db, version: 1.0.0, repository: 'file://../../../db'}\n",
    );
    let report = workspace.report(&ONLY);
    assert_eq!(findings(&report).len(), 1, "the others are judged");
    let said = diagnostics(&report);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("unresolved web/Chart.yaml: ") && said[0].contains("outside of what is scanned"),
        "{said:?}"
    );
    assert!(said[1].starts_with("syntax web/templates/broken.yaml: ") && said[1].contains("set the host"), "{said:?}");
    assert_eq!(workspace.scan(&[&ONLY[..], &["--strict", "--fail-on", "never"]].concat()).code, Some(3));
}

#[test]
fn render_builds_kustomizations() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - image: example/web\n    name: web\n";
    let workspace = Workspace::with(&[
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("base/pod.yaml", pod),
        (
            "prod/kustomization.yaml",
            "resources: [../base]\nnamePrefix: prod-\nimages: [{name: example/web, newTag: '2'}]\n",
        ),
    ]);
    let run = workspace.run(&["render", "."]);
    let expected =
        pod.replace("name: web\nspec", "name: prod-web\nspec").replace("image: example/web", "image: example/web:2");
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
    assert_eq!(run.stdout, format!("---\n# Source: prod\n{expected}"));
    workspace.write("prod/kustomization.yaml", "configMapGenerator: [{name: a, files: [a.txt], envs: [b.env]}]\n");
    workspace.write("prod/a.txt", "one");
    workspace.write("prod/b.env", "B=two\n");
    let run = workspace.run(&["render", "prod"]);
    assert!(run.stdout.contains("data:\n  B: two\n  a.txt: one\n"), "any file can be taken in: {run:?}");
    workspace.write("prod/kustomization.yaml", "resources: [../base, ../gone]\n");
    let run = workspace.run(&["render", "."]);
    assert!(run.stderr.contains("prod/kustomization.yaml:1: "), "{run:?}");
}
