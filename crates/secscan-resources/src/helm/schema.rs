//! `values.schema.json`: what a chart asks of its values.
//!
//! Helm refuses to install a chart whose values do not fit. This is the part of JSON Schema (drafts 4 to 2020-12) that
//! looks at one value at a time, with references within the file. It is our own, because a schema is input that nobody
//! vouches for: the steps are counted, expressions run in linear time, nothing is fetched, and a message names the line
//! of the value and never the value. What the schema asks beyond that makes no verdict.

use std::collections::HashMap;

use regex::Regex;
use secscan_model::{Location, Node, ScalarKind, Value as Written};
use secscan_parse::gotemplate::{Data, Value};

use crate::re2;

/// A value that does not fit.
#[derive(Debug)]
pub(super) struct Violation {
    /// Where the value is written, as far as that is known.
    pub(super) at: Option<Location>,
    /// What is asked of it.
    pub(super) asked: Location,
    /// What is wrong, in one sentence.
    pub(super) message: String,
}

/// Whether a value fits a schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fit {
    Yes,
    No,
    /// The schema asks something that is not looked at.
    Unknown,
}

impl Fit {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

/// How many questions one schema may ask of the values of a chart.
const MAX_STEPS: usize = 200_000;
/// How deep schemas may refer to one another.
const MAX_DEPTH: usize = 100;
/// How many violations of one chart are told.
const MAX_TOLD: usize = 20;

/// What of the values does not fit; none when the schema asks for more steps than it may take.
pub(super) fn violations(schema: &Node, values: &Value) -> Option<Vec<Violation>> {
    let dialect = schema.get("$schema").and_then(Node::as_str).unwrap_or("draft-07");
    let mut judge = Judge {
        root: schema,
        alone: dialect.contains("draft-0"),
        left: MAX_STEPS,
        patterns: HashMap::new(),
        found: Vec::new(),
    };
    judge.fit(schema, values, &Place { path: String::new(), depth: 0, tells: true });
    (judge.left > 0).then_some(judge.found)
}

/// Where in the values a question is asked.
struct Place {
    path: String,
    depth: usize,
    /// Whether a violation here is one of the whole: not within alternatives.
    tells: bool,
}

impl Place {
    fn name(&self) -> String {
        if self.path.is_empty() { "what is set".to_owned() } else { format!("`{}`", self.path) }
    }

    fn of(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { path, depth: self.depth + 1, tells: self.tells }
    }

    fn item(&self, at: usize) -> Self {
        Self { path: format!("{}[{at}]", self.path), depth: self.depth + 1, tells: self.tells }
    }

    /// The same place, asked for an answer only.
    fn quietly(&self) -> Self {
        Self { path: self.path.clone(), depth: self.depth + 1, tells: false }
    }

    fn deeper(&self) -> Self {
        Self { path: self.path.clone(), depth: self.depth + 1, tells: self.tells }
    }
}

struct Judge<'s> {
    root: &'s Node,
    /// Whether nothing beside a `$ref` counts, as up to draft 7.
    alone: bool,
    left: usize,
    patterns: HashMap<&'s str, Option<Regex>>,
    found: Vec<Violation>,
}

