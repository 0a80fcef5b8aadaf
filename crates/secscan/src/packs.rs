//! `secscan packs list | show`, and packs that are chosen for a scan.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secscan_core::ScannerBuilder;
use secscan_model::Pack;
use secscan_rules::pack::{PackVocabulary, load_pack};

use crate::Verdict;

/// Asks a builder for packs: ids of built-in ones, or pack files.
pub(crate) fn choose(mut builder: ScannerBuilder, packs: &[&str]) -> anyhow::Result<ScannerBuilder> {
    for name in packs {
        if is_file(name) {
            let pack = read(Path::new(name))?;
            builder = builder.pack(&*pack.id).add_pack(pack);
        } else {
            builder = builder.pack(*name);
        }
    }
    Ok(builder)
}

fn is_file(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// Those of the packs that are files.
pub(crate) fn files(packs: &[&str]) -> impl Iterator<Item = PathBuf> {
    packs.iter().filter(|name| is_file(name)).map(PathBuf::from)
}

/// Reads a pack file of a user.
fn read(file: &Path) -> anyhow::Result<Pack> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let rules = secscan_builtin_rules::load()?;
    let packs = secscan_builtin_packs::load()?.packs;
    let vocabulary = PackVocabulary {
        topics: rules.topics.iter().map(|topic| topic.id.to_string()).collect(),
        // Rules of users are not known here; a name that nothing has maps to nothing.
        rules: Default::default(),
        packs: packs.into_iter().map(|pack| (pack.id.to_string(), pack)).collect(),
    };
    load_pack(&file.display().to_string(), &text, &vocabulary).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

/// Lists all built-in packs.
pub(crate) fn list(out: &mut dyn Write) -> anyhow::Result<Verdict> {
    for pack in secscan_builtin_packs::load()?.packs {
        writeln!(out, "{:22} {:4} controls  {}, {}", pack.id, pack.controls.len(), pack.title, pack.version)?;
    }
    Ok(Verdict::Passed)
}

/// Shows the controls of one built-in pack.
pub(crate) fn show(id: &str, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let packs = secscan_builtin_packs::load()?.packs;
    let Some(pack) = packs.iter().find(|pack| *pack.id == *id) else {
        let names: Vec<_> = packs.iter().map(|pack| &*pack.id).collect();
        bail!("there is no pack `{id}`; there are: {}", names.join(", "));
    };
    writeln!(out, "{} ({}), {}\n{}  {}\n", pack.title, pack.id, pack.version, pack.publisher, pack.source)?;
    let width = pack.controls.iter().map(|control| control.id.len()).max().unwrap_or(0);
    for control in &pack.controls {
        writeln!(out, "{:width$}  {:9}  {}", control.id, control.automation.as_str(), control.title)?;
    }
    Ok(Verdict::Passed)
}
