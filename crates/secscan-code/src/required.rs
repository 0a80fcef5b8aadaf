//! What a text must hold for an expression to match in it: with these words, the conditions of a question gate parsing too.

use std::collections::BTreeSet;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// The shortest word that tells anything.
const SHORTEST: usize = 3;
/// How many parts of a name are looked for together.
const MOST_PARTS: usize = 3;

/// Words of which a file holds one, in letters of any case, when an expression matches a name or a text of it; none when
/// it may hold none. A name may be matched in snake case: for `tax_id` the words are `taxid`, `tax_id` and `tax-id`.
pub(crate) fn words(expression: &str) -> Option<BTreeSet<String>> {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(expression).ok()?;
    required(&parsed)
}

fn required(hir: &Hir) -> Option<BTreeSet<String>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(_) | HirKind::Class(_) => of_run(&letters(hir)?),
        HirKind::Repetition(repetition) => required(&repetition.sub).filter(|_| repetition.min > 0),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Concat(parts) => of_parts(parts),
        HirKind::Alternation(alternatives) => {
            let all: Option<Vec<_>> = alternatives.iter().map(required).collect();
            Some(all?.into_iter().flatten().collect())
        }
    }
}

/// The words of the part that tells most: every part must match.
fn of_parts(parts: &[Hir]) -> Option<BTreeSet<String>> {
    let mut found = Vec::new();
    let mut run = String::new();
    for part in parts {
        match letters(part) {
            Some(letters) => run.push_str(&letters),
            None => {
                found.extend(of_run(&std::mem::take(&mut run)));
                found.extend(required(part));
            }
        }
    }
    found.extend(of_run(&run));
    let shortest = |words: &BTreeSet<String>| words.iter().map(String::len).min();
    found.into_iter().max_by_key(|words| (shortest(words), std::cmp::Reverse(words.len())))
}

/// The text that a piece of an expression stands for, in lower case, where it stands for one.
fn letters(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_ascii_lowercase()).ok(),
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes =
                class.iter().flat_map(|range| range.start()..=range.end()).map(|byte| byte.to_ascii_lowercase());
            let first = bytes.next()?;
            bytes.all(|byte| byte == first).then(|| char::from(first).to_string())
        }
        _ => None,
    }
}

/// What a file may hold for a run of letters: of its longest name, the parts with whatever snake case puts between them.
fn of_run(run: &str) -> Option<BTreeSet<String>> {
    let names = run.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let longest = names.max_by_key(|name| name.bytes().filter(|byte| *byte != b'_').count())?;
    let mut parts = longest.split('_').filter(|part| !part.is_empty()).take(MOST_PARTS);
    let mut words = BTreeSet::from([parts.next()?.to_owned()]);
    for part in parts {
        let with = |word: &String| ["", "_", "-"].map(|between| format!("{word}{between}{part}"));
        words = words.iter().flat_map(with).collect();
    }
    words.iter().all(|word| word.len() >= SHORTEST).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: &str) -> Option<String> {
        words(expression).map(|words| words.into_iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_words_of_an_expression_are_what_it_cannot_do_without() {
        let table = [
            ("(^|[._])(ssn|birth_?date)($|[.])", "birth ssn"),
            ("(?i)(token|PassWord)$", "password token"),
            ("(^|[._])tax_id", "tax-id tax_id taxid"),
            (r"(^|\.)(r|req)\.(FormValue|Header\.Get\(\))", "formvalue header"),
            ("email(_address)?", "email"),
        ];
        for (expression, wanted) in table {
            assert_eq!(shown(expression).as_deref(), Some(wanted), "{expression}");
        }
    }

    #[test]
    fn an_expression_that_needs_no_word_has_none() {
        for expression in ["", "^[A-Za-z_]\\w*$", "a|bcd", "(token)?", "(token)*", "x_", "[ab]cd", "("] {
            assert_eq!(shown(expression), None, "{expression}");
        }
    }
}
