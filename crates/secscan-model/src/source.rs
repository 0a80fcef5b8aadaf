//! Spans are bytes; only [`LineIndex`] makes lines and columns of them, which begin at one.

use std::sync::Arc;

/// The number of a file within one scan. Ids ascend with the path, so sorting by id is sorting by path.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct SourceId(pub u32);

/// Where a file's bytes came from.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Origin {
    /// A file of a directory.
    WorkTree,
    /// The standard input of the process.
    Stdin,
    /// A blob of a Git revision; the full hash of the commit.
    GitBlob {
        /// The commit that the tree belongs to.
        commit: Arc<str>,
    },
    /// A blob of the history of a Git repository.
    Commit(Arc<Introduction>),
    /// A file of a container image.
    Image(Arc<ImageLayer>),
    /// The configuration of a container image, written out as a file.
    ImageConfig,
}

impl Origin {
    /// Whether a package manager put the file into an image: it is nobody's own work.
    pub fn is_packaged(&self) -> bool {
        self.image_layer().is_some_and(|layer| layer.packaged)
    }

    /// The layer, of a file of an image.
    pub fn image_layer(&self) -> Option<&ImageLayer> {
        match self {
            Self::Image(layer) => Some(layer),
            Self::WorkTree | Self::Stdin | Self::GitBlob { .. } | Self::Commit(_) | Self::ImageConfig => None,
        }
    }
}

impl Origin {
    /// The commit that brought a blob of a history.
    pub fn introduction(&self) -> Option<&Introduction> {
        match self {
            Self::Commit(introduction) => Some(introduction),
            Self::WorkTree | Self::Stdin | Self::GitBlob { .. } | Self::Image(_) | Self::ImageConfig => None,
        }
    }
}

/// The commit that brought something into a history.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Introduction {
    /// Its full hash.
    pub commit: Arc<str>,
    /// Its author, `Name <address>`.
    pub author: Arc<str>,
    /// The day on which it was written, `YYYY-MM-DD` in the author's time zone.
    pub date: Arc<str>,
}

impl std::fmt::Display for Introduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "commit {} by {} on {}", self.commit, self.author, self.date)
    }
}

/// The layer of an image that a file comes from.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ImageLayer {
    /// Its number, beginning at one with the lowest.
    pub number: u32,
    /// Its digest, `sha256:` and hexadecimal.
    pub digest: Arc<str>,
    /// The instruction that made it, as the image's history has it; empty where that says nothing.
    pub created_by: Arc<str>,
    /// The later layer that deletes or replaces the file: whoever has the image has the file all the same.
    pub gone_in: Option<u32>,
    /// Whether the file lies where package managers put what they install.
    pub packaged: bool,
}

impl std::fmt::Display for ImageLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "layer {} ({})", self.number, self.digest)?;
        if !self.created_by.is_empty() {
            write!(f, ", made by `{}`", self.created_by)?;
        }
        match self.gone_in {
            Some(later) => write!(f, "; layer {later} deletes or replaces the file, but it is still in the image"),
            None => Ok(()),
        }
    }
}

/// One file that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its number in this scan.
    pub id: SourceId,
    /// The path that reports print: relative to the root of the scan, with forward slashes.
    pub path: Arc<str>,
    /// Where the bytes came from.
    pub origin: Origin,
    /// The bytes, unchanged.
    pub bytes: Arc<[u8]>,
}

impl Source {
    /// A source made from text, for tests and library callers that hold the text already.
    pub fn from_text(id: SourceId, path: &str, text: &str) -> Self {
        Self { id, path: path.into(), origin: Origin::WorkTree, bytes: text.as_bytes().into() }
    }

    /// The text of the file, when all of it is UTF-8. A byte order mark is part of the text, so that spans stay true.
    pub fn text(&self) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(&self.bytes)
    }

    /// The location of a span of this file.
    pub fn at(&self, span: Span) -> Location {
        Location { source: self.id, span }
    }

    /// The name of the file without its folders.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder of the file without a trailing slash; empty at the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from offsets. Files of 4 GiB and more are refused before they are parsed, so nothing is lost here;
    /// an offset out of range saturates.
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The span as a range to index bytes with.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies inside this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The smallest span that holds both.
    pub fn cover(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A span of a certain file.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct Location {
    /// The file.
    pub source: SourceId,
    /// The bytes.
    pub span: Span,
}

/// A comment of a file, for suppressions.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Comment {
    /// The bytes of the comment, from its marker (`#`, `//`, `/*`) to its end, without the line break.
    pub span: Span,
    /// Whether something other than white space stands before it on its line.
    pub trailing: bool,
}

