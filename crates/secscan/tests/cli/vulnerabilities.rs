//! Packages against the advisory store, end to end.

use serde_json::{Value, json};

use crate::db::record;
use crate::workspace::{TODAY, Workspace};

/// An npm project: `direct` is asked for and brings `demo` in.
const MANIFEST: &str = r#"{
  "name": "app",
  "version": "1.0.0",
  "dependencies": {
    "direct": "^2.0.0"
  }
}
"#;
const LOCKFILE: &str = r#"{
  "name": "app",
  "lockfileVersion": 3,
  "packages": {
    "": {"name": "app", "dependencies": {"direct": "^2.0.0"}},
    "node_modules/direct": {"version": "2.1.0", "dependencies": {"demo": "*"}, "integrity": "sha512-AA=="},
    "node_modules/demo": {"version": "1.1.0", "integrity": "sha512-AA=="}
  }
}
"#;

/// The project, with a store of three records: two of one vulnerability of `demo`, one of another package.
fn project() -> Workspace {
    let cve = record("GHSA-demo", "demo", "1.2.0");
    let workspace = Workspace::with(&[
        ("app/package.json", MANIFEST),
        ("app/package-lock.json", LOCKFILE),
        ("osv/a.json", &cve),
        ("osv/b.json", &cve.replace("GHSA-demo", "ALSO-2026-1").replace("1.2.0", "1.3.0")),
        ("osv/c.json", &record("GHSA-other", "other", "9.0.0")),
    ]);
    let run = workspace.run(&["db", "import", "osv", "--db", "store.db"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    workspace
}

const SCAN: [&str; 5] = ["app", "--only", "vulnerable-dependency", "--db", "store.db"];

fn list<'a>(report: &'a Value, key: &str) -> &'a [Value] {
    report[key].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn one_finding_names_package_advisory_and_way() {
    let report = project().report(&SCAN);
    let [finding] = list(&report, "findings") else { panic!("{report:#}") };
    assert_eq!(finding["rule"], "vulnerable-dependency");
    assert_eq!(finding["severity"], "critical");
    assert_eq!(finding["path"], "app/package-lock.json");
    assert_eq!(finding["start_line"], 7);
    assert_eq!(finding["resource"], "pkg:npm/demo@1.1.0");
    assert_eq!(
        finding["advisory"],
        json!({"id": "ALSO-2026-1", "aliases": ["CVE-2026-demo", "GHSA-demo"], "summary": "Holes in demo", "package": "demo",
            "ecosystem": "npm", "version": "1.1.0", "fixed": "1.3.0", "score": 9.8, "rating": "CVSS 3.1 score 9.8"})
    );
    let related: Vec<_> =
        list(finding, "related").iter().map(|it| (&it["path"], &it["start_line"], &it["message"])).collect();
    let text = format!("{related:?}");
    assert!(
        text.contains("app/package.json") && text.contains("Number(5)"),
        "the requirement of the direct one: {text}"
    );
    assert!(text.contains("comes in through direct"), "{text}");
    let tally = list(&report, "rules").iter().find(|rule| rule["id"] == "vulnerable-dependency").expect("the rule ran");
    assert_eq!((&tally["pass"], &tally["fail"], &tally["unknown"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(report["inputs"]["advisories"]["modified"], "2026-11-10");
    assert_eq!(report["inputs"]["advisories"]["count"], 3);
    assert!(list(&report, "diagnostics").is_empty(), "the store is fresh: {report:#}");
}

#[test]
fn the_variable_names_the_store_too_and_an_empty_one_none() {
    let workspace = project();
    let scan = |variable: &str| {
        let mut command =
            workspace.command(&["scan", "app", "--now", TODAY, "--only", "vulnerable-dependency", "-f", "json"]);
        crate::workspace::Run::of(command.env("SECSCAN_DB", variable))
    };
    assert_eq!(list(&scan("store.db").json(), "findings").len(), 1);
    assert_eq!(scan("absent.db").code, Some(2), "a store that is named must be there");
    assert_eq!(scan("").code, Some(0));
}

#[test]
fn without_a_store_vulnerabilities_are_unknown_and_said_to_be() {
    let workspace = project();
    let arguments = ["app", "--only", "vulnerable-dependency", "--pack", "pci-dss"];
    let report = workspace.report(&arguments);
    let tally = list(&report, "rules").iter().find(|rule| rule["id"] == "vulnerable-dependency").expect("the rule ran");
    assert_eq!((&tally["pass"], &tally["fail"], &tally["unknown"]), (&json!(0), &json!(0), &json!(2)));
    let why = "the vulnerabilities of 2 packages were not looked at: there is no advisory store";
    let messages: Vec<_> = list(&report, "diagnostics").iter().filter_map(|it| it["message"].as_str()).collect();
    assert!(messages.iter().any(|message| message.starts_with(why)), "{messages:?}");
    let control = list(&report, "controls").iter().find(|control| control["id"] == "6.3.3").expect("PCI DSS 6.3.3");
    assert_eq!(control["status"], "unknown");
    assert_eq!(control["reason"], "vulnerabilities were not looked at: there is no advisory store");
    assert_eq!(report["inputs"]["advisories"], Value::Null);
    let text = workspace.scan(&arguments).stdout;
    assert!(text.contains("Vulnerabilities of 2 packages were not looked at: there is no advisory store"), "{text}");
}

#[test]
fn what_the_store_does_not_cover_or_cannot_compare_is_unknown() {
    let workspace = project();
    workspace.write("app/requirements.txt", "flask==1.0\n");
    workspace.write("app/package-lock.json", LOCKFILE.replace("\"1.1.0\"", "\"banana\""));
    let report = workspace.report(&[&SCAN[..], &["--show", "unknown"]].concat());
    let unknown: Vec<_> = list(&report, "findings")
        .iter()
        .filter(|finding| finding["kind"] == "unknown")
        .filter_map(|finding| finding["message"].as_str())
        .collect();
    assert!(unknown.iter().any(|it| it.contains("The advisory store has nothing about PyPI")), "{unknown:?}");
    assert!(unknown.iter().any(|it| it.contains("The version banana cannot be compared")), "{unknown:?}");
    let messages: Vec<_> = list(&report, "diagnostics").iter().filter_map(|it| it["message"].as_str()).collect();
    assert_eq!(messages, ["the advisory store has nothing about PyPI: its packages were not judged"]);
}

#[test]
fn an_old_store_is_said_to_be_old() {
    let workspace = project();
    let messages = |day: &str| {
        let run = workspace.run(&[&["scan", "--now", day, "-f", "json"], &SCAN[..]].concat());
        list(&run.json(), "diagnostics")
            .iter()
            .filter_map(|it| it["message"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert!(messages("2026-11-24").is_empty(), "fourteen days");
    let old = messages("2026-11-25");
    assert!(
        old.iter().any(|it| it.starts_with("the advisories end on 2026-11-10, 15 days before this scan")),
        "{old:?}"
    );
}

#[test]
fn a_raised_version_that_is_still_affected_is_the_same_finding() {
    let workspace = project();
    let fingerprint = || workspace.report(&SCAN)["findings"][0]["fingerprint"].clone();
    let before = fingerprint();
    workspace.write("app/package-lock.json", LOCKFILE.replace("\"1.1.0\"", "\"1.2.1\""));
    assert_eq!(fingerprint(), before);
    workspace.write("app/package-lock.json", LOCKFILE.replace("\"1.1.0\"", "\"1.3.0\""));
    assert_eq!(fingerprint(), Value::Null, "mended");
}

#[test]
fn code_hosts_group_by_advisory() {
    let log = project().scan(&[&SCAN[..], &["-f", "sarif"]].concat()).json();
    let run = &log["runs"][0];
    assert_eq!(run["results"][0]["ruleId"], "ALSO-2026-1");
    let rule = &run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"].as_u64().expect("an index") as usize];
    assert_eq!(rule["id"], "ALSO-2026-1");
    assert_eq!(rule["properties"]["security-severity"], "9.8");
    assert_eq!(run["properties"]["advisories"]["modified"], "2026-11-10");
}
