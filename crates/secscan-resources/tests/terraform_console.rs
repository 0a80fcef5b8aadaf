//! What expressions are worth here and in `terraform console`. Says so and passes where there is no `terraform`.
//!
//! The expressions stand in `terraform/expressions.txt`, what they refer to in `terraform/console`.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures and run Terraform")]

mod terraform;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use secscan_model::Node;
use terraform::{Evaluated, evaluate, from_base64, parse_json, same, show};

/// How many expressions one `terraform console` is asked for.
const CHUNK: usize = 100;

/// What nobody can know before Terraform runs, or, of the last, what nobody here computes; with something that is true of
/// it in Terraform, which shows that it is no refusal.
const UNKNOWABLE: &[(&str, &str)] = &[
    ("abspath(\"x/./y\")", "endswith(abspath(\"x/./y\"), \"/x/y\") && abspath(\".\") == abspath(\"./x/..\")"),
    ("bcrypt(\"x\", 4)", "length(bcrypt(\"x\", 4)) == 60 && bcrypt(\"x\", 4) != bcrypt(\"x\", 4)"),
    ("timestamp()", "can(formatdate(\"YYYY\", timestamp())) && timecmp(timestamp(), \"2020-01-01T00:00:00Z\") == 1"),
    ("uuid()", "can(regex(\"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$\", uuid())) && uuid() != uuid()"),
    ("base64gzip(\"x\")", "startswith(base64gzip(\"x\"), \"H4sI\") && base64gzip(\"x\") == base64gzip(\"x\")"),
];

fn expressions() -> Vec<&'static str> {
    let lines = include_str!("terraform/expressions.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// The values that Terraform gives: a list of one for each, or none for what it refuses. None where there is no
/// `terraform`.
fn by_terraform(folder: &Path, expressions: &[&str]) -> Option<Vec<Option<Node>>> {
    if let Some(values) = ask(folder, expressions)? {
        return Some(values);
    }
    // Something is refused before anything is evaluated: the halves tell what.
    if let [_] = expressions {
        return Some(vec![None]);
    }
    let (first, second) = expressions.split_at(expressions.len() / 2);
    let mut values = by_terraform(folder, first)?;
    values.extend(by_terraform(folder, second)?);
    Some(values)
}

/// One question for the values of some expressions. The inner option is none when Terraform refuses the question.
fn ask(folder: &Path, expressions: &[&str]) -> Option<Option<Vec<Option<Node>>>> {
    let tries: Vec<_> =
        expressions.iter().map(|text| format!("try([nonsensitive({text})], try([{text}], \"refused\"))")).collect();
    let mut console = Command::new("terraform")
        .args(["console", "-no-color"])
        .current_dir(folder)
        .env_remove("TF_CLI_CONFIG_FILE")
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = console.stdin.take()?;
    writeln!(input, "base64encode(jsonencode([{}]))", tries.join(", ")).ok()?;
    drop(input);
    let output = console.wait_with_output().ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    if !output.status.success() || !printed.trim_start().starts_with('"') {
        return Some(None);
    }
    let values = parse_json(&from_base64(printed.trim().trim_matches('"'))?);
    let value = |value: &Node| value.as_list().and_then(|items| items.first()).cloned();
    Some(Some(values.items().iter().map(value).collect()))
}

/// The values that secscan gives.
fn by_secscan(folder: &Path, expressions: &[&str]) -> Evaluated {
    let outputs: String = expressions
        .iter()
        .enumerate()
        .map(|(index, text)| format!("output \"o{index}\" {{\n  value = {text}\n}}\n"))
        .collect();
    let mut files = terraform::files(folder);
    files.push(("outputs.tf".to_owned(), outputs.into_bytes()));
    evaluate(files)
}

fn console() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terraform/console")
}

#[test]
fn expressions_have_the_values_that_terraform_gives() {
    let expressions = expressions();
    let ours = by_secscan(&console(), &expressions);
    let mut wrong = Vec::new();
    for (number, chunk) in expressions.chunks(CHUNK).enumerate() {
        let Some(theirs) = by_terraform(&console(), chunk) else {
            eprintln!("SKIPPED: there is no terraform to compare with");
            return;
        };
        for (index, (text, theirs)) in chunk.iter().zip(&theirs).enumerate() {
            let ours = ours.value(&format!("output.o{}", number * CHUNK + index), &["value"]);
            let agrees = match (ours, theirs) {
                (Some(ours), Some(theirs)) => same(ours, theirs),
                // What does not even parse is refused, too.
                (ours, None) => ours.is_none_or(|ours| ours.as_unresolved().is_some()),
                (None, Some(_)) => false,
            };
            if !agrees {
                let (ours, theirs) = (ours.map(show), theirs.as_ref().map(show));
                wrong.push(format!("{text}: here {ours:?}, there {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), expressions.len(), wrong.join("\n"));
}

#[test]
fn every_function_of_terraform_is_compared() {
    let Ok(output) = Command::new("terraform").args(["metadata", "functions", "-json"]).output() else {
        eprintln!("SKIPPED: there is no terraform to compare with");
        return;
    };
    let known = parse_json(&String::from_utf8_lossy(&output.stdout));
    let signatures = known.get("function_signatures").expect("Terraform lists its functions");
    let expressions = expressions();
    let is_called = |name: &str| {
        let call = format!("{name}(");
        let begins = |at: usize, text: &str| at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
        expressions.iter().any(|text| text.match_indices(&call).any(|(at, _)| begins(at, text)))
    };
    let names = signatures.entries().iter().map(|entry| &*entry.key).filter(|name| !name.starts_with("core::"));
    let missing: Vec<_> = names.filter(|name| !is_called(name)).collect();
    assert!(missing.is_empty(), "no expression calls {missing:?}");
}

#[test]
fn what_nobody_can_know_is_unknown() {
    // The console does not have this one.
    let calls: Vec<&str> = UNKNOWABLE.iter().map(|(call, _)| *call).chain(["plantimestamp()"]).collect();
    let ours = by_secscan(&console(), &calls);
    for (index, call) in calls.iter().enumerate() {
        let value = ours.value(&format!("output.o{index}"), &["value"]);
        assert!(value.is_some_and(|value| value.as_unresolved().is_some()), "{call}: {value:?}");
    }
    assert!(ours.diagnostics.is_empty(), "what is not known yet is no mistake: {:?}", ours.diagnostics);
    let truths: Vec<&str> = UNKNOWABLE.iter().map(|(_, truth)| *truth).collect();
    let Some(theirs) = by_terraform(&console(), &truths) else {
        eprintln!("SKIPPED: there is no terraform to compare with");
        return;
    };
    for (truth, value) in truths.iter().zip(&theirs) {
        assert_eq!(value.as_ref().and_then(Node::as_bool), Some(true), "{truth}");
    }
}
