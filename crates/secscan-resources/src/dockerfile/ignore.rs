//! `.dockerignore`: which files of a folder a build never sees.

use secscan_model::{Map, Node, Platform, Resource, Source, Span};

use crate::Batch;

/// The kind of its resource.
const KIND: &str = "ignore-file";

/// How many patterns of a file are read.
const MAX_PATTERNS: usize = 10_000;

/// Whether a path is that of such a file: `.dockerignore`, or that of one Dockerfile, `web.dockerignore`.
pub(crate) fn claims(path: &str) -> bool {
    path.rsplit('/').next().unwrap_or(path).ends_with(".dockerignore")
}

/// Adds the file as a resource with its `patterns`.
pub(crate) fn read(source: &Source, batch: &mut Batch) {
    let Ok(text) = source.text() else { return };
    let mut offset = 0;
    let mut patterns = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = offset + line.len() - line.trim_start().len();
        offset += line.len();
        let pattern = line.trim().trim_start_matches('\u{feff}');
        if !pattern.is_empty() && !pattern.starts_with('#') && patterns.len() < MAX_PATTERNS {
            patterns.push(Node::text(pattern, source.at(Span::new(start, start + line.trim().len()))));
        }
    }
    let at = source.at(Span::new(0, text.len()));
    let header =
        patterns.first().map_or(source.at(Span::new(0, text.lines().next().map_or(0, str::len))), |first| first.at);
    let map: Map = [("patterns".into(), Node::list(patterns, at).named(header))].into_iter().collect();
    batch.push(Resource {
        platform: Platform::Dockerfile,
        kind: KIND.into(),
        address: source.path.clone(),
        part: "".into(),
        at,
        value: Node::map(map, at).named(header),
        unit: format!("dockerfile:{}", source.path).into(),
        owner: None,
        opaque: None,
    });
}
