//! Container images, from registries, layouts and archives, as trees of files that know their layers.
//!
//! Reading order: [`Target`] and [`open`] → `manifest` (what images consist of) → `store` (where blobs come from) → `layer`
//! (one layer, streamed: `compression`, `digest`, `tar_stream`) → `merge` (layers on top of each other) → `spool` (the
//! bytes that may be read again) → [`ImageTree`], with `config_file` (the configuration as a file of the tree) and `facts`
//! (databases and programs written out as text) and `packaged` (folders that package managers fill).
//!
//! Layers are never held whole, nothing of them is written under its own name, and no link is followed out of the image.

#![forbid(unsafe_code)]

mod compression;
mod config_file;
mod digest;
mod error;
mod facts;
mod layer;
mod limits;
mod manifest;
mod merge;
mod packaged;
mod spool;
mod store;
mod tar_stream;
mod tree;

use std::time::Duration;

pub use config_file::CONFIG_PATH;
pub use error::ImageError;
pub use manifest::Platform;
pub use tree::ImageTree;

/// An image as it is named on the command line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// `oci:PATH[:NAME]`: an OCI layout, in a folder or a tar archive.
    Layout(String),
    /// `docker-archive:FILE[:NAME]`: what `docker save` writes.
    Archive(String),
    /// `image:REFERENCE`: an image of a registry.
    Registry(String),
}

impl Target {
    /// The image that a target of these forms stands for; none for other targets.
    pub fn parse(text: &str) -> Option<Self> {
        let (form, rest) = text.split_once(':')?;
        match form {
            "oci" => Some(Self::Layout(rest.to_owned())),
            "docker-archive" => Some(Self::Archive(rest.to_owned())),
            "image" => Some(Self::Registry(rest.to_owned())),
            _ => None,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Layout(path) => write!(f, "oci:{path}"),
            Self::Archive(path) => write!(f, "docker-archive:{path}"),
            Self::Registry(reference) => write!(f, "image:{reference}"),
        }
    }
}

/// How far the reading of an image is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Packed bytes of layers that were read.
    pub read: u64,
    /// Packed bytes of all layers, as far as the image says; zero where it does not.
    pub total: u64,
}

/// How an image is opened.
#[derive(Default)]
pub struct Options<'a> {
    /// Which image of several platforms; without it, [`Platform::usual`].
    pub platform: Option<Platform>,
    /// Hosts, with or without a port, that may speak plain HTTP; the loopback always may.
    pub insecure_registries: Vec<String>,
    /// The largest text file that is read, in bytes; zero for 10 MiB.
    pub max_file_size: u64,
    /// How long a registry may take for an answer other than a layer; zero for a minute. Half of it may be silence.
    pub patience: Duration,
    /// Is told of every megabyte or so.
    pub on_progress: Option<&'a dyn Fn(Progress)>,
}

impl Options<'_> {
    const DEFAULT_MAX_FILE_SIZE: u64 = 10 * 1024 * 1024;
    const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

    fn largest_file(&self) -> u64 {
        if self.max_file_size == 0 { Self::DEFAULT_MAX_FILE_SIZE } else { self.max_file_size }
    }

    fn patience(&self) -> Duration {
        if self.patience.is_zero() { Self::DEFAULT_PATIENCE } else { self.patience }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("platform", &self.platform)
            .field("insecure_registries", &self.insecure_registries)
            .field("max_file_size", &self.max_file_size)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Reads an image: all layers, once, lowest first.
///
/// # Errors
/// When there is no image to look at: a path that does not exist or holds none, a registry that cannot be reached, an
/// image that is not there for the platform. What goes wrong within one layer is a diagnostic of the tree's listing.
pub fn open(target: &Target, options: &Options<'_>) -> Result<ImageTree, ImageError> {
    let name = target.to_string();
    let image = match target {
        Target::Layout(path) | Target::Archive(path) => store::on_disk(&name, path, options)?,
        Target::Registry(reference) => store::of_registry(&name, reference, options)?,
    };
    tree::read(image, options).map_err(ImageError::Spool)
}
