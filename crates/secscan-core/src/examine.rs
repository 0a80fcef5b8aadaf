//! One tree, read and judged: everything before triage.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;
use secscan_advisory::Store;
use secscan_code::Dialect;
use secscan_model::{
    Candidate, Diagnostic, DiagnosticKind, FileTree, Graph, Platform, ResourceId, Source, SourceId, Span, Tally,
};
use secscan_resources::helm::Charts;
use secscan_resources::{FileReading, Options, assemble, read_file_of, read_unit, read_wanted, units, wanted};
use secscan_rules::check::Body;
use secscan_rules::judge::{Outcome, Verdict};
use secscan_rules::{Judge, RuleSet};

use crate::addresses::Addresses;
use crate::cache::Memory;
use crate::native::{self, Asked};
use crate::observer::{Event, Observer, Stage};
use crate::text::{TextJudge, TextReading, from_utf16};

/// What a tree holds and what the rules say of it.
#[derive(Debug)]
pub(crate) struct Examination {
    /// The resources.
    pub(crate) graph: Graph,
    /// Verdicts that have places: failures, and passes and unknowns where they were asked for.
    pub(crate) verdicts: Vec<Verdict>,
    /// One tally a rule, by its index.
    pub(crate) tallies: Vec<Tally>,
    /// What was not looked at.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many files there are, of which kinds.
    pub(crate) counts: FileCounts,
    /// By the index of a rule: why subjects stay unknown whatever the files say.
    pub(crate) unanswered: BTreeMap<usize, Arc<str>>,
    /// The secrets that the rules know in the files of the graph, of each that was searched.
    pub(crate) secrets: BTreeMap<SourceId, Vec<Span>>,
}

/// How many files there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FileCounts {
    /// In the tree.
    pub(crate) all: u64,
    /// That a reader recognised.
    pub(crate) recognised: u64,
    /// That were searched as text.
    pub(crate) text: u64,
    /// That were read and are no text.
    pub(crate) binary: u64,
    /// That are source code.
    pub(crate) code: u64,
}

/// What to keep beside failures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keep {
    pub(crate) passes: bool,
    pub(crate) unknowns: bool,
}

/// What a tree is judged by.
#[derive(Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) rules: &'a RuleSet,
    /// The advisories, when there are any.
    pub(crate) advisories: Option<&'a Store>,
    /// The day of the scan.
    pub(crate) today: Date,
    pub(crate) keep: Keep,
    /// What is known of files from earlier scans, where anything is.
    pub(crate) memory: Option<&'a Memory<'a>>,
}

/// Reads and judges a tree.
pub(crate) fn examine(tree: &dyn FileTree, by: By<'_>, options: &Options, observer: &dyn Observer) -> Examination {
    let By { rules, advisories, today, keep, memory } = by;
    observer.event(Event::Begin(Stage::List));
    let listing = tree.list();
    observer.event(Event::Files(listing.files.len() as u64));
    let text = TextJudge::new(rules);
    let search = Search { judge: &text, memory };
    let Reading { mut graph, texts, secrets, counts, code_files, mut diagnostics } =
        read(tree, &listing.files, options, Some(search), observer);
    diagnostics.extend(listing.diagnostics);
    observer.event(Event::Begin(Stage::Judge));
    let mut judged = judge(&graph, rules, keep);
    let addresses = Addresses::of(&graph);
    let asked = Asked { graph: &graph, addresses: &addresses, advisories, today, with_passes: keep.passes };
    let answers = native::ask(rules, &asked);
    judged.diagnostics.extend(answers.diagnostics);
    for verdict in answers.verdicts {
        judged.add(verdict, &graph, rules, keep);
    }
    judged.add_texts(text.verdicts(&mut graph, &texts), rules, counts.text);
    judged.add_code(&text, &mut graph, &texts, &code_files);
    diagnostics.extend(judged.diagnostics);
    Examination {
        graph,
        verdicts: judged.verdicts,
        tallies: judged.tallies,
        diagnostics,
        counts,
        unanswered: answers.unanswered,
        secrets,
    }
}

/// What a tree holds, unjudged but for rules about text.
pub(crate) struct Reading {
    /// The resources.
    pub(crate) graph: Graph,
    /// What rules about text found, by file.
    texts: Vec<(Source, TextReading)>,
    /// The secrets of files that were searched.
    secrets: BTreeMap<SourceId, Vec<Span>>,
    /// How many files there are.
    counts: FileCounts,
    /// The paths of those that are source code.
    code_files: Vec<Arc<str>>,
    /// What was not understood.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// How the text of files is searched.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a> {
    judge: &'a TextJudge<'a>,
    memory: Option<&'a Memory<'a>>,
}

