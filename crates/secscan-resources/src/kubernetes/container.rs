//! The common kind `container`, and what is derived from one: `env-var`, `image-ref` and `command`.

use std::collections::HashSet;
use std::sync::Arc;

use secscan_model::{Node, Part, ResourceId, Source, Unresolved, Value};

use super::attributes::{at_path, each, field, header, is_set, record, word};
use super::security::Security;
use super::workload::{Pod, Volume};
use crate::{Batch, computed};

/// The common kind `container`. A finding for something that it does not say is placed on its name.
pub(super) fn read(pod: &Pod, item: &Node, role: &str) -> Node {
    let security = Security::of(pod, item);
    let setting = |key| field(item, key);
    let header = header(item);
    record(
        item,
        [
            ("platform", pod.platform(header)),
            ("name", setting("name")),
            ("role", word(role, header)),
            ("image", setting("image")),
            ("privileged", security.own(&["privileged"])),
            ("run-as-user", security.effective(&["runAsUser"])),
            ("run-as-group", security.effective(&["runAsGroup"])),
            ("run-as-non-root", security.effective(&["runAsNonRoot"])),
            ("read-only-root", security.own(&["readOnlyRootFilesystem"])),
            ("allow-escalation", security.own(&["allowPrivilegeEscalation"])),
            ("cap-add", security.capabilities("add")),
            ("cap-drop", security.capabilities("drop")),
            ("seccomp", security.seccomp()),
            ("apparmor", security.apparmor()),
            ("selinux", security.effective(&["seLinuxOptions"])),
            ("proc-mount", security.own(&["procMount"])),
            ("windows-host-process", security.effective(&["windowsOptions", "hostProcess"])),
            ("host-network", pod.setting("hostNetwork")),
            ("host-pid", pod.setting("hostPID")),
            ("host-ipc", pod.setting("hostIPC")),
            ("env", env(item)),
            ("env-from", setting("envFrom").map(|list| records(list, env_from))),
            ("ports", setting("ports").map(|list| records(list, port))),
            ("mounts", setting("volumeMounts").map(|list| records(list, |item| mount(pod, item)))),
            ("limits", at_path(item, &["resources", "limits"])),
            ("requests", at_path(item, &["resources", "requests"])),
            ("probes", probes(item)),
            ("lifecycle", setting("lifecycle")),
            ("pull-policy", setting("imagePullPolicy")),
            ("restart", setting("restartPolicy").or_else(|| pod.setting("restartPolicy"))),
            ("command", setting("command")),
            ("args", setting("args")),
            ("namespace", pod.namespace()),
            ("spec", Some(item.clone())),
        ],
    )
    .named(header)
}

/// A list of maps, each taken apart; items of another shape stay as they are.
fn records(list: Node, mut take_apart: impl FnMut(&Node) -> Node) -> Node {
    each(list, |item| match item.value {
        Value::Map(_) | Value::Unresolved(_) => take_apart(item).named(header(item)),
        Value::Scalar(_) | Value::List(_) => item.clone(),
    })
}

/// The variables in the order of the file: what one holds may stand in the values of those after it.
fn env(container: &Node) -> Option<Node> {
    let imports = field(container, "envFrom").is_some();
    let mut earlier = HashSet::new();
    Some(records(field(container, "env")?, |item| {
        let variable = variable(item, |name| imports || earlier.contains(name));
        earlier.extend(item.get("name").and_then(Node::as_str).map(str::to_owned));
        variable
    }))
}

/// Where a variable takes its value from: the field that says so, our word, and the fields of the source and the key.
const ORIGINS: &[(&str, &str, &str, &str)] = &[
    ("secretKeyRef", "secret", "name", "key"),
    ("configMapKeyRef", "config-map", "name", "key"),
    ("fieldRef", "field", "containerName", "fieldPath"),
    ("resourceFieldRef", "field", "containerName", "resource"),
];

/// One variable: `{name, value}` or `{name, from, source, key}`.
fn variable(item: &Node, is_set: impl Fn(&str) -> bool) -> Node {
    let origin = field(item, "valueFrom");
    let known = origin.as_ref().and_then(|origin| {
        let known = |(field, ..): &&(&str, _, _, _)| origin.get(field).is_some_and(|value| !value.is_null());
        let (field, word, source, key) = ORIGINS.iter().find(known)?;
        Some((origin.get(field)?, *word, *source, *key))
    });
    let unknown = origin.as_ref().and_then(|origin| field(origin, "from"));
    record(
        item,
        [
            ("name", field(item, "name")),
            ("value", field(item, "value").map(|value| with_holes(value, is_set))),
            ("from", known.map_or(unknown, |(origin, from, ..)| word(from, origin.name_at))),
            ("source", known.and_then(|(origin, _, source, _)| field(origin, source))),
            ("key", known.and_then(|(origin, _, _, key)| field(origin, key))),
        ],
    )
}

