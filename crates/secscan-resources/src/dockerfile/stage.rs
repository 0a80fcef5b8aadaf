//! What a stage accumulates from its instructions and from the stage that it is based on.

use std::{ops::Range, sync::Arc};

use secscan_model::{Location, Map, Node, ResourceId, Source, Value};

use super::variables::Scope;
use crate::computed::Text;

/// How many ports a stage shows.
const MAX_PORTS: usize = 1_000;

/// A stage while its instructions are read.
pub(super) struct Stage {
    pub(super) id: ResourceId,
    /// Its name, else its number.
    pub(super) address: Arc<str>,
    name: Node,
    base: Option<Node>,
    /// The instruction that begins it.
    pub(super) from: Location,
    pub(super) scope: Scope,
    /// The last `USER` without its group.
    pub(super) user: Option<Node>,
    /// The program of the last `SHELL`.
    pub(super) shell: Option<Node>,
    workdir: Option<Node>,
    exposes: Vec<Node>,
    healthcheck: Option<Node>,
    /// The words of the last `ENTRYPOINT`, when it is a list.
    entrypoint: Option<Node>,
    instructions: Vec<Node>,
}

impl Stage {
    pub(super) fn new(id: ResourceId, address: Arc<str>, name: Node, base: Option<Node>) -> Self {
        Self {
            id,
            address,
            from: name.at,
            name,
            base,
            scope: Scope::default(),
            user: None,
            shell: None,
            workdir: None,
            exposes: Vec::new(),
            healthcheck: None,
            entrypoint: None,
            instructions: Vec::new(),
        }
    }

    /// A stage that is based on this one: it begins with all that this one ends with.
    pub(super) fn child(&self, id: ResourceId, address: Arc<str>, name: Node, base: Option<Node>) -> Self {
        Self {
            scope: self.scope.clone(),
            user: self.user.clone(),
            shell: self.shell.clone(),
            workdir: self.workdir.clone(),
            exposes: self.exposes.clone(),
            healthcheck: self.healthcheck.clone(),
            entrypoint: self.entrypoint.clone(),
            ..Self::new(id, address, name, base)
        }
    }

    /// Whether its base is known to be an image of Windows, by the names that Microsoft publishes.
    pub(super) fn is_windows(&self) -> bool {
        let base = self.base.as_ref().and_then(Node::raw_text).unwrap_or_default().to_ascii_lowercase();
        ["windows", "nanoserver"].iter().any(|word| base.contains(word))
    }

    /// Takes in what an instruction changes.
    pub(super) fn take(&mut self, keyword: &str, instruction: &Node, global: &Scope, source: &Source) {
        let words = instruction.get("args").map_or(&[][..], Node::items);
        match keyword {
            "ARG" => self.scope.declare_all(instruction, global),
            "ENV" => {
                for pair in instruction.get("pairs").map_or(&[][..], Node::entries) {
                    self.scope.set(&pair.key, pair.value.clone());
                }
            }
            "USER" => self.user = words.first().map(|user| before(user, ':', source)),
            "WORKDIR" => self.workdir = words.first().map(|folder| self.joined(folder)),
            "EXPOSE" => {
                let room = MAX_PORTS.saturating_sub(self.exposes.len());
                self.exposes.extend(words.iter().take(room).map(|port| self::port(port, source)));
            }
            "SHELL" => self.shell = words.first().map(program),
            "ENTRYPOINT" => self.entrypoint = instruction.get("args").cloned(),
            "HEALTHCHECK" => {
                let none = words.first().and_then(Node::as_str).is_some_and(|word| word.eq_ignore_ascii_case("none"));
                self.healthcheck = (!none).then(|| instruction.clone());
            }
            _ => {}
        }
        self.instructions.push(instruction.clone());
    }

    /// What a list of words in `CMD` starts: they are the arguments of an `ENTRYPOINT` that is a list.
    pub(super) fn started_by(&self, cmd: &Node) -> Node {
        let mut started = cmd.clone();
        if let (Some(before), Some(words), Value::Map(map)) = (&self.entrypoint, cmd.get("args"), &mut started.value) {
            let all = before.items().iter().chain(words.items()).cloned().collect();
            Arc::make_mut(map).insert("args", Node::list(all, words.at).named(words.name_at));
        }
        started
    }

    /// A working directory: a relative one continues the one before.
    fn joined(&self, folder: &Node) -> Node {
        let known = |node: &Node| node.as_str().map(str::to_owned);
        match (known(folder), self.workdir.as_ref().map(known)) {
            (Some(path), Some(Some(before))) if !path.starts_with(['/', '\\']) && !path.contains(':') => {
                let path = format!("{}/{path}", before.trim_end_matches('/'));
                Node { value: Node::text(path, folder.at).value, ..folder.clone() }
            }
            _ => folder.clone(),
        }
    }

    /// The attributes of the stage, at the place of all its instructions; its header is the `FROM`. `is_taken` says whether
    /// an earlier stage has its name.
    pub(super) fn value(&self, is_final: bool, is_taken: bool) -> Node {
        let end = self.instructions.last().map_or(self.from, |last| last.at);
        let at = Location { source: self.from.source, span: self.from.span.cover(end.span) };
        let mut map = Map::with_capacity(11);
        let mut set = |key: &str, value: Option<Node>| value.into_iter().for_each(|value| map.push_new(key, value));
        set("name", Some(self.name.clone()));
        set("base", self.base.clone());
        set("user", self.user.clone());
        let user_at = self.user.as_ref().map_or(self.from, |user| user.at);
        set("user-set", Some(Node::bool(self.user.is_some(), user_at)));
        set("workdir", self.workdir.clone());
        let env = self.scope.env();
        set("env", (!env.is_empty()).then(|| Node::map(env, at).named(self.from)));
        let exposes = || Node::list(self.exposes.clone(), at).named(self.from);
        set("exposes", (!self.exposes.is_empty()).then(exposes));
        set("healthcheck", self.healthcheck.clone());
        set("name-taken", Some(Node::bool(is_taken, self.name.at)));
        set("final", Some(Node::bool(is_final, self.from)));
        set("instructions", Some(Node::list(self.instructions.clone(), at).named(self.from)));
        Node::map(map, at).named(self.from)
    }
}

/// The part of a text before a separator.
fn before(of: &Node, separator: char, source: &Source) -> Node {
    part(of, source, |text| 0..text.find(separator).unwrap_or(text.len()))
}

fn part(of: &Node, source: &Source, range: impl Fn(&str) -> Range<usize>) -> Node {
    let Some(text) = Text::new(of, std::slice::from_ref(source)) else { return of.clone() };
    let range = range(text.opaque());
    if range.len() == text.raw().len() {
        return of.clone();
    }
    Node { extra: of.extra.clone(), ..text.node(range) }.named(of.name_at)
}

/// A port as a number where it is one; `/tcp`, which goes without saying, is left out.
fn port(of: &Node, source: &Source) -> Node {
    let port = part(of, source, |text| 0..text.strip_suffix("/tcp").unwrap_or(text).len());
    match port.as_int() {
        Some(number) => Node { value: Node::int(number, port.at).value, ..port },
        None => port,
    }
}

/// The name of a shell: `powershell` for `C:\\Windows\\powershell.exe`.
fn program(of: &Node) -> Node {
    let Some(text) = of.as_str() else { return of.clone() };
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text).to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    Node { value: Node::text(name, of.at).value, ..of.clone() }
}
