//! `$expr`: the `${{ }}` expressions in a text, read by the grammar of GitHub Actions.
//!
//! Reading order: [`find`] (where expressions stand) → [`Parser`] (what one refers to and calls) → [`child`]. Nothing is
//! evaluated; [`constant`] knows an expression that is one literal.

use std::ops::Range;

use secscan_model::{Location, Map, Node, Part, Scalar, ScalarKind, Source, Value};

use super::{Text, unknown};

/// How many expressions of one text are read, and how deep one may nest.
const MAX_EXPRESSIONS: usize = 1_000;
const MAX_DEPTH: usize = 50;

/// `$expr` of a value: a list, empty values have none. A value that is one hole without markers (an `if`) is an
/// expression whole.
pub(super) fn child(of: &Node, sources: &[Source]) -> Option<Node> {
    unknown(of).or_else(|| {
        let text = Text::new(of, sources)?;
        let mut found: Vec<_> = find(text.raw()).into_iter().map(|(_, inner)| inner).collect();
        let bare = of.as_unresolved().is_some_and(
            |unresolved| matches!(&*unresolved.parts, [Part::Hole(hole)] if !hole.starts_with(['$', '{', '%'])),
        );
        if found.is_empty() && bare {
            found.push(0..text.raw().len());
        }
        let list: Vec<_> = found.into_iter().map(|inner| describe(&text, inner)).collect();
        (!list.is_empty()).then(|| Node::list(list, of.at))
    })
}

/// Where the expressions of a text stand: with and without their markers. An expression that does not end is none.
pub(crate) fn find(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("${{")).map(|start| at + start) {
        let mut quoted = false;
        let end = (start + 3..bytes.len()).find(|end| {
            quoted ^= bytes.get(*end) == Some(&b'\'');
            !quoted && bytes.get(*end..*end + 2) == Some(b"}}")
        });
        let Some(end) = end.filter(|_| found.len() < MAX_EXPRESSIONS) else { break };
        found.push((start..end + 2, start + 3..end));
        at = end + 2;
    }
    found
}

/// The value of an expression (without markers) that is one literal.
pub(crate) fn constant(expression: &str, at: Location) -> Option<Node> {
    let tokens = tokens(expression, 0..expression.len());
    let [Token { kind, at: part }] = &*tokens else { return None };
    let text = expression.get(part.clone())?;
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let kind = match kind {
        Kind::Text => return Some(Node::text(text.get(1..text.len() - 1)?.replace("''", "'"), at)),
        Kind::Number => number(text).map(ScalarKind::Int).or_else(|| text.parse().ok().map(ScalarKind::Float))?,
        Kind::Name => match text {
            "true" => ScalarKind::Bool(true),
            "false" => ScalarKind::Bool(false),
            "null" => ScalarKind::Null,
            _ => return None,
        },
        Kind::Mark(_) | Kind::Operator => return None,
    };
    Some(Node::new(Value::Scalar(Scalar { kind, text: text.into() }), at))
}

/// One expression as `{text, contexts, calls, constant}`.
fn describe(text: &Text<'_>, inner: Range<usize>) -> Node {
    let raw = text.raw();
    let written = raw.get(inner.clone()).unwrap_or_default();
    let start = inner.start + written.len() - written.trim_start().len();
    let inner = start..start + written.trim().len();
    let node = |part: Range<usize>| Node::text(raw.get(part.clone()).unwrap_or_default(), text.at(part));
    let mut parser = Parser::new(raw, inner.clone());
    parser.sequence(0);
    parser.contexts.sort_by_key(|(_, at)| at.start);
    let at = text.at(inner.clone());
    let mut map = Map::with_capacity(4);
    map.push_new("text", node(inner.clone()));
    if !parser.contexts.is_empty() {
        let contexts = parser.contexts.into_iter().map(|(path, part)| Node::text(path, text.at(part))).collect();
        map.push_new("contexts", Node::list(contexts, at));
    }
    if !parser.calls.is_empty() {
        let calls = parser.calls.into_iter().map(|call| {
            let mut map = Map::with_capacity(2);
            map.push_new("name", node(call.name.clone()));
            map.push_new("args", Node::list(call.args.into_iter().map(node).collect(), at));
            Node::map(map, text.at(call.name))
        });
        map.push_new("calls", Node::list(calls.collect(), at));
    }
    if let Some(constant) = raw.get(inner).and_then(|written| constant(written, at)) {
        map.push_new("constant", constant);
    }
    Node::map(map, at)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Name,
    Number,
    Text,
    /// One of `. * [ ] ( ) ,`.
    Mark(u8),
    Operator,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    at: Range<usize>,
}

