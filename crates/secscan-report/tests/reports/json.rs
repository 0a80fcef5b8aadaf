//! The JSON contract.

use std::path::Path;

use secscan_report::Options;
use serde_json::Value;

use crate::sample::{self, EVERYTHING};

fn json(report: &secscan_model::Report, options: &Options) -> Value {
    serde_json::from_str(&sample::written("json", report, options)).expect("the output is JSON")
}

#[test]
fn a_report_for_scripts() {
    let options = Options { show: EVERYTHING, ..Options::default() };
    insta::assert_snapshot!(sample::written("json", &sample::report(), &options));
}

#[test]
fn what_is_set_aside_appears_on_request_and_is_counted_always() {
    let report = sample::report();
    let quiet = json(&report, &Options::default());
    let all = json(&report, &Options { show: EVERYTHING, ..Options::default() });
    assert_eq!(quiet["findings"].as_array().map(Vec::len), Some(3));
    assert_eq!(all["findings"].as_array().map(Vec::len), Some(report.findings.len()));
    assert_eq!(quiet["summary"], all["summary"]);
    assert_eq!(quiet["summary"]["waived"], 1);
}

#[test]
fn columns_count_code_points_and_ends_are_exclusive() {
    let report = json(&sample::report(), &Options { show: EVERYTHING, ..Options::default() });
    let name = &report["findings"][6];
    assert_eq!(name["rule"], "k8s-name-ascii");
    let region = ["start_line", "start_column", "end_line", "end_column"].map(|key| name[key].as_u64());
    assert_eq!(region, [Some(4), Some(11), Some(4), Some(20)], "\"größe 🔒\" is nine code points");
}

#[test]
fn the_schema_is_the_committed_one_and_describes_the_output() {
    let schema = secscan_report::schema();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/report.schema.json");
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, &text).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "schemas/report.schema.json is stale: UPDATE_SCHEMAS=1 cargo test -p secscan-report");

    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for (report, show) in
        [(sample::report(), EVERYTHING), (sample::report(), Default::default()), (sample::clean(), EVERYTHING)]
    {
        let output = json(&report, &Options { show, ..Options::default() });
        let errors: Vec<_> = validator.iter_errors(&output).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut broken = json(&sample::report(), &Options::default());
    broken["findings"][0]["start_line"] = "two".into();
    assert!(!validator.is_valid(&broken), "the validator sees a line that is no number");
}
