//! `format` and `formatlist`: <https://developer.hashicorp.com/terraform/language/functions/format>.

use std::sync::Arc;

use num_bigint::BigInt;
use secscan_model::{Node, Part};

use super::super::super::convert::convert;
use super::super::super::json;
use super::super::super::template::MAX_TEXT;
use super::super::super::types::Type;
use super::super::super::value::{Failure, Outcome, boolean, fail, number, text};
use super::super::Call;
use super::{graphemes, joined, push};

/// The widest that a value is padded to.
const MAX_WIDTH: usize = 1_000;

/// One verb: `%05.2f`.
#[derive(Debug, Default)]
struct Verb {
    zero: bool,
    left: bool,
    plus: bool,
    space: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    argument: Option<usize>,
    letter: char,
}

/// `format`, with the arguments that `argument` gives: those behind the format count from one.
pub(super) fn format(call: &Call<'_>, argument: &dyn Fn(usize) -> Option<Node>) -> Outcome {
    let spec = call.text(0)?;
    let (mut parts, mut why, mut fixed) = (Vec::new(), None, String::new());
    let (mut next, mut used) = (1, 0);
    let mut rest = &*spec;
    while let Some(percent) = rest.find('%') {
        fixed.push_str(&rest[..percent]);
        let (verb, after) = verb(&rest[percent + 1..])?;
        rest = after;
        if verb.letter == '%' {
            fixed.push('%');
            continue;
        }
        let index = verb.argument.unwrap_or(next);
        next = index + 1;
        used = used.max(index);
        let value = argument(index).filter(|_| index > 0).ok_or_else(|| Failure::new("an argument is missing"))?;
        if value.as_unresolved().is_some() {
            flush(&mut fixed, &mut parts);
            push(&mut parts, &mut why, &value)?;
        } else {
            match shown(&verb, &value) {
                Ok(shown) => fixed.push_str(&shown),
                Err(Failure { why: reason, unknown: true, .. }) => {
                    flush(&mut fixed, &mut parts);
                    parts.push(Part::Hole("${...}".into()));
                    why.get_or_insert(reason);
                }
                Err(failure) => return Err(failure),
            }
        }
    }
    if argument(used + 1).is_some() {
        return fail("there are more arguments than the format names");
    }
    fixed.push_str(rest);
    flush(&mut fixed, &mut parts);
    joined(call, parts, why)
}

fn flush(fixed: &mut String, parts: &mut Vec<Part>) {
    if !fixed.is_empty() {
        parts.push(Part::Fixed(Arc::from(std::mem::take(fixed))));
    }
}

/// `formatlist`: once for each item of the lists among the arguments.
pub(super) fn formatlist(call: &Call<'_>) -> Outcome {
    let lists: Vec<&[Node]> = call.args.iter().skip(1).filter_map(Node::as_list).collect();
    if let Some(unknown) = call.args.iter().find(|arg| arg.as_unresolved().is_some()) {
        return Err(Failure::unknown(unknown));
    }
    let count = lists.first().map_or(1, |list| list.len());
    if lists.iter().any(|list| list.len() != count) {
        return fail("the lists differ in length");
    }
    if count.saturating_mul(call.text(0)?.len()) > 16 * MAX_TEXT {
        return fail("the list is too long");
    }
    let row = |row: usize| {
        format(call, &|index| {
            let arg = call.args.get(index)?;
            match arg.as_list() {
                Some(items) => items.get(row).cloned(),
                None => Some(arg.clone()),
            }
        })
    };
    call.items((0..count).map(row).collect::<Result<_, _>>()?)
}

