//! A service as the common kind `container`: short and long forms in one shape.
//!
//! Compose's `entrypoint` is the container's `command`, its `command` the `args`, as Kubernetes names them.

use std::ops::Range;

use secscan_model::{Map, Node, Part, Source, Value};

use crate::{computed::Text, derived::first_key};

/// The container of a service.
pub(crate) fn read(name: &Node, service: &Node, source: &Source) -> Node {
    let field = |key: &str| service.get(key).filter(|value| !value.is_null()).cloned();
    let mut map = Map::with_capacity(24);
    map.rest = service.as_map().and_then(|map| map.rest.clone());
    let mut set = |key: &str, value: Option<Node>| value.into_iter().for_each(|value| map.push_new(key, value));
    set("name", Some(name.clone()));
    set("role", Some(Node::text("main", name.at)));
    set("image", field("image"));
    set("privileged", field("privileged"));
    let (user, group) = field("user").map_or((None, None), |user| user_and_group(&user, source));
    set("run-as-user", user);
    set("run-as-group", group);
    set("read-only-root", field("read_only"));
    for (key, value) in security(service, source) {
        set(key, Some(value));
    }
    set("cap-add", field("cap_add").map(|list| capabilities(&list)));
    set("cap-drop", field("cap_drop").map(|list| capabilities(&list)));
    for (key, written) in [("host-network", "network_mode"), ("host-pid", "pid"), ("host-ipc", "ipc")] {
        set(key, field(written).map(|mode| is_host(&mode)));
    }
    set("env", field("environment").map(|env| environment(&env, source)));
    set("env-from", field("env_file").map(|files| env_files(&files)));
    set("ports", field("ports").map(|ports| each(&ports, |port| self::port(port, source))));
    set("mounts", mounts(service, source));
    set("devices", field("devices"));
    set("limits", resources(service, "limits", &[("cpu", "cpus"), ("memory", "mem_limit"), ("pids", "pids_limit")]));
    set("requests", resources(service, "reservations", &[("memory", "mem_reservation")]));
    set("probes", probes(service));
    set("pull-policy", field("pull_policy"));
    set("restart", field("restart"));
    set("command", field("entrypoint"));
    set("args", field("command"));
    set("spec", Some(service.clone()));
    Node::map(map, service.at).named(service.name_at)
}

/// The variables of `environment` or `args` as a list of `{name, value}`, from a map or a list of `NAME=value`. One
/// without a value takes that of the environment in which Compose runs.
pub(super) fn environment(env: &Node, source: &Source) -> Node {
    let outside = |at| Node::unresolved("the value comes from the environment", at);
    let variable = |name: Node, value: Option<Node>, at: &Node| {
        let value = value.unwrap_or_else(|| outside(name.at));
        let entries = [("name".into(), name.clone()), ("value".into(), value)];
        Node::map(entries.into_iter().collect(), at.at).named(name.at)
    };
    if let Some(map) = env.as_map() {
        let variables = map.entries().iter().map(|entry| {
            let value = Some(entry.value.clone()).filter(|value| !value.is_null());
            variable(Node::text(entry.key.clone(), entry.value.name_at), value, &entry.value)
        });
        return same_place(env, variables.collect());
    }
    each(env, |item| {
        let Some(text) = Text::new(item, std::slice::from_ref(source)) else { return item.clone() };
        let equals = text.opaque().find('=');
        let name = text.node(0..equals.unwrap_or(text.raw().len()));
        variable(name, equals.map(|equals| text.node(equals + 1..text.raw().len())), item)
    })
}

/// The items of a list (a single value is a list of one), each changed.
fn each(list: &Node, change: impl FnMut(&Node) -> Node) -> Node {
    if list.as_unresolved().is_some() {
        return list.clone();
    }
    same_place(list, list.items().iter().map(change).collect())
}

fn same_place(of: &Node, items: Vec<Node>) -> Node {
    Node { value: Value::List(items.into()), ..of.clone() }
}

