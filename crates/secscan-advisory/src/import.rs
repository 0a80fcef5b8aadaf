//! Files of advisories to the bytes of a store.
//!
//! What a file is, its name says: `*.json` is an OSV record, `RUSTSEC-*.md` a RustSec advisory, `*.zip` and `*.tar.gz`
//! hold such files, everything else is left alone. An import is whole or not at all: a record that cannot be read is an
//! error, since the vulnerability that it describes would go unseen.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek};
use std::rc::Rc;

use crate::osv::{self, Outcome};
use crate::store::{self, Advisories};
use crate::{StoreError, rust_sec};

/// How long one record may be, unpacked; the longest of distributions have ten million bytes.
const LONGEST_RECORD: u64 = 64 << 20;
/// How much an archive may unpack to.
const LARGEST_ARCHIVE: u64 = 16 << 30;
/// How much of a tar stream may pass from one member to the next: the `tar` crate holds names whole, however long.
const LONGEST_MEMBER: u64 = 2 * LONGEST_RECORD;

/// An import that cannot be finished.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file that bears the name of a record and is none.
    #[error("{path}: this is no advisory: {message}")]
    Record {
        /// Where it is; a file in an archive stands behind the archive and `!`.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// An archive that was cut short or is none.
    #[error("{path}: the archive cannot be read: {message}")]
    Archive {
        /// Where it is.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// A record or an archive that unpacks to more than is sensible.
    #[error("{path}: it unpacks to more than {limit} bytes")]
    TooLarge {
        /// Where it is.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// Nothing was found.
    #[error("no advisory was found there: *.json (OSV), RUSTSEC-*.md, or archives of them are looked for")]
    Empty,
    /// The store cannot be made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an import met.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Records that are in the store now, new ones and changed ones alike.
    pub read: u64,
    /// Records that were taken back by who wrote them.
    pub withdrawn: u64,
    /// Records about ecosystems whose versions secscan cannot order, by ecosystem.
    pub elsewhere: BTreeMap<String, u64>,
}

/// Collects advisories. A record replaces an earlier one of the same id.
#[derive(Debug, Default)]
pub struct Importer {
    advisories: Advisories,
    summary: Summary,
}

impl Importer {
    /// An import on top of what a store holds.
    pub fn onto(advisories: Advisories) -> Self {
        Self { advisories, summary: Summary::default() }
    }

    /// What was met so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Whether a file of this name holds advisories, itself or packed.
    pub fn takes(path: &str) -> bool {
        is_record(path) || is_zip(path) || is_tarball(path)
    }

    /// Takes one record; a file of another name is left alone.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), ImportError> {
        let error = |message: String| ImportError::Record { path: path.to_owned(), message };
        let outcome = if rust_sec::is_advisory(path) {
            let text = std::str::from_utf8(bytes).map_err(|it| error(it.to_string()))?;
            rust_sec::read(text).map_err(|it| error(it.to_string()))?
        } else if is_record(path) {
            osv::read(bytes).map_err(|it| error(it.to_string()))?
        } else {
            return Ok(());
        };
        match outcome {
            Outcome::Advisory(advisory, affected) => {
                self.summary.read += 1;
                self.advisories.insert(advisory.id.clone(), (advisory, affected));
            }
            Outcome::Withdrawn { id } => {
                self.summary.withdrawn += 1;
                self.advisories.remove(&id);
            }
            Outcome::Elsewhere(mut names) => {
                names.sort();
                names.dedup();
                if names.is_empty() {
                    names.push("no package".to_owned());
                }
                names.into_iter().for_each(|name| *self.summary.elsewhere.entry(name).or_default() += 1);
            }
        }
        Ok(())
    }

    /// Takes a file that was opened: a record, or an archive of them. `progress` is told of each record.
    ///
    /// # Errors
    /// An archive or record that cannot be read, or is larger than is sensible.
    pub fn open_file(
        &mut self,
        path: &str,
        mut file: impl Read + Seek,
        progress: &mut dyn FnMut(),
    ) -> Result<(), ImportError> {
        if is_zip(path) {
            self.zip(path, file, progress)
        } else if is_tarball(path) {
            self.tarball(path, file, progress)
        } else {
            let bytes = read_limited(path, &mut file, LONGEST_RECORD)?;
            progress();
            self.file(path, &bytes)
        }
    }

    fn zip(&mut self, path: &str, file: impl Read + Seek, progress: &mut dyn FnMut()) -> Result<(), ImportError> {
        let error = |message: String| ImportError::Archive { path: path.to_owned(), message };
        let mut archive = zip::ZipArchive::new(file).map_err(|it| error(it.to_string()))?;
        let mut unpacked = 0;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(|it| error(it.to_string()))?;
            let name = format!("{path}!{}", entry.name().map_err(|it| error(it.to_string()))?);
            if entry.is_dir() || !is_record(&name) {
                continue;
            }
            let bytes = read_limited(&name, &mut entry, LONGEST_RECORD)?;
            unpacked = within_archive(path, unpacked, &bytes)?;
            self.file(&name, &bytes)?;
            progress();
        }
        Ok(())
    }

    fn tarball(&mut self, path: &str, file: impl Read, progress: &mut dyn FnMut()) -> Result<(), ImportError> {
        let error = |it: std::io::Error| ImportError::Archive { path: path.to_owned(), message: it.to_string() };
        let left = Rc::new(Cell::new(LONGEST_MEMBER));
        let stream = Rationed { from: flate2::read::MultiGzDecoder::new(file), left: left.clone() };
        let mut archive = tar::Archive::new(stream);
        let mut unpacked = 0;
        for entry in archive.entries().map_err(error)? {
            left.set(LONGEST_MEMBER);
            let mut entry = entry.map_err(error)?;
            let name = format!("{path}!{}", String::from_utf8_lossy(&entry.path_bytes()));
            if !entry.header().entry_type().is_file() || !is_record(&name) {
                continue;
            }
            let bytes = read_limited(&name, &mut entry, LONGEST_RECORD)?;
            unpacked = within_archive(path, unpacked, &bytes)?;
            self.file(&name, &bytes)?;
            progress();
        }
        Ok(())
    }

    /// The bytes of the store.
    ///
    /// # Errors
    /// An import that found nothing, or more than a store can hold.
    pub fn finish(self) -> Result<Vec<u8>, ImportError> {
        if self.summary == Summary::default() {
            return Err(ImportError::Empty);
        }
        Ok(store::encode(&self.advisories)?)
    }
}

