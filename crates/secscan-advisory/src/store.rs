//! The advisory store: one file that is opened in milliseconds and read only where it is asked.
//!
//! ```text
//! magic (16 bytes) | version u32 | header length u32 | index entries u64 | body length u64 | check (16 bytes)
//! header (postcard)
//! index: entries of (hash of ecosystem and package u64, affected u32, advisory u32), sorted; the numbers are offsets
//! body: blobs, each with its length (u32) in front: an advisory, then what it says of each package
//! ```
//!
//! All numbers are little-endian. The check covers header and index, which are read at once; the digest in the header
//! covers the body, which is only read as a whole by [`Store::verify`].

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use secscan_model::source::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Advisory, Affected, Ecosystem};

/// What a store begins with.
const MAGIC: &[u8; 16] = b"secscan advisory";
/// Raised whenever the layout changes; older stores are refused, since a new one is one import away.
const VERSION: u32 = 1;
/// How long the part before the header is.
const PREAMBLE: usize = 16 + 4 + 4 + 8 + 8 + 16;
/// How long an entry of the index is.
const ENTRY: usize = 8 + 4 + 4;
/// How many bytes are read at first of a blob whose length is not known yet: most are shorter.
const FIRST_READ: u64 = 1024;

/// A store that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another kind of file.
    #[error("this is no advisory store")]
    Foreign,
    /// The layout of another version of secscan.
    #[error("this store was written by another version of secscan (layout {0}); import the advisories again")]
    Version(u32),
    /// The file ends early, or goes on.
    #[error("the store is damaged: {actual} bytes where {expected} are due; import the advisories again")]
    Length {
        /// How long the file should be.
        expected: u64,
        /// How long it is.
        actual: u64,
    },
    /// Something in it does not decode, or does not have the check sum that it should have.
    #[error("the store is damaged ({0}); import the advisories again")]
    Damaged(&'static str),
    /// More than the layout can hold.
    #[error("the advisories take more than 4 GiB")]
    TooLarge,
    /// The file cannot be read.
    #[error("the store cannot be read")]
    Io(#[from] io::Error),
}

/// What a store says of itself.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct About {
    /// How many advisories it holds.
    pub advisories: u64,
    /// The day of the last change of any advisory in it, `YYYY-MM-DD`; empty when it holds none.
    pub modified: String,
    /// A hash of what it holds, in hexadecimal.
    pub digest: String,
    /// How many advisories there are by ecosystem (`npm`, `Debian:12`), with the day of the last change.
    pub ecosystems: BTreeMap<String, Share>,
}

/// What a store holds of one ecosystem.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Share {
    /// How many advisories.
    pub advisories: u64,
    /// The day of the last change of one of them, `YYYY-MM-DD`.
    pub modified: String,
}

/// Advisories in memory, by id: what a store is written from.
pub type Advisories = BTreeMap<String, (Advisory, Vec<Affected>)>;

/// An open store. Asking it is cheap, and may be done from several threads.
pub struct Store {
    file: Mutex<Box<dyn Bytes>>,
    about: About,
    index: Vec<Entry>,
    body: u64,
    body_length: u64,
}

trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Entry {
    hash: u64,
    affected: u32,
    advisory: u32,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("about", &self.about).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a store: reads its header and index.
    ///
    /// # Errors
    /// A file of another kind or version, one that was cut short, or one that cannot be read.
    pub fn open(mut file: impl Read + Seek + Send + 'static) -> Result<Self, StoreError> {
        let actual = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut preamble = Vec::with_capacity(PREAMBLE);
        (&mut file).take(PREAMBLE as u64).read_to_end(&mut preamble)?;
        let mut fields = Fields(&preamble);
        if fields.take(MAGIC.len()) != Some(MAGIC) {
            return Err(StoreError::Foreign);
        }
        let short = || StoreError::Length { expected: PREAMBLE as u64, actual };
        let version = fields.u32().ok_or_else(short)?;
        if version != VERSION {
            return Err(StoreError::Version(version));
        }
        let (header, entries) = (fields.u32().ok_or_else(short)?, fields.u64().ok_or_else(short)?);
        let (body_length, check) = (fields.u64().ok_or_else(short)?, fields.take(16).ok_or_else(short)?);
        let front = entries.saturating_mul(ENTRY as u64).saturating_add(u64::from(header));
        let body = front.saturating_add(PREAMBLE as u64);
        let expected = body.saturating_add(body_length);
        if actual != expected {
            return Err(StoreError::Length { expected, actual });
        }
        let mut bytes = Vec::with_capacity(front as usize);
        (&mut file).take(front).read_to_end(&mut bytes)?;
        if check_of(&bytes) != check {
            return Err(StoreError::Damaged("its index does not have its check sum"));
        }
        let (header, index) = bytes.split_at(header as usize);
        let about = decode(header)?;
        let index = index.chunks_exact(ENTRY).filter_map(Entry::read).collect();
        Ok(Self { file: Mutex::new(Box::new(file)), about, index, body, body_length })
    }

    /// What the store says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whether the store holds anything about an ecosystem, as [`Ecosystem::key`] writes it: where it does not, nothing
    /// can be said of its packages.
    pub fn covers(&self, ecosystem: &str) -> bool {
        self.about.ecosystems.contains_key(ecosystem)
    }

    /// The advisories about a package, each with what it says of its versions. Both names are taken as OSV writes them.
    ///
    /// # Errors
    /// A store that cannot be read any more.
    pub(crate) fn about_package(&self, ecosystem: &str, package: &str) -> Result<Vec<(Affected, u32)>, StoreError> {
        let Some(known) = Ecosystem::named(ecosystem) else { return Ok(Vec::new()) };
        let (key, name) = (Ecosystem::key(ecosystem), known.normal_name(package));
        let hash = hash(&key, &name);
        let first = self.index.partition_point(|entry| entry.hash < hash);
        let mut found = Vec::new();
        for entry in self.index[first..].iter().take_while(|entry| entry.hash == hash) {
            let affected: Affected = self.blob(entry.affected)?;
            if affected.ecosystem == key && affected.package == name {
                found.push((affected, entry.advisory));
            }
        }
        Ok(found)
    }

    /// The advisory at an offset that [`Store::about_package`] gave.
    pub(crate) fn advisory(&self, offset: u32) -> Result<Advisory, StoreError> {
        self.blob(offset)
    }

    /// Reads one blob of the body.
    fn blob<T: DeserializeOwned>(&self, offset: u32) -> Result<T, StoreError> {
        let offset = u64::from(offset);
        let rest = self.body_length.saturating_sub(offset);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.body + offset))?;
        let mut bytes = Vec::with_capacity(FIRST_READ as usize);
        file.by_ref().take(rest.min(FIRST_READ)).read_to_end(&mut bytes)?;
        let length = Fields(&bytes).u32().ok_or(StoreError::Damaged("it ends within an entry"))?;
        let end = u64::from(length) + 4;
        if end > rest {
            return Err(StoreError::Damaged("an entry is longer than the store"));
        }
        let missing = end.saturating_sub(bytes.len() as u64);
        file.by_ref().take(missing).read_to_end(&mut bytes)?;
        decode(bytes.get(4..end as usize).unwrap_or_default())
    }

    /// Everything that the store holds; its digest is compared on the way.
    ///
    /// # Errors
    /// A store whose content is not what it was written as.
    pub fn verify(&self) -> Result<Advisories, StoreError> {
        let mut body = Vec::with_capacity(self.body_length as usize);
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.body))?;
            file.by_ref().take(self.body_length).read_to_end(&mut body)?;
        }
        if digest_of(&body) != self.about.digest {
            return Err(StoreError::Damaged("its content does not have its digest"));
        }
        let mut fields = Fields(&body);
        let mut all = Advisories::new();
        while !fields.0.is_empty() {
            let damaged = || StoreError::Damaged("it ends within an entry");
            let (advisory, count): (Advisory, u32) = decode(fields.blob().ok_or_else(damaged)?)?;
            let affected = (0..count).map(|_| decode(fields.blob().ok_or_else(damaged)?));
            let affected = affected.collect::<Result<Vec<Affected>, StoreError>>()?;
            all.insert(advisory.id.clone(), (advisory, affected));
        }
        Ok(all)
    }
}

