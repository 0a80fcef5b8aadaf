//! Helm charts: folders with a `Chart.yaml`, rendered as `helm template` renders them.
//!
//! Reading order: [`Charts`] (which folders are charts) → `chart` (what lies in one) → `values` → `render` (each template
//! once) → `functions`, `files`, `capabilities` (what templates can call and see) → `places` (from what came out back to
//! the lines of templates and values). The language itself is [`secscan_parse::gotemplate`].
//!
//! The manifests become resources through the reader of Kubernetes. A value of theirs stands where its template writes
//! it; `via` names the line of the values file that it came from.

mod capabilities;
mod chart;
mod files;
mod functions;
mod places;
mod render;
#[cfg(test)]
mod tests;
mod values;

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Map, Node, Platform, Resource, Source, Span};
use secscan_parse::gotemplate::Value;

use crate::kubernetes::Kubernetes;
use crate::{Batch, FileReading, Options, Reader};

pub use chart::Charts;
use chart::{Chart, below, is_metadata};

/// A chart that waits for the files of its folder. It is no part of another one.
#[derive(Debug)]
pub struct File;

/// What a file of a chart is, beside what readers make of it: none where the file needs nothing further.
pub(crate) fn fragment(charts: &Charts, source: &Source) -> Option<File> {
    (is_metadata(&source.path) && charts.is_top(source.folder())).then_some(File)
}

/// The comments of a template, which no parser of YAML can read.
pub(crate) fn comments(source: &Source) -> Vec<Comment> {
    source.text().map(places::comments).unwrap_or_default()
}

/// A chart as `helm template` prints it.
#[derive(Debug, Default)]
pub struct Printed {
    /// What each template wrote, with its name in Helm, in the order of the names.
    pub templates: Vec<(String, String)>,
    /// What did not render.
    pub diagnostics: Vec<Diagnostic>,
}

/// The chart of a folder and those within it, rendered and turned into resources.
pub(crate) fn evaluate(
    folder: &str,
    files: &[FileReading],
    options: &Options,
    batch: &mut Batch,
    diagnostics: &mut Vec<Diagnostic>,
) {
    on_own_stack(|| {
        let sources = sources_below(folder, files);
        let charts = Charts::of(sources.iter().map(|source| &*source.path));
        let Some(mut chart) = Chart::load(&charts, folder, &sources, 0) else { return };
        push_chart(&chart, batch);
        let given = given(options, diagnostics);
        for rendered in render::render(&mut chart, &given, kubernetes(options), diagnostics) {
            let placed = places::place(&rendered.source, &rendered.text);
            let blinding = |diagnostic: Diagnostic| diagnostic.blinds(Platform::Kubernetes);
            diagnostics.extend(placed.diagnostics.into_iter().map(blinding));
            for document in
                placed.documents.iter().filter(|document| Kubernetes.accepts(&rendered.source.path, document))
            {
                Kubernetes.read(&rendered.source, document, batch, diagnostics);
            }
        }
    });
}

/// Renders all charts among some files to text.
pub fn print(sources: &[Source], options: &Options) -> Printed {
    let mut printed = Printed::default();
    on_own_stack(|| {
        let charts = Charts::of(sources.iter().map(|source| &*source.path));
        let given = given(options, &mut printed.diagnostics);
        for folder in charts.tops() {
            let below: Vec<&Source> = sources.iter().filter(|source| below(folder, &source.path).is_some()).collect();
            let Some(mut chart) = Chart::load(&charts, folder, &below, 0) else { continue };
            let rendered = render::render(&mut chart, &given, kubernetes(options), &mut printed.diagnostics);
            let texts = rendered.into_iter().map(|rendered| (rendered.name, rendered.text.as_str().to_owned()));
            printed.templates.extend(texts);
        }
    });
    printed
}

/// Runs something on a stack that holds as deep a nesting of templates as the limits allow.
fn on_own_stack(work: impl FnOnce() + Send) {
    const STACK: usize = 256 << 20;
    std::thread::scope(|scope| {
        let spawned = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        if let Ok(thread) = spawned
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
    });
}

fn kubernetes(options: &Options) -> &str {
    options.kubernetes_version.as_deref().unwrap_or(capabilities::KUBERNETES)
}

/// The values that the user gives.
fn given(options: &Options, diagnostics: &mut Vec<Diagnostic>) -> Value {
    let given = Value::map([]);
    for file in &options.helm_values {
        values::say_more(&given, &values::of_user(file));
    }
    for assignment in &options.helm_set {
        if let Err(message) = values::set(&given, assignment) {
            diagnostics.push(Diagnostic::new(DiagnosticKind::Configuration, format!("--set: {message}")));
        }
    }
    given
}

/// The files below a folder, without those of a history.
fn sources_below<'f>(folder: &str, files: &'f [FileReading]) -> Vec<&'f Source> {
    let sources = files.iter().map(|file| &file.source);
    sources.filter(|source| source.origin.introduction().is_none() && below(folder, &source.path).is_some()).collect()
}

/// The chart itself: what `Chart.yaml` says, with `values`, `lock` and `schema` beside it.
fn push_chart(chart: &Chart, batch: &mut Batch) {
    let Some(document) = chart.document.as_ref().filter(|document| document.as_map().is_some()) else { return };
    let mut map = document.as_map().cloned().unwrap_or_default();
    let file = |name: &str| chart.files.0.iter().find(|(path, _)| &**path == name).map(|(_, source)| source);
    let parsed = |source: &Source| {
        let document = secscan_parse::yaml::parse(source).documents.into_iter().next();
        document.unwrap_or_else(|| Node::map(Map::default(), source.at(Span::default())))
    };
    let beside = [
        ("values", chart.values_file.as_ref()),
        ("lock", file("Chart.lock").or_else(|| file("requirements.lock"))),
        ("schema", file("values.schema.json")),
    ];
    for (key, source) in beside {
        if let Some(source) = source {
            map.insert(key, parsed(source));
        }
    }
    let folder = chart.metadata.folder();
    batch.push(Resource {
        platform: Platform::Helm,
        kind: "chart".into(),
        address: chart.name.as_str().into(),
        part: "".into(),
        at: document.at,
        value: Node::map(map, document.at).named(document.name_at),
        unit: format!("helm:{folder}").into(),
        owner: None,
        opaque: None,
    });
}
