//! One detector: the format of one kind of credential.

use std::sync::OnceLock;

use regex_syntax::hir::{Hir, HirKind};
use secscan_model::expression::Match;
use secscan_model::{Expression, Span};
use serde::{Deserialize, Serialize};

use crate::assignment::Reader;
use crate::ignore::{Around, is_test_file};
use crate::name::Name;
use crate::proof::{self, Proof};
use crate::window::windows;
use crate::{Ignore, Leak, Text, encoding, placeholder, randomness};

/// What a secret rule says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Definition {
    /// Words of which one occurs in every file that can hold such a secret, whatever their case.
    pub keywords: Vec<String>,
    /// A regular expression over bytes; the first group, where there is one, is the secret.
    pub pattern: String,
    /// The pattern must match the whole value of an assignment.
    pub assigned: Option<Assigned>,
    /// Over how many lines the secret may reach.
    pub lines: u32,
    /// The name of a structural check.
    pub proof: Option<String>,
    /// The least entropy in bits a character; zero asks nothing.
    pub entropy: f64,
    /// What is left out.
    pub ignore: Vec<Ignore>,
    /// Names of files, `*` standing for anything; all where there is none.
    pub files: Vec<String>,
    /// Whether it speaks only where no other detector does.
    pub generic: bool,
}

/// Where the name of an assignment says what its value is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assigned {
    /// A keyword is in the name itself.
    ByName,
    /// A keyword is in the name or up to three lines above, and the name is one that secrets bear.
    Nearby,
}

/// What is wrong with a detector.
#[derive(Debug, thiserror::Error)]
pub enum DetectorError {
    /// The expression does not compile.
    #[error(transparent)]
    Syntax(#[from] regex::Error),
    /// The expression begins with something of any length: every byte of a file would begin a match.
    #[error("the pattern begins with a class of any length: begin with what is fixed, or bound the class")]
    Unanchored,
    /// The expression matches nothing at all.
    #[error("the pattern matches the empty text")]
    Empty,
    /// No such check.
    #[error("there is no proof `{0}`; there are: {known}", known = proof::names())]
    Proof(String),
}

/// A definition, ready to look at files; the expression itself is compiled when it is first needed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Detector {
    definition: Definition,
    #[serde(skip)]
    expression: OnceLock<Expression>,
}

/// How far below a keyword an assignment may stand to be near it.
const NEARBY_LINES: usize = 3;
/// How many bytes these lines may have.
const NEARBY_BYTES: usize = 1024;

