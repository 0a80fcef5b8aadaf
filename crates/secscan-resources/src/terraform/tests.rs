use secscan_model::tree::MemoryTree;
use secscan_model::{DiagnosticKind, Part, ResourceId, SourceId, Value};

use super::*;
use crate::{Batch, FileReading, Fragment, Tree};

mod modules;
mod plans;
mod references;

/// What the folder `infra` gave as a root module.
struct Read {
    sources: Vec<Source>,
    batch: Batch,
    diagnostics: Vec<Diagnostic>,
}

fn read_with(files: &[(&str, &str)], options: &Options) -> Read {
    let memory = MemoryTree::new(files.iter().copied());
    let listing = secscan_model::FileTree::list(&memory);
    let tree = Tree::new(&memory, &listing.files);
    let sources: Vec<Source> = listing.files.iter().filter_map(|candidate| tree.source(&candidate.path)).collect();
    let mut diagnostics = Vec::new();
    let mut reading_of = |source: &Source| {
        let mut reading = FileReading::new(source.clone());
        if claims(&source.path) {
            let (file, comments) = parse(source, &mut diagnostics);
            reading.comments = comments;
            reading.fragment = Some(Fragment::Terraform(file));
            return reading;
        }
        crate::read_file(source.clone())
    };
    let readings: Vec<FileReading> = sources.iter().map(&mut reading_of).collect();
    let folders = Folders::new(&readings);
    let mut reading = UnitReading { diagnostics, ..UnitReading::default() };
    evaluate(&"infra".into(), &folders, Some(&tree), options, &mut reading);
    Read { sources, batch: reading.batch, diagnostics: reading.diagnostics }
}

fn read(text: &str) -> Read {
    read_with(&[("infra/main.tf", text)], &Options::default())
}

impl Read {
    fn find(&self, address: &str) -> &secscan_model::Resource {
        let found = self.batch.resources.iter().find(|resource| &*resource.address == address);
        found.unwrap_or_else(|| panic!("no {address} among {:?}", self.addresses()))
    }

    fn addresses(&self) -> Vec<&str> {
        self.batch.resources.iter().map(|resource| &*resource.address).collect()
    }

    fn node(&self, address: &str, path: &str) -> &secscan_model::Node {
        let mut node = &self.find(address).value;
        for key in path.split('/').filter(|key| !key.is_empty()) {
            let next = match key.parse::<usize>() {
                Ok(index) => node.items().get(index),
                Err(_) => node.get(key),
            };
            node = next.unwrap_or_else(|| panic!("no {key} of {path} in {}", show(node)));
        }
        node
    }

    /// The value at a path, as text.
    fn show(&self, address: &str, path: &str) -> String {
        show(self.node(address, path))
    }

    fn text_at(&self, at: secscan_model::Location) -> &str {
        std::str::from_utf8(&self.sources[at.source.0 as usize].bytes[at.span.range()]).expect("sources are text")
    }

    /// The edges as `from -path-> to`.
    fn edges(&self) -> Vec<String> {
        let address = |id: ResourceId| &self.batch.resources[id.0 as usize].address;
        self.batch
            .edges
            .iter()
            .map(|edge| format!("{} -{}-> {}", address(edge.from), edge.path, address(edge.to)))
            .collect()
    }
}

/// A value in the manner of JSON; `?why` for what is not known, `??why` for what may be absent, `...why` for more keys.
fn show(node: &secscan_model::Node) -> String {
    match &node.value {
        Value::Scalar(scalar) if scalar.kind == secscan_model::ScalarKind::Text => format!("{:?}", scalar.text),
        Value::Scalar(_) if node.is_null() => "null".to_owned(),
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries = map.entries().iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value)));
            let rest = map.rest.iter().map(|why| format!("...{why}"));
            format!("{{{}}}", entries.chain(rest).collect::<Vec<_>>().join(", "))
        }
        Value::Unresolved(unresolved) if unresolved.parts.is_empty() => {
            format!("{}{}", if unresolved.perhaps_absent { "??" } else { "?" }, unresolved.why)
        }
        Value::Unresolved(unresolved) => {
            let parts = unresolved.parts.iter().map(|part| match part {
                Part::Fixed(text) => text.to_string(),
                Part::Hole(text) => format!("<{text}>"),
            });
            format!("?{}", parts.collect::<String>())
        }
    }
}

