//! Text: questions about it, and its case.

use secscan_parse::gotemplate::{Executor, Failure, Value};

use super::Called;
use super::arguments::Arguments;
use crate::go_path::{base, clean, dir};

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    let text = |at| given.text(at);
    let changed = |change: &dyn Fn(&str) -> String| text(0).map(|text| change(text).into());
    let result = match name {
        "upper" => changed(&|text| text.to_uppercase()),
        "lower" => changed(&|text| text.to_lowercase()),
        "title" => changed(&|text| capitalised(text, char::to_uppercase)),
        "untitle" => changed(&|text| capitalised(text, char::to_lowercase)),
        "swapcase" => changed(&swapped),
        "nospace" => changed(&|text| text.split_whitespace().collect()),
        "initials" => changed(&|text| text.split_whitespace().filter_map(|word| word.chars().next()).collect()),
        "snakecase" => changed(&|text| parts(text).join("_").to_lowercase()),
        "kebabcase" => changed(&|text| parts(text).join("-").to_lowercase()),
        "camelcase" => changed(&|text| {
            parts(text).iter().map(|part| capitalised(&part.to_lowercase(), char::to_uppercase)).collect()
        }),
        "contains" => two(given, |part, text| text.contains(part)),
        "hasPrefix" => two(given, |start, text| text.starts_with(start)),
        "hasSuffix" => two(given, |end, text| text.ends_with(end)),
        "abbrev" => (|| Ok(abbreviated(text(1)?, given.count(0)?).into()))(),
        "plural" => (|| Ok(text(if given.int(2)? == 1 { 0 } else { 1 })?.into()))(),
        "wrap" => (|| Ok(wrapped(text(1)?, given.count(0)?, "\n").into()))(),
        "wrapWith" => (|| {
            let (width, between, text) = (given.count(0)?, text(1)?, text(2)?);
            executor.spend_bytes(between.len().saturating_mul(1 + text.len() / width.max(1)))?;
            Ok(wrapped(text, width, between).into())
        })(),
        "base" => changed(&|path| base(path).to_owned()),
        "dir" => changed(&|path| dir(path)),
        "ext" => changed(&|path| base(path).rfind('.').map_or("", |dot| &base(path)[dot..]).to_owned()),
        "clean" => changed(&clean),
        "isAbs" => text(0).map(|path| path.starts_with('/').into()),
        "osBase" => changed(&|path| base(path).to_owned()),
        "osDir" => changed(&|path| dir(path)),
        "osExt" => changed(&|path| base(path).rfind('.').map_or("", |dot| &base(path)[dot..]).to_owned()),
        "osClean" => changed(&clean),
        "osIsAbs" => text(0).map(|path| path.starts_with('/').into()),
        _ => return None,
    };
    Some(result)
}

fn two(given: Arguments<'_>, ask: impl Fn(&str, &str) -> bool) -> Result<Value, Failure> {
    Ok(ask(given.text(0)?, given.text(1)?).into())
}

/// The first letter of each word changed.
fn capitalised<I: Iterator<Item = char>>(text: &str, change: impl Fn(char) -> I) -> String {
    let mut before = ' ';
    let mut changed = String::with_capacity(text.len());
    for character in text.chars() {
        if before.is_whitespace() {
            changed.extend(change(character));
        } else {
            changed.push(character);
        }
        before = character;
    }
    changed
}

fn swapped(text: &str) -> String {
    let swap = |character: char| match character.is_uppercase() {
        true => character.to_lowercase().collect::<String>(),
        false => character.to_uppercase().collect(),
    };
    text.chars().map(swap).collect()
}

/// The words of a name: parted at marks, blanks and where the case changes.
fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut open = false;
    let letters: Vec<char> = text.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            open = false;
            continue;
        }
        let before = at.checked_sub(1).map(|at| letters[at]);
        let rises = letter.is_uppercase() && before.is_some_and(|before| before.is_lowercase() || before.is_numeric());
        let ends_capitals = letter.is_uppercase()
            && before.is_some_and(char::is_uppercase)
            && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if !open || rises || ends_capitals {
            parts.push(String::new());
        }
        open = true;
        if let Some(part) = parts.last_mut() {
            part.push(*letter);
        }
    }
    parts
}

fn abbreviated(text: &str, width: usize) -> String {
    match width < 4 || text.chars().count() <= width {
        true => text.to_owned(),
        false => text.chars().take(width - 3).collect::<String>() + "...",
    }
}

fn wrapped(text: &str, width: usize, between: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(between)
}
