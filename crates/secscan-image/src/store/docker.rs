//! What `docker save` writes: an archive with `manifest.json`, whose layers are plain tar files (before Docker 25) or
//! the blobs of an OCI layout.

use std::io::{self, Read};
use std::sync::Arc;

use serde::Deserialize;

use super::files::Archive;
use super::{Blobs, Files, Image, document, parsed_config};
use crate::ImageError;
use crate::digest::Digest;
use crate::manifest::{Choice, ConfigFile, Layer, steps};

/// The file that names the images.
pub(crate) const MANIFEST: &str = "manifest.json";

/// One image of the archive.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

impl Entry {
    fn names(&self) -> &[String] {
        self.repo_tags.as_deref().unwrap_or_default()
    }
}

/// Opens the image of an archive that the choice means.
pub(crate) fn open(files: Box<Archive>, choice: &Choice<'_>) -> Result<Image, ImageError> {
    let refused = |reason: String| ImageError::NotAnImage { target: choice.target.to_owned(), reason };
    let manifest = files.open(MANIFEST).map_err(|error| error.to_string()).and_then(document);
    let manifest = manifest.map_err(|why| refused(format!("{MANIFEST} cannot be read: {why}")))?;
    let entries: Vec<Entry> = serde_json::from_slice(&manifest)
        .map_err(|why| refused(format!("{MANIFEST} does not name images as `docker save` does: {why}")))?;
    let names = || {
        let names = entries.iter().map(|entry| entry.names().first().unwrap_or(&entry.config).as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let is_meant = |entry: &&Entry| match choice.name {
        Some(name) => entry.names().iter().any(|known| known == name) || entry.config == name,
        None => true,
    };
    let mut meant = entries.iter().filter(is_meant);
    let entry = match (meant.next(), meant.next()) {
        (Some(entry), None) => entry,
        (Some(_), Some(_)) => {
            return Err(ImageError::Several { target: choice.target.to_owned(), names: names() });
        }
        (None, _) if entries.is_empty() => return Err(refused(format!("{MANIFEST} names no image"))),
        (None, _) => {
            let name = choice.name.unwrap_or_default();
            return Err(refused(format!("there is no image `{name}` in it; there are: {}", names())));
        }
    };
    let config = files.open(&entry.config).map_err(|error| error.to_string()).and_then(document);
    let config = config.and_then(|bytes| match digest_of_name(&entry.config) {
        Some(digest) if !digest.is_of(&bytes) => Err("its bytes do not have its digest".to_owned()),
        _ => Ok(bytes),
    });
    let digest = config.as_ref().map(|bytes| Digest::sha256(bytes).as_str().to_string()).unwrap_or_default();
    let layers = layers(entry, &parsed_config(&config), &files);
    let reference = entry.names().first().cloned().unwrap_or_else(|| digest.clone());
    Ok(Image { reference, digest, config, layers, blobs: Box::new(Saved { files }) })
}

fn layers(entry: &Entry, config: &ConfigFile, files: &Archive) -> Vec<Layer> {
    let diff_ids = config.rootfs.diff_ids.iter().map(|id| Digest::parse(id)).chain(std::iter::repeat(None));
    let steps = steps(config, entry.layers.len());
    let layer = |((blob, diff_id), created_by): ((&String, Option<Digest>), Arc<str>)| {
        let digest = digest_of_name(blob);
        let diff_id = diff_id.filter(|_| digest.is_none());
        Layer { blob: blob.clone(), digest, size: files.size(blob), diff_id, created_by }
    };
    entry.layers.iter().zip(diff_ids).zip(steps).map(layer).collect()
}

/// The digest that a name stands for: `blobs/sha256/HEX`, or `HEX.json` of a configuration.
fn digest_of_name(name: &str) -> Option<Digest> {
    let hex = match name.strip_prefix("blobs/sha256/") {
        Some(hex) => hex,
        None => name.strip_suffix(".json")?,
    };
    Digest::parse(&format!("sha256:{hex}"))
}

struct Saved {
    files: Box<Archive>,
}

impl Blobs for Saved {
    fn open(&self, layer: &Layer) -> io::Result<Box<dyn Read + '_>> {
        self.files.open(&layer.blob)
    }
}
