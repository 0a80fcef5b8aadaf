//! Reading order: `compile` → `condition` → `path` → `message` → `platforms`; the other bodies: `secret`, `code`.

mod code;
mod condition;
mod message;
mod path;
mod platforms;
mod secret;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secscan_model::{Confidence, Location, Platform, RuleId, RuleInfo, Severity, Source, SourceId, Text};
use secscan_parse::load::{self, Located, Raw};

use self::condition::{Compiler, attributes_of, literals, texts};
use self::platforms::platforms_of;
use crate::asks::Checks;
use crate::bind;
use crate::check::{Body, Check, Param, Rule, Selector};
use crate::native::native;
use crate::syntax::{CheckFile, ConfidenceWord, ParamFile, RuleFile, SeverityWord};

/// Something that is wrong in a rule or pack file, with its place.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{path}:{line}:{column}: {message}")]
pub struct FileError {
    /// The file as it was named.
    pub path: String,
    /// The line, beginning at one.
    pub line: u32,
    /// The column, beginning at one.
    pub column: u32,
    /// What is wrong, and the cure.
    pub message: String,
}

/// A problem at a place of the file that is being compiled.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) at: Location,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(at: Location, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// What rule files may name.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Slugs of topics; while there are none, any slug is taken.
    pub topics: BTreeSet<String>,
    /// Parameters that many rules share.
    pub params: BTreeMap<String, Param>,
}

/// A file of typed data with the text that its places are in.
pub(crate) fn read_typed<T: serde::de::DeserializeOwned>(
    path: &str,
    text: &str,
) -> Result<(T, Source), Vec<FileError>> {
    let source = Source::from_text(SourceId(0), path, text);
    let parsed = secscan_parse::yaml::parse(&source);
    if let Some(diagnostic) = parsed.diagnostics.first() {
        let at = diagnostic.at.unwrap_or_default();
        return Err(vec![file_error(&source, &Problem::new(at, &*diagnostic.message))]);
    }
    let [document] = parsed.documents.as_slice() else {
        let message = format!("one document is asked for here, there are {}", parsed.documents.len());
        return Err(vec![file_error(&source, &Problem::new(Location::default(), message))]);
    };
    match load::from_node(document) {
        Ok(file) => Ok((file, source)),
        Err(error) => Err(vec![file_error(&source, &Problem::new(error.at, error.message))]),
    }
}

pub(crate) fn file_error(source: &Source, problem: &Problem) -> FileError {
    let position = secscan_model::LineIndex::new(&source.bytes).position(&source.bytes, problem.at.span.start);
    FileError {
        path: source.path.to_string(),
        line: position.line(),
        column: position.column(),
        message: problem.message.clone(),
    }
}

/// Reads and compiles one rule file; the file as it is written comes along for its examples.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn compile(path: &str, text: &str, vocabulary: &Vocabulary) -> Result<(RuleFile, Rule), Vec<FileError>> {
    let (file, source) = read_typed::<RuleFile>(path, text)?;
    let mut problems = Vec::new();
    let rule = compile_file(&file, vocabulary, &mut problems);
    if problems.is_empty() {
        Ok((file, rule))
    } else {
        Err(problems.iter().map(|problem| file_error(&source, problem)).collect())
    }
}

/// Reads a file of parameters that many rules share.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn compile_params(path: &str, text: &str) -> Result<BTreeMap<String, Param>, Vec<FileError>> {
    let (file, source) = read_typed::<BTreeMap<String, ParamFile>>(path, text)?;
    let compiled = file.iter().map(|(name, file)| Ok((name.clone(), param(file)?)));
    compiled.collect::<Result<_, Problem>>().map_err(|problem| vec![file_error(&source, &problem)])
}

