//! The bill of materials.

use std::path::Path;

use secscan_report::Options;
use serde_json::Value;

use crate::sample;

fn bill(report: &secscan_model::Report) -> Value {
    serde_json::from_str(&sample::written("cyclonedx", report, &Options::default())).expect("the output is JSON")
}

#[test]
fn packages_are_components_and_their_needs_are_dependencies() {
    let bill = bill(&sample::report());
    assert_eq!((bill["bomFormat"].as_str(), bill["specVersion"].as_str()), (Some("CycloneDX"), Some("1.6")));
    let [deep, left] = bill["components"].as_array().expect("a list").as_slice() else { panic!("two components") };
    assert_eq!((deep["group"].as_str(), deep["name"].as_str()), (Some("@team"), Some("deep")));
    assert_eq!(
        (deep["scope"].as_str(), deep["licenses"][0]["license"]["name"].as_str()),
        (Some("excluded"), Some("see \"LICENSE\""))
    );
    assert_eq!(
        (left["purl"].as_str(), left["licenses"][0]["expression"].as_str()),
        (Some("pkg:npm/left@1.2.0"), Some("MIT OR Apache-2.0"))
    );
    assert_eq!(left["hashes"][0]["content"].as_str(), Some("0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"));
    let of = |name: &str| {
        bill["dependencies"].as_array().expect("a list").iter().find(|entry| entry["ref"] == name).cloned()
    };
    assert_eq!(of("scanned").expect("the root")["dependsOn"][0], "pkg:npm/left@1.2.0");
    assert_eq!(of("pkg:npm/left@1.2.0").expect("it is listed")["dependsOn"][0], "pkg:npm/%40team/deep@3.3.3");
    let refs: Vec<_> =
        bill["components"].as_array().into_iter().flatten().map(|component| &component["bom-ref"]).collect();
    let needed =
        bill["dependencies"].as_array().into_iter().flatten().flat_map(|entry| entry["dependsOn"].as_array()).flatten();
    assert!(
        needed.clone().count() > 0 && needed.clone().all(|name| refs.contains(&name)),
        "every reference leads somewhere"
    );
}

#[test]
fn the_same_packages_have_the_same_serial_number_and_others_another() {
    let report = sample::report();
    let mut other = report.clone();
    other.packages.pop();
    assert_eq!(bill(&report), bill(&report));
    assert_ne!(bill(&report)["serialNumber"], bill(&other)["serialNumber"]);
    let text = sample::written("cyclonedx", &report, &Options::default());
    assert!(!text.contains("timestamp"));
}

#[test]
fn follows_the_schema_of_the_standard() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/schemas");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let schemas = ["bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json"].map(read);
    let [Some(schema), Some(spdx), Some(jsf)] = schemas else {
        eprintln!("SKIPPED follows_the_schema_of_the_standard: no CycloneDX schemas in {}", folder.display());
        return;
    };
    let parse = |text: String| serde_json::from_str::<Value>(&text).expect("the schema is JSON");
    let others = Others { spdx: parse(spdx), jsf: parse(jsf) };
    let validator = jsonschema::options().with_retriever(others).build(&parse(schema)).expect("the schema is a schema");
    for (name, report) in [("full", sample::report()), ("clean", sample::clean()), ("hostile", sample::hostile())] {
        let bill = bill(&report);
        let errors: Vec<_> = validator.iter_errors(&bill).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
    let mut broken = bill(&sample::report());
    broken["serialNumber"] = "urn:uuid:1".into();
    assert!(!validator.is_valid(&broken), "the validator sees a serial number that is none");
}

/// The schemas that the first one names.
struct Others {
    spdx: Value,
    jsf: Value,
}

impl jsonschema::Retrieve for Others {
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Ok(if uri.as_str().contains("spdx") { self.spdx.clone() } else { self.jsf.clone() })
    }
}
