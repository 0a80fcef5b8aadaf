//! `secscan scan` and `secscan baseline`: from arguments and settings to a library call, and its report to outputs.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use secscan_core::baseline::Baseline;
use secscan_core::config::{KubernetesVersion, Settings};
use secscan_core::{Scanner, ScannerBuilder, Threshold};
use secscan_discover::{Base, Forest, merge_base, revision};
use secscan_model::report::{Notice, Quotes, RunInputs};
use secscan_model::{DiagnosticKind, Report, Source, SourceId};
use secscan_parse::load::Spanned;
use secscan_report::{Format, Shown};

use crate::args::{BaselineArguments, HelmArguments, Output, ScanArguments, Selection};
use crate::progress::Progress;
use crate::settings::{self, Found};
use crate::{Verdict, cache, changed, db, packs, rule_files, targets, unless_abandoned};

/// Scans and reports.
pub(crate) fn run(arguments: &ScanArguments, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let selection = &arguments.selection;
    use_threads(selection.jobs)?;
    let base = base(selection, arguments.since.as_deref())?;
    let reach = Reach::of(arguments);
    let prepared = Prepared::new(selection, base.as_ref(), reach)?;
    let settings = prepared.settings();
    let shown = shown(&arguments.show);
    let mut builder = prepared.builder(selection)?.keep(shown.pass, shown.unknown);
    let own_packs = settings.packs.iter().map(|pack| pack.value.as_str());
    let packs: Vec<&str> = if arguments.packs.is_empty() {
        own_packs.collect()
    } else {
        arguments.packs.iter().map(String::as_str).collect()
    };
    builder = packs::choose(builder, &packs)?.quotes(quotes(arguments));
    if let Some(threshold) = arguments.fail_on.or(settings.fail_on) {
        builder = builder.threshold(threshold);
    }
    if let Some(file) = &arguments.baseline {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        builder = builder.baseline(Baseline::parse(&text, &file.display().to_string())?);
    }
    let scanner = prepared.build(builder)?;
    let kept = match (reach, &base) {
        (Reach::Present, None) => cache::of(&arguments.cache, &selection.targets),
        _ => None,
    };
    let mut report = prepared.scan(&scanner, selection, base.as_ref(), kept.as_ref())?;
    let changed = prepared.changed(arguments, &packs, base.as_ref())?;
    let notes = [base.as_ref().and_then(|base| base.note.clone()), prepared.note()];
    report.notices.extend(notes.into_iter().flatten().map(note).chain(changed));
    write_all(arguments, &report, shown, out)?;
    // A commit that changes nothing to look at is whole.
    let is_whole = reach == Reach::Staged && has_nothing(&report);
    let verdict = verdict(&report, (arguments.strict || settings.strict) && !is_whole);
    // The program ends here; the system takes the memory back faster than it could be dropped.
    std::mem::forget((report, scanner));
    Ok(verdict)
}

/// Writes the open findings of a scan to a baseline file.
pub(crate) fn baseline(arguments: &BaselineArguments, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    use_threads(arguments.selection.jobs)?;
    let prepared = Prepared::new(&arguments.selection, None, Reach::Present)?;
    let builder = prepared.builder(&arguments.selection)?.threshold(Threshold::Never).quotes(Quotes::Nothing);
    let scanner = prepared.build(builder)?;
    let report = prepared.scan(&scanner, &arguments.selection, None, None)?;
    let baseline = Baseline::of(&report.findings);
    if arguments.output == Path::new("-") {
        write!(out, "{}", baseline.to_json())?;
    } else {
        let file = &arguments.output;
        std::fs::write(file, baseline.to_json()).with_context(|| format!("cannot write {}", file.display()))?;
        let findings = if baseline.len() == 1 { "finding" } else { "findings" };
        writeln!(out, "{} {findings} written to {}", baseline.len(), file.display())?;
    }
    Ok(Verdict::Passed)
}

/// What of a repository is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    /// The files of today.
    Present,
    /// What the next commit would change.
    Staged,
    /// The files of today, and for secrets all that ever was.
    History,
}

impl Reach {
    fn of(arguments: &ScanArguments) -> Self {
        match (arguments.staged, arguments.history) {
            (true, _) => Self::Staged,
            (false, true) => Self::History,
            (false, false) => Self::Present,
        }
    }
}

/// Settings, rules and targets, read and ready.
struct Prepared {
    found: Option<Found>,
    tree: Forest,
    base_tree: Option<Forest>,
}

