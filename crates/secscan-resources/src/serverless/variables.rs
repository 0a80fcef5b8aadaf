//! Variables of a service: `${self:custom.stage}`, `${opt:stage, 'dev'}`, `${file(./config.yml):key}`.

use std::sync::Arc;

use secscan_model::{Entry, Map, Node, Value};

use crate::composed::Composed;
use crate::roots::joined;

/// How many values one service may evaluate to.
const BUDGET: usize = 300_000;

/// How deep variables and values may nest.
const MAX_DEPTH: usize = 64;

/// The stage that the framework takes when nobody says another.
const STAGE: &str = "dev";

/// The paths of the files that a text names in variables.
pub(super) fn files(text: &str) -> impl Iterator<Item = &str> {
    let calls = text.split("${file(").skip(1).chain(text.split(", file(").skip(1));
    let paths = calls.filter_map(|call| call.split_once(')')).map(|(path, _)| path.trim().trim_matches(['\'', '"']));
    paths.filter(|path| [".yml", ".yaml", ".json"].iter().any(|end| path.ends_with(end)))
}

/// A service with its variables replaced, and whether that was too much.
pub(super) fn resolved(document: &Node, folder: &str, files: &dyn Fn(&str) -> Option<Node>) -> (Node, bool) {
    let mut variables = Variables { document, folder, files, budget: BUDGET, depth: 0 };
    let value = variables.value(document);
    (value, variables.budget == 0)
}

struct Variables<'a> {
    document: &'a Node,
    folder: &'a str,
    files: &'a dyn Fn(&str) -> Option<Node>,
    budget: usize,
    depth: usize,
}

impl Variables<'_> {
    fn value(&mut self, node: &Node) -> Node {
        self.budget = self.budget.saturating_sub(1);
        if self.budget == 0 || self.depth >= MAX_DEPTH {
            return Node::unresolved("nested too deep or too large to evaluate", node.at).named(node.name_at);
        }
        self.depth += 1;
        let made = match &node.value {
            Value::Scalar(scalar) if scalar.text.contains("${") => self.text(&scalar.text, node),
            Value::Scalar(_) | Value::Unresolved(_) => node.clone(),
            Value::List(items) => {
                let items = items.iter().map(|item| self.value(item)).collect();
                Node { value: Value::List(Arc::new(items)), ..node.clone() }
            }
            Value::Map(map) => {
                let mut made = Map::with_capacity(map.len());
                made.rest = map.rest.clone();
                for Entry { key, value } in map.entries() {
                    made.push_new(key.clone(), self.value(value));
                }
                Node { value: Value::Map(Arc::new(made)), ..node.clone() }
            }
        };
        self.depth -= 1;
        made
    }

    /// A text: one variable alone stands for any value, several are put together.
    fn text(&mut self, text: &str, node: &Node) -> Node {
        let pieces = pieces(text);
        if let [Piece::Variable(inside)] = pieces.as_slice() {
            let found = self.variable(inside, node);
            let mut made = found.unwrap_or_else(|| unknown(inside, node)).named(node.name_at);
            // A tag of CloudFormation stays around what the variable stands for.
            if let Some(tag) = node.extra.as_ref().and_then(|extra| extra.tag.clone()) {
                made.extra_mut().tag = Some(tag);
            }
            if made.at != node.at && made.via().len() < 16 {
                made.extra_mut().via.insert(0, node.at);
            }
            return made;
        }
        let mut composed = Composed::default();
        for piece in pieces {
            match piece {
                Piece::Fixed(text) => composed.fixed(text),
                Piece::Variable(inside) => {
                    let value = self.variable(inside, node).unwrap_or_else(|| unknown(inside, node));
                    composed.value(&value, &format!("${{{inside}}}"), node.at);
                }
            }
        }
        self.budget = self.budget.saturating_sub(composed.len() / 32);
        let mut made = composed.finish(node.at).named(node.name_at);
        if let Some(tag) = node.extra.as_ref().and_then(|extra| extra.tag.clone()) {
            made.extra_mut().tag = Some(tag);
        }
        made
    }

    /// What a variable stands for: the first of its alternatives that is known; none where none is.
    fn variable(&mut self, inside: &str, node: &Node) -> Option<Node> {
        for alternative in alternatives(inside) {
            if let [Piece::Variable(whole)] = pieces(alternative).as_slice() {
                return self.deeper(|this| this.variable(whole, node));
            }
            // Variables within a variable come first.
            let plain = match alternative.contains("${") {
                true => {
                    let inner = self.value(&Node::text(alternative, node.at));
                    inner.as_str()?.to_owned()
                }
                false => alternative.to_owned(),
            };
            match self.source(plain.trim(), node) {
                Found::Value(value) => return Some(value),
                Found::Nothing => {}
                Found::Elsewhere => return None,
            }
        }
        None
    }

    /// Goes one level deeper; none when that is too deep.
    fn deeper(&mut self, go: impl FnOnce(&mut Self) -> Option<Node>) -> Option<Node> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = go(self);
        self.depth -= 1;
        result
    }

    fn source(&mut self, variable: &str, node: &Node) -> Found {
        if let Some(literal) = quoted(variable) {
            return Found::Value(Node::text(literal, node.at));
        }
        if let Some((call, rest)) = variable.strip_prefix("file(").and_then(|rest| rest.split_once(')')) {
            let path = joined(self.folder, call.trim().trim_matches(['\'', '"']));
            let Some(document) = (self.files)(&path) else { return Found::Elsewhere };
            let address = rest.trim_start_matches([':', '.']);
            return self.within(&document, address);
        }
        let (source, address) = variable.split_once(':').unwrap_or((variable, ""));
        match source {
            "self" => {
                let document = self.document;
                match (address, document.at_path(&["provider", "stage"])) {
                    // The framework's own default.
                    ("provider.stage", None) => Found::Value(Node::text(STAGE, node.at)),
                    _ => self.within(document, address),
                }
            }
            "sls" if address == "stage" => match self.document.at_path(&["provider", "stage"]).cloned() {
                Some(stage) => Found::Value(self.value(&stage)),
                None => Found::Value(Node::text(STAGE, node.at)),
            },
            "opt" => Found::Nothing,
            "true" | "false" => Found::Value(Node::bool(source == "true", node.at)),
            "null" => Found::Value(Node::null(node.at)),
            _ => match variable.parse::<i64>() {
                Ok(number) => Found::Value(Node::int(number, node.at)),
                Err(_) => Found::Elsewhere,
            },
        }
    }

    /// What stands at an address within a document.
    fn within(&mut self, document: &Node, address: &str) -> Found {
        let mut at = document.clone();
        for key in address.split(['.', ':']).filter(|key| !key.is_empty()) {
            // What stands on the way may be a variable itself.
            if at.as_str().is_some_and(|text| text.contains("${")) {
                at = self.value(&at);
            }
            let next = match at.as_list() {
                Some(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
                None => at.get(key),
            };
            match next {
                Some(next) => at = next.clone(),
                None if at.as_unresolved().is_some() => return Found::Elsewhere,
                None => return Found::Nothing,
            }
        }
        Found::Value(self.value(&at))
    }
}

