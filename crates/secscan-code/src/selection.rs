//! Which parts of a file are parsed: those whose words leave a question anything to find, with all that names mean in them.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::examine::Asked;
use crate::gate::Occurrence;
use crate::outline::{Declares, Piece, is_name};

/// How often values that turn out to matter are added, before the file is parsed as a whole.
const MOST_ROUNDS: usize = 3;

/// The parts of a file that are parsed, and what is known of the others.
#[derive(Debug, Default)]
pub(crate) struct Selection<'s> {
    /// The declarations of the file; none when it is parsed as a whole.
    pieces: Vec<Piece<'s>>,
    /// By piece.
    is_chosen: Vec<bool>,
    rounds: usize,
}

impl<'s> Selection<'s> {
    /// The pieces in which some question may find something: their words, those of the imports and those of the values that
    /// they name leave it something to find.
    pub(crate) fn near(bytes: &'s [u8], pieces: Vec<Piece<'s>>, asked: &[Asked<'_>], words: &[Occurrence]) -> Self {
        let mut near = Near::new(bytes, &pieces, words);
        let is_chosen = (0..pieces.len()).map(|piece| near.is_worth(piece, asked)).collect();
        Self { pieces, is_chosen, rounds: 0 }
    }

    /// Whether the file is parsed as a whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.pieces.is_empty()
    }

    /// What is parsed, in order; nothing for the whole file.
    pub(crate) fn ranges(&self) -> Vec<Range<usize>> {
        let chosen = self.pieces.iter().zip(&self.is_chosen).filter(|(_, is_chosen)| **is_chosen);
        chosen.map(|(piece, _)| piece.range.clone()).collect()
    }

    fn left_out(&self) -> impl Iterator<Item = (usize, &Piece<'s>)> {
        self.pieces.iter().enumerate().filter(|(number, _)| !self.is_chosen[*number])
    }

    /// The names of functions that are not parsed.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &'s [u8]> {
        self.left_out().filter_map(|(_, piece)| match piece.declares {
            Declares::Function(name) => Some(name),
            _ => None,
        })
    }

    /// The names of variables and constants whose values are not parsed, with the numbers of their pieces.
    pub(crate) fn values(&self) -> HashMap<&'s [u8], Vec<usize>> {
        let mut values: HashMap<_, Vec<usize>> = HashMap::new();
        for (number, piece) in self.left_out() {
            if let Declares::Values(names) = &piece.declares {
                names.iter().for_each(|name| values.entry(*name).or_default().push(number));
            }
        }
        values
    }

    /// Adds pieces that turned out to matter.
    pub(crate) fn widen(&mut self, pieces: BTreeSet<usize>) {
        self.rounds += 1;
        if self.rounds > MOST_ROUNDS {
            *self = Self::default();
        }
        for piece in pieces {
            self.is_chosen.get_mut(piece).into_iter().for_each(|is_chosen| *is_chosen = true);
        }
    }
}

/// What is near each piece of a file.
struct Near<'p, 's> {
    bytes: &'s [u8],
    pieces: &'p [Piece<'s>],
    /// The words of the file in their order.
    words: &'p [Occurrence],
    /// By word: the number after that of the piece that it is near of, as far as that has been asked.
    marks: Vec<usize>,
    /// By word: whether some variable or constant may be given it.
    is_given: Vec<bool>,
    /// The pieces that give names their values.
    values: HashMap<&'s [u8], Vec<usize>>,
    /// By piece: those that give the names in it their values, once that was asked.
    named: Vec<Option<Vec<usize>>>,
}

/// The mark of words of imports, which are near of everything.
const EVERYWHERE: usize = usize::MAX;

impl<'p, 's> Near<'p, 's> {
    fn new(bytes: &'s [u8], pieces: &'p [Piece<'s>], words: &'p [Occurrence]) -> Self {
        let count = words.iter().map(|found| found.word as usize + 1).max().unwrap_or_default();
        let mut near = Self {
            bytes,
            pieces,
            words,
            marks: vec![0; count],
            is_given: vec![false; count],
            values: HashMap::new(),
            named: vec![None; pieces.len()],
        };
        for (number, piece) in pieces.iter().enumerate() {
            match &piece.declares {
                Declares::Imports => near.mark(number, EVERYWHERE),
                Declares::Values(names) => {
                    within(words, &piece.range).for_each(|word| near.is_given[word] = true);
                    // Nobody can ask what `_` was given.
                    for name in names.iter().filter(|name| **name != b"_") {
                        near.values.entry(*name).or_default().push(number);
                    }
                }
                Declares::Function(_) | Declares::Types => {}
            }
        }
        near
    }

    /// Whether some question may find something in a piece.
    fn is_worth(&mut self, piece: usize, asked: &[Asked<'_>]) -> bool {
        if self.pieces[piece].declares == Declares::Imports {
            return true;
        }
        let mark = piece + 1;
        self.mark(piece, mark);
        let is_open = |near: &Self, with_given: bool| {
            let is_near = |word: usize| near.marks.get(word).is_some_and(|of| *of == mark || *of == EVERYWHERE);
            let has = |word: usize| is_near(word) || (with_given && near.is_given.get(word) == Some(&true));
            asked.iter().any(|asked| asked.gate.is_open(&has))
        };
        if is_open(self, false) {
            return true;
        }
        if !is_open(self, true) {
            return false;
        }
        let mut reached = BTreeSet::from([piece]);
        let mut open = vec![piece];
        while let Some(piece) = open.pop() {
            for value in self.named(piece) {
                if reached.insert(value) {
                    self.mark(value, mark);
                    open.push(value);
                }
            }
        }
        is_open(self, false)
    }

    /// Marks the words of a piece.
    fn mark(&mut self, piece: usize, mark: usize) {
        for word in within(self.words, &self.pieces[piece].range) {
            self.marks[word] = mark.max(self.marks[word]);
        }
    }

    /// The pieces that give the names in a piece their values.
    fn named(&mut self, piece: usize) -> Vec<usize> {
        let (bytes, values) = (&self.bytes[self.pieces[piece].range.clone()], &self.values);
        let read = || {
            let names = bytes.split(|byte| !is_name(*byte)).filter(|name| !name.is_empty());
            let named: BTreeSet<usize> = names.filter_map(|name| values.get(name)).flatten().copied().collect();
            named.into_iter().collect()
        };
        self.named[piece].get_or_insert_with(read).clone()
    }
}

/// The words that begin in a part of the file.
fn within<'w>(words: &'w [Occurrence], range: &Range<usize>) -> impl Iterator<Item = usize> + use<'w> {
    let from = words.partition_point(|found| (found.start as usize) < range.start);
    let end = range.end;
    words[from..].iter().take_while(move |found| (found.start as usize) < end).map(|found| found.word as usize)
}
