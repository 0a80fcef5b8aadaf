//! From files to a graph: which reader takes which document, and how their output is joined.

use std::{collections::BTreeSet, sync::Arc};

use secscan_model::{
    Candidate, Comment, Diagnostic, Edge, FileTree, Graph, Location, Map, Node, Platform, Resource, ResourceId, Source,
    SourceId, Span,
};
use secscan_parse::Parsed;

use crate::helm::Charts;
use crate::{
    arm, aws, cloudformation, compose, devcontainer, docker, dockerfile, github_actions, helm, image, installed,
    kubernetes, kustomize, packages, quadlet, serverless, terraform,
};

/// What a user may tell readers.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Terraform variable files beyond those that Terraform loads by itself, in order, with their text.
    pub var_files: Vec<Source>,
    /// Values of Helm charts beyond those of the charts, in order.
    pub helm_values: Vec<Source>,
    /// Single values of Helm charts, as `helm --set` takes them.
    pub helm_set: Vec<Arc<str>>,
    /// The release of Kubernetes that charts are rendered for: `1.33`.
    pub kubernetes_version: Option<Arc<str>>,
}

/// Resources and references with ids that count from zero within the batch.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The resources.
    pub resources: Vec<Resource>,
    /// The references between them.
    pub edges: Vec<Edge>,
}

impl Batch {
    /// Adds a resource.
    pub fn push(&mut self, resource: Resource) -> ResourceId {
        self.resources.push(resource);
        ResourceId(self.resources.len() as u32 - 1)
    }
}

/// A part of something that only a whole folder makes sense of.
#[derive(Debug)]
pub enum Fragment {
    /// A template of Azure, or a file with values for its parameters.
    Arm(Box<arm::File>),
    /// A Compose file.
    Compose(Box<compose::File>),
    /// A CloudFormation template.
    CloudFormation(Box<cloudformation::File>),
    /// A Helm chart.
    Helm(helm::File),
    /// A unit of systemd that Podman runs, or a drop-in of one.
    Quadlet(quadlet::File),
    /// A kustomization.
    Kustomize(Box<kustomize::File>),
    /// A Terraform configuration or variable file.
    Terraform(terraform::File),
    /// A file that names packages.
    Packages(Box<packages::File>),
    /// A service of the Serverless Framework.
    Serverless(Box<serverless::File>),
    /// A document that another file takes parts from.
    Document(Box<Node>),
    /// A database of installed packages, or the file that names the distribution.
    Installed(installed::File),
}

/// What one file gave.
#[derive(Debug)]
pub struct FileReading {
    /// The file.
    pub source: Source,
    /// Whether any reader knew what it is.
    pub recognised: bool,
    /// Whether its text is needed for the report, though no reader may know it.
    pub is_needed: bool,
    /// Resources that need no other file.
    pub batch: Batch,
    /// Its comments.
    pub comments: Vec<Comment>,
    /// What was not understood.
    pub diagnostics: Vec<Diagnostic>,
    /// What waits for its folder.
    pub fragment: Option<Fragment>,
}

impl FileReading {
    /// A file that nothing was read from yet.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            recognised: false,
            is_needed: false,
            batch: Batch::default(),
            comments: Vec::new(),
            diagnostics: Vec::new(),
            fragment: None,
        }
    }
}

/// A reader of documents: one a platform.
pub trait Reader: Sync {
    /// The platform that its resources belong to.
    fn platform(&self) -> Platform;

    /// Whether a document of a YAML or JSON file is for this reader. `path` is the file's.
    fn accepts(&self, path: &str, document: &Node) -> bool;

    /// Whether a file of which no document could be parsed seems to be for this reader: what cannot be read is not clean.
    fn resembles(&self, _source: &Source) -> bool {
        false
    }

    /// What a document is that waits for other files of the scan; then [`Reader::read`] is not asked.
    fn defer(&self, _source: &Source, _document: &Node) -> Option<Fragment> {
        None
    }

    /// Reads one document.
    fn read(&self, _source: &Source, _document: &Node, _batch: &mut Batch, _diagnostics: &mut Vec<Diagnostic>) {}

