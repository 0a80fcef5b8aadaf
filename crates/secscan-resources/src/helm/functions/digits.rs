//! Bytes in letters and figures: Base64 and Base32.

/// A way to write bytes.
pub(in super::super) struct Digits {
    digits: &'static [u8],
    /// How many bits a digit has.
    bits: u32,
    /// How many digits belong together: `=` fills them up.
    group: usize,
}

/// Base64.
pub(in super::super) const BASE64: Digits =
    Digits { digits: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", bits: 6, group: 4 };

/// Base32.
pub(in super::super) const BASE32: Digits = Digits { digits: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", bits: 5, group: 8 };

impl Digits {
    /// Writes bytes.
    pub(in super::super) fn write(&self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len() * 8 / self.bits as usize + self.group);
        let (mut kept, mut count) = (0u32, 0);
        let digit = |kept: u32| char::from(self.digits[kept as usize % self.digits.len()]);
        for byte in bytes {
            kept = kept << 8 | u32::from(*byte);
            count += 8;
            while count >= self.bits {
                count -= self.bits;
                text.push(digit(kept >> count));
            }
        }
        if count > 0 {
            text.push(digit(kept << (self.bits - count)));
        }
        let missing = text.len().next_multiple_of(self.group) - text.len();
        text + &"=".repeat(missing)
    }

    /// Reads bytes; none where something else stands among the digits.
    pub(in super::super) fn read(&self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(text.len() * self.bits as usize / 8);
        let (mut kept, mut count) = (0u32, 0);
        for digit in text.trim_end_matches('=').bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
            let value = self.digits.iter().position(|known| *known == digit)?;
            kept = kept << self.bits | value as u32;
            count += self.bits;
            if count >= 8 {
                count -= 8;
                bytes.push((kept >> count) as u8);
            }
        }
        Some(bytes)
    }
}
