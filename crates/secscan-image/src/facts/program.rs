//! The parts that a program was linked from, as Go's linker and cargo-auditable leave them in it.

use std::io::Read;

use memchr::memmem;
use object::{Object, ObjectSection};

/// What stands behind the path of a program that Go linked.
pub(crate) const GO: &str = "!go-modules";
/// What stands behind the path of a program that cargo-auditable built.
pub(crate) const CARGO: &str = "!cargo-packages.json";

/// The most text that is taken out of a program.
const LARGEST: u64 = 8 * 1024 * 1024;
/// The section that cargo-auditable writes (its `PARSING.md`).
const SECTION: &str = ".dep-v0";

/// Whether bytes begin a program: ELF, PE or Mach-O.
pub(crate) fn is_program(bytes: &[u8]) -> bool {
    const MAGICS: &[&[u8]] = &[b"\x7FELF", b"MZ", b"\xCF\xFA\xED\xFE", b"\xCE\xFA\xED\xFE"];
    MAGICS.iter().any(|magic| bytes.starts_with(magic))
}

/// Go's version and modules, as `go version -m` prints them.
pub(crate) fn go(bytes: &[u8]) -> Option<String> {
    memmem::find_iter(bytes, MAGIC).find_map(|at| build_info(bytes.get(at..)?))
}

/// What the block of build information begins with (Go's `debug/buildinfo`).
const MAGIC: &[u8] = b"\xFF Go buildinf:";

/// Two texts behind a header of 32 bytes, each with its length in front (since Go 1.18); the second stands between marks.
fn build_info(block: &[u8]) -> Option<String> {
    const HEADER: usize = 32;
    const FLAGS: usize = 15;
    const TEXTS_FOLLOW: u8 = 2;
    const MARK: usize = 16;
    if block.get(FLAGS)? & TEXTS_FOLLOW == 0 {
        return None;
    }
    let (version, rest) = text(block.get(HEADER..)?)?;
    let (modules, _) = text(rest)?;
    let version = std::str::from_utf8(version).ok().filter(|version| version.starts_with("go"))?;
    let modules = modules.get(MARK..modules.len().checked_sub(MARK)?).unwrap_or_default();
    Some(format!("go\t{version}\n{}", String::from_utf8_lossy(modules)))
}

/// A text with its length in front, as a varint of seven bits a byte, and what follows it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        length |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            let length = usize::try_from(length).ok().filter(|length| *length as u64 <= LARGEST)?;
            return bytes.get(index + 1..)?.split_at_checked(length);
        }
    }
    None
}

/// The packages that cargo-auditable lists, as its JSON.
pub(crate) fn cargo(bytes: &[u8]) -> Option<String> {
    // To look for the section's name is faster than to parse every program.
    memmem::find(bytes, SECTION.as_bytes())?;
    let file = object::File::parse(bytes).ok()?;
    let packed = file.section_by_name(SECTION)?.data().ok()?.to_vec();
    let mut json = String::new();
    flate2::read::ZlibDecoder::new(&*packed).take(LARGEST).read_to_string(&mut json).ok()?;
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(flags: u8, modules: &[u8]) -> Vec<u8> {
        let mut block = [&b"\x7FELF junk"[..], MAGIC, &[8, flags], &[0; 16]].concat();
        block.extend([&[8][..], b"go1.22.1", &[modules.len() as u8], modules, b"more"].concat());
        block
    }

    #[test]
    fn modules_stand_behind_the_header() {
        let modules = [&[b'm'; 16][..], b"dep\ta\tv1\n", &[b'm'; 16]].concat();
        assert_eq!(go(&block(2, &modules)).as_deref(), Some("go\tgo1.22.1\ndep\ta\tv1\n"));
        assert_eq!(go(&block(0, &modules)), None, "older programs have addresses there");
        let whole = block(2, &modules);
        for cut in 0..whole.len() - 5 {
            assert_eq!(go(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(cargo(b"\x7FELF .dep-v0"), None);
    }
}
