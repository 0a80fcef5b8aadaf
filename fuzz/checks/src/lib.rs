//! Everything of secscan that reads foreign bytes, as one table: a name, a function of bytes that must neither panic nor
//! hang, and where its first inputs come from.
//!
//! Reading order: [`TARGETS`] → `files` (how one input stands for several files) → `parsers`, `hcl`, `trees`, `own`,
//! `advisories`, `images` (what is called, and what must hold of any input) → `seeds` (the first inputs).
//!
//! A fuzzer calls a target through `fuzz/fuzz_targets/any.rs`; the test `inputs` replays what `fuzz/inputs` keeps.

#![forbid(unsafe_code)]

mod advisories;
mod files;
mod hcl;
mod images;
mod own;
mod parsers;
mod seeds;
mod trees;

/// Something that reads foreign bytes.
#[derive(Debug)]
pub struct Target {
    /// What it is called; also the name of the folder of its inputs.
    pub name: &'static str,
    /// Reads an input. It panics when something does not hold that must hold of any input.
    pub run: fn(&[u8]),
    /// Inputs to begin with, made from the files of the project, which lies at this path.
    pub seeds: fn(&std::path::Path) -> Vec<Vec<u8>>,
}

/// All targets.
pub static TARGETS: &[Target] = &[
    Target {
        name: "yaml",
        run: |input| parsers::run("a.yaml", input),
        seeds: |root| seeds::alone(root, &[".yaml", ".yml"]),
    },
    Target { name: "json", run: |input| parsers::run("a.json", input), seeds: |root| seeds::alone(root, &[".json"]) },
    Target { name: "toml", run: |input| parsers::run("a.toml", input), seeds: |root| seeds::alone(root, &[".toml"]) },
    Target { name: "hcl", run: hcl::run, seeds: |root| seeds::alone(root, &[".tf", ".tfvars", ".hcl"]) },
    Target {
        name: "dockerfile",
        run: |input| trees::read("Dockerfile", input),
        seeds: |root| seeds::examples(root, "Dockerfile"),
    },
    Target {
        name: "terraform",
        run: |input| trees::read("main.tf", input),
        seeds: |root| seeds::examples(root, "main.tf"),
    },
    Target {
        name: "kubernetes",
        run: |input| trees::read("manifest.yaml", input),
        seeds: |root| seeds::examples(root, "manifest.yaml"),
    },
    Target {
        name: "helm",
        run: |input| trees::read("Chart.yaml", input),
        seeds: |root| seeds::examples(root, "Chart.yaml"),
    },
    Target {
        name: "kustomize",
        run: |input| trees::read("kustomization.yaml", input),
        seeds: |root| seeds::examples(root, "kustomization.yaml"),
    },
    Target {
        name: "compose",
        run: |input| trees::read("compose.yaml", input),
        seeds: |root| seeds::examples(root, "compose.yaml"),
    },
    Target {
        name: "quadlets",
        run: |input| trees::read("app.container", input),
        seeds: |root| seeds::examples(root, "app.container"),
    },
    Target {
        name: "daemon",
        run: |input| trees::read("daemon.json", input),
        seeds: |root| seeds::alone(root, &["daemon.json"]),
    },
    Target {
        name: "cloudformation",
        run: |input| trees::read("template.yaml", input),
        seeds: |root| seeds::examples(root, "template.yaml"),
    },
    Target {
        name: "arm",
        run: |input| trees::read("template.json", input),
        seeds: |root| seeds::examples(root, "template.json"),
    },
    Target {
        name: "bicep",
        run: |input| trees::read("main.bicep", input),
        seeds: |root| seeds::examples(root, "main.bicep"),
    },
    Target {
        name: "workflows",
        run: |input| trees::read(".github/workflows/ci.yml", input),
        seeds: |root| seeds::examples(root, ".github/workflows/ci.yml"),
    },
    Target {
        name: "packages",
        run: |input| trees::read("package-lock.json", input),
        seeds: |root| seeds::folders(root, "fixtures/packages"),
    },
    Target { name: "installed", run: |input| trees::read("var/lib/dpkg/status", input), seeds: seeds::installed },
    Target { name: "rules", run: own::rules, seeds: seeds::rules },
    Target { name: "settings", run: own::settings, seeds: seeds::settings },
    Target { name: "advisories", run: advisories::import, seeds: seeds::advisories },
    Target { name: "versions", run: advisories::compare, seeds: seeds::versions },
    Target { name: "image-archive", run: images::archive, seeds: seeds::archives },
    Target { name: "image-layer", run: images::layer, seeds: seeds::layers },
    Target { name: "image-files", run: images::files, seeds: seeds::image_files },
    Target { name: "code", run: trees::search_code, seeds: |root| seeds::rule_examples(root, "rules/code") },
    Target { name: "secrets", run: trees::search_secrets, seeds: |root| seeds::rule_examples(root, "rules/secrets") },
    Target { name: "scan", run: trees::scan, seeds: |root| seeds::rule_examples(root, "rules") },
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
