//! What expressions are worth here and in `terraform console`. Says so and passes where there is no `terraform`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use secscan_model::{Node, Scalar, ScalarKind, Source, SourceId, Value};
use secscan_resources::{Batch, Options, terraform};

/// Expressions; one that Terraform refuses must not be known here.
const EXPRESSIONS: &[&str] = &[
    "1 + 2 * 3 - 4 / 8",
    "7 % 3",
    "-5 % 3",
    "10 / 4",
    "1.5e3",
    "0.5 + 0.25 > 0.75",
    "\"5\" + 1",
    "!true || false && true",
    "1 == 1.0",
    "\"1\" == 1",
    "[1, 2] == [1, 2]",
    "{ a = 1 } == { a = 1 }",
    "null == null",
    "true ? \"a\" : \"b\"",
    "\"a${1}${true}b\"",
    "\"a${1.50}b\"",
    "\"$${x} %%{y} \\\"q\\\" \\u00e9\\n\"",
    "\"%{ if 1 < 2 }yes%{ else }no%{ endif }\"",
    "\"%{ for k, v in { b = 2, a = 1 } }${k}=${v};%{ endfor }\"",
    "\"  a  ${~ \" b \" ~}  c  \"",
    "[for i, x in [\"a\", \"b\"] : \"${i}${x}\"]",
    "[for k, v in { b = 2, a = 1 } : \"${k}${v}\" if v > 0]",
    "{ for x in [\"a\", \"b\"] : x => upper(x) }",
    "{ for x in [\"a1\", \"a2\", \"b1\"] : substr(x, 0, 1) => x... }",
    "[{ a = 1 }, { a = 2 }][*].a",
    "{ a = [{ b = 1 }] }.a[0].b",
    "[1, 2, 3][1]",
    "[1, 2, 3][7]",
    "{ a = 1 }[\"b\"]",
    "{ (upper(\"a\")) = 1, \"b c\" : 2 }",
    "try({ a = 1 }.b, \"other\")",
    "can({ a = 1 }.b)",
    "abs(-3.5)",
    "ceil(1.2) + floor(-1.2)",
    "max(1, 5, 3) - min(4, 2)",
    "pow(2, 10)",
    "log(1024, 2)",
    "signum(-9)",
    "parseint(\"ff\", 16)",
    "sum([1, 2.5])",
    "range(3)",
    "range(1, 8, 3)",
    "range(3, 0)",
    "chomp(\"a\\n\\n\")",
    "indent(2, \"a\\nb\")",
    "join(\", \", [\"a\", \"b\"])",
    "join(\"-\", [1, true])",
    "lower(\"ÀB\")",
    "title(\"hello wOrld\")",
    "trim(\"?!a?!\", \"!?\")",
    "trimprefix(\"helloworld\", \"hello\")",
    "trimsuffix(\"a.tf\", \".tf\")",
    "trimspace(\"  a \\n\")",
    "split(\",\", \"a,b,,c\")",
    "replace(\"1 + 2\", \"+\", \"-\")",
    "replace(\"hello world\", \"/w.*d/\", \"x\")",
    "replace(\"abc\", \"/(b)/\", \"[$1]\")",
    "substr(\"hello world\", 1, 4)",
    "substr(\"hello\", -2, -1)",
    "strrev(\"abc\")",
    "startswith(\"hello\", \"he\")",
    "endswith(\"hello\", \"he\")",
    "strcontains(\"hello\", \"ll\")",
    "regex(\"[a-z]+\", \"53453453.345345aaabbbccc23454\")",
    "regex(\"(\\\\d+)-(\\\\d+)\", \"12-34\")",
    "regex(\"(?P<a>\\\\d+)-\", \"12-34\")",
    "regexall(\"[a-z]\", \"1a2b\")",
    "format(\"%s-%03d-%.2f-%t-%q-%%-%v\", \"a\", 7, 1.005, true, \"x\", [1])",
    "format(\"%-5s|%5s|%+d\", \"a\", \"b\", 3)",
    "format(\"%x %X %o %b\", 255, 255, 8, 5)",
    "format(\"%[2]s %[1]s\", \"a\", \"b\")",
    "formatlist(\"%s=%s\", [\"a\", \"b\"], \"x\")",
    "basename(\"a/b/c.txt\")",
    "dirname(\"a/b/c.txt\")",
    "concat([\"a\"], [], [\"b\", \"c\"])",
    "contains([\"a\", \"b\"], \"b\")",
    "distinct([\"a\", \"b\", \"a\"])",
    "element([\"a\", \"b\"], 3)",
    "flatten([[\"a\"], [], [[\"b\"], \"c\"]])",
    "index([\"a\", \"b\"], \"b\")",
    "keys({ b = 1, a = 2 })",
    "values({ b = 1, a = 2 })",
    "length({ a = 1 }) + length(\"añb\") + length([])",
    "lookup({ a = \"x\" }, \"b\", \"d\")",
    "merge({ a = 1, b = 2 }, { b = 3 }, null)",
    "one([])",
    "one([7])",
    "reverse([1, 2, 3])",
    "setintersection([\"a\", \"b\"], [\"b\", \"c\"])",
    "setproduct([\"a\", \"b\"], [1, 2])",
    "setsubtract([\"a\", \"b\"], [\"a\"])",
    "setunion([\"b\"], [\"a\"])",
    "slice([\"a\", \"b\", \"c\"], 1, 2)",
    "sort([\"b\", \"a\", \"10\", \"9\"])",
    "compact([\"a\", \"\", null, \"b\"])",
    "coalesce(null, \"\", \"b\")",
    "coalescelist([], [\"a\"])",
    "chunklist([1, 2, 3], 2)",
    "alltrue([true, false])",
    "anytrue([false, true])",
    "matchkeys([\"i1\", \"i2\"], [\"a\", \"b\"], [\"b\"])",
    "transpose({ a = [\"x\", \"y\"], b = [\"y\"] })",
    "zipmap([\"a\", \"b\"], [1, 2])",
    "toset([\"b\", \"a\", \"b\"])",
    "tolist([\"a\", 1])",
    "tomap({ a = 1, b = \"x\" })",
    "tonumber(\"12\")",
    "tonumber(\"x\")",
    "tobool(\"true\")",
    "tostring(1.5)",
    "base64encode(\"Hello, wörld!\")",
    "base64decode(\"SGVsbG8=\")",
    "urlencode(\"a b&c/ü\")",
    "jsondecode(\"{\\\"a\\\": [1, true, null, \\\"x\\\"]}\")",
    "\"x${jsonencode({ b = \"<&>\", a = [1.5, null] })}\"",
    "yamldecode(\"a: [1, x]\")",
    "cidrsubnet(\"10.0.0.0/8\", 8, 2)",
    "cidrsubnet(\"fd00:1234::/32\", 16, 5)",
    "cidrsubnets(\"10.1.0.0/16\", 4, 4, 8, 4)",
    "cidrhost(\"10.12.112.0/20\", 16)",
    "cidrhost(\"10.12.112.0/20\", -1)",
    "cidrnetmask(\"172.16.0.0/12\")",
    "sensitive(\"x\") == \"x\" ? 1 : 1",
    "min([3, 1, 2]...)",
];

