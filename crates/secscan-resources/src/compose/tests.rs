//! What the fixture does not show: names of files, forms one by one, places, broken files.

use secscan_model::{Node, SourceId};

use super::*;
use crate::for_tests::scan;
use crate::{FileReading, computed::testing::show, read_file};

fn read(text: &str) -> FileReading {
    read_as("compose.yaml", text)
}

/// What a file gives that is alone in its scan.
fn read_as(path: &str, text: &str) -> FileReading {
    let mut readings = vec![read_file(Source::from_text(SourceId(0), path, text))];
    let units = crate::units(&readings);
    let read = units.list.first().map(|unit| crate::read_unit(unit, &units, &readings, None, &Default::default()));
    let mut reading = readings.swap_remove(0);
    if let Some(read) = read {
        reading.batch = read.batch;
        reading.diagnostics.extend(read.diagnostics);
    }
    reading
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
        let reading = read_as("stack.yml", text);
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

/// The services of some files, with what is said of them.
fn services(files: &[(&str, &str)]) -> (Vec<(String, Node)>, Vec<String>) {
    let (graph, said) = scan(files);
    let services = graph.resources.iter().filter(|resource| &*resource.kind == "service");
    let services = services.map(|service| (format!("{} {}", service.unit, service.address), service.value.clone()));
    (services.collect(), said.iter().map(|said| said.message.to_string()).collect())
}

#[test]
fn an_override_is_laid_over_its_file() {
    let (services, said) = services(&[
        (
            "app/compose.override.yaml",
            "services:\n  web:\n    privileged: true\n    ports: ['80:80', '8080:80']\n    environment: [A=2, C=3]\n    command: [b]\n    volumes: ['/new:/data']\n    networks: !override [only]\n    labels: !reset null\n",
        ),
        (
            "app/compose.yaml",
            "services:\n  web:\n    image: nginx:1\n    ports: ['80:80']\n    environment: {A: 1, B: 2}\n    command: [a, x]\n    volumes: ['old:/data', 'other:/o']\n    networks: [one]\n    labels: {a: b}\n",
        ),
    ]);
    assert_eq!(said, Vec::<String>::new());
    let [(name, web)] = &services[..] else { panic!("one service: {services:?}") };
    assert_eq!(name, "compose:app/compose.yaml web");
    let shown = |key: &str| show(web.get(key).cloned());
    assert_eq!(shown("image"), "nginx:1");
    assert_eq!(shown("privileged"), "true");
    assert_eq!(shown("ports"), "[80:80, 8080:80]");
    assert_eq!(shown("environment"), "{A: 2, B: 2, C: 3}");
    assert_eq!(shown("command"), "[b]");
    assert_eq!(shown("volumes"), "[/new:/data, other:/o]");
    assert_eq!(shown("networks"), "[only]");
    assert!(web.get("labels").is_none());
}

#[test]
fn a_file_without_images_is_laid_over_the_usual_one() {
    let (services, _) = services(&[
        ("compose.prod.yaml", "services:\n  web: {restart: always}\n"),
        ("compose.yaml", "services:\n  web: {image: nginx:1}\n"),
    ]);
    let names: Vec<&str> = services.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["compose:compose.prod.yaml web", "compose:compose.yaml web"]);
    assert_eq!(show(Some(services[0].1.clone())), "{image: nginx:1, restart: always}");
}

#[test]
fn what_a_service_extends_is_taken_in() {
    let (services, said) = services(&[
        (
            "common.yml",
            "services:\n  base: {image: x, privileged: true, cap_add: [A]}\n  more: {extends: base, user: u}\n",
        ),
        (
            "compose.yaml",
            "services:\n  web:\n    extends: {file: common.yml, service: more}\n    privileged: false\n    cap_add: [B]\n  loop: {extends: loop}\n",
        ),
    ]);
    let web = &services.iter().find(|(name, _)| name == "compose:compose.yaml web").expect("a service").1;
    assert_eq!(show(Some(web.clone())), "{image: x, privileged: false, cap_add: [A, B], user: u}");
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn what_a_file_includes_is_a_part_of_it() {
    let (services, said) = services(&[
        ("compose.yaml", "include: [db/compose.yaml, none.yaml]\nservices:\n  web: {image: nginx, depends_on: [db]}\n"),
        ("db/compose.yaml", "services:\n  db: {image: postgres}\n"),
    ]);
    let names: Vec<&str> = services.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["compose:compose.yaml db", "compose:compose.yaml web"]);
    assert_eq!(said.len(), 1, "{said:?}");
    let (both, said) = self::services(&[
        ("a/compose.yaml", "include: [../b/compose.yaml]\nservices: {a: {image: x}}\n"),
        ("b/compose.yaml", "include: [../a/compose.yaml]\nservices: {b: {image: y}}\n"),
    ]);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(said.iter().any(|said| said.contains("includes itself")), "{said:?}");
}

#[test]
fn variables_come_from_the_file_beside_it() {
    let (services, _) = services(&[
        (".env", "TAG=1.2\n"),
        ("compose.yaml", "services:\n  web: {image: \"nginx:${TAG:?needed}\", user: \"${NONE}\"}\n"),
    ]);
    assert_eq!(show(Some(services[0].1.clone())), "{image: nginx:1.2, user: ?}");
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
