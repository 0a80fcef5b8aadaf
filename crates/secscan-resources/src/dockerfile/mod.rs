//! Dockerfiles.
//!
//! Reading order: [`read`] (instructions to stages) → [`variables`] (`ARG` and `ENV`) → [`stage`] (what a stage
//! accumulates) → [`mod@derive`] (commands, variables and images) → [`ignore`] (what a build never sees).
//!
//! Resources: `stage` (address: its name, else its number) > one of each instruction, of the kind of its keyword (the
//! stage's address; `global` before the first stage); `syntax` and `ignore-file`, which belong to no stage.

mod derive;
pub(crate) mod ignore;
mod stage;
#[cfg(test)]
mod tests;
mod variables;

use std::sync::Arc;

use secscan_model::{
    Diagnostic, DiagnosticKind, Edge, Location, Map, Node, Platform, Resource, ResourceId, Source, Value,
};
use secscan_parse::{Parsed, dockerfile};

use crate::{
    Batch,
    derived::{Deriving, Running},
};
use stage::Stage;
use variables::Scope;

/// The kind of the directive that names the program which reads the file.
const SYNTAX: &str = "syntax";

/// The address of what stands before the first stage.
const GLOBAL: &str = "global";

/// How many stages of a file are read: each may carry what all before it set.
const MAX_STAGES: usize = 500;

/// How many instructions of a file are read: each is a resource, which takes a thousand times the room of `RUN a`.
const MAX_INSTRUCTIONS: usize = 10_000;

/// Instructions whose words BuildKit expands; what the others hold is a shell's business.
const EXPANDED: &[&str] =
    &["ADD", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "ARG"];

/// Whether a file is a Dockerfile by its name.
pub(crate) fn claims(path: &str) -> bool {
    dockerfile::claims(path)
}

/// Reads the stages and instructions of a parsed Dockerfile.
pub(crate) fn read(source: &Source, parsed: &Parsed, batch: &mut Batch, diagnostics: &mut Vec<Diagnostic>) {
    let text = source.text().unwrap_or_default();
    if !dockerfile::is_one(&source.path, text) {
        return;
    }
    let escape = dockerfile::escape_character(text);
    let unit: Arc<str> = format!("dockerfile:{}", source.path).into();
    let mut reading = Reading {
        source,
        unit,
        escape,
        batch,
        diagnostics,
        global: Scope::default(),
        stages: Vec::new(),
        pending: Vec::new(),
    };
    reading.syntax();
    for (number, instruction) in parsed.documents.iter().flat_map(Node::items).enumerate() {
        if number == MAX_INSTRUCTIONS {
            let message = format!("a Dockerfile of more than {MAX_INSTRUCTIONS} instructions: the rest was not judged");
            reading.report(DiagnosticKind::Limit, instruction.name_at, &message);
            break;
        }
        if reading.stages.len() == MAX_STAGES && instruction.get("instruction").and_then(Node::as_str) == Some("FROM") {
            let message = format!("a Dockerfile of more than {MAX_STAGES} stages: the rest was not judged");
            reading.report(DiagnosticKind::Limit, instruction.name_at, &message);
            break;
        }
        reading.instruction(instruction);
    }
    reading.finish();
}

/// One file while it is read.
struct Reading<'a> {
    source: &'a Source,
    unit: Arc<str>,
    escape: char,
    batch: &'a mut Batch,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The arguments before the first stage.
    global: Scope,
    stages: Vec<Stage>,
    /// Instructions from which something is derived once the stages are known.
    pending: Vec<Pending>,
}

/// An instruction, and what held where it stands.
struct Pending {
    id: ResourceId,
    stage: Option<usize>,
    user: Option<Node>,
    shell: Option<Node>,
}

