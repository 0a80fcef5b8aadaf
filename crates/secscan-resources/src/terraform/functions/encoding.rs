//! JSON, YAML, CSV, Base64 and URLs. What encodes a tree keeps the tree: rules look into it.

use secscan_model::{DiagnosticKind, Node, Source, Value};

use super::super::places::Places;
use super::super::value::{Entries, Outcome, Shape, fail};
use super::super::{csv, json, yaml};
use super::{Call, Function, lenient, strict};

pub(super) static FUNCTIONS: &[Function] = &[
    strict("base64decode", 1..=1, |call| match decoded(&call.text(0)?).map(String::from_utf8) {
        Some(Ok(text)) => call.made(text),
        Some(Err(_)) => fail("the decoded bytes are no text"),
        None => fail("the text is no Base64"),
    }),
    strict("base64encode", 1..=1, |call| call.made(base64(call.text(0)?.as_bytes()))),
    strict("base64gunzip", 1..=1, compressed),
    strict("base64gzip", 1..=1, compressed),
    strict("csvdecode", 1..=1, csvdecode),
    strict("jsondecode", 1..=1, jsondecode),
    lenient("jsonencode", 1..=1, |call| encode(call, Shape::Json)),
    strict("textdecodebase64", 2..=2, textdecode),
    strict("textencodebase64", 2..=2, textencode),
    strict("urldecode", 1..=1, urldecode),
    strict("urlencode", 1..=1, urlencode),
    strict("yamldecode", 1..=1, yamldecode),
    lenient("yamlencode", 1..=1, |call| encode(call, Shape::Yaml)),
];

/// What is compressed, or what was.
fn compressed(call: &Call<'_>) -> Outcome {
    call.text(0)?;
    Ok(Node::unresolved("compressed data is not looked into", call.at))
}

fn encode(call: &Call<'_>, shape: Shape) -> Outcome {
    let node = call.arg(0)?;
    let is_text = Shape::of(node).is_some_and(Shape::is_text);
    match &node.value {
        Value::List(_) | Value::Map(_) if !is_text => Ok(shape.on(node.clone())),
        Value::Unresolved(unresolved) if unresolved.parts.is_empty() => Ok(node.clone()),
        Value::Unresolved(unresolved) => Ok(Node::unresolved(unresolved.why.clone(), call.at)),
        _ if shape == Shape::Json => call.made(json::encode(node)?),
        _ => call.made(yaml::encode(node)?),
    }
}

fn jsondecode(call: &Call<'_>) -> Outcome {
    let node = call.arg(0)?;
    match Shape::of(node) {
        Some(Shape::Json) => Ok(json::plain(node)),
        _ => json::decode(node),
    }
}

fn yamldecode(call: &Call<'_>) -> Outcome {
    let node = call.arg(0)?;
    if Shape::of(node).is_some_and(Shape::is_text) {
        return Ok(json::plain(node));
    }
    let text = call.text(0)?;
    let source = Source::from_text(node.at.source, "", &text);
    let parsed = secscan_parse::yaml::parse(&source);
    let is_sound = parsed.diagnostics.iter().all(|found| found.kind == DiagnosticKind::Ambiguous);
    match &*parsed.documents {
        [document] if is_sound => Ok(yaml::decoded(document, &source, &Places::of(node, text.len()))),
        _ => fail("the text is no YAML"),
    }
}

/// The records of a table as maps; the first line names the columns.
fn csvdecode(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let mut records = csv::records(&text)?.into_iter();
    let Some(header) = records.next() else { return fail("the table has no line that names its columns") };
    for (index, name) in header.iter().enumerate() {
        if header.iter().take(index).any(|known| known == name) {
            return fail(format!("two columns are named `{name}`"));
        }
    }
    let mut rows = Vec::new();
    for record in records {
        if record.len() != header.len() {
            return fail("a line has not as many fields as there are columns");
        }
        let mut entries = Entries::default();
        for (name, value) in header.iter().zip(record) {
            entries.insert(name.as_str().into(), Node::text(value, call.at));
        }
        rows.push(entries.node(call.at));
    }
    call.items(rows)
}

/// The bytes of a text in an encoding that Terraform knows by its IANA name; none for one that is not known here.
fn encoded(text: &str, encoding: &str) -> Option<Result<Vec<u8>, ()>> {
    let narrow = |limit: u32| {
        let byte = |c: char| if (c as u32) < limit { Ok(c as u8) } else { Err(()) };
        text.chars().map(byte).collect::<Result<Vec<u8>, ()>>()
    };
    Some(match &*encoding.to_ascii_uppercase() {
        "UTF-8" | "UTF8" => Ok(text.as_bytes().to_vec()),
        "UTF-16LE" => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "UTF-16BE" => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        "US-ASCII" | "ASCII" => narrow(0x80),
        "ISO-8859-1" | "ISO_8859-1" | "LATIN1" => narrow(0x100),
        _ => return None,
    })
}

fn textencode(call: &Call<'_>) -> Outcome {
    let (text, encoding) = (call.text(0)?, call.text(1)?);
    match encoded(&text, &encoding) {
        Some(Ok(bytes)) => call.made(base64(&bytes)),
        Some(Err(())) => fail("the text has characters that the encoding has not"),
        None => Ok(Node::unresolved(format!("the encoding {encoding} is not known here"), call.at)),
    }
}

fn textdecode(call: &Call<'_>) -> Outcome {
    let Some(bytes) = decoded(&call.text(0)?) else { return fail("the text is no Base64") };
    let encoding = call.text(1)?;
    let wide = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    let text = match &*encoding.to_ascii_uppercase() {
        "UTF-8" | "UTF8" => String::from_utf8(bytes.clone()).ok(),
        "UTF-16LE" => wide(u16::from_le_bytes),
        "UTF-16BE" => wide(u16::from_be_bytes),
        "US-ASCII" | "ASCII" => String::from_utf8(bytes.clone()).ok().filter(|text| text.is_ascii()),
        "ISO-8859-1" | "ISO_8859-1" | "LATIN1" => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        _ => return Ok(Node::unresolved(format!("the encoding {encoding} is not known here"), call.at)),
    };
    match text {
        Some(text) => call.made(text),
        None => fail("the bytes are no text in this encoding"),
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in Base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * index) & 63) as usize];
            out.push(if index <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// The bytes of a text in Base64 with its padding; line breaks do not count.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if !digits.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut group, mut bits) = (0u32, 0);
    for byte in &digits[..digits.len() - padding] {
        let digit = ALPHABET.iter().position(|known| known == byte)?;
        group = group << 6 | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
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

fn urldecode(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let Some(value) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
                    return fail("the text is not encoded as it should be");
                };
                bytes.push(value);
                rest = &after[2..];
            }
            byte => bytes.push(*byte),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => call.made(text),
        Err(_) => fail("the decoded bytes are no text"),
    }
}
