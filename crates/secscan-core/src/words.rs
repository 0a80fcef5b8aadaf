//! Which words occur in a text, and where: the keywords of detectors, and those that gate parsing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// After how many bytes the second automaton has saved what building it costs.
const WORTH_BUILDING: usize = 1_500_000;

/// Words that texts are searched for, whatever the case of their letters.
///
/// Two automata find the same. One is built in a fifth of the time, the other runs more than twice as fast: so a small
/// tree never pays for the second, and a large one soon has it. Neither is built before somebody asks.
#[derive(Debug)]
pub(crate) struct Words<W> {
    words: Vec<W>,
    soon: OnceLock<Option<AhoCorasick>>,
    fast: OnceLock<Option<AhoCorasick>>,
    /// How many bytes were searched.
    searched: AtomicUsize,
}

impl<W: AsRef<[u8]>> Words<W> {
    /// Words by their numbers.
    pub(crate) fn new(words: Vec<W>) -> Self {
        Self { words, soon: OnceLock::new(), fast: OnceLock::new(), searched: AtomicUsize::new(0) }
    }

    /// Tells the number of each word that occurs, wherever it does, with the offset at which it begins; in the order of
    /// their ends.
    pub(crate) fn find(&self, bytes: &[u8], found: &mut dyn FnMut(usize, u32)) {
        for hit in self.automaton(bytes.len()).iter().flat_map(|automaton| automaton.find_overlapping_iter(bytes)) {
            found(hit.pattern().as_usize(), hit.start() as u32);
        }
    }

    /// The automaton for a text of so many bytes; none without words.
    fn automaton(&self, length: usize) -> Option<&AhoCorasick> {
        let searched = self.searched.fetch_add(length, Ordering::Relaxed).saturating_add(length);
        let (automaton, kind) = match searched {
            ..WORTH_BUILDING => (&self.soon, AhoCorasickKind::ContiguousNFA),
            _ => (&self.fast, AhoCorasickKind::DFA),
        };
        automaton.get_or_init(|| self.build(kind)).as_ref()
    }

    fn build(&self, kind: AhoCorasickKind) -> Option<AhoCorasick> {
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).kind(Some(kind));
        (!self.words.is_empty()).then(|| builder.build(&self.words).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &Words<&str>, text: &str) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        words.find(text.as_bytes(), &mut |word, start| found.push((word, start)));
        found
    }

    #[test]
    fn words_are_found_in_any_case_and_within_each_other() {
        let words = Words::new(vec!["api_key", "key"]);
        assert_eq!(found(&words, "API_KEY monkey"), [(0, 0), (1, 4), (1, 11)]);
        assert_eq!(found(&Words::new(Vec::new()), "key"), []);
    }

    #[test]
    fn a_large_tree_is_searched_for_the_same() {
        let words = Words::new(vec!["token", "key", "ken"]);
        let before = found(&words, "token key");
        words.find(&vec![b'x'; WORTH_BUILDING], &mut |_, _| panic!("nothing is there"));
        assert!(words.fast.get().is_some());
        assert_eq!(found(&words, "token key"), before);
    }
}