fn compile_file(file: &RuleFile, vocabulary: &Vocabulary, problems: &mut Vec<Problem>) -> Rule {
    header_problems(file, vocabulary, problems);
    let mut params = BTreeMap::new();
    for (name, file) in &file.params {
        match param(file) {
            Ok(param) => drop(params.insert(name.clone(), param)),
            Err(problem) => problems.push(problem),
        }
    }
    let own: BTreeSet<String> = params.keys().cloned().collect();
    let known: BTreeSet<String> = own.iter().chain(vocabulary.params.keys()).cloned().collect();
    let mut used = BTreeSet::new();
    let (body, platforms) = match (&file.secret, &file.native) {
        (Some(secret), _) => {
            let detector = secret::compile(secret, problems);
            (detector.map(|detector| Body::Secret(Arc::new(detector.into()))), [Platform::Text].into())
        }
        (None, Some(name)) => {
            let known = native(&name.value);
            if known.is_none() {
                problems.push(Problem::new(name.at, format!("there is no native judge `{}`", name.value)));
            }
            let platforms = known.iter().flat_map(|native| native.platforms.iter().copied());
            (Some(Body::Native(name.value.clone())), platforms.collect())
        }
        (None, None) if !file.patterns.is_empty() => {
            let mut questions = code::compile(&file.patterns, &known, &mut used, problems);
            let param = |name: &str| params.get(name).or_else(|| vocabulary.params.get(name));
            let value = |name: &str| param(name).map(bind::expression);
            questions.iter_mut().for_each(|question| question.derive_words(&value));
            (Some(Body::Code(questions.into())), [Platform::Code].into())
        }
        (None, None) => {
            let checks = checks(file, &known, &mut used, problems);
            let platforms: BTreeSet<Platform> = checks.iter().flat_map(platforms_of).collect();
            (Some(Body::Checks(checks.into())), platforms)
        }
    };
    let body = body.unwrap_or_else(|| Body::Checks(Checks::default()));
    let message = file.message.as_ref().and_then(|text| {
        let pieces = message::parse(&text.value, &known, &mut used);
        pieces.map_err(|message| problems.push(Problem::new(text.at, message))).ok()
    });
    for name in own.difference(&used).filter(|_| problems.is_empty()).cloned().collect::<Vec<_>>() {
        let at = file.params.get(&name).map_or(file.id.at, |param| param.default.at);
        problems.push(Problem::new(at, format!("no condition uses the parameter `{name}`")));
    }
    for name in &used {
        if let Some(param) = vocabulary.params.get(name) {
            params.entry(name.clone()).or_insert_with(|| param.clone());
        }
    }
    Rule {
        info: Arc::new(info(file, platforms).into()),
        body,
        params: params.into(),
        message: message.into(),
        on_demand: file.on_demand,
    }
}

fn checks(
    file: &RuleFile,
    known_params: &BTreeSet<String>,
    used: &mut BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    for check_file in &file.checks {
        let mut compiler = Compiler { known_params, used_params: BTreeSet::new(), attributes: None };
        match check(check_file, &mut compiler, file.id.at) {
            Ok(check) => checks.push(check),
            Err(problem) => problems.push(problem),
        }
        used.append(&mut compiler.used_params);
    }
    checks
}

fn header_problems(file: &RuleFile, vocabulary: &Vocabulary, problems: &mut Vec<Problem>) {
    if !is_rule_id(&file.id.value) {
        problems.push(Problem::new(file.id.at, "an id is a kebab-case phrase: lower-case letters, digits and hyphens"));
    }
    for topic in &file.topics {
        if !vocabulary.topics.is_empty() && !vocabulary.topics.contains(&topic.value) {
            problems.push(Problem::new(topic.at, format!("`{}` is no topic of the vocabulary", topic.value)));
        }
    }
    if file.topics.is_empty() || file.topics.len() > 3 {
        problems.push(Problem::new(file.id.at, "a rule has one to three topics"));
    }
    let bodies = [!file.checks.is_empty(), !file.patterns.is_empty(), file.secret.is_some(), file.native.is_some()];
    if bodies.iter().filter(|has| **has).count() != 1 {
        problems.push(Problem::new(file.id.at, "a rule has one body: `checks`, `patterns`, `secret` or `native`"));
    }
    let text_is_empty = [&file.title, &file.why, &file.fix].iter().any(|text| text.trim().is_empty());
    if text_is_empty {
        problems.push(Problem::new(file.id.at, "`title`, `why` and `fix` say something"));
    }
}

/// Whether text is a rule id: lower-case words, joined by hyphens.
pub fn is_rule_id(id: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    id.split('-').all(is_word)
}

