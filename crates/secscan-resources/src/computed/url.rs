//! `$url`: a URL taken apart (RFC 3986, with the forms that infrastructure code adds: `git::https://`, `jdbc:mysql://`,
//! `git@host:path`).

use std::ops::Range;

use secscan_model::{Map, Node, Source};

use super::{Text, text::HOLE, unknown};

/// `$url` of a value.
pub(super) fn child(of: &Node, sources: &[Source]) -> Option<Node> {
    unknown(of).or_else(|| url(&Text::new(of, sources)?))
}

/// The URL that a text is. None when it is none; unresolved when it may be one.
fn url(text: &Text<'_>) -> Option<Node> {
    let written = text.opaque();
    let start = written.len() - written.trim_start().len();
    let end = written.trim_end().len().max(start);
    let whole = start..end;
    let Some(marker) = written.find("://") else {
        return secure_copy(text, whole.clone())
            .or_else(|| written.get(whole.clone())?.starts_with(HOLE).then(|| text.node(whole)));
    };
    let scheme = start.max(written[..marker].rfind(':').map_or(start, |colon| colon + 1))..marker.max(start);
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-' | HOLE);
    if scheme.is_empty() || !written.get(scheme.clone())?.chars().all(is_scheme) {
        return None;
    }
    let mut map = Map::with_capacity(7);
    map.push_new("scheme", text.node(scheme));
    let rest = marker + 3..end;
    let stop = rest.start + written.get(rest.clone())?.find(['/', '?', '#']).unwrap_or(rest.len());
    authority(text, rest.start..stop, &mut map);
    let tail = written.get(stop..end)?;
    let fragment = stop + tail.find('#').unwrap_or(tail.len());
    let query = stop + tail.find('?').unwrap_or(tail.len()).min(fragment - stop);
    insert(text, "path", stop..query, &mut map);
    if query < fragment {
        map.push_new("query", parameters(text, query + 1..fragment));
    }
    Some(Node::map(map, text.at(whole)))
}

/// `[user[:password]@]host[:port]`. Where a variable may bring parts that are not written, these are perhaps absent.
fn authority(text: &Text<'_>, part: Range<usize>, map: &mut Map) {
    let Some(written) = text.opaque().get(part.clone()) else { return };
    let host = match written.rfind('@') {
        Some(at) => {
            let info = &written[..at];
            let colon = info.find(':').unwrap_or(info.len());
            insert(text, "user", part.start..part.start + colon, map);
            insert(text, "password", part.start + info.len().min(colon + 1)..part.start + info.len(), map);
            part.start + at + 1..part.end
        }
        None => {
            if written.contains(HOLE) {
                map.push_new("user", text.perhaps(part.clone()));
                map.push_new("password", text.perhaps(part.clone()));
            }
            part
        }
    };
    let Some(written) = text.opaque().get(host.clone()) else { return };
    let bracket = written.rfind(']').unwrap_or(0);
    let colon = written.rfind(':').filter(|colon| *colon >= bracket).unwrap_or(written.len());
    insert(text, "host", host.start..host.start + colon, map);
    let port = host.start + written.len().min(colon + 1)..host.end;
    match text.opaque().get(port.clone()).map(str::parse) {
        Some(Ok(number)) => drop(map.insert("port", Node::int(number, text.at(port)))),
        _ if !port.is_empty() => insert(text, "port", port, map),
        _ if written.ends_with(HOLE) => map.push_new("port", text.perhaps(host)),
        _ => {}
    }
}

/// The parameters of a query as a map; the first of a name counts. Nothing is percent-decoded.
fn parameters(text: &Text<'_>, query: Range<usize>) -> Node {
    let mut map = Map::default();
    let mut at = query.start;
    for pair in text.opaque().get(query.clone()).unwrap_or_default().split('&') {
        let equals = pair.find('=').unwrap_or(pair.len());
        let key = text.raw().get(at..at + equals).unwrap_or_default();
        if !key.is_empty() && map.get(key).is_none() {
            map.push_new(key, text.node(at + pair.len().min(equals + 1)..at + pair.len()));
        }
        at += pair.len() + 1;
    }
    Node::map(map, text.at(query))
}

