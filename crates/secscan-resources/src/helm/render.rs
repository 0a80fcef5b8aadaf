//! Charts to text: values for every chart, then each template once.

use std::rc::Rc;

use secscan_model::{Diagnostic, DiagnosticKind, Location, Platform, Source, Span};
use secscan_parse::gotemplate::{Data, Executor, Failure, Limits, Templates, Text, Value, parse};

use super::capabilities;
use super::chart::Chart;
use super::functions::Helm;
use super::values;

/// What a template wrote.
pub(super) struct Rendered {
    /// The template.
    pub(super) source: Source,
    /// Its name in Helm: `chart/templates/service.yaml`.
    pub(super) name: String,
    /// What it wrote.
    pub(super) text: Text,
}

/// A template that is still to be rendered.
struct Job {
    name: String,
    source: Source,
    dot: Value,
}

/// Everything that is being rendered together: a chart with all charts within it.
pub(super) struct Rendering<'d> {
    release: Value,
    capabilities: Value,
    jobs: Vec<Job>,
    /// The templates with their names, those of inner charts too.
    sources: Vec<(String, Source)>,
    diagnostics: &'d mut Vec<Diagnostic>,
}

/// Renders a chart. `given` are the values of the user.
pub(super) fn render(
    chart: &mut Chart,
    given: &Value,
    kubernetes: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Rendered> {
    let mut rendering = Rendering {
        release: capabilities::release(),
        capabilities: capabilities::value(kubernetes),
        jobs: Vec::new(),
        sources: Vec::new(),
        diagnostics,
    };
    let values = rendering.prepare(chart, given);
    let name = chart.name.clone();
    rendering.collect(chart, &name, &values, true);
    rendering.run()
}

impl Rendering<'_> {
    /// The values of a chart, with those of its subcharts under their names.
    fn prepare(&mut self, chart: &mut Chart, given: &Value) -> Value {
        let values = values::completed(given, &chart.values);
        chart.resolve(&values, self.diagnostics);
        let imports: Vec<_> =
            chart.dependencies().iter().map(|d| (d.alias.clone().unwrap_or(d.name.clone()), d.imports())).collect();
        for subchart in &mut chart.subcharts {
            let own = values.get(&subchart.name).filter(|own| own.as_map().is_some()).unwrap_or_else(|| Value::map([]));
            values::share_globals(&values, &own);
            let complete = self.prepare(subchart, &own);
            let imported = imports.iter().filter(|(name, _)| *name == subchart.name).flat_map(|(_, paths)| paths);
            for (child, parent) in imported {
                import(&values, &complete, child, parent);
            }
            values::set_path(&values, &[&subchart.name], complete);
        }
        values
    }

    /// Notes the templates of a chart and of those within it; gives what templates see of the chart.
    fn collect(&mut self, chart: &Chart, path: &str, values: &Value, is_root: bool) -> Value {
        let mut subcharts = Vec::new();
        for subchart in &chart.subcharts {
            let own = values.get(&subchart.name).unwrap_or_else(|| Value::map([]));
            let dot = self.collect(subchart, &format!("{path}/charts/{}", subchart.name), &own, false);
            subcharts.push((Rc::from(subchart.name.as_str()), dot));
        }
        let dot = Value::map([
            ("Values", values.clone()),
            ("Chart", chart.described(is_root)),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            ("Files", Data::Object(Rc::new(chart.files.clone())).into()),
            ("Subcharts", subcharts.into_iter().collect()),
        ]);
        for (file, source) in &chart.templates {
            let name = format!("{path}/{file}");
            self.sources.push((name.clone(), source.clone()));
            let base = source.file_name();
            if !chart.is_library() && !base.starts_with('_') && !base.ends_with("NOTES.txt") {
                let dot = with_template(&dot, &name, &format!("{path}/templates"));
                self.jobs.push(Job { name, source: source.clone(), dot });
            }
        }
        dot
    }

    fn run(mut self) -> Vec<Rendered> {
        let mut templates = Templates::default();
        // Outer charts come last: what they define replaces what inner ones define under the same name.
        self.sources.sort_by(|(a, _), (b, _)| {
            let depth = |name: &str| name.matches('/').count();
            depth(b).cmp(&depth(a)).then_with(|| b.cmp(a))
        });
        for (name, source) in &self.sources {
            let Ok(text) = source.text() else {
                self.diagnostics.push(said(
                    source,
                    None,
                    DiagnosticKind::Unreadable,
                    "this template is not UTF-8 text",
                ));
                continue;
            };
            let whole = source.at(Span::new(0, source.bytes.len()));
            match parse(name, &Text::of_file(text, whole)) {
                Ok(definitions) => definitions.into_iter().for_each(|definition| templates.add(definition)),
                Err(error) => {
                    let message = format!("this template cannot be read: {}", error.message);
                    self.diagnostics.push(said(source, Some(source.at(error.span)), DiagnosticKind::Syntax, &message));
                }
            }
        }
        let mut executor = Executor::new(templates.clone(), &Helm, Limits::default());
        let mut rendered = Vec::new();
        self.jobs.sort_by(|a, b| a.name.cmp(&b.name));
        for job in self.jobs {
            if !templates.has(&job.name) {
                continue;
            }
            match executor.render(&job.name, &job.dot) {
                Ok(text) => rendered.push(Rendered { source: job.source, name: job.name, text }),
                Err(failure) => self.diagnostics.push(failed(&job.source, &failure)),
            }
        }
        rendered
    }
}

/// What a template sees: what its chart sees, and itself.
fn with_template(dot: &Value, name: &str, base: &str) -> Value {
    let own = ("Template".into(), Value::map([("Name", name.into()), ("BasePath", base.into())]));
    let shared = dot.as_map().map(|map| map.borrow().clone()).unwrap_or_default();
    shared.into_iter().chain([own]).collect()
}

/// Takes values of a subchart over into the chart above, where nothing is said of them yet.
fn import(values: &Value, of: &Value, child: &str, parent: &str) {
    let Some(imported) = of.at_path(child).filter(|imported| imported.as_map().is_some()) else { return };
    let path: Vec<&str> = parent.split('.').filter(|key| !key.is_empty() && *key != ".").collect();
    let target = if path.is_empty() { Some(values.clone()) } else { values.at_path(&path.join(".")) };
    let complete = values::completed(&target.unwrap_or_else(|| Value::map([])), &imported);
    match path.is_empty() {
        true => values::overlay(values, &complete),
        false => values::set_path(values, &path, complete),
    }
}

/// What is to be said of a template that did not render. Its place may be in a file that it includes.
fn failed(source: &Source, failure: &Failure) -> Diagnostic {
    let kind = if failure.is_limit { DiagnosticKind::Limit } else { DiagnosticKind::Syntax };
    let message = format!("this template was not rendered: {}", failure.message);
    let at = failure.at.filter(|at| at.source == source.id);
    let message = match failure.at.is_some_and(|at| at.source != source.id) {
        true => format!("{message} (in a template that it includes)"),
        false => message,
    };
    said(source, at, kind, &message)
}

fn said(source: &Source, at: Option<Location>, kind: DiagnosticKind, message: &str) -> Diagnostic {
    let at = at.unwrap_or_else(|| source.at(Span::default()));
    Diagnostic::new(kind, message).path(source.path.clone()).at(at).blinds(Platform::Kubernetes)
}
