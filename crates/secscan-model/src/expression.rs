use std::collections::HashMap;
use std::ops::Range;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::util::syntax;
use regex_automata::{Input, meta};
use serde::{Deserialize, Serialize};

/// A regular expression over bytes, since files need not be UTF-8; compiled when it is first asked. Classes such as `\w`
/// are ASCII, as in every format that rules look at: that costs a hundredth of the memory of Unicode ones.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Expression {
    text: String,
    #[serde(skip)]
    compiled: OnceLock<Arc<Engines>>,
}

/// What answers for an expression, each built when it is first needed.
#[derive(Debug, Default)]
struct Engines {
    /// Tells whether there is a match; not for the few expressions that need more, such as Unicode's borders of words.
    whether: OnceLock<Option<Whether>>,
    /// Tells where.
    places: OnceLock<Option<meta::Regex>>,
}

/// An automaton that is built as it runs, and what it has built for whoever runs it. To tell whether there is a match it
/// needs no groups, and not the expression backwards: building it costs half of what the other engine costs.
#[derive(Debug)]
struct Whether {
    automaton: Arc<DFA>,
    tables: Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>>,
}

/// A place that an expression matches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// All of it.
    pub whole: Range<usize>,
    /// What the first group matches; the whole, where there is none.
    pub group: Range<usize>,
}

impl Expression {
    /// An expression that is known to be well-formed; one that is not matches nothing.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    /// Whether a text is an expression.
    ///
    /// # Errors
    /// Whatever `regex` says of it.
    pub fn check(text: &str) -> Result<(), regex::Error> {
        regex::bytes::RegexBuilder::new(text).unicode(false).build().map(drop)
    }

    /// The expression as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text holds a match.
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self.engines().whether.get_or_init(|| Whether::new(&self.text)) {
            Some(engine) => engine.is_match(text),
            None => self.places().is_some_and(|engine| engine.is_match(text)),
        }
    }

    /// The matches in a text, in order and apart from each other.
    pub fn matches(&self, text: &[u8]) -> Vec<Match> {
        let all = self.places().into_iter().flat_map(|regex| regex.captures_iter(text));
        let found = all.filter_map(|groups| {
            let whole = groups.get_group(0)?.range();
            let group = groups.get_group(1).map_or_else(|| whole.clone(), |group| group.range());
            Some(Match { whole, group })
        });
        found.collect()
    }

    fn places(&self) -> Option<&meta::Regex> {
        self.engines().places.get_or_init(|| places(&self.text)).as_ref()
    }

    fn engines(&self) -> &Engines {
        self.compiled.get_or_init(|| shared(&self.text))
    }
}

impl Whether {
    fn new(text: &str) -> Option<Self> {
        let states = thompson::Config::new().utf8(false).which_captures(WhichCaptures::None);
        let tables = DFA::config().skip_cache_capacity_check(true);
        let automaton = DFA::builder().configure(tables).syntax(bytes()).thompson(states).build(text).ok()?;
        let automaton = Arc::new(automaton);
        let of = automaton.clone();
        Some(Self { automaton, tables: Pool::new(Box::new(move || of.create_cache())) })
    }

    fn is_match(&self, text: &[u8]) -> bool {
        let input = Input::new(text).earliest(true);
        // It fails only where it is told to give up, which it is not.
        matches!(self.automaton.try_search_fwd(&mut self.tables.get(), &input), Ok(Some(_)))
    }
}

/// The engines of a text: many rules ask the same expression, and building it, with the tables that it fills as it runs,
/// costs more than all that they ask of it.
fn shared(text: &str) -> Arc<Engines> {
    static BUILT: LazyLock<Mutex<HashMap<String, Arc<Engines>>>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    match built.get(text) {
        Some(known) => known.clone(),
        None => built.entry(text.to_owned()).or_default().clone(),
    }
}

/// Without the searchers for literals and the tables that are two thirds of what building it costs: texts are short, and
/// most expressions are asked for a handful of them.
fn places(text: &str) -> Option<meta::Regex> {
    let engines = meta::Config::new().auto_prefilter(false).onepass(false).dfa(false).utf8_empty(false);
    meta::Builder::new().configure(engines).syntax(bytes()).build(text).ok()
}

fn bytes() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_group_is_told_beside_the_whole() {
        let found = Expression::new(r"key=(\w*)").matches(b"key=a key=");
        assert_eq!(found, [Match { whole: 0..5, group: 4..5 }, Match { whole: 6..10, group: 10..10 }]);
        assert_eq!(Expression::new("b").matches(b"ab"), [Match { whole: 1..2, group: 1..2 }]);
        assert_eq!(Expression::new("x*").matches(b"ax").len(), 2);
    }

    #[test]
    fn classes_are_ascii_and_bytes_need_not_be_text() {
        assert!(!Expression::new(r"\w").is_match("é".as_bytes()));
        assert!(Expression::new("^.x$").is_match(b"\xFFx"));
        assert!(Expression::new("(?i)é$").is_match("né".as_bytes()));
        let of_words = Expression::new(r"(?u:\bé\b)");
        assert!(of_words.is_match("né é".as_bytes()) && !of_words.is_match("né".as_bytes()));
    }

    #[test]
    fn what_is_no_expression_matches_nothing() {
        assert!(Expression::check("(").is_err() && Expression::check(r"\w+").is_ok());
        assert!(!Expression::new("(").is_match(b"(") && Expression::new("(").matches(b"(").is_empty());
    }
}
