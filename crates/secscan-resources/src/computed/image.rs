//! `$image`: an image reference taken apart, by the grammar of the container registries
//! (`[registry/]name[:tag][@digest]`).

use std::ops::Range;

use secscan_model::{Map, Node, Source};

use super::{Text, text::HOLE, unknown};

/// The registry of a reference that names none.
const DEFAULT_REGISTRY: &str = "docker.io";

/// `$image` of a value.
pub(super) fn child(of: &Node, sources: &[Source]) -> Option<Node> {
    unknown(of).or_else(|| {
        let text = Text::new(of, sources)?;
        reference(&text, 0..text.raw().len())
    })
}

/// The reference in a part of a text as `{registry, name, tag, digest}`. None when it is no reference; unresolved when
/// nothing of it is certain.
pub(crate) fn reference(text: &Text<'_>, part: Range<usize>) -> Option<Node> {
    let written = text.opaque().get(part.clone())?;
    let start = part.start + written.len() - written.trim_start().len();
    let written = written.trim();
    let path = written.is_empty() || written.starts_with(['/', '.', '-']) || written.ends_with('/');
    if path || written.contains(|c: char| c != HOLE && (c.is_whitespace() || c.is_control())) {
        return None;
    }
    let whole = start..start + written.len();
    if written.chars().all(|c| c == HOLE) {
        return Some(text.node(whole));
    }
    let (before, digest) = split(written, written.find('@'));
    let colon = before.rfind(':').filter(|colon| before.rfind('/').is_none_or(|slash| slash < *colon));
    let (path, tag) = split(before, colon);
    let mut map = Map::with_capacity(4);
    let name = registry(text, start..start + path.len(), &mut map)?;
    map.push_new("name", text.node(name));
    // A variable at the end may hold more than its own component: `nginx:${V}` with `1.27@sha256:...`.
    let hidden = |piece: &str| piece.ends_with(HOLE).then(|| text.perhaps(whole.clone()));
    let tag_at = start + path.len() + 1..start + before.len();
    let tag = tag.map(|_| text.node(tag_at)).or_else(|| digest.is_none().then(|| hidden(path))?);
    let digest = digest.map(|_| text.node(start + before.len() + 1..whole.end)).or_else(|| hidden(before));
    for (key, value) in [("tag", tag), ("digest", digest)] {
        value.into_iter().for_each(|value| map.push_new(key, value));
    }
    Some(Node::map(map, text.at(whole)))
}

/// What stands before and behind a separator; nothing behind it counts as no separator.
fn split(written: &str, separator: Option<usize>) -> (&str, Option<&str>) {
    match separator {
        Some(at) => (&written[..at], Some(&written[at + 1..]).filter(|rest| !rest.is_empty())),
        None => (written, None),
    }
}

/// Puts the registry of a path into the map and returns the rest of the path. The first component is a registry when it
/// has a dot or a port, or is `localhost`; `library/` is how the default registry spells its official images.
fn registry(text: &Text<'_>, path: Range<usize>, map: &mut Map) -> Option<Range<usize>> {
    let written = text.opaque().get(path.clone())?;
    let (first, rest) = written.split_once('/').map_or(("", written), |(first, rest)| (first, rest));
    let first_at = path.start..path.start + first.len();
    let rest_at = path.end - rest.len()..path.end;
    let (registry, name) = if written.starts_with(HOLE) {
        (text.node(path.start..path.start + written.find('/').unwrap_or(written.len())), path)
    } else if matches!(first, "index.docker.io" | "registry-1.docker.io") {
        (Node::text(DEFAULT_REGISTRY, text.at(first_at)), rest_at)
    } else if first.contains(['.', ':', HOLE]) || first == "localhost" {
        (text.node(first_at), rest_at)
    } else {
        (Node::text(DEFAULT_REGISTRY, text.at(path.clone())), path)
    };
    let default = registry.as_str() == Some(DEFAULT_REGISTRY);
    map.push_new("registry", registry);
    let official = default && text.opaque().get(name.clone())?.starts_with("library/");
    let name = name.start + if official { "library/".len() } else { 0 }..name.end;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::computed::testing::{partly, show, written};

    #[test]
    fn references_are_taken_apart() {
        for (reference, expected) in [
            ("nginx", "{registry: docker.io, name: nginx}"),
            ("nginx:1.27", "{registry: docker.io, name: nginx, tag: 1.27}"),
            ("library/nginx:1", "{registry: docker.io, name: nginx, tag: 1}"),
            ("docker.io/library/nginx", "{registry: docker.io, name: nginx}"),
            ("index.docker.io/org/app", "{registry: docker.io, name: org/app}"),
            ("org/app@sha256:00", "{registry: docker.io, name: org/app, digest: sha256:00}"),
            (
                "ghcr.io/org/team/app:v1@sha256:00",
                "{registry: ghcr.io, name: org/team/app, tag: v1, digest: sha256:00}",
            ),
            ("localhost/app", "{registry: localhost, name: app}"),
            ("localhost:5000/app:2", "{registry: localhost:5000, name: app, tag: 2}"),
            ("registry:5000/app", "{registry: registry:5000, name: app}"),
            ("nginx:", "{registry: docker.io, name: nginx}"),
            (" nginx ", "{registry: docker.io, name: nginx}"),
        ] {
            let (node, source) = written(reference);
            assert_eq!(show(child(&node, &[source])), expected, "{reference}");
        }
        for no_reference in ["", "not an image", "/", "./folder", "/bin/sh", ":1", "@sha256:00"] {
            let (node, source) = written(no_reference);
            assert_eq!(show(child(&node, &[source])), "none", "{no_reference}");
        }
    }

    #[test]
    fn what_a_variable_hides_is_unknown_and_the_rest_is_certain() {
        for (reference, expected) in [
            ("${A}", "?"),
            ("nginx:${V}", "{registry: docker.io, name: nginx, tag: ?, digest: ??}"),
            ("nginx:${V}-alpine", "{registry: docker.io, name: nginx, tag: ?}"),
            ("nginx:${V}@sha256:00", "{registry: docker.io, name: nginx, tag: ?, digest: sha256:00}"),
            ("${R}/nginx:1", "{registry: ?, name: ?, tag: 1}"),
            ("ghcr.io/${N}", "{registry: ghcr.io, name: ?, tag: ??, digest: ??}"),
            ("${R}.example.com/app:1", "{registry: ?, name: ?, tag: 1}"),
            ("eu${R}/app:1", "{registry: ?, name: app, tag: 1}"),
        ] {
            assert_eq!(show(child(&partly(reference), &[])), expected, "{reference}");
        }
    }

    #[test]
    fn components_have_their_own_places() {
        let (node, source) = written("ghcr.io/org/app:v1@sha256:00");
        let image = child(&node, std::slice::from_ref(&source)).expect("a reference");
        for (key, expected) in [("registry", "ghcr.io"), ("name", "org/app"), ("tag", "v1"), ("digest", "sha256:00")] {
            let at = image.get(key).expect(key).at;
            assert_eq!(&source.text().expect("UTF-8")[at.span.range()], expected);
        }
    }
}
