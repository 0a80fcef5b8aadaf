//! Layers merged into one tree, lowest first: what counts in the end, and what later layers delete or replace.
//!
//! OCI image specification 1.1, `layer.md`: `.wh.NAME` deletes what lower layers have of that name, `.wh..wh..opq` all
//! that they have in its folder.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::spool::Range;

/// What a path of the tree stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Node {
    Directory,
    File(Content),
    /// Where it leads, as it is written.
    SymbolicLink(Arc<str>),
}

/// What is known of the bytes of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// They can be read again.
    Kept(Range),
    /// They are no text, and nobody reads them.
    Binary,
    /// They are a program's; what it says of its parts can be read.
    Program { go: Option<Range>, cargo: Option<Range> },
    /// They are text, and more than are looked at.
    TooLarge(u64),
    /// They were lost: the layer broke off, or the format is not read.
    Lost,
}

#[derive(Clone, Debug)]
struct Entry {
    node: Node,
    layer: u32,
}

/// A file of the merged tree, or one that a later layer hides.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) path: Arc<str>,
    pub(crate) content: Content,
    /// The layer that it comes from.
    pub(crate) layer: u32,
    /// The later layer that deletes or replaces it.
    pub(crate) gone_in: Option<u32>,
}

/// What may be said of an entry that was added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Added {
    Fine,
    /// The same layer has a file of this path already.
    Twice,
}

/// How many links are followed in one path: Linux follows 40.
const MOST_LINKS: u32 = 40;

/// The tree so far.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    entries: BTreeMap<Arc<str>, Entry>,
    hidden: Vec<Placed>,
    /// The folder that was resolved last, and where it is.
    last_folder: Option<(String, String)>,
}

