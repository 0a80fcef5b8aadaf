//! `requirements.txt` (<https://pip.pypa.io/en/stable/reference/requirements-file-format/>).
//!
//! Each requirement with an exact version is a package too. Constraint files fix versions for those that include them
//! and ask for nothing themselves.

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Map, Node, Source, Span};

use super::lockfile::Lockfile;
use super::manifest::Manifest;
use super::python::{exact_version, requirement, source_of};
use super::text::Text;

use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

const FORMAT: &str = "requirements.txt";

/// Another file that counts as a part of this one.
#[derive(Debug)]
pub(crate) struct Include {
    /// The path as it is written, relative to the file.
    pub(crate) path: Written,
    /// Whether it only fixes versions.
    pub(crate) is_constraint: bool,
}

/// Reads a requirements file.
pub(super) fn read(source: &Source, contents: &mut Contents) {
    let (Some(_), Ok(text)) = (Text::new(source, contents), source.text()) else { return };
    let mut reader = Reader { source, manifest: Manifest::default(), sources: Vec::new() };
    let lines = logical_lines(text, &mut contents.comments);
    for words in &lines {
        reader.line(words, text, contents);
    }
    // Constraints are a word of databases and of physics too.
    let is_named = source.path.contains("requirement");
    if !is_named && contents.diagnostics.len() > reader.manifest.requirements.len() {
        let message = "named like pip's constraints, but most lines are none: it is taken for something else";
        let skipped = Diagnostic::new(DiagnosticKind::Skipped, message).path(source.path.clone());
        *contents = Contents { diagnostics: vec![skipped], ..Contents::default() };
        return;
    }
    let mut lockfile = Lockfile::default();
    let is_constraint = source.file_name().contains("constraint");
    for requirement in reader.manifest.requirements.iter().filter(|_| !is_constraint) {
        lockfile.packages.extend(package(requirement));
    }
    if let Some(first) = reader.sources.first() {
        let at = first.at;
        reader.manifest.more.push(("sources", Node::list(reader.sources, at)));
    }
    contents.lockfile = Some(lockfile);
    contents.manifest = Some(reader.manifest);
}

/// The package of a requirement that leaves nothing open.
pub(super) fn package(requirement: &super::manifest::Requirement) -> Option<Package> {
    let version = requirement.versions.as_ref().and_then(exact_version);
    let elsewhere = requirement.source.as_ref().filter(|source| source.kind != SourceKind::Path);
    if version.is_none() && elsewhere.is_none() {
        return None;
    }
    let name = Written::new(Ecosystem::Pypi.normal(&requirement.name.text), requirement.name.at);
    let end =
        if requirement.at().source == requirement.name.at.source { requirement.at() } else { requirement.name.at };
    let span = requirement.name.at.span.cover(end.span);
    let mut package =
        Package::new(Ecosystem::Pypi, FORMAT, name, secscan_model::Location { span, ..requirement.name.at });
    package.version = version;
    package.integrity.clone_from(&requirement.integrity);
    package.source = requirement.source.clone().or(Some(PackageSource::of_kind(SourceKind::Registry)));
    Some(package)
}

/// The words of each line; a backslash at its end joins the next line. A comment begins at `#` behind a blank.
fn logical_lines(text: &str, comments: &mut Vec<Comment>) -> Vec<Vec<Span>> {
    let mut lines: Vec<Vec<Span>> = vec![Vec::new()];
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let comment =
            content.match_indices('#').map(|(at, _)| at).find(|at| content[..*at].ends_with([' ', '\t']) || *at == 0);
        let comment = comment.filter(|at| !content[..*at].contains("://") || content[..*at].ends_with([' ', '\t']));
        let code = &content[..comment.unwrap_or(content.len())];
        if let Some(at) = comment {
            let span = Span::new(start + at, start + content.trim_end().len());
            comments.push(Comment { span, trailing: !code.trim().is_empty() });
        }
        let is_joined = comment.is_none() && code.ends_with('\\');
        let code = if is_joined { &code[..code.len() - 1] } else { code };
        let words = code.split([' ', '\t', '\u{feff}']).filter(|word| !word.is_empty());
        let words = words.map(|word| {
            let at = start + word.as_ptr().addr() - content.as_ptr().addr();
            Span::new(at, at + word.len())
        });
        if let Some(last) = lines.last_mut() {
            last.extend(words);
        }
        if !is_joined {
            lines.push(Vec::new());
        }
        start += line.len();
    }
    lines.retain(|words| !words.is_empty());
    lines
}

