//! Units of systemd that start programs: `NAME.service`, and what is added to them in `NAME.service.d/*.conf`.

use secscan_model::{Map, Node, Platform, Resource, Source, Span};

use crate::computed::{Text, shell};

/// Settings of a unit that start a program.
const STARTING: &[&str] = &["ExecStart"];

/// Whether a path is that of a unit of a program, or of an addition to one.
pub(crate) fn starts(path: &str, is_program: fn(&str) -> bool) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_unit = |name: &str| name.strip_suffix(".service").is_some_and(is_program);
    let of_folder = folder.rsplit('/').next().and_then(|folder| folder.strip_suffix(".d"));
    is_unit(name) || (name.ends_with(".conf") && of_folder.is_some_and(is_unit))
}

/// The commands of a unit: for each setting that starts something, those in it. Variables are unknown: the files that
/// set them are on the machine.
pub(crate) fn commands(source: &Source) -> Vec<Vec<Node>> {
    let Ok(text) = source.text() else { return Vec::new() };
    let written = |line: Span| Some(Node::text(text.get(line.range())?, source.at(line)));
    let commands = |node: &Node| Text::new(node, std::slice::from_ref(source)).map(|text| shell::commands(&text));
    values(text).into_iter().filter_map(|line| commands(&written(line)?)).collect()
}

/// The unit as a resource without attributes.
pub(crate) fn unit(source: &Source, platform: Platform, kind: &str) -> Resource {
    let length = source.text().map_or(0, str::len);
    let first = source.text().map_or(0, |text| text.lines().next().map_or(0, str::len));
    let at = source.at(Span::new(0, length));
    Resource {
        platform,
        kind: kind.into(),
        address: format!("{kind}/<{}>", source.path).into(),
        part: "".into(),
        at,
        value: Node::map(Map::default(), at).named(source.at(Span::new(0, first))),
        unit: format!("{platform}:").into(),
        owner: None,
        opaque: None,
    }
}

/// The values that start programs, with the lines that continue them; without the marks in front of a program.
fn values(text: &str) -> Vec<Span> {
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
        let is_starting = |path| starts(path, |name| name == "kubelet");
        assert!(is_starting("etc/systemd/system/kubelet.service"));
        assert!(is_starting("etc/systemd/system/kubelet.service.d/10-kubeadm.conf"));
        assert!(!is_starting("etc/systemd/system/nginx.service"));
        assert!(!is_starting("kubelet.conf"));
    }

    #[test]
    fn a_command_goes_on_behind_a_backslash() {
        let text = "[Service]\nExecStart=\nExecStart=-/usr/bin/kubelet \\\n  --a=b \\\n  --c\nRestart=always\n";
        let found: Vec<_> = values(text).iter().map(|span| &text[span.range()]).collect();
        assert_eq!(found, ["/usr/bin/kubelet \\\n  --a=b \\\n  --c"]);
    }
}
