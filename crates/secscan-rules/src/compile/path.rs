//! Paths: `spec.containers.$image.tag`, `a | b`, `data."users.anonymous.enabled"`.

use secscan_model::vocabulary;

use crate::check::{Path, Step};

/// Reads a path.
///
/// # Errors
/// A sentence about the part that is wrong.
pub(super) fn parse(text: &str) -> Result<Path, String> {
    let alternatives = split(text, '|')?;
    if let [one] = alternatives.as_slice() {
        return steps(one.trim());
    }
    let paths: Result<Vec<_>, _> = alternatives.iter().map(|path| steps(path.trim())).collect();
    Ok(vec![Step::FirstOf(paths?)])
}

fn steps(text: &str) -> Result<Path, String> {
    let mut path = Vec::new();
    let mut segments = split(text, '.')?.into_iter();
    while let Some(segment) = segments.next() {
        if segment == "$deep" {
            let next = segments.next().ok_or("`$deep` is followed by what to look for")?;
            path.push(Step::Deep(Box::new(step(&next)?)));
        } else {
            path.push(step(&segment)?);
        }
    }
    Ok(path)
}

fn step(segment: &str) -> Result<Step, String> {
    if let Some(quoted) = segment.strip_prefix('"') {
        let key = quoted.strip_suffix('"').ok_or_else(|| format!("`{segment}` has a quote that does not close"))?;
        return Ok(Step::Key(key.to_owned()));
    }
    match segment {
        "" => Err("an empty segment in the path".to_owned()),
        "*" => Ok(Step::Any),
        "$root" => Ok(Step::Root),
        "$owner" => Ok(Step::Owner),
        "$key" => Ok(Step::KeyName),
        "$self" => Ok(Step::Itself),
        "$before" => Ok(Step::Before),
        "$after" => Ok(Step::After),
        _ => match segment.strip_prefix('$') {
            Some(name) if vocabulary::COMPUTED.iter().any(|child| child.name == name) => {
                Ok(Step::Computed(name.to_owned()))
            }
            Some(name) => Err(format!("`${name}` is no computed child; there are: {}", computed_names())),
            None => Ok(Step::Key(segment.to_owned())),
        },
    }
}

fn computed_names() -> String {
    let names: Vec<_> = vocabulary::COMPUTED.iter().map(|child| format!("${}", child.name)).collect();
    names.join(", ")
}

/// Splits at a separator that stands outside of double quotes.
fn split(text: &str, separator: char) -> Result<Vec<String>, String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        match parts.last_mut() {
            Some(part) if c != separator || quoted => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    if quoted { Err(format!("`{text}` has a quote that does not close")) } else { Ok(parts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::PathText;

    #[test]
    fn paths_print_as_they_are_written() {
        for text in [
            "spec.containers",
            "a.*.b",
            "data.\"users.anonymous.enabled\"",
            "image.$image.tag",
            "$owner.type",
            "$deep.$expr.contexts",
        ] {
            assert_eq!(PathText(&parse(text).expect(text)).to_string(), text);
        }
        assert_eq!(
            parse("a.b | c"),
            Ok(vec![Step::FirstOf(vec![
                vec![Step::Key("a".into()), Step::Key("b".into())],
                vec![Step::Key("c".into())],
            ])])
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(parse("a..b").unwrap_err().contains("empty segment"));
        assert!(parse("a.$imag").unwrap_err().contains("$image"), "the known names are listed");
        assert!(parse("a.\"b").unwrap_err().contains("does not close"));
        assert!(parse("a.$deep").is_err());
    }
}
