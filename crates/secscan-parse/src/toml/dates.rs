//! Dates and times of a TOML file (<https://toml.io/en/v1.0.0#offset-date-time>), which `toml-span` does not know: they
//! are found, and shown to it as strings of the same length.

use std::borrow::Cow;

use secscan_model::Span;
use toml_span::tokens::{Token, Tokenizer};

/// The bare dates and times where a value may stand.
pub(super) fn find(text: &str) -> Vec<Span> {
    let mut dates: Vec<Span> = Vec::new();
    let mut tokens = Tokenizer::new(text);
    let mut is_value = false;
    while let Ok(Some((span, token))) = tokens.step() {
        match token {
            Token::Whitespace(_) | Token::Newline | Token::Comment(_) => {}
            Token::Equals | Token::Comma | Token::LeftBracket => is_value = true,
            Token::Keylike(_) if is_value && dates.last().is_none_or(|last| last.end as usize <= span.start) => {
                dates.extend(
                    length(text.get(span.start..).unwrap_or_default()).map(|l| Span::new(span.start, span.start + l)),
                );
                is_value = false;
            }
            _ => is_value = false,
        }
    }
    dates
}

/// The text with each date as a string in quotes.
pub(super) fn hidden<'t>(text: &'t str, dates: &[Span]) -> Cow<'t, str> {
    if dates.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut hidden = String::with_capacity(text.len());
    let mut end = 0;
    for date in dates.iter().map(|date| date.range()) {
        hidden.push_str(text.get(end..date.start).unwrap_or_default());
        hidden.push('"');
        hidden.extend(std::iter::repeat_n('0', date.len().saturating_sub(2)));
        hidden.push('"');
        end = date.end;
    }
    hidden.push_str(text.get(end..).unwrap_or_default());
    Cow::Owned(hidden)
}

/// The length of a date, a time or both at the beginning of a text.
fn length(text: &str) -> Option<usize> {
    if let Some(time) = time(text) {
        return Some(time);
    }
    let date = shape(text, "0000-00-00")?;
    let behind = text.get(date..)?;
    let Some(clock) = behind.strip_prefix(['T', 't', ' ']).and_then(time) else { return Some(date) };
    let zone = behind.get(1 + clock..)?;
    let zone = if zone.starts_with(['Z', 'z']) {
        1
    } else {
        shape(zone, "+00:00").or_else(|| shape(zone, "-00:00")).unwrap_or(0)
    };
    Some(date + 1 + clock + zone)
}

fn time(text: &str) -> Option<usize> {
    let clock = shape(text, "00:00:00")?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = text.get(clock..)?.strip_prefix('.').map_or(0, digits);
    Some(clock + if fraction > 0 { 1 + fraction } else { 0 })
}

/// The length of a pattern in which 0 stands for any digit, when the text begins so.
fn shape(text: &str, pattern: &str) -> Option<usize> {
    let matches = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    let is_so = text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(matches);
    is_so.then_some(pattern.len())
}
