//! Expressions: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#expressions>.

use std::sync::Arc;

use secscan_model::{Scalar, ScalarKind};

use super::cursor::{Cursor, Fault, Read};
use super::syntax::{Call, Expression, For, Key, KeyKind, Kind, Operator, Step};

/// How many operators may stand on a path through an expression: a chain of them makes a tree as high as it is long.
const MAX_OPERATORS: usize = 128;

impl<'t> Cursor<'t> {
    /// An expression. Afterwards the place is behind the white space that follows, and `end` before it.
    pub(super) fn expression(&mut self) -> Read<Expression> {
        let outer = std::mem::take(&mut self.operators);
        let found = self.conditional();
        self.operators = self.operators.max(outer);
        found
    }

    fn conditional(&mut self) -> Read<Expression> {
        let start = self.at;
        let condition = self.operation(0)?;
        if !self.eat(b'?') {
            return Ok(condition);
        }
        self.gap();
        let then = self.nested(self.breaks, Self::expression)?;
        if !self.eat(b':') {
            return self.fault("expected `:` of a conditional");
        }
        self.gap();
        let other = self.nested(self.breaks, Self::expression)?;
        Ok(self.made(start, Kind::Conditional(Box::new([condition, then, other]))))
    }

    /// An expression from `start` to where the last operand ended.
    fn made(&self, start: usize, kind: Kind) -> Expression {
        Expression { kind, span: self.span(start, self.end) }
    }

