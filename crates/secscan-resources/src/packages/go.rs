//! `go.mod` and `go.sum` (<https://go.dev/ref/mod>).
//!
//! Since Go 1.17 a `go.mod` lists every module of the build, so its requirements are the packages; `go.sum`, which
//! also names versions that were not chosen, adds their checksums.

use std::collections::HashMap;

use secscan_model::{Comment, Map, Node, Source};

use super::lockfile::Lockfile;
use super::manifest::{Manifest, Requirement};
use super::text::{Text, unquoted};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

const FORMAT: &str = "go.mod";

const DIRECTIVES: &[&str] =
    &["module", "go", "toolchain", "godebug", "require", "tool", "exclude", "replace", "retract", "ignore"];

/// Reads a `go.mod`.
pub(super) fn read_manifest(source: &Source, contents: &mut Contents) {
    let Some(text) = Text::new(source, contents) else { return };
    let mut reader = Reader { text, manifest: Manifest::default(), required: Vec::new(), replaced: Vec::new() };
    let mut block: Option<&str> = None;
    for line in text.lines() {
        let (code, comment) = match line.find("//") {
            Some(at) => (&line[..at], &line[at..]),
            None => (line, ""),
        };
        if !comment.is_empty() {
            let span = text.span(comment.trim_end());
            contents.comments.push(Comment { span, trailing: !code.trim().is_empty() });
        }
        let words: Vec<&str> = code.split_whitespace().map(unquoted).collect();
        match (block, words.as_slice()) {
            (_, []) => {}
            (Some(_), [")"]) => block = None,
            (None, [directive, "("]) => block = Some(directive),
            (Some(directive), words) => reader.directive(directive, words, comment),
            (None, [directive, words @ ..]) if DIRECTIVES.contains(directive) => {
                reader.directive(directive, words, comment)
            }
            (None, _) => contents.complain(source, text.span(line), "this line is no directive of a go.mod file"),
        }
    }
    if block.is_some() {
        contents.complain(source, text.span(text.whole()), "a block of this file is not closed");
    }
    let (manifest, lockfile) = reader.finish();
    contents.manifest = Some(manifest);
    contents.lockfile = Some(lockfile);
}

struct Required {
    name: Written,
    version: Written,
    is_indirect: bool,
}

struct Replaced {
    name: Written,
    version: Option<Written>,
    by: Written,
    by_version: Option<Written>,
}

struct Reader<'s> {
    text: Text<'s>,
    manifest: Manifest,
    required: Vec<Required>,
    replaced: Vec<Replaced>,
}

impl<'s> Reader<'s> {
    fn directive(&mut self, directive: &str, words: &[&'s str], comment: &str) {
        let text = self.text;
        match (directive, words) {
            ("module", [name]) => self.manifest.name = Some(text.written(name)),
            ("go" | "toolchain", [version]) => {
                let key = if directive == "go" { "go" } else { "toolchain" };
                self.manifest.more.push((key, text.written(version).node()));
            }
            ("require", [name, version]) => {
                let is_indirect = comment.trim_start_matches('/').trim_start().starts_with("indirect");
                self.required.push(Required { name: text.written(name), version: text.written(version), is_indirect });
            }
            ("replace", [old @ .., "=>", by]) => self.replace(old, by, None),
            ("replace", [old @ .., "=>", by, version]) => self.replace(old, by, Some(version)),
            _ => {}
        }
    }

    fn replace(&mut self, old: &[&'s str], by: &'s str, by_version: Option<&'s str>) {
        let text = self.text;
        let (name, version) = match old {
            [name] => (name, None),
            [name, version] => (name, Some(text.written(version))),
            _ => return,
        };
        let by_version = by_version.map(|version| text.written(version));
        self.replaced.push(Replaced { name: text.written(name), version, by: text.written(by), by_version });
    }

    fn finish(mut self) -> (Manifest, Lockfile) {
        let mut lockfile = Lockfile::default();
        for required in &self.required {
            let mut requirement = Requirement::new(required.name.clone(), Some(required.version.clone()), "require");
            if required.is_indirect {
                requirement.group = "indirect".into();
            }
            self.manifest.requirements.push(requirement);
            let by = self.replaced.iter().find(|replaced| {
                let is_version = replaced.version.as_ref().is_none_or(|version| version.text == required.version.text);
                replaced.name.text == required.name.text && is_version
            });
            lockfile.packages.push(package(required, by));
        }
        if let Some(first) = self.replaced.first() {
            let at = first.name.at;
            let nodes = self.replaced.iter().map(Replaced::node).collect();
            self.manifest.more.push(("replaces", Node::list(nodes, at)));
        }
        (self.manifest, lockfile)
    }
}

/// The module that a requirement brings in: what it is replaced by, where it is.
fn package(required: &Required, by: Option<&Replaced>) -> Package {
    let place = |name: &Written, version: &Written| {
        let at = name.at;
        secscan_model::Location { span: at.span.cover(version.at.span), ..at }
    };
    let mut package = match by {
        Some(Replaced { by, by_version: Some(version), .. }) => {
            let mut package = Package::new(Ecosystem::Golang, FORMAT, by.clone(), place(by, version));
            package.version = Some(version.clone());
            package
        }
        _ => {
            let at = place(&required.name, &required.version);
            let mut package = Package::new(Ecosystem::Golang, FORMAT, required.name.clone(), at);
            package.version = Some(required.version.clone());
            package
        }
    };
    package.source = Some(match by {
        Some(Replaced { by, by_version: None, .. }) => PackageSource::at_url(SourceKind::Path, by.clone()),
        _ => PackageSource::of_kind(SourceKind::Registry),
    });
    package.direct = Some(!required.is_indirect);
    package
}

impl Replaced {
    /// `{name, version, by, by-version}`.
    fn node(&self) -> Node {
        let mut map = Map::with_capacity(4);
        map.push_new("name", self.name.node());
        self.version.iter().for_each(|version| map.push_new("version", version.node()));
        map.push_new("by", self.by.node());
        self.by_version.iter().for_each(|version| map.push_new("by-version", version.node()));
        Node::map(map, self.name.at)
    }
}

/// Reads a `go.sum`: the checksum of each module and version. Those of `go.mod` files alone are left out.
pub(super) fn read_sums(source: &Source, contents: &mut Contents) {
    let Some(text) = Text::new(source, contents) else { return };
    let mut sums = HashMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [name, version, sum] if sum.contains(':') => {
                if !version.ends_with("/go.mod") {
                    sums.insert(format!("{name}@{version}"), text.written(sum));
                }
            }
            _ => contents.complain(source, text.span(line), "this line is no checksum of a module"),
        }
    }
    contents.lockfile = Some(Lockfile { sums, ..Lockfile::default() });
}
