//! The common kind `service`: a program of the cluster with all its settings, wherever they are written.
//!
//! The kubelet, the API server and the others take settings as flags, in a configuration file, or from kubeadm. Rules
//! ask for them by one name, that of the flag. Reading order: [`derive()`] → [`crate::flags`] (what flags say) → `files`
//! (configuration files, and which of their fields is which flag) → `kubeadm` (its flags, and those that it adds).

mod files;
mod kubeadm;

use std::collections::BTreeSet;

use secscan_model::{Graph, Location, Map, Node, Platform, Resource, ResourceId};

use super::attributes::word;
use crate::flags::Settings;
use files::{Configuration, Origin};

pub(super) use files::{ETCD, is_etcd};

/// The programs, by the names of their binaries.
const PROGRAMS: &[&str] =
    &["etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet"];

/// Flags with which a program says something and ends.
const ENDING: &[&str] = &["help", "h", "version"];

/// Whether a name is that of a program of the cluster.
pub(super) fn is_program(name: &str) -> bool {
    PROGRAMS.contains(&name)
}

/// All services of a scan: those that are started by a command, together with the files that the command names, then
/// what files say that no command names.
pub(super) fn derive(graph: &Graph) -> Vec<Resource> {
    let configurations = files::all(graph);
    let mut taken = BTreeSet::new();
    let mut services = Vec::new();
    for (_, command) in graph.iter().filter(|(_, resource)| is_command(resource)) {
        services.extend(started(graph, command, &configurations, &mut taken));
    }
    let alone = configurations.iter().filter(|configuration| !taken.contains(&configuration.origin));
    services.extend(alone.map(|configuration| {
        let Configuration { program, place, origin, .. } = configuration;
        let mut settings = configuration.settings.clone();
        if !configuration.is_whole {
            settings.open("the flags of the program are not in the scan");
        }
        let part = format!("{program}.service");
        let written = if configuration.is_of_kubeadm() { "kubeadm" } else { "file" };
        resource(graph, origin.resource(), [program, &part, written], settings.into_node(place.0, place.1))
    }));
    services
}

fn is_command(resource: &Resource) -> bool {
    resource.platform == Platform::Common
        && &*resource.kind == "command"
        && resource.value.get("platform").and_then(Node::as_str) == Some(Platform::Kubernetes.as_str())
        && resource.value.get("name").and_then(Node::as_str).is_some_and(is_program)
}

/// The service that a command starts.
fn started(
    graph: &Graph,
    command: &Resource,
    configurations: &[Configuration],
    taken: &mut BTreeSet<Origin>,
) -> Option<Resource> {
    let program = command.value.get("name")?.as_str()?;
    let flags = Settings::of_flags(&command.value);
    if ENDING.iter().any(|flag| flags.get(flag).is_some()) {
        return None;
    }
    let owner = command.owner?;
    let mut settings = Settings::default();
    for (flag, kinds) in files::named_by(program) {
        let Some(path) = flags.get(flag) else { continue };
        match files::find(graph, configurations, kinds, owner, command.at.source, path.as_str()) {
            Some(configuration) => {
                taken.insert(configuration.origin.clone());
                settings.lay_over(configuration.settings.clone());
            }
            None => settings.open(&format!("the file that --{flag} names is not in the scan")),
        }
    }
    settings.lay_over(flags);
    let part = format!("{}.service", command.part);
    let settings = settings.into_node(command.at, command.value.name_at);
    Some(resource(graph, owner, [program, &part, "command"], settings))
}

/// A service that stands in a resource: its program, the part that it is, and where its settings come from.
fn resource(graph: &Graph, owner: ResourceId, [program, part, origin]: [&str; 3], settings: Node) -> Resource {
    let of = graph.resource(owner);
    let (at, name_at) = (settings.at, settings.name_at);
    let mut map = Map::with_capacity(4);
    for (key, text) in [("platform", Platform::Kubernetes.as_str()), ("name", program), ("origin", origin)] {
        word(text, name_at).into_iter().for_each(|word| map.push_new(key, word));
    }
    map.push_new("settings", settings);
    Resource {
        platform: Platform::Common,
        kind: "service".into(),
        address: of.address.clone(),
        part: part.into(),
        at: whole(at, name_at),
        value: Node::map(map, at).named(name_at),
        unit: of.unit.clone(),
        owner: Some(owner),
        opaque: None,
    }
}

fn whole(at: Location, name_at: Location) -> Location {
    if at.source == name_at.source { Location { span: at.span.cover(name_at.span), ..at } } else { at }
}

#[cfg(test)]
mod tests;
