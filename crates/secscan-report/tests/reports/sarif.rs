//! SARIF, held to the standard's schema, to GitHub's rules, and to the files that it speaks of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secscan_model::Report;
use secscan_report::Options;
use serde_json::Value;

use crate::sample::{self, EVERYTHING, written};

fn everything() -> Options {
    Options { show: EVERYTHING, ..Options::default() }
}

fn sarif(report: &Report, options: &Options) -> Value {
    serde_json::from_str(&written("sarif", report, options)).expect("the output is JSON")
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn results(log: &Value) -> &[Value] {
    list(log, "/runs/0/results")
}

fn region(result: &Value) -> &Value {
    &result["locations"][0]["physicalLocation"]["region"]
}

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Samples for the validators.
fn samples() -> Vec<(&'static str, String)> {
    let mut nothing = Report::default();
    nothing.inputs.version = "0.1.0".into();
    let quiet = Options::default();
    vec![
        ("plain", written("sarif", &sample::report(), &quiet)),
        ("everything", written("sarif", &sample::report(), &everything())),
        ("clean", written("sarif", &sample::clean(), &quiet)),
        ("hostile", written("sarif", &sample::hostile(), &everything())),
        ("nothing", written("sarif", &nothing, &quiet)),
        ("vulnerable", written("sarif", &sample::vulnerable(), &quiet)),
    ]
}

#[test]
fn follows_the_schema_of_the_standard() {
    let path = root().join("../shared/schemas/sarif-2.1.0.json");
    let Ok(schema) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED follows_the_schema_of_the_standard: no {}", path.display());
        return;
    };
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for (name, text) in samples() {
        let log: Value = serde_json::from_str(&text).expect("the output is JSON");
        let errors: Vec<_> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
    let mut broken = sarif(&sample::report(), &everything());
    broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0.into();
    assert!(!validator.is_valid(&broken), "the validator sees a line that is zero");
}

/// `.ci/sarif-validate` reads what this writes.
#[test]
fn writes_samples_for_the_validator() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sarif-samples");
    std::fs::create_dir_all(&folder).expect("target can be written");
    for (name, text) in samples() {
        std::fs::write(folder.join(format!("{name}.sarif")), text).expect("target can be written");
    }
}

/// What a file says between two positions that are one-based, in code points, the end exclusive.
fn quoted(text: &str, region: &Value) -> String {
    let number = |key: &str| region[key].as_u64().expect(key) as usize;
    let lines: Vec<&str> = text.split('\n').collect();
    let (first, last) = (number("startLine"), number("endLine"));
    let mut quoted = String::new();
    for line in first..=last {
        let from = if line == first { number("startColumn") - 1 } else { 0 };
        let to = if line == last { number("endColumn") - 1 } else { usize::MAX };
        quoted.extend(lines[line - 1].chars().skip(from).take(to.saturating_sub(from)));
        if line < last {
            quoted.push('\n');
        }
    }
    quoted
}

#[test]
fn regions_quote_the_files() {
    let log = sarif(&sample::report(), &everything());
    let mut seen = 0;
    let mut hold = |place: &Value| {
        let uri = place["artifactLocation"]["uri"].as_str().expect("a URI");
        let (path, text) = sample::FILES.iter().find(|(path, _)| encoded(path) == uri).expect("a file of the sample");
        for region in ["region", "contextRegion"].map(|name| &place[name]) {
            if let Some(snippet) = region["snippet"]["text"].as_str() {
                assert_eq!(quoted(text, region), snippet, "{path}");
                seen += 1;
            }
        }
    };
    for result in results(&log) {
        for place in list(result, "/locations").iter().chain(list(result, "/relatedLocations")) {
            hold(&place["physicalLocation"]);
        }
    }
    assert_eq!(seen, 16, "eight places with text, each with its region and its lines");
}

