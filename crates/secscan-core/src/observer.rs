//! Progress of a scan, for whoever wants to show or time it. Findings never travel this way.

/// A stage of a scan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Listing the files of the tree.
    List,
    /// Reading and parsing files, one by one.
    Read,
    /// Evaluating what only a whole folder makes sense of.
    Evaluate,
    /// Joining everything and finding references.
    Link,
    /// Asking the rules.
    Judge,
    /// Resolving places, suppressions, controls.
    Report,
}

impl Stage {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Evaluate => "evaluate",
            Self::Link => "link",
            Self::Judge => "judge",
            Self::Report => "report",
        }
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// A stage begins; the one before it is over.
    Begin(Stage),
    /// The number of files to read is known.
    Files(u64),
    /// One more file was read.
    FileRead,
}

/// Who is told of progress; called from many threads.
pub trait Observer: Sync {
    /// Something happened.
    fn event(&self, event: Event);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: Event) {}
}
