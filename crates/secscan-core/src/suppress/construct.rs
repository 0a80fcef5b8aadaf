//! What a comment speaks for, and what a finding stands in: constructs, by their first and last lines.

use secscan_model::{Comment, LineIndex, Location, Node, Resource, Source, Span, Value};

/// The lines of a file, as far as suppressions ask.
pub(super) struct Lines<'s> {
    source: &'s Source,
    index: LineIndex,
    /// The lines that hold nothing but a comment, sorted.
    of_comments: Vec<u32>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(source: &'s Source, comments: &[Comment]) -> Self {
        let index = LineIndex::new(&source.bytes);
        let alone = comments.iter().filter(|comment| !comment.trailing);
        let mut of_comments: Vec<u32> =
            alone.flat_map(|comment| index.line(comment.span.start)..=last_line(&index, comment.span)).collect();
        of_comments.sort_unstable();
        Self { source, index, of_comments }
    }

    /// The line that a comment speaks for.
    pub(super) fn spoken_for(&self, comment: &Comment) -> u32 {
        if comment.trailing {
            return self.index.line(comment.span.start);
        }
        let mut line = last_line(&self.index, comment.span) + 1;
        while line <= self.index.lines() && (self.of_comments.binary_search(&line).is_ok() || self.is_separator(line)) {
            line += 1;
        }
        line
    }

    /// Whether a line only separates YAML documents.
    fn is_separator(&self, line: u32) -> bool {
        let span = self.index.span(&self.source.bytes, line);
        self.source.bytes.get(span.range()).is_some_and(|text| text.trim_ascii_end() == b"---")
    }
}

/// The line of the last byte of a span.
fn last_line(index: &LineIndex, span: Span) -> u32 {
    index.line(span.end.saturating_sub(1).max(span.start))
}

/// The first and last lines of the constructs of a resource that a place stands in, outermost first: the resource, then
/// every named value and list item down to the place. `index` is that of the place's file; constructs in other files
/// are left out.
pub(crate) fn constructs_around(resource: &Resource, at: Location, index: &LineIndex) -> Vec<(u32, u32)> {
    let mut constructs = Vec::new();
    let mut add = |extent: Location| {
        if extent.source == at.source && extent.span.contains(at.span) {
            constructs.push((index.line(extent.span.start), last_line(index, extent.span)));
        }
    };
    add(resource.at);
    let mut next = Some(&resource.value);
    while let Some(node) = next {
        add(extent(node));
        next = children(node).find(|child| {
            let extent = extent(child);
            extent.source == at.source && extent.span.contains(at.span)
        });
    }
    constructs
}

/// A value with its name, when both stand in one file.
fn extent(node: &Node) -> Location {
    if node.at.source != node.name_at.source {
        return node.at;
    }
    Location { source: node.at.source, span: node.at.span.cover(node.name_at.span) }
}

fn children(node: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match &node.value {
        Value::Map(map) => Box::new(map.entries().iter().map(|entry| &entry.value)),
        Value::List(items) => Box::new(items.iter()),
        Value::Scalar(_) | Value::Unresolved(_) => Box::new(std::iter::empty()),
    }
}
