//! Bytes kept in one temporary file: what of an image may be read again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// How much is gathered before it is written.
const CHUNK: usize = 1024 * 1024;

/// A range of the spool.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Range {
    start: u64,
    pub(crate) length: u64,
}

/// An append-only file without a name that can take back its end.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    /// How many bytes the file holds.
    written: u64,
    /// What comes behind them.
    tail: Vec<u8>,
}

impl Spool {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, written: 0, tail: Vec::with_capacity(CHUNK) })
    }

    /// Where the next byte goes.
    pub(crate) fn end(&self) -> u64 {
        self.written + self.tail.len() as u64
    }

    /// Everything since `start` as a range.
    pub(crate) fn since(&self, start: u64) -> Range {
        Range { start, length: self.end() - start }
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tail.extend_from_slice(bytes);
        if self.tail.len() >= CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    /// Forgets everything since `start`.
    pub(crate) fn take_back(&mut self, start: u64) -> io::Result<()> {
        match start.checked_sub(self.written) {
            Some(kept) => self.tail.truncate(kept as usize),
            None => {
                self.tail.clear();
                self.file.seek(SeekFrom::Start(start))?;
                self.written = start;
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
        Ok(Spooled { file: Mutex::new(self.file) })
    }
}

/// A spool that is only read any more.
#[derive(Debug)]
pub(crate) struct Spooled {
    file: Mutex<File>,
}

impl Spooled {
    pub(crate) fn read(&self, range: Range) -> io::Result<Arc<[u8]>> {
        let mut bytes = Vec::with_capacity(range.length as usize);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(range.start))?;
        (&mut *file).take(range.length).read_to_end(&mut bytes)?;
        Ok(bytes.into())
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
        let spooled = spool.finish().expect("a disk");
        assert_eq!(
            (&*spooled.read(one).expect("a disk"), &*spooled.read(two).expect("a disk")),
            (&b"one"[..], &b"two"[..])
        );
    }
}
