//! Which words occur in a text, and where: the keywords of detectors, and those that gate parsing.

use std::sync::OnceLock;

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::noncontiguous::{Builder, NFA};

/// Words that texts are searched for, whatever the case of their letters. What that needs is built when somebody asks.
#[derive(Debug)]
pub(crate) struct Words<W> {
    words: Vec<W>,
    search: OnceLock<Option<Search>>,
}

impl<W: AsRef<[u8]>> Words<W> {
    /// Words by their numbers. None may be empty.
    pub(crate) fn new(words: Vec<W>) -> Self {
        Self { words, search: OnceLock::new() }
    }

    /// Tells the number of each word that occurs, wherever it does, with the offset at which it begins; in the order of
    /// these offsets, the shortest word first.
    pub(crate) fn find(&self, bytes: &[u8], found: &mut dyn FnMut(usize, u32)) {
        if let Some(search) = self.search.get_or_init(|| Search::new(&self.words)) {
            search.find(bytes, found);
        }
    }
}

/// An automaton, and where in a text it is worth asking.
///
/// Nearly no place of a text begins a word, and three letters tell so: the automaton runs from the few others only. That
/// takes about half the instructions that running it over all of the text takes.
#[derive(Debug)]
struct Search {
    automaton: NFA,
    beginnings: Beginnings,
}

impl Search {
    fn new(words: &[impl AsRef<[u8]>]) -> Option<Self> {
        let build = || Builder::new().ascii_case_insensitive(true).prefilter(false).dense_depth(2).build(words);
        let automaton = (!words.is_empty()).then(|| build().ok()).flatten()?;
        let mut beginnings = Beginnings::default();
        words.iter().for_each(|word| beginnings.add(word.as_ref()));
        Some(Self { automaton, beginnings })
    }

    fn find(&self, bytes: &[u8], found: &mut dyn FnMut(usize, u32)) {
        for (at, next) in bytes.array_windows().enumerate() {
            if self.beginnings.may_be(*next) {
                self.find_at(bytes, at, found);
            }
        }
        for at in bytes.len().saturating_sub(3)..bytes.len() {
            self.find_at(bytes, at, found);
        }
    }

    /// The words that begin at `start`.
    #[inline(never)] // within the loop above it would slow down what is not rare
    fn find_at(&self, bytes: &[u8], start: usize, found: &mut dyn FnMut(usize, u32)) {
        let automaton = &self.automaton;
        let Ok(mut state) = automaton.start_state(Anchored::Yes) else { return };
        for (before, byte) in bytes[start..].iter().enumerate() {
            state = automaton.next_state(Anchored::Yes, state, *byte);
            if automaton.is_dead(state) {
                return;
            }
            if automaton.is_match(state) {
                let ended = (0..automaton.match_len(state)).map(|index| automaton.match_pattern(state, index));
                // Words that end here and begin later are told where they begin.
                let begun = ended.filter(|word| automaton.pattern_len(*word) == before + 1);
                begun.for_each(|word| found(word.as_usize(), start as u32));
            }
        }
    }
}

/// Which three letters may begin a word, as one bit for each value of a hash.
#[derive(Debug)]
struct Beginnings(Box<[u64; Self::BITS / 64]>);

impl Default for Beginnings {
    fn default() -> Self {
        Self(Box::new([0; Self::BITS / 64]))
    }
}

impl Beginnings {
    const BITS: usize = 1 << 16;

    /// The bit of the first three of four bytes: multiplicative hashing, Knuth, The Art of Computer Programming 3, section
    /// 6.4. Case is not told apart, nor are a few bytes that are no letters.
    fn bit(next: [u8; 4]) -> usize {
        let folded = (u32::from_le_bytes(next) | 0x0020_2020) << 8;
        (folded.wrapping_mul(0x9E37_79B1) >> 16) as usize
    }

    fn may_be(&self, next: [u8; 4]) -> bool {
        let bit = Self::bit(next);
        self.0[bit / 64] >> (bit % 64) & 1 != 0
    }

    fn add(&mut self, word: &[u8]) {
        match *word {
            [] => {}
            // What follows a shorter word may be anything.
            [first] => (0..=u8::MAX).for_each(|second| self.add(&[first, second])),
            [first, second] => (0..=u8::MAX).for_each(|third| self.add(&[first, second, third])),
            [first, second, third, ..] => {
                let bit = Self::bit([first, second, third, 0]);
                self.0[bit / 64] |= 1 << (bit % 64);
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
    fn short_words_are_found_to_the_last_letter() {
        let words = Words::new(vec!["a", "to", "tok"]);
        assert_eq!(found(&words, "TOK to"), [(1, 0), (2, 0), (1, 4)]);
        assert_eq!(found(&words, "\0a"), [(0, 1)]);
        assert_eq!(found(&words, "aé to"), [(0, 0), (1, 4)]);
    }
}
