//! The command line of secscan: arguments in, a library call, an exit code out.
//!
//! Reading order: [`args`] (what can be said) → the commands, one module each ([`scan`], [`inspect`], [`render`], [`explain`],
//! [`rules`], [`packs`], [`init`], [`db`]) → what they share: [`targets`], [`settings`], [`changed`], [`rule_files`],
//! [`progress`].

#![forbid(unsafe_code)]

mod args;
mod cache;
mod changed;
mod db;
mod explain;
mod init;
mod inspect;
mod packs;
mod progress;
mod render;
mod rule_files;
mod rules;
mod scan;
mod settings;
mod targets;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Arguments, Command, PacksCommand, RulesCommand, SchemaKind};

/// Trees of small nodes are made and dropped all the time: the system's allocator would take a quarter of the run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a command found out, as an exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// 0: the gate passed.
    Passed,
    /// 1: the gate failed.
    Failed,
    /// 3: with `--strict`, something could not be read or there was nothing to scan.
    Incomplete,
}

/// The exit code of wrong usage, configuration, rules or packs; it beats all others.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, std::io::stdout().lock());
    let outcome = run(&arguments.command, &mut out)
        .and_then(|verdict| unless_abandoned(out.flush().map_err(Into::into)).map(|()| verdict));
    match outcome {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::from(1),
        Ok(Verdict::Incomplete) => ExitCode::from(3),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody left to tell when standard error is gone too.
            drop(writeln!(std::io::stderr(), "secscan: {error:#}"));
            ExitCode::from(USAGE)
        }
    }
}

fn run(command: &Command, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    match command {
        Command::Scan(arguments) => scan::run(arguments, out),
        Command::Inspect(arguments) => inspect::run(arguments, out),
        Command::Render(arguments) => render::run(arguments, out),
        Command::Explain { id } => explain::run(id, out),
        Command::Rules { command: RulesCommand::List } => rules::list(out),
        Command::Rules { command: RulesCommand::Show { id } } => rules::show(id, out),
        Command::Rules { command: RulesCommand::Test { path } } => rules::test(path, out),
        Command::Packs { command: PacksCommand::List } => packs::list(out),
        Command::Packs { command: PacksCommand::Show { id } } => packs::show(id, out),
        Command::Db { command } => db::run(command, out),
        Command::Baseline(arguments) => scan::baseline(arguments, out),
        Command::Init { folder } => init::run(folder, out),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Arguments::command(), "secscan", &mut &mut *out);
            Ok(Verdict::Passed)
        }
        Command::Schema { kind } => schema(*kind, out),
    }
}

fn schema(kind: SchemaKind, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let of_rules = |name: &str| secscan_rules::schemas().into_iter().find(|(file, _)| *file == name);
    let schema = match kind {
        SchemaKind::Rule => of_rules("rule.schema.json").map(|(_, schema)| schema.to_value()),
        SchemaKind::Pack => of_rules("pack.schema.json").map(|(_, schema)| schema.to_value()),
        SchemaKind::Config => Some(secscan_core::config::schema().to_value()),
        SchemaKind::Report => Some(secscan_report::schema()),
    };
    serde_json::to_writer_pretty(&mut *out, &schema)?;
    writeln!(out)?;
    Ok(Verdict::Passed)
}

/// The outcome of writing to standard output, where it is no error that the reader has gone: what was found out still
/// counts.
pub(crate) fn unless_abandoned(written: anyhow::Result<()>) -> anyhow::Result<()> {
    written.or_else(|error| if is_broken_pipe(&error) { Ok(()) } else { Err(error) })
}

/// Whoever read our output has gone (`secscan rules list | head`): nothing is wrong.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let of_json = || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or_else(of_json)
    };
    error.chain().any(|cause| kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}
