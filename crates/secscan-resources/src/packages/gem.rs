//! `Gemfile` and `Gemfile.lock` (<https://bundler.io/man/gemfile.5.html>). A Gemfile is Ruby: lines of `source`, `gem` and
//! `group` whose arguments are written out are read, others are not.

use std::collections::HashMap;

use secscan_model::{Comment, Map, Node, Source};

use super::lockfile::{Lockfile, Need, Project};
use super::manifest::{Manifest, Requirement};
use super::text::{Text, indent, unquoted};
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind, Written};

/// Reads a `Gemfile.lock`: sections at the margin, fields indented by two, gems by four, what they need by six.
pub(super) fn read_lockfile(source: &Source, contents: &mut Contents) {
    let Some(text) = Text::new(source, contents) else { return };
    let mut reader = Lock::new(text);
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if indent(line) == 0 && !line.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ') {
            contents.complain(source, text.span(line), "this line is no section of a Gemfile.lock");
        }
        reader.line(line);
    }
    contents.lockfile = Some(reader.finish());
}

struct Lock<'s> {
    text: Text<'s>,
    section: &'s str,
    origin: PackageSource,
    lockfile: Lockfile,
    asked: Vec<Vec<&'s str>>,
    direct: Vec<&'s str>,
    /// Checksums by `NAME (VERSION)`.
    sums: HashMap<&'s str, Written>,
}

impl<'s> Lock<'s> {
    fn new(text: Text<'s>) -> Self {
        let origin = PackageSource::of_kind(SourceKind::Registry);
        let (lockfile, asked, direct, sums) = Default::default();
        Self { text, section: "", origin, lockfile, asked, direct, sums }
    }

