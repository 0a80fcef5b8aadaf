//! Regular expressions. Those of Go are those of the crate `regex`, but for a few classes.

use regex::{Regex, RegexBuilder};
use secscan_parse::gotemplate::{Executor, Failure, Value};

use super::Called;
use super::arguments::Arguments;

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    if name == "regexQuoteMeta" {
        return Some(given.text(0).map(|text| regex::escape(text).into()));
    }
    name.starts_with("regex").then(|| matching(name, given, executor)).and_then(Result::transpose)
}

fn matching(name: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Result<Option<Value>, Failure> {
    let limit = || Ok::<_, Failure>(usize::try_from(given.int(2)?).unwrap_or(usize::MAX));
    let value = match name {
        "regexMatch" => compiled(given, executor)?.is_match(given.text(1)?).into(),
        "regexFind" => compiled(given, executor)?.find(given.text(1)?).map_or("", |found| found.as_str()).into(),
        "regexFindAll" => {
            let pattern = compiled(given, executor)?;
            let found = pattern.find_iter(given.text(1)?).take(limit()?).map(|found| found.as_str().into());
            found.collect::<Vec<Value>>().into()
        }
        "regexReplaceAll" => replaced(given, false, executor)?.into(),
        "regexReplaceAllLiteral" => replaced(given, true, executor)?.into(),
        "regexSplit" => {
            let pattern = compiled(given, executor)?;
            pattern.splitn(given.text(1)?, limit()?).map(Value::from).collect::<Vec<_>>().into()
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
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
            false => found.expand(by, &mut made),
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
    let built = RegexBuilder::new(given.text(0)?).size_limit(1 << 18).build();
    built.map_err(|_| Failure::from("this regular expression cannot be read"))
}