/// The values that Terraform gives; none where there is no `terraform`.
fn by_terraform(folder: &std::path::Path) -> Option<Node> {
    let tries: Vec<_> =
        EXPRESSIONS.iter().map(|text| format!("try([nonsensitive({text})], try([{text}], \"refused\"))")).collect();
    let mut console = Command::new("terraform")
        .arg("console")
        .current_dir(folder)
        .env_remove("TF_CLI_CONFIG_FILE")
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = console.stdin.take()?;
    writeln!(input, "jsonencode([{}])", tries.join(", ")).ok()?;
    drop(input);
    let output = console.wait_with_output().ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    assert!(output.status.success(), "terraform refuses all: {}", String::from_utf8_lossy(&output.stderr));
    // The console prints the JSON text as a quoted string of its own syntax, which is JSON but for escaped `${`.
    let text = parse_json(&printed.replace("$${", "${").replace("%%{", "%{"));
    Some(parse_json(text.as_str()?))
}

fn parse_json(text: &str) -> Node {
    let parsed = secscan_parse::json::parse(&Source::from_text(SourceId(0), "x.json", text));
    parsed.documents.into_iter().next().unwrap_or_else(|| panic!("no JSON: {text} {:?}", parsed.diagnostics))
}

fn by_secscan() -> Vec<Node> {
    let outputs: String = EXPRESSIONS
        .iter()
        .enumerate()
        .map(|(index, text)| format!("output \"o{index}\" {{\n  value = {text}\n}}\n"))
        .collect();
    let source = Source::from_text(SourceId(0), "main.tf", &outputs);
    let (mut batch, mut diagnostics) = (Batch::default(), Vec::new());
    let (file, _) = terraform::parse(&source, &mut diagnostics);
    terraform::evaluate("", &[(&source, &file)], &Options::default(), &mut batch, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    batch.resources.iter().map(|output| output.value.get("value").expect("outputs have values").clone()).collect()
}

fn same(ours: &Node, theirs: &Node) -> bool {
    match (&ours.value, &theirs.value) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.entries().iter().all(|entry| b.get(&entry.key).is_some_and(|b| same(&entry.value, b)))
        }
        (Value::Scalar(a), Value::Scalar(b)) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a.kind == b.kind && (a.text == b.text || a.kind == ScalarKind::Null),
        },
        _ => false,
    }
}

fn number(scalar: &Scalar) -> Option<f64> {
    match scalar.kind {
        ScalarKind::Int(value) => Some(value as f64),
        ScalarKind::Float(value) => Some(value),
        _ => None,
    }
}

#[test]
fn expressions_have_the_values_that_terraform_gives() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("terraform-console");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let Some(theirs) = by_terraform(&folder) else {
        eprintln!("SKIPPED: there is no terraform to compare with");
        return;
    };
    let mut wrong = Vec::new();
    for ((text, ours), theirs) in EXPRESSIONS.iter().zip(by_secscan()).zip(theirs.items()) {
        let agrees = match theirs.items().first() {
            Some(theirs) if theirs.as_str() != Some("refused") || text.contains("refused") => same(&ours, theirs),
            _ => ours.as_unresolved().is_some(),
        };
        if !agrees {
            wrong.push(format!("{text}: here {:?}, there {:?}", ours.value, theirs.value));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
