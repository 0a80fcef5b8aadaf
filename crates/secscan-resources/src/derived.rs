//! The common kinds that Dockerfiles, Compose files and workflows derive in the same way: `command`, `env-var`,
//! `image-ref`. What their attributes mean is said in [`secscan_model::vocabulary`].

use std::sync::Arc;

use secscan_model::{Location, Map, Node, Platform, Resource, ResourceId, Source};

use crate::{
    Batch,
    computed::{self, Text, shell},
};

/// The resource that common resources are derived from, and where they go.
pub(crate) struct Deriving<'a> {
    batch: &'a mut Batch,
    source: &'a Source,
    id: ResourceId,
    platform: Platform,
    address: Arc<str>,
    unit: Arc<str>,
}

/// How a command is started.
#[derive(Clone, Copy, Default)]
pub(crate) struct Running<'a> {
    /// The shell that reads it, where that is known; `exec` for none.
    pub(crate) shell: Option<&'a Node>,
    /// The user that it runs as, where that is known.
    pub(crate) user: Option<&'a Node>,
}

impl<'a> Deriving<'a> {
    /// Derives from a resource of the batch. `source` is the file that its values stand in.
    pub(crate) fn from(batch: &'a mut Batch, id: ResourceId, source: &'a Source) -> Option<Self> {
        let owner = batch.resources.get(id.0 as usize)?;
        let (platform, address, unit) = (owner.platform, owner.address.clone(), owner.unit.clone());
        Some(Self { batch, source, id, platform, address, unit })
    }

    /// The files that the values stand in.
    pub(crate) fn sources(&self) -> &'a [Source] {
        std::slice::from_ref(self.source)
    }

    /// Adds a common resource. `part` tells it apart from the others of its owner.
    pub(crate) fn push(&mut self, kind: &str, part: &str, value: Node) {
        let mut map = value.as_map().cloned().unwrap_or_default();
        map.insert("platform", Node::text(self.platform.as_str(), value.name_at));
        self.batch.push(Resource {
            platform: Platform::Common,
            kind: kind.into(),
            address: self.address.clone(),
            part: part.into(),
            at: whole(&value),
            value: Node::map(map, value.at).named(value.name_at),
            unit: self.unit.clone(),
            owner: Some(self.id),
            opaque: None,
        });
    }

    /// Adds an environment variable; `kind` is `env` or `arg`.
    pub(crate) fn env_var(&mut self, name: Node, value: Option<Node>, kind: &str) {
        let part = format!("{kind}.{}", name.raw_text().unwrap_or_default());
        let at = value.as_ref().map_or(name.at, |value| value.at);
        let name_at = name.at;
        let mut map = Map::with_capacity(4);
        map.push_new("name", name);
        value.into_iter().for_each(|value| map.push_new("value", value));
        map.push_new("kind", Node::text(kind, name_at));
        self.push("env-var", &part, Node::map(map, at).named(name_at));
    }

    /// Adds the environment variables of a map of names and values.
    pub(crate) fn env_map(&mut self, env: &Node) {
        for entry in env.entries() {
            let value = Some(entry.value.clone()).filter(|value| !value.is_null());
            self.env_var(Node::text(entry.key.clone(), entry.value.name_at), value, "env");
        }
    }

    /// Adds a reference to an image, when the value is one.
    pub(crate) fn image_ref(&mut self, reference: &Node, role: &str, part: &str) {
        let image = computed::child("image", reference, self.sources());
        let Some(image) = image else { return };
        let mut map = Map::with_capacity(7);
        map.push_new("reference", reference.clone());
        for key in ["registry", "name", "tag", "digest"] {
            let unknown = || image.as_unresolved().map(|_| image.clone());
            image.get(key).cloned().or_else(unknown).into_iter().for_each(|value| map.push_new(key, value));
        }
        map.push_new("role", Node::text(role, reference.name_at));
        self.push("image-ref", part, Node::map(map, reference.at).named(reference.name_at));
    }

    /// Adds the commands of a value: shell text, or a list of words that starts one program. The script of another
    /// language is not split: it is one command, the interpreter's.
    pub(crate) fn commands(&mut self, of: &Node, running: Running<'_>, part: &str) {
        let program = running.shell.and_then(Node::as_str).filter(|_| of.as_list().is_none());
        let interpreter = program.filter(|program| *program != "exec" && !shell::is_shell(program));
        let commands = match of.as_list() {
            _ if interpreter.is_some() => vec![script(of, interpreter.unwrap_or_default())],
            Some(words) => shell::exec(words, of.at, self.sources()),
            None => match Text::new(of, self.sources()) {
                Some(text) => shell::commands(&text),
                None => of.as_unresolved().map(|_| of.clone()).into_iter().collect(),
            },
        };
        let exec = Node::text("exec", of.at);
        let shell = if of.as_list().is_some() { Some(&exec) } else { running.shell };
        self.listed(commands, Running { shell, ..running }, part);
    }

    /// Adds commands as they were listed.
    pub(crate) fn listed(&mut self, commands: Vec<Node>, running: Running<'_>, part: &str) {
        for (index, command) in commands.into_iter().enumerate() {
            let at = command.at;
            // Of a command that cannot be read, all that is known is that it is one.
            let mut map = match command.as_map() {
                Some(map) => map.clone(),
                None => [("text".into(), command.clone()), ("name".into(), command.clone())].into_iter().collect(),
            };
            for (key, value) in [("user", running.user), ("shell", running.shell)] {
                value.into_iter().for_each(|value| map.push_new(key, value.clone()));
            }
            // The program may be named elsewhere: a `CMD` continues an `ENTRYPOINT`.
            let name_at = if at.span.contains(command.name_at.span) { command.name_at } else { at };
            self.push("command", &format!("{part}.{}", index + 1), Node::map(map, at).named(name_at));
        }
    }
}

/// A script as the one command of its interpreter.
fn script(of: &Node, interpreter: &str) -> Node {
    let args = Node::list(vec![of.clone()], of.at);
    let entries = [("text", of.clone()), ("name", Node::text(interpreter, of.at)), ("args", args)];
    let map: Map = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
    Node::map(map, of.at).named(of.name_at)
}

/// A value together with what names it, when both stand in one file.
pub(crate) fn whole(value: &Node) -> Location {
    if value.at.source != value.name_at.source {
        return value.at;
    }
    Location { source: value.at.source, span: value.at.span.cover(value.name_at.span) }
}

/// The narrow place that stands for an item of a list: its first key.
pub(crate) fn first_key(item: &Node) -> Location {
    item.entries().first().map_or(item.name_at, |entry| entry.value.name_at)
}
