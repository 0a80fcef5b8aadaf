//! A chart as it lies in its folder: metadata, values, templates, files, and the charts within it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Node, Platform, Source};
use secscan_parse::gotemplate::{Origin, Text, Value};

use super::files::{Files, Ignored};
use super::functions::{matches, yaml::value_of};
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
        let above = chart.rsplit_once('/').map_or("", |(above, _)| above);
        match above.rsplit_once('/').unwrap_or(("", above)) {
            (parent, "charts") => !self.0.contains(parent),
            _ => true,
        }
    }
}

pub(super) fn is_metadata(path: &str) -> bool {
    path == "Chart.yaml" || path.ends_with("/Chart.yaml")
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder on.
pub(super) fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
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
    pub(super) alias: Option<String>,
    pub(super) condition: String,
    pub(super) tags: Vec<String>,
}

/// How deep charts may lie in one another.
const MAX_CHARTS: usize = 20;

impl Chart {
    /// The chart of a folder. `files` are those of the scan that lie below it.
    pub(super) fn load(charts: &Charts, at: &str, files: &[&Source], depth: usize) -> Option<Self> {
        let own: Vec<(&str, &Source)> = files
            .iter()
            .filter(|source| charts.chart_of(&source.path) == Some(at))
            .filter_map(|source| Some((below(at, &source.path)?, *source)))
            .collect();
        let file = |name: &str| own.iter().find(|(path, _)| *path == name).map(|(_, source)| (*source).clone());
        let ignored = file(".helmignore").map(|file| Ignored::of(file.text().unwrap_or_default())).unwrap_or_default();
        let metadata = file("Chart.yaml")?;
        let document = secscan_parse::yaml::parse(&metadata).documents.into_iter().next();
        let kept = || own.iter().filter(|(path, _)| !ignored.has(path));
        let templates = kept().filter(|(path, _)| path.starts_with("templates/"));
        let others = kept().filter(|(path, _)| !path.starts_with("templates/") && !path.starts_with("crds/"));
        let values_file = file("values.yaml");
        let subcharts = match depth < MAX_CHARTS {
            true => Self::subcharts(charts, at, files, depth),
            false => Vec::new(),
        };
        let name = document.as_ref().and_then(|document| document.get("name")?.as_str()).unwrap_or("chart").to_owned();
        Some(Self {
            name,
            metadata,
            document,
            values: values_file.as_ref().map_or_else(|| Value::map([]), values::of_file),
            values_file,
            templates: templates.map(|(path, source)| ((*path).to_owned(), (*source).clone())).collect(),
            files: Files(Rc::new(others.map(|(path, source)| (Rc::from(*path), (*source).clone())).collect())),
            subcharts,
        })
    }

    fn subcharts(charts: &Charts, at: &str, files: &[&Source], depth: usize) -> Vec<Self> {
        let inside = |source: &&&Source| {
            let rest = below(at, &source.path).and_then(|rest| rest.strip_prefix("charts/"));
            rest.is_some_and(|rest| is_metadata(rest) && rest.matches('/').count() == 1 && !rest.starts_with('_'))
        };
        let folders = files.iter().filter(inside).map(|source| source.folder());
        folders
            .filter_map(|folder| {
                let within: Vec<&Source> =
                    files.iter().copied().filter(|file| below(folder, &file.path).is_some()).collect();
                Self::load(charts, folder, &within, depth + 1)
            })
            .collect()
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
        let requirements =
            self.files.0.iter().find(|(path, _)| &**path == "requirements.yaml").map(|(_, source)| source);
        let requirements =
            requirements.and_then(|source| secscan_parse::yaml::parse(source).documents.into_iter().next());
        let documents = self.document.iter().chain(requirements.iter());
        let listed = documents.filter_map(|document| document.get("dependencies")).flat_map(Node::items);
        listed.filter_map(Dependency::of).collect()
    }

