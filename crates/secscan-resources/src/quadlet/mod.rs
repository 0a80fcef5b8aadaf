//! Quadlets: units of systemd that Podman turns into services.
//!
//! Each unit is a resource named after its file, with its sections as maps, its drop-ins laid over it. A `[Container]` is put
//! into the words of Compose, from which the common kinds are derived as for any service. Reading order: [`Quadlet`] →
//! `drop_ins` (what is laid over a unit) → `manifests` (what a `.kube` unit starts).
//!
//! <https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html>

mod drop_ins;
mod manifests;
#[cfg(test)]
mod tests;

use secscan_model::{Diagnostic, Edge, Graph, Node, Platform, Resource, Source};
use secscan_parse::unit;

use crate::derived::{Deriving, whole};
use crate::reading::{FileReading, Fragment};
use crate::run_options::{Service, words};
use crate::{Batch, Reader, compose};

/// The sections that make a file a quadlet, with the kinds of their resources.
const SECTIONS: &[(&str, &str)] = &[
    ("Container", "container"),
    ("Pod", "pod"),
    ("Kube", "kube"),
    ("Build", "build"),
    ("Image", "image"),
    ("Network", "network"),
    ("Volume", "volume"),
];

/// The reader of quadlets.
#[derive(Debug)]
pub(crate) struct Quadlet;

/// A unit or a drop-in, waiting for the others.
#[derive(Debug)]
pub struct File;

fn section(document: &Node) -> Option<(&'static str, &Node)> {
    SECTIONS.iter().find_map(|(section, kind)| Some((*kind, document.get(section)?)))
}

impl Reader for Quadlet {
    fn platform(&self) -> Platform {
        Platform::Quadlet
    }

    fn accepts(&self, path: &str, document: &Node) -> bool {
        // A drop-in may add to any section.
        unit::claims(path) && (section(document).is_some() || unit::is_drop_in(path))
    }

    fn defer(&self, _: &Source, _: &Node) -> Option<Fragment> {
        Some(Fragment::Quadlet(File))
    }

    fn link(&self, graph: &Graph, diagnostics: &mut Vec<Diagnostic>) -> Vec<Edge> {
        manifests::link(graph, diagnostics)
    }
}

/// Adds a unit with what its drop-ins say. `readings` are all files of the scan.
pub(crate) fn evaluate(source: &Source, readings: &[FileReading], batch: &mut Batch) {
    if unit::is_drop_in(&source.path) {
        return;
    }
    let sources: Vec<&Source> = std::iter::once(source).chain(drop_ins::of(source, readings)).collect();
    let document = unit::merged(&sources).documents.into_iter().next();
    let Some((document, (kind, section))) = document.as_ref().and_then(|it| Some((it, section(it)?))) else { return };
    let value = document.clone().named(section.name_at);
    let id = batch.push(Resource {
        platform: Platform::Quadlet,
        kind: kind.into(),
        address: source.file_name().into(),
        part: "".into(),
        at: whole(&value),
        value,
        unit: format!("quadlet:{}", source.folder()).into(),
        owner: None,
        opaque: None,
    });
    let Some(mut deriving) = Deriving::from(batch, id, source) else { return };
    match kind {
        "container" => container(&mut deriving, document, section, source),
        // Another unit of the folder may build or fetch the image under this name.
        "image" => image(&mut deriving, last(section, "Image"), "run"),
        _ => {}
    }
}

/// The value of a key that has one: of several the last counts.
fn last<'n>(section: &'n Node, key: &str) -> Option<&'n Node> {
    section.get(key)?.items().last()
}

/// Adds a reference to an image, unless another unit makes it.
fn image(deriving: &mut Deriving<'_>, image: Option<&Node>, role: &str) {
    let is_unit =
        |image: &&Node| image.as_str().is_some_and(|name| name.ends_with(".image") || name.ends_with(".build"));
    if let Some(image) = image.filter(|image| !is_unit(image)) {
        deriving.image_ref(image, role, "image");
    }
}

