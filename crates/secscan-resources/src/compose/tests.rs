//! What the fixture does not show: names of files, forms one by one, places, broken files.

use secscan_model::{Node, SourceId};

use super::*;
use crate::{FileReading, computed::testing::show, read_file};

fn read(text: &str) -> FileReading {
    read_file(Source::from_text(SourceId(0), "compose.yaml", text))
}

/// An attribute of the container of a service with these settings.
fn attribute(settings: &str, attribute: &str) -> String {
    let reading = read(&format!("services:\n  app: {{{settings}}}\n"));
    let container = reading.batch.resources.iter().find(|resource| &*resource.kind == "container");
    show(container.expect("a container").value.get(attribute).cloned())
}

#[test]
fn files_are_known_by_name_or_by_their_services() {
    for (path, expected) in [
        ("compose.yaml", true),
        ("a/docker-compose.yml", true),
        ("docker-compose.prod.yml", true),
        ("compose-dev.yaml", true),
        ("composer.yml", false),
        ("my-compose.yml", false),
        ("compose.json", false),
    ] {
        assert_eq!(is_named(path), expected, "{path}");
    }
    let accepts = |text: &str| {
        let reading = read_file(Source::from_text(SourceId(0), "stack.yml", text));
        reading.batch.resources.iter().any(|resource| resource.platform == Platform::Compose)
    };
    assert!(accepts("services: {a: {image: x}, b: {build: .}}"));
    assert!(!accepts("services: {a: {image: x}, b: {}}"));
    assert!(!accepts("services: {}"));
    assert!(!accepts("{apiVersion: v1, services: {a: {image: x}}}"));
}

#[test]
fn forms_come_to_one_shape() {
    for (settings, name, expected) in [
        ("user: root", "run-as-user", "root"),
        ("user: 0", "run-as-user", "0"),
        ("user: '10:20'", "run-as-group", "20"),
        ("user: \"${U}:${G:-5}\"", "run-as-user", "?"),
        ("privileged: true", "privileged", "true"),
        ("image: x", "privileged", "none"),
        ("network_mode: bridge", "host-network", "false"),
        ("ipc: host", "host-ipc", "true"),
        ("cap_add: [cap_sys_admin]", "cap-add", "[SYS_ADMIN]"),
        ("security_opt: [no-new-privileges]", "allow-escalation", "false"),
        ("security_opt: ['no-new-privileges:false']", "allow-escalation", "true"),
        ("security_opt: ['seccomp:default.json']", "seccomp", "Localhost"),
        ("security_opt: ['apparmor:docker-default']", "apparmor", "RuntimeDefault"),
        ("ports: [80]", "ports", "[{container: 80}]"),
        ("ports: ['8080:80']", "ports", "[{container: 80, host: 8080}]"),
        ("ports: ['0.0.0.0::80']", "ports", "[{container: 80, host-ip: 0.0.0.0}]"),
        ("ports: ['${P}:80']", "ports", "[{container: 80, host: ?}]"),
        ("ports: ['::1:80:81']", "ports", "[{container: 81, host: 80, host-ip: ::1}]"),
        ("volumes: ['aa:/b:ro,z']", "mounts", "[{name: aa, path: /b, read-only: true, type: volume}]"),
        ("volumes: ['/:/host']", "mounts", "[{host-path: /, path: /host, read-only: false, type: bind}]"),
        ("volumes: ['C:\\x:/b']", "mounts", "[{host-path: C:\\x, path: /b, read-only: false, type: bind}]"),
        ("volumes: ['${D}:/b']", "mounts", "[{host-path: ?, path: /b, read-only: false, type: ?}]"),
        ("volumes: ['${D}/a:/b']", "mounts", "[{host-path: ?, path: /b, read-only: false, type: bind}]"),
        ("environment: {A: 1, B:}", "env", "[{name: A, value: 1}, {name: B, value: ?}]"),
        (
            "environment: [A=1=2, B, \"C=${D}\"]",
            "env",
            "[{name: A, value: 1=2}, {name: B, value: ?}, {name: C, value: ?}]",
        ),
        ("mem_limit: 1g, cpus: 0.5", "limits", "{cpu: 0.5, memory: 1g}"),
        ("healthcheck: {test: [NONE]}", "probes", "none"),
        ("healthcheck: {test: [CMD, x]}", "probes", "{liveness: {test: [CMD, x]}}"),
    ] {
        assert_eq!(attribute(settings, name), expected, "{settings}");
    }
}

#[test]
fn parts_of_short_forms_have_their_own_places() {
    let text = "services:\n  app:\n    ports: [\"127.0.0.1:8080:80\"]\n    volumes:\n      - /run/docker.sock:/s\n";
    let reading = read(text);
    let container = reading.batch.resources.iter().find(|resource| &*resource.kind == "container").expect("one");
    let port = &container.value.get("ports").expect("ports").items()[0];
    let mount = &container.value.get("mounts").expect("mounts").items()[0];
    let written = |node: Option<&Node>| &text[node.expect("there").at.span.range()];
    assert_eq!(written(port.get("host-ip")), "127.0.0.1");
    assert_eq!(written(port.get("host")), "8080");
    assert_eq!(written(mount.get("host-path")), "/run/docker.sock");
    assert_eq!(written(Some(mount)), "/run/docker.sock:/s");
}

#[test]
fn what_another_file_may_bring_is_not_absent() {
    let reading = read("services:\n  app: {extends: {service: base}}\n");
    let service = reading.batch.resources.iter().find(|resource| &*resource.kind == "service").expect("one");
    assert!(service.value.as_map().is_some_and(|map| map.rest.is_some()));
    assert_eq!(reading.diagnostics.len(), 1);
}

#[test]
fn what_is_no_service_says_so() {
    assert_eq!(read("services: [a]\n").diagnostics.len(), 1);
    assert_eq!(read("services: {a: b}\n").diagnostics.len(), 1);
    assert!(read("services: {a: [\n").recognised, "a Compose file that cannot be parsed is not clean");
}
