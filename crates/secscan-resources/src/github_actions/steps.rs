//! What is derived from jobs and steps: actions, images, variables and commands.

use secscan_model::Node;

use crate::{
    computed,
    derived::{Deriving, Running},
};

/// The shell of steps that name none.
#[derive(Default)]
pub(super) struct Shell {
    default: Option<Node>,
}

impl Shell {
    /// The default of the job, else of the workflow, else of the runner: PowerShell on Windows, bash elsewhere, unknown
    /// where an expression names the runner.
    pub(super) fn of(workflow: &Node, job: &Node) -> Self {
        let written = |of: &Node| of.at_path(&["defaults", "run", "shell"]).cloned();
        let runner = || {
            let runner = job.get("runs-on")?;
            let labels = runner.get("labels").unwrap_or(runner).items();
            let known = labels.iter().filter_map(Node::as_str);
            let windows = known.clone().any(|label| label.to_ascii_lowercase().contains("windows"));
            (known.count() == labels.len()).then(|| Node::text(if windows { "pwsh" } else { "bash" }, runner.at))
        };
        Self { default: written(job).or_else(|| written(workflow)).or_else(runner) }
    }

    /// The program that reads a step's script; `shell` may also be a whole command (`bash -l {0}`).
    fn of_step(&self, step: &Node) -> Option<Node> {
        let shell = step.get("shell").or(self.default.as_ref())?;
        let Some(text) = shell.as_str() else { return Some(shell.clone()) };
        let program = text.split_whitespace().next()?.rsplit('/').next()?;
        Some(Node::text(program, shell.at).named(shell.name_at))
    }
}

/// Adds what a job itself runs: a reusable workflow, its container and services, its variables.
pub(super) fn derive_job(deriving: &mut Deriving<'_>, job: &Node) {
    job.get("env").into_iter().for_each(|env| deriving.env_map(env));
    job.get("uses").into_iter().for_each(|uses| derive_action(deriving, uses));
    let image = |container: &Node| container.get("image").unwrap_or(container).clone();
    if let Some(container) = job.get("container") {
        deriving.image_ref(&image(container), "job", "container");
        container.get("env").into_iter().for_each(|env| deriving.env_map(env));
    }
    for service in job.get("services").map_or(&[][..], Node::entries) {
        deriving.image_ref(&image(&service.value), "service", &format!("services.{}", service.key));
        service.value.get("env").into_iter().for_each(|env| deriving.env_map(env));
    }
}

/// Adds what a step runs.
pub(super) fn derive_step(deriving: &mut Deriving<'_>, step: &Node, shell: &Shell) {
    step.get("env").into_iter().for_each(|env| deriving.env_map(env));
    if let Some(uses) = step.get("uses") {
        derive_action(deriving, uses);
        derive_docker(deriving, uses, "uses");
    }
    let Some(run) = step.get("run") else { return };
    let shell = shell.of_step(step);
    deriving.commands(run, Running { shell: shell.as_ref(), user: None }, "run");
}

/// Adds an image that is named as `docker://image`.
pub(super) fn derive_docker(deriving: &mut Deriving<'_>, of: &Node, part: &str) {
    let Some(image) = of.as_str().and_then(|text| text.strip_prefix("docker://")) else { return };
    let mut at = of.at;
    // The image is the end of what is written, unless a quote follows.
    if at.span.range().len() == image.len() + "docker://".len() {
        at.span.start += "docker://".len() as u32;
    }
    deriving.image_ref(&Node::text(image, at).named(of.name_at), "run", part);
}

fn derive_action(deriving: &mut Deriving<'_>, uses: &Node) {
    let action = computed::child("action", uses, deriving.sources());
    let mut map = action.as_ref().and_then(Node::as_map).cloned().unwrap_or_default();
    if let Some(unknown) = action.filter(|action| action.as_unresolved().is_some()) {
        for key in ["owner", "name", "ref", "ref-kind", "kind", "local"] {
            map.push_new(key, unknown.clone());
        }
    }
    map.insert("reference", uses.clone());
    deriving.push("action-ref", "uses", Node::map(map, uses.at).named(uses.name_at));
}
