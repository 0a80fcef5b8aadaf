//! One layer, streamed: checked, unpacked, and its members put where they belong.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Platform};

use crate::digest::Check;
use crate::limits;
use crate::manifest::Layer;
use crate::merge::{Added, Content, Merge, Node};
use crate::spool::Spool;
use crate::tar_stream::{Forward, Member, MemberKind, TarStream};
use crate::{compression, facts};

/// How much is read at once.
const CHUNK: usize = 128 * 1024;
/// Where a zero byte makes a file binary, as everywhere in secscan.
const BINARY_WINDOW: usize = 8 * 1024;

/// Older databases of installed packages, which are known so that nobody takes them for none.
static OLD_DATABASES: &[&str] = &[
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
];

/// What all layers of an image share while they are read.
pub(crate) struct Intake {
    pub(crate) merge: Merge,
    pub(crate) spool: Spool,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Files that are neither text nor anything that is read, and their bytes.
    pub(crate) binaries: (u64, u64),
    largest_file: u64,
    /// Unpacked bytes that may still come.
    left: u64,
    buffer: Vec<u8>,
    /// Room for the bytes of one program at a time.
    program: Vec<u8>,
}

impl Intake {
    pub(crate) fn new(largest_file: u64) -> io::Result<Self> {
        Ok(Self {
            merge: Merge::default(),
            spool: Spool::new()?,
            diagnostics: Vec::new(),
            binaries: (0, 0),
            largest_file,
            left: limits::MOST_UNPACKED,
            buffer: vec![0; CHUNK],
            program: Vec::new(),
        })
    }

    /// Reads one layer. What is wrong with it becomes diagnostics; what came before that counts.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn read(&mut self, layer: &Layer, number: u32, packed: &mut dyn Read) -> io::Result<()> {
        let mut reading = Reading { intake: self, number, name: layer.shown_digest(), said: 0, unsaid: 0 };
        let mut outer = Check::new(layer.digest.as_ref(), layer.size.unwrap_or(u64::MAX));
        let limit = limits::unpacked(layer.size.unwrap_or(u64::MAX), reading.intake.left);
        let mut inner = Check::new(layer.diff_id.as_ref(), limit);
        let outcome = reading.unpack(&mut outer.reader(packed), &mut inner);
        let unpacked = inner.count;
        let outcome = match outcome {
            Err(Failure::Spool(error)) => return Err(error),
            Err(Failure::Layer(_)) if inner.overflowed => {
                reading.say(
                    DiagnosticKind::Limit,
                    &format!("it unpacks to more than {limit} bytes; the rest was not read"),
                );
                Ok(0)
            }
            Err(Failure::Layer(error)) => Err(error),
            Ok(()) => {
                inner.finish().unwrap_or_else(|why| reading.say(DiagnosticKind::Unreadable, &why));
                Ok(0)
            }
        };
        // Behind the end of the packed stream there may be padding, which the digest covers.
        let drained = io::copy(&mut outer.reader(packed), &mut io::sink());
        match outcome.and(drained) {
            // That there is too much says the check itself.
            _ if outer.overflowed => {}
            Err(error) => {
                let message = format!("it breaks off ({error}); what came before was read");
                reading.say(DiagnosticKind::Unreadable, &message);
            }
            Ok(_) if layer.size.is_some_and(|size| size > outer.count) => {
                let message = format!("it has {} bytes, fewer than the image says", outer.count);
                reading.say(DiagnosticKind::Unreadable, &message);
            }
            Ok(_) => {}
        }
        outer.finish().unwrap_or_else(|why| reading.say(DiagnosticKind::Unreadable, &why));
        reading.finish();
        self.left = self.left.saturating_sub(unpacked);
        Ok(())
    }

    /// Notes a layer that cannot be had.
    pub(crate) fn missing(&mut self, layer: &Layer, number: u32, error: &io::Error) {
        let mut reading = Reading { intake: self, number, name: layer.shown_digest(), said: 0, unsaid: 0 };
        reading.say(DiagnosticKind::Unreadable, &format!("it cannot be read: {error}"));
    }
}

