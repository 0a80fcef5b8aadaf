//! The functions that Helm gives to templates: its own, and those of Sprig.
//!
//! Names and meanings follow <https://helm.sh/docs/chart_template_guide/function_list/> and
//! <https://masterminds.github.io/sprig/>. What differs from one run to the next (random text, the time, certificates)
//! is a stand-in that is marked as unknown. A `must` before a name changes something only for expressions and times: what else
//! Sprig passes over in silence without it is passed over here with it too.

mod arguments;
mod dates;
mod dicts;
mod digits;
mod encoding;
mod layouts;
mod lists;
mod math;
mod regexes;
mod semver;
mod strings;
mod unknown;
mod words;
pub(super) mod yaml;

use std::borrow::Cow;

use secscan_parse::gotemplate::{Data, Executor, Failure, Functions, Value};

use arguments::Arguments;
pub(super) use arguments::to_text;
pub(super) use digits::BASE64;
pub(super) use semver::matches;

/// What a call gives; none when there is no such function.
type Called = Option<Result<Value, Failure>>;

/// The functions of Helm.
pub(super) struct Helm;

impl Functions for Helm {
    fn call(&self, name: &str, arguments: &[Value], executor: &mut Executor<'_>) -> Called {
        let given = Arguments(arguments);
        let of_templates = match name {
            "include" => given.text(0).and_then(|name| executor.render(name, &given.value(1))).map(Value::from),
            "tpl" => given.piece(0).and_then(|text| executor.render_text(text, &given.value(1))).map(Value::from),
            "required" => required(given),
            "fail" => given.text(0).and_then(|message| Err(Failure::from(message))),
            "lookup" => Ok(Value::map([])),
            _ => return self.sprig(name, given, executor),
        };
        Some(of_templates)
    }

    fn replaces(&self, name: &str) -> bool {
        name == "slice"
    }

    fn looks_inside(&self, name: &str) -> bool {
        // Whatever the function is called: with or without `must`.
        const NAMES: &[&str] = &[
            "deepCopy",
            "deepEqual",
            "has",
            "join",
            "merge",
            "mergeOverwrite",
            "cat",
            "quote",
            "sortAlpha",
            "squote",
            "toJson",
            "toPrettyJson",
            "toRawJson",
            "toString",
            "toStrings",
            "toToml",
            "toYaml",
            "toYamlPretty",
            "uniq",
            "without",
        ];
        NAMES.contains(&&*plain_name(name))
    }
}

/// The name of a function without `must`.
fn plain_name(name: &str) -> Cow<'_, str> {
    match name.strip_prefix("must") {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_uppercase()) => {
            format!("{}{}", rest[..1].to_ascii_lowercase(), &rest[1..]).into()
        }
        _ => name.into(),
    }
}

impl Helm {
    fn sprig(&self, written: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
        let name = &*plain_name(written);
        strings::call(name, given, executor)
            .or_else(|| words::call(name, given, executor))
            .or_else(|| lists::call(name, given, executor))
            .or_else(|| dicts::call(name, given, executor))
            .or_else(|| math::call(name, given))
            .or_else(|| encoding::call(name, given, executor))
            .or_else(|| regexes::call(written, given, executor))
            .or_else(|| dates::call(written, given, executor))
            .or_else(|| semver::call(name, given))
            .or_else(|| unknown::call(name, given))
    }
}

/// A value as YAML.
pub(super) fn to_yaml(value: &Value) -> Result<Value, Failure> {
    yaml::write(value).map(Value::from)
}

/// A value that the user must set. Where nobody did, the chart cannot be installed, but the rest of the manifest can
/// still be judged: the value is unknown.
fn required(given: Arguments<'_>) -> Result<Value, Failure> {
    let (message, value) = (given.text(0)?, given.value(1));
    let is_missing = value.is_nil() || matches!(&value.data, Data::Text(text) if text.as_str().is_empty());
    Ok(if is_missing { Value::unknown("required", format!("a value that must be set: {message}")) } else { value })
}
