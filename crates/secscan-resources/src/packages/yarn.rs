//! `yarn.lock`: the format of Yarn 1, and that of Yarn 2 and later ("berry"), which is YAML.

use std::collections::HashMap;

use secscan_model::{Comment, Node, Source, Span};

use super::lockfile::{Lockfile, Need, Project};
use super::npm::source_of;
use super::text::{Text, indent, unquoted};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

const FORMAT: &str = "yarn.lock";

/// Reads a `yarn.lock`.
pub(super) fn read(source: &Source, contents: &mut Contents) {
    let is_berry = memchr::memmem::find(&source.bytes, b"__metadata:").is_some();
    contents.lockfile = if is_berry { berry(source, contents) } else { classic(source, contents) };
}

/// What is known while entries are read; needs become indexes when all entries are.
#[derive(Default)]
struct Draft {
    lockfile: Lockfile,
    /// What each package asks for, as `NAME@RANGE`.
    asked: Vec<Vec<String>>,
}

impl Draft {
    /// Adds the package of an entry under all its descriptors.
    fn add(&mut self, descriptors: &[&str], package: Package) {
        let index = self.lockfile.packages.len() as u32;
        for descriptor in descriptors {
            self.lockfile.keys.insert(bare(descriptor), index);
        }
        self.lockfile.packages.push(package);
        self.asked.push(Vec::new());
    }

    fn finish(mut self) -> Lockfile {
        let find = |keys: &HashMap<String, u32>, asked: Vec<String>| -> Vec<u32> {
            asked.iter().filter_map(|descriptor| keys.get(&bare(descriptor)).copied()).collect()
        };
        self.lockfile.needs = self.asked.into_iter().map(|asked| find(&self.lockfile.keys, asked)).collect();
        self.lockfile
    }
}

/// A descriptor without the protocol that newer versions write out: `a@npm:^1` is `a@^1`.
fn bare(descriptor: &str) -> String {
    let (name, range) = split(descriptor);
    format!("{name}@{}", range.strip_prefix("npm:").filter(|rest| !rest.contains('@')).unwrap_or(range))
}

/// Name and range of a descriptor; a scope begins with the separator too.
fn split(descriptor: &str) -> (&str, &str) {
    let from = usize::from(descriptor.starts_with('@'));
    match descriptor[from..].find('@') {
        Some(at) => (&descriptor[..from + at], &descriptor[from + at + 1..]),
        None => (descriptor, ""),
    }
}

/// Yarn 1: entries begin at the margin, their fields are indented by two, fields of fields by four.
fn classic(source: &Source, contents: &mut Contents) -> Option<Lockfile> {
    let text = Text::new(source, contents)?;
    let mut draft = Draft::default();
    let mut has_entry = false;
    let mut lists_needs = false;
    for line in text.lines() {
        let content = line.trim_end();
        match indent(content) {
            _ if content.is_empty() => {}
            _ if content.trim_start().starts_with('#') => {
                contents.comments.push(Comment { span: text.span(content.trim_start()), trailing: false });
            }
            0 => {
                has_entry = entry(&text, content, &mut draft);
                if !has_entry {
                    contents.complain(source, text.span(content), "this line is no entry of a Yarn lockfile");
                }
            }
            2 if has_entry => {
                lists_needs = matches!(content.trim(), "dependencies:" | "optionalDependencies:");
                field(&text, content.trim(), &mut draft);
            }
            4 if has_entry && lists_needs => {
                let (name, range) = words(content.trim());
                if let Some(asked) = draft.asked.last_mut() {
                    asked.push(format!("{}@{}", unquoted(name), unquoted(range)));
                }
            }
            _ => {}
        }
    }
    Some(draft.finish())
}

/// `"a@^1", a@^2:` begins an entry.
fn entry(text: &Text<'_>, line: &str, draft: &mut Draft) -> bool {
    let Some(header) = line.strip_suffix(':') else { return false };
    let descriptors: Vec<&str> = header.split(", ").map(unquoted).collect();
    let Some(first) = descriptors.first().filter(|first| is_descriptor(first)) else { return false };
    let (alias, range) = split(first);
    let name =
        range.strip_prefix("npm:").map(split).filter(|(_, range)| !range.is_empty()).map_or(alias, |(name, _)| name);
    let mut package = Package::new(Ecosystem::Npm, FORMAT, text.written(name), text.at(line));
    package.source = Some(PackageSource::of_kind(SourceKind::Registry));
    draft.add(&descriptors, package);
    true
}

