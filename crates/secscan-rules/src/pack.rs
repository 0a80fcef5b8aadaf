//! The topics are read here too: rules carry them, and only packs say what they are evidence for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::pack::Demand;
use secscan_model::{Automation, Control, MapEntry, Pack, Role, RuleId, RuleInfo, Source};
use secscan_parse::load::Spanned;

use crate::compile::{FileError, Problem, file_error, read_typed};
use crate::syntax::{AutomationWord, ControlFile, MapFile, PackFile, RoleWord, TopicFile};

/// What pack files may name; where a set is empty, any name is taken.
#[derive(Clone, Debug, Default)]
pub struct PackVocabulary {
    /// Slugs of topics.
    pub topics: BTreeSet<String>,
    /// Ids of rules.
    pub rules: BTreeSet<String>,
    /// Packs that may be extended.
    pub packs: BTreeMap<String, Pack>,
}

/// Reads one pack file.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn load_pack(path: &str, text: &str, vocabulary: &PackVocabulary) -> Result<Pack, Vec<FileError>> {
    let (file, source) = read_typed::<PackFile>(path, text)?;
    let mut problems = Vec::new();
    let mut controls: Vec<Control> = Vec::new();
    let mut map: Vec<MapEntry> = Vec::new();
    for base in &file.extends {
        match vocabulary.packs.get(base) {
            Some(pack) => {
                controls.extend(pack.controls.iter().cloned());
                map.extend(pack.map.iter().cloned());
            }
            None => problems.push(Problem::new(Default::default(), format!("there is no pack `{base}` to extend"))),
        }
    }
    let mut own: BTreeSet<&str> = BTreeSet::new();
    for control in &file.controls {
        if !own.insert(control.id.value.trim()) {
            problems.push(Problem::new(control.id.at, format!("the control `{}` stands here twice", control.id.value)));
        }
        add_control(control, &mut controls, &mut problems);
    }
    let known: BTreeSet<Arc<str>> = controls.iter().map(|control| control.id.clone()).collect();
    map.extend(file.map.iter().map(|entry| map_entry(entry, &known, vocabulary, &mut problems)));
    unmapped_problems(&file, &map, &mut problems);
    if !problems.is_empty() {
        return Err(problems.iter().map(|problem| file_error(&source, problem)).collect());
    }
    Ok(pack(&file, controls, map, &source, vocabulary))
}

fn pack(
    file: &PackFile,
    controls: Vec<Control>,
    map: Vec<MapEntry>,
    source: &Source,
    vocabulary: &PackVocabulary,
) -> Pack {
    let mut digest = secscan_model::source::Digest::default();
    digest.update(&source.bytes);
    for base in &file.extends {
        digest.update(vocabulary.packs.get(base).map_or(b"", |pack| pack.digest.as_bytes()));
    }
    Pack {
        id: arc(&file.id),
        title: arc(&file.title),
        version: arc(&file.version),
        publisher: arc(&file.publisher),
        source: arc(&file.source),
        text_status: arc(&file.text_status),
        reviewed: arc(&file.reviewed),
        controls,
        map,
        digest: digest.hex(),
    }
}

fn arc(text: &str) -> Arc<str> {
    text.trim().into()
}

/// Adds a control; one with a known number replaces the one of the pack that is extended.
fn add_control(file: &ControlFile, controls: &mut Vec<Control>, problems: &mut Vec<Problem>) {
    let residual = file.residual.as_deref().map(arc).filter(|text| !text.is_empty());
    if file.automation == AutomationWord::Partial && residual.is_none() {
        let message = "a partial control says in `residual` what is left to a person";
        problems.push(Problem::new(file.id.at, message));
    }
    let control = Control {
        id: arc(&file.id.value),
        key: arc(&file.key),
        title: arc(&file.title),
        intent: arc(&file.intent),
        section: arc(&file.section),
        specification: arc(&file.specification),
        automation: match file.automation {
            AutomationWord::Automated => Automation::Automated,
            AutomationWord::Partial => Automation::Partial,
            AutomationWord::Manual => Automation::Manual,
        },
        residual,
    };
    match controls.iter_mut().find(|known| known.id == control.id || known.key == control.key) {
        Some(known) if known.id == control.id => *known = control,
        Some(known) => {
            let message = format!("the key `{}` belongs to {} already", control.key, known.id);
            problems.push(Problem::new(file.id.at, message));
        }
        None => controls.push(control),
    }
}

