//! Regions, locations and URIs.

use secscan_model::Place;
use serde_sarif::sarif::{ArtifactContent, ArtifactLocation, Location, PhysicalLocation, Region};

use super::message;

/// The name that stands for the root of the scan.
pub(super) const ROOT: &str = "%SRCROOT%";

/// A place as a location; `id` is what a message links to.
pub(super) fn location(place: &Place, about: Option<(i64, &str)>) -> Location {
    Location {
        id: about.map(|(id, _)| id),
        message: about.map(|(_, text)| message(text)),
        physical_location: Some(PhysicalLocation {
            artifact_location: Some(artifact(&place.path)),
            region: Some(region(place)),
            context_region: context(place),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A file of the scan.
pub(super) fn artifact(path: &str) -> ArtifactLocation {
    ArtifactLocation { uri: Some(uri(path)), uri_base_id: Some(ROOT.to_owned()), ..Default::default() }
}

/// The region with its text, where all of its text is known.
pub(super) fn region(place: &Place) -> Region {
    let whole = place.text.len() < Place::TEXT_LIMIT && !place.text.is_empty();
    Region {
        snippet: whole.then(|| content(place.text.to_string())),
        start_line: Some(place.start.line().into()),
        start_column: Some(place.start.column().into()),
        end_line: Some(place.end.line().into()),
        end_column: Some(place.end.column().into()),
        ..Default::default()
    }
}

/// The lines that the region stands in; none when they are not all known or the region fills them.
fn context(place: &Place) -> Option<Region> {
    let (first, last) = (place.start.line(), place.end.line());
    let complete = u32::try_from(place.snippet.len()).is_ok_and(|lines| lines == last - first + 1);
    if !complete || place.snippet.iter().any(|line| Place::is_cut(line)) {
        return None;
    }
    let end = place.snippet.last()?.chars().count() as u32 + 1;
    if place.start.column() == 1 && place.end.column() >= end {
        return None;
    }
    Some(Region {
        snippet: Some(content(place.snippet.join("\n"))),
        start_line: Some(first.into()),
        start_column: Some(1),
        end_line: Some(last.into()),
        end_column: Some(end.into()),
        ..Default::default()
    })
}

/// Text of a file.
pub(super) fn content(text: String) -> ArtifactContent {
    ArtifactContent { text: Some(text), ..Default::default() }
}

/// A relative path as a URI reference: everything but letters, digits and `-._~/@+,=` is percent-encoded, so that no
/// name can be taken for a scheme, a query or a fragment.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => uri.push(byte.into()),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b',' | b'=' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_relative_references() {
        assert_eq!(uri("a/b-c_d.tf"), "a/b-c_d.tf");
        assert_eq!(uri("dépôt & [x]/c d.yaml"), "d%C3%A9p%C3%B4t%20%26%20%5Bx%5D/c%20d.yaml");
        assert_eq!(uri("http://x?y#z%41"), "http%3A//x%3Fy%23z%2541", "no scheme, query, fragment or second decoding");
    }
}
