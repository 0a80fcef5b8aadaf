//! Regular expressions.

use regex::Regex;
use secscan_parse::gotemplate::{Executor, Failure, Value};

use super::arguments::Arguments;
use super::{Called, plain_name};
use crate::re2;

/// Calls a function.
pub(super) fn call(written: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    let name = &*plain_name(written);
    if name == "regexQuoteMeta" {
        return Some(given.text(0).map(|text| re2::quoted(text).into()));
    }
    // Whether text matches what is no expression is answered all the same, unless it must be answered right.
    let forgives = written == "regexMatch";
    name.starts_with("regex").then(|| matching(name, forgives, given, executor)).and_then(Result::transpose)
}

fn matching(
    name: &str,
    forgives: bool,
    given: Arguments<'_>,
    executor: &mut Executor<'_>,
) -> Result<Option<Value>, Failure> {
    let value = match name {
        "regexMatch" => match compiled(given, executor) {
            Err(failure) if forgives && !failure.is_limit => false.into(),
            pattern => pattern?.is_match(given.text(1)?).into(),
        },
        "regexFind" => compiled(given, executor)?.find(given.text(1)?).map_or("", |found| found.as_str()).into(),
        "regexFindAll" => {
            let pattern = compiled(given, executor)?;
            let found = pattern.find_iter(given.text(1)?).take(most(given)?).map(|found| found.as_str().into());
            found.collect::<Vec<Value>>().into()
        }
        "regexReplaceAll" => replaced(given, false, executor)?.into(),
        "regexReplaceAllLiteral" => replaced(given, true, executor)?.into(),
        "regexSplit" => split(&compiled(given, executor)?, given.text(1)?, most(given)?).into(),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// How many of something are asked for: any number where the third argument is negative.
fn most(given: Arguments<'_>) -> Result<usize, Failure> {
    Ok(usize::try_from(given.int(2)?).unwrap_or(usize::MAX))
}

/// The parts between matches, as Go cuts them: a match of nothing at the beginning parts nothing, and what is behind the last
/// match is a part unless the match ends the text.
fn split(pattern: &Regex, text: &str, most: usize) -> Vec<Value> {
    if most == 0 {
        return Vec::new();
    }
    if text.is_empty() && !pattern.as_str().is_empty() {
        return vec!["".into()];
    }
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in pattern.find_iter(text) {
        if parts.len() + 1 == most {
            break;
        }
        end = found.start();
        if found.end() > 0 {
            parts.push(text[start..end].into());
        }
        start = found.end();
    }
    if end != text.len() {
        parts.push(text[start..].into());
    }
    parts
}

/// The text with what matches replaced. Groups in the replacement may multiply what matched.
fn replaced(given: Arguments<'_>, is_literal: bool, executor: &mut Executor<'_>) -> Result<String, Failure> {
    let (text, by) = (given.text(1)?, given.text(2)?);
    let groups = if is_literal { 0 } else { by.matches('$').count() };
    let mut made = String::new();
    let mut start = 0;
    for found in compiled(given, executor)?.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        executor.spend_bytes(by.len().saturating_add(groups.saturating_mul(whole.len())))?;
        made.push_str(&text[start..whole.start()]);
        match is_literal {
            true => made.push_str(by),
            false => re2::expand(&found, by, &mut made),
        }
        start = whole.end();
    }
    made.push_str(&text[start..]);
    Ok(made)
}

/// What it takes to compile an expression, in steps.
const COMPILATION: usize = 2_000;

fn compiled(given: Arguments<'_>, executor: &mut Executor<'_>) -> Result<Regex, Failure> {
    executor.spend(COMPILATION)?;
    re2::compile(given.text(0)?, 1 << 18).map_err(|error| match error {
        re2::Error::Syntax => "this regular expression cannot be read".into(),
        re2::Error::Size => Failure::limit("this regular expression takes more memory than one may take"),
    })
}
