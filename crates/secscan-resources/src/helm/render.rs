//! Charts to text: values for every chart, then each template once.

use std::cmp::Ordering;
use std::rc::Rc;

use secscan_model::{Diagnostic, DiagnosticKind, Location, Platform, Source, Span};
use secscan_parse::gotemplate::{Data, Executor, Failure, Limits, Templates, Text, Value, parse};

use super::chart::{Chart, Library, Within};
use super::functions::{Helm, matches};
use super::{capabilities, schema, values};

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
    /// What it sees: a map that all templates of its chart share, so that one can set what others see.
    dot: Value,
    /// What `.Template` is while it is rendered.
    itself: Value,
}

/// Everything that is being rendered together: a chart with all charts within it.
struct Rendering<'d> {
    release: Value,
    capabilities: Value,
    jobs: Vec<Job>,
    /// The templates with their names, those of inner charts too.
    sources: Vec<(String, Source)>,
    within: Within<'d>,
}

/// How many charts one may be made of, those that are used twice counted twice.
const MAX_PARTS: usize = 2_000;

/// How many times what one template may use up a whole chart may use up.
const MAX_TEMPLATES: u64 = 4;

/// What a chart is rendered with.
pub(super) struct With<'a> {
    /// The values of the user.
    pub(super) given: Value,
    /// The release of Kubernetes.
    pub(super) kubernetes: &'a str,
    /// What one template may use up.
    pub(super) limits: Limits,
}

/// Renders a chart.
pub(super) fn render(
    chart: &mut Chart,
    library: &Library<'_>,
    with: &With<'_>,
    said: &mut Vec<Diagnostic>,
) -> Vec<Rendered> {
    let mut rendering = Rendering {
        release: capabilities::release(),
        capabilities: capabilities::value(with.kubernetes),
        jobs: Vec::new(),
        sources: Vec::new(),
        within: Within { library, left: MAX_PARTS, said },
    };
    rendering.ask_kubernetes(chart, with.kubernetes);
    let trail = [chart.folder().to_owned()];
    let values = rendering.prepare(chart, &trail, &with.given);
    let name = chart.name.clone();
    rendering.collect(chart, &name, &values, true);
    let templates = rendering.templates();
    rendering.run(&templates, with.limits)
}

