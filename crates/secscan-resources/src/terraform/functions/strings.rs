//! Text.

use regex::Regex;
use secscan_model::{Node, Part, Unresolved, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::super::template::{MAX_PARTS, MAX_TEXT};
use super::super::value::{Entries, Failure, Outcome, fail, text};
use super::{Call, Function, MAX_ITEMS, costly, lenient, strict};
use crate::{go_path, re2};

const ANY: usize = usize::MAX;

pub(super) static FUNCTIONS: &[Function] = &[
    strict("basename", 1..=1, |call| call.made(go_path::base(&call.text(0)?))),
    strict("chomp", 1..=1, |call| call.made(call.text(0)?.trim_end_matches(['\r', '\n']))),
    strict("dirname", 1..=1, |call| call.made(go_path::dir(&call.text(0)?))),
    strict("endswith", 2..=2, |call| Ok(Node::bool(call.text(0)?.ends_with(&*call.text(1)?), call.at))),
    lenient("format", 1..=ANY, |call| format::format(call, &|index| call.args.get(index).cloned())),
    lenient("formatlist", 1..=ANY, format::formatlist),
    strict("indent", 2..=2, indent),
    lenient("join", 2..=ANY, join),
    strict("lower", 1..=1, |call| call.made(call.text(0)?.chars().map(lower).collect::<String>())),
    costly("regex", 2..=2, find),
    costly("regexall", 2..=2, find_all),
    costly("replace", 3..=3, replace),
    strict("split", 2..=2, split),
    strict("startswith", 2..=2, |call| Ok(Node::bool(call.text(0)?.starts_with(&*call.text(1)?), call.at))),
    strict("strcontains", 2..=2, |call| Ok(Node::bool(call.text(0)?.contains(&*call.text(1)?), call.at))),
    strict("strrev", 1..=1, |call| call.made(graphemes(&call.text(0)?).rev().collect::<String>())),
    strict("substr", 3..=3, substr),
    strict("title", 1..=1, title),
    strict("trim", 2..=2, trim),
    strict("trimprefix", 2..=2, |call| {
        let (whole, prefix) = (call.text(0)?, call.text(1)?);
        call.made(whole.strip_prefix(&*prefix).unwrap_or(&whole))
    }),
    strict("trimspace", 1..=1, |call| call.made(call.text(0)?.trim())),
    strict("trimsuffix", 2..=2, |call| {
        let (whole, suffix) = (call.text(0)?, call.text(1)?);
        call.made(whole.strip_suffix(&*suffix).unwrap_or(&whole))
    }),
    strict("upper", 1..=1, |call| call.made(call.text(0)?.chars().map(upper).collect::<String>())),
];

#[path = "format.rs"]
mod format;

/// What people take for one character.
pub(super) fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.graphemes(true)
}

/// The one lower-case letter of a letter.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The one upper-case letter of a letter; a letter that has only several stays.
fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

/// Adds a value to a text that may be known in part.
fn push(parts: &mut Vec<Part>, why: &mut Option<std::sync::Arc<str>>, value: &Node) -> Result<(), Failure> {
    let unresolved = match value.as_unresolved() {
        Some(unresolved) => unresolved,
        None => match text(value) {
            Ok(text) => {
                parts.push(Part::Fixed(text.into()));
                return Ok(());
            }
            // What `jsonencode` gave, with something unknown in it.
            Err(Failure { why: reason, unknown: true, .. }) => {
                why.get_or_insert(reason);
                parts.push(Part::Hole("${...}".into()));
                return Ok(());
            }
            Err(failure) => return Err(failure),
        },
    };
    why.get_or_insert_with(|| unresolved.why.clone());
    if unresolved.parts.is_empty() {
        parts.push(Part::Hole("${...}".into()));
    } else {
        parts.extend(unresolved.parts.iter().cloned());
    }
    if parts.len() > 100 * MAX_PARTS {
        return fail("the text is too long");
    }
    Ok(())
}

/// The text of parts, unresolved when there are holes in it.
fn joined(call: &Call<'_>, parts: Vec<Part>, why: Option<std::sync::Arc<str>>) -> Outcome {
    match why {
        None => {
            let unresolved = Unresolved { why: "".into(), perhaps_absent: false, parts };
            call.made(unresolved.raw_text())
        }
        Some(why) if parts.len() > MAX_PARTS => Ok(Node::unresolved(why, call.at)),
        Some(why) => {
            let unresolved = Unresolved { why, perhaps_absent: false, parts };
            Ok(Node::new(Value::Unresolved(unresolved.into()), call.at))
        }
    }
}

fn indent(call: &Call<'_>) -> Outcome {
    let blanks = usize::try_from(call.int(0)?).map_err(|_| Failure::new("the number of blanks is negative"))?;
    let text = call.text(1)?;
    if text.matches('\n').count().saturating_mul(blanks) > MAX_TEXT {
        return fail("the text is too long");
    }
    call.made(text.replace('\n', &format!("\n{}", " ".repeat(blanks.min(MAX_TEXT)))))
}

