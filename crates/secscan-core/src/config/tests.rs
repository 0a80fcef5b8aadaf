//! That settings are read, and that every mistake is pointed at.

use super::*;

fn parse(text: &str) -> Settings {
    Config::parse(text, "secscan.toml").unwrap_or_else(|error| panic!("{error}")).settings
}

#[test]
fn all_settings_are_read() {
    let text = r#"
packs = ["hipaa"]
fail-on = "new:medium"
exclude = ["vendor/**"]
rules = ["policy"]
only = ["encryption"]
skip = ["aws-s3-versioning"]
min-severity = "low"
strict = true
max-file-size = 1000

[[ignore]]
rules = ["docker-no-healthcheck"]
paths = ["tools/**"]
reason = "build images, never run"
until = "2027-01-31"

[[waiver]]
control = "hipaa:164.312(e)(2)(ii)"
resources = ["aws_lb.legacy"]
reason = "moves in spring"
owner = "platform"
until = "2027-01-31"

[[not-applicable]]
control = "pci-dss:3.5.1.2"
reason = "no card data"

[parameters]
log-retention-days = 365
regions = ["eu-west-1", "eu-central-1"]
"#;
    let settings = parse(text);
    assert_eq!(settings.packs[0].value, "hipaa");
    assert_eq!(settings.fail_on, Some(Threshold::New(Severity::Medium)));
    assert_eq!(settings.exclude, ["vendor/**"]);
    assert_eq!(settings.min_severity, Some(Severity::Low));
    assert!(settings.strict);
    assert_eq!(settings.max_file_size, Some(1000));
    let ignore = &settings.ignore[0].value;
    assert!(ignore.paths[0].matches("tools/a/Dockerfile"));
    assert_eq!(ignore.until, Some(jiff::civil::date(2027, 1, 31)));
    let waiver = &settings.waiver[0].value;
    assert_eq!(waiver.control.to_string(), "hipaa:164.312(e)(2)(ii)");
    assert_eq!(waiver.owner, "platform");
    assert_eq!(settings.not_applicable[0].value.control.control.as_ref(), "3.5.1.2");
    let values = settings.parameter_values();
    assert_eq!(values["log-retention-days"], [Literal::Number(365.0)]);
    assert_eq!(values["regions"], ["eu-west-1", "eu-central-1"].map(|region| Literal::Text(region.to_owned())));
}

#[test]
fn an_empty_file_sets_nothing() {
    for text in ["", "\n", "# nothing\n"] {
        let settings = parse(text);
        assert!(settings.packs.is_empty() && settings.fail_on.is_none() && !settings.strict, "{text:?}");
    }
}

#[test]
fn places_lead_into_the_file() {
    let config = Config::parse("packs = [\"hipaa\"]\n[parameters]\n  days = 3\n", "secscan.toml").unwrap();
    let settings = &config.settings;
    assert_eq!(config.error(settings.packs[0].at, "no such pack").line, 1);
    assert_eq!(config.error(settings.parameters["days"].at, "x").to_string(), "secscan.toml:3:10: x");
}

#[test]
fn mistakes_are_pointed_at() {
    let table = [
        ("fail_on = \"high\"\n", 1, "unknown key `fail_on`; did you mean `fail-on`?"),
        ("pack = []\n", 1, "unknown key `pack`; did you mean `packs`?"),
        ("fail-on = \"hihg\"\n", 1, "`hihg` is no threshold: "),
        ("\nmin-severity = \"bad\"\n", 2, "`bad` is no severity: "),
        ("packs = \"hipaa\"\n", 1, "invalid type"),
        ("[[waiver]]\ncontrol = \"hipaa\"\n", 2, "`hipaa` is no control (\"PACK:NUMBER\")"),
        ("[[not-applicable]]\ncontrol = \"a:b\"\nreason = \" \"\n", 3, "must not be empty"),
        (
            "[[ignore]]\nrules = [\"a\"]\npaths = [\"b\"]\nreason = \"c\"\nuntil = \"2026-2-1\"\n",
            5,
            "`2026-2-1` is no day",
        ),
        ("[[ignore]]\nrules = []\n", 2, "must not be empty"),
        ("[[ignore]]\nrules = [\"a\"]\npaths = [\"[\"]\n", 3, "`[` is no pattern for paths"),
        ("strict = true\n[[ignore]]\nrules = [\"a\"]\npaths = [\"b\"]\n", 3, "missing field `reason`"),
        ("[parameters]\na = {b = 1}\n", 2, "a parameter is a text, a number, a boolean, or a list of these"),
        ("\n[[waivers]]\n", 2, "unknown key `waivers`; did you mean `waiver`?"),
        ("packs = [\n", 2, ""),
    ];
    for (text, line, message) in table {
        let error = Config::parse(text, "secscan.toml").expect_err(text);
        assert!(error.message.contains(message), "{text:?}: {error}");
        assert_eq!(error.line, line, "{text:?}: {error}");
    }
    let error = Config::parse("fail_on = 1", "dir/secscan.toml").expect_err("a key that does not exist");
    assert_eq!(error.to_string(), "dir/secscan.toml:1:1: unknown key `fail_on`; did you mean `fail-on`?");
}

#[test]
fn the_schema_knows_every_key_and_no_other() {
    let schema = serde_json::to_value(schema()).unwrap();
    let keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(["packs", "fail-on", "not-applicable", "max-file-size"].iter().all(|key| keys.contains(key)), "{keys:?}");
    assert_eq!(schema["additionalProperties"], false);
}
