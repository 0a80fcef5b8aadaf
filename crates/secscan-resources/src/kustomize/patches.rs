//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: which objects a patch is for, and what it makes of them.

use secscan_model::{Location, Node, Source};

use super::build::Build;
use super::json_patch;
use super::loading::documents_in;
use super::merge;
use super::object::{Object, set_metadata};
use super::selector::Target;

/// A patch with the file that it stands in.
struct Patch {
    documents: Vec<Node>,
    source: Source,
    /// Whether it stands in a file of its own, which then is no manifest.
    is_file: bool,
}

/// What one patch may change beyond the contents of its targets.
#[derive(Clone, Copy, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

impl Build<'_, '_> {
    /// `patchesStrategicMerge`: each entry is a patch, or a file with patches.
    pub(super) fn merge_all(&mut self, objects: &mut Vec<Object>, entries: &Node, kustomization: &Source) {
        for entry in entries.items() {
            let source = self.source_of(entry, kustomization);
            let inline = documents_in(entry, &source);
            let is_inline = inline.documents.iter().any(|document| document.get("kind").is_some());
            let patch = match is_inline {
                true => Some(Patch { documents: inline.documents, source, is_file: false }),
                false => self.patch_file(entry, kustomization),
            };
            if let Some(patch) = patch {
                self.merge_by_name(objects, &patch, Allowed::default());
            }
        }
    }

    /// One entry of `patches`.
    pub(super) fn patch(&mut self, objects: &mut Vec<Object>, entry: &Node, kustomization: &Source) {
        let Some(patch) = self.loaded(entry, kustomization) else { return };
        let Ok(target) = self.target(entry) else { return };
        if let [operations] = &patch.documents[..]
            && operations.as_list().is_some()
        {
            match target {
                Some((target, at)) => self.apply_operations(objects, operations, &target, at, true, &patch),
                None => self.refuse(entry.at, "a JSON patch needs a target"),
            }
            return;
        }
        let option = |key| entry.at_path(&["options", key]).and_then(Node::as_bool) == Some(true);
        let allowed = Allowed { name: option("allowNameChange"), kind: option("allowKindChange") };
        match target {
            None => self.merge_by_name(objects, &patch, allowed),
            Some((target, at)) => self.merge_into(objects, &patch, &target, at, allowed),
        }
    }

    /// One entry of `patchesJson6902`.
    pub(super) fn patch_json(&mut self, objects: &mut [Object], entry: &Node, kustomization: &Source) {
        let Some(patch) = self.loaded(entry, kustomization) else { return };
        let Some(operations) = patch.documents.first().cloned() else { return };
        match self.target(entry) {
            Ok(Some((target, at))) => self.apply_operations(objects, &operations, &target, at, false, &patch),
            Ok(None) => self.refuse(entry.at, "a JSON patch needs a target"),
            Err(()) => {}
        }
    }

    /// The patch of an entry: its `patch`, or the file at its `path`.
    fn loaded(&mut self, entry: &Node, kustomization: &Source) -> Option<Patch> {
        let has_text = |node: &&Node| node.as_str().is_some_and(|text| !text.trim().is_empty());
        if let Some(inline) = entry.get("patch").filter(has_text) {
            let source = self.source_of(inline, kustomization);
            let parsed = documents_in(inline, &source);
            self.take_diagnostics(parsed.diagnostics);
            let documents = parsed.documents.into_iter().filter(|document| !document.is_null()).collect();
            return Some(Patch { documents, source, is_file: false });
        }
        match entry.get("path").filter(has_text) {
            Some(path) => self.patch_file(path, kustomization),
            None => {
                self.refuse(entry.at, "a patch needs `patch` or `path`");
                None
            }
        }
    }

    fn patch_file(&mut self, path: &Node, kustomization: &Source) -> Option<Patch> {
        let source = self.load(path, kustomization.folder())?;
        let parsed = self.files.documents(&source);
        self.take_diagnostics(parsed.diagnostics);
        let documents = parsed.documents.into_iter().filter(|document| !document.is_null()).collect();
        Some(Patch { documents, source, is_file: true })
    }

    /// The target of an entry, with its place; none when it has none.
    fn target(&mut self, entry: &Node) -> Result<Option<(Target, Location)>, ()> {
        let Some(written) = entry.get("target").filter(|target| !target.is_null()) else { return Ok(None) };
        match Target::written(written) {
            Ok(target) => Ok(Some((target, written.at))),
            Err(why) => {
                self.refuse(written.at, &why);
                Err(())
            }
        }
    }