/// Writes advisories as a store. The same advisories make the same bytes.
///
/// # Errors
/// More than 4 GiB of them.
pub(crate) fn encode(advisories: &Advisories) -> Result<Vec<u8>, StoreError> {
    let mut body = Vec::new();
    let mut index = Vec::new();
    let mut about = About { advisories: advisories.len() as u64, ..About::default() };
    for (advisory, affected) in advisories.values() {
        let at = u32::try_from(body.len()).map_err(|_| StoreError::TooLarge)?;
        // The number behind an advisory is read by whoever reads all; a postcard reader of the advisory stops before.
        append(&mut body, &(advisory, affected.len() as u32))?;
        about.modified = about.modified.max(advisory.modified.clone());
        let mut ecosystems: Vec<&str> = Vec::new();
        for affected in affected {
            let offset = u32::try_from(body.len()).map_err(|_| StoreError::TooLarge)?;
            append(&mut body, affected)?;
            index.push(Entry { hash: hash(&affected.ecosystem, &affected.package), affected: offset, advisory: at });
            ecosystems.push(&affected.ecosystem);
        }
        ecosystems.sort_unstable();
        ecosystems.dedup();
        for ecosystem in ecosystems {
            let share = about.ecosystems.entry(ecosystem.to_owned()).or_default();
            share.advisories += 1;
            share.modified = share.modified.clone().max(advisory.modified.clone());
        }
    }
    u32::try_from(body.len()).map_err(|_| StoreError::TooLarge)?;
    about.digest = digest_of(&body);
    index.sort_unstable();
    let mut front = postcard::to_stdvec(&about).map_err(|_| StoreError::Damaged("a header does not encode"))?;
    let header = front.len() as u32;
    index.iter().for_each(|entry| entry.write(&mut front));
    let mut store = Vec::with_capacity(PREAMBLE + front.len() + body.len());
    store.extend(MAGIC);
    store.extend(VERSION.to_le_bytes());
    store.extend(header.to_le_bytes());
    store.extend((index.len() as u64).to_le_bytes());
    store.extend((body.len() as u64).to_le_bytes());
    store.extend(check_of(&front));
    store.append(&mut front);
    store.append(&mut body);
    Ok(store)
}

fn append<T: Serialize>(body: &mut Vec<u8>, value: &T) -> Result<(), StoreError> {
    let bytes = postcard::to_stdvec(value).map_err(|_| StoreError::Damaged("an advisory does not encode"))?;
    body.extend(u32::try_from(bytes.len()).map_err(|_| StoreError::TooLarge)?.to_le_bytes());
    body.extend(bytes);
    Ok(())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    // What follows the value is not its own: see `encode`.
    let decoded = postcard::take_from_bytes(bytes).map(|(value, _)| value);
    decoded.map_err(|_| StoreError::Damaged("an entry does not decode"))
}

fn digest_of(body: &[u8]) -> String {
    let mut digest = Digest::default();
    digest.update(body);
    digest.hex().to_string()
}

/// Half of the digest's letters: enough to notice damage.
fn check_of(front: &[u8]) -> [u8; 16] {
    let digest = digest_of(front);
    std::array::from_fn(|index| digest.as_bytes().get(index).copied().unwrap_or_default())
}