struct Reader<'s> {
    source: &'s Source,
    manifest: Manifest,
    /// Indexes and hosts that the file names.
    sources: Vec<Node>,
}

impl Reader<'_> {
    fn line(&mut self, words: &[Span], text: &str, contents: &mut Contents) {
        let Some(first) = words.first() else { return };
        if text[first.range()].starts_with('-') {
            self.option(words, text, contents);
            return;
        }
        let options = words.iter().position(|word| text[word.range()].starts_with("--")).unwrap_or(words.len());
        let (body, options) = words.split_at(options);
        let Some(whole) = body.iter().copied().reduce(Span::cover) else { return };
        let written = self.written(whole, text);
        let mut read = match requirement(&written, "") {
            // A path or an address without a name.
            _ if written.text.contains("://") && !written.text.contains('@') => None,
            read => read,
        };
        if read.is_none() && (written.text.contains("://") || written.text.starts_with(['.', '/'])) {
            read = self.unnamed(&written);
        }
        let Some(mut read) = read else {
            return contents.complain(self.source, whole, "this line is no requirement that pip knows");
        };
        read.integrity = options.iter().filter_map(|word| hash(&self.written(*word, text))).collect();
        self.manifest.requirements.push(read);
    }

    /// A requirement that is an address: its name stands behind `#egg=`, else nowhere.
    fn unnamed(&self, written: &Written) -> Option<super::manifest::Requirement> {
        let egg = written.text.find("#egg=").map(|at| at + "#egg=".len());
        let name = match egg {
            Some(at) => {
                let end = written.text[at..].find(['&', '[']).map_or(written.text.len(), |end| at + end);
                written.part(at..end)
            }
            None => written.clone(),
        };
        let mut read = super::manifest::Requirement::new(name, None, "");
        read.source = Some(source_of(written));
        Some(read)
    }

    fn option(&mut self, words: &[Span], text: &str, contents: &mut Contents) {
        let Some((first, rest)) = words.split_first() else { return };
        let (name, value) = match text[first.range()].split_once('=') {
            Some((name, value)) => (name, Some(Span::new(first.end as usize - value.len(), first.end as usize))),
            None => (&text[first.range()], rest.iter().copied().reduce(Span::cover)),
        };
        let Some(value) = value.map(|value| self.written(value, text)).filter(|value| !value.text.is_empty()) else {
            return;
        };
        match name {
            "-r" | "--requirement" => contents.includes.push(Include { path: value, is_constraint: false }),
            "-c" | "--constraint" => contents.includes.push(Include { path: value, is_constraint: true }),
            "-e" | "--editable" => self.manifest.requirements.extend(self.unnamed(&value)),
            "-i" | "--index-url" | "--pypi-url" => self.source(&value, "index"),
            "--extra-index-url" => self.source(&value, "extra-index"),
            "-f" | "--find-links" => self.source(&value, "find-links"),
            "--trusted-host" => self.source(&value, "trusted-host"),
            _ if name.starts_with("--") => {}
            _ => contents.complain(self.source, *first, "this line is no option that pip knows"),
        }
    }

    fn source(&mut self, url: &Written, kind: &str) {
        let mut map = Map::with_capacity(2);
        map.push_new("kind", Node::text(kind, url.at));
        map.push_new("url", url.node());
        self.sources.push(Node::map(map, url.at));
    }

    fn written(&self, span: Span, text: &str) -> Written {
        Written::new(&text[span.range()], self.source.at(span))
    }
}

/// The checksum of `--hash=sha256:...`.
fn hash(option: &Written) -> Option<Written> {
    let at = option.text.strip_prefix("--hash=").map(|_| "--hash=".len())?;
    Some(option.part(at..option.text.len()))
}
