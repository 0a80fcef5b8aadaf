//! The words that must occur in a file before a pattern can match in it: without them there is no syntax tree.

use serde::{Deserialize, Serialize};

use crate::{Language, Question};

/// A word that gates parsing.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Atom {
    /// Its text.
    pub text: String,
    /// How it stands in a file.
    pub form: Form,
}

/// How a word stands in a file.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Form {
    /// Anywhere, in letters of any case; where it `begins` or `ends` a word, at such a border of a name in snake case.
    Part {
        /// Whether a word begins with it.
        begins: bool,
        /// Whether a word ends with it.
        ends: bool,
    },
    /// By itself, in exactly these letters: a name of the program.
    Name,
    /// In quotes, perhaps with more behind a slash: a module of Go or JavaScript.
    Module,
}

impl Form {
    /// Anywhere.
    pub const ANYWHERE: Self = Self::Part { begins: false, ends: false };

    /// Whether `text`, which begins at `start` but for the case of its letters, stands there so.
    pub fn stands(self, text: &str, bytes: &[u8], start: usize) -> bool {
        let end = start + text.len();
        let before = start.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        let after = bytes.get(end).copied().unwrap_or(b' ');
        let is_exact = || bytes.get(start..end) == Some(text.as_bytes());
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_quote = |byte: u8| matches!(byte, b'"' | b'\'' | b'`');
        match self {
            Self::Part { begins, ends } => (!begins || is_border(bytes, start)) && (!ends || is_border(bytes, end)),
            Self::Name => !is_name(before) && !is_name(after) && is_exact(),
            // Modules of Node itself may have `node:` in front.
            Self::Module => (is_quote(before) || before == b':') && (is_quote(after) || after == b'/') && is_exact(),
        }
    }
}

/// Whether a word of a name ends before an offset and another begins there, or something that is no name: where snake case
/// has an underscore (`userSSN`, `SSNNumber`), and beside whatever is neither letter nor digit.
fn is_border(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b' ');
    let letter = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    let (after, next) = (letter(at), letter(at + 1));
    let is_apart = |byte: u8| !byte.is_ascii_alphanumeric();
    let begins_word = !before.is_ascii_uppercase() || next.is_ascii_lowercase();
    is_apart(before) || is_apart(after) || (after.is_ascii_uppercase() && begins_word)
}

/// The shortest word that is worth a place in the automaton.
const SHORTEST: usize = 3;

/// Words that every other file holds, so that they tell nothing.
static COMMON: &[&str] = &[
    "self", "this", "true", "false", "none", "null", "string", "return", "function", "import", "from", "class", "def",
    "let", "const", "var", "new", "static", "public", "private", "void", "func", "type", "struct", "value", "get",
    "set", "data", "name", "except", "pass", "with", "async", "await", "object", "for", "assert", "try",
];

impl Question {
    /// Derives [`Question::atoms`] from the patterns and imports.
    pub fn derive_atoms(&mut self) {
        let of = |patterns: &[String]| -> Vec<_> { patterns.iter().map(|pattern| self.atoms_of(pattern)).collect() };
        let (any, present) = (of(&self.any), of(&self.present));
        // One of either must be there.
        let with = |any: &Vec<Atom>| -> Vec<Vec<Atom>> {
            present.iter().map(|present| sorted([any.as_slice(), present].concat())).collect()
        };
        self.atoms = if present.is_empty() { any } else { any.iter().flat_map(with).collect() };
    }

    fn atoms_of(&self, pattern: &str) -> Vec<Atom> {
        if let Some(module) = imported_module(self.language, pattern) {
            return vec![import_atom(self.language, module)];
        }
        let (words, roots): (Vec<String>, Vec<bool>) = words(pattern).into_iter().unzip();
        let is_root = |name: &str| words.iter().zip(&roots).any(|(word, is_root)| *is_root && word == name);
        let imported = self.imports.iter().filter(|import| {
            let first = import.path.split(['.', ':', '/']).next().unwrap_or_default();
            is_root(&import.local) || (is_root(first) && pattern.contains(&import.path))
        });
        let mut atoms: Vec<Atom> = imported.map(|import| import_atom(self.language, &import.path)).collect();
        let local = |word: &String| self.imports.iter().any(|import| import.local == *word);
        let mut rest: Vec<&String> = words.iter().filter(|word| is_telling(word) && !local(word)).collect();
        if rest.is_empty() {
            // Members are written as they are called, however common that is; keywords may be written otherwise.
            let members = words.iter().zip(&roots).filter(|(word, is_root)| !**is_root && word.len() >= SHORTEST);
            rest = members.map(|(word, _)| word).collect();
        }
        if rest.is_empty() && atoms.is_empty() {
            rest = words.iter().filter(|word| word.len() >= SHORTEST).collect();
        }
        // The longest word is the rarest, as a rule; of equals the first.
        rest.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let name = |word: &String| Atom { text: word.clone(), form: Form::Name };
        atoms.extend(rest.into_iter().take(2).map(name));
        sorted(atoms)
    }
}

fn sorted(mut atoms: Vec<Atom>) -> Vec<Atom> {
    atoms.sort();
    atoms.dedup();
    atoms
}

/// The module of a pattern that is an import, where the language writes it in quotes.
fn imported_module(language: Language, pattern: &str) -> Option<&str> {
    let is_quoted = matches!(language, Language::Go | Language::JavaScript) && pattern.starts_with("import");
    pattern.split(['"', '\'']).nth(1).filter(|_| is_quoted)
}

