//! Rules about text: one automaton over the words of all of them decides which look at a file.
//!
//! Each file is searched once. A rule of which no word occurs is never tried, so a thousand of them cost what the few
//! cost that can fire.

use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use secscan_model::{Comment, Diagnostic, Graph, Source, SourceId};
use secscan_rules::RuleSet;
use secscan_rules::judge::Verdict;
use serde::{Deserialize, Serialize};

use crate::code::{CodeJudge, CodeReading};
use crate::secrets::{SecretJudge, SecretReading};
use crate::suppress;

/// Where a zero byte makes a file binary: its first 8 KiB, as Git has it.
const BINARY_WINDOW: usize = 8 * 1024;

/// All rules about text, ready to look at files.
#[derive(Debug)]
pub(crate) struct TextJudge<'r> {
    rules: &'r RuleSet,
    words: Option<AhoCorasick>,
    /// The rules about source code: their words are among the others.
    code: CodeJudge<'r>,
    /// The rules about credentials.
    secrets: SecretJudge<'r>,
    /// The number of the word that opens a suppression.
    marker: usize,
    /// The detectors that a word belongs to, by the number of the word.
    detectors_of_word: Vec<Vec<usize>>,
}

/// What the rules about text say of one file.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct TextReading {
    /// Whether it is text at all.
    pub(crate) is_text: bool,
    /// What the rules about source code say of it, when it is that.
    pub(crate) code: Option<CodeReading>,
    /// What the rules about credentials say of it.
    pub(crate) secrets: SecretReading,
    /// Where suppressions open.
    markers: Vec<u32>,
}

impl<'r> TextJudge<'r> {
    /// The rules of a set that are about text.
    pub(crate) fn new(rules: &'r RuleSet) -> Self {
        let mut by_word: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let secrets = SecretJudge::new(rules);
        for (word, detector) in secrets.words() {
            by_word.entry(word).or_default().push(detector);
        }
        let mut code = CodeJudge::new(rules);
        for word in code.words() {
            by_word.entry(word).or_default();
        }
        if !by_word.is_empty() {
            by_word.entry(suppress::MARKER).or_default();
        }
        let number = |word: &str| by_word.keys().position(|known| *known == word);
        code.number_words(&number);
        let marker = number(suppress::MARKER).unwrap_or_default();
        // The deterministic automaton is three times as fast as the others, and small enough for a thousand words.
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
        let words = (!by_word.is_empty()).then(|| builder.build(by_word.keys()).ok()).flatten();
        Self { rules, words, code, secrets, marker, detectors_of_word: by_word.into_values().collect() }
    }

    /// Whether any rule is about text: without one, only files that a reader wants are read.
    pub(crate) fn is_idle(&self) -> bool {
        self.words.is_none()
    }

    /// Looks at one file.
    pub(crate) fn read(&self, source: &Source) -> TextReading {
        let bytes = &*source.bytes;
        if is_binary(bytes) {
            return TextReading::default();
        }
        let Hits { seen, of_detectors, markers } = self.hits(bytes);
        let secrets = self.secrets.read(source, of_detectors);
        let has = |word: usize| seen.get(word).copied().unwrap_or_default();
        let code = self.code.read(source, &has, has(self.marker));
        TextReading { is_text: true, code, secrets, markers }
    }

    /// Which words occur, and where those of detectors and suppressions do.
    fn hits(&self, bytes: &[u8]) -> Hits {
        let mut hits = Hits { seen: vec![false; self.detectors_of_word.len()], ..Hits::default() };
        for found in self.words.iter().flat_map(|words| words.find_overlapping_iter(bytes)) {
            let word = found.pattern().as_usize();
            let start = found.start() as u32;
            hits.seen[word] = true;
            for detector in &self.detectors_of_word[word] {
                hits.of_detectors.entry(*detector).or_default().push(start);
            }
            if word == self.marker {
                hits.markers.push(start);
            }
        }
        // Matches come in the order of their ends.
        hits.of_detectors.values_mut().for_each(|starts| starts.sort_unstable());
        hits
    }

    /// The rules about source code.
    pub(crate) fn code(&self) -> &CodeJudge<'r> {
        &self.code
    }

    /// What is to be said of a file besides verdicts.
    pub(crate) fn diagnostics(&self, reading: &TextReading) -> Vec<Diagnostic> {
        let code = reading.code.as_ref().and_then(|code| code.diagnostic.clone());
        code.into_iter().chain(reading.secrets.diagnostics(self.rules)).collect()
    }

    /// Turns what was found about credentials into verdicts: each file with hits becomes a resource of the graph.
    pub(crate) fn verdicts(&self, graph: &mut Graph, readings: &[(Source, TextReading)]) -> Vec<Verdict> {
        let readings: Vec<_> = readings.iter().map(|(source, reading)| (source, &reading.secrets)).collect();
        self.secrets.verdicts(graph, &readings)
    }
}

/// The words of one file.
#[derive(Default)]
struct Hits {
    /// Which words occur, by their numbers.
    seen: Vec<bool>,
    /// Where the keywords of detectors begin.
    of_detectors: BTreeMap<usize, Vec<u32>>,
    /// Where suppressions open.
    markers: Vec<u32>,
}

impl TextReading {
    /// The same reading for a file of another number: files move up and down between scans.
    pub(crate) fn at(mut self, id: SourceId) -> Self {
        self.secrets = self.secrets.at(id);
        self.code = self.code.map(|code| code.at(id));
        self
    }

    /// Whether the report needs the text: a rule is broken, or something in it has a place.
    pub(crate) fn is_needed(&self) -> bool {
        self.secrets.is_needed() || self.code.as_ref().is_some_and(CodeReading::is_needed)
    }

    /// The comments that may set findings aside in a file whose comments no parser knows.
    pub(crate) fn textual_comments(&self, source: &Source) -> Vec<Comment> {
        let is_known = self.code.as_ref().is_some_and(|code| !code.comments.is_empty());
        let markers = if is_known || !self.secrets.has_hits() { &[][..] } else { &self.markers };
        markers.iter().filter_map(|marker| suppress::textual_comment(&source.bytes, *marker)).collect()
    }
}

/// Whether bytes are no text, as far as their beginning tells.
fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(BINARY_WINDOW)]).is_some()
}

/// UTF-16 text with a byte order mark as UTF-8; none for anything else. Half of a pair becomes the replacement character.
pub(crate) fn from_utf16(bytes: &[u8]) -> Option<Arc<[u8]>> {
    let read: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, 0, 0, ..] => return None,
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(text.into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_read_in_both_orders() {
        let encode =
            |order: fn(u16) -> [u8; 2]| -> Vec<u8> { "\u{FEFF}é key\n".encode_utf16().flat_map(order).collect() };
        for bytes in [encode(u16::to_le_bytes), encode(u16::to_be_bytes)] {
            assert_eq!(from_utf16(&bytes).as_deref(), Some("é key\n".as_bytes()));
        }
        for bytes in [&b"plain"[..], b"", &[0xFF, 0xFE, 0, 0, b'a', 0, 0, 0]] {
            assert_eq!(from_utf16(bytes), None);
        }
    }
}