fn map_entry(
    file: &MapFile,
    controls: &BTreeSet<Arc<str>>,
    vocabulary: &PackVocabulary,
    problems: &mut Vec<Problem>,
) -> MapEntry {
    let mut check = |names: &[Spanned<String>], known: &dyn Fn(&str) -> bool, what: &str| {
        for name in names.iter().filter(|name| !known(&name.value)) {
            problems.push(Problem::new(name.at, format!("`{}` is no {what}", name.value)));
        }
    };
    let is_rule = |name: &str| vocabulary.rules.is_empty() || vocabulary.rules.contains(name);
    check(&file.controls, &|name| controls.contains(name), "control of this pack");
    check(
        &file.topics,
        &|name| vocabulary.topics.is_empty() || vocabulary.topics.contains(name),
        "topic of the vocabulary",
    );
    check(&file.rules, &is_rule, "rule");
    check(&file.exclude, &is_rule, "rule");
    let rules = |names: &[Spanned<String>]| names.iter().map(|name| RuleId(arc(&name.value))).collect();
    MapEntry {
        controls: file.controls.iter().map(|name| arc(&name.value)).collect(),
        topics: file.topics.iter().map(|name| arc(&name.value)).collect(),
        rules: rules(&file.rules),
        exclude: rules(&file.exclude),
        role: match file.role {
            RoleWord::Violation => Role::Violation,
            RoleWord::Evidence => Role::Evidence,
            RoleWord::Context => Role::Context,
        },
        require: file.require.iter().map(demand).collect(),
    }
}

fn demand(file: &crate::syntax::DemandFile) -> Demand {
    let literals = crate::compile::scalars(&file.at_loosest);
    Demand { rule: RuleId(arc(&file.rule)), parameter: arc(&file.parameter), at_loosest: literals.join(",").into() }
}

/// An automated or partial control that no rule can ever decide is a mistake in the pack.
fn unmapped_problems(file: &PackFile, map: &[MapEntry], problems: &mut Vec<Problem>) {
    let decided: BTreeSet<&str> = map
        .iter()
        .filter(|entry| entry.role != Role::Context && !(entry.topics.is_empty() && entry.rules.is_empty()))
        .flat_map(|entry| entry.controls.iter().map(|control| &**control))
        .collect();
    for control in file.controls.iter().filter(|control| control.automation != AutomationWord::Manual) {
        if !decided.contains(control.id.value.trim()) {
            let message =
                "an automated or partial control has at least one map entry with the role violation or evidence";
            problems.push(Problem::new(control.id.at, message));
        }
    }
}

/// What a rule means for each control of a pack that it touches; the weightiest role counts.
pub fn roles(pack: &Pack, rule: &RuleInfo) -> BTreeMap<Arc<str>, Role> {
    let mut roles = BTreeMap::new();
    for entry in &pack.map {
        let by_rule = entry.rules.contains(&rule.id);
        let by_topic = entry.topics.iter().any(|topic| rule.topics.iter().any(|known| **known == **topic))
            && !entry.exclude.contains(&rule.id);
        if by_rule || by_topic {
            for control in &entry.controls {
                let role = roles.entry(control.clone()).or_insert(entry.role);
                *role = (*role).max(entry.role);
            }
        }
    }
    roles
}

/// A topic of the vocabulary of evidence.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct Topic {
    /// The slug.
    pub id: Arc<str>,
    /// A short title.
    pub title: Arc<str>,
    /// One sentence.
    pub meaning: Arc<str>,
    /// The nearest CWE numbers.
    pub cwe: Vec<u32>,
}

/// Reads the vocabulary of evidence.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn load_topics(path: &str, text: &str) -> Result<Vec<Topic>, Vec<FileError>> {
    let (file, _) = read_typed::<Vec<TopicFile>>(path, text)?;
    let topic = |file: &TopicFile| Topic {
        id: arc(&file.topic),
        title: arc(&file.title),
        meaning: arc(&file.meaning),
        cwe: file.cwe.clone(),
    };
    Ok(file.iter().map(topic).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_stands_in_a_file_once() {
        let control = |id: &str, key: &str| {
            format!("  - {{ id: {id}, key: {key}, title: T, intent: I, section: S, automation: manual }}\n")
        };
        let head = "id: mine\ntitle: Mine\nversion: '1'\npublisher: P\nsource: https://example.com\ntext-status: ours\n\
                    reviewed: 2026-11-21\ncontrols:\n";
        let pack = |controls: &[String]| {
            load_pack("mine.yaml", &format!("{head}{}", controls.concat()), &PackVocabulary::default())
        };
        assert_eq!(pack(&[control("A", "a"), control("B", "b")]).map(|pack| pack.controls.len()), Ok(2));
        let twice = pack(&[control("A", "a"), control("B", "b"), control("A", "c")]).unwrap_err();
        let shown: Vec<_> = twice.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["mine.yaml:11:11: the control `A` stands here twice"]);
    }
}
