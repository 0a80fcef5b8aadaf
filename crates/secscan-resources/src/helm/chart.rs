//! A chart as it lies in its folder: metadata, values, templates, files, and the charts within it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::rc::Rc;
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Node, Platform, Source, SourceId};
use secscan_parse::gotemplate::{Data, Executor, Failure, Object, Origin, Value, print};

use super::files::{Files, Ignored};
use super::functions::{matches, to_text, yaml::value_of};
use super::packed::is_archive;
use super::values;

/// The folders of a scan that are charts: those with a `Chart.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Charts(BTreeSet<Arc<str>>);

impl Charts {
    /// Finds the charts among the paths of a scan.
    pub fn of<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        Self(paths.filter(|path| is_metadata(path)).map(|path| folder(path).into()).collect())
    }

    /// The folder of the chart that a file belongs to: the nearest one above it.
    pub fn chart_of(&self, path: &str) -> Option<&str> {
        let mut at = path;
        while let Some((folder, _)) = at.rsplit_once('/') {
            if let Some(known) = self.0.get(folder) {
                return Some(known);
            }
            at = folder;
        }
        self.0.get("").map(|root| &**root)
    }

    /// Whether a file is a template of a chart, which is no document by itself.
    pub fn is_template(&self, path: &str) -> bool {
        self.chart_of(path).is_some_and(|chart| below(chart, path).is_some_and(|rest| rest.starts_with("templates/")))
    }

    /// The charts that are no part of another one.
    pub(super) fn tops(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|folder| &**folder).filter(|folder| self.is_top(folder))
    }

    /// Whether a chart is no part of another one.
    pub(super) fn is_top(&self, chart: &str) -> bool {
        self.holder(chart).is_none()
    }

    /// Whether a file or folder lies in the folder `charts` of a chart.
    pub(super) fn holds(&self, path: &str) -> bool {
        let above = folder(path);
        let holder = if above == "charts" { Some("") } else { above.strip_suffix("/charts") };
        holder.is_some_and(|holder| self.0.contains(holder))
    }

    /// The chart that holds another one in its folder `charts`, as a folder or packed there.
    fn holder<'p>(&self, chart: &'p str) -> Option<&'p str> {
        let (above, _) = chart.rsplit_once('/')?;
        let within = if is_archive(above) { folder(above) } else { above };
        let holder = if within == "charts" { "" } else { within.strip_suffix("/charts")? };
        self.0.contains(holder).then_some(holder)
    }

    /// The charts in the folder `charts` of a chart.
    fn within<'a>(&'a self, chart: &'a str) -> impl Iterator<Item = &'a str> {
        let prefix = joined(chart, "charts/");
        let from = self.0.range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded));
        let is_hidden = |folder: &str| folder.rsplit('/').next().is_some_and(|name| name.starts_with(['.', '_']));
        from.map(|folder| &**folder)
            .take_while(move |folder| folder.starts_with(&prefix))
            .filter(move |folder| self.holder(folder) == Some(chart) && !is_hidden(folder))
    }
}

pub(super) fn is_metadata(path: &str) -> bool {
    path == "Chart.yaml" || path.ends_with("/Chart.yaml")
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn joined(folder: &str, rest: &str) -> String {
    if folder.is_empty() { rest.to_owned() } else { format!("{folder}/{rest}") }
}

/// A path from a folder on.
pub(super) fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// The charts of a scan with their files.
#[derive(Debug, Default)]
pub struct Library<'f> {
    charts: Charts,
    /// The files of each chart by its folder, without those of the charts within it.
    files: BTreeMap<Arc<str>, Vec<&'f Source>>,
}

impl<'f> Library<'f> {
    /// Sorts the files of a scan into its charts. Those of a history belong to none.
    pub fn of(sources: impl Iterator<Item = &'f Source> + Clone) -> Self {
        let present = || sources.clone().filter(|source| source.origin.introduction().is_none());
        let charts = Charts::of(present().map(|source| &*source.path));
        let mut files: BTreeMap<Arc<str>, Vec<&'f Source>> = BTreeMap::new();
        if !charts.0.is_empty() {
            for source in present() {
                if let Some(chart) = charts.chart_of(&source.path) {
                    files.entry(chart.into()).or_default().push(source);
                }
            }
        }
        Self { charts, files }
    }

