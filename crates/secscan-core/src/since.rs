//! Which findings a change brings, told from the findings of the base revision.

use std::collections::BTreeMap;

use secscan_model::{Finding, FindingKind};

use crate::baseline::identity;

/// Sets [`Finding::new`] of every failure in `head`: one in `base` answers for one in `head` of the same identity, in
/// the same file first and then in any other, because files are renamed. How `base` judged them (open, suppressed)
/// does not matter: they were there.
pub(crate) fn mark_new(head: &mut [Finding], base: &[Finding]) {
    let failures = || base.iter().filter(|finding| finding.kind == FindingKind::Fail);
    let mut in_file: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut anywhere: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in failures() {
        let hash = identity(&finding.fingerprint);
        *in_file.entry((hash, &finding.place.path)).or_default() += 1;
        *anywhere.entry(hash).or_default() += 1;
    }
    for finding in head.iter_mut().filter(|finding| finding.kind == FindingKind::Fail) {
        let hash = identity(&finding.fingerprint);
        let known = take(in_file.get_mut(&(hash, &*finding.place.path)));
        if known {
            take(anywhere.get_mut(hash));
        }
        finding.new = !known;
    }
    for finding in head.iter_mut().filter(|finding| finding.kind == FindingKind::Fail && finding.new) {
        finding.new = !take(anywhere.get_mut(identity(&finding.fingerprint)));
    }
}

/// Takes one from a count, if there is one left.
fn take(count: Option<&mut usize>) -> bool {
    let Some(count) = count.filter(|count| **count > 0) else { return false };
    *count -= 1;
    true
}

#[cfg(test)]
pub(crate) mod tests {
    use secscan_model::{Confidence, Place, Platform, Position, RuleId, Severity, Status};

    use super::*;

    /// An open failure.
    pub(crate) fn finding(fingerprint: &str, path: &str) -> Finding {
        Finding {
            rule: RuleId("rule".into()),
            kind: FindingKind::Fail,
            severity: Severity::High,
            confidence: Confidence::High,
            message: "".into(),
            place: Place {
                path: path.into(),
                start: Position::START,
                end: Position::START,
                text: "".into(),
                snippet: Vec::new(),
                line_hash: "".into(),
            },
            origin: secscan_model::Origin::WorkTree,
            related: Vec::new(),
            platform: Platform::Terraform,
            resource_kind: "".into(),
            resource: "".into(),
            observed: "".into(),
            expected: "".into(),
            fingerprint: fingerprint.into(),
            controls: Vec::new(),
            fix: None,
            advisory: None,
            status: Status::Open,
            new: true,
        }
    }

    #[test]
    fn what_the_base_has_is_not_new() {
        type Side<'t> = &'t [(&'t str, &'t str)];
        let table: [(&str, Side<'_>, Side<'_>, &[bool]); 7] = [
            ("the same", &[("a:1", "x")], &[("a:1", "x")], &[false]),
            ("another", &[("a:1", "x")], &[("b:1", "x")], &[true]),
            ("one more", &[("a:1", "x")], &[("a:1", "x"), ("a:2", "x")], &[false, true]),
            ("renamed", &[("a:1", "x")], &[("a:1", "y")], &[false]),
            ("copied", &[("a:1", "x")], &[("a:1", "a"), ("a:2", "x")], &[true, false]),
            ("the first of two went", &[("a:1", "x"), ("a:2", "x")], &[("a:1", "x")], &[false]),
            ("renamed and one more", &[("a:1", "x")], &[("a:1", "y"), ("a:2", "y")], &[false, true]),
        ];
        for (name, base, head, new) in table {
            let all = |side: Side<'_>| side.iter().map(|(hash, path)| finding(hash, path)).collect::<Vec<_>>();
            let mut head = all(head);
            mark_new(&mut head, &all(base));
            assert_eq!(head.iter().map(|finding| finding.new).collect::<Vec<_>>(), new, "{name}");
        }
    }

    #[test]
    fn passes_of_the_base_answer_for_nothing() {
        let mut base = vec![finding("a:1", "x")];
        base[0].kind = FindingKind::Unknown;
        let mut head = vec![finding("a:1", "x")];
        mark_new(&mut head, &base);
        assert!(head[0].new);
    }
}
