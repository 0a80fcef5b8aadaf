//! Whether the words of a file, or of a part of it, leave a question anything to find there.

use crate::{Atom, Question};

/// A word of those that gate parsing, where it occurs in a file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Occurrence {
    /// The offset at which it begins.
    pub start: u32,
    /// Its number.
    pub word: u32,
}

/// The words without which a question has nothing to find; words by their numbers.
#[derive(Debug)]
pub struct Gate {
    /// Of one of these lists, every word occurs.
    all: Vec<Vec<usize>>,
    /// Of each of these lists, one word occurs too.
    any: Vec<Vec<usize>>,
}

impl Gate {
    /// The gate of a question, with what numbers the words have.
    pub fn new(question: &Question, number: &dyn Fn(&Atom) -> Option<usize>) -> Self {
        let numbers = |atoms: &Vec<Atom>| atoms.iter().filter_map(number).collect();
        let of = |lists: &[Vec<Atom>]| lists.iter().map(numbers).collect();
        Self { all: of(&question.atoms), any: of(&question.words) }
    }

    /// Whether the words that there are leave anything to find.
    pub fn is_open(&self, has: &dyn Fn(usize) -> bool) -> bool {
        self.all.iter().any(|words| words.iter().all(|word| has(*word)))
            && self.any.iter().all(|words| words.iter().any(|word| has(*word)))
    }
}
