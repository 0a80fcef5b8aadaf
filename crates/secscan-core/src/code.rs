//! Rules about source code: which of them look at a file, and what they say of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use secscan_code::language::LANGUAGES;
use secscan_code::{Atom, Damage, Dialect, Form, Gate, Language, Occurrence, Question, language};
use secscan_model::{
    Comment, Diagnostic, DiagnosticKind, Graph, Node, Platform, Resource, ResourceId, Source, SourceId, Span, Tally,
};
use secscan_rules::RuleSet;
use secscan_rules::check::{Body, Piece};
use secscan_rules::judge::{Hit, Outcome, Verdict, Violation};
use serde::{Deserialize, Serialize};

/// How much of a place's text a finding repeats, in characters.
const SHOWN: usize = 120;

/// All questions about source code.
#[derive(Debug)]
pub(crate) struct CodeJudge<'r> {
    rules: &'r RuleSet,
    languages: BTreeMap<Language, OfLanguage<'r>>,
}

/// The questions about one language.
#[derive(Debug, Default)]
struct OfLanguage<'r> {
    /// The rules that ask something.
    rules: Vec<usize>,
    /// What they ask, once there is such a file.
    asked: OnceLock<Vec<Asked<'r>>>,
}

/// A question and its rule.
#[derive(Clone, Copy, Debug)]
struct Asked<'r> {
    rule: usize,
    question: &'r Question,
}

/// What gates each question about a language, in their order.
pub(crate) type Gates = Vec<Gate>;

/// What the questions say of one file.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct CodeReading {
    /// What it was parsed as.
    dialect: Dialect,
    hits: Vec<CodeHit>,
    /// Its comments, when it was parsed.
    pub(crate) comments: Vec<Comment>,
    /// Whether its comments may set findings aside.
    has_suppressions: bool,
    /// What kept it from being looked at whole.
    pub(crate) diagnostic: Option<Diagnostic>,
}

#[derive(Debug, Deserialize, Serialize)]
struct CodeHit {
    rule: usize,
    at: Span,
    statement: Span,
    redact: bool,
}

impl<'r> CodeJudge<'r> {
    /// The questions of a set of rules.
    pub(crate) fn new(rules: &'r RuleSet) -> Self {
        let mut languages: BTreeMap<_, OfLanguage<'r>> = BTreeMap::new();
        for (rule, of) in rules.rules.iter().enumerate() {
            let Body::Code(questions) = &of.body else { continue };
            for (language, ..) in LANGUAGES.iter().filter(|(language, ..)| questions.are_about(*language)) {
                languages.entry(*language).or_default().rules.push(rule);
            }
        }
        Self { rules, languages }
    }

    /// The languages that are asked about.
    pub(crate) fn languages(&self) -> impl Iterator<Item = Language> {
        self.languages.keys().copied()
    }

    /// The questions about a language, in the order of the rules.
    fn asked(&self, language: Language) -> &[Asked<'r>] {
        let Some(of_language) = self.languages.get(&language) else { return &[] };
        let of_rule = |rule: &usize| {
            let (rule, questions) = (*rule, self.rules.rules[*rule].questions().iter());
            questions.filter(|of| of.language == language).map(move |question| Asked { rule, question })
        };
        of_language.asked.get_or_init(|| of_language.rules.iter().flat_map(of_rule).collect())
    }