impl Detector {
    /// A detector that follows a definition.
    ///
    /// # Errors
    /// When the pattern does not compile, begins with a class of any length or matches the empty text, and when there
    /// is no such proof.
    pub fn new(mut definition: Definition) -> Result<Self, DetectorError> {
        Expression::check(&whole_pattern(&definition))?;
        if Expression::new(whole_pattern(&definition)).is_match(b"") {
            return Err(DetectorError::Empty);
        }
        let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&definition.pattern);
        if definition.assigned.is_none() && hir.is_ok_and(|hir| begins_anyhow(&hir)) {
            return Err(DetectorError::Unanchored);
        }
        if let Some(name) = &definition.proof
            && proof::named(name).is_none()
        {
            return Err(DetectorError::Proof(name.clone()));
        }
        definition.keywords.iter_mut().for_each(|keyword| keyword.make_ascii_lowercase());
        Ok(Self { definition, expression: OnceLock::new() })
    }

    /// The words of which one occurs in every file that can hold such a secret, in lower case.
    pub fn keywords(&self) -> &[String] {
        &self.definition.keywords
    }

    /// How much a match of this detector says, for overlaps: a proof says more than a pattern, a pattern more than a
    /// name, and a generic detector least.
    pub(crate) fn authority(&self) -> u8 {
        match &self.definition {
            Definition { generic: true, .. } => 0,
            Definition { assigned: Some(_), .. } => 1,
            Definition { proof: None, .. } => 2,
            Definition { proof: Some(_), .. } => 3,
        }
    }

    /// The leaks of a file; `hits` are the offsets of the keywords.
    pub(crate) fn leaks(&self, text: Text<'_>, hits: &[u32]) -> Vec<Leak> {
        let definition = &self.definition;
        let is_left_out =
            definition.ignore.iter().any(|ignore| *ignore != Ignore::TestFile && ignore.covers_file(text.path));
        let is_named = definition.files.is_empty() || definition.files.iter().any(|file| matches_name(text.path, file));
        if is_left_out || !is_named {
            return Vec::new();
        }
        let pattern = self.expression.get_or_init(|| Expression::new(whole_pattern(definition)));
        let mut leaks = match definition.assigned {
            Some(assigned) => self.of_assignments(pattern, assigned, text, hits),
            None => self.of_pattern(pattern, text.bytes, hits),
        };
        // Few files have anything, so only these are asked whether they are tests.
        if !leaks.is_empty() && definition.ignore.contains(&Ignore::TestFile) {
            let tests = if is_test_file(text.path) { 0 } else { inline_tests(text) };
            leaks.iter_mut().for_each(|leak| leak.is_test_data = leak.secret.start as usize >= tests);
            // What a name makes a secret is nothing to speak of among tests.
            leaks.retain(|leak| definition.assigned.is_none() || !leak.is_test_data);
        }
        leaks.sort_by_key(|leak| leak.secret);
        leaks.dedup_by_key(|leak| leak.secret);
        leaks
    }

    fn of_pattern(&self, pattern: &Expression, bytes: &[u8], hits: &[u32]) -> Vec<Leak> {
        let mut leaks = Vec::new();
        for window in windows(bytes, hits, self.definition.lines) {
            for Match { whole, group } in pattern.matches(&bytes[window.clone()]) {
                let moved =
                    |range: std::ops::Range<usize>| Span::new(window.start + range.start, window.start + range.end);
                let (all, secret) = (moved(whole), moved(group));
                if stands_alone(bytes, all) && self.accepts(bytes, secret) {
                    leaks.push(leak(place(bytes, all, secret), secret));
                }
            }
        }
        leaks
    }

    fn of_assignments(&self, pattern: &Expression, assigned: Assigned, text: Text<'_>, hits: &[u32]) -> Vec<Leak> {
        let bytes = text.bytes;
        let reader = Reader::new(text.path, bytes, self.definition.generic);
        let mut leaks = Vec::new();
        let mut done = 0;
        for hit in hits.iter().map(|hit| *hit as usize).filter(|hit| *hit < bytes.len()) {
            let found: Vec<_> = match assigned {
                Assigned::ByName => {
                    let is_named = |name: Name| self.keywords().iter().any(|keyword| name.speaks_of(keyword));
                    let found = reader.around(hit).filter(|found| is_named(Name::new(&bytes[found.name.range()])));
                    found.into_iter().collect()
                }
                Assigned::Nearby => {
                    let range = nearby(bytes, hit);
                    let range = range.start.max(done)..range.end;
                    done = range.end.max(done);
                    let mut found = reader.within(range);
                    found.retain(|found| Name::new(&bytes[found.name.range()]).is_secret());
                    found
                }
            };
            for found in found {
                let value = &bytes[found.value.range()];
                // The pattern is of the whole value.
                let Some(Match { group, .. }) = pattern.matches(value).into_iter().next() else { continue };
                let start = found.value.start as usize;
                let secret = Span::new(start + group.start, start + group.end);
                let is_literal = self.definition.proof.is_some()
                    || !(placeholder::is_reference(value)
                        || placeholder::is_name(value)
                        || (!found.is_quoted && placeholder::is_expression(value)));
                if is_literal && self.accepts(bytes, secret) {
                    leaks.push(leak(secret, secret));
                }
            }
        }
        leaks
    }

    /// Whether what has the right form is likely a secret.
    fn accepts(&self, bytes: &[u8], secret: Span) -> bool {
        let value = &bytes[secret.range()];
        let around = Around { before: before(bytes, secret.start as usize), after: after(bytes, secret.end as usize) };
        let proof = self.definition.proof.as_deref().and_then(proof::named);
        // Manifests hold passwords in base64: what it says counts.
        let plain = self.definition.generic.then(|| encoding::base64(value)).flatten();
        let plain = plain.filter(|plain| plain.iter().all(u8::is_ascii_graphic));
        self.is_likely(value, around)
            && plain.is_none_or(|plain| self.is_likely(&plain, around))
            && proof.is_none_or(|proof: &Proof| (proof.holds)(value))
    }

    fn is_likely(&self, value: &[u8], around: Around<'_>) -> bool {
        let definition = &self.definition;
        randomness::has(value, definition.entropy)
            && !placeholder::is_placeholder(value)
            && !definition.ignore.iter().any(|ignore| ignore.covers_value(value, around))
    }
}