impl Prepared {
    fn new(selection: &Selection, base: Option<&Base>, reach: Reach) -> anyhow::Result<Self> {
        let first = targets::first_path(&selection.targets);
        let commit = base.map(|base| &*base.commit);
        let found = settings::find(selection.config.as_deref(), first.as_deref(), commit)?;
        let mut options = secscan_discover::Options::default();
        if let Some(found) = &found {
            let settings = &found.config.settings;
            options.exclude.clone_from(&settings.exclude);
            options.max_file_size = settings.max_file_size.unwrap_or(options.max_file_size);
        }
        let (tree, base_tree) = match reach {
            Reach::Present => {
                let reading = &selection.reading;
                let tree = targets::open(&selection.targets, &reading.stdin_name, &options, &reading.images)?;
                let base = commit.map(|commit| targets::open_at(&selection.targets, commit, &options)).transpose()?;
                (tree, base)
            }
            Reach::Staged => {
                let (staged, head) = targets::open_staged(&selection.targets, &options)?;
                (staged, Some(head))
            }
            Reach::History => (targets::open_with_history(&selection.targets, &options)?, None),
        };
        Ok(Self { found, tree, base_tree })
    }

    fn settings(&self) -> Settings {
        self.found.as_ref().map(|found| found.config.settings.clone()).unwrap_or_default()
    }

    fn note(&self) -> Option<Arc<str>> {
        self.found.as_ref()?.note.as_deref().map(Into::into)
    }

    /// The folders of rules that the settings name.
    fn own_rules(&self) -> impl Iterator<Item = PathBuf> {
        let found = self.found.iter();
        found.flat_map(|found| found.config.settings.rules.iter().map(|folder| found.folder.join(&folder.value)))
    }

    /// What is to be said of files that decide the scan of a change and that the change touches.
    fn changed(&self, arguments: &ScanArguments, packs: &[&str], base: Option<&Base>) -> anyhow::Result<Vec<Notice>> {
        let Some(base_tree) = &self.base_tree else { return Ok(Vec::new()) };
        let selection = &arguments.selection;
        let mut notes = changed::ignore_files(&selection.targets, &self.tree, base_tree, base);
        if let Some(base) = base {
            let rules: Vec<_> = self.own_rules().chain(selection.rules.iter().cloned()).collect();
            let files = selection.config.iter().chain(&arguments.baseline).chain(&selection.reading.var_files);
            let files = files.chain(&selection.reading.helm.helm_values).cloned();
            let files: Vec<_> = files.chain(packs::files(packs)).collect();
            notes.extend(changed::judges(&rules, &files, base)?);
        }
        Ok(notes)
    }

    /// A builder with everything that does not depend on the command.
    fn builder(&self, selection: &Selection) -> anyhow::Result<ScannerBuilder> {
        let mut builder = Scanner::builder().today(today(selection.now)?).ends_after_scan();
        if let Some(store) = db::place::for_scan(&selection.store)? {
            builder = builder.advisories(store);
        }
        let settings = self.settings();
        for folder in self.own_rules().chain(selection.rules.iter().cloned()) {
            builder = builder.rules(rule_files::load(&folder)?.into_iter().map(|rule| rule.rule));
        }
        let chosen = |arguments: &[String], settings: &[Spanned<String>]| -> Vec<String> {
            let settings = settings.iter().map(|name| name.value.clone());
            if arguments.is_empty() { settings.collect() } else { arguments.to_vec() }
        };
        for name in chosen(&selection.only, &settings.only) {
            builder = builder.only(name);
        }
        for name in chosen(&selection.skip, &settings.skip) {
            builder = builder.skip(name);
        }
        if let Some(severity) = selection.min_severity.or(settings.min_severity) {
            builder = builder.min_severity(severity);
        }
        if let Some(found) = &self.found {
            builder = builder.config(found.config.clone(), &found.prefix);
        }
        let kubernetes = selection.kubernetes_version.or(settings.kubernetes_version);
        if let Some(version) = kubernetes {
            builder = builder.kubernetes_version(version);
        }
        let options = reader_options(&selection.reading.var_files, &selection.reading.helm, kubernetes)?;
        Ok(builder.options(options).inputs(self.inputs(selection)))
    }

    fn build(&self, builder: ScannerBuilder) -> anyhow::Result<Scanner> {
        builder.build().map_err(|error| match &self.found {
            Some(found) => found.locate(error),
            None => error.into(),
        })
    }

    fn inputs(&self, selection: &Selection) -> RunInputs {
        let first = targets::first_path(&selection.targets);
        RunInputs {
            targets: selection.targets.iter().map(|target| target.as_str().into()).collect(),
            revision: first.and_then(|path| revision(&path)).map(Into::into),
            ..RunInputs::default()
        }
    }

