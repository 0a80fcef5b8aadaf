//! The rows of one table of an SQLite database, with what its write-ahead log adds. Read-only, and bounded whatever the
//! bytes say.
//!
//! After "Database File Format" (<https://www.sqlite.org/fileformat2.html>); the sections are named there.

use std::collections::BTreeMap;

/// How deep trees may be: a database of the largest size has less than twenty levels.
const DEEPEST: u32 = 20;

/// A value of a row: what is neither text nor bytes is left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Value {
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    Other,
}

/// A database in memory.
pub(super) struct Database<'b> {
    main: &'b [u8],
    log: &'b [u8],
    page_size: usize,
    /// The part of a page that holds anything.
    usable: usize,
    /// Where the log has the newest copy of a page.
    in_log: BTreeMap<u32, usize>,
}

impl<'b> Database<'b> {
    /// Opens a database with its log, which may be empty.
    pub(super) fn open(main: &'b [u8], log: &'b [u8]) -> Result<Self, &'static str> {
        if !main.starts_with(b"SQLite format 3\0") {
            return Err("it is no SQLite database");
        }
        let page_size = match be16(main, 16) {
            Some(1) => 65536,
            Some(size) if size >= 512 && size.is_power_of_two() => usize::from(size),
            _ => return Err("its page size is none"),
        };
        let usable = page_size - usize::from(main.get(20).copied().unwrap_or(0));
        if usable < 480 {
            return Err("its pages have no room");
        }
        let mut database = Self { main, log, page_size, usable, in_log: BTreeMap::new() };
        database.read_log();
        Ok(database)
    }

    /// The rows of a table, each as its values.
    pub(super) fn rows(&self, table: &str) -> Result<Vec<Vec<Value>>, &'static str> {
        let mut root = None;
        self.walk(1, &mut |row| {
            if let [Value::Text(kind), Value::Text(name), _, Value::Integer(page), ..] = &*row
                && (&**kind, &**name) == ("table", table)
            {
                root = u32::try_from(*page).ok();
            }
        })?;
        let mut rows = Vec::new();
        self.walk(root.ok_or("it has no such table")?, &mut |row| rows.push(row))?;
        Ok(rows)
    }

    /// "WAL Format": frames count up to the last commit, as long as salts and checksums fit.
    fn read_log(&mut self) {
        const HEADER: usize = 32;
        const FRAME: usize = 24;
        let log = self.log;
        let (Some(magic), Some(salts)) = (be32(log, 0), log.get(16..24)) else { return };
        if magic & !1 != 0x377F_0682 || be32(log, 8) != u32::try_from(self.page_size).ok() {
            return;
        }
        let is_big = magic & 1 == 1;
        let mut sum = (0, 0);
        checksum(&mut sum, log.get(..24).unwrap_or_default(), is_big);
        if Some(sum) != be32(log, 24).zip(be32(log, 28)) {
            return;
        }
        let mut pending = Vec::new();
        let mut at = HEADER;
        while let (Some(head), Some(page)) = (log.get(at..at + FRAME), log.get(at + FRAME..at + FRAME + self.page_size))
        {
            checksum(&mut sum, head.get(..8).unwrap_or_default(), is_big);
            checksum(&mut sum, page, is_big);
            if head.get(8..16) != Some(salts) || Some(sum) != be32(head, 16).zip(be32(head, 20)) {
                return;
            }
            pending.extend(be32(head, 0).map(|number| (number, at + FRAME)));
            if be32(head, 4).is_some_and(|size| size > 0) {
                self.in_log.extend(pending.drain(..));
            }
            at += FRAME + self.page_size;
        }
    }

    fn page(&self, number: u32) -> Option<&'b [u8]> {
        if let Some(at) = self.in_log.get(&number) {
            return self.log.get(*at..at + self.page_size);
        }
        let start = (number as usize).checked_sub(1)?.checked_mul(self.page_size)?;
        self.main.get(start..start + self.page_size)
    }

    /// Visits the rows of a table's tree ("B-tree Pages"), in order.
    fn walk(&self, root: u32, visit: &mut dyn FnMut(Vec<Value>)) -> Result<(), &'static str> {
        const BROKEN: &str = "a page of it is broken";
        let most = (self.main.len() + self.log.len()) / self.page_size + 1;
        let mut seen = 0;
        let mut stack = vec![(root, 0)];
        while let Some((number, depth)) = stack.pop() {
            seen += 1;
            if seen > most || depth > DEEPEST {
                return Err("its pages lead in circles");
            }
            let page = self.page(number).ok_or(BROKEN)?;
            let head = if number == 1 { 100 } else { 0 };
            let count = usize::from(be16(page, head + 3).ok_or(BROKEN)?);
            match page.get(head) {
                Some(0x0D) => {
                    for index in 0..count {
                        let cell = usize::from(be16(page, head + 8 + 2 * index).ok_or(BROKEN)?);
                        visit(record(&self.payload(page, cell).ok_or(BROKEN)?));
                    }
                }
                Some(0x05) => {
                    stack.push((be32(page, head + 8).ok_or(BROKEN)?, depth + 1));
                    for index in (0..count).rev() {
                        let cell = usize::from(be16(page, head + 12 + 2 * index).ok_or(BROKEN)?);
                        stack.push((be32(page, cell).ok_or(BROKEN)?, depth + 1));
                    }
                }
                _ => return Err(BROKEN),
            }
        }
        Ok(())
    }

    /// The payload of a leaf's cell, with the pages that it flows over to ("Cell Payload Overflow Pages").
    fn payload(&self, page: &[u8], cell: usize) -> Option<Vec<u8>> {
        let mut at = cell;
        let length = usize::try_from(varint(page, &mut at)?).ok()?;
        varint(page, &mut at)?;
        if length > self.main.len() + self.log.len() {
            return None;
        }
        let (most, least) = (self.usable - 35, (self.usable - 12) * 32 / 255 - 23);
        let local = match least + length.saturating_sub(least) % (self.usable - 4) {
            _ if length <= most => length,
            local if local <= most => local,
            _ => least,
        };
        let mut payload = page.get(at..at + local)?.to_vec();
        let mut next = if local < length { be32(page, at + local)? } else { 0 };
        while payload.len() < length {
            let page = self.page(next)?;
            let part = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(page.get(4..4 + part)?);
            next = be32(page, 0)?;
        }
        Some(payload)
    }
}

