//! Rules about credentials: which of them look at a file, what they find there, and how that becomes verdicts.

use std::collections::BTreeMap;

use secscan_model::{
    Diagnostic, DiagnosticKind, Graph, Lazy, Location, Map, Node, Platform, Resource, ResourceId, Source, SourceId,
    Span,
};
use secscan_rules::check::Body;
use secscan_rules::judge::{Hit, Outcome, Verdict, Violation};
use secscan_rules::{Rule, RuleSet};
use secscan_secrets::{Asked, Detector, Leak, Text};
use serde::{Deserialize, Serialize};

use crate::findings::MOST_RELATED;

/// All detectors of a set of rules.
#[derive(Debug)]
pub(crate) struct SecretJudge<'r> {
    rules: &'r RuleSet,
    /// The rules with detectors.
    detectors: Vec<(usize, &'r Lazy<Detector>)>,
}

/// What the detectors say of one file.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct SecretReading {
    hits: Vec<SecretHit>,
    /// Secrets that are taken for test data.
    set_aside: Vec<SecretHit>,
    /// All secrets of the file, in order.
    pub(crate) spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct SecretHit {
    rule: usize,
    at: Location,
    secret: Span,
}

/// The number of a reading, and a hit of it.
type InFile = (usize, SecretHit);

impl<'r> SecretJudge<'r> {
    /// The detectors of a set of rules.
    pub(crate) fn new(rules: &'r RuleSet) -> Self {
        let detector = |(index, rule): (usize, &'r Rule)| match &rule.body {
            Body::Secret(detector) => Some((index, &**detector)),
            Body::Checks(_) | Body::Code(_) | Body::Native(_) => None,
        };
        Self { rules, detectors: rules.rules.iter().enumerate().filter_map(detector).collect() }
    }

    /// Whether there is none.
    pub(crate) fn is_idle(&self) -> bool {
        self.detectors.is_empty()
    }

    /// The keywords, each with the detectors that it belongs to, by their numbers here.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&'r str, usize)> {
        let words = |(number, (_, detector)): (usize, &(usize, &'r Lazy<Detector>))| {
            detector.keywords().iter().map(move |word| (word.as_str(), number))
        };
        self.detectors.iter().enumerate().flat_map(words)
    }

    /// Looks at a file. `hits` are the offsets of keywords, by the numbers of the detectors.
    pub(crate) fn read(&self, source: &Source, hits: BTreeMap<usize, Vec<u32>>) -> SecretReading {
        if hits.is_empty() {
            return SecretReading::default();
        }
        let (rules, asked): (Vec<_>, Vec<_>) = hits
            .into_iter()
            .filter_map(|(number, hits)| {
                let (rule, detector) = *self.detectors.get(number)?;
                Some((rule, Asked { detector, hits }))
            })
            .unzip();
        let leaks = secscan_secrets::find(Text { path: &source.path, bytes: &source.bytes }, &asked);
        let hit = |leak: &Leak| SecretHit { rule: rules[leak.detector], at: source.at(leak.at), secret: leak.secret };
        let spans = leaks.iter().map(|leak| leak.secret).collect();
        let (set_aside, found): (Vec<_>, Vec<_>) = leaks.iter().partition(|leak| leak.is_test_data);
        let hits_of = |leaks: Vec<&Leak>| leaks.into_iter().map(hit).collect();
        SecretReading { hits: hits_of(found), set_aside: hits_of(set_aside), spans }
    }

    /// Turns what was found into verdicts: each file with secrets becomes a resource of the graph. The same secret is
    /// one violation a file; its other places are related ones.
    pub(crate) fn verdicts(&self, graph: &mut Graph, readings: &[(&Source, &SecretReading)]) -> Vec<Verdict> {
        let mut places: BTreeMap<(usize, &[u8]), Vec<InFile>> = BTreeMap::new();
        for (file, (source, reading)) in readings.iter().enumerate() {
            for hit in &reading.hits {
                places.entry((hit.rule, text(source, hit.secret))).or_default().push((file, *hit));
            }
        }
        let mut verdicts = Vec::new();
        for (file, (source, reading)) in readings.iter().enumerate() {
            let mut by_rule: BTreeMap<usize, Vec<Violation>> = BTreeMap::new();
            for hit in &reading.hits {
                let same = places.get(&(hit.rule, text(source, hit.secret))).map(Vec::as_slice).unwrap_or_default();
                let is_first = same.iter().find(|(other, _)| readings[*other].0.path == source.path);
                if is_first.is_some_and(|(other, first)| *other == file && first.at == hit.at) {
                    by_rule.entry(hit.rule).or_default().push(self.violation(readings, *hit, source, reading, same));
                }
            }
            if !by_rule.is_empty() {
                let resource = ResourceId(graph.resources.len() as u32);
                graph.resources.push(file_resource(source));
                let verdict = |(rule, found)| Verdict { rule, resource, outcome: Outcome::Fail(found) };
                verdicts.extend(by_rule.into_iter().map(verdict));
            }
        }
        verdicts
    }

