//! Text: functions that keep the origin of every piece.

use secscan_parse::gotemplate::{Builder, Data, Executor, Origin, Text, Value, print};

use super::Called;
use super::arguments::{Arguments, to_text, to_texts};

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    let value = match name {
        "trim" => given.piece(0).map(|text| trimmed(text, char::is_whitespace)),
        "trimAll" | "trimall" => both(given).map(|(cut, text)| trimmed(text, |c| cut.contains(c))),
        "trimSuffix" => both(given).map(|(end, text)| match text.as_str().strip_suffix(end) {
            Some(rest) => text.slice(0..rest.len()),
            None => text.clone(),
        }),
        "trimPrefix" => both(given).map(|(start, text)| match text.as_str().strip_prefix(start) {
            Some(_) => text.slice(start.len()..text.as_str().len()),
            None => text.clone(),
        }),
        "trunc" => given.int(0).and_then(|length| Ok(truncated(given.piece(1)?, length))),
        "substr" => (|| {
            let text = given.piece(2)?;
            let (start, end) = (given.int(0)?.max(0) as usize, given.int(1)?);
            let length = text.as_str().len();
            let end = if end < 0 { length } else { (end as usize).min(length) };
            Ok(text.slice(start.min(end)..end))
        })(),
        "indent" | "nindent" => (|| {
            let (spaces, text) = (given.count(0)?, given.piece(1)?);
            executor.spend_bytes(text.as_str().len() + spaces * (1 + text.as_str().matches('\n').count()))?;
            Ok(indented(text, spaces, name == "nindent"))
        })(),
        "quote" => Ok(each_quoted(given, print::quoted, '"')),
        "squote" => Ok(each_quoted(given, |text| format!("'{text}'"), '\'')),
        "cat" => Ok(joined(given.0.iter().filter(|value| !value.is_nil()).map(to_text), " ")),
        "join" => (|| {
            let (between, texts) = (given.text(0)?, to_texts(&given.value(1)));
            executor.spend_bytes(between.len().saturating_mul(texts.len()))?;
            Ok(joined(texts.into_iter(), between))
        })(),
        "toString" => Ok(to_text(&given.value(0))),
        "replace" => (|| {
            let (old, new, text) = (given.text(0)?, given.piece(1)?, given.piece(2)?);
            executor.spend_bytes(new.as_str().len().saturating_mul(text.as_str().matches(old).count()))?;
            Ok(replaced(text, old, new))
        })(),
        "repeat" => (|| {
            let (count, text) = (given.count(0)?, given.text(1)?);
            if given.int(0)? < 0 {
                return Err("the count is negative".into());
            }
            executor.spend_bytes(count.saturating_mul(text.len()))?;
            Ok(Text::plain(&text.repeat(count)))
        })(),
        _ => return None,
    };
    Some(value.map(Value::from))
}

/// The two texts of a call.
fn both(given: Arguments<'_>) -> Result<(&str, &Text), secscan_parse::gotemplate::Failure> {
    Ok((given.text(0)?, given.piece(1)?))
}

fn trimmed(text: &Text, is_cut: impl Fn(char) -> bool + Copy) -> Text {
    let written = text.as_str();
    let rest = written.trim_start_matches(is_cut);
    let start = written.len() - rest.len();
    text.slice(start..start + rest.trim_end_matches(is_cut).len())
}

/// The first bytes of a text, or with a negative length the last ones.
fn truncated(text: &Text, length: i64) -> Text {
    let bytes = text.as_str().len();
    let wanted = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    if wanted >= bytes {
        return text.clone();
    }
    let cut = |mut at: usize| {
        while !text.as_str().is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    if length < 0 { text.slice(cut(bytes - wanted)..bytes) } else { text.slice(0..cut(wanted)) }
}

/// Every line moved to the right.
fn indented(text: &Text, spaces: usize, on_new_line: bool) -> Text {
    let blank = " ".repeat(spaces);
    let mut made = Builder::default();
    if on_new_line {
        made.push_str("\n", &Origin::default());
    }
    made.push_str(&blank, &Origin::default());
    let mut start = 0;
    for (at, _) in text.as_str().match_indices('\n') {
        made.push(&text.slice(start..at + 1), None);
        made.push_str(&blank, &Origin::default());
        start = at + 1;
    }
    made.push(&text.slice(start..text.as_str().len()), None);
    made.finish()
}

/// The values in quotes with blanks between them; what is nothing is left out.
fn each_quoted(given: Arguments<'_>, quote: impl Fn(&str) -> String, mark: char) -> Text {
    let quoted = given.0.iter().filter(|value| !value.is_nil()).map(|value| {
        let text = to_text(value);
        let written = quote(text.as_str());
        if written.len() != text.as_str().len() + 2 {
            return Text::of(&written, text.origin());
        }
        let mark = Text::of(mark.encode_utf8(&mut [0; 4]), text.origin());
        joined([mark.clone(), text, mark].into_iter(), "")
    });
    joined(quoted, " ")
}

pub(super) fn joined(texts: impl Iterator<Item = Text>, between: &str) -> Text {
    let mut made = Builder::default();
    for (index, text) in texts.enumerate() {
        if index > 0 {
            made.push_str(between, &Origin::default());
        }
        made.push(&text, None);
    }
    made.finish()
}

fn replaced(text: &Text, old: &str, new: &Text) -> Text {
    if old.is_empty() {
        return Text::plain(&text.as_str().replace(old, new.as_str()));
    }
    let mut made = Builder::default();
    let mut start = 0;
    for (at, _) in text.as_str().match_indices(old) {
        made.push(&text.slice(start..at), None);
        made.push(&new.clone().with_origin(&text.origin()), None);
        start = at + old.len();
    }
    made.push(&text.slice(start..text.as_str().len()), None);
    made.finish()
}

/// Whether a value is text.
pub(super) fn is_text(value: &Value) -> bool {
    matches!(value.data, Data::Text(_))
}
