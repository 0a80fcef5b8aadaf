//! What a command's words mean: its program, flags and arguments, and which programs run other commands.

use std::sync::Arc;

use secscan_model::{Node, Part};

use super::lexer::Word;

/// A program that runs the command in its arguments.
struct Wrapper {
    name: &'static str,
    /// Short flags that take a value in the next word.
    valued: &'static str,
    /// Words before the command that are no flags: the duration of `timeout`, the user of `gosu`.
    operands: usize,
}

const fn wrapper(name: &'static str, valued: &'static str, operands: usize) -> Wrapper {
    Wrapper { name, valued, operands }
}

static WRAPPERS: &[Wrapper] = &[
    wrapper("builtin", "", 0),
    wrapper("chroot", "", 1),
    wrapper("command", "", 0),
    wrapper("doas", "uC", 0),
    wrapper("dumb-init", "", 0),
    wrapper("env", "uCS", 0),
    wrapper("exec", "a", 0),
    wrapper("gosu", "", 1),
    wrapper("ionice", "cnp", 0),
    wrapper("nice", "n", 0),
    wrapper("nohup", "", 0),
    wrapper("setsid", "", 0),
    wrapper("stdbuf", "ioe", 0),
    wrapper("su-exec", "", 1),
    wrapper("sudo", "ugCDhpRrtTU", 0),
    wrapper("time", "fo", 0),
    wrapper("timeout", "ks", 1),
    wrapper("tini", "pe", 0),
    wrapper("xargs", "adEILnPs", 0),
];

/// Shells: `-c` is a script, and so is what they read from a here-document.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "ash"];

/// Whether a program is a shell.
pub(crate) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&program)
}

/// Whether a program runs what is substituted into its arguments.
pub(super) fn runs_its_arguments(program: &str) -> bool {
    is_shell(program) || matches!(program, "eval" | "source" | ".")
}

/// The word that a program takes a script from: behind `-c` of a shell or `su`, the argument of `eval`.
pub(super) fn script<'w>(program: &str, words: &'w [Word]) -> Option<&'w Word> {
    let arguments = words.get(1..)?;
    if program == "eval" {
        return arguments.first();
    }
    if !is_shell(program) && program != "su" {
        return None;
    }
    let ends_in_c = |word: &Word| {
        word.fixed().is_some_and(|text| text.starts_with('-') && !text.starts_with("--") && text.ends_with('c'))
            || (program == "su" && word.fixed() == Some("--command"))
    };
    arguments.get(arguments.iter().position(ends_in_c)? + 1)
}

/// Where the command begins that a program runs, when it runs one.
pub(super) fn wrapped(program: &str, words: &[Word]) -> Option<usize> {
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == program)?;
    let (mut at, mut operands) = (1, wrapper.operands);
    while let Some(word) = words.get(at) {
        let text = word.fixed().unwrap_or(word.prefix());
        if text == "--" {
            at += 1;
            break;
        } else if let Some(flag) = text.strip_prefix('-').filter(|flag| !flag.is_empty()) {
            let takes_next = flag.chars().next_back().is_some_and(|last| wrapper.valued.contains(last));
            at += if takes_next && !flag.starts_with('-') && flag.len() == 1 { 2 } else { 1 };
        } else if assignment(word).is_some() {
            at += 1;
        } else if operands > 0 {
            operands -= 1;
            at += 1;
        } else {
            break;
        }
    }
    (at + operands < words.len()).then_some(at + operands)
}

/// The name of an assignment (`NAME=value`, `NAME+=value`) and how long it is with its operator.
pub(super) fn assignment(word: &Word) -> Option<(&str, usize)> {
    let (name, _) = word.prefix().split_once('=')?;
    let operator = name.len() + 1;
    let name = name.strip_suffix('+').unwrap_or(name);
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
    (first && letters.all(|letter| letter == '_' || letter.is_ascii_alphanumeric())).then_some((name, operator))
}

/// The pieces of a word behind its first `skip` bytes, which are known.
pub(super) fn behind(word: &Word, skip: usize) -> Vec<Part> {
    let mut parts = word.parts.clone();
    if let Some(Part::Fixed(text)) = parts.first_mut() {
        *text = text.get(skip..).unwrap_or_default().into();
    }
    parts.retain(|part| !matches!(part, Part::Fixed(text) if text.is_empty()));
    parts
}

/// The last path segment of a program, as far as that is certain.
pub(super) fn program(word: &Word) -> Option<Arc<str>> {
    match word.parts.last() {
        Some(Part::Fixed(text)) => match text.rsplit_once('/') {
            Some((_, name)) => Some(name.into()),
            None => word.fixed().map(Into::into),
        },
        _ => None,
    }
}

/// The forms in which rules may ask for a flag: as written, without its value, bundled letters apart.
pub(super) fn spellings(word: &Word) -> Vec<Arc<str>> {
    let text = word.prefix();
    let fixed = word.fixed().is_some();
    let mut forms: Vec<Arc<str>> = Vec::new();
    let mut add = |form: &str| {
        if !forms.iter().any(|known| **known == *form) {
            forms.push(form.into());
        }
    };
    if fixed {
        add(text);
    }
    if let Some((name, _)) = text.split_once('=') {
        add(name);
    }
    let letters = text.strip_prefix('-').unwrap_or_default();
    if letters.len() <= MAX_BUNDLE && letters.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        // A value may follow its letter at once (`-p$PASSWORD`): then only the first is surely a flag.
        let certain = if fixed { letters.len() } else { 1 };
        letters.chars().take(certain).for_each(|letter| add(&format!("-{letter}")));
    }
    forms
}

/// Longer words behind one dash are long flags of their program, not bundles.
const MAX_BUNDLE: usize = 8;

/// Whether an expansion may bring flags: by the names that people give to such variables.
pub(super) fn may_hold_flags(word: &Word) -> bool {
    let Some(Part::Hole(hole)) = word.parts.first() else { return false };
    let name = hole.to_ascii_uppercase();
    ["OPT", "FLAG", "ARG", "PARAM", "$@", "$*"].iter().any(|hint| name.contains(hint))
}

/// Whether a word is a flag as far as it is known.
pub(super) fn is_flag(word: &Word) -> bool {
    let text = word.prefix();
    text.len() > 1 && text.starts_with('-') && text != "--"
}

/// The word that a value is, as an item of a list rather than part of a shell text. None for lists and maps.
pub(super) fn word_of(node: &Node) -> Option<Word> {
    let parts = match node.as_unresolved() {
        Some(unresolved) if unresolved.parts.is_empty() => vec![Part::Hole("".into())],
        Some(unresolved) => unresolved.parts.clone(),
        None => vec![Part::Fixed(node.as_str()?.into())],
    };
    let (range, value) = (0..0, Some(node.clone()));
    Some(Word { parts, at: node.at, range, inner: None, substitutions: Vec::new(), processes: Vec::new(), value })
}