impl Search<'_> {
    /// What the rules about text say of a file, whose text is `searched`.
    fn read(self, source: &Source, version: u32, searched: &Source) -> TextReading {
        match self.memory {
            Some(memory) => memory.text(source, version, || self.judge.read(searched)),
            None => self.judge.read(searched),
        }
    }
}

/// Reads a tree; with a search of text, all of its files.
pub(crate) fn read(
    tree: &dyn FileTree,
    files: &[Candidate],
    options: &Options,
    search: Option<Search<'_>>,
    observer: &dyn Observer,
) -> Reading {
    observer.event(Event::Begin(Stage::Read));
    let counting = files.iter().filter(|file| file.version == 0);
    let paths: Vec<Arc<str>> = counting.map(|file| file.path.clone()).collect();
    let search = search.filter(|search| !search.judge.is_idle());
    let charts = Charts::of(paths.iter().map(|path| &**path));
    let is_claimed = |path: &str| charts.chart_of(path).is_some() || secscan_resources::claims(path);
    let is_wanted = |file: &Candidate| search.is_some() || (file.version == 0 && is_claimed(&file.path));
    let wanted: Vec<_> = files.iter().enumerate().filter(|(_, file)| is_wanted(file)).collect();
    let read_one = |(index, file): &(usize, &Candidate)| {
        let reading = read_candidate(tree, SourceId(*index as u32), file, &charts, search);
        observer.event(Event::FileRead);
        reading
    };
    let is_searched = search.is_some();
    let outcomes: Vec<_> = wanted.par_iter().map(read_one).collect();
    let mut readings = Vec::with_capacity(outcomes.len());
    let mut counts = FileCounts { all: files.len() as u64, ..FileCounts::default() };
    let (mut texts, mut secrets, mut code_files) = (Vec::new(), BTreeMap::new(), Vec::new());
    let (mut diagnostics, mut spared) = (Vec::new(), 0);
    for outcome in outcomes {
        match outcome {
            Ok(Looked { path, reading, text, misnamed, is_spared }) => {
                spared += usize::from(is_spared);
                diagnostics.extend(misnamed);
                counts.text += u64::from(text.is_text);
                counts.binary += u64::from(!text.is_text && is_searched);
                counts.code += u64::from(text.code.is_some());
                counts.recognised += u64::from(reading.as_ref().is_some_and(|reading| reading.recognised));
                code_files.extend(text.code.as_ref().map(|_| path));
                if let Some(reading) = reading.as_ref().filter(|_| text.is_text) {
                    secrets.insert(reading.source.id, text.secrets.spans.clone());
                }
                if text.is_needed() {
                    texts.extend(reading.as_ref().map(|reading| (reading.source.clone(), text)));
                }
                readings.extend(reading);
            }
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    diagnostics.extend((spared > 0).then(|| spared_code(spared)));
    counts.recognised += read_what_is_wanted(tree, files, &mut readings);
    observer.event(Event::Begin(Stage::Evaluate));
    let groups = units(&readings);
    let whole = secscan_resources::Tree::new(tree, files);
    let evaluate = |unit: &secscan_resources::Unit| {
        let evaluate = || read_unit(unit, &groups, &readings, Some(&whole), options);
        catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|_| {
            let message = "secscan failed while it evaluated this folder; please report it";
            let diagnostic = Diagnostic::new(DiagnosticKind::Internal, message).path(unit.folder.clone());
            secscan_resources::UnitReading { diagnostics: vec![diagnostic], ..Default::default() }
        })
    };
    let evaluated: Vec<_> = groups.list.par_iter().map(evaluate).collect();
    drop(groups);
    observer.event(Event::Begin(Stage::Link));
    let (graph, more) = assemble(readings, evaluated, paths);
    diagnostics.extend(more);
    Reading { graph, texts, secrets, counts, code_files, diagnostics }
}

/// Files that others take parts from are known once those are read; how many of them there are.
fn read_what_is_wanted(tree: &dyn FileTree, files: &[Candidate], readings: &mut Vec<FileReading>) -> u64 {
    let wanted = wanted(readings);
    if wanted.is_empty() {
        return 0;
    }
    let mut count = 0;
    for (index, file) in files.iter().enumerate().filter(|(_, file)| file.version == 0 && wanted.contains(&file.path)) {
        // What cannot be read was said when it was listed, or is said by whoever takes parts from it.
        let Ok(bytes) = tree.read(file) else { continue };
        let id = SourceId(index as u32);
        let mut reading = read_wanted(Source { id, path: file.path.clone(), origin: tree.origin(file), bytes });
        if let Some(before) = readings.iter().position(|reading| reading.source.id == id) {
            let before = readings.swap_remove(before);
            reading.is_needed = before.is_needed;
            reading.diagnostics.extend(before.diagnostics);
        }
        count += u64::from(reading.recognised);
        readings.push(reading);
    }
    readings.sort_by_key(|reading| reading.source.id);
    count
}

/// What a look at one file gave.
struct Looked {
    path: Arc<str>,
    /// None where nobody needs the text any more, so that only what is reported stays in memory.
    reading: Option<FileReading>,
    text: TextReading,
    /// What is to be said of a file whose name promises text that it does not hold.
    misnamed: Option<Diagnostic>,
    /// Whether rules about source code were not asked of it because a package manager installed it.
    is_spared: bool,
}

/// Looks at one file.
fn read_candidate(
    tree: &dyn FileTree,
    id: SourceId,
    file: &Candidate,
    charts: &Charts,
    search: Option<Search<'_>>,
) -> Result<Looked, Diagnostic> {
    let bytes = tree.read(file).map_err(|diagnostic| {
        search.iter().filter_map(|search| search.memory).for_each(|memory| memory.unread(id, &diagnostic));
        unread(diagnostic, file, search.is_some())
    })?;
    let source = Source { id, path: file.path.clone(), origin: tree.origin(file), bytes };
    let read = || {
        let is_spared = search.is_some_and(|search| search.judge.is_spared(&source));
        // Text in UTF-16 is searched, and shown, as UTF-8; readers say of it what they always say.
        let decoded = search.and_then(|_| from_utf16(&source.bytes)).map(|bytes| Source { bytes, ..source.clone() });
        let searched = decoded.as_ref().unwrap_or(&source);
        let found = search.map(|search| search.read(&source, file.version, searched)).unwrap_or_default();
        let shown = decoded.clone().filter(|_| found.is_needed());
        let mut reading = if file.version == 0 { read_file_of(charts, source) } else { FileReading::new(source) };
        if let Some(shown) = shown {
            reading.source = shown;
        }
        reading.is_needed |= found.is_needed();
        if let Some(code) = &found.code {
            reading.comments.extend(code.comments.iter().cloned());
        }
        if !reading.recognised {
            reading.comments.extend(found.textual_comments(&reading.source));
        }
        reading.diagnostics.extend(search.iter().flat_map(|search| search.judge.diagnostics(&found)));
        let is_seen = reading.recognised || reading.is_needed || file.version > 0;
        let misnamed = (search.is_some() && !found.is_text && !is_seen).then(|| misnamed(&file.path)).flatten();
        let reading = (reading.recognised || reading.is_needed).then_some(reading);
        let is_spared = is_spared && found.is_text;
        Looked { path: file.path.clone(), reading, text: found, misnamed, is_spared }
    };
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| {
        let message = "secscan failed while it read this file; please report it";
        Diagnostic::new(DiagnosticKind::Internal, message).path(file.path.clone())
    })
}

