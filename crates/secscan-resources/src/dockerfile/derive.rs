//! What instructions run, set and name.

use secscan_model::{Node, ResourceId};

use super::stage::Stage;
use crate::{
    computed::shell,
    derived::{Deriving, Running},
};

/// Adds what is derived from an instruction. `earlier` are the stages before its own; `refers` is told those that it
/// takes files from.
pub(super) fn instruction(
    deriving: &mut Deriving<'_>,
    instruction: &Node,
    running: Running<'_>,
    earlier: &[Stage],
    refers: &mut impl FnMut(ResourceId, &str),
) {
    let keyword = instruction.get("instruction").and_then(Node::as_str).unwrap_or_default();
    match keyword {
        "RUN" | "CMD" | "ENTRYPOINT" => commands(deriving, instruction, running),
        "HEALTHCHECK" | "ONBUILD" => {
            if let Some(nested) = instruction.get("nested") {
                self::instruction(deriving, nested, running, earlier, refers);
            }
        }
        "ENV" | "ARG" | "LABEL" => variables(deriving, instruction, keyword),
        "FROM" => {
            let base = instruction.get("args").and_then(|words| words.items().first());
            let base = base.filter(|base| base.as_str() != Some("scratch") && stage_of(base, earlier, false).is_none());
            base.into_iter().for_each(|base| deriving.image_ref(base, "base", "base"));
        }
        _ => {}
    }
    if let Some(from) = instruction.at_path(&["flags", "from"]) {
        copied(deriving, from, "from", earlier, refers);
    }
    let mounts = instruction.at_path(&["flags", "mount"]).map_or(&[][..], Node::items);
    for (index, mount) in mounts.iter().enumerate() {
        let from =
            mount.as_str().and_then(|options| options.split(',').find_map(|option| option.strip_prefix("from=")));
        if let Some(from) = from {
            let from = Node::text(from, mount.at).named(mount.name_at);
            copied(deriving, &from, &format!("mount.{}", index + 1), earlier, refers);
        }
    }
}

/// The stage that a word names: by its name or, where that is allowed, by its number.
fn stage_of(word: &Node, earlier: &[Stage], by_number: bool) -> Option<ResourceId> {
    let word = word.as_str()?;
    let named = earlier.iter().rfind(|stage| stage.address.eq_ignore_ascii_case(word));
    let numbered = || earlier.get(word.parse::<usize>().ok().filter(|_| by_number)?);
    named.or_else(numbered).map(|stage| stage.id)
}

/// A stage or an image that files are taken from.
fn copied(
    deriving: &mut Deriving<'_>,
    from: &Node,
    part: &str,
    earlier: &[Stage],
    refers: &mut impl FnMut(ResourceId, &str),
) {
    match stage_of(from, earlier, true) {
        Some(stage) => refers(stage, "from"),
        None if from.as_str() == Some("scratch") => {}
        None => deriving.image_ref(from, "copy-from", part),
    }
}

fn variables(deriving: &mut Deriving<'_>, instruction: &Node, keyword: &str) {
    for pair in instruction.get("pairs").map_or(&[][..], Node::entries) {
        let value = Some(pair.value.clone()).filter(|value| !value.is_null());
        deriving.env_var(Node::text(pair.key.clone(), pair.value.name_at), value, &keyword.to_ascii_lowercase());
    }
}

/// The commands of a shell form, an exec form, and of here-documents that a shell reads.
fn commands(deriving: &mut Deriving<'_>, instruction: &Node, running: Running<'_>) {
    if let Some(words) = instruction.get("args") {
        return deriving.commands(words, running, "exec");
    }
    let Some(text) = instruction.get("text") else { return };
    let written = text.as_str().unwrap_or_default().trim_start();
    let documents = instruction.get("heredocs").map_or(&[][..], Node::items);
    let program = written.split_whitespace().next().unwrap_or_default();
    let script = written.starts_with("<<") || shell::is_shell(program.rsplit('/').next().unwrap_or_default());
    if !written.starts_with("<<") {
        deriving.commands(text, running, "run");
    }
    for (index, document) in documents.iter().filter(|_| script).enumerate() {
        if let Some(body) = document.get("text") {
            heredoc(deriving, body, running, &format!("heredoc.{}", index + 1));
        }
    }
}

/// A script in a here-document; its first line may name another interpreter.
fn heredoc(deriving: &mut Deriving<'_>, body: &Node, running: Running<'_>, part: &str) {
    let first = body.as_str().unwrap_or_default().lines().next().unwrap_or_default();
    let interpreter = first.strip_prefix("#!").map(|line| line.split_whitespace());
    let interpreter = interpreter.and_then(|mut words| {
        let program = words.next()?.rsplit('/').next()?;
        // `#!/usr/bin/env NAME`
        if program == "env" { words.find(|word| !word.starts_with('-')) } else { Some(program) }
    });
    let named = interpreter.map(|program| Node::text(program, body.at));
    deriving.commands(body, Running { shell: named.as_ref().or(running.shell), ..running }, part);
}
