//! Plain data that is embedded; pieces of source are parsed when they are first needed.

use serde::{Deserialize, Serialize};

use crate::{Atom, Language, required};

/// One question to the files of one language.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Question {
    /// The language.
    pub language: Language,
    /// What the names in the patterns mean: a file must have imported them.
    pub imports: Vec<Import>,
    /// A place of one of these shapes is a finding, ...
    pub any: Vec<String>,
    /// ... unless it also has one of these,
    pub not: Vec<String>,
    /// or stands in none of these,
    pub inside: Vec<String>,
    /// or in one of these.
    pub not_inside: Vec<String>,
    /// The file holds a place of one of these shapes.
    pub present: Vec<String>,
    /// The file holds no place of these shapes.
    pub absent: Vec<String>,
    /// What is asked of the metavariables, by name without `$`.
    pub conditions: Vec<(String, Condition)>,
    /// The metavariable that a finding points at; the whole place where there is none.
    pub at: Option<String>,
    /// Whether what a finding points at is a secret, to be masked wherever it would be printed.
    pub redact: bool,
    /// Whether it is asked of tests too.
    pub in_tests: bool,
    /// What the path of a file must match.
    pub path: Option<Expression>,
    /// Lists of words; of one of them every word occurs in a file that the question can match.
    pub atoms: Vec<Vec<Atom>>,
    /// Of each of these lists one word occurs besides, as a part of something; in lower case.
    pub words: Vec<Vec<Atom>>,
    /// The patterns, parsed.
    #[cfg(feature = "engine")]
    #[serde(skip)]
    pub(crate) parsed: crate::shape::Parsed,
}

/// A module or type that patterns name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Import {
    /// Its full name, as the language writes it: `os.path`, `crypto/md5`, `js-yaml`, `std::process::Command`.
    pub path: String,
    /// The name that the patterns use for it; its last segment unless the rule says otherwise (`js-yaml as yaml`).
    pub local: String,
}

/// What is asked of one metavariable. All that is said must hold; of a run (`$$$ARGS`) for one element.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Condition {
    /// Whether it is written out: constants, and names and lists of nothing else.
    pub literal: Option<bool>,
    /// Whether it is text put together from parts that are not all written out.
    pub assembled: Option<bool>,
    /// Its text, for a string what it says, contains a match.
    pub matches: Option<Expression>,
    /// Its text contains no match.
    pub not_matches: Option<Expression>,
    /// A name in it, or in what its names were given, contains a match.
    pub mentions: Option<Expression>,
    /// No name does; beside `mentions`, names that match hide what they are given: `mask(ssn)`.
    pub not_mentions: Option<Expression>,
    /// The type that it was declared with contains a match.
    pub of_type: Option<Expression>,
    /// It is a number below this one.
    pub below: Option<f64>,
    /// It is one of these.
    pub kind: Vec<Kind>,
}

/// What an expression is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Kind {
    /// A string.
    Text,
    /// A number, a boolean, nothing.
    Constant,
    /// A name, or a member of one.
    Name,
    /// A call.
    Call,
    /// A list, an object, a map.
    Collection,
    /// A function.
    Function,
}

/// The kinds with their words.
pub static KINDS: &[(Kind, &str)] = &[
    (Kind::Text, "text"),
    (Kind::Constant, "constant"),
    (Kind::Name, "name"),
    (Kind::Call, "call"),
    (Kind::Collection, "collection"),
    (Kind::Function, "function"),
];

/// A regular expression, or the parameter that holds it until it is bound.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Expression {
    /// It is written out.
    Written(secscan_model::Expression),
    /// It is the value of the parameter of this name.
    Param(String),
}

impl Expression {
    /// Whether text contains a match; an unbound parameter matches nothing.
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Written(expression) => expression.is_match(text),
            Self::Param(_) => false,
        }
    }

    fn bind(&mut self, value: &dyn Fn(&str) -> Option<String>) {
        if let Self::Param(name) = self
            && let Some(text) = value(name)
        {
            *self = Self::Written(secscan_model::Expression::new(text));
        }
    }
}

impl Question {
    /// A question about shapes alone.
    pub fn new(language: Language, any: Vec<String>) -> Self {
        Self {
            language,
            imports: Vec::new(),
            any,
            not: Vec::new(),
            inside: Vec::new(),
            not_inside: Vec::new(),
            present: Vec::new(),
            absent: Vec::new(),
            conditions: Vec::new(),
            at: None,
            redact: false,
            in_tests: false,
            path: None,
            atoms: Vec::new(),
            words: Vec::new(),
            #[cfg(feature = "engine")]
            parsed: crate::shape::Parsed::default(),
        }
    }

    /// Adds to [`Question::words`] what the conditions cannot do without, where every pattern fills their metavariable.
    pub fn derive_words(&mut self, value: &dyn Fn(&str) -> Option<String>) {
        for (name, Condition { matches, mentions, .. }) in &self.conditions {
            let is_filled = self.any.iter().all(|pattern| fills(pattern, name));
            for expression in [matches, mentions].into_iter().flatten().filter(|_| is_filled) {
                let words = match expression {
                    Expression::Written(expression) => required::words(expression.text()),
                    Expression::Param(name) => value(name).and_then(|text| required::words(&text)),
                };
                self.words.extend(words.map(|words| words.into_iter().collect()));
            }
        }
    }

    /// Forgets what was derived from the values of parameters, because one has changed.
    pub fn forget_words(&mut self) {
        self.words.clear();
    }

    /// Puts the values of parameters into the conditions.
    pub fn bind(&mut self, value: &dyn Fn(&str) -> Option<String>) {
        for (_, condition) in &mut self.conditions {
            let Condition { matches, not_matches, mentions, not_mentions, of_type, .. } = condition;
            let expressions = [matches, not_matches, mentions, not_mentions, of_type];
            expressions.into_iter().flatten().for_each(|expression| expression.bind(value));
        }
        self.path.iter_mut().for_each(|path| path.bind(value));
    }
}

/// Whether a pattern has a metavariable.
pub fn fills(pattern: &str, name: &str) -> bool {
    let sigil = format!("${name}");
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
    pattern.match_indices(&sigil).any(|(found, _)| ends(&pattern[found + sigil.len()..]))
}

impl Import {
    /// An import as a rule file writes it: `PATH` or `PATH as NAME`.
    pub fn parse(text: &str) -> Self {
        match text.split_once(" as ") {
            Some((path, local)) => Self { path: path.trim().to_owned(), local: local.trim().to_owned() },
            None => Self { path: text.trim().to_owned(), local: default_local(text.trim()) },
        }
    }
}

/// The name that an import without another one binds: its last segment, without a version.
pub(crate) fn default_local(path: &str) -> String {
    let is_version = |segment: &&str| {
        segment.len() > 1 && segment.starts_with('v') && segment[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut segments = path.rsplit(['/', '.', ':']).filter(|segment| !segment.is_empty());
    let last = segments.find(|segment| !is_version(segment)).unwrap_or(path);
    let last = last.strip_prefix("go-").unwrap_or(last);
    last.strip_suffix("-go").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expression_of_a_parameter_matches_nothing_until_it_is_bound() {
        let mut expression = Expression::Param("names".to_owned());
        expression.bind(&|_| None);
        assert!(!expression.is_match(b"ssn"));
        expression.bind(&|name| (name == "names").then(|| "ss.".to_owned()));
        assert!(expression.is_match(b"ss\xFF") && !expression.is_match("ß".as_bytes()));
    }
}
