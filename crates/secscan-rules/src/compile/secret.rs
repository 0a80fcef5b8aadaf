//! Secret rules: the detector of one kind of credential.

use secscan_secrets::Detector;

use super::Problem;
use crate::syntax::SecretFile;

/// The shortest keyword: a shorter one occurs everywhere, and the expression would be tried on every file.
const SHORTEST_KEYWORD: usize = 3;

/// Compiles a detector; none when something is wrong with it.
pub(super) fn compile(file: &SecretFile, problems: &mut Vec<Problem>) -> Option<Detector> {
    let before = problems.len();
    if file.keywords.is_empty() {
        problems.push(Problem::new(file.pattern.at, "a secret rule has at least one keyword"));
    }
    for keyword in file.keywords.iter().filter(|keyword| keyword.value.len() < SHORTEST_KEYWORD) {
        let message = format!("a keyword has at least {SHORTEST_KEYWORD} characters");
        problems.push(Problem::new(keyword.at, message));
    }
    let keywords = file.keywords.iter().map(|keyword| keyword.value.clone()).collect();
    let detector = Detector::new(keywords, file.pattern.value.clone());
    let detector = detector.map_err(|error| problems.push(Problem::new(file.pattern.at, error.to_string()))).ok();
    detector.filter(|_| problems.len() == before)
}
