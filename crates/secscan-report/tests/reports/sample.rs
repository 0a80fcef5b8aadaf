//! A report made by hand, with something of everything that outputs have to say, and true places in real texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::report::{
    Advisory, AdvisoryData, ControlResult, Coverage, Fix, Gate, Notice, PackResult, PackageEntry, Related, RunInputs,
};
use secscan_model::{
    Automation, Confidence, ControlRef, ControlStatus, DiagnosticKind, Finding, FindingKind, Header, LineHashes,
    LineIndex, Place, Platform, Report, RuleId, RuleInfo, Severity, Status, Tally,
};
use secscan_report::{Options, Shown};

/// The options that hide nothing.
pub(crate) const EVERYTHING: Shown = Shown { pass: true, unknown: true, suppressed: true, waived: true };

/// What a format writes.
pub(crate) fn written(format: &str, report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    let format = secscan_report::format(format).expect(format);
    (format.write)(report, options, &mut out).expect("memory takes everything");
    String::from_utf8(out).expect("every format is UTF-8")
}

/// The files that the report speaks of.
pub(crate) static FILES: &[(&str, &str)] = &[
    (
        "infra/main.tf",
        "# The buckets of the shop.\n\nresource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"shop-logs\"\n  acl    = \
         var.acl\n}\n\nresource \"aws_security_group\" \"web\" {\n  ingress {\n    cidr_blocks = [\n      \
         \"0.0.0.0/0\",\n    ]\n  }\n}\n",
    ),
    ("infra/variables.tf", "variable \"acl\" {\n  default = \"public-read\"\n}\n"),
    (
        "k8s/dépôt & [staging]/app.yaml",
        "kind: Pod\nspec:\n  containers:\n  - name: \"größe 🔒\" # 日本語\n    image: { name: ümlaut, tag: latest }\n",
    ),
    ("Dockerfile", "FROM debian:12\nRUN curl http://example.test/x | sh\n"),
    ("empty.yaml", ""),
];

/// The text of one of [`FILES`].
pub(crate) fn text_of(path: &str) -> &'static str {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, text)| *text).expect(path)
}

/// The place of the first occurrence of `region` in a file.
pub(crate) fn place(path: &str, region: &str) -> Place {
    let text = text_of(path);
    let start = text.find(region).unwrap_or_else(|| panic!("{path} lacks {region:?}"));
    place_in(path, text, start..start + region.len())
}

/// The place of a range of any text.
pub(crate) fn place_in(path: &str, text: &str, range: std::ops::Range<usize>) -> Place {
    let bytes = text.as_bytes();
    let index = LineIndex::new(bytes);
    let start = index.position(bytes, range.start as u32);
    let end = index.position(bytes, range.end as u32);
    let snippet = (start.line()..=end.line()).take(Place::SNIPPET_LINES);
    Place {
        path: path.into(),
        start,
        end,
        text: text[range.start..range.end.min(range.start + Place::TEXT_LIMIT)].into(),
        snippet: snippet.map(|line| text[index.span(bytes, line).range()].into()).collect(),
        line_hash: LineHashes::new(bytes).get(start.line()).unwrap_or_default().into(),
    }
}

fn control(pack: &str, control: &str) -> ControlRef {
    ControlRef { pack: pack.into(), control: control.into() }
}

/// A finding of a rule that fails; the tests change what they need.
pub(crate) fn finding(rule: &str, severity: Severity, message: &str, place: Place, resource: &str) -> Finding {
    let (resource_kind, platform) = match resource.split_once('.') {
        Some((kind, _)) if kind.starts_with("aws_") => (kind, Platform::Terraform),
        _ if resource.contains("/Pod/") => ("Pod", Platform::Kubernetes),
        _ => ("stage", Platform::Dockerfile),
    };
    Finding {
        rule: RuleId(rule.into()),
        kind: FindingKind::Fail,
        severity,
        confidence: Confidence::High,
        message: message.into(),
        fingerprint: format!("{:032x}:1", rule.len() * 7919 + resource.len()).into(),
        place,
        origin: secscan_model::Origin::WorkTree,
        related: Vec::new(),
        platform,
        resource_kind: resource_kind.into(),
        resource: resource.into(),
        observed: "".into(),
        expected: "".into(),
        controls: Vec::new(),
        fix: None,
        advisory: None,
        status: Status::Open,
        new: true,
    }
}

