//! What CI systems show beside a change: annotations, summaries, Code Quality.

use std::collections::BTreeSet;

use secscan_model::{DiagnosticKind, Finding, Origin, Report, Severity, Status};
use secscan_report::Options;
use serde_json::Value;

use crate::sample::{self, finding, place, written};

fn lines(format: &str, report: &Report) -> Vec<String> {
    written(format, report, &Options::default()).lines().map(str::to_owned).collect()
}

/// A report of so many findings of one severity, each with its number in the message.
fn many(number: usize, severity: Severity) -> Report {
    let one = |number: usize| Finding {
        fingerprint: format!("{number:x}:1").into(),
        ..finding("aws-s3-public-acl", severity, &format!("Number {number}."), place("Dockerfile", "curl"), "0")
    };
    Report { findings: (1..=number).map(one).collect(), ..sample::report() }
}

/// A command as the runner reads it: its name, its properties and its text, unescaped.
fn command(line: &str) -> (String, Vec<(String, String)>, String) {
    let (head, text) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")).expect("a command");
    let (name, properties) = head.split_once(' ').expect("properties");
    let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let value = |value: &str| {
        let value = value.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        value.replace("%25", "%")
    };
    let properties = properties.split(',').map(|property| property.split_once('=').expect("a value"));
    (name.to_owned(), properties.map(|(name, text)| (name.to_owned(), value(text))).collect(), text)
}

#[test]
fn findings_that_a_change_brings_are_annotated_worst_first() {
    assert_eq!(
        lines("github", &sample::report()),
        [
            "::error file=infra/main.tf,line=5,endLine=5,col=12,endColumn=19,title=aws-s3-public-acl (critical)::Anyone \
             can list the bucket: its ACL is `public-read`. Block Public Access is not set either.%0AFix: Say who may use \
             it, and leave everybody else out.",
            "::warning file=Dockerfile,line=2,endLine=2,col=5,endColumn=36,title=docker-pipe-to-shell (medium)::A script \
             is fetched over HTTP and run as root%0AFix: Say who may use it, and leave everybody else out.",
        ]
    );
}

#[test]
fn github_is_given_no_more_annotations_than_it_shows() {
    for (severity, level, most) in
        [(Severity::High, "error", 10), (Severity::Medium, "warning", 10), (Severity::Low, "notice", 9)]
    {
        let annotations = lines("github", &many(most, severity));
        assert_eq!(annotations.len(), most, "nothing is left out, and nothing said of it");
        let annotations = lines("github", &many(25, severity));
        assert_eq!(annotations.len(), most + 1);
        assert!(
            annotations[..most].iter().all(|line| line.starts_with(&format!("::{level} file="))),
            "{annotations:?}"
        );
        let said = format!("{} more findings: GitHub shows 10 annotations of each level", 25 - most);
        assert!(annotations[most].contains(&said), "{}", annotations[most]);
    }
}

#[test]
fn settings_that_a_change_brings_are_warnings() {
    let mut report = many(25, Severity::Medium);
    for notice in report.notices.iter_mut().take(5) {
        notice.kind = DiagnosticKind::Configuration;
        notice.path = Some(".secscanignore".into());
    }
    let annotations = lines("github", &report);
    let settings = "::warning file=.secscanignore,title=configuration::";
    assert!(
        annotations[..3].iter().all(|line| line.starts_with(settings) || line.contains(",line=")),
        "{annotations:?}"
    );
    assert!(annotations[3..10].iter().all(|line| line.starts_with("::warning file=Dockerfile")), "{annotations:?}");
    assert!(annotations[10].contains("18 more findings"), "{}", annotations[10]);
}

#[test]
fn several_lines_have_no_columns_and_what_is_in_no_file_of_the_checkout_has_no_file() {
    let mut report = many(1, Severity::High);
    report.findings[0].place = place("infra/main.tf", "cidr_blocks = [\n      \"0.0.0.0/0\",\n    ]");
    let line = &lines("github", &report)[0];
    assert!(line.starts_with("::error file=infra/main.tf,line=10,endLine=12,title="), "{line}");
    report.findings[0].origin = Origin::ImageConfig;
    let line = &lines("github", &report)[0];
    assert!(line.starts_with("::error title="), "{line}");
}

