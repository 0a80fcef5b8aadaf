//! Members of a tar stream, read forwards with bounded memory whatever the stream says.
//!
//! Headers are those of the `tar` crate; what follows them is read here, because long names and extended headers of
//! hostile archives may be of any size.

use std::io::{self, BufRead, BufReader, Read, Seek};

use tar::{EntryType, Header};

const BLOCK: u64 = 512;
/// The longest name or extended header that is read: the longest path that Linux allows is 4 KiB.
const LONGEST_EXTENSION: u64 = 1024 * 1024;

/// What a member is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MemberKind {
    File,
    Directory,
    HardLink,
    SymbolicLink,
    /// A file with holes, in a format that is not read.
    Sparse,
    /// A device, a FIFO, or something unheard of.
    Special,
}

/// One member; its content comes from [`TarStream::fill`].
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) path: Vec<u8>,
    /// Where a link leads; empty for others.
    pub(crate) link: Vec<u8>,
    pub(crate) kind: MemberKind,
    /// Bytes of content.
    pub(crate) size: u64,
}

/// Something that bytes can be left out of.
pub(crate) trait Skip: BufRead {
    /// Leaves out `count` bytes; fewer when there are no more.
    fn skip(&mut self, count: u64) -> io::Result<()>;
}

/// A stream that can only be read on.
pub(crate) struct Forward<R>(pub(crate) BufReader<R>);

impl<R: Read> Read for Forward<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> BufRead for Forward<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

impl<R: Read> Skip for Forward<R> {
    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let ready = self.0.fill_buf()?.len() as u64;
            if ready == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.0.consume(ready.min(count) as usize);
            count -= ready.min(count);
        }
        Ok(())
    }
}

impl<R: Read + Seek> Skip for BufReader<R> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let count = i64::try_from(count).map_err(io::Error::other)?;
        self.seek_relative(count)
    }
}

/// A tar stream at some member.
pub(crate) struct TarStream<R> {
    input: R,
    /// Content of the current member that was not read.
    left: u64,
    /// What fills its last block.
    padding: u64,
    /// How many bytes were consumed.
    position: u64,
}

impl<R: Skip> TarStream<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, left: 0, padding: 0, position: 0 }
    }

    /// Where the content of the current member goes on.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next member; none at the end.
    ///
    /// # Errors
    /// When the stream breaks off, or is no tar stream (any more). Nothing can be read behind that.
    pub(crate) fn next(&mut self) -> io::Result<Option<Member>> {
        let (mut path, mut link, mut pax) = (None, None, Pax::default());
        loop {
            let rest = self.left + self.padding;
            self.skip(rest)?;
            let Some(header) = self.header()? else { return Ok(None) };
            let kind = header.entry_type();
            let is_extension = matches!(
                kind,
                EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader
            );
            let size = if is_extension { header.entry_size()? } else { pax.size.unwrap_or(header.entry_size()?) };
            self.left = size;
            self.padding = size.next_multiple_of(BLOCK) - size;
            match kind {
                EntryType::GNULongName => path = Some(self.extension()?),
                EntryType::GNULongLink => link = Some(self.extension()?),
                EntryType::XHeader => pax = Pax::parse(&self.extension()?),
                EntryType::XGlobalHeader => {}
                _ => {
                    if kind == EntryType::GNUSparse {
                        self.sparse_headers(&header)?;
                    }
                    let path = pax.path.take().or(path).unwrap_or_else(|| header.path_bytes().into_owned());
                    let link_of_header = || header.link_name_bytes().unwrap_or_default().into_owned();
                    let link = pax.link.take().or(link).unwrap_or_else(link_of_header);
                    return Ok(Some(Member { kind: member_kind(kind, &path, pax.is_sparse), path, link, size }));
                }
            }
        }
    }

    /// Reads on in the content of the current member; zero at its end.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.left.min(buffer.len() as u64) as usize;
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        self.left -= filled as u64;
        self.position += filled as u64;
        Ok(filled)
    }

    /// Reads to the end of the underlying stream, so that its checks see everything.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        loop {
            let ready = self.input.fill_buf()?.len();
            if ready == 0 {
                return Ok(());
            }
            self.input.consume(ready);
        }
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        self.input.skip(count)?;
        self.position += count;
        (self.left, self.padding) = (0, 0);
        Ok(())
    }

    /// The next header that is not empty; none at the end of the archive.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let mut filled = 0;
        while let Some(rest) = header.as_mut_bytes().get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest)? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        self.position += BLOCK;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u32 = header.as_bytes().iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = header.as_old().cksum.iter().map(|byte| u32::from(*byte)).sum();
        if header.cksum()? != sum - own + 8 * u32::from(b' ') {
            return Err(io::Error::other("a header of the archive has a wrong checksum"));
        }
        Ok(Some(header))
    }

    /// The content of the current member, which extends the next one.
    fn extension(&mut self) -> io::Result<Vec<u8>> {
        if self.left > LONGEST_EXTENSION {
            return Err(io::Error::other(format!("a name in the archive is said to be {} bytes long", self.left)));
        }
        let mut bytes = vec![0; self.left as usize];
        self.fill(&mut bytes)?;
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(bytes)
    }

    /// Leaves out the blocks that continue the header of a file with holes (the old GNU format).
    fn sparse_headers(&mut self, header: &Header) -> io::Result<()> {
        /// Where the header and its continuations say that another one follows.
        const MORE: (usize, usize) = (482, 504);
        let mut more = header.as_bytes().get(MORE.0).is_some_and(|flag| *flag != 0);
        while more {
            let mut block = [0; BLOCK as usize];
            self.input.read_exact(&mut block)?;
            self.position += BLOCK;
            more = block.get(MORE.1).is_some_and(|flag| *flag != 0);
        }
        Ok(())
    }
}

fn member_kind(kind: EntryType, path: &[u8], is_sparse: bool) -> MemberKind {
    match kind {
        EntryType::GNUSparse => MemberKind::Sparse,
        _ if is_sparse => MemberKind::Sparse,
        // Old archives mark folders by a slash only.
        EntryType::Regular if path.ends_with(b"/") => MemberKind::Directory,
        EntryType::Regular | EntryType::Continuous => MemberKind::File,
        EntryType::Directory => MemberKind::Directory,
        EntryType::Link => MemberKind::HardLink,
        EntryType::Symlink => MemberKind::SymbolicLink,
        _ => MemberKind::Special,
    }
}

/// What an extended header says of the next member (POSIX.1-2017, pax, "pax Extended Header").
#[derive(Debug, Default)]
struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

impl Pax {
    /// Records are `LENGTH KEY=VALUE\n`; what does not follow that ends the header.
    fn parse(mut bytes: &[u8]) -> Self {
        let mut pax = Self::default();
        while let Some((record, rest)) = record(bytes) {
            bytes = rest;
            let Some(equals) = memchr::memchr(b'=', record) else { continue };
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => pax.path = Some(value.to_vec()),
                b"linkpath" => pax.link = Some(value.to_vec()),
                b"size" => pax.size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
                _ if key.starts_with(b"GNU.sparse.") => pax.is_sparse = true,
                _ => {}
            }
        }
        pax
    }
}

/// The first record without its length and line break, and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', bytes)?;
    let length: usize = std::str::from_utf8(bytes.get(..space)?).ok()?.parse().ok()?;
    Some((bytes.get(space + 1..length)?.strip_suffix(b"\n")?, bytes.get(length..)?))
}
