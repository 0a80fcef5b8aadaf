//! Exclude patterns: `.gitignore` syntax over paths relative to the target.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::TargetError;

/// Compiled patterns.
#[derive(Clone, Debug)]
pub(crate) struct Excludes(Gitignore);

impl Excludes {
    /// Compiles patterns; the first that does not parse is the error.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, TargetError> {
        let refused = |pattern: &str, error: ignore::Error| TargetError::Pattern {
            pattern: pattern.to_owned(),
            reason: match error {
                ignore::Error::Glob { err, .. } => err,
                other => other.to_string(),
            },
        };
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(|error| refused(pattern, error))?;
        }
        builder.build().map(Self).map_err(|error| refused(&patterns.join(" "), error))
    }

    /// Whether the patterns name this path itself. For walks, which never enter an excluded folder.
    pub(crate) fn name(&self, relative: &Path, is_folder: bool) -> bool {
        !self.0.is_empty() && self.0.matched(relative, is_folder).is_ignore()
    }

    /// Whether the patterns name this file or a folder above it.
    pub(crate) fn cover(&self, relative: &Path) -> bool {
        !self.0.is_empty() && self.0.matched_path_or_any_parents(relative, false).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_follow_gitignore() {
        let patterns = ["vendor/**", "/build/", "*.min.yaml", "!keep.min.yaml"].map(String::from);
        let excludes = Excludes::new(&patterns).unwrap();
        for (path, covered) in [
            ("vendor/a/b.tf", true),
            ("a/vendor/b.tf", false),
            ("build/out.yaml", true),
            ("a/build/out.yaml", false),
            ("a/b.min.yaml", true),
            ("a/keep.min.yaml", false),
            ("main.tf", false),
        ] {
            assert_eq!(excludes.cover(Path::new(path)), covered, "{path}");
        }
    }

    #[test]
    fn a_bad_pattern_is_an_error_that_names_it() {
        let error = Excludes::new(&["a/[z-a]".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("`a/[z-a]`"), "{error}");
    }
}
