//! Each folder under `fixtures/terraform` is read as a scan of its own, and what it gives is compared with the
//! `.resources` file beside it. `UPDATE_FIXTURES=1 cargo test -p secscan-resources --test terraform_golden` writes these
//! files anew: read the difference.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

mod terraform;

use std::{fmt::Write, fs, path::Path};

use secscan_model::{LineIndex, Location, Node, Platform, Value};
use terraform::{Scan, scan};

#[test]
fn folders_give_the_resources_beside_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/terraform");
    let mut folders: Vec<_> =
        fs::read_dir(&root).expect("fixtures").map(|entry| entry.expect("readable").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(!folders.is_empty(), "no fixtures in {}", root.display());
    for folder in folders {
        let found = describe(&scan(terraform::files(&folder)));
        let beside = folder.with_extension("resources");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&beside, &found).expect("writable");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(found, expected, "{}", folder.display());
    }
}

/// One line a resource, `file:line kind address: value`, then the calls that lead to it; the references; the diagnostics.
fn describe(scan: &Scan) -> String {
    let mut text = String::new();
    let place = |at: Location| {
        let source = scan.sources.iter().find(|source| source.id == at.source).expect("places lie in files");
        format!("{}:{}", source.path, LineIndex::new(&source.bytes).line(at.span.start))
    };
    let written = scan.graph.resources.iter().filter(|it| it.platform == Platform::Terraform);
    for resource in written {
        let called: String = resource.value.via().iter().map(|at| format!(" < {}", place(*at))).collect();
        let outer = place(resource.at);
        let value = show(&resource.value, &outer, &place);
        writeln!(text, "{} {} {}{called}: {value}", place(resource.header()), resource.kind, resource.address)
            .expect("to a string");
    }
    for edge in &scan.graph.edges {
        let address = |id: secscan_model::ResourceId| &scan.graph.resource(id).address;
        writeln!(text, "{} -{}-> {}", address(edge.from), edge.path, address(edge.to)).expect("to a string");
    }
    for diagnostic in &scan.diagnostics {
        let place = diagnostic.at.map_or_else(String::new, place);
        writeln!(text, "{place} {}: {}", diagnostic.kind.as_str(), diagnostic.message).expect("to a string");
    }
    text
}

/// A value on one line: `?` and the raw text or the reason for what is not known; `@` and the place where a scalar stands
/// in another file than its resource.
fn show(node: &Node, outer: &str, place: &impl Fn(Location) -> String) -> String {
    let here = place(node.at);
    let file = |place: &str| place.rsplit_once(':').map(|(file, _)| file.to_owned());
    let elsewhere = if file(&here) == file(outer) { String::new() } else { format!("@{here}") };
    match &node.value {
        Value::Scalar(scalar) => format!("{}{elsewhere}", scalar.text.replace('\n', "\\n")),
        Value::Unresolved(unresolved) if unresolved.parts.is_empty() => format!("?({}){elsewhere}", unresolved.why),
        Value::Unresolved(unresolved) => format!("?{}{elsewhere}", unresolved.raw_text()),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| show(item, outer, place)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries =
                map.entries().iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value, outer, place)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
