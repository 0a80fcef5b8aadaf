//! Values of Bicep as terms: operators become the functions that Bicep itself compiles them to.

use std::sync::Arc;

use secscan_model::{Location, ScalarKind, Source, Span};
use secscan_parse::bicep::syntax::{Expr, ExprKind, Operator, Property};

use super::{Standings, scalar};
use crate::arm::term::{Field, Key, Kind, Loop, Over, Term};

/// What a name of the file stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standing {
    Parameter,
    Variable,
    Symbol,
}

/// The names that are known at a place.
pub(super) struct Scope<'s> {
    source: &'s Source,
    pub(super) standings: Standings,
    /// The variables of loops and functions around it.
    locals: Vec<Arc<str>>,
}

impl<'s> Scope<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self { source, standings: Standings::new(), locals: Vec::new() }
    }

    /// Does something where more names are known.
    pub(super) fn within<T>(&mut self, names: &[Arc<str>], go: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.locals.len();
        self.locals.extend(names.iter().cloned());
        let result = go(self);
        self.locals.truncate(before);
        result
    }

    fn at(&self, span: Span) -> Location {
        self.source.at(span)
    }

    fn written(&self, span: Span) -> &str {
        let text = self.source.bytes.get(span.range()).and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.unwrap_or_default()
    }

    /// The term of an expression. The parser has limited how deep it nests.
    pub(super) fn term(&mut self, expr: &Expr) -> Term {
        let at = self.at(expr.span);
        let kind = match &expr.kind {
            ExprKind::Null => return scalar(ScalarKind::Null, "", at),
            ExprKind::Bool(value) => return scalar(ScalarKind::Bool(*value), value.to_string(), at),
            ExprKind::Int(value) => return scalar(ScalarKind::Int(*value), value.to_string(), at),
            ExprKind::Text(text) => return Term::text(text.clone(), at),
            ExprKind::Interpolated(pieces) => Kind::Text(self.terms(pieces)),
            ExprKind::Array(items) => self.array(items, at),
            ExprKind::Object(properties) => self.object(properties, at),
            ExprKind::Name(name) => self.name(name, at),
            ExprKind::Member(of, name, safe) => {
                let key = Term::text(name.name.clone(), self.at(name.span));
                Kind::Member(Box::new(self.term(of)), Box::new(key), *safe)
            }
            ExprKind::Index(of, index, safe) => {
                Kind::Member(Box::new(self.term(of)), Box::new(self.term(index)), *safe)
            }
            ExprKind::Nested(_, name) => Kind::Symbol(name.name.clone()),
            ExprKind::Call(of, name, arguments) => self.call(of.as_deref(), &name.name, arguments),
            ExprKind::Unary(mark, of) => {
                let of = self.term(of);
                match (mark, of.scalar().map(|scalar| scalar.kind)) {
                    ('-', Some(ScalarKind::Int(value))) => {
                        return scalar(ScalarKind::Int(-value), format!("-{value}"), at);
                    }
                    ('-', _) => Kind::Call("negate".into(), vec![of]),
                    _ => Kind::Call("not".into(), vec![of]),
                }
            }
            ExprKind::Binary(operator, left, right) => {
                let arguments = vec![self.term(left), self.term(right)];
                self.operation(*operator, arguments, at)
            }
            ExprKind::Ternary(condition, yes, no) => {
                Kind::Call("if".into(), vec![self.term(condition), self.term(yes), self.term(no)])
            }
            ExprKind::Lambda(parameters, body) => {
                let names: Vec<Arc<str>> = parameters.iter().map(|parameter| parameter.name.clone()).collect();
                let body = self.within(&names, |scope| scope.term(body));
                Kind::Lambda(names, Box::new(body))
            }
            ExprKind::For(repeated) => self.repeated(repeated),
            ExprKind::If(_, body) => return self.term(body),
            ExprKind::Spread(of) => return self.term(of),
        };
        Term::new(kind, at).written(self.written(expr.span))
    }

    fn terms(&mut self, exprs: &[Expr]) -> Vec<Term> {
        exprs.iter().map(|expr| self.term(expr)).collect()
    }

    fn name(&self, name: &Arc<str>, at: Location) -> Kind {
        if self.locals.contains(name) {
            return Kind::Name(name.clone());
        }
        let of = |function: &str| Kind::Call(function.into(), vec![Term::text(name.clone(), at)]);
        match self.standings.get(name) {
            Some(Standing::Parameter) => of("parameters"),
            Some(Standing::Variable) => of("variables"),
            Some(Standing::Symbol) => Kind::Symbol(name.clone()),
            None => Kind::Opaque(format!("`{name}` is not declared in this file").into()),
        }
    }

    /// A function; of a resource, one that has the resource as its first argument.
    fn call(&mut self, of: Option<&Expr>, name: &Arc<str>, arguments: &[Expr]) -> Kind {
        let mut terms = self.terms(arguments);
        let Some(of) = of else { return Kind::Call(name.clone(), terms) };
        match &of.kind {
            // A namespace, or a file of which everything was imported.
            ExprKind::Name(space) if !self.locals.contains(space) => match self.standings.get(space) {
                None | Some(Standing::Variable) => return Kind::Call(format!("{space}.{name}").into(), terms),
                Some(Standing::Parameter | Standing::Symbol) => {}
            },
            _ => {}
        }
        terms.insert(0, self.term(of));
        Kind::Call(name.clone(), terms)
    }

    fn operation(&self, operator: Operator, arguments: Vec<Term>, at: Location) -> Kind {
        let not = |kind| Kind::Call("not".into(), vec![Term::new(kind, at)]);
        let call = |name: &str, arguments| Kind::Call(name.into(), arguments);
        match operator {
            Operator::Coalesce => call("coalesce", arguments),
            Operator::Or => call("or", arguments),
            Operator::And => call("and", arguments),
            Operator::Equals => call("equals", arguments),
            Operator::Differs => not(call("equals", arguments)),
            Operator::EqualsInAnyCase => call("equalsInsensitive", arguments),
            Operator::DiffersInAnyCase => not(call("equalsInsensitive", arguments)),
            Operator::Less => call("less", arguments),
            Operator::LessOrEquals => call("lessOrEquals", arguments),
            Operator::Greater => call("greater", arguments),
            Operator::GreaterOrEquals => call("greaterOrEquals", arguments),
            Operator::Add => call("add", arguments),
            Operator::Subtract => call("sub", arguments),
            Operator::Multiply => call("mul", arguments),
            Operator::Divide => call("div", arguments),
            Operator::Remainder => call("mod", arguments),
        }
    }

    /// A list; one with lists spread out in it is several joined.
    fn array(&mut self, items: &[Expr], at: Location) -> Kind {
        if !items.iter().any(|item| matches!(item.kind, ExprKind::Spread(_))) {
            return Kind::List(self.terms(items));
        }
        let mut parts = Vec::new();
        let mut run = Vec::new();
        for item in items {
            let term = self.term(item);
            if matches!(item.kind, ExprKind::Spread(_)) {
                parts.push(Term::new(Kind::List(std::mem::take(&mut run)), at));
                parts.push(term);
            } else {
                run.push(term);
            }
        }
        parts.push(Term::new(Kind::List(run), at));
        Kind::Call("concat".into(), parts)
    }

    /// A map; one with maps spread out in it is several laid over each other.
    fn object(&mut self, properties: &[Property], at: Location) -> Kind {
        if !properties.iter().any(|property| matches!(property, Property::Spread(_))) {
            return Kind::Map(self.fields(properties));
        }
        let mut parts = Vec::new();
        for run in properties.chunk_by(|a, b| !matches!((a, b), (Property::Spread(_), _) | (_, Property::Spread(_)))) {
            parts.push(match run {
                [Property::Spread(of)] => self.term(of),
                run => Term::new(Kind::Map(self.fields(run)), at),
            });
        }
        Kind::Call("shallowMerge".into(), vec![Term::new(Kind::List(parts), at)])
    }

    /// The entries of a map.
    pub(super) fn fields(&mut self, properties: &[Property]) -> Vec<Field> {
        let field = |property: &Property| match property {
            Property::Entry(key, value) => {
                let at = self.at(key.span);
                let value = self.term(value).named(at);
                let key = match &key.kind {
                    ExprKind::Text(text) => Key::Fixed(text.clone()),
                    _ => Key::Made(self.term(key)),
                };
                Some(Field { key, value })
            }
            Property::Statement(_) | Property::Spread(_) => None,
        };
        properties.iter().filter_map(field).collect()
    }

    fn repeated(&mut self, repeated: &secscan_parse::bicep::syntax::For) -> Kind {
        let over = self.term(&repeated.over);
        let mut names = vec![repeated.item.name.clone()];
        names.extend(repeated.index.iter().map(|index| index.name.clone()));
        let (condition, body) = self.within(&names, |scope| match &repeated.body.kind {
            ExprKind::If(condition, body) => (Some(scope.term(condition)), scope.term(body)),
            _ => (None, scope.term(&repeated.body)),
        });
        let index = repeated.index.iter().map(|index| format!("={}", index.name).into()).collect();
        let item = Some(repeated.item.name.clone());
        Kind::Loop(Box::new(Loop { over: Over::Items(over), item, index, condition }), Box::new(body))
    }
}
