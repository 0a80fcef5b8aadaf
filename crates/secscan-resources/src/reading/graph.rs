//! Everything that was read as one graph: ids given, references across files found, in an order that no thread decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashMap;
use secscan_model::{Diagnostic, Edge, Graph, Location, Map, Node, Platform, Resource, Source, SourceId, Span};

use super::batch::extend;
use super::{Batch, FileReading, READERS, UnitReading};

/// Joins everything into one graph, in an order that does not depend on the order of work, and finds the references
/// across files. `files` must be sorted by source id.
pub fn assemble(files: Vec<FileReading>, units: Vec<UnitReading>, paths: Vec<Arc<str>>) -> (Graph, Vec<Diagnostic>) {
    let mut graph = Graph { paths, ..Graph::default() };
    let mut diagnostics = Vec::new();
    let replaced: BTreeSet<SourceId> = units.iter().flat_map(|unit| &unit.replaced).copied().collect();
    for file in files {
        let is_replaced = replaced.contains(&file.source.id);
        diagnostics.extend(file.diagnostics);
        if file.recognised || file.is_needed {
            graph.sources.push(file.source);
            graph.comments.push(file.comments);
        }
        if !is_replaced {
            add(&mut graph, file.batch);
        }
    }
    for unit in units {
        diagnostics.extend(unit.diagnostics);
        unit.sources.into_iter().for_each(|source| add_source(&mut graph, source));
        add(&mut graph, unit.batch);
    }
    let derived: Vec<Resource> = READERS.iter().flat_map(|reader| reader.derive(&graph)).collect();
    graph.resources.extend(derived);
    add_units(&mut graph);
    let across: Vec<Edge> = READERS.iter().flat_map(|reader| reader.link(&graph, &mut diagnostics)).collect();
    graph.edges.extend(across);
    graph.edges.sort_by(|a, b| (a.from, a.to, &a.path).cmp(&(b.from, b.to, &b.path)));
    graph.edges.dedup();
    // What several units read, each says.
    let mut said = BTreeSet::new();
    diagnostics.retain(|diagnostic| said.insert((diagnostic.path.clone(), diagnostic.at, diagnostic.message.clone())));
    (graph, diagnostics)
}

/// Adds a file that no reader took.
fn add_source(graph: &mut Graph, source: Source) {
    if let Err(at) = graph.sources.binary_search_by_key(&source.id, |known| known.id) {
        let comments = secscan_parse::format_of(&source.path).map(|format| (format.parse)(&source).comments);
        graph.sources.insert(at, source);
        graph.comments.insert(at, comments.unwrap_or_default());
    }
}

/// Adds one resource for each unit and one for the repository: the subjects of questions about what must exist
/// somewhere. Each stands at the start of its first file in path order.
fn add_units(graph: &mut Graph) {
    let mut firsts: HashMap<Arc<str>, Location> = HashMap::default();
    for resource in &graph.resources {
        let start = Location { source: resource.at.source, span: Span::default() };
        match firsts.get_mut(&resource.unit) {
            Some(first) => *first = start.min(*first),
            None => drop(firsts.insert(resource.unit.clone(), start)),
        }
    }
    if let Some(source) = graph.sources.first() {
        firsts.insert("repository".into(), source.at(Span::default()));
    }
    let mut firsts: Vec<_> = firsts.into_iter().collect();
    firsts.sort_unstable();
    graph.resources.extend(firsts.into_iter().map(|(unit, at)| Resource {
        platform: Platform::Unit,
        kind: unit.split(':').next().unwrap_or_default().into(),
        address: unit.clone(),
        part: "".into(),
        at,
        value: Node::map(Map::default(), at),
        unit,
        owner: None,
        opaque: None,
    }));
}

/// Adds a batch to a graph.
fn add(graph: &mut Graph, batch: Batch) {
    extend(&mut graph.resources, &mut graph.edges, batch);
}
