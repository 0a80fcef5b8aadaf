//! `secscan explain`: a rule or a control in words.

use std::io::Write;

use anyhow::bail;
use secscan_model::{Control, Pack, Role, RuleId};
use secscan_rules::pack::roles;

use crate::Verdict;
use crate::rules::describe;

/// Explains a rule by its id, or a control by `PACK:NUMBER`, its number or its key.
pub(crate) fn run(id: &str, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let rules = secscan_builtin_rules::load()?.rules;
    let packs = secscan_builtin_packs::load()?.packs;
    if let Some(rule) = rules.iter().find(|rule| rule.info.id == RuleId(id.into())) {
        write!(out, "{}", describe(&rule.info))?;
        for pack in &packs {
            let touched: Vec<_> = roles(pack, &rule.info).into_iter().collect();
            for (control, role) in touched {
                writeln!(out, "{:<11} {}:{control} ({})", "control", pack.id, word(role))?;
            }
        }
        return Ok(Verdict::Passed);
    }
    if let Some(meta) = secscan_core::meta::rules().iter().find(|info| info.id == RuleId(id.into())) {
        write!(out, "{}", describe(meta))?;
        return Ok(Verdict::Passed);
    }
    let wanted = |pack: &Pack, control: &Control| {
        *control.id == *id || *control.key == *id || format!("{}:{}", pack.id, control.id) == id
    };
    let mut found = false;
    for pack in &packs {
        for control in pack.controls.iter().filter(|control| wanted(pack, control)) {
            explain_control(pack, control, &rules, out)?;
            found = true;
        }
    }
    if !found {
        bail!("`{id}` is neither a rule nor a control; see `secscan rules list` and `secscan packs show PACK`");
    }
    Ok(Verdict::Passed)
}

fn explain_control(
    pack: &Pack,
    control: &Control,
    rules: &[secscan_rules::Rule],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "{}:{}: {}", pack.id, control.id, control.title)?;
    let mut line = |name: &str, value: &str| match value.is_empty() {
        true => Ok(()),
        false => writeln!(out, "{name:<13} {value}"),
    };
    line("pack", &format!("{}, {}", pack.title, pack.version))?;
    line("section", &control.section)?;
    line("specification", &control.specification)?;
    line("asks", &control.intent)?;
    line("automation", control.automation.as_str())?;
    line("residual", control.residual.as_deref().unwrap_or_default())?;
    line("key", &control.key)?;
    for rule in rules {
        if let Some(role) = roles(pack, &rule.info).get(&control.id) {
            line(word(*role), &format!("{}  {}", rule.info.id, rule.info.title))?;
        }
    }
    Ok(())
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Violation => "violation",
        Role::Evidence => "evidence",
        Role::Context => "context",
    }
}
