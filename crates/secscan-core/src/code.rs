//! Rules about source code: which of them look at a file, and what they say of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_code::{Atom, Damage, Dialect, Form, Language, Question, language};
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
    questions: Vec<Asked<'r>>,
}

/// A question and its rule.
#[derive(Debug)]
struct Asked<'r> {
    rule: usize,
    question: &'r Question,
    /// Of one of these lists, every word occurs in a file that is worth parsing; words by their numbers.
    needs: Vec<Vec<usize>>,
    /// Of each of these lists, one word occurs too.
    words: Vec<Vec<usize>>,
}

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
        let questions = rules.rules.iter().enumerate().flat_map(|(rule, of)| {
            let questions: &[Question] = match &of.body {
                Body::Code(questions) => questions,
                Body::Checks(_) | Body::Secret(_) | Body::Native(_) => &[],
            };
            questions.iter().map(move |question| Asked { rule, question, needs: Vec::new(), words: Vec::new() })
        });
        Self { rules, questions: questions.collect() }
    }

    /// The words that files of each language must hold.
    pub(crate) fn words(&self) -> BTreeMap<Language, BTreeSet<Word<'r>>> {
        let mut words: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for Asked { question, .. } in &self.questions {
            let of_language: &mut BTreeSet<_> = words.entry(question.language).or_default();
            of_language.extend(question.atoms.iter().flatten().map(word));
            of_language.extend(question.words.iter().flatten().map(|word| (word.as_str(), Form::Part)));
        }
        words
    }

    /// Takes the numbers that the words have in the automaton.
    pub(crate) fn number_words(&mut self, number: &dyn Fn(Word<'_>) -> Option<usize>) {
        for asked in &mut self.questions {
            let numbers = |atoms: &Vec<Atom>| atoms.iter().filter_map(|atom| number(word(atom))).collect();
            asked.needs = asked.question.atoms.iter().map(numbers).collect();
            let parts = |words: &Vec<String>| words.iter().filter_map(|word| number((word, Form::Part))).collect();
            asked.words = asked.question.words.iter().map(parts).collect();
        }
    }

    /// Looks at a file. `has` tells which words it holds; with `has_suppressions` it is parsed for its comments at least.
    pub(crate) fn read(
        &self,
        source: &Source,
        has: &dyn Fn(usize) -> bool,
        has_suppressions: bool,
    ) -> Option<CodeReading> {
        let dialect = Dialect::of_path(&source.path)?;
        let is_test = language::is_test(&source.path);
        let concerns = |asked: &&Asked<'_>| {
            is_asked(asked.question, dialect.language(), &source.path, is_test)
                && asked.needs.iter().any(|words| words.iter().all(|word| has(*word)))
                && asked.words.iter().all(|words| words.iter().any(|word| has(*word)))
        };
        let asked: Vec<_> = self.questions.iter().filter(concerns).collect();
        let mut reading =
            CodeReading { dialect, hits: Vec::new(), comments: Vec::new(), has_suppressions, diagnostic: None };
        if asked.is_empty() && !has_suppressions {
            return Some(reading);
        }
        if language::is_minified(&source.path) {
            reading.diagnostic = Some(diagnostic(source, dialect, Damage::Minified));
            return Some(reading);
        }
        let questions: Vec<_> = asked.iter().map(|asked| asked.question).collect();
        let examined = secscan_code::examine(&source.bytes, dialect, &questions);
        let hit = |hit: secscan_code::Hit| {
            let Asked { rule, question, .. } = asked[hit.question];
            CodeHit { rule: *rule, at: hit.at, statement: hit.statement, redact: question.redact }
        };
        reading.hits = examined.hits.into_iter().map(hit).collect();
        reading.comments = examined.comments.iter().map(|span| comment(source, *span)).collect();
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
        let message = match &rule.message {
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
            let asked =
                self.questions.iter().filter(|asked| is_asked(asked.question, dialect.language(), path, is_test));
            rules.extend(asked.map(|asked| asked.rule));
        }
        rules.iter().flatten().for_each(|rule| tallies[*rule].pass += 1);
        for verdict in verdicts {
            tallies[verdict.rule].pass -= 1;
            tallies[verdict.rule].fail += 1;
        }
    }
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

/// Whether a question is asked of a file.
fn is_asked(question: &Question, language: Language, path: &str, is_test: bool) -> bool {
    question.language == language
        && (question.in_tests || !is_test)
        && question.path.as_ref().is_none_or(|wanted| wanted.is_match(path.as_bytes()))
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
