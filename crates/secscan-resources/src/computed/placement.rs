//! Where the parts of a text stand: from offsets in decoded text back to bytes of the file.
//!
//! A block scalar loses its indentation, a quoted string its escapes, a folded one its line breaks. [`Placement`] walks
//! the decoded text and the bytes side by side once and keeps the runs that lie unchanged in the file.

use std::ops::Range;

use secscan_model::{Location, Node, Source, Span};

/// How the text of one value lies in the bytes of its file.
#[derive(Debug)]
pub(crate) struct Placement {
    whole: Location,
    /// Starts of runs that stand unchanged in the file: offset in the text, offset in the file. Ascending in both.
    runs: Vec<(usize, usize)>,
    /// How much of the text, from its start, could be followed.
    known: usize,
}

impl Placement {
    /// Follows `text`, which `of` decodes to, through the bytes of its file. Without the file, every part of the text
    /// has the place of the whole.
    pub(crate) fn new(of: &Node, text: &str, sources: &[Source]) -> Self {
        let whole = of.at;
        let source =
            sources.binary_search_by_key(&whole.source, |source| source.id).ok().and_then(|index| sources.get(index));
        let raw = source.and_then(|source| source.bytes.get(whole.span.range()));
        let mut placement = Self::fixed(whole);
        if let Some(raw) = raw {
            placement.follow(text.as_bytes(), raw, 0);
            // What does not begin at once begins behind a quote or behind the header line of a here-document.
            if placement.known < text.trim_end().len()
                && let Some(opening) = opening(raw)
            {
                let mut behind = Self::fixed(whole);
                behind.follow(text.as_bytes(), raw, opening);
                if behind.known > placement.known {
                    placement = behind;
                }
            }
        } else if whole.span.range().len() == text.len() {
            placement.runs.push((0, whole.span.start as usize));
            placement.known = text.len();
        }
        placement
    }

    /// For text that was put together: every part has the one place.
    pub(crate) fn fixed(whole: Location) -> Self {
        Self { whole, runs: Vec::new(), known: 0 }
    }

    /// Where a part of the text stands; the place of the whole value where that is not known.
    pub(crate) fn at(&self, part: Range<usize>) -> Location {
        if part.start > part.end || part.end > self.known {
            return self.whole;
        }
        let Some(start) = self.offset(part.start) else { return self.whole };
        let last = if part.is_empty() { Some(start) } else { self.offset(part.end - 1).map(|last| last + 1) };
        match last {
            Some(end) if end >= start && end <= self.whole.span.end as usize => {
                Location { source: self.whole.source, span: Span::new(start, end) }
            }
            _ => self.whole,
        }
    }

    fn offset(&self, at: usize) -> Option<usize> {
        let run = self.runs.partition_point(|(text, _)| *text <= at).checked_sub(1)?;
        let (text, file) = self.runs.get(run)?;
        Some(file + (at - text))
    }

    /// Walks text and bytes side by side: equal bytes pair up, white space of either side gives way, and so do the
    /// backslash of an escape, the mark of a literal `$${` and a template whose value stands in the text.
    fn follow(&mut self, text: &[u8], raw: &[u8], opening: usize) {
        let base = self.whole.span.start as usize;
        let (mut i, mut j) = (0, opening);
        while let (Some(&wanted), Some(&found)) = (text.get(i), raw.get(j)) {
            let next = raw.get(j + 1).copied().unwrap_or_default();
            if wanted == found {
                self.pair(i, base + j);
                (i, j) = (i + 1, j + 1);
            } else if wanted.is_ascii_whitespace() {
                self.pair(i, base + j);
                i += 1;
                j += match found {
                    b'\\' if matches!(next, b'n' | b'r' | b't') => 2,
                    _ => usize::from(found.is_ascii_whitespace()),
                };
            } else if found == b'\\' && next == b'u' && wanted != b'u' {
                self.pair(i, base + j);
                i += text
                    .get(i..)
                    .map_or(1, |rest| 1 + rest.iter().skip(1).take_while(|byte| **byte & 0xC0 == 0x80).count());
                j += 6;
            } else if found.is_ascii_whitespace()
                || matches!(found, b'\\' | b'\'' | b'`')
                || [wanted, found, next] == *b"{${"
            {
                j += 1;
            } else if let Some((value, template)) =
                text.get(i..).zip(raw.get(j..)).and_then(|(text, raw)| substituted(text, raw))
            {
                self.pair(i, base + j);
                (i, j) = (i + value, j + template);
            } else if found == b'#' && begins_line(raw, j) {
                // A comment between the joined lines of a Dockerfile's instruction.
                j += memchr::memchr(b'\n', raw.get(j..).unwrap_or_default()).unwrap_or(raw.len());
            } else {
                break;
            }
        }
        self.known = i;
    }

    fn pair(&mut self, text: usize, file: usize) {
        if self.runs.last().is_none_or(|(start, at)| at + (text - start) != file) {
            self.runs.push((text, file));
        }
    }
}

/// How far behind a template its value is looked for, and how much of what follows the template must follow the value.
const WINDOW: usize = 4096;
const ANCHOR: usize = 16;

