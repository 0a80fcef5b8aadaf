//! The configuration of a container image (OCI image specification 1.1, `config.md`), as `secscan-image` writes it into the
//! tree: the bytes of the configuration, one value a line, with the image's `reference` and `digest` in front.
//!
//! One resource, `config`; what it holds is said in docs/readers.md.

use secscan_model::{Diagnostic, Location, Map, Node, Platform, Resource, Source};

use crate::packages::Written;
use crate::{Batch, Reader, derived::first_key};

/// The end of the path of every configuration.
const PATH: &str = ".image/config.json";

/// The reader of image configurations.
#[derive(Debug)]
pub(crate) struct Image;

impl Reader for Image {
    fn platform(&self) -> Platform {
        Platform::Image
    }

    fn accepts(&self, path: &str, document: &Node) -> bool {
        is_config(path) && document.as_map().is_some()
    }

    fn resembles(&self, source: &Source) -> bool {
        is_config(&source.path)
    }

    fn read(&self, _: &Source, document: &Node, batch: &mut Batch, _: &mut Vec<Diagnostic>) {
        let name = |key| document.get(key).and_then(Written::of);
        let address = name("reference").or_else(|| name("digest")).map_or_else(|| "image".into(), |name| name.text);
        batch.push(Resource {
            platform: Platform::Image,
            kind: "config".into(),
            address: address.clone(),
            part: "".into(),
            at: document.at,
            value: value(document),
            unit: format!("image:{address}").into(),
            owner: None,
            opaque: None,
        });
    }
}