    /// The charts that are no part of another one.
    pub(super) fn tops(&self) -> impl Iterator<Item = &str> {
        self.charts.tops()
    }

    /// The path of a file of a chart.
    pub(super) fn path_of(&self, id: SourceId) -> Option<&Arc<str>> {
        self.files.values().flatten().find(|source| source.id == id).map(|source| &source.path)
    }
}

/// A chart.
pub(super) struct Chart {
    /// Its name, or the alias that the chart above gives it.
    pub(super) name: String,
    /// `Chart.yaml`.
    pub(super) metadata: Source,
    /// The document in it.
    pub(super) document: Option<Node>,
    /// What it sets by itself.
    pub(super) values: Value,
    /// `values.yaml`.
    pub(super) values_file: Option<Source>,
    /// The files below `templates`, by their paths from the chart's folder.
    pub(super) templates: Vec<(String, Source)>,
    /// All other files.
    pub(super) files: Files,
    /// The charts in its folder `charts`.
    pub(super) subcharts: Vec<Chart>,
}

/// A dependency as `Chart.yaml` or `requirements.yaml` names it.
#[derive(Clone)]
pub(super) struct Dependency {
    pub(super) node: Node,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) repository: String,
    pub(super) alias: Option<String>,
    pub(super) condition: String,
    pub(super) tags: Vec<String>,
}

/// The fields of a chart's metadata: what they are called in Go and in the file, and what they hold.
const METADATA: &[Named] = &[
    ("Name", "name", Kind::Text),
    ("Home", "home", Kind::Text),
    ("Sources", "sources", Kind::List),
    ("Version", "version", Kind::Text),
    ("Description", "description", Kind::Text),
    ("Keywords", "keywords", Kind::List),
    ("Maintainers", "maintainers", Kind::List),
    ("Icon", "icon", Kind::Text),
    ("APIVersion", "apiVersion", Kind::Text),
    ("Condition", "condition", Kind::Text),
    ("Tags", "tags", Kind::Text),
    ("AppVersion", "appVersion", Kind::Text),
    ("Deprecated", "deprecated", Kind::Flag),
    ("Annotations", "annotations", Kind::Map),
    ("KubeVersion", "kubeVersion", Kind::Text),
    ("Dependencies", "dependencies", Kind::List),
    ("Type", "type", Kind::Text),
];
const MAINTAINER: &[Named] =
    &[("Name", "name", Kind::Text), ("Email", "email", Kind::Text), ("URL", "url", Kind::Text)];
const DEPENDENCY: &[Named] = &[
    ("Name", "name", Kind::Text),
    ("Version", "version", Kind::Text),
    ("Repository", "repository", Kind::Text),
    ("Condition", "condition", Kind::Text),
    ("Tags", "tags", Kind::List),
    ("Enabled", "enabled", Kind::Flag),
    ("ImportValues", "import-values", Kind::List),
    ("Alias", "alias", Kind::Text),
];

type Named = (&'static str, &'static str, Kind);

/// What a field holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    List,
    Map,
}

/// A field of a record.
#[derive(Debug)]
struct Field {
    /// What it is called in Go.
    name: &'static str,
    /// What it is called in the file.
    key: &'static str,
    value: Value,
}

/// The fields that a node of the metadata sets, and the others empty, as Go has them then.
fn fields(named: &[Named], node: Option<&Node>, written: &str) -> Vec<Field> {
    let field = |(name, key, kind): &Named| {
        let given = node.and_then(|node| node.get(key)).filter(|given| !given.is_null());
        let given = given.map(|given| value_of(given, written, &|node: &Node| Origin::at(node.at)));
        let value = match kind {
            // Text may be written as a number.
            Kind::Text => given.map_or_else(|| "".into(), |value| to_text(&value).into()),
            Kind::Flag => given.unwrap_or_else(|| false.into()),
            Kind::List => given.unwrap_or_else(|| Vec::new().into()),
            Kind::Map => given.unwrap_or_else(|| Value::map([])),
        };
        Field { name, key, value }
    };
    named.iter().map(field).collect()
}