/// What is to be said of source code that package managers put into images.
fn spared_code(files: usize) -> Diagnostic {
    let message = format!(
        "{files} files of source code were installed by package managers: they were searched for secrets, rules about source code were not asked of them"
    );
    Diagnostic::new(DiagnosticKind::Skipped, message)
}

/// What is to be said of a file that is no text, when its name promises source code or a document.
fn misnamed(path: &Arc<str>) -> Option<Diagnostic> {
    let promises_text = secscan_parse::format_of(path).is_some() || Dialect::of_path(path).is_some();
    let message = "its bytes are no text, whatever its name says: not judged";
    promises_text.then(|| Diagnostic::new(DiagnosticKind::Skipped, message).path(path.clone()))
}

/// What is to be said of a file that cannot be read. One that no reader wants is no loss to resources, but was not
/// searched either; a large picture or archive would not have been.
fn unread(diagnostic: Diagnostic, file: &Candidate, is_searched: bool) -> Diagnostic {
    if secscan_resources::claims(&file.path) {
        return if is_searched { diagnostic.blinds(Platform::Text) } else { diagnostic };
    }
    let is_media = file.path.rsplit_once('.').is_some_and(|(_, end)| BINARY_ENDS.contains(&&*end.to_ascii_lowercase()));
    match diagnostic.kind {
        DiagnosticKind::Limit if is_media => Diagnostic { kind: DiagnosticKind::Skipped, ..diagnostic },
        _ => diagnostic.blinds(Platform::Text),
    }
}