/// A stream that gives so many bytes and then an error.
struct Rationed<R> {
    from: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)? as u64;
        let left = self.left.get().checked_sub(count);
        self.left.set(left.ok_or_else(|| io::Error::other("a member of it is too large"))?);
        Ok(count as usize)
    }
}

/// Whether a file is a record: hidden files and folders are none.
fn is_record(path: &str) -> bool {
    let inner = path.rsplit('!').next().unwrap_or_default();
    let is_hidden = inner.split('/').any(|part| part.starts_with('.') && part.len() > 1 && part != "..");
    !is_hidden && (inner.ends_with(".json") || rust_sec::is_advisory(inner))
}

fn is_zip(path: &str) -> bool {
    path.ends_with(".zip")
}

fn is_tarball(path: &str) -> bool {
    path.ends_with(".tar.gz") || path.ends_with(".tgz")
}

fn read_limited(path: &str, from: &mut impl Read, limit: u64) -> Result<Vec<u8>, ImportError> {
    let error = |it: std::io::Error| ImportError::Archive { path: path.to_owned(), message: it.to_string() };
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes).map_err(error)?;
    if bytes.len() as u64 > limit { Err(ImportError::TooLarge { path: path.to_owned(), limit }) } else { Ok(bytes) }
}

fn within_archive(path: &str, unpacked: u64, bytes: &[u8]) -> Result<u64, ImportError> {
    let unpacked = unpacked + bytes.len() as u64;
    if unpacked > LARGEST_ARCHIVE {
        return Err(ImportError::TooLarge { path: path.to_owned(), limit: LARGEST_ARCHIVE });
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;
    use crate::Store;

    const RECORD: &str = r#"{"id": "X-1", "modified": "2026-01-01", "affected": [{
        "package": {"ecosystem": "npm", "name": "a"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}"#;

    fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn import(path: &str, bytes: &[u8]) -> Result<(Summary, Store), ImportError> {
        let mut importer = Importer::default();
        importer.open_file(path, Cursor::new(bytes), &mut || {})?;
        let summary = importer.summary().clone();
        Ok((summary, Store::open(Cursor::new(importer.finish()?)).unwrap()))
    }

    #[test]
    fn records_come_alone_and_packed() {
        let android = RECORD.replace("npm", "Android").replace("X-1", "A-1");
        let archive = zip_of(&[("X-1.json", RECORD), ("A-1.json", &android), ("README.md", "x"), (".x/y.json", "no")]);
        let (summary, store) = import("npm/all.zip", &archive).unwrap();
        assert_eq!((summary.read, summary.elsewhere.get("Android")), (1, Some(&1)));
        assert!(store.covers("npm"));
        let (summary, _) = import("x.json", RECORD.as_bytes()).unwrap();
        assert_eq!(summary.read, 1);
        let mut tarball = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(RECORD.len() as u64);
        tarball.append_data(&mut header, "db/x.json", RECORD.as_bytes()).unwrap();
        let tarball = tarball.into_inner().unwrap().finish().unwrap();
        assert_eq!(import("db.tar.gz", &tarball).unwrap().0.read, 1);
        assert!(import("db.tar.gz", &tarball[..tarball.len() / 2]).is_err(), "cut short");
    }

    #[test]
    fn an_import_is_whole_or_not_at_all() {
        let archive = zip_of(&[("X-1.json", RECORD)]);
        for length in 0..archive.len() {
            assert!(import("all.zip", &archive[..length]).is_err(), "{length} bytes of it");
        }
        let odd = zip_of(&[("X-1.json", RECORD), ("X-2.json", "{\"id\": \"X-2\"}")]);
        let error = import("all.zip", &odd).unwrap_err().to_string();
        assert!(error.starts_with("all.zip!X-2.json: this is no advisory: missing field `modified`"), "{error}");
        assert!(matches!(import("all.zip", &zip_of(&[("a.txt", "x")])), Err(ImportError::Empty)));
        assert!(import("all.zip", b"<html>not found</html>").is_err());
    }

    #[test]
    fn bombs_stop_at_a_limit() {
        let gzip = |head: &[u8], megabytes: usize| {
            let mut part = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            part.write_all(&vec![b' '; 1 << 20]).unwrap();
            let mut first = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            first.write_all(head).unwrap();
            [first.finish().unwrap(), part.finish().unwrap().repeat(megabytes)].concat()
        };
        let member = |kind| {
            let mut header = tar::Header::new_gnu();
            header.set_path("a.json").unwrap();
            header.set_entry_type(kind);
            header.set_size(1 << 40);
            header.set_cksum();
            *header.as_bytes()
        };
        let record = import("all.tar.gz", &gzip(&member(tar::EntryType::Regular), 66)).unwrap_err();
        assert!(matches!(record, ImportError::TooLarge { limit: LONGEST_RECORD, .. }), "{record}");
        let name = import("all.tar.gz", &gzip(&member(tar::EntryType::GNULongName), 130)).unwrap_err();
        assert!(name.to_string().contains("too large"), "{name}");
    }

    #[test]
    fn later_records_replace_earlier_ones_and_withdrawn_ones_leave() {
        let first = import("x.json", RECORD.as_bytes()).unwrap().1;
        let mut importer = Importer::onto(first.verify().unwrap());
        importer.file("y.json", RECORD.replace("X-1", "X-2").as_bytes()).unwrap();
        importer.file("x.json", RECORD.replace("\"npm\"", "\"PyPI\"").as_bytes()).unwrap();
        let store = Store::open(Cursor::new(importer.finish().unwrap())).unwrap();
        assert_eq!(store.about().ecosystems.keys().collect::<Vec<_>>(), ["PyPI", "npm"]);
        let mut importer = Importer::onto(store.verify().unwrap());
        importer
            .file("x.json", RECORD.replace("\"affected\"", "\"withdrawn\": \"2026-02-01\", \"affected\"").as_bytes())
            .unwrap();
        let store = Store::open(Cursor::new(importer.finish().unwrap())).unwrap();
        assert_eq!(store.about().advisories, 1);
    }
}
