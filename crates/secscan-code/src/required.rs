//! What a text must hold for an expression to match in it: with these words, the conditions of a question gate parsing too.

use std::collections::BTreeSet;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::{Atom, Form};

/// The shortest word that tells anything.
const SHORTEST: usize = 3;
/// How many parts of a name are looked for together.
const MOST_PARTS: usize = 3;
/// How many texts a piece of an expression may stand for to be looked for as these.
const MOST_TEXTS: usize = 32;

/// Words of which a file holds one, in letters of any case, when an expression matches a name or a text of it; none when
/// it may hold none. A name may be matched in snake case: for `tax_id` the words are `taxid`, `tax_id` and `tax-id`.
/// Where the expression says that a word of a name begins or ends, the file must say so too: `(^|[._])pan$` is not
/// asked of `company`.
pub(crate) fn words(expression: &str) -> Option<BTreeSet<Atom>> {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(expression).ok()?;
    required(&parsed, Edges::default())
}

/// At which ends of what is looked for a word of a name has its border.
#[derive(Clone, Copy, Default)]
struct Edges {
    begins: bool,
    ends: bool,
}

fn required(hir: &Hir, edges: Edges) -> Option<BTreeSet<Atom>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(_) | HirKind::Class(_) => of_run(&letters(hir)?, edges),
        // What is repeated borders on itself.
        HirKind::Repetition(repetition) => required(&repetition.sub, Edges::default()).filter(|_| repetition.min > 0),
        HirKind::Capture(capture) => required(&capture.sub, edges),
        HirKind::Concat(parts) => of_parts(parts, edges),
        HirKind::Alternation(alternatives) => {
            let of_one = |one: &Hir| of_parts(std::slice::from_ref(one), edges);
            let all: Option<Vec<_>> = alternatives.iter().map(of_one).collect();
            Some(all?.into_iter().flatten().collect())
        }
    }
}

/// The words of the part that tells most: every part must match. Parts that stand for a few texts are looked for
/// together: of `cc_?(number|num)`, neither part tells anything by itself.
fn of_parts(parts: &[Hir], edges: Edges) -> Option<BTreeSet<Atom>> {
    let mut found = Vec::new();
    let mut rest = parts;
    let mut begins = edges.begins;
    while let Some(first) = rest.first() {
        let (texts, length) = longest_run(rest);
        let (taken, behind) = rest.split_at(length.max(1));
        let edges = Edges { begins, ends: behind.first().map_or(edges.ends, |next| is_border(next, Side::First)) };
        found.extend(if length == 0 { required(first, edges) } else { of_texts(&texts, edges) });
        begins = taken.last().is_some_and(|last| is_border(last, Side::Last));
        rest = behind;
    }
    let shortest = |words: &BTreeSet<Atom>| words.iter().map(|word| word.text.len()).min();
    found.into_iter().max_by_key(|words| (shortest(words), std::cmp::Reverse(words.len())))
}

/// How many parts from the first on stand for a few texts together, and these texts.
fn longest_run(parts: &[Hir]) -> (Vec<String>, usize) {
    let mut run = (vec![String::new()], 0);
    for part in parts {
        let Some(texts) = texts(part).and_then(|texts| followed_by(&run.0, &texts)) else { break };
        run = (texts, run.1 + 1);
    }
    run
}

/// The words of which one stands in whichever of some texts it is.
fn of_texts(texts: &[String], edges: Edges) -> Option<BTreeSet<Atom>> {
    let all: Option<Vec<_>> = texts.iter().map(|text| of_run(text, edges)).collect();
    Some(all?.into_iter().flatten().collect())
}

/// All texts that a piece of an expression matches, in lower case, where they are few.
fn texts(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![String::new()]),
        HirKind::Literal(_) | HirKind::Class(_) => Some(vec![letters(hir)?]),
        HirKind::Look(_) => None,
        HirKind::Repetition(repetition) if repetition.max == Some(1) => {
            let some = texts(&repetition.sub)?;
            Some((repetition.min == 0).then(String::new).into_iter().chain(some).collect())
        }
        HirKind::Repetition(_) => None,
        HirKind::Capture(capture) => texts(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().try_fold(vec![String::new()], |before, part| followed_by(&before, &texts(part)?))
        }
        HirKind::Alternation(alternatives) => {
            let all: Option<Vec<_>> = alternatives.iter().map(texts).collect();
            Some(all?.concat()).filter(|texts| texts.len() <= MOST_TEXTS)
        }
    }
}

