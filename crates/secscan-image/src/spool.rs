//! Bytes kept in memory and, beyond that, in one temporary file: what of an image may be read again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};

/// How much is gathered before it is written.
const CHUNK: usize = 1024 * 1024;
/// How much stays in memory: the text of most images.
const HELD: usize = 64 * CHUNK;

/// A range of the spool.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Range {
    start: u64,
    pub(crate) length: u64,
}

/// Append-only memory, followed by a file without a name; it can take back its end.
#[derive(Debug)]
pub(crate) struct Spool {
    /// The first bytes; what does not fit is in the file.
    held: Vec<u8>,
    file: File,
    /// How many bytes the file holds.
    written: u64,
    /// What comes behind them.
    tail: Vec<u8>,
}

impl Spool {
    pub(crate) fn new() -> io::Result<Self> {
        // Memory that nothing is written to is not taken, and what is written never has to move.
        Ok(Self { held: Vec::with_capacity(HELD), file: tempfile::tempfile()?, written: 0, tail: Vec::new() })
    }

    /// Where the next byte goes.
    pub(crate) fn end(&self) -> u64 {
        self.held.len() as u64 + self.written + self.tail.len() as u64
    }

    /// Everything since `start` as a range.
    pub(crate) fn since(&self, start: u64) -> Range {
        Range { start, length: self.end() - start }
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = HELD.saturating_sub(self.held.len());
        let (held, rest) = bytes.split_at(bytes.len().min(room));
        self.held.extend_from_slice(held);
        self.tail.extend_from_slice(rest);
        if self.tail.len() >= CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    /// Forgets everything since `start`.
    pub(crate) fn take_back(&mut self, start: u64) -> io::Result<()> {
        let held = self.held.len() as u64;
        match start.checked_sub(held + self.written) {
            Some(kept) => self.tail.truncate(kept as usize),
            None => {
                self.tail.clear();
                self.written = start.saturating_sub(held);
                self.file.seek(SeekFrom::Start(self.written))?;
                self.held.truncate(start.min(held) as usize);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.tail)?;
        self.written += self.tail.len() as u64;
        self.tail.clear();
        Ok(())
    }

    /// No more is written; ranges can be read from many threads.
    pub(crate) fn finish(mut self) -> io::Result<Spooled> {
        self.flush()?;
        Ok(Spooled { held: self.held, file: Mutex::new(self.file) })
    }
}

/// A spool that is only read any more.
#[derive(Debug)]
pub(crate) struct Spooled {
    held: Vec<u8>,
    file: Mutex<File>,
}

impl Spooled {
    pub(crate) fn read(&self, range: Range) -> io::Result<Arc<[u8]>> {
        let (start, length) = (range.start as usize, range.length as usize);
        if let Some(bytes) = self.held.get(start..start + length) {
            return Ok(bytes.into());
        }
        let held = self.held.get(start..).unwrap_or_default();
        let mut bytes: Arc<[u8]> = iter::repeat_n(0, length).collect();
        if let Some((first, rest)) = Arc::get_mut(&mut bytes).and_then(|bytes| bytes.split_at_mut_checked(held.len())) {
            first.copy_from_slice(held);
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(range.start.saturating_sub(self.held.len() as u64)))?;
            file.read_exact(rest)?;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_survive_what_is_taken_back() {
        let mut spool = Spool::new().expect("a temporary file");
        let keep = |spool: &mut Spool, bytes: &[u8]| {
            let start = spool.end();
            spool.append(bytes).expect("a disk");
            spool.since(start)
        };
        let one = keep(&mut spool, b"one");
        let start = spool.end();
        keep(&mut spool, &vec![0; CHUNK + 5]);
        spool.take_back(start).expect("a disk");
        let two = keep(&mut spool, b"two");
        let filling = keep(&mut spool, &vec![b'f'; HELD - 10]);
        let beyond = spool.end();
        keep(&mut spool, &vec![0; 2 * CHUNK]);
        spool.take_back(beyond).expect("a disk");
        let across = keep(&mut spool, b"half in memory, half in the file");
        let behind = keep(&mut spool, b"behind");
        let spooled = spool.finish().expect("a disk");
        for (range, bytes) in
            [(one, &b"one"[..]), (two, b"two"), (across, b"half in memory, half in the file"), (behind, b"behind")]
        {
            assert_eq!(&*spooled.read(range).expect("a disk"), bytes);
        }
        assert_eq!(spooled.read(filling).expect("memory").len(), HELD - 10);
    }
}