/// Reads a verb behind its percent sign.
fn verb(spec: &str) -> Result<(Verb, &str), Failure> {
    let mut verb = Verb::default();
    let mut chars = spec.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '0' if verb.width == 0 && verb.precision.is_none() => verb.zero = true,
            '-' => verb.left = true,
            '+' => verb.plus = true,
            ' ' => verb.space = true,
            '#' => verb.sharp = true,
            '.' => verb.precision = Some(0),
            '[' => {
                let end =
                    spec[at..].find(']').map(|end| at + end).ok_or_else(|| Failure::new("the format is wrong"))?;
                verb.argument = spec[at + 1..end].parse().ok();
                while chars.next_if(|(next, _)| *next <= end).is_some() {}
            }
            '0'..='9' => {
                let digit = c as usize - '0' as usize;
                let number = verb.precision.as_mut().unwrap_or(&mut verb.width);
                *number = (*number * 10 + digit).min(MAX_WIDTH);
            }
            letter => {
                verb.letter = letter;
                return Ok((verb, &spec[at + letter.len_utf8()..]));
            }
        }
    }
    fail("the format ends within a verb")
}

fn shown(verb: &Verb, value: &Node) -> Result<String, Failure> {
    if value.is_null() {
        let as_json = verb.letter == 'v' || (verb.letter == 'q' && verb.sharp);
        return if as_json { Ok(padded(verb, "null".to_owned())) } else { fail("null has no text to show") };
    }
    let shown = match verb.letter {
        'v' if verb.sharp => json::encode(value)?,
        'v' => match Type::of(value) {
            Type::Bool | Type::Number | Type::Text => text(value)?.into_owned(),
            _ => json::encode(value)?,
        },
        's' => text(value)?.into_owned(),
        'q' => json::encode(&convert(Node::text(text(value)?, value.at), &Type::Text)?)?,
        't' => boolean(value)?.to_string(),
        'd' => whole(value)?.to_string(),
        'b' => based(verb, &whole(value)?, 2, "0b"),
        'o' => based(verb, &whole(value)?, 8, "0"),
        'x' => based(verb, &whole(value)?, 16, "0x"),
        'X' => based(verb, &whole(value)?, 16, "0X").to_uppercase(),
        'f' | 'F' => number(value)?.fixed(verb.precision.unwrap_or(6)),
        'e' => number(value)?.exponential(Some(verb.precision.unwrap_or(6))),
        'E' => number(value)?.exponential(Some(verb.precision.unwrap_or(6))).to_uppercase(),
        'g' => number(value)?.general(verb.precision),
        'G' => number(value)?.general(verb.precision).to_uppercase(),
        _ => return fail("the format has an unknown verb"),
    };
    let is_text = matches!(verb.letter, 's' | 'q' | 'v' | 't');
    let shown = match verb.precision {
        Some(precision) if matches!(verb.letter, 's' | 'q') => graphemes(&shown).take(precision).collect(),
        Some(precision) if matches!(verb.letter, 'd' | 'b' | 'o' | 'x' | 'X') => with_digits(&shown, precision),
        _ => shown,
    };
    let sign = match () {
        () if is_text || shown.starts_with('-') => "",
        () if verb.plus => "+",
        () if verb.space => " ",
        () => "",
    };
    Ok(padded(verb, format!("{sign}{shown}")))
}

/// The whole number that a value is.
fn whole(value: &Node) -> Result<BigInt, Failure> {
    number(value)?.to_big_int().ok_or_else(|| Failure::new("a whole number is needed"))
}

fn based(verb: &Verb, value: &BigInt, base: u32, prefix: &str) -> String {
    let digits = value.to_str_radix(base);
    let prefix = if verb.sharp { prefix } else { "" };
    match digits.strip_prefix('-') {
        Some(digits) => format!("-{prefix}{digits}"),
        None => format!("{prefix}{digits}"),
    }
}

/// A number with leading zeros up to a number of digits.
fn with_digits(shown: &str, count: usize) -> String {
    let (sign, digits) = shown.strip_prefix('-').map_or(("", shown), |digits| ("-", digits));
    format!("{sign}{digits:0>count$}")
}

fn padded(verb: &Verb, shown: String) -> String {
    let missing = verb.width.saturating_sub(graphemes(&shown).count());
    if verb.left {
        return shown + &" ".repeat(missing);
    }
    let is_number = !matches!(verb.letter, 's' | 'q' | 'v' | 't');
    if verb.zero && (is_number || matches!(verb.letter, 's' | 'q')) {
        let sign = usize::from(is_number && shown.starts_with(['-', '+', ' ']));
        let (sign, digits) = shown.split_at(sign);
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    " ".repeat(missing) + &shown
}
