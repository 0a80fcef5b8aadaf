//! The files that secscan asks its users for: rules, packs, settings, baselines.

use secscan_core::baseline::Baseline;
use secscan_core::config::Config;
use secscan_core::{Scanner, Silent, examples};
use secscan_model::tree::MemoryTree;
use secscan_rules::compile::{compile, compile_params};
use secscan_rules::pack::{load_pack, load_topics};

use crate::files;

/// Compiles rules, packs and what stands beside them; a rule that compiles is run on its own examples.
pub(crate) fn rules(input: &[u8]) {
    for (path, bytes) in files::split(input, "rule.yaml") {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        match path {
            "pack.yaml" => drop(load_pack(path, text, &Default::default())),
            "topics.yaml" => drop(load_topics(path, text)),
            "parameters.yaml" => drop(compile_params(path, text)),
            _ => {
                if let Ok((file, rule)) = compile(path, text, &Default::default()) {
                    drop(examples::check(&rule, &file));
                }
            }
        }
    }
}

/// Reads settings and baselines, and scans a small tree by those that can be read.
pub(crate) fn settings(input: &[u8]) {
    /// A manifest with findings, one of them suppressed.
    const MANIFEST: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  hostPID: true # secscan:ignore \
                            k8s-host-pid -- a reason\n  hostIPC: true\n";
    let mut builder = Scanner::builder().only("k8s-host-pid").only("k8s-host-ipc");
    for (path, bytes) in files::split(input, Config::FILE_NAME) {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        if path.ends_with(".json") {
            if let Ok(baseline) = Baseline::parse(text, path) {
                builder = builder.baseline(baseline);
            }
        } else if let Ok(config) = Config::parse(text, path) {
            builder = builder.config(config, "");
        } else {
            return;
        }
    }
    if let Ok(scanner) = builder.build() {
        drop(scanner.scan(&MemoryTree::new([("a/pod.yaml", MANIFEST)]), &Silent));
    }
}
