//! What must not be quoted: the secrets of a file, whatever rule points at its lines.
//!
//! A report may quote a line for any reason. So the files that it quotes, and only these, are asked about secrets with
//! every detector that exists, whether or not its rule was asked for; where all were, what they said is taken over.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use secscan_model::{Lazy, Source, Span};
use secscan_rules::check::Body;
use secscan_rules::{Rule, RuleSet};
use secscan_secrets::{Asked, Detector, Text};

use crate::words::Words;

/// The shortest secret that is looked for in messages: a shorter one would blot out words.
const SHORTEST_IN_TEXT: usize = 5;

/// All detectors, ready to say what is secret in a file.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    detectors: Vec<Arc<Lazy<Detector>>>,
    /// The keywords, and the detectors of each, once somebody asks.
    words: OnceLock<(Words<String>, Vec<Vec<usize>>)>,
}

impl Redactor {
    /// A redactor with the detectors of these rules.
    pub(crate) fn new<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Self {
        let detector = |rule: &Rule| match &rule.body {
            Body::Secret(detector) => Some(detector.clone()),
            Body::Checks(_) | Body::Code(_) | Body::Native(_) => None,
        };
        Self { detectors: rules.into_iter().filter_map(detector).collect(), words: OnceLock::new() }
    }

    /// Whether a scan with these rules finds all secrets itself.
    pub(crate) fn is_asked_by(&self, rules: &RuleSet) -> bool {
        rules.rules.iter().filter(|rule| matches!(rule.body, Body::Secret(_))).count() == self.detectors.len()
    }

    /// The secrets of a file, in order and apart from each other.
    pub(crate) fn secrets(&self, source: &Source) -> Vec<Span> {
        let (words, detectors_of_word) = self.words.get_or_init(|| words(&self.detectors));
        let mut hits: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        words.find(&source.bytes, &mut |word, start| {
            for detector in &detectors_of_word[word] {
                hits.entry(*detector).or_default().push(start);
            }
        });
        let asked = hits.into_iter().map(|(detector, hits)| Asked { detector: &self.detectors[detector], hits });
        let asked: Vec<_> = asked.collect();
        let leaks = secscan_secrets::find(Text { path: &source.path, bytes: &source.bytes }, &asked);
        leaks.into_iter().map(|leak| leak.secret).collect()
    }
}

fn words(detectors: &[Arc<Lazy<Detector>>]) -> (Words<String>, Vec<Vec<usize>>) {
    let mut by_word: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    for (index, detector) in detectors.iter().enumerate() {
        detector.keywords().iter().for_each(|word| by_word.entry(word).or_default().push(index));
    }
    (Words::new(by_word.keys().map(|word| word.to_string()).collect()), by_word.into_values().collect())
}

/// A piece of a file without its secrets: stars for all but quotes and line breaks. `secrets` are those of the file.
pub(crate) fn masked(source: &Source, piece: Span, secrets: &[Span]) -> String {
    let text = |start: u32, end: u32| String::from_utf8_lossy(&source.bytes[Span { start, end }.range()]);
    let first = secrets.partition_point(|secret| secret.end <= piece.start);
    let mut shown = String::new();
    let mut at = piece.start;
    for secret in secrets[first..].iter().take_while(|secret| secret.start < piece.end) {
        let (start, end) = (secret.start.max(at), secret.end.min(piece.end));
        if start < end {
            shown.push_str(&text(at, start));
            shown.push_str(&stars(&text(start, end)));
            at = end;
        }
    }
    shown.push_str(&text(at, piece.end.max(at)));
    shown
}

/// The same shape without the letters.
fn stars(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '"' | '\'' | '\n' | '\r') { c } else { '*' }).collect()
}

/// A text that may quote the file, without the file's secrets; none where it quotes none.
pub(crate) fn without_secrets(source: &Source, secrets: &[Span], text: &str) -> Option<String> {
    let mut redacted: Option<String> = None;
    for secret in secrets.iter().filter_map(|secret| source.bytes.get(secret.range())) {
        let Ok(secret) = std::str::from_utf8(secret) else { continue };
        let shown = redacted.as_deref().unwrap_or(text);
        if secret.len() >= SHORTEST_IN_TEXT && shown.contains(secret) {
            redacted = Some(shown.replace(secret, "***"));
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use secscan_model::SourceId;

    use super::*;

    #[test]
    fn pieces_are_shown_without_what_is_secret() {
        let source = Source::from_text(SourceId(0), "x", "a=one b='two' c=three\n");
        let secrets = [Span::new(2, 5), Span::new(9, 12), Span::new(16, 21)];
        assert_eq!(masked(&source, Span::new(0, 21), &secrets), "a=*** b='***' c=*****");
        assert_eq!(masked(&source, Span::new(3, 10), &secrets), "** b='*", "a piece may begin and end in a secret");
        assert_eq!(masked(&source, Span::new(5, 8), &secrets), " b=");
        assert_eq!(without_secrets(&source, &secrets, "found three, not two").as_deref(), Some("found ***, not two"));
        assert_eq!(without_secrets(&source, &secrets, "found two"), None, "short ones are words");
    }
}