    /// Lays patches over the objects that they name themselves.
    fn merge_by_name(&mut self, objects: &mut Vec<Object>, patch: &Patch, allowed: Allowed) {
        for document in &patch.documents {
            let wanted = Object::new(document.clone()).id();
            let mut found = objects
                .iter_mut()
                .filter(|object| object.was_ever_named(&wanted.name) && object.was_ever(|id| id.is_same(&wanted)));
            match (found.next(), found.next()) {
                (Some(object), None) => {
                    let outcome = lay(object, document, allowed);
                    self.applied(patch, document, outcome);
                }
                (Some(_), Some(_)) => self.refuse(document.at, &format!("several objects are called {wanted}")),
                (None, _) => self.without_match(document.at, &format!("there is no {wanted} that this could patch")),
            }
        }
        objects.retain(|object| !object.value.is_null());
    }

    /// Lays a patch over all objects that a target selects.
    fn merge_into(
        &mut self,
        objects: &mut Vec<Object>,
        patch: &Patch,
        target: &Target,
        at: Location,
        allowed: Allowed,
    ) {
        let [document] = &patch.documents[..] else {
            return self.refuse(at, "only one patch can have a target");
        };
        let mut is_used = false;
        for object in objects.iter_mut().filter(|object| target.selects(object)) {
            is_used = true;
            let outcome = lay(object, document, allowed);
            self.applied(patch, document, outcome);
        }
        if !is_used {
            self.selects_nothing(at);
        }
        objects.retain(|object| !object.value.is_null());
    }

    fn apply_operations(
        &mut self,
        objects: &mut [Object],
        operations: &Node,
        target: &Target,
        at: Location,
        remembers: bool,
        patch: &Patch,
    ) {
        if !json_patch::is_patch(operations) {
            return self.refuse(operations.at, "this is no list of operations (`op`, `path`)");
        }
        let mut is_used = false;
        for object in objects.iter_mut().filter(|object| target.selects(object)) {
            is_used = true;
            if remembers {
                object.remember();
            }
            match json_patch::applied(&object.value, operations) {
                Ok(value) if super::build::is_small(&value) => {
                    object.value = value;
                    self.applied(patch, operations, Ok(()));
                }
                Ok(_) => self.refuse(operations.at, "this patch makes an object that is too large"),
                Err(misfit) => self.refuse(misfit.at, &format!("this does not fit {}: {}", object.id(), misfit.why)),
            }
        }
        if !is_used {
            self.selects_nothing(at);
        }
    }

    /// Notes that a patch was applied, or says why it was not.
    fn applied(&mut self, patch: &Patch, document: &Node, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.note(&patch.source, patch.is_file),
            Err(why) => self.refuse(document.at, &why),
        }
    }

    fn selects_nothing(&mut self, at: Location) {
        if !self.is_open() {
            self.remark(at, "the target of this patch selects nothing");
        }
    }

    fn without_match(&mut self, at: Location, message: &str) {
        if !self.is_open() {
            self.refuse(at, message);
        }
    }
}

/// Lays a patch over an object. Name, kind and namespace stay, unless the patch may change them. An object that the patch
/// deletes becomes null.
fn lay(object: &mut Object, patch: &Node, allowed: Allowed) -> Result<(), String> {
    let kept = |key: &str| object.value.at_path(&["metadata", key]).cloned();
    let (name, namespace, kind) = (kept("name"), kept("namespace"), object.value.get("kind").cloned());
    if allowed.name || allowed.kind {
        object.remember();
    }
    let mut patch = patch.clone();
    if let (Some(map), Some(version)) = (patch.as_map_mut(), object.value.get("apiVersion")) {
        map.insert("apiVersion", version.clone());
    }
    match merge::merged(&object.value, &patch) {
        Ok(Some(value)) => object.value = value,
        Ok(None) => {
            object.value = Node::null(object.value.at);
            return Ok(());
        }
        Err(misfit) => return Err(format!("this does not fit {}: {}", object.id(), misfit.0)),
    }
    if !allowed.kind
        && let (Some(map), Some(kind)) = (object.value.as_map_mut(), kind)
    {
        map.insert("kind", kind);
    }
    if !allowed.name {
        set_metadata(&mut object.value, "name", name);
    }
    set_metadata(&mut object.value, "namespace", namespace);
    Ok(())
}
