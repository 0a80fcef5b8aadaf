//! Overlays built here and by `kubectl kustomize` give the same objects in the same order.
//!
//! `SECSCAN_OVERLAYS=FOLDER` compares all kustomizations below a folder as well, such as those of a real project.
//!
//! `kustomize/overlays.txt` holds the overlays: `@case NAME FOLDER` begins one, `@file PATH` a file of it, `@set NAME` files
//! that `@use NAME` repeats.

#![allow(clippy::disallowed_methods, reason = "tests write folders for another program")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use secscan_model::{Node, Origin, Platform, ScalarKind, Source, SourceId, Value};
use secscan_resources::{Options, kustomize, read_file, read_unit, units};

/// An overlay: which folder is built, and its files.
struct Case {
    name: String,
    folder: String,
    files: BTreeMap<String, String>,
}

fn cases() -> Vec<Case> {
    let text = include_str!("kustomize/overlays.txt");
    let mut sets: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut set: Option<String> = None;
    let mut file = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["@case", name, folder] => {
                set = None;
                let folder = if folder == "." { "" } else { folder };
                cases.push(Case { name: name.to_owned(), folder: folder.to_owned(), files: BTreeMap::new() });
            }
            ["@set", name] => set = Some(name.to_owned()),
            ["@use", name] => cases.last_mut().expect("a case").files.extend(sets[name].clone()),
            ["@file", path] => file = path.to_owned(),
            _ => {
                let files = match &set {
                    Some(set) => sets.entry(set.clone()).or_default(),
                    None => &mut cases.last_mut().expect("a case").files,
                };
                let contents = files.entry(file.clone()).or_default();
                contents.push_str(line);
                contents.push('\n');
            }
        }
    }
    cases
}

/// A value on one line, keys sorted. What only the release of Kustomize decides is a question mark.
fn canonical(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Text if scalar.text.starts_with("kustomize-") => "?".to_owned(),
            // Kustomize reads numbers as YAML 1.1 does; here what that takes for octal stays a text, and the same number.
            ScalarKind::Text if is_octal(&scalar.text) => i64::from_str_radix(&scalar.text, 8)
                .map_or_else(|_| scalar.text.to_string(), |number| number.to_string()),
            ScalarKind::Text => format!("{:?}", &*scalar.text),
            ScalarKind::Null => "null".to_owned(),
            ScalarKind::Bool(value) => value.to_string(),
            ScalarKind::Int(value) => value.to_string(),
            ScalarKind::Float(value) => value.to_string(),
        },
        Value::List(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Map(map) => {
            let sorted: BTreeMap<&str, String> =
                map.entries().iter().map(|entry| (&*entry.key, canonical(&entry.value))).collect();
            format!("{{{}}}", sorted.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(","))
        }
        Value::Unresolved(_) => "?".to_owned(),
    }
}

fn is_octal(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|digit| matches!(digit, b'0'..=b'7'))
}

/// What is built here, and what was said meanwhile.
fn built(case: &Case) -> (Vec<String>, Vec<String>) {
    let source =
        |(index, (path, text)): (usize, (&String, &String))| Source::from_text(SourceId(index as u32), path, text);
    let readings: Vec<_> = case.files.iter().enumerate().map(source).map(read_file).collect();
    let units = units(&readings);
    let unit = units.list.iter().find(|unit| *unit.folder == *case.folder).expect("the folder of the case");
    let reading = read_unit(unit, &units, &readings, None, &Options::default());
    let objects = reading.batch.resources.iter().filter(|resource| resource.platform == Platform::Kubernetes);
    let said = reading.diagnostics.iter().map(|diagnostic| diagnostic.message.to_string()).collect();
    (objects.map(|resource| canonical(&resource.value)).collect(), said)
}

/// What is printed here, read again.
fn reread(case: &Case) -> Vec<String> {
    let source =
        |(index, (path, text)): (usize, (&String, &String))| Source::from_text(SourceId(index as u32), path, text);
    let readings: Vec<_> = case.files.iter().enumerate().map(source).map(read_file).collect();
    let printed = kustomize::print(&readings, None);
    let (_, documents) = printed.folders.iter().find(|(folder, _)| **folder == *case.folder).expect("it is built");
    let parse = |text: &String| {
        let parsed = secscan_parse::yaml::parse(&Source::from_text(SourceId(0), "printed.yaml", text));
        assert!(parsed.diagnostics.is_empty(), "{text}");
        parsed.documents.iter().map(canonical).collect::<Vec<_>>()
    };
    documents.iter().flat_map(parse).map(|text| text.replace("managed-by:\"unknown\"", "managed-by:?")).collect()
}

