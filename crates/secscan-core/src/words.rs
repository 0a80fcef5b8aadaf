//! Which words occur in a text, and where: the keywords of detectors, and those that gate parsing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::{self, DFA};
use aho_corasick::nfa::{contiguous, noncontiguous};
use aho_corasick::{Anchored, BuildError};

/// After how many bytes the second automaton has saved what building it costs.
const WORTH_BUILDING: usize = 1_500_000;

/// Words that texts are searched for, whatever the case of their letters.
///
/// Two automata find the same. One is built in a fifth of the time, the other runs more than twice as fast: so a small
/// tree never pays for the second, and a large one soon has it. Neither is built before somebody asks.
#[derive(Debug)]
pub(crate) struct Words<W> {
    words: Vec<W>,
    /// What both are built from.
    trie: OnceLock<Option<noncontiguous::NFA>>,
    soon: OnceLock<Option<contiguous::NFA>>,
    fast: OnceLock<Option<DFA>>,
    /// How many bytes were searched.
    searched: AtomicUsize,
}

impl<W: AsRef<[u8]>> Words<W> {
    /// Words by their numbers.
    pub(crate) fn new(words: Vec<W>) -> Self {
        let (trie, soon, fast) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { words, trie, soon, fast, searched: AtomicUsize::new(0) }
    }

    /// Tells the number of each word that occurs, wherever it does, with the offset at which it begins; in the order of
    /// their ends.
    pub(crate) fn find(&self, bytes: &[u8], found: &mut dyn FnMut(usize, u32)) {
        let searched = self.searched.fetch_add(bytes.len(), Ordering::Relaxed).saturating_add(bytes.len());
        if searched < WORTH_BUILDING {
            let build = |trie: &_| contiguous::Builder::new().prefilter(false).build_from_noncontiguous(trie);
            each(self.built(&self.soon, build), bytes, found);
        } else {
            let build = |trie: &_| dfa::Builder::new().prefilter(false).build_from_noncontiguous(trie);
            each(self.built(&self.fast, build), bytes, found);
        }
    }

    /// An automaton; none without words.
    fn built<'a, A>(
        &'a self,
        automaton: &'a OnceLock<Option<A>>,
        build: fn(&noncontiguous::NFA) -> Result<A, BuildError>,
    ) -> Option<&'a A> {
        automaton.get_or_init(|| self.trie().and_then(|trie| build(trie).ok())).as_ref()
    }

    fn trie(&self) -> Option<&noncontiguous::NFA> {
        let build = || noncontiguous::Builder::new().ascii_case_insensitive(true).prefilter(false).build(&self.words);
        self.trie.get_or_init(|| (!self.words.is_empty()).then(|| build().ok()).flatten()).as_ref()
    }
}

/// Runs an automaton over a text. The library's own iterator asks at each byte how it was called, which takes twice the
/// time.
fn each<A: Automaton>(automaton: Option<&A>, bytes: &[u8], found: &mut dyn FnMut(usize, u32)) {
    let Some(automaton) = automaton else { return };
    let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
    for (at, byte) in bytes.iter().enumerate() {
        state = automaton.next_state(Anchored::No, state, *byte);
        if automaton.is_special(state) && automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                let word = automaton.match_pattern(state, index);
                found(word.as_usize(), (at + 1 - automaton.pattern_len(word)) as u32);
            }
        }
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
