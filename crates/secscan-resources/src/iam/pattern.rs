//! Patterns and texts are compared without regard to case, as AWS compares actions.

/// Whether a pattern matches a text.
pub fn matches(pattern: &str, text: &str) -> bool {
    is_match(pattern, text, |wanted, found| wanted == b'?' || wanted.eq_ignore_ascii_case(&found))
}

/// Whether a pattern matches whatever another one matches.
pub fn covers(wide: &str, narrow: &str) -> bool {
    is_match(wide, narrow, |wanted, found| (wanted == b'?' && found != b'*') || wanted.eq_ignore_ascii_case(&found))
}

/// Goes back to the last `*` only: time grows with the product of the lengths, whatever the pattern.
fn is_match(pattern: &str, text: &str, same: impl Fn(u8, u8) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut star) = (0, None);
    let mut read = 0;
    while let Some(found) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(wanted) if same(*wanted, *found) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, from)) = star else { return false };
                star = Some((place, from + 1));
                at = place + 1;
                read = from + 1;
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// Whether some text matches both patterns.
pub fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // What of `other` can be used up when a beginning of `one` is.
    let mut ends = vec![false; other.len() + 1];
    if let Some(first) = ends.first_mut() {
        *first = true;
    }
    skip_stars(&mut ends, other);
    for left in one {
        let mut next = vec![false; other.len() + 1];
        for (index, right) in other.iter().enumerate() {
            let both = ends[index] && (*left == b'?' || *right == b'?' || left.eq_ignore_ascii_case(right));
            next[index + 1] |= both && *left != b'*' && *right != b'*';
            // A star of `other` takes the character and stays.
            next[index] |= ends[index] && *right == b'*';
        }
        if *left == b'*' {
            // It takes nothing, or any of what follows in `other`.
            let mut open = false;
            for (index, end) in ends.iter().enumerate() {
                open |= *end;
                next[index] |= open;
            }
        }
        skip_stars(&mut next, other);
        ends = next;
    }
    ends.last().copied().unwrap_or_default()
}

/// Where a star can be reached it can also be left.
fn skip_stars(ends: &mut [bool], pattern: &[u8]) {
    for (index, byte) in pattern.iter().enumerate() {
        ends[index + 1] |= ends[index] && *byte == b'*';
    }
}