impl Merge {
    /// How many paths there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() + self.hidden.len()
    }

    /// Puts something at a path. Folders on the way that are links lead where they lead within the tree.
    pub(crate) fn add(&mut self, path: &str, node: Node, layer: u32) -> Added {
        let path = self.resolved(path);
        let before = self.entries.get(&*path).map(|entry| (entry.node.clone(), entry.layer));
        let is_link = |node: &Node| matches!(node, Node::SymbolicLink(_));
        if is_link(&node) || before.as_ref().is_some_and(|(node, _)| is_link(node)) {
            self.last_folder = None;
        }
        let (mut added, mut is_folder_already) = (Added::Fine, false);
        match before {
            Some((Node::File(content), of)) => {
                self.hide(&path, content, of, layer);
                if of == layer {
                    added = Added::Twice;
                }
            }
            Some((Node::Directory, _)) if node == Node::Directory => is_folder_already = true,
            Some((Node::Directory, _)) => self.remove_below(&path, layer, true),
            Some((Node::SymbolicLink(_), _)) | None => {}
        }
        if !is_folder_already {
            self.entries.insert(path.into(), Entry { node, layer });
        }
        added
    }

    /// Deletes what lower layers have at a path.
    pub(crate) fn whiteout(&mut self, path: &str, layer: u32) {
        let path = self.resolved(path);
        self.last_folder = None;
        self.remove_below(&path, layer, false);
        let Some(entry) = self.entries.get(&*path).filter(|entry| entry.layer < layer).cloned() else { return };
        self.entries.remove(&*path);
        if let Node::File(content) = entry.node {
            self.hide(&path, content, entry.layer, layer);
        }
    }

    /// Deletes what lower layers have in a folder; empty for the root.
    pub(crate) fn opaque(&mut self, folder: &str, layer: u32) {
        let folder = self.resolved(&format!("{folder}/x"));
        self.last_folder = None;
        self.remove_below(folder.strip_suffix("x").unwrap_or_default().trim_end_matches('/'), layer, false);
    }

    /// What is at a path that a hard link names.
    pub(crate) fn file(&mut self, path: &str) -> Option<Node> {
        let path = self.resolved(path);
        self.entries.get(&*path).map(|entry| entry.node.clone()).filter(|node| *node != Node::Directory)
    }

    /// All files that count, sorted by path, and those that are hidden, in the order of their layers.
    pub(crate) fn finish(self) -> (Vec<Placed>, Vec<Placed>) {
        let file = |(path, entry): (Arc<str>, Entry)| match entry.node {
            Node::File(content) => Some(Placed { path, content, layer: entry.layer, gone_in: None }),
            Node::Directory | Node::SymbolicLink(_) => None,
        };
        (self.entries.into_iter().filter_map(file).collect(), self.hidden)
    }

    fn hide(&mut self, path: &str, content: Content, layer: u32, gone_in: u32) {
        if matches!(content, Content::Kept(_)) {
            self.hidden.push(Placed { path: path.into(), content, layer, gone_in: Some(gone_in) });
        }
    }

    /// Removes what is below a folder: all, or what lower layers put there.
    fn remove_below(&mut self, folder: &str, layer: u32, all: bool) {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let below = self.entries.range::<str, _>(from).take_while(|(path, _)| path.starts_with(&prefix));
        let gone: Vec<_> =
            below.filter(|(_, entry)| all || entry.layer < layer).map(|(path, _)| path.clone()).collect();
        for path in gone {
            if let Some(Entry { node: Node::File(content), layer: of }) = self.entries.remove(&path) {
                self.hide(&path, content, of, layer);
            }
        }
    }

    /// The path with the links among its folders resolved; the last name stays what it is.
    fn resolved(&mut self, path: &str) -> String {
        let Some((folder, name)) = path.rsplit_once('/') else { return path.to_owned() };
        if let Some((_, resolved)) = self.last_folder.as_ref().filter(|(known, _)| known == folder) {
            return joined(resolved, name);
        }
        let resolved = self.resolved_folder(folder);
        let path = joined(&resolved, name);
        self.last_folder = Some((folder.to_owned(), resolved));
        path
    }

    fn resolved_folder(&self, folder: &str) -> String {
        let mut rest: Vec<String> = folder.rsplit('/').map(str::to_owned).collect();
        let mut resolved = String::new();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            match &*name {
                "" | "." => continue,
                ".." => {
                    resolved.truncate(resolved.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let path = joined(&resolved, &name);
            match self.entries.get(&*path).map(|entry| &entry.node) {
                Some(Node::SymbolicLink(to)) if links < MOST_LINKS => {
                    links += 1;
                    if to.starts_with('/') {
                        resolved.clear();
                    }
                    rest.extend(to.rsplit('/').map(str::to_owned));
                }
                _ => resolved = path,
            }
        }
        resolved
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Spool;

    fn kept() -> Node {
        Node::File(Content::Kept(Spool::new().expect("a temporary file").since(0)))
    }

    fn shown(merge: Merge) -> (Vec<String>, Vec<String>) {
        let (files, hidden) = merge.finish();
        let file = |placed: &Placed| format!("{}@{}", placed.path, placed.layer);
        let gone = |placed: &Placed| format!("{}>{}", file(placed), placed.gone_in.unwrap_or_default());
        (files.iter().map(file).collect(), hidden.iter().map(gone).collect())
    }

    #[test]
    fn later_layers_delete_and_replace() {
        let mut merge = Merge::default();
        for path in ["a", "d/x", "d/y/z", "o/old", "f"] {
            assert_eq!(merge.add(path, kept(), 1), Added::Fine);
        }
        merge.whiteout("a", 2);
        merge.add("o/new", kept(), 2);
        merge.opaque("o", 2);
        merge.whiteout("d/y", 2);
        merge.add("f/inner", kept(), 2);
        merge.add("f", Node::Directory, 2);
        merge.add("d/x", kept(), 3);
        assert_eq!(merge.add("d/x", kept(), 3), Added::Twice);
        let (files, hidden) = shown(merge);
        assert_eq!(files, ["d/x@3", "f/inner@2", "o/new@2"], "what a layer brings itself survives its whiteouts");
        assert_eq!(hidden, ["a@1>2", "o/old@1>2", "d/y/z@1>2", "f@1>2", "d/x@1>3", "d/x@3>3"]);
    }

    #[test]
    fn links_lead_within_the_tree_only() {
        let mut merge = Merge::default();
        merge.add("usr/lib/a", kept(), 1);
        merge.add("lib", Node::SymbolicLink("usr/lib".into()), 1);
        merge.add("out", Node::SymbolicLink("../../../../usr".into()), 1);
        merge.add("loop", Node::SymbolicLink("loop/x".into()), 1);
        merge.whiteout("lib/a", 2);
        merge.add("out/lib/b", kept(), 2);
        merge.add("loop/c", kept(), 2);
        assert!(merge.file("out/lib/b").is_some());
        let (files, hidden) = shown(merge);
        assert_eq!(hidden, ["usr/lib/a@1>2"]);
        assert!(files.contains(&"usr/lib/b@2".to_owned()), "{files:?}");
    }

    #[test]
    fn a_folder_that_becomes_a_file_takes_its_content_along() {
        let mut merge = Merge::default();
        merge.add("d/x", kept(), 1);
        merge.add("d", Node::Directory, 1);
        merge.add("d", kept(), 2);
        assert_eq!(shown(merge), (vec!["d@2".to_owned()], vec!["d/x@1>2".to_owned()]));
    }
}
