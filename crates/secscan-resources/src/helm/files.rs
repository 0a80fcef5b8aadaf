//! Which files of a folder belong to a chart, and what templates see of them (`.Files`).

use std::rc::Rc;

use regex::Regex;
use secscan_model::{Location, Source, Span};
use secscan_parse::gotemplate::{Executor, Failure, Object, Origin, Text, Value};

use super::functions;

/// A pattern for paths: `*` and `?` within a name, `**` across them, `[a-z]`, `{a,b}`.
pub(super) fn glob(pattern: &str) -> Option<Regex> {
    let mut written = String::from("^");
    let mut rest = pattern.chars().peekable();
    let mut braces = 0;
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                written.push_str(".*");
            }
            '*' => written.push_str("[^/]*"),
            '?' => written.push_str("[^/]"),
            '[' => {
                let class: String = rest.by_ref().take_while(|next| *next != ']').collect();
                let (negation, class) = match class.strip_prefix(['!', '^']) {
                    Some(class) => ("^", class.to_owned()),
                    None => ("", class),
                };
                written.push_str(&format!("[{negation}{}]", class.replace('\\', "\\\\").replace('[', "\\[")));
            }
            '{' => {
                braces += 1;
                written.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                written.push(')');
            }
            ',' if braces > 0 => written.push('|'),
            '\\' => written.push_str(&regex::escape(&rest.next().map(String::from).unwrap_or_default())),
            _ => written.push_str(&regex::escape(&character.to_string())),
        }
    }
    written.push('$');
    Regex::new(&written).ok()
}

/// What Helm ignores in every chart.
const HIDDEN: &str = "templates/.?*";

/// The rules of a `.helmignore`, after Helm's own.
pub(super) struct Ignored(Vec<Rule>);

struct Rule {
    pattern: Regex,
    keeps: bool,
    folders_only: bool,
    /// Whether it speaks of a path from the chart's folder, not of a name.
    is_path: bool,
}

impl Ignored {
    pub(super) fn of(text: &str) -> Self {
        let rules = [HIDDEN]
            .into_iter()
            .chain(text.lines())
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            rules
                .filter_map(|line| {
                    let (keeps, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
                    let folders_only = line.ends_with('/');
                    let line = line.trim_end_matches('/');
                    let is_path = line.contains('/');
                    let pattern = glob(line.trim_start_matches('/'))?;
                    Some(Rule { pattern, keeps, folders_only, is_path })
                })
                .collect(),
        )
    }

    /// Whether a file of the chart, or a folder above it, is left out.
    pub(super) fn has(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| (at, true)).chain([(path.len(), false)]);
        ends.into_iter().any(|(end, is_folder)| self.names(&path[..end], is_folder))
    }

    fn names(&self, path: &str, is_folder: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut matching = self.0.iter().rev().filter(|rule| {
            (is_folder || !rule.folders_only) && rule.pattern.is_match(if rule.is_path { path } else { name })
        });
        matching.next().is_some_and(|rule| !rule.keeps)
    }
}

/// Files as templates see them.
#[derive(Clone, Debug)]
pub(super) struct Files(pub(super) Rc<Vec<(Rc<str>, Source)>>);

impl Files {
    /// Those that templates see: not what Helm reads itself.
    pub(super) fn of_templates(&self) -> Self {
        const READ: &[&str] = &["Chart.lock", "values.schema.json", "values.yaml"];
        let is_seen = |path: &str| !READ.contains(&path) && (!path.starts_with("charts/") || path.ends_with(".prov"));
        Self(Rc::new(self.0.iter().filter(|(path, _)| is_seen(path)).cloned().collect()))
    }

    fn text(&self, path: &str) -> Text {
        let file = self.0.iter().find(|(known, _)| **known == *path);
        file.map(|(_, source)| content(source)).unwrap_or_default()
    }

    /// Files by their names, as data of a config map or a secret.
    fn as_data(&self, encodes: bool) -> Result<Value, Failure> {
        let data: Value = self
            .0
            .iter()
            .map(|(path, source)| {
                let text = content(source);
                let value = match encodes {
                    true => Value::from(functions::BASE64.write(&source.bytes)).with_origin(&text.origin()),
                    false => text.into(),
                };
                (Rc::from(path.rsplit('/').next().unwrap_or(path)), value)
            })
            .collect();
        functions::to_yaml(&data)
    }
}

/// The text of a file; each piece of it comes from the file.
fn content(source: &Source) -> Text {
    let at = Location { source: source.id, span: Span::new(0, source.bytes.len().min(1)) };
    Text::of(&String::from_utf8_lossy(&source.bytes), Origin::at(at))
}

impl Object for Files {
    fn member(&self, name: &str, arguments: &[Value], executor: &mut Executor<'_>) -> Option<Result<Value, Failure>> {
        let path = || arguments.first().and_then(Value::as_str).ok_or_else(|| Failure::from("wants a path"));
        let result = match name {
            "Get" | "GetBytes" => path().map(|path| self.text(path).into()),
            "Lines" => path().map(|path| {
                let text = self.text(path);
                let written = text.as_str().strip_suffix('\n').unwrap_or(text.as_str());
                let lines: Vec<Value> =
                    written.split('\n').map(|line| Value::from(line).with_origin(&text.origin())).collect();
                lines.into()
            }),
            "Glob" => path().and_then(|pattern| {
                executor.spend(self.0.len())?;
                // What Helm cannot read as a pattern it takes for all files.
                let pattern = glob(pattern);
                let fits = |path: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(path));
                let found = self.0.iter().filter(|(path, _)| fits(path)).cloned().collect();
                Ok(secscan_parse::gotemplate::Data::Object(Rc::new(Files(Rc::new(found)))).into())
            }),
            "AsConfig" => self.as_data(false),
            "AsSecrets" => self.as_data(true),
            _ => return None,
        };
        Some(result)
    }

    fn entries(&self) -> Vec<(Rc<str>, Value)> {
        self.0.iter().map(|(path, source)| (path.clone(), content(source).into())).collect()
    }

    fn is_true(&self) -> bool {
        !self.0.is_empty()
    }

    fn print(&self) -> String {
        "map[]".to_owned()
    }
}
