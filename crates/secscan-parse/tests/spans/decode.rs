//! What a piece of text means by the rules of its format, as simply as can be.

/// A double-quoted text of YAML or JSON, quotes included.
pub(crate) fn double_quoted(written: &str) -> Option<String> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut chars = inner.chars().peekable();
    let mut high = None;
    while let Some(character) = chars.next() {
        match character {
            '\n' => fold(&mut text, &mut chars),
            '\\' => match chars.next()? {
                '\n' => while chars.next_if(|next| matches!(next, ' ' | '\t')).is_some() {},
                kind @ ('x' | 'u' | 'U') => {
                    let length = match kind {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let digits: String = chars.by_ref().take(length).collect();
                    let code = u32::from_str_radix(&digits, 16).ok()?;
                    match (code, high.take()) {
                        (0xD800..0xDC00, _) => high = Some(code),
                        (0xDC00..0xE000, Some(high)) => {
                            text.push(char::from_u32(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00))?);
                        }
                        _ => text.push(char::from_u32(code)?),
                    }
                }
                other => text.push(escape(other)?),
            },
            _ => text.push(character),
        }
    }
    Some(text)
}

fn escape(character: char) -> Option<char> {
    Some(match character {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        ' ' | '"' | '/' | '\\' => character,
        _ => return None,
    })
}

/// One line break becomes a blank, each further one stays; blanks around them vanish.
fn fold(text: &mut String, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    text.truncate(text.trim_end_matches([' ', '\t', '\r']).len());
    let mut breaks = 1;
    while let Some(next) = chars.next_if(|next| matches!(next, ' ' | '\t' | '\r' | '\n')) {
        breaks += usize::from(next == '\n');
    }
    match breaks {
        1 => text.push(' '),
        more => text.extend(std::iter::repeat_n('\n', more - 1)),
    }
}

/// A single-quoted text of YAML, quotes included.
pub(crate) fn single_quoted(written: &str) -> Option<String> {
    let inner = written.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut text = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(character) = chars.next() {
        match character {
            '\n' => fold(&mut text, &mut chars),
            '\'' => text.push(chars.next().filter(|next| *next == '\'')?),
            _ => text.push(character),
        }
    }
    Some(text)
}

/// A text without any white space: what folding and indentation leave as it is.
pub(crate) fn without_blanks(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// Whether what is written as YAML means `text`.
pub(crate) fn yaml_means(written: &str, text: &str) -> bool {
    // A plain text and the content of a block scalar cannot be told apart by what is written.
    written == text
        || double_quoted(written).as_deref() == Some(text)
        || single_quoted(written).as_deref() == Some(text)
        || written.contains('\n') && without_blanks(written) == without_blanks(text)
        || text.ends_with('\n') && text.trim_end_matches('\n') == written
}
