//! The expressions of the JSON language: `[concat(parameters('a'), '-b')]`.

use std::sync::Arc;

use secscan_model::{Location, Scalar, ScalarKind};

use super::term::{Kind, Term};

/// How deep calls may nest in one expression.
const MAX_DEPTH: usize = 100;

/// How far calls and members may nest together.
const MAX_HEIGHT: usize = 250;

/// The term that a text of a template is: an expression when it stands in brackets, else itself.
pub(super) fn term(text: &Arc<str>, at: Location) -> Term {
    let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.trim_end().strip_suffix(']')) else {
        return Term::text(text.clone(), at);
    };
    if inner.starts_with('[') {
        // `[[` means `[`: the text is no expression.
        return Term::text(&text[1..], at);
    }
    let mut parser = Parser { text: inner, at: 0, place: at, depth: 0, height: 0 };
    match parser.expression() {
        Some(term) if parser.rest().is_empty() => term,
        _ => Term::new(Kind::Opaque("the expression cannot be read".into()), at).written(inner),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// How far it has been read.
    at: usize,
    /// Where all of it stands.
    place: Location,
    depth: usize,
    /// How far the members of what was read last may nest.
    height: usize,
}

impl<'t> Parser<'t> {
    /// What is left, without white space in front.
    fn rest(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = self.rest().starts_with(mark);
        self.at += if found { mark.len() } else { 0 };
        found
    }

    fn term(&self, kind: Kind, start: usize) -> Term {
        Term::new(kind, self.place).written(self.text[start..self.at].trim())
    }

    fn expression(&mut self) -> Option<Term> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let outer = std::mem::take(&mut self.height);
        let term = self.members();
        self.height = outer.max(self.height + 1);
        self.depth -= 1;
        term
    }

    /// A value and what is taken from it: `.name`, `[index]`, and both with a `?`.
    fn members(&mut self) -> Option<Term> {
        self.rest();
        let start = self.at;
        let mut term = self.value()?;
        loop {
            let key = if self.eat(".") {
                let safe = self.eat("?");
                let name = self.word()?;
                (Term::text(name, self.place), safe)
            } else if self.eat("[") {
                let safe = self.eat("?");
                let key = self.expression()?;
                self.eat("]").then_some(())?;
                (key, safe)
            } else {
                return Some(term);
            };
            self.height += 1;
            (self.height <= MAX_HEIGHT).then_some(())?;
            term = self.term(Kind::Member(Box::new(term), Box::new(key.0), key.1), start);
        }
    }

    fn value(&mut self) -> Option<Term> {
        let rest = self.rest();
        let start = self.at;
        match rest.chars().next()? {
            '\'' => self.quoted(),
            '-' | '+' | '0'..='9' => self.number(),
            _ => {
                let name = self.word()?;
                let arguments = self.arguments()?;
                Some(self.term(call(name, arguments)?, start))
            }
        }
    }

    /// Text in quotes; a quote within is doubled.
    fn quoted(&mut self) -> Option<Term> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let end = rest.find('\'')?;
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if !self.text[self.at..].starts_with('\'') {
                return Some(Term::text(text, self.place));
            }
            text.push('\'');
            self.at += 1;
        }
    }

    fn number(&mut self) -> Option<Term> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let text = &rest[..length];
        self.at += length;
        let kind = match (text.parse(), text.parse()) {
            (Ok(whole), _) => ScalarKind::Int(whole),
            (_, Ok(number)) => ScalarKind::Float(number),
            _ => return None,
        };
        Some(Term::new(Kind::Scalar(Scalar { kind, text: text.into() }), self.place))
    }

    /// A name, perhaps with the namespace of a function of the template's author.
    fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '-';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let mut length = (length > 0).then_some(length)?;
        if let Some(tail) = rest[length..].strip_prefix('.') {
            let more = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
            if more > 0 && tail[more..].starts_with('(') {
                length += 1 + more;
            }
        }
        self.at += length;
        Some(&rest[..length])
    }

    fn arguments(&mut self) -> Option<Vec<Term>> {
        self.eat("(").then_some(())?;
        let mut arguments = Vec::new();
        if self.eat(")") {
            return Some(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.eat(")") {
                return Some(arguments);
            }
            self.eat(",").then_some(())?;
        }
    }
}

/// A call, and the two calls that are none: of a function without a name, and of its parameters.
fn call(name: &str, mut arguments: Vec<Term>) -> Option<Kind> {
    match name.to_ascii_lowercase().as_str() {
        "lambda" => {
            let body = arguments.pop()?;
            let names: Option<Vec<Arc<str>>> = arguments.iter().map(|name| Some(name.as_str()?.into())).collect();
            Some(Kind::Lambda(names?, Box::new(body)))
        }
        "lambdavariables" => Some(Kind::Name(arguments.first()?.as_str()?.into())),
        _ => Some(Kind::Call(name.into(), arguments)),
    }
}
