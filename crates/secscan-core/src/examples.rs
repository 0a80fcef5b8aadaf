//! An example is a scan of its own, of a tree in memory, with its one rule.

use std::collections::BTreeSet;

use secscan_advisory::{Importer, Store};
use secscan_code::Language;
use secscan_model::tree::MemoryTree;
use secscan_model::{FindingKind, Platform};
use secscan_rules::check::Body;
use secscan_rules::syntax::{ExampleFile, RuleFile};
use secscan_rules::{Rule, RuleSet};

use crate::{Scanner, Silent};

/// What an example claims about its rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Claim {
    Fails,
    Passes,
    Unknown,
    Skips,
}

/// The word for examples in Bicep.
const BICEP: &str = "bicep";

/// The comment word that marks a line.
const MARK: &str = "finding";

/// Runs the examples of one rule and says what is wrong with them, one sentence each; nothing when all is well.
///
/// Every platform that the rule concerns must have at least one failing example and one that does not fail: a passing
/// one, or where the mere existence of a resource is the finding a skipped one.
pub fn check(rule: &Rule, file: &RuleFile) -> Vec<String> {
    let mut problems = Vec::new();
    let mut shown: BTreeSet<(Subject, bool)> = BTreeSet::new();
    for (number, example) in file.examples.iter().enumerate() {
        match run(rule, example) {
            Ok((subject, claim)) => {
                shown.insert((subject, claim == Claim::Fails));
            }
            Err(problem) => problems.push(format!("example {}: {problem}", number + 1)),
        }
    }
    for subject in subjects(rule) {
        let is_shown = |fails| match subject {
            // A unit holds files of any platform.
            Subject::Platform(Platform::Unit) => shown.iter().any(|(_, shown)| *shown == fails),
            _ => shown.contains(&(subject, fails)),
        };
        for (fails, word) in [(true, "failing"), (false, "passing")] {
            if problems.is_empty() && !is_shown(fails) {
                problems.push(format!("no {word} example of {}", subject.word()));
            }
        }
    }
    problems
}

/// What an example is of: a platform, or a language.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Subject {
    Platform(Platform),
    Code(Language),
}

impl Subject {
    /// What an example says that it is of. Bicep is another language of the same platform.
    fn from_word(word: &str) -> Option<Self> {
        let word = if word == BICEP { Platform::Arm.as_str() } else { word };
        Language::from_word(word).map(Self::Code).or_else(|| Platform::from_word(word).map(Self::Platform))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Platform(platform) => platform.as_str(),
            Self::Code(language) => language.as_str(),
        }
    }

    fn usual_path(self) -> &'static str {
        match self {
            Self::Platform(platform) => usual_path(platform),
            Self::Code(language) => language.usual_path(),
        }
    }
}

/// What a rule must have examples of.
fn subjects(rule: &Rule) -> BTreeSet<Subject> {
    match &rule.body {
        Body::Code(questions) => questions.whom().iter().copied().map(Subject::Code).collect(),
        Body::Checks(_) | Body::Secret(_) | Body::Native(_) => {
            rule.info.platforms.iter().copied().map(Subject::Platform).collect()
        }
    }
}

fn run(rule: &Rule, example: &ExampleFile) -> Result<(Subject, Claim), String> {
    let scanner = scanner(rule, &example.advisories)?;
    let (subject, claim, _) = claimed(example)?;
    let files = files(example)?;
    let report = scanner.scan(&MemoryTree::new(files.clone()), &Silent);
    if let Some(notice) = report.notices.iter().find(|notice| notice.kind.is_blinding()) {
        return Err(format!("it cannot be read: {}", notice.message));
    }
    let found: BTreeSet<(String, u32)> = report
        .findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::Fail)
        .map(|finding| (finding.place.path.to_string(), finding.place.start.line()))
        .collect();
    let marked = marked(&files);
    let lines = |set: &BTreeSet<(String, u32)>| {
        let lines: Vec<_> = set.iter().map(|(path, line)| format!("{path}:{line}")).collect();
        if lines.is_empty() { "nothing".to_owned() } else { lines.join(", ") }
    };
    let tally = report.tallies.values().next().copied().unwrap_or_default();
    match claim {
        Claim::Fails if marked.is_empty() => Err("it fails, so a comment marks the line of the finding".to_owned()),
        Claim::Fails if found == marked => Ok((subject, claim)),
        Claim::Fails => Err(format!("marked are {}, found is {}", lines(&marked), lines(&found))),
        _ if !found.is_empty() => Err(format!("it does not fail, but found is {}", lines(&found))),
        Claim::Passes if tally.pass == 0 => Err("it passes, but the rule gave no verdict".to_owned()),
        Claim::Passes if tally.unknown > 0 => Err("it passes, but a verdict is unknown".to_owned()),
        Claim::Unknown if tally.unknown == 0 => Err("it is unknown, but no verdict is".to_owned()),
        Claim::Skips if tally.examined() > 0 => Err("it is skipped, but the rule gave a verdict".to_owned()),
        _ => Ok((subject, claim)),
    }
}

