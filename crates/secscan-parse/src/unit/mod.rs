//! The document is a map of the sections, each a map of its keys. A key that stands once has a text, one that stands again
//! a list of texts; an empty value takes back those before it. Values are as written: quotes and specifiers (`%h`) are for
//! whoever knows the key. A line that ends with a backslash goes on in the next.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html>

use secscan_model::{Comment, DiagnosticKind, Entry, Location, Map, Node, Source, Span};

use crate::Parsed;

/// The extensions of the unit files that Podman turns into services.
const EXTENSIONS: &[&str] = &["build", "container", "image", "kube", "network", "pod", "volume"];

/// Whether a path looks like a quadlet.
pub fn claims(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && EXTENSIONS.contains(&extension))
}

/// Parses a file.
pub fn parse(source: &Source) -> Parsed {
    let text = match source.text() {
        Ok(text) => text,
        Err(error) => return Parsed::not_text(source, error),
    };
    let mut reader = Reader { source, sections: Vec::new(), parsed: Parsed::default() };
    let mut lines = Lines { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    while let Some((start, line)) = lines.next() {
        reader.line(start, line, &mut lines);
    }
    reader.finish()
}

/// The lines of a text with their offsets.
struct Lines<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<(usize, &'t str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let line = rest.split_inclusive('\n').next()?;
        self.at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    }
}

/// A section under construction.
struct Section<'t> {
    name: &'t str,
    at: Location,
    keys: Vec<(&'t str, Location, Vec<Node>)>,
}

struct Reader<'t> {
    source: &'t Source,
    sections: Vec<Section<'t>>,
    parsed: Parsed,
}

impl<'t> Reader<'t> {
    fn line(&mut self, start: usize, line: &'t str, lines: &mut Lines<'t>) {
        let written = line.trim_start();
        let start = start + line.len() - written.len();
        let written = written.trim_end();
        let span = Span::new(start, start + written.len());
        if written.starts_with(['#', ';']) {
            self.parsed.comments.push(Comment { span, trailing: false });
        } else if let Some(name) = written.strip_prefix('[') {
            match name.strip_suffix(']') {
                Some(name) => self.open(name, span),
                None => self.complain(span, "a section has no closing bracket; its keys were left out"),
            }
        } else if let Some((key, _)) = written.split_once('=') {
            self.key(key.trim_end(), start, written, lines);
        } else if !written.is_empty() {
            self.complain(span, "this line is neither a section nor a key with a value");
        }
    }

    fn complain(&mut self, span: Span, message: &str) {
        self.parsed.report(self.source, DiagnosticKind::Syntax, span, message);
    }

    fn open(&mut self, name: &'t str, span: Span) {
        let at = self.source.at(span);
        // A section that stands again goes on.
        match self.sections.iter().position(|section| section.name == name) {
            Some(known) => {
                let section = self.sections.remove(known);
                self.sections.push(section);
            }
            None => self.sections.push(Section { name, at, keys: Vec::new() }),
        }
    }

    fn key(&mut self, key: &'t str, start: usize, written: &'t str, lines: &mut Lines<'t>) {
        let behind = written.find('=').map_or(written.len(), |equals| equals + 1);
        let first = written.get(behind..).unwrap_or_default();
        let value = first.trim_start();
        let begin = start + written.len() - value.len();
        let (mut text, mut end) = (value.to_owned(), begin + value.len());
        while text.ends_with('\\') {
            let Some((next, line)) = lines.next() else { break };
            let line = line.trim_end();
            // Comments between the lines of a value are no part of it.
            if line.trim_start().starts_with(['#', ';']) {
                continue;
            }
            text.pop();
            text.push(' ');
            text.push_str(line.trim_start());
            end = next + line.len();
        }
        let name_at = self.source.at(Span::new(start, start + key.len()));
        let node = Node::text(text, self.source.at(Span::new(begin, end))).named(name_at);
        let Some(section) = self.sections.last_mut() else {
            return self.complain(name_at.span, "a key stands before the first section");
        };
        let is_empty = node.as_str().is_some_and(str::is_empty);
        match section.keys.iter_mut().find(|(known, ..)| *known == key) {
            Some((.., values)) if is_empty => values.clear(),
            Some((.., values)) => values.push(node),
            None => section.keys.push((key, name_at, if is_empty { Vec::new() } else { vec![node] })),
        }
    }

    fn finish(mut self) -> Parsed {
        let mut entries = Vec::new();
        let mut whole: Option<Location> = None;
        for section in self.sections {
            let mut keys = Vec::new();
            let mut at = section.at;
            for (key, name_at, mut values) in section.keys {
                at.span = values.iter().fold(at.span, |span, value| span.cover(value.at.span));
                let value = match values.len() {
                    0 => continue,
                    1 => values.swap_remove(0),
                    _ => {
                        let spans = values.iter().map(|value| value.at.span).reduce(Span::cover).unwrap_or_default();
                        Node::list(values, self.source.at(spans)).named(name_at)
                    }
                };
                keys.push(Entry { key: key.into(), value });
            }
            whole = Some(whole.map_or(at, |whole| Location { span: whole.span.cover(at.span), ..whole }));
            let value = Node::map(Map::from_unique(keys), at).named(section.at);
            entries.push(Entry { key: section.name.into(), value });
        }
        if let Some(at) = whole {
            self.parsed.documents.push(Node::map(Map::from_unique(entries), at));
        }
        self.parsed
    }
}

#[cfg(test)]
mod tests {
    use secscan_model::SourceId;

    use super::*;

    fn parsed(text: &str) -> Parsed {
        parse(&Source::from_text(SourceId(0), "web.container", text))
    }

    #[test]
    fn sections_hold_keys_and_repeated_keys_are_lists() {
        let text = "# note\n[Container]\nImage = docker.io/nginx:1\nVolume=/a:/a\nVolume=/b:/b\nExec=run \\\n  # between\n  --now\n[Install]\n";
        let parsed = parsed(text);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        assert_eq!(parsed.comments.len(), 1);
        let container = parsed.documents[0].get("Container").expect("a section");
        assert_eq!(container.get("Image").and_then(Node::as_str), Some("docker.io/nginx:1"));
        assert_eq!(container.get("Volume").map(|list| list.items().len()), Some(2));
        assert_eq!(container.get("Exec").and_then(Node::as_str), Some("run  --now"));
        assert!(parsed.documents[0].get("Install").is_some());
    }

    #[test]
    fn an_empty_value_takes_back_those_before_it() {
        let parsed = parsed("[Container]\nVolume=/a:/a\nVolume=\nVolume=/b:/b\nUser=\n");
        let container = parsed.documents[0].get("Container").expect("a section");
        assert_eq!(container.get("Volume").and_then(Node::as_str), Some("/b:/b"));
        assert!(container.get("User").is_none());
    }

    #[test]
    fn broken_lines_are_said_and_the_rest_goes_on() {
        let parsed = parsed("a=b\n[Container\nnonsense\n[Pod]\nPodName=x\\");
        assert_eq!(parsed.diagnostics.len(), 3, "{:?}", parsed.diagnostics);
        assert!(parsed.documents[0].at_path(&["Pod", "PodName"]).is_some());
    }
}
