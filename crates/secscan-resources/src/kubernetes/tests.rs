//! Manifests in, resources and references out.

use secscan_model::{DiagnosticKind, Graph, Node, Platform, Resource, Source, SourceId, Value};

use crate::for_tests::scan;
use crate::{FileReading, assemble, read_file};

pub(super) fn read(text: &str) -> FileReading {
    read_file(Source::from_text(SourceId(0), "app.yaml", text))
}

pub(super) fn graph(files: &[(&str, &str)]) -> Graph {
    scan(files).0
}

/// The references as `FROM -PATH-> TO`.
pub(super) fn edges(files: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(files);
    let address = |id| &graph.resource(id).address;
    graph.edges.iter().map(|edge| format!("{} -{}-> {}", address(edge.from), edge.path, address(edge.to))).collect()
}

pub(super) fn find<'a>(reading: &'a FileReading, kind: &str, part: &str) -> &'a Resource {
    let found = reading.batch.resources.iter().find(|resource| &*resource.kind == kind && &*resource.part == part);
    found.unwrap_or_else(|| panic!("no {kind} {part}: {:?}", parts(reading)))
}

pub(super) fn parts(reading: &FileReading) -> Vec<String> {
    let derived = reading.batch.resources.iter().filter(|resource| resource.platform == Platform::Common);
    derived.map(|resource| format!("{} {}", resource.kind, resource.part)).collect()
}

fn addresses(reading: &FileReading) -> Vec<&str> {
    let objects = reading.batch.resources.iter().filter(|resource| resource.platform == Platform::Kubernetes);
    objects.map(|resource| &*resource.address).collect()
}

/// A value on one line: `{a: x, b: [1, 2]}`, `?` for what is not known.
pub(super) fn show(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entry = |entry: &secscan_model::Entry| format!("{}: {}", entry.key, show(&entry.value));
            format!("{{{}}}", map.entries().iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Unresolved(unresolved) => format!("?{}", unresolved.raw_text()),
    }
}