    fn violation(
        &self,
        readings: &[(&Source, &SecretReading)],
        hit: SecretHit,
        source: &Source,
        reading: &SecretReading,
        same: &[InFile],
    ) -> Violation {
        let mut related = Vec::new();
        let mut last = None;
        let is_here = |file: &usize| readings[*file].0.path == source.path;
        // The versions of a history are numbered from the oldest, behind the file of today.
        let past = same.iter().find(|(file, _)| is_here(file) && readings[*file].0.origin.introduction().is_some());
        if let Some((file, first)) = past.filter(|(_, first)| first.at != hit.at)
            && let Some(introduction) = readings[*file].0.origin.introduction()
        {
            related.push((first.at, format!("introduced by {introduction}")));
        }
        for (file, other) in same.iter().filter(|(_, other)| other.at != hit.at) {
            let path = &readings[*file].0.path;
            // Every place in this file, and the first one in each other.
            let is_told = if is_here(file) { other.at.source == hit.at.source } else { last != Some(path) };
            if is_told && related.len() < MOST_RELATED {
                related.push((other.at, "the same secret".to_owned()));
            }
            last = Some(path);
        }
        let is_one_line = hit.at.span == hit.secret;
        let message = format!("{}.", self.rules.rules[hit.rule].info.title);
        let hit = Hit {
            at: hit.at,
            related,
            path: shape_of_line(source, hit.at.span, &reading.spans),
            found: "a secret".to_owned(),
            expected: String::new(),
            secret: is_one_line,
        };
        Violation { hit, message, advisory: None }
    }
}

impl SecretReading {
    /// The same reading for a file of another number.
    pub(crate) fn at(mut self, id: SourceId) -> Self {
        self.hits.iter_mut().chain(&mut self.set_aside).for_each(|hit| hit.at.source = id);
        self
    }

    /// Whether the report needs the text.
    pub(crate) fn is_needed(&self) -> bool {
        !self.hits.is_empty() || !self.set_aside.is_empty()
    }

    /// Whether a rule is broken.
    pub(crate) fn has_hits(&self) -> bool {
        !self.hits.is_empty()
    }

    /// What is taken for test data and therefore no finding.
    pub(crate) fn diagnostics(&self, rules: &RuleSet) -> Vec<Diagnostic> {
        let diagnostic = |hit: &SecretHit| {
            let id = &rules.rules[hit.rule].info.id;
            let message = format!("a secret among tests, examples or documentation is taken for test data ({id})");
            Diagnostic::new(DiagnosticKind::Skipped, message).at(hit.at)
        };
        self.set_aside.iter().map(diagnostic).collect()
    }
}

fn text(source: &Source, span: Span) -> &[u8] {
    source.bytes.get(span.range()).unwrap_or_default()
}

fn file_resource(source: &Source) -> Resource {
    let at = source.at(Span::new(0, source.bytes.len()));
    Resource {
        platform: Platform::Text,
        kind: "file".into(),
        address: source.path.clone(),
        part: "".into(),
        at,
        value: Node::map(Map::default(), at),
        unit: "".into(),
        owner: None,
        opaque: None,
    }
}

/// How far around a secret its line counts for its identity, in bytes.
const LINE_LIMIT: usize = 256;

/// The identity of a leak is the rest of its line, without this secret and all others: that says where it is, and
/// nothing that a guess at a weak password could be tried on.
fn shape_of_line(source: &Source, at: Span, secrets: &[Span]) -> String {
    let bytes = &*source.bytes;
    let range = at.range();
    let start = memchr::memrchr(b'\n', &bytes[..range.start])
        .map_or(0, |at| at + 1)
        .max(range.start.saturating_sub(LINE_LIMIT));
    let end =
        memchr::memchr(b'\n', &bytes[range.end..]).map_or(bytes.len(), |at| range.end + at).min(range.end + LINE_LIMIT);
    let mut shape = String::new();
    let mut at = start;
    for secret in secrets.iter().map(|secret| secret.range()).filter(|secret| secret.end > start && secret.start < end)
    {
        shape.push_str(&String::from_utf8_lossy(&bytes[at..secret.start.clamp(at, end)]));
        shape.push('*');
        at = secret.end.clamp(at, end);
    }
    shape.push_str(&String::from_utf8_lossy(&bytes[at..end]));
    shape.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_line_holds_no_secret() {
        let text = "a: 1\n  url: db://app:first@h?token=second  # x\nb: 2\n";
        let source = Source::from_text(SourceId(0), "x", text);
        let span = |word: &str| Span::new(text.find(word).unwrap(), text.find(word).unwrap() + word.len());
        let secrets = [span("first"), span("second")];
        for secret in secrets {
            assert_eq!(shape_of_line(&source, secret, &secrets), "url: db://app:*@h?token=* # x");
        }
    }
}