/// The pattern of a detector; it takes the whole value where it looks at assignments.
fn whole_pattern(definition: &Definition) -> String {
    let pattern = &definition.pattern;
    if definition.assigned.is_some() { format!("^(?:{pattern})$") } else { pattern.clone() }
}

/// Whether an expression begins with a repetition that is lazy or has no bound.
fn begins_anyhow(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            !repetition.greedy || repetition.max.is_none() || begins_anyhow(&repetition.sub)
        }
        HirKind::Capture(capture) => begins_anyhow(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().find(|part| !matches!(part.kind(), HirKind::Look(_))).is_some_and(begins_anyhow)
        }
        HirKind::Alternation(parts) => parts.iter().any(begins_anyhow),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

fn leak(at: Span, secret: Span) -> Leak {
    Leak { detector: 0, at, secret, is_test_data: false }
}

/// Where a report points: the secret, or where it has several lines the one on which the whole match begins.
fn place(bytes: &[u8], all: Span, secret: Span) -> Span {
    let range = all.range();
    match memchr::memchr(b'\n', &bytes[secret.range()]) {
        None => secret,
        Some(_) => {
            let line = memchr::memchr(b'\n', &bytes[range.clone()]).unwrap_or(range.len());
            Span::new(range.start, range.start + bytes[range.start..range.start + line].trim_ascii_end().len())
        }
    }
}

/// Whether a text is no part of a longer word. What an escape (`\n`, `%3D`) ends with is no part of it.
fn stands_alone(bytes: &[u8], span: Span) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let range = span.range();
    let (Some(first), Some(last)) = (bytes.get(range.start), range.end.checked_sub(1).and_then(|at| bytes.get(at)))
    else {
        return false;
    };
    let before = &bytes[range.start.saturating_sub(3)..range.start];
    let is_escape = matches!(before, [.., b'\\', b'n' | b'r' | b't'])
        || matches!(before, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    let begins = !is_word(*first) || is_escape || before.last().is_none_or(|byte| !is_word(*byte));
    let ends = !is_word(*last) || bytes.get(range.end).is_none_or(|byte| !is_word(*byte));
    begins && ends
}

/// What stands before an offset on its line, at most 256 bytes.
fn before(bytes: &[u8], at: usize) -> &[u8] {
    let least = at.saturating_sub(256);
    let start = memchr::memrchr(b'\n', &bytes[least..at]).map_or(least, |line| least + line + 1);
    &bytes[start..at]
}

/// What follows an offset on its line, at most 80 bytes.
fn after(bytes: &[u8], at: usize) -> &[u8] {
    let rest = &bytes[at..bytes.len().min(at + 80)];
    rest.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// Where tests within a source file begin; past its end where there are none.
fn inline_tests(text: Text<'_>) -> usize {
    let begins = text.path.ends_with(".rs").then(|| memchr::memmem::find(text.bytes, b"#[cfg(test)]")).flatten();
    begins.unwrap_or(usize::MAX)
}

/// The line of a keyword and the next ones.
fn nearby(bytes: &[u8], hit: usize) -> std::ops::Range<usize> {
    let start = hit - before(bytes, hit).len();
    let most = bytes.len().min(hit + NEARBY_BYTES);
    let end = memchr::memchr_iter(b'\n', &bytes[hit..most]).nth(NEARBY_LINES).map_or(most, |at| hit + at);
    start..end
}

/// Whether the name of a file, without its folders, follows a pattern in which `*` stands for anything.
fn matches_name(path: &str, pattern: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}
