//! The files of the scan: which folders are modules, who calls them, and what functions read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secscan_model::{Node, Source};

use super::module::{Unit, folder_at, joined, source_of};
use crate::reading::{FileReading, Fragment, Tree};

/// Where `terraform init` writes down which modules it has fetched, below a root module.
const MANIFEST: &str = ".terraform/modules/modules.json";

/// Whether a path is that of a list of fetched modules.
pub(super) fn is_manifest(path: &str) -> bool {
    path == MANIFEST || path.strip_suffix(MANIFEST).is_some_and(|folder| folder.ends_with('/'))
}

/// The folders with Terraform files.
#[derive(Debug, Default)]
pub(crate) struct Folders<'a> {
    units: BTreeMap<&'a str, Vec<Unit<'a>>>,
    /// For a root module, where the modules are that were fetched for it, by the names of the calls.
    fetched: HashMap<&'a str, HashMap<&'a str, String>>,
    /// The folders that are evaluated as root modules.
    roots: BTreeSet<&'a str>,
}

impl<'a> Folders<'a> {
    /// The folders of the files that were read.
    pub(crate) fn new(files: &'a [FileReading]) -> Self {
        let mut folders = Self::default();
        for reading in files {
            let Some(Fragment::Terraform(file)) = &reading.fragment else { continue };
            let source = &reading.source;
            if is_manifest(&source.path) {
                let root = source.path.strip_suffix(MANIFEST).unwrap_or_default().trim_end_matches('/');
                folders.fetched.insert(root, fetched(root, file.values.as_ref()));
            } else {
                folders.units.entry(source.folder()).or_default().push(Unit { source, file });
            }
        }
        folders.roots = folders.find_roots();
        folders
    }

    /// The Terraform files of a folder.
    pub(super) fn files(&self, folder: &str) -> Vec<Unit<'a>> {
        self.units.get(folder).cloned().unwrap_or_default()
    }

    /// The plans in a folder.
    pub(super) fn plans(&self, folder: &str) -> impl Iterator<Item = (&'a Source, &'a Node)> {
        self.files(folder).into_iter().filter_map(|unit| Some((unit.source, unit.file.plan.as_ref()?)))
    }

    /// Whether a folder is evaluated as a root module: no other folder calls it, or a plan of it is there. Of folders that only call each other,
    /// the first is one. What was fetched is none.
    pub(crate) fn is_root(&self, folder: &str) -> bool {
        self.roots.contains(folder)
    }

    /// The folder of a module that was fetched for a root module.
    pub(super) fn downloaded(&self, root: &str, names: &str) -> Option<String> {
        self.fetched.get(root)?.get(names).cloned()
    }

    fn find_roots(&self) -> BTreeSet<&'a str> {
        let mut calls: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
        for (folder, units) in &self.units {
            calls.insert(folder, units.iter().flat_map(|unit| self.called_by(folder, unit)).collect());
        }
        let fetched: BTreeSet<&str> =
            self.fetched.values().flat_map(|by_name| by_name.values().map(String::as_str)).collect();
        let is_fetched = |folder: &str| fetched.contains(folder) || folder.split('/').any(|part| part == ".terraform");
        let called: BTreeSet<&str> = calls.values().flatten().copied().collect();
        let has_plan = |folder: &&str| self.plans(folder).next().is_some();
        let mut roots: BTreeSet<&'a str> = calls.keys().copied().filter(has_plan).collect();
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let candidates = |wanted: bool| {
            calls.keys().copied().filter(move |folder| !is_fetched(folder) && called.contains(folder) == wanted)
        };
        let uncalled: Vec<&'a str> = candidates.clone()(false).collect();
        for folder in uncalled.into_iter().chain(candidates(true)) {
            if !reached.contains(folder) {
                roots.insert(folder);
                reach(folder, &calls, &mut reached);
            }
        }
        roots
    }

    /// The folders of this scan that the calls of a file lead to, other than its own.
    fn called_by(&self, folder: &'a str, unit: &Unit<'a>) -> Vec<&'a str> {
        let calls = unit.file.body.blocks().filter(|block| &*block.of == "module");
        let found = calls.filter_map(|block| folder_at(folder, source_of(block)?));
        let known = found.filter_map(|found| self.units.get_key_value(&*found).map(|(known, _)| *known));
        known.filter(|known| *known != folder).collect()
    }
}

fn reach<'a>(folder: &'a str, calls: &BTreeMap<&'a str, BTreeSet<&'a str>>, reached: &mut BTreeSet<&'a str>) {
    let mut next = vec![folder];
    while let Some(folder) = next.pop() {
        if reached.insert(folder) {
            next.extend(calls.get(folder).into_iter().flatten());
        }
    }
}

/// The folders that a list of fetched modules names, by the names of the calls.
fn fetched<'a>(root: &str, manifest: Option<&'a Node>) -> HashMap<&'a str, String> {
    let entries = manifest.and_then(|manifest| manifest.get("Modules")).map(Node::items).unwrap_or_default();
    let entry = |entry: &'a Node| {
        let (names, folder) = (entry.get("Key")?.as_str()?, entry.get("Dir")?.as_str()?);
        let folder = joined(root, folder).filter(|_| !names.is_empty())?;
        Some((names, folder))
    };
    entries.iter().filter_map(entry).collect()
}

/// What functions have read so far.
pub(super) struct Files<'a> {
    tree: Option<&'a Tree<'a>>,
    read: HashMap<String, Option<Source>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(tree: Option<&'a Tree<'a>>) -> Self {
        Self { tree, read: HashMap::new() }
    }

    /// A file of the scan.
    pub(super) fn source(&mut self, path: &str) -> Option<Source> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        let source = self.tree.and_then(|tree| tree.source(path));
        self.read.insert(path.to_owned(), source.clone());
        source
    }

    /// Whether a file is in the scan; none when that is not known.
    pub(super) fn exists(&self, path: &str) -> Option<bool> {
        self.tree.map(|tree| tree.contains(path))
    }

    /// The paths of the files below a folder; none when they are not known.
    pub(super) fn below(&self, folder: &str) -> Option<Vec<&'a str>> {
        self.tree.map(|tree| tree.below(folder))
    }

    /// All that was read.
    pub(super) fn into_sources(self) -> Vec<Source> {
        let mut sources: Vec<Source> = self.read.into_values().flatten().collect();
        sources.sort_by_key(|source| source.id);
        sources
    }
}