/// The tokens of a part of a text. What fits no token is an operator.
fn tokens(text: &str, part: Range<usize>) -> Vec<Token> {
    let bytes = text.as_bytes().get(..part.end).unwrap_or_default();
    let mut tokens = Vec::new();
    let mut at = part.start;
    while let Some(&byte) = bytes.get(at) {
        let run = |from: usize, belongs: fn(u8) -> bool| {
            from + bytes.iter().skip(from).take_while(|byte| belongs(**byte)).count()
        };
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        let (kind, end) = match byte {
            _ if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'\'' => (Kind::Text, literal(bytes, at)),
            b'.' | b'*' | b'[' | b']' | b'(' | b')' | b',' => (Kind::Mark(byte), at + 1),
            b'0'..=b'9' => (Kind::Number, run(at, |byte| byte.is_ascii_alphanumeric() || byte == b'.')),
            b'-' | b'+' if next.is_ascii_digit() => {
                (Kind::Number, run(at + 1, |byte| byte.is_ascii_alphanumeric() || byte == b'.'))
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                (Kind::Name, run(at, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')))
            }
            _ => (Kind::Operator, run(at + 1, |byte| byte & 0xC0 == 0x80)),
        };
        tokens.push(Token { kind, at: at..end });
        at = end;
    }
    tokens
}

/// The end of a string literal; two quotes are one within it.
fn literal(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'\'' {
            if bytes.get(at) != Some(&b'\'') {
                return at;
            }
            at += 1;
        }
    }
    at
}

struct Call {
    name: Range<usize>,
    args: Vec<Range<usize>>,
}

/// Collects what an expression refers to. Precedence does not matter for that, so operators are passed over.
struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    next: usize,
    contexts: Vec<(String, Range<usize>)>,
    calls: Vec<Call>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, part: Range<usize>) -> Self {
        Self { text, tokens: tokens(text, part), next: 0, contexts: Vec::new(), calls: Vec::new() }
    }

    fn peek(&self) -> Option<Kind> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    fn take(&mut self, mark: u8) -> bool {
        let found = self.peek() == Some(Kind::Mark(mark));
        self.next += usize::from(found);
        found
    }

    /// The bytes between two tokens, the second excluded.
    fn between(&self, from: usize, to: usize) -> Range<usize> {
        let start = self.tokens.get(from).map_or(0, |token| token.at.start);
        let end = to.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |token| token.at.end);
        start..end.max(start)
    }

    /// Operands up to a closing mark or a comma.
    fn sequence(&mut self, depth: usize) {
        if depth > MAX_DEPTH {
            self.next = self.tokens.len();
        }
        while let Some(kind) = self.peek() {
            match kind {
                Kind::Mark(b')' | b']' | b',') if depth > 0 => return,
                Kind::Name => self.named(depth),
                Kind::Mark(b'(') => {
                    self.next += 1;
                    self.sequence(depth + 1);
                    self.take(b')');
                    self.members(depth, &mut None);
                }
                _ => self.next += 1,
            }
        }
    }

    /// A literal word, a call or a reference.
    fn named(&mut self, depth: usize) {
        let first = self.next;
        let at = self.between(first, first + 1);
        let name = self.text.get(at.clone()).unwrap_or_default();
        self.next += 1;
        if self.take(b'(') {
            let mut args = Vec::new();
            while self.peek().is_some() && !self.take(b')') {
                let start = self.next;
                self.sequence(depth + 1);
                args.push(self.between(start, self.next));
                if !self.take(b',') {
                    self.take(b')');
                    break;
                }
            }
            self.calls.push(Call { name: at, args });
            self.members(depth, &mut None);
        } else if !matches!(name, "true" | "false" | "null" | "NaN" | "Infinity") {
            let mut path = Some(name.to_owned());
            self.members(depth, &mut path);
            self.contexts.extend(path.map(|path| (path, self.between(first, self.next))));
        }
    }

    /// `.name`, `.*` and `[index]` behind an operand, added to the path; an index that is computed reads `*`.
    fn members(&mut self, depth: usize, path: &mut Option<String>) {
        loop {
            let member = if self.take(b'.') {
                let at = self.between(self.next, self.next + 1);
                self.next += 1;
                self.text.get(at).unwrap_or_default().to_owned()
            } else if self.take(b'[') {
                let first = self.next;
                self.sequence(depth + 1);
                let index = self.text.get(self.between(first, self.next)).unwrap_or_default();
                let literal = constant(index, Location::default());
                self.take(b']');
                literal.as_ref().and_then(Node::as_str).unwrap_or("*").to_owned()
            } else {
                return;
            };
            if let Some(path) = path {
                path.push('.');
                path.push_str(&member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::computed::testing::{partly, show, written};

    #[test]
    fn references_and_calls_are_listed() {
        for (text, expected) in [
            (
                "echo ${{ github.event.issue.title }}",
                "[{text: github.event.issue.title, contexts: [github.event.issue.title]}]",
            ),
            (
                "${{ secrets['X'] }}${{env.A}}",
                "[{text: secrets['X'], contexts: [secrets.X]}, {text: env.A, contexts: [env.A]}]",
            ),
            ("${{ secrets[matrix.name] }}", "[{text: secrets[matrix.name], contexts: [secrets.*, matrix.name]}]"),
            (
                "${{ github.event.commits.*.message }}",
                "[{text: github.event.commits.*.message, contexts: [github.event.commits.*.message]}]",
            ),
            (
                "${{ toJSON(secrets) }}",
                "[{text: toJSON(secrets), contexts: [secrets], calls: [{name: toJSON, args: [secrets]}]}]",
            ),
            (
                "${{ !cancelled() && (a.b == 'x}}y' || needs.j.outputs.o[0]) }}",
                "[{text: !cancelled() && (a.b == 'x}}y' || needs.j.outputs.o[0]), contexts: [a.b, needs.j.outputs.o.0], calls: [{name: cancelled, args: []}]}]",
            ),
            (
                "${{ fromJSON(secrets.A).b }}",
                "[{text: fromJSON(secrets.A).b, contexts: [secrets.A], calls: [{name: fromJSON, args: [secrets.A]}]}]",
            ),
            (
                "${{ format('{0}', join(a, ',')) }}",
                "[{text: format('{0}', join(a, ',')), contexts: [a], calls: [{name: join, args: [a, ',']}, {name: format, args: ['{0}', join(a, ',')]}]}]",
            ),
            ("${{ 'it''s' }}", "[{text: 'it''s', constant: it's}]"),
            ("${{ 0xff }}", "[{text: 0xff, constant: 0xff}]"),
            ("${{ false }}", "[{text: false, constant: false}]"),
            ("${{ }}", "[{text: }]"),
            ("no expression", "none"),
            ("${{ open", "none"),
        ] {
            let (node, source) = written(text);
            assert_eq!(show(child(&node, &[source])), expected, "{text}");
            if text.contains("${{ ") && !text.contains("'x}}y'") && text.contains("}}") {
                assert_eq!(show(child(&partly(text), &[])), expected, "{text}: as a value known in part");
            }
        }
    }

    #[test]
    fn a_hole_without_markers_is_an_expression() {
        let hole = |text: &str| {
            let parts = vec![Part::Hole(text.into())];
            let unresolved = secscan_model::Unresolved { why: "run time".into(), perhaps_absent: false, parts };
            Node::new(Value::Unresolved(unresolved.into()), Location::default())
        };
        assert_eq!(
            show(child(&hole("github.actor == 'x'"), &[])),
            "[{text: github.actor == 'x', contexts: [github.actor]}]"
        );
        assert_eq!(show(child(&hole("${V}"), &[])), "none");
    }

    #[test]
    fn references_have_their_own_places() {
        let (node, source) = written("a ${{ github.head_ref || x }}");
        let list = child(&node, std::slice::from_ref(&source)).expect("an expression");
        let context = &list.items()[0].get("contexts").expect("contexts").items()[0];
        assert_eq!(&source.text().expect("UTF-8")[context.at.span.range()], "github.head_ref");
    }

    #[test]
    fn deep_nesting_ends() {
        for text in [format!("${{{{ {}", "(".repeat(100_000)), format!("${{{{ {} }}}}", "a[".repeat(100_000))] {
            let (node, source) = written(&text);
            child(&node, &[source]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r"(\$\{\{|\}\}|[a-z.*\[\](), '!&|0x-]|\PC){0,60}") {
            let (node, source) = written(&text);
            child(&node, &[source]);
        }
    }
}
