//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Scans repositories and infrastructure code for security and compliance mistakes.
#[derive(Debug, Parser)]
#[command(name = "secscan", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan targets and report findings and controls
    Scan(ScanArguments),
    /// List, show and test rules
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List all built-in rules
    List,
    /// Show one rule
    Show {
        /// The id of the rule
        id: String,
    },
    /// Run the examples of rule files
    Test {
        /// A folder of rule files, or one rule file
        path: PathBuf,
    },
}

#[derive(Args, Debug)]
pub(crate) struct ScanArguments {
    /// What to scan: a folder or a file
    #[arg(default_value = ".", value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Report the controls of this pack
    #[arg(long = "pack", value_name = "ID")]
    pub(crate) packs: Vec<String>,
    /// Format of the report on standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: String,
}
