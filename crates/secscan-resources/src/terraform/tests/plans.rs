use super::*;

/// The plan of a bucket whose name a variable gives, and of a rule in a module.
const PLAN: &str = r#"{
  "format_version": "1.2", "terraform_version": "1.11.4",
  "planned_values": {"root_module": {
    "resources": [{"address": "aws_s3_bucket.logs", "mode": "managed", "type": "aws_s3_bucket", "name": "logs",
      "values": {"bucket": "prod-logs", "acl": null, "tags": {"env": "prod"}, "logging": [], "versioning": [{"enabled": false}]}}],
    "child_modules": [{"address": "module.net[\"a\"]", "resources": [
      {"address": "module.net[\"a\"].aws_security_group_rule.in[0]", "mode": "managed", "type": "aws_security_group_rule",
        "name": "in", "index": 0, "values": {"cidr_blocks": ["0.0.0.0/0"], "type": "ingress"}}]}]}},
  "resource_changes": [
    {"address": "aws_s3_bucket.logs", "change": {"actions": ["create"], "after_unknown": {"arn": true, "tags": {}}}},
    {"address": "module.net[\"a\"].aws_security_group_rule.in[0]",
      "change": {"actions": ["create"], "after_unknown": {"security_group_id": true, "cidr_blocks": [false]}}}],
  "prior_state": {"values": {"root_module": {"resources": [{"address": "data.aws_region.now", "mode": "data",
    "type": "aws_region", "name": "now", "values": {"name": "eu-west-1"}}]}}},
  "configuration": {"root_module": {
    "resources": [{"address": "aws_s3_bucket.logs", "expressions": {"bucket": {"references": ["var.env"]}}},
      {"address": "aws_security_group.g", "expressions": {}}],
    "module_calls": {"net": {"expressions": {"group": {"references": ["aws_s3_bucket.logs.id", "aws_s3_bucket.logs"]}},
      "module": {"resources": [{"address": "aws_security_group_rule.in",
        "expressions": {"security_group_id": {"references": ["var.group"]}}}]}}}}}
}"#;

#[test]
fn plans_alone_stand_for_themselves() {
    let read = read_with(&[("infra/plan.json", PLAN)], &Options::default());
    let expected = ["aws_s3_bucket.logs", "module.net[\"a\"].aws_security_group_rule.in[0]", "data.aws_region.now"];
    assert_eq!(read.addresses(), expected);
    let expected = concat!(
        "{bucket: \"prod-logs\", tags: {env: \"prod\"}, versioning: [{enabled: false}], ",
        "arn: ?known only after apply}"
    );
    assert_eq!(read.show("aws_s3_bucket.logs", ""), expected);
    assert_eq!(read.text_at(read.find("aws_s3_bucket.logs").header()), "\"aws_s3_bucket.logs\"");
    assert_eq!(&*read.find("data.aws_region.now").kind, "data.aws_region");
    let expected = ["module.net[\"a\"].aws_security_group_rule.in[0] -security_group_id-> aws_s3_bucket.logs"];
    assert_eq!(read.edges(), expected);
}

#[test]
fn plans_beside_their_configuration_stand_where_it_is_written() {
    let root = r#"
        variable "env" {}
        resource "aws_s3_bucket" "logs" {
          bucket = "${var.env}-logs"
          versioning {
            enabled = var.env == "dev"
          }
        }
        resource "aws_s3_bucket" "later" {}
        module "net" {
          source   = "./net"
          for_each = var.nets
          cidr     = "0.0.0.0/0"
        }
    "#;
    let child =
        "variable \"cidr\" {}\nresource \"aws_security_group_rule\" \"in\" {\n count = 1\n cidr_blocks = [var.cidr]\n}";
    let files = [("infra/main.tf", root), ("infra/net/main.tf", child), ("infra/plan.json", PLAN)];
    let read = read_with(&files, &Options::default());
    let bucket = read.node("aws_s3_bucket.logs", "bucket");
    assert_eq!((show(bucket), read.text_at(bucket.at)), ("\"prod-logs\"".to_owned(), "\"${var.env}-logs\""));
    let enabled = read.node("aws_s3_bucket.logs", "versioning/0/enabled");
    assert_eq!((show(enabled), read.text_at(enabled.at)), ("false".to_owned(), "var.env == \"dev\""));
    let tags = read.node("aws_s3_bucket.logs", "tags");
    assert_eq!(
        read.text_at(tags.at),
        "resource \"aws_s3_bucket\" \"logs\"",
        "what is written nowhere stands at the header"
    );
    let rule = "module.net[\"a\"].aws_security_group_rule.in[0]";
    let cidr = read.node(rule, "cidr_blocks/0");
    assert_eq!((show(cidr), read.text_at(cidr.at)), ("\"0.0.0.0/0\"".to_owned(), "\"0.0.0.0/0\""));
    assert_eq!(read.find(rule).value.via().len(), 1, "the call is known");
    assert!(read.addresses().contains(&"aws_s3_bucket.later"), "what the plan does not know is read as it is written");
    let copies = read.addresses().iter().filter(|address| address.contains("aws_security_group_rule")).count();
    assert_eq!(copies, 1, "a planned resource stands in the place of the written one");
}

#[test]
fn plans_that_make_no_sense_are_read_without_panic() {
    for text in [
        r#"{"format_version": 1, "planned_values": null}"#,
        r#"{"format_version": "1", "resource_changes": [{"address": "a", "change": {"after": {"x": 1}}}, {"address": "a.b", "type": "a", "change": {"after": {"x": 1}}}, 5]}"#,
        r#"{"format_version": "1", "planned_values": {"root_module": {"resources": [{"address": "module.", "type": "x"}, {"address": "module.a[\"", "type": "x"}], "child_modules": [[]]}},
          "configuration": {"root_module": {"module_calls": {"a": {"module": 1}}}}}"#,
    ] {
        let read = read_with(&[("infra/plan.json", text)], &Options::default());
        assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    }
}
