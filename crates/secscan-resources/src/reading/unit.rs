//! Files that only together mean something: grouped by folder, and evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::{Diagnostic, Node, Source, SourceId};

use super::{Batch, FileReading, Fragment, Options, Tree};
use crate::{
    arm, aws, cloudformation, compose, helm, installed, kubernetes, kustomize, packages, quadlet, serverless, terraform,
};

/// Files that are evaluated together.
#[derive(Debug)]
pub struct Unit {
    /// The folder that they stand in.
    pub folder: Arc<str>,
    /// Indexes into the file readings.
    pub files: Vec<usize>,
}

/// All units of a scan.
#[derive(Debug, Default)]
pub struct Units<'f> {
    /// The units, in the order of their folders.
    pub list: Vec<Unit>,
    /// Which folders are Terraform modules, and who calls them.
    terraform: terraform::Folders<'f>,
    /// Which folders are Helm charts, and their files.
    charts: helm::Library<'f>,
}

/// What one unit gave.
#[derive(Debug, Default)]
pub struct UnitReading {
    /// Its resources.
    pub batch: Batch,
    /// Files that no reader took and that values of the resources stand in.
    pub sources: Vec<Source>,
    /// Files whose own resources give way to those that were made of them.
    pub replaced: BTreeSet<SourceId>,
    /// What was not understood or not resolved.
    pub diagnostics: Vec<Diagnostic>,
}

/// Groups the fragments of files by folder, in the order of the folders' names.
pub fn units(files: &[FileReading]) -> Units<'_> {
    let mut by_folder: BTreeMap<&str, Vec<usize>> = Default::default();
    for (index, file) in files.iter().enumerate().filter(|(_, file)| file.fragment.is_some()) {
        by_folder.entry(file.source.folder()).or_default().push(index);
    }
    let list = by_folder.into_iter().map(|(folder, files)| Unit { folder: folder.into(), files }).collect();
    let charts = helm::Library::of(files.iter().map(|file| &file.source));
    Units { list, terraform: terraform::Folders::new(files), charts }
}

/// Evaluates one unit. `files` must be sorted by source id; `tree` is where they come from.
pub fn read_unit(
    unit: &Unit,
    units: &Units<'_>,
    files: &[FileReading],
    tree: Option<&Tree<'_>>,
    options: &Options,
) -> UnitReading {
    let mut reading = UnitReading::default();
    let (mut packages, mut arm) = (Vec::new(), Vec::new());
    let (mut cloudformation, mut services, mut compose) = (Vec::new(), Vec::new(), Vec::new());
    for file in unit.files.iter().filter_map(|index| files.get(*index)) {
        match &file.fragment {
            Some(Fragment::Packages(fragment)) => packages.push((&file.source, &**fragment)),
            Some(Fragment::Arm(fragment)) => arm.push((&file.source, &**fragment)),
            Some(Fragment::Compose(fragment)) => compose.push((&file.source, &**fragment)),
            Some(Fragment::CloudFormation(fragment)) => cloudformation.push((&file.source, &**fragment)),
            Some(Fragment::Helm(_)) => {
                helm::evaluate(file.source.folder(), &units.charts, tree, options, &mut reading);
            }
            Some(Fragment::Quadlet(_)) => quadlet::evaluate(&file.source, files, &mut reading.batch),
            Some(Fragment::Kustomize(fragment)) => {
                kustomize::evaluate(&unit.folder, fragment, files, tree, &mut reading);
            }
            Some(Fragment::Installed(fragment)) => installed::evaluate(fragment, files, &mut reading.batch),
            Some(Fragment::Serverless(fragment)) => services.push((&file.source, &**fragment)),
            Some(Fragment::Terraform(_) | Fragment::Document(_)) | None => {}
        }
    }
    if units.terraform.is_root(&unit.folder) {
        terraform::evaluate(&unit.folder, &units.terraform, tree, options, &mut reading);
        let sources = sources_of(unit, &reading, files);
        aws::derive(&mut reading.batch, 0, &sources);
        kubernetes::terraform::derive(&mut reading.batch, 0, &sources, &mut reading.diagnostics);
    }
    if !compose.is_empty() {
        compose::evaluate(&compose, files, tree, &mut reading);
    }
    if !cloudformation.is_empty() {
        cloudformation::evaluate(&cloudformation, files, &mut reading.batch, &mut reading.diagnostics);
    }
    if !services.is_empty() {
        serverless::evaluate(&services, files, &mut reading.batch, &mut reading.diagnostics);
    }
    if !arm.is_empty() {
        arm::evaluate(&arm, files, &mut reading.batch, &mut reading.diagnostics);
    }
    if !packages.is_empty() {
        let tree = packages::Tree(files);
        packages::evaluate(&unit.folder, &packages, &tree, &mut reading.batch, &mut reading.diagnostics);
    }
    reading
}

/// The files of a unit and those that the values of its resources stand in, which may be elsewhere; sorted by id.
fn sources_of(unit: &Unit, reading: &UnitReading, files: &[FileReading]) -> Vec<Source> {
    let mut ids: Vec<SourceId> = unit.files.iter().map(|index| files[*index].source.id).collect();
    for resource in &reading.batch.resources {
        ids.push(resource.at.source);
        resource.value.entries().iter().for_each(|entry| places(&entry.value, &mut ids));
    }
    ids.sort_unstable();
    ids.dedup();
    let source = |id| files.binary_search_by_key(&id, |file| file.source.id).ok().map(|at| files[at].source.clone());
    let mut sources: Vec<Source> = ids.into_iter().filter_map(source).chain(reading.sources.iter().cloned()).collect();
    sources.sort_by_key(|source| source.id);
    sources.dedup_by_key(|source| source.id);
    sources
}

/// Adds the files that a tree stands in, mostly one. Its depth is limited by the parsers.
fn places(node: &Node, ids: &mut Vec<SourceId>) {
    if ids.last() != Some(&node.at.source) {
        ids.push(node.at.source);
    }
    node.entries().iter().for_each(|entry| places(&entry.value, ids));
    node.as_list().unwrap_or_default().iter().for_each(|item| places(item, ids));
}
