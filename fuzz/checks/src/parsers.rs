//! Parsers of generic trees: every place that they name lies in the file, and no tree is deeper than promised.

use secscan_model::{Location, Node, Source, SourceId, Value};
use secscan_parse::{MAX_DEPTH, format_of};

/// Parses an input as the format that claims the path.
pub(crate) fn run(path: &str, input: &[u8]) {
    let Some(format) = format_of(path) else { panic!("no format claims {path}") };
    let source = Source { bytes: input.into(), ..Source::from_text(SourceId(0), path, "") };
    let parsed = (format.parse)(&source);
    let mut visit = Visit { sources: std::slice::from_ref(&source), left: MOST_NODES };
    parsed.documents.iter().for_each(|document| visit.node(document, 0));
    parsed.comments.iter().for_each(|comment| visit.place(source.at(comment.span)));
    parsed.diagnostics.iter().filter_map(|diagnostic| diagnostic.at).for_each(|at| visit.place(at));
}

/// How many nodes are looked at: aliases make small files large.
pub(crate) const MOST_NODES: usize = 200_000;

/// A look at the places of trees.
pub(crate) struct Visit<'a> {
    /// The files, sorted by id.
    pub(crate) sources: &'a [Source],
    /// How many nodes may still be looked at.
    pub(crate) left: usize,
}

impl Visit<'_> {
    /// Looks at a node and all below it.
    pub(crate) fn node(&mut self, node: &Node, depth: usize) {
        assert!(depth <= MAX_DEPTH, "a tree is deeper than {MAX_DEPTH}");
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        [node.at, node.name_at].into_iter().for_each(|at| self.place(at));
        match &node.value {
            Value::Scalar(_) | Value::Unresolved(_) => {}
            Value::List(items) => items.iter().for_each(|item| self.node(item, depth + 1)),
            Value::Map(map) => map.entries().iter().for_each(|entry| self.node(&entry.value, depth + 1)),
        }
    }

    /// Holds that a place lies in its file and cuts no character in two.
    pub(crate) fn place(&self, at: Location) {
        let Ok(index) = self.sources.binary_search_by_key(&at.source, |source| source.id) else { return };
        let Some(source) = self.sources.get(index) else { return };
        let range = at.span.range();
        let continues = |at: usize| source.bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
        // Whether there are characters to cut is asked last: that reads all of the file.
        let cuts = (continues(range.start) || continues(range.end)) && source.text().is_ok();
        assert!(
            source.bytes.get(range).is_some() && !cuts,
            "{at:?} is no place of {} ({} bytes)",
            source.path,
            source.bytes.len()
        );
    }
}
