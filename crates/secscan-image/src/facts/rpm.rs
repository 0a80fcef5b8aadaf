//! The packages of an RPM database in SQLite's format: the table `Packages`, whose blobs are package headers.
//!
//! Headers are after "RPM v4 header", <https://rpm.org/docs/latest/manual/format_header.html>: the number of entries, the size
//! of the data, entries of tag, type, offset and count, then the data.

use super::sqlite::{Database, Value, be32};

/// What stands behind the path of a database.
pub(crate) const PACKAGES: &str = "!packages";

/// Where databases are; the log of each has `-wal` behind its path.
pub(crate) static DATABASES: &[&str] = &["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"];

/// A line a package: name, epoch, version, release, architecture, source package, licence; tabs between them.
pub(crate) fn packages(database: &[u8], log: &[u8]) -> Result<String, &'static str> {
    let rows = Database::open(database, log)?.rows("Packages")?;
    let mut lines: Vec<String> = rows.iter().filter_map(|row| row.iter().find_map(line)).collect();
    lines.sort();
    Ok(lines.concat())
}

fn line(value: &Value) -> Option<String> {
    let Value::Blob(header) = value else { return None };
    let text = |tag| field(header, tag).map(|text| text.replace(['\t', '\n'], " ")).unwrap_or_default();
    let name = text(Tag::NAME);
    // Keys that signatures are checked with stand among the packages.
    if name.is_empty() || name == "gpg-pubkey" {
        return None;
    }
    let source = text(Tag::SOURCE);
    let source = source.strip_suffix(".src.rpm").and_then(|source| source.rsplitn(3, '-').nth(2)).unwrap_or_default();
    let fields = [
        &*name,
        &text(Tag::EPOCH),
        &text(Tag::VERSION),
        &text(Tag::RELEASE),
        &text(Tag::ARCH),
        source,
        &text(Tag::LICENCE),
    ];
    Some(fields.join("\t") + "\n")
}

struct Tag;

impl Tag {
    const NAME: u32 = 1000;
    const VERSION: u32 = 1001;
    const RELEASE: u32 = 1002;
    const EPOCH: u32 = 1003;
    const LICENCE: u32 = 1014;
    const ARCH: u32 = 1022;
    const SOURCE: u32 = 1044;
}

/// A field of a header as text: of several texts the first.
fn field(header: &[u8], tag: u32) -> Option<String> {
    const ENTRY: usize = 16;
    const INT32: u32 = 4;
    const TEXTS: [u32; 3] = [6, 8, 9];
    let count = be32(header, 0)? as usize;
    let entry = (0..count).map(|index| 8 + index * ENTRY).take_while(|at| *at < header.len());
    let at = entry.into_iter().find(|at| be32(header, *at) == Some(tag))?;
    let (kind, offset) = (be32(header, at + 4)?, be32(header, at + 8)? as usize);
    let data = header.get(8 + count.checked_mul(ENTRY)?..)?.get(offset..)?;
    if kind == INT32 {
        return be32(data, 0).map(|number| number.to_string());
    }
    let end = data.iter().position(|byte| *byte == 0)?;
    TEXTS.contains(&kind).then(|| String::from_utf8_lossy(&data[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Made with Python's sqlite3: pages of 512 bytes, forty packages whose headers flow over to further pages, the last ten
    /// of them in the log only.
    fn data() -> (Vec<u8>, Vec<u8>) {
        let unpacked = |bytes: &[u8]| {
            let mut all = Vec::new();
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut all).expect("it is whole");
            all
        };
        (
            unpacked(include_bytes!("../../tests/data/rpmdb.sqlite.gz")),
            unpacked(include_bytes!("../../tests/data/rpmdb.sqlite-wal.gz")),
        )
    }

    #[test]
    fn packages_of_the_database_and_its_log_are_listed() {
        let (database, log) = data();
        let list = packages(&database, &log).expect("it is whole");
        let lines: Vec<_> = list.lines().collect();
        assert_eq!(lines.len(), 40);
        assert_eq!(lines[0], "pkg-00\t\t1.0\t1.el9\tx86_64\tsource-00\tMIT");
        assert_eq!(lines[39], "pkg-39\t7\t1.39\t1.el9\tx86_64\tsource-39\tMIT");
        let without_log = packages(&database, b"").expect("it is whole");
        assert_eq!(without_log.lines().count(), 30);
        let mut torn = log.clone();
        let last = torn.len() - 1;
        torn[last] ^= 1;
        assert_eq!(packages(&database, &torn).expect("it is whole"), without_log, "a commit that does not fit is none");
    }

    #[test]
    fn damage_is_told_and_nothing_hangs() {
        let (database, log) = data();
        for at in (0..database.len()).step_by(211) {
            let mut damaged = database.clone();
            damaged[at] ^= 0xFF;
            drop(packages(&damaged, &log));
            drop(packages(&database[..at], &log));
        }
        assert!(packages(b"Berkeley", b"").is_err());
    }
}
