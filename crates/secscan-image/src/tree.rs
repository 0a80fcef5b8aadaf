//! An image as a tree of files.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, ImageLayer, Listing, Origin, Platform};

use crate::facts::{program, rpm};
use crate::layer::Intake;
use crate::limits::MOST_DIAGNOSTICS;
use crate::merge::{Content, Placed};
use crate::packaged::Packaged;
use crate::spool::{Range, Spooled};
use crate::store::Image;
use crate::{CONFIG_PATH, Options, Progress, config_file};

/// The merged file system of an image. Files that later layers delete or replace are there too, under versions of
/// their own; the image's configuration is the file [`CONFIG_PATH`].
#[derive(Debug)]
pub struct ImageTree {
    reference: Arc<str>,
    listing: Listing,
    /// By path and version.
    files: BTreeMap<(Arc<str>, u32), (Range, Origin)>,
    /// Files that are not in the image as they are: its configuration, and lists made of databases.
    written: BTreeMap<Arc<str>, (Arc<[u8]>, Origin)>,
    spooled: Spooled,
}

impl ImageTree {
    /// What people call the image: its reference, or a digest.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// Reads all layers of an image.
///
/// # Errors
/// When the temporary file cannot be made or written.
pub(crate) fn read(image: Image, options: &Options<'_>) -> io::Result<ImageTree> {
    let mut intake = Intake::new(options.largest_file())?;
    let total = image.layers.iter().filter_map(|layer| layer.size).sum();
    let mut progress = Progress { read: 0, total };
    for (number, layer) in (1..).zip(&image.layers) {
        match image.blobs.open(layer) {
            Ok(packed) => {
                let mut packed = Told { inner: packed, progress: &mut progress, options, said: 0 };
                intake.read(layer, number, &mut packed)?;
            }
            Err(error) => intake.missing(layer, number, &error),
        }
    }
    let Intake { merge, spool, mut diagnostics, binaries, .. } = intake;
    let config = config_file::text(&image).map_err(|diagnostic| diagnostics.push(diagnostic)).ok();
    if binaries.0 > 0 {
        let message =
            format!("{} files ({} bytes) of the image are no text: they were not searched", binaries.0, binaries.1);
        diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, message));
    }
    let (files, hidden) = merge.finish();
    let mut tree = ImageTree {
        reference: image.reference.as_str().into(),
        listing: Listing { files: Vec::new(), diagnostics },
        files: BTreeMap::new(),
        written: BTreeMap::new(),
        spooled: spool.finish()?,
    };
    if let Some(text) = config {
        tree.write(CONFIG_PATH, text, Origin::ImageConfig);
    }
    tree.place(files, hidden, &image);
    tree.write_databases();
    tree.listing.files.sort_by(|a, b| (&a.path, a.version).cmp(&(&b.path, b.version)));
    Ok(tree)
}

impl ImageTree {
    /// Fills the listing.
    fn place(&mut self, files: Vec<Placed>, hidden: Vec<Placed>, image: &Image) {
        let mut origins = BTreeMap::new();
        let mut too_large = Vec::new();
        let mut versions: BTreeMap<Arc<str>, u32> = BTreeMap::new();
        let mut packaged = Packaged::default();
        for placed in files.into_iter().chain(hidden) {
            let range = match placed.content {
                Content::Kept(range) => range,
                Content::Program { go, cargo } if placed.gone_in.is_none() => {
                    let origin = origin(image, &placed, packaged.holds(&placed.path));
                    for (range, word) in [(go, program::GO), (cargo, program::CARGO)] {
                        let path = format!("{}{word}", placed.path);
                        range.into_iter().for_each(|range| self.keep(path.as_str().into(), 0, range, origin.clone()));
                    }
                    continue;
                }
                Content::TooLarge(size) => {
                    too_large.push((placed.path, size));
                    continue;
                }
                Content::Binary | Content::Program { .. } | Content::Lost => continue,
            };
            let version = match placed.gone_in {
                None => 0,
                Some(_) => {
                    let version = versions.entry(placed.path.clone()).or_default();
                    *version += 1;
                    *version
                }
            };
            if &*placed.path == CONFIG_PATH && version == 0 {
                let message = "a file of the image has the name of its configuration here: it was not read";
                let diagnostic = Diagnostic::new(DiagnosticKind::Ambiguous, message).path(CONFIG_PATH);
                self.listing.diagnostics.push(diagnostic);
                continue;
            }
            let packaged = packaged.holds(&placed.path);
            let origin = origins.entry((placed.layer, placed.gone_in, packaged));
            let origin = origin.or_insert_with(|| self::origin(image, &placed, packaged)).clone();
            self.keep(placed.path, version, range, origin);
        }
        self.say_too_large(&too_large);
    }