#[test]
fn nothing_hostile_becomes_a_command_of_its_own() {
    let mut report = sample::hostile();
    let bad = "a%0A\r\n::error::b,c=d::stop-commands::x##[add-mask]y\u{1b}[2J";
    report.findings.truncate(1);
    report.findings[0].status = Status::Open;
    report.findings[0].message = bad.into();
    report.findings[0].place.path = bad.into();
    let lines = lines("github", &report);
    let [line] = lines.as_slice() else { panic!("one line: {lines:?}") };
    assert!(!line.contains(['\r', '\u{1b}']), "{line:?}");
    let (name, properties, text) = command(line);
    assert_eq!(name, "error");
    assert_eq!(
        properties[0],
        ("file".to_owned(), "a%0A\r\n::error::b,c=d::stop-commands::x##[add-mask]y\\u{1b}[2J".to_owned())
    );
    let names: Vec<_> = properties.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["file", "line", "endLine", "col", "endColumn", "title"]);
    assert!(text.starts_with("a%0A ::error::b,c=d::stop-commands::x##[add-mask]y\\u{1b}[2J\nFix: "), "{text:?}");
}

#[test]
fn outputs_are_numbers_and_nothing_else() {
    let expected = ["findings=2", "critical=1", "high=0", "medium=1", "low=0", "info=0"];
    assert_eq!(lines("github-output", &sample::report()), expected);
    for line in lines("github-output", &sample::hostile()) {
        let (name, number) = line.split_once('=').expect("a number");
        assert!(name.chars().all(|it| it.is_ascii_lowercase()) && number.parse::<u32>().is_ok(), "{line}");
    }
}

#[test]
fn a_summary_for_a_pull_request() {
    insta::assert_snapshot!(written("markdown", &sample::report(), &Options::default()));
}

#[test]
fn a_summary_of_nothing() {
    let mut report = sample::clean();
    report.inputs.base = None;
    insta::assert_snapshot!(written("markdown", &report, &Options::default()));
}

#[test]
fn a_summary_fits_a_comment_and_says_what_does_not() {
    let mut report = many(2000, Severity::High);
    for pack in &mut report.packs {
        let controls = pack.controls.clone();
        pack.controls = controls.iter().cycle().take(2000).cloned().collect();
    }
    let page = written("markdown", &report, &Options::default());
    assert!(page.chars().count() < 65_536, "{}", page.chars().count());
    let rows = page.lines().filter(|line| line.starts_with("| high |")).count();
    assert!(rows > 300, "{rows}");
    assert!(page.contains(&format!("{} more findings did not fit here", 2000 - rows)), "{rows}");
    assert!(page.contains("### HIPAA") && page.contains("10 notices"), "what comes behind the findings is there");
}

#[test]
fn hostile_text_stays_text_in_a_summary() {
    let mut report = sample::hostile();
    let bad = "| a `b` <img src=x> [c](https://evil.test) ![d](e) \\| www.evil.test @team #1\n# heading";
    report.findings.truncate(1);
    report.findings[0].status = Status::Open;
    report.findings[0].message = bad.into();
    report.findings[0].place.path = bad.into();
    report.notices[0].message = bad.into();
    let page = written("markdown", &report, &Options::default());
    let row = page.lines().find(|line| line.starts_with("| high |")).expect("a row");
    let unescaped = |text: &str| {
        let mut characters = text.chars();
        let mut bare = BTreeSet::new();
        while let Some(character) = characters.next() {
            match character {
                '\\' => drop(characters.next()),
                other if "`*_[]<>{}&|#@!~$".contains(other) => drop(bare.insert(other)),
                _ => {}
            }
        }
        bare
    };
    assert_eq!(unescaped(row), BTreeSet::from(['|', '*']), "{row}");
    assert_eq!(row.matches("| ").count() - row.matches("\\| ").count(), 3, "three cells: {row}");
    assert!(!page.replace("\\:", "").contains("://") && !page.contains("www."), "no address becomes a link: {page}");
    assert!(row.contains("\\@\u{200b}team \\#\u{200b}1"), "nobody is told: {row}");
    let notice = page.lines().find(|line| line.starts_with("- skipped")).expect("a notice");
    assert_eq!(unescaped(notice), BTreeSet::new(), "{notice}");
}

#[test]
fn code_quality_has_what_gitlab_asks_for() {
    let text = written("gitlab", &sample::report(), &Options::default());
    let entries: Vec<Value> = serde_json::from_str(&text).expect("a JSON array");
    let of_acl = serde_json::json!({
        "description": "Anyone can list the bucket: its ACL is `public-read`. Block Public Access is not set either.",
        "check_name": "aws-s3-public-acl",
        "fingerprint": &*sample::report().findings[4].fingerprint,
        "severity": "blocker",
        "location": { "path": "infra/main.tf", "lines": { "begin": 5 } },
    });
    assert_eq!(entries.len(), 3, "what counts, also where the base has it: {text}");
    assert!(entries.contains(&of_acl), "{text}");
    let fingerprints: BTreeSet<_> = entries.iter().map(|entry| entry["fingerprint"].as_str()).collect();
    assert_eq!(fingerprints.len(), entries.len());
}
