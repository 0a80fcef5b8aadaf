//! Kustomizations in, objects with places out; and what cannot be built.

use secscan_model::{DiagnosticKind, Graph, Location, Node, Platform, Resource};

use crate::for_tests;

/// A scan of some files: what is found, and what is said.
fn scan(files: &[(&str, &str)]) -> (Graph, Vec<(DiagnosticKind, String, String)>) {
    let (graph, diagnostics) = for_tests::scan(files);
    let said = diagnostics.iter().map(|diagnostic| {
        let place = diagnostic.at.map(|at| written(&graph, at)).unwrap_or_default();
        (diagnostic.kind, place, diagnostic.message.to_string())
    });
    let said = said.collect();
    (graph, said)
}

/// The file and the text at a place.
fn written(graph: &Graph, at: Location) -> String {
    let source = graph.source(at.source).expect("a file of the scan");
    format!("{}: {}", source.path, &source.text().expect("UTF-8")[at.span.range()])
}

fn objects(graph: &Graph) -> Vec<&Resource> {
    graph.resources.iter().filter(|resource| resource.platform == Platform::Kubernetes).collect()
}

fn addresses(graph: &Graph) -> Vec<String> {
    objects(graph).iter().map(|object| format!("{} in {}", object.address, object.unit)).collect()
}

fn at<'n>(object: &'n Resource, path: &[&str]) -> &'n Node {
    object.value.at_path(path).unwrap_or_else(|| panic!("no {path:?} in {}", object.address))
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1
";

#[test]
fn a_base_is_judged_through_its_overlays_only() {
    let (graph, said) = scan(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", DEPLOYMENT),
        ("dev/kustomization.yaml", "resources: [../base]\nnamespace: dev\n"),
        ("prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"),
    ]);
    assert_eq!(said, []);
    let expected =
        ["dev/Deployment/web in kubernetes:dev@dev", "default/Deployment/prod-web in kubernetes:default@prod"];
    assert_eq!(addresses(&graph), expected);
    for object in objects(&graph) {
        let image = at(object, &["spec", "template", "spec", "containers"]).items()[0].get("image").expect("an image");
        assert_eq!(written(&graph, image.at), "base/web.yaml: nginx:1");
    }
    let overlay = |object: &Resource| graph.source(object.value.via()[0].source).expect("a file").path.to_string();
    let overlays: Vec<String> = objects(&graph).into_iter().map(overlay).collect();
    assert_eq!(overlays, ["dev/kustomization.yaml", "prod/kustomization.yaml"]);
}

#[test]
fn values_stand_where_they_are_written() {
    let (graph, said) = scan(&[
        (
            "kustomization.yaml",
            "resources: [web.yaml]\nimages: [{name: nginx, newTag: latest}]\nnamespace: shop\npatches:\n- path: p.yaml\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: /spec/template/spec/hostPID\n      value: true\n",
        ),
        (
            "p.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {hostNetwork: true}}}\n",
        ),
        ("web.yaml", DEPLOYMENT),
    ]);
    assert_eq!(said, []);
    let all = objects(&graph);
    assert_eq!(all.len(), 1, "the patch is no object of its own");
    let spec = at(all[0], &["spec", "template", "spec"]);
    let place = |node: &Node| written(&graph, node.at);
    assert_eq!(place(spec.get("hostNetwork").expect("set")), "p.yaml: true");
    assert_eq!(place(spec.get("hostPID").expect("set")), "kustomization.yaml: true");
    let image = spec.get("containers").expect("a list").items()[0].get("image").expect("an image");
    assert_eq!((image.as_str(), place(image)), (Some("nginx:latest"), "kustomization.yaml: latest".to_owned()));
    assert_eq!(written(&graph, image.via()[0]), "web.yaml: nginx:1");
    assert_eq!(place(at(all[0], &["metadata", "namespace"])), "kustomization.yaml: shop");
    let derived = graph.resources.iter().any(|resource| &*resource.kind == "container");
    assert!(derived, "containers are derived from what was built");
}

#[test]
fn generated_values_stand_in_their_files() {
    let (graph, said) = scan(&[
        ("a.env", "# note\nUSER=app\nLEVEL=debug\n"),
        (
            "kustomization.yaml",
            "configMapGenerator:\n- name: settings\n  literals: [\"MODE=plain\"]\n  envs: [a.env]\n",
        ),
    ]);
    assert_eq!(said, []);
    let data = at(objects(&graph)[0], &["data"]);
    assert_eq!(written(&graph, data.get("MODE").expect("set").at), "kustomization.yaml: plain");
    assert_eq!(written(&graph, data.get("LEVEL").expect("set").at), "a.env: debug");
}