impl Rendering<'_> {
    /// The values of a chart, with those of its subcharts under their names. `trail` are the folders of the charts that it
    /// is a part of, and its own.
    fn prepare(&mut self, chart: &mut Chart, trail: &[String], given: &Value) -> Value {
        let values = values::completed(given, &chart.values);
        chart.resolve(&mut self.within, trail, &values);
        let imports: Vec<_> =
            chart.dependencies().iter().map(|d| (d.alias.clone().unwrap_or(d.name.clone()), d.imports())).collect();
        let mut subcharts = std::mem::take(&mut chart.subcharts);
        subcharts.retain(|_| self.within.takes_another());
        for subchart in &mut subcharts {
            let own = values.get(&subchart.name).filter(|own| own.as_map().is_some()).unwrap_or_else(|| Value::map([]));
            values::share_globals(&values, &own);
            let trail: Vec<String> = trail.iter().cloned().chain([subchart.folder().to_owned()]).collect();
            let complete = self.prepare(subchart, &trail, &own);
            let imported = imports.iter().filter(|(name, _)| *name == subchart.name).flat_map(|(_, paths)| paths);
            for (child, parent) in imported {
                import(&values, &complete, child, parent);
            }
            values::set_path(&values, &[&subchart.name], complete);
        }
        chart.subcharts = subcharts;
        self.ask_schema(chart, &values);
        values
    }

    /// Says where Helm would refuse a chart because it is for other releases of Kubernetes. Of those within it Helm does
    /// not ask.
    fn ask_kubernetes(&mut self, chart: &Chart, kubernetes: &str) {
        let Some(asked) = chart.document.as_ref().and_then(|document| document.get("kubeVersion")) else { return };
        let version = capabilities::version(kubernetes);
        let wanted = asked.as_str().filter(|wanted| !wanted.is_empty());
        if let Some(wanted) = wanted.filter(|wanted| matches(&version, wanted) == Some(false)) {
            let message = format!(
                "the chart `{}` is for Kubernetes {wanted} and is rendered for {version}: Helm does not install it there",
                chart.name
            );
            let diagnostic = Diagnostic::new(DiagnosticKind::Configuration, message);
            self.within.said.push(diagnostic.path(chart.metadata.path.clone()).at(asked.at));
        }
    }

    /// Says which values Helm would refuse.
    fn ask_schema(&mut self, chart: &Chart, values: &Value) {
        let Some(source) = chart.file("values.schema.json") else { return };
        let library = self.within.library;
        let said = |at: Location, message: String| {
            let path = library.path_of(at.source).unwrap_or(&source.path).clone();
            Diagnostic::new(DiagnosticKind::Configuration, message).path(path).at(at)
        };
        let parsed = secscan_parse::json::parse(source);
        let (Some(schema), None) = (parsed.documents.first(), parsed.diagnostics.first()) else {
            let message = "this schema cannot be read: the values of the chart were not compared with it";
            return self.within.said.push(said(source.at(Span::default()), message.to_owned()));
        };
        let Some(violations) = schema::violations(schema, values) else {
            let message =
                "this schema asks more than is looked at: the values of the chart were not compared with all of it";
            return self.within.said.push(said(source.at(Span::default()), message.to_owned()));
        };
        for violation in violations {
            let message = format!(
                "{}, says values.schema.json of the chart `{}`: Helm does not install it with these values",
                violation.message, chart.name
            );
            self.within.said.push(said(violation.at.unwrap_or(violation.asked), message));
        }
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
            ("Files", Data::Object(Rc::new(chart.files.of_templates())).into()),
            ("Subcharts", subcharts.into_iter().collect()),
        ]);
        for (file, source) in &chart.templates {
            let name = format!("{path}/{file}");
            self.sources.push((name.clone(), source.clone()));
            let base = source.file_name();
            if !chart.is_library() && !base.starts_with('_') && !base.ends_with("NOTES.txt") {
                let base = format!("{path}/templates");
                let itself = Value::map([("Name", name.as_str().into()), ("BasePath", base.into())]);
                self.jobs.push(Job { name, source: source.clone(), dot: dot.clone(), itself });
            }
        }
        dot
    }

    /// The templates by name. What cannot be read of them is said.
    fn templates(&mut self) -> Templates {
        let mut templates = Templates::default();
        // Outer charts come last: what they define replaces what inner ones define under the same name.
        self.sources.sort_by(|(a, _), (b, _)| in_order(a, b));
        for (name, source) in &self.sources {
            let Ok(text) = source.text() else {
                let message = "this template is not UTF-8 text";
                self.within.said.push(said(source, None, DiagnosticKind::Unreadable, message));
                continue;
            };
            let whole = source.at(Span::new(0, source.bytes.len()));
            match parse(name, &Text::of_file(text, whole)) {
                Ok(definitions) => definitions.into_iter().for_each(|definition| templates.add(definition)),
                Err(error) => {
                    let message = format!("this template cannot be read: {}", error.message);
                    let at = source.at(error.span);
                    self.within.said.push(said(source, Some(at), DiagnosticKind::Syntax, &message));
                }
            }
        }
        templates
    }

    /// Renders each template. One that uses up what it may leaves enough for others.
    fn run(mut self, templates: &Templates, limits: Limits) -> Vec<Rendered> {
        let mut rendered = Vec::new();
        let (mut steps, mut bytes) = (limits.steps * MAX_TEMPLATES, limits.bytes * MAX_TEMPLATES);
        self.jobs.sort_by(|a, b| in_order(&a.name, &b.name));
        for job in std::mem::take(&mut self.jobs).into_iter().filter(|job| templates.has(&job.name)) {
            let own = Limits { steps: limits.steps.min(steps), bytes: limits.bytes.min(bytes), ..limits };
            if let Some(dot) = job.dot.as_map() {
                dot.borrow_mut().insert("Template".into(), job.itself.clone());
            }
            let mut executor = Executor::new(templates.clone(), &Helm, own);
            let result = executor.render(&job.name, &job.dot);
            let left = executor.limits();
            (steps, bytes) = (steps - (own.steps - left.steps), bytes - (own.bytes - left.bytes));
            match result {
                Ok(text) => rendered.push(Rendered { source: job.source, name: job.name, text }),
                Err(failure) => self.within.said.push(failed(&job, &self.sources, &failure)),
            }
        }
        rendered.sort_by(|a, b| a.name.cmp(&b.name));
        rendered
    }
}

/// The order in which Helm takes templates: the deepest first, and those of a folder backwards. Charts rely on it, where
/// one template prepares what the others see.
fn in_order(a: &str, b: &str) -> Ordering {
    let depth = |name: &str| name.matches('/').count();
    depth(b).cmp(&depth(a)).then_with(|| b.cmp(a))
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

/// What is to be said of a template that did not render. The place is that of the action that failed, which may stand in
/// another file that the template includes.
fn failed(job: &Job, sources: &[(String, Source)], failure: &Failure) -> Diagnostic {
    let kind = if failure.is_limit { DiagnosticKind::Limit } else { DiagnosticKind::Syntax };
    let elsewhere = failure.at.filter(|at| at.source != job.source.id);
    match elsewhere.and_then(|at| sources.iter().find(|(_, source)| source.id == at.source)) {
        Some((_, source)) => {
            let message = format!("`{}` was not rendered, because it fails here: {}", job.name, failure.message);
            said(source, failure.at, kind, &message)
        }
        None => {
            let message = format!("this template was not rendered: {}", failure.message);
            said(&job.source, failure.at.filter(|at| at.source == job.source.id), kind, &message)
        }
    }
}

fn said(source: &Source, at: Option<Location>, kind: DiagnosticKind, message: &str) -> Diagnostic {
    let at = at.unwrap_or_else(|| source.at(Span::default()));
    Diagnostic::new(kind, message).path(source.path.clone()).at(at).blinds(Platform::Kubernetes)
}