/// A map at the place of an item, from the attributes that are there.
fn record(of: &Node, attributes: impl IntoIterator<Item = (&'static str, Option<Node>)>) -> Node {
    let entries = attributes.into_iter().filter_map(|(key, value)| Some((key.into(), value?)));
    Node { value: Value::Map(std::sync::Arc::new(entries.collect())), ..of.clone() }.named(first_key(of))
}

/// A part of a text as a number where it is one.
fn number_or_text(text: &Text<'_>, part: Range<usize>) -> Option<Node> {
    let written = text.raw().get(part.clone()).filter(|written| !written.is_empty())?;
    match written.parse() {
        Ok(number) if !text.has_hole(&part) => Some(Node::int(number, text.at(part))),
        _ => Some(text.node(part)),
    }
}

/// `user: name-or-number[:group]`.
fn user_and_group(user: &Node, source: &Source) -> (Option<Node>, Option<Node>) {
    if user.as_int().is_some() {
        return (Some(user.clone()), None);
    }
    let Some(text) = Text::new(user, std::slice::from_ref(source)) else { return (Some(user.clone()), None) };
    let end = text.raw().len();
    let colon = text.opaque().find(':').unwrap_or(end);
    (number_or_text(&text, 0..colon), number_or_text(&text, (colon + 1).min(end)..end))
}

/// What `security_opt` says: options are `name:value`, `name=value` or a name.
fn security(service: &Node, source: &Source) -> Vec<(&'static str, Node)> {
    let mut found: Vec<(&'static str, Node)> = Vec::new();
    let mut selinux = Map::default();
    let options = service.get("security_opt").map_or(&[][..], Node::items);
    for option in options {
        let Some(text) = Text::new(option, std::slice::from_ref(source)) else { continue };
        let end = text.raw().len();
        let separator = text.opaque().find([':', '=']).unwrap_or(end);
        let value = (separator + 1).min(end)..end;
        let profile = |default: &str| match text.raw().get(value.clone()) {
            _ if text.has_hole(&value) => text.node(value.clone()),
            Some("unconfined") => Node::text("Unconfined", text.at(value.clone())),
            Some(known) if known == default => Node::text("RuntimeDefault", text.at(value.clone())),
            _ => Node::text("Localhost", text.at(value.clone())),
        };
        let (key, node) = match text.raw().get(..separator).unwrap_or_default() {
            "seccomp" => ("seccomp", profile("builtin")),
            "apparmor" => ("apparmor", profile("docker-default")),
            "no-new-privileges" => {
                let off = text.raw().get(value.clone()) == Some("false");
                ("allow-escalation", if text.has_hole(&value) { text.node(value) } else { Node::bool(off, option.at) })
            }
            "label" => {
                let label = text.opaque().get(value.clone()).and_then(|label| label.split_once([':', '=']));
                if let Some((key, label)) = label {
                    selinux.insert(key, text.node(end - label.len()..end));
                }
                continue;
            }
            _ => continue,
        };
        found.retain(|(known, _)| *known != key);
        found.push((key, node.named(option.name_at)));
    }
    if let (false, Some(options)) = (selinux.is_empty(), service.get("security_opt")) {
        found.push(("selinux", Node::map(selinux, options.at).named(options.name_at)));
    }
    found
}

/// Capabilities in upper case without `CAP_`.
fn capabilities(list: &Node) -> Node {
    each(list, |item| match item.as_str() {
        Some(text) => {
            let upper = text.to_ascii_uppercase();
            let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
            Node { value: Node::text(name, item.at).value, ..item.clone() }
        }
        None => item.clone(),
    })
}

fn is_host(mode: &Node) -> Node {
    match mode.as_str() {
        Some(mode_text) => Node::bool(mode_text == "host", mode.at).named(mode.name_at),
        None => mode.clone(),
    }
}

fn env_files(files: &Node) -> Node {
    each(files, |file| {
        let path = file.get("path").unwrap_or(file).clone();
        record(file, [("from", Some(Node::text("file", file.at))), ("source", Some(path))])
    })
}

/// One port: `[[host-ip:]host:]container[/protocol]`, or the long form.
fn port(port: &Node, source: &Source) -> Node {
    let field = |key: &str| port.get(key).filter(|value| !value.is_null()).cloned();
    if port.as_map().is_some() {
        return record(
            port,
            [
                ("container", field("target")),
                ("host", field("published")),
                ("host-ip", field("host_ip")),
                ("protocol", field("protocol")),
            ],
        );
    }
    let Some(text) = Text::new(port, std::slice::from_ref(source)) else { return port.clone() };
    let written = text.opaque();
    let protocol = written.rfind('/').unwrap_or(written.len());
    let container = written[..protocol].rfind(':');
    let host = container.map(|colon| written[..colon].rfind(':').map_or(0, |colon| colon + 1));
    record(
        port,
        [
            ("container", number_or_text(&text, container.map_or(0, |colon| colon + 1)..protocol)),
            ("host", host.zip(container).and_then(|(start, end)| number_or_text(&text, start..end))),
            ("host-ip", host.filter(|start| *start > 0).and_then(|start| number_or_text(&text, 0..start - 1))),
            ("protocol", number_or_text(&text, (protocol + 1).min(written.len())..written.len())),
        ],
    )
}

/// `volumes` and `tmpfs`.
fn mounts(service: &Node, source: &Source) -> Option<Node> {
    let volumes = service.get("volumes").filter(|volumes| !volumes.is_null());
    let tmpfs = service.get("tmpfs").filter(|tmpfs| !tmpfs.is_null());
    let mut items: Vec<_> = volumes.map_or(&[][..], Node::items).iter().map(|volume| mount(volume, source)).collect();
    items.extend(
        tmpfs
            .map_or(&[][..], Node::items)
            .iter()
            .map(|path| record(path, [("path", Some(path.clone())), ("type", Some(Node::text("tmpfs", path.at)))])),
    );
    volumes.or(tmpfs).map(|place| same_place(place, items))
}

/// One mount: `[source:]target[:mode]`, or the long form.
fn mount(volume: &Node, source: &Source) -> Node {
    let field = |key: &str| volume.get(key).filter(|value| !value.is_null()).cloned();
    if volume.as_map().is_some() {
        let bind = field("type").is_some_and(|kind| kind.as_str() == Some("bind"));
        return record(
            volume,
            [
                (if bind { "host-path" } else { "name" }, field("source")),
                ("path", field("target")),
                ("read-only", field("read_only")),
                ("type", field("type")),
            ],
        );
    }
    let Some(text) = Text::new(volume, std::slice::from_ref(source)) else { return volume.clone() };
    let written = text.opaque();
    // The colon of a Windows drive separates nothing.
    let letter = written.starts_with(|first: char| first.is_ascii_alphabetic());
    let drive = letter && written.get(1..3).is_some_and(|drive| matches!(drive, ":\\" | ":/"));
    let colon = |from: usize| written.get(from..).and_then(|rest| rest.find(':')).map(|colon| from + colon);
    let Some(first) = colon(if drive { 2 } else { 0 }) else {
        return record(volume, [("path", Some(volume.clone())), ("type", Some(Node::text("volume", volume.at)))]);
    };
    let second = colon(first + 1).unwrap_or(written.len());
    let origin = text.node(0..first);
    let path = drive || written.starts_with(['.', '~']) || written[..first].contains('/');
    let kind = match path {
        false if begins_unknown(&origin) => origin.clone(),
        _ => Node::text(if path { "bind" } else { "volume" }, origin.at),
    };
    let read_only = written.get(second..).unwrap_or_default().split([':', ',']).any(|option| option == "ro");
    let bind = kind.as_str() != Some("volume");
    record(
        volume,
        [
            (if bind { "host-path" } else { "name" }, Some(origin)),
            ("path", Some(text.node(first + 1..second))),
            ("read-only", Some(Node::bool(read_only, text.at(second.min(written.len())..written.len())))),
            ("type", Some(kind)),
        ],
    )
}

/// Whether the first piece of a value is not known: `${PWD}/data`.
fn begins_unknown(of: &Node) -> bool {
    of.as_unresolved().is_some_and(|unresolved| !matches!(unresolved.parts.first(), Some(Part::Fixed(_))))
}

/// Limits or reservations: those of `deploy.resources`, else the older attributes of the service.
fn resources(service: &Node, kind: &str, older: &[(&str, &str)]) -> Option<Node> {
    let written = service.at_path(&["deploy", "resources", kind]);
    let mut map = Map::default();
    for entry in written.map_or(&[][..], Node::entries) {
        let key = if &*entry.key == "cpus" { "cpu" } else { &*entry.key };
        map.insert(key, entry.value.clone());
    }
    for (key, name) in older {
        let value = service.get(name).filter(|value| !value.is_null());
        value.filter(|_| map.get(key).is_none()).cloned().into_iter().for_each(|value| map.push_new(*key, value));
    }
    let place = written.or_else(|| map.entries().first().map(|entry| &entry.value)).cloned()?;
    Some(Node::map(map, place.at).named(place.name_at))
}

/// The health check, as a probe of liveness: Compose has no other. None when it is switched off.
fn probes(service: &Node) -> Option<Node> {
    let check = service.get("healthcheck").filter(|check| !check.is_null())?;
    let none = check.get("test").is_some_and(|test| test.items().first().and_then(Node::as_str) == Some("NONE"));
    if none || check.get("disable").and_then(Node::as_bool) == Some(true) {
        return None;
    }
    let entries = [("liveness".into(), check.clone())];
    Some(Node::map(entries.into_iter().collect(), check.at).named(check.name_at))
}
