//! The hash by which GitHub recognises a line again: `primaryLocationLineHash`.
//!
//! GitHub's upload action computes it from the checked-out file and warns about every result that carries another
//! value, so this follows the action to the letter: a rolling hash over the next hundred characters that are neither
//! space nor tab, and a counter that tells equal hashes of one file apart.

use std::collections::HashMap;

/// How many characters a line's hash covers.
const WINDOW: usize = 100;
/// The base of the rolling hash.
const BASE: u64 = 37;
/// What a character weighs when it leaves the window.
const OLDEST: u64 = BASE.wrapping_pow(WINDOW as u32);
/// The character that stands for the end of the file.
const END: u16 = 0xFFFF;

const LF: u16 = b'\n' as u16;
const CR: u16 = b'\r' as u16;
const SPACE: u16 = b' ' as u16;
const TAB: u16 = b'\t' as u16;

/// The hash of each line of a file with its counter (`a7f2ff13bc495cf2:1`); index 0 is line 1.
///
/// Lines are counted as GitHub counts them: CR, LF and CR LF each end one, and a file that ends in a line break has an
/// empty last line. Bytes that are not UTF-8 count as the replacement character. Takes time linear in `bytes`.
pub fn line_hashes(bytes: &[u8]) -> Vec<String> {
    let mut hasher = LineHasher::new();
    let mut after_cr = false;
    for chunk in bytes.utf8_chunks() {
        let replaced = if chunk.invalid().is_empty() { None } else { Some(0xFFFD) };
        for unit in chunk.valid().encode_utf16().chain(replaced) {
            match unit {
                SPACE | TAB => {}
                LF if after_cr => {}
                CR | LF => hasher.character(LF),
                other => hasher.character(other),
            }
            after_cr = unit == CR;
        }
    }
    hasher.character(END);
    for _ in 0..WINDOW {
        hasher.emit();
        hasher.roll(0);
    }
    hasher.hashes
}

/// The rolling hash, with the lines that begin inside its window.
struct LineHasher {
    /// The last characters, in a ring.
    window: [u16; WINDOW],
    /// Whether a line begins at the slot. Lines leave the ring in the order in which they entered it.
    begins: [bool; WINDOW],
    /// The slot of the oldest character, which the next one replaces.
    oldest: usize,
    /// Whether the next character begins a line.
    at_line_start: bool,
    hash: u64,
    /// How often each hash was emitted.
    seen: HashMap<u64, u32>,
    /// The hashes of the lines that have left the ring.
    hashes: Vec<String>,
}

impl LineHasher {
    fn new() -> Self {
        Self {
            window: [0; WINDOW],
            begins: [false; WINDOW],
            oldest: 0,
            at_line_start: true,
            hash: 0,
            seen: HashMap::new(),
            hashes: Vec::new(),
        }
    }

    /// Takes in one character that counts.
    fn character(&mut self, unit: u16) {
        self.emit();
        self.begins[self.oldest] = self.at_line_start;
        self.at_line_start = unit == LF;
        self.roll(unit);
    }

    /// When a line begins at the oldest character, the window is what follows its beginning: the hash is its own.
    fn emit(&mut self) {
        if std::mem::take(&mut self.begins[self.oldest]) {
            let count = self.seen.entry(self.hash).or_insert(0);
            *count += 1;
            self.hashes.push(format!("{:x}:{count}", self.hash));
        }
    }

    /// Lets the oldest character go and adds `unit`.
    fn roll(&mut self, unit: u16) {
        let leaving = std::mem::replace(&mut self.window[self.oldest], unit);
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(OLDEST.wrapping_mul(u64::from(leaving)));
        self.oldest = (self.oldest + 1) % WINDOW;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineIndex;

    #[test]
    fn agrees_with_the_vectors_of_the_upload_action() {
        assert_eq!(line_hashes(b""), ["c129715d7a2bc9a3:1"]);
        let four = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(line_hashes(b" a\nb\n  \t\tc\n d"), four);
        let lorem = "Lorem ipsum dolor sit amet.\n".repeat(10);
        let eleven = [
            "a7f2ff13bc495cf2:1",
            "a7f2ff13bc495cf2:2",
            "a7f2ff13bc495cf2:3",
            "a7f2ff13bc495cf2:4",
            "a7f2ff13bc495cf2:5",
            "a7f2ff13bc495cf2:6",
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ];
        assert_eq!(line_hashes(lorem.as_bytes()), eleven);
    }

    #[test]
    fn line_ends_of_every_kind_hash_alike() {
        let unix = line_hashes(b"one\n\ntwo\nthree");
        assert_eq!(line_hashes(b"one\r\n\r\ntwo\r\nthree"), unix);
        assert_eq!(line_hashes(b"one\r\rtwo\rthree"), unix);
        assert_eq!(line_hashes(b" one \n \n\tt w o\nthree"), unix, "spaces and tabs count nowhere");
    }

    #[test]
    fn every_line_has_a_hash() {
        for text in ["", "\n", "a", "a\n", "\n\n\n", "a\r\nb\r\n", " \t", "é\n\u{1F512}\n"] {
            let lines = LineIndex::new(text.as_bytes()).lines();
            assert_eq!(line_hashes(text.as_bytes()).len(), lines as usize, "{text:?}");
        }
    }

    #[test]
    fn text_beyond_the_basic_plane_counts_as_two_units_and_bad_bytes_as_one() {
        let padding = "x".repeat(WINDOW - 2);
        let same = |a: String, b: String| line_hashes(a.as_bytes())[0] == line_hashes(b.as_bytes())[0];
        assert!(same(format!("\u{1F512}{padding}y"), format!("\u{1F512}{padding}z")), "the window ends before y and z");
        assert!(!same(format!("k{padding}y"), format!("k{padding}z")), "y and z are the last unit of the window");
        assert_eq!(line_hashes(b"a\xFFb"), line_hashes("a\u{FFFD}b".as_bytes()));
    }
}
