//! Rules about text: one automaton over the words of all of them decides which look at a file.
//!
//! Each file is searched once. A rule of which no word occurs is never tried, so a thousand of them cost what the few
//! cost that can fire.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use secscan_model::{Graph, Location, Node, Platform, Resource, ResourceId, Source, Span};
use secscan_rules::RuleSet;
use secscan_rules::check::Body;
use secscan_rules::judge::{Hit, Outcome, Verdict, Violation};

use crate::code::{CodeJudge, CodeReading};
use crate::suppress;

/// Where a zero byte makes a file binary: its first 8 KiB, as Git has it.
const BINARY_WINDOW: usize = 8 * 1024;

/// All rules about text, ready to look at files.
#[derive(Debug)]
pub(crate) struct TextJudge<'r> {
    rules: &'r RuleSet,
    words: Option<AhoCorasick>,
    /// The rules about source code: their words are among the others.
    code: CodeJudge<'r>,
    /// The number of the word that opens a suppression.
    marker: usize,
    /// The rules that a word belongs to, by the number of the word.
    rules_of_word: Vec<Vec<usize>>,
}

/// What the rules about text say of one file.
#[derive(Debug, Default)]
pub(crate) struct TextReading {
    /// Whether it is text at all.
    pub(crate) is_text: bool,
    /// What the rules about source code say of it, when it is that.
    pub(crate) code: Option<CodeReading>,
    /// Places where a rule is broken, sorted.
    hits: Vec<TextHit>,
}

#[derive(Debug)]
struct TextHit {
    rule: usize,
    at: Location,
}

impl<'r> TextJudge<'r> {
    /// The rules of a set that are about text.
    pub(crate) fn new(rules: &'r RuleSet) -> Self {
        let mut by_word: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, rule) in rules.rules.iter().enumerate() {
            if let Body::Secret(detector) = &rule.body {
                detector.keywords().iter().for_each(|word| by_word.entry(word).or_default().push(index));
            }
        }
        let mut code = CodeJudge::new(rules);
        for word in code.words() {
            by_word.entry(word).or_default();
        }
        if !by_word.is_empty() {
            by_word.entry(suppress::MARKER).or_default();
        }
        let number = |word: &str| by_word.keys().position(|known| *known == word);
        code.number_words(&number);
        let marker = number(suppress::MARKER).unwrap_or_default();
        // The deterministic automaton is three times as fast as the others, and small enough for a thousand words.
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
        let words = (!by_word.is_empty()).then(|| builder.build(by_word.keys()).ok()).flatten();
        Self { rules, words, code, marker, rules_of_word: by_word.into_values().collect() }
    }

    /// Whether any rule is about text: without one, only files that a reader wants are read.
    pub(crate) fn is_idle(&self) -> bool {
        self.words.is_none()
    }

    /// Looks at one file.
    pub(crate) fn read(&self, source: &Source) -> TextReading {
        let bytes = &*source.bytes;
        if memchr::memchr(0, &bytes[..bytes.len().min(BINARY_WINDOW)]).is_some() {
            return TextReading::default();
        }
        let seen = self.seen(bytes);
        let asked: Vec<_> = self.asked(&seen).into_iter().collect();
        let detector = |index: &usize| match &self.rules.rules[*index].body {
            Body::Secret(detector) => Some((*index, detector)),
            Body::Checks(_) | Body::Code(_) | Body::Native(_) => None,
        };
        let (indexes, detectors): (Vec<_>, Vec<_>) = asked.iter().filter_map(detector).unzip();
        let leaks = secscan_secrets::find(bytes, &detectors);
        let hit = |leak: secscan_secrets::Leak| TextHit { rule: indexes[leak.detector], at: source.at(leak.secret) };
        let has = |word: usize| seen.get(word).copied().unwrap_or_default();
        let code = self.code.read(source, &has, has(self.marker));
        TextReading { is_text: true, code, hits: leaks.into_iter().map(hit).collect() }
    }

    /// Which words occur.
    fn seen(&self, bytes: &[u8]) -> Vec<bool> {
        let mut seen = vec![false; self.rules_of_word.len()];
        for found in self.words.iter().flat_map(|words| words.find_overlapping_iter(bytes)) {
            seen[found.pattern().as_usize()] = true;
        }
        seen
    }

    /// The rules about text of which a word occurs.
    fn asked(&self, seen: &[bool]) -> BTreeSet<usize> {
        let rules = self.rules_of_word.iter().zip(seen).filter(|(_, seen)| **seen).map(|(rules, _)| rules);
        rules.flatten().copied().collect()
    }

    /// The rules about source code.
    pub(crate) fn code(&self) -> &CodeJudge<'r> {
        &self.code
    }

    /// Turns what was found into verdicts: each file with hits becomes a resource of the graph.
    pub(crate) fn verdicts(&self, graph: &mut Graph, readings: &[(Source, TextReading)]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (source, reading) in readings.iter().filter(|(_, reading)| !reading.hits.is_empty()) {
            let resource = ResourceId(graph.resources.len() as u32);
            graph.resources.push(file_resource(source));
            let mut by_rule: BTreeMap<usize, Vec<Violation>> = BTreeMap::new();
            for hit in &reading.hits {
                let message = format!("{}.", self.rules.rules[hit.rule].info.title);
                by_rule.entry(hit.rule).or_default().push(Violation {
                    hit: secret_hit(source, hit.at),
                    message,
                    advisory: None,
                });
            }
            let verdict = |(rule, found)| Verdict { rule, resource, outcome: Outcome::Fail(found) };
            verdicts.extend(by_rule.into_iter().map(verdict));
        }
        verdicts
    }
}

impl TextReading {
    /// Whether the report needs the text: a rule is broken, or something in it has a place.
    pub(crate) fn is_needed(&self) -> bool {
        !self.hits.is_empty() || self.code.as_ref().is_some_and(CodeReading::is_needed)
    }
}

fn file_resource(source: &Source) -> Resource {
    let at = source.at(Span::new(0, source.bytes.len()));
    Resource {
        platform: Platform::Text,
        kind: "file".into(),
        address: source.path.clone(),
        part: "".into(),
        at,
        value: Node::map(secscan_model::Map::default(), at),
        unit: "".into(),
        owner: None,
        opaque: None,
    }
}

/// A hit on a secret. Its identity is the rest of its line: that says where it is without saying what it is.
fn secret_hit(source: &Source, at: Location) -> Hit {
    let range = at.span.range();
    let before = source.bytes[..range.start].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let after = source.bytes[range.end..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
    Hit {
        at,
        related: Vec::new(),
        path: format!("{} * {}", words(before), words(after)),
        found: "a secret".to_owned(),
        expected: String::new(),
        secret: true,
    }
}