fn written(reading: &FileReading, at: secscan_model::Location) -> &str {
    &reading.source.text().unwrap()[at.span.range()]
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels: {app: web}
  annotations:
    container.apparmor.security.beta.kubernetes.io/app: runtime/default
    container.apparmor.security.beta.kubernetes.io/side: localhost/profile
    seccomp.security.alpha.kubernetes.io/pod: docker/default
spec:
  hostNetwork: true
  serviceAccountName: robot
  automountServiceAccountToken: false
  restartPolicy: Never
  securityContext:
    runAsUser: 1000
    runAsNonRoot: true
    fsGroup: 2000
    seLinuxOptions: {type: pod_t}
    windowsOptions: {hostProcess: true}
    sysctls: [{name: kernel.shm_rmid_forced, value: \"1\"}]
  initContainers:
  - name: first
    image: busybox
  containers:
  - image: registry.example/app:1.2
    name: app
    securityContext:
      privileged: true
      runAsUser: 0
      readOnlyRootFilesystem: true
      allowPrivilegeEscalation: false
      procMount: Unmasked
      seccompProfile: {type: Unconfined}
      capabilities:
        add: [cap_net_admin, SYS_TIME]
        drop: [all]
    env:
    - {name: HOST, value: db}
    - {name: URL, value: \"http://$(HOST)/$(OTHER)\"}
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}
    - {name: LEVEL, valueFrom: {configMapKeyRef: {name: conf, key: level}}}
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    ports:
    - {containerPort: 80, hostPort: 8080, hostIP: 127.0.0.1, protocol: TCP}
    volumeMounts:
    - {name: logs, mountPath: /logs, readOnly: true}
    - {name: tmp, mountPath: /tmp}
    resources: {limits: {memory: 1Gi}, requests: {cpu: 10m}}
    livenessProbe: {httpGet: {path: /}}
    imagePullPolicy: Always
    command: [/bin/app]
    args: [--fast]
  - name: side
    image: side
    restartPolicy: Always
    envFrom:
    - secretRef: {name: keys}
    - configMapRef: {name: conf}
  ephemeralContainers:
  - name: debug
  volumes:
  - name: logs
    hostPath: {path: /var/log, type: Directory}
  - {name: tmp, emptyDir: {}}
";

#[test]
fn a_container_has_effective_values_at_the_places_where_they_are_written() {
    let reading = read(POD);
    assert_eq!(reading.diagnostics, []);
    // The container, the attribute, its value, and the text at its place: what the pod says is placed in the pod.
    let cases = [
        ("containers.app", "platform", "kubernetes", "name"),
        ("containers.app", "name", "app", "app"),
        ("containers.app", "role", "main", "name"),
        ("containers.app", "image", "registry.example/app:1.2", "registry.example/app:1.2"),
        ("containers.app", "privileged", "true", "true"),
        ("containers.app", "run-as-user", "0", "0"),
        ("containers.side", "run-as-user", "1000", "1000"),
        ("containers.side", "run-as-non-root", "true", "true"),
        ("containers.app", "read-only-root", "true", "true"),
        ("containers.app", "allow-escalation", "false", "false"),
        ("containers.app", "proc-mount", "Unmasked", "Unmasked"),
        ("containers.app", "cap-add", "[NET_ADMIN, SYS_TIME]", "[cap_net_admin, SYS_TIME]"),
        ("containers.app", "cap-drop", "[ALL]", "[all]"),
        ("containers.app", "seccomp", "Unconfined", "Unconfined"),
        ("containers.side", "seccomp", "RuntimeDefault", "docker/default"),
        ("containers.app", "apparmor", "RuntimeDefault", "runtime/default"),
        ("containers.side", "apparmor", "Localhost", "localhost/profile"),
        ("containers.app", "selinux", "{type: pod_t}", "{type: pod_t}"),
        ("containers.app", "windows-host-process", "true", "true"),
        ("initContainers.first", "host-network", "true", "true"),
        ("initContainers.first", "role", "init", "name"),
        ("ephemeralContainers.debug", "role", "ephemeral", "name"),
        ("containers.app", "ports", "[{container: 80, host: 8080, host-ip: 127.0.0.1, protocol: TCP}]", ""),
        (
            "containers.app",
            "mounts",
            "[{name: logs, path: /logs, read-only: true, host-path: /var/log, type: hostPath}, \
             {name: tmp, path: /tmp, type: emptyDir}]",
            "",
        ),
        (
            "containers.app",
            "env",
            "[{name: HOST, value: db}, {name: URL, value: ?http://$(HOST)/$(OTHER)}, \
             {name: TOKEN, from: secret, source: keys, key: token}, \
             {name: LEVEL, from: config-map, source: conf, key: level}, \
             {name: NODE, from: field, key: spec.nodeName}]",
            "",
        ),
        ("containers.side", "env-from", "[{from: secret, source: keys}, {from: config-map, source: conf}]", ""),
        ("containers.app", "limits", "{memory: 1Gi}", "{memory: 1Gi}"),
        ("containers.app", "requests", "{cpu: 10m}", "{cpu: 10m}"),
        ("containers.app", "probes", "{liveness: {httpGet: {path: /}}}", "{httpGet: {path: /}}"),
        ("containers.app", "pull-policy", "Always", "Always"),
        ("containers.app", "restart", "Never", "Never"),
        ("containers.side", "restart", "Always", "Always"),
        ("containers.app", "command", "[/bin/app]", "[/bin/app]"),
        ("containers.app", "args", "[--fast]", "[--fast]"),
        ("containers.app", "namespace", "shop", "shop"),
    ];
    for (part, attribute, value, text) in cases {
        let container = find(&reading, "container", part);
        let node = container.value.get(attribute).unwrap_or_else(|| panic!("{part} lacks {attribute}"));
        assert_eq!(show(node), value, "{part} {attribute}");
        if !text.is_empty() {
            assert_eq!(written(&reading, node.at), text, "the place of {part} {attribute}");
        }
    }
    let host_path =
        find(&reading, "container", "containers.app").value.at_path(&["mounts"]).unwrap().items()[0].clone();
    assert_eq!(written(&reading, host_path.get("host-path").unwrap().at), "/var/log");
    let lower = find(&reading, "container", "containers.app").value.get("cap-add").unwrap().items()[0].at;
    assert_eq!(written(&reading, lower), "cap_net_admin");
}

#[test]
fn what_is_not_written_is_absent_and_belongs_to_the_name_of_the_container() {
    let reading = read(POD);
    let first = find(&reading, "container", "initContainers.first");
    for absent in ["privileged", "env", "cap-drop", "probes", "limits", "pull-policy", "apparmor", "host-pid"] {
        assert!(first.value.get(absent).is_none(), "{absent} is not written");
    }
    assert_eq!(written(&reading, first.header()), "name");
    let app = find(&reading, "container", "containers.app");
    assert_eq!(written(&reading, app.header()), "name", "also when the name is not the first key");
    assert!(written(&reading, app.at).starts_with("image: registry.example/app:1.2"));
}

#[test]
fn a_pod_has_its_settings_and_containers() {
    let reading = read(POD);
    let pod = find(&reading, "pod", "pod");
    let cases = [
        ("name", "web"),
        ("namespace", "shop"),
        ("labels", "{app: web}"),
        ("host-network", "true"),
        ("service-account", "robot"),
        ("automount-token", "false"),
        ("run-as-user", "1000"),
        ("fs-group", "2000"),
        ("seccomp", "RuntimeDefault"),
        ("sysctls", "[{name: kernel.shm_rmid_forced, value: 1}]"),
    ];
    for (attribute, value) in cases {
        assert_eq!(pod.value.get(attribute).map(show).as_deref(), Some(value), "{attribute}");
    }
    let volumes = pod.value.get("volumes").unwrap();
    let short = |volume: &Node, key| volume.get(key).map(show);
    assert_eq!(short(&volumes.items()[0], "kind").as_deref(), Some("hostPath"));
    assert_eq!(short(&volumes.items()[0], "host-path").as_deref(), Some("/var/log"));
    assert_eq!(short(&volumes.items()[1], "kind").as_deref(), Some("emptyDir"));
    let names: Vec<_> = pod.value.get("containers").unwrap().items().iter().map(|node| short(node, "name")).collect();
    assert_eq!(names.iter().flatten().collect::<Vec<_>>(), ["app", "side", "first", "debug"]);
    assert_eq!(written(&reading, pod.header()), "spec");
}

#[test]
fn variables_and_images_are_resources_too() {
    let reading = read(POD);
    assert_eq!(
        parts(&reading),
        [
            "pod pod",
            "container containers.app",
            "env-var containers.app.env.HOST",
            "env-var containers.app.env.URL",
            "image-ref containers.app.image",
            "command containers.app.command.1",
            "container containers.side",
            "image-ref containers.side.image",
            "container initContainers.first",
            "image-ref initContainers.first.image",
            "container ephemeralContainers.debug",
        ]
    );
    let image = find(&reading, "image-ref", "containers.app.image");
    assert_eq!(
        show(&image.value),
        "{reference: registry.example/app:1.2, registry: registry.example, name: app, tag: 1.2, role: run, platform: kubernetes}"
    );
    assert_eq!(written(&reading, image.value.get("tag").unwrap().at), "1.2");
    let variable = find(&reading, "env-var", "containers.app.env.HOST");
    assert_eq!(show(&variable.value), "{name: HOST, value: db, kind: env, platform: kubernetes}");
    assert!(reading.batch.resources.iter().skip(1).all(|derived| derived.owner.is_some_and(|owner| owner.0 == 0)));
    assert!(reading.batch.resources.iter().all(|derived| &*derived.address == "shop/Pod/web"));
}

#[test]
fn commands_are_those_of_the_program_hooks_and_probes() {
    let text = "\
apiVersion: v1
kind: Pod
spec:
  containers:
  - name: a
    env: [{name: HOST, value: x}]
    command: [/bin/sh, -c]
    args: ['curl https://$(HOST)/i | bash']
    securityContext: {runAsUser: 7}
    lifecycle: {preStop: {exec: {command: [nginx, -s, quit]}}}
    livenessProbe: {exec: {command: []}}
  - name: b
    args: [-c, ls]
";
    let reading = read(text);
    let commands = reading.batch.resources.iter().filter(|resource| &*resource.kind == "command");
    let show = |resource: &Resource, key| resource.value.get(key).map_or_else(String::new, show);
    let found: Vec<_> =
        commands.map(|command| [show(command, "name"), show(command, "args"), show(command, "user")]).collect();
    let expected = [
        ["sh", "[?curl https://$(HOST)/i | bash]", "7"],
        ["curl", "[?https://$(HOST)/i]", "7"],
        ["bash", "", "7"],
        ["nginx", "[quit]", "7"],
    ];
    assert_eq!(found, expected.map(|command| command.map(str::to_owned)), "the program of b is the image's");
    let curl = find(&reading, "command", "containers.a.command.2");
    assert_eq!(written(&reading, curl.at), "curl https://$(HOST)/i", "its own place within the script");
    assert!(find(&reading, "command", "containers.a.command.3").value.get("piped-from").is_some());
}

#[test]
fn every_kind_that_runs_pods_is_looked_into() {
    let pod = "{metadata: {labels: {a: b}}, spec: {hostPID: true, containers: [{name: app}]}}";
    let templated = |version, kind| format!("{{apiVersion: {version}, kind: {kind}, spec: {{template: {pod}}}}}");
    let cases = [
        format!("{{apiVersion: v1, kind: Pod, {}", &pod[1..]),
        templated("apps/v1", "Deployment"),
        templated("extensions/v1beta1", "Deployment"),
        templated("apps/v1", "StatefulSet"),
        templated("apps/v1", "DaemonSet"),
        templated("apps/v1", "ReplicaSet"),
        templated("v1", "ReplicationController"),
        templated("batch/v1", "Job"),
        templated("argoproj.io/v1alpha1", "Rollout"),
        templated("serving.knative.dev/v1", "Service"),
        format!("{{apiVersion: v1, kind: PodTemplate, template: {pod}}}"),
        format!("{{apiVersion: batch/v1, kind: CronJob, spec: {{jobTemplate: {{spec: {{template: {pod}}}}}}}}}"),
        format!("{{apiVersion: batch/v1beta1, kind: CronJob, spec: {{jobTemplate: {{spec: {{template: {pod}}}}}}}}}"),
    ];
    for text in cases {
        let reading = read(&text);
        assert_eq!(parts(&reading), ["pod pod", "container containers.app"], "{text}");
        assert_eq!(show(find(&reading, "container", "containers.app").value.get("host-pid").unwrap()), "true");
        assert_eq!(show(find(&reading, "pod", "pod").value.get("labels").unwrap()), "{a: b}");
    }
    assert!(parts(&read("{apiVersion: v1, kind: Service, spec: {selector: {a: b}}}")).is_empty());
}

#[test]
fn security_settings_have_an_order() {
    let seccomp = |annotations: &str, pod: &str, container: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{annotations: {{{annotations}}}}}\n\
             spec:\n  securityContext: {pod}\n  containers: [{{name: a, image: i, securityContext: {container}}}]\n"
        );
        let reading = read(&text);
        find(&reading, "container", "containers.a").value.get("seccomp").map(show)
    };
    let profile = |kind| format!("{{seccompProfile: {{type: {kind}}}}}");
    let (pod, own) = ("seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/a");
    let cases = [
        (seccomp("", "null", "null"), None),
        (seccomp(&format!("{pod}: unconfined"), "null", "null"), Some("Unconfined")),
        (seccomp(&format!("{pod}: unconfined"), "{}", "{}"), Some("Unconfined")),
        (seccomp(&format!("{pod}: unconfined"), &profile("Localhost"), "{}"), Some("Localhost")),
        (seccomp(&format!("{own}: runtime/default"), &profile("Localhost"), "{}"), Some("RuntimeDefault")),
        (seccomp(&format!("{own}: runtime/default"), "{}", &profile("Unconfined")), Some("Unconfined")),
        (seccomp("", &profile("Localhost"), "{seccompProfile: null}"), Some("Localhost")),
    ];
    for (index, (found, expected)) in cases.into_iter().enumerate() {
        assert_eq!(found.as_deref(), expected, "case {index}");
    }
}

