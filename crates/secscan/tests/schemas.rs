//! The committed JSON schemas are those that the types give.

use std::path::Path;

/// Compares, or writes when `UPDATE_SCHEMAS=1` is set.
fn hold(name: &str, kind: &str) {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas")).join(name);
    let printed = assert_cmd::Command::cargo_bin("secscan").expect("it is built").args(["schema", kind]).output();
    let printed = String::from_utf8(printed.expect("it runs").stdout).expect("UTF-8");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&file, &printed).expect("schemas/ can be written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(committed, printed, "{name} is out of date: run UPDATE_SCHEMAS=1 cargo test -p secscan --test schemas");
}

#[test]
fn the_rule_schema_is_committed() {
    hold("rule.schema.json", "rule");
}

#[test]
fn the_pack_schema_is_committed() {
    hold("pack.schema.json", "pack");
}

#[test]
fn the_config_schema_is_committed() {
    hold("config.schema.json", "config");
}

#[test]
fn the_report_schema_is_committed() {
    hold("report.schema.json", "report");
}
