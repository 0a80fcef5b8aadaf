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
        "title" => changed(&|text| capitalised(text, parts_titles, char::to_uppercase)),
        "untitle" => changed(&|text| capitalised(text, char::is_whitespace, char::to_lowercase)),
        "swapcase" => changed(&swapped),
        "nospace" => changed(&|text| text.split_whitespace().collect()),
        "initials" => changed(&|text| text.split_whitespace().filter_map(|word| word.chars().next()).collect()),
        "snakecase" => changed(&|text| parts(text).join("_").to_lowercase()),
        "kebabcase" => changed(&|text| parts(text).join("-").to_lowercase()),
        "camelcase" => changed(&connected),
        "contains" => two(given, |part, text| text.contains(part)),
        "hasPrefix" => two(given, |start, text| text.starts_with(start)),
        "hasSuffix" => two(given, |end, text| text.ends_with(end)),
        "abbrevboth" => (|| Ok(abbreviated_from(text(2)?, given.count(0)?, given.count(1)?).into()))(),
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

/// The first letter of each word changed; `parts` says what stands between words.
fn capitalised<I: Iterator<Item = char>>(
    text: &str,
    parts: impl Fn(char) -> bool,
    change: impl Fn(char) -> I,
) -> String {
    let mut before = ' ';
    let mut changed = String::with_capacity(text.len());
    for character in text.chars() {
        if parts(before) {
            changed.extend(change(character));
        } else {
            changed.push(character);
        }
        before = character;
    }
    changed
}

/// Whether `title` takes what follows for a new word.
fn parts_titles(character: char) -> bool {
    match character.is_ascii() {
        true => !character.is_ascii_alphanumeric() && character != '_',
        false => character.is_whitespace(),
    }
}

/// `some_words` as `SomeWords`. What connects at either end stays, and of several that connect two words all but one.
fn connected(text: &str) -> String {
    let connects = |character: char| matches!(character, '_' | '-') || character.is_whitespace();
    let start = text.len() - text.trim_start_matches(connects).len();
    let end = text.trim_end_matches(connects).len().max(start);
    let mut changed = text[..start].to_owned();
    let mut begins = true;
    for character in text[start..end].chars() {
        match (connects(character), begins) {
            (true, false) => {}
            (false, true) => changed.extend(character.to_uppercase()),
            _ => changed.push(character),
        }
        begins = connects(character);
    }
    changed + &text[end..]
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
        // A number belongs to the word before it, unless small letters follow: `bld4_floor`, but `http_2xx`.
        let begins_number = letter.is_numeric()
            && before.is_some_and(char::is_alphabetic)
            && parts.last().is_some_and(|part| !part.starts_with(char::is_numeric))
            && letters[at..].iter().find(|next| !next.is_numeric()).is_some_and(|next| next.is_lowercase());
        if !open || rises || ends_capitals || begins_number {
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

/// Text without what stands before an offset, as wide as asked for with the dots at both ends.
fn abbreviated_from(text: &str, offset: usize, width: usize) -> String {
    let length = text.chars().count();
    if width < 4 || (offset > 0 && width < 7) || length <= width {
        return text.to_owned();
    }
    match offset.min(length - (width - 3)) {
        // The dots would take more than they spare.
        0..=4 => abbreviated(text, width),
        offset => format!("...{}", abbreviated(&text.chars().skip(offset).collect::<String>(), width - 3)),
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
