//! Units of systemd that start programs of the cluster: `kubelet.service`, `etcd.service` and what is added to them.

use secscan_model::{Map, Node, Platform, Resource, Source, Span};

use super::service;
use crate::Batch;
use crate::computed::{Text, shell};
use crate::derived::{Deriving, Running};

/// The kind of resource that a unit is.
const KIND: &str = "SystemdUnit";

/// Settings of a unit that start a program.
const STARTING: &[&str] = &["ExecStart"];

/// Whether a path is that of a unit of a program of the cluster: `kubelet.service`, `kubelet.service.d/NAME.conf`.
pub(crate) fn claims(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_program = |name: &str| name.strip_suffix(".service").is_some_and(service::is_program);
    let of_folder = folder.rsplit('/').next().and_then(|folder| folder.strip_suffix(".d"));
    is_program(name) || (name.ends_with(".conf") && of_folder.is_some_and(is_program))
}

/// Adds the unit and what it starts. Variables are unknown: the files that set them are on the node.
pub(crate) fn read(source: &Source, batch: &mut Batch) {
    let Ok(text) = source.text() else { return };
    let at = source.at(Span::new(0, text.len()));
    let id = batch.push(Resource {
        platform: Platform::Kubernetes,
        kind: KIND.into(),
        address: format!("{KIND}/<{}>", source.path).into(),
        part: "".into(),
        at,
        value: Node::map(Map::default(), at).named(source.at(Span::new(0, text.lines().next().map_or(0, str::len)))),
        unit: "kubernetes:".into(),
        owner: None,
        opaque: None,
    });
    for (index, line) in starts(text).into_iter().enumerate() {
        let Some(written) = text.get(line.range()) else { continue };
        let node = Node::text(written, source.at(line));
        let commands = match Text::new(&node, std::slice::from_ref(source)) {
            Some(text) => shell::commands(&text),
            None => continue,
        };
        if let Some(mut deriving) = Deriving::from(batch, id, source) {
            deriving.listed(commands, Running::default(), &format!("ExecStart.{}", index + 1));
        }
    }
}

/// The values that start programs, with the lines that continue them; without the marks in front of a program.
fn starts(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut offset = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let start = offset;
        offset += line.len();
        let mut end = start + line.trim_end().len();
        while text.get(start..end).is_some_and(|value| value.ends_with('\\')) && lines.peek().is_some() {
            let next = lines.next().unwrap_or_default();
            end = offset + next.trim_end().len();
            offset += next.len();
        }
        let Some(whole) = text.get(start..end) else { continue };
        let Some((key, value)) = whole.split_once('=') else { continue };
        let command = value.trim_start().trim_start_matches(['@', '-', ':', '+', '!']);
        if STARTING.contains(&key.trim()) && !command.is_empty() {
            found.push(Span::new(end - command.len(), end));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_by_their_names() {
        assert!(claims("etc/systemd/system/kubelet.service"));
        assert!(claims("etc/systemd/system/kubelet.service.d/10-kubeadm.conf"));
        assert!(!claims("etc/systemd/system/nginx.service"));
        assert!(!claims("kubelet.conf"));
    }

    #[test]
    fn a_command_goes_on_behind_a_backslash() {
        let text = "[Service]\nExecStart=\nExecStart=-/usr/bin/kubelet \\\n  --a=b \\\n  --c\nRestart=always\n";
        let found: Vec<_> = starts(text).iter().map(|span| &text[span.range()]).collect();
        assert_eq!(found, ["/usr/bin/kubelet \\\n  --a=b \\\n  --c"]);
    }
}
