//! Which objects a patch or replacement is for: expressions over names and types, selectors over labels and annotations.

use regex::Regex;
use secscan_model::Node;

use super::id::Gvk;
use super::object::Object;
use crate::re2;

/// A `target` of a patch.
#[derive(Debug, Default)]
pub(super) struct Target {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    marks: Marks,
}

/// Requirements on labels and annotations.
#[derive(Debug, Default)]
pub(super) struct Marks {
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

impl Target {
    /// A target as it is written.
    ///
    /// # Errors
    /// What of it is no expression or no selector.
    pub(super) fn written(target: &Node) -> Result<Self, String> {
        let expression = |key: &str| match target.get(key).and_then(Node::as_str).filter(|text| !text.is_empty()) {
            Some(text) => re2::compile(&format!("^(?:{text})$"), 10 << 20)
                .map(Some)
                .map_err(|_| format!("`{text}` is no regular expression that can be read")),
            None => Ok(None),
        };
        Ok(Self {
            group: expression("group")?,
            version: expression("version")?,
            kind: expression("kind")?,
            name: expression("name")?,
            namespace: expression("namespace")?,
            marks: Marks::written(target)?,
        })
    }

    /// Whether an object is meant: by what it is called now, or was called first.
    pub(super) fn selects(&self, object: &Object) -> bool {
        let fits = |expression: &Option<Regex>, text: &str| expression.as_ref().is_none_or(|it| it.is_match(text));
        let (now, first, gvk) = (object.id(), object.original(), Gvk::of(&object.value));
        let is_there = [&first, &now].into_iter().any(|id| fits(&self.namespace, id.effective_namespace()));
        let is_named = [&first, &now].into_iter().any(|id| fits(&self.name, &id.name));
        let types = [(&self.group, &gvk.group), (&self.version, &gvk.version), (&self.kind, &gvk.kind)];
        is_there && is_named && types.into_iter().all(|(it, text)| fits(it, text)) && self.marks.fit(&object.value)
    }
}

impl Marks {
    /// The `labelSelector` and `annotationSelector` of a map.
    ///
    /// # Errors
    /// What of them is no selector.
    pub(super) fn written(map: &Node) -> Result<Self, String> {
        let parsed = |key: &str| match map.get(key).and_then(Node::as_str) {
            Some(text) => requirements(text).ok_or_else(|| format!("`{text}` is no selector")),
            None => Ok(Vec::new()),
        };
        Ok(Self { labels: parsed("labelSelector")?, annotations: parsed("annotationSelector")? })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.annotations.is_empty()
    }

    /// Whether an object has what is asked for.
    pub(super) fn fit(&self, object: &Node) -> bool {
        let fit = |requirements: &[Requirement], key: &str| {
            let written = object.at_path(&["metadata", key]);
            requirements.iter().all(|requirement| requirement.holds(written))
        };
        fit(&self.labels, "labels") && fit(&self.annotations, "annotations")
    }
}

/// One requirement of a selector.
#[derive(Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Debug, PartialEq)]
enum Operator {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

impl Requirement {
    fn holds(&self, written: Option<&Node>) -> bool {
        let value = written.and_then(|map| map.get(&self.key)).and_then(Node::as_str);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.operator {
            Operator::Exists => value.is_some(),
            Operator::Absent => value.is_none(),
            Operator::In(values) => value.is_some_and(|value| values.iter().any(|known| known == value)),
            Operator::NotIn(values) => value.is_none_or(|value| values.iter().all(|known| known != value)),
            Operator::Greater(limit) => number().is_some_and(|number| number > *limit),
            Operator::Less(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

/// The requirements of `a=b,c in (d,e),!f`; none when it is not well-formed.
fn requirements(text: &str) -> Option<Vec<Requirement>> {
    let (mut found, mut start, mut is_open) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices().chain([(text.len(), ',')]) {
        match letter {
            '(' => is_open = true,
            ')' => is_open = false,
            ',' if !is_open => {
                let part = text.get(start..at)?.trim();
                if !part.is_empty() {
                    found.push(requirement(part)?);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    (!is_open).then_some(found)
}

fn requirement(part: &str) -> Option<Requirement> {
    let made = |key: &str, operator: Operator| {
        let key = key.trim();
        let is_key =
            !key.is_empty() && !key.contains(|letter: char| letter.is_whitespace() || "()!=,<>".contains(letter));
        is_key.then(|| Requirement { key: key.to_owned(), operator })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some(key) = part.strip_prefix('!') {
        return made(key, Operator::Absent);
    }
    if let Some((left, list)) = part.split_once('(') {
        let list = list.trim_end().strip_suffix(')')?;
        let values = list.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, word) = left.trim().rsplit_once(char::is_whitespace)?;
        return match word {
            "in" => made(key, Operator::In(values)),
            "notin" => made(key, Operator::NotIn(values)),
            _ => None,
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return made(key, Operator::NotIn(one(value)));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return made(key, Operator::In(one(value)));
    }
    if let Some((key, value)) = part.split_once('>') {
        return made(key, Operator::Greater(value.trim().parse().ok()?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return made(key, Operator::Less(value.trim().parse().ok()?));
    }
    made(part, Operator::Exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_kubernetes_writes_them() {
        let read = |text| requirements(text).expect("a selector");
        let one = |key: &str, operator| Requirement { key: key.to_owned(), operator };
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        assert_eq!(
            read("a=b, c in (d,e),!f,g,h!=i"),
            [
                one("a", Operator::In(texts(&["b"]))),
                one("c", Operator::In(texts(&["d", "e"]))),
                one("f", Operator::Absent),
                one("g", Operator::Exists),
                one("h", Operator::NotIn(texts(&["i"]))),
            ]
        );
        assert_eq!(read("a notin (b),c>1,d<2").len(), 3);
        assert_eq!(requirements("a in (b"), None);
        assert_eq!(requirements("=b"), None);
    }
}
