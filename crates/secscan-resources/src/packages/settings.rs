//! Settings of package managers that are lines of keys and values: `.npmrc`, `pip.conf`, and the properties of the Gradle
//! and Maven wrappers. Each becomes `{sources, settings}`; what stands under `settings` is as it is written.

use secscan_model::{Comment, Map, Node, Source};

use super::manifest::Manifest;
use super::text::{Text, unquoted};
use super::{Contents, Written};

/// Reads a file of `KEY = VALUE`, comments behind `#` or `;`, sections in brackets.
fn read(source: &Source, contents: &mut Contents, kinds: &[(&str, &str)]) {
    let Some(text) = Text::new(source, contents) else { return };
    let mut settings = Map::default();
    let mut sources = Vec::new();
    // An indented line continues the value above; pip lists further indexes so.
    let mut key_above = String::new();
    for line in text.lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('[') {
            continue;
        }
        if content.starts_with(['#', ';', '!']) {
            contents.comments.push(Comment { span: text.span(content), trailing: false });
            continue;
        }
        let is_continued = line.starts_with([' ', '\t']) && !key_above.is_empty() && !content.contains('=');
        let (key, value) =
            if is_continued { (&*key_above, content) } else { content.split_once('=').unwrap_or((content, "")) };
        let key = key.trim().to_owned();
        for value in value.split_whitespace().map(|value| text.written(unquoted(value))) {
            let kind = kinds.iter().find(|(name, _)| key == *name || name.starts_with(':') && key.ends_with(name));
            sources.extend(kind.map(|(_, kind)| index(kind, &key, &value)));
        }
        let value = text.written(unquoted(value));
        // Properties of Java write a colon with a backslash.
        let value = Written { text: value.text.replace("\\:", ":").into(), ..value };
        if !is_continued {
            settings.insert(key.clone(), value.node().named(text.at(content)));
        }
        key_above = key;
    }
    let mut manifest = Manifest::default();
    if let Some(first) = sources.first() {
        let at = first.at;
        manifest.more.push(("sources", Node::list(sources, at)));
    }
    manifest.more.push(("settings", Node::map(settings, text.at(text.whole()))));
    contents.manifest = Some(manifest);
}

fn index(kind: &str, key: &str, url: &Written) -> Node {
    let mut map = Map::with_capacity(3);
    map.push_new("kind", Node::text(kind, url.at));
    map.push_new("url", url.node());
    if let Some((scope, _)) = key.split_once(':').filter(|(scope, _)| scope.starts_with('@')) {
        map.push_new("scope", Node::text(scope, url.at));
    }
    Node::map(map, url.at)
}

/// Reads an `.npmrc`.
pub(super) fn read_npmrc(source: &Source, contents: &mut Contents) {
    read(source, contents, &[("registry", "index"), (":registry", "explicit-index")]);
}

/// Reads a `pip.conf` or `pip.ini`.
pub(super) fn read_pip(source: &Source, contents: &mut Contents) {
    let kinds = [
        ("index-url", "index"),
        ("extra-index-url", "extra-index"),
        ("find-links", "find-links"),
        ("trusted-host", "trusted-host"),
    ];
    read(source, contents, &kinds);
}

/// Reads the properties of a wrapper, which loads the build tool itself.
pub(super) fn read_wrapper(source: &Source, contents: &mut Contents) {
    read(source, contents, &[]);
}
