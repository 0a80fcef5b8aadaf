//! One detector: the format of one kind of credential.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use secscan_model::Span;
use serde::{Deserialize, Serialize};

/// What a secret rule says, compiled; the expression itself is compiled when it is first needed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Detector {
    keywords: Vec<String>,
    pattern: String,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

impl Detector {
    /// A detector of what `pattern` matches in files that hold one of the `keywords`, whatever their case.
    ///
    /// # Errors
    /// Whatever `regex` says of the pattern.
    pub fn new(keywords: Vec<String>, pattern: String) -> Result<Self, regex::Error> {
        compile_pattern(&pattern)?;
        let keywords = keywords.iter().map(|keyword| keyword.to_ascii_lowercase()).collect();
        Ok(Self { keywords, pattern, compiled: OnceLock::new() })
    }

    /// The words of which one occurs in every file that can hold such a secret, in lower case.
    pub fn keywords(&self) -> &[String] {
        &self.keywords
    }

    /// The secrets of a file: the first group of each match, or all of it where there is no group.
    pub(crate) fn secrets(&self, bytes: &[u8]) -> Vec<Span> {
        let Some(pattern) = self.compiled.get_or_init(|| compile_pattern(&self.pattern).ok()) else {
            return Vec::new();
        };
        let secret = |captures: regex::bytes::Captures<'_>| {
            let group = captures.get(1).or_else(|| captures.get(0))?;
            Some(Span::from(group.range()))
        };
        pattern.captures_iter(bytes).filter_map(secret).collect()
    }
}

/// Compiles an expression of a detector: over bytes, since files need not be UTF-8, and with ASCII classes, which costs
/// a hundredth of the memory of Unicode ones and finds the same, because credentials are ASCII.
///
/// # Errors
/// Whatever `regex` says of the expression.
pub fn compile_pattern(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).build()
}
