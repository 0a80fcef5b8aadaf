//! NuGet: "Package versioning" of its documentation: Semantic Versioning with a fourth number and without case.

use std::cmp::Ordering;

use super::compare_digits;

/// Numbers, where a missing one is a zero; then the pre-release; what follows a `+` does not count.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (parse(left)?, parse(right)?);
    let numbers = (0..4).map(|index| {
        let number = |version: &NugetVersion| version.numbers.get(index).cloned().unwrap_or_default();
        compare_digits(&number(&left), &number(&right))
    });
    let order = numbers.fold(Ordering::Equal, Ordering::then);
    Some(order.then_with(|| compare_labels(&left.labels, &right.labels)))
}

struct NugetVersion {
    numbers: Vec<String>,
    /// The identifiers of the pre-release in lower case; empty for a release.
    labels: Vec<String>,
}

fn parse(text: &str) -> Option<NugetVersion> {
    let text = text.trim().split('+').next().unwrap_or_default().to_ascii_lowercase();
    let (numbers, labels) = match text.split_once('-') {
        Some((numbers, labels)) => (numbers, labels.split('.').map(str::to_owned).collect()),
        None => (text.as_str(), Vec::new()),
    };
    let numbers: Vec<String> = numbers.split('.').map(str::to_owned).collect();
    let is_number = |part: &String| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = numbers.len() <= 4 && numbers.iter().all(is_number) && labels.iter().all(|it| !it.is_empty());
    is_version.then_some(NugetVersion { numbers, labels })
}

/// As section 11 of Semantic Versioning has it: a release comes last, numbers before words.
fn compare_labels(left: &[String], right: &[String]) -> Ordering {
    if left.is_empty() || right.is_empty() {
        return left.is_empty().cmp(&right.is_empty());
    }
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    for (left, right) in left.iter().zip(right) {
        let order = match (is_number(left), is_number(right)) {
            (true, true) => compare_digits(left, right),
            (false, false) => left.cmp(right),
            (left_is_number, right_is_number) => right_is_number.cmp(&left_is_number),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::assert_ascending;

    /// "Package versioning": "Pre-release versions" (the list from newest to oldest) and "Normalized version numbers".
    #[test]
    fn examples_of_the_documentation() {
        assert_ascending(
            compare,
            &[
                &["1.0.1-aaa"],
                &["1.0.1-alpha"],
                &["1.0.1-alpha.2"],
                &["1.0.1-alpha.10"],
                &["1.0.1-beta", "1.0.1-BETA"],
                &["1.0.1-open"],
                &["1.0.1-rc"],
                &["1.0.1-rc.2"],
                &["1.0.1-rc.10"],
                &["1.0.1-zzz"],
                &["1.0.1", "1.0.1.0", "1.00.01"],
            ],
        );
        assert_ascending(
            compare,
            &[&["1.0", "1.00", "1.0.0.0"], &["1.0.0.1", "1.00.0.1"], &["1.0.7+r3456", "1.0.7"], &["1.1.1", "1.01.1"]],
        );
        assert_ascending(compare, &[&["1.0-7"], &["1.0-a"], &["1.0-a.7"], &["1.0-a.b"]]);
        assert_eq!(compare("1.0.*", "1.0"), None);
        assert_eq!(compare("1.2.3.4.5", "1.0"), None);
    }
}
