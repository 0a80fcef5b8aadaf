//! Objects that say a key twice. `hcl-edit` refuses them, Terraform takes the last value.
//!
//! Each further key is given another name of the same length before the text is parsed, so that spans are true. Whoever
//! wants the name of a key reads it in the file, at its span.

use hcl_edit::parser::Error;
use hcl_edit::structure::Body;

/// How many keys of a text are renamed.
const MOST: usize = 36;

/// Parses a text in which objects may say keys twice.
pub(super) fn parse(text: &str) -> Result<Body, Error> {
    let mut error = match text.parse() {
        Ok(body) => return Ok(body),
        Err(error) => error,
    };
    let mut renamed = text.to_owned();
    for number in 0..MOST {
        let Some(next) = without_repetition(&renamed, &error, number) else { return Err(error) };
        renamed = next;
        match renamed.parse() {
            Ok(body) => return Ok(body),
            Err(next) => error = next,
        }
    }
    Err(error)
}

/// The text with another name for the key that an error is about, when it is about a repeated one.
fn without_repetition(text: &str, error: &Error, number: usize) -> Option<String> {
    if !error.message().contains("redefined object key") {
        return None;
    }
    let at = error.location().offset();
    let rest = text.get(at..)?;
    let start = usize::from(rest.starts_with('"'));
    let name = &rest[start..];
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let length = match start {
        0 => name.find(|c: char| !is_name(c))?,
        _ => name.find('"').filter(|length| !name[..*length].contains(['\\', '$', '%', '\n']))?,
    };
    let digit = char::from_digit(number as u32, 36).filter(|_| length >= 2)?;
    let at = at + start;
    Some(format!("{}{}{digit}{}", &text[..at], "_".repeat(length - 1), &text[at + length..]))
}
