//! One module: what the files of a folder declare, and which values its variables are given by variable files.

use std::sync::Arc;

use foldhash::HashMap;
use secscan_model::{Diagnostic, DiagnosticKind, Node, Platform, Source};

use super::File;
use secscan_parse::hcl::syntax::{Block, Expression};

/// What a top-level block declares.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Kind {
    Resource,
    Data,
    /// `ephemeral`: what is opened while Terraform runs and never stored.
    Ephemeral,
    Provider,
    Module,
    Variable,
    Output,
    /// `terraform { }`.
    Settings,
}

/// A file of a module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit<'a> {
    pub source: &'a Source,
    pub file: &'a File,
}

/// A top-level block.
#[derive(Debug)]
pub(super) struct Declaration<'a> {
    pub kind: Kind,
    /// The type of a resource or data source; empty otherwise.
    pub of: &'a str,
    pub name: &'a str,
    pub unit: Unit<'a>,
    pub block: &'a Block,
    /// Blocks of override files whose arguments replace those of `block`, in the order of the files.
    pub overrides: Vec<(Unit<'a>, &'a Block)>,
    /// The address within the module, without an instance key.
    pub address: String,
}

impl<'a> Declaration<'a> {
    /// An argument, that of the last override file that has it.
    pub(super) fn argument(&self, name: &str) -> Option<Written<'a>> {
        let blocks = self.overrides.iter().rev().copied().chain([(self.unit, self.block)]);
        let mut found =
            blocks.filter_map(|(unit, block)| Some(Written { unit, expression: &block.body.attribute(name)?.value }));
        found.next()
    }
}

/// An expression and the file that it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub unit: Unit<'a>,
    pub expression: &'a Expression,
}

/// A value that a variable file gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    pub value: Given<'a>,
    /// Whether the file is none of the scan: then the value has no place there.
    pub outside: bool,
}

/// How a variable file says a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'a> {
    Written(Written<'a>),
    Json(&'a Node),
}

/// What the files of a folder declare.
#[derive(Debug, Default)]
pub(super) struct Module<'a> {
    /// The declarations in the order of the files.
    pub declarations: Vec<Declaration<'a>>,
    /// Their indexes by kind, type and name.
    index: HashMap<(Kind, &'a str, &'a str), usize>,
    /// The named values of `locals` blocks.
    pub locals: HashMap<&'a str, Written<'a>>,
    /// The values that variable files give, the strongest only.
    pub inputs: HashMap<&'a str, Input<'a>>,
}