    /// The words that files of a language must hold.
    pub(crate) fn words(&self, language: Language) -> impl Iterator<Item = Word<'r>> {
        let of = |asked: &Asked<'r>| asked.question.atoms.iter().chain(&asked.question.words).flatten().map(word);
        self.asked(language).iter().flat_map(of)
    }

    /// What gates the questions about a language, by the numbers of the words.
    pub(crate) fn gates(&self, language: Language, number: &dyn Fn(Word<'_>) -> Option<usize>) -> Gates {
        let gate = |asked: &Asked<'_>| Gate::new(asked.question, &|atom| number(word(atom)));
        self.asked(language).iter().map(gate).collect()
    }

    /// Looks at a file that holds some words; with `has_suppressions` it is parsed as a whole, for its comments at least.
    pub(crate) fn read(
        &self,
        source: &Source,
        gates: &[Gate],
        words: &Found<'_>,
        has_suppressions: bool,
    ) -> Option<CodeReading> {
        let dialect = Dialect::of_path(&source.path)?;
        let is_test = language::is_test(&source.path);
        let has = |word: usize| words.seen.get(word).copied().unwrap_or_default();
        let of_language = self.asked(dialect.language()).iter().zip(gates);
        let concerned = of_language.filter(|(asked, gate)| gate.is_open(&has) && asked.concerns(&source.path, is_test));
        let (asked, gates): (Vec<&Asked<'r>>, Vec<_>) = concerned.unzip();
        let mut reading =
            CodeReading { dialect, hits: Vec::new(), comments: Vec::new(), has_suppressions, diagnostic: None };
        if asked.is_empty() && !has_suppressions {
            return Some(reading);
        }
        if language::is_minified(&source.path) {
            reading.diagnostic = Some(diagnostic(source, dialect, Damage::Minified));
            return Some(reading);
        }
        let examined = if has_suppressions {
            let questions: Vec<_> = asked.iter().map(|asked| asked.question).collect();
            secscan_code::examine(&source.bytes, dialect, &questions)
        } else {
            let gated = |(asked, gate): (&&Asked<'r>, _)| secscan_code::Asked { question: asked.question, gate };
            let gated: Vec<_> = asked.iter().zip(gates).map(gated).collect();
            secscan_code::examine_parts(&source.bytes, dialect, &gated, words.places)
        };
        let hit = |hit: secscan_code::Hit| {
            let Asked { rule, question } = *asked[hit.question];
            CodeHit { rule, at: hit.at, statement: hit.statement, redact: question.redact }
        };
        reading.hits = examined.hits.into_iter().map(hit).collect();
        // Comments say nothing but that findings are set aside.
        let comments = examined.comments.iter().filter(|_| has_suppressions);
        reading.comments = comments.map(|span| comment(source, *span)).collect();
        reading.diagnostic = examined.damage.map(|damage| diagnostic(source, dialect, damage));
        Some(reading)
    }

    /// Turns what was found into verdicts: each file with hits becomes a resource of the graph.
    pub(crate) fn verdicts(&self, graph: &mut Graph, source: &Source, reading: &CodeReading) -> Vec<Verdict> {
        if reading.hits.is_empty() {
            return Vec::new();
        }
        let resource = ResourceId(graph.resources.len() as u32);
        graph.resources.push(file_resource(source, reading));
        let mut by_rule: BTreeMap<usize, Vec<Violation>> = BTreeMap::new();
        for hit in &reading.hits {
            by_rule.entry(hit.rule).or_default().push(self.violation(source, hit));
        }
        let verdict = |(rule, found)| Verdict { rule, resource, outcome: Outcome::Fail(found) };
        by_rule.into_iter().map(verdict).collect()
    }

    fn violation(&self, source: &Source, hit: &CodeHit) -> Violation {
        let rule = &self.rules.rules[hit.rule];
        let text = words(source, hit.at);
        let found = if hit.redact { "a secret".to_owned() } else { shortened(&text) };
        let message = match &*rule.message {
            None => format!("{}.", rule.info.title),
            Some(pieces) => pieces.iter().map(|piece| piece_text(piece, source, &found)).collect(),
        };
        let hit = Hit {
            at: source.at(hit.at),
            related: Vec::new(),
            // What stays the same when lines move: the statement, and the place within it.
            path: format!("{} in {}", text, words(source, hit.statement)),
            found,
            expected: String::new(),
            secret: hit.redact,
        };
        Violation { hit, message, advisory: None }
    }

    /// Counts the files that each rule was asked of and found nothing in.
    pub(crate) fn tally(&self, files: &[Arc<str>], verdicts: &[Verdict], tallies: &mut [Tally]) {
        let mut rules: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); files.len()];
        for (path, rules) in files.iter().zip(&mut rules) {
            let Some(dialect) = Dialect::of_path(path) else { continue };
            let is_test = language::is_test(path);
            let asked = self.asked(dialect.language()).iter().filter(|asked| asked.concerns(path, is_test));
            rules.extend(asked.map(|asked| asked.rule));
        }
        rules.iter().flatten().for_each(|rule| tallies[*rule].pass += 1);
        for verdict in verdicts {
            tallies[verdict.rule].pass -= 1;
            tallies[verdict.rule].fail += 1;
        }
    }
}

