//! What a target path stands for: a folder, or files of one folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::TargetError;

/// A target that exists.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The folder that is looked into; absolute, without links.
    pub(crate) folder: PathBuf,
    /// What is put in front of names within the folder: empty for a folder, the folder as it was named for a file.
    pub(crate) prefix: String,
    /// Which files of the folder belong to the target.
    pub(crate) wanted: Wanted,
}

/// Which files of a folder belong to a target.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// All, at any depth.
    Everything,
    /// The one of this name.
    File(String),
    /// All Terraform files of the folder itself: a single one means nothing without its siblings.
    Terraform,
}

impl Target {
    /// Looks at the path. Links in the path itself are followed: the user named them.
    pub(crate) fn resolve(path: &Path) -> Result<Self, TargetError> {
        let refused = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => TargetError::Missing(path.to_owned()),
            _ => TargetError::Unreadable { path: path.to_owned(), source },
        };
        let metadata = std::fs::metadata(path).map_err(refused)?;
        if metadata.is_dir() {
            let folder = path.canonicalize().map_err(refused)?;
            return Ok(Self { folder, prefix: String::new(), wanted: Wanted::Everything });
        }
        let (true, Some(name)) = (metadata.is_file(), path.file_name()) else {
            return Err(TargetError::Special(path.to_owned()));
        };
        let parent = path.parent().unwrap_or(Path::new(""));
        let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let folder = folder.canonicalize().map_err(refused)?;
        let name = name.to_string_lossy().into_owned();
        let wanted = if is_terraform(&name) { Wanted::Terraform } else { Wanted::File(name) };
        Ok(Self { folder, prefix: as_prefix(parent), wanted })
    }
}

/// Whether a file is part of a Terraform module whatever else is in its folder.
pub(crate) fn is_terraform(name: &str) -> bool {
    [".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json"].iter().any(|suffix| name.ends_with(suffix))
}

/// A folder as reports write it in front of a name: forward slashes, no leading `./`.
fn as_prefix(folder: &Path) -> String {
    let mut prefix = slashed(&folder.to_string_lossy());
    while let Some(rest) = prefix.strip_prefix("./") {
        prefix = rest.to_owned();
    }
    if prefix == "." {
        prefix.clear();
    }
    if !prefix.is_empty() && !prefix.ends_with('/') {
        prefix.push('/');
    }
    prefix
}

/// A path as reports write it.
pub(crate) fn slashed(path: &str) -> String {
    if std::path::MAIN_SEPARATOR == '/' { path.to_owned() } else { path.replace(std::path::MAIN_SEPARATOR, "/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_what_the_user_wrote() {
        for (folder, prefix) in [("", ""), (".", ""), ("./a", "a/"), ("../a/b", "../a/b/"), ("/srv/a", "/srv/a/")] {
            assert_eq!(as_prefix(Path::new(folder)), prefix, "{folder}");
        }
    }

    #[test]
    fn a_missing_target_says_so() {
        let error = Target::resolve(Path::new("no/such/thing")).unwrap_err();
        assert_eq!(error.to_string(), "no/such/thing: no such file or folder");
    }
}
