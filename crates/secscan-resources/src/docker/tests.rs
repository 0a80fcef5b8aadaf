//! Files and commands in, daemons out.

use secscan_model::{Node, Platform, Source, SourceId};

use crate::{assemble, read_file};

/// The daemons of a file: each with where it comes from, and some of its settings as text.
fn daemons(path: &str, text: &str, keys: &[&str]) -> Vec<String> {
    let reading = read_file(Source::from_text(SourceId(0), path, text));
    let (graph, _) = assemble(vec![reading], Vec::new(), Vec::new());
    let daemons = graph.resources.iter().filter(|resource| resource.platform == Platform::Docker);
    let shown = |value: &Node| {
        let items: Vec<String> = value.items().iter().filter_map(Node::raw_text).map(String::from).collect();
        items.join(" ")
    };
    let said = |daemon: &secscan_model::Resource| {
        let origin = daemon.value.get("origin").and_then(Node::as_str).unwrap_or_default().to_owned();
        let values = keys.iter().map(|key| daemon.value.get(key).map(shown).unwrap_or_default());
        std::iter::once(origin).chain(values).collect::<Vec<_>>().join("; ")
    };
    daemons.map(said).collect()
}

#[test]
fn a_file_in_its_place_is_read_whatever_it_says() {
    for path in
        ["etc/docker/daemon.json", "docker/daemon.json", ".config/docker/daemon.json", "docker/config/daemon.json"]
    {
        assert_eq!(daemons(path, "{}", &[]), ["file"], "{path}");
    }
    assert_eq!(daemons("roles/base/files/daemon.json", "{\"icc\": false}", &["icc"]), ["file; false"]);
}

#[test]
fn files_of_other_daemons_are_left_alone() {
    assert!(daemons("daemon.json", "{\"port\": 80}", &[]).is_empty());
    assert!(daemons("etc/docker/other.json", "{\"icc\": true}", &[]).is_empty());
}

#[test]
fn flags_have_the_names_of_the_file() {
    let unit = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// \\\n  --host tcp://0.0.0.0:2375 --icc=false --log-opt max-size=10m\n";
    let said = daemons("etc/systemd/system/docker.service.d/override.conf", unit, &["hosts", "icc"]);
    assert_eq!(said, ["command; fd:// tcp://0.0.0.0:2375; false"]);
    assert!(daemons("etc/systemd/system/nginx.service", unit, &[]).is_empty());
}

#[test]
fn whatever_starts_the_daemon_has_one() {
    let dockerfile = "FROM docker:29-dind\nCMD [\"dockerd\", \"--insecure-registry=r.example.com\"]\n";
    assert_eq!(daemons("Dockerfile", dockerfile, &["insecure-registries"]), ["command; r.example.com"]);
}
