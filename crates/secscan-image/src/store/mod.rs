//! Where the blobs of an image are: a layout on disk, an archive, a registry.
//!
//! Reading order: [`Image`] (what all of them give) → [`files`] (folders and archives as named files) → [`layout`] and
//! [`docker`] (what these files mean) → [`registry`], with [`credentials`].

mod credentials;
mod docker;
mod files;
mod layout;
mod registry;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use self::files::{Archive, Files, Folder};
use crate::manifest::{ConfigFile, Layer, Platform};
use crate::{ImageError, Options};

/// An image before its layers are read.
pub(crate) struct Image {
    /// How people call it: a reference, or the digest of its manifest.
    pub(crate) reference: String,
    /// The digest of its manifest, or of its configuration where it has no manifest.
    pub(crate) digest: String,
    /// The bytes of its configuration, or why they cannot be had.
    pub(crate) config: Result<Vec<u8>, String>,
    /// The layers, lowest first.
    pub(crate) layers: Vec<Layer>,
    pub(crate) blobs: Box<dyn Blobs>,
}

/// Where layers come from.
pub(crate) trait Blobs {
    /// The packed bytes of a layer, unchecked.
    fn open(&self, layer: &Layer) -> io::Result<Box<dyn Read + '_>>;
}

/// An image on disk: a folder or an archive, and perhaps the name of one image in it.
pub(crate) fn on_disk(target: &str, path: &str, options: &Options<'_>) -> Result<Image, ImageError> {
    let (path, name) = split_name(path)?;
    let platform = options.platform.clone().unwrap_or_else(Platform::usual);
    let choice = crate::manifest::Choice { target, name: name.as_deref(), platform: &platform };
    let unreadable = |source| ImageError::Unreadable { path: path.clone(), source };
    if std::fs::metadata(&path).map_err(unreadable)?.is_dir() {
        return layout::open(Box::new(Folder::open(&path).map_err(unreadable)?), &choice);
    }
    let archive = Box::new(Archive::open(&path).map_err(unreadable)?);
    let has = |name| archive.open(name).is_ok();
    match (has(docker::MANIFEST), has(layout::INDEX)) {
        (true, _) => docker::open(archive, &choice),
        (false, true) => layout::open(archive, &choice),
        (false, false) => Err(ImageError::NotAnImage {
            target: target.to_owned(),
            reason: "neither manifest.json nor index.json is in it: write it with `docker save` or `skopeo copy`"
                .to_owned(),
        }),
    }
}

/// An image of a registry.
pub(crate) fn of_registry(target: &str, reference: &str, options: &Options<'_>) -> Result<Image, ImageError> {
    registry::open(target, reference, options)
}

/// A path, and the name of an image behind a colon when the whole is no path.
fn split_name(path: &str) -> Result<(PathBuf, Option<String>), ImageError> {
    let exists = |path: &str| !path.is_empty() && Path::new(path).exists();
    let colons = path.char_indices().filter(|(_, letter)| *letter == ':').map(|(at, _)| at);
    if exists(path) {
        return Ok((path.into(), None));
    }
    let mut parts = colons.filter_map(|at| Some((path.get(..at)?, path.get(at + 1..)?)));
    match parts.find(|(folder, name)| exists(folder) && !name.is_empty()) {
        Some((folder, name)) => Ok((folder.into(), Some(name.to_owned()))),
        None => Err(ImageError::Missing(path.into())),
    }
}

/// The small document of some reader, whole.
fn document(mut reader: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = crate::manifest::LARGEST_DOCUMENT;
    reader.by_ref().take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {limit} bytes"));
    }
    Ok(bytes)
}

/// What layers need of a configuration; nothing of one that is missing or no JSON.
fn parsed_config(config: &Result<Vec<u8>, String>) -> ConfigFile {
    config.as_ref().ok().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}
