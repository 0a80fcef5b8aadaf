//! The command line of secscan: arguments in, a library call, an exit code out.
//!
//! Reading order: [`args`] (what can be said) → the commands, one module each → [`rule_files`].

#![forbid(unsafe_code)]

mod args;
mod rule_files;
mod rules;
mod scan;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command, RulesCommand};

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
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let outcome = run(&arguments.command, &mut out).and_then(|verdict| {
        out.flush()?;
        Ok(verdict)
    });
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
        Command::Rules { command } => match command {
            RulesCommand::List => rules::list(out),
            RulesCommand::Show { id } => rules::show(id, out),
            RulesCommand::Test { path } => rules::test(path, out),
        },
    }
}

/// Whoever read our output has gone (`secscan rules list | head`): nothing is wrong.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
