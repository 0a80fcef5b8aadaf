//! Rule files of users: a folder of YAML files through the same compiler as the built-in rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secscan_discover::{GitTree, Options};
use secscan_model::{Candidate, FileTree};
use secscan_rules::compile::compile_params;
use secscan_rules::syntax::RuleFile;
use secscan_rules::{Rule, Vocabulary, compile};

use crate::targets::slashed;

/// A rule with the file that it came from.
pub(crate) struct UserRule {
    pub(crate) path: PathBuf,
    pub(crate) file: RuleFile,
    pub(crate) rule: Rule,
}

/// The file beside rules that is none: parameters that they share, besides the built-in ones.
const PARAMETERS: &str = "parameters.yaml";

/// Reads all rules below a folder, or the one rule of a file, in the order of their paths.
///
/// Fails with every mistake of every file, each with its place.
pub(crate) fn load(folder: &Path) -> anyhow::Result<Vec<UserRule>> {
    let built_in = secscan_builtin_rules::load()?;
    let topics = built_in.topics.iter().map(|topic| topic.id.to_string()).collect();
    let mut vocabulary = Vocabulary { topics, params: (*built_in.params).clone() };
    let mut errors = Vec::new();
    let shared = folder.join(PARAMETERS);
    if shared.is_file() {
        match compile_params(&shared.display().to_string(), &read(&shared)?) {
            Ok(params) => vocabulary.params.extend(params),
            Err(problems) => errors.extend(problems),
        }
    }
    let mut rules = Vec::new();
    let mut known: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in files(folder)? {
        let text = read(&path)?;
        let shown = path.display().to_string();
        match compile::compile(&shown, &text, &vocabulary) {
            Ok((file, rule)) => {
                let id = rule.info.id.to_string();
                if let Some(other) = known.insert(id.clone(), path.clone()) {
                    bail!("{shown}:1:1: the id `{id}` belongs to {} already", other.display());
                }
                rules.push(UserRule { path, file, rule });
            }
            Err(problems) => errors.extend(problems),
        }
    }
    if errors.is_empty() {
        return Ok(rules);
    }
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    bail!("{}", lines.join("\n"))
}

/// The files below a folder of rules that a revision lacks, has otherwise, or has and the disk has not. None where the
/// folder lies in no repository with that revision: what is outside is no part of a change.
pub(crate) fn changed_since(folder: &Path, revision: &str) -> anyhow::Result<Vec<PathBuf>> {
    let Ok(base) = GitTree::open(folder, revision, &Options::default()) else { return Ok(Vec::new()) };
    let is_yaml = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
    let listed = base.list().files.into_iter().filter(|file| is_yaml(&file.path));
    let mut names: BTreeSet<PathBuf> = listed.map(|file| folder.join(&*file.path)).collect();
    names.extend(files(folder)?);
    names.extend([folder.join(PARAMETERS)].into_iter().filter(|path| path.is_file()));
    let differs = |path: &PathBuf| {
        let name = slashed(path.strip_prefix(folder).unwrap_or(path));
        let before = base.read(&Candidate::new(name, 0)).ok();
        let now = std::fs::read(path).ok();
        before.as_deref() != now.as_deref()
    };
    Ok(names.into_iter().filter(differs).collect())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot open {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            let is_rule = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
                && entry.file_name() != PARAMETERS;
            // Links are not followed: a folder that contains itself would never end.
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else if is_rule {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