    /// Resources that only the whole scan gives; their owners are in the graph.
    fn derive(&self, _graph: &Graph) -> Vec<Resource> {
        Vec::new()
    }

    /// References across files, once all resources are known. What a limit left out is a diagnostic.
    fn link(&self, _graph: &Graph, _diagnostics: &mut Vec<Diagnostic>) -> Vec<Edge> {
        Vec::new()
    }
}

/// The readers of YAML and JSON documents; the first that accepts a document reads it.
pub static READERS: &[&dyn Reader] = &[
    &image::Image,
    &github_actions::GithubActions,
    &compose::Compose,
    &quadlet::Quadlet,
    &devcontainer::Devcontainer,
    &docker::Docker,
    &arm::Arm,
    &serverless::Serverless,
    &cloudformation::CloudFormation,
    &kubernetes::Kubernetes,
    &packages::Sbom,
];

/// Reads one file of a scan that may hold charts. What belongs to a chart is kept for it, and its templates are no
/// documents.
pub fn read_file_of(charts: &Charts, source: Source) -> FileReading {
    if charts.chart_of(&source.path).is_none() {
        return read_file(source);
    }
    if charts.is_template(&source.path) {
        let comments = helm::comments(&source);
        return FileReading { recognised: true, comments, ..FileReading::new(source) };
    }
    let fragment = helm::fragment(charts, &source);
    let mut reading = read_file(source);
    reading.recognised |= fragment.is_some();
    reading.is_needed = true;
    reading.fragment = fragment.map(Fragment::Helm).or(reading.fragment);
    reading
}

/// Reads one file as far as that is possible without others. `source` must be text; anything else is a diagnostic.
pub fn read_file(source: Source) -> FileReading {
    let mut reading = FileReading::new(source);
    let source = reading.source.clone();
    if cloudformation::is_copy(&source.path) {
        return reading;
    }
    if terraform::claims(&source.path) {
        reading.recognised = true;
        let (file, comments) = terraform::parse(&source, &mut reading.diagnostics);
        reading.comments = comments;
        reading.fragment = Some(Fragment::Terraform(file));
    } else if arm::claims(&source.path) {
        reading.recognised = true;
        let (file, comments) = arm::parse(&source, &mut reading.diagnostics);
        reading.comments = comments;
        reading.fragment = Some(Fragment::Arm(Box::new(file)));
    } else if kustomize::claims(&source.path) {
        reading.recognised = true;
        let (file, comments) = kustomize::read(&source, &mut reading.batch, &mut reading.diagnostics);
        reading.comments = comments;
        reading.fragment = file.map(|file| Fragment::Kustomize(Box::new(file)));
    } else if dockerfile::claims(&source.path) {
        reading.recognised = true;
        let parsed = secscan_parse::dockerfile::parse(&source);
        dockerfile::read(&source, &parsed, &mut reading.batch, &mut reading.diagnostics);
        take_in(parsed, &[Platform::Dockerfile].into(), &mut reading);
    } else if dockerfile::ignore::claims(&source.path) {
        reading.recognised = true;
        dockerfile::ignore::read(&source, &mut reading.batch);
    } else if kubernetes::systemd::claims(&source.path) {
        reading.recognised = true;
        kubernetes::systemd::read(&source, &mut reading.batch);
    } else if docker::claims(&source.path) {
        reading.recognised = true;
        docker::read(&source, &mut reading.batch);
    } else if let Some(format) = installed::format_of(&source.path) {
        installed::read(&source, format, &mut reading);
    } else if let Some(format) = packages::format_of(&source.path) {
        reading.recognised = true;
        let (file, comments, diagnostics) = packages::read(&source, format);
        reading.comments = comments;
        reading.diagnostics = diagnostics;
        reading.fragment = Some(Fragment::Packages(file.into()));
    } else if let Some(format) = secscan_parse::format_of(&source.path) {
        if let Some(template) = kubernetes::unrendered(&source) {
            reading.recognised = true;
            reading.diagnostics.push(template);
        } else {
            read_documents(&source, (format.parse)(&source), &mut reading);
        }
    }
    reading
}

