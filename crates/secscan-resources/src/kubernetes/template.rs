//! Templates that nobody rendered. A file of a Helm chart is a program that writes manifests: judging its text would be
//! judging half of it, and a YAML parser would complain about the other half.

use memchr::memmem;
use secscan_model::{Diagnostic, DiagnosticKind, Platform, Source, Span};

/// What Helm gives to templates, as it stands in actions.
const HELM_WORDS: &[&str] =
    &[".Values", ".Release.", ".Chart.", ".Capabilities.", ".Template.", "include \"", "template \""];

/// What to say of a YAML file that is a template of manifests; none for any other file.
///
/// It is a template when an action (`{{`) stands where YAML would begin a value: on a line of its own, or unquoted after
/// a key or a dash, outside of comments, quotes and block scalars (where other tools keep their placeholders). A file
/// of a `templates` folder is one as well when Helm's own values stand anywhere in its actions. `${{` is no action.
/// Only files that speak of Kubernetes count: those with `apiVersion` and `kind`, or with Helm's values.
pub(crate) fn unrendered(source: &Source) -> Option<Diagnostic> {
    let text = &*source.bytes;
    let first = memmem::find_iter(text, "{{").find(|at| !text[..*at].ends_with(b"$"))?;
    let helm = uses_helm(text);
    let in_chart = source.folder().split('/').any(|folder| folder == "templates");
    let at = match () {
        () if helm && in_chart => first,
        () if helm || resembles(text) => Scanner::default().first_action(text)?,
        () => return None,
    };
    let what = if helm { "Helm template" } else { "template" };
    let message = format!("{what}, not rendered: scan what `helm template` or the like makes of it");
    let diagnostic = Diagnostic::new(DiagnosticKind::Skipped, message).path(source.path.clone());
    Some(diagnostic.at(source.at(Span::new(at, at + 2))).blinds(Platform::Kubernetes))
}

/// Whether a text has the keys of a manifest, well-formed or not.
pub(super) fn resembles(text: &[u8]) -> bool {
    let has_key = |key: &str| {
        memmem::find_iter(text, key).any(|at| {
            let (before, after) = (&text[..at], &text[at + key.len()..]);
            let begins = before.last().is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'{'));
            begins && (after.starts_with(b":") || after.starts_with(b"\":"))
        })
    };
    has_key("apiVersion") && has_key("kind")
}

fn has(text: &[u8], word: &str) -> bool {
    memmem::find(text, word.as_bytes()).is_some()
}

/// Whether an action uses what Helm gives to templates.
fn uses_helm(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(start) = memmem::find(rest, b"{{") {
        let action = &rest[start..];
        let end = memmem::find(action, b"}}").unwrap_or(action.len());
        if HELM_WORDS.iter().any(|word| has(&action[..end], word)) {
            return true;
        }
        rest = &action[end..];
    }
    false
}

/// What reaches over line ends while YAML is scanned for the beginnings of values.
#[derive(Default)]
struct Scanner {
    /// The quote that is open.
    quote: Option<u8>,
    /// The indentation that the lines of an open block scalar exceed.
    block: Option<usize>,
}

impl Scanner {
    /// The offset of the first action that stands where a value begins.
    fn first_action(mut self, text: &[u8]) -> Option<usize> {
        let mut start = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if let Some(at) = self.line(line.trim_ascii_end()) {
                return Some(start + at);
            }
            start += line.len();
        }
        None
    }

    /// The column of an action that begins a value on this line.
    fn line(&mut self, line: &[u8]) -> Option<usize> {
        let blanks = blanks(line);
        if blanks == line.len() {
            return None;
        }
        if let Some(indent) = self.block {
            if blanks > indent {
                return None;
            }
            self.block = None;
        }
        let mut at = blanks;
        if let Some(quote) = self.quote.take() {
            at += self.quoted(&line[at..], quote);
        }
        let mut indent = blanks;
        while let Some(first) = line.get(at) {
            match first {
                b'#' => return None,
                b'{' if line[at..].starts_with(b"{{") => return Some(at),
                b'-' | b'?' if matches!(line.get(at + 1), None | Some(b' ')) => {
                    indent = at;
                    at += 1;
                }
                b'|' | b'>' => {
                    self.block = Some(indent);
                    return None;
                }
                b'"' | b'\'' => at += 1 + self.quoted(&line[at + 1..], *first),
                b'!' | b'&' => at += line[at..].iter().position(|byte| *byte == b' ').unwrap_or(line.len() - at),
                b'[' | b'{' | b',' | b':' | b']' | b'}' => at += 1,
                _ => {
                    indent = indent.max(at);
                    let end = memmem::find(&line[at..], b": ").map_or(line.len(), |colon| at + colon);
                    if has(&line[at..end], " #") {
                        return None;
                    }
                    at = line.len().min(end + 1);
                }
            }
            at += self::blanks(&line[at..]);
        }
        None
    }

    /// The length of a quoted scalar with its closing quote; the quote stays open when the line ends first.
    fn quoted(&mut self, line: &[u8], quote: u8) -> usize {
        let mut at = 0;
        while let Some(byte) = line.get(at) {
            match byte {
                b'\\' if quote == b'"' => at += 1,
                byte if *byte == quote && quote == b'\'' && line.get(at + 1) == Some(&quote) => at += 1,
                byte if *byte == quote => return at + 1,
                _ => {}
            }
            at += 1;
        }
        self.quote = Some(quote);
        line.len()
    }
}

fn blanks(line: &[u8]) -> usize {
    line.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}
