//! `secscan init`: a settings file to start from.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use secscan_core::config::Config;

use crate::Verdict;

const STARTER: &str = r#"# Settings of secscan. Every key is optional.

# The regulations to report, control by control: hipaa, pci-dss, gdpr, kubernetes-hardening.
# packs = ["hipaa"]

# Findings at or above this severity fail the gate: critical, high, medium, low, info; "new:high" counts new ones only.
fail-on = "high"

# What is not scanned, in the syntax of .gitignore.
exclude = []

# Findings that are set aside in several places at once. A reason is required; the last day counts.
# [[ignore]]
# rules = ["docker-no-healthcheck"]
# paths = ["tools/**"]
# reason = "build images, never run"
# until = "2027-01-31"

# An accepted risk: the only thing that changes the status of a control.
# [[waiver]]
# control = "hipaa:164.312(e)(2)(ii)"
# resources = ["aws_lb.legacy"]
# reason = "..."
# owner = "..."
# until = "2027-01-31"
"#;

/// Writes the file; an existing one is left alone.
pub(crate) fn run(folder: &Path, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let file = folder.join(Config::FILE_NAME);
    if file.exists() {
        bail!("{} exists already", file.display());
    }
    std::fs::write(&file, STARTER).with_context(|| format!("cannot write {}", file.display()))?;
    writeln!(out, "wrote {}; scan with `secscan scan`", file.display())?;
    Ok(Verdict::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        Config::parse(STARTER, Config::FILE_NAME).expect("the starter parses");
        let uncommented: String = STARTER
            .lines()
            .map(|line| {
                line.strip_prefix("# ").filter(|rest| rest.contains(" = ") || rest.starts_with('[')).unwrap_or(line)
            })
            .fold(String::new(), |text, line| text + line + "\n");
        Config::parse(&uncommented, Config::FILE_NAME).expect("so does all that it suggests");
    }
}
