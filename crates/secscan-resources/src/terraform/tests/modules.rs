use super::*;

/// The texts at the places of the calls that lead to a resource.
fn called_from<'r>(read: &'r Read, address: &str) -> Vec<&'r str> {
    read.find(address).value.via().iter().map(|at| read.text_at(*at)).collect()
}

const CHILD: &str = r#"
    variable "name" { type = string }
    variable "encrypted" { default = true }
    resource "aws_s3_bucket" "logs" { bucket = var.name }
    resource "aws_ebs_volume" "disk" {
      for_each  = toset(["a"])
      encrypted = var.encrypted
    }
    output "id" { value = aws_s3_bucket.logs.id }
    output "name" { value = "${var.name}!" }
"#;

#[test]
fn what_a_module_makes_has_the_address_and_the_values_of_its_call() {
    let root = r#"
        module "a" {
          source    = "../modules/child"
          for_each  = { x = false }
          name      = each.key
          encrypted = each.value
        }
        module "b" {
          source = "../modules/child"
          name   = "b"
        }
        resource "aws_s3_bucket_policy" "p" {
          bucket = module.b.id
          policy = module.a["x"].name
        }
    "#;
    let read = read_with(&[("infra/main.tf", root), ("modules/child/main.tf", CHILD)], &Options::default());
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    assert_eq!(read.show("module.a[\"x\"].aws_s3_bucket.logs", "bucket"), "\"x\"");
    let encrypted = read.node("module.a[\"x\"].aws_ebs_volume.disk[\"a\"]", "encrypted");
    assert_eq!((show(encrypted), read.text_at(encrypted.at)), ("false".to_owned(), "false"));
    let through: Vec<_> = encrypted.via().iter().map(|at| read.text_at(*at)).collect();
    assert_eq!(through, ["var.encrypted"], "a value stands where it is written");
    assert_eq!(called_from(&read, "module.b.aws_s3_bucket.logs"), ["module \"b\""]);
    assert_eq!(read.show("aws_s3_bucket_policy.p", "policy"), "\"x!\"");
    assert!(read.edges().contains(&"aws_s3_bucket_policy.p -bucket-> module.b.aws_s3_bucket.logs".to_owned()));
    assert_eq!(read.show("module.a[\"x\"]", "encrypted"), "false", "a call shows what it gives");
    assert_eq!(read.find("module.a[\"x\"]").opaque, None);
    let variables = read.addresses().iter().filter(|address| address.ends_with("var.name")).count();
    assert_eq!(variables, 1, "what is declared is declared once");
}

#[test]
fn references_cross_modules_through_arguments() {
    let root = r#"
        resource "aws_kms_key" "k" {}
        module "m" {
          source    = "../modules/child"
          name      = aws_kms_key.k.arn
        }
    "#;
    let read = read_with(&[("infra/main.tf", root), ("modules/child/main.tf", CHILD)], &Options::default());
    assert!(
        read.edges().contains(&"module.m.aws_s3_bucket.logs -bucket-> aws_kms_key.k".to_owned()),
        "{:?}",
        read.edges()
    );
}

#[test]
fn providers_are_handed_down() {
    let root = r#"
        provider "aws" {}
        provider "aws" { alias = "west" }
        module "m" {
          source    = "../modules/child"
          providers = { aws.other = aws.west }
        }
    "#;
    let child = "resource \"a_b\" \"x\" {\n provider = aws.other\n}\nresource \"a_b\" \"y\" {\n provider = aws\n}";
    let read = read_with(&[("infra/main.tf", root), ("modules/child/main.tf", child)], &Options::default());
    for edge in ["module.m.a_b.x -provider-> provider.aws.west", "module.m.a_b.y -provider-> provider.aws"] {
        assert!(read.edges().contains(&edge.to_owned()), "{:?}", read.edges());
    }
}

