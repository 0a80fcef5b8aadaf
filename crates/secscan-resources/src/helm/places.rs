//! From what a template wrote back to where it stands: the template's line, and that of the value.

use std::ops::Range;
use std::sync::Arc;

use secscan_model::{Comment, Diagnostic, Entry, Location, Map, Node, Part, Source, Span, Unresolved, Value};
use secscan_parse::gotemplate::Text;

use super::capabilities::NAMESPACE;

/// The documents of a rendered template, at the places where they are written. What is not understood is said likewise.
pub(super) struct Placed {
    pub(super) documents: Vec<Node>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Parses what a template wrote.
pub(super) fn place(template: &Source, text: &Text) -> Placed {
    let mut placed = Placed { documents: Vec::new(), diagnostics: Vec::new() };
    for range in documents(text.as_str()) {
        let text = text.slice(range);
        let written = Source { bytes: text.as_str().as_bytes().into(), ..template.clone() };
        let parsed = secscan_parse::yaml::parse(&written);
        let places = Places { template, text: &text };
        placed.documents.extend(parsed.documents.iter().map(|document| places.document(document)));
        placed.diagnostics.extend(parsed.diagnostics.into_iter().map(|diagnostic| places.diagnostic(diagnostic)));
    }
    placed
}

/// The documents of what a template wrote, as Helm cuts them: at each line that begins with `---`, also where YAML wants a
/// blank behind that, for trim markers often take the line break away.
pub fn documents(text: &str) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("---") {
            documents.push(start..at);
            start = at + line.len() - rest.trim_start_matches([' ', '\t']).len();
        }
        at += line.len();
    }
    documents.push(start..at);
    documents.retain(|range| !text[range.clone()].trim().is_empty());
    documents
}

struct Places<'a> {
    template: &'a Source,
    text: &'a Text,
}

impl Places<'_> {
    fn location(&self, at: Location) -> Location {
        let found = self.text.whereabouts(at.span.range()).template;
        found.unwrap_or_else(|| self.template.at(Span::default()))
    }

    /// A diagnostic about the text that came out, at the place that wrote it.
    fn diagnostic(&self, diagnostic: Diagnostic) -> Diagnostic {
        let at = diagnostic.at.map(|at| self.location(at));
        let at = at.filter(|at| at.source == self.template.id).or(Some(self.template.at(Span::default())));
        Diagnostic {
            at,
            message: format!("of what this template renders to: {}", diagnostic.message).into(),
            ..diagnostic
        }
    }

    /// A document. The namespace of the release is left open: whoever installs the chart names it, as for objects that name
    /// none.
    fn document(&self, document: &Node) -> Node {
        let mut placed = self.node(document);
        let is_release = |namespace: &Node| {
            namespace.as_str() == Some(NAMESPACE) && self.text.whereabouts(namespace.at.span.range()).is_made
        };
        if document.at_path(&["metadata", "namespace"]).is_some_and(is_release)
            && let Value::Map(fields) = &mut placed.value
            && let Some(mut metadata) = fields.get("metadata").cloned()
            && let Value::Map(inner) = &mut metadata.value
        {
            Arc::make_mut(inner).remove("namespace");
            Arc::make_mut(fields).insert("metadata", metadata);
        }
        placed
    }

    fn node(&self, node: &Node) -> Node {
        let value = match &node.value {
            Value::Map(map) => {
                let entry = |entry: &Entry| Entry { key: entry.key.clone(), value: self.node(&entry.value) };
                let mut placed = Map::from_unique(map.entries().iter().map(entry).collect());
                placed.rest = map.rest.clone();
                Value::Map(Arc::new(placed))
            }
            Value::List(items) => Value::List(Arc::new(items.iter().map(|item| self.node(item)).collect())),
            Value::Scalar(_) => self.scalar(node),
            Value::Unresolved(unresolved) => Value::Unresolved(unresolved.clone()),
        };
        let mut placed = Node::new(value, self.location(node.at)).named(self.location(node.name_at));
        placed.extra = node.extra.clone();
        let via: Vec<Location> = node.via().iter().map(|at| self.location(*at)).collect();
        let of_value = match &node.value {
            Value::Map(map) if !map.is_empty() => None,
            Value::List(items) if !items.is_empty() => None,
            _ => self.text.whereabouts(node.at.span.range()).origin.at,
        };
        if !via.is_empty() || of_value.is_some() {
            let extra = placed.extra_mut();
            (extra.via, extra.set_at) = (via, of_value);
        }
        placed
    }

    /// A scalar; where it shows a stand-in, what is known of it.
    fn scalar(&self, node: &Node) -> Value {
        let range = node.at.span.range();
        let unknowns = self.text.unknowns(range.clone());
        let Some((_, why)) = unknowns.first() else { return node.value.clone() };
        let written = self.text.as_str().get(range.clone()).unwrap_or_default();
        let mut parts = Vec::new();
        // Only what is written plainly can be taken apart.
        if node.as_str() == Some(written) {
            let mut at = range.start;
            for (hole, _) in &unknowns {
                parts.extend(self.fixed(at..hole.start));
                parts.push(Part::Hole("{{ }}".into()));
                at = hole.end;
            }
            parts.extend(self.fixed(at..range.end));
        }
        Value::Unresolved(Arc::new(Unresolved { why: (**why).into(), perhaps_absent: false, parts }))
    }

    fn fixed(&self, range: Range<usize>) -> Option<Part> {
        let text = self.text.as_str().get(range).filter(|text| !text.is_empty())?;
        Some(Part::Fixed(text.into()))
    }
}

/// The comments of a template: those of the language, and those of YAML outside of actions.
pub(super) fn comments(text: &str) -> Vec<Comment> {
    let mut comments = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let found = line.find("{{/*").or_else(|| line.find("{{- /*")).or_else(|| hash(line));
        if let Some(at) = found {
            let end = line.trim_end().len().max(at);
            let trailing = !line[..at].trim().is_empty();
            comments.push(Comment { span: Span::new(start + at, start + end), trailing });
        }
        start += line.len();
    }
    comments
}

/// The offset of a `#` that begins a comment.
fn hash(line: &str) -> Option<usize> {
    let is_comment = |at: &usize| {
        let before = &line[..*at];
        let is_apart = before.is_empty() || before.ends_with([' ', '\t']);
        let in_quotes = before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1;
        let in_action = before.matches("{{").count() > before.matches("}}").count();
        is_apart && !in_quotes && !in_action
    };
    line.match_indices('#').map(|(at, _)| at).find(is_comment)
}