#[test]
fn objects_have_addresses_and_units() {
    let cases = [
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "default/ConfigMap/a", "kubernetes:default"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: b}}", "b/ConfigMap/a", "kubernetes:b"),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: 12, namespace: }}",
            "default/ConfigMap/12",
            "kubernetes:default",
        ),
        ("{apiVersion: v1, kind: Namespace, metadata: {name: a}}", "Namespace/a", "kubernetes:"),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a, namespace: b}}",
            "ClusterRole/a",
            "kubernetes:",
        ),
        ("{apiVersion: batch/v1, kind: Job, metadata: {generateName: a-}}", "default/Job/a-*", "kubernetes:default"),
        ("{apiVersion: v1, kind: Pod}", "default/Pod/<app.yaml>", "kubernetes:default"),
        ("{apiVersion: v1, kind: Pod, metadata: [1]}", "default/Pod/<app.yaml>", "kubernetes:default"),
        ("{apiVersion: v1, kind: Config, clusters: []}", "Config/<app.yaml>", "kubernetes:"),
        (
            "{apiVersion: kubelet.config.k8s.io/v1beta1, kind: KubeletConfiguration}",
            "KubeletConfiguration/<app.yaml>",
            "kubernetes:",
        ),
        ("{apiVersion: example.com/v1, kind: Widget, metadata: {name: a}}", "default/Widget/a", "kubernetes:default"),
    ];
    for (text, address, unit) in cases {
        let reading = read(text);
        let object = reading.batch.resources.first().unwrap_or_else(|| panic!("nothing read of {text}"));
        assert_eq!((&*object.address, &*object.unit), (address, unit), "{text}");
    }
}

