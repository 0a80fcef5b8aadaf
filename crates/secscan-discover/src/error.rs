//! Why a target cannot be scanned at all.

use std::path::PathBuf;

/// A target that cannot be scanned. Everything that goes wrong later is a diagnostic instead.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Nothing of that name exists.
    #[error("{}: no such file or folder", .0.display())]
    Missing(PathBuf),
    /// It exists and cannot be looked at.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The target as it was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is neither a file nor a folder: a FIFO, a socket, a device.
    #[error("{}: neither a file nor a folder; to scan what a pipe gives, use `-`", .0.display())]
    Special(PathBuf),
    /// An exclude pattern that does not parse.
    #[error("exclude pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The target lies in no Git repository.
    #[error("{}: not in a Git repository ({reason})", path.display())]
    NoRepository {
        /// The target as it was named.
        path: PathBuf,
        /// What Git's files say.
        reason: String,
    },
    /// A revision that the repository does not have.
    #[error("revision `{revision}` is not in this clone: {cure}")]
    NoRevision {
        /// The revision as it was named.
        revision: String,
        /// What to do about it.
        cure: String,
    },
    /// The repository is damaged or incomplete.
    #[error("Git repository: {0}")]
    Git(String),
    /// Standard input could not be read.
    #[error("standard input: {0}")]
    Stdin(#[source] std::io::Error),
    /// Standard input gave more than the limit allows.
    #[error("standard input: more than the {limit} bytes that `max-file-size` allows")]
    StdinTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}
