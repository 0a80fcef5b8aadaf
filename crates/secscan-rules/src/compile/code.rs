//! Code rules: patterns with their imports and conditions, and the words that gate parsing.

use std::collections::BTreeSet;

use secscan_code::question::KINDS;
use secscan_code::{Atom, Condition, Expression, Form, Import, Language, Question, language, question};
use secscan_model::Location;
use secscan_parse::load::Spanned;

use super::Problem;
use crate::syntax::{PatternFile, WhereFile};

/// Compiles the questions of a rule; what is wrong with one leaves it out.
pub(super) fn compile(
    files: &[PatternFile],
    known_params: &BTreeSet<String>,
    used_params: &mut BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Vec<Question> {
    let mut compiler = Compiler { known_params, used_params, problems };
    files.iter().filter_map(|file| compiler.question(file)).collect()
}

struct Compiler<'c> {
    known_params: &'c BTreeSet<String>,
    used_params: &'c mut BTreeSet<String>,
    problems: &'c mut Vec<Problem>,
}

impl Compiler<'_> {
    fn question(&mut self, file: &PatternFile) -> Option<Question> {
        let Some(language) = Language::from_word(&file.language.value) else {
            let known: Vec<_> = language::LANGUAGES.iter().map(|(_, word, _)| *word).collect();
            let message = format!("`{}` is no language; there are: {}", file.language.value, known.join(", "));
            self.problem(file.language.at, message);
            return None;
        };
        let texts = |patterns: &[Spanned<String>]| patterns.iter().map(|pattern| pattern.value.clone()).collect();
        let mut question = Question::new(language, texts(&file.any));
        question.imports = file.imports.iter().map(|import| Import::parse(import)).collect();
        question.not = texts(&file.not);
        question.inside = texts(&file.inside);
        question.not_inside = texts(&file.not_inside);
        question.present = texts(&file.present);
        question.absent = texts(&file.absent);
        question.redact = file.redact;
        let atom = |word: &String| Atom { text: word.to_ascii_lowercase(), form: Form::ANYWHERE };
        let words: Vec<_> = file.words.iter().map(atom).collect();
        question.words.extend((!words.is_empty()).then_some(words));
        question.in_tests = file.tests;
        question.path = file.path.as_ref().and_then(|path| self.expression(&path.value, path.at));
        for (name, condition) in &file.conditions {
            let compiled = self.condition(&condition.value, condition.at);
            question.conditions.push((name.clone(), compiled));
            self.is_filled(file, name, condition.at);
        }
        if let Some(at) = &file.at {
            question.at = Some(at.value.clone());
            self.is_filled(file, &at.value, at.at);
        }
        question.derive_atoms();
        self.atoms(file, &question);
        #[cfg(feature = "judge")]
        self.patterns(file, &question);
        Some(question)
    }

    fn problem(&mut self, at: Location, message: impl Into<String>) {
        self.problems.push(Problem::new(at, message));
    }

    /// A metavariable that nothing fills is a mistake.
    fn is_filled(&mut self, file: &PatternFile, name: &str, at: Location) {
        if !file.any.iter().any(|pattern| question::fills(&pattern.value, name)) {
            self.problem(at, format!("no pattern of `any` has the metavariable `${name}`"));
        }
    }

    /// Without a word that must occur, every file of the language would be parsed.
    fn atoms(&mut self, file: &PatternFile, question: &Question) {
        if file.any.is_empty() {
            self.problem(file.language.at, "a question has at least one pattern");
        }
        if question.atoms.iter().any(Vec::is_empty) {
            let at = file.any.first().map_or(file.language.at, |pattern| pattern.at);
            self.problem(at, "a pattern holds no word that must occur in a file, and `present` names none either");
        }
    }

    /// Patterns are parsed where the grammars are at hand; a test holds the built-in ones.
    #[cfg(feature = "judge")]
    fn patterns(&mut self, file: &PatternFile, question: &Question) {
        let unreadable: BTreeSet<&str> = question.unreadable().into_iter().collect();
        let lists = [&file.any, &file.not, &file.inside, &file.not_inside, &file.present, &file.absent];
        for pattern in lists.into_iter().flatten().filter(|pattern| unreadable.contains(pattern.value.as_str())) {
            self.problem(pattern.at, format!("this is no piece of {} source", question.language.as_str()));
        }
    }

    fn condition(&mut self, file: &WhereFile, at: Location) -> Condition {
        let mut expression = |text: &Option<String>| text.as_ref().and_then(|text| self.expression(text, at));
        let mut condition = Condition {
            literal: file.literal,
            assembled: file.assembled,
            matches: expression(&file.matches),
            not_matches: expression(&file.not_matches),
            mentions: expression(&file.mentions),
            not_mentions: expression(&file.not_mentions),
            of_type: expression(&file.of_type),
            below: file.below,
            kind: Vec::new(),
        };
        for word in &file.kind {
            match KINDS.iter().find(|(_, known)| known == word) {
                Some((kind, _)) => condition.kind.push(*kind),
                None => self.problem(at, format!("`{word}` is no kind of expression")),
            }
        }
        condition
    }

    fn expression(&mut self, text: &str, at: Location) -> Option<Expression> {
        if let Some(name) = text.strip_prefix('$').filter(|name| self.known_params.contains(*name)) {
            self.used_params.insert(name.to_owned());
            return Some(Expression::Param(name.to_owned()));
        }
        if let Err(error) = secscan_model::Expression::check(text) {
            self.problem(at, error.to_string());
            return None;
        }
        Some(Expression::Written(secscan_model::Expression::new(text)))
    }
}

#[cfg(all(test, feature = "judge"))]
mod tests {
    use crate::Vocabulary;
    use crate::compile::compile;

    fn problems(pattern: &str) -> Vec<String> {
        let text = format!(
            "id: a-rule\ntitle: T\nseverity: low\nconfidence: low\ntopics: [t]\nwhy: W\nfix: F\npatterns:\n  - {pattern}\nexamples: []\n"
        );
        let errors = compile("a-rule.yaml", &text, &Vocabulary::default()).err().unwrap_or_default();
        errors.iter().map(|error| format!("{}:{}: {}", error.line, error.column, error.message)).collect()
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_said_with_its_place() {
        assert!(problems("{ language: python, any: ['eval($X)'] }").is_empty());
        for (pattern, expected) in [
            ("{ language: cobol, any: ['eval($X)'] }", "9:17: `cobol` is no language"),
            ("{ language: python, any: ['eval($X'] }", "9:31: this is no piece of python source"),
            ("{ language: python, any: ['$F($X)'] }", "9:31: a pattern holds no word"),
            (
                "{ language: python, any: ['eval($X)'], where: { Y: { literal: false } } }",
                "no pattern of `any` has the metavariable `$Y`",
            ),
            ("{ language: python, any: ['eval($X)'], where: { X: { matches: '(' } } }", "unclosed group"),
        ] {
            let problems = problems(pattern);
            assert!(problems.iter().any(|problem| problem.contains(expected)), "{pattern}: {problems:?}");
        }
    }
}
