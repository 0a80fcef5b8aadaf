//! The settings file of a scan: where it is found, and whose word it is when a change is judged.

use std::path::{Path, PathBuf};

use anyhow::Context;
use secscan_core::BuildError;
use secscan_core::config::Config;
use secscan_discover::file_at;
use secscan_model::Location;
use secscan_parse::load::Spanned;
use secscan_rules::BindError;

use crate::targets::slashed;

/// A settings file with the folder that its paths begin at.
pub(crate) struct Found {
    pub(crate) config: Config,
    /// The folder of the file on disk.
    pub(crate) folder: PathBuf,
    /// The folder as reports write paths; empty for the working directory and for folders outside of it.
    pub(crate) prefix: String,
    /// That the base revision's file was used instead of the one on disk.
    pub(crate) note: Option<String>,
}

impl Found {
    /// Adds the place to an error about a name that these settings hold.
    pub(crate) fn locate(&self, error: BuildError) -> anyhow::Error {
        let settings = &self.config.settings;
        let at = match &error {
            BuildError::Pack { name, .. } => place(&settings.packs, name),
            BuildError::RuleOrTopic(name) => place(&settings.only, name).or_else(|| place(&settings.skip, name)),
            BuildError::Parameter(BindError::Unknown(name) | BindError::Unfit { name, .. }) => {
                settings.parameters.get(name).map(|parameter| parameter.at)
            }
            BuildError::Embedded(_) => None,
        };
        match at {
            Some(at) => self.config.error(at, &error.to_string()).into(),
            None => error.into(),
        }
    }
}

fn place(names: &[Spanned<String>], name: &str) -> Option<Location> {
    names.iter().find(|known| known.value == name).map(|known| known.at)
}

/// Finds and reads the settings: the file that is named, else the nearest `secscan.toml` in the first target or above.
/// With `base`, the base revision says where there is one and what it holds: a change must not loosen, add or delete the
/// settings that it is judged by.
pub(crate) fn find(named: Option<&Path>, target: Option<&Path>, base: Option<&str>) -> anyhow::Result<Option<Found>> {
    match (named, target) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            found(folder, &text, &file.display().to_string(), None).map(Some)
        }
        (None, Some(target)) => discover(target, base),
        (None, None) => Ok(None),
    }
}

fn found(folder: &Path, text: &str, shown: &str, note: Option<String>) -> anyhow::Result<Found> {
    let config = Config::parse(text, shown)?;
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).context("the working directory")?;
    let prefix = below_here(folder);
    let folder = folder.strip_prefix(&here).unwrap_or(folder).to_owned();
    Ok(Found { config, folder, prefix, note })
}

/// The nearest settings file that counts, in the target's folder or above it.
fn discover(target: &Path, base: Option<&str>) -> anyhow::Result<Option<Found>> {
    let Ok(start) = target.canonicalize() else { return Ok(None) };
    let start = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(&start) };
    let mut differing = Vec::new();
    for folder in start.ancestors() {
        let shown = shown(folder);
        let of_disk = of_disk(folder)?;
        // Above the repository there is no base: the disk's word counts.
        let of_base = base.and_then(|base| file_at(folder, base, Config::FILE_NAME).ok());
        let counts = match of_base {
            Some(of_base) => {
                let of_base = of_base.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                // Git may end lines otherwise on disk.
                if !of_base.iter().flat_map(|text| text.lines()).eq(of_disk.iter().flat_map(|text| text.lines())) {
                    differing.push(shown.clone());
                }
                of_base
            }
            None => of_disk,
        };
        if let Some(text) = counts {
            return found(folder, &text, &shown, note(&differing)).map(Some);
        }
    }
    // A change that brings the first settings is judged by none.
    let note = note(&differing);
    note.map(|note| found(start, "", &shown(start), Some(note))).transpose()
}

/// What is said of settings that a change touches.
fn note(differing: &[String]) -> Option<String> {
    let files = differing.join(" and ");
    (!differing.is_empty())
        .then(|| format!("{files} differs from the base revision; the base revision's settings were used"))
}

/// The text of the settings file of a folder on disk.
fn of_disk(folder: &Path) -> anyhow::Result<Option<String>> {
    let file = folder.join(Config::FILE_NAME);
    if !file.is_file() {
        return Ok(None);
    }
    std::fs::read_to_string(&file).map(Some).with_context(|| format!("cannot read {}", file.display()))
}

/// The settings file of a folder as reports write it.
fn shown(folder: &Path) -> String {
    match below_here(folder) {
        prefix if prefix.is_empty() => Config::FILE_NAME.to_owned(),
        prefix => format!("{prefix}/{}", Config::FILE_NAME),
    }
}

fn below_here(folder: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match (folder.canonicalize(), here) {
        (Ok(folder), Ok(here)) => folder.strip_prefix(&here).map(slashed).unwrap_or_default(),
        _ => String::new(),
    }
}