    fn scan(
        &self,
        scanner: &Scanner,
        selection: &Selection,
        base: Option<&Base>,
        kept: Option<&cache::Folder>,
    ) -> anyhow::Result<Report> {
        let progress = Progress::new();
        let mut report = match (&self.base_tree, kept) {
            (Some(base_tree), _) => scanner.scan_since(&self.tree, base_tree, &progress),
            (None, Some(kept)) => scanner.scan_cached(&self.tree, kept, &progress),
            (None, None) => scanner.scan(&self.tree, &progress),
        };
        progress.finish();
        report.inputs.base = base.map(|base| base.commit.clone());
        if has_nothing(&report) && selection.targets.iter().all(|target| target != "-") {
            report.notices.push(note("nothing that secscan reads was found in the targets".into()));
        }
        Ok(report)
    }
}

fn base(selection: &Selection, since: Option<&str>) -> anyhow::Result<Option<Base>> {
    let Some(since) = since else { return Ok(None) };
    let Some(path) = targets::first_path(&selection.targets) else {
        bail!("--since needs a target in a Git repository");
    };
    Ok(Some(merge_base(&path, since)?))
}

/// What readers are told on the command line.
pub(crate) fn reader_options(
    var_files: &[PathBuf],
    helm: &HelmArguments,
    kubernetes: Option<KubernetesVersion>,
) -> anyhow::Result<secscan_resources::Options> {
    let read = |files: &[PathBuf]| files.iter().map(|file| var_file(file)).collect::<anyhow::Result<_>>();
    Ok(secscan_resources::Options {
        var_files: read(var_files)?,
        helm_values: read(&helm.helm_values)?,
        helm_set: helm.set.iter().map(|set| set.as_str().into()).collect(),
        kubernetes_version: kubernetes.map(|version| version.to_string().into()),
    })
}

fn var_file(file: &Path) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    // Numbers of files in the scan count up from zero; what stands beside them counts down.
    Ok(Source::from_text(SourceId(u32::MAX), &targets::slashed(file), &text))
}

fn use_threads(jobs: Option<u16>) -> anyhow::Result<()> {
    let Some(jobs) = jobs else { return Ok(()) };
    rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global().context("cannot start threads")
}

/// The day that expiry is judged by: `--now`, else `SOURCE_DATE_EPOCH`, else today, in UTC.
fn today(now: Option<jiff::civil::Date>) -> anyhow::Result<jiff::civil::Date> {
    if let Some(now) = now {
        return Ok(now);
    }
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => {
            let seconds = seconds.parse().context("SOURCE_DATE_EPOCH is no number of seconds")?;
            let time = jiff::Timestamp::from_second(seconds).context("SOURCE_DATE_EPOCH is out of range")?;
            Ok(time.to_zoned(jiff::tz::TimeZone::UTC).date())
        }
        // The same day everywhere; and the local one would cost a walk over the machine's time zones.
        Err(_) => Ok(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()),
    }
}

fn shown(words: &[String]) -> Shown {
    let mut shown = Shown::default();
    for word in words {
        shown.add(word);
    }
    shown
}

fn note(message: Arc<str>) -> Notice {
    Notice { kind: DiagnosticKind::Configuration, path: None, place: None, message }
}

/// What is written to standard output.
fn format(arguments: &ScanArguments) -> &'static Format {
    arguments.format.unwrap_or(&secscan_report::FORMATS[0])
}

/// What the outputs together repeat of the lines that findings stand in.
fn quotes(arguments: &ScanArguments) -> Quotes {
    let files = arguments.outputs.iter().map(|output| output.format.quotes);
    files.fold(format(arguments).quotes, Ord::max)
}

fn write_all(arguments: &ScanArguments, report: &Report, show: Shown, out: &mut dyn Write) -> anyhow::Result<()> {
    for Output { format, file } in &arguments.outputs {
        let options = secscan_report::Options { show, ..Default::default() };
        let mut bytes = Vec::new();
        (format.write)(report, &options, &mut bytes)?;
        std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let choice = anstream::AutoStream::choice(&std::io::stdout());
    let is_terminal = std::io::stdout().is_terminal();
    let width = is_terminal.then(terminal_width).flatten();
    let options =
        secscan_report::Options { colour: choice != anstream::ColorChoice::Never, show, width, ..Default::default() };
    unless_abandoned((format(arguments).write)(report, &options, out).map_err(Into::into))
}

fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size()?;
    Some(usize::from(width.0))
}

/// Whether no file was known for what it is. Text that was searched for secrets alone does not count.
fn has_nothing(report: &Report) -> bool {
    report.coverage.recognised == 0 && report.coverage.resources.is_empty()
}

/// 1 beats 3; what 2 stands for has ended the run before.
fn verdict(report: &Report, strict: bool) -> Verdict {
    let is_blind = report.notices.iter().any(|notice| notice.kind.is_blinding()) || has_nothing(report);
    match (report.gate.failed, strict && is_blind) {
        (true, _) => Verdict::Failed,
        (false, true) => Verdict::Incomplete,
        (false, false) => Verdict::Passed,
    }
}