fn findings() -> Vec<Finding> {
    let stage = finding(
        "docker-pipe-to-shell",
        Severity::Medium,
        "A script is fetched over HTTP and run as root",
        place("Dockerfile", "curl http://example.test/x | sh"),
        "0",
    );
    let empty = Finding {
        kind: FindingKind::Unknown,
        ..finding(
            "k8s-image-latest",
            Severity::Low,
            "Whether the image is pinned hangs on a value that is not in the files.",
            place("empty.yaml", ""),
            "default/Pod/empty",
        )
    };
    let acl = Finding {
        observed: "public-read".into(),
        expected: "private".into(),
        related: vec![Related {
            place: place("infra/variables.tf", "\"public-read\""),
            message: "the default of var.acl".into(),
        }],
        controls: vec![
            control("hipaa", "164.312(a)(1)"),
            control("hipaa", "164.312(c)(1)"),
            control("pci-dss", "1.3.1"),
            control("pci-dss", "7.2.1"),
            control("pci-dss", "7.2.5"),
        ],
        ..finding(
            "aws-s3-public-acl",
            Severity::Critical,
            "Anyone can list the bucket: its ACL is `public-read`. Block Public Access is not set either.",
            place("infra/main.tf", "var.acl"),
            "aws_s3_bucket.logs",
        )
    };
    let open = Finding {
        observed: "0.0.0.0/0".into(),
        expected: "no open range".into(),
        controls: vec![control("hipaa", "164.312(a)(1)")],
        status: Status::Waived {
            reason: "The load balancer moves in March".into(),
            owner: "platform@example.test".into(),
            until: "2027-03-31".into(),
        },
        ..finding(
            "aws-security-group-open",
            Severity::High,
            "Every address may connect on every port.",
            place("infra/main.tf", "cidr_blocks = [\n      \"0.0.0.0/0\",\n    ]"),
            "aws_security_group.web",
        )
    };
    let pod = "default/Pod/größe 🔒";
    let tag = Finding {
        controls: vec![control("pci-dss", "6.3.2")],
        fix: Some(Box::new(Fix {
            description: "Pin the image by a version".into(),
            place: place("k8s/dépôt & [staging]/app.yaml", "latest"),
            replacement: "1.27.3".into(),
        })),
        new: false,
        ..finding(
            "k8s-image-latest",
            Severity::Low,
            "The tag `latest` names another image tomorrow.",
            place("k8s/dépôt & [staging]/app.yaml", "latest"),
            pod,
        )
    };
    let name = Finding {
        status: Status::Suppressed {
            reason: "names are not ours".into(),
            source: "k8s/dépôt & [staging]/app.yaml:4".into(),
        },
        ..finding(
            "k8s-name-ascii",
            Severity::Info,
            "The name is not plain ASCII.",
            place("k8s/dépôt & [staging]/app.yaml", "\"größe 🔒\""),
            pod,
        )
    };
    let pass = Finding {
        kind: FindingKind::Pass,
        ..finding(
            "aws-s3-public-acl",
            Severity::Critical,
            "The bucket has no public ACL.",
            place("infra/main.tf", "bucket = \"shop-logs\""),
            "aws_s3_bucket.logs",
        )
    };
    let known = Finding { status: Status::Baselined, new: false, fingerprint: "00ff:2".into(), ..stage.clone() };
    vec![stage, known, empty, pass, acl, open, name, tag]
}

fn rule(id: &str, title: &str, severity: Severity, topics: &[&str], cwe: &[u32]) -> Arc<Header> {
    let info = RuleInfo {
        id: RuleId(id.into()),
        title: title.to_owned().into(),
        severity,
        confidence: Confidence::High,
        topics: topics.iter().map(|topic| (*topic).to_owned().into()).collect(),
        cwe: cwe.to_vec(),
        why: "What stands there is open to anyone on the internet.".into(),
        fix: "Say who may use it, and leave everybody else out.".into(),
        links: vec!["https://example.test/guide".into()],
        platforms: vec![Platform::Terraform],
    };
    Arc::new(info.into())
}

fn tally(pass: u64, fail: u64, unknown: u64) -> Tally {
    Tally { pass, fail, unknown, not_applicable: 1 }
}

fn result(id: &str, title: &str, automation: Automation, status: ControlStatus, examined: u64) -> ControlResult {
    ControlResult {
        control: control("hipaa", id),
        key: format!("hipaa-{}", id.replace('(', ".").replace(')', "")).into(),
        title: title.into(),
        section: "164.312 Technical safeguards".into(),
        specification: "standard".into(),
        automation,
        status,
        reason: None,
        residual: None,
        findings: Vec::new(),
        evidence: Vec::new(),
        examined,
    }
}

