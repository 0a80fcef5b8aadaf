//! `configMapGenerator` and `secretGenerator`: objects made of literals and files, and the hash that their names get.

use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::{Location, Map, Node, Source, Value};
use sha2::{Digest, Sha256};

use super::object::{Behavior, Object, set_metadata};
use crate::terraform::base64;

/// The length of the lines in which Kustomize writes Base64.
const BASE64_LINE: usize = 70;

/// What one generator of a kustomization makes.
pub(super) struct Generator<'g> {
    /// `ConfigMap` or `Secret`.
    pub(super) kind: &'static str,
    pub(super) written: &'g Node,
    /// The `generatorOptions` of the kustomization.
    pub(super) options: Option<&'g Node>,
    /// The file of the kustomization.
    pub(super) source: &'g Source,
}

/// A key with the bytes of its value, and where these stand.
struct Pair {
    key: String,
    bytes: Vec<u8>,
    at: Location,
    name_at: Location,
}

impl Generator<'_> {
    /// The object. `load` gives the files that are named, and says which are not there.
    pub(super) fn object(
        &self,
        load: &mut dyn FnMut(&Node, &str) -> Option<Source>,
        report: &mut dyn FnMut(Location, String),
    ) -> Option<Object> {
        let Some(name) = self.written.get("name").filter(|name| name.as_str().is_some_and(|name| !name.is_empty()))
        else {
            report(self.written.at, "a generator has no name".into());
            return None;
        };
        let at = self.written.at;
        let mut value = Node::map(Map::default(), at).named(name.name_at);
        let map = value.as_map_mut()?;
        map.push_new("apiVersion", Node::text("v1", name.at));
        map.push_new("kind", Node::text(self.kind, self.written.name_at));
        set_metadata(&mut value, "name", Some(name.clone()));
        if let Some(namespace) = self.written.get("namespace").filter(|namespace| namespace.as_str().is_some()) {
            set_metadata(&mut value, "namespace", Some(namespace.clone()));
        }
        if self.kind == "Secret" {
            let written = self.written.get("type").filter(|kind| kind.as_str().is_some_and(|kind| !kind.is_empty()));
            let kind = written.cloned().unwrap_or_else(|| Node::text("Opaque", name.at));
            value.as_map_mut()?.push_new("type", kind);
        }
        let pairs = self.pairs(load, report);
        self.fill(&mut value, pairs);
        self.take_options(&mut value);
        let mut object = Object::new(value);
        object.behavior = match self.written.get("behavior").and_then(Node::as_str) {
            Some("merge") => Behavior::Merge,
            Some("replace") => Behavior::Replace,
            _ => Behavior::Create,
        };
        object.is_hashed = !self.is_set("disableNameSuffixHash");
        Some(object)
    }

    fn own_options(&self) -> Option<&Node> {
        self.written.get("options")
    }

    fn is_set(&self, key: &str) -> bool {
        let options = [self.own_options(), self.options];
        options.into_iter().flatten().any(|options| options.get(key).and_then(Node::as_bool) == Some(true))
    }

    /// Labels, annotations and `immutable`; what the generator says itself counts.
    fn take_options(&self, value: &mut Node) {
        for key in ["labels", "annotations"] {
            let mut all: BTreeMap<Arc<str>, Node> = BTreeMap::new();
            for options in [self.options, self.own_options()].into_iter().flatten() {
                let entries = options.get(key).map_or(&[][..], Node::entries);
                all.extend(entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())));
            }
            if !all.is_empty() {
                set_metadata(value, key, Some(Node::map(all.into_iter().collect(), self.written.at)));
            }
        }
        if self.is_set("immutable")
            && let Some(map) = value.as_map_mut()
        {
            map.insert("immutable", Node::bool(true, self.written.at));
        }
    }

    /// The contents: of files with variables first, then literals, then files. Of a key that is there twice the first
    /// counts; Kustomize refuses it.
    fn pairs(
        &self,
        load: &mut dyn FnMut(&Node, &str) -> Option<Source>,
        report: &mut dyn FnMut(Location, String),
    ) -> BTreeMap<String, Pair> {
        let listed = |key: &str| self.written.get(key).map_or(&[][..], Node::items);
        let mut found: Vec<Pair> = Vec::new();
        for file in listed("envs").iter().chain(listed("env")) {
            if let Some(source) = file.as_str().and_then(|path| load(file, path)) {
                found.extend(variables(&source));
            }
        }
        for literal in listed("literals") {
            match self.literal(literal) {
                Some(pair) => found.push(pair),
                None => report(literal.at, "a literal is no `key=value`".into()),
            }
        }
        for file in listed("files") {
            let Some(text) = file.as_str() else { continue };
            let (key, path) = text.split_once('=').unwrap_or((text.rsplit('/').next().unwrap_or(text), text));
            if let Some(source) = load(file, path) {
                let (at, bytes) = (super::loading::whole(&source), source.bytes.to_vec());
                found.push(Pair { key: key.to_owned(), bytes, at, name_at: file.at });
            }
        }
        let mut pairs = BTreeMap::new();
        for pair in found {
            if pairs.contains_key(&pair.key) {
                report(pair.name_at, format!("the key `{}` is there twice", pair.key));
            } else {
                pairs.insert(pair.key.clone(), pair);
            }
        }
        pairs
    }

    /// `key=value`, whose value may stand in quotes.
    fn literal(&self, literal: &Node) -> Option<Pair> {
        let text = crate::computed::Text::new(literal, std::slice::from_ref(self.source))?;
        let raw = text.raw();
        let equals = raw.find('=').filter(|equals| *equals > 0)?;
        let mut value = equals + 1..raw.len();
        let inner = &raw[value.clone()];
        let quoted =
            ['"', '\''].into_iter().any(|quote| inner.len() > 1 && inner.starts_with(quote) && inner.ends_with(quote));
        if quoted {
            value = value.start + 1..value.end - 1;
        }
        let bytes = raw.get(value.clone())?.as_bytes().to_vec();
        Some(Pair { key: raw.get(..equals)?.to_owned(), bytes, at: text.at(value), name_at: text.at(0..equals) })
    }

    fn fill(&self, value: &mut Node, pairs: BTreeMap<String, Pair>) {
        let Some(map) = value.as_map_mut() else { return };
        let mut put = |section: &str, pair: &Pair, text: String| {
            if map.get(section).is_none() {
                map.push_new(section, Node::map(Map::default(), self.written.at));
            }
            if let Some(section) = map.get_mut(section).and_then(Node::as_map_mut) {
                section.push_new(pair.key.as_str(), Node::text(text, pair.at).named(pair.name_at));
            }
        };
        for pair in pairs.values() {
            match std::str::from_utf8(&pair.bytes) {
                Ok(text) if self.kind == "ConfigMap" => put("data", pair, text.to_owned()),
                _ if self.kind == "ConfigMap" => put("binaryData", pair, folded(&pair.bytes)),
                _ => put("data", pair, folded(&pair.bytes)),
            }
        }
        if self.kind == "Secret" && pairs.is_empty() {
            map.push_new("data", Node::map(Map::default(), self.written.at));
        }
    }
}

