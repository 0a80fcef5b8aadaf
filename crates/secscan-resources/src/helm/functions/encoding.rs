//! YAML, JSON, TOML, Base64, hashes and addresses.

use std::rc::Rc;

use secscan_model::{DiagnosticKind, Source, SourceId};
use secscan_parse::MAX_DEPTH;
use secscan_parse::gotemplate::{Data, Executor, Failure, Origin, Text, Value, print, query_escaped};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::arguments::{Arguments, to_text};
use super::digits::{BASE32, BASE64};
use super::{Called, yaml};

/// What a text costs that is parsed or written, in steps for so many bytes, and how many each costs at least.
const BYTES: usize = 8;
const LEAST: usize = 8;

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    let length = |value: Value| value.as_str().map_or(0, str::len);
    let mut spend = |bytes: usize| executor.spend(LEAST + bytes / BYTES);
    if name.starts_with("from")
        && let Err(failure) = spend(length(given.value(0)))
    {
        return Some(Err(failure));
    }
    let made = converted(name, given)?;
    let costs = name.starts_with("to") && made.is_ok();
    Some(made.and_then(|made| if costs { spend(length(made.clone())).map(|()| made) } else { Ok(made) }))
}

fn converted(name: &str, given: Arguments<'_>) -> Called {
    let value = given.value(0);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let result = match name {
        "toYaml" | "toYamlPretty" => yaml::write(&value).map(Value::from),
        "fromYaml" | "fromYamlArray" => given.piece(0).map(|text| match yaml::read(text) {
            Ok(value) => read_as(value, name == "fromYamlArray"),
            Err(failure) => unread(&failure, name == "fromYamlArray"),
        }),
        "fromJson" | "fromJsonArray" => given.piece(0).map(|text| match from_json(text) {
            Ok(value) => value,
            Err(failure) => unread(&failure, name == "fromJsonArray"),
        }),
        "toJson" | "toRawJson" => json(&value, None, name == "toJson").map(Value::from),
        "toPrettyJson" => json(&value, Some(0), true).map(Value::from),
        "toToml" => toml(&value).map(Value::from),
        "fromToml" => given.piece(0).map(from_toml),
        "b32enc" => given.text(0).map(|text| BASE32.write(text.as_bytes()).into()),
        "b32dec" => given.text(0).map(|text| decoded(BASE32.read(text), "illegal base32 data")),
        "b64enc" => given.text(0).map(|text| BASE64.write(text.as_bytes()).into()),
        "b64dec" => given.text(0).map(|text| decoded(BASE64.read(text), "illegal base64 data")),
        "sha256sum" => given.text(0).map(|text| hex(&Sha256::digest(text.as_bytes())).into()),
        "sha512sum" => given.text(0).map(|text| hex(&Sha512::digest(text.as_bytes())).into()),
        "sha1sum" => given.text(0).map(|text| hex(&Sha1::digest(text.as_bytes())).into()),
        "adler32sum" => given.text(0).map(|text| adler32(text.as_bytes()).to_string().into()),
        "urlParse" => given.text(0).map(url),
        "urlJoin" => given.map(0).map(|map| joined_url(&Value::from(Data::Map(map)))),
        "urlquery" => given.text(0).map(|text| query_escaped(text).into()),
        _ => return None,
    };
    Some(result)
}

/// Where a map is asked for, what is no map is an error; likewise for a list.
fn read_as(value: Value, wants_list: bool) -> Value {
    match (&value.data, wants_list) {
        (Data::List(_), true) | (Data::Map(_), false) => value,
        (Data::Nil, true) => Vec::new().into(),
        (Data::Nil, false) => Value::map([]),
        _ => unread(&"the YAML has another shape".into(), wants_list),
    }
}

/// What Helm makes of text that it cannot read: it goes on with the message.
fn unread(failure: &Failure, wants_list: bool) -> Value {
    let message = Value::from(&*failure.message);
    if wants_list { vec![message].into() } else { Value::map([("Error", message)]) }
}

fn from_json(text: &Text) -> Result<Value, Failure> {
    let source = Source::from_text(SourceId(0), "value.json", text.as_str());
    let parsed = secscan_parse::json::parse(&source);
    // Of a key that is set twice, Go takes the last value.
    let wrong = parsed.diagnostics.iter().find(|said| said.kind != DiagnosticKind::Ambiguous);
    let document = match (parsed.documents.first(), wrong) {
        (Some(document), None) => document,
        (_, diagnostic) => {
            return Err(format!("this is no JSON: {}", diagnostic.map_or("nothing", |said| &*said.message)).into());
        }
    };
    let origin = |node: &secscan_model::Node| text.whereabouts(node.at.span.range()).origin;
    // JSON has no plain scalars: all text is quoted.
    Ok(yaml::value_of(document, text.as_str(), &origin))
}

fn from_toml(text: &Text) -> Value {
    let source = Source::from_text(SourceId(0), "value.toml", text.as_str());
    let parsed = secscan_parse::toml::parse(&source);
    let origin = |node: &secscan_model::Node| text.whereabouts(node.at.span.range()).origin;
    match (parsed.documents.first(), parsed.diagnostics.first()) {
        (Some(document), None) => yaml::value_of(document, text.as_str(), &origin),
        (_, diagnostic) => unread(&diagnostic.map_or("no TOML", |said| &*said.message).into(), false),
    }
}

fn json(value: &Value, indent: Option<usize>, escapes_html: bool) -> Result<Text, Failure> {
    let mut text = String::new();
    json_into(value, indent, escapes_html, MAX_DEPTH, &mut text)?;
    Ok(Text::of(&text, unknown_within(value, MAX_DEPTH)))
}

