//! Digests.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use secscan_model::Node;

use super::super::value::{Failure, Outcome, fail};
use super::encoding::base64;
use super::{Call, Function, strict};

pub(super) static FUNCTIONS: &[Function] = &[
    strict("base64sha256", 1..=1, |call| call.made(base64(&Sha256::digest(call.text(0)?.as_bytes())))),
    strict("base64sha512", 1..=1, |call| call.made(base64(&Sha512::digest(call.text(0)?.as_bytes())))),
    strict("md5", 1..=1, |call| call.made(hexadecimal(&Md5::digest(call.text(0)?.as_bytes())))),
    strict("sha1", 1..=1, |call| call.made(hexadecimal(&Sha1::digest(call.text(0)?.as_bytes())))),
    strict("sha256", 1..=1, |call| call.made(hexadecimal(&Sha256::digest(call.text(0)?.as_bytes())))),
    strict("sha512", 1..=1, |call| call.made(hexadecimal(&Sha512::digest(call.text(0)?.as_bytes())))),
    strict("bcrypt", 1..=2, bcrypt),
    strict("rsadecrypt", 2..=2, rsadecrypt),
    strict("uuidv5", 2..=2, uuidv5),
];

/// Bytes as digits to the base of sixteen.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a file's bytes, as `filemd5` and its kin write it.
pub(super) fn of_file(function: &str, bytes: &[u8]) -> Option<String> {
    Some(match function {
        "filebase64" => base64(bytes),
        "filebase64sha256" => base64(&Sha256::digest(bytes)),
        "filebase64sha512" => base64(&Sha512::digest(bytes)),
        "filemd5" => hexadecimal(&Md5::digest(bytes)),
        "filesha1" => hexadecimal(&Sha1::digest(bytes)),
        "filesha256" => hexadecimal(&Sha256::digest(bytes)),
        "filesha512" => hexadecimal(&Sha512::digest(bytes)),
        _ => return None,
    })
}

/// A digest with a salt, which nobody knows before Terraform runs.
fn bcrypt(call: &Call<'_>) -> Outcome {
    const MAX_COST: i64 = 31;
    call.text(0)?;
    if call.args.len() > 1 && call.int(1)? > MAX_COST {
        return fail("the cost is too high");
    }
    Ok(Node::unresolved("`bcrypt` gives another text every time", call.at))
}

/// Secrets are not decrypted; what is no key is refused, as Terraform does.
fn rsadecrypt(call: &Call<'_>) -> Outcome {
    if !call.text(1)?.contains("-----BEGIN") {
        return fail("the key is not in PEM format");
    }
    Ok(Node::unresolved("what is encrypted is not decrypted", call.at))
}

/// A UUID from a namespace and a name: <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5>.
fn uuidv5(call: &Call<'_>) -> Outcome {
    let namespace = call.text(0)?;
    let well_known = match &*namespace {
        "dns" | "url" | "oid" | "x500" => {
            let last = match &*namespace {
                "dns" => 0x10,
                "url" => 0x11,
                "oid" => 0x12,
                _ => 0x14,
            };
            Some([0x6b, 0xa7, 0xb8, last, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8])
        }
        _ => None,
    };
    let namespace: [u8; 16] = match well_known {
        Some(known) => known,
        None => uuid(&namespace).ok_or_else(|| Failure::new("the namespace is no UUID"))?,
    };
    let mut hasher = Sha1::new();
    hasher.update(namespace);
    hasher.update(call.text(1)?.as_bytes());
    let digest = hasher.finalize();
    let mut bytes = digest[..16].to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hexadecimal(&bytes);
    call.made(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}