/// The paths of files that what was read takes parts from, and that no reader wants for themselves.
pub fn wanted(readings: &[FileReading]) -> BTreeSet<Arc<str>> {
    let asked = readings.iter().filter_map(|reading| match &reading.fragment {
        Some(Fragment::Serverless(service)) => Some(service.includes()),
        _ => None,
    });
    let mut wanted: BTreeSet<Arc<str>> = asked.flatten().cloned().collect();
    if !wanted.is_empty() {
        for known in readings.iter().filter(|reading| reading.fragment.is_some()) {
            wanted.remove(&known.source.path);
        }
    }
    wanted
}

/// Reads a file that another one takes parts from.
pub fn read_wanted(source: Source) -> FileReading {
    let mut reading = FileReading::new(source);
    if let Some(format) = secscan_parse::format_of(&reading.source.path) {
        let parsed = (format.parse)(&reading.source);
        reading.recognised = true;
        let blinded = parsed.diagnostics.into_iter().map(|diagnostic| diagnostic.blinds(Platform::CloudFormation));
        reading.diagnostics = blinded.collect();
        reading.comments = parsed.comments;
        let document = parsed.documents.into_iter().next();
        reading.fragment = document.map(|document| Fragment::Document(Box::new(document)));
    }
    reading
}

/// Gives each document to the first reader that accepts it. What could not be parsed blinds the platforms of these
/// readers; what seems to be for no reader leaves no diagnostics either.
fn read_documents(source: &Source, mut parsed: Parsed, reading: &mut FileReading) {
    if parsed.documents.first().is_some_and(terraform::is_plan) {
        let plan = parsed.documents.swap_remove(0);
        reading.recognised = true;
        reading.fragment = Some(Fragment::Terraform(terraform::File::of_plan(plan)));
        return take_in(parsed, &[Platform::Terraform].into(), reading);
    }
    let mut platforms = BTreeSet::new();
    for document in &parsed.documents {
        if let Some(reader) = READERS.iter().find(|reader| reader.accepts(&source.path, document)) {
            platforms.insert(reader.platform());
            match reader.defer(source, document) {
                Some(fragment) if reading.fragment.is_none() => reading.fragment = Some(fragment),
                _ => reader.read(source, document, &mut reading.batch, &mut reading.diagnostics),
            }
        }
    }
    if platforms.is_empty() && !parsed.diagnostics.is_empty() {
        let source = in_ascii(source);
        platforms.extend(READERS.iter().find(|reader| reader.resembles(&source)).map(|reader| reader.platform()));
    }
    if !platforms.is_empty() {
        reading.recognised = true;
        take_in(parsed, &platforms, reading);
    }
}

/// The file as it looks to whoever knows ASCII only: a manifest in UTF-16 cannot be read, yet must be told from others.
fn in_ascii(source: &Source) -> Source {
    let is_ascii = |byte: &&u8| byte.is_ascii() && **byte != 0;
    match source.text() {
        Ok(_) => source.clone(),
        Err(_) => Source { bytes: source.bytes.iter().filter(is_ascii).copied().collect(), ..source.clone() },
    }
}

/// Keeps the comments of a file and what its parser did not understand: it blinds the platforms of its readers.
fn take_in(parsed: Parsed, platforms: &BTreeSet<Platform>, reading: &mut FileReading) {
    reading.comments = parsed.comments;
    reading.diagnostics.extend(parsed.diagnostics.into_iter().map(|mut diagnostic| {
        if diagnostic.kind.is_blinding() {
            diagnostic.blinds.extend(platforms);
        }
        diagnostic
    }));
}

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

/// The tree that is scanned, for what asks for files that no reader took.
pub struct Tree<'t> {
    tree: &'t dyn FileTree,
    files: &'t [Candidate],
}

impl<'t> Tree<'t> {
    /// A tree, with the files of its listing: their numbers are their indexes.
    pub fn new(tree: &'t dyn FileTree, files: &'t [Candidate]) -> Self {
        Self { tree, files }
    }

    /// The file of a path; none when there is none, or when it cannot be read.
    pub(crate) fn source(&self, path: &str) -> Option<Source> {
        let index = self.find(path)?;
        let candidate = self.files.get(index)?;
        let bytes = self.tree.read(candidate).ok()?;
        let origin = self.tree.origin(candidate);
        Some(Source { id: SourceId(index as u32), path: candidate.path.clone(), origin, bytes })
    }

