//! Each chart under `fixtures/helm` is rendered, and what comes out is compared with the `.rendered` file beside it: the
//! text of each template, what is said, and the resources with the places of their values.
//! `UPDATE_FIXTURES=1 cargo test -p secscan-resources --test helm_golden` writes these files anew: read the difference.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use secscan_model::{LineIndex, Location, Node, Platform, Resource, Source, SourceId, Value};
use secscan_resources::helm::{self, Charts};
use secscan_resources::{Options, UnitReading, read_file_of, read_unit, units};

#[test]
fn charts_render_to_what_lies_beside_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/helm");
    let mut folders: Vec<_> =
        fs::read_dir(&root).expect("fixtures").map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(!folders.is_empty(), "no fixtures in {}", root.display());
    for folder in folders {
        let found = describe(&sources(&root, &folder));
        let beside = folder.with_extension("rendered");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&beside, &found).expect("writable");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(found, expected, "{}", folder.display());
    }
}

fn sources(root: &Path, folder: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    let path = |file: &PathBuf| file.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
    let mut files: Vec<_> = files.iter().map(|file| (path(file), file)).collect();
    files.sort();
    let source = |(index, (path, file)): (usize, &(String, &PathBuf))| {
        Source::from_text(SourceId(index as u32), path, &fs::read_to_string(file).expect("readable"))
    };
    files.iter().enumerate().map(source).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, into) } else { into.push(path) }
    }
}

fn read(sources: &[Source]) -> UnitReading {
    let charts = Charts::of(sources.iter().map(|source| &*source.path));
    let readings: Vec<_> = sources.iter().map(|source| read_file_of(&charts, source.clone())).collect();
    let units = units(&readings);
    let mut all = UnitReading::default();
    for unit in &units.list {
        let read = read_unit(unit, &units, &readings, None, &Options::default());
        all.batch.resources.extend(read.batch.resources);
        all.diagnostics.extend(read.diagnostics);
    }
    all
}

fn describe(sources: &[Source]) -> String {
    let place = |at: Location| {
        let source = &sources[at.source.0 as usize];
        format!("{}:{}", source.path, LineIndex::new(&source.bytes).line(at.span.start))
    };
    let mut text = String::new();
    for (name, rendered) in helm::print(sources, &Options::default()).templates {
        writeln!(text, "=== {name}\n{}", rendered.trim_end()).expect("to a string");
    }
    let reading = read(sources);
    writeln!(text, "\n=== said").expect("to a string");
    for said in &reading.diagnostics {
        let place = said.at.map_or_else(String::new, place);
        writeln!(text, "{place} {}: {}", said.kind.as_str(), said.message).expect("to a string");
    }
    for resource in reading.batch.resources.iter().filter(|resource| resource.platform == Platform::Kubernetes) {
        describe_resource(resource, &place, &mut text);
    }
    text
}

/// A resource, and those of its values that stand in another file or come from one.
fn describe_resource(resource: &Resource, place: &impl Fn(Location) -> String, text: &mut String) {
    let own = place(resource.at);
    writeln!(text, "\n=== {own} {} {}", resource.kind, resource.address).expect("to a string");
    let file = own.rsplit_once(':').map_or("", |(file, _)| file);
    describe_node(&resource.value, String::new(), file, place, text);
}

fn describe_node(node: &Node, path: String, file: &str, place: &impl Fn(Location) -> String, text: &mut String) {
    let value = match &node.value {
        Value::Map(map) => {
            for entry in map.entries() {
                describe_node(&entry.value, format!("{path}.{}", entry.key), file, place, text);
            }
            return;
        }
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                describe_node(item, format!("{path}[{at}]"), file, place, text);
            }
            return;
        }
        Value::Scalar(scalar) => scalar.text.replace('\n', "\\n"),
        Value::Unresolved(unresolved) => format!("?({}) {}", unresolved.why, unresolved.raw_text()),
    };
    let here = place(node.at);
    let is_elsewhere = !here.starts_with(&format!("{file}:"));
    if is_elsewhere || node.set_at().is_some() || node.as_unresolved().is_some() {
        let set: String = node.set_at().map(|at| format!(" < {}", place(at))).unwrap_or_default();
        writeln!(text, "{} = {value} @ {here}{set}", path.trim_start_matches('.')).expect("to a string");
    }
}