/// FNV-1a of both names, with a zero between them. Two packages of one hash are told apart by their names.
fn hash(ecosystem: &str, package: &str) -> u64 {
    let bytes = ecosystem.bytes().chain([0]).chain(package.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Entry {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        Some(Self { hash: fields.u64()?, affected: fields.u32()?, advisory: fields.u32()? })
    }

    fn write(self, into: &mut Vec<u8>) {
        into.extend(self.hash.to_le_bytes());
        into.extend(self.affected.to_le_bytes());
        into.extend(self.advisory.to_le_bytes());
    }
}

/// Numbers and blobs, one behind the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn blob(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::advisory::{End, Range};
    use crate::rating;

    fn advisories() -> Advisories {
        let advisory = |id: &str, modified: &str| Advisory {
            id: id.to_owned(),
            aliases: vec!["CVE-2026-0001".into()],
            summary: "Too long. ".repeat(200),
            modified: modified.to_owned(),
            rating: rating::rate([], []),
            notice: None,
        };
        let affected = |ecosystem: &str, package: &str| Affected {
            ecosystem: ecosystem.to_owned(),
            package: package.to_owned(),
            ranges: vec![Range { introduced: None, end: End::Fixed("1.0.0".into()) }],
            ..Affected::default()
        };
        let all = [
            (
                advisory("GHSA-2", "2026-01-02"),
                vec![affected("npm", "a"), affected("npm", "b"), affected("PyPI", "a-b")],
            ),
            (advisory("GHSA-1", "2026-01-03"), vec![affected("npm", "a")]),
        ];
        all.into_iter().map(|(advisory, affected)| (advisory.id.clone(), (advisory, affected))).collect()
    }

    fn open(bytes: Vec<u8>) -> Result<Store, StoreError> {
        Store::open(Cursor::new(bytes))
    }

    #[test]
    fn what_is_written_is_found() {
        let all = advisories();
        let store = open(encode(&all).unwrap()).unwrap();
        assert_eq!(store.about().advisories, 2);
        assert_eq!(store.about().modified, "2026-01-03");
        assert_eq!(store.about().ecosystems["npm"], Share { advisories: 2, modified: "2026-01-03".into() });
        let ids = |ecosystem: &str, package: &str| {
            let found = store.about_package(ecosystem, package).unwrap();
            let mut ids: Vec<_> = found.iter().map(|(_, at)| store.advisory(*at).unwrap().id).collect();
            ids.sort();
            ids
        };
        assert_eq!(ids("npm", "a"), ["GHSA-1", "GHSA-2"]);
        assert_eq!(ids("PyPI", "A_b"), ["GHSA-2"]);
        assert!(ids("npm", "c").is_empty() && ids("Go", "a").is_empty());
        assert!(store.covers("npm") && !store.covers("Go"));
        assert_eq!(store.verify().unwrap(), all);
    }

    #[test]
    fn an_empty_store_opens() {
        let store = open(encode(&Advisories::new()).unwrap()).unwrap();
        assert_eq!(store.about().advisories, 0);
        assert!(store.verify().unwrap().is_empty());
    }

    #[test]
    fn foreign_and_damaged_files_are_refused_with_a_reason() {
        let bytes = encode(&advisories()).unwrap();
        for length in 0..bytes.len() {
            let error = open(bytes[..length].to_vec()).unwrap_err();
            match length {
                0..16 => assert!(matches!(error, StoreError::Foreign), "{length}: {error}"),
                _ => assert!(matches!(error, StoreError::Length { .. }), "{length}: {error}"),
            }
        }
        assert!(matches!(open(b"PK\x03\x04 something else altogether".to_vec()), Err(StoreError::Foreign)));
        let mut newer = bytes.clone();
        newer[16] = 9;
        assert!(matches!(open(newer), Err(StoreError::Version(9))));
        for at in PREAMBLE..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            // Damage is found at once in the index, and in the body when it is read; it never panics.
            if let Ok(store) = open(damaged) {
                drop(store.about_package("npm", "a").map(|found| found.len()));
                assert!(matches!(store.verify(), Err(StoreError::Damaged(_))), "byte {at}");
            }
        }
    }
}