impl<'a> Module<'a> {
    /// Collects what `files` declare.
    pub(super) fn new(files: &[Unit<'a>], found: &mut Vec<Diagnostic>) -> Self {
        let mut module = Self::default();
        let configuration = files.iter().copied().filter(|unit| is_configuration(unit, files));
        let (late, early): (Vec<Unit<'a>>, Vec<Unit<'a>>) = configuration.partition(is_override);
        for unit in early.into_iter().chain(late) {
            for block in unit.file.body.blocks() {
                module.declare(unit, block, found);
            }
        }
        module
    }

    /// Takes the values of the variable files that Terraform loads for a root module by itself, and of those that the
    /// user named, in order.
    pub(super) fn load_all(&mut self, files: &[Unit<'a>], var_files: &[Unit<'a>]) {
        let ranked = files.iter().filter_map(|unit| Some((loading_rank(unit.source.file_name())?, *unit)));
        let mut loaded: Vec<(u8, Unit<'a>)> = ranked.collect();
        loaded.sort_by(|(rank, unit), (other_rank, other)| {
            (rank, &unit.source.path).cmp(&(other_rank, &other.source.path))
        });
        loaded.into_iter().for_each(|(_, unit)| self.load(unit, false));
        var_files.iter().for_each(|unit| self.load(*unit, true));
    }

    /// Takes the values of a variable file; they replace those of files before it.
    fn load(&mut self, unit: Unit<'a>, outside: bool) {
        for attribute in unit.file.body.attributes() {
            let value = Given::Written(Written { unit, expression: &attribute.value });
            self.inputs.insert(&attribute.name, Input { value, outside });
        }
        for entry in unit.file.values.iter().flat_map(Node::entries) {
            self.inputs.insert(&entry.key, Input { value: Given::Json(&entry.value), outside });
        }
    }

    /// The declaration of a name.
    pub(super) fn find(&self, kind: Kind, of: &str, name: &str) -> Option<usize> {
        self.index.get(&(kind, of, name)).copied()
    }

    fn declare(&mut self, unit: Unit<'a>, block: &'a Block, found: &mut Vec<Diagnostic>) {
        let labels: Vec<&'a str> = block.labels.iter().map(|label| &**label).collect();
        let (kind, of, name, address) = match (&*block.of, &*labels) {
            ("resource", &[of, name]) => (Kind::Resource, of, name, [of, ".", name].concat()),
            ("data", &[of, name]) => (Kind::Data, of, name, ["data.", of, ".", name].concat()),
            ("ephemeral", &[of, name]) => (Kind::Ephemeral, of, name, format!("ephemeral.{of}.{name}")),
            ("provider", &[name]) => (Kind::Provider, "", name, provider_address(name, block)),
            ("module", &[name]) => (Kind::Module, "", name, ["module.", name].concat()),
            ("variable", &[name]) => (Kind::Variable, "", name, ["var.", name].concat()),
            ("output", &[name]) => (Kind::Output, "", name, ["output.", name].concat()),
            ("terraform", &[]) => (Kind::Settings, "", "", "terraform".to_owned()),
            ("locals", &[]) => return self.declare_locals(unit, block),
            (
                "resource" | "data" | "ephemeral" | "provider" | "module" | "variable" | "output" | "terraform"
                | "locals",
                _,
            ) => {
                let message = format!("a `{}` block with {} names was left out", block.of, labels.len());
                let at = unit.source.at(block.span);
                let diagnostic = Diagnostic::new(DiagnosticKind::Syntax, message).at(at).path(unit.source.path.clone());
                found.push(diagnostic.blinds(Platform::Terraform));
                return;
            }
            _ => return,
        };
        let next = self.declarations.len();
        let first = *self.index.entry((kind, of, name)).or_insert(next);
        if first != next && is_override(&unit) {
            self.declarations[first].overrides.push((unit, block));
            return;
        }
        self.declarations.push(Declaration { kind, of, name, unit, block, overrides: Vec::new(), address });
    }

    fn declare_locals(&mut self, unit: Unit<'a>, block: &'a Block) {
        for attribute in block.body.attributes() {
            self.locals.insert(&attribute.name, Written { unit, expression: &attribute.value });
        }
    }
}

fn provider_address(name: &str, block: &Block) -> String {
    let alias = block.body.attribute("alias").and_then(|alias| alias.value.as_text());
    match alias {
        Some(alias) => format!("provider.{name}.{alias}"),
        None => format!("provider.{name}"),
    }
}

/// The name of a configuration file without its ending, and whether only OpenTofu reads it.
fn stem(name: &str) -> Option<(&str, bool)> {
    let name = name.strip_suffix(".json").unwrap_or(name);
    name.strip_suffix(".tf").map(|stem| (stem, false)).or_else(|| Some((name.strip_suffix(".tofu")?, true)))
}

/// Whether a file is part of the configuration. Of `main.tf` and `main.tofu` OpenTofu reads the second only.
fn is_configuration(unit: &Unit<'_>, files: &[Unit<'_>]) -> bool {
    let name = unit.source.file_name();
    match stem(name) {
        Some((stem, false)) => {
            let rival = format!("{stem}.tofu{}", if name.ends_with(".json") { ".json" } else { "" });
            !files.iter().any(|other| other.source.file_name() == rival)
        }
        Some((_, true)) => true,
        None => false,
    }
}

/// Whether Terraform merges the file into the others: <https://developer.hashicorp.com/terraform/language/files/override>.
fn is_override(unit: &Unit<'_>) -> bool {
    stem(unit.source.file_name()).is_some_and(|(stem, _)| stem == "override" || stem.ends_with("_override"))
}

/// When Terraform loads a variable file by itself, if it does; what is loaded later wins:
/// <https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence>.
fn loading_rank(name: &str) -> Option<u8> {
    match name {
        "terraform.tfvars" => Some(0),
        "terraform.tfvars.json" => Some(1),
        name if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => Some(2),
        _ => None,
    }
}

/// Where a module call says that its module is.
pub(super) fn source_of(block: &Block) -> Option<&Arc<str>> {
    block.body.attribute("source")?.value.as_text()
}

/// The folder that a source names relative to another, when it names one of the tree.
pub(super) fn folder_at(folder: &str, source: &str) -> Option<String> {
    let is_local = source == "." || source == ".." || source.starts_with("./") || source.starts_with("../");
    if is_local { joined(folder, source) } else { None }
}

/// A path relative to a folder of the tree, without `.` and `..`; none when it leads out of the tree.
pub(super) fn joined(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