fn container(deriving: &mut Deriving<'_>, document: &Node, section: &Node, source: &Source) {
    let service = service(document, section, source);
    let stem = source.file_name().rsplit_once('.').map_or(source.file_name(), |(stem, _)| stem);
    let name = last(section, "ContainerName").cloned().unwrap_or_else(|| Node::text(stem, section.name_at));
    let mut container = compose::container::read(&name, &service, source);
    if let Some(map) = container.as_map_mut() {
        map.insert("spec", section.clone());
        last(section, "Group").into_iter().for_each(|group| drop(map.insert("run-as-group", group.clone())));
    }
    image(deriving, last(section, "Image"), "run");
    for variable in container.get("env").map_or(&[][..], Node::items) {
        if let Some(name) = variable.get("name") {
            deriving.env_var(name.clone(), variable.get("value").cloned(), "env");
        }
    }
    compose::commands(deriving, &service);
    deriving.push("container", "", container);
}

/// Keys with the key of a Compose service that says the same; whether their values are words of which each counts.
const KEYS: &[(&str, &str, Shape)] = &[
    ("AddCapability", "cap_add", Shape::Words),
    ("AddDevice", "devices", Shape::List),
    ("CgroupsMode", "cgroup", Shape::One),
    ("DropCapability", "cap_drop", Shape::Words),
    ("Entrypoint", "entrypoint", Shape::One),
    ("Environment", "environment", Shape::Words),
    ("EnvironmentFile", "env_file", Shape::List),
    ("Image", "image", Shape::One),
    ("Memory", "mem_limit", Shape::One),
    ("Mount", "volumes", Shape::Mounts),
    ("Network", "network_mode", Shape::One),
    ("PidsLimit", "pids_limit", Shape::One),
    ("PublishPort", "ports", Shape::List),
    ("Pull", "pull_policy", Shape::One),
    ("ReadOnly", "read_only", Shape::One),
    ("Sysctl", "sysctls", Shape::Words),
    ("Tmpfs", "tmpfs", Shape::List),
    ("User", "user", Shape::One),
    ("UserNS", "userns_mode", Shape::One),
    ("Volume", "volumes", Shape::List),
];

/// What the values of a key are.
#[derive(Clone, Copy)]
enum Shape {
    One,
    List,
    Words,
    Mounts,
}

/// Keys that are options of `security_opt`, with the option.
const SECURITY: &[(&str, &str)] = &[
    ("AppArmor", "apparmor="),
    ("NoNewPrivileges", "no-new-privileges:"),
    ("SeccompProfile", "seccomp="),
    ("SecurityLabelLevel", "label=level:"),
    ("SecurityLabelType", "label=type:"),
];

/// A container in the words of Compose.
fn service(document: &Node, section: &Node, source: &Source) -> Node {
    let sources = std::slice::from_ref(source);
    let mut service = Service::new();
    let values = |key: &str| section.get(key).map_or(&[][..], Node::items);
    for (key, of_compose, shape) in KEYS {
        for value in values(key) {
            match shape {
                Shape::One => service.set(of_compose, value.clone()),
                Shape::List => service.add(of_compose, value.clone()),
                Shape::Mounts => service.add(of_compose, crate::run_options::mount(value)),
                Shape::Words => {
                    for word in words(value, sources) {
                        service.add(of_compose, Node { name_at: value.name_at, ..word });
                    }
                }
            }
        }
    }
    for (key, option) in SECURITY {
        for value in values(key) {
            let text = format!("{option}{}", value.as_str().unwrap_or_default());
            service.add("security_opt", Node { value: Node::text(text, value.at).value, ..value.clone() });
        }
    }
    if let Some(off) = last(section, "SecurityLabelDisable").filter(|off| off.as_bool() == Some(true)) {
        service.add("security_opt", Node { value: Node::text("label=disable", off.at).value, ..off.clone() });
    }
    if let Some(exec) = last(section, "Exec") {
        service.set("command", Node::list(words(exec, sources), exec.at).named(exec.name_at));
    }
    if let Some(check) = last(section, "HealthCmd").filter(|check| check.as_str() != Some("none")) {
        let test = Service::new();
        let mut test = test.finish(check);
        test.as_map_mut().into_iter().for_each(|map| drop(map.insert("test", check.clone())));
        service.set("healthcheck", test);
    }
    if let Some(restart) = document.get("Service").and_then(|service| last(service, "Restart")) {
        service.set("restart", restart.clone());
    }
    for arguments in values("PodmanArgs") {
        service.take(&words(arguments, sources));
    }
    service.finish(section)
}