/// Base64 in lines, when it is longer than one.
fn folded(bytes: &[u8]) -> String {
    let encoded = base64(bytes);
    if encoded.len() < BASE64_LINE {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE + 1);
    for (index, digit) in encoded.chars().enumerate() {
        lines.push(digit);
        if (index + 1).is_multiple_of(BASE64_LINE) {
            lines.push('\n');
        }
    }
    if !encoded.len().is_multiple_of(BASE64_LINE) {
        lines.push('\n');
    }
    lines
}

/// The variables of a file with one on each line.
fn variables(source: &Source) -> Vec<Pair> {
    let Ok(text) = source.text() else { return Vec::new() };
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let shown = line.trim_end_matches('\n').trim_end_matches('\r');
        let begin = if start == 0 { shown.trim_start_matches('\u{feff}') } else { shown }.trim_start();
        let offset = start + (shown.len() - begin.len());
        start += line.len();
        if begin.is_empty() || begin.starts_with('#') {
            continue;
        }
        let (key, value) = begin.split_once('=').unwrap_or((begin, ""));
        let at =
            |from: usize, length: usize| source.at(secscan_model::Span::new(offset + from, offset + from + length));
        let value_at = (key.len() + 1).min(begin.len());
        found.push(Pair {
            key: key.to_owned(),
            bytes: value.as_bytes().to_vec(),
            at: at(value_at, value.len()),
            name_at: at(0, key.len()),
        });
    }
    found
}

/// The hash that the name of a generated object ends with: ten letters and digits of the hash of its contents.
pub(super) fn hash(object: &Node) -> String {
    let kind = object.get("kind").and_then(Node::as_str).unwrap_or_default();
    let mut json = String::new();
    let fields: &[&str] = if kind == "Secret" {
        &["data", "kind", "name", "stringData", "type"]
    } else {
        &["binaryData", "data", "kind", "name"]
    };
    json.push('{');
    for field in fields {
        let value = object.get(field).filter(|value| !value.is_null());
        // The name is left out of the hash, its key is not.
        let value = if *field == "name" { None } else { value };
        let is_map = value.is_some_and(|value| value.as_map().is_some());
        if matches!(*field, "binaryData" | "stringData") && !is_map {
            continue;
        }
        if json.len() > 1 {
            json.push(',');
        }
        write_text(&mut json, field);
        json.push(':');
        match value {
            Some(value) => write_json(&mut json, value),
            None => json.push_str("\"\""),
        }
    }
    json.push('}');
    let digest = Sha256::digest(json.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let letters = hex.chars().take(10).map(|digit| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    });
    letters.collect()
}

/// JSON as Go writes it: keys sorted, and what HTML could take for markup escaped.
fn write_json(json: &mut String, value: &Node) {
    match &value.value {
        Value::Map(map) => {
            let sorted: BTreeMap<&str, &Node> = map.entries().iter().map(|entry| (&*entry.key, &entry.value)).collect();
            json.push('{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_text(json, key);
                json.push(':');
                write_json(json, value);
            }
            json.push('}');
        }
        Value::List(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_json(json, item);
            }
            json.push(']');
        }
        Value::Scalar(scalar) => match scalar.kind {
            secscan_model::ScalarKind::Text => write_text(json, &scalar.text),
            secscan_model::ScalarKind::Null => json.push_str("null"),
            _ => json.push_str(&scalar.text),
        },
        Value::Unresolved(_) => json.push_str("null"),
    }
}

fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            letter => json.push(letter),
        }
    }
    json.push('"');
}
