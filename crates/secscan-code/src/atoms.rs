//! The words that must occur in a file before a pattern can match in it: without them there is no syntax tree.

use crate::{Language, Question};

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
        let any: Vec<_> = self.any.iter().map(|pattern| self.atoms_of(pattern)).collect();
        let present: Vec<_> = self.present.iter().map(|pattern| self.atoms_of(pattern)).collect();
        // A pattern without words of its own goes by what the file must hold besides.
        self.atoms = if any.iter().any(Vec::is_empty) && !present.is_empty() { present } else { any };
    }

    fn atoms_of(&self, pattern: &str) -> Vec<String> {
        let (words, roots): (Vec<String>, Vec<bool>) = words(pattern).into_iter().unzip();
        let is_root = |name: &str| words.iter().zip(&roots).any(|(word, is_root)| *is_root && word == name);
        let imported = self.imports.iter().filter(|import| {
            let first = import.path.split(['.', ':', '/']).next().unwrap_or_default();
            is_root(&import.local) || (is_root(first) && pattern.contains(&import.path))
        });
        let mut atoms: Vec<String> = imported.map(|import| import_atom(self.language, &import.path)).collect();
        let mut rest: Vec<&String> = words.iter().filter(|word| is_telling(word)).collect();
        if rest.is_empty() && atoms.is_empty() {
            rest = words.iter().filter(|word| word.len() >= SHORTEST).collect();
        }
        // The longest word is the rarest, as a rule; of equals the first.
        rest.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let local = |word: &String| self.imports.iter().any(|import| import.local == *word);
        atoms.extend(rest.into_iter().filter(|word| !local(word)).take(2).cloned());
        let mut atoms: Vec<String> = atoms.iter().map(|atom| atom.to_ascii_lowercase()).collect();
        atoms.sort();
        atoms.dedup();
        atoms
    }
}

/// What an import statement must hold: the whole path where it is quoted, its longest segment where it may be split.
fn import_atom(language: Language, path: &str) -> String {
    match language {
        Language::Go | Language::JavaScript => path.to_owned(),
        Language::Python | Language::Java | Language::Rust => {
            path.split(['.', ':']).max_by_key(|segment| segment.len()).unwrap_or(path).to_owned()
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

    fn atoms(language: Language, imports: &[&str], pattern: &str) -> Vec<String> {
        let mut question = Question::new(language, vec![pattern.to_owned()]);
        question.imports = imports.iter().map(|import| Import::parse(import)).collect();
        question.derive_atoms();
        question.atoms.concat()
    }

    #[test]
    fn imports_and_the_longest_words_are_asked_for() {
        assert_eq!(
            atoms(Language::Python, &["subprocess"], "subprocess.run($C, shell=True, $$$)"),
            ["run", "shell", "subprocess"]
        );
        assert_eq!(atoms(Language::Go, &["crypto/md5"], "md5.New()"), ["crypto/md5"]);
        assert_eq!(
            atoms(Language::Java, &["java.security.MessageDigest"], "MessageDigest.getInstance(\"MD5\")"),
            ["getinstance", "messagedigest"]
        );
        assert_eq!(atoms(Language::Python, &[], "eval($CODE)"), ["eval"], "holes and quotes are no words");
    }
}