#[test]
fn objects_of_one_overlay_refer_to_each_other() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n";
    let (graph, _) = scan(&[
        ("base/kustomization.yaml", "resources: [web.yaml, service.yaml]\n"),
        ("base/service.yaml", service),
        ("base/web.yaml", DEPLOYMENT),
        ("dev/kustomization.yaml", "resources: [../base]\n"),
        ("prod/kustomization.yaml", "resources: [../base]\n"),
    ]);
    let units: Vec<_> =
        graph.edges.iter().map(|edge| (&*graph.resource(edge.from).unit, &*graph.resource(edge.to).unit)).collect();
    assert_eq!(
        units,
        [("kubernetes:default@dev", "kubernetes:default@dev"), ("kubernetes:default@prod", "kubernetes:default@prod")]
    );
}

#[test]
fn the_kustomization_is_a_resource_with_what_it_fetches() {
    let text = "resources: [a.yaml, \"https://example.org/r//d?ref=v1\", github.com/o/r]\n";
    let (graph, said) = scan(&[("kustomization.yaml", text), ("a.yaml", DEPLOYMENT)]);
    let kustomization = graph.resources.iter().find(|resource| &*resource.kind == "kustomization").expect("one");
    assert_eq!((&*kustomization.address, kustomization.platform), (".", Platform::Kustomize));
    let remotes = at(kustomization, &["remotes"]).items();
    let kinds: Vec<_> = remotes.iter().map(|remote| remote.get("ref-kind").and_then(Node::as_str)).collect();
    assert_eq!(kinds, [Some("tag"), None]);
    assert!(said.iter().all(|(kind, ..)| *kind == DiagnosticKind::Unresolved), "{said:?}");
    assert_eq!(said.len(), 2);
    assert_eq!(objects(&graph).len(), 1, "the rest goes on");
    let open = graph.resources.iter().filter(|resource| resource.opaque.is_some());
    assert_eq!(open.map(|resource| &*resource.unit).collect::<Vec<_>>(), ["kubernetes:default@."]);
}

#[test]
fn what_cannot_be_built_is_said_and_the_rest_goes_on() {
    for (kustomization, place, message) in [
        ("resources: [web.yaml, none.yaml]", "none.yaml", "there is no `none.yaml`"),
        ("resources: [web.yaml, ../up.yaml]", "../up.yaml", "outside of"),
        ("resources: [web.yaml, {a: b}]", "{a: b}", "named by a text"),
        ("resources: [web.yaml, web.yaml]", "web.yaml", "is there already"),
        ("resources: [web.yaml]\nnamespace: [a]", "[a]", "is no text"),
        ("resources: [web.yaml]\nreplicas: [{name: other, count: 1}]", "{name: other, count: 1}", "no object that has"),
        ("resources: [web.yaml]\npatches: [{path: none}]", "none", "there is no `none`"),
        ("resources: [web.yaml]\npatches: [{}]", "{}", "`patch` or `path`"),
        (
            "resources: [web.yaml]\npatches: [{patch: \"[{op: remove, path: /none}]\", target: {kind: Deployment}}]",
            "{op: remove, path: /none}",
            "does not fit",
        ),
        (
            "resources: [web.yaml]\npatches: [{patch: \"[{op: remove, path: /kind}]\"}]",
            "{patch: \"[{op: remove, path: /kind}]\"}",
            "needs a target",
        ),
        (
            "resources: [web.yaml]\npatches: [{patch: \"{kind: X}\", target: {kind: \"(\"}}]",
            "{kind: \"(\"}",
            "regular expression",
        ),
        (
            "resources: [web.yaml]\npatches: [{patch: \"{apiVersion: v1, kind: Pod, metadata: {name: no}}\"}]",
            "{apiVersion: v1, kind: Pod, metadata: {name: no}}",
            "there is no Pod/no",
        ),
        (
            "resources: [web.yaml]\npatches: [{patch: \"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: [1]}\"}]",
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: [1]}",
            "another kind of value",
        ),
        ("resources: [web.yaml]\nreplacements: [{source: {kind: None}, targets: []}]", "{kind: None}", "no object"),
        ("resources: [web.yaml]\nconfigMapGenerator: [{literals: [a=b]}]", "{literals: [a=b]}", "no name"),
        ("resources: [web.yaml]\nconfigMapGenerator: [{name: a, literals: [b]}]", "b", "key=value"),
        (
            "resources: [web.yaml]\nvars: [{name: A, objref: {kind: X, name: y}}]",
            "{name: A, objref: {kind: X, name: y}}",
            "has no value",
        ),
        ("resources: [web.yaml]\nimages: [{name: \"(\", newTag: a}]", "{name: \"(\", newTag: a}", "regular expression"),
    ] {
        let (graph, said) = scan(&[("kustomization.yaml", kustomization), ("web.yaml", DEPLOYMENT)]);
        let found = said.iter().any(|(_, at, why)| at.ends_with(&format!(": {place}")) && why.contains(message));
        assert!(found, "{kustomization}: {said:?}");
        assert!(addresses(&graph).iter().any(|address| address.contains("Deployment/web")), "{kustomization}");
    }
}