#[test]
fn other_documents_are_left_to_others() {
    let cases = [
        "{apiVersion: v2, name: chart, version: 1.0.0}",
        "{kind: Pod}",
        "{apiVersion: 1, kind: Pod}",
        "{apiVersion: v1, kind: [Pod]}",
        "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [a.yaml]}",
        "{apiVersion: skaffold/v4beta6, kind: Config}",
        "services: {web: {image: nginx}}",
        "[{apiVersion: v1, kind: Pod}]",
        "",
    ];
    for text in cases {
        let reading = read(text);
        assert!(reading.batch.resources.iter().all(|found| found.platform != Platform::Kubernetes), "{text}");
    }
    let flux = read("{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}}");
    assert_eq!(addresses(&flux), ["default/Kustomization/a"]);
}

#[test]
fn lists_are_taken_apart() {
    let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a}
  spec: {containers: [{name: c}]}
- apiVersion: v1
  kind: ConfigMapList
  items:
  - metadata: {name: b}
- null
- {metadata: {name: c}}
";
    let reading = read(text);
    assert_eq!(addresses(&reading), ["default/Pod/a", "default/ConfigMap/b"]);
    let [pod, .., map] = &*reading.batch.resources else { panic!("resources") };
    assert!(written(&reading, pod.at).starts_with("apiVersion: v1\n  kind: Pod"));
    assert_eq!(written(&reading, pod.header()), "apiVersion");
    assert_eq!(show(&map.value), "{metadata: {name: b}, apiVersion: v1, kind: ConfigMap}");
    assert_eq!(written(&reading, map.value.get("kind").unwrap().at), "ConfigMapList");
    let messages: Vec<_> = reading.diagnostics.iter().map(|diagnostic| &*diagnostic.message).collect();
    assert_eq!(messages, ["an item of a List is no object", "an item of a List has no kind"]);
    let custom = read("{apiVersion: example.com/v1, kind: AllowList, metadata: {name: a}, spec: {items: []}}");
    assert_eq!(addresses(&custom), ["default/AllowList/a"]);
}

