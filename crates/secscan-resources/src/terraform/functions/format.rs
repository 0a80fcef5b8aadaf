//! `format` and `formatlist`: <https://developer.hashicorp.com/terraform/language/functions/format>.

use std::sync::Arc;

use secscan_model::{Node, Part};

use super::super::super::json;
use super::super::super::value::{Failure, Outcome, boolean, fail, number, text};
use super::super::Call;
use super::{joined, push};

/// The widest that a value is padded to.
const MAX_WIDTH: usize = 1_000;

/// One verb: `%05.2f`.
#[derive(Debug, Default)]
struct Verb {
    zero: bool,
    left: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
    argument: Option<usize>,
    letter: char,
}

/// `format`, with the arguments that `argument` gives: those behind the format count from one.
pub(super) fn format(call: &Call<'_>, argument: &dyn Fn(usize) -> Option<Node>) -> Outcome {
    let spec = call.text(0)?;
    let (mut parts, mut why, mut fixed) = (Vec::new(), None, String::new());
    let mut next = 1;
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
        let value = argument(index).ok_or_else(|| Failure::new("an argument is missing"))?;
        if value.as_unresolved().is_some() {
            flush(&mut fixed, &mut parts);
            push(&mut parts, &mut why, &value)?;
        } else {
            match shown(&verb, &value) {
                Ok(shown) => fixed.push_str(&shown),
                Err(Failure { why: reason, unknown: true }) => {
                    flush(&mut fixed, &mut parts);
                    parts.push(Part::Hole("${...}".into()));
                    why.get_or_insert(reason);
                }
                Err(failure) => return Err(failure),
            }
        }
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
            ' ' | '#' => {}
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
    let whole = || -> Result<i64, Failure> { Ok(number(value)?.as_f64().trunc() as i64) };
    let mut shown = match verb.letter {
        's' | 'v' if value.is_null() => "null".to_owned(),
        's' | 'v' => text(value)?.into_owned(),
        'q' => json::encode(&Node::text(text(value)?, value.at))?,
        't' => boolean(value)?.to_string(),
        'd' => whole()?.to_string(),
        'b' => format!("{:b}", whole()?),
        'o' => format!("{:o}", whole()?),
        'x' => hexadecimal(value, false)?,
        'X' => hexadecimal(value, true)?,
        'f' | 'F' => format!("{:.*}", verb.precision.unwrap_or(6), number(value)?.as_f64()),
        'e' => exponent(number(value)?.as_f64(), verb.precision.unwrap_or(6)),
        'g' | 'G' => number(value)?.text(),
        _ => return fail("the format has an unknown verb"),
    };
    if let ('s', Some(precision)) = (verb.letter, verb.precision) {
        shown = shown.chars().take(precision).collect();
    }
    if verb.plus && matches!(verb.letter, 'd' | 'f') && !shown.starts_with('-') {
        shown.insert(0, '+');
    }
    Ok(padded(verb, shown))
}

fn padded(verb: &Verb, shown: String) -> String {
    let missing = verb.width.saturating_sub(shown.chars().count());
    if verb.left {
        return shown + &" ".repeat(missing);
    }
    if verb.zero && verb.letter != 's' {
        let sign = usize::from(shown.starts_with(['-', '+']));
        let (sign, digits) = shown.split_at(sign);
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    " ".repeat(missing) + &shown
}

fn hexadecimal(value: &Node, upper: bool) -> Result<String, Failure> {
    let shown = match number(value) {
        Ok(number) => format!("{:x}", number.as_f64().trunc() as i64),
        Err(_) => text(value)?.bytes().map(|byte| format!("{byte:02x}")).collect(),
    };
    Ok(if upper { shown.to_uppercase() } else { shown })
}

/// `1.5e+06`, as Go writes it.
fn exponent(value: f64, precision: usize) -> String {
    let shown = format!("{value:.precision$e}");
    match shown.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
            format!("{digits}e{sign}{power:0>2}")
        }
        None => shown,
    }
}
