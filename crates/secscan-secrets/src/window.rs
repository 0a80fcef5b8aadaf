//! Where a pattern is tried: the lines around the keywords, so that a hit in a long file costs a line and not the file.

use std::ops::Range;

/// How far a window reaches to the left of a keyword within its line, in bytes.
const BEFORE: usize = 512;
/// How far a window of one line reaches to the right, in bytes.
const AFTER: usize = 4 * 1024;
/// How far a window of several lines reaches to the right, in bytes: a private key of 16,384 bits with room.
const AFTER_LINES: usize = 24 * 1024;

/// The windows around the keywords that begin at `hits` (ascending), apart from each other and in order. A secret may
/// reach over so many `lines`.
pub(crate) fn windows(bytes: &[u8], hits: &[u32], lines: u32) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for hit in hits.iter().map(|hit| *hit as usize).filter(|hit| *hit < bytes.len()) {
        // The rest of a line that is being looked at anyway.
        if windows.last().is_some_and(|last| hit + AFTER <= last.end) {
            continue;
        }
        let window = start(bytes, hit)..end(bytes, hit, lines);
        match windows.last_mut() {
            Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
            _ => windows.push(window),
        }
    }
    windows
}

fn start(bytes: &[u8], hit: usize) -> usize {
    let least = hit.saturating_sub(BEFORE);
    memchr::memrchr(b'\n', &bytes[least..hit]).map_or(least, |at| least + at + 1)
}

fn end(bytes: &[u8], hit: usize, lines: u32) -> usize {
    let most = bytes.len().min(hit + if lines > 1 { AFTER_LINES } else { AFTER });
    let mut breaks = memchr::memchr_iter(b'\n', &bytes[hit..most]);
    breaks.nth(lines.saturating_sub(1) as usize).map_or(most, |at| hit + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_the_line_of_the_keyword() {
        let text = b"one\ntwo key here\nthree key\n";
        assert_eq!(windows(text, &[8, 23], 1), [4..16, 17..26]);
        assert_eq!(windows(text, &[8], 2), std::slice::from_ref(&(4..26)));
        assert_eq!(windows(text, &[8, 23], 2), std::slice::from_ref(&(4..27)));
    }

    #[test]
    fn long_lines_are_cut_and_windows_are_joined() {
        let text = vec![b'x'; 20_000];
        let found = windows(&text, &[1_000, 10_000, 10_100], 1);
        assert_eq!(found, [488..5_096, 9_488..14_196]);
    }
}
