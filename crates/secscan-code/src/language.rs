//! Rules ask languages; files are parsed with dialects, of which JavaScript has three.

use serde::{Deserialize, Serialize};

/// A language that code rules know.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Language {
    /// Python 3.
    Python,
    /// JavaScript and TypeScript: one language for rules, three grammars for files.
    JavaScript,
    /// Go.
    Go,
    /// Java.
    Java,
    /// Rust.
    Rust,
}

/// A grammar: what a file is parsed with. Rules are asked of languages; JavaScript has three dialects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Dialect {
    /// Python.
    Python,
    /// JavaScript with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Go.
    Go,
    /// Java.
    Java,
    /// Rust.
    Rust,
}

/// The number of dialects.
#[cfg(feature = "engine")]
pub(crate) const DIALECTS: usize = 7;

/// All languages with the word that rule files and reports use, and the path of an example.
pub static LANGUAGES: &[(Language, &str, &str)] = &[
    (Language::Python, "python", "example.py"),
    (Language::JavaScript, "javascript", "example.js"),
    (Language::Go, "go", "example.go"),
    (Language::Java, "java", "Example.java"),
    (Language::Rust, "rust", "example.rs"),
];

/// File name extensions and the dialects that they stand for.
static EXTENSIONS: &[(&str, Dialect)] = &[
    ("py", Dialect::Python),
    ("pyi", Dialect::Python),
    ("pyw", Dialect::Python),
    ("js", Dialect::JavaScript),
    ("jsx", Dialect::JavaScript),
    ("mjs", Dialect::JavaScript),
    ("cjs", Dialect::JavaScript),
    ("ts", Dialect::TypeScript),
    ("mts", Dialect::TypeScript),
    ("cts", Dialect::TypeScript),
    ("tsx", Dialect::Tsx),
    ("go", Dialect::Go),
    ("java", Dialect::Java),
    ("rs", Dialect::Rust),
];

/// Folders of tests, as the five languages' tools name them.
static TEST_FOLDERS: &[&str] = &["test", "tests", "__tests__", "__mocks__", "testdata", "testing", "e2e", "cypress"];

impl Language {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        LANGUAGES.iter().find(|(language, ..)| *language == self).map_or("", |(_, word, _)| word)
    }

    /// The language of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        LANGUAGES.iter().find(|(_, known, _)| *known == word).map(|(language, ..)| *language)
    }

    /// The path that an example has unless it says otherwise.
    pub fn usual_path(self) -> &'static str {
        LANGUAGES.iter().find(|(language, ..)| *language == self).map_or("", |(.., path)| path)
    }

    /// The dialects that its patterns must parse in.
    pub fn dialects(self) -> &'static [Dialect] {
        match self {
            Self::Python => &[Dialect::Python],
            Self::JavaScript => &[Dialect::JavaScript, Dialect::TypeScript, Dialect::Tsx],
            Self::Go => &[Dialect::Go],
            Self::Java => &[Dialect::Java],
            Self::Rust => &[Dialect::Rust],
        }
    }
}

impl Dialect {
    /// The dialect of a file by its name.
    pub fn of_path(path: &str) -> Option<Self> {
        let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
        EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, dialect)| *dialect)
    }

    /// The language that it is a dialect of.
    pub fn language(self) -> Language {
        match self {
            Self::Python => Language::Python,
            Self::JavaScript | Self::TypeScript | Self::Tsx => Language::JavaScript,
            Self::Go => Language::Go,
            Self::Java => Language::Java,
            Self::Rust => Language::Rust,
        }
    }
}

/// Whether a file says by its name that machines wrote it for machines.
pub fn is_minified(path: &str) -> bool {
    [".min.js", "-min.js", ".min.mjs", ".min.cjs", ".bundle.js"].iter().any(|suffix| path.ends_with(suffix))
}

/// Whether a file holds tests, by the conventions of the languages' tools. Most rules are not asked of tests: a weak
/// hash or a server without TLS there harms nobody.
pub fn is_test(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    if parts.iter().any(|folder| TEST_FOLDERS.contains(folder)) {
        return true;
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match extension {
        "py" => stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest",
        "go" => stem.ends_with("_test"),
        "java" => stem.ends_with("Test") || stem.ends_with("Tests") || stem.ends_with("IT"),
        "rs" => stem == "tests",
        _ => [".test", ".spec", ".stories"].iter().any(|suffix| stem.ends_with(suffix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_languages_and_tests() {
        assert_eq!(Dialect::of_path("a/b.tsx"), Some(Dialect::Tsx));
        assert_eq!(Dialect::of_path("a.py/README"), None);
        for path in ["tests/a.py", "src/test/java/A.java", "a_test.go", "src/app.spec.ts", "test_a.py"] {
            assert!(is_test(path), "{path}");
        }
        for path in ["contest/a.py", "test.py", "latest.go", "src/Attest.java", "a/testimonials.ts"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