/// What the expressions below refer to.
const DECLARATIONS: &str = r#"
        variable "unset" {}
        variable "name" { default = "logs" }
        variable "port" {
          type = number
          default = "80"
        }
        variable "flag" {
          type = bool
          default = "true"
        }
        variable "tags" { default = { env = "prod", team = "core" } }
        variable "settings" {
          type = object({ size = optional(number, 3), name = string, gone = optional(string) })
          default = { name = "x", extra = 1 }
        }
        locals {
          list = ["a", "b", "c"]
          twice = "${local.once}-${local.once}"
          once = var.name
          open = merge({ a = 1 }, var.unset, { b = 2 })
        }
    "#;

/// Expressions and their values.
const EXPRESSIONS: &[(&str, &str)] = &[
    (r#""text""#, r#""text""#),
    ("0644", "0644"),
    ("-1.5", "-1.5"),
    ("null", "null"),
    ("var.name", r#""logs""#),
    ("var.port + 1", "81"),
    ("!var.flag", "false"),
    ("var.unset", "?variable `unset` has no value"),
    ("var.missing", "?variable `missing` is not declared in this folder"),
    ("var.settings", r#"{size: 3, name: "x", gone: null}"#),
    ("local.twice", r#""logs-logs""#),
    ("local.list[1]", r#""b""#),
    ("local.list[*]", r#"["a", "b", "c"]"#),
    ("local.list.0", r#""a""#),
    ("local.list[9]", "?there is no element 9"),
    ("var.tags.env", r#""prod""#),
    (r#"var.tags["env"]"#, r#""prod""#),
    ("var.tags.nope", "?there is no `nope` in `var.tags.nope`"),
    ("local.open", "{a: ?variable `unset` has no value, b: 2, ...variable `unset` has no value}"),
    ("local.open.c", "?variable `unset` has no value"),
    (r#""a-${var.name}-${var.unset}""#, "?a-logs-<${var.unset}>"),
    (r#""${var.tags}""#, r#"{env: "prod", team: "core"}"#),
    (r#""%{ if var.flag }yes%{ else }no%{ endif }""#, r#""yes""#),
    (r#""%{ for x in local.list ~} ${x}, %{ endfor ~}""#, r#""a, b, c, ""#),
    (r#""%{ if var.unset }yes%{ endif }""#, "?<%{ if var.unset }yes%{ endif }>"),
    ("<<-EOT\n    one\n      two ${var.port}\n    EOT\n", r#""one\n  two 80\n""#),
    (r#"var.flag ? "a" : "b""#, r#""a""#),
    (r#"var.unset ? "a" : "a""#, r#""a""#),
    (r#"var.unset ? "a" : "b""#, "?variable `unset` has no value"),
    (r#"var.unset ? "a" : null"#, "??variable `unset` has no value"),
    ("var.unset && false", "false"),
    ("true || var.unset", "true"),
    ("var.unset == 1", "?variable `unset` has no value"),
    (r#""1" == 1"#, "false"),
    ("7 % 4 * 2 - 10 / 4", "3.5"),
    ("1 / 0", "?division by zero"),
    ("[for x in local.list : upper(x) if x != \"b\"]", r#"["A", "C"]"#),
    ("{ for k, v in var.tags : v => k }", r#"{prod: "env", core: "team"}"#),
    ("{ for x in [\"a1\", \"a2\", \"b1\"] : substr(x, 0, 1) => x... }", r#"{a: ["a1", "a2"], b: ["b1"]}"#),
    ("[for x in var.unset : x]", "?variable `unset` has no value"),
    (
        "[for x in local.list : x if var.unset == x]",
        "[??variable `unset` has no value, ??variable `unset` has no value, ??variable `unset` has no value]",
    ),
    ("try(var.tags.nope, \"other\")", r#""other""#),
    ("try(var.unset.x, \"other\")", "?variable `unset` has no value"),
    ("can(var.tags.nope)", "false"),
    ("jsonencode({ a = [1, var.name] })", r#"{a: [1, "logs"]}"#),
    ("\"x ${jsonencode({ a = [1, var.name] })}\"", r#""x {\"a\":[1,\"logs\"]}""#),
    ("jsondecode(\"{\\\"a\\\": [1]}\").a", "[1]"),
    ("file(\"x\")", "?there is no file `infra/x` in this scan"),
    ("file(\"../../x\")", "?`../../x` is outside of this scan"),
    ("timestamp()", "?what time it is when Terraform runs is not known"),
    ("nonsense(1)", "?function `nonsense` is not known"),
    ("provider::x::y(1)", "?functions of providers are not known"),
    ("concat(local.list, var.unset)", r#"["a", "b", "c", ??variable `unset` has no value]"#),
    ("join(\":\", [\"arn\", var.unset, \"x\"])", "?arn:<${...}>:x"),
    ("format(\"%s-%03d\", var.unset, 7)", "?<${...}>-007"),
    ("length([var.unset, 1])", "2"),
    ("contains([var.unset, \"a\"], \"a\")", "true"),
    ("path.module", r#"".""#),
    ("terraform.workspace", "\"default\""),
    ("path.cwd", "?`path.cwd` is known only when Terraform runs"),
    ("each.key", "?`each` is known only where there is `for_each`"),
    ("aws_s3_bucket.nope.id", "?`aws_s3_bucket.nope.id` is not declared in this folder"),
];

#[test]
fn expressions_have_their_values() {
    let outputs: String = EXPRESSIONS
        .iter()
        .enumerate()
        .map(|(index, (text, _))| format!("output \"o{index}\" {{\n value = {text}\n}}\n"))
        .collect();
    let read = read(&format!("{DECLARATIONS}\n{outputs}"));
    for (index, (text, expected)) in EXPRESSIONS.iter().enumerate() {
        assert_eq!(read.show(&format!("output.o{index}"), "value"), *expected, "{text}");
    }
    let refused: Vec<&str> = read.diagnostics.iter().map(|found| &*found.message).collect();
    let expected = [
        "there is no element 9",
        "there is no `nope` in `var.tags.nope`",
        "division by zero",
        "there is no file `infra/x` in this scan",
        "function `nonsense` is not known",
    ];
    assert_eq!(refused, expected);
}

#[test]
fn hostile_configurations_end_quickly() {
    let chain: String = (0..5_000).map(|n| format!("  a{n} = local.a{}\n", n + 1)).collect();
    let doubling: String = (1..200).map(|n| format!("  d{n} = [local.d{}, local.d{}]\n", n - 1, n - 1)).collect();
    let longer: String =
        (1..60).map(|n| format!("  s{n} = \"${{local.s{}}}${{local.s{}}}\"\n", n - 1, n - 1)).collect();
    let nested = format!("{}1{}", "[for x in range(1000) : ".repeat(20), "]".repeat(20));
    let deep = format!("{}1{}", "[(".repeat(31), ")]".repeat(31));
    let sum = "1 + ".repeat(120);
    let cases = [
        ("cycle", "locals {\n a = local.b\n b = local.a\n}\noutput \"o\" {\n value = local.a\n}".to_owned(), "refers to itself"),
        ("own default", "variable \"v\" {\n default = var.v\n}\noutput \"o\" {\n value = var.v\n}".to_owned(), "refers to itself"),
        (
            "resources in a circle",
            "resource \"a_b\" \"x\" {\n n = a_b.y.n\n}\nresource \"a_b\" \"y\" {\n n = a_b.x.n\n}\noutput \"o\" {\n value = a_b.x.n\n}"
                .to_owned(),
            "refers to itself",
        ),
        ("chain", format!("locals {{\n{chain}}}\noutput \"o\" {{\n value = local.a0\n}}"), "nest too deeply"),
        ("doubling", format!("locals {{\n d0 = 1\n{doubling}}}\noutput \"o\" {{\n value = local.d199\n}}"), "too "),
        ("doubling text", format!("locals {{\n s0 = \"0123456789\"\n{longer}}}\noutput \"o\" {{\n value = local.s59\n}}"), "${local.s"),
        ("loops", format!("output \"o\" {{\n value = {nested}\n}}"), "too much work"),
        ("deep", format!("output \"o\" {{\n value = {deep}\n}}"), "1"),
        ("sum", format!("output \"o\" {{\n value = {sum}1\n}}"), "121"),
    ];
    for (name, text, expected) in cases {
        let read = std::thread::Builder::new().stack_size(2 << 20).spawn(move || read(&text)).expect("threads start");
        let read = read.join().expect("nothing panics");
        let shown = read.show("output.o", "value");
        assert!(shown.contains(expected), "{name}: {}", shown.chars().take(200).collect::<String>());
    }
}

#[test]
fn what_a_large_folder_makes_is_limited_and_the_rest_is_evaluated() {
    let padding = "#".repeat(1 << 20);
    let rows = "[for a in range(250) : [for b in range(250) : format(\"%01000d\", b)]]";
    let outputs = format!("output \"o\" {{\n value = {rows}\n}}\noutput \"z\" {{\n value = 1 + 1\n}}\n");
    let read = read(&format!("{padding}\n{outputs}"));
    let said: Vec<_> = read.diagnostics.iter().map(|said| (said.kind, &*said.message)).collect();
    assert!(matches!(&said[..], [(DiagnosticKind::Limit, why)] if why.contains("too many values")), "{said:?}");
    assert_eq!(read.show("output.z", "value"), "2");
}

/// Pieces that make text which is nearly Terraform.
const PIECES: &[&str] = &[
    "resource \"a_b\" \"x\" {\n",
    "data \"aws_iam_policy_document\" \"p\" {\n",
    "variable \"v\" {\n",
    "locals {\n",
    "}\n",
    "}",
    "{",
    "name = ",
    "count = ",
    "for_each = ",
    "default = ",
    "type = ",
    "statement {\n",
    "dynamic \"d\" {\n",
    "content {\n",
    "a_b.x",
    "[0]",
    "[*]",
    ".id",
    "var.v",
    "local.name",
    "each.value",
    "\"",
    "${",
    "%{ if ",
    "}",
    "%{ endif }",
    "<<EOT\n",
    "EOT\n",
    "[",
    "]",
    "(",
    ")",
    "merge(",
    "jsonencode(",
    "format(\"%s\", ",
    ", ",
    " ? ",
    " : ",
    "!",
    "-",
    "1",
    "null",
    "true",
    "for x in ",
    " => ",
    "...",
    "#",
    "/*",
    "\n",
    "toset([\"é\"])",
    "{ a = 1 }",
    "type = object({ a = optional(string, 1) })\n",
    "\\",
];

proptest::proptest! {
    #[test]
    fn anything_is_read_without_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..60), cut in 0usize..400) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let bytes = &text.as_bytes()[..text.len() - cut.min(text.len()) / 8];
        let source = Source { bytes: bytes.into(), ..Source::from_text(SourceId(0), "main.tf", "") };
        let mut diagnostics = Vec::new();
        let (file, comments) = parse(&source, &mut diagnostics);
        let readings = [FileReading { fragment: Some(Fragment::Terraform(file)), ..FileReading::new(source) }];
        let mut reading = UnitReading { diagnostics, ..UnitReading::default() };
        evaluate(&"".into(), &Folders::new(&readings), None, &Options::default(), &mut reading);
        let UnitReading { batch, diagnostics, .. } = reading;
        let places = diagnostics.iter().filter_map(|found| found.at).map(|at| at.span);
        let places = places.chain(comments.iter().map(|comment| comment.span));
        let places = places.chain(batch.resources.iter().flat_map(|found| [found.at.span, found.header().span]));
        for span in places {
            proptest::prop_assert!(span.start <= span.end && span.end as usize <= bytes.len(), "{span:?}");
        }
    }
}
