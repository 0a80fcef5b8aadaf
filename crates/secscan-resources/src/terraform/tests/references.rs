//! Places, references, instances and blocks.

use super::*;

#[test]
fn values_stand_where_they_are_written() {
    let read = read_with(
        &[
            (
                "infra/main.tf",
                "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\" # the name\n  acl = local.acl\n  tags = { env = var.env }\n  arn = aws_kms_key.k.arn\n}\n",
            ),
            ("infra/terraform.tfvars", "env = \"prod\"\n"),
            (
                "infra/variables.tf",
                "variable \"acl\" {\n  default = \"private\"\n}\nvariable \"env\" {}\nlocals {\n  acl = var.acl\n}\n",
            ),
        ],
        &Options::default(),
    );
    let bucket = read.find("aws_s3_bucket.logs");
    assert_eq!(read.text_at(bucket.header()), "resource \"aws_s3_bucket\" \"logs\"");
    assert!(
        read.text_at(bucket.at).starts_with("resource \"aws_s3_bucket\"") && read.text_at(bucket.at).ends_with('}')
    );
    let name = read.node("aws_s3_bucket.logs", "bucket");
    assert_eq!((read.text_at(name.at), read.text_at(name.name_at)), ("\"logs\"", "bucket"));
    assert_eq!(name.extra.as_ref().and_then(|extra| extra.comment.as_deref()), Some("the name"));
    let acl = read.node("aws_s3_bucket.logs", "acl");
    assert_eq!((read.text_at(acl.at), read.text_at(acl.name_at)), ("\"private\"", "acl"));
    let via: Vec<_> = acl.via().iter().map(|at| read.text_at(*at)).collect();
    assert_eq!(via, ["local.acl", "var.acl"], "nearest first");
    let env = read.node("aws_s3_bucket.logs", "tags/env");
    assert_eq!((read.text_at(env.at), env.at.source), ("\"prod\"", SourceId(1)));
    assert_eq!(read.text_at(read.node("aws_s3_bucket.logs", "arn").at), "aws_kms_key.k.arn");
}

#[test]
fn of_arns_it_is_known_how_they_begin() {
    let read = read(
        r#"
        variable "all" {}
        resource "aws_sqs_queue" "jobs" { count = 1 }
        resource "aws_sns_topic" "written" { arn = var.all }
        resource "alicloud_ram_role" "other" {}
        resource "a_b" "x" {
          arn     = aws_sqs_queue.jobs[0].arn
          data    = data.aws_iam_role.reader.arn
          id      = aws_sqs_queue.jobs[0].id
          choice  = var.all ? "*" : aws_sqs_queue.jobs[0].arn
          part    = split(":", aws_sqs_queue.jobs[0].arn)[4]
          written = aws_sns_topic.written.arn
          other   = alicloud_ram_role.other.arn
        }
        data "aws_iam_role" "reader" { name = "reader" }
        "#,
    );
    for (path, expected) in [
        ("arn", "?arn:<${aws_sqs_queue.jobs[0].arn}>"),
        ("data", "?arn:<${data.aws_iam_role.reader.arn}>"),
        ("id", "?`aws_sqs_queue.jobs[0].id` is known only after apply"),
        ("choice", "?variable `all` has no value"),
        ("part", "?`aws_sqs_queue.jobs[0].arn` is known only after apply"),
        ("written", "?variable `all` has no value"),
        ("other", "?`alicloud_ram_role.other.arn` is known only after apply"),
    ] {
        assert_eq!(read.show("a_b.x", path), expected, "{path}");
    }
}

