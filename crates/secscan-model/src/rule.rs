//! It is all that reports and packs need to know of a rule; what a rule asks is the business of `secscan-rules`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::{Lazy, Platform};

/// The id of a rule: a kebab-case phrase, stable for ever.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct RuleId(pub Arc<str>);

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub enum Severity {
    /// Worth knowing, nothing to fix.
    #[default]
    Info,
    /// Hardening.
    Low,
    /// A weakness that needs another one to hurt.
    Medium,
    /// A weakness that hurts by itself.
    High,
    /// Open to anyone, now.
    Critical,
}

impl Severity {
    /// All severities, lowest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often a finding of a rule is right.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub enum Confidence {
    /// A hint to look at.
    #[default]
    Low,
    /// Mostly right.
    Medium,
    /// Nearly always right.
    High,
}

impl Confidence {
    /// All confidences, lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The confidence of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|confidence| confidence.as_str() == word)
    }
}

/// Text of a rule: of built-in ones it is borrowed from the program itself, so that loading them copies none of it.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Text(#[serde(borrow)] Cow<'static, str>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

/// A rule as reports list it: its id, and the header that is decoded when somebody looks at more.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Header {
    /// Its id.
    pub id: RuleId,
    info: Lazy<RuleInfo>,
}

impl From<RuleInfo> for Header {
    fn from(info: RuleInfo) -> Self {
        Self { id: info.id.clone(), info: info.into() }
    }
}

impl std::ops::Deref for Header {
    type Target = RuleInfo;

    fn deref(&self) -> &RuleInfo {
        &self.info
    }
}

/// What people read of a rule.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct RuleInfo {
    /// Its id.
    pub id: RuleId,
    /// One line: what is wrong when it is broken.
    pub title: Text,
    /// How bad a finding is.
    pub severity: Severity,
    /// How often a finding is right.
    pub confidence: Confidence,
    /// Slugs of the vocabulary of evidence.
    pub topics: Vec<Text>,
    /// CWE numbers.
    pub cwe: Vec<u32>,
    /// Why it matters: what an attacker or an accident does with it.
    pub why: Text,
    /// How to mend it.
    pub fix: Text,
    /// Further reading.
    pub links: Vec<Text>,
    /// The platforms that its checks ask; for a common kind, those that can supply it.
    pub platforms: Vec<Platform>,
}
