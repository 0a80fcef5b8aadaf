//! What configurations are worth here and in `terraform plan`. Says so and passes where there is no `terraform`.
//!
//! The configurations stand in `terraform/configurations.txt` and `terraform/roots.txt`, one file behind the other. They
//! are made of `terraform_data`, which is built in: no provider is needed.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures and run Terraform")]

mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use secscan_model::{Node, Value};
use terraform::{Evaluated, evaluate, parse_json, same, show};

type Files = Vec<(String, Vec<u8>)>;

/// The files that stand one behind the other in a text, each below a line with its path.
fn unpacked(text: &str) -> Files {
    let mut files: Files = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("-- ").and_then(|line| line.trim_end().strip_suffix(" --")) {
            Some(path) => files.push((path.to_owned(), Vec::new())),
            None => files.last_mut().into_iter().for_each(|(_, text)| text.extend_from_slice(line.as_bytes())),
        }
    }
    files
}

/// The names of the first folders.
fn cases(files: &Files) -> BTreeSet<&str> {
    files.iter().filter_map(|(path, _)| Some(path.split_once('/')?.0)).collect()
}

fn written(files: &Files, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terraform-plan").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("the target folder can be written");
        std::fs::write(path, text).expect("the target folder can be written");
    }
    folder
}

/// What `terraform show -json` says of a plan of a folder; none where there is no `terraform`.
fn planned(folder: &Path) -> Option<Node> {
    let run = |arguments: &[&str]| {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(folder);
        command.env_remove("TF_CLI_CONFIG_FILE").env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1");
        let output = command.output().ok()?;
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "terraform {arguments:?}: {out}{error}");
        Some(out.into_owned())
    };
    run(&["init", "-input=false", "-no-color"])?;
    run(&["plan", "-input=false", "-no-color", "-out=plan.bin"])?;
    Some(parse_json(&run(&["show", "-json", "plan.bin"])?))
}

/// What Terraform says of a resource: its values, and which of them are known only after apply.
struct Planned<'p> {
    values: &'p Node,
    unknown: Option<&'p Node>,
}

/// The resources of a plan by address.
fn resources(plan: &Node) -> BTreeMap<String, Planned<'_>> {
    let mut resources = BTreeMap::new();
    for entry in plan.get("resource_changes").map(Node::items).unwrap_or_default() {
        let address = entry.get("address").and_then(Node::as_str).expect("changes have addresses");
        let change = entry.get("change").expect("changes say what changes");
        let values = change.get("after").expect("everything is made anew");
        resources.insert(address.to_owned(), Planned { values, unknown: change.get("after_unknown") });
    }
    resources
}

/// How a value of ours differs from Terraform's, if it does.
fn difference(ours: Option<&Node>, theirs: Option<&Node>, unknown: Option<&Node>) -> Option<String> {
    if unknown.and_then(Node::as_bool) == Some(true) {
        let is_unknown = ours.is_some_and(|ours| ours.as_unresolved().is_some());
        return (!is_unknown).then(|| format!("here {:?}, there known after apply", ours.map(show)));
    }
    let (Some(ours), Some(theirs)) = (ours.filter(|it| !it.is_null()), theirs.filter(|it| !it.is_null())) else {
        let agrees = ours.is_none_or(Node::is_null) && theirs.is_none_or(Node::is_null);
        return (!agrees).then(|| format!("here {:?}, there {:?}", ours.map(show), theirs.map(show)));
    };
    let has_unknown = unknown.is_some_and(|unknown| !unknown.entries().is_empty() || !unknown.items().is_empty());
    match (&ours.value, &theirs.value) {
        (Value::Map(map), Value::Map(others)) if has_unknown => {
            let keys: BTreeSet<&str> = map.entries().iter().chain(others.entries()).map(|entry| &*entry.key).collect();
            keys.into_iter().find_map(|key| {
                let unknown = unknown.and_then(|unknown| unknown.get(key));
                difference(map.get(key), others.get(key), unknown).map(|found| format!("{key}: {found}"))
            })
        }
        (Value::List(items), Value::List(others)) if has_unknown => {
            (0..items.len().max(others.len())).find_map(|index| {
                let unknown = unknown.and_then(|unknown| unknown.items().get(index));
                difference(items.get(index), others.get(index), unknown).map(|found| format!("{index}: {found}"))
            })
        }
        _ if same(ours, theirs) => None,
        _ => Some(format!("here {}, there {}", show(ours), show(theirs))),
    }
}

