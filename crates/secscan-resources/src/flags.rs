//! Settings of programs by the names of flags.

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Part, Unresolved, Value};

/// Flags that hold several values, with commas between them or given more than once.
const LISTS: &[&str] = &[
    "H",
    "admission-control",
    "advertise-client-urls",
    "allowed-unsafe-sysctls",
    "api-audiences",
    "authorization-mode",
    "cipher-suites",
    "controllers",
    "cors-allowed-origins",
    "disable-admission-plugins",
    "enable-admission-plugins",
    "etcd-servers",
    "host",
    "initial-advertise-peer-urls",
    "insecure-registry",
    "listen-client-urls",
    "listen-metrics-urls",
    "listen-peer-urls",
    "service-account-issuer",
    "service-account-key-file",
    "tls-cipher-suites",
];

/// Flags that hold pairs `NAME=VALUE` with commas between them.
const MAPS: &[&str] = &["feature-gates", "log-opt", "runtime-config"];

/// What is known of the settings of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    map: Map,
}

impl Settings {
    /// The flags of a command, in the shape of the common kind.
    pub(crate) fn of_flags(command: &Node) -> Self {
        let mut settings = Self::default();
        let mut words = words(command).into_iter().peekable();
        while let Some((is_flag, word)) = words.next() {
            let behind = match word.raw_text() {
                Some(text) if is_flag => text.trim_start_matches('-').to_owned(),
                // Any number of flags may be in a variable.
                _ if word.as_unresolved().is_some() => {
                    settings.open("a variable may hold further flags");
                    continue;
                }
                _ => continue,
            };
            match behind.split_once('=') {
                Some((name, _)) => settings.add(name, after(word, '=')),
                None if word.as_unresolved().is_some() => settings.open("a flag is not known"),
                None => {
                    let place = |is_flag: &bool, next: &Node| !is_flag && next.at != word.at;
                    let value = words.next_if(|(is_flag, next)| place(is_flag, next));
                    let value = value.map(|(_, value)| Node { name_at: word.at, ..value.clone() });
                    settings.add(&behind, value.unwrap_or_else(|| Node::bool(true, word.at)));
                }
            }
        }
        settings
    }

    /// The value of a setting.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.map.get(name)
    }

    /// Adds a setting as text, as flags have it: lists grow, of others the last counts.
    pub(crate) fn add(&mut self, name: &str, value: Node) {
        let name = name.replace('_', "-");
        let value = if value.is_null() {
            value
        } else if LISTS.contains(&&*name) {
            let mut items = self.map.get(&name).map_or_else(Vec::new, |before| before.items().to_vec());
            items.extend(split(&value));
            Node::list(items, value.at).named(value.name_at)
        } else if MAPS.contains(&&*name) {
            pairs(&value)
        } else {
            typed(value)
        };
        self.set(&name, value);
    }

    /// Sets a setting to a value as it is.
    pub(crate) fn set(&mut self, name: &str, value: Node) {
        let value = match (self.map.get(name).map(|before| &before.value), &value.value) {
            (Some(Value::Map(before)), Value::Map(more)) => {
                let mut joined = Map::clone(before);
                for entry in more.entries() {
                    joined.insert(entry.key.clone(), entry.value.clone());
                }
                Node { value: Value::Map(Arc::new(joined)), ..value }
            }
            _ => value,
        };
        self.map.insert(name, value);
    }

    /// Lays stronger settings over these.
    pub(crate) fn lay_over(&mut self, stronger: Self) {
        for entry in stronger.map.entries() {
            self.set(&entry.key, entry.value.clone());
        }
        self.map.rest = self.map.rest.take().or(stronger.map.rest);
    }

    /// Says that there may be more.
    pub(crate) fn open(&mut self, why: &str) {
        self.map.rest.get_or_insert_with(|| why.into());
    }

    /// The settings as a value. What is not set has the place `name_at`.
    pub(crate) fn into_node(self, at: Location, name_at: Location) -> Node {
        Node::map(self.map, at).named(name_at)
    }
}

/// The words behind a program in the order in which they are written, each with whether it is a flag. A flag is listed
/// in several spellings at one place; the one with its value counts.
fn words(command: &Node) -> Vec<(bool, &Node)> {
    let list = |key, is_flag| command.get(key).map_or(&[][..], Node::items).iter().map(move |word| (is_flag, word));
    let mut words: Vec<(bool, &Node)> = Vec::new();
    for (is_flag, word) in list("flags", true) {
        // The other spellings of a word stand right behind it, except where a script has no places of its own.
        let is_spelling = words.last().is_some_and(|(_, before)| {
            let (before, this) = (before.raw_text(), word.raw_text());
            before.zip(this).is_some_and(|(before, this)| before.split('=').next() == Some(&*this) && *before != *this)
        });
        if !is_spelling {
            words.push((is_flag, word));
        }
    }
    words.extend(list("args", false));
    words.sort_by_key(|(_, word)| word.at);
    words
}

/// What stands behind the first separator of a word.
fn after(word: &Node, separator: char) -> Node {
    let node = match &word.value {
        Value::Unresolved(unresolved) => {
            let mut parts = unresolved.parts.clone();
            if let Some(Part::Fixed(text)) = parts.first_mut() {
                *text = text.split_once(separator).map_or("", |(_, rest)| rest).into();
            }
            parts.retain(|part| !matches!(part, Part::Fixed(text) if text.is_empty()));
            Node::new(Value::Unresolved(Arc::new(Unresolved { parts, ..Unresolved::clone(unresolved) })), word.at)
        }
        _ => {
            let text = word.as_str().unwrap_or_default();
            let value = text.split_once(separator).map_or("", |(_, rest)| rest);
            Node::text(value.trim_matches(['"', '\'']), word.at)
        }
    };
    node.named(word.at)
}

/// A text as the boolean or number that it spells.
fn typed(value: Node) -> Node {
    let typed = match value.as_str() {
        Some("true") => Node::bool(true, value.at),
        Some("false") => Node::bool(false, value.at),
        Some(text) => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Node::int(number, value.at),
            _ => return value,
        },
        None => return value,
    };
    typed.named(value.name_at)
}

/// The parts of a list with commas.
fn split(value: &Node) -> Vec<Node> {
    match value.as_str() {
        Some(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| Node::text(part, value.at).named(value.name_at)).collect()
        }
        None => value.as_list().map_or_else(|| vec![value.clone()], <[Node]>::to_vec),
    }
}

/// The pairs of a list with commas.
fn pairs(value: &Node) -> Node {
    let Some(text) = value.as_str() else { return value.clone() };
    let mut map = Map::default();
    for (key, of_key) in text.split(',').filter_map(|pair| pair.trim().split_once('=')) {
        map.insert(key, typed(Node::text(of_key, value.at).named(value.name_at)));
    }
    Node::map(map, value.at).named(value.name_at)
}
