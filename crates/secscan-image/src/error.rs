//! Why an image cannot be looked at at all.

use std::path::PathBuf;

/// An image that cannot be scanned. What goes wrong inside of one layer or file is a diagnostic instead.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Nothing of that name exists.
    #[error("{}: no such file or folder", .0.display())]
    Missing(PathBuf),
    /// It exists and cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file as it was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The target is not what its form promises.
    #[error("{target}: {reason}")]
    NotAnImage {
        /// The target as it was named.
        target: String,
        /// What is missing or wrong, with the cure.
        reason: String,
    },
    /// There are several images, and the target does not say which.
    #[error("{target} holds several images; name one of them: {names}")]
    Several {
        /// The target as it was named.
        target: String,
        /// How each can be named, joined by commas.
        names: String,
    },
    /// The image exists for other platforms only.
    #[error("{target} is not there for the platform {wanted}; choose with --platform among: {known}")]
    Platform {
        /// The target as it was named.
        target: String,
        /// What was asked for.
        wanted: String,
        /// What there is, joined by commas.
        known: String,
    },
    /// A platform that is not written as `os/architecture`.
    #[error("`{0}` is no platform: write os/architecture, such as linux/amd64 or linux/arm/v7")]
    PlatformWord(String),
    /// A registry that cannot be reached, refuses, or answers nonsense.
    #[error("{target}: {reason}")]
    Registry {
        /// The target as it was named.
        target: String,
        /// What went wrong, with the cure where there is one.
        reason: String,
    },
    /// No temporary file could be made or written.
    #[error("the temporary file for the image's files: {0}")]
    Spool(#[source] std::io::Error),
}
