//! How much of an image is read at the most. Each limit that is reached is a diagnostic.

/// Paths of an image, those of hidden files included.
pub(crate) const MOST_FILES: usize = 1_000_000;

/// Unpacked bytes of an image: 64 GiB.
pub(crate) const MOST_UNPACKED: u64 = 64 << 30;

/// Bytes that are kept for reading again: 8 GiB.
pub(crate) const MOST_KEPT: u64 = 8 << 30;

/// The largest package database that is kept: 128 MiB.
pub(crate) const LARGEST_DATABASE: u64 = 128 << 20;

/// The largest program that is looked into: 96 MiB.
pub(crate) const LARGEST_PROGRAM: u64 = 96 << 20;

/// How many diagnostics a layer may give; what follows is counted.
pub(crate) const MOST_DIAGNOSTICS: usize = 100;

/// How many bytes a blob of `packed` bytes may unpack to, when `left` are allowed in all: real layers stay below twenty
/// times their size, files full of zeros aside; what gets to two hundred times is made to fill disks.
pub(crate) fn unpacked(packed: u64, left: u64) -> u64 {
    const ALWAYS: u64 = 16 << 20;
    const RATIO: u64 = 200;
    packed.saturating_mul(RATIO).saturating_add(ALWAYS).min(left)
}