fn field(text: &Text<'_>, line: &str, draft: &mut Draft) {
    let Some(package) = draft.lockfile.packages.last_mut() else { return };
    let (key, value) = words(line);
    let value = text.written(unquoted(value));
    package.at.span = package.at.span.cover(text.span(line));
    match key {
        "version" => package.version = Some(value),
        "resolved" => package.source = Some(source_of(&value)),
        "integrity" => package.integrity = vec![value],
        _ => {}
    }
}

/// Whether text is a name and a range.
fn is_descriptor(text: &str) -> bool {
    let (name, range) = split(text);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric() || "@-_~".contains(c));
    is_name && !range.is_empty() && !name.contains(['"', '{', '<', ' '])
}

/// The first word and the rest; the first may stand in quotes.
fn words(line: &str) -> (&str, &str) {
    let end = match line.strip_prefix('"') {
        Some(rest) => rest.find('"').map(|at| at + 2),
        None => line.find(' '),
    };
    let end = end.unwrap_or(line.len());
    (&line[..end], line[end..].trim())
}

/// Yarn 2 and later.
fn berry(source: &Source, contents: &mut Contents) -> Option<Lockfile> {
    let root = contents.document(source, secscan_parse::yaml::parse(source))?;
    let mut draft = Draft::default();
    let mut projects = Vec::new();
    for entry in root.entries() {
        let value = &entry.value;
        if &*entry.key == "__metadata" {
            draft.lockfile.more.extend(value.get("version").map(|version| ("format-version", version.clone())));
            continue;
        }
        let descriptors: Vec<&str> = entry.key.split(", ").collect();
        let resolution = value.get("resolution").and_then(Node::as_str).unwrap_or(descriptors[0]);
        let (name, reference) = split(resolution);
        let asked = value.get("dependencies").map(Node::entries).unwrap_or_default();
        let asked: Vec<String> =
            asked.iter().map(|asked| format!("{}@{}", asked.key, asked.value.as_str().unwrap_or_default())).collect();
        if reference.starts_with("workspace:") {
            projects.push((Written::new(name, value.name_at), asked));
            continue;
        }
        let mut package = Package::new(Ecosystem::Npm, FORMAT, Written::new(name, value.name_at), value.at);
        package.at.span = Span::cover(value.name_at.span, value.at.span);
        package.version = value.get("version").and_then(Written::of);
        package.integrity = value.get("checksum").and_then(Written::of).into_iter().collect();
        package.source =
            value.get("resolution").and_then(Written::of).map(|resolution| berry_source(&resolution, reference));
        draft.add(&descriptors, package);
        if let Some(last) = draft.asked.last_mut() {
            *last = asked;
        }
    }
    // Whether a need of a workspace is for development stands in its manifest only.
    for (name, asked) in projects {
        let needs = asked.iter().filter_map(|asked| draft.lockfile.keys.get(&bare(asked)));
        let needs = needs.map(|package| Need { package: *package, dev: None }).collect();
        draft.lockfile.projects.push(Project { name, needs });
    }
    Some(draft.finish())
}

/// Where a resolution such as `a@npm:1.0.0` or `a@https://host/a.git#commit=...` leads.
fn berry_source(resolution: &Written, reference: &str) -> PackageSource {
    if ["npm:", "patch:", "virtual:"].iter().any(|protocol| reference.starts_with(protocol)) {
        return PackageSource::of_kind(SourceKind::Registry);
    }
    let url = resolution.part(resolution.text.len() - reference.len()..resolution.text.len());
    match reference.split_once("#commit=") {
        Some((_, commit)) => {
            let revision = Some(Written::new(commit, url.at));
            PackageSource { revision, ..PackageSource::at_url(SourceKind::Git, url) }
        }
        None => source_of(&url),
    }
}
