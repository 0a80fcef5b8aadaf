//! What is read of `fixtures/kubernetes/manifests`, line by line as `expected.jsonl` beside it says.
//!
//! After a wanted change: run with `--nocapture` and put the printed lines that begin with a brace into that file.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use secscan_model::{Graph, LineIndex, Location, Node, Platform, Resource, Source, SourceId, Value};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/kubernetes")
}

/// The files of a folder and those below it, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of fixtures") {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// A value as compact JSON. What stands in the file anyway is left out: the `spec` of common kinds.
fn json(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => format!("{:?}", &*scalar.text),
        Value::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::Map(map) => {
            let entries = map.entries().iter().filter(|entry| !matches!(&*entry.key, "spec" | "containers"));
            let entries = entries.map(|entry| format!("{:?}:{}", &*entry.key, json(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Unresolved(unresolved) if unresolved.parts.is_empty() => "{\"$unresolved\":true}".to_owned(),
        Value::Unresolved(unresolved) => format!("{{\"$unresolved\":{:?}}}", unresolved.raw_text()),
    }
}

fn place(graph: &Graph, at: Location) -> String {
    let source = graph.source(at.source).expect("a file that was read");
    let lines = LineIndex::new(&source.bytes);
    format!("{}:{}-{}", source.path, lines.line(at.span.start), lines.line(at.span.end))
}

fn resource(graph: &Graph, resource: &Resource) -> String {
    let Resource { platform, kind, address, part, .. } = resource;
    let (place, header) = (place(graph, resource.at), place(graph, resource.header()));
    let value = if *platform == Platform::Common { json(&resource.value) } else { "{}".to_owned() };
    format!(
        "{{\"type\":\"{platform}/{kind}\",\"address\":{address:?},\"part\":{part:?},\"place\":{place:?},\"header\":{header:?},\"value\":{value}}}"
    )
}

#[test]
fn the_golden_manifests_are_read_as_committed() {
    let root = fixtures().join("manifests");
    let read = |(index, path): (usize, &PathBuf)| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let text = std::fs::read_to_string(path).unwrap();
        secscan_resources::read_file(Source::from_text(SourceId(index as u32), &name, &text))
    };
    let readings = files(&root).iter().enumerate().map(read).collect();
    let (graph, diagnostics) = secscan_resources::assemble(readings, Vec::new(), Vec::new());
    let mut actual = String::new();
    for found in graph.resources.iter().filter(|found| found.platform != Platform::Unit) {
        writeln!(actual, "{}", resource(&graph, found)).unwrap();
    }
    for edge in &graph.edges {
        let address = |id| &graph.resource(id).address;
        let (from, path, to) = (address(edge.from), &edge.path, address(edge.to));
        writeln!(actual, "{{\"from\":{from:?},\"path\":{path:?},\"to\":{to:?}}}").unwrap();
    }
    for diagnostic in diagnostics {
        let place = diagnostic.at.map(|at| place(&graph, at)).unwrap_or_default();
        let (kind, message) = (diagnostic.kind.as_str(), diagnostic.message);
        writeln!(actual, "{{\"diagnostic\":{kind:?},\"place\":{place:?},\"message\":{message:?}}}").unwrap();
    }
    let expected = std::fs::read_to_string(fixtures().join("expected.jsonl")).unwrap();
    if actual != expected {
        println!("{actual}");
    }
    for (line, (actual, expected)) in actual.lines().zip(expected.lines()).enumerate() {
        assert_eq!(actual, expected, "line {} of expected.jsonl", line + 1);
    }
    assert_eq!(actual.lines().count(), expected.lines().count());
}