/// Ends of the names of files that are no text.
const BINARY_ENDS: &[&str] = &[
    "7z",
    "a",
    "avi",
    "bin",
    "bmp",
    "bz2",
    "class",
    "db",
    "deb",
    "dll",
    "dmg",
    "dylib",
    "eot",
    "exe",
    "gif",
    "gz",
    "h5",
    "ico",
    "iso",
    "jar",
    "jpeg",
    "jpg",
    "lib",
    "mkv",
    "mov",
    "mp3",
    "mp4",
    "nupkg",
    "o",
    "ogg",
    "onnx",
    "otf",
    "parquet",
    "pack",
    "pdf",
    "png",
    "psd",
    "pt",
    "pyc",
    "rar",
    "rpm",
    "safetensors",
    "so",
    "sqlite",
    "tar",
    "tgz",
    "tif",
    "tiff",
    "ttf",
    "war",
    "wasm",
    "wav",
    "webm",
    "webp",
    "whl",
    "woff",
    "woff2",
    "xz",
    "zip",
    "zst",
];

#[derive(Default)]
struct Judged {
    verdicts: Vec<Verdict>,
    tallies: Vec<Tally>,
    diagnostics: Vec<Diagnostic>,
}

/// Asks the rules about every resource. The order of the verdicts is that of the resources.
fn judge(graph: &Graph, rules: &RuleSet, keep: Keep) -> Judged {
    let judge = Judge::new(rules, graph, keep.passes);
    let fresh = || Judged { tallies: vec![Tally::default(); rules.rules.len()], ..Judged::default() };
    let ids: Vec<ResourceId> = graph.iter().map(|(id, _)| id).collect();
    ids.par_iter()
        .fold(fresh, |mut judged, id| {
            for verdict in judge.judge(*id) {
                judged.add(verdict, graph, rules, keep);
            }
            judged
        })
        .reduce(fresh, Judged::join)
}

impl Judged {
    fn add(&mut self, verdict: Verdict, graph: &Graph, rules: &RuleSet, keep: Keep) {
        let tally = &mut self.tallies[verdict.rule];
        let is_kept = match &verdict.outcome {
            Outcome::Pass(_) => {
                tally.pass += 1;
                keep.passes
            }
            Outcome::Fail(_) => {
                tally.fail += 1;
                true
            }
            Outcome::Unknown(_) => {
                tally.unknown += 1;
                keep.unknowns
            }
            Outcome::NotApplicable => {
                tally.not_applicable += 1;
                false
            }
            Outcome::Panicked => {
                let resource = graph.resource(verdict.resource);
                let message = format!(
                    "the rule {} failed on {}; please report it",
                    rules.rules[verdict.rule].info.id, resource.address
                );
                let diagnostic = Diagnostic::new(DiagnosticKind::Internal, message).at(resource.header());
                self.diagnostics.push(diagnostic.blinds(resource.platform));
                false
            }
        };
        if is_kept {
            self.verdicts.push(verdict);
        }
    }

    /// Adds the verdicts of rules about text: a file in which such a rule found nothing passes.
    fn add_texts(&mut self, verdicts: Vec<Verdict>, rules: &RuleSet, files: u64) {
        for (rule, tally) in rules.rules.iter().zip(&mut self.tallies) {
            if matches!(rule.body, Body::Secret(_)) {
                tally.pass += files;
            }
        }
        for verdict in &verdicts {
            self.tallies[verdict.rule].pass -= 1;
            self.tallies[verdict.rule].fail += 1;
        }
        self.verdicts.extend(verdicts);
    }

    /// Adds the verdicts of rules about source code.
    fn add_code(
        &mut self,
        text: &TextJudge<'_>,
        graph: &mut Graph,
        texts: &[(Source, TextReading)],
        files: &[Arc<str>],
    ) {
        let read = texts.iter().filter_map(|(source, reading)| Some((source, reading.code.as_ref()?)));
        let verdicts: Vec<_> = read.flat_map(|(source, code)| text.code().verdicts(graph, source, code)).collect();
        text.code().tally(files, &verdicts, &mut self.tallies);
        self.verdicts.extend(verdicts);
    }

    fn join(mut self, other: Self) -> Self {
        self.verdicts.extend(other.verdicts);
        self.diagnostics.extend(other.diagnostics);
        for (mine, theirs) in self.tallies.iter_mut().zip(other.tallies) {
            mine.pass += theirs.pass;
            mine.fail += theirs.fail;
            mine.unknown += theirs.unknown;
            mine.not_applicable += theirs.not_applicable;
        }
        self
    }
}

impl Examination {
    /// How many resources there are a platform; derived ones are not counted.
    pub(crate) fn resources_by_platform(&self) -> BTreeMap<Arc<str>, u64> {
        let mut counts = BTreeMap::new();
        for resource in &self.graph.resources {
            if !crate::is_derived(resource.platform) {
                *counts.entry(resource.platform.as_str().into()).or_default() += 1;
            }
        }
        if self.counts.code > 0 {
            counts.insert(Platform::Code.as_str().into(), self.counts.code);
        }
        counts
    }
}