    fn line(&mut self, line: &'s str) {
        let content = line.trim();
        match (indent(line), self.section) {
            (0, _) => {
                self.section = content;
                let kind = match content {
                    "GIT" => SourceKind::Git,
                    "PATH" => SourceKind::Path,
                    _ => SourceKind::Registry,
                };
                self.origin = PackageSource::of_kind(kind);
            }
            (2, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE") => self.field(content),
            (4, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE") => self.gem(content),
            (6, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE") => {
                if let Some(asked) = self.asked.last_mut() {
                    asked.push(content.split(' ').next().unwrap_or_default());
                }
            }
            (2, "DEPENDENCIES") => {
                self.direct.push(content.split([' ', '!']).next().unwrap_or_default());
            }
            (2, "CHECKSUMS") => {
                if let Some((gem, sum)) = content.rsplit_once(' ').filter(|(_, sum)| sum.contains('=')) {
                    self.sums.insert(gem, self.text.written(sum));
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, content: &'s str) {
        let Some((key, value)) = content.split_once(": ") else { return };
        let value = Some(self.text.written(value));
        match key {
            "remote" => self.origin.url = value,
            "revision" => self.origin.revision = value,
            "branch" | "tag" | "ref" => self.origin.branch = value,
            _ => {}
        }
    }

    /// `NAME (VERSION)` or `NAME (VERSION-PLATFORM)`.
    fn gem(&mut self, content: &'s str) {
        let (name, version) = content.split_once(' ').unwrap_or((content, ""));
        let version = version.trim_start_matches('(').trim_end_matches(')');
        let (number, platform) = version.split_once('-').unwrap_or((version, ""));
        let mut package = Package::new(Ecosystem::Gem, "Gemfile.lock", self.text.written(name), self.text.at(content));
        package.version = (!number.is_empty()).then(|| self.text.written(number));
        package.source = Some(self.origin.clone());
        if !platform.is_empty() {
            package.qualifiers.push(("platform", platform.to_owned()));
        }
        self.lockfile.packages.push(package);
        self.asked.push(Vec::new());
    }

    fn finish(mut self) -> Lockfile {
        for package in &mut self.lockfile.packages {
            let version = package.version.as_ref().map_or("", |version| &version.text);
            let platform = package.qualifiers.first().map_or(String::new(), |(_, platform)| format!("-{platform}"));
            let sum = self.sums.get(&*format!("{} ({version}{platform})", package.name.text));
            package.integrity = sum.cloned().into_iter().collect();
        }
        let by_name = self.lockfile.by_name();
        let find = |name: &&str| by_name.get(*name).into_iter().flatten().copied();
        self.lockfile.needs = self.asked.iter().map(|asked| asked.iter().flat_map(find).collect()).collect();
        let needs = self.direct.iter().flat_map(find).map(|package| Need { package, dev: None });
        let project = Project { name: Written::new("", self.text.at("")), needs: needs.collect() };
        if !project.needs.is_empty() {
            self.lockfile.projects.push(project);
        }
        self.lockfile
    }
}

/// Reads a `Gemfile`.
pub(super) fn read_manifest(source: &Source, contents: &mut Contents) {
    let Some(text) = Text::new(source, contents) else { return };
    let mut manifest = Manifest::default();
    let mut sources = Vec::new();
    // The groups of the blocks that are open; none for a block that is no group.
    let mut blocks: Vec<Option<bool>> = Vec::new();
    for line in text.lines() {
        let comment =
            line.find(" #").map(|at| at + 1).or_else(|| line.trim_start().starts_with('#').then_some(indent(line)));
        let code = line[..comment.unwrap_or(line.len())].trim();
        if let Some(at) = comment.filter(|at| *at < line.len()) {
            contents.comments.push(Comment { span: text.span(line[at..].trim_end()), trailing: !code.is_empty() });
        }
        let (word, arguments) = code.split_once([' ', '(']).unwrap_or((code, ""));
        let arguments = arguments.trim_end_matches(')').trim();
        match word {
            "source" => sources.push(index(text.written(unquoted(first(arguments))), code.ends_with(" do"))),
            "gem" => {
                let is_dev = blocks.iter().flatten().any(|dev| *dev);
                manifest.requirements.extend(gem(&text, arguments, is_dev));
            }
            "end" => drop(blocks.pop()),
            _ => {}
        }
        if code.ends_with(" do")
            || code.starts_with("if ")
            || code.starts_with("unless ")
            || code.ends_with('|') && code.contains(" do ")
        {
            blocks.push((word == "group").then(|| only_for_development(arguments.trim_end_matches("do"))));
        }
    }
    if let Some(first) = sources.first() {
        let at = first.at;
        manifest.more.push(("sources", Node::list(sources, at)));
    }
    contents.manifest = Some(manifest);
}

/// The first argument.
fn first(arguments: &str) -> &str {
    arguments.split(',').next().unwrap_or_default().trim().trim_end_matches(" do")
}

fn index(url: Written, is_block: bool) -> Node {
    let mut map = Map::with_capacity(2);
    map.push_new("kind", Node::text(if is_block { "explicit-index" } else { "index" }, url.at));
    map.push_new("url", url.node());
    Node::map(map, url.at)
}

/// Whether all groups of `:development, :test` or `%i[development test]` are for development.
fn only_for_development(groups: &str) -> bool {
    let names = groups.split([',', ' ', '[', ']', '(', ')']).map(|name| unquoted(name.trim_start_matches(':')));
    let mut names = names.filter(|name| !name.is_empty() && !name.starts_with('%')).peekable();
    names.peek().is_some() && names.all(|name| matches!(name, "development" | "test"))
}

/// `"name", "~> 1.0", ">= 1.0.2", git: "...", branch: "main"`.
fn gem(text: &Text<'_>, arguments: &str, is_dev: bool) -> Option<Requirement> {
    let mut parts = arguments.split(',').map(str::trim);
    let name = parts.next().filter(|name| name.starts_with(['"', '\'']) && unquoted(name) != *name)?;
    let mut versions: Vec<&str> = Vec::new();
    let mut options: HashMap<&str, &str> = HashMap::new();
    for part in parts {
        let option = part.strip_prefix(':').and_then(|part| part.split_once("=>")).or_else(|| part.split_once(": "));
        match option {
            Some((key, value)) => drop(options.insert(key.trim(), unquoted(value))),
            None if part.starts_with(['"', '\'']) => versions.push(unquoted(part)),
            None => {}
        }
    }
    let range = versions
        .first()
        .zip(versions.last())
        .map(|(first, last)| Written::new(versions.join(", "), text.cover(first, last)));
    let mut requirement = Requirement::new(text.written(unquoted(name)), range, "");
    let option = |key: &str| options.get(key).map(|value| text.written(value));
    let is_dev_option =
        ["group", "groups"].iter().filter_map(|key| options.get(key)).any(|groups| only_for_development(groups));
    requirement.dev = is_dev || is_dev_option;
    // A gem for other platforms than that of the lockfile is not in it.
    requirement.marker = option("platforms").or_else(|| option("platform"));
    let git = ["git", "github", "gitlab", "bitbucket", "gist"].iter().find_map(|key| option(key));
    requirement.source = match (git, option("path")) {
        (Some(git), _) => {
            let branch = option("branch").or_else(|| option("tag"));
            Some(PackageSource { revision: option("ref"), branch, ..PackageSource::at_url(SourceKind::Git, git) })
        }
        (None, Some(path)) => Some(PackageSource::at_url(SourceKind::Path, path)),
        (None, None) => None,
    };
    Some(requirement)
}