impl<'s> Judge<'s> {
    fn fit(&mut self, schema: &'s Node, value: &Value, place: &Place) -> Fit {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || place.depth > MAX_DEPTH {
            return Fit::Unknown;
        }
        if let Some(allowed) = schema.as_bool() {
            return self.told(allowed.into(), schema, value, place, || "is not allowed".to_owned());
        }
        let mut fit = Fit::Yes;
        if let Some(reference) = schema.get("$ref") {
            let target = reference.as_str().and_then(|reference| pointed(self.root, reference));
            fit = target.map_or(Fit::Unknown, |target| self.fit(target, value, &place.deeper()));
            if self.alone {
                return fit;
            }
        }
        for entry in schema.entries() {
            let asked = self.keyword(&entry.key, &entry.value, schema, value, place);
            fit = fit.and(asked);
        }
        fit
    }

    /// What one keyword says.
    fn keyword(&mut self, key: &str, asked: &'s Node, schema: &'s Node, value: &Value, place: &Place) -> Fit {
        match key {
            "allOf" => asked.items().iter().fold(Fit::Yes, |fit, part| fit.and(self.fit(part, value, &place.deeper()))),
            "anyOf" | "oneOf" => self.alternatives(asked, value, place, key == "oneOf"),
            "not" => {
                let fit = match self.fit(asked, value, &place.quietly()) {
                    Fit::Yes => Fit::No,
                    Fit::No => Fit::Yes,
                    Fit::Unknown => Fit::Unknown,
                };
                self.told(fit, asked, value, place, || "is what it must not be".to_owned())
            }
            "if" => match self.fit(asked, value, &place.quietly()) {
                Fit::Unknown => Fit::Unknown,
                answer => {
                    let then = schema.get(if answer == Fit::Yes { "then" } else { "else" });
                    then.map_or(Fit::Yes, |then| self.fit(then, value, &place.deeper()))
                }
            },
            "properties" | "patternProperties" | "additionalProperties" | "propertyNames" | "required" => {
                self.of_map(key, asked, schema, value, place)
            }
            "items" | "prefixItems" | "additionalItems" => self.of_list(key, asked, schema, value, place),
            "$dynamicRef"
            | "$recursiveRef"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "contains"
            | "uniqueItems"
            | "dependencies"
            | "dependentRequired"
            | "dependentSchemas" => Fit::Unknown,
            _ => {
                let fit = self.plain(key, asked, schema, value);
                self.told(fit, asked, value, place, || refusal(key, asked))
            }
        }
    }

    /// Keywords that ask about the value itself.
    fn plain(&mut self, key: &str, asked: &'s Node, schema: &Node, value: &Value) -> Fit {
        let number = as_number(value);
        let bound = as_float(asked);
        let compared = |holds: fn(f64, f64) -> bool| match (number, bound) {
            (Some(number), Some(bound)) => holds(number, bound).into(),
            (None, _) => Fit::Yes,
            _ => Fit::Unknown,
        };
        // Draft 4 marks a bound as exclusive with a boolean beside it.
        let is_open = |key: &str| schema.get(key).and_then(Node::as_bool) == Some(true);
        match key {
            "type" => asked.items().iter().any(|name| name.as_str().is_some_and(|name| is_type(value, name))).into(),
            "enum" => asked.items().iter().any(|item| equal(item, value, MAX_DEPTH)).into(),
            "const" => equal(asked, value, MAX_DEPTH).into(),
            "minimum" if is_open("exclusiveMinimum") => compared(|number, bound| number > bound),
            "maximum" if is_open("exclusiveMaximum") => compared(|number, bound| number < bound),
            "minimum" => compared(|number, bound| number >= bound),
            "maximum" => compared(|number, bound| number <= bound),
            "exclusiveMinimum" if bound.is_some() => compared(|number, bound| number > bound),
            "exclusiveMaximum" if bound.is_some() => compared(|number, bound| number < bound),
            "multipleOf" => compared(|number, bound| bound == 0.0 || (number / bound).fract() == 0.0),
            "minLength" => {
                counted(value.as_str().map(|text| text.chars().count()), bound, |count, bound| count >= bound)
            }
            "maxLength" => {
                counted(value.as_str().map(|text| text.chars().count()), bound, |count, bound| count <= bound)
            }
            "minItems" => counted(value.as_list().map(<[_]>::len), bound, |count, bound| count >= bound),
            "maxItems" => counted(value.as_list().map(<[_]>::len), bound, |count, bound| count <= bound),
            "minProperties" => counted(size(value), bound, |count, bound| count >= bound),
            "maxProperties" => counted(size(value), bound, |count, bound| count <= bound),
            "pattern" => match (value.as_str(), asked.as_str()) {
                (Some(text), Some(pattern)) => self.matches(pattern, text),
                _ => Fit::Yes,
            },
            _ => Fit::Yes,
        }
    }

    fn alternatives(&mut self, asked: &'s Node, value: &Value, place: &Place, exactly_one: bool) -> Fit {
        let fits: Vec<Fit> = asked.items().iter().map(|part| self.fit(part, value, &place.quietly())).collect();
        let count = |wanted: Fit| fits.iter().filter(|fit| **fit == wanted).count();
        let fit = match (count(Fit::Yes), count(Fit::Unknown)) {
            (0, 0) => Fit::No,
            (0, _) => Fit::Unknown,
            (1, 0) => Fit::Yes,
            (1, _) if exactly_one => Fit::Unknown,
            (_, _) if exactly_one => Fit::No,
            _ => Fit::Yes,
        };
        let fits_none = count(Fit::Yes) == 0;
        self.told(fit, asked, value, place, || match fits_none {
            true => "fits none of the alternatives".to_owned(),
            false => "fits more than one of the alternatives".to_owned(),
        })
    }

    fn of_map(&mut self, key: &str, asked: &'s Node, schema: &'s Node, value: &Value, place: &Place) -> Fit {
        let Some(map) = value.as_map().map(|map| map.borrow().clone()) else { return Fit::Yes };
        let mut fit = Fit::Yes;
        if key == "required" {
            for name in asked.items().iter().filter_map(Node::as_str) {
                let is_there = map.contains_key(name);
                fit = fit.and(self.told(is_there.into(), asked, value, place, || format!("lacks `{name}`")));
            }
            return fit;
        }
        for (name, inner) in map.iter() {
            let asked = match key {
                "properties" => asked.get(name).map(|asked| (asked, Fit::Yes)),
                "propertyNames" => {
                    let fits = self.fit(asked, &Value::from(&**name), &place.of(name));
                    fit = fit.and(fits);
                    None
                }
                "patternProperties" => {
                    for entry in asked.entries() {
                        fit = match self.matches(&entry.key, name) {
                            Fit::Yes => fit.and(self.fit(&entry.value, inner, &place.of(name))),
                            Fit::No => fit,
                            Fit::Unknown => fit.and(Fit::Unknown),
                        };
                    }
                    None
                }
                // What a chart shares with those in it stands there whether its schema knows it or not.
                _ if place.path.is_empty() && &**name == "global" => None,
                _ => match self.is_further(schema, name) {
                    Fit::Yes => Some((asked, Fit::Yes)),
                    Fit::No => None,
                    Fit::Unknown => Some((asked, Fit::Unknown)),
                },
            };
            if let Some((asked, certainty)) = asked {
                let inside = if certainty == Fit::Yes { place.of(name) } else { place.of(name).quietly() };
                let answer = self.fit(asked, inner, &inside);
                fit = fit.and(if certainty == Fit::Yes { answer } else { Fit::Unknown });
            }
        }
        fit
    }

    /// Whether neither `properties` nor `patternProperties` names a key.
    fn is_further(&mut self, schema: &'s Node, name: &str) -> Fit {
        if schema.get("properties").is_some_and(|properties| properties.get(name).is_some()) {
            return Fit::No;
        }
        let patterns = schema.get("patternProperties").map_or(&[][..], Node::entries);
        patterns.iter().fold(Fit::Yes, |fit, entry| match self.matches(&entry.key, name) {
            Fit::Yes => Fit::No,
            Fit::No => fit,
            Fit::Unknown => fit.and(Fit::Unknown),
        })
    }

    fn of_list(&mut self, key: &str, asked: &'s Node, schema: &'s Node, value: &Value, place: &Place) -> Fit {
        let Some(items) = value.as_list() else { return Fit::Yes };
        let list = |key: &str| schema.get(key).and_then(Node::as_list);
        let mut fit = Fit::Yes;
        let first = match key {
            "items" if asked.as_list().is_none() => list("prefixItems").map_or(0, <[_]>::len),
            "additionalItems" => list("items").map_or(items.len(), <[_]>::len),
            _ => 0,
        };
        for (at, item) in items.iter().enumerate().skip(first) {
            let asked = match asked.as_list() {
                Some(each) => each.get(at),
                None => Some(asked),
            };
            if let Some(asked) = asked {
                fit = fit.and(self.fit(asked, item, &place.item(at)));
            }
        }
        fit
    }

    fn matches(&mut self, pattern: &'s str, text: &str) -> Fit {
        self.left = self.left.saturating_sub(1 + text.len() / 1024);
        let compiled = self.patterns.entry(pattern).or_insert_with(|| re2::compile(pattern, 1 << 18).ok());
        compiled.as_ref().map_or(Fit::Unknown, |pattern| pattern.is_match(text).into())
    }

    /// Notes a violation, where one is to be told.
    fn told(&mut self, fit: Fit, asked: &Node, value: &Value, place: &Place, why: impl FnOnce() -> String) -> Fit {
        if fit == Fit::No && place.tells && self.found.len() < MAX_TOLD {
            let message = format!("{} {}", place.name(), why());
            self.found.push(Violation { at: value.origin().at, asked: asked.at, message });
        }
        fit
    }
}