/// What an import statement must hold: the whole path where it is quoted, its longest segment where it may be split.
fn import_atom(language: Language, path: &str) -> Atom {
    match language {
        Language::Go | Language::JavaScript => Atom { text: path.to_owned(), form: Form::Module },
        Language::Python | Language::Java | Language::Rust => {
            let longest = path.split(['.', ':']).max_by_key(|segment| segment.len()).unwrap_or(path);
            Atom { text: longest.to_owned(), form: Form::Name }
        }
    }
}

fn is_telling(word: &str) -> bool {
    word.len() >= SHORTEST && !COMMON.contains(&word.to_ascii_lowercase().as_str())
}

/// The identifiers of a pattern, and whether each begins a dotted name; metavariables and what stands in quotes are none.
fn words(pattern: &str) -> Vec<(String, bool)> {
    let mut words: Vec<(String, bool)> = Vec::new();
    let mut is_member = false;
    let mut quote = None;
    let mut word = String::new();
    let mut is_hole = false;
    for letter in pattern.chars().chain(std::iter::once(' ')) {
        if let Some(open) = quote {
            quote = (letter != open).then_some(open);
            continue;
        }
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        let is_hole_name = is_hole && word.starts_with(|first: char| first.is_ascii_uppercase() || first == '_');
        if !word.is_empty() && !is_hole_name && !word.starts_with(|first: char| first.is_ascii_digit()) {
            words.push((std::mem::take(&mut word), !is_member));
        }
        word.clear();
        is_hole = letter == '$';
        is_member = matches!(letter, '.' | ':');
        if matches!(letter, '"' | '\'' | '`') {
            quote = Some(letter);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Import;

    /// The words: names as they are, modules in quotes.
    fn atoms(language: Language, imports: &[&str], pattern: &str) -> Vec<String> {
        let mut question = Question::new(language, vec![pattern.to_owned()]);
        question.imports = imports.iter().map(|import| Import::parse(import)).collect();
        question.derive_atoms();
        words_of(&question).concat()
    }

    fn words_of(question: &Question) -> Vec<Vec<String>> {
        let shown = |atom: &Atom| match atom.form {
            Form::Module => format!("'{}'", atom.text),
            Form::Part { .. } | Form::Name => atom.text.clone(),
        };
        question.atoms.iter().map(|atoms| atoms.iter().map(shown).collect()).collect()
    }

    #[test]
    fn imports_and_the_longest_words_are_asked_for() {
        assert_eq!(
            atoms(Language::Python, &["subprocess"], "subprocess.run($C, shell=True, $$$)"),
            ["run", "shell", "subprocess"]
        );
        assert_eq!(atoms(Language::Go, &["crypto/md5"], "md5.New()"), ["New", "'crypto/md5'"]);
        assert_eq!(atoms(Language::Go, &[], "import \"net/http/pprof\""), ["'net/http/pprof'"]);
        assert_eq!(
            atoms(Language::Java, &["java.security.MessageDigest"], "MessageDigest.getInstance(\"MD5\")"),
            ["MessageDigest", "getInstance"]
        );
        assert_eq!(atoms(Language::Python, &[], "eval($CODE)"), ["eval"], "holes and quotes are no words");
    }

    #[test]
    fn what_must_be_present_is_asked_for_besides() {
        let mut question = Question::new(Language::Go, vec!["$A.Run()".to_owned(), "$NAME := $VALUE".to_owned()]);
        question.present = vec!["import \"math/rand\"".to_owned()];
        question.derive_atoms();
        assert_eq!(words_of(&question), [vec!["Run", "'math/rand'"], vec!["'math/rand'"]]);
    }

    #[test]
    fn names_stand_alone_and_modules_in_quotes() {
        let stands = |form: Form, text: &str, line: &str| {
            let start = line.to_ascii_lowercase().find(&text.to_ascii_lowercase()).expect("the line holds it");
            form.stands(text, line.as_bytes(), start)
        };
        for line in ["os.Open(x)", "Open", "\"Open\"", "éOpen"] {
            assert!(stands(Form::Name, "Open", line), "{line}");
        }
        for line in ["os.open(x)", "Opened", "ReOpen", "open_it"] {
            assert!(!stands(Form::Name, "Open", line), "{line}");
        }
        for line in ["import \"os\"", "import `os`", "require('os')", "from 'node:os'", "\"os/exec\""] {
            assert!(stands(Form::Module, "os", line), "{line}");
        }
        for line in ["those", "\"cos\"", "\"os.x\"", "os"] {
            assert!(!stands(Form::Module, "os", line), "{line}");
        }
        assert!(stands(Form::ANYWHERE, "email", "userEMAILs"));
    }

    #[test]
    fn parts_stand_where_words_of_names_begin_and_end() {
        let stands = |begins: bool, ends: bool, line: &str| {
            let start = line.to_ascii_lowercase().find("ssn").expect("the line holds it");
            Form::Part { begins, ends }.stands("ssn", line.as_bytes(), start)
        };
        for line in ["ssn", "user.ssn", "user_ssn_hash", "userSSN", "SSNHash", "ssnHash", "\"ssn\"", "éssnü"] {
            assert!(stands(true, true, line), "{line}");
        }
        for line in ["lessn", "USERSSN", "lessns", "1ssn"] {
            assert!(!stands(true, false, line), "{line}");
        }
        for line in ["ssns", "SSNS", "ssn1"] {
            assert!(stands(true, false, line) && !stands(false, true, line), "{line}");
        }
    }
}
