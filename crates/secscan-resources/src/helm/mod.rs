//! Reading order: `Unfolded` (packed charts) → `Charts` and `Library` (which folders are charts, and their files) →
//! `chart` (what lies in one, and what it depends on) → `values` → `schema` (what a chart asks of them) → `render` (each
//! template once) → `functions`, `files`, `capabilities` (what templates can call and see) → `places` (from what came out
//! back to the lines of templates and values). The language itself is [`secscan_parse::gotemplate`].
//!
//! The manifests become resources through the reader of Kubernetes. A value of theirs stands where its template writes
//! it; `set_at` names the line of the values file that it came from.

mod capabilities;
mod chart;
mod files;
mod functions;
mod packed;
mod places;
mod render;
mod schema;
#[cfg(test)]
mod tests;
mod values;

use secscan_model::{Comment, Diagnostic, DiagnosticKind, Map, Node, Platform, Resource, Source, Span};
use secscan_parse::gotemplate::{self, Limits, Text, Value};

use crate::kubernetes;
use crate::{Batch, Options, Tree, UnitReading};

use chart::{Chart, is_metadata};
pub use chart::{Charts, Library};
pub use packed::Unfolded;
pub use places::documents;
use render::With;

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
    library: &Library<'_>,
    tree: Option<&Tree<'_>>,
    options: &Options,
    reading: &mut UnitReading,
) {
    let UnitReading { batch, diagnostics, .. } = &mut *reading;
    let scope = if folder.is_empty() { "." } else { folder };
    let was_run = on_own_stack(|| {
        let Some(mut chart) = Chart::load(library, folder, 0, diagnostics) else { return };
        push_chart(&chart, tree, batch);
        let with = with(options, Limits::default(), diagnostics);
        for rendered in render::render(&mut chart, library, &with, diagnostics) {
            let placed = places::place(&rendered.source, &rendered.text);
            let blinding = |diagnostic: Diagnostic| diagnostic.blinds(Platform::Kubernetes);
            diagnostics.extend(placed.diagnostics.into_iter().map(blinding));
            for document in &placed.documents {
                kubernetes::read_built(document, scope, &rendered.source, batch, diagnostics);
            }
        }
    });
    if !was_run {
        reading.diagnostics.push(no_stack());
    }
}

/// Renders all charts among some files to text.
pub fn print(sources: &[Source], options: &Options) -> Printed {
    print_within(sources, options, Limits::default())
}

fn print_within(sources: &[Source], options: &Options, limits: Limits) -> Printed {
    let mut printed = Printed::default();
    let was_run = on_own_stack(|| {
        let library = Library::of(sources.iter());
        let with = with(options, limits, &mut printed.diagnostics);
        for folder in library.tops() {
            let Some(mut chart) = Chart::load(&library, folder, 0, &mut printed.diagnostics) else { continue };
            let rendered = render::render(&mut chart, &library, &with, &mut printed.diagnostics);
            let texts = rendered.into_iter().map(|rendered| (rendered.name, rendered.text.as_str().to_owned()));
            printed.templates.extend(texts);
        }
    });
    if !was_run {
        printed.diagnostics.push(no_stack());
    }
    printed
}

/// Runs something on a stack that holds as deep a nesting of templates as the limits allow; whether there was one.
fn on_own_stack(work: impl FnOnce() + Send) -> bool {
    const STACK: usize = 256 << 20;
    std::thread::scope(|scope| {
        let Ok(thread) = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work) else { return false };
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
        true
    })
}

/// What is to be said where there is no memory for a stack.
fn no_stack() -> Diagnostic {
    let message = "there is too little memory to render charts";
    Diagnostic::new(DiagnosticKind::Limit, message).blinds(Platform::Kubernetes)
}

/// What the user says that charts are rendered with.
fn with<'o>(options: &'o Options, limits: Limits, diagnostics: &mut Vec<Diagnostic>) -> With<'o> {
    let given = Value::map([]);
    for file in &options.helm_values {
        values::say_more(&given, &values::of_user(file, diagnostics));
    }
    for assignment in &options.helm_set {
        if let Err(message) = values::set(&given, assignment) {
            diagnostics.push(Diagnostic::new(DiagnosticKind::Configuration, format!("--set: {message}")));
        }
    }
    With { given, kubernetes: options.kubernetes_version.as_deref().unwrap_or(capabilities::KUBERNETES), limits }
}

/// The chart itself: what `Chart.yaml` says, and beside it `values`, `lock`, `schema`, `templates` and `archives`.
fn push_chart(chart: &Chart, tree: Option<&Tree<'_>>, batch: &mut Batch) {
    let Some(document) = chart.document.as_ref().filter(|document| document.as_map().is_some()) else { return };
    let mut map = document.as_map().cloned().unwrap_or_default();
    let parsed = |source: &Source| {
        let document = secscan_parse::yaml::parse(source).documents.into_iter().next();
        document.unwrap_or_else(|| Node::map(Map::default(), source.at(Span::default())))
    };
    let beside = [
        ("values", chart.values_file.as_ref()),
        ("lock", chart.file("Chart.lock").or_else(|| chart.file("requirements.lock"))),
        ("schema", chart.file("values.schema.json")),
    ];
    for (key, source) in beside {
        if let Some(source) = source {
            map.insert(key, parsed(source));
        }
    }
    map.insert(
        "templates",
        Node::list(chart.templates.iter().map(|(_, source)| template(source)).collect(), document.at),
    );
    let charts = std::iter::once(chart).chain(&chart.subcharts);
    let archives: Vec<Node> = charts.filter_map(|chart| archive(chart, tree?)).collect();
    if !archives.is_empty() {
        map.insert("archives", Node::list(archives, document.at));
    }
    batch.push(Resource {
        platform: Platform::Helm,
        kind: "chart".into(),
        address: chart.name.as_str().into(),
        part: "".into(),
        at: document.at,
        value: Node::map(map, document.at).named(document.name_at),
        unit: format!("helm:{}", chart.folder()).into(),
        owner: None,
        opaque: None,
    });
}

/// The archive that a chart is packed in: its `path`, and whether there is a `provenance` file for it. It stands at the name of
/// the chart.
fn archive(chart: &Chart, tree: &Tree<'_>) -> Option<Node> {
    let path = chart.archive()?;
    let document = chart.document.as_ref()?;
    let at = document.get("name").map_or(document.name_at, |name| name.at);
    let mut map = Map::default();
    map.push_new("path", Node::text(path, at));
    map.push_new("provenance", Node::bool(tree.contains(&format!("{path}.prov")), at));
    Some(Node::map(map, at).named(at))
}

/// A template as rules see it: its path, and the functions that it calls.
fn template(source: &Source) -> Node {
    let at = source.at(Span::default());
    let whole = source.at(Span::new(0, source.bytes.len()));
    let text = source.text().unwrap_or_default();
    let definitions = gotemplate::parse(&source.path, &Text::of_file(text, whole)).unwrap_or_default();
    let call = |call: gotemplate::Call| {
        let at = source.at(call.span);
        let mut map = Map::default();
        map.push_new("function", Node::text(&*call.function, at));
        map.push_new("arguments", Node::text(call.arguments, at));
        Node::map(map, at)
    };
    let calls = definitions.iter().flat_map(|definition| definition.calls()).map(call).collect();
    let mut map = Map::default();
    map.push_new("path", Node::text(&*source.path, at));
    map.push_new("calls", Node::list(calls, at));
    Node::map(map, at)
}
