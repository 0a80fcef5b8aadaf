//! GitHub's upload action computes it from the checked-out file and warns about every result that carries another
//! value, so this follows the action to the letter: a rolling hash over the next hundred characters that are neither
//! space nor tab, and a counter that tells equal hashes of one file apart.

use std::collections::HashMap;
use std::fmt::Write;

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

/// The hash of each line of a file with its counter; index 0 is line 1.
///
/// Lines are counted as GitHub counts them: CR, LF and CR LF each end one, and a file that ends in a line break has an
/// empty last line. Bytes that are not UTF-8 count as the replacement character.
#[derive(Clone, Debug)]
pub struct LineHashes(Vec<(u64, u32)>);

impl LineHashes {
    /// How many characters that are neither space nor tab a line's hash covers, from the beginning of the line.
    pub const WINDOW: usize = WINDOW;

    /// The hashes of a file. Takes time linear in `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        let characters = if bytes.is_ascii() {
            Characters::of(bytes.len(), bytes.iter().map(|byte| u16::from(*byte)))
        } else {
            let replaced = |chunk: &std::str::Utf8Chunk<'_>| (!chunk.invalid().is_empty()).then_some(0xFFFD);
            let units = bytes.utf8_chunks().flat_map(|chunk| chunk.valid().encode_utf16().chain(replaced(&chunk)));
            Characters::of(bytes.len(), units)
        };
        let mut seen = HashMap::with_capacity(characters.starts.len());
        let counted = characters.hashes().into_iter().map(|hash| {
            let count = seen.entry(hash).or_insert(0);
            *count += 1;
            (hash, *count)
        });
        Self(counted.collect())
    }

    /// The hash of a line, which begins at one, with its counter: `a7f2ff13bc495cf2:1`. None past the end.
    pub fn get(&self, line: u32) -> Option<String> {
        let (hash, count) = self.0.get((line as usize).checked_sub(1)?)?;
        let mut text = String::with_capacity(24);
        write!(text, "{hash:x}:{count}").ok()?;
        Some(text)
    }

    /// How many lines there are: at least one.
    pub fn lines(&self) -> usize {
        self.0.len()
    }
}

/// What of a file counts for hashes.
struct Characters {
    /// The characters that count, line breaks as LF. So many zeros as the window is long stand before them, and behind
    /// them whatever the window of the last line may lack.
    units: Vec<u16>,
    /// Where lines begin, counted from the first character.
    starts: Vec<usize>,
}

impl Characters {
    fn of(capacity: usize, units: impl Iterator<Item = u16>) -> Self {
        let mut counted = Vec::with_capacity(capacity + 2 * WINDOW);
        counted.resize(WINDOW, 0);
        let mut starts = vec![0];
        let mut after_cr = false;
        for unit in units {
            match unit {
                SPACE | TAB => {}
                LF if after_cr => {}
                CR | LF => {
                    counted.push(LF);
                    starts.push(counted.len() - WINDOW);
                }
                other => counted.push(other),
            }
            after_cr = unit == CR;
        }
        counted.push(END);
        counted.resize(counted.len() + WINDOW - 1, 0);
        Self { units: counted, starts }
    }

    /// The hash of each line: of the window that begins where the line does.
    fn hashes(&self) -> Vec<u64> {
        let mut hash = 0_u64;
        let mut hashed = 0;
        let mut moves = self.units.get(WINDOW..).unwrap_or_default().iter().zip(&self.units);
        let of_line = |start: &usize| {
            let end = start + WINDOW;
            for (unit, leaving) in moves.by_ref().take(end - hashed) {
                hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(*unit));
                hash = hash.wrapping_sub(OLDEST.wrapping_mul(u64::from(*leaving)));
            }
            hashed = end;
            hash
        };
        self.starts.iter().map(of_line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineIndex;

    fn line_hashes(bytes: &[u8]) -> Vec<String> {
        let hashes = LineHashes::new(bytes);
        (1..=hashes.lines() as u32).filter_map(|line| hashes.get(line)).collect()
    }

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