/// The words of a file that gate its parsing.
pub(crate) struct Found<'f> {
    /// Which occur, by their numbers.
    pub(crate) seen: &'f [bool],
    /// Where.
    pub(crate) places: &'f [Occurrence],
}

/// A word as a file may hold it.
pub(crate) type Word<'r> = (&'r str, Form);

fn word(atom: &Atom) -> Word<'_> {
    (&atom.text, atom.form)
}

impl CodeReading {
    /// The same reading for a file of another number.
    pub(crate) fn at(mut self, id: SourceId) -> Self {
        self.diagnostic.iter_mut().flat_map(|diagnostic| &mut diagnostic.at).for_each(|at| at.source = id);
        self
    }

    /// Whether the report needs the text: a rule is broken, a comment may set findings aside, a diagnostic has a place.
    pub(crate) fn is_needed(&self) -> bool {
        !self.hits.is_empty() || self.has_suppressions || self.diagnostic.is_some()
    }
}

impl Asked<'_> {
    /// Whether it is asked of a file of its language.
    fn concerns(&self, path: &str, is_test: bool) -> bool {
        (self.question.in_tests || !is_test)
            && self.question.path.as_ref().is_none_or(|wanted| wanted.is_match(path.as_bytes()))
    }
}

fn comment(source: &Source, span: Span) -> Comment {
    let before = &source.bytes[..span.range().start];
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Comment { span, trailing: !line.trim_ascii().is_empty() }
}

fn diagnostic(source: &Source, dialect: Dialect, damage: Damage) -> Diagnostic {
    let language = dialect.language().as_str();
    let new = |kind, message: String| Diagnostic::new(kind, message).path(source.path.clone());
    match damage {
        Damage::Size => {
            let message = format!("too large to be looked at as {language}: more than 2 MiB");
            new(DiagnosticKind::Limit, message).blinds(Platform::Code)
        }
        Damage::Minified => new(DiagnosticKind::Skipped, format!("not looked at as {language}: it is minified")),
        Damage::Steps => {
            let message =
                format!("looking at it as {language} was given up: it takes more steps than any program needs");
            new(DiagnosticKind::Limit, message).blinds(Platform::Code)
        }
        Damage::Syntax { first, is_most } => {
            let message = if is_most { "most of it is no" } else { "something here is no" };
            let diagnostic =
                new(DiagnosticKind::Syntax, format!("{message} {language} that secscan knows")).at(source.at(first));
            if is_most { diagnostic.blinds(Platform::Code) } else { diagnostic }
        }
    }
}

/// The text of a place, with white space made even.
fn words(source: &Source, span: Span) -> String {
    let text = String::from_utf8_lossy(source.bytes.get(span.range()).unwrap_or_default()).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

fn piece_text(piece: &Piece, source: &Source, found: &str) -> String {
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Found => found.to_owned(),
        Piece::Address => source.path.to_string(),
        // Source code has no attributes, and nothing that was expected instead.
        Piece::Path(_) | Piece::Param(_) | Piece::Expected => String::new(),
    }
}

/// A file of source code. Its items are the statements that findings stand in, the narrowest first: what a comment
/// before one of them speaks for.
fn file_resource(source: &Source, reading: &CodeReading) -> Resource {
    let mut statements: Vec<Span> = reading.hits.iter().map(|hit| hit.statement).collect();
    statements.sort_by_key(|span| (span.range().len(), *span));
    statements.dedup();
    let top = source.at(Span::default());
    let items = statements.into_iter().map(|span| Node::null(source.at(span))).collect();
    Resource {
        platform: Platform::Code,
        kind: reading.dialect.language().as_str().into(),
        address: source.path.clone(),
        part: "".into(),
        at: top,
        value: Node::list(items, top),
        unit: "".into(),
        owner: None,
        opaque: None,
    }
}
