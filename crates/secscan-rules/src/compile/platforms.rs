//! Which platforms a check can meet: those of its selector, narrowed by what its `when` asks of the platform.

use std::collections::BTreeSet;

use secscan_model::{Platform, vocabulary};

use crate::check::{Check, Literal, Matcher, Operand, Step, Test};

/// The platforms of a check.
pub(super) fn platforms_of(check: &Check) -> BTreeSet<Platform> {
    if check.selector.platform != Platform::Common {
        return [check.selector.platform].into();
    }
    let kinds = check.selector.types.iter().filter_map(|kind| vocabulary::common_kind(kind));
    let all = kinds.flat_map(|kind| kind.from.iter().copied());
    let asked = check.when.as_ref().and_then(|when| asked(when, check.each.is_empty()));
    match asked {
        Some(asked) => all.filter(|platform| asked.contains(platform)).collect(),
        None => all.collect(),
    }
}

/// The platforms that a condition leaves, when it says. `at_resource`: it is asked of the resource itself.
fn asked(test: &Test, at_resource: bool) -> Option<BTreeSet<Platform>> {
    match test {
        Test::All(tests) => {
            tests.iter().filter_map(|test| asked(test, at_resource)).reduce(|left, right| &left & &right)
        }
        Test::Any(tests) => {
            let each: Option<Vec<_>> = tests.iter().map(|test| asked(test, at_resource)).collect();
            each.map(|each| each.into_iter().flatten().collect())
        }
        Test::At { step: Step::Root, then: Some(then), .. } => asked(then, true),
        Test::At { step: Step::Key(key), then: Some(then), .. } if at_resource && key == "platform" => named(then),
        Test::At { .. } | Test::Not(_) | Test::Is(_) | Test::Linked(_) | Test::Param(..) => None,
    }
}

/// The platforms that a comparison names.
fn named(test: &Test) -> Option<BTreeSet<Platform>> {
    match test {
        Test::Is(Matcher::Equals(Operand::Values(values)) | Matcher::In(Operand::Values(values))) => {
            let platform = |literal: &Literal| match literal {
                Literal::Text(word) => Platform::from_word(word),
                Literal::Bool(_) | Literal::Number(_) => None,
            };
            Some(values.iter().filter_map(platform).collect())
        }
        Test::All(tests) => tests.iter().filter_map(named).reduce(|left, right| &left & &right),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::Vocabulary;
    use crate::compile::compile;

    fn platforms(check: &str) -> Vec<&'static str> {
        let text = format!(
            "id: a-rule\ntitle: T\nseverity: low\nconfidence: low\ntopics: [t]\nwhy: W\nfix: F\nchecks:\n  - {check}\nexamples: []\n"
        );
        let (_, rule) =
            compile("a-rule.yaml", &text, &Vocabulary::default()).unwrap_or_else(|errors| panic!("{errors:?}"));
        rule.info.platforms.iter().map(|platform| platform.as_str()).collect()
    }

    /// The platforms that have containers.
    const WITH_CONTAINERS: &[&str] = &["kubernetes", "compose", "quadlet", "devcontainer"];

    #[test]
    fn a_condition_on_the_platform_narrows_common_kinds() {
        for (check, expected) in [
            ("{ kubernetes: Pod, deny: { a: 1 } }", &["kubernetes"][..]),
            ("{ common: container, deny: { privileged: true } }", WITH_CONTAINERS),
            ("{ common: container, when: { platform: compose }, deny: { privileged: true } }", &["compose"]),
            (
                "{ common: container, when: { platform: { in: [compose] }, name: a }, deny: { privileged: true } }",
                &["compose"],
            ),
            (
                "{ common: container, when: { any: [{ platform: compose }, { name: a }] }, deny: { privileged: true } }",
                WITH_CONTAINERS,
            ),
            (
                "{ common: container, each: mounts, when: { $root.platform: kubernetes }, deny: { a: 1 } }",
                &["kubernetes"],
            ),
            ("{ common: container, each: mounts, when: { platform: compose }, deny: { a: 1 } }", WITH_CONTAINERS),
        ] {
            assert_eq!(platforms(check), expected, "{check}");
        }
    }
}
