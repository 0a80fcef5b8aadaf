//! Patterns for the paths of files, as `.gitignore` writes them.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::de::{Deserialize, Deserializer, Error};

/// A pattern. It matches a file, or a folder with all that is in it; one without a slash (other than at its end)
/// matches at any depth, any other from the root of the scan.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: String,
    matcher: GlobSet,
}

impl PathPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it is no glob; the message names it.
    pub fn new(text: &str) -> Result<Self, String> {
        let bare = text.trim_end_matches('/');
        let rooted = bare.contains('/');
        let bare = bare.trim_start_matches('/');
        if bare.is_empty() {
            return Err(format!("`{text}` matches no path"));
        }
        let itself = if rooted { bare.to_owned() } else { format!("**/{bare}") };
        let mut set = GlobSetBuilder::new();
        for pattern in [format!("{itself}/**"), itself] {
            let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`{text}` is no pattern for paths: {}", error.kind()))?);
        }
        let matcher = set.build().map_err(|error| format!("`{text}` is no pattern for paths: {}", error.kind()))?;
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// Whether it matches the path of a file: relative to the root of the scan, with forward slashes.
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_gitignore() {
        for (pattern, path, matches) in [
            ("tools/**", "tools/a/b.tf", true),
            ("tools/**", "x/tools/a.tf", false),
            ("tools", "x/tools/a.tf", true),
            ("tools/", "tools/a.tf", true),
            ("/tools", "x/tools/a.tf", false),
            ("/tools", "tools/a.tf", true),
            ("*.json", "a/b.json", true),
            ("a/*.json", "a/b/c.json", false),
            ("a/**/c.json", "a/c.json", true),
            ("**", "a/b.tf", true),
            ("main.tf", "main.tf", true),
            ("main.tf", "xmain.tf", false),
        ] {
            assert_eq!(PathPattern::new(pattern).unwrap().matches(path), matches, "{pattern} {path}");
        }
    }

    #[test]
    fn bad_patterns_are_named() {
        assert!(PathPattern::new("a[").unwrap_err().starts_with("`a[` is no pattern for paths: "));
        assert_eq!(PathPattern::new("/").unwrap_err(), "`/` matches no path");
    }
}
