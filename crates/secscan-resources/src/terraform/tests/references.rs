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
    assert_eq!(read.show("aws_thing.deep", "block/0/text"), "?<${aws_s3_bucket.logs.arn}>/*");
    assert_eq!(read.show("aws_thing.deep", "block/0/name"), "?module `vpc` is not read");
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
