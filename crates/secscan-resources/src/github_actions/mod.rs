//! GitHub Actions: workflows, actions and the settings of Dependabot.
//!
//! Reading order: [`GithubActions`] (which files, which resources) → [`expressions`] (what `${{ }}` leaves open) →
//! [`steps`] (steps and what is derived from them).
//!
//! Resources: `workflow` (address: the name of the file without its extension) > `job` (its id) > `step`
//! (`job/step id or number`); `action` (the name of its folder) > `step`; `dependabot`.

mod expressions;
mod steps;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use secscan_model::{
    Diagnostic, DiagnosticKind, Edge, Graph, Location, Map, Node, Platform, Resource, ResourceId, Source, Value,
};

use crate::{
    Batch, Reader,
    derived::{Deriving, first_key, whole},
};

/// The reader of GitHub Actions.
#[derive(Debug)]
pub(crate) struct GithubActions;

/// What a file is by its path.
#[derive(Clone, Copy, Debug, PartialEq)]
enum File {
    Workflow,
    Action,
    Dependabot,
}

impl File {
    fn of(path: &str) -> Option<Self> {
        let stem = path.strip_suffix(".yml").or_else(|| path.strip_suffix(".yaml"))?;
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let ends =
            |wanted: &str| folder.strip_suffix(wanted).is_some_and(|root| root.is_empty() || root.ends_with('/'));
        if ends(".github/workflows") {
            Some(Self::Workflow)
        } else if name == "action" {
            Some(Self::Action)
        } else if name == "dependabot" && ends(".github") {
            Some(Self::Dependabot)
        } else {
            None
        }
    }
}

impl Reader for GithubActions {
    fn platform(&self) -> Platform {
        Platform::GithubActions
    }

    fn accepts(&self, path: &str, document: &Node) -> bool {
        match File::of(path) {
            Some(File::Workflow | File::Dependabot) => document.as_map().is_some(),
            Some(File::Action) => document.get("runs").is_some(),
            None => false,
        }
    }

    fn resembles(&self, source: &Source) -> bool {
        matches!(File::of(&source.path), Some(File::Workflow | File::Dependabot))
    }

    fn read(&self, source: &Source, document: &Node, batch: &mut Batch, diagnostics: &mut Vec<Diagnostic>) {
        let Some(file) = File::of(&source.path) else { return };
        let document = expressions::resolve(document);
        let unit: Arc<str> = format!("github-actions:{}", source.path).into();
        let mut reading = Reading { source, unit, batch, diagnostics };
        match file {
            File::Workflow => reading.workflow(document),
            File::Action => reading.action(document),
            File::Dependabot => {
                reading.push("dependabot", "dependabot".into(), document, None);
            }
        }
    }

    /// Local actions and reusable workflows: `uses: ./path`, from the root of the repository.
    fn link(&self, graph: &Graph, _diagnostics: &mut Vec<Diagnostic>) -> Vec<Edge> {
        let ours = || graph.iter().filter(|(_, resource)| resource.platform == Platform::GithubActions);
        let called: BTreeMap<&str, ResourceId> = ours()
            .filter(|(_, resource)| matches!(&*resource.kind, "workflow" | "action"))
            .map(|(id, resource)| (&*resource.unit, id))
            .collect();
        let calls = ours().filter(|(_, resource)| matches!(&*resource.kind, "job" | "step"));
        let target = |resource: &Resource| {
            let path = resource.value.get("uses")?.as_str()?.strip_prefix("./")?.trim_end_matches('/');
            let file = resource.unit.strip_prefix("github-actions:")?;
            let root = file.split_once(".github/").map_or("", |(root, _)| root);
            let names = ["", "/action.yml", "/action.yaml"];
            names.iter().find_map(|name| called.get(&*format!("github-actions:{root}{path}{name}")).copied())
        };
        calls.filter_map(|(from, resource)| Some(Edge { from, path: "uses".into(), to: target(resource)? })).collect()
    }
}