    fn keep(&mut self, path: Arc<str>, version: u32, range: Range, origin: Origin) {
        self.listing.files.push(Candidate { path: path.clone(), size: range.length, version });
        self.files.insert((path, version), (range, origin));
    }

    fn write(&mut self, path: &str, text: String, origin: Origin) {
        self.listing.files.push(Candidate::new(path, text.len() as u64));
        self.written.insert(path.into(), (text.into_bytes().into(), origin));
    }

    /// Puts lists in the place of the databases of RPM.
    fn write_databases(&mut self) {
        for path in rpm::DATABASES {
            let mut take = |path: String| {
                let file = self.files.remove(&(path.as_str().into(), 0));
                self.listing.files.retain(|file| *file.path != *path || file.version > 0);
                file.map(|(range, origin)| (self.spooled.read(range).map_err(|error| error.to_string()), origin))
            };
            let Some((database, origin)) = take((*path).to_owned()) else { continue };
            let log = take(format!("{path}-wal")).map_or_else(|| Ok(Arc::default()), |(log, _)| log);
            let list = database.and_then(|database| Ok(rpm::packages(&database, &log?)?));
            match list {
                Ok(list) => self.write(&format!("{path}{}", rpm::PACKAGES), list, origin),
                Err(why) => {
                    let message = format!("the RPM database cannot be read: {why}");
                    let diagnostic = Diagnostic::new(DiagnosticKind::Unreadable, message).path(*path);
                    self.listing.diagnostics.push(diagnostic.blinds(Platform::Package));
                }
            }
        }
    }

    fn say_too_large(&mut self, files: &[(Arc<str>, u64)]) {
        for (path, size) in files.iter().take(MOST_DIAGNOSTICS) {
            let message = format!("{size} bytes are more than `max-file-size` allows: not read");
            self.listing.diagnostics.push(Diagnostic::new(DiagnosticKind::Limit, message).path(path.clone()));
        }
        if let Some(more) = files.len().checked_sub(MOST_DIAGNOSTICS).filter(|more| *more > 0) {
            let message = format!("{more} more files are larger than `max-file-size` allows: not read");
            self.listing.diagnostics.push(Diagnostic::new(DiagnosticKind::Limit, message));
        }
    }
}

fn origin(image: &Image, placed: &Placed, packaged: bool) -> Origin {
    let layer = image.layers.get((placed.layer as usize).saturating_sub(1));
    Origin::Image(Arc::new(ImageLayer {
        number: placed.layer,
        digest: layer.map_or_else(|| "".into(), |layer| layer.shown_digest()),
        created_by: layer.map_or_else(|| "".into(), |layer| layer.created_by.clone()),
        gone_in: placed.gone_in,
        packaged,
    }))
}

impl FileTree for ImageTree {
    fn list(&self) -> Listing {
        self.listing.clone()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        let unreadable = |why: String| Diagnostic::new(DiagnosticKind::Unreadable, why).path(candidate.path.clone());
        if let Some((written, _)) = self.written.get(&candidate.path).filter(|_| candidate.version == 0) {
            return Ok(written.clone());
        }
        let known = self.files.get(&(candidate.path.clone(), candidate.version));
        let (range, _) = known.ok_or_else(|| unreadable("no such file in this image".to_owned()))?;
        self.spooled.read(*range).map_err(|error| unreadable(error.to_string()))
    }

    fn origin(&self, candidate: &Candidate) -> Origin {
        let known = self.files.get(&(candidate.path.clone(), candidate.version)).map(|(_, origin)| origin);
        let written = self.written.get(&candidate.path).map(|(_, origin)| origin);
        known.or(written).cloned().unwrap_or(Origin::ImageConfig)
    }
}

/// Tells of progress while bytes pass.
struct Told<'a, 'o> {
    inner: Box<dyn Read + 'a>,
    progress: &'a mut Progress,
    options: &'a Options<'o>,
    /// What was read when it was last told.
    said: u64,
}

impl Read for Told<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const STEP: u64 = 1024 * 1024;
        let count = self.inner.read(buffer)?;
        self.progress.read += count as u64;
        if let Some(tell) = self.options.on_progress.filter(|_| self.progress.read >= self.said + STEP) {
            self.said = self.progress.read;
            tell(*self.progress);
        }
        Ok(count)
    }
}
