//! Azure Resource Manager: templates in JSON and in Bicep, with the parameter files beside them.
//!
//! Reading order: this file (which files are templates, what is deployed) → [`term`] (what both languages become) →
//! [`json`] with [`expression`] and [`linked`], [`bicep`] → [`evaluator`] with [`value`] and [`functions`] (values) → [`mod@reference`]
//! (resources named in expressions) → [`deployment`] (resources and references).
//!
//! A resource's value is its whole body: rules say `properties.supportsHttpsTrafficOnly`. Parameters have the values of
//! the parameter file, else their defaults; what only a deployment tells is unresolved. Azure ignores case in types and
//! names, and so does the judge.

mod bicep;
mod deployment;
mod evaluator;
mod expression;
mod functions;
mod json;
mod linked;
mod reference;
mod term;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use memchr::memmem;
use secscan_model::{Comment, Diagnostic, DiagnosticKind, Location, Node, Platform, Source, Span};

use self::deployment::Emission;
use self::evaluator::{Deployment, Shared};
use self::term::{Declaration, Deploys, Template};
use crate::reading::{FileReading, Fragment};
use crate::{Batch, Reader, roots};

/// How many parameter files of one template are looked at.
const MAX_PARAMETER_FILES: usize = 16;

/// A template or a parameter file, waiting for the files that it deploys or that give it values.
#[derive(Debug)]
pub struct File {
    template: Template,
    role: Role,
    /// The files that it deploys.
    calls: BTreeSet<Arc<str>>,
    at: Location,
}

/// What a file is.
#[derive(Debug)]
enum Role {
    /// A template; whether it was made from Bicep.
    Template { generated: bool },
    /// Values of parameters, as the defaults of its own, and the template that it names, if it names one.
    Parameters { using: Option<Arc<str>> },
}

/// The reader of ARM templates in JSON.
#[derive(Debug)]
pub(crate) struct Arm;

impl Reader for Arm {
    fn platform(&self) -> Platform {
        Platform::Arm
    }

    fn accepts(&self, path: &str, document: &Node) -> bool {
        !is_yaml(path) && (json::is_template(document) || json::is_parameters(document))
    }

    fn resembles(&self, source: &Source) -> bool {
        memmem::find(&source.bytes, b"/deploymentTemplate.json").is_some()
    }

    fn defer(&self, source: &Source, document: &Node) -> Option<Fragment> {
        let file = match json::is_parameters(document) {
            true => File::of_parameters(json::parameter_file(document), None, document.at),
            false => {
                let generator = document.at_path(&["metadata", "_generator", "name"]).and_then(Node::as_str);
                let generated = generator == Some("bicep");
                File::of_template(json::template(document, source.folder()), generated, document.at)
            }
        };
        Some(Fragment::Arm(Box::new(file)))
    }
}

/// Whether a file is Bicep's by its name.
pub(crate) fn claims(path: &str) -> bool {
    secscan_parse::bicep::claims(path)
}

