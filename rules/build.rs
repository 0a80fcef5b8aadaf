//! Checks and compiles all rule files of this folder, with the vocabulary beside it, into one blob. A file that is wrong
//! stops the build with its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secscan_rules::blob::{self, RuleBlob};
use secscan_rules::compile::compile_params;
use secscan_rules::pack::load_topics;
use secscan_rules::{FileError, Vocabulary};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=.");
    println!("cargo::rerun-if-changed=../vocabulary");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut errors = Vec::new();
    let blob = compile_all(&root, &mut errors)?;
    for error in &errors {
        println!("cargo::error={error}");
    }
    if errors.is_empty() {
        std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("rules.bin"), blob::encode(&blob)?)?;
    }
    Ok(())
}

fn compile_all(root: &Path, errors: &mut Vec<FileError>) -> Result<RuleBlob, Failure> {
    let mut digest = secscan_model::source::Digest::default();
    let mut shared = |name: &str| {
        let text = std::fs::read_to_string(root.join("../vocabulary").join(name))?;
        digest.update(text.as_bytes());
        Ok::<_, std::io::Error>((format!("vocabulary/{name}"), text))
    };
    let (path, text) = shared("topics.yaml")?;
    let topics = load_topics(&path, &text).unwrap_or_else(|problems| note(errors, problems));
    let (path, text) = shared("parameters.yaml")?;
    let params = compile_params(&path, &text).unwrap_or_else(|problems| note(errors, problems));
    let names = topics.iter().map(|topic| topic.id.to_string()).collect();
    let vocabulary = Vocabulary { topics: names, params: params.clone() };
    let mut rules = BTreeMap::new();
    for file in rule_files(root)? {
        let path = format!("rules/{}", file.strip_prefix(root)?.display());
        let text = std::fs::read_to_string(&file)?;
        digest.update(text.as_bytes());
        match secscan_rules::compile(&path, &text, &vocabulary) {
            Ok((_, rule)) => {
                let id = rule.info.id.to_string();
                if file.file_stem().and_then(|stem| stem.to_str()) != Some(&id) {
                    errors.push(at_top(&path, format!("the file of the rule `{id}` is named {id}.yaml")));
                }
                if rules.insert(id.clone(), rule).is_some() {
                    errors.push(at_top(&path, format!("another file has the id `{id}` too")));
                }
            }
            Err(problems) => errors.extend(problems),
        }
    }
    Ok(RuleBlob {
        rules: rules.into_values().collect(),
        topics: topics.into(),
        params: params.into(),
        digest: digest.hex().to_string(),
    })
}

fn note<T: Default>(errors: &mut Vec<FileError>, problems: Vec<FileError>) -> T {
    errors.extend(problems);
    T::default()
}

fn at_top(path: &str, message: String) -> FileError {
    FileError { path: path.to_owned(), line: 1, column: 1, message }
}

/// The rule files: all YAML files of the family folders, sorted.
fn rule_files(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if folder != root && path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
