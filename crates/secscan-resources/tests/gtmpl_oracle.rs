//! A second engine says what templates write: gtmpl-ng renders the lines of `tests/helm/oracle` over the same values.
//!
//! - `agreed.txt`: both write the same text. What it is stands nowhere: either engine is the other's oracle.
//! - `refused.txt`: both refuse.
//! - `departed.txt`: gtmpl-ng writes something else than Go's, Sprig's or Helm's documentation says; ours writes (`==>`) or
//!   refuses with (`=!>`) what stands there. A line that gtmpl-ng has mended fails, and moves to one of the other lists.
//! - `lacking.txt`: functions that gtmpl-ng does not have; `expressions.txt` says what they write.
//!
//! In templates and texts, `¶` is a line break.

#[path = "helm/printed.rs"]
mod printed;

use std::collections::HashMap;

use gtmpl_ng::funcs::BUILTINS;
use gtmpl_ng::helm_functions::{HELM_FUNCTIONS, utils};
use gtmpl_ng::{Context, Template, Value};

const VALUES: &str = include_str!("helm/oracle/values.yaml");
const AGREED: &str = include_str!("helm/oracle/agreed.txt");
const REFUSED: &str = include_str!("helm/oracle/refused.txt");
const DEPARTED: &str = include_str!("helm/oracle/departed.txt");
const LACKING: &str = include_str!("helm/oracle/lacking.txt");

/// Functions whose results differ from run to run, or that neither Sprig nor Helm has (`md5sum`, `pow`), or that want a function
/// among the values (`call`).
const NOT_COMPARED: &[&str] = &[
    "call",
    "genCA",
    "genSelfSignedCert",
    "genSignedCert",
    "htpasswd",
    "md5sum",
    "pow",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randNumeric",
    "shuffle",
    "uuidv4",
];

/// The lines of a list, without its comments.
fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn ours(template: &str) -> Result<String, String> {
    printed::printed(&template.replace('¶', "\n"), VALUES).map(|text| text.replace('\n', "¶"))
}

/// What gtmpl-ng writes, with `<no value>` taken out, as Helm takes it out.
fn theirs(template: &str) -> Result<String, String> {
    let mut engine = Template::default();
    engine.add_funcs(HELM_FUNCTIONS);
    engine.parse(template.replace('¶', "\n")).map_err(|error| error.to_string())?;
    let values = utils::from_yaml(&[Value::from(VALUES)]).map_err(|error| error.to_string())?;
    let context = Context::from(HashMap::from([("Values".to_owned(), values)]));
    let text = engine.render(&context).map_err(|error| error.to_string())?;
    Ok(text.replace("<no value>", "").replace('\n', "¶"))
}

/// Fails with all that is wrong at once.
fn assert_none(wrong: impl Iterator<Item = String>) {
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn both_engines_write_the_same() {
    assert_none(lines(AGREED).filter_map(|template| match (ours(template), theirs(template)) {
        (Ok(ours), Ok(theirs)) if ours == theirs => None,
        (ours, theirs) => Some(format!("{template}\n  ours   {ours:?}\n  theirs {theirs:?}")),
    }));
}

#[test]
fn both_engines_refuse_the_same() {
    assert_none(lines(REFUSED).filter_map(|template| match (ours(template), theirs(template)) {
        (Err(_), Err(_)) => None,
        (ours, theirs) => Some(format!("{template}\n  ours   {ours:?}\n  theirs {theirs:?}")),
    }));
}

#[test]
fn where_the_other_engine_departs_from_the_documentation_ours_follows_it() {
    assert_none(lines(DEPARTED).filter_map(|line| {
        let (template, documented) = match (line.split_once(" ==> "), line.split_once(" =!> ")) {
            (Some((template, text)), None) => (template, Ok(text)),
            (None, Some((template, message))) => (template, Err(message)),
            _ => return Some(format!("neither `==>` nor `=!>`: {line}")),
        };
        let (ours, theirs) = (ours(template), theirs(template));
        let (follows, still_departs) = match documented {
            Ok(text) => (ours.as_deref() == Ok(text), theirs.as_deref() != Ok(text)),
            Err(message) => (ours.as_ref().is_err_and(|said| said.contains(message)), theirs.is_ok()),
        };
        (!follows || !still_departs)
            .then(|| format!("{template}\n  wanted {documented:?}\n  ours   {ours:?}\n  theirs {theirs:?}"))
    }));
}

#[test]
fn functions_that_the_other_engine_lacks_are_known_here() {
    assert_none(lines(LACKING).filter_map(|name| {
        let is_there = their_functions().any(|known| known == name);
        let is_here = !ours(&format!("{{{{ {name} }}}}")).is_err_and(|said| said.contains("there is no function"));
        (is_there || !is_here).then(|| format!("{name}: theirs {is_there}, ours {is_here}"))
    }));
}

#[test]
fn every_function_of_the_other_engine_is_compared() {
    let compared: Vec<&str> = lines(AGREED).chain(lines(DEPARTED)).flat_map(words).collect();
    assert_none(
        their_functions()
            .filter(|name| compared.contains(name) == NOT_COMPARED.contains(name))
            .map(|name| format!("{name} is in no list, or in two")),
    );
}

fn their_functions() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().chain(HELM_FUNCTIONS).map(|(name, _)| *name)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_ascii_alphanumeric())
}