/// A line and a column as people count them: both begin at one, columns count code points.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct Position {
    line: u32,
    column: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Position = Position { line: 1, column: 1 };

    /// The line, beginning at one.
    pub fn line(self) -> u32 {
        self.line
    }

    /// The column in code points, beginning at one.
    pub fn column(self) -> u32 {
        self.column
    }
}

impl Default for Position {
    fn default() -> Self {
        Self::START
    }
}

/// The line starts of one file: turns byte offsets into positions. Lines end at LF; a CR before it belongs to the line.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    length: u32,
    /// Whether a byte is a character: columns need no counting then.
    is_ascii: bool,
}

impl LineIndex {
    /// Finds the lines of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        /// How many bytes a line has at least, on average.
        const SHORT: usize = 24;
        let mut starts = Vec::with_capacity(bytes.len() / SHORT + 1);
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at as u32 + 1));
        Self { starts, length: bytes.len() as u32, is_ascii: bytes.is_ascii() }
    }

    /// The number of lines; a file that ends in a line break has an empty last line.
    pub fn lines(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line of an offset, beginning at one.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// The position of an offset. Bytes that are not UTF-8 count one column each.
    pub fn position(&self, bytes: &[u8], offset: u32) -> Position {
        let offset = offset.min(self.length);
        let line = self.line(offset);
        let start = self.starts[line as usize - 1];
        if self.is_ascii {
            return Position { line, column: offset - start + 1 };
        }
        let before = &bytes[start as usize..offset as usize];
        let column = before.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u32 + 1;
        Position { line, column }
    }

    /// The bytes of a line (beginning at one) without its line break; empty past the end.
    pub fn span(&self, bytes: &[u8], line: u32) -> Span {
        let Some(start) = self.starts.get((line as usize).wrapping_sub(1)).copied() else {
            return Span { start: self.length, end: self.length };
        };
        let mut end = self.starts.get(line as usize).map_or(self.length, |next| next - 1);
        if end > start && bytes[end as usize - 1] == b'\r' {
            end -= 1;
        }
        Span { start, end }
    }
}

/// The hash (BLAKE3) of parts, each closed by a zero byte so that moving a border changes it: the first 16 bytes in
/// hexadecimal, enough to tell contents apart and short enough to print.
pub fn digest_of(parts: &[&str]) -> Arc<str> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0);
    }
    hex(&blake3::hash(&bytes))
}

/// The first 16 bytes of a hash in hexadecimal.
fn hex(hash: &blake3::Hash) -> Arc<str> {
    // Every finding has one: not worth a formatter.
    let digit = |at: usize| b"0123456789abcdef"[usize::from(hash.as_bytes()[at / 2] >> (4 * (1 - at % 2)) & 15)];
    let digits: [u8; 32] = std::array::from_fn(digit);
    std::str::from_utf8(&digits).unwrap_or_default().into()
}

/// A content hash (BLAKE3) that is fed piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Digest(blake3::Hasher);

impl Digest {
    /// Feeds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The first 16 bytes of the hash.
    pub fn key(&self) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        key
    }

    /// The first 16 bytes of the hash in hexadecimal.
    pub fn hex(&self) -> Arc<str> {
        hex(&self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_begin_at_one_and_count_code_points() {
        let text = "a: é\r\nb: x\n";
        let index = LineIndex::new(text.as_bytes());
        let at = |offset| {
            let position = index.position(text.as_bytes(), offset);
            (position.line(), position.column())
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(5), (1, 5), "é takes two bytes and one column");
        assert_eq!(at(7), (2, 1));
        assert_eq!(at(12), (3, 1), "the end of the file is the empty last line");
        assert_eq!(index.span(text.as_bytes(), 1), Span::new(0, 5), "neither CR nor LF belongs to the line");
    }
}