/// What Go has a structure for: its fields have one name in templates and another in documents.
#[derive(Debug)]
struct Record(Vec<Field>);

impl Object for Record {
    fn member(&self, name: &str, _: &[Value], _: &mut Executor<'_>) -> Option<Result<Value, Failure>> {
        self.0.iter().find(|field| field.name == name).map(|field| Ok(field.value.clone()))
    }

    fn document(&self) -> Value {
        let set = self.0.iter().filter(|field| field.value.is_true());
        set.map(|field| (Rc::from(field.key), field.value.clone())).collect()
    }

    fn print(&self) -> String {
        let fields: Vec<_> = self.0.iter().map(|field| print::print(&field.value)).collect();
        format!("{{{}}}", fields.join(" "))
    }
}

/// What charts are resolved within.
pub(super) struct Within<'a> {
    /// All charts of the scan.
    pub(super) library: &'a Library<'a>,
    /// How many charts may still become part of the one that is rendered.
    pub(super) left: usize,
    /// What is missing.
    pub(super) said: &'a mut Vec<Diagnostic>,
}

impl Within<'_> {
    /// Counts one more chart; whether there may be one.
    pub(super) fn takes_another(&mut self) -> bool {
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// How deep charts may lie in one another.
const MAX_CHARTS: usize = 20;

impl Chart {
    /// The chart of a folder with those within it. What cannot be read of them is said.
    pub(super) fn load(library: &Library<'_>, at: &str, depth: usize, said: &mut Vec<Diagnostic>) -> Option<Self> {
        let own: Vec<(&str, &Source)> =
            library.files.get(at)?.iter().filter_map(|source| Some((below(at, &source.path)?, *source))).collect();
        let file = |name: &str| own.iter().find(|(path, _)| *path == name).map(|(_, source)| (*source).clone());
        let ignored = file(".helmignore");
        let ignored = Ignored::of(ignored.as_ref().and_then(|file| file.text().ok()).unwrap_or_default());
        let metadata = file("Chart.yaml")?;
        let document = document(&metadata, said);
        let kept = || own.iter().filter(|(path, _)| !ignored.has(path));
        let templates = kept().filter(|(path, _)| path.starts_with("templates/"));
        let is_known = |path: &str| path == "Chart.yaml" || path.starts_with("templates/");
        let others = kept().filter(|(path, _)| !is_known(path));
        let values_file = file("values.yaml");
        let subcharts = match depth < MAX_CHARTS {
            true => library.charts.within(at).filter_map(|inner| Self::load(library, inner, depth + 1, said)).collect(),
            false => Vec::new(),
        };
        let name = document.as_ref().and_then(|document| document.get("name")?.as_str()).unwrap_or("chart").to_owned();
        Some(Self {
            name,
            metadata,
            document,
            values: values_file.as_ref().map_or_else(|| Value::map([]), |file| values::of_file(file, said)),
            values_file,
            templates: templates.map(|(path, source)| ((*path).to_owned(), (*source).clone())).collect(),
            files: Files(Rc::new(others.map(|(path, source)| (Rc::from(*path), (*source).clone())).collect())),
            subcharts,
        })
    }

    /// One of its files that is no template.
    pub(super) fn file(&self, name: &str) -> Option<&Source> {
        self.files.0.iter().find(|(path, _)| &**path == name).map(|(_, source)| source)
    }

    /// The folder that it lies in.
    pub(super) fn folder(&self) -> &str {
        self.metadata.folder()
    }

    /// The path of the archive that it is packed in, when it is.
    pub(super) fn archive(&self) -> Option<&str> {
        Some(folder(self.folder())).filter(|folder| is_archive(folder))
    }

    /// A field of the metadata as text.
    pub(super) fn field(&self, key: &str) -> Option<&str> {
        self.document.as_ref()?.get(key)?.as_str()
    }

    /// Whether it only gives templates to others.
    pub(super) fn is_library(&self) -> bool {
        self.field("type") == Some("library")
    }

    /// The dependencies that it names.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let requirements = self.file("requirements.yaml");
        let requirements =
            requirements.and_then(|source| secscan_parse::yaml::parse(source).documents.into_iter().next());
        let documents = self.document.iter().chain(requirements.iter());
        let listed = documents.filter_map(|document| document.get("dependencies")).flat_map(Node::items);
        listed.filter_map(Dependency::of).collect()
    }

    /// `.Chart`
    pub(super) fn described(&self, is_root: bool) -> Value {
        let written = self.metadata.text().unwrap_or_default();
        let mut fields = fields(METADATA, self.document.as_ref(), written);
        for field in &mut fields {
            match field.name {
                "Name" => field.value = self.name.as_str().into(),
                "Maintainers" => field.value = self.records("maintainers", MAINTAINER),
                "Dependencies" => field.value = self.records("dependencies", DEPENDENCY),
                _ => {}
            }
        }
        fields.push(Field { name: "IsRoot", key: "IsRoot", value: is_root.into() });
        Data::Object(Rc::new(Record(fields))).into()
    }

    /// The entries of a list of the metadata.
    fn records(&self, key: &str, named: &[Named]) -> Value {
        let written = self.metadata.text().unwrap_or_default();
        let listed = self.document.as_ref().and_then(|document| document.get(key)).map_or(&[][..], Node::items);
        let record = |node: &Node| Value::from(Data::Object(Rc::new(Record(fields(named, Some(node), written)))));
        listed.iter().map(record).collect::<Vec<_>>().into()
    }

    /// Leaves out the charts that conditions and tags switch off, and gives the others their aliases. `given` are the
    /// values of this chart; `trail` are the folders of the charts that this one is a part of, and its own. What is named
    /// and not there is said.
    pub(super) fn resolve(&mut self, within: &mut Within<'_>, trail: &[String], given: &Value) {
        let dependencies = self.dependencies();
        if dependencies.is_empty() {
            return;
        }
        let mut found = Vec::new();
        let mut unnamed = std::mem::take(&mut self.subcharts);
        let mut taken = BTreeSet::new();
        for dependency in &dependencies {
            let name = dependency.alias.as_ref().unwrap_or(&dependency.name);
            let vendored = unnamed.iter().position(|chart| dependency.fits(chart));
            if vendored.is_some() {
                taken.insert(dependency.name.clone());
            }
            if !dependency.is_enabled(given, vendored.map(|at| &unnamed[at]), name) {
                continue;
            }
            let chart = match vendored {
                _ if !within.takes_another() => Err("is one of more than a chart may be made of".to_owned()),
                Some(at) => Ok(unnamed[at].again()),
                None if unnamed.iter().any(|chart| chart.name == dependency.name) => {
                    Err("is in its folder `charts` in another version".to_owned())
                }
                None => self.beside(within, trail, dependency),
            };
            match chart {
                Ok(chart) => found.push(Chart { name: name.clone(), ..chart }),
                Err(why) => within.said.push(self.missing(dependency, &why)),
            }
        }
        unnamed.retain(|chart| !taken.contains(&chart.name) && !dependencies.iter().any(|d| d.name == chart.name));
        found.extend(unnamed);
        self.subcharts = found;
    }

    /// A dependency that lies elsewhere in the scan (`repository: file://../common`); else why it cannot be had.
    fn beside(&self, within: &mut Within<'_>, trail: &[String], dependency: &Dependency) -> Result<Chart, String> {
        let library = within.library;
        let Some(path) = dependency.repository.strip_prefix("file://") else {
            let archive = joined(self.folder(), &format!("charts/{}-", dependency.name));
            let is_packed = |file: &&Source| file.path.starts_with(&archive) && is_archive(&file.path);
            let packed = library.files.get(self.folder()).is_some_and(|files| files.iter().any(is_packed));
            return Err(match packed {
                true => "is packed in its folder `charts`, but cannot be opened".to_owned(),
                false => "is not in its folder `charts`; run `helm dependency build`".to_owned(),
            });
        };
        let folder = resolved(self.folder(), path).ok_or("lies outside of what is scanned")?;
        if trail.contains(&folder) {
            return Err("depends on this one in turn".to_owned());
        }
        let chart = Chart::load(library, &folder, trail.len(), within.said)
            .ok_or("is not in the folder that its repository names")?;
        match dependency.fits(&chart) && trail.len() < MAX_CHARTS {
            true => Ok(chart),
            false => Err("has another name or version in the folder that its repository names".to_owned()),
        }
    }

    /// The same chart once more: a chart may be used under several names.
    fn again(&self) -> Self {
        Self {
            name: self.name.clone(),
            metadata: self.metadata.clone(),
            document: self.document.clone(),
            values: self.values.deep_copy(),
            values_file: self.values_file.clone(),
            templates: self.templates.clone(),
            files: self.files.clone(),
            subcharts: self.subcharts.iter().map(Self::again).collect(),
        }
    }

    fn missing(&self, dependency: &Dependency, why: &str) -> Diagnostic {
        let name = &dependency.name;
        let message = format!("the chart `{name}` that this one depends on {why}: its resources are unknown");
        Diagnostic::new(DiagnosticKind::Unresolved, message)
            .path(self.metadata.path.clone())
            .at(dependency.node.at)
            .blinds(Platform::Kubernetes)
    }
}