/// Why a layer is not read on.
enum Failure {
    /// The stream is broken.
    Layer(io::Error),
    /// The temporary file is.
    Spool(io::Error),
}

/// One layer being read.
struct Reading<'a> {
    intake: &'a mut Intake,
    number: u32,
    name: Arc<str>,
    /// Diagnostics that were given, and those that were too many.
    said: usize,
    unsaid: usize,
}

impl Reading<'_> {
    fn unpack(&mut self, packed: &mut dyn Read, inner: &mut Check) -> Result<(), Failure> {
        let mut unpacked = compression::unpack(packed).map_err(Failure::Layer)?;
        let stream = BufReader::with_capacity(CHUNK, inner.reader(&mut *unpacked));
        let mut tar = TarStream::new(Forward(stream));
        while let Some(member) = tar.next().map_err(Failure::Layer)? {
            if self.intake.merge.len() >= limits::MOST_FILES {
                let message = format!("the image has more than {} files; the rest was not read", limits::MOST_FILES);
                self.say(DiagnosticKind::Limit, &message);
                break;
            }
            self.member(&member, &mut tar)?;
        }
        tar.drain().map_err(Failure::Layer)
    }

    fn member<R: Read>(&mut self, member: &Member, tar: &mut TarStream<Forward<R>>) -> Result<(), Failure> {
        let Some(path) = clean(&member.path) else {
            self.say_of(&member.path, DiagnosticKind::Skipped, "its name leads out of the image");
            return Ok(());
        };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if let Some(hidden) = name.strip_prefix(".wh.") {
            match hidden {
                ".wh..opq" => self.intake.merge.opaque(folder, self.number),
                // What AUFS keeps for itself.
                _ if hidden.starts_with(".wh.") => {}
                _ if folder.is_empty() => self.intake.merge.whiteout(hidden, self.number),
                _ => self.intake.merge.whiteout(&format!("{folder}/{hidden}"), self.number),
            }
            return Ok(());
        }
        if path.is_empty() {
            return Ok(());
        }
        let node = match member.kind {
            MemberKind::Directory => Node::Directory,
            MemberKind::File => Node::File(self.content(&path, member.size, tar)?),
            MemberKind::SymbolicLink => Node::SymbolicLink(String::from_utf8_lossy(&member.link).into()),
            MemberKind::HardLink => match clean(&member.link).and_then(|to| self.intake.merge.file(&to)) {
                Some(node) => node,
                None => {
                    let message = "it is a hard link to nothing in the image";
                    self.say_of(&member.path, DiagnosticKind::Skipped, message);
                    return Ok(());
                }
            },
            MemberKind::Sparse => {
                self.say_of(&member.path, DiagnosticKind::Unreadable, "it is a file with holes, which are not read");
                Node::File(Content::Lost)
            }
            MemberKind::Special => {
                self.say_of(&member.path, DiagnosticKind::Skipped, "it is a device or something else special");
                return Ok(());
            }
        };
        if self.intake.merge.add(&path, node, self.number) == Added::Twice {
            let message = "the layer has it more than once: the last one counts, all were searched";
            self.say_of(&member.path, DiagnosticKind::Ambiguous, message);
        }
        Ok(())
    }

    /// Keeps a file when somebody may read it.
    fn content<R: Read>(&mut self, path: &str, size: u64, tar: &mut TarStream<Forward<R>>) -> Result<Content, Failure> {
        let intake = &mut *self.intake;
        let count = tar.fill(&mut intake.buffer).map_err(Failure::Layer)?;
        let first = intake.buffer.get(..count).unwrap_or_default();
        let is_binary = memchr::memchr(0, first.get(..BINARY_WINDOW).unwrap_or(first)).is_some();
        let is_database =
            OLD_DATABASES.contains(&path) || facts::rpm::DATABASES.contains(&path.strip_suffix("-wal").unwrap_or(path));
        if is_binary && !is_database {
            if size <= limits::LARGEST_PROGRAM && facts::program::is_program(first) {
                return self.program(count, size, tar);
            }
            intake.binaries.0 += 1;
            intake.binaries.1 += size;
            return Ok(Content::Binary);
        }
        if size > if is_database { limits::LARGEST_DATABASE } else { intake.largest_file } {
            return Ok(Content::TooLarge(size));
        }
        let start = intake.spool.end();
        if start + size > limits::MOST_KEPT {
            self.say_of(path.as_bytes(), DiagnosticKind::Limit, "the image holds too much text: it was not searched");
            return Ok(Content::Lost);
        }
        intake.spool.append(first).map_err(Failure::Spool)?;
        loop {
            match tar.fill(&mut intake.buffer) {
                Ok(0) => return Ok(Content::Kept(intake.spool.since(start))),
                Ok(count) => {
                    let bytes = intake.buffer.get(..count).unwrap_or_default();
                    intake.spool.append(bytes).map_err(Failure::Spool)?;
                }
                Err(error) => {
                    intake.spool.take_back(start).map_err(Failure::Spool)?;
                    return Err(Failure::Layer(error));
                }
            }
        }
    }

    /// Keeps what a program says of its parts. Its first bytes are in the buffer.
    fn program<R: Read>(
        &mut self,
        count: usize,
        size: u64,
        tar: &mut TarStream<Forward<R>>,
    ) -> Result<Content, Failure> {
        let intake = &mut *self.intake;
        let size = size as usize;
        if intake.program.len() < size {
            intake.program = Vec::new();
            // Rounded up, so that a row of ever larger programs asks for memory a few times only.
            intake.program = vec![0; size.next_power_of_two()];
        }
        let program = intake.program.get_mut(..size).unwrap_or_default();
        let (first, rest) = program.split_at_mut(count.min(size));
        first.copy_from_slice(intake.buffer.get(..first.len()).unwrap_or_default());
        tar.fill(rest).map_err(Failure::Layer)?;
        intake.binaries.0 += 1;
        intake.binaries.1 += program.len() as u64;
        let mut kept = |text: Option<String>| {
            let start = intake.spool.end();
            let Some(text) = text else { return Ok(None) };
            intake.spool.append(text.as_bytes()).map_err(Failure::Spool)?;
            Ok(Some(intake.spool.since(start)))
        };
        let (go, cargo) = (kept(facts::program::go(program))?, kept(facts::program::cargo(program))?);
        Ok(if go.is_none() && cargo.is_none() { Content::Binary } else { Content::Program { go, cargo } })
    }

    /// Says something of the layer as a whole: whatever it may hold has perhaps not been seen.
    fn say(&mut self, kind: DiagnosticKind, what: &str) {
        let message = format!("layer {} ({}): {what}", self.number, self.name);
        let diagnostic = Diagnostic::new(kind, message);
        let blind = [Platform::Image, Platform::Text];
        self.intake.diagnostics.push(blind.into_iter().fold(diagnostic, Diagnostic::blinds));
    }

    /// Says something of one member.
    fn say_of(&mut self, path: &[u8], kind: DiagnosticKind, what: &str) {
        if self.said >= limits::MOST_DIAGNOSTICS {
            self.unsaid += 1;
            return;
        }
        self.said += 1;
        let message = format!("{what} (layer {})", self.number);
        self.intake.diagnostics.push(Diagnostic::new(kind, message).path(String::from_utf8_lossy(path)));
    }

    fn finish(self) {
        if self.unsaid > 0 {
            let message = format!("layer {} ({}): {} more members like these", self.number, self.name, self.unsaid);
            self.intake.diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, message));
        }
    }
}

/// A member's name relative to the root of the image, without a slash at either end; none when it leads out.
fn clean(name: &[u8]) -> Option<String> {
    let name = String::from_utf8_lossy(name);
    let parts: Vec<_> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.contains(&"..")).then(|| parts.join("/"))
}