fn hipaa(findings: &[Finding]) -> PackResult {
    use ControlStatus as S;
    let mut access = result("164.312(a)(1)", "Access control", Automation::Partial, S::Fail, 31);
    access.findings = vec![findings[4].fingerprint.clone(), findings[5].fingerprint.clone()];
    access.evidence = vec![
        (RuleId("aws-s3-public-acl".into()), tally(19, 1, 0)),
        (RuleId("aws-security-group-open".into()), tally(10, 1, 0)),
    ];
    let mut audit = result("164.312(b)", "Audit controls", Automation::Partial, S::Unknown, 4);
    audit.reason = Some("2 of 4 answers hang on values that are not in the files".into());
    let mut integrity = result("164.312(c)(1)", "Integrity", Automation::Partial, S::Evidence, 12);
    integrity.residual = Some("Procedures that protect records from improper change are not visible in files.".into());
    let unique = result("164.312(a)(2)(i)", "Unique user identification", Automation::Automated, S::Pass, 3);
    let mut encryption = result("164.312(e)(2)(ii)", "Encryption in transit", Automation::Automated, S::Waived, 1);
    encryption.reason = Some("until 2027-03-31, platform@example.test: the load balancer moves".into());
    let backup = result("164.308(a)(7)(ii)(A)", "Data backup plan", Automation::Partial, S::NotAssessed, 0);
    let restore = result("164.308(a)(7)(ii)(B)", "Disaster recovery plan", Automation::Partial, S::NotAssessed, 0);
    let mut disposal = result("164.310(d)(2)(i)", "Disposal", Automation::Partial, S::NotApplicable, 0);
    disposal.reason = Some("we own no hardware".into());
    let training = result("164.308(a)(5)(i)", "Training", Automation::Manual, S::Manual, 0);
    let logon = result("164.308(a)(5)(ii)(C)", "Log-in monitoring", Automation::Partial, S::NoRule, 0);
    PackResult {
        id: "hipaa".into(),
        title: "HIPAA Security Rule".into(),
        version: "45 CFR Part 164 Subpart C (2013 text in force)".into(),
        source: "https://example.test/hipaa".into(),
        digest: "8f14e45fceea167a".into(),
        coverage: Some(4.0 / 9.0),
        holding: Some(0.5),
        controls: vec![backup, restore, training, logon, disposal, access, unique, audit, integrity, encryption],
    }
}

fn notices() -> Vec<Notice> {
    let notice = |kind, path: &str, message: &str| Notice {
        kind,
        path: Some(path.into()),
        place: None,
        message: message.into(),
    };
    let mut syntax = notice(DiagnosticKind::Syntax, "infra/main.tf", "a block is not closed; what follows was read");
    syntax.place = Some(place("infra/main.tf", "ingress {"));
    let mut notices = vec![
        notice(DiagnosticKind::Skipped, "charts/shop", "a chart that nobody rendered; render it with --helm-values"),
        notice(DiagnosticKind::Limit, "dump.json", "larger than 5 MiB; raise the limit to read it"),
        syntax,
    ];
    for number in 1..=6 {
        let path = format!("modules/{number}/main.tf");
        notices.push(notice(DiagnosticKind::Unresolved, &path, "the module is not in the tree"));
    }
    notices.push(Notice {
        kind: DiagnosticKind::Configuration,
        path: None,
        place: None,
        message: "a waiver names a control that no pack has".into(),
    });
    notices
}

/// The report.
pub(crate) fn report() -> Report {
    let findings = findings();
    let rules = vec![
        rule(
            "aws-s3-public-acl",
            "S3 bucket is public through its ACL",
            Severity::Critical,
            &["public-exposure"],
            &[732],
        ),
        rule("aws-security-group-open", "Security group is open", Severity::High, &["network-exposure"], &[284, 668]),
        rule("docker-pipe-to-shell", "Downloaded script is run unseen", Severity::Medium, &["integrity"], &[494]),
        rule("k8s-image-latest", "Image is not pinned", Severity::Low, &["pinning"], &[1357]),
        rule("k8s-name-ascii", "Name is not plain ASCII", Severity::Info, &[], &[]),
    ];
    let tallies = [tally(19, 1, 0), tally(10, 1, 0), tally(0, 2, 0), tally(4, 1, 1), tally(5, 1, 0)];
    Report {
        inputs: RunInputs {
            version: "0.1.0".into(),
            targets: vec![".".into()],
            revision: Some("a94a8fe5ccb19ba61c4c0873d391e987982fbbd3".into()),
            base: Some("main".into()),
            date: "2026-11-21".into(),
            rules_digest: "0123456789abcdef".into(),
            advisories: None,
        },
        coverage: Coverage {
            files: 42,
            recognised: 18,
            searched: 20,
            binary: 1,
            resources: [("terraform", 30), ("kubernetes", 12), ("dockerfile", 2)]
                .map(|(platform, count)| (Arc::from(platform), count))
                .into(),
        },
        tallies: rules.iter().map(|rule| rule.id.clone()).zip(tallies).collect::<BTreeMap<_, _>>(),
        rules,
        packs: vec![hipaa(&findings)],
        findings,
        notices: notices(),
        gate: Gate { failed: true, counted: 1, threshold: "high".into() },
        packages: packages(),
    }
}

