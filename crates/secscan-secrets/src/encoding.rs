//! Decoders and checksums of credentials. Small on purpose: they see short text and run rarely.

/// Decodes base64 of either alphabet, padded or not; none when a character belongs to neither or the length is none
/// that an encoder makes.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = text.get(..text.len().checked_sub(padding)?)?;
    if padding > 2 || body.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in body {
        bits = bits << 6 | u32::from(sextet(*byte)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Encodes base64 with the standard alphabet, padded.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at) & 63) as usize;
            out.push(if at <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    out
}

/// CRC-32 as zip and Ethernet have it (IEEE 802.3, reflected).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

/// CRC-24 as OpenPGP's armour has it (RFC 9580, section 6.1.1).
pub(crate) fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00B7_04CE, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 16, |crc, _| {
            let crc = crc << 1;
            if crc & 0x0100_0000 == 0 { crc } else { crc ^ 0x0186_4CFB }
        })
    })
}

/// A number in the digits of `alphabet`, padded with the first digit to `width`.
pub(crate) fn in_digits(mut number: u32, alphabet: &[u8], width: usize) -> Vec<u8> {
    let base = alphabet.len() as u32;
    let mut digits = vec![alphabet[0]; width];
    for digit in digits.iter_mut().rev() {
        *digit = alphabet[(number % base) as usize];
        number /= base;
    }
    digits
}

/// Whether text is bech32 with a good checksum (BIP 173, which age keys follow in capitals).
pub(crate) fn is_bech32(text: &[u8]) -> bool {
    let Some(values) = bech32_values(text) else { return false };
    bech32_checksum(&values) == 1
}

/// The alphabet of bech32.
pub(crate) const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// What the checksum of bech32 goes over: the human-readable part, spread, and the data.
pub(crate) fn bech32_values(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.to_ascii_lowercase();
    let separator = text.iter().rposition(|byte| *byte == b'1')?;
    let (name, data) = (&text[..separator], &text[separator + 1..]);
    let mut values: Vec<u8> = name.iter().map(|byte| byte >> 5).collect();
    values.push(0);
    values.extend(name.iter().map(|byte| byte & 31));
    for byte in data {
        values.push(BECH32.iter().position(|known| known == byte)? as u8);
    }
    Some(values)
}

/// The checksum polynomial of bech32.
pub(crate) fn bech32_checksum(values: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.iter().fold(1, |checksum: u32, value| {
        let top = checksum >> 25;
        let shifted = (checksum & 0x01ff_ffff) << 5 ^ u32::from(*value);
        GENERATOR.iter().enumerate().fold(shifted, |sum, (at, part)| sum ^ if top >> at & 1 == 1 { *part } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways() {
        for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar"] {
            assert_eq!(base64(to_base64(text.as_bytes()).as_bytes()).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(to_base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(base64(b"_-8").as_deref(), Some(&[0xFF, 0xEF][..]));
        for bad in [&b"Zm9vY"[..], b"Zm 9", b"Zm9v===="] {
            assert_eq!(base64(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn checksums_agree_with_their_standards() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc24(b"123456789"), 0x0021_CF02);
        assert_eq!(
            in_digits(62 * 62 + 1, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 6),
            b"000101"
        );
        assert!(is_bech32(b"A12UEL5L"), "a vector of BIP 173");
        assert!(!is_bech32(b"A12UEL5M"));
    }
}
