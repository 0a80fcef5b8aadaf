//! Packagist: Composer's "Versions and constraints", ordered as PHP's `version_compare`.
//!
//! Four numbers, where a missing one is a zero; then a stability with a number: dev, alpha, beta, RC, the release, patch.
//! Branches (`dev-main`, `2.x-dev`) have no order.

use std::cmp::Ordering;

use super::{compare_digits, take_while};

/// Numbers, then stabilities.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (parse(left)?, parse(right)?);
    let count = left.numbers.len().max(right.numbers.len());
    let numbers = (0..count).map(|index| {
        let number = |version: &ComposerVersion| version.numbers.get(index).cloned().unwrap_or_default();
        compare_digits(&number(&left), &number(&right))
    });
    let order = numbers.fold(Ordering::Equal, Ordering::then);
    let order = order.then(left.stability.cmp(&right.stability));
    Some(order.then_with(|| compare_digits(&left.step, &right.step)))
}

struct ComposerVersion {
    numbers: Vec<String>,
    /// The place among [`STABILITIES`].
    stability: usize,
    /// The number behind the stability; empty where there is none.
    step: String,
}

/// From the least stable on; each with the words for it.
const STABILITIES: [&[&str]; 6] =
    [&["dev"], &["alpha", "a"], &["beta", "b"], &["rc"], &["", "stable"], &["patch", "pl", "p"]];

fn parse(text: &str) -> Option<ComposerVersion> {
    let text = text.trim().split(['+', '@']).next().unwrap_or_default().to_ascii_lowercase();
    let (numbers, rest) = take_while(text.strip_prefix('v').unwrap_or(&text), |c| c.is_ascii_digit() || c == '.');
    let dotted = numbers.strip_suffix('.').filter(|_| !rest.is_empty()).unwrap_or(numbers);
    let numbers: Vec<String> = dotted.split('.').map(str::to_owned).collect();
    if numbers.len() > 4 || numbers.iter().any(String::is_empty) {
        return None;
    }
    let (word, step) = take_while(rest.trim_start_matches(['-', '_', '.']), |c| c.is_ascii_lowercase());
    let stability = STABILITIES.iter().position(|words| words.contains(&word))?;
    let step = step.trim_start_matches(['-', '.']);
    let is_number = step.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| ComposerVersion { numbers, stability, step: step.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// The manual of PHP's `version_compare` (the order of its special forms) and Composer's "Versions and constraints".
    #[test]
    fn examples_of_the_documentation() {
        assert_ascending(
            compare,
            &[
                &["1.0.0-dev"],
                &["1.0.0-alpha", "1.0.0-a"],
                &["1.0.0-alpha2", "1.0.0.alpha.2"],
                &["1.0.0-beta1", "1.0.0b1"],
                &["1.0.0-RC1"],
                &["1.0.0-rc10"],
                &["1.0.0", "v1.0.0", "1.0", "1.0.0.0", "1.0.0+build"],
                &["1.0.0-p1", "1.0.0-pl1", "1.0.0-patch1"],
                &["1.0.2"],
                &["5.2"],
                &["5.10"],
            ],
        );
        for branch in ["dev-main", "2.x-dev", "1.0.x-dev", "dev-feature/x"] {
            assert_eq!(compare(branch, "1.0.0"), None, "{branch}");
        }
    }
}
