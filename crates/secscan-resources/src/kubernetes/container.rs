//! The common kind `container`, and what is derived from one: `env-var`, `image-ref` and `command`.

use secscan_model::{Node, Platform};

use super::attributes::{at_path, field, header, is_set, record, records, word};
use super::security::Security;
use super::variable::{env, env_from, in_command};
use super::workload::{Pod, Volume};
use crate::derived::{Deriving, Running};

/// The common kind `container`. A finding for something that it does not say is placed on its name.
pub(super) fn read(pod: &Pod, item: &Node, role: &str) -> Node {
    let security = Security::of(pod, item);
    let setting = |key| field(item, key);
    let header = header(item);
    record(
        item,
        [
            ("platform", word(Platform::Kubernetes.as_str(), header)),
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
            ("annotated", security.annotated()),
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

/// Adds the container, its variables, its image and what it runs. `part` names the container within its workload.
pub(super) fn derive(container: &Node, part: &str, deriving: &mut Deriving<'_>) {
    deriving.push("container", part, container.clone());
    for variable in container.get("env").map_or(&[][..], Node::items) {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            let part = format!("{part}.env.{}", name.raw_text().unwrap_or_default());
            let kind = word("env", variable.name_at);
            let attributes = [("name", Some(name.clone())), ("value", Some(value.clone())), ("kind", kind)];
            deriving.push("env-var", &part, record(variable, attributes));
        }
    }
    if let Some(image) = container.get("image").filter(|image| is_set(image)) {
        deriving.image_ref(image, "run", &format!("{part}.image"));
    }
    let running = Running { user: container.get("run-as-user"), ..Running::default() };
    for (path, command) in container.get("spec").map(commands).unwrap_or_default() {
        deriving.commands(&command, running, &format!("{part}.{path}"));
    }
}

/// What is run in a container, with the path to it: its program, the hooks of its life cycle and its probes.
fn commands(spec: &Node) -> Vec<(String, Node)> {
    const EXEC: &[&[&str]] = &[
        &["lifecycle", "postStart", "exec", "command"],
        &["lifecycle", "preStop", "exec", "command"],
        &["livenessProbe", "exec", "command"],
        &["readinessProbe", "exec", "command"],
        &["startupProbe", "exec", "command"],
    ];
    let program = field(spec, "command").filter(is_set).map(|command| {
        let args = field(spec, "args");
        let args = args.as_ref().map_or(&[][..], Node::items);
        ("command".to_owned(), command.at, [command.items(), args].concat())
    });
    let others = EXEC.iter().filter_map(|path| {
        let command = at_path(spec, path).filter(is_set)?;
        Some((path.join("."), command.at, command.items().to_vec()))
    });
    let words = |(path, at, words): (String, _, Vec<_>)| (path, Node::list(in_command(spec, &words), at));
    program.into_iter().chain(others).map(words).collect()
}