#[test]
fn misshapen_objects_are_read_as_far_as_they_go() {
    let pod = |spec: &str| format!("apiVersion: v1\nkind: Pod\nspec: {spec}\n");
    let cases = [
        ("null", 0, 0),
        ("[]", 0, 1),
        ("word", 0, 1),
        ("{containers: null}", 0, 0),
        ("{containers: word}", 0, 1),
        ("{containers: [word, [], 1]}", 0, 3),
        ("{containers: {name: a, image: 1}}", 1, 0),
        ("{containers: [{}]}", 1, 0),
        ("{containers: [{name: [a], env: word, ports: {a: b}, volumeMounts: [1], command: word}]}", 1, 0),
        ("{containers: [{securityContext: word, resources: 1, env: [null, {name: 1, value: 2, valueFrom: 3}]}]}", 1, 0),
        ("{containers: [{securityContext: {capabilities: {add: word, drop: [1, null, {}]}}}], volumes: word}", 1, 0),
        ("{securityContext: [], volumes: [null, {}, {name: []}], containers: [{volumeMounts: [{name: []}]}]}", 1, 0),
    ];
    for (spec, containers, diagnostics) in cases {
        let reading = read(&pod(spec));
        let found = reading.batch.resources.iter().filter(|resource| &*resource.kind == "container").count();
        assert_eq!((found, reading.diagnostics.len()), (containers, diagnostics), "{spec}");
    }
}

#[test]
fn what_is_not_known_stays_unknown() {
    let reading = read(
        "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: *gone\n  containers:\n  - {name: a, image: b}\n  - *gone\n",
    );
    let known = find(&reading, "container", "containers.a");
    let user = known.value.get("run-as-user").and_then(Node::as_unresolved).expect("perhaps the pod's");
    assert!(user.perhaps_absent);
    assert!(known.value.get("privileged").is_none(), "only the container itself could say so");
    let unknown = find(&reading, "container", "containers.1");
    assert!(unknown.value.get("privileged").is_some_and(|node| node.as_unresolved().is_some()));
    let merged = read("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    <<: *gone\n");
    let image = find(&merged, "container", "containers.a").value.get("image").cloned();
    assert!(image.is_some_and(|image| image.as_unresolved().is_some()), "the merged map may hold it");
}

