//! What scans said, kept for the next one.
//!
//! There are two records, each replaced as a whole. `report` is what the last scan said, under a hash of all that it hung
//! on: path and bytes of every file, what could not be read, rules, settings, the day. `texts` is what the rules about
//! text said of each file, under a hash of its path and bytes: after an edit, only what changed is searched again.
//!
//! Nothing is taken up again for its name, size or date. A record that does not decode is as good as none.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use secscan_model::source::Digest;
use secscan_model::{Diagnostic, FileTree, Listing, Report, Source, SourceId, Tally};

use crate::text::TextReading;

/// The record of a whole report.
pub(crate) const REPORT: &str = "report";
/// The record of what the rules about text said of each file.
pub(crate) const TEXTS: &str = "texts";

/// Where a scanner keeps what it may want again. The library has no files of its own: callers bring a place.
///
/// An implementation gives back what was put, or nothing: what may have been damaged, or was put by another build of the
/// program, must not be given back.
pub trait Cache {
    /// The bytes that were put last under this name.
    fn get(&self, record: &str) -> Option<Vec<u8>>;

    /// Keeps bytes in the place of those that were there. Failing to do so is no error: the next scan takes longer.
    fn put(&self, record: &str, bytes: &[u8]);
}

/// A hash that stands for content.
pub(crate) type Key = [u8; 16];

/// What stands for a file: its bytes, their number, its path, its version and where it comes from. The bytes come first,
/// since what begins at the beginning of a block is hashed many blocks at once.
pub(crate) fn key_of(source: &Source, version: u32) -> Key {
    let mut digest = Digest::default();
    digest.update(&source.bytes);
    let length = source.bytes.len() as u64;
    digest.update(format!("{}\0{version}\0{:?}\0", source.path, source.origin).as_bytes());
    // At the end, where no text can be taken for it.
    digest.update(&length.to_le_bytes());
    digest.key()
}

/// What stands for a file that could not be read.
fn key_of_unread(diagnostic: &Diagnostic) -> Key {
    let mut digest = Digest::default();
    digest.update(format!("{diagnostic:?}").as_bytes());
    digest.key()
}

/// What stands for a whole tree and all that it is judged by.
fn key_of_tree(fingerprint: &str, listing: &Listing, files: &[Key]) -> Key {
    let mut digest = Digest::default();
    digest.update(format!("{fingerprint}\0{:?}\0", listing.diagnostics).as_bytes());
    files.iter().for_each(|key| digest.update(key));
    digest.key()
}

/// Takes up the report of an earlier scan of the same tree, and the tallies of the rules in their order.
pub(crate) fn recall(cache: &dyn Cache, fingerprint: &str, tree: &dyn FileTree) -> Option<(Report, Vec<Tally>)> {
    let record = cache.get(REPORT)?;
    let (kept, report) = record.split_first_chunk::<16>()?;
    let listing = tree.list();
    let key = |(index, file): (usize, &secscan_model::Candidate)| match tree.read(file) {
        Ok(bytes) => {
            let id = SourceId(index as u32);
            key_of(&Source { id, path: file.path.clone(), origin: tree.origin(file), bytes }, file.version)
        }
        Err(diagnostic) => key_of_unread(&diagnostic),
    };
    let files: Vec<Key> = listing.files.par_iter().enumerate().map(key).collect();
    (*kept == key_of_tree(fingerprint, &listing, &files)).then(|| postcard::from_bytes(report).ok())?
}

/// What is known of single files while a scan runs, and what the scan learns of them.
#[derive(Debug)]
pub(crate) struct Memory<'k> {
    known: HashMap<Key, &'k [u8]>,
    learnt: Mutex<Learnt>,
}

#[derive(Debug, Default)]
struct Learnt {
    /// Every file of the scan.
    files: Vec<(SourceId, Key)>,
    /// What the rules about text say of a file.
    texts: Vec<(Key, Vec<u8>)>,
}

impl<'k> Memory<'k> {
    /// What a record holds for rules of this fingerprint.
    pub(crate) fn new(record: &'k [u8], fingerprint: &str) -> Self {
        let decoded = postcard::from_bytes::<(&str, Vec<(Key, &[u8])>)>(record).ok();
        let (_, texts) = decoded.filter(|(kept, _)| *kept == fingerprint).unwrap_or_default();
        Self { known: texts.into_iter().collect(), learnt: Mutex::default() }
    }

    /// What the rules about text say of a file: from memory where it is known, else from `look`. `searched` may be
    /// another spelling of the bytes of `source`.
    pub(crate) fn text(&self, source: &Source, version: u32, look: impl FnOnce() -> TextReading) -> TextReading {
        let key = key_of(source, version);
        let known = self.known.get(&key).and_then(|bytes| Some((bytes.to_vec(), postcard::from_bytes(bytes).ok()?)));
        let (bytes, reading) = match known {
            Some((bytes, kept)) => (Some(bytes), TextReading::at(kept, source.id)),
            None => {
                let reading = look();
                (postcard::to_allocvec(&reading).ok(), reading)
            }
        };
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.files.push((source.id, key));
        learnt.texts.extend(bytes.map(|bytes| (key, bytes)));
        reading
    }

    /// Notes a file that could not be read.
    pub(crate) fn unread(&self, id: SourceId, diagnostic: &Diagnostic) {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.files.push((id, key_of_unread(diagnostic)));
    }

    /// Keeps what the scan learnt and, where it read every file of the tree, what it said.
    pub(crate) fn keep(self, cache: &dyn Cache, prints: Fingerprints<'_>, listing: &Listing, report: &Report) {
        let Learnt { mut files, texts } = self.learnt.into_inner().unwrap_or_else(PoisonError::into_inner);
        files.sort_unstable_by_key(|(id, _)| *id);
        if let Ok(bytes) = postcard::to_allocvec(&(prints.rules, &texts)) {
            cache.put(TEXTS, &bytes);
        }
        let keys: Vec<Key> = files.into_iter().map(|(_, key)| key).collect();
        if keys.len() == listing.files.len()
            && let Ok(report) = postcard::to_allocvec(&(report, report.tallies.values().collect::<Vec<_>>()))
        {
            let mut record = key_of_tree(prints.all, listing, &keys).to_vec();
            record.extend(report);
            cache.put(REPORT, &record);
        }
    }
}

/// Hashes of what answers hang on besides the files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fingerprints<'a> {
    /// Rules with their parameters, as far as they are asked.
    pub(crate) rules: &'a str,
    /// These, packs, settings, advisories and the day.
    pub(crate) all: &'a str,
}
