//! A document is a list of maps, one an instruction, in the order of the file, stages not grouped. A map has
//!
//! | key | value |
//! | --- | --- |
//! | `instruction` | the keyword in upper case |
//! | `flags` | a map of the `--name=value` flags; a flag without a value is true, a repeated one a list |
//! | `args` | the words of `FROM`, `EXPOSE`, `VOLUME`, `COPY`, `ADD`, ...; what the other instructions take as one text; the items of an exec form |
//! | `form` | of `RUN`, `CMD`, `ENTRYPOINT`, `SHELL`: `exec` or `shell` |
//! | `text` | of a shell form: the command, its lines joined |
//! | `heredocs` | a list of `delimiter`, `text` and `expand` (whether variables in it count) |
//! | `pairs` | of `ENV`, `ARG` and `LABEL`: names and values; null for an `ARG` without a default |
//! | `nested` | of `ONBUILD` and `HEALTHCHECK`: the instruction inside |
//!
//! where it has something to say. The place of a map's name is its keyword, that of a flag or pair its name. Words and
//! values are as written, quotes and variables included: `words` takes them apart, nothing is expanded here.
//! BuildKit's frontend decides what a line means. A line that it would refuse is left out with a diagnostic, or kept
//! when only the number of its arguments is wrong; the rest of the file goes on.
//!
//! Reading order: `lines` joins lines, `instruction` reads one, `words` splits its words.

mod instruction;
mod lines;
/// The words of a Dockerfile: quotes, escapes and variables.
pub mod words;

pub use lines::{escape_character, syntax};

use secscan_model::{Diagnostic, DiagnosticKind, Node, Source};

use crate::Parsed;

/// Extensions that tell something other than a Dockerfile which merely belongs to one, or a template of one.
const OTHERS: [&str; 24] = [
    "cs",
    "dockerignore",
    "erb",
    "go",
    "html",
    "j2",
    "java",
    "jinja2",
    "js",
    "json",
    "lock",
    "md",
    "mustache",
    "php",
    "py",
    "rb",
    "rs",
    "rst",
    "sh",
    "template",
    "tmpl",
    "tpl",
    "ts",
    "txt",
];

/// Whether a path looks like a Dockerfile: `Dockerfile`, `Containerfile`, `Dockerfile.web`, `web.dockerfile`.
pub fn claims(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    ["dockerfile", "containerfile"].into_iter().any(|word| {
        let is_variant = name.strip_prefix(word).is_some_and(|rest| match rest.rsplit_once('.') {
            None => rest.is_empty() || rest.starts_with(['-', '_']),
            Some((_, extension)) => rest.starts_with('.') && !OTHERS.contains(&extension),
        });
        is_variant || name.strip_suffix(word).is_some_and(|stem| stem.ends_with('.'))
    })
}

/// Whether a file is a Dockerfile by what is in it, where the name leaves that open: `Dockerfile.nanorc` may be the
/// colours of an editor. Without a `FROM` nothing builds it.
pub fn is_one(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_plain = ["dockerfile", "containerfile"].into_iter().any(|word| name.ends_with(word));
    let begins_stage =
        |line: &str| line.trim_start().get(..5).is_some_and(|word| word.trim_end().eq_ignore_ascii_case("from"));
    is_plain || text.lines().any(begins_stage)
}

/// Parses a file.
pub fn parse(source: &Source) -> Parsed {
    let text = match source.text() {
        Ok(text) => text,
        Err(error) => return Parsed::not_text(source, error),
    };
    if !is_one(&source.path, text) {
        let message = "named like a Dockerfile, but without `FROM`: it is taken for something else";
        let skipped = Diagnostic::new(DiagnosticKind::Skipped, message).path(source.path.clone());
        return Parsed { diagnostics: vec![skipped], ..Parsed::default() };
    }
    let (instructions, mut parsed) = instruction::Reader::new(source, text).read();
    let ends = instructions.first().zip(instructions.last());
    if let Some(span) = ends.map(|(first, last)| first.at.span.cover(last.at.span)) {
        parsed.documents.push(Node::list(instructions, source.at(span)));
    }
    parsed
}

#[cfg(test)]
mod tests;