/// Two packages, one of which needs the other.
fn packages() -> Vec<PackageEntry> {
    let inner = PackageEntry {
        purl: "pkg:npm/%40team/deep@3.3.3".into(),
        name: "@team/deep".into(),
        version: Some("3.3.3".into()),
        licence: Some("see \"LICENSE\"".into()),
        dev: Some(true),
        direct: Some(false),
        paths: vec!["web/package-lock.json".into()],
        ..PackageEntry::default()
    };
    let outer = PackageEntry {
        purl: "pkg:npm/left@1.2.0".into(),
        name: "left".into(),
        version: Some("1.2.0".into()),
        licence: Some("MIT OR Apache-2.0".into()),
        integrity: vec!["sha1-C+7Hteo/D9vJXQ3UfzxbwnXaijM=".into()],
        direct: Some(true),
        needs: vec![inner.purl.clone()],
        ..PackageEntry::default()
    };
    vec![inner, outer]
}

/// The report of a scan that found nothing.
pub(crate) fn clean() -> Report {
    let report = report();
    Report {
        findings: Vec::new(),
        packs: Vec::new(),
        notices: Vec::new(),
        gate: Gate { failed: false, counted: 0, threshold: "high".into() },
        ..report
    }
}

/// A report in which every text of the scanned tree is hostile.
pub(crate) fn hostile() -> Report {
    let bad = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\r\n[click](https://evil.test) <b>\u{0}";
    let line = format!("key: {bad}{}", "x".repeat(5000)).replace('\n', " ");
    let text = format!("{line}\n");
    let path = "dir\u{1b}[31m/a b#c?d%41.yaml";
    let bad_place = place_in(path, &text, 5..line.len());
    let far_place = place_in(path, &text, line.len() - 3..line.len());
    let mut finding = finding("hostile-rule", Severity::High, bad, bad_place.clone(), bad);
    finding.resource_kind = bad.into();
    finding.observed = format!("{bad}!").into();
    finding.related = vec![Related { place: far_place, message: bad.into() }];
    finding.controls = vec![control(bad, bad), control("hipaa", bad)];
    finding.status = Status::Suppressed { reason: bad.into(), source: bad.into() };
    let waived = Finding {
        status: Status::Waived { reason: bad.into(), owner: bad.into(), until: bad.into() },
        ..finding.clone()
    };
    let mut report = report();
    report.rules = vec![rule("hostile-rule", "Everything is hostile", Severity::High, &[], &[])];
    report.findings = vec![finding, waived];
    report.inputs.targets = vec![bad.into()];
    report.packs[0].controls.truncate(3);
    report.packs[0].controls[0].reason = Some(bad.into());
    report.notices.truncate(1);
    report.notices[0].message = bad.into();
    report.notices[0].path = Some(path.into());
    report
}

/// A report of two packages with three vulnerabilities, one of them shared.
pub(crate) fn vulnerable() -> Report {
    let found = |id: &str, package: &str, score: Option<u8>, line: &str| {
        let advisory = Advisory {
            id: id.into(),
            aliases: vec![format!("CVE-{id}").into()],
            summary: format!("Flaw {id}").into(),
            package: package.into(),
            ecosystem: "npm".into(),
            version: "1.0.0".into(),
            fixed: score.map(|_| "1.0.1".into()),
            severity: if score.is_some() { Severity::Critical } else { Severity::Medium },
            score,
            rating: "CVSS 3.1 score 9.8".into(),
            is_rated: score.is_some(),
        };
        let mut finding =
            finding("vulnerable-dependency", advisory.severity, "A flaw.", place("Dockerfile", line), package);
        finding.advisory = Some(Arc::new(advisory));
        finding
    };
    let mut report = report();
    report.rules =
        vec![rule("vulnerable-dependency", "Package has a flaw", Severity::High, &["vulnerable-dependency"], &[1395])];
    report.tallies = [(RuleId("vulnerable-dependency".into()), tally(3, 2, 0))].into();
    report.packs.clear();
    report.findings = vec![
        found("GHSA-1", "a", Some(91), "FROM"),
        found("GHSA-1", "b", Some(98), "RUN"),
        found("GHSA-2", "b", None, "RUN"),
    ];
    report.inputs.advisories =
        Some(AdvisoryData { count: 7, modified: "2026-11-20".into(), digest: "00112233".into() });
    report
}

/// A report of more than GitHub takes, the worst finding last.
pub(crate) fn enormous(findings: usize) -> Report {
    let mut report = report();
    let mild = finding("k8s-image-latest", Severity::Low, "The tag moves.", place("Dockerfile", "debian:12"), "0");
    let worst = Finding { rule: RuleId("aws-s3-public-acl".into()), severity: Severity::Critical, ..mild.clone() };
    report.findings = vec![mild; findings - 1];
    report.findings.push(worst);
    report.notices.clear();
    report
}