/// What became of one alternative.
enum Found {
    Value(Node),
    /// It is not set: the next alternative counts.
    Nothing,
    /// Only a deployment tells.
    Elsewhere,
}

fn unknown(inside: &str, node: &Node) -> Node {
    let written = format!("${{{inside}}}");
    let why: Arc<str> = format!("`{written}` is known only at deployment").into();
    let mut composed = Composed::default();
    composed.hole(&written, &why);
    composed.finish(node.at)
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    text.strip_prefix(quote)?.strip_suffix(quote)
}

/// A part of a text.
enum Piece<'t> {
    Fixed(&'t str),
    /// The inside of a `${...}`.
    Variable(&'t str),
}

/// Takes a text apart. What CloudFormation itself replaces (`${AWS::Region}`, `${Bucket}`) is fixed text here.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(found) = text[from..].find("${") {
        let open = from + found;
        let Some(length) = closing(&text[open + 2..]) else { break };
        let inside = &text[open + 2..open + 2 + length];
        from = open + length + 3;
        if !is_variable(inside) {
            continue;
        }
        if open > start {
            pieces.push(Piece::Fixed(&text[start..open]));
        }
        pieces.push(Piece::Variable(inside));
        start = from;
    }
    if start < text.len() {
        pieces.push(Piece::Fixed(&text[start..]));
    }
    pieces
}

/// Whether the inside of a `${...}` is a variable of the framework.
fn is_variable(inside: &str) -> bool {
    let source = inside.trim_start().split([':', '(', ',']).next().unwrap_or_default();
    !inside.starts_with("AWS::")
        && (inside.contains(':') || inside.contains('('))
        && !source.is_empty()
        && source.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// How long the text before the brace is that closes the one before it.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The alternatives of a variable: what stands between commas outside braces, brackets and quotes.
fn alternatives(inside: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    for (at, c) in inside.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(c),
            ('{' | '(', None) => depth += 1,
            ('}' | ')', None) => depth -= 1,
            (',', None) if depth == 0 => {
                parts.push(inside[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inside[start..].trim());
    parts
}
