//! Where the records of earlier scans lie: two files for each set of targets, in a folder of the user.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use secscan_core::Cache;
use secscan_model::source::{Digest, digest_of};

use crate::args::CacheArguments;
use crate::targets;

/// Records that no scan has renewed for so long are removed.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// No record is larger: reading it would take longer than scanning, and disks fill.
const LARGEST: usize = 64 << 20;

/// The end of the names of records.
const ENDING: &str = "secscan-cache";

/// The records of one set of targets.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: PathBuf,
    /// What tells these targets from others.
    targets: String,
    /// What tells this build of the program from others: they may judge otherwise.
    program: String,
}

/// The records for a scan; none where nothing is to be kept, and for targets that are not on disk.
pub(crate) fn of(arguments: &CacheArguments, targets: &[String]) -> Option<Folder> {
    let folder = folder(arguments)?;
    let paths = targets::on_disk(targets)?;
    let here = std::env::current_dir().ok()?;
    Some(Folder { folder, targets: digest_of(&[&format!("{here:?} {paths:?}")]).to_string(), program: program()? })
}

fn folder(arguments: &CacheArguments) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if arguments.no_cache {
        return None;
    }
    let named = arguments.cache_dir.clone().or_else(|| variable("SECSCAN_CACHE"));
    named.or_else(|| match variable("CI") {
        Some(_) => None,
        None => user_folder().map(|folder| folder.join("secscan")),
    })
}

/// Where programs keep what they can make again: `XDG_CACHE_HOME`, else the platform's own place.
fn user_folder() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    variable("XDG_CACHE_HOME").or_else(|| {
        if cfg!(windows) {
            variable("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            variable("HOME").map(|home| home.join("Library/Caches"))
        } else {
            variable("HOME").map(|home| home.join(".cache"))
        }
    })
}

/// What tells this build from others: a version alone stays the same while somebody works on the program.
fn program() -> Option<String> {
    let metadata = std::env::current_exe().and_then(|path| path.metadata()).ok()?;
    Some(format!("{} {} {:?}", env!("CARGO_PKG_VERSION"), metadata.len(), metadata.modified().ok()?))
}

impl Folder {
    fn file(&self, record: &str) -> PathBuf {
        self.folder.join(format!("{}.{record}.{ENDING}", self.targets))
    }

    /// What stands in front of a record: a hash of the program and the record.
    fn seal(&self, record: &[u8]) -> [u8; 16] {
        let mut digest = Digest::default();
        digest.update(self.program.as_bytes());
        digest.update(record);
        digest.key()
    }

    fn write(&self, record: &str, bytes: &[u8]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let file = self.file(record);
        let part = self.folder.join(format!("{}.{record}.{}.part.{ENDING}", self.targets, std::process::id()));
        let sealed = [&self.seal(bytes)[..], bytes].concat();
        let written = write_private(&part, &sealed).and_then(|()| std::fs::rename(&part, &file));
        if written.is_err() {
            // What could not be written must not fill the disk either.
            drop(std::fs::remove_file(&part));
        }
        written
    }

    /// Removes records that nobody has renewed for long.
    fn prune(&self) -> std::io::Result<()> {
        let oldest = SystemTime::now().checked_sub(KEPT);
        for entry in std::fs::read_dir(&self.folder)?.flatten() {
            let is_old = entry.metadata().and_then(|metadata| metadata.modified()).ok() < oldest;
            if is_old && entry.file_name().to_string_lossy().ends_with(ENDING) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

impl Cache for Folder {
    fn get(&self, record: &str) -> Option<Vec<u8>> {
        let file = self.file(record);
        if file.metadata().ok()?.len() > (LARGEST + 16) as u64 {
            return None;
        }
        let mut sealed = std::fs::read(file).ok()?;
        let bytes = sealed.get(16..)?;
        if sealed[..16] != self.seal(bytes) {
            return None;
        }
        sealed.drain(..16);
        Some(sealed)
    }

    fn put(&self, record: &str, bytes: &[u8]) {
        // A scan is as right without: it takes longer next time.
        if bytes.len() > LARGEST {
            return;
        }
        drop(self.write(record, bytes).and_then(|()| self.prune()));
    }
}

/// Writes a file that only its user may read: reports quote the lines of private code.
fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(file)?, bytes)
}