#[test]
fn references_are_resolved_and_kept() {
    let read = read(
        r#"
        resource "aws_s3_bucket" "logs" { bucket = "logs" }
        resource "aws_s3_bucket" "many" {
          count  = 2
          bucket = "many-${count.index}"
        }
        resource "aws_s3_bucket" "named" {
          for_each = toset(["a", "b\"c"])
          bucket   = each.key
        }
        resource "aws_s3_bucket_acl" "one" {
          bucket = aws_s3_bucket.logs.bucket
          acl    = "private"
        }
        resource "aws_s3_bucket_acl" "many" { bucket = aws_s3_bucket.many[1].id }
        resource "aws_s3_bucket_acl" "all" { bucket = join(",", aws_s3_bucket.many[*].bucket) }
        resource "aws_s3_bucket_acl" "named" { bucket = aws_s3_bucket.named["a"].bucket }
        resource "aws_s3_bucket_policy" "literal" { bucket = "logs" }
        resource "aws_thing" "deep" {
          provider   = aws.west
          depends_on = [aws_s3_bucket.logs]
          block {
            text  = "${aws_s3_bucket.logs.arn}/*"
            other = lower(data.aws_caller_identity.me.account_id)
            name  = module.vpc.name
          }
        }
        data "aws_caller_identity" "me" {}
        provider "aws" { alias = "west" }
        module "vpc" { source = "./vpc" }
        "#,
    );
    assert_eq!(read.show("aws_s3_bucket_acl.one", "bucket"), "\"logs\"");
    assert_eq!(read.text_at(read.node("aws_s3_bucket_acl.one", "bucket").at), "\"logs\"");
    assert_eq!(read.show("aws_s3_bucket_acl.all", "bucket"), "\"many-0,many-1\"");
    assert_eq!(read.show("aws_s3_bucket_acl.many", "bucket"), "?`aws_s3_bucket.many[1].id` is known only after apply");
    assert_eq!(read.show("aws_s3_bucket_acl.named", "bucket"), "\"a\"");
    assert_eq!(read.show("aws_thing.deep", "block/0/text"), "?arn:<${aws_s3_bucket.logs.arn}>/*");
    assert_eq!(read.show("aws_thing.deep", "block/0/name"), "?module source ./vpc is not in this scan");
    assert_eq!(read.show("aws_thing.deep", "provider"), "\"aws.west\"");
    assert!(read.find("module.vpc").opaque.is_some());
    assert!(read.addresses().contains(&"aws_s3_bucket.named[\"b\\\"c\"]"), "{:?}", read.addresses());
    let expected = [
        "aws_s3_bucket_acl.one -bucket-> aws_s3_bucket.logs",
        "aws_s3_bucket_acl.many -bucket-> aws_s3_bucket.many[1]",
        "aws_s3_bucket_acl.all -bucket-> aws_s3_bucket.many[0]",
        "aws_s3_bucket_acl.all -bucket-> aws_s3_bucket.many[1]",
        "aws_s3_bucket_acl.named -bucket-> aws_s3_bucket.named[\"a\"]",
        "aws_s3_bucket_policy.literal -bucket-> aws_s3_bucket.logs",
        "aws_thing.deep -block.text-> aws_s3_bucket.logs",
        "aws_thing.deep -depends_on-> aws_s3_bucket.logs",
        "aws_thing.deep -block.other-> data.aws_caller_identity.me",
        "aws_thing.deep -provider-> provider.aws.west",
        "aws_thing.deep -block.name-> module.vpc",
    ];
    assert_eq!(read.edges(), expected);
    let unread: Vec<_> = read.diagnostics.iter().map(|found| (found.kind, found.path.as_deref())).collect();
    assert_eq!(unread, [(DiagnosticKind::Unresolved, Some("infra/main.tf"))]);
}

