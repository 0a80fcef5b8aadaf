//! Files and folders as kustomizations name them.

use std::sync::Arc;

use secscan_model::{Location, Node, Source, Span, Value};
use secscan_parse::{Parsed, yaml};

use crate::computed::Text;
use crate::reading::{FileReading, Tree, reading_of, source_of};
use crate::roots::within;

/// The names of the file that makes a folder a kustomization.
pub(super) const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What a scan has, for whoever asks by path.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    readings: &'a [FileReading],
    tree: Option<&'a Tree<'a>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(readings: &'a [FileReading], tree: Option<&'a Tree<'a>>) -> Self {
        Self { readings, tree }
    }

    /// The file of a path.
    pub(super) fn source(&self, path: &str) -> Option<Source> {
        source_of(self.readings, self.tree, path)
    }

    /// The documents of a file; one that was read for itself is not parsed again.
    pub(super) fn documents(&self, file: &Source) -> Parsed {
        let known = reading_of(self.readings, &file.path).filter(|reading| reading.source.id == file.id);
        match known.map(|reading| &reading.manifests) {
            Some(manifests) if !manifests.is_empty() => Parsed { documents: manifests.clone(), ..Parsed::default() },
            _ => yaml::parse(file),
        }
    }

    /// The kustomization of a folder. Two of them are none: Kustomize refuses to choose.
    pub(super) fn kustomization(&self, folder: &str) -> Option<Source> {
        let mut found = NAMES.iter().filter_map(|name| self.source(&within(folder, name)?));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Whether there are files below a folder.
    pub(super) fn has_folder(&self, folder: &str) -> bool {
        let prefix = format!("{folder}/");
        let first = self.readings.partition_point(|reading| *reading.source.path < *prefix);
        let read = self.readings.get(first).is_some_and(|reading| reading.source.path.starts_with(&prefix));
        folder.is_empty() || read || self.tree.is_some_and(|tree| !tree.below(folder).is_empty())
    }
}

/// Whether a folder is another, or holds it.
pub(super) fn contains(folder: &str, other: &str) -> bool {
    folder.is_empty() || other == folder || other.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether an entry names something that is fetched from elsewhere.
pub(super) fn is_remote(entry: &str) -> bool {
    let host = entry.split(['/', ':']).next().unwrap_or_default();
    let is_host = host.contains('.') && !host.starts_with('.') && entry.contains('/');
    entry.contains("://")
        || entry.starts_with("git@")
        || entry.starts_with("git::")
        || entry.starts_with("gh:")
        || entry.contains("?ref=")
        || entry.contains("?version=")
        || (is_host && (entry.contains("//") || HOSTS.contains(&host)))
}

/// Hosts of repositories that are named without a scheme.
const HOSTS: &[&str] = &["bitbucket.org", "dev.azure.com", "github.com", "gitlab.com"];

/// The documents of a text that stands in a value of a file, with their places in that file.
pub(super) fn documents_in(of: &Node, source: &Source) -> Parsed {
    let Some(text) = Text::new(of, std::slice::from_ref(source)) else { return Parsed::default() };
    let inner = Source { bytes: text.raw().as_bytes().into(), ..source.clone() };
    let mut parsed = yaml::parse(&inner);
    let place = |at: Location| text.at(at.span.range());
    parsed.documents.iter_mut().for_each(|document| relocate(document, &place));
    parsed.comments.clear();
    for diagnostic in &mut parsed.diagnostics {
        diagnostic.at = diagnostic.at.map(place);
    }
    parsed
}

/// Moves a tree to other places. The parser limits how deep values nest.
fn relocate(node: &mut Node, place: &impl Fn(Location) -> Location) {
    node.at = place(node.at);
    node.name_at = place(node.name_at);
    if let Some(extra) = node.extra.as_mut().map(Arc::make_mut) {
        extra.via.iter_mut().for_each(|at| *at = place(*at));
    }
    match &mut node.value {
        Value::List(items) => Arc::make_mut(items).iter_mut().for_each(|item| relocate(item, place)),
        Value::Map(map) => Arc::make_mut(map).values_mut().for_each(|(_, value)| relocate(value, place)),
        Value::Scalar(_) | Value::Unresolved(_) => {}
    }
}

/// All of a file.
pub(super) fn whole(source: &Source) -> Location {
    source.at(Span::new(0, source.bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_within_the_tree() {
        assert_eq!(within("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(within("a", "../../b"), None);
        assert_eq!(within("a", "/etc/passwd"), None);
    }

    #[test]
    fn what_is_fetched_is_told_from_files() {
        for entry in [
            "https://example.org/a.yaml",
            "github.com/org/repo/deploy?ref=v1",
            "git@example.org:org/repo.git",
            "github.com/org/repo",
            "example.org/org/repo//deploy",
        ] {
            assert!(is_remote(entry), "{entry}");
        }
        for entry in ["../base", "deployment.yaml", "v1.2/app", "apps.d/web.yaml"] {
            assert!(!is_remote(entry), "{entry}");
        }
    }
}
