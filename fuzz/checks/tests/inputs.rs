//! Inputs that once broke something, and the first inputs of fuzzers: every target takes them.

#![allow(clippy::print_stderr, reason = "a replay names its inputs before they run")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use secscan_fuzz::{TARGETS, target};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn kept_inputs_break_nothing_any_more() {
    let mut replayed = 0;
    for folder in entries(&root().join("fuzz/inputs")) {
        let name = folder.file_name().expect("it is below").to_string_lossy().into_owned();
        let target = target(&name).unwrap_or_else(|| panic!("fuzz/inputs/{name} belongs to no target"));
        for input in entries(&folder) {
            // A crash of the whole process names its input this way.
            eprintln!("{}", input.display());
            (target.run)(&std::fs::read(&input).expect("a kept input"));
            replayed += 1;
        }
    }
    assert!(replayed > 0, "fuzz/inputs holds what fuzzers found");
}

#[test]
fn every_target_has_a_name_of_its_own_and_takes_its_first_inputs() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len());
    for target in TARGETS {
        let seeds = (target.seeds)(&root());
        assert!(!seeds.is_empty(), "{} begins with nothing", target.name);
        // All of them take minutes in an unoptimised build; which ones are tried does not change from run to run.
        for seed in seeds.iter().step_by(seeds.len().div_ceil(8)) {
            (target.run)(seed);
        }
    }
}
