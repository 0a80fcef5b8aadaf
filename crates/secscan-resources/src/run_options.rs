//! The options of `docker run` and `podman run`, in the words of Compose: quadlets and dev containers have them too.

use secscan_model::{Map, Node};

/// How often an option may stand, and what it takes.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    /// Nothing: it is there or not.
    Nothing,
    /// One value; the last counts.
    One,
    /// One value each time.
    Many,
}

use Takes::{Many, Nothing, One};

/// Options with the key of a Compose service that says the same.
const OPTIONS: &[(&[&str], &str, Takes)] = &[
    (&["--cap-add"], "cap_add", Many),
    (&["--cap-drop"], "cap_drop", Many),
    (&["--cgroup-parent"], "cgroup_parent", One),
    (&["--cpus"], "cpus", One),
    (&["--device"], "devices", Many),
    (&["--entrypoint"], "entrypoint", One),
    (&["--env", "-e"], "environment", Many),
    (&["--env-file"], "env_file", Many),
    (&["--ipc"], "ipc", One),
    (&["--memory", "-m"], "mem_limit", One),
    (&["--mount"], "volumes", Many),
    (&["--name"], "container_name", One),
    (&["--network", "--net"], "network_mode", One),
    (&["--pid"], "pid", One),
    (&["--pids-limit"], "pids_limit", One),
    (&["--privileged"], "privileged", Nothing),
    (&["--publish", "-p"], "ports", Many),
    (&["--read-only"], "read_only", Nothing),
    (&["--restart"], "restart", One),
    (&["--security-opt"], "security_opt", Many),
    (&["--sysctl"], "sysctls", Many),
    (&["--tmpfs"], "tmpfs", Many),
    (&["--user", "-u"], "user", One),
    (&["--userns"], "userns_mode", One),
    (&["--uts"], "uts", One),
    (&["--volume", "-v"], "volumes", Many),
];

/// A service of Compose that is put together from options.
pub(crate) struct Service(Map);

impl Service {
    pub(crate) fn new() -> Self {
        Self(Map::default())
    }

    /// Sets a key.
    pub(crate) fn set(&mut self, key: &str, value: Node) {
        self.0.insert(key, value);
    }

    /// Adds an item to the list of a key.
    pub(crate) fn add(&mut self, key: &str, item: Node) {
        match self.0.get_mut(key).and_then(Node::as_list_mut) {
            Some(items) => items.push(item),
            None => {
                let (at, name_at) = (item.at, item.name_at);
                self.0.insert(key, Node::list(vec![item], at).named(name_at));
            }
        }
    }

    /// Takes options from the words of a command line. What is not known here is passed over.
    pub(crate) fn take(&mut self, words: &[Node]) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(text) = word.as_str().filter(|text| text.starts_with('-')) else { continue };
            let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            let Some((_, key, takes)) = OPTIONS.iter().find(|(names, ..)| names.contains(&name)) else { continue };
            let value = match (takes, value) {
                (Nothing, value) => Node::bool(value != Some("false"), word.at).named(word.name_at),
                (_, Some(value)) => Node { value: Node::text(value, word.at).value, ..word.clone() },
                (_, None) => match words.next() {
                    Some(next) => next.clone(),
                    None => return,
                },
            };
            let value = if name == "--mount" { mount(&value) } else { value };
            if *takes == Many { self.add(key, value) } else { self.set(key, value) }
        }
    }

    /// The service at the place of what it was put together from.
    pub(crate) fn finish(self, of: &Node) -> Node {
        Node::map(self.0, of.at).named(of.name_at)
    }
}

/// `type=bind,source=/a,target=/b,readonly` as a map; what is no text stays as it is.
pub(crate) fn mount(written: &Node) -> Node {
    let Some(text) = crate::computed::Text::new(written, &[]) else { return written.clone() };
    let (mut map, mut start) = (Map::default(), 0);
    for part in text.opaque().split(',') {
        let end = start + part.len();
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, text.node(end - value.len()..end)),
            None => (part, Node::text("true", written.at)),
        };
        start = end + 1;
        let key = match name.trim() {
            "type" => "type",
            "source" | "src" => "source",
            "target" | "destination" | "dst" => "target",
            "readonly" | "ro" => "read_only",
            _ => continue,
        };
        map.insert(key, Node { at: written.at, ..value });
    }
    Node::map(map, written.at).named(written.name_at)
}

/// The words of a text that quotes hold together, at the places where they stand.
pub(crate) fn words(of: &Node, sources: &[secscan_model::Source]) -> Vec<Node> {
    let Some(text) = crate::computed::Text::new(of, sources) else { return vec![of.clone()] };
    let written = text.opaque();
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    for (at, letter) in written.char_indices().chain([(written.len(), ' ')]) {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) if at < written.len() => {}
            (None, '"' | '\'') => {
                quote = Some(letter);
                start = start.or(Some(at));
            }
            (_, letter) if letter.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(word(&text, start..at));
                }
            }
            _ => start = start.or(Some(at)),
        }
    }
    words
}

/// A word without the quotes around it or within it.
fn word(text: &crate::computed::Text<'_>, part: std::ops::Range<usize>) -> Node {
    let written = text.opaque().get(part.clone()).unwrap_or_default();
    let inner = |quote: char| written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if inner('"').or_else(|| inner('\'')).is_some_and(|inner| !inner.contains(['"', '\''])) {
        return text.node(part.start + 1..part.end - 1);
    }
    let node = text.node(part);
    match node.as_str().filter(|text| text.contains(['"', '\''])) {
        Some(quoted) => Node { value: Node::text(quoted.replace(['"', '\''], ""), node.at).value, ..node.clone() },
        None => node,
    }
}