#[test]
fn instances_are_as_many_as_the_files_say() {
    let cases = [
        ("count = 0", vec![], "null"),
        ("count = 2", vec!["x_y.a[0]", "x_y.a[1]"], "null"),
        ("count = \"1\"", vec!["x_y.a[0]"], "null"),
        ("count = var.unset", vec!["x_y.a"], "?`count` is not known: variable `unset` has no value"),
        ("for_each = { k = 1, j = 2 }", vec!["x_y.a[\"j\"]", "x_y.a[\"k\"]"], "null"),
        ("for_each = toset([\"k\"])", vec!["x_y.a[\"k\"]"], "null"),
        ("for_each = {}", vec![], "null"),
        ("for_each = var.unset", vec!["x_y.a"], "?`for_each` is not known: variable `unset` has no value"),
        ("for_each = toset([var.unset])", vec!["x_y.a"], "?`for_each` is not known: variable `unset` has no value"),
        (
            "for_each = merge({ a = 1 }, var.unset)",
            vec!["x_y.a"],
            "?`for_each` is not known: variable `unset` has no value",
        ),
    ];
    for (meta, expected, unknown) in cases {
        let name = if meta.starts_with("count") { "count.index" } else { "each.value" };
        let text = format!("variable \"unset\" {{}}\nresource \"x_y\" \"a\" {{\n  {meta}\n  name = {name}\n}}\n");
        let read = read(&text);
        let found: Vec<_> = read.addresses().into_iter().filter(|address| address.starts_with('x')).collect();
        assert_eq!(found, expected, "{meta}");
        if unknown != "null" {
            assert_eq!(read.show("x_y.a", "name"), unknown, "{meta}");
        }
    }
    let many = read("resource \"x_y\" \"a\" {\n  count = 1000000000\n}\n");
    assert_eq!(many.batch.resources.len(), 1_000);
    assert_eq!(many.diagnostics[0].kind, DiagnosticKind::Limit);
    assert_eq!(many.text_at(many.diagnostics[0].at.expect("limits have places")), "resource \"x_y\" \"a\"");
}