/// What `kubectl kustomize` prints for a folder, or what it complains about.
fn printed(folder: &Path) -> Result<Vec<String>, String> {
    let output = Command::new("kubectl").arg("kustomize").arg(folder).output().expect("kubectl runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let parsed = secscan_parse::yaml::parse(&Source::from_text(SourceId(0), "built.yaml", &text));
    Ok(parsed.documents.iter().map(canonical).collect())
}

/// What is printed for a case.
fn expected(case: &Case, root: &Path) -> Vec<String> {
    let root = root.join(&case.name);
    let _ = std::fs::remove_dir_all(&root);
    for (path, text) in &case.files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(path, text).expect("a file is written");
    }
    printed(&root.join(&case.folder)).unwrap_or_else(|said| panic!("{}: {said}", case.name))
}

#[test]
fn overlays_are_built_as_kubectl_builds_them() {
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        eprintln!("SKIPPED: there is no kubectl to compare with");
        return;
    }
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("overlays");
    let cases = cases();
    assert!(cases.len() >= 60, "{} overlays", cases.len());
    let mut wrong = 0;
    for case in &cases {
        let ((ours, said), theirs) = (built(case), expected(case, &root));
        if ours == theirs && said.is_empty() {
            assert_eq!(reread(case), ours, "{}: what is printed", case.name);
            continue;
        }
        wrong += 1;
        println!("---- {}: {} objects here, {} there; said: {said:?}", case.name, ours.len(), theirs.len());
        for index in 0..ours.len().max(theirs.len()) {
            let (ours, theirs) = (ours.get(index), theirs.get(index));
            if ours != theirs {
                println!("  here  {}\n  there {}", ours.map_or("-", |it| it), theirs.map_or("-", |it| it));
            }
        }
    }
    assert_eq!(wrong, 0, "of {} overlays", cases.len());
    println!("{} overlays are the same", cases.len());
}

/// The files of a folder and those below it, with their paths.
fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            collect(root, &path, files);
        } else if let (Ok(bytes), Ok(path)) = (std::fs::read(&path), path.strip_prefix(root)) {
            files.insert(path.to_string_lossy().replace('\\', "/"), bytes);
        }
    }
}

#[test]
fn overlays_of_projects_are_built_likewise() {
    let Some(root) = std::env::var_os("SECSCAN_OVERLAYS") else { return };
    let root = Path::new(&root);
    let mut files = BTreeMap::new();
    collect(root, root, &mut files);
    let source = |(index, (path, bytes)): (usize, (&String, &Vec<u8>))| Source {
        id: SourceId(index as u32),
        path: path.as_str().into(),
        origin: Origin::WorkTree,
        bytes: bytes.as_slice().into(),
    };
    let readings: Vec<_> = files.iter().enumerate().map(source).map(read_file).collect();
    let units = units(&readings);
    let (mut same, mut wrong, mut refused) = (0, 0, 0);
    for unit in &units.list {
        let reading = read_unit(unit, &units, &readings, None, &Options::default());
        let is_built = |resource: &&secscan_model::Resource| resource.platform == Platform::Kubernetes;
        let ours: Vec<String> =
            reading.batch.resources.iter().filter(is_built).map(|it| canonical(&it.value)).collect();
        if ours.is_empty() {
            continue;
        }
        let said: Vec<&str> = reading.diagnostics.iter().map(|diagnostic| &*diagnostic.message).collect();
        match printed(&root.join(&*unit.folder)) {
            Err(why) => {
                refused += 1;
                println!("{}: refused: {}; said: {said:?}", unit.folder, why.lines().next().unwrap_or_default());
            }
            Ok(theirs) if theirs == ours => same += 1,
            Ok(theirs) => {
                wrong += 1;
                println!("{}: {} objects here, {} there; said: {said:?}", unit.folder, ours.len(), theirs.len());
                let differing = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
                differing.into_iter().for_each(|(ours, theirs)| println!("  here  {ours}\n  there {theirs}"));
            }
        }
    }
    println!("{same} are the same, {wrong} differ, {refused} are refused");
    assert_eq!(wrong, 0);
}
