//! Rules about text: one search for the words of all of them decides which look at a file.
//!
//! Each file is searched once, source code also for the words of the rules about its language. A rule of which no word
//! occurs is never tried, so a thousand of them cost what the few cost that can fire.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use secscan_code::{Dialect, Form, Language, Occurrence};
use secscan_model::{Comment, Diagnostic, Graph, Source, SourceId};
use secscan_rules::RuleSet;
use secscan_rules::judge::Verdict;
use serde::{Deserialize, Serialize};

use crate::code::{CodeJudge, CodeReading, Found, Gates, Word};
use crate::secrets::{SecretJudge, SecretReading};
use crate::suppress;
use crate::words::Words;

/// Where a zero byte makes a file binary: its first 8 KiB, as Git has it.
const BINARY_WINDOW: usize = 8 * 1024;

/// What opens a suppression, wherever it stands.
const MARKER: Word<'static> = (suppress::MARKER, Form::ANYWHERE);

/// All rules about text, ready to look at files.
#[derive(Debug)]
pub(crate) struct TextJudge<'r> {
    rules: &'r RuleSet,
    /// What source code of each language is searched for, once there is such a file.
    of_languages: BTreeMap<Language, OnceLock<Search<'r>>>,
    /// What any other file is searched for.
    of_others: OnceLock<Search<'r>>,
    /// The rules about source code.
    code: CodeJudge<'r>,
    /// The rules about credentials.
    secrets: SecretJudge<'r>,
}

/// What one kind of file is searched for: source code of one language, or anything else.
#[derive(Debug)]
struct Search<'r> {
    words: Words<&'r str>,
    /// How each may stand.
    forms: Vec<Word<'r>>,
    /// The detectors that each belongs to.
    detectors: Vec<Vec<usize>>,
    /// Whether each gates questions about the language.
    is_gate: Vec<bool>,
    /// The number of the word that opens a suppression.
    marker: usize,
    /// What gates the questions about the language.
    gates: Gates,
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
        let code = CodeJudge::new(rules);
        let of_languages = code.languages().map(|language| (language, OnceLock::new())).collect();
        Self { rules, of_languages, of_others: OnceLock::new(), code, secrets: SecretJudge::new(rules) }
    }

    /// Whether any rule is about text: without one, only files that a reader wants are read.
    pub(crate) fn is_idle(&self) -> bool {
        self.of_languages.is_empty() && self.secrets.is_idle()
    }

    /// Looks at one file.
    pub(crate) fn read(&self, source: &Source) -> TextReading {
        let bytes = &*source.bytes;
        if is_binary(bytes) {
            return TextReading::default();
        }
        let is_asked = !source.origin.is_packaged();
        let language = Dialect::of_path(&source.path).filter(|_| is_asked).map(Dialect::language);
        let search = self.search(language);
        let Hits { seen, places, of_detectors, markers } = search.hits(bytes);
        let secrets = self.secrets.read(source, of_detectors);
        let found = Found { seen: &seen, places: &places };
        let code = language.and_then(|_| self.code.read(source, &search.gates, &found, !markers.is_empty()));
        TextReading { is_text: true, code, secrets, markers }
    }

    /// Whether rules about source code would be asked of a file, were it not that a package manager put it into an image.
    pub(crate) fn is_spared(&self, source: &Source) -> bool {
        let language = Dialect::of_path(&source.path).map(Dialect::language);
        source.origin.is_packaged() && language.is_some_and(|language| self.of_languages.contains_key(&language))
    }

    /// What a file is searched for; its words are gathered when the first file of its kind turns up.
    fn search(&self, language: Option<Language>) -> &Search<'r> {
        let of_language = language.and_then(|language| Some((language, self.of_languages.get(&language)?)));
        match of_language {
            Some((language, search)) => search.get_or_init(|| Search::new(&self.secrets, &self.code, Some(language))),
            None => self.of_others.get_or_init(|| Search::new(&self.secrets, &self.code, None)),
        }
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

impl<'r> Search<'r> {
    fn new(secrets: &SecretJudge<'r>, code: &CodeJudge<'r>, language: Option<Language>) -> Self {
        let mut words: BTreeMap<Word<'r>, (Vec<usize>, bool)> = BTreeMap::from([(MARKER, Default::default())]);
        for (word, detector) in secrets.words() {
            words.entry((word, Form::ANYWHERE)).or_default().0.push(detector);
        }
        for word in language.iter().flat_map(|language| code.words(*language)) {
            words.entry(word).or_default().1 = true;
        }
        let (forms, uses): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        let (detectors, is_gate) = uses.into_iter().unzip();
        let number = |word: Word<'_>| forms.binary_search(&word).ok();
        Self {
            marker: number(MARKER).unwrap_or_default(),
            gates: language.map(|language| code.gates(language, &number)).unwrap_or_default(),
            words: Words::new(forms.iter().map(|(text, _)| *text).collect()),
            forms,
            detectors,
            is_gate,
        }
    }

    /// Which words occur, and where those of detectors and suppressions do.
    fn hits(&self, bytes: &[u8]) -> Hits {
        let mut hits = Hits { seen: vec![false; self.forms.len()], ..Hits::default() };
        self.words.find(bytes, &mut |word, start| {
            let (text, form) = self.forms[word];
            if !form.stands(text, bytes, start as usize) {
                return;
            }
            hits.seen[word] = true;
            if self.is_gate[word] {
                hits.places.push(Occurrence { start, word: word as u32 });
            }
            for detector in &self.detectors[word] {
                hits.of_detectors.entry(*detector).or_default().push(start);
            }
            if word == self.marker {
                hits.markers.push(start);
            }
        });
        hits
    }
}

/// The words of one file.
#[derive(Default)]
struct Hits {
    /// Which words occur, by their numbers.
    seen: Vec<bool>,
    /// Where those occur that gate questions about source code.
    places: Vec<Occurrence>,
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