/// The lengths of a value in the text and of the templates (`${var.name}`) in the bytes that it stands for.
fn substituted(text: &[u8], raw: &[u8]) -> Option<(usize, usize)> {
    let mut template = 0;
    while let Some(rest) = raw.get(template..).filter(|rest| rest.starts_with(b"${")) {
        template += template_length(rest)?;
    }
    let behind = raw.get(template..).filter(|_| template > 0)?;
    if behind.is_empty() {
        return Some((text.len(), template));
    }
    let escape = usize::from(behind.starts_with(b"\\\""));
    let behind = behind.get(escape..behind.len().min(ANCHOR))?;
    let ends = |byte: &u8| matches!(byte, b'\n' | b'$' | b'\\');
    let anchor = behind.iter().skip(1).position(ends).map_or(behind.len(), |at| at + 1);
    let window = text.get(..text.len().min(WINDOW))?;
    let value = memchr::memmem::find(window, behind.get(..anchor)?)?;
    Some((value, template + escape))
}

/// The length of the template that the bytes begin with: to the brace that closes it.
fn template_length(raw: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in raw.iter().enumerate().take(WINDOW) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return Some(at + 1),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether only blanks stand before a byte on its line.
fn begins_line(raw: &[u8], at: usize) -> bool {
    let before = raw.get(..at).unwrap_or_default();
    before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t')).is_none_or(|byte| *byte == b'\n')
}

/// Where in the bytes a text may begin that does not begin with them.
fn opening(raw: &[u8]) -> Option<usize> {
    match raw.first()? {
        b'"' | b'\'' => Some(1),
        b'|' | b'>' | b'<' => memchr::memchr(b'\n', raw).map(|end| end + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secscan_model::SourceId;

    use super::*;

    fn placed(raw: &str, text: &str, part: &str) -> String {
        let file = format!("key: {raw}\nnext: 1\n");
        let source = Source::from_text(SourceId(3), "a.yaml", &file);
        let at = source.at(Span::new(5, 5 + raw.len()));
        let start = text.find(part).expect("the part is in the text");
        let placement = Placement::new(&Node::text(text, at), text, std::slice::from_ref(&source));
        let found = placement.at(start..start + part.len());
        file[found.span.range()].to_owned()
    }

    #[test]
    fn parts_are_found_under_every_way_of_writing() {
        assert_eq!(placed("a b c", "a b c", "b"), "b");
        assert_eq!(placed("'it''s b'", "it's b", "b"), "b");
        assert_eq!(placed(r#""a \"b\" c""#, r#"a "b" c"#, "b"), "b");
        assert_eq!(placed(r#""\"b\" c""#, r#""b" c"#, "c"), "c", "begins with an escaped quote");
        assert_eq!(placed(r#""a\nb""#, "a\nb", "b"), "b");
        assert_eq!(placed(r#""\u00e9 b""#, "é b", "b"), "b");
        assert_eq!(placed("|\n    a\n      b\n    c", "a\n  b\nc\n", "b\nc"), "b\n    c");
        assert_eq!(placed(">-\n    a\n    b c", "a b c", "b c"), "b c");
        assert_eq!(placed("<<EOT\n  {\n  b\nEOT", "{\nb\n", "b"), "b");
        assert_eq!(placed("\"a\"\n  \"b\"", "\"a\"\n\"b\"\n", "b"), "b", "the content of a block scalar may be quoted");
        let policy = "<<EOT\n{\"a\": \"x-${var.b}${c}-y\", \"d\": \"$${e}\"}\nEOT";
        let text = "{\"a\": \"x-long value-y\", \"d\": \"${e}\"}\n";
        assert_eq!(placed(policy, text, "\"x-long value-y\""), "\"x-${var.b}${c}-y\"", "around a template");
        assert_eq!(placed(policy, text, "\"d\""), "\"d\"", "behind a template");
        assert_eq!(placed(policy, text, "\"${e}\""), "\"$${e}\"", "behind the mark of a literal");
        assert_eq!(placed("a \\\n # b\n  b", "a   b", "b"), "b", "lines joined in a Dockerfile");
        assert_eq!(placed("x = y", "decoded by somebody else", "by"), "x = y", "the whole where it cannot be followed");
    }

    #[test]
    fn without_the_file_equal_lengths_are_trusted() {
        let at = Location { source: SourceId(0), span: Span::new(10, 13) };
        assert_eq!(Placement::new(&Node::text("a b", at), "a b", &[]).at(2..3).span, Span::new(12, 13));
        assert_eq!(Placement::new(&Node::text("ab", at), "ab", &[]).at(1..2).span, at.span);
    }

    proptest! {
        #[test]
        fn places_stay_within_the_value(text in ".{0,40}", raw in ".{0,40}", start in 0usize..50, length in 0usize..50) {
            let source = Source::from_text(SourceId(0), "a", &raw);
            let at = source.at(Span::new(0, raw.len()));
            let found = Placement::new(&Node::text(&*text, at), &text, &[source]).at(start..start + length);
            prop_assert!(found.span.end as usize <= raw.len());
        }
    }
}