/// What a keyword refuses, in words that follow the name of the value.
fn refusal(key: &str, asked: &Node) -> String {
    let wanted = || match asked.raw_text() {
        Some(text) => text.into_owned(),
        None => asked.items().iter().filter_map(Node::as_str).collect::<Vec<_>>().join(" or "),
    };
    match key {
        "type" => format!("must be of the type {}", wanted()),
        "enum" => "is none of the values that are allowed".to_owned(),
        "const" => "is not the value that is asked for".to_owned(),
        "pattern" => "does not match the pattern that is asked for".to_owned(),
        _ => format!("breaks `{key}: {}`", wanted()),
    }
}

/// The schema that a reference within the file names.
fn pointed<'s>(root: &'s Node, reference: &str) -> Option<&'s Node> {
    let pointer = reference.strip_prefix('#')?;
    if pointer.is_empty() {
        return Some(root);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(root, |node, part| {
        let key = part.replace("~1", "/").replace("~0", "~");
        match node.as_list() {
            Some(items) => items.get(key.parse::<usize>().ok()?),
            None => node.get(&key),
        }
    })
}

fn counted(count: Option<usize>, bound: Option<f64>, holds: fn(f64, f64) -> bool) -> Fit {
    match (count, bound) {
        (Some(count), Some(bound)) => holds(count as f64, bound).into(),
        (None, _) => Fit::Yes,
        _ => Fit::Unknown,
    }
}