#[test]
fn fetched_modules_are_read_and_others_stay_opaque() {
    let manifest = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},
        {"Key":"m","Source":"registry.example/x/y/z","Dir":".terraform/modules/m"},
        {"Key":"m.inner","Source":"git::https://example.com/inner","Dir":".terraform/modules/m.inner/sub"}]}"#;
    let files = [
        ("infra/.terraform/modules/modules.json", manifest),
        ("infra/.terraform/modules/m/main.tf", "module \"inner\" { source = \"git::https://example.com/inner\" }"),
        ("infra/.terraform/modules/m.inner/sub/main.tf", "resource \"a_b\" \"x\" {}\noutput \"o\" { value = 1 }"),
        (
            "infra/main.tf",
            "module \"m\" { source = \"x/y/z\" }\nmodule \"gone\" { source = \"x/y/gone\" }\noutput \"o\" { value = module.gone.x }",
        ),
    ];
    let read = read_with(&files, &Options::default());
    assert!(read.addresses().contains(&"module.m.module.inner.a_b.x"), "{:?}", read.addresses());
    assert!(read.find("module.gone").opaque.is_some());
    assert_eq!(read.show("output.o", "value"), "?module source x/y/gone is not read");
    let said: Vec<_> = read.diagnostics.iter().map(|found| (&*found.message, found.blinds.len())).collect();
    assert_eq!(said, [("module source x/y/gone is not read", 1)]);
}

#[test]
fn only_folders_that_nobody_calls_are_root_modules() {
    let files = [
        ("a/main.tf", "module \"b\" { source = \"../b\" }"),
        ("b/main.tf", "module \"c\" { source = \"./c\" }"),
        ("b/c/main.tf", "output \"o\" { value = 1 }"),
        ("d/main.tf", "module \"e\" { source = \"../e\" }"),
        ("e/main.tf", "module \"d\" { source = \"../d\" }"),
        ("f/.terraform/modules/x/main.tf", "output \"o\" { value = 1 }"),
        ("f/main.tf", "module \"f\" { source = \"./\" }"),
    ];
    let readings: Vec<FileReading> = files
        .iter()
        .enumerate()
        .map(|(id, (path, text))| crate::read_file(Source::from_text(SourceId(id as u32), path, text)))
        .collect();
    let folders = Folders::new(&readings);
    let all = ["a", "b", "b/c", "d", "e", "f", "f/.terraform/modules/x"];
    let roots: Vec<&str> = all.into_iter().filter(|folder| folders.is_root(folder)).collect();
    assert_eq!(roots, ["a", "d", "f"], "of folders that call each other the first is one");
}

#[test]
fn modules_that_call_themselves_are_said_and_the_rest_is_read() {
    let files = [
        ("infra/main.tf", "module \"m\" {\n source = \"./m\"\n}\nresource \"a_b\" \"root\" {}"),
        (
            "infra/m/main.tf",
            "module \"back\" {\n source = \"../\"\n}\nmodule \"own\" {\n source = \"./\"\n}\nresource \"a_b\" \"x\" {}",
        ),
    ];
    let read = read_with(&files, &Options::default());
    assert!(read.addresses().contains(&"module.m.a_b.x") && read.addresses().contains(&"a_b.root"));
    let said: Vec<_> = read.diagnostics.iter().map(|found| &*found.message).collect();
    let expected = [
        "module source ../ leads to a module that calls itself",
        "module source ./ leads to a module that calls itself",
    ];
    assert_eq!(said, expected);
}

