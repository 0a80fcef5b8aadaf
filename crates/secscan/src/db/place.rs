//! Where the advisory store lies, and how it is opened and replaced.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use secscan_advisory::Store;

use crate::args::StoreArguments;

/// The store that is meant: the one that is named, else that of the user.
pub(crate) fn of(arguments: &StoreArguments) -> anyhow::Result<PathBuf> {
    match named(arguments) {
        Some(file) => Ok(file),
        None => data_folder()
            .map(|folder| folder.join("secscan").join("advisories.db"))
            .context("there is no folder for the advisory store: name a file with --db or SECSCAN_DB"),
    }
}

/// The store for a scan; none when nobody named one and the user has none.
pub(crate) fn for_scan(arguments: &StoreArguments) -> anyhow::Result<Option<Store>> {
    if let Some(file) = named(arguments) {
        return open(&file)?.map(Some).with_context(|| absent(&file));
    }
    // Without a folder for it there is no store either, and the scan says so.
    of(arguments).map_or(Ok(None), |file| open(&file))
}

/// The store that `--db` names, else `SECSCAN_DB`. An empty name is none: that is how variables are switched off.
fn named(arguments: &StoreArguments) -> Option<PathBuf> {
    let variable = || std::env::var_os("SECSCAN_DB").map(PathBuf::from).filter(|file| !file.as_os_str().is_empty());
    arguments.db.clone().or_else(variable)
}

/// What to say when there is no store.
pub(crate) fn absent(file: &Path) -> String {
    format!("there is no advisory store at {}; `secscan db import PATH` makes one", file.display())
}

/// Opens a store; none when there is no such file.
pub(crate) fn open(file: &Path) -> anyhow::Result<Option<Store>> {
    match File::open(file) {
        Ok(opened) => Store::open(opened).map(Some).with_context(|| format!("{}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Puts new bytes in the place of a store: whoever reads sees the old one or the new one, and a failure leaves the old.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let part = Part::beside(file)?;
    let failed = || format!("cannot write {}", part.path.display());
    let mut opened = part.file()?;
    opened.write_all(bytes).with_context(failed)?;
    opened.sync_all().with_context(failed)?;
    drop(opened);
    std::fs::rename(&part.path, file).with_context(|| format!("cannot replace {}", file.display()))
}

/// A file in the folder of the store that is on its way; it is removed when it is dropped.
pub(crate) struct Part {
    path: PathBuf,
}

impl Part {
    /// A new, empty file beside a store.
    pub(crate) fn beside(store: &Path) -> anyhow::Result<Self> {
        let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let name = store.file_name().context("a store is a file")?.to_string_lossy();
        let path = folder.join(format!(".{name}.{}.part", std::process::id()));
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path })
    }

    /// The file, open from its beginning.
    pub(crate) fn file(&self) -> anyhow::Result<File> {
        let opened = OpenOptions::new().read(true).write(true).open(&self.path);
        opened.with_context(|| format!("cannot open {}", self.path.display()))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After a store was replaced there is nothing left to remove.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Where programs keep a user's data: `XDG_DATA_HOME`, else the platform's own place.
fn data_folder() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    variable("XDG_DATA_HOME").or_else(|| {
        if cfg!(windows) {
            variable("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            variable("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            variable("HOME").map(|home| home.join(".local/share"))
        }
    })
}