    /// `.Chart`
    pub(super) fn described(&self, is_root: bool) -> Value {
        const FIELDS: &[(&str, &str)] = &[
            ("Name", "name"),
            ("Home", "home"),
            ("Version", "version"),
            ("Description", "description"),
            ("Icon", "icon"),
            ("APIVersion", "apiVersion"),
            ("Condition", "condition"),
            ("Tags", "tags"),
            ("AppVersion", "appVersion"),
            ("KubeVersion", "kubeVersion"),
            ("Type", "type"),
        ];
        let text = |key: &str| {
            let node = self.document.as_ref()?.get(key)?;
            Some(Value::from(Text::of(node.as_str()?, Origin::at(node.at))))
        };
        let fields = FIELDS.iter().map(|(name, key)| {
            let given = if *name == "Name" { Some(Value::from(self.name.as_str())) } else { text(key) };
            (Rc::from(*name), given.unwrap_or_else(|| "".into()))
        });
        let written = self.metadata.text().unwrap_or_default();
        let tree = |key: &str| {
            let node = self.document.as_ref().and_then(|document| document.get(key));
            node.map(|node| value_of(node, written, &|node: &Node| Origin::at(node.at))).unwrap_or_default()
        };
        let trees = [
            ("Annotations", "annotations"),
            ("Keywords", "keywords"),
            ("Sources", "sources"),
            ("Maintainers", "maintainers"),
        ];
        let trees = trees.into_iter().map(|(name, key)| (Rc::from(name), tree(key)));
        fields.chain(trees).chain([(Rc::from("IsRoot"), is_root.into())]).collect()
    }

    /// Leaves out the charts that conditions and tags switch off, and gives the others their aliases. `given` are the
    /// values of this chart. What is named and not there is said.
    pub(super) fn resolve(&mut self, given: &Value, diagnostics: &mut Vec<Diagnostic>) {
        let dependencies = self.dependencies();
        if dependencies.is_empty() {
            return;
        }
        let mut found = Vec::new();
        let mut unnamed = std::mem::take(&mut self.subcharts);
        let mut taken = BTreeSet::new();
        for dependency in &dependencies {
            let fits = |chart: &Chart| {
                let version = chart.field("version").unwrap_or_default();
                chart.name == dependency.name && matches(version, &dependency.version) != Some(false)
            };
            let name = dependency.alias.as_ref().unwrap_or(&dependency.name);
            let is_wanted = dependency.is_enabled(given, unnamed.iter().find(|chart| fits(chart)), name);
            match unnamed.iter().position(fits) {
                Some(at) => {
                    taken.insert(dependency.name.clone());
                    if is_wanted {
                        found.push(Chart { name: name.clone(), ..unnamed[at].again() });
                    }
                }
                None if is_wanted => diagnostics.push(self.missing(dependency)),
                None => {}
            }
        }
        unnamed.retain(|chart| !taken.contains(&chart.name) && !dependencies.iter().any(|d| d.name == chart.name));
        found.extend(unnamed);
        self.subcharts = found;
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

    fn missing(&self, dependency: &Dependency) -> Diagnostic {
        let archive = format!("charts/{}-", dependency.name);
        let is_packed = self.files.0.iter().any(|(path, _)| path.starts_with(&archive) && path.ends_with(".tgz"));
        let (why, cure) = match is_packed {
            true => ("is packed, and archives are not opened", "unpack it there"),
            false => ("is not in its folder `charts`", "run `helm dependency build`, and unpack what it fetches"),
        };
        let name = &dependency.name;
        let message =
            format!("the chart `{name}` that this one depends on {why}, so its resources are unknown; {cure}");
        let path = self.metadata.path.clone();
        Diagnostic::new(DiagnosticKind::Unresolved, message)
            .path(path)
            .at(dependency.node.at)
            .blinds(Platform::Kubernetes)
    }
}

impl Dependency {
    fn of(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let tags = node.get("tags").map_or(&[][..], Node::items);
        Some(Self {
            node: node.clone(),
            name: text("name")?,
            version: text("version").unwrap_or_default(),
            alias: text("alias").filter(|alias| !alias.is_empty()),
            condition: text("condition").unwrap_or_default(),
            tags: tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        })
    }

    /// What the first condition says that anybody set; else the tags; else yes.
    fn is_enabled(&self, given: &Value, chart: Option<&Chart>, name: &str) -> bool {
        use secscan_parse::gotemplate::Data::Bool;
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