#[test]
fn blocks_are_lists_and_dynamic_ones_are_written_out() {
    let read = read(
        r#"
        variable "unset" {}
        resource "x_y" "a" {
          one { v = 1 }
          many { v = 1 }
          many { v = 2 }
          provisioner "local-exec" { command = "true" }
          dynamic "known" {
            for_each = [{ port = 22 }, { port = 80 }]
            iterator = rule
            content {
              port  = rule.value.port
              index = rule.key
              inner { deep = rule.value.port }
            }
          }
          dynamic "unknown" {
            for_each = var.unset
            content { port = unknown.value }
          }
          dynamic "partly" {
            for_each = concat(["a"], var.unset)
            content { name = partly.value }
          }
          lifecycle { ignore_changes = [tags, many[0].v] }
        }
        "#,
    );
    let cases = [
        ("one", "[{v: 1}]"),
        ("many", "[{v: 1}, {v: 2}]"),
        ("provisioner", r#"[{local-exec: {command: "true"}}]"#),
        ("known", "[{port: 22, index: 0, inner: [{deep: 22}]}, {port: 80, index: 1, inner: [{deep: 80}]}]"),
        ("unknown", "[??variable `unset` has no value]"),
        ("partly", r#"[{name: "a"}, ??variable `unset` has no value]"#),
        ("lifecycle", r#"[{ignore_changes: ["tags", "many[0].v"]}]"#),
    ];
    for (path, expected) in cases {
        assert_eq!(read.show("x_y.a", path), expected, "{path}");
    }
    let second = read.node("x_y.a", "many/1");
    assert_eq!((read.text_at(second.at), read.text_at(second.name_at)), ("many { v = 2 }", "many"));
}

#[test]
fn variable_files_win_in_terraform_s_order() {
    let mut files = vec![("infra/main.tf", "variable \"v\" {\n  default = 0\n}\noutput \"o\" {\n  value = var.v\n}\n")];
    let mut options = Options::default();
    let steps = [
        ("infra/other.tfvars", "v = 9", "0"),
        ("infra/terraform.tfvars", "v = 1", "1"),
        ("infra/terraform.tfvars.json", "{\"v\": 2}", "2"),
        ("infra/a.auto.tfvars", "v = 3", "3"),
        ("infra/b.auto.tfvars.json", "{\"v\": 4}", "4"),
        ("infra/main_override.tf", "variable \"v\" {\n  type = string\n}\n", "\"4\""),
    ];
    for (path, text, expected) in steps {
        files.push((path, text));
        assert_eq!(read_with(&files, &options).show("output.o", "value"), expected, "{path}");
    }
    options.var_files.push(Source::from_text(SourceId(u32::MAX), "/elsewhere/x.tfvars", "v = 5"));
    let read = read_with(&files, &options);
    assert_eq!(read.show("output.o", "value"), "\"5\"");
    assert_eq!(read.text_at(read.node("output.o", "value").at), "variable \"v\"", "the file is not part of the scan");
}

#[test]
fn override_files_replace_arguments() {
    let read = read_with(
        &[
            (
                "infra/a_override.tf",
                "resource \"x_y\" \"a\" {\n  name = \"new\"\n  block { v = 3 }\n}\nlocals {\n  l = 2\n}\n",
            ),
            (
                "infra/main.tf",
                "resource \"x_y\" \"a\" {\n  name = \"old\"\n  kept = local.l\n  block { v = 1 }\n  block { v = 2 }\n}\nlocals {\n  l = 1\n}\n",
            ),
        ],
        &Options::default(),
    );
    assert_eq!(read.addresses(), ["x_y.a"]);
    assert_eq!(read.show("x_y.a", ""), "{name: \"new\", kept: 2, block: [{v: 3}]}");
}

#[test]
fn policy_documents_are_policies() {
    let read = read(
        r#"
        variable "unset" {}
        data "aws_iam_policy_document" "base" {
          statement {
            actions   = ["s3:GetObject"]
            resources = ["${aws_s3_bucket.b.arn}/*"]
            principals {
              type        = "AWS"
              identifiers = ["*"]
            }
            condition {
              test     = "Bool"
              variable = "aws:SecureTransport"
              values   = ["false"]
            }
          }
        }
        data "aws_iam_policy_document" "all" {
          source_policy_documents = [data.aws_iam_policy_document.base.json, var.unset]
          statement {
            sid       = "x"
            effect    = "Deny"
            not_actions = ["*"]
            principals {
              type        = "*"
              identifiers = ["*"]
            }
          }
        }
        resource "aws_iam_policy" "p" { policy = data.aws_iam_policy_document.all.json }
        resource "aws_s3_bucket" "b" {}
        "#,
    );
    let expected = concat!(
        "{Version: \"2012-10-17\", Statement: [",
        "{Effect: \"Allow\", Action: [\"s3:GetObject\"], Resource: [?arn:<${aws_s3_bucket.b.arn}>/*], ",
        "Principal: {AWS: [\"*\"]}, Condition: {Bool: {aws:SecureTransport: [\"false\"]}}}, ",
        "??variable `unset` has no value, ",
        "{Sid: \"x\", Effect: \"Deny\", NotAction: [\"*\"], Principal: \"*\"}]}"
    );
    assert_eq!(read.show("aws_iam_policy.p", "policy"), expected);
    let action = read.node("aws_iam_policy.p", "policy/Statement/0/Action/0");
    assert_eq!(read.text_at(action.at), "\"s3:GetObject\"");
    assert!(read.edges().contains(&"aws_iam_policy.p -policy-> data.aws_iam_policy_document.all".to_owned()));
}

#[test]
fn what_is_not_read_is_said() {
    let read =
        read_with(&[("infra/main.tf.json", "{"), ("infra/main.tf", "resource \"a\" {}\nb {\n")], &Options::default());
    let found: Vec<_> = read.diagnostics.iter().map(|found| (found.kind, found.blinds.len())).collect();
    assert_eq!(found, [(DiagnosticKind::Syntax, 1); 3]);
}