/// Each text followed by each other, where that is not too many.
fn followed_by(texts: &[String], next: &[String]) -> Option<Vec<String>> {
    let with = |text: &String| next.iter().map(|next| format!("{text}{next}")).collect::<Vec<_>>();
    (texts.len() * next.len() <= MOST_TEXTS).then(|| texts.iter().flat_map(with).collect())
}

/// An end of an expression.
#[derive(Clone, Copy)]
enum Side {
    First,
    Last,
}

/// Whether whatever an expression matches has no letter and no digit at one of its ends, so that a word of a name that
/// stands beside it has its border there.
fn is_border(hir: &Hir, side: Side) -> bool {
    let is_apart = |byte: &u8| !byte.is_ascii_alphanumeric();
    let end = |parts: &[Hir]| match side {
        Side::First => parts.first().is_some_and(|part| is_border(part, side)),
        Side::Last => parts.last().is_some_and(|part| is_border(part, side)),
    };
    match hir.kind() {
        HirKind::Empty => false,
        HirKind::Look(look) => !matches!(look, Look::WordAsciiNegate | Look::WordUnicodeNegate),
        HirKind::Literal(literal) => match side {
            Side::First => literal.0.first().is_some_and(is_apart),
            Side::Last => literal.0.last().is_some_and(is_apart),
        },
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().flat_map(|range| range.start()..=range.end()).all(|byte| is_apart(&byte))
        }
        HirKind::Class(Class::Unicode(_)) => false,
        HirKind::Repetition(repetition) => repetition.min > 0 && is_border(&repetition.sub, side),
        HirKind::Capture(capture) => is_border(&capture.sub, side),
        HirKind::Concat(parts) => end(parts),
        HirKind::Alternation(alternatives) => alternatives.iter().all(|alternative| is_border(alternative, side)),
    }
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
fn of_run(run: &str, edges: Edges) -> Option<BTreeSet<Atom>> {
    let names = run.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let longest = names.max_by_key(|name| name.bytes().filter(|byte| *byte != b'_').count())?;
    let mut parts = longest.split('_').filter(|part| !part.is_empty());
    let mut words = BTreeSet::from([parts.next()?.to_owned()]);
    for part in parts.by_ref().take(MOST_PARTS - 1) {
        let with = |word: &String| ["", "_", "-"].map(|between| format!("{word}{between}{part}"));
        words = words.iter().flat_map(with).collect();
    }
    // Within the run, what stands beside a name is no letter; beside what was taken of it, an underscore.
    let form = Form::Part {
        begins: edges.begins || longest.starts_with('_') || !run.starts_with(longest),
        ends: edges.ends || longest.ends_with('_') || !run.ends_with(longest) || parts.next().is_some(),
    };
    let is_telling = words.iter().all(|word| word.len() >= SHORTEST);
    is_telling.then(|| words.into_iter().map(|text| Atom { text, form }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words, with `<` where one must begin and `>` where it must end.
    fn shown(expression: &str) -> Option<String> {
        let shown = |Atom { text, form }: Atom| match form {
            Form::Part { begins, ends } => {
                format!("{}{text}{}", if begins { "<" } else { "" }, if ends { ">" } else { "" })
            }
            Form::Name | Form::Module => text,
        };
        words(expression).map(|words| words.into_iter().map(shown).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_words_of_an_expression_are_what_it_cannot_do_without() {
        let table = [
            ("(^|[._])(ssn|birth_?date)($|[.])", "<birth-date> <birth_date> <birthdate> <ssn>"),
            (
                "(^|[._])(cc_?(number|num)|cvv2?)$",
                "<cc-num> <cc-number> <cc_num> <cc_number> <ccnum> <ccnumber> <cvv> <cvv2>",
            ),
            ("(?i)(token|PassWord)$", "password> token>"),
            ("(^|[._])tax_id", "<tax-id <tax_id <taxid"),
            (r"(^|\.)(r|req)\.(FormValue|Header\.Get\(\))", "<formvalue <header>"),
            ("email(_address)?", "email email-address email_address emailaddress"),
            ("(^|[^A-Za-z_])req", "req"),
            (r"\b(shlex)\b", "<shlex>"),
            ("(pan)+_", "pan"),
            (
                "(pan|[a-z]card_a_b_c)",
                "card-a-b> card-a_b> card-ab> card_a-b> card_a_b> card_ab> carda-b> carda_b> cardab> pan",
            ),
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
