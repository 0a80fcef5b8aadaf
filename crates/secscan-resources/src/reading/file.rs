//! One file: what it gives by itself, and what of it waits for others.

use std::collections::BTreeSet;
use std::sync::Arc;

use secscan_model::{Comment, Diagnostic, Node, Platform, Source};
use secscan_parse::Parsed;

use super::{Batch, READERS};
use crate::helm::Charts;
use crate::{
    arm, cloudformation, compose, docker, dockerfile, helm, installed, kubernetes, kustomize, packages, quadlet,
    serverless, terraform,
};

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
    /// Its documents, where they are manifests without a fault: kustomizations are made of these.
    pub manifests: Vec<Node>,
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
            manifests: Vec::new(),
        }
    }
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
    if platforms.iter().eq([&Platform::Kubernetes]) && parsed.diagnostics.is_empty() {
        reading.manifests = std::mem::take(&mut parsed.documents);
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
