//! The document is a map of the sections, each a map of its keys. A key that stands once has a text, one that stands again
//! a list of texts; an empty value takes back those before it. Values are as written: quotes and specifiers (`%h`) are for
//! whoever knows the key. A line that ends with a backslash goes on in the next.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html>

use secscan_model::{Comment, DiagnosticKind, Entry, Location, Map, Node, Source, Span};

use crate::Parsed;

/// The extensions of the unit files that Podman turns into services.
const EXTENSIONS: &[&str] = &["build", "container", "image", "kube", "network", "pod", "volume"];

/// Whether a path looks like a quadlet, or like a drop-in of one.
pub fn claims(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_unit = name.rsplit_once('.').is_some_and(|(stem, kind)| !stem.is_empty() && EXTENSIONS.contains(&kind));
    is_unit || is_drop_in(path)
}

/// Whether a path looks like a drop-in, a file that adds to one unit or to several: `web.container.d/10-more.conf`.
pub fn is_drop_in(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let of = folder.rsplit('/').next().and_then(|folder| folder.strip_suffix(".d"));
    let is_kind = |of: &str| EXTENSIONS.contains(&of.rsplit('.').next().unwrap_or(of));
    name.ends_with(".conf") && of.is_some_and(is_kind)
}

/// Parses a file.
pub fn parse(source: &Source) -> Parsed {
    merged(&[source])
}

/// Parses a unit with its drop-ins, in the order in which they are laid over each other.
pub fn merged(sources: &[&Source]) -> Parsed {
    let mut sections = Vec::new();
    let mut parsed = Parsed::default();
    for source in sources {
        let text = match source.text() {
            Ok(text) => text,
            Err(error) if sources.len() == 1 => return Parsed::not_text(source, error),
            Err(_) => continue,
        };
        let mut reader = Reader { source, sections, parsed, open: None };
        let mut lines = Lines { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
        while let Some((start, line)) = lines.next() {
            reader.line(start, line, &mut lines);
        }
        (sections, parsed) = (reader.sections, reader.parsed);
    }
    finish(sections, parsed)
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

/// A file while it is read, with what stands before it.
struct Reader<'t> {
    source: &'t Source,
    sections: Vec<Section<'t>>,
    parsed: Parsed,
    /// The section that keys go to.
    open: Option<usize>,
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
        // A section that stands again goes on.
        let known = self.sections.iter().position(|section| section.name == name);
        self.open = known.or(Some(self.sections.len()));
        if known.is_none() {
            self.sections.push(Section { name, at: self.source.at(span), keys: Vec::new() });
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
        let Some(section) = self.open.and_then(|open| self.sections.get_mut(open)) else {
            return self.complain(name_at.span, "a key stands before the first section");
        };
        let is_empty = node.as_str().is_some_and(str::is_empty);
        match section.keys.iter_mut().find(|(known, ..)| *known == key) {
            Some((.., values)) if is_empty => values.clear(),
            Some((.., values)) => values.push(node),
            None => section.keys.push((key, name_at, if is_empty { Vec::new() } else { vec![node] })),
        }
    }
}

/// The sections as a document. A section that a drop-in adds to stands where the unit begins it.
fn finish(sections: Vec<Section<'_>>, mut parsed: Parsed) -> Parsed {
    let mut entries = Vec::new();
    let mut whole: Option<Location> = None;
    let cover = |one: Location, other: Location| match one.source == other.source {
        true => Location { span: one.span.cover(other.span), ..one },
        false => one,
    };
    for section in sections {
        let mut keys = Vec::new();
        let mut at = section.at;
        for (key, name_at, mut values) in section.keys {
            at = values.iter().fold(at, |at, value| cover(at, value.at));
            let value = match values.len() {
                0 => continue,
                1 => values.swap_remove(0),
                _ => {
                    let places = values.iter().map(|value| value.at).reduce(cover).unwrap_or(name_at);
                    Node::list(values, places).named(name_at)
                }
            };
            keys.push(Entry { key: key.into(), value });
        }
        whole = Some(whole.map_or(at, |whole| cover(whole, at)));
        let value = Node::map(Map::from_unique(keys), at).named(section.at);
        entries.push(Entry { key: section.name.into(), value });
    }
    if let Some(at) = whole {
        parsed.documents.push(Node::map(Map::from_unique(entries), at));
    }
    parsed
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
    fn drop_ins_go_on_where_the_unit_ends() {
        let source = |id, path: &str, text: &str| Source::from_text(SourceId(id), path, text);
        let unit = source(0, "web.container", "[Container]\nImage=a\nVolume=/a:/a\nUser=1\n[Service]\nRestart=no\n");
        let more =
            source(1, "web.container.d/1.conf", "[Container]\nVolume=\nVolume=/b:/b\nUser=\nAddCapability=all\n");
        let documents = merged(&[&unit, &more]).documents;
        let container = documents[0].get("Container").expect("a section");
        let volume = container.get("Volume").expect("set");
        assert_eq!((volume.as_str(), volume.at.source), (Some("/b:/b"), SourceId(1)));
        assert!(container.get("User").is_none() && container.get("AddCapability").is_some());
        assert!(documents[0].at_path(&["Service", "AddCapability"]).is_none(), "keys go to the section above them");
        for (path, is_one) in [
            ("a/web.container.d/1.conf", true),
            ("container.d/1.conf", true),
            ("web.container.d/1.txt", false),
            ("nginx.d/1.conf", false),
            ("1.conf", false),
        ] {
            assert_eq!(is_drop_in(path), is_one, "{path}");
        }
    }

    #[test]
    fn broken_lines_are_said_and_the_rest_goes_on() {
        let parsed = parsed("a=b\n[Container\nnonsense\n[Pod]\nPodName=x\\");
        assert_eq!(parsed.diagnostics.len(), 3, "{:?}", parsed.diagnostics);
        assert!(parsed.documents[0].at_path(&["Pod", "PodName"]).is_some());
    }
}