fn info(file: &RuleFile, platforms: BTreeSet<Platform>) -> RuleInfo {
    let owned = |text: &String| -> Text { text.trim().to_owned().into() };
    RuleInfo {
        id: RuleId(file.id.value.as_str().into()),
        title: owned(&file.title),
        severity: match file.severity {
            SeverityWord::Critical => Severity::Critical,
            SeverityWord::High => Severity::High,
            SeverityWord::Medium => Severity::Medium,
            SeverityWord::Low => Severity::Low,
            SeverityWord::Info => Severity::Info,
        },
        confidence: match file.confidence {
            ConfidenceWord::High => Confidence::High,
            ConfidenceWord::Medium => Confidence::Medium,
            ConfidenceWord::Low => Confidence::Low,
        },
        topics: file.topics.iter().map(|topic| owned(&topic.value)).collect(),
        cwe: file.cwe.clone(),
        why: owned(&file.why),
        fix: owned(&file.fix),
        links: file.links.iter().map(owned).collect(),
        platforms: platforms.into_iter().collect(),
    }
}

fn param(file: &ParamFile) -> Result<Param, Problem> {
    Ok(Param {
        default: literals(&file.default)?,
        is_list: matches!(file.default.value, Raw::List(_)),
        stricter: file.stricter,
        about: file.about.trim().to_owned(),
    })
}

fn check(file: &CheckFile, compiler: &mut Compiler<'_>, fallback: Location) -> Result<Check, Problem> {
    let selector = selector(file, fallback)?;
    if selector.platform == Platform::Common && file.each.is_none() {
        let at = file.common.as_ref().map_or(fallback, |located| located.at);
        compiler.attributes = Some(attributes_of(&selector.types).map_err(|message| Problem::new(at, message))?);
    }
    let each = match &file.each {
        None => Vec::new(),
        Some(located) => {
            let parsed = texts(located)?.into_iter().map(|text| path::parse(&text));
            parsed.collect::<Result<_, _>>().map_err(|message| Problem::new(located.at, message))?
        }
    };
    let when = file.when.as_ref().map(|located| compiler.subject(located)).transpose()?;
    let (deny, located) = match (&file.deny, &file.require) {
        (Some(deny), None) => (true, deny),
        (None, Some(require)) => (false, require),
        (Some(_), Some(both)) => return Err(Problem::new(both.name_at, "a check has one of `deny` and `require`")),
        (None, None) => return Err(Problem::new(fallback, "a check has `deny` or `require`")),
    };
    let test = compiler.subject(located)?;
    Ok(Check { selector, each, when, deny, test })
}

fn selector(file: &CheckFile, fallback: Location) -> Result<Selector, Problem> {
    let words: [(Platform, &Option<Located>); 16] = [
        (Platform::Terraform, &file.terraform),
        (Platform::CloudFormation, &file.cloudformation),
        (Platform::Arm, &file.arm),
        (Platform::Kubernetes, &file.kubernetes),
        (Platform::Helm, &file.helm),
        (Platform::Kustomize, &file.kustomize),
        (Platform::Dockerfile, &file.dockerfile),
        (Platform::Compose, &file.compose),
        (Platform::Quadlet, &file.quadlet),
        (Platform::Devcontainer, &file.devcontainer),
        (Platform::Docker, &file.docker),
        (Platform::GithubActions, &file.github_actions),
        (Platform::Package, &file.package),
        (Platform::Image, &file.image),
        (Platform::Common, &file.common),
        (Platform::Unit, &file.unit),
    ];
    let mut written = words.iter().filter_map(|(platform, types)| types.as_ref().map(|types| (*platform, types)));
    match (written.next(), written.next()) {
        (Some((platform, types)), None) => Ok(Selector { platform, types: texts(types)? }),
        (Some(_), Some((_, second))) => Err(Problem::new(second.name_at, "a check has one selector")),
        (None, _) => Err(Problem::new(fallback, "a check has a selector: `terraform`, `kubernetes`, `common`, ...")),
    }
}

/// The platform of a selector word.
fn select_words(word: &str) -> Option<Platform> {
    Platform::from_word(word).filter(|platform| *platform != Platform::Configuration)
}

/// The scalars of an operand as text; what is none is left out.
pub(crate) fn scalars(located: &Located) -> Vec<String> {
    literals(located).map(|values| values.iter().map(ToString::to_string).collect()).unwrap_or_default()
}