/// Where a whole value comes from, and the first reason not to know something in it.
fn unknown_within(value: &Value, depth: usize) -> Origin {
    let Some(depth) = depth.checked_sub(1) else { return Origin::default() };
    let own = value.origin();
    match &value.data {
        Data::Map(map) => map.borrow().values().fold(own, |origin, value| origin.or(&unknown_within(value, depth))),
        Data::List(items) => items.iter().fold(own, |origin, value| origin.or(&unknown_within(value, depth))),
        _ => own,
    }
}

fn json_into(
    value: &Value,
    indent: Option<usize>,
    escapes_html: bool,
    depth: usize,
    text: &mut String,
) -> Result<(), Failure> {
    let depth = depth.checked_sub(1).ok_or_else(|| Failure::limit("values nest too deep to write them"))?;
    let inner = indent.map(|indent| indent + 2);
    let line = |text: &mut String, indent: Option<usize>| {
        if let Some(indent) = indent {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
        }
    };
    match &value.data {
        Data::Nil => text.push_str("null"),
        Data::Float(number) => text.push_str(&print::json_float(*number)),
        Data::Bool(_) | Data::Int(_) => text.push_str(&print::print(value)),
        Data::Text(written) => json_text(written.as_str(), escapes_html, text),
        Data::Object(object) => json_into(&object.document(), indent, escapes_html, depth, text)?,
        Data::List(items) if items.is_empty() => text.push_str("[]"),
        Data::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                line(text, inner);
                json_into(item, inner, escapes_html, depth, text)?;
            }
            line(text, indent);
            text.push(']');
        }
        Data::Map(map) if map.borrow().is_empty() => text.push_str("{}"),
        Data::Map(map) => {
            text.push('{');
            for (at, (key, item)) in map.borrow().iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                line(text, inner);
                json_text(key, escapes_html, text);
                text.push_str(if indent.is_some() { ": " } else { ":" });
                json_into(item, inner, escapes_html, depth, text)?;
            }
            line(text, indent);
            text.push('}');
        }
    }
    Ok(())
}

fn json_text(written: &str, escapes_html: bool, text: &mut String) {
    text.push('"');
    for character in written.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '<' | '>' | '&' if escapes_html => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            control if u32::from(control) < 0x20 || matches!(control, '\u{2028}' | '\u{2029}') => {
                text.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}

/// TOML: the scalars and lists of a table, then its tables.
fn toml(value: &Value) -> Result<Text, Failure> {
    let mut text = String::new();
    toml_table(value, "", MAX_DEPTH, &mut text)?;
    Ok(Text::of(&text, unknown_within(value, MAX_DEPTH)))
}

fn toml_table(value: &Value, path: &str, depth: usize, text: &mut String) -> Result<(), Failure> {
    let depth = depth.checked_sub(1).ok_or_else(|| Failure::limit("values nest too deep to write them"))?;
    let Some(map) = value.as_map() else { return Err("only a map can be written as TOML".into()) };
    let map = map.borrow();
    let is_table = |value: &Value| value.as_map().is_some();
    for (key, value) in map.iter().filter(|(_, value)| !is_table(value) && !value.is_nil()) {
        text.push_str(&format!("{} = ", toml_key(key)));
        json_into(value, None, false, depth, text)?;
        text.push('\n');
    }
    for (key, value) in map.iter().filter(|(_, value)| is_table(value)) {
        let path = if path.is_empty() { toml_key(key) } else { format!("{path}.{}", toml_key(key)) };
        text.push_str(&format!("{}[{path}]\n", if text.is_empty() { "" } else { "\n" }));
        toml_table(value, &path, depth, text)?;
    }
    Ok(())
}

fn toml_key(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { key.to_owned() } else { print::quoted(key) }
}

/// Bytes as text, or what Sprig writes in their place.
fn decoded(bytes: Option<Vec<u8>>, otherwise: &str) -> Value {
    bytes.map_or(otherwise.into(), |bytes| String::from_utf8_lossy(&bytes).into_owned().into())
}

fn adler32(bytes: &[u8]) -> u32 {
    let sums = bytes.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    sums.1 << 16 | sums.0
}

/// An address taken apart.
fn url(text: &str) -> Value {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let (authority, path) = match (scheme.is_empty(), rest.find('/')) {
        (true, _) => ("", rest),
        (false, Some(slash)) => rest.split_at(slash),
        (false, None) => (rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hostname = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let parts = [
        ("scheme", scheme),
        ("host", host),
        ("hostname", hostname),
        ("path", path),
        ("query", query),
        ("opaque", ""),
        ("fragment", fragment),
        ("userinfo", user),
    ];
    parts.into_iter().map(|(name, part)| (Rc::from(name), Value::from(part))).collect()
}

fn joined_url(parts: &Value) -> Value {
    let part = |name: &str| parts.get(name).map(|value| to_text(&value).as_str().to_owned()).unwrap_or_default();
    let before = |mark: &str, part: String| if part.is_empty() { part } else { format!("{mark}{part}") };
    let user = part("userinfo");
    let user = if user.is_empty() { user } else { format!("{user}@") };
    let scheme = part("scheme");
    let scheme = if scheme.is_empty() { scheme } else { format!("{scheme}://") };
    let path = part("path");
    let query = before("?", part("query"));
    format!("{scheme}{user}{}{path}{query}{}", part("host"), before("#", part("fragment"))).into()
}