/// What an example is of, what it says of it, and the name of its file where it gives none.
fn claimed(example: &ExampleFile) -> Result<(Subject, Claim, &'static str), String> {
    let claims = [
        (Claim::Fails, &example.fails),
        (Claim::Passes, &example.passes),
        (Claim::Unknown, &example.unknown),
        (Claim::Skips, &example.skips),
    ];
    let mut written = claims.iter().filter_map(|(claim, platform)| Some((*claim, platform.as_ref()?)));
    let (Some((claim, word)), None) = (written.next(), written.next()) else {
        return Err("an example has one of `fails`, `passes`, `unknown` and `skips`".to_owned());
    };
    let unknown = || format!("`{}` is no platform and no language", word.value);
    let subject = Subject::from_word(&word.value).ok_or_else(unknown)?;
    let usual = if word.value == BICEP { "main.bicep" } else { subject.usual_path() };
    Ok((subject, claim, usual))
}

/// A scanner of one rule, with the advisories of an example.
fn scanner(rule: &Rule, advisories: &[String]) -> Result<Scanner, String> {
    let scanner = Scanner::of_rules(RuleSet::new([rule.clone()]));
    if advisories.is_empty() {
        return Ok(scanner);
    }
    let mut importer = Importer::default();
    for record in advisories {
        importer.file("example.json", record.as_bytes()).map_err(|error| error.to_string())?;
    }
    let store = importer.finish().map_err(|error| error.to_string())?;
    let store = Store::open(std::io::Cursor::new(store)).map_err(|error| error.to_string())?;
    Ok(scanner.with_advisories(store))
}

/// The lines that a comment marks: its own, or the next one when nothing else stands on its own (Dockerfiles have no
/// trailing comments).
fn marked(files: &[(String, String)]) -> BTreeSet<(String, u32)> {
    let mut marked = BTreeSet::new();
    for (path, text) in files {
        for (number, line) in (1..).zip(text.lines()) {
            let parts = line.rsplit_once('#').or_else(|| line.rsplit_once("//"));
            if let Some((before, _)) = parts.filter(|(_, comment)| comment.trim() == MARK) {
                let line = if before.trim().is_empty() { number + 1 } else { number };
                marked.insert((path.clone(), line));
            }
        }
    }
    marked
}

/// The files of an example by path, with the credentials filled in: none is written down.
///
/// # Errors
/// What is wrong with the example, in one sentence.
pub fn files(example: &ExampleFile) -> Result<Vec<(String, String)>, String> {
    let files = match (&example.code, example.files.is_empty()) {
        (Some(code), true) => {
            let usual = || Ok(claimed(example)?.2.to_owned());
            vec![(example.path.clone().map_or_else(usual, Ok::<_, String>)?, code.clone())]
        }
        (None, false) => example.files.clone().into_iter().collect(),
        _ => return Err("an example has either `code` or `files`".to_owned()),
    };
    files.into_iter().map(|(path, text)| Ok((path, secscan_secrets::sample::expand(&text)?))).collect()
}

fn usual_path(platform: Platform) -> &'static str {
    match platform {
        Platform::Terraform => "main.tf",
        Platform::CloudFormation => "template.yaml",
        Platform::Arm => "template.json",
        Platform::Kubernetes | Platform::Common | Platform::Unit | Platform::Configuration => "manifest.yaml",
        Platform::Helm => "Chart.yaml",
        Platform::Quadlet => "app.container",
        Platform::Devcontainer => ".devcontainer/devcontainer.json",
        Platform::Docker => "etc/docker/daemon.json",
        Platform::Kustomize => "kustomization.yaml",
        Platform::Package => "package.json",
        Platform::Image => ".image/config.json",
        Platform::Text | Platform::Code => "settings.txt",
        Platform::Dockerfile => "Dockerfile",
        Platform::Compose => "compose.yaml",
        Platform::GithubActions => ".github/workflows/example.yml",
    }
}
