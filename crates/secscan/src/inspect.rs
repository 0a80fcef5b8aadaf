//! `secscan inspect`: the resources as rules see them.

use std::collections::BTreeMap;
use std::io::Write;

use secscan_core::{Inspection, Scanner, Silent};
use secscan_model::{LineIndex, Map, Node, Platform, Resource, ScalarKind, SourceId, Value};
use serde_json::json;

use crate::args::{InspectArguments, InspectFormat};
use crate::{Verdict, scan, targets};

/// Reads a target and prints what is there.
pub(crate) fn run(arguments: &InspectArguments, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let options = secscan_discover::Options::default();
    let target = std::slice::from_ref(&arguments.target);
    let reading = &arguments.reading;
    let tree = targets::open(target, &reading.stdin_name, &options, &reading.images)?;
    let options = scan::reader_options(&reading.var_files, &reading.helm, None)?;
    let scanner = Scanner::builder().options(options).build()?;
    let inspection = scanner.inspect(&tree, &Silent);
    match arguments.format {
        InspectFormat::Json => write_json(&inspection, arguments.derived, out)?,
        InspectFormat::Text => write_text(&inspection, arguments.derived, out)?,
    }
    Ok(Verdict::Passed)
}

fn is_shown(resource: &Resource, derived: bool) -> bool {
    derived || !matches!(resource.platform, Platform::Common | Platform::Unit)
}

/// The lines of the files of an inspection, found once a file: a lockfile holds thousands of resources.
struct Places<'a> {
    inspection: &'a Inspection,
    lines: BTreeMap<SourceId, LineIndex>,
}

impl<'a> Places<'a> {
    fn new(inspection: &'a Inspection) -> Self {
        Self { inspection, lines: BTreeMap::new() }
    }

    /// Path, first and last line of a resource.
    fn place(&mut self, resource: &Resource) -> (String, u32, u32) {
        let Some(source) = self.inspection.graph.source(resource.at.source) else { return (String::new(), 1, 1) };
        let lines = self.lines.entry(source.id).or_insert_with(|| LineIndex::new(&source.bytes));
        let span = resource.at.span;
        let last = span.end.saturating_sub(1).max(span.start);
        (source.path.to_string(), lines.line(span.start), lines.line(last))
    }
}

fn write_json(inspection: &Inspection, derived: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut places = Places::new(inspection);
    let shown = inspection.graph.resources.iter().filter(|resource| is_shown(resource, derived));
    let resources: Vec<_> = shown
        .map(|resource| {
            let (path, start, end) = places.place(resource);
            json!({
                "platform": resource.platform.as_str(),
                "type": &*resource.kind,
                "address": &*resource.address,
                "value": value(&resource.value),
                "path": path,
                "start_line": start,
                "end_line": end,
            })
        })
        .collect();
    let diagnostics: Vec<_> = inspection
        .notices
        .iter()
        .map(|notice| {
            json!({
                "kind": notice.kind.as_str(),
                "path": notice.path.as_deref(),
                "line": notice.place.as_ref().map(|place| place.start.line()),
                "message": &*notice.message,
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &json!({ "resources": resources, "diagnostics": diagnostics }))?;
    Ok(writeln!(out)?)
}

fn value(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => serde_json::Value::Null,
            ScalarKind::Bool(value) => json!(value),
            ScalarKind::Int(value) => json!(value),
            ScalarKind::Float(value) => json!(value),
            ScalarKind::Text => json!(&*scalar.text),
        },
        Value::List(items) => items.iter().map(value).collect(),
        Value::Map(map) => map_value(map),
        Value::Unresolved(unresolved) => json!({ "$unresolved": &*unresolved.why }),
    }
}

fn map_value(map: &Map) -> serde_json::Value {
    let entries = map.entries().iter().map(|entry| (entry.key.to_string(), value(&entry.value)));
    let rest = map.rest.iter().map(|why| ("$rest".to_owned(), json!({ "$unresolved": &**why })));
    serde_json::Value::Object(entries.chain(rest).collect())
}

fn write_text(inspection: &Inspection, derived: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut places = Places::new(inspection);
    let mut count = 0;
    for resource in inspection.graph.resources.iter().filter(|resource| is_shown(resource, derived)) {
        let (path, start, end) = places.place(resource);
        let part = if resource.part.is_empty() { String::new() } else { format!(" {}", resource.part) };
        writeln!(out, "{} {} {}{part}  ({path}:{start}-{end})", resource.platform, resource.kind, resource.address)?;
        write_node(&resource.value, 1, out)?;
        count += 1;
    }
    for notice in &inspection.notices {
        let path = notice.path.as_deref().unwrap_or("-");
        let line = notice.place.as_ref().map(|place| format!(":{}", place.start.line())).unwrap_or_default();
        writeln!(out, "{}: {path}{line}: {}", notice.kind.as_str(), notice.message)?;
    }
    Ok(writeln!(out, "{count} resources")?)
}

/// A value as indented lines; what is empty or unknown says so.
fn write_node(node: &Node, depth: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let indent = "  ".repeat(depth);
    for entry in node.entries() {
        write_entry(&format!("{indent}{}", entry.key.escape_debug()), &entry.value, depth, out)?;
    }
    if let Some(why) = node.as_map().and_then(|map| map.rest.as_ref()) {
        writeln!(out, "{indent}... and perhaps more: {why}")?;
    }
    for item in node.as_list().unwrap_or_default() {
        write_entry(&format!("{indent}-"), item, depth, out)?;
    }
    Ok(())
}

fn write_entry(name: &str, node: &Node, depth: usize, out: &mut dyn Write) -> std::io::Result<()> {
    match &node.value {
        Value::Scalar(scalar) if scalar.kind == ScalarKind::Null => writeln!(out, "{name} = null"),
        Value::Scalar(scalar) => writeln!(out, "{name} = {}", scalar.text.escape_debug()),
        Value::Unresolved(unresolved) => writeln!(out, "{name} = unknown: {}", unresolved.why.escape_debug()),
        Value::List(items) if items.is_empty() => writeln!(out, "{name} = []"),
        Value::Map(map) if map.is_empty() && map.rest.is_none() => writeln!(out, "{name} = {{}}"),
        Value::List(_) | Value::Map(_) => {
            writeln!(out, "{name}")?;
            write_node(node, depth + 1, out)
        }
    }
}