impl Reading<'_> {
    /// The program that reads the file, where a directive names one.
    fn syntax(&mut self) {
        let Ok(text) = self.source.text() else { return };
        let Some(span) = dockerfile::syntax(text) else { return };
        let at = self.source.at(span);
        let image = Node::text(text.get(span.range()).unwrap_or_default(), at).named(at);
        let map: Map = [("image".into(), image)].into_iter().collect();
        self.push(SYNTAX, GLOBAL.into(), Node::map(map, at).named(at), None);
    }

    fn instruction(&mut self, written: &Node) {
        let Some(keyword) = written.get("instruction").and_then(Node::as_str) else { return };
        let scope = match self.stages.last() {
            Some(stage) if keyword != "FROM" => &stage.scope,
            _ => &self.global,
        };
        let value = expanded(written, keyword, scope, self.escape);
        if keyword == "FROM" {
            self.begin_stage(&value);
        } else if self.stages.is_empty() && keyword != "ARG" {
            self.report(
                DiagnosticKind::Syntax,
                value.name_at,
                "an instruction before the first `FROM` belongs to no stage",
            );
        }
        let number = self.stages.len().checked_sub(1);
        let (owner, address) = match self.stages.last_mut() {
            Some(stage) => {
                stage.take(keyword, &value, &self.global, self.source);
                (Some(stage.id), stage.address.clone())
            }
            None => {
                self.global.declare_all(&value, &Scope::default());
                (None, GLOBAL.into())
            }
        };
        let id = self.push(keyword, address, value, owner);
        let stage = self.stages.last();
        let (user, shell) = (stage.and_then(|stage| stage.user.clone()), stage.and_then(|stage| stage.shell.clone()));
        self.pending.push(Pending { id, stage: number, user, shell });
    }

    fn begin_stage(&mut self, from: &Node) {
        let words = from.get("args").map_or(&[][..], Node::items);
        let as_name = words.get(1).and_then(Node::as_str).is_some_and(|word| word.eq_ignore_ascii_case("as"));
        let alias = words.get(2).filter(|_| as_name).cloned();
        let base = words.first().cloned();
        let parent = base.as_ref().and_then(Node::as_str).and_then(|name| self.stage_named(name));
        let number = self.stages.len().to_string();
        let name = alias.unwrap_or_else(|| Node::text(number, from.name_at));
        let address: Arc<str> = name.raw_text().unwrap_or_default().as_ref().into();
        let id = self.push("stage", address.clone(), from.clone(), None);
        let mut stage = match parent.and_then(|parent| self.stages.get(parent)) {
            Some(parent) => {
                self.batch.edges.push(Edge { from: id, path: "base".into(), to: parent.id });
                parent.child(id, address, name, base)
            }
            None => Stage::new(id, address, name, base),
        };
        stage.from = from.at;
        self.stages.push(stage);
    }

    /// The number of the last stage of a name; names have no case.
    fn stage_named(&self, name: &str) -> Option<usize> {
        self.stages.iter().rposition(|stage| stage.address.eq_ignore_ascii_case(name))
    }

    fn push(&mut self, kind: &str, address: Arc<str>, value: Node, owner: Option<ResourceId>) -> ResourceId {
        self.batch.push(Resource {
            platform: Platform::Dockerfile,
            kind: kind.into(),
            address,
            part: "".into(),
            at: value.at,
            value,
            unit: self.unit.clone(),
            owner,
            opaque: None,
        })
    }

    /// Gives the stages their values and derives from the instructions.
    fn finish(&mut self) {
        if self.stages.is_empty() {
            self.report(
                DiagnosticKind::Syntax,
                self.source.at(Default::default()),
                "there is no `FROM`: no stage was judged",
            );
        }
        for (number, stage) in self.stages.iter().enumerate() {
            let is_taken =
                self.stages[..number].iter().any(|earlier| earlier.address.eq_ignore_ascii_case(&stage.address));
            let value = stage.value(number + 1 == self.stages.len(), is_taken);
            if let Some(resource) = self.batch.resources.get_mut(stage.id.0 as usize) {
                (resource.at, resource.value) = (value.at, value);
            }
        }
        for pending in std::mem::take(&mut self.pending) {
            self.derive(pending);
        }
    }

    fn derive(&mut self, pending: Pending) {
        let Some(resource) = self.batch.resources.get(pending.id.0 as usize) else { return };
        let (keyword, mut instruction) = (resource.kind.clone(), resource.value.clone());
        let stage = pending.stage.and_then(|number| self.stages.get(number));
        if let Some(stage) = stage.filter(|_| &*keyword == "CMD") {
            instruction = stage.started_by(&instruction);
        }
        // What runs with the image runs as the user that the stage ends with, wherever its instruction stands.
        let later = matches!(&*keyword, "CMD" | "ENTRYPOINT" | "HEALTHCHECK");
        let user = if later { stage.and_then(|stage| stage.user.clone()) } else { pending.user };
        let shell = pending.shell.unwrap_or_else(|| {
            let windows = stage.is_some_and(Stage::is_windows);
            Node::text(if windows { "cmd" } else { "sh" }, instruction.name_at)
        });
        let earlier = self.stages.get(..pending.stage.unwrap_or_default()).unwrap_or_default();
        let mut edges = Vec::new();
        if let Some(mut deriving) = Deriving::from(self.batch, pending.id, self.source) {
            let running = Running { shell: Some(&shell), user: user.as_ref() };
            let mut found = |to: ResourceId, path: &str| {
                edges.extend(stage.map(|stage| Edge { from: stage.id, path: path.into(), to }));
            };
            derive::instruction(&mut deriving, &instruction, running, earlier, &mut found);
        }
        self.batch.edges.extend(edges);
    }

    fn report(&mut self, kind: DiagnosticKind, at: Location, what: &str) {
        let diagnostic = Diagnostic::new(kind, what).path(self.source.path.clone());
        self.diagnostics.push(diagnostic.at(at).blinds(Platform::Dockerfile));
    }
}

/// An instruction with the variables in its words, pairs and flags replaced.
fn expanded(written: &Node, keyword: &str, scope: &Scope, escape: char) -> Node {
    if !EXPANDED.contains(&keyword) {
        return written.clone();
    }
    let expand = |node: &Node| scope.expand(node, escape);
    let all = |node: &Node| match &node.value {
        Value::List(items) => Node { value: Value::List(Arc::new(items.iter().map(expand).collect())), ..node.clone() },
        _ => expand(node),
    };
    let within = |node: &Node| {
        let entries = node.entries().iter().map(|entry| (entry.key.clone(), all(&entry.value)));
        Node { value: Value::Map(Arc::new(entries.collect())), ..node.clone() }
    };
    let mut value = written.clone();
    if let Value::Map(map) = &mut value.value {
        let map = Arc::make_mut(map);
        for key in ["args", "flags", "pairs"] {
            let new = map.get(key).map(|node| if key == "args" { all(node) } else { within(node) });
            new.into_iter().for_each(|new| drop(map.insert(key, new)));
        }
        if matches!(keyword, "COPY" | "ADD") {
            split_target(map);
        }
    }
    value
}

/// The words of a `COPY` or `ADD` as `sources` and `target`, which is the last one.
fn split_target(instruction: &mut Map) {
    let Some(words) = instruction.get("args").cloned() else { return };
    if let Some((target, sources)) = words.as_list().and_then(<[Node]>::split_last) {
        instruction.push_new("target", target.clone());
        instruction.push_new("sources", Node { value: Value::List(Arc::new(sources.to_vec())), ..words.clone() });
    }
}