/// Percent-encoding as the test needs it: everything but what the sample's paths hold unencoded.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[test]
fn references_lead_to_what_they_name() {
    let log = sarif(&sample::report(), &everything());
    let run = &log["runs"][0];
    let at = |list: &Value, index: &Value| list[index.as_u64().expect("an index") as usize].clone();
    let mut taxa = 0;
    for result in results(&log) {
        assert_eq!(at(&run["tool"]["driver"]["rules"], &result["ruleIndex"])["id"], result["ruleId"]);
        for taxon in list(result, "/taxa") {
            let component = at(&run["taxonomies"], &taxon["toolComponent"]["index"]);
            assert_eq!(component["name"], taxon["toolComponent"]["name"]);
            assert_eq!(at(&component["taxa"], &taxon["index"])["id"], taxon["id"]);
            taxa += 1;
        }
        let message = result["message"]["text"].as_str().expect("a message");
        for related in list(result, "/relatedLocations") {
            assert!(message.contains(&format!("]({})", related["id"])), "{message}: GitHub shows linked places only");
        }
    }
    assert!(taxa > 8, "controls and weaknesses: {taxa}");
    for notice in list(run, "/invocations/0/toolExecutionNotifications") {
        let descriptor = at(&run["tool"]["driver"]["notifications"], &notice["descriptor"]["index"]);
        assert_eq!(descriptor["id"], notice["descriptor"]["id"]);
    }
}

#[test]
fn only_failures_have_a_level() {
    let log = sarif(&sample::report(), &everything());
    for result in results(&log) {
        assert_eq!(result["kind"] != "fail", result["level"] == "none", "{result:#}");
    }
    let of = |rule: &str| results(&log).iter().rfind(|it| it["ruleId"] == rule).expect(rule);
    assert_eq!(of("aws-s3-public-acl")["level"], "error");
    assert_eq!(of("docker-pipe-to-shell")["level"], "warning");
    assert_eq!(of("k8s-name-ascii")["level"], "note");
}

