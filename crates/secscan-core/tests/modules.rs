//! Findings in Terraform modules: one for a root cause, with the calls that lead there.

use secscan_core::{Scanner, Silent};
use secscan_model::tree::MemoryTree;
use secscan_model::{Finding, FindingKind};

/// The failures of one rule about a tree of files.
fn findings(rule: &str, files: &[(&str, &str)]) -> Vec<Finding> {
    let scanner = Scanner::builder().only(rule).build().expect("the rule exists");
    let report = scanner.scan(&MemoryTree::new(files.iter().copied()), &Silent);
    report.findings.into_iter().filter(|finding| finding.kind == FindingKind::Fail).collect()
}

/// `file:line message` of the related places.
fn related(finding: &Finding) -> Vec<String> {
    let show = |related: &secscan_model::report::Related| {
        format!("{}:{} {}", related.place.path, related.place.start.line(), related.message)
    };
    finding.related.iter().map(show).collect()
}

const RULE: &str = "aws-ebs-volume-encrypted";

#[test]
fn one_cause_in_a_module_is_one_finding_however_often_it_is_called() {
    let files = [
        ("live/main.tf", "module \"a\" {\n  source = \"../disk\"\n}\nmodule \"b\" {\n  source = \"../disk\"\n}\n"),
        ("disk/main.tf", "resource \"aws_ebs_volume\" \"d\" {\n  size      = 1\n  encrypted = false\n}\n"),
        ("other/main.tf", "module \"a\" {\n  source = \"../disk\"\n}\n"),
    ];
    let found = findings(RULE, &files);
    assert_eq!(found.len(), 1, "{found:#?}");
    let place = format!("{}:{}", found[0].place.path, found[0].place.start.line());
    assert_eq!((&*place, &*found[0].resource), ("disk/main.tf:3", "module.a.aws_ebs_volume.d"));
    let expected = [
        "live/main.tf:1 module called here",
        "other/main.tf:1 also in module.a.aws_ebs_volume.d",
        "live/main.tf:4 also in module.b.aws_ebs_volume.d",
    ];
    let mut shown = related(&found[0]);
    shown.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(shown, expected);
}

#[test]
fn what_a_call_sets_is_found_at_the_call() {
    let files = [
        (
            "live/main.tf",
            "module \"a\" {\n  source    = \"../disk\"\n  encrypted = false\n}\nmodule \"b\" {\n  source    = \"../disk\"\n  encrypted = true\n}\n",
        ),
        (
            "disk/main.tf",
            "variable \"encrypted\" {}\nresource \"aws_ebs_volume\" \"d\" {\n  encrypted = var.encrypted\n}\n",
        ),
    ];
    let found = findings(RULE, &files);
    assert_eq!(found.len(), 1, "{found:#?}");
    let place = format!("{}:{}", found[0].place.path, found[0].place.start.line());
    assert_eq!((&*place, &*found[0].resource), ("live/main.tf:3", "module.a.aws_ebs_volume.d"));
    assert_eq!(
        related(&found[0]),
        [
            "disk/main.tf:3 used here",
            "disk/main.tf:2 in module.a.aws_ebs_volume.d",
            "live/main.tf:1 module called here"
        ]
    );
}