fn size(value: &Value) -> Option<usize> {
    value.as_map().map(|map| map.borrow().len())
}

fn as_number(value: &Value) -> Option<f64> {
    match value.data {
        Data::Int(number) => Some(number as f64),
        Data::Float(number) => Some(number),
        _ => None,
    }
}

fn as_float(node: &Node) -> Option<f64> {
    match &node.value {
        Written::Scalar(scalar) => match scalar.kind {
            ScalarKind::Int(number) => Some(number as f64),
            ScalarKind::Float(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

fn is_type(value: &Value, name: &str) -> bool {
    match (name, &value.data) {
        ("null", Data::Nil)
        | ("boolean", Data::Bool(_))
        | ("string", Data::Text(_))
        | ("array", Data::List(_))
        | ("object", Data::Map(_))
        | ("number" | "integer", Data::Int(_))
        | ("number", Data::Float(_)) => true,
        ("integer", Data::Float(number)) => number.fract() == 0.0,
        _ => false,
    }
}

/// Whether a value is what a schema writes.
fn equal(node: &Node, value: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match (&node.value, &value.data) {
        (Written::List(items), Data::List(others)) => {
            items.len() == others.len() && items.iter().zip(others.iter()).all(|(a, b)| equal(a, b, depth))
        }
        (Written::Map(map), Data::Map(other)) => {
            let other = other.borrow();
            let same = |key: &str, node: &Node| other.get(key).is_some_and(|value| equal(node, value, depth));
            map.len() == other.len() && map.entries().iter().all(|entry| same(&entry.key, &entry.value))
        }
        (Written::Scalar(scalar), data) => match (&scalar.kind, data) {
            (ScalarKind::Null, Data::Nil) => true,
            (ScalarKind::Bool(a), Data::Bool(b)) => a == b,
            (ScalarKind::Text, Data::Text(text)) => *scalar.text == *text.as_str(),
            _ => as_float(node).is_some_and(|number| as_number(value) == Some(number)),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use secscan_model::{Source, SourceId};

    use super::*;
    use crate::helm::values;

    fn told(schema: &str, yaml: &str) -> Vec<String> {
        let schema = Source::from_text(SourceId(1), "values.schema.json", schema);
        let schema = secscan_parse::json::parse(&schema).documents.remove(0);
        let source = Source::from_text(SourceId(0), "values.yaml", yaml);
        let values = values::of_file(&source, &mut Vec::new());
        violations(&schema, &values).expect("enough steps").into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn values_that_do_not_fit_are_told_with_what_is_asked() {
        let schema = r##"{"type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"},
                "count": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10},
                "kind": {"enum": ["a", 1, null]}, "port": {"$ref": "#/$defs/port"},
                "list": {"type": "array", "items": {"type": ["string", "null"]}, "maxItems": 2},
                "one": {"oneOf": [{"type": "string"}, {"const": true}]}, "no": {"not": {"type": "string"}},
                "some": {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}
            },
            "patternProperties": {"^x-": {"type": "boolean"}},
            "$defs": {"port": {"type": "integer", "maximum": 65535}}}"##;
        let fitting = "{name: web, count: 3, kind: 1, port: 80, list: [a, null], one: true, no: 1, some: {a: 1, b: 1}, x-y: true, global: {}}";
        assert_eq!(told(schema, fitting), [] as [&str; 0]);
        let wrong = "{name: W, count: 10, kind: b, port: 70000, list: [1, a, b], one: 1, no: text, some: {a: 1}, x-y: 1, further: 1}";
        let expected = [
            "`name` breaks `minLength: 2`",
            "`name` does not match the pattern that is asked for",
            "`count` breaks `exclusiveMaximum: 10`",
            "`kind` is none of the values that are allowed",
            "`list` breaks `maxItems: 2`",
            "`list[0]` must be of the type string or null",
            "`no` is what it must not be",
            "`one` fits none of the alternatives",
            "`port` breaks `maximum: 65535`",
            "`some` lacks `b`",
            "`further` is not allowed",
            "`x-y` must be of the type boolean",
        ];
        let mut told = told(schema, wrong);
        told.sort();
        let mut expected = expected.map(str::to_owned);
        expected.sort();
        assert_eq!(told, expected);
        assert_eq!(self::told(schema, "{}"), ["what is set lacks `name`"]);
    }

    #[test]
    fn what_a_schema_asks_beyond_makes_no_verdict() {
        for schema in [
            r#"{"$ref": "https://example.com/schema.json"}"#,
            r#"{"not": {"$ref": "other.json"}}"#,
            r#"{"properties": {"a": {"pattern": "(?=x)"}}}"#,
            r#"{"oneOf": [{"uniqueItems": true}, {"type": "string"}]}"#,
        ] {
            assert_eq!(told(schema, "a: b"), [] as [&str; 0], "{schema}");
        }
    }

    #[test]
    fn a_schema_that_asks_without_end_is_given_up() {
        let defs: Vec<_> = (0..60)
            .map(|at| {
                format!(r##""d{at}": {{"allOf": [{{"$ref": "#/$defs/d{}"}}, {{"$ref": "#/$defs/d{0}"}}]}}"##, at + 1)
            })
            .collect();
        let schema =
            format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{}, "d60": {{"type": "string"}}}}}}"##, defs.join(","));
        let schema = Source::from_text(SourceId(1), "values.schema.json", &schema);
        let schema = secscan_parse::json::parse(&schema).documents.remove(0);
        assert!(violations(&schema, &Value::map([])).is_none());
    }
}
