//! One input as several files: lines of the form `-- PATH --` stand in front of each, as in Go's txtar.

use secscan_model::tree::MemoryTree;

/// How many files an input may stand for: more would only make it slow.
const MOST: usize = 32;

/// The files of an input, with their paths. What stands in front of the first line of a path is the file `first`.
pub(crate) fn split<'a>(input: &'a [u8], first: &'a str) -> Vec<(&'a str, &'a [u8])> {
    let mut files = Vec::new();
    let (mut path, mut start, mut at) = (first, 0, 0);
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        if let Some(next) = path_of(line).filter(|_| files.len() < MOST) {
            files.push((path, input.get(start..at).unwrap_or_default()));
            (path, start) = (next, at + line.len());
        }
        at += line.len();
    }
    files.push((path, input.get(start..).unwrap_or_default()));
    files.retain(|(path, bytes)| !bytes.is_empty() || *path != first);
    files
}

/// The path that a line announces.
fn path_of(line: &[u8]) -> Option<&str> {
    let path = std::str::from_utf8(line).ok()?.strip_prefix("-- ")?.trim_end().strip_suffix(" --")?;
    (!path.is_empty()).then_some(path)
}

/// The files of an input as a tree.
pub(crate) fn tree(input: &[u8], first: &str) -> MemoryTree {
    MemoryTree::new(split(input, first))
}

/// Files as one input.
pub(crate) fn join<P: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, B)>) -> Vec<u8> {
    let mut input = Vec::new();
    for (path, bytes) in files {
        input.extend_from_slice(format!("-- {} --\n", path.as_ref()).as_bytes());
        input.extend_from_slice(bytes.as_ref());
        if !input.ends_with(b"\n") {
            input.push(b'\n');
        }
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_paths_part_files() {
        let input = b"x = 1\n-- a/b.tf --\ny\n-- c --\n-- no path\n";
        let expected: [(&str, &[u8]); 3] = [("main.tf", b"x = 1\n"), ("a/b.tf", b"y\n"), ("c", b"-- no path\n")];
        assert_eq!(split(input, "main.tf"), expected);
        assert_eq!(split(&join(expected), "other"), expected);
    }
}
