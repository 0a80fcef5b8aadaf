//! Scans of files that stand in a test, for the tests of all readers.

use secscan_model::{Diagnostic, Entry, Graph, Node, Resource, Source, SourceId, Value};

use crate::{Options, assemble, read_file, read_unit, read_wanted, units, wanted};

/// What files give together, and what is said of them. Their ids are in the order of their paths, as in a scan.
pub(crate) fn scan(files: &[(&str, &str)]) -> (Graph, Vec<Diagnostic>) {
    let mut files = files.to_vec();
    files.sort_unstable();
    let sources = (0..).zip(&files).map(|(id, (path, text))| Source::from_text(SourceId(id), path, text));
    let mut readings: Vec<_> = sources.map(read_file).collect();
    let wanted = wanted(&readings);
    for reading in readings.iter_mut().filter(|reading| wanted.contains(&reading.source.path)) {
        *reading = read_wanted(reading.source.clone());
    }
    let (groups, options) = (units(&readings), Options::default());
    let evaluated = groups.list.iter().map(|unit| read_unit(unit, &groups, &readings, None, &options)).collect();
    assemble(readings, evaluated, Vec::new())
}

/// The resource of an address that is no part of another one.
pub(crate) fn resource<'g>(graph: &'g Graph, address: &str) -> &'g Resource {
    let found = graph.resources.iter().find(|resource| &*resource.address == address && resource.part.is_empty());
    found.unwrap_or_else(|| panic!("no resource {address}"))
}

/// A value on one line: `?` for what is unknown, `??` for what is perhaps absent, `~` for what is not there.
pub(crate) fn show(node: Option<&Node>) -> String {
    let Some(node) = node else { return "~".to_owned() };
    match &node.value {
        Value::Scalar(scalar) if node.is_null() => format!("null{}", scalar.text),
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| show(Some(item))).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entry = |entry: &Entry| format!("{}: {}", entry.key, show(Some(&entry.value)));
            let entries = map.entries().iter().map(entry).chain(map.rest.iter().map(|_| "...".to_owned()));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Unresolved(unknown) if unknown.perhaps_absent => "??".to_owned(),
        Value::Unresolved(unknown) => format!("?{}", unknown.raw_text()),
    }
}
