//! `secscan scan`.

use std::io::Write;
use std::path::Path;

use anyhow::anyhow;
use secscan_core::{Scanner, Silent};
use secscan_discover::Directory;

use crate::Verdict;
use crate::args::ScanArguments;

pub(crate) fn run(arguments: &ScanArguments, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let format =
        secscan_report::format(&arguments.format).ok_or_else(|| anyhow!("unknown format `{}`", arguments.format))?;
    let mut builder = Scanner::builder();
    for pack in &arguments.packs {
        builder = builder.pack(pack);
    }
    let scanner = builder.build()?;
    let tree = Directory::open(Path::new(&arguments.targets[0]), &secscan_discover::Options::default())?;
    let report = scanner.scan(&tree, &Silent);
    (format.write)(&report, &secscan_report::Options::default(), out)?;
    Ok(if report.gate.failed { Verdict::Failed } else { Verdict::Passed })
}
