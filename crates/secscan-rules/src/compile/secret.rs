//! Secret rules: the detector of one kind of credential.

use secscan_secrets::{Assigned, Definition, Detector, DetectorError, Ignore};

use super::Problem;
use crate::syntax::SecretFile;

/// The shortest keyword: a shorter one occurs everywhere, and the expression would be tried on every file.
const SHORTEST_KEYWORD: usize = 3;
/// The longest secret, in lines.
const MOST_LINES: u32 = 400;

/// Compiles a detector; none when something is wrong with it.
pub(super) fn compile(file: &SecretFile, problems: &mut Vec<Problem>) -> Option<Detector> {
    let before = problems.len();
    let definition = definition(file, problems);
    let detector = Detector::new(definition).map_err(|error| {
        let at = match (&error, &file.proof) {
            (DetectorError::Proof(_), Some(proof)) => proof.at,
            _ => file.pattern.at,
        };
        problems.push(Problem::new(at, error.to_string()));
    });
    detector.ok().filter(|_| problems.len() == before)
}

/// What the file says, with all that is wrong with it but the pattern and the proof.
fn definition(file: &SecretFile, problems: &mut Vec<Problem>) -> Definition {
    let mut problem = |at, message: String| problems.push(Problem::new(at, message));
    if file.keywords.is_empty() {
        problem(file.pattern.at, "a secret rule has at least one keyword".to_owned());
    }
    for keyword in &file.keywords {
        if keyword.value.len() < SHORTEST_KEYWORD {
            problem(keyword.at, format!("a keyword has at least {SHORTEST_KEYWORD} characters"));
        }
        if !keyword.value.is_ascii() || keyword.value.contains(['\n', '\r']) {
            problem(keyword.at, "a keyword is ASCII on one line".to_owned());
        }
    }
    let assigned = file.assigned.as_ref().and_then(|word| match word.value.as_str() {
        "by-name" => Some(Assigned::ByName),
        "nearby" => Some(Assigned::Nearby),
        other => {
            problem(word.at, format!("`{other}` is neither `by-name` nor `nearby`"));
            None
        }
    });
    let mut ignore = Vec::new();
    for word in &file.ignore {
        match Ignore::from_word(&word.value) {
            Some(known) => ignore.push(known),
            None => {
                let known: Vec<_> = Ignore::ALL.iter().map(|(word, _)| *word).collect();
                problem(word.at, format!("`{}` is nothing to leave out; there are: {}", word.value, known.join(", ")));
            }
        }
    }
    let entropy = file.entropy.as_ref().map_or(0.0, |entropy| {
        if !(0.0..=8.0).contains(&entropy.value) {
            problem(entropy.at, "entropy is between 0 and 8 bits a character".to_owned());
        }
        entropy.value
    });
    let lines = file.lines.unwrap_or(1);
    if !(1..=MOST_LINES).contains(&lines) {
        problem(file.pattern.at, format!("a secret has 1 to {MOST_LINES} lines"));
    }
    Definition {
        keywords: file.keywords.iter().map(|keyword| keyword.value.clone()).collect(),
        pattern: file.pattern.value.clone(),
        assigned,
        lines,
        proof: file.proof.as_ref().map(|proof| proof.value.clone()),
        entropy,
        ignore,
        files: file.files.clone(),
        generic: file.generic,
    }
}

#[cfg(test)]
mod tests {
    use crate::Vocabulary;
    use crate::compile::compile;

    fn problems(secret: &str) -> Vec<String> {
        let text = format!(
            "id: a-rule\ntitle: T\nseverity: low\nconfidence: low\ntopics: [t]\nwhy: W\nfix: F\nsecret: {secret}\nexamples: []\n"
        );
        let errors = compile("a-rule.yaml", &text, &Vocabulary::default()).err().unwrap_or_default();
        errors.iter().map(|error| format!("{}:{}: {}", error.line, error.column, error.message)).collect()
    }

    #[test]
    fn what_is_wrong_with_a_detector_is_said_with_its_place() {
        assert!(problems("{ keywords: [abc_], pattern: 'abc_[a-z]{20}', entropy: 3 }").is_empty());
        for (secret, expected) in [
            ("{ keywords: [], pattern: 'abc_[a-z]{20}' }", "8:34: a secret rule has at least one keyword"),
            ("{ keywords: [ab], pattern: 'abc_[a-z]{20}' }", "8:22: a keyword has at least 3 characters"),
            ("{ keywords: [abc_], pattern: '.*abc_' }", "8:38: the pattern begins with a class of any length"),
            ("{ keywords: [abc_], pattern: 'abc_(' }", "8:38: regex parse error"),
            ("{ keywords: [abc_], pattern: 'abc_', proof: nothing }", "8:53: there is no proof `nothing`"),
            (
                "{ keywords: [abc_], pattern: 'abc_', ignore: [tests] }",
                "8:55: `tests` is nothing to leave out; there are: words",
            ),
            ("{ keywords: [abc_], pattern: 'abc_', assigned: here }", "8:56: `here` is neither `by-name` nor `nearby`"),
            ("{ keywords: [abc_], pattern: 'abc_', entropy: 9 }", "8:55: entropy is between 0 and 8"),
            ("{ keywords: [abc_], pattern: 'abc_', lines: 0 }", "8:38: a secret has 1 to 400 lines"),
        ] {
            let problems = problems(secret);
            assert!(problems.iter().any(|problem| problem.contains(expected)), "{secret}: {problems:?}");
        }
    }
}
