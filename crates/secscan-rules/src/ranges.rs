//! Number ranges, address ranges and version ranges of rule operands and scanned values.

use std::cmp::Ordering;

/// A closed range of numbers, or of addresses as numbers, with the family that keeps IPv4, IPv6 and plain numbers apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Range {
    family: Family,
    low: u128,
    high: u128,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Family {
    Number,
    V4,
    V6,
}

impl Range {
    /// Reads `22`, `20-25`, `10.0.0.0/8`, `10.0.0.1`, `::/0`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return Some(Self { family: Family::Number, low: number, high: number });
        }
        if let Some((low, high)) = text.split_once('-')
            && let (Ok(low), Ok(high)) = (low.trim().parse(), high.trim().parse())
        {
            return (low <= high).then_some(Self { family: Family::Number, low, high });
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        match address.parse().ok()? {
            std::net::IpAddr::V4(address) => Self::block(Family::V4, u128::from(address.to_bits()), 32, bits),
            std::net::IpAddr::V6(address) => Self::block(Family::V6, address.to_bits(), 128, bits),
        }
    }

    fn block(family: Family, address: u128, width: u32, bits: Option<u32>) -> Option<Self> {
        let free = width.checked_sub(bits.unwrap_or(width))?;
        let hosts = 1u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
        let low = address & !hosts;
        Some(Self { family, low, high: low | hosts })
    }

    /// Whether all of it lies inside `other`.
    #[cfg(feature = "judge")]
    pub(crate) fn within(self, other: Self) -> bool {
        self.family == other.family && other.low <= self.low && self.high <= other.high
    }

    /// Whether the two share a member.
    #[cfg(feature = "judge")]
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.family == other.family && self.low <= other.high && other.low <= self.high
    }

    /// The number of members of a range of numbers.
    #[cfg(feature = "judge")]
    pub(crate) fn members(self) -> Option<u128> {
        (self.family == Family::Number).then(|| self.high - self.low + 1)
    }
}

/// Whether a version lies in a range such as `">=1.2, <2"`; none when either cannot be read.
///
/// Versions are dotted numbers; missing parts are 0; a suffix (`-rc1`) sorts before its release; a leading `v` is skipped.
pub(crate) fn version_in(version: &str, range: &str) -> Option<bool> {
    let version = Version::parse(version)?;
    let mut inside = true;
    for clause in range.split(',') {
        let clause = clause.trim();
        let digits = clause.find(|c: char| !matches!(c, '<' | '>' | '=')).unwrap_or(clause.len());
        let order = version.cmp(&Version::parse(clause[digits..].trim())?);
        inside &= match &clause[..digits] {
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            ">=" => order != Ordering::Less,
            "" | "=" | "==" => order == Ordering::Equal,
            _ => return None,
        };
    }
    Some(inside)
}

#[derive(Debug, Eq, PartialEq)]
struct Version {
    numbers: Vec<u64>,
    suffix: String,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = Vec::new();
        for part in text[..end].trim_end_matches('.').split('.') {
            numbers.push(part.parse().ok()?);
        }
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self { numbers, suffix: text[end..].trim_start_matches(['-', '.', '_']).to_owned() })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let suffix = match (self.suffix.is_empty(), other.suffix.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.suffix.cmp(&other.suffix),
        };
        self.numbers.cmp(&other.numbers).then(suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_numbers_and_addresses() {
        let range = |text| Range::parse(text).expect(text);
        assert!(range("22").overlaps(range("20-25")));
        assert!(!range("443").overlaps(range("20-25")));
        assert!(range("10.1.0.0/16").within(range("10.0.0.0/8")));
        assert!(!range("11.0.0.0/8").within(range("10.0.0.0/8")));
        assert!(range("10.0.0.7").within(range("0.0.0.0/0")));
        assert!(range("2001:db8::/32").overlaps(range("::/0")));
        assert!(!range("10.0.0.0/8").overlaps(range("::/0")), "families do not mix");
        assert_eq!(range("20-25").members(), Some(6));
        assert_eq!(Range::parse("25-20"), None);
        assert_eq!(Range::parse("10.0.0.0/33"), None);
    }

    #[test]
    fn versions_in_ranges() {
        assert_eq!(version_in("1.4", ">=1.2, <2"), Some(true));
        assert_eq!(version_in("2.0.0", ">=1.2, <2"), Some(false));
        assert_eq!(version_in("2-rc1", "<2"), Some(true), "a suffix sorts before its release");
        assert_eq!(version_in("v1.0", "=1"), Some(true));
        assert_eq!(version_in("latest", "<2"), None);
        assert_eq!(version_in("1.0", "~1"), None);
    }
}
