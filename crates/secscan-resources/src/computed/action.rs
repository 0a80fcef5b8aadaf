//! `$action`: what a `uses` of a workflow names (`owner/name[/path]@ref`, `./path`, `docker://image`).

use std::ops::Range;

use secscan_model::{Map, Node, Source};

use super::{Text, image, text::HOLE, unknown};

/// Branch names that actions are known to be used by. A ref's form does not tell a branch from a tag, and the files do
/// not say which exist: everything else that is no commit counts as a tag.
const BRANCHES: &[&str] = &[
    "HEAD",
    "beta",
    "canary",
    "dev",
    "develop",
    "development",
    "edge",
    "latest",
    "main",
    "master",
    "next",
    "nightly",
    "release",
    "stable",
    "staging",
    "trunk",
    "unstable",
];

/// `$action` of a value.
pub(super) fn child(of: &Node, sources: &[Source]) -> Option<Node> {
    unknown(of).or_else(|| action(&Text::new(of, sources)?))
}

/// The action or reusable workflow that a text names. None when it is not of their form.
fn action(text: &Text<'_>) -> Option<Node> {
    let written = text.opaque();
    let start = written.len() - written.trim_start().len();
    let written = written.trim();
    let whole = start..start + written.len();
    if written.is_empty() {
        return None;
    }
    if written.chars().all(|c| c == HOLE) {
        return Some(text.node(whole));
    }
    let mut map = Map::with_capacity(8);
    let kind = if let Some(image) = written.strip_prefix("docker://") {
        docker(text, whole.end - image.len()..whole.end, &mut map);
        "docker"
    } else {
        let local = written.starts_with("./") || written.starts_with("../") || written == ".";
        let path = if local { path(text, whole.clone(), &mut map) } else { remote(text, whole.clone(), &mut map)? };
        if path.contains(".github/workflows/") { "workflow" } else { "action" }
    };
    let local = !map.is_empty() && map.get("owner").is_none() && kind != "docker";
    let at = text.at(whole);
    map.push_new("local", Node::bool(local, at));
    map.push_new("kind", Node::text(kind, at));
    Some(Node::map(map, at))
}

/// A local action is known by its path.
fn path<'t>(text: &'t Text<'_>, whole: Range<usize>, map: &mut Map) -> &'t str {
    map.push_new("path", text.node(whole.clone()));
    text.opaque().get(whole).unwrap_or_default()
}

/// `owner/name[/path]@ref`; returns the path.
fn remote<'t>(text: &'t Text<'_>, whole: Range<usize>, map: &mut Map) -> Option<&'t str> {
    let written = text.opaque().get(whole.clone())?;
    let (place, reference) = written.split_once('@').map_or((written, None), |(place, r)| (place, Some(r)));
    let (owner, rest) = place.split_once('/')?;
    let (name, path) = rest.split_once('/').map_or((rest, ""), |(name, path)| (name, path));
    if owner.is_empty() || name.is_empty() || place.contains(char::is_whitespace) {
        return None;
    }
    let mut at = whole.start;
    for (key, piece) in [("owner", owner), ("name", name), ("path", path)] {
        if !piece.is_empty() {
            map.push_new(key, text.node(at..at + piece.len()));
        }
        at += piece.len() + 1;
    }
    if let Some(reference) = reference.filter(|reference| !reference.is_empty()) {
        let at = whole.end - reference.len()..whole.end;
        map.push_new("ref", text.node(at.clone()));
        map.push_new("ref-kind", kind_of(text, at, ref_kind(reference)));
    } else if place.ends_with(HOLE) {
        map.push_new("ref", text.perhaps(whole.clone()));
        map.push_new("ref-kind", text.perhaps(whole));
    }
    Some(path)
}

/// A published image: its digest, or else its tag, is what a ref is elsewhere.
fn docker(text: &Text<'_>, part: Range<usize>, map: &mut Map) {
    let Some(image) = image::reference(text, part) else { return };
    for (key, kind) in [("digest", "sha"), ("tag", "tag")] {
        if let Some(reference) = image.get(key)
            && map.get("ref").is_none()
        {
            map.push_new("ref", reference.clone());
            let known = reference.as_unresolved().is_none();
            map.push_new("ref-kind", if known { Node::text(kind, reference.at) } else { reference.clone() });
        }
    }
    map.push_new("image", image);
}

fn kind_of(text: &Text<'_>, at: Range<usize>, kind: &str) -> Node {
    if text.has_hole(&at) { text.node(at) } else { Node::text(kind, text.at(at)) }
}

/// The kind of a Git ref by its form: a full hash, a well-known branch, else a tag.
pub(crate) fn ref_kind(reference: &str) -> &'static str {
    let hash = matches!(reference.len(), 40 | 64) && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hash {
        "sha"
    } else if reference.starts_with("refs/heads/") || BRANCHES.contains(&reference) {
        "branch"
    } else {
        "tag"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::computed::testing::{partly, show, written};

    #[test]
    fn uses_are_taken_apart() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        for (uses, expected) in [
            (
                "actions/checkout@v4",
                "{owner: actions, name: checkout, ref: v4, ref-kind: tag, local: false, kind: action}",
            ),
            (
                &*format!("a/b/c/d@{sha}"),
                &*format!("{{owner: a, name: b, path: c/d, ref: {sha}, ref-kind: sha, local: false, kind: action}}"),
            ),
            ("a/b@main", "{owner: a, name: b, ref: main, ref-kind: branch, local: false, kind: action}"),
            (
                "a/b@refs/heads/x",
                "{owner: a, name: b, ref: refs/heads/x, ref-kind: branch, local: false, kind: action}",
            ),
            ("a/b", "{owner: a, name: b, local: false, kind: action}"),
            ("./.github/actions/x", "{path: ./.github/actions/x, local: true, kind: action}"),
            ("./.github/workflows/x.yml", "{path: ./.github/workflows/x.yml, local: true, kind: workflow}"),
            (
                "o/r/.github/workflows/x.yml@v1",
                "{owner: o, name: r, path: .github/workflows/x.yml, ref: v1, ref-kind: tag, local: false, kind: workflow}",
            ),
            (
                "docker://alpine:3",
                "{ref: 3, ref-kind: tag, image: {registry: docker.io, name: alpine, tag: 3}, local: false, kind: docker}",
            ),
            (
                "docker://a/b@sha256:00",
                "{ref: sha256:00, ref-kind: sha, image: {registry: docker.io, name: a/b, digest: sha256:00}, local: false, kind: docker}",
            ),
            ("docker://", "{local: false, kind: docker}"),
            ("checkout@v4", "none"),
            ("", "none"),
        ] {
            let (node, source) = written(uses);
            assert_eq!(show(child(&node, &[source])), expected, "{uses}");
        }
    }

    #[test]
    fn holes_stay_unknown() {
        for (uses, expected) in [
            ("${{ inputs.action }}", "?"),
            ("a/b@${{ inputs.ref }}", "{owner: a, name: b, ref: ?, ref-kind: ?, local: false, kind: action}"),
            ("a/${{ inputs.name }}", "{owner: a, name: ?, ref: ??, ref-kind: ??, local: false, kind: action}"),
        ] {
            assert_eq!(show(child(&partly(uses), &[])), expected, "{uses}");
        }
    }
}
