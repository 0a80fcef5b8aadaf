//! Text.

use regex::{Regex, RegexBuilder};
use secscan_model::{Node, Part, Unresolved, Value};

use super::super::template::MAX_PARTS;
use super::super::value::{Entries, Failure, Outcome, fail, text};
use super::{Call, Function, costly, lenient, strict};

const ANY: usize = usize::MAX;

pub(super) static FUNCTIONS: &[Function] = &[
    strict("basename", 1..=1, |call| {
        let path = call.text(0)?;
        call.made(path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("."))
    }),
    strict("chomp", 1..=1, |call| call.made(call.text(0)?.trim_end_matches(['\r', '\n']))),
    strict("dirname", 1..=1, |call| {
        let path = call.text(0)?;
        call.made(path.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder }))
    }),
    strict("endswith", 2..=2, |call| Ok(Node::bool(call.text(0)?.ends_with(&*call.text(1)?), call.at))),
    lenient("format", 1..=ANY, |call| format::format(call, &|index| call.args.get(index).cloned())),
    lenient("formatlist", 1..=ANY, format::formatlist),
    strict("indent", 2..=2, indent),
    lenient("join", 2..=ANY, join),
    strict("lower", 1..=1, |call| call.made(call.text(0)?.to_lowercase())),
    costly("regex", 2..=2, find),
    costly("regexall", 2..=2, find_all),
    costly("replace", 3..=3, replace),
    strict("split", 2..=2, split),
    strict("startswith", 2..=2, |call| Ok(Node::bool(call.text(0)?.starts_with(&*call.text(1)?), call.at))),
    strict("strcontains", 2..=2, |call| Ok(Node::bool(call.text(0)?.contains(&*call.text(1)?), call.at))),
    strict("strrev", 1..=1, |call| call.made(call.text(0)?.chars().rev().collect::<String>())),
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
    strict("upper", 1..=1, |call| call.made(call.text(0)?.to_uppercase())),
];

#[path = "format.rs"]
mod format;

/// Adds a value to a text that may be known in part.
fn push(parts: &mut Vec<Part>, why: &mut Option<std::sync::Arc<str>>, value: &Node) -> Result<(), Failure> {
    let Some(unresolved) = value.as_unresolved() else {
        parts.push(Part::Fixed(text(value)?.into()));
        return Ok(());
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
    let blanks = usize::try_from(call.int(0)?).unwrap_or(0).min(1_000);
    call.made(call.text(1)?.replace('\n', &format!("\n{}", " ".repeat(blanks))))
}

fn join(call: &Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    let (mut parts, mut why) = (Vec::new(), None);
    for list in call.args.iter().skip(1) {
        if list.as_unresolved().is_some() {
            return Err(Failure::unknown(list));
        }
        for item in list.as_list().ok_or_else(|| Failure::new("a list is needed"))? {
            if item.as_unresolved().is_some_and(|item| item.perhaps_absent) {
                return Err(Failure::unknown(item));
            }
            if !parts.is_empty() {
                parts.push(Part::Fixed((&*separator).into()));
            }
            push(&mut parts, &mut why, item)?;
        }
    }
    joined(call, parts, why)
}

/// Compiles a pattern; Terraform's are RE2, which this engine reads too.
fn pattern(pattern: &str) -> Result<Regex, Failure> {
    let built = RegexBuilder::new(pattern).size_limit(1 << 20).build();
    built.map_err(|_| Failure { why: "the pattern cannot be used".into(), unknown: true })
}

/// A match: the whole, the groups as a list, or named groups as a map.
fn matched(call: &Call<'_>, regex: &Regex, captures: &regex::Captures<'_>) -> Node {
    let part = |group: Option<regex::Match<'_>>| match group {
        Some(group) => Node::text(group.as_str(), call.at),
        None => Node::null(call.at),
    };
    if regex.captures_len() == 1 {
        return part(captures.get(0));
    }
    if regex.capture_names().flatten().next().is_none() {
        return Node::list((1..captures.len()).map(|index| part(captures.get(index))).collect(), call.at);
    }
    let mut entries = Entries::default();
    for name in regex.capture_names().flatten() {
        entries.insert(name.into(), part(captures.name(name)));
    }
    entries.node(call.at)
}

fn find(call: &Call<'_>) -> Outcome {
    let regex = pattern(&call.text(0)?)?;
    match regex.captures(&call.text(1)?) {
        Some(captures) => Ok(matched(call, &regex, &captures)),
        None => fail("the pattern does not match"),
    }
}

fn find_all(call: &Call<'_>) -> Outcome {
    let regex = pattern(&call.text(0)?)?;
    call.items(regex.captures_iter(&call.text(1)?).map(|captures| matched(call, &regex, &captures)).collect())
}

/// A search text between slashes is a pattern.
fn replace(call: &Call<'_>) -> Outcome {
    let (whole, search, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let inner = search.strip_prefix('/').and_then(|search| search.strip_suffix('/'));
    let growth = (whole.len() + 1).saturating_mul(new.len());
    if growth > 64 * super::super::template::MAX_TEXT {
        return fail("the text is too long");
    }
    match inner {
        Some(inner) => call.made(&*pattern(inner)?.replace_all(&whole, &*new)),
        None => call.made(whole.replace(&*search, &new)),
    }
}

fn split(call: &Call<'_>) -> Outcome {
    let (separator, whole) = (call.text(0)?, call.text(1)?);
    let part = |part: &str| Node::text(part, call.at);
    if separator.is_empty() {
        return call.items(whole.chars().map(|c| part(c.encode_utf8(&mut [0; 4]))).collect());
    }
    call.items(whole.split(&*separator).map(part).collect())
}

fn substr(call: &Call<'_>) -> Outcome {
    let whole: Vec<char> = call.text(0)?.chars().collect();
    let (offset, length) = (call.int(1)?, call.int(2)?);
    let start = if offset < 0 { whole.len().saturating_sub(offset.unsigned_abs() as usize) } else { offset as usize };
    let start = start.min(whole.len());
    let end = if length < 0 { whole.len() } else { start.saturating_add(length as usize).min(whole.len()) };
    call.made(whole.get(start..end).unwrap_or_default().iter().collect::<String>())
}

fn title(call: &Call<'_>) -> Outcome {
    let mut out = String::new();
    let mut begins = true;
    for c in call.text(0)?.chars() {
        if begins {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        begins = !(c.is_alphanumeric() || matches!(c, '_' | '\''));
    }
    call.made(out)
}

fn trim(call: &Call<'_>) -> Outcome {
    let (whole, set) = (call.text(0)?, call.text(1)?);
    call.made(whole.trim_matches(|c| set.contains(c)))
}
