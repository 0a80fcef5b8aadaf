//! The built-in rules and packs: every rule keeps what its examples claim, and what packs name exists.

#![allow(clippy::disallowed_methods, reason = "tests read the rule files of the workspace")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use secscan_core::examples;
use secscan_model::Platform;
use secscan_rules::blob::RuleBlob;
use secscan_rules::compile::compile;
use secscan_rules::syntax::RuleFile;
use secscan_rules::{Rule, Vocabulary};

fn blob() -> RuleBlob {
    secscan_builtin_rules::load().expect("the blob decodes")
}

/// The paths in a folder.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").path())
}

/// Every rule file: where it is, what it says, what it compiles to.
fn rules() -> Vec<(PathBuf, RuleFile, Rule)> {
    let blob = blob();
    let topics = blob.topics.iter().map(|topic| topic.id.to_string()).collect();
    let vocabulary = Vocabulary { topics, params: (*blob.params).clone() };
    let families = entries(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules"))).filter(|path| path.is_dir());
    let is_rule = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    // A family may have a folder for each language.
    let inner = |path: PathBuf| if path.is_dir() { entries(&path).collect() } else { vec![path] };
    let mut files: Vec<PathBuf> =
        families.flat_map(|folder| entries(&folder)).flat_map(inner).filter(is_rule).collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a rule file");
        let compiled = compile(&path.display().to_string(), &text, &vocabulary);
        let (file, rule) = compiled.unwrap_or_else(|errors| panic!("{errors:#?}"));
        (path, file, rule)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn every_rule_keeps_what_its_examples_claim() {
    let mut problems = Vec::new();
    for (path, file, rule) in rules() {
        let found = examples::check(&rule, &file);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", path.display())));
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_blob_holds_every_rule_file() {
    let rules = rules();
    let of_files: BTreeSet<&str> = rules.iter().map(|(_, _, rule)| &*rule.info.id.0).collect();
    let blob = blob();
    let embedded: Vec<&str> = blob.rules.iter().map(|rule| &*rule.info.id.0).collect();
    assert_eq!(embedded, of_files.into_iter().collect::<Vec<_>>(), "each once, sorted by id");
    for (path, _, rule) in &rules {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        assert_eq!(stem, Some(&*rule.info.id.0), "a file bears the id of its rule");
    }
}

#[test]
fn each_platform_has_its_share_of_rules() {
    let rules = blob().rules;
    let count = |platforms: &[Platform]| {
        rules.iter().filter(|rule| rule.info.platforms.iter().any(|platform| platforms.contains(platform))).count()
    };
    for (platforms, least) in [
        (&[Platform::Kubernetes][..], 80),
        (&[Platform::Dockerfile, Platform::Compose], 90),
        (&[Platform::Docker], 11),
        (&[Platform::GithubActions], 20),
        (&[Platform::Code], 90),
        (&[Platform::Terraform, Platform::CloudFormation], 55),
    ] {
        assert!(count(platforms) >= least, "{platforms:?}: {} of at least {least} rules", count(platforms));
    }
    assert!(rules.len() >= 190, "{} of at least 190 rules", rules.len());
}

#[test]
fn packs_have_the_controls_of_their_regulations() {
    let packs = secscan_builtin_packs::load().expect("the blob decodes").packs;
    let counts: BTreeMap<&str, usize> = packs.iter().map(|pack| (&*pack.id, pack.controls.len())).collect();
    let expected = [
        ("gdpr", 52),
        ("hipaa", 69),
        ("kubernetes-hardening", 87),
        ("pci-dss", 265),
        ("pod-security-baseline", 12),
        ("pod-security-restricted", 15),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

#[test]
fn packs_name_what_exists() {
    let blob = blob();
    let ids: BTreeSet<&str> = blob.rules.iter().map(|rule| &*rule.info.id.0).collect();
    let topics: BTreeSet<&str> = blob.topics.iter().map(|topic| &*topic.id).collect();
    let mut missing = BTreeSet::new();
    for pack in secscan_builtin_packs::load().expect("the blob decodes").packs {
        let mut expect = |exists: bool, what: String| {
            if !exists {
                missing.insert(format!("{}: there is no {what}", pack.id));
            }
        };
        for entry in &pack.map {
            for rule in entry.rules.iter().chain(&entry.exclude) {
                expect(ids.contains(&*rule.0), format!("rule `{rule}`"));
            }
            for topic in &entry.topics {
                expect(topics.contains(&**topic), format!("topic `{topic}`"));
            }
            for control in &entry.controls {
                expect(pack.controls.iter().any(|known| known.id == *control), format!("control `{control}`"));
            }
            for demand in &entry.require {
                let rule = blob.rules.iter().find(|rule| rule.info.id == demand.rule);
                let has = rule.is_some_and(|rule| rule.params.contains_key(&*demand.parameter));
                expect(has, format!("parameter `{}` of `{}`", demand.parameter, demand.rule));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
}
