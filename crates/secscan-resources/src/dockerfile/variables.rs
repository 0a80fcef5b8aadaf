//! `ARG` and `ENV`: what a variable holds where it is used.
//!
//! As BuildKit does it, with one difference: a default that is written is the value (`--build-arg` may say otherwise when
//! the image is built), and what nobody here sets is a hole, because a base image may set it.

use std::{collections::BTreeMap, sync::Arc};

use secscan_model::{Map, Node, Part, Unresolved, Value};
use secscan_parse::dockerfile::words::{self, Operation, PartKind};

/// How long a text may grow by its variables, in bytes.
const MAX_LENGTH: usize = 64 * 1024;

/// How deep `${A:-${B:-...}}` may nest.
const MAX_DEPTH: usize = 32;

/// How many variables one scope remembers. Those beyond are unknown.
const MAX_VARIABLES: usize = 2_000;

/// How many places a value remembers that it came through.
const MAX_VIA: usize = 16;

/// The variables that are set at one place of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Values by name; none for an `ARG` without a default.
    args: BTreeMap<Arc<str>, Option<Node>>,
    /// Values by name, in the order of their names. An `ENV` wins over an `ARG`.
    env: BTreeMap<Arc<str>, Node>,
}

impl Scope {
    /// Declares an `ARG`. Without a default it has that of the global `ARG` of its name.
    fn declare(&mut self, name: &Arc<str>, default: Option<Node>, global: &Scope) {
        let value = default.or_else(|| global.args.get(name).cloned().flatten());
        if self.args.len() < MAX_VARIABLES {
            self.args.insert(name.clone(), value);
        }
    }

    /// Declares what an `ARG` instruction lists.
    pub(super) fn declare_all(&mut self, instruction: &Node, global: &Scope) {
        for pair in instruction.get("pairs").map_or(&[][..], Node::entries) {
            self.declare(&pair.key, Some(pair.value.clone()).filter(|value| !value.is_null()), global);
        }
    }

    /// Sets an `ENV`.
    pub(super) fn set(&mut self, name: &Arc<str>, value: Node) {
        if self.env.len() < MAX_VARIABLES || self.env.contains_key(name) {
            self.env.insert(name.clone(), value);
        }
    }

    /// The environment of what runs in the image.
    pub(super) fn env(&self) -> Map {
        let mut map: Map = self.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        map.rest = (self.env.len() >= MAX_VARIABLES).then(|| "there are too many variables to remember all".into());
        map
    }

    fn get(&self, name: &str) -> Option<&Node> {
        self.env.get(name).or_else(|| self.args.get(name).and_then(Option::as_ref))
    }

    /// A word with its variables replaced, quotes and escapes resolved. A word that is one variable is that variable's
    /// value, where that is written.
    pub(super) fn expand(&self, word: &Node, escape: char) -> Node {
        let Some(text) = word.as_str() else { return word.clone() };
        if !text.contains(['$', '"', '\'', escape]) {
            return word.clone();
        }
        if let [words::Part { kind: PartKind::Variable { name, operation, .. }, .. }] = &*words::parts(text, escape)
            && let Some(value) = self.get(name).filter(|value| is_taken(value, *operation))
        {
            return borrowed(value, word);
        }
        let mut parts = Vec::new();
        let mut length = 0;
        self.pieces(text, escape, 0, &mut parts, &mut length);
        let why: Arc<str> = if length > MAX_LENGTH {
            parts = Vec::new();
            "the text grows too long by its variables".into()
        } else {
            match parts.iter().find(|part| matches!(part, Part::Hole(_))) {
                Some(Part::Hole(hole)) => format!("`{hole}` has no value in this file").into(),
                _ => {
                    let unresolved = Unresolved { why: "".into(), perhaps_absent: false, parts };
                    return Node { value: Node::text(unresolved.raw_text(), word.at).value, ..word.clone() };
                }
            }
        };
        let unresolved = Unresolved { why, perhaps_absent: false, parts };
        Node { value: Value::Unresolved(Arc::new(unresolved)), ..word.clone() }
    }

