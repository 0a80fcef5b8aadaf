//! What the Python formats share: requirements as PEP 508 writes them.

use std::ops::Range;

use super::manifest::Requirement;
use super::{PackageSource, SourceKind, Written};

/// The bytes of the pieces of a requirement.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Pieces {
    name: Range<usize>,
    versions: Range<usize>,
    url: Range<usize>,
    marker: Range<usize>,
}

/// Reads `NAME[EXTRAS] VERSIONS; MARKER` or `NAME @ URL; MARKER`. None when it begins with no name.
pub(super) fn requirement(written: &Written, group: &str) -> Option<Requirement> {
    let pieces = pieces(&written.text)?;
    let part = |range: &Range<usize>| Some(written.part(range.clone())).filter(|part| !part.text.is_empty());
    let mut requirement = Requirement::new(part(&pieces.name)?, part(&pieces.versions), group);
    requirement.source = part(&pieces.url).map(|url| source_of(&url));
    requirement.marker = part(&pieces.marker);
    Some(requirement)
}

fn pieces(text: &str) -> Option<Pieces> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let start = text.len() - text.trim_start().len();
    let name = start..start + text[start..].find(|c| !is_name(c)).unwrap_or(text.len() - start);
    if name.is_empty() || !text[name.clone()].starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut rest = name.end;
    let blank = |from: usize| text.len() - text[from..].trim_start().len();
    rest = blank(rest);
    if text[rest..].starts_with('[') {
        rest += text[rest..].find(']')? + 1;
        rest = blank(rest);
    }
    let is_url = text[rest..].starts_with('@');
    if !text[rest..].is_empty() && !text[rest..].starts_with(['<', '>', '=', '!', '~', '@', ';', '(']) {
        return None;
    }
    // Within an address a semicolon ends it only behind a blank.
    let end = if is_url { text[rest..].find(" ;") } else { text[rest..].find(';') };
    let end = end.map_or(text.len(), |at| rest + at);
    let marker = match text[end..].find(';') {
        Some(at) => trimmed(text, end + at + 1..text.len()),
        None => 0..0,
    };
    let body = trimmed(text, rest..end);
    Some(if is_url {
        Pieces { name, versions: 0..0, url: trimmed(text, rest + 1..end), marker }
    } else {
        let is_bracketed = text[body.clone()].starts_with('(') && text[body.clone()].ends_with(')') && body.len() > 1;
        let versions = if is_bracketed { trimmed(text, body.start + 1..body.end - 1) } else { body };
        Pieces { name, versions, url: 0..0, marker }
    })
}

/// A range without the blanks at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + inner.len() - inner.trim_start().len();
    start..start + inner.trim().len()
}

/// Where an address of a requirement leads: `git+https://...@REVISION#egg=NAME`, an archive, or a path.
pub(super) fn source_of(url: &Written) -> PackageSource {
    let text = &*url.text;
    let is_vcs = ["git+", "hg+", "svn+", "bzr+", "git://"].iter().any(|start| text.starts_with(start));
    if !is_vcs {
        let kind = if text.contains("://") && !text.starts_with("file:") { SourceKind::Url } else { SourceKind::Path };
        return PackageSource::at_url(kind, url.clone());
    }
    let end = text.find('#').unwrap_or(text.len());
    let host = text.find("://").map_or(0, |at| at + 3);
    let path = text[host..end].find('/').map_or(end, |at| host + at);
    let revision = text[path..end].rfind('@').map(|at| url.part(path + at + 1..end));
    let is_commit = revision.as_ref().is_some_and(|revision| is_commit(&revision.text));
    let (revision, branch) = if is_commit { (revision, None) } else { (None, revision) };
    PackageSource { revision, branch, ..PackageSource::at_url(SourceKind::Git, url.clone()) }
}

fn is_commit(text: &str) -> bool {
    text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The version that a requirement fixes: `==1.2`, without wildcard.
pub(super) fn exact_version(versions: &Written) -> Option<Written> {
    let text = &*versions.text;
    let rest = text.strip_prefix("===").or_else(|| text.strip_prefix("=="))?;
    let version = trimmed(text, text.len() - rest.len()..text.len());
    let is_exact = !version.is_empty() && !text[version.clone()].contains(['*', ',', ' ', '<', '>', '=']);
    is_exact.then(|| versions.part(version))
}

#[cfg(test)]
mod tests {
    use secscan_model::{Location, SourceId, Span};

    use super::*;

    fn read(text: &str) -> Option<String> {
        let at = Location { source: SourceId(0), span: Span::new(0, text.len()) };
        let requirement = requirement(&Written::new(text, at), "")?;
        let of = |written: &Option<Written>| {
            written.as_ref().map_or("-".to_owned(), |written| {
                assert_eq!(&*written.text, &text[written.at.span.range()], "the place is its own");
                written.text.to_string()
            })
        };
        let url = requirement.source.as_ref().and_then(|source| source.url.clone());
        Some(format!(
            "{} {} {} {}",
            requirement.name.text,
            of(&requirement.versions),
            of(&url),
            of(&requirement.marker)
        ))
    }

    #[test]
    fn requirements_are_taken_apart() {
        for (text, expected) in [
            ("requests", "requests - - -"),
            ("requests==2.31.0", "requests ==2.31.0 - -"),
            ("requests [socks] >= 2, <3 ; python_version < '3'", "requests >= 2, <3 - python_version < '3'"),
            ("requests (>=2)", "requests >=2 - -"),
            ("a @ git+https://example.org/a.git@v1#egg=a ; x", "a - git+https://example.org/a.git@v1#egg=a x"),
            ("a@https://example.org/a;b.whl", "a - https://example.org/a;b.whl -"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for none in ["", "  ", "==1", "-e .", "[x]", "é", "git+https://example.org/a.git", "two words"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn only_a_whole_version_is_exact() {
        let exact = |text: &str| {
            exact_version(&Written::new(text, Location::default())).map(|version| version.text.to_string())
        };
        assert_eq!(exact("== 1.2"), Some("1.2".into()));
        assert_eq!(exact("===1.2"), Some("1.2".into()));
        assert_eq!(exact("==1.*"), None);
        assert_eq!(exact("==1,<2"), None);
        assert_eq!(exact(">=1"), None);
    }
}
