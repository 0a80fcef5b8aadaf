//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use secscan_core::Threshold;
use secscan_core::config::KubernetesVersion;
use secscan_model::Severity;

/// Finds security and compliance mistakes in repositories and infrastructure code, and reports the evidence control by
/// control.
///
/// Exit codes: 0 the gate passed; 1 the gate failed; 2 wrong usage, configuration, rule or pack; 3 with --strict,
/// something recognised could not be read or nothing was there to scan.
#[derive(Debug, Parser)]
#[command(name = "secscan", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan targets: report findings, and controls of packs
    Scan(ScanArguments),
    /// Show the resources of a target as rules see them
    Inspect(InspectArguments),
    /// Render the Helm charts and kustomizations of a target and print their manifests
    Render(RenderArguments),
    /// Explain a rule or a control
    Explain {
        /// A rule (k8s-privileged-container) or a control (hipaa:164.312(a)(1), or its number alone)
        #[arg(value_name = "RULE_OR_CONTROL")]
        id: String,
    },
    /// List, show and test rules
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// List and show packs
    Packs {
        #[command(subcommand)]
        command: PacksCommand,
    },
    /// Import, update and show the advisories that packages are judged by
    Db {
        #[command(subcommand)]
        command: DbCommand,
    },
    /// Write all open findings of a scan to a baseline file, so that only new ones count
    Baseline(BaselineArguments),
    /// Write a secscan.toml to start from
    Init {
        /// The folder to write it to
        #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the JSON schema of a kind of file
    Schema {
        /// The kind of file
        kind: SchemaKind,
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
        #[arg(value_hint = ValueHint::AnyPath)]
        path: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PacksCommand {
    /// List all built-in packs
    List,
    /// Show the controls of one pack
    Show {
        /// The id of the pack
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Add advisories from files: OSV records (*.json), RustSec advisories (RUSTSEC-*.md), archives of them (*.zip,
    /// *.tar.gz), or folders of all that
    Import {
        /// Files and folders
        #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        store: StoreArguments,
        /// Begin with an empty store instead of adding to the one that is there
        #[arg(long)]
        replace: bool,
    },
    /// Add advisories from a mirror of OSV exports: ECOSYSTEM/all.zip below an HTTPS address or a folder
    Update {
        /// The address or folder; plain HTTP on the loopback only
        #[arg(long, value_name = "URL|DIR", value_hint = ValueHint::AnyPath)]
        from: String,
        /// Ask for this ecosystem (npm, PyPI, Debian:12, ...) [default: all languages, and what the store has]
        #[arg(long = "ecosystem", value_name = "NAME")]
        ecosystems: Vec<String>,
        /// Give up on a file after this many seconds
        #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = clap::value_parser!(u64).range(1..))]
        timeout: u64,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Show what the store holds and whether it is whole
    Status {
        #[command(flatten)]
        store: StoreArguments,
    },
}

/// Which advisory store is meant.
#[derive(Args, Clone, Debug)]
pub(crate) struct StoreArguments {
    /// The advisory store [default: what SECSCAN_DB names, else advisories.db in the user's data folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) db: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaKind {
    /// A rule file
    Rule,
    /// A pack file
    Pack,
    /// secscan.toml
    Config,
    /// The JSON report
    Report,
}

/// What a scan looks at and by which rules: shared by `scan` and `baseline`.
#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// A folder or file, git:REV (the repository of the working directory at a revision), an image (image:REFERENCE of a
    /// registry, oci:PATH of a layout, docker-archive:FILE), or - (standard input)
    #[arg(default_value = ".", value_name = "TARGET", value_hint = ValueHint::AnyPath)]
    pub(crate) targets: Vec<String>,
    /// Read further rules from this folder
    #[arg(long = "rules", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) rules: Vec<PathBuf>,
    /// Read settings from this file instead of the secscan.toml above the first target
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Run only this rule, or the rules of this topic
    #[arg(long, value_name = "RULE_OR_TOPIC")]
    pub(crate) only: Vec<String>,
    /// Leave out this rule, or the rules of this topic
    #[arg(long, value_name = "RULE_OR_TOPIC")]
    pub(crate) skip: Vec<String>,
    /// Leave out rules of a lower severity
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(crate) min_severity: Option<Severity>,
    /// Judge Kubernetes manifests and render Helm charts for this release (1.31): API versions that only a later one removes are no findings
    #[arg(long, value_name = "VERSION")]
    pub(crate) kubernetes_version: Option<KubernetesVersion>,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
    /// Use this many threads [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Judge expiry by this day instead of today in UTC (also SOURCE_DATE_EPOCH)
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) now: Option<jiff::civil::Date>,
}

/// How targets are read: shared by `scan`, `baseline` and `inspect`.
#[derive(Args, Debug)]
pub(crate) struct ReadingArguments {
    /// Read further Terraform variables from this file
    #[arg(long = "var-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) var_files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) helm: HelmArguments,
    /// The name that standard input is read under; it decides what the text is taken for
    #[arg(long, value_name = "NAME", default_value = "stdin.yaml")]
    pub(crate) stdin_name: String,
    #[command(flatten)]
    pub(crate) images: ImageArguments,
}

/// What Helm charts are rendered with.
#[derive(Args, Debug)]
pub(crate) struct HelmArguments {
    /// Render Helm charts with the values of this file over their own; may be given several times, later ones win
    #[arg(long = "helm-values", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) helm_values: Vec<PathBuf>,
    /// Render Helm charts with this value over all others (a.b=1,c={x,y}), written as for `helm --set`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RenderArguments {
    /// A folder with charts or kustomizations, a packed chart (.tgz), or git:REV
    #[arg(default_value = ".", value_name = "TARGET", value_hint = ValueHint::AnyPath)]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) helm: HelmArguments,
    /// Render for this release of Kubernetes (1.31)
    #[arg(long, value_name = "VERSION")]
    pub(crate) kubernetes_version: Option<KubernetesVersion>,
    #[command(flatten)]
    pub(crate) images: ImageArguments,
}

#[derive(Args, Debug)]
pub(crate) struct ScanArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Report the controls of this pack: hipaa, pci-dss, gdpr, kubernetes-hardening, or a pack file
    #[arg(long = "pack", value_name = "ID")]
    pub(crate) packs: Vec<String>,
    /// Format of the report on standard output [default: text]
    #[arg(short, long, value_name = "FORMAT", value_parser = format, long_help = formats())]
    pub(crate) format: Option<&'static secscan_report::Format>,
    /// Write a report to a file besides; any number of times
    #[arg(short, long = "output", value_name = "FORMAT=FILE", value_parser = output)]
    pub(crate) outputs: Vec<Output>,
    /// Fail on findings at or above a severity, on new ones only, or never [default: high]
    #[arg(long, value_name = "SEVERITY|new:SEVERITY|never")]
    pub(crate) fail_on: Option<Threshold>,
    /// Leave findings of this baseline file out of the gate
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,
    /// Count only findings that are new against this Git revision
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Scan what the next commit would change, and count only what it brings: for pre-commit hooks
    #[arg(long, conflicts_with_all = ["since", "history"])]
    pub(crate) staged: bool,
    /// Look for secrets in all that the repository ever held, besides the files of today
    #[arg(long, conflicts_with = "since")]
    pub(crate) history: bool,
    /// Exit with 3 when something recognised could not be read or nothing was there to scan
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArguments,
    /// List these too, besides open findings: pass, unknown, suppressed, waived
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(secscan_report::Shown::WORDS))]
    pub(crate) show: Vec<String>,
}