/// Everything in which what secscan evaluated differs from a plan.
fn differences(ours: &Evaluated, plan: &Node, outputs: &str) -> Vec<String> {
    let mut found = Vec::new();
    let theirs = resources(plan);
    let is_planned = |address: &&str| address.contains("terraform_data.");
    let addresses: BTreeSet<&str> =
        ours.resources.iter().map(|resource| &*resource.address).filter(is_planned).collect();
    let planned: BTreeSet<&str> = theirs.keys().map(String::as_str).collect();
    found.extend(addresses.difference(&planned).map(|address| format!("{address} is here only")));
    found.extend(planned.difference(&addresses).map(|address| format!("{address} is there only")));
    for (address, planned) in &theirs {
        for argument in ["input", "triggers_replace"] {
            let unknown = planned.unknown.and_then(|unknown| unknown.get(argument));
            let difference = difference(ours.value(address, &[argument]), planned.values.get(argument), unknown);
            found.extend(difference.map(|difference| format!("{address}.{argument}: {difference}")));
        }
    }
    for entry in plan.get("output_changes").map(Node::entries).unwrap_or_default() {
        let ours = ours.value(&format!("{outputs}{}", entry.key), &["value"]);
        let difference = difference(ours, entry.value.get("after"), entry.value.get("after_unknown"));
        found.extend(difference.map(|difference| format!("output {}: {difference}", entry.key)));
    }
    found
}

#[test]
fn modules_are_what_terraform_plans() {
    let mut files = unpacked(include_str!("terraform/configurations.txt"));
    let names: BTreeSet<String> = cases(&files).into_iter().map(str::to_owned).collect();
    assert!(names.len() >= 60, "{} configurations", names.len());
    // The outputs of every case become those of the root module, where Terraform shows them.
    let call = |name: &String| {
        let outputs: Vec<String> =
            files.iter().filter(|(path, _)| is_of(path, name)).flat_map(|(_, text)| outputs(text)).collect();
        let output = |output: &String| {
            format!("output \"{name}--{output}\" {{ value = nonsensitive(sensitive(module.{name}.{output})) }}\n")
        };
        let outputs: String = outputs.iter().map(output).collect();
        format!("module \"{name}\" {{ source = \"./{name}\" }}\n{outputs}")
    };
    let root: String = names.iter().map(call).collect();
    files.push(("main.tf".to_owned(), root.into_bytes()));
    let Some(plan) = planned(&written(&files, "modules")) else {
        eprintln!("SKIPPED: there is no terraform to compare with");
        return;
    };
    let ours = evaluate(files);
    let found = differences(&ours, &plan, "output.");
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
    assert!(ours.diagnostics.is_empty(), "{:#?}", ours.diagnostics);
}

/// Whether a file stands at the top of a case.
fn is_of(path: &str, case: &str) -> bool {
    path.strip_prefix(case).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| !rest.contains('/'))
}

/// The names of the outputs that a file declares, in either syntax.
fn outputs(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let native = text.lines().filter_map(|line| line.strip_prefix("output \"")?.split('"').next());
    let mut names: Vec<String> = native.map(str::to_owned).collect();
    if text.starts_with('{') || text.starts_with('[') {
        for root in parse_json(&text).items() {
            names.extend(
                root.get("output").map(Node::entries).unwrap_or_default().iter().map(|entry| entry.key.to_string()),
            );
        }
    }
    names
}

#[test]
fn root_modules_are_what_terraform_plans() {
    let files = unpacked(include_str!("terraform/roots.txt"));
    let mut found = Vec::new();
    for case in cases(&files) {
        let within = |(path, text): &(String, Vec<u8>)| {
            Some((path.strip_prefix(case)?.strip_prefix('/')?.to_owned(), text.clone()))
        };
        let files: Files = files.iter().filter_map(within).collect();
        let Some(plan) = planned(&written(&files, case)) else {
            eprintln!("SKIPPED: there is no terraform to compare with");
            return;
        };
        let differences = differences(&evaluate(files), &plan, "output.");
        found.extend(differences.into_iter().map(|difference| format!("{case}: {difference}")));
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