/// `user@host:path`, as Git and scp write it.
fn secure_copy(text: &Text<'_>, whole: Range<usize>) -> Option<Node> {
    let written = text.opaque().get(whole.clone())?;
    let start = whole.start + written.find("::").map_or(0, |force| force + 2);
    let written = text.opaque().get(start..whole.end)?;
    let (user, rest) = written.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let plain =
        |piece: &str| !piece.is_empty() && !piece.contains(|c: char| c.is_whitespace() || "/:@'\"=".contains(c));
    if !plain(user) || !plain(host) || path.is_empty() || path.contains(char::is_whitespace) {
        return None;
    }
    let mut map = Map::with_capacity(4);
    map.push_new("scheme", Node::text("ssh", text.at(whole.clone())));
    map.push_new("user", text.node(start..start + user.len()));
    map.push_new("host", text.node(start + user.len() + 1..start + user.len() + 1 + host.len()));
    map.push_new("path", text.node(whole.end - path.len()..whole.end));
    Some(Node::map(map, text.at(whole)))
}

/// Adds a component unless it is empty.
fn insert(text: &Text<'_>, key: &str, part: Range<usize>, map: &mut Map) {
    if !part.is_empty() {
        map.insert(key, text.node(part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::computed::testing::{partly, show, written};

    #[test]
    fn urls_are_taken_apart() {
        for (url, expected) in [
            ("https://example.com", "{scheme: https, host: example.com}"),
            (
                "http://example.com:8080/a/b?x=1&y=&x=2#f",
                "{scheme: http, host: example.com, port: 8080, path: /a/b, query: {x: 1, y: }}",
            ),
            (
                "postgres://u:p:w@db:5432/app",
                "{scheme: postgres, user: u, password: p:w, host: db, port: 5432, path: /app}",
            ),
            ("redis://:secret@cache", "{scheme: redis, password: secret, host: cache}"),
            ("http://[::1]:80/", "{scheme: http, host: [::1], port: 80, path: /}"),
            (
                "git::https://example.com/a.git?ref=v1",
                "{scheme: https, host: example.com, path: /a.git, query: {ref: v1}}",
            ),
            ("jdbc:mysql://db/app", "{scheme: mysql, host: db, path: /app}"),
            ("git@github.com:org/repo.git", "{scheme: ssh, user: git, host: github.com, path: org/repo.git}"),
            ("s3://bucket/key", "{scheme: s3, host: bucket, path: /key}"),
            ("https://", "{scheme: https}"),
        ] {
            let (node, source) = written(url);
            assert_eq!(show(child(&node, &[source])), expected, "{url}");
        }
        for no_url in ["", "example.com", "a b://c", "mail to a@b", "://x", "a: b@c:d"] {
            let (node, source) = written(no_url);
            assert_eq!(show(child(&node, &[source])), "none", "{no_url}");
        }
    }

    #[test]
    fn what_a_variable_hides_is_unknown() {
        for (url, expected) in [
            ("${U}", "?"),
            ("${U}/path", "?"),
            ("https://${H}/x", "{scheme: https, user: ??, password: ??, host: ?, port: ??, path: /x}"),
            ("https://u:${P}@h/x", "{scheme: https, user: u, password: ?, host: h, path: /x}"),
            ("${S}://h:${P}", "{scheme: ?, user: ??, password: ??, host: h, port: ?}"),
            ("name-${X}", "none"),
        ] {
            assert_eq!(show(child(&partly(url), &[])), expected, "{url}");
        }
    }

    #[test]
    fn components_have_their_own_places() {
        let (node, source) = written("https://user:word@example.com:8443/a?b=c");
        let url = child(&node, std::slice::from_ref(&source)).expect("a URL");
        for (path, expected) in
            [(&["password"][..], "word"), (&["host"], "example.com"), (&["port"], "8443"), (&["query", "b"], "c")]
        {
            let at = url.at_path(path).expect("there").at;
            assert_eq!(&source.text().expect("UTF-8")[at.span.range()], expected);
        }
    }
}