/// The values of a row ("Record Format"); what does not fit ends them.
fn record(bytes: &[u8]) -> Vec<Value> {
    let mut at = 0;
    let Some(body) = varint(bytes, &mut at).and_then(|size| usize::try_from(size).ok()) else { return Vec::new() };
    let mut from = body;
    let mut values = Vec::new();
    while at < body {
        let Some(kind) = varint(bytes, &mut at) else { break };
        let size = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => break,
            _ => usize::try_from((kind - 12) / 2).unwrap_or(usize::MAX),
        };
        let Some(part) = from.checked_add(size).and_then(|to| bytes.get(from..to)) else { break };
        from += size;
        values.push(match kind {
            1..=6 => {
                let sign = part.first().is_some_and(|byte| byte & 0x80 != 0);
                Value::Integer(part.iter().fold(if sign { -1 } else { 0 }, |value, byte| value << 8 | i64::from(*byte)))
            }
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            0 | 7 => Value::Other,
            _ if kind % 2 == 0 => Value::Blob(part.to_vec()),
            _ => Value::Text(String::from_utf8_lossy(part).into_owned()),
        });
    }
    values
}

/// A number of one to nine bytes, the most significant first.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for index in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if index == 8 {
            return Some(value << 8 | u64::from(byte));
        }
        value = value << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(value)
}

fn checksum(sum: &mut (u32, u32), bytes: &[u8], is_big: bool) {
    let word = |bytes: &[u8]| match <[u8; 4]>::try_from(bytes) {
        Ok(bytes) if is_big => u32::from_be_bytes(bytes),
        Ok(bytes) => u32::from_le_bytes(bytes),
        Err(_) => 0,
    };
    for pair in bytes.chunks_exact(8) {
        let (first, second) = pair.split_at(4);
        sum.0 = sum.0.wrapping_add(word(first)).wrapping_add(sum.1);
        sum.1 = sum.1.wrapping_add(word(second)).wrapping_add(sum.0);
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