    /// Operands with operators between them that bind at least so strongly.
    fn operation(&mut self, least: u8) -> Read<Expression> {
        let start = self.at;
        let mut left = self.operand()?;
        while let Some((operator, strength, length)) = self.operator().filter(|(_, strength, _)| *strength >= least) {
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return Err(Fault { at: self.at, message: "more than 128 operators in a row", limit: true });
            }
            self.at += length;
            self.gap();
            let right = self.operation(strength + 1)?;
            left = self.made(start, Kind::Binary(operator, Box::new([left, right])));
        }
        Ok(left)
    }

    /// The operator here, how strongly it binds, and its length.
    fn operator(&self) -> Option<(Operator, u8, usize)> {
        Some(match (self.peek(0), self.peek(1)) {
            (b'|', b'|') => (Operator::Or, 1, 2),
            (b'&', b'&') => (Operator::And, 2, 2),
            (b'=', b'=') => (Operator::Equal, 3, 2),
            (b'!', b'=') => (Operator::NotEqual, 3, 2),
            (b'<', b'=') => (Operator::LessOrEqual, 4, 2),
            (b'>', b'=') => (Operator::GreaterOrEqual, 4, 2),
            (b'<', _) => (Operator::Less, 4, 1),
            (b'>', _) => (Operator::Greater, 4, 1),
            (b'+', _) => (Operator::Plus, 5, 1),
            (b'-', _) => (Operator::Minus, 5, 1),
            (b'*', _) => (Operator::Times, 6, 1),
            (b'/', _) => (Operator::Divide, 6, 1),
            (b'%', _) => (Operator::Modulo, 6, 1),
            _ => return None,
        })
    }

    /// A term with the steps into it, and the white space behind.
    fn operand(&mut self) -> Read<Expression> {
        let start = self.at;
        let mut term = self.term()?;
        self.end = self.at;
        self.gap();
        if matches!(self.peek(0), b'.' | b'[') {
            let mut steps = Vec::new();
            while let Some(step) = self.step()? {
                steps.push(step);
                self.end = self.at;
                self.gap();
            }
            if !steps.is_empty() {
                term = self.made(start, Kind::Steps(Box::new((term, steps))));
            }
        }
        Ok(term)
    }

    fn term(&mut self) -> Read<Expression> {
        let start = self.at;
        let kind = match self.peek(0) {
            b'"' => self.quoted()?,
            b'(' => return self.parenthesis(),
            b'[' => self.list()?,
            b'{' => self.object()?,
            b'<' if self.peek(1) == b'<' => self.heredoc()?,
            b'0'..=b'9' => self.number(),
            b'-' if self.peek(1).is_ascii_digit() => self.number(),
            b'-' => Kind::Negative(self.operated()?),
            b'!' => Kind::Not(self.operated()?),
            _ => self.named()?,
        };
        Ok(Expression { kind, span: self.span(start, self.at) })
    }

    /// The operand of a unary operator.
    fn operated(&mut self) -> Read<Box<Expression>> {
        self.at += 1;
        self.gap();
        let operand = self.nested(self.breaks, Self::operand)?;
        self.at = self.end;
        Ok(Box::new(operand))
    }

    fn parenthesis(&mut self) -> Read<Expression> {
        self.nested(true, |inside| {
            inside.at += 1;
            inside.gap();
            let inner = inside.expression()?;
            inside.close(b')', "expected `)`")?;
            Ok(inner)
        })
    }

    fn close(&mut self, bracket: u8, message: &'static str) -> Read<()> {
        if self.eat(bracket) { Ok(()) } else { self.fault(message) }
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        self.at += usize::from(self.peek(0) == b'-');
        self.digits();
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.digits();
            }
        }
        let text = &self.text[start..self.at];
        Kind::Number(Scalar { kind: number(text), text: text.into() })
    }

    fn digits(&mut self) {
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    /// What begins with a name: a keyword, a call, a name.
    fn named(&mut self) -> Read<Kind> {
        let start = self.at;
        let Some(name) = self.name() else { return self.fault("expected a value") };
        let end = self.at;
        match name {
            "true" => return Ok(Kind::Bool(true)),
            "false" => return Ok(Kind::Bool(false)),
            "null" => return Ok(Kind::Null),
            _ => {}
        }
        self.gap();
        if self.peek(0) == b'(' {
            return Ok(Kind::Call(Box::new(self.call(name.into())?)));
        }
        if self.follows("::") {
            return Ok(Kind::Call(Box::new(self.provided_call(start)?)));
        }
        self.at = end;
        Ok(Kind::Name(name.into()))
    }

    /// A call of a provider's function, `provider::name::function()`, behind its first name.
    fn provided_call(&mut self, start: usize) -> Read<Call> {
        while self.follows("::") {
            self.at += 2;
            if self.name().is_none() {
                return self.fault("expected the name of a function");
            }
        }
        let name = &self.text[start..self.at];
        self.gap();
        if self.peek(0) != b'(' {
            return self.fault("expected `(`");
        }
        self.call(name.split_whitespace().collect::<String>().into())
    }

    fn call(&mut self, name: Arc<str>) -> Read<Call> {
        self.nested(true, |inside| {
            inside.at += 1;
            let mut call = Call { name, arguments: Vec::new(), expands: false };
            loop {
                inside.gap();
                if inside.eat(b')') {
                    return Ok(call);
                }
                call.arguments.push(inside.expression()?);
                if inside.follows("...") {
                    inside.at += 3;
                    call.expands = true;
                    inside.gap();
                    inside.close(b')', "expected `)`")?;
                    return Ok(call);
                }
                if !inside.eat(b',') && inside.peek(0) != b')' {
                    return inside.fault("expected `,` or `)`");
                }
            }
        })
    }

    fn list(&mut self) -> Read<Kind> {
        self.nested(true, |inside| {
            inside.at += 1;
            inside.gap();
            if inside.is_for() {
                return inside.for_expression(b']');
            }
            let mut items = Vec::new();
            loop {
                inside.gap();
                if inside.eat(b']') {
                    return Ok(Kind::List(items));
                }
                items.push(inside.expression()?);
                if !inside.eat(b',') && inside.peek(0) != b']' {
                    return inside.fault("expected `,` or `]`");
                }
            }
        })
    }

    fn object(&mut self) -> Read<Kind> {
        let opening = self.at;
        self.nested(false, |inside| {
            inside.at += 1;
            inside.lines();
            if inside.is_for() {
                inside.breaks = true;
                return inside.for_expression(b'}');
            }
            let mut entries = Vec::new();
            loop {
                inside.lines();
                if inside.eat(b'}') {
                    return Ok(Kind::Object(entries));
                }
                if inside.is_at_end() {
                    inside.at = opening;
                    return inside.fault("this object is never closed");
                }
                let key = inside.key()?;
                if !inside.eat(b'=') && !inside.eat(b':') {
                    return inside.fault("expected `=` or `:`");
                }
                inside.gap();
                entries.push((key, inside.expression()?));
                if !inside.eat(b',') && !matches!(inside.peek(0), b'\n' | b'}') {
                    return inside.fault("expected `,`, a line break or `}`");
                }
            }
        })
    }

    /// A key of an object, and the white space behind: a name is the key itself, anything else is computed.
    fn key(&mut self) -> Read<Key> {
        let start = self.at;
        if let Some(name) = self.name() {
            let span = self.span(start, self.at);
            self.gap();
            if matches!((self.peek(0), self.peek(1)), (b':', _) | (b'=', ..=b'<' | b'>'..)) {
                return Ok(Key { span, kind: KeyKind::Name(name.into()) });
            }
            self.at = start;
        }
        let key = self.expression()?;
        let span = self.span(start, self.end);
        let kind = match key.kind {
            Kind::Text(text) if self.bytes[start] == b'"' => KeyKind::Name(text),
            _ => KeyKind::Computed(key),
        };
        Ok(Key { span, kind })
    }

    /// Whether a `for` begins here, and not something of that name.
    fn is_for(&self) -> bool {
        let Some(rest) = self.text[self.at..].strip_prefix("for") else { return false };
        let behind = rest.trim_start();
        behind.len() < rest.len() && behind.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    /// A `for` expression up to its bracket.
    fn for_expression(&mut self, bracket: u8) -> Read<Kind> {
        self.at += "for".len();
        let (key_name, value_name) = self.variables()?;
        let collection = self.expression()?;
        self.close(b':', "expected `:`")?;
        self.gap();
        let mut value = self.expression()?;
        let mut key = None;
        if bracket == b'}' {
            if !self.follows("=>") {
                return self.fault("expected `=>`");
            }
            self.at += 2;
            self.gap();
            key = Some(std::mem::replace(&mut value, self.expression()?));
        }
        let grouping = bracket == b'}' && self.follows("...");
        if grouping {
            self.at += 3;
            self.gap();
        }
        let mut condition = None;
        if self.keyword("if") {
            self.gap();
            condition = Some(self.expression()?);
        }
        self.close(bracket, "expected the end of the `for`")?;
        Ok(Kind::For(Box::new(For { key_name, value_name, collection, key, value, condition, grouping })))
    }

    /// `value in` or `key, value in`, and the white space around.
    pub(super) fn variables(&mut self) -> Read<(Option<Arc<str>>, Arc<str>)> {
        let mut names: [Option<Arc<str>>; 2] = [None, None];
        self.gap();
        names[1] = self.name().map(Arc::from);
        self.gap();
        if self.eat(b',') {
            self.gap();
            names.swap(0, 1);
            names[1] = self.name().map(Arc::from);
            self.gap();
        }
        match names {
            [key, Some(value)] if self.keyword("in") => {
                self.gap();
                Ok((key, value))
            }
            [_, Some(_)] => self.fault("expected `in`"),
            [_, None] => self.fault("expected a name"),
        }
    }

    /// Steps over a word, if it is the next.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let start = self.at;
        let is_next = self.name() == Some(word);
        if !is_next {
            self.at = start;
        }
        is_next
    }

    /// A step into a value, if one follows.
    fn step(&mut self) -> Read<Option<Step>> {
        match (self.peek(0), self.peek(1)) {
            (b'.', b'.') => Ok(None),
            (b'.', _) => {
                self.at += 1;
                self.gap();
                self.attribute_step().map(Some)
            }
            (b'[', _) => self.index_step().map(Some),
            _ => Ok(None),
        }
    }

    fn attribute_step(&mut self) -> Read<Step> {
        if self.eat(b'*') {
            return Ok(Step::AttributeSplat);
        }
        if let Some(name) = self.name() {
            return Ok(Step::Attribute(name.into()));
        }
        let start = self.at;
        self.digits();
        match self.text[start..self.at].parse() {
            Ok(index) => Ok(Step::LegacyIndex(index)),
            Err(_) => self.fault("expected a name or an index"),
        }
    }

    fn index_step(&mut self) -> Read<Step> {
        self.nested(true, |inside| {
            inside.at += 1;
            inside.gap();
            if inside.eat(b'*') {
                inside.gap();
                inside.close(b']', "expected `]`")?;
                return Ok(Step::FullSplat);
            }
            let index = inside.expression()?;
            inside.close(b']', "expected `]`")?;
            Ok(Step::Index(index))
        })
    }
}

/// The value of a number. One without a fraction is whole, however it is written: `1.0` is 1.
fn number(text: &str) -> ScalarKind {
    /// Up to here whole numbers and decimals of so many digits are exact.
    const EXACT: (f64, usize) = (9_007_199_254_740_992.0, 15);
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    let is_exact = |value: f64| value.abs() <= EXACT.0 && digits <= EXACT.1 && (value == 0.0) == (digits == 0);
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => ScalarKind::Int(whole),
        (Err(_), Ok(other)) if other.fract() == 0.0 && is_exact(other) => ScalarKind::Int(other as i64),
        (Err(_), Ok(other)) => ScalarKind::Float(other),
        (Err(_), Err(_)) => ScalarKind::Text,
    }
}
