//! The settings of Docker's daemon: `daemon.json`, and the flags of `dockerd` where something starts it.
//!
//! Both become a resource with the keys of the file, and `origin`, which tells whence they come: what a file does not say
//! is not set, while flags leave open what the machine's file says.
//!
//! <https://docs.docker.com/reference/cli/dockerd/>

#[cfg(test)]
mod tests;

use secscan_model::{Diagnostic, Graph, Map, Node, Platform, Resource, ResourceId, Source};

use crate::derived::{first_key, whole};
use crate::flags::Settings;
use crate::{Batch, Reader, systemd};

/// The program.
const PROGRAM: &str = "dockerd";

/// Its unit of systemd.
const UNIT: &str = "docker";

/// Keys by which a `daemon.json` that stands anywhere is told from those of other daemons.
const KEYS: &[&str] = &[
    "authorization-plugins",
    "cgroup-parent",
    "data-root",
    "default-address-pools",
    "default-runtime",
    "default-ulimits",
    "exec-opts",
    "fixed-cidr",
    "fixed-cidr-v6",
    "icc",
    "insecure-registries",
    "iptables",
    "live-restore",
    "log-driver",
    "log-opts",
    "max-concurrent-downloads",
    "metrics-addr",
    "no-new-privileges",
    "registry-mirrors",
    "seccomp-profile",
    "selinux-enabled",
    "storage-driver",
    "storage-opts",
    "tlsverify",
    "userland-proxy",
    "userns-remap",
];

/// Flags whose key in the file has another name.
const RENAMED: &[(&str, &str)] =
    &[("H", "hosts"), ("host", "hosts"), ("insecure-registry", "insecure-registries"), ("log-opt", "log-opts")];

/// The reader of the daemon's settings.
#[derive(Debug)]
pub(crate) struct Docker;

/// Whether a path is one at which the daemon looks for its file: `etc/docker/daemon.json`.
fn is_in_place(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folder.strip_suffix("/config").unwrap_or(folder);
    name == "daemon.json" && folder.rsplit('/').next() == Some("docker")
}

/// Whether a path is that of the daemon's unit of systemd.
pub(crate) fn claims(path: &str) -> bool {
    systemd::starts(path, |name| name == UNIT)
}

/// Reads a unit of systemd.
pub(crate) fn read(source: &Source, batch: &mut Batch) {
    for (index, command) in systemd::commands(source).into_iter().flatten().filter(is_daemon).enumerate() {
        let address = if index == 0 { source.path.to_string() } else { format!("{}#{}", source.path, index + 1) };
        batch.push(daemon(&address, flags(&command), None));
    }
}

impl Reader for Docker {
    fn platform(&self) -> Platform {
        Platform::Docker
    }

    fn accepts(&self, path: &str, document: &Node) -> bool {
        let is_named = path.rsplit('/').next() == Some("daemon.json");
        let is_known = || is_in_place(path) || KEYS.iter().any(|key| document.get(key).is_some());
        is_named && document.as_map().is_some() && is_known()
    }

    fn resembles(&self, source: &Source) -> bool {
        is_in_place(&source.path)
    }

    fn read(&self, source: &Source, document: &Node, batch: &mut Batch, _: &mut Vec<Diagnostic>) {
        let mut value = document.clone().named(first_key(document));
        if document.entries().is_empty() {
            value.name_at = document.at;
        }
        batch.push(daemon(&source.path, of_origin(value, "file"), None));
    }

    /// The daemons that commands start, whatever holds these.
    fn derive(&self, graph: &Graph) -> Vec<Resource> {
        let commands = graph.resources.iter().filter(|resource| {
            resource.platform == Platform::Common && &*resource.kind == "command" && is_daemon(&resource.value)
        });
        let daemon = |command: &Resource| {
            daemon(&format!("{}/{}", command.address, command.part), flags(&command.value), command.owner)
        };
        commands.map(daemon).collect()
    }
}

/// Whether a command starts the daemon.
fn is_daemon(command: &Node) -> bool {
    command.get("name").and_then(Node::as_str) == Some(PROGRAM)
}

/// What the flags of a command say, under the keys of the file.
fn flags(command: &Node) -> Node {
    let written = Settings::of_flags(command).into_node(command.at, command.name_at);
    let mut value = written.clone();
    if let Some(map) = value.as_map_mut() {
        let mut renamed = Map::default();
        renamed.rest = map.rest.take();
        for entry in written.entries() {
            let key = RENAMED.iter().find(|(flag, _)| **flag == *entry.key).map_or(&*entry.key, |(_, key)| key);
            match (renamed.get_mut(key).and_then(Node::as_list_mut), entry.value.as_list()) {
                (Some(items), Some(more)) => items.extend(more.iter().cloned()),
                _ => drop(renamed.insert(key, entry.value.clone())),
            }
        }
        *map = renamed;
    }
    of_origin(value, "command")
}

fn of_origin(mut value: Node, origin: &str) -> Node {
    let at = value.name_at;
    value.as_map_mut().into_iter().for_each(|map| drop(map.insert("origin", Node::text(origin, at).named(at))));
    value
}

fn daemon(address: &str, value: Node, owner: Option<ResourceId>) -> Resource {
    Resource {
        platform: Platform::Docker,
        kind: "daemon".into(),
        address: address.into(),
        part: "".into(),
        at: whole(&value),
        value,
        unit: format!("docker:{address}").into(),
        owner,
        opaque: None,
    }
}