fn join(call: &Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    let (mut parts, mut why, mut length) = (Vec::new(), None, 0);
    for index in 1..call.args.len() {
        let list = call.arg(index)?;
        if list.as_unresolved().is_some() {
            return Err(Failure::unknown(list));
        }
        for item in call.list(index)? {
            if item.as_unresolved().is_some_and(|item| item.perhaps_absent) {
                return Err(Failure::unknown(item));
            }
            length += separator.len() + item.as_str().map_or(0, str::len);
            if length > MAX_TEXT + separator.len() {
                return fail("the text is too long");
            }
            if !parts.is_empty() {
                parts.push(Part::Fixed((&*separator).into()));
            }
            push(&mut parts, &mut why, item)?;
        }
    }
    joined(call, parts, why)
}

/// Compiles a pattern.
fn pattern(pattern: &str) -> Result<Regex, Failure> {
    re2::compile(pattern, 1 << 20).map_err(|error| match error {
        re2::Error::Syntax => Failure::new("the pattern is not well-formed"),
        re2::Error::Size => Failure { unknown: true, ..Failure::new("the pattern is too large") },
    })
}

/// A match: the whole, the groups as a list, or named groups as a map.
fn matched(call: &Call<'_>, regex: &Regex, captures: &regex::Captures<'_>) -> Outcome {
    let part = |group: Option<regex::Match<'_>>| match group {
        Some(group) => Node::text(group.as_str(), call.at),
        None => Node::null(call.at),
    };
    if regex.captures_len() == 1 {
        return Ok(part(captures.get(0)));
    }
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    if names.is_empty() {
        return Ok(Node::list((1..captures.len()).map(|index| part(captures.get(index))).collect(), call.at));
    }
    if names.len() + 1 != regex.captures_len() {
        return fail("either all groups of the pattern have names or none");
    }
    let mut entries = Entries::default();
    for name in names {
        entries.insert(name.into(), part(captures.name(name)));
    }
    Ok(entries.node(call.at))
}

fn find(call: &Call<'_>) -> Outcome {
    let regex = pattern(&call.text(0)?)?;
    match regex.captures(&call.text(1)?) {
        Some(captures) => matched(call, &regex, &captures),
        None => fail("the pattern does not match"),
    }
}

fn find_all(call: &Call<'_>) -> Outcome {
    let regex = pattern(&call.text(0)?)?;
    let whole = call.text(1)?;
    call.items(regex.captures_iter(&whole).map(|captures| matched(call, &regex, &captures)).collect::<Result<_, _>>()?)
}

/// A search text between slashes is a pattern.
fn replace(call: &Call<'_>) -> Outcome {
    let (whole, search, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let inner = search.strip_prefix('/').and_then(|search| search.strip_suffix('/'));
    let growth = (whole.len() + 1).saturating_mul(new.len());
    if growth > 64 * MAX_TEXT {
        return fail("the text is too long");
    }
    match inner {
        Some(inner) => call.made(&*pattern(inner)?.replace_all(&whole, |captures: &regex::Captures<'_>| {
            let mut made = String::new();
            re2::expand(captures, &new, &mut made);
            made
        })),
        None => call.made(whole.replace(&*search, &new)),
    }
}

fn split(call: &Call<'_>) -> Outcome {
    let (separator, whole) = (call.text(0)?, call.text(1)?);
    let part = |part: &str| Node::text(part, call.at);
    if separator.is_empty() {
        return call.items(whole.chars().take(MAX_ITEMS + 1).map(|c| part(c.encode_utf8(&mut [0; 4]))).collect());
    }
    call.items(whole.split(&*separator).take(MAX_ITEMS + 1).map(part).collect())
}

fn substr(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let whole: Vec<&str> = graphemes(&text).collect();
    let (offset, length) = (call.int(1)?, call.int(2)?);
    let start = if offset < 0 { whole.len().saturating_sub(offset.unsigned_abs() as usize) } else { offset as usize };
    let start = start.min(whole.len());
    let end = if length < 0 { whole.len() } else { start.saturating_add(length as usize).min(whole.len()) };
    call.made(whole.get(start..end).unwrap_or_default().concat())
}

fn title(call: &Call<'_>) -> Outcome {
    let mut begins = true;
    let whole = call.text(0)?;
    let titled = whole.chars().map(|c| {
        let titled = if begins { upper(c) } else { c };
        begins = if c.is_ascii() { !(c.is_ascii_alphanumeric() || c == '_') } else { c.is_whitespace() };
        titled
    });
    call.made(titled.collect::<String>())
}

fn trim(call: &Call<'_>) -> Outcome {
    let (whole, set) = (call.text(0)?, call.text(1)?);
    call.made(whole.trim_matches(|c| set.contains(c)))
}