/// Parses a Bicep file or a Bicep parameter file.
pub(crate) fn parse(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> (File, Vec<Comment>) {
    let parsed = secscan_parse::bicep::parse(source);
    diagnostics.extend(parsed.diagnostics.into_iter().map(|diagnostic| diagnostic.blinds(Platform::Arm)));
    let at = source.at(Span::new(0, source.bytes.len()));
    let (template, using) = bicep::template(source, &parsed.statements);
    let file = match source.path.ends_with(".bicepparam") {
        true => File::of_parameters(template, using, at),
        false => File::of_template(template, false, at),
    };
    (file, parsed.comments)
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

impl File {
    fn of_template(template: Template, generated: bool, at: Location) -> Self {
        let mut calls = BTreeSet::new();
        collect_calls(&template.resources, &mut calls);
        Self { template, role: Role::Template { generated }, calls, at }
    }

    fn of_parameters(template: Template, using: Option<Arc<str>>, at: Location) -> Self {
        Self { template, role: Role::Parameters { using }, calls: BTreeSet::new(), at }
    }

    fn is_template(&self) -> bool {
        matches!(self.role, Role::Template { .. })
    }
}

fn collect_calls(declarations: &[Declaration], calls: &mut BTreeSet<Arc<str>>) {
    for declaration in declarations {
        collect_calls(&declaration.children, calls);
        match &declaration.deploys {
            Some(Deploys::File(path, _)) => drop(calls.insert(path.clone())),
            Some(Deploys::Inline(template) | Deploys::Nested(template, _)) => collect_calls(&template.resources, calls),
            Some(Deploys::Elsewhere(_)) | None => {}
        }
    }
}

/// The templates and parameter files of a scan.
struct Tree<'a> {
    files: HashMap<&'a str, (&'a Source, &'a File)>,
}

impl<'a> Tree<'a> {
    fn new(readings: &'a [FileReading]) -> Self {
        let arm = readings.iter().filter_map(|reading| match &reading.fragment {
            Some(Fragment::Arm(file)) => Some((&*reading.source.path, (&reading.source, &**file))),
            _ => None,
        });
        Self { files: arm.collect() }
    }

    fn template(&self, path: &str) -> Option<&'a File> {
        self.files.get(path).map(|(_, file)| *file).filter(|file| file.is_template())
    }

    /// Whether a template is deployed by itself.
    fn is_root(&self, path: &'a str) -> bool {
        roots::is_root(path, |called| {
            let callers = self.files.iter().filter(|(_, (_, file))| file.calls.contains(called));
            callers.map(|(caller, _)| *caller).collect()
        })
    }

    /// Whether the Bicep file that a template was made from is in the tree.
    fn is_made(&self, source: &Source, file: &File) -> bool {
        let Role::Template { generated: true } = file.role else { return false };
        let stem = source.path.strip_suffix(".json").unwrap_or(&source.path);
        let main = roots::joined(source.folder(), "main.bicep");
        self.files.contains_key(&*format!("{stem}.bicep")) || self.files.contains_key(&*main)
    }

    /// The parameter files of a template, in the order of their paths.
    fn parameters(&self, template: &str) -> Vec<(&'a Source, &'a File)> {
        let stem = template.rsplit_once('.').map_or(template, |(stem, _)| stem);
        let is_for = |path: &str, using: Option<&Arc<str>>| match using {
            Some(using) => **using == *template,
            None => path.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.') && !rest.contains('/')),
        };
        let mut found: Vec<_> = self
            .files
            .iter()
            .filter_map(|(path, (source, file))| match &file.role {
                Role::Parameters { using } if is_for(path, using.as_ref()) => Some((*source, *file)),
                _ => None,
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        found
    }
}

/// Deploys the templates among `own` that no other template deploys. `readings` are all files of the scan.
pub(crate) fn evaluate<'a>(
    own: &[(&'a Source, &'a File)],
    readings: &'a [FileReading],
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let tree = Tree::new(readings);
    let lookup = |path: &str| tree.template(path);
    for (source, file) in own.iter().filter(|(source, file)| file.is_template() && tree.is_root(&source.path)) {
        if tree.is_made(source, file) {
            let message = "made from a Bicep file of the tree, which was judged in its place";
            let note = Diagnostic::new(DiagnosticKind::Skipped, message).path(source.path.clone());
            diagnostics.push(note.at(source.at(Span::default())));
            continue;
        }
        let parameters = tree.parameters(&source.path);
        if parameters.is_empty() {
            deploy(source, file, None, &lookup, batch, diagnostics);
        }
        for given in parameters.into_iter().take(MAX_PARAMETER_FILES) {
            deploy(source, file, Some(given), &lookup, batch, diagnostics);
        }
    }
}

/// Deploys one template with what a parameter file gives.
fn deploy<'a>(
    source: &Source,
    file: &'a File,
    parameters: Option<(&'a Source, &'a File)>,
    lookup: &'a dyn Fn(&str) -> Option<&'a File>,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let shared = Shared::new(lookup);
    let path = vec![source.path.clone()];
    let mut deployment = Deployment::new(shared.clone(), file, &file.template, path.clone(), HashMap::new());
    if let Some((_, given)) = parameters {
        let mut giving = Deployment::new(shared, given, &given.template, path, HashMap::new());
        let names = given.template.declared.iter().map(|declared| &declared.name);
        deployment.given = names.map(|name| (name.to_lowercase(), giving.given_value(name))).collect();
    }
    let unit = parameters.map_or(&source.path, |(source, _)| &source.path);
    let mut emission = Emission::new(batch, format!("arm:{unit}").into());
    emission.deploy(&mut deployment);
    for mut diagnostic in emission.finish(&deployment) {
        let at = *diagnostic.at.get_or_insert(file.at);
        if at.source == source.id {
            diagnostic.path = Some(source.path.clone());
        }
        diagnostics.push(diagnostic);
    }
}