#[test]
fn what_a_patch_does_not_say_is_not_absent() {
    let patch = |container: &str| {
        let head = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: ";
        read(&format!("{head}{{containers: [{{name: b, securityContext: {{runAsUser: 5}}, {container}}}]}}}}}}}}"))
    };
    let reading = patch("resources: {limits: {cpu: 1}}");
    assert_eq!(parts(&reading), ["pod pod", "container containers.b"]);
    let value = &find(&reading, "container", "containers.b").value;
    assert_eq!(value.get("run-as-user").map(show).as_deref(), Some("5"));
    for attribute in ["privileged", "image", "host-network", "probes"] {
        assert!(value.get(attribute).is_some_and(|node| node.as_unresolved().is_some()), "{attribute}");
    }
    assert!(reading.batch.resources[0].value.as_map().is_some_and(|object| object.rest.is_some()));
    let pod = read("{apiVersion: v1, kind: Pod, spec: {containers: [{name: b, command: [run]}]}}");
    let value = &find(&pod, "container", "containers.b").value;
    assert!(value.get("privileged").is_some_and(|node| node.as_unresolved().is_some()), "every container has an image");
    let whole = patch("image: c");
    assert!(find(&whole, "container", "containers.b").value.get("privileged").is_none(), "no patch");
}

#[test]
fn a_file_that_does_not_parse_is_counted() {
    let reading = read("apiVersion: v1\nkind: Pod\nspec: [\n");
    assert!(reading.recognised);
    assert!(reading.diagnostics.iter().all(|diagnostic| diagnostic.blinds == [Platform::Kubernetes]));
    assert_eq!(reading.diagnostics.len(), 1);
    assert!(!read("a: [\n").recognised, "nobody's file");
}

const WORKLOADS: &str = "\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {metadata: {labels: {app: web, tier: front}}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: bare}}
---
{apiVersion: v1, kind: Pod, metadata: {name: far, namespace: other, labels: {app: web}}}
";

#[test]
fn selectors_select_the_pods_of_their_namespace() {
    let service =
        |selector: &str| format!("{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {selector}}}");
    let object = |version: &str, kind: &str, spec: &str| {
        format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: s}}, spec: {spec}}}")
    };
    let network = |spec: &str| object("networking.k8s.io/v1", "NetworkPolicy", spec);
    let budget = |version: &str, spec: &str| object(version, "PodDisruptionBudget", spec);
    let (web, db, bare) = ("default/Deployment/web", "default/StatefulSet/db", "default/Pod/bare");
    let cases = [
        (service("{selector: {app: web}}"), vec![web]),
        (service("{selector: {app: web, tier: back}}"), vec![]),
        (service("{selector: {}}"), vec![]),
        (service("{}"), vec![]),
        (service("{selector: {app: [web]}}"), vec![]),
        (network("{podSelector: {}}"), vec![web, db, bare]),
        (network("{policyTypes: [Ingress]}"), vec![web, db, bare]),
        (network("{podSelector: {matchLabels: {app: db}}}"), vec![db]),
        (network("{podSelector: {matchExpressions: [{key: app, operator: In, values: [db, web]}]}}"), vec![web, db]),
        (network("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}}"), vec![web, bare]),
        (network("{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}"), vec![web]),
        (network("{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}"), vec![db, bare]),
        (network("{podSelector: {matchExpressions: [{key: tier, operator: Near}]}}"), vec![]),
        (network("{podSelector: *gone}"), vec![]),
        (budget("policy/v1", "{selector: {matchLabels: {app: web}}}"), vec![web]),
        (budget("policy/v1", "{selector: {}}"), vec![web, db, bare]),
        (budget("policy/v1beta1", "{selector: {}}"), vec![]),
        (budget("policy/v1", "{maxUnavailable: 1}"), vec![]),
    ];
    for (text, expected) in cases {
        let found = edges(&[("a.yaml", WORKLOADS), ("b/b.yaml", &text)]);
        let targets: Vec<_> = found.iter().filter_map(|edge| edge.split_once("-> ").map(|(_, to)| to)).collect();
        assert_eq!(targets, expected, "{text}");
        let path = if text.contains("NetworkPolicy") { "-spec.podSelector->" } else { "-spec.selector->" };
        assert!(found.iter().all(|edge| edge.contains(path)), "{found:?}");
    }
}