/// All variables of a secret or a config map: `{from, source}`.
fn env_from(item: &Node) -> Node {
    let origins = [("secretRef", "secret"), ("configMapRef", "config-map")];
    let known = origins.iter().find_map(|(field, word)| Some((item.get(field)?, *word)));
    let unknown = field(item, "from");
    record(
        item,
        [
            ("from", known.map_or(unknown, |(origin, from)| word(from, origin.name_at))),
            ("source", known.and_then(|(origin, _)| field(origin, "name"))),
        ],
    )
}

/// A value with a hole for each `$(NAME)` whose variable is set; `$(NAME)` of any other name is plain text, and `$$` is
/// a dollar sign.
fn with_holes(value: Node, is_set: impl Fn(&str) -> bool) -> Node {
    let Some(text) = value.as_str() else { return value };
    let mut parts = Vec::new();
    let mut fixed = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        fixed.push_str(&rest[..at]);
        let name = rest[at..].strip_prefix("$(").and_then(|rest| rest.split_once(')'));
        let length = match name {
            Some((name, _)) if is_set(name) => {
                if !fixed.is_empty() {
                    parts.push(Part::Fixed(std::mem::take(&mut fixed).into()));
                }
                parts.push(Part::Hole(format!("$({name})").into()));
                "$()".len() + name.len()
            }
            _ => {
                fixed.push('$');
                1 + usize::from(rest[at..].starts_with("$$"))
            }
        };
        rest = &rest[at + length..];
    }
    let Some(Part::Hole(hole)) = parts.iter().find(|part| matches!(part, Part::Hole(_))) else { return value };
    let why = format!("{hole} is filled in from another variable").into();
    fixed.push_str(rest);
    if !fixed.is_empty() {
        parts.push(Part::Fixed(fixed.into()));
    }
    Node { value: Value::Unresolved(Arc::new(Unresolved { why, perhaps_absent: false, parts })), ..value }
}

fn port(item: &Node) -> Node {
    record(
        item,
        [
            ("container", field(item, "containerPort")),
            ("host", field(item, "hostPort")),
            ("host-ip", field(item, "hostIP")),
            ("protocol", field(item, "protocol")),
        ],
    )
}

/// A mount, joined with the volume of its name.
fn mount(pod: &Pod, item: &Node) -> Node {
    let volume = item.get("name").and_then(Node::as_str).and_then(|name| pod.volumes.get(name));
    let Volume { kind, host_path } = volume.cloned().unwrap_or_default();
    record(
        item,
        [
            ("name", field(item, "name")),
            ("path", field(item, "mountPath")),
            ("read-only", field(item, "readOnly")),
            ("host-path", host_path),
            ("type", kind),
        ],
    )
}

/// The probes that are written.
fn probes(container: &Node) -> Option<Node> {
    let probes = record(
        container,
        [
            ("liveness", field(container, "livenessProbe")),
            ("readiness", field(container, "readinessProbe")),
            ("startup", field(container, "startupProbe")),
        ],
    );
    let written = probes.entries().iter().find(|entry| is_set(&entry.value)).map(|entry| &entry.value);
    match written {
        Some(&Node { at, name_at, .. }) => Some(Node { at, name_at, ..probes }),
        None => probes.entries().first().map(|unknown| unknown.value.clone()),
    }
}

/// Adds the container, its variables, its image and its commands. `part` names the container within its workload.
pub(super) fn derive(pod: &Pod, owner: ResourceId, part: &str, container: &Node, source: &Source, batch: &mut Batch) {
    batch.push(pod.common("container", part, container.clone(), owner));
    for variable in container.get("env").map_or(&[][..], Node::items) {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            let part = format!("{part}.env.{}", name.raw_text().unwrap_or_default());
            let attributes = [
                ("platform", pod.platform(variable.name_at)),
                ("name", Some(name.clone())),
                ("value", Some(value.clone())),
                ("kind", word("env", variable.name_at)),
            ];
            batch.push(pod.common("env-var", &part, record(variable, attributes), owner));
        }
    }
    if let Some(image) = container.get("image").filter(|image| is_set(image)) {
        let value = image_reference(pod, image, source);
        batch.push(pod.common("image-ref", &format!("{part}.image"), value, owner));
    }
}

fn image_reference(pod: &Pod, image: &Node, source: &Source) -> Node {
    let parsed = computed::child("image", image, std::slice::from_ref(source));
    let part = |key| field(parsed.as_ref()?, key);
    record(
        image,
        [
            ("platform", pod.platform(image.name_at)),
            ("reference", Some(image.clone())),
            ("registry", part("registry")),
            ("name", part("name")),
            ("tag", part("tag")),
            ("digest", part("digest")),
            ("role", word("run", image.name_at)),
        ],
    )
}