#[test]
fn a_base_and_suppressions_are_said_of_every_result_or_of_none() {
    let log = sarif(&sample::report(), &everything());
    assert!(results(&log).iter().all(|it| it["baselineState"].is_string() && it["suppressions"].is_array()));
    let suppressed: Vec<_> = results(&log).iter().flat_map(|it| list(it, "/suppressions")).collect();
    let kinds: Vec<_> = suppressed.iter().map(|it| it["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("external"), Some("inSource")], "the waiver, then the comment");
    assert_eq!(
        suppressed[0]["justification"],
        "The load balancer moves in March (platform@example.test, until 2027-03-31)"
    );

    let mut alone = sample::report();
    alone.inputs.base = None;
    alone.findings.retain(|finding| finding.new);
    let log = sarif(&alone, &Options::default());
    assert!(results(&log).iter().all(|it| it["baselineState"].is_null() && it["suppressions"].is_null()));
}

#[test]
fn fingerprints_are_githubs_and_ours() {
    let report = sample::report();
    let log = sarif(&report, &everything());
    for (result, finding) in results(&log).iter().zip(&report.findings) {
        assert_eq!(result["partialFingerprints"]["primaryLocationLineHash"], *finding.place.line_hash);
        assert_eq!(result["partialFingerprints"]["secscan/v1"], *finding.fingerprint);
    }
    let mut without = report;
    without.findings.truncate(1);
    without.findings[0].place.line_hash = "".into();
    let log = sarif(&without, &everything());
    assert_eq!(
        results(&log)[0]["partialFingerprints"]["primaryLocationLineHash"],
        *without.findings[0].fingerprint,
        "GitHub refuses an empty one"
    );
}

#[test]
fn rules_carry_what_github_sorts_and_filters_by() {
    let mut report = sample::report();
    let mut first = (**report.rules[0]).clone();
    first.topics = (0..30).map(|number| format!("topic-{number}").into()).collect();
    report.rules[0] = Arc::new(first.into());
    let log = sarif(&report, &everything());
    let rules = list(&log, "/runs/0/tool/driver/rules");
    let tags: Vec<_> = list(&rules[0], "/properties/tags").iter().filter_map(Value::as_str).collect();
    assert_eq!(tags[..4], ["security", "external/cwe/cwe-732", "hipaa", "topic-0"]);
    assert_eq!(tags.len(), 10);
    assert_eq!(rules[0]["properties"]["security-severity"], "9.5");
    assert_eq!(rules[0]["properties"]["precision"], "high");
    assert!(
        rules[0]["help"]["markdown"].as_str().is_some_and(|text| text.contains("HIPAA Security Rule `164.312(c)(1)`"))
    );
    let info = rules.iter().find(|rule| rule["id"] == "k8s-name-ascii").expect("it found something");
    let info = &info["properties"];
    assert!(
        info["security-severity"].is_null() && info["tags"].is_null(),
        "what is not a weakness is no security alert"
    );
    assert_eq!(info["problem.severity"], "recommendation");
}

#[test]
fn rules_that_found_nothing_stay_out() {
    let ids = |options| {
        let log = sarif(&sample::report(), &options);
        let rules = list(&log, "/runs/0/tool/driver/rules");
        let found: std::collections::BTreeSet<_> = results(&log).iter().map(|it| it["ruleId"].to_string()).collect();
        assert_eq!(found, rules.iter().map(|it| it["id"].to_string()).collect());
        rules.len()
    };
    assert!(ids(Options::default()) < ids(everything()), "what is not shown is not described");
}

#[test]
fn vulnerabilities_are_grouped_by_advisory() {
    let log = sarif(&sample::vulnerable(), &Options::default());
    let rules = list(&log, "/runs/0/tool/driver/rules");
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap_or_default()).collect();
    assert_eq!(ids, ["GHSA-1", "GHSA-2"], "and not the rule that looks them up");
    let places: Vec<_> = results(&log).iter().map(|result| (&result["ruleId"], &result["ruleIndex"])).collect();
    assert_eq!(
        format!("{places:?}"),
        r#"[(String("GHSA-1"), Number(0)), (String("GHSA-1"), Number(0)), (String("GHSA-2"), Number(1))]"#
    );
    assert_eq!(rules[0]["properties"]["security-severity"], "9.8", "the worst score");
    assert_eq!(rules[1]["properties"]["security-severity"], "5.5", "no score: the middle of its band");
    assert_eq!(rules[1]["properties"]["precision"], "low", "nobody rated it");
    assert_eq!(rules[0]["helpUri"], "https://osv.dev/vulnerability/GHSA-1");
    assert_eq!(log["runs"][0]["properties"]["advisories"]["modified"], "2026-11-20");
}

#[test]
fn the_mildest_results_are_left_out_and_counted_where_github_takes_no_more() {
    let report = sample::enormous(25_003);
    let log = sarif(&report, &Options::default());
    assert_eq!(results(&log).len(), 25_000);
    assert_eq!(results(&log)[24_999]["ruleId"], "aws-s3-public-acl", "the worst is kept, in its place");
    let notice = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(notice["descriptor"]["id"], "limit");
    assert!(notice["message"]["text"].as_str().is_some_and(|text| text.starts_with("3 of the mildest results")));
}

#[test]
fn a_hostile_tree_can_neither_link_nor_leave_the_root() {
    let log = sarif(&sample::hostile(), &everything());
    for result in results(&log) {
        let message = result["message"]["text"].as_str().expect("a message");
        assert!(!message.replace("](1)", "").contains("]("), "{message:?}");
        let uri = result.pointer("/locations/0/physicalLocation/artifactLocation/uri").and_then(Value::as_str);
        assert_eq!(uri, Some("dir%1B%5B31m/a%20b%23c%3Fd%2541.yaml"));
        assert!(region(result)["snippet"].is_null(), "what was cut is not quoted");
    }
}

#[test]
fn the_category_ends_in_a_slash() {
    let id = |category: Option<&str>| {
        let options = Options { category: category.map(str::to_owned), ..Options::default() };
        sarif(&sample::clean(), &options)["runs"][0]["automationDetails"]["id"].clone()
    };
    assert_eq!(id(None), "secscan/");
    assert_eq!(id(Some("shop")), "shop/");
    assert_eq!(id(Some("shop/")), "shop/");
}
