//! The settings file of a scan: where it is found, and whose word it is when a change is judged.

use std::path::{Path, PathBuf};

use anyhow::Context;
use secscan_core::BuildError;
use secscan_core::config::Config;
use secscan_discover::GitTree;
use secscan_model::{Candidate, FileTree, Location};
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
/// With `base`, its version of the file counts: a change must not loosen the settings that it is judged by.
pub(crate) fn find(named: Option<&Path>, target: Option<&Path>, base: Option<&str>) -> anyhow::Result<Option<Found>> {
    let file = match (named, target) {
        (Some(file), _) => file.to_owned(),
        (None, Some(target)) => match discover(target) {
            Some(file) => file,
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = below_here(folder);
    let shown =
        if prefix.is_empty() { Config::FILE_NAME.to_owned() } else { format!("{prefix}/{}", Config::FILE_NAME) };
    let shown = if named.is_some() { file.display().to_string() } else { shown };
    let of_base = base.filter(|_| named.is_none()).and_then(|revision| at_revision(folder, revision));
    let (text, note) = match of_base {
        Some(of_base) if of_base != text => {
            let note = format!("{shown} differs from the base revision; the base revision's settings were used");
            (of_base, Some(note))
        }
        _ => (text, None),
    };
    let config = Config::parse(&text, &shown)?;
    Ok(Some(Found { config, folder: folder.to_owned(), prefix, note }))
}

/// The nearest settings file in the target's folder or above it.
fn discover(target: &Path) -> Option<PathBuf> {
    let start = target.canonicalize().ok()?;
    let found = start.ancestors().map(|folder| folder.join(Config::FILE_NAME)).find(|file| file.is_file())?;
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok()?;
    Some(found.strip_prefix(&here).map(Path::to_owned).unwrap_or(found))
}

fn below_here(folder: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match (folder.canonicalize(), here) {
        (Ok(folder), Ok(here)) => folder.strip_prefix(&here).map(slashed).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The text of the settings file of a folder at a revision.
fn at_revision(folder: &Path, revision: &str) -> Option<String> {
    let tree = GitTree::open(folder, revision, &secscan_discover::Options::default()).ok()?;
    let bytes = tree.read(&Candidate { path: Config::FILE_NAME.into(), size: 0 }).ok()?;
    String::from_utf8(bytes.to_vec()).ok()
}
