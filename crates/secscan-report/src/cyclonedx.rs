//! The packages of a scan as a bill of materials: CycloneDX 1.6 in JSON (<https://cyclonedx.org/docs/1.6/json/>).
//!
//! The same packages give the same bytes: there is no time stamp, and the serial number is a digest of what is listed.
//! Reading order: [`write()`] → [`Bill`] and the structs below it, in the order of the output → the conversions.

use std::io;

use secscan_model::Report;
use secscan_model::report::PackageEntry;
use secscan_model::source::Digest;
use serde::Serialize;

use crate::{Options, indented};

/// Writes the packages of a report.
pub(crate) fn write(report: &Report, _: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    indented::write(&Bill::new(report), out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bill<'a> {
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    dependencies: Vec<Dependency<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    tools: Tools<'a>,
    component: Root<'a>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [Tool<'a>; 1],
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    name: &'static str,
    version: &'a str,
}

/// What was scanned.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Root<'a> {
    r#type: &'static str,
    bom_ref: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Component<'a> {
    r#type: &'static str,
    #[serde(rename = "bom-ref")]
    bom_ref: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<Licence<'a>>,
    purl: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    occurrences: Vec<Occurrence<'a>>,
}

#[derive(Serialize)]
struct Occurrence<'a> {
    location: &'a str,
}

#[derive(Debug, Eq, PartialEq, Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

/// An SPDX expression, or whatever else is stated as the name of a licence.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Licence<'a> {
    Expression(&'a str),
    License { name: &'a str },
}

impl<'a> Licence<'a> {
    fn new(stated: &'a str) -> Self {
        match spdx::Expression::parse(stated) {
            Ok(_) => Self::Expression(stated),
            Err(_) => Self::License { name: stated },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    r#ref: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<&'a str>,
}

/// The name of what was scanned within the bill.
const ROOT: &str = "scanned";

impl<'a> Bill<'a> {
    fn new(report: &'a Report) -> Self {
        let targets: Vec<&str> = report.inputs.targets.iter().map(|target| &**target).collect();
        let name = if targets.is_empty() { "scan".to_owned() } else { targets.join(" ") };
        let direct = report.packages.iter().filter(|package| package.direct == Some(true));
        let root = Dependency { r#ref: ROOT, depends_on: direct.map(|package| &*package.purl).collect() };
        let rest = report.packages.iter().map(|package| Dependency {
            r#ref: &package.purl,
            depends_on: package.needs.iter().map(|need| &**need).collect(),
        });
        let tool = Tool { r#type: "application", name: "secscan", version: &report.inputs.version };
        let version = report.inputs.revision.as_deref();
        Self {
            bom_format: "CycloneDX",
            spec_version: "1.6",
            serial_number: serial_number(report),
            version: 1,
            metadata: Metadata {
                tools: Tools { components: [tool] },
                component: Root { r#type: "application", bom_ref: ROOT, name, version },
            },
            components: report.packages.iter().map(Component::new).collect(),
            dependencies: std::iter::once(root).chain(rest).collect(),
        }
    }
}

/// A UUID of the form that RFC 9562 leaves to its makers (version 8), made of a digest of what is listed.
fn serial_number(report: &Report) -> String {
    let mut digest = Digest::default();
    for package in &report.packages {
        let texts = [&package.purl].into_iter().chain(&package.needs).chain(&package.integrity);
        texts.for_each(|text| digest.update(text.as_bytes()));
        digest.update(&[0]);
    }
    let hex = digest.hex();
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!("urn:uuid:{}-{}-8{}-8{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32))
}

impl<'a> Component<'a> {
    fn new(package: &'a PackageEntry) -> Self {
        let is_grouped = ["pkg:npm/", "pkg:maven/", "pkg:composer/"].iter().any(|kind| package.purl.starts_with(kind));
        let split = package.name.split_once(':').or_else(|| package.name.split_once('/')).filter(|_| is_grouped);
        let (group, name) = split.map_or((None, &*package.name), |(group, name)| (Some(group), name));
        let occurrences: Vec<_> = package.paths.iter().map(|path| Occurrence { location: path }).collect();
        Self {
            r#type: "library",
            bom_ref: &package.purl,
            group,
            name,
            version: package.version.as_deref(),
            scope: (package.dev == Some(true)).then_some("excluded"),
            hashes: package.integrity.iter().filter_map(|sum| hash(sum)).collect(),
            licenses: package.licence.iter().map(|stated| Licence::new(stated)).collect(),
            purl: &package.purl,
            evidence: (!occurrences.is_empty()).then_some(Evidence { occurrences }),
        }
    }
}

/// A checksum as the package managers write it: `sha256:HEX`, `sha512-BASE64`, `HEX`. None for forms that are no hash of
/// one archive.
fn hash(written: &str) -> Option<Hash> {
    let (algorithm, value) = match written.find([':', '-', '=']) {
        Some(at) => (&written[..at], &written[at + 1..]),
        None => ("", written),
    };
    let content = if is_hex(value) { value.to_ascii_lowercase() } else { hex_of_base64(value)? };
    let alg = match (algorithm.to_ascii_lowercase().as_str(), content.len()) {
        ("sha512", 128) => "SHA-512",
        ("sha384", 96) => "SHA-384",
        ("sha256" | "", 64) => "SHA-256",
        ("sha1" | "", 40) => "SHA-1",
        ("md5", 32) => "MD5",
        _ => return None,
    };
    Some(Hash { alg, content })
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Base64 (RFC 4648, section 4) in hexadecimal; none when it is none.
fn hex_of_base64(text: &str) -> Option<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut hex = String::new();
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte)? as u32;
        bits = (bits << 6 | value) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            hex.push_str(&format!("{:02x}", bits >> count & 0xFF));
        }
    }
    Some(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_all_spellings_become_hexadecimal() {
        let hex = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33";
        for written in [
            format!("sha1:{hex}"),
            format!("SHA1={hex}"),
            hex.to_owned(),
            "sha1-C+7Hteo/D9vJXQ3UfzxbwnXaijM=".to_owned(),
        ] {
            assert_eq!(hash(&written), Some(Hash { alg: "SHA-1", content: hex.to_owned() }), "{written}");
        }
        for none in ["", "h1:aa=", "10c0/ff", "sha512-aa", "sha999:00"] {
            assert_eq!(hash(none), None, "{none}");
        }
    }
}
