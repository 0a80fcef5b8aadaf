//! Expressions.

use super::cursor::{Cursor, Read};
use super::syntax::{Expr, ExprKind, For, Ident, OPERATORS, Operator, Property};

/// How far the parts of an expression may nest, chains included.
const MAX_HEIGHT: usize = 250;

impl Cursor<'_> {
    /// An expression, beginning with the operator that binds least.
    pub(super) fn expression(&mut self) -> Read<Expr> {
        let (tallest, chain) = (std::mem::take(&mut self.tallest), std::mem::take(&mut self.chain));
        let read = self.deeper(Self::choice);
        self.tallest = tallest.max(self.tallest + self.chain + 1);
        self.chain = chain;
        read
    }

    /// `a`, or `a ? b : c`.
    fn choice(&mut self) -> Read<Expr> {
        let start = self.at_next();
        let condition = self.operation(0)?;
        if !self.continues("?") {
            return Ok(condition);
        }
        self.at += 1;
        self.space();
        let yes = self.expression()?;
        self.space();
        self.need(":")?;
        self.space();
        let no = self.expression()?;
        Ok(self.made(ExprKind::Ternary(condition.into(), yes.into(), no.into()), start))
    }

    fn at_next(&mut self) -> usize {
        self.blanks();
        self.at
    }

    fn made(&self, kind: ExprKind, start: usize) -> Expr {
        Expr { kind, span: self.span(start) }
    }

    /// Counts what an expression grows by without going deeper: a chain of operators or members nests as well.
    fn grow(&mut self) -> Read<()> {
        self.chain += 1;
        match self.chain + self.tallest > MAX_HEIGHT {
            true => self.error("too long a chain to be read"),
            false => Ok(()),
        }
    }

    /// Whether a mark is next, perhaps at the beginning of the next line; then the cursor stands before it.
    pub(super) fn continues(&mut self, mark: &str) -> bool {
        let before = self.at;
        self.space();
        let found = self.rest().starts_with(mark);
        if !found {
            self.at = before;
        }
        found
    }

    /// Values with operators between them that bind at least so tightly.
    fn operation(&mut self, least: u8) -> Read<Expr> {
        let start = self.at_next();
        let mut left = self.unary()?;
        while let Some((mark, operator, strength)) = self.operator().filter(|(_, _, strength)| *strength > least) {
            self.grow()?;
            self.at += mark.len();
            self.space();
            let right = self.deeper(|cursor| cursor.operation(strength))?;
            left = self.made(ExprKind::Binary(operator, left.into(), right.into()), start);
        }
        Ok(left)
    }

    /// The operator that is next; some may stand at the beginning of a line. The cursor stands before it then.
    fn operator(&mut self) -> Option<(&'static str, Operator, u8)> {
        let before = self.at;
        if !["&&", "||", "??", "==", "!="].iter().any(|leading| self.continues(leading)) {
            self.blanks();
        }
        let rest = self.rest();
        let found = OPERATORS.iter().copied().find(|(mark, ..)| rest.starts_with(mark));
        if found.is_none() {
            self.at = before;
        }
        found
    }

    fn unary(&mut self) -> Read<Expr> {
        let start = self.at_next();
        let rest = self.rest();
        let mark = rest.chars().next().filter(|mark| matches!(mark, '!' | '-') && !rest.starts_with("!~"));
        let Some(mark) = mark else { return self.primary() };
        self.grow()?;
        self.at += 1;
        let of = self.deeper(Self::unary)?;
        Ok(self.made(ExprKind::Unary(mark, of.into()), start))
    }

    /// A value and what is taken from it.
    pub(super) fn primary(&mut self) -> Read<Expr> {
        let start = self.at_next();
        let mut value = self.atom()?;
        loop {
            let end = self.at;
            // Dots may begin a line, brackets may not: there they begin the next item of a list.
            let dotted = self.continues(".") && !self.rest().starts_with("...");
            if !dotted {
                self.at = end;
            }
            let kind = if dotted {
                self.at += 1;
                let safe = self.eat("?");
                let name = self.ident()?;
                match self.opens() {
                    true => ExprKind::Call(Some(value.into()), name, self.arguments()?),
                    false => ExprKind::Member(value.into(), name, safe),
                }
            } else if self.eat("::") {
                ExprKind::Nested(value.into(), self.ident()?)
            } else if self.eat("[") {
                let safe = self.eat("?");
                self.eat("^");
                self.space();
                let index = self.expression()?;
                self.space();
                self.need("]")?;
                ExprKind::Index(value.into(), index.into(), safe)
            } else if self.rest().starts_with('!') && !self.rest().starts_with("!=") && !self.rest().starts_with("!~") {
                // `a!` says that it is not null.
                self.at += 1;
                continue;
            } else {
                self.at = end;
                return Ok(value);
            };
            self.grow()?;
            value = self.made(kind, start);
        }
    }

    /// Whether an opening parenthesis is next on the line; then the cursor stands before it.
    fn opens(&mut self) -> bool {
        let before = self.at;
        self.blanks();
        let found = self.rest().starts_with('(');
        if !found {
            self.at = before;
        }
        found
    }

    fn atom(&mut self) -> Read<Expr> {
        let start = self.at_next();
        let Some(next) = self.rest().chars().next() else { return self.error("a value is missing here") };
        let kind = match next {
            '\'' | '$' => return self.quoted(),
            '[' => return self.array(),
            '{' => return self.object(),
            '(' => return self.parenthesis(),
            '.' if self.rest().starts_with("...") => {
                self.at += 3;
                ExprKind::Spread(self.expression()?.into())
            }
            '0'..='9' => {
                let rest = self.rest();
                let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                self.at += length;
                match rest[..length].parse() {
                    Ok(number) => ExprKind::Int(number),
                    Err(_) => return self.error("the number is too large"),
                }
            }
            _ => return self.named(start),
        };
        Ok(self.made(kind, start))
    }

    /// What begins with a name: a word of the language, a function, a lambda or a name.
    fn named(&mut self, start: usize) -> Read<Expr> {
        let name = self.ident()?;
        let end = self.at;
        let kind = match &*name.name {
            "null" => ExprKind::Null,
            "true" | "false" => ExprKind::Bool(&*name.name == "true"),
            "if" if self.opens() => {
                self.at += 1;
                self.space();
                let condition = self.expression()?;
                self.space();
                self.need(")")?;
                self.space();
                let body = self.expression()?;
                ExprKind::If(condition.into(), body.into())
            }
            _ if self.opens() => ExprKind::Call(None, name, self.arguments()?),
            _ if self.eat("=>") => {
                self.space();
                ExprKind::Lambda(vec![name], self.expression()?.into())
            }
            _ => {
                self.at = end;
                ExprKind::Name(name.name)
            }
        };
        Ok(self.made(kind, start))
    }

    /// `(a)`, or the parameters of a lambda.
    fn parenthesis(&mut self) -> Read<Expr> {
        let start = self.at;
        self.at += 1;
        let mut inside = Vec::new();
        loop {
            self.space();
            if self.eat(")") {
                break;
            }
            inside.push(self.expression()?);
            self.space();
            self.eat(",");
        }
        if self.eat("=>") {
            self.space();
            let parameter = |expr: Expr| match expr.kind {
                ExprKind::Name(name) => Some(Ident { name, span: expr.span }),
                _ => None,
            };
            let Some(parameters) = inside.into_iter().map(parameter).collect() else {
                return self.error("the parameters of a function are names");
            };
            let body = self.expression()?;
            return Ok(self.made(ExprKind::Lambda(parameters, body.into()), start));
        }
        match inside.pop() {
            Some(only) if inside.is_empty() => Ok(Expr { span: self.span(start), ..only }),
            _ => self.error("one value stands in parentheses"),
        }
    }

    fn arguments(&mut self) -> Read<Vec<Expr>> {
        self.need("(")?;
        let mut arguments = Vec::new();
        loop {
            self.space();
            if self.eat(")") {
                return Ok(arguments);
            }
            arguments.push(self.expression()?);
            self.space();
            if !self.eat(",") && !self.rest().starts_with(')') {
                return self.error("`,` or `)` is missing here");
            }
        }
    }

    /// A list; its items are apart by line breaks or commas.
    fn array(&mut self) -> Read<Expr> {
        let start = self.at;
        self.at += 1;
        self.space();
        if self.eat_word("for") {
            return self.deeper(|cursor| cursor.repeated(start));
        }
        let mut items = Vec::new();
        loop {
            self.space();
            if self.eat("]") {
                return Ok(self.made(ExprKind::Array(items), start));
            }
            items.push(self.expression()?);
            self.blanks();
            if !self.eat(",") && !self.rest().starts_with(['\n', ']']) {
                return self.error("the item should end here");
            }
        }
    }

    /// `[for (item, index) in over: body]`, behind the `for`.
    fn repeated(&mut self, start: usize) -> Read<Expr> {
        let (item, index) = if self.eat("(") {
            let item = self.ident()?;
            self.need(",")?;
            let index = self.ident()?;
            self.need(")")?;
            (item, Some(index))
        } else {
            (self.ident()?, None)
        };
        if !self.eat_word("in") {
            return self.error("`in` is missing here");
        }
        let over = self.expression()?;
        self.need(":")?;
        self.space();
        let body = self.expression()?;
        self.space();
        self.need("]")?;
        let repeated = For { item, index, over, body };
        Ok(self.made(ExprKind::For(repeated.into()), start))
    }

    /// A map. A property that cannot be read is left out up to the end of its line.
    fn object(&mut self) -> Read<Expr> {
        let start = self.at;
        self.at += 1;
        let mut properties = Vec::new();
        loop {
            self.space();
            if self.eat("}") {
                return Ok(self.made(ExprKind::Object(properties), start));
            }
            if self.rest().is_empty() {
                return self.error("`}` is missing here");
            }
            let before = self.at;
            match self.deeper(Self::property) {
                Ok(property) => properties.push(property),
                Err(unread) if self.rest().is_empty() || self.depth + 1 >= crate::MAX_DEPTH => return Err(unread),
                Err(_) => {
                    self.at = self.at.max(before + 1);
                    while !self.text.is_char_boundary(self.at) {
                        self.at += 1;
                    }
                    self.skip_line();
                }
            }
            self.blanks();
            if !self.eat(",") && !self.rest().starts_with(['\n', '}']) && !self.rest().is_empty() {
                self.errors.push((self.at, "the property should end here".to_owned()));
                self.skip_line();
            }
        }
    }

    fn property(&mut self) -> Read<Property> {
        if self.rest().starts_with("...") {
            self.at += 3;
            return Ok(Property::Spread(self.expression()?));
        }
        if self.rest().starts_with('@') || self.is_inner_resource() {
            return self.statement().map(Property::Statement);
        }
        let start = self.at;
        let key = match self.rest().starts_with('\'') {
            true => self.quoted()?,
            false => {
                let name = self.ident()?;
                self.made(ExprKind::Text(name.name), start)
            }
        };
        // A type within a type may be optional.
        self.eat("?");
        self.need(":")?;
        self.space();
        Ok(Property::Entry(key, self.expression()?))
    }

    /// `resource name '...'`: a property of that name has a colon behind it.
    fn is_inner_resource(&mut self) -> bool {
        let before = self.at;
        let found = self.eat_word("resource") && !self.peek_word().is_empty();
        self.at = before;
        found
    }
}
