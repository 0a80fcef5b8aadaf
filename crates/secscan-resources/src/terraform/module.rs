//! One module: what the files of a folder declare, and which values its variables are given.

use std::collections::HashMap;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Structure};
use secscan_model::{Diagnostic, DiagnosticKind, Node, Platform, Source};

use super::File;

/// What a top-level block declares.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Kind {
    Resource,
    Data,
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
    /// The address without an instance key.
    pub address: Arc<str>,
}

impl<'a> Declaration<'a> {
    /// An argument, that of the last override file that has it.
    pub(super) fn argument(&self, name: &str) -> Option<Written<'a>> {
        let blocks = self.overrides.iter().rev().copied().chain([(self.unit, self.block)]);
        let mut found = blocks
            .filter_map(|(unit, block)| Some(Written { unit, expression: &block.body.get_attribute(name)?.value }));
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
    /// Its files, and the variable files that the user named.
    pub units: Vec<Unit<'a>>,
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
    /// Collects what `files` declare. `path` is the address of the module call with a dot behind it; empty for a root.
    /// `var_files` are variable files that the user named, in order.
    pub(super) fn new(path: &str, files: &[Unit<'a>], var_files: &[Unit<'a>], found: &mut Vec<Diagnostic>) -> Self {
        let mut module = Self { units: files.iter().chain(var_files).copied().collect(), ..Self::default() };
        let (late, early): (Vec<Unit<'a>>, Vec<Unit<'a>>) =
            files.iter().copied().partition(|unit| is_override(unit.source.file_name()));
        for unit in early.into_iter().chain(late).filter(|unit| is_configuration(&unit.source.path)) {
            for block in unit.file.body.iter().filter_map(Structure::as_block) {
                module.declare(path, unit, block, found);
            }
        }
        let ranked = files.iter().filter_map(|unit| Some((loading_rank(unit.source.file_name())?, *unit)));
        let mut loaded: Vec<(u8, Unit<'a>)> = ranked.collect();
        loaded.sort_by(|(rank, unit), (other_rank, other)| {
            (rank, &unit.source.path).cmp(&(other_rank, &other.source.path))
        });
        loaded.into_iter().for_each(|(_, unit)| module.load(unit, false));
        var_files.iter().for_each(|unit| module.load(*unit, true));
        module
    }

    /// Takes the values of a variable file; they replace those of files before it.
    fn load(&mut self, unit: Unit<'a>, outside: bool) {
        for attribute in unit.file.body.iter().filter_map(Structure::as_attribute) {
            let value = Given::Written(Written { unit, expression: &attribute.value });
            self.inputs.insert(attribute.key.as_str(), Input { value, outside });
        }
        for entry in unit.file.values.iter().flat_map(Node::entries) {
            self.inputs.insert(&entry.key, Input { value: Given::Json(&entry.value), outside });
        }
    }

    /// The declaration of a name.
    pub(super) fn find(&self, kind: Kind, of: &str, name: &str) -> Option<usize> {
        self.index.get(&(kind, of, name)).copied()
    }

    fn declare(&mut self, path: &str, unit: Unit<'a>, block: &'a Block, found: &mut Vec<Diagnostic>) {
        let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
        let (kind, of, name, address) = match (block.ident.as_str(), &*labels) {
            ("resource", &[of, name]) => (Kind::Resource, of, name, format!("{path}{of}.{name}")),
            ("data", &[of, name]) => (Kind::Data, of, name, format!("{path}data.{of}.{name}")),
            ("provider", &[name]) => (Kind::Provider, "", name, provider_address(path, name, block)),
            ("module", &[name]) => (Kind::Module, "", name, format!("{path}module.{name}")),
            ("variable", &[name]) => (Kind::Variable, "", name, format!("{path}var.{name}")),
            ("output", &[name]) => (Kind::Output, "", name, format!("{path}output.{name}")),
            ("terraform", &[]) => (Kind::Settings, "", "", format!("{path}terraform")),
            ("locals", &[]) => return self.declare_locals(unit, block),
            ("resource" | "data" | "provider" | "module" | "variable" | "output" | "terraform" | "locals", _) => {
                let message = format!("a `{}` block with {} names was left out", block.ident.as_str(), labels.len());
                let at = unit.source.at(block.span().unwrap_or_default().into());
                let diagnostic = Diagnostic::new(DiagnosticKind::Syntax, message).at(at).path(unit.source.path.clone());
                found.push(diagnostic.blinds(Platform::Terraform));
                return;
            }
            _ => return,
        };
        let next = self.declarations.len();
        let first = *self.index.entry((kind, of, name)).or_insert(next);
        if first != next && is_override(unit.source.file_name()) {
            self.declarations[first].overrides.push((unit, block));
            return;
        }
        let address = address.into();
        self.declarations.push(Declaration { kind, of, name, unit, block, overrides: Vec::new(), address });
    }

    fn declare_locals(&mut self, unit: Unit<'a>, block: &'a Block) {
        for attribute in block.body.iter().filter_map(Structure::as_attribute) {
            let written = Written { unit, expression: &attribute.value };
            self.locals.insert(attribute.key.as_str(), written);
        }
    }
}

fn provider_address(path: &str, name: &str, block: &Block) -> String {
    let alias = block.body.get_attribute("alias").and_then(|alias| alias.value.as_str());
    match alias {
        Some(alias) => format!("{path}provider.{name}.{alias}"),
        None => format!("{path}provider.{name}"),
    }
}

/// Whether a path is that of a configuration file.
fn is_configuration(path: &str) -> bool {
    path.ends_with(".tf")
}

/// Whether Terraform merges the file into the others: <https://developer.hashicorp.com/terraform/language/files/override>.
fn is_override(name: &str) -> bool {
    name == "override.tf" || name.ends_with("_override.tf")
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