#[test]
fn names_lead_to_objects() {
    let named = "\
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: shop}}
---
{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: conf, namespace: shop}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: disk, namespace: shop}}
---
{apiVersion: v1, kind: Service, metadata: {name: front, namespace: shop}}
---
{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: front, namespace: shop}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader}}
---
{apiVersion: v1, kind: Secret, metadata: {name: keys}}
";
    let cases = [
        (
            "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {serviceAccountName: robot, \
             imagePullSecrets: [{name: keys}], initContainers: [{envFrom: [{configMapRef: {name: conf}}]}], \
             containers: [{env: [{name: A, valueFrom: {secretKeyRef: {name: keys}}}]}, {}], \
             volumes: [{persistentVolumeClaim: {claimName: disk}}, {projected: {sources: [{configMap: {name: conf}}]}}]}}",
            vec![
                "-metadata.namespace-> Namespace/shop",
                "-spec.serviceAccountName-> shop/ServiceAccount/robot",
                "-spec.containers.env.valueFrom.secretKeyRef.name-> shop/Secret/keys",
                "-spec.imagePullSecrets.name-> shop/Secret/keys",
                "-spec.initContainers.envFrom.configMapRef.name-> shop/ConfigMap/conf",
                "-spec.volumes.projected.sources.configMap.name-> shop/ConfigMap/conf",
                "-spec.volumes.persistentVolumeClaim.claimName-> shop/PersistentVolumeClaim/disk",
            ],
        ),
        (
            "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: p, namespace: shop}, spec: {\
             tls: [{secretName: keys}], rules: [{http: {paths: [{backend: {service: {name: front}}}]}}]}}",
            vec![
                "-metadata.namespace-> Namespace/shop",
                "-spec.tls.secretName-> shop/Secret/keys",
                "-spec.rules.http.paths.backend.service-> shop/Service/front",
            ],
        ),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: p}, \
             roleRef: {kind: ClusterRole, name: reader}, subjects: [{kind: ServiceAccount, name: robot, namespace: shop}, \
             {kind: ServiceAccount, name: robot}, {kind: Group, name: all}]}",
            vec!["-subjects-> shop/ServiceAccount/robot", "-roleRef-> ClusterRole/reader"],
        ),
        (
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: p, namespace: shop}, \
             spec: {scaleTargetRef: {apiVersion: v1, kind: Service, name: front}}}",
            vec!["-metadata.namespace-> Namespace/shop", "-spec.scaleTargetRef-> shop/Service/front"],
        ),
    ];
    for (text, expected) in cases {
        let found = edges(&[("a.yaml", named), ("b/b.yaml", text)]);
        let own: Vec<_> =
            found.iter().filter_map(|edge| edge.split_once("/p ").map(|(_, reference)| reference)).collect();
        assert_eq!(own, expected, "{text}");
    }
}

#[test]
fn a_name_means_the_nearest_object() {
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: keys}}";
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {imagePullSecrets: [{name: keys}]}}";
    let both = format!("{secret}\n---\n{pod}\n");
    let targets = |files: &[(&str, &str)]| {
        let graph = graph(files);
        let place =
            |edge: &secscan_model::Edge| graph.source(graph.resource(edge.to).at.source).unwrap().path.to_string();
        graph.edges.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(targets(&[("a/s.yaml", secret), ("b/p.yaml", &both), ("b/s.yaml", secret)]), ["b/p.yaml"]);
    assert_eq!(targets(&[("a/s.yaml", secret), ("b/p.yaml", pod), ("b/s.yaml", secret)]), ["b/s.yaml"]);
    assert_eq!(targets(&[("a/s.yaml", secret), ("b/p.yaml", pod), ("c/s.yaml", secret)]), ["a/s.yaml", "c/s.yaml"]);
}

#[test]
fn linking_thousands_of_objects_ends() {
    let mut text = String::new();
    for index in 0..1500 {
        text +=
            &format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p{index}, labels: {{app: a{index}}}}}}}\n---\n");
        text += &format!("{{apiVersion: v1, kind: Service, spec: {{selector: {{app: a{index}}}}}}}\n---\n");
    }
    assert_eq!(graph(&[("a.yaml", &text)]).edges.len(), 1500, "each service selects one pod");
    let text =
        text.replace("kind: Service, spec: {selector: {app", "kind: NetworkPolicy, spec: {podSelector: {}, x: {app");
    let readings = vec![read(&text)];
    let (graph, diagnostics) = assemble(readings, Vec::new(), Vec::new());
    assert!(graph.edges.len() <= 2_000_000);
    assert!(diagnostics.iter().any(|diagnostic| diagnostic.kind == DiagnosticKind::Limit), "and says what it left out");
}