#[test]
fn modules_cannot_multiply_without_end() {
    // Ten calls a module, eight levels deep: a hundred million instances.
    let calls = |next: usize| -> String {
        (0..10).map(|n| format!("module \"m{n}\" {{\n source = \"../l{next}\"\n}}\n")).collect()
    };
    let mut files: Vec<(String, String)> =
        (1..8).map(|level| (format!("l{level}/main.tf"), calls(level + 1))).collect();
    files.push(("infra/main.tf".to_owned(), calls(1)));
    files.push(("l8/main.tf".to_owned(), "resource \"a_b\" \"x\" {\n count = 1000\n}".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let read = read_with(&files, &Options::default());
    assert!(read.batch.resources.len() < 50_000, "{}", read.batch.resources.len());
    let limits = read.diagnostics.iter().filter(|found| found.kind == DiagnosticKind::Limit).count();
    assert!(limits > 0 && read.diagnostics.len() < 20_000, "{limits} of {}", read.diagnostics.len());
}

#[test]
fn wrong_configurations_are_said_with_their_place_and_the_rest_is_read() {
    let root = r#"
        variable "typed" {
          type    = object({ size = number })
          default = { size = "many" }
        }
        locals {
          own  = local.own
          sum  = 1 + "x"
          huge = range(5000)
          net  = cidrsubnets("10.0.0.0/30", 8)
          none = upper(["a"])
        }
        resource "a_b" "x" {
          count   = 10000
          own     = local.own
          sum     = local.sum
          huge    = local.huge
          net     = local.net
          none    = local.none
          typed   = var.typed
          rest    = "known"
        }
        resource "a_b" "y" { for_each = 5 }
        resource "a_b" "z" { name = module.m.nothing }
        module "m" { source = "./m" }
    "#;
    let read =
        read_with(&[("infra/main.tf", root), ("infra/m/main.tf", "output \"o\" { value = 1 }")], &Options::default());
    assert_eq!(read.show("a_b.x[999]", "rest"), "\"known\"");
    let said: Vec<String> = read
        .diagnostics
        .iter()
        .map(|found| {
            format!(
                "{} | {}",
                found.at.map_or("", |at| read.text_at(at)).split_whitespace().collect::<Vec<_>>().join(" "),
                found.message
            )
        })
        .collect();
    let expected = [
        "resource \"a_b\" \"x\" | only the first 1000 of 10000 instances of `a_b.x` were looked at",
        "local.own | `local.own` refers to itself",
        "1 + \"x\" | a number is needed",
        "range(5000) | `range` cannot be computed: `range` makes at most 1,024 values",
        "cidrsubnets(\"10.0.0.0/30\", 8) | `cidrsubnets` cannot be computed: the prefix is too long",
        "upper([\"a\"]) | `upper` cannot be computed: a list or a map is no text",
        "{ size = \"many\" } | the value of variable `typed` does not fit its type: a number is needed",
        "5 | `for_each` is neither a map nor a set of names",
        "module.m.nothing | `module.m` has no output `nothing`",
    ];
    assert_eq!(said, expected);
}

#[test]
fn files_are_read_from_the_scan_and_their_texts_stand_there() {
    let root = "resource \"a_b\" \"x\" {\n policy = file(\"${path.module}/policy.json\")\n text = templatefile(\"t.tftpl\", { name = \"N\" })\n out = file(\"../../secret\")\n}";
    let files = [("infra/main.tf", root), ("infra/policy.json", "{\"a\": 1}"), ("infra/t.tftpl", "Hi ${name}")];
    let read = read_with(&files, &Options::default());
    let policy = read.node("a_b.x", "policy");
    assert_eq!((show(policy), read.text_at(policy.at)), ("\"{\\\"a\\\": 1}\"".to_owned(), "{\"a\": 1}"));
    assert_eq!(
        policy.via().iter().map(|at| read.text_at(*at)).collect::<Vec<_>>(),
        ["file(\"${path.module}/policy.json\")"]
    );
    assert_eq!(read.show("a_b.x", "text"), "\"Hi N\"");
    assert_eq!(read.show("a_b.x", "out"), "?`../../secret` is outside of this scan");
}

#[test]
fn what_is_decoded_from_a_file_stands_in_that_file() {
    let root = "locals {\n  doc = yamldecode(file(\"rules.yaml\"))\n  json = jsondecode(file(\"${path.root}/rules.json\"))\n}\n\
        resource \"a_b\" \"x\" {\n  yaml = local.doc.rules[1].port\n  alias = local.doc.copy.port\n  json = local.json.rules[0].open\n\
        \x20 made = yamldecode(upper(file(\"rules.yaml\"))).RULES[0].PORT\n}\n\
        resource \"a_b\" \"each\" {\n  for_each = { for rule in local.doc.rules : rule.name => rule }\n  port = each.value.port\n}\n";
    let yaml = "rules:\n  - {name: one, port: 22}\n  - &two\n    name: two\n    port: 0x16\ncopy: *two\n";
    let json = "{\n  \"rules\": [{ \"open\": true }]\n}\n";
    let files = [("infra/main.tf", root), ("infra/rules.json", json), ("infra/rules.yaml", yaml)];
    let read = read_with(&files, &Options::default());
    let place = |address: &str, path: &str| {
        let node = read.node(address, path);
        let via: Vec<_> = node.via().iter().map(|at| read.text_at(*at)).collect();
        (show(node), read.sources[node.at.source.0 as usize].path.to_string(), read.text_at(node.at), via.join(" < "))
    };
    let expected = |value: &str, path: &str, text, via: &str| (value.to_owned(), path.to_owned(), text, via.to_owned());
    let (in_yaml, in_json) = ("infra/rules.yaml", "infra/rules.json");
    assert_eq!(
        place("a_b.x", "yaml"),
        expected("22", in_yaml, "0x16", "local.doc.rules[1].port < file(\"rules.yaml\")")
    );
    assert_eq!(place("a_b.x", "alias").2, "0x16", "where the anchor is");
    let via = "local.json.rules[0].open < file(\"${path.root}/rules.json\")";
    assert_eq!(place("a_b.x", "json"), expected("true", in_json, "true", via));
    assert_eq!(place("a_b.each[\"one\"]", "port").2, "22");
    let made = place("a_b.x", "made");
    assert_eq!((&*made.0, &*made.1), ("22", "infra/main.tf"), "a text that was made has no places within");
}

#[test]
fn opentofu_files_take_the_place_of_terraform_s() {
    let files = [
        ("infra/main.tf", "resource \"a_b\" \"terraform\" {}"),
        ("infra/main.tofu", "resource \"a_b\" \"tofu\" {}"),
        ("infra/other.tofu.json", "{\"resource\": {\"a_b\": {\"json\": {}}}}"),
    ];
    assert_eq!(read_with(&files, &Options::default()).addresses(), ["a_b.tofu", "a_b.json"]);
}

#[test]
fn json_blocks_have_places_and_references() {
    let text = r#"{
      "variable": {"name": {"default": "logs"}},
      "resource": {"aws_s3_bucket": {"logs": {"bucket": "${var.name}-x", "versioning": [{"enabled": false}]}},
        "aws_s3_bucket_acl": {"acl": {"bucket": "${aws_s3_bucket.logs.id}", "depends_on": ["aws_s3_bucket.logs"],
          "dynamic": {"grant": {"for_each": ["a", "b"], "iterator": "g", "content": {"id": "${g.value}"}}}}}}
    }"#;
    let read = read_with(&[("infra/main.tf.json", text)], &Options::default());
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    assert_eq!(read.show("aws_s3_bucket.logs", "bucket"), "\"logs-x\"");
    assert_eq!(read.text_at(read.find("aws_s3_bucket.logs").header()), "\"logs\"");
    let enabled = read.node("aws_s3_bucket.logs", "versioning/0/enabled");
    assert_eq!((read.text_at(enabled.at), read.text_at(enabled.name_at)), ("false", "\"enabled\""));
    assert_eq!(read.show("aws_s3_bucket_acl.acl", "grant"), r#"[{id: "a"}, {id: "b"}]"#);
    let expected = [
        "aws_s3_bucket_acl.acl -bucket-> aws_s3_bucket.logs",
        "aws_s3_bucket_acl.acl -depends_on-> aws_s3_bucket.logs",
    ];
    assert_eq!(read.edges(), expected);
}

#[test]
fn dynamic_blocks_nest_and_have_labels() {
    let text = r#"
        resource "a_b" "x" {
          dynamic "rule" {
            for_each = { web = [80, 443], db = [5432] }
            iterator = rule_of
            content {
              name = rule_of.key
              dynamic "port" {
                for_each = rule_of.value
                content {
                  number = port.value
                  index  = port.key
                }
              }
            }
          }
          dynamic "provisioner" {
            for_each = toset(["one"])
            labels   = [provisioner.key]
            content { command = "c" }
          }
        }
    "#;
    let read = read(text);
    let expected = concat!(
        "[{name: \"db\", port: [{number: 5432, index: 0}]}, ",
        "{name: \"web\", port: [{number: 80, index: 0}, {number: 443, index: 1}]}]"
    );
    assert_eq!(read.show("a_b.x", "rule"), expected);
    assert_eq!(read.show("a_b.x", "provisioner"), r#"[{one: {command: "c"}}]"#);
}
