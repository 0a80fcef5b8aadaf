//! What the tests that compare with Terraform share.

#![allow(dead_code, reason = "each of them uses a part")]
#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::path::Path;

use secscan_model::tree::MemoryTree;
use secscan_model::{Diagnostic, FileTree, Graph, Node, Resource, Scalar, ScalarKind, Source, SourceId, Value};
use secscan_resources::{FileReading, Options, Tree, assemble, read_file, read_unit, units};

/// What the root module of a folder gave.
pub(crate) struct Evaluated {
    /// Its resources.
    pub(crate) resources: Vec<Resource>,
    /// What was not understood.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Evaluated {
    /// The value at a path within a resource.
    pub(crate) fn value(&self, address: &str, path: &[&str]) -> Option<&Node> {
        self.resources.iter().find(|resource| &*resource.address == address)?.value.at_path(path)
    }
}

/// The files below a folder with their paths.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn add(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).expect("a folder of fixtures") {
            let entry = entry.expect("readable");
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                add(&entry.path(), &format!("{path}/"), files);
            } else {
                files.push((path, std::fs::read(entry.path()).expect("readable")));
            }
        }
    }
    let mut found = Vec::new();
    add(folder, "", &mut found);
    found
}

/// Files, read and evaluated as one scan.
pub(crate) struct Scan {
    /// The files.
    pub(crate) sources: Vec<Source>,
    /// All resources, with the references between them.
    pub(crate) graph: Graph,
    /// What was not understood.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads and evaluates files.
pub(crate) fn scan(files: Vec<(String, Vec<u8>)>) -> Scan {
    let memory = MemoryTree::new(files);
    let listing = memory.list();
    let source = |(index, candidate): (usize, &secscan_model::Candidate)| {
        let bytes = memory.read(candidate).expect("in memory");
        Source { bytes, ..Source::from_text(SourceId(index as u32), &candidate.path, "") }
    };
    let sources: Vec<Source> = listing.files.iter().enumerate().map(source).collect();
    let readings: Vec<FileReading> = sources.iter().cloned().map(read_file).collect();
    let tree = Tree::new(&memory, &listing.files);
    let evaluated = {
        let groups = units(&readings);
        let options = Options::default();
        groups.list.iter().map(|unit| read_unit(unit, &groups, &readings, Some(&tree), &options)).collect()
    };
    let (graph, diagnostics) = assemble(readings, evaluated, Vec::new());
    Scan { sources, graph, diagnostics }
}

/// Evaluates the files of a tree with the root of the tree as the root module.
pub(crate) fn evaluate(files: Vec<(String, Vec<u8>)>) -> Evaluated {
    let Scan { graph, diagnostics, .. } = scan(files);
    let resources = graph.resources.into_iter().filter(|resource| &*resource.unit == "terraform:.").collect();
    Evaluated { resources, diagnostics }
}

/// The value of a JSON text.
pub(crate) fn parse_json(text: &str) -> Node {
    let parsed = secscan_parse::json::parse(&Source::from_text(SourceId(0), "x.json", text));
    parsed.documents.into_iter().next().unwrap_or_else(|| panic!("no JSON: {text} {:?}", parsed.diagnostics))
}

/// The text that Terraform has printed in Base64, so that no escapes of its own come between.
pub(crate) fn from_base64(text: &str) -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut bits) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        group = group << 6 | ALPHABET.iter().position(|known| *known == byte)? as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits & 0xff) as u8);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether a value of ours is what Terraform gives. A text of JSON or YAML is a tree here.
pub(crate) fn same(ours: &Node, theirs: &Node) -> bool {
    match (&ours.value, &theirs.value) {
        (Value::List(_) | Value::Map(_), Value::Scalar(text)) if text.kind == ScalarKind::Text => {
            let source = Source::from_text(SourceId(0), "x.yaml", &text.text);
            secscan_parse::yaml::parse(&source).documents.first().is_some_and(|tree| says_the_same(ours, tree))
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.entries().iter().all(|entry| b.get(&entry.key).is_some_and(|b| same(&entry.value, b)))
        }
        (Value::Scalar(a), Value::Scalar(b)) => same_scalars(a, b),
        _ => false,
    }
}

/// Whether a tree of ours is what a text says; numbers may be written in other ways.
fn says_the_same(ours: &Node, theirs: &Node) -> bool {
    match (&ours.value, &theirs.value) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| says_the_same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.entries().iter().all(|entry| b.get(&entry.key).is_some_and(|b| says_the_same(&entry.value, b)))
        }
        (Value::List(_) | Value::Map(_), Value::Scalar(_)) => same(ours, theirs),
        (Value::Scalar(a), Value::Scalar(b)) => same_scalars(a, b),
        _ => false,
    }
}

fn same_scalars(a: &Scalar, b: &Scalar) -> bool {
    let is_number = |scalar: &Scalar| matches!(scalar.kind, ScalarKind::Int(_) | ScalarKind::Float(_));
    match (is_number(a), is_number(b)) {
        (true, true) => a.text == b.text || shortest(&a.text) == shortest(&b.text),
        (false, false) => a.kind == b.kind && (a.text == b.text || a.kind == ScalarKind::Null),
        _ => false,
    }
}

/// A number as it is written, without zeros behind the point that say nothing.
fn shortest(text: &str) -> String {
    let text = if text.contains('.') && !text.contains(['e', 'E']) {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    if text.contains(['e', 'E']) {
        text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string())
    } else {
        text.to_owned()
    }
}

/// A value in the manner of JSON; `?` and the reason for what is not known.
pub(crate) fn show(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) if scalar.kind == ScalarKind::Text => format!("{:?}", scalar.text),
        Value::Scalar(_) if node.is_null() => "null".to_owned(),
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries = map.entries().iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Unresolved(unresolved) => format!("?{}", unresolved.why),
    }
}
