//! One tree, read and judged: everything before triage.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;
use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, Graph, ResourceId, Source, SourceId, Tally};
use secscan_resources::{FileReading, Options, assemble, read_file, read_unit, units};
use secscan_rules::judge::{Outcome, Verdict};
use secscan_rules::{Judge, RuleSet};

use crate::observer::{Event, Observer, Stage};

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
    /// How many files the tree holds.
    pub(crate) files: u64,
}

/// What to keep beside failures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keep {
    pub(crate) passes: bool,
    pub(crate) unknowns: bool,
}

/// Reads and judges a tree.
pub(crate) fn examine(
    tree: &dyn FileTree,
    rules: &RuleSet,
    options: &Options,
    keep: Keep,
    observer: &dyn Observer,
) -> Examination {
    observer.event(Event::Begin(Stage::List));
    let listing = tree.list();
    observer.event(Event::Files(listing.files.len() as u64));
    let (graph, mut diagnostics) = read(tree, &listing.files, options, observer);
    diagnostics.extend(listing.diagnostics);
    observer.event(Event::Begin(Stage::Judge));
    let judged = judge(&graph, rules, keep);
    diagnostics.extend(judged.diagnostics);
    Examination {
        graph,
        verdicts: judged.verdicts,
        tallies: judged.tallies,
        diagnostics,
        files: listing.files.len() as u64,
    }
}

/// The resources of a tree, unjudged.
pub(crate) fn read(
    tree: &dyn FileTree,
    files: &[Candidate],
    options: &Options,
    observer: &dyn Observer,
) -> (Graph, Vec<Diagnostic>) {
    observer.event(Event::Begin(Stage::Read));
    let paths: Vec<Arc<str>> = files.iter().map(|file| file.path.clone()).collect();
    let wanted: Vec<_> = files.iter().enumerate().filter(|(_, file)| secscan_resources::claims(&file.path)).collect();
    let read_one = |(index, file): &(usize, &Candidate)| {
        let reading = read_candidate(tree, SourceId(*index as u32), file);
        observer.event(Event::FileRead);
        reading
    };
    let outcomes: Vec<_> = wanted.par_iter().map(read_one).collect();
    let mut readings = Vec::with_capacity(outcomes.len());
    let mut diagnostics = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(reading) => readings.push(reading),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    observer.event(Event::Begin(Stage::Evaluate));
    let groups = units(&readings);
    let evaluate = |unit: &secscan_resources::Unit| {
        catch_unwind(AssertUnwindSafe(|| read_unit(unit, &readings, options))).unwrap_or_else(|_| {
            let message = "secscan failed while it evaluated this folder; please report it";
            let diagnostic = Diagnostic::new(DiagnosticKind::Internal, message).path(unit.folder.clone());
            secscan_resources::UnitReading { diagnostics: vec![diagnostic], ..Default::default() }
        })
    };
    let evaluated: Vec<_> = groups.par_iter().map(evaluate).collect();
    observer.event(Event::Begin(Stage::Link));
    let (graph, more) = assemble(readings, evaluated, paths);
    diagnostics.extend(more);
    (graph, diagnostics)
}

fn read_candidate(tree: &dyn FileTree, id: SourceId, file: &Candidate) -> Result<FileReading, Diagnostic> {
    let bytes = tree.read(file)?;
    let source = Source { id, path: file.path.clone(), origin: tree.origin(), bytes };
    catch_unwind(AssertUnwindSafe(|| read_file(source))).map_err(|_| {
        let message = "secscan failed while it read this file; please report it";
        Diagnostic::new(DiagnosticKind::Internal, message).path(file.path.clone())
    })
}

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
            Outcome::Unknown { .. } => {
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
        counts
    }
}
