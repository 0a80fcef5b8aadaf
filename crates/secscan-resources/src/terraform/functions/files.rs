//! Functions that read files. They see the files of the scan and nothing else; paths are relative to the root module.

use globset::GlobBuilder;
use secscan_model::{Location, Node, Source, Value};

use super::super::File;
use super::super::evaluator::{Evaluator, Scope};
use super::super::module::{Unit, joined};
use super::super::sets::set;
use super::super::value::{Failure, Outcome, fail, text, unresolved_by};
use super::{MAX_ITEMS, digests};
use secscan_parse::hcl;

/// The functions, with how many arguments they take.
const FUNCTIONS: [(&str, usize); 14] = [
    ("abspath", 1),
    ("file", 1),
    ("filebase64", 1),
    ("filebase64sha256", 1),
    ("filebase64sha512", 1),
    ("fileexists", 1),
    ("filemd5", 1),
    ("fileset", 2),
    ("filesha1", 1),
    ("filesha256", 1),
    ("filesha512", 1),
    ("pathexpand", 1),
    ("templatefile", 2),
    ("templatestring", 2),
];

/// Whether a function is one of these.
pub(super) fn is_one(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, _)| *known == name)
}

impl<'a> Evaluator<'a> {
    /// The value of a call of such a function.
    pub(super) fn file_function(&mut self, name: &str, args: &[Node], at: Location, scope: Scope<'_>) -> Outcome {
        let takes = FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, takes)| *takes);
        if takes != Some(args.len()) {
            return fail(format!("`{name}` does not take {} arguments", args.len()));
        }
        if let Some(unknown) = args.iter().find(|arg| arg.as_unresolved().is_some()) {
            return Ok(unresolved_by(unknown, at));
        }
        let path = text(&args[0])?;
        match name {
            "templatestring" => return self.template_text(&path, &args[1], at, scope),
            "pathexpand" if !path.starts_with('~') => return Ok(Node::text(path, at)),
            "abspath" if path.starts_with('/') => return Ok(Node::text(cleaned(&path), at)),
            "abspath" | "pathexpand" => {
                return Ok(Node::unresolved(format!("what `{name}` gives depends on the machine"), at));
            }
            _ => {}
        }
        let Some(path) = joined(&self.frames[0].folder, &path) else {
            return Ok(Node::unresolved(format!("`{path}` is outside of this scan"), at));
        };
        match name {
            "fileexists" => Ok(match self.files.exists(&path) {
                Some(exists) => Node::bool(exists, at),
                None => Node::unresolved("the files of this scan are not known", at),
            }),
            "fileset" => self.file_set(&path, &text(&args[1])?, at),
            _ => match self.files.source(&path) {
                Some(source) => self.contents(name, source, args, at, scope),
                None if self.files.exists(&path) == Some(false) => {
                    fail(format!("there is no file `{path}` in this scan"))
                }
                None => Ok(Node::unresolved(format!("`{path}` is not read"), at)),
            },
        }
    }

    fn contents(&mut self, name: &str, source: Source, args: &[Node], at: Location, scope: Scope<'_>) -> Outcome {
        if let Err(too_much) = self.spend(source.bytes.len() / 16, at) {
            return Ok(too_much);
        }
        if let Some(digest) = digests::of_file(name, &source.bytes) {
            return Ok(Node::text(digest, at));
        }
        self.know_source(&source);
        let whole = source.at(secscan_model::Span::new(0, source.bytes.len()));
        let Ok(text) = source.text() else { return fail(format!("`{}` is no text", source.path)) };
        if text.len() > super::super::template::MAX_TEXT {
            return Ok(Node::unresolved("the text is too long", at));
        }
        if name == "templatefile" {
            let Some(template) = hcl::template(text, hcl::Offsets::Same) else {
                return fail(format!("`{}` is no template", source.path));
            };
            let file = File::default();
            let value = self.filled(&template, Unit { source: &source, file: &file }, &args[1], scope)?;
            return Ok(Node { at, name_at: at, ..value });
        }
        let mut node = Node::text(text, whole);
        node.extra_mut().via = vec![at];
        Ok(node)
    }

    /// `templatestring`.
    fn template_text(&mut self, text: &str, values: &Node, at: Location, scope: Scope<'_>) -> Outcome {
        let Some(template) = hcl::template(text, hcl::Offsets::Same) else { return fail("the text is no template") };
        let source = Source::from_text(at.source, &scope.unit.source.path, text);
        let file = File::default();
        // Places within the text are none in the file.
        self.trying += 1;
        let value = self.filled(&template, Unit { source: &source, file: &file }, values, scope);
        self.trying -= 1;
        let value = value.map_err(|failure| Failure { at: Some(at), ..failure })?;
        Ok(Node { at, name_at: at, ..value })
    }

    /// The value of a template that sees the keys of a map as names, and nothing else.
    fn filled(
        &mut self,
        template: &hcl::syntax::Expression,
        unit: Unit<'_>,
        values: &Node,
        scope: Scope<'_>,
    ) -> Outcome {
        if scope.template.is_some() {
            return fail("a template cannot fill another one");
        }
        let Value::Map(map) = &values.value else { return fail("the values of a template are a map") };
        self.attempt(template, Scope { frame: scope.frame, unit, names: None, template: Some(map) })
    }

    /// The files below a folder that a pattern describes.
    fn file_set(&mut self, folder: &str, pattern: &str, at: Location) -> Outcome {
        let Some(paths) = self.files.below(folder) else {
            return Ok(Node::unresolved("the files of this scan are not known", at));
        };
        if let Err(too_much) = self.spend(paths.len(), at) {
            return Ok(too_much);
        }
        let pattern = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
        let Ok(pattern) = pattern else { return fail("the pattern is not well-formed") };
        let matcher = pattern.compile_matcher();
        let skipped = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let found = paths.iter().filter_map(|path| path.get(skipped..)).filter(|path| matcher.is_match(path));
        let found: Vec<Node> = found.take(MAX_ITEMS).map(|path| Node::text(path, at)).collect();
        set(found, at)
    }
}

/// An absolute path without `.`, `..` and empty parts.
fn cleaned(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