/// What earlier scans said.
#[derive(Args, Debug)]
pub(crate) struct CacheArguments {
    /// Forget what earlier scans said, and keep nothing: the default in CI, where the variable CI is set
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Keep what scans said in this folder, in CI too (also SECSCAN_CACHE) [default: secscan in the user's cache folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "no_cache")]
    pub(crate) cache_dir: Option<PathBuf>,
}

/// How images are opened.
#[derive(Args, Debug)]
pub(crate) struct ImageArguments {
    /// Which image of several platforms, as os/architecture [default: linux and this machine's architecture]
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<secscan_image::Platform>,
    /// Let this registry (HOST or HOST:PORT) speak plain HTTP; the loopback always may
    #[arg(long = "insecure-registry", value_name = "HOST")]
    pub(crate) insecure_registries: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct BaselineArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// The file to write; - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "secscan-baseline.json", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// A folder or file, git:REV, image:REFERENCE, oci:PATH, docker-archive:FILE, or - (standard input)
    #[arg(default_value = ".", value_name = "TARGET", value_hint = ValueHint::AnyPath)]
    pub(crate) target: String,
    /// Format: text or json
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: InspectFormat,
    /// Show what is derived too: common kinds (containers, network rules, ...) and units
    #[arg(long)]
    pub(crate) derived: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum InspectFormat {
    /// For people
    Text,
    /// For scripts
    Json,
}

/// A report that goes to a file.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) format: &'static secscan_report::Format,
    pub(crate) file: PathBuf,
}

fn format(name: &str) -> Result<&'static secscan_report::Format, String> {
    secscan_report::format(name).ok_or_else(|| {
        let names: Vec<_> = secscan_report::FORMATS.iter().map(|format| format.name).collect();
        format!("there is no format `{name}`; there are: {}", names.join(", "))
    })
}

/// The help of `--format`: every format with what it is for.
fn formats() -> String {
    let width = secscan_report::FORMATS.iter().map(|format| format.name.len()).max().unwrap_or(0);
    let mut help = "Format of the report on standard output [default: text]\n".to_owned();
    for format in secscan_report::FORMATS {
        help.push_str(&format!("\n{:width$}  {}", format.name, format.about));
    }
    help
}

fn output(text: &str) -> Result<Output, String> {
    match text.split_once('=') {
        Some((name, file)) if !file.is_empty() => Ok(Output { format: format(name)?, file: file.into() }),
        _ => Err("write FORMAT=FILE, such as sarif=results.sarif".to_owned()),
    }
}

fn severity(word: &str) -> Result<Severity, String> {
    let words: Vec<_> = Severity::ALL.iter().rev().map(|severity| severity.as_str()).collect();
    Severity::from_word(word).ok_or_else(|| format!("there are: {}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
