//! Named files of a folder or of an archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::compression;
use crate::digest::Check;
use crate::limits;
use crate::tar_stream::{MemberKind, TarStream};

/// Files by name, with forward slashes.
pub(crate) trait Files {
    /// Opens a file.
    fn open(&self, name: &str) -> io::Result<Box<dyn Read + '_>>;
}

/// A folder on disk; links that lead out of it are not followed.
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { root: path.canonicalize()? })
    }
}

impl Files for Folder {
    fn open(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let path = self.root.join(name).canonicalize()?;
        if !path.starts_with(&self.root) {
            return Err(io::Error::other("it is a link out of the folder"));
        }
        if !path.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        Ok(Box::new(File::open(path)?))
    }
}

/// A tar archive on disk; one that is packed as a whole is unpacked into a temporary file first.
pub(crate) struct Archive {
    file: Mutex<File>,
    members: BTreeMap<String, Stored>,
}

/// Where the content of a member is.
enum Stored {
    At { offset: u64, size: u64 },
    Link(String),
}

/// How many links lead on to a file at the most.
const MOST_LINKS: u32 = 8;

impl Archive {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = unpacked(File::open(path)?)?;
        let mut tar = TarStream::new(BufReader::with_capacity(4096, file.try_clone()?));
        let mut members = BTreeMap::new();
        while let Some(member) = tar.next()? {
            if members.len() >= limits::MOST_FILES {
                return Err(io::Error::other(format!("it has more than {} members", limits::MOST_FILES)));
            }
            let name = String::from_utf8_lossy(&member.path).into_owned();
            let name = name.strip_prefix("./").unwrap_or(&name);
            let link = String::from_utf8_lossy(&member.link);
            let stored = match member.kind {
                MemberKind::File => Stored::At { offset: tar.position(), size: member.size },
                MemberKind::SymbolicLink => Stored::Link(within(name.rsplit_once('/').map_or("", |it| it.0), &link)),
                MemberKind::HardLink => Stored::Link(within("", &link)),
                MemberKind::Directory | MemberKind::Sparse | MemberKind::Special => continue,
            };
            members.insert(name.to_owned(), stored);
        }
        Ok(Self { file: Mutex::new(file), members })
    }
}

/// The archive as plain tar.
fn unpacked(mut file: File) -> io::Result<File> {
    let size = file.metadata()?.len();
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is neither a folder nor a regular file"));
    }
    let mut magic = [0; 2];
    let is_packed = file.read_exact(&mut magic).is_ok() && (magic == [0x1F, 0x8B] || magic == [0x28, 0xB5]);
    file.seek(SeekFrom::Start(0))?;
    if !is_packed {
        return Ok(file);
    }
    let mut unpacked = tempfile::tempfile()?;
    let mut check = Check::new(None, limits::unpacked(size, limits::MOST_UNPACKED));
    let outcome = io::copy(&mut check.reader(&mut compression::unpack(file)?), &mut unpacked);
    check.finish().map_err(io::Error::other)?;
    outcome?;
    unpacked.seek(SeekFrom::Start(0))?;
    Ok(unpacked)
}

/// A link's target as the name of a member: `..` at the root stays there.
fn within(folder: &str, link: &str) -> String {
    let from = if link.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(link.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

impl Archive {
    /// How many bytes a member has.
    pub(crate) fn size(&self, name: &str) -> Option<u64> {
        self.find(name).map(|(_, size)| size)
    }

    /// Where a member begins, and how many bytes it has.
    fn find<'n>(&'n self, mut name: &'n str) -> Option<(u64, u64)> {
        for _ in 0..MOST_LINKS {
            match self.members.get(name.strip_prefix("./").unwrap_or(name))? {
                Stored::At { offset, size } => return Some((*offset, *size)),
                Stored::Link(to) => name = to,
            }
        }
        None
    }
}

impl Files for Archive {
    fn open(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let missing = || io::Error::new(ErrorKind::NotFound, "there is no such member in the archive");
        let (at, left) = self.find(name).ok_or_else(missing)?;
        Ok(Box::new(Part { file: &self.file, at, left }))
    }
}

/// A range of a file, which others may read in turn.
struct Part<'a> {
    file: &'a Mutex<File>,
    at: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.left.min(buffer.len() as u64) as usize;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(buffer.get_mut(..wanted).unwrap_or_default())?;
        if count == 0 && wanted > 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