/// One file while it is read.
struct Reading<'a> {
    source: &'a Source,
    unit: Arc<str>,
    batch: &'a mut Batch,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reading<'_> {
    fn push(&mut self, kind: &str, address: Arc<str>, value: Node, owner: Option<ResourceId>) -> ResourceId {
        self.batch.push(Resource {
            platform: Platform::GithubActions,
            kind: kind.into(),
            address,
            part: "".into(),
            at: whole(&value),
            value,
            unit: self.unit.clone(),
            owner,
            opaque: None,
        })
    }

    /// Derives common resources from a resource.
    fn derive(&mut self, id: ResourceId, derive: impl FnOnce(&mut Deriving<'_>)) {
        if let Some(mut deriving) = Deriving::from(self.batch, id, self.source) {
            derive(&mut deriving);
        }
    }

    fn workflow(&mut self, document: Node) {
        let stem = self.source.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
        let header = first_key(&document);
        let owner = self.push("workflow", stem.into(), document.clone().named(header), None);
        if let Some(env) = document.get("env") {
            self.derive(owner, |deriving| deriving.env_map(env));
        }
        let jobs = document.get("jobs");
        match jobs.and_then(Node::as_map) {
            Some(jobs) => self.jobs(&document, jobs, owner),
            None => self.misshapen(jobs.map_or(header, |jobs| jobs.name_at), "a workflow needs a map of `jobs`"),
        }
    }

    fn jobs(&mut self, workflow: &Node, jobs: &Map, owner: ResourceId) {
        let mut ids = BTreeMap::new();
        for entry in jobs.entries() {
            if entry.value.as_map().is_none() {
                self.misshapen(entry.value.name_at, "a job is a map");
                continue;
            }
            let value = effective(&entry.value, workflow);
            let id = self.push("job", entry.key.clone(), value.clone(), Some(owner));
            ids.insert(&entry.key, id);
            self.derive(id, |deriving| steps::derive_job(deriving, &value));
            let shell = steps::Shell::of(workflow, &value);
            self.steps(value.get("steps"), &entry.key, id, &shell);
        }
        for (entry, from) in jobs.entries().iter().filter_map(|entry| Some((entry, *ids.get(&entry.key)?))) {
            let needs = entry.value.get("needs").map_or(&[][..], Node::items);
            for to in needs.iter().filter_map(Node::as_str).filter_map(|needed| ids.get(&Arc::from(needed))) {
                self.batch.edges.push(Edge { from, path: "needs".into(), to: *to });
            }
        }
    }

    fn action(&mut self, document: Node) {
        let folder = self.source.folder().rsplit('/').next().filter(|folder| !folder.is_empty());
        let address: Arc<str> = folder.unwrap_or("action").into();
        let header = first_key(&document);
        let owner = self.push("action", address.clone(), document.clone().named(header), None);
        let Some(runs) = document.get("runs") else { return };
        self.derive(owner, |deriving| {
            runs.get("env").into_iter().for_each(|env| deriving.env_map(env));
            runs.get("image").into_iter().for_each(|image| steps::derive_docker(deriving, image, "runs.image"));
        });
        self.steps(runs.get("steps"), &address, owner, &steps::Shell::default());
    }

    /// Reads the steps of a job or of an action.
    fn steps(&mut self, steps: Option<&Node>, parent: &str, owner: ResourceId, shell: &steps::Shell) {
        for (index, step) in steps.map_or(&[][..], Node::items).iter().enumerate() {
            if step.as_map().is_none() {
                self.misshapen(step.at, "a step is a map");
                continue;
            }
            let number = (index + 1).to_string();
            let name = step.get("id").and_then(Node::as_str).unwrap_or(&number);
            let value = step.clone().named(first_key(step));
            let id = self.push("step", format!("{parent}/{name}").into(), value.clone(), Some(owner));
            self.derive(id, |deriving| steps::derive_step(deriving, &value, shell));
        }
    }

    fn misshapen(&mut self, at: Location, what: &str) {
        let diagnostic = Diagnostic::new(DiagnosticKind::Syntax, format!("{what}; this one was not judged"));
        let diagnostic = diagnostic.path(self.source.path.clone()).at(at).blinds(Platform::GithubActions);
        self.diagnostics.push(diagnostic);
    }
}

/// A job with its effective `$permissions`: its own, else the workflow's; absent where neither says anything, because
/// then a setting of the repository decides.
fn effective(job: &Node, workflow: &Node) -> Node {
    let mut job = job.clone();
    let permissions = job.get("permissions").or_else(|| workflow.get("permissions")).cloned();
    if let (Value::Map(map), Some(permissions)) = (&mut job.value, permissions) {
        Arc::make_mut(map).insert("$permissions", permissions);
    }
    job
}
