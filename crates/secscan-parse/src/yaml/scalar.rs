//! What a YAML scalar means: the core schema of YAML 1.2.2 (section 10.3.2).
//!
//! One deviation, on purpose: a decimal number with a leading zero (`0644`) is text, because YAML 1.1 reads it as octal
//! and YAML 1.2 as decimal; who needs the number knows which of the two the consumer of the file follows. For the same
//! reason the words that only YAML 1.1 takes for booleans (`yes`, `on`) stay text, as the core schema says.

use secscan_model::ScalarKind;

/// The prefix of the tags that YAML itself defines.
const CORE: &str = "tag:yaml.org,2002:";

/// The type of a plain scalar without a tag.
pub(super) fn plain(text: &str) -> ScalarKind {
    match text.as_bytes() {
        [] => ScalarKind::Null,
        [b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F', ..] => word(text),
        [b'0'..=b'9' | b'-' | b'+' | b'.', ..] => number(text).unwrap_or(ScalarKind::Text),
        _ => ScalarKind::Text,
    }
}

/// The type of a scalar with a tag: the core tags force a type, any other tag makes it text.
pub(super) fn tagged(handle: &str, suffix: &str, text: &str) -> ScalarKind {
    let name = match handle {
        CORE => suffix,
        "" => suffix.strip_prefix(CORE).unwrap_or(""),
        _ => "",
    };
    let kind = plain(text);
    let fits = match name {
        "null" => kind == ScalarKind::Null,
        "bool" => matches!(kind, ScalarKind::Bool(_)),
        "int" => matches!(kind, ScalarKind::Int(_)),
        "float" => matches!(kind, ScalarKind::Int(_) | ScalarKind::Float(_)),
        _ => false,
    };
    if fits { kind } else { ScalarKind::Text }
}

fn word(text: &str) -> ScalarKind {
    match text {
        "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" => ScalarKind::Bool(true),
        "false" | "False" | "FALSE" => ScalarKind::Bool(false),
        _ => ScalarKind::Text,
    }
}

fn number(text: &str) -> Option<ScalarKind> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => return Some(ScalarKind::Float(f64::NEG_INFINITY)),
        ".inf" | ".Inf" | ".INF" => return Some(ScalarKind::Float(f64::INFINITY)),
        _ if matches!(text, ".nan" | ".NaN" | ".NAN") => return Some(ScalarKind::Float(f64::NAN)),
        _ => {}
    }
    let rest = unsigned.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let whole = unsigned.len() - rest.len();
    if rest.is_empty() {
        if whole > 1 && unsigned.starts_with('0') {
            return None;
        }
        // Beyond 64 bits it is still a number, only not an exact one.
        return text.parse().map(ScalarKind::Int).or_else(|_| text.parse().map(ScalarKind::Float)).ok();
    }
    is_fraction(rest, whole > 0).then(|| text.parse().map(ScalarKind::Float).ok())?
}

fn radix(digits: &str, radix: u32) -> Option<ScalarKind> {
    // `from_str_radix` takes a sign, the schema does not.
    let unsigned = digits.starts_with(|first: char| first.is_digit(radix));
    unsigned.then(|| i64::from_str_radix(digits, radix).ok().map(ScalarKind::Int))?
}

/// Whether `rest` is what may follow the whole part of a number: `(\.[0-9]*)?([eE][-+]?[0-9]+)?`, with at least one
/// digit after the point when there is no whole part.
fn is_fraction(rest: &str, has_whole: bool) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let after_point = rest.strip_prefix('.');
    let fraction = after_point.map_or(0, digits);
    if fraction == 0 && !has_whole {
        return false;
    }
    let exponent = after_point.map_or(rest, |after| after.get(fraction..).unwrap_or(""));
    let Some(power) = exponent.strip_prefix(['e', 'E']) else {
        return exponent.is_empty();
    };
    let power = power.strip_prefix(['-', '+']).unwrap_or(power);
    !power.is_empty() && digits(power) == power.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarKind::{Bool, Float, Int, Null, Text};

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, kind) in [
            ("", Null),
            ("~", Null),
            ("null", Null),
            ("nul", Text),
            ("true", Bool(true)),
            ("FALSE", Bool(false)),
            ("tRue", Text),
            ("yes", Text),
            ("on", Text),
            ("0", Int(0)),
            ("-17", Int(-17)),
            ("+3", Int(3)),
            ("0x1F", Int(31)),
            ("0x-1", Text),
            ("0x", Text),
            ("0o17", Int(15)),
            ("0o8", Text),
            ("0644", Text),
            ("9223372036854775807", Int(i64::MAX)),
            ("9223372036854775808", Float(9_223_372_036_854_775_808.0)),
            ("1.10", Float(1.1)),
            ("1.", Float(1.0)),
            (".5", Float(0.5)),
            (".", Text),
            ("-", Text),
            ("+", Text),
            ("1e3", Float(1000.0)),
            ("1e", Text),
            ("1.5E-2", Float(0.015)),
            ("1.2.3", Text),
            ("10.0.0.0/8", Text),
            ("1_000", Text),
            ("12:30", Text),
            ("-.inf", Float(f64::NEG_INFINITY)),
            (".inf", Float(f64::INFINITY)),
            ("-.nan", Text),
            ("2024-01-01", Text),
            ("infinity", Text),
            ("nan", Text),
        ] {
            assert_eq!(plain(text), kind, "{text:?}");
        }
        assert!(matches!(plain(".nan"), Float(value) if value.is_nan()));
    }

    #[test]
    fn tags_decide_over_the_form() {
        assert_eq!(tagged(CORE, "str", "123"), Text);
        assert_eq!(tagged(CORE, "int", "123"), Int(123));
        assert_eq!(tagged(CORE, "int", "x"), Text);
        assert_eq!(tagged("", "tag:yaml.org,2002:bool", "true"), Bool(true));
        assert_eq!(tagged("!", "Ref", "true"), Text);
    }
}