    /// Whether there is a file of a path.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// The paths of the files below a folder.
    pub(crate) fn below(&self, folder: &str) -> Vec<&'t str> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let first = self.files.partition_point(|file| *file.path < *prefix);
        let below = self.files[first..].iter().take_while(|file| file.path.starts_with(&prefix));
        below.filter(|file| file.version == 0).map(|file| &*file.path).collect()
    }

    fn find(&self, path: &str) -> Option<usize> {
        let first = self.files.partition_point(|file| *file.path < *path);
        let same = self.files[first..].iter().take_while(|file| *file.path == *path);
        same.zip(first..).find(|(file, _)| file.version == 0).map(|(_, index)| index)
    }
}

impl std::fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

/// The file of a path: one that was read, else one of the tree.
pub(crate) fn source_of(readings: &[FileReading], tree: Option<&Tree<'_>>, path: &str) -> Option<Source> {
    let first = readings.partition_point(|reading| *reading.source.path < *path);
    let known = readings.get(first).filter(|reading| *reading.source.path == *path);
    known.map(|reading| reading.source.clone()).or_else(|| tree?.source(path))
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
    let mut by_folder: std::collections::BTreeMap<&str, Vec<usize>> = Default::default();
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
    let mut ids: BTreeSet<SourceId> = unit.files.iter().map(|index| files[*index].source.id).collect();
    for resource in &reading.batch.resources {
        ids.insert(resource.at.source);
        resource.value.entries().iter().for_each(|entry| places(&entry.value, &mut ids));
    }
    let source = |id| files.binary_search_by_key(&id, |file| file.source.id).ok().map(|at| files[at].source.clone());
    let mut sources: Vec<Source> = ids.into_iter().filter_map(source).chain(reading.sources.iter().cloned()).collect();
    sources.sort_by_key(|source| source.id);
    sources.dedup_by_key(|source| source.id);
    sources
}

/// Adds the files that a tree stands in. Its depth is limited by the parsers.
fn places(node: &Node, ids: &mut BTreeSet<SourceId>) {
    ids.insert(node.at.source);
    node.entries().iter().for_each(|entry| places(&entry.value, ids));
    node.as_list().unwrap_or_default().iter().for_each(|item| places(item, ids));
}

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
    let mut firsts: std::collections::BTreeMap<Arc<str>, Location> = Default::default();
    for resource in &graph.resources {
        let start = Location { source: resource.at.source, span: Span::default() };
        let first = firsts.entry(resource.unit.clone()).or_insert(start);
        *first = start.min(*first);
    }
    if let Some(source) = graph.sources.first() {
        firsts.insert("repository".into(), source.at(Span::default()));
    }
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

/// Adds a batch to another one.
pub(crate) fn append(to: &mut Batch, batch: Batch) {
    extend(&mut to.resources, &mut to.edges, batch);
}

/// Adds a batch: its ids move behind those that are there.
fn extend(resources: &mut Vec<Resource>, edges: &mut Vec<Edge>, batch: Batch) {
    let base = resources.len() as u32;
    let shift = |id: ResourceId| ResourceId(id.0 + base);
    resources.extend(batch.resources.into_iter().map(|mut resource| {
        resource.owner = resource.owner.map(shift);
        resource
    }));
    edges.extend(batch.edges.into_iter().map(|edge| Edge { from: shift(edge.from), to: shift(edge.to), ..edge }));
}

/// Whether any reader may want a file of this path: the others are not read at all.
pub fn claims(path: &str) -> bool {
    let is_known = terraform::claims(path)
        || arm::claims(path)
        || kustomize::claims(path)
        || dockerfile::claims(path)
        || dockerfile::ignore::claims(path)
        || kubernetes::systemd::claims(path)
        || docker::claims(path)
        || installed::format_of(path).is_some()
        || packages::format_of(path).is_some()
        || secscan_parse::format_of(path).is_some();
    is_known && !cloudformation::is_copy(path)
}
