//! Regular expressions. Those of Go are those of the crate `regex`, but for a few classes.

use regex::{NoExpand, Regex, RegexBuilder};
use secscan_parse::gotemplate::{Failure, Value};

use super::Called;
use super::arguments::Arguments;

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>) -> Called {
    let result = match name {
        "regexMatch" => (|| Ok(compiled(given)?.is_match(given.text(1)?).into()))(),
        "regexFind" => (|| Ok(compiled(given)?.find(given.text(1)?).map_or("", |found| found.as_str()).into()))(),
        "regexFindAll" => (|| {
            let limit = usize::try_from(given.int(2)?).unwrap_or(usize::MAX);
            let found = compiled(given)?
                .find_iter(given.text(1)?)
                .take(limit)
                .map(|found| found.as_str().into())
                .collect::<Vec<Value>>();
            Ok(found.into())
        })(),
        "regexReplaceAll" => {
            (|| Ok(compiled(given)?.replace_all(given.text(1)?, given.text(2)?).into_owned().into()))()
        }
        "regexReplaceAllLiteral" => {
            (|| Ok(compiled(given)?.replace_all(given.text(1)?, NoExpand(given.text(2)?)).into_owned().into()))()
        }
        "regexSplit" => (|| {
            let limit = usize::try_from(given.int(2)?).unwrap_or(usize::MAX);
            let parts: Vec<Value> = compiled(given)?.splitn(given.text(1)?, limit).map(Value::from).collect();
            Ok(parts.into())
        })(),
        "regexQuoteMeta" => given.text(0).map(|text| regex::escape(text).into()),
        _ => return None,
    };
    Some(result)
}

fn compiled(given: Arguments<'_>) -> Result<Regex, Failure> {
    let built = RegexBuilder::new(given.text(0)?).size_limit(1 << 20).build();
    built.map_err(|_| Failure::from("this regular expression cannot be read"))
}
