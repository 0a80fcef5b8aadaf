//! `secscan rules list | show | test`.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use secscan_core::examples;
use secscan_model::{RuleId, RuleInfo};

use crate::Verdict;
use crate::rule_files;

/// Lists all built-in rules, one line each.
pub(crate) fn list(out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let blob = secscan_builtin_rules::load()?;
    let width = blob.rules.iter().map(|rule| rule.info.id.0.len()).max().unwrap_or(0);
    for rule in &blob.rules {
        let platforms: Vec<_> = rule.info.platforms.iter().map(|platform| platform.as_str()).collect();
        let RuleInfo { id, severity, title, .. } = &**rule.info;
        writeln!(
            out,
            "{id:width$}  {severity:8}  {title}  [{}]",
            platforms.join(", "),
            id = id.to_string(),
            severity = severity.as_str()
        )?;
    }
    writeln!(out, "{} rules", blob.rules.len())?;
    Ok(Verdict::Passed)
}

/// Shows one built-in rule.
pub(crate) fn show(id: &str, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let blob = secscan_builtin_rules::load()?;
    let Some(rule) = blob.rules.iter().find(|rule| rule.info.id == RuleId(id.into())) else {
        bail!("there is no rule `{id}`; `secscan rules list` names them all");
    };
    write!(out, "{}", describe(&rule.info))?;
    if !rule.params.is_empty() {
        writeln!(out, "\nparameters (secscan.toml, [parameters]):")?;
    }
    for (name, param) in &*rule.params {
        let values: Vec<_> = param.default.iter().map(ToString::to_string).collect();
        writeln!(out, "  {name} = {}  {}", values.join(", "), param.about)?;
    }
    Ok(Verdict::Passed)
}

/// A rule's header in words.
pub(crate) fn describe(info: &RuleInfo) -> String {
    let mut text = format!("{}: {}\n", info.id, info.title);
    let platforms: Vec<_> = info.platforms.iter().map(|platform| platform.as_str()).collect();
    let topics: Vec<_> = info.topics.iter().map(|topic| &**topic).collect();
    let cwe: Vec<_> = info.cwe.iter().map(|number| format!("CWE-{number}")).collect();
    // Writing to a string cannot fail.
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<11} {value}");
        }
    };
    line("severity", info.severity.as_str());
    line("confidence", info.confidence.as_str());
    line("platforms", &platforms.join(", "));
    line("topics", &topics.join(", "));
    line("cwe", &cwe.join(", "));
    line("why", &info.why);
    line("fix", &info.fix);
    for link in &info.links {
        line("see", link);
    }
    text
}

/// Runs the examples of all rules below a folder.
pub(crate) fn test(folder: &Path, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let rules = rule_files::load(folder)?;
    if rules.is_empty() {
        bail!("there are no rule files below {}", folder.display());
    }
    let mut failed = 0;
    let mut count = 0;
    for rule in &rules {
        count += rule.file.examples.len();
        let problems = examples::check(&rule.rule, &rule.file);
        failed += usize::from(!problems.is_empty());
        for problem in problems {
            writeln!(out, "{}: {problem}", rule.path.display())?;
        }
    }
    writeln!(out, "{} rules, {count} examples: {} rules passed, {failed} failed", rules.len(), rules.len() - failed)?;
    Ok(if failed == 0 { Verdict::Passed } else { Verdict::Failed })
}