    fn pieces(&self, text: &str, escape: char, depth: usize, parts: &mut Vec<Part>, length: &mut usize) {
        let add = |part: Part, parts: &mut Vec<Part>| match (part, parts.last_mut()) {
            (Part::Fixed(text), _) if text.is_empty() => {}
            (Part::Fixed(text), Some(Part::Fixed(before))) => *before = format!("{before}{text}").into(),
            (part, _) => parts.push(part),
        };
        for piece in words::parts(text, escape) {
            if *length > MAX_LENGTH {
                return;
            }
            let hole = || Part::Hole(text.get(piece.range.clone()).unwrap_or_default().into());
            match piece.kind {
                PartKind::Fixed(fixed) => {
                    *length += fixed.len();
                    add(Part::Fixed(fixed.into()), parts);
                }
                PartKind::Variable { name, operation, operand } => {
                    let operand = text.get(operand).filter(|_| depth < MAX_DEPTH);
                    let value = self.get(name);
                    let known = value.filter(|value| is_taken(value, operation)).map(known_parts);
                    match (known, operation, operand) {
                        (Some(known), ..) => {
                            for part in known {
                                let (Part::Fixed(text) | Part::Hole(text)) = &part;
                                *length += text.len();
                                add(part, parts);
                            }
                        }
                        (None, Operation::Default { .. }, Some(operand)) => {
                            self.pieces(operand, escape, depth + 1, parts, length);
                        }
                        (None, Operation::Alternative { or_empty }, Some(operand)) if is_set(value, or_empty) => {
                            self.pieces(operand, escape, depth + 1, parts, length);
                        }
                        // Set to nothing or not declared: the alternative is left out. An `ARG` may be given a value.
                        (None, Operation::Alternative { .. }, _)
                            if value.is_some() || !self.args.contains_key(name) => {}
                        _ => add(hole(), parts),
                    }
                }
            }
        }
    }
}

/// Whether a reference takes the value itself.
fn is_taken(value: &Node, operation: Operation) -> bool {
    let empty = value.as_str() == Some("");
    match operation {
        Operation::Plain => true,
        Operation::Default { or_empty } | Operation::Required { or_empty } => !(empty && or_empty),
        Operation::Alternative { .. } | Operation::Edit => false,
    }
}

fn is_set(value: Option<&Node>, or_empty: bool) -> bool {
    value.is_some_and(|value| !(or_empty && value.as_str() == Some("")))
}

fn known_parts(value: &Node) -> Vec<Part> {
    match value.as_unresolved() {
        Some(unresolved) => unresolved.parts.clone(),
        None => vec![Part::Fixed(value.raw_text().unwrap_or_default().as_ref().into())],
    }
}

/// A variable's value where it is written, on behalf of the word that uses it.
fn borrowed(value: &Node, word: &Node) -> Node {
    let mut value = value.clone().named(word.name_at);
    let via = &mut value.extra_mut().via;
    via.truncate(MAX_VIA - 1);
    via.insert(0, word.at);
    value
}

#[cfg(test)]
mod tests {
    use secscan_model::Location;

    use super::*;
    use crate::computed::testing::show;

    fn scope() -> Scope {
        let text = |text: &str| Node::text(text, Location::default());
        let mut global = Scope::default();
        global.declare(&"G".into(), Some(text("global")), &Scope::default());
        let mut scope = Scope::default();
        scope.declare(&"G".into(), None, &global);
        scope.declare(&"A".into(), Some(text("arg")), &global);
        scope.declare(&"E".into(), Some(text("arg")), &global);
        scope.declare(&"NONE".into(), None, &global);
        scope.set(&"E".into(), text("env"));
        scope.set(&"EMPTY".into(), text(""));
        scope
    }

    #[test]
    fn variables_are_replaced_as_docker_does_it() {
        for (word, expected) in [
            ("plain", "plain"),
            ("$G", "global"),
            ("${A}-$E", "arg-env"),
            ("\"a b$A\"", "a barg"),
            ("'$A'", "$A"),
            ("\\$A", "$A"),
            ("$NONE", "?"),
            ("x:${OTHER}", "?"),
            ("${NONE:-d}", "d"),
            ("${A:-d}", "arg"),
            ("${EMPTY:-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${OTHER:-${A}x}", "argx"),
            ("${A:+yes}", "yes"),
            ("${EMPTY:+yes}", ""),
            ("${EMPTY+yes}", "yes"),
            ("a${OTHER:+yes}", "a"),
            ("${NONE:+yes}", "?"),
            ("${A:?message}", "arg"),
            ("${A#a}", "?"),
        ] {
            let found = scope().expand(&Node::text(word, Location::default()), '\\');
            assert_eq!(show(Some(found)), expected, "{word}");
        }
    }

    #[test]
    fn texts_do_not_grow_without_end() {
        let mut scope = Scope::default();
        scope.set(&"A".into(), Node::text("aa", Location::default()));
        for _ in 0..64 {
            let value = scope.expand(&Node::text("$A$A", Location::default()), '\\');
            scope.set(&"A".into(), value);
        }
        let value = scope.expand(&Node::text("x$A", Location::default()), '\\');
        assert!(value.raw_text().is_none_or(|text| text.len() <= MAX_LENGTH + 2));
    }
}