/// The first document of a file of a chart. What its parser did not understand is said, for without it the chart is
/// another one.
pub(super) fn document(source: &Source, said: &mut Vec<Diagnostic>) -> Option<Node> {
    let parsed = secscan_parse::yaml::parse(source);
    said.extend(parsed.diagnostics.into_iter().map(|diagnostic| diagnostic.blinds(Platform::Kubernetes)));
    parsed.documents.into_iter().next()
}

/// A path from a folder of the scan on, as a folder of the scan; none when it leads out.
fn resolved(from: &str, path: &str) -> Option<String> {
    let is_relative = !path.starts_with('/') && !path.contains('\\');
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| is_relative && !matches!(*part, "" | ".")) {
        match part {
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    is_relative.then(|| parts.join("/"))
}

impl Dependency {
    fn of(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let tags = node.get("tags").map_or(&[][..], Node::items);
        Some(Self {
            node: node.clone(),
            name: text("name")?,
            version: text("version").unwrap_or_default(),
            repository: text("repository").unwrap_or_default(),
            alias: text("alias").filter(|alias| !alias.is_empty()),
            condition: text("condition").unwrap_or_default(),
            tags: tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        })
    }

    /// Whether a chart is the one that is meant.
    fn fits(&self, chart: &Chart) -> bool {
        chart.name == self.name && matches(chart.field("version").unwrap_or_default(), &self.version) != Some(false)
    }

    /// What the first condition says that anybody set; else the tags; else yes.
    fn is_enabled(&self, given: &Value, chart: Option<&Chart>, name: &str) -> bool {
        use Data::Bool;
        let in_chart = |path: &str| chart?.values.at_path(path.strip_prefix(name)?.strip_prefix('.')?);
        let condition = self.condition.split(',').map(str::trim).filter(|path| !path.is_empty()).find_map(|path| {
            match given.at_path(path).or_else(|| in_chart(path))?.data {
                Bool(value) => Some(value),
                _ => None,
            }
        });
        condition.unwrap_or_else(|| {
            let set = self.tags.iter().filter_map(|tag| given.at_path(&format!("tags.{tag}")));
            let set: Vec<bool> =
                set.filter_map(|value| if let Bool(set) = value.data { Some(set) } else { None }).collect();
            set.is_empty() || set.contains(&true)
        })
    }

    /// The values of the subchart that the chart above takes over: the path there and the path here.
    pub(super) fn imports(&self) -> Vec<(String, String)> {
        let listed = self.node.get("import-values").map_or(&[][..], Node::items);
        listed
            .iter()
            .filter_map(|item| match item.as_str() {
                Some(name) => Some((format!("exports.{name}"), String::new())),
                None => Some((item.get("child")?.as_str()?.to_owned(), item.get("parent")?.as_str()?.to_owned())),
            })
            .collect()
    }
}