#[test]
fn kustomizations_that_take_in_each_other_end() {
    let (graph, said) = scan(&[
        ("a/kustomization.yaml", "resources: [../b, web.yaml]\n"),
        ("a/web.yaml", DEPLOYMENT),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ]);
    assert_eq!(addresses(&graph), ["default/Deployment/web in kubernetes:default@a"]);
    assert!(
        said.iter().any(|(_, at, why)| at == "b/kustomization.yaml: ../a" && why.contains("leads back")),
        "{said:?}"
    );
    let (_, said) = scan(&[("kustomization.yaml", "resources: [.]\n")]);
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn what_grows_without_end_is_bounded() {
    let mut files = vec![("base/web.yaml".to_owned(), DEPLOYMENT.to_owned())];
    files.push(("base/kustomization.yaml".to_owned(), "resources: [web.yaml]\n".to_owned()));
    for level in 0..30 {
        let below = if level == 0 { "../base".to_owned() } else { format!("../l{}", level - 1) };
        let twice = format!("resources: [{below}, {below}/.]\nnamePrefix: p{level}-\n");
        files.push((format!("l{level}/kustomization.yaml"), twice));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let (_, said) = scan(&files);
    assert!(said.iter().any(|(kind, ..)| *kind == DiagnosticKind::Limit), "{said:?}");
    let copies = "- {source: {kind: Deployment, fieldPath: spec}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.copy, spec.again], options: {create: true}}]}\n";
    let kustomization = format!("resources: [web.yaml]\nreplacements:\n{}", copies.repeat(40));
    let (_, said) = scan(&[("kustomization.yaml", &kustomization), ("web.yaml", DEPLOYMENT)]);
    assert!(said.iter().any(|(_, _, why)| why.contains("too large")), "{said:?}");
}

#[test]
fn texts_of_any_kind_are_read() {
    for text in [
        "",
        "a",
        "[]",
        "resources",
        "resources: {a: b}",
        "patches: a",
        "labels: [a]",
        "images: [a, {name: 1}]",
        "vars: [1]",
        "replacements: [1, {source: 1, targets: 1}]",
        "components: [1, .]",
        "kind: Component\nresources: [web.yaml]",
        "configurations: [web.yaml]",
        "sortOptions: 1\nbuildMetadata: 1",
        "secretGenerator: [{name: a, files: [x=y=z, =, a=]}]",
        "namePrefix: {a: b}",
    ] {
        scan(&[("kustomization.yaml", text), ("web.yaml", DEPLOYMENT)]);
    }
}

#[test]
fn plugins_that_are_built_in_work_and_others_are_said() {
    let patch = "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\ntarget: {kind: Deployment}\npatch: |-\n  - op: add\n    path: /spec/template/spec/hostPID\n    value: true\n";
    let (graph, said) = scan(&[
        ("kustomization.yaml", "resources: [web.yaml]\ntransformers: [t/patch.yaml]\n"),
        ("t/patch.yaml", patch),
        ("web.yaml", DEPLOYMENT),
    ]);
    assert_eq!(said, []);
    assert_eq!(addresses(&graph), ["default/Deployment/web in kubernetes:default@."]);
    let host = at(objects(&graph)[0], &["spec", "template", "spec", "hostPID"]);
    assert_eq!(written(&graph, host.at), "t/patch.yaml: true");
    for (transformer, why) in [
        ("apiVersion: builtin\nkind: ValueAddTransformer\nmetadata: {name: a}\n", "is not done here"),
        ("apiVersion: example.org/v1\nkind: Sed\nmetadata: {name: a}\n", "is a program or a plugin"),
        ("apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: a}\nprefix: a\n", "Kustomize refuses"),
    ] {
        let (graph, said) = scan(&[
            ("kustomization.yaml", "resources: [web.yaml]\ntransformers: [t.yaml]\n"),
            ("t.yaml", transformer),
            ("web.yaml", DEPLOYMENT),
        ]);
        assert!(said.len() == 1 && said[0].2.contains(why), "{said:?}");
        assert_eq!(addresses(&graph), ["default/Deployment/web in kubernetes:default@."], "the rest is built");
    }
}
