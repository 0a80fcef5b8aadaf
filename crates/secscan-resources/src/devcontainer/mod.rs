//! Dev containers: `devcontainer.json`, by which editors build the containers that people develop in.
//!
//! The document is a resource, named after its folder; the container that it describes is put into the words of Compose,
//! from which the common kinds are derived. `initializeCommand` runs on the machine of whoever opens the folder, all other
//! commands in the container.
//!
//! <https://containers.dev/implementors/json_reference/>

#[cfg(test)]
mod tests;

use std::sync::Arc;

use secscan_model::{Diagnostic, Node, Part, Platform, Resource, Source, Unresolved, Value};

use crate::derived::{Deriving, Running, first_key, whole};
use crate::rewrite::rewrite;
use crate::run_options::{Service, mount};
use crate::{Batch, Reader, compose};

/// The reader of dev containers.
#[derive(Debug)]
pub(crate) struct Devcontainer;

/// Whether a path is where editors look for it.
fn is_named(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == ".devcontainer.json" || (name == "devcontainer.json" && path.split('/').any(|part| part == ".devcontainer"))
}

/// The commands of the life of a container, and whether they run in it.
const COMMANDS: &[(&str, bool)] = &[
    ("initializeCommand", false),
    ("onCreateCommand", true),
    ("updateContentCommand", true),
    ("postCreateCommand", true),
    ("postStartCommand", true),
    ("postAttachCommand", true),
];

impl Reader for Devcontainer {
    fn platform(&self) -> Platform {
        Platform::Devcontainer
    }

    fn accepts(&self, path: &str, document: &Node) -> bool {
        is_named(path) && document.as_map().is_some()
    }

    fn resembles(&self, source: &Source) -> bool {
        is_named(&source.path)
    }

    fn read(&self, source: &Source, document: &Node, batch: &mut Batch, _: &mut Vec<Diagnostic>) {
        let document = rewrite(document, &|of, text, _| text.contains("${").then(|| with_holes(of, text)));
        let document = document.clone().named(first_key(&document));
        let id = batch.push(Resource {
            platform: Platform::Devcontainer,
            kind: "devcontainer".into(),
            address: source.path.clone(),
            part: "".into(),
            at: whole(&document),
            value: document.clone(),
            unit: format!("devcontainer:{}", source.path).into(),
            owner: None,
            opaque: None,
        });
        if let Some(mut deriving) = Deriving::from(batch, id, source) {
            derive(&mut deriving, &document, source);
        }
    }
}

/// A text with a hole for each `${...}`, which the editor fills in.
fn with_holes(of: &Node, text: &str) -> Node {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, after)) = behind.split_once('}') else { break };
        if !before.is_empty() {
            parts.push(Part::Fixed(before.into()));
        }
        parts.push(Part::Hole(format!("${{{name}}}").into()));
        rest = after;
    }
    let Some(Part::Hole(hole)) = parts.iter().find(|part| matches!(part, Part::Hole(_))) else { return of.clone() };
    let why = format!("`{hole}` is filled in by the editor").into();
    if !rest.is_empty() {
        parts.push(Part::Fixed(rest.into()));
    }
    let value = Value::Unresolved(Arc::new(Unresolved { why, perhaps_absent: false, parts }));
    Node { value, ..of.clone() }
}

fn derive(deriving: &mut Deriving<'_>, document: &Node, source: &Source) {
    let service = service(document);
    let name = document.get("name").cloned().unwrap_or_else(|| Node::text("devcontainer", document.name_at));
    let mut container = compose::container::read(&name, &service, source);
    container.as_map_mut().into_iter().for_each(|map| drop(map.insert("spec", document.clone())));
    if let Some(image) = document.get("image") {
        deriving.image_ref(image, "run", "image");
    }
    for env in ["containerEnv", "remoteEnv"].into_iter().filter_map(|key| document.get(key)) {
        deriving.env_map(env);
    }
    for (key, is_inside) in COMMANDS {
        let user = document.get("remoteUser").or_else(|| document.get("containerUser")).filter(|_| *is_inside);
        let sh = Node::text("sh", document.name_at);
        let running = Running { shell: Some(&sh), user };
        match document.get(key) {
            // Several commands by name, which run beside each other.
            Some(several) if several.as_map().is_some() => {
                for entry in several.entries() {
                    deriving.commands(&entry.value, running, &format!("{key}.{}", entry.key));
                }
            }
            Some(command) => deriving.commands(command, running, key),
            None => {}
        }
    }
    // One that Compose starts is described there.
    if document.get("dockerComposeFile").is_none() {
        deriving.push("container", "", container);
    }
}

/// The container in the words of Compose.
fn service(document: &Node) -> Node {
    let mut service = Service::new();
    for (key, of_compose) in [
        ("image", "image"),
        ("containerUser", "user"),
        ("privileged", "privileged"),
        ("capAdd", "cap_add"),
        ("securityOpt", "security_opt"),
        ("containerEnv", "environment"),
        ("appPort", "ports"),
    ] {
        document.get(key).into_iter().for_each(|value| service.set(of_compose, value.clone()));
    }
    let items = |key: &str| document.get(key).map_or(&[][..], Node::items);
    for written in items("mounts").iter().chain(document.get("workspaceMount")) {
        service.add("volumes", mount(written));
    }
    service.take(items("runArgs"));
    service.finish(document)
}