fn is_config(path: &str) -> bool {
    path.strip_suffix(PATH).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// The configuration in terms of its own words, lists and maps made out of its texts.
fn value(document: &Node) -> Node {
    let config = document.get("config");
    let of_config = |key| config.and_then(|config| config.get(key)).filter(|value| is_set(value));
    let mut map = Map::with_capacity(24);
    let plain = ["reference", "digest", "os", "architecture", "variant", "created", "author"];
    for key in plain {
        document.get(key).filter(|value| is_set(value)).into_iter().for_each(|value| map.push_new(key, value.clone()));
    }
    let of_runtime = [
        ("user", "User"),
        ("entrypoint", "Entrypoint"),
        ("cmd", "Cmd"),
        ("workdir", "WorkingDir"),
        ("labels", "Labels"),
        ("healthcheck", "Healthcheck"),
        ("stop-signal", "StopSignal"),
        ("on-build", "OnBuild"),
    ];
    for (key, written) in of_runtime {
        of_config(written).into_iter().for_each(|value| map.push_new(key, value.clone()));
    }
    if let Some(env) = of_config("Env") {
        let variables = env.items().iter().filter_map(variable).collect();
        map.push_new("env", Node::list(variables, env.at).named(env.name_at));
    }
    for (key, written, item) in
        [("ports", "ExposedPorts", port as fn(&str, Location) -> Node), ("volumes", "Volumes", text)]
    {
        if let Some(keys) = of_config(written) {
            let items = keys.entries().iter().map(|entry| item(&entry.key, entry.value.name_at)).collect();
            map.push_new(key, Node::list(items, keys.at).named(keys.name_at));
        }
    }
    if let Some(history) = document.get("history") {
        let steps = history.items().iter().map(step).collect();
        map.push_new("history", Node::list(steps, history.at).named(history.name_at));
    }
    if let Some(layers) = document.get("rootfs").and_then(|rootfs| rootfs.get("diff_ids")) {
        map.push_new("layers", layers.clone());
    }
    // What is missing is missing in the runtime part of the configuration.
    let at = config.map_or_else(|| first_key(document), |config| config.name_at);
    Node::map(map, document.at).named(at)
}

/// Whether a field says anything: Docker writes what is not set as null or as nothing.
fn is_set(value: &Node) -> bool {
    let is_empty_text = value.as_str().is_some_and(str::is_empty);
    let is_empty_list = value.as_list().is_some_and(<[Node]>::is_empty);
    let is_empty_map = value.as_map().is_some_and(Map::is_empty);
    !(value.is_null() || is_empty_text || is_empty_list || is_empty_map)
}

/// `NAME=value` as `{name, value}`.
fn variable(item: &Node) -> Option<Node> {
    let written = Written::of(item)?;
    let equals = written.text.find('=').unwrap_or(written.text.len());
    let name = written.part(0..equals);
    let mut map = Map::with_capacity(2);
    map.push_new("name", name.node());
    if equals < written.text.len() {
        map.push_new("value", written.part(equals + 1..written.text.len()).node());
    }
    Some(Node::map(map, item.at).named(name.at))
}

/// `22/tcp` as `{port, protocol}`.
fn port(key: &str, at: Location) -> Node {
    let (number, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    let number = match number.parse() {
        Ok(number) => Node::int(number, at),
        Err(_) => Node::text(number, at),
    };
    let map: Map = [("port".into(), number), ("protocol".into(), Node::text(protocol, at))].into_iter().collect();
    Node::map(map, at).named(at)
}

fn text(key: &str, at: Location) -> Node {
    Node::text(key, at)
}

/// A step of the history; `instruction` and `command` are what its text says in the words of a Dockerfile.
fn step(item: &Node) -> Node {
    let Some(created_by) = item.get("created_by").and_then(Written::of) else { return item.clone() };
    let mut map = item.as_map().cloned().unwrap_or_default();
    let (instruction, command) = split_step(&created_by.text);
    map.insert("instruction", Node::text(instruction, created_by.at));
    map.insert("command", Node::text(command, created_by.at));
    Node::map(map, item.at).named(created_by.at)
}

/// The instruction and its arguments. The old builder writes `/bin/sh -c #(nop)  ENV a=b` and `/bin/sh -c make`, BuildKit
/// `ENV a=b` and `RUN /bin/sh -c make # buildkit`.
fn split_step(created_by: &str) -> (&str, &str) {
    const SHELL: &str = "/bin/sh -c ";
    let text = created_by.trim().strip_suffix("# buildkit").unwrap_or(created_by).trim();
    if let Some(rest) = text.strip_prefix(SHELL) {
        return match rest.trim_start().strip_prefix("#(nop)") {
            Some(rest) => rest.trim_start().split_once(' ').unwrap_or((rest.trim(), "")),
            None => ("RUN", rest.trim()),
        };
    }
    match text.split_once(' ') {
        Some((word, rest)) if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            (word, rest.trim().strip_prefix(SHELL).unwrap_or(rest.trim()))
        }
        _ => ("RUN", text),
    }
}

#[cfg(test)]
mod tests {
    use secscan_model::SourceId;

    use super::*;

    #[test]
    fn a_configuration_is_one_resource() {
        let text = r#"{
          "reference": "demo/app:1",
          "digest": "sha256:00",
          "os": "linux",
          "config": {
            "User": "",
            "Env": ["PATH=/bin", "EMPTY=", "ODD"],
            "ExposedPorts": { "22/tcp": {}, "53/udp": {} },
            "Volumes": null
          },
          "history": [
            { "created_by": "/bin/sh -c #(nop)  ENV A=b", "empty_layer": true },
            { "created_by": "/bin/sh -c make all" },
            { "created_by": "RUN /bin/sh -c make it # buildkit" },
            { "created_by": "COPY a /b # buildkit" }
          ]
        }"#;
        let source = Source::from_text(SourceId(0), ".image/config.json", text);
        let reading = crate::read_file(source.clone());
        let [resource] = reading.batch.resources.as_slice() else { panic!("{reading:?}") };
        assert_eq!((&*resource.address, resource.platform), ("demo/app:1", Platform::Image));
        let at = |path: &[&str]| resource.value.at_path(path);
        assert!(at(&["user"]).is_none() && at(&["volumes"]).is_none(), "what says nothing is not set");
        let env: Vec<_> = at(&["env"]).expect("it is there").items().to_vec();
        let path = env[0].get("value").expect("it has one");
        assert_eq!(&text[path.at.span.range()], "/bin");
        assert_eq!((env.len(), env[1].get("value").and_then(Node::as_str)), (3, Some("")));
        let ports: Vec<_> = at(&["ports"]).expect("it is there").items().to_vec();
        assert_eq!(ports.iter().filter_map(|port| port.get("port")?.as_int()).collect::<Vec<_>>(), [22, 53]);
        let words = |step: &Node, key: &str| step.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
        let steps = at(&["history"]).expect("it is there").items();
        let steps: Vec<_> = steps.iter().map(|step| (words(step, "instruction"), words(step, "command"))).collect();
        let expected = [("ENV", "A=b"), ("RUN", "make all"), ("RUN", "make it"), ("COPY", "a /b")];
        assert_eq!(steps, expected.map(|(word, rest)| (word.to_owned(), rest.to_owned())));
    }
}
