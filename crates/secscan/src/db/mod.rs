//! `secscan db`: the advisory store of this machine.
//!
//! Reading order: this page (the commands) → [`place`] (where the store lies, and how it is replaced) → [`mirror`] (files
//! from a server).

mod mirror;
pub(crate) mod place;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use secscan_advisory::{ECOSYSTEMS, Importer, Summary};

use crate::Verdict;
use crate::args::{DbCommand, StoreArguments};
use crate::progress::Counter;

/// Runs one of the commands.
pub(crate) fn run(command: &DbCommand, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    match command {
        DbCommand::Import { paths, store, replace } => import(paths, store, *replace, out),
        DbCommand::Update { from, ecosystems, timeout, store } if mirror::is_address(from) => {
            update(from, ecosystems, Duration::from_secs(*timeout), store, out)
        }
        DbCommand::Update { from, store, .. } => import(&[PathBuf::from(from)], store, false, out),
        DbCommand::Status { store } => status(store, out),
    }
}

fn import(paths: &[PathBuf], store: &StoreArguments, replace: bool, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let file = place::of(store)?;
    let mut importer = if replace { Importer::default() } else { started(&file)? };
    let counter = Counter::new("reading advisories");
    for path in paths {
        for file in files(path)? {
            let opened = File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
            importer.open_file(&file.to_string_lossy(), opened, &mut || counter.step())?;
        }
    }
    drop(counter);
    finish(importer, &file, out)
}

/// An import on top of what the store holds, when there is one.
fn started(file: &Path) -> anyhow::Result<Importer> {
    let Some(store) = place::open(file)? else { return Ok(Importer::default()) };
    let held = store.verify().with_context(|| format!("{}; `db import --replace` begins anew", file.display()))?;
    Ok(Importer::onto(held))
}

/// The files of advisories that a path stands for, sorted: itself, or those below it. Links and hidden folders are not
/// followed.
fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        if !Importer::takes(&path.to_string_lossy()) {
            bail!("{}: neither a folder nor *.json, RUSTSEC-*.md, *.zip or *.tar.gz", path.display());
        }
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        let unreadable = || format!("cannot read {}", folder.display());
        for entry in std::fs::read_dir(&folder).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            let kind = entry.file_type().with_context(unreadable)?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if kind.is_dir() && !is_hidden {
                open.push(entry.path());
            } else if kind.is_file() && Importer::takes(&entry.path().to_string_lossy()) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn update(
    from: &str,
    ecosystems: &[String],
    timeout: Duration,
    store: &StoreArguments,
    out: &mut dyn Write,
) -> anyhow::Result<Verdict> {
    let file = place::of(store)?;
    let mut importer = started(&file)?;
    let mirror = mirror::Mirror::new(from, timeout)?;
    let is_named = !ecosystems.is_empty();
    let mut missing = Vec::new();
    for ecosystem in if is_named { ecosystems.iter().cloned().collect() } else { usual_ecosystems(&file)? } {
        let part = place::Part::beside(&file)?;
        let counter = Counter::new(format!("fetching {ecosystem}"));
        match mirror.fetch(&ecosystem, &mut part.file()?)? {
            mirror::Fetched::Whole => {}
            mirror::Fetched::Missing if is_named => bail!("{from} has no {ecosystem}/all.zip"),
            mirror::Fetched::Missing => {
                missing.push(ecosystem);
                continue;
            }
        }
        drop(counter);
        let counter = Counter::new("reading advisories");
        importer.open_file(&format!("{ecosystem}/all.zip"), part.file()?, &mut || counter.step())?;
    }
    if importer.summary() == &Summary::default() {
        bail!("{from} has no ECOSYSTEM/all.zip of any ecosystem that was asked for");
    }
    if !missing.is_empty() {
        writeln!(out, "not there, and so left as it was: {}", missing.join(", "))?;
    }
    finish(importer, &file, out)
}

/// The ecosystems of languages, and those that the store has.
fn usual_ecosystems(file: &Path) -> anyhow::Result<BTreeSet<String>> {
    let held = place::open(file)?;
    let held = held.iter().flat_map(|store| store.about().ecosystems.keys().cloned());
    let languages = ECOSYSTEMS.iter().filter(|ecosystem| !ecosystem.is_distribution());
    Ok(languages.map(|ecosystem| ecosystem.name.to_owned()).chain(held).collect())
}

/// Writes the store and says what became of the import.
fn finish(importer: Importer, file: &Path, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let summary = importer.summary().clone();
    place::replace(file, &importer.finish()?)?;
    let Some(store) = place::open(file)? else { bail!("{} is gone", file.display()) };
    writeln!(out, "{} advisories read, {} withdrawn", summary.read, summary.withdrawn)?;
    if !summary.elsewhere.is_empty() {
        let words: Vec<_> = summary.elsewhere.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        writeln!(out, "left out, since their versions have no order here: {}", words.join(", "))?;
    }
    let about = store.about();
    writeln!(out, "{}: {} advisories, last change {}", file.display(), about.advisories, about.modified)?;
    Ok(Verdict::Passed)
}

fn status(store: &StoreArguments, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let file = place::of(store)?;
    let Some(store) = place::open(&file)? else { bail!("{}", place::absent(&file)) };
    store.verify().with_context(|| format!("{}", file.display()))?;
    let about = store.about();
    let size = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
    writeln!(out, "store        {}", file.display())?;
    writeln!(out, "size         {:.1} MB", size as f64 / 1e6)?;
    writeln!(out, "advisories   {}", about.advisories)?;
    writeln!(out, "last change  {}", about.modified)?;
    writeln!(out, "digest       {}", about.digest)?;
    writeln!(out)?;
    let width = about.ecosystems.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, share) in &about.ecosystems {
        writeln!(out, "{name:width$}  {:>7}  {}", share.advisories, share.modified)?;
    }
    Ok(Verdict::Passed)
}
