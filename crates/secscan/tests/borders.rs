//! The borders between the crates are those that docs/design.md lists, and the pure crates stay pure.

use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The edges of the table in docs/design.md: lines such as `` | `secscan-core` | `secscan-model`, ... | ``.
fn documented() -> BTreeSet<(String, String)> {
    let text = std::fs::read_to_string(root().join("docs/design.md")).expect("docs/design.md is there");
    let section = text.split("<!-- edges -->").nth(1).expect("the table stands between two `<!-- edges -->` marks");
    let mut edges = BTreeSet::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.split('|').skip(1);
        let names = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        let from = names(cells.next().expect("a first cell"));
        let to = names(cells.next().expect("a second cell"));
        for from in &from {
            edges.extend(to.iter().map(|to| (from.clone(), to.clone())));
        }
    }
    edges
}

/// Our own packages.
fn packages() -> Vec<cargo_metadata::Package> {
    let mut command = cargo_metadata::MetadataCommand::new();
    let metadata = command.current_dir(root()).no_deps().other_options(["--offline".to_owned()]).exec();
    metadata.expect("cargo metadata runs").packages
}

/// The edges between our own packages, tests aside.
fn actual() -> BTreeSet<(String, String)> {
    let is_ours = |name: &str| name.starts_with("secscan");
    let mut edges = BTreeSet::new();
    for package in &packages() {
        for dependency in &package.dependencies {
            let counts = dependency.kind != cargo_metadata::DependencyKind::Development;
            if counts && is_ours(&dependency.name) {
                edges.insert((package.name.to_string(), dependency.name.clone()));
            }
        }
    }
    edges
}

#[test]
fn crates_use_each_other_as_the_design_says() {
    let (documented, actual) = (documented(), actual());
    let undocumented: Vec<_> = actual.difference(&documented).collect();
    let unused: Vec<_> = documented.difference(&actual).collect();
    assert!(undocumented.is_empty(), "edges that docs/design.md does not list: {undocumented:?}");
    assert!(unused.is_empty(), "edges that docs/design.md lists and nobody uses: {unused:?}");
}

#[test]
fn pure_crates_forbid_the_outside_world() {
    for name in [
        "secscan-model",
        "secscan-parse",
        "secscan-resources",
        "secscan-rules",
        "secscan-core",
        "secscan-report",
        "secscan-code",
        "secscan-secrets",
        "secscan-advisory",
    ] {
        let file = root().join("crates").join(name).join("clippy.toml");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{} is there", file.display()));
        for method in ["std::fs::read", "std::fs::write", "std::env::var", "std::time::SystemTime::now"] {
            assert!(text.contains(&format!("\"{method}\"")), "{} disallows {method}", file.display());
        }
    }
}

#[test]
fn every_package_forbids_unsafe_code() {
    for package in packages() {
        let is_shipped = |target: &&cargo_metadata::Target| target.is_lib() || target.is_bin();
        for target in package.targets.iter().filter(is_shipped) {
            let text = std::fs::read_to_string(&target.src_path).expect("a root module");
            assert!(text.contains("#![forbid(unsafe_code)]"), "{}", target.src_path);
        }
    }
}
