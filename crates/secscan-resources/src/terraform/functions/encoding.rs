//! JSON, YAML, Base64 and URLs. What encodes a tree keeps the tree: rules look into it.

use secscan_model::{Node, Source, Value};

use super::super::json;
use super::super::value::{Outcome, fail};
use super::{Call, Function, lenient, strict};

pub(super) static FUNCTIONS: &[Function] = &[
    strict("base64decode", 1..=1, base64decode),
    strict("base64encode", 1..=1, base64encode),
    strict("base64gzip", 1..=1, not_computed),
    strict("base64sha256", 1..=1, not_computed),
    strict("base64sha512", 1..=1, not_computed),
    strict("jsondecode", 1..=1, jsondecode),
    lenient("jsonencode", 1..=1, encode),
    strict("md5", 1..=1, not_computed),
    strict("sha1", 1..=1, not_computed),
    strict("sha256", 1..=1, not_computed),
    strict("sha512", 1..=1, not_computed),
    strict("urlencode", 1..=1, urlencode),
    strict("uuidv5", 2..=2, not_computed),
    strict("yamldecode", 1..=1, yamldecode),
    lenient("yamlencode", 1..=1, encode),
];

/// Digests say nothing that a rule could ask for.
fn not_computed(call: &Call<'_>) -> Outcome {
    Ok(Node::unresolved("digests are not computed", call.at))
}

fn encode(call: &Call<'_>) -> Outcome {
    let node = call.arg(0)?;
    match &node.value {
        Value::List(_) | Value::Map(_) | Value::Unresolved(_) => Ok(node.clone()),
        Value::Scalar(_) => call.made(json::encode(node)?),
    }
}

fn jsondecode(call: &Call<'_>) -> Outcome {
    let node = call.arg(0)?;
    match &node.value {
        Value::List(_) | Value::Map(_) => Ok(node.clone()),
        _ => json::decode(&call.text(0)?, node.at),
    }
}

fn yamldecode(call: &Call<'_>) -> Outcome {
    let node = call.arg(0)?;
    if node.as_list().is_some() || node.as_map().is_some() {
        return Ok(node.clone());
    }
    let parsed = secscan_parse::yaml::parse(&Source::from_text(node.at.source, "", &call.text(0)?));
    match parsed.documents.first() {
        Some(document) if parsed.diagnostics.is_empty() => Ok(json::placed(document, node.at)),
        _ => fail("the text is no YAML"),
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64encode(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let mut out = String::with_capacity(text.len().div_ceil(3) * 4);
    for chunk in text.as_bytes().chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * index) & 63) as usize];
            out.push(if index <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    call.made(out)
}

fn base64decode(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut bits) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let Some(digit) = ALPHABET.iter().position(|known| *known == byte) else {
            return fail("the text is no Base64");
        };
        group = group << 6 | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits & 0xff) as u8);
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => call.made(text),
        Err(_) => fail("the decoded bytes are no text"),
    }
}

fn urlencode(call: &Call<'_>) -> Outcome {
    let mut out = String::new();
    for byte in call.text(0)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    call.made(out)
}