#[test]
fn long_lines_are_scanned_once() {
    for piece in ["{{", "{{ x }}", "a: ", "'", "\"{{", "- ", "a: {{ x }} "] {
        let text = format!("apiVersion: v1\nkind: Pod\ndata: b {}\n", piece.repeat(50_000));
        let source = Source::from_text(SourceId(0), "a.yaml", &text);
        assert!(
            super::unrendered(&source).is_none() || piece.starts_with("a: {{"),
            "what stands within a plain scalar begins no value"
        );
    }
}

#[test]
fn aliases_do_not_multiply_without_end() {
    let mut text =
        format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command: &c [sh, -c, '{}']\n", "a;".repeat(1999));
    text += &"  - {command: *c}\n".repeat(20);
    let pod = read(&text);
    let items = format!("{{apiVersion: v1, kind: List, items: [&p {{kind: Pod}}{}]}}", ", *p".repeat(25_000));
    let list = read(&items);
    for reading in [pod, list] {
        assert!(reading.batch.resources.len() < 20_000 + reading.source.bytes.len() / 8);
        assert_eq!(
            reading.diagnostics.iter().map(|diagnostic| diagnostic.kind).collect::<Vec<_>>(),
            [DiagnosticKind::Limit]
        );
    }
}

#[test]
fn templates_are_counted_and_not_judged() {
    let manifest = |spec: &str| format!("apiVersion: v1\nkind: Pod\n{spec}\n");
    let cases = [
        ("chart/templates/a.yaml", manifest("metadata:\n  name: {{ .Values.name }}"), true),
        ("chart/templates/a.yaml", manifest("metadata:\n  name: '{{ .Values.name }}'"), true),
        ("chart/templates/a.yaml", manifest("metadata:\n  name: x-{{ .Release.Name }}"), true),
        ("chart/templates/a.yaml", "{{ include \"lib.deployment\" . }}\n".to_owned(), true),
        ("chart/templates/a.yaml", manifest("metadata: {name: static}"), false),
        ("a.yaml", manifest("{{- if .Values.on }}\nspec: {}\n{{- end }}"), true),
        ("a.yaml", manifest("metadata:\n  name: {{name}}"), true),
        ("a.yaml", manifest("spec:\n  containers:\n  - {{ toYaml . }}"), true),
        ("a.yaml", manifest("spec:\n  args: [{{ .x }}]"), true),
        ("a.yaml", manifest("data:\n  k: |\n    x\n{{ end }}"), true),
        ("a.yaml", manifest("data:\n  k: |\n    {{ range . }}\n\n    {{ end }}\n  l: x"), false),
        ("a.yaml", manifest("data:\n  k: \"a\n    {{ x }}\"\n  l: 'it''s {{ y }}'"), false),
        ("a.yaml", manifest("data:\n  k: at {{ x }} # l: {{ y }}\n  # {{ z }}"), false),
        ("a.yaml", manifest("data:\n  k: ${{ x }}"), false),
        ("a.yaml", "- hosts: {{ everything }}\n".to_owned(), false),
    ];
    for (path, text, is_template) in cases {
        let reading = read_file(Source::from_text(SourceId(0), path, &text));
        let skipped = reading.diagnostics.iter().find(|diagnostic| diagnostic.kind == DiagnosticKind::Skipped);
        assert_eq!(skipped.is_some(), is_template, "{path}: {text}");
        if let Some(skipped) = skipped {
            assert_eq!(skipped.blinds, [Platform::Kubernetes]);
            assert_eq!(written(&reading, skipped.at.unwrap()), "{{");
            assert!(reading.recognised && reading.batch.resources.is_empty() && reading.diagnostics.len() == 1);
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_fields_are_read_without_panic(keys in proptest::collection::vec("(containers|env|name|spec|items|kind|valueFrom|volumes|securityContext|\\[|\\{|- |: |, |\\]|\\}|null|\n  ?)", 0..60)) {
        let text = format!("apiVersion: v1\nkind: Pod\nspec: {}\n", keys.concat());
        let graph = graph(&[("a.yaml", &text)]);
        proptest::prop_assert!(graph.resources.len() <= text.len());
    }
}
