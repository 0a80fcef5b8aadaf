//! Which words occur in a text, and where: the keywords of detectors, and those that gate parsing.

use std::sync::OnceLock;

/// Words that texts are searched for, whatever the case of their ASCII letters.
#[derive(Debug)]
pub(crate) struct Words<W> {
    words: Vec<W>,
    /// What is built once somebody asks.
    beginnings: OnceLock<Beginnings>,
}

/// The words by their first three bytes.
///
/// At nearly every place of a text, one look at a small set of bits says that no word begins there. That takes half
/// the instructions of an automaton over the words, and the set is built in a tenth of its time.
#[derive(Debug)]
struct Beginnings {
    /// One bit a hash of three bytes: whether words begin so.
    bits: Box<[u64; SETS]>,
    /// How many bits stand before each 64 of them.
    before: Box<[u32; SETS]>,
    /// By the rank of a bit, where its words end among `words`; they begin where those of the rank before end.
    ends: Vec<u32>,
    /// The words by the hashes of their beginnings, then in their order.
    words: Vec<Beginning>,
}

/// A word that may begin somewhere.
#[derive(Clone, Copy, Debug)]
struct Beginning {
    /// Its number.
    word: u32,
    /// What comes after the first three bytes.
    next: [u8; 4],
    /// How many of these are its own.
    length: u8,
}

/// How many times 64 bits there are: one for each of sixteen bits of hash.
const SETS: usize = 1 << 10;

/// Of four bytes, the three that are looked at.
const FIRST: u32 = 0x00FF_FFFF;

/// The bit of each byte in which lower-case letters differ from upper-case ones.
const CASE: u32 = 0x2020_2020;

impl<W: AsRef<[u8]>> Words<W> {
    /// Words by their numbers.
    pub(crate) fn new(words: Vec<W>) -> Self {
        Self { words, beginnings: OnceLock::new() }
    }

    /// Tells the number of each word that occurs, wherever it does, with the offset at which it begins: in the order of the
    /// offsets, at one of them in the order of the words.
    pub(crate) fn find(&self, bytes: &[u8], found: &mut dyn FnMut(usize, u32)) {
        let beginnings = self.beginnings.get_or_init(|| Beginnings::of(&self.words));
        for (at, window) in bytes.array_windows().enumerate() {
            let hash = hash(*window);
            if beginnings.has(hash) {
                self.compare(bytes, at, beginnings.words_with(hash), found);
            }
        }
        // Where no four bytes are left, a short word may still begin.
        for at in bytes.len().saturating_sub(3)..bytes.len() {
            let mut window = [0; 4];
            window[..bytes.len() - at].copy_from_slice(&bytes[at..]);
            self.compare(bytes, at, beginnings.words_with(hash(window)), found);
        }
    }

    /// Tells which of these words begin at an offset.
    #[inline(never)] // it is rare, and within the loop it would slow down what is not
    fn compare(&self, bytes: &[u8], at: usize, words: &[Beginning], found: &mut dyn FnMut(usize, u32)) {
        let (next, _) = after_first(&bytes[at..]);
        for beginning in words.iter().filter(|beginning| beginning.may_precede(next)) {
            let word = self.words[beginning.word as usize].as_ref();
            if bytes.get(at..at + word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word)) {
                found(beginning.word as usize, at as u32);
            }
        }
    }
}

impl Beginnings {
    fn of<W: AsRef<[u8]>>(words: &[W]) -> Self {
        let mut by_hash: Vec<(u16, u32)> = Vec::with_capacity(words.len());
        for (number, word) in (0..).zip(words) {
            by_hash.extend(first_bytes(word.as_ref()).into_iter().map(|first| (hash(first), number)));
        }
        by_hash.sort_unstable();
        by_hash.dedup();
        let (mut bits, mut before) = (Box::new([0; SETS]), Box::new([0; SETS]));
        let mut ends = Vec::with_capacity(by_hash.len());
        for of_hash in by_hash.chunk_by(|a, b| a.0 == b.0) {
            let hash = usize::from(of_hash[0].0);
            bits[hash / 64] |= 1 << (hash % 64);
            ends.push(ends.last().copied().unwrap_or_default() + of_hash.len() as u32);
        }
        let beginning = |word: u32| {
            let (next, length) = after_first(words[word as usize].as_ref());
            Beginning { word, next, length }
        };
        let mut count = 0;
        for (before, bits) in before.iter_mut().zip(&*bits) {
            *before = count;
            count += u64::count_ones(*bits);
        }
        Self { bits, before, ends, words: by_hash.into_iter().map(|(_, word)| beginning(word)).collect() }
    }

    /// Whether words begin so.
    #[inline(always)]
    fn has(&self, hash: u16) -> bool {
        self.bits[usize::from(hash / 64)] >> (hash % 64) & 1 != 0
    }

    /// The words that begin so, and those whose beginnings have the same hash.
    fn words_with(&self, hash: u16) -> &[Beginning] {
        if !self.has(hash) {
            return &[];
        }
        let (set, below) = (usize::from(hash / 64), (1 << (hash % 64)) - 1);
        let rank = (self.before[set] + (self.bits[set] & below).count_ones()) as usize;
        let start = rank.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.words[start as usize..self.ends[rank] as usize]
    }
}

impl Beginning {
    /// Whether the four bytes after the first three do not speak against the word: many words begin alike.
    fn may_precede(self, next: [u8; 4]) -> bool {
        let differences = (u32::from_le_bytes(next) ^ u32::from_le_bytes(self.next)) & !CASE;
        differences.checked_shl(32 - 8 * u32::from(self.length)).is_none_or(|differences| differences == 0)
    }
}

/// The four bytes after the first three, and how many there are.
fn after_first(bytes: &[u8]) -> ([u8; 4], u8) {
    let mut next = [0; 4];
    let rest = bytes.get(3..).unwrap_or_default();
    let length = rest.len().min(4);
    next[..length].copy_from_slice(&rest[..length]);
    (next, length as u8)
}

/// The first bytes that a text may have in which a word begins: a short word may be followed by anything.
fn first_bytes(word: &[u8]) -> Vec<[u8; 4]> {
    match *word {
        // It would occur everywhere.
        [] => Vec::new(),
        [a] => (0..=u8::MAX).flat_map(|b| first_bytes(&[a, b])).collect(),
        [a, b] => (0..=u8::MAX).map(|c| [a, b, c, 0]).collect(),
        [a, b, c, ..] => vec![[a, b, c, 0]],
    }
}

/// A hash of the first three bytes: the same for letters of either case. Which other bytes it takes for the same does not
/// matter, since texts are compared.
#[inline(always)]
fn hash(window: [u8; 4]) -> u16 {
    let folded = (u32::from_le_bytes(window) | CASE) & FIRST;
    (folded.wrapping_mul(0x9E37_79B1) >> 16) as u16
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
    fn short_words_are_found_up_to_the_end() {
        let words = Words::new(vec!["k", "ke", "key", ""]);
        assert_eq!(found(&words, "K"), [(0, 0)]);
        assert_eq!(found(&words, "xKe"), [(0, 1), (1, 1)]);
        assert_eq!(found(&words, "ek.Key"), [(0, 1), (0, 3), (1, 3), (2, 3)]);
        assert_eq!(found(&words, ""), []);
    }

    #[test]
    fn only_case_makes_no_difference() {
        let words = Words::new(vec!["[a]", "_b_"]);
        assert_eq!(found(&words, "{a} [A] \u{7f}b\u{7f} _B_"), [(0, 4), (1, 12)]);
    }
}
