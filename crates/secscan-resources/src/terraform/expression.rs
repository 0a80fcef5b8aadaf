//! Expressions to values.

use std::sync::Arc;

use secscan_model::{Location, Node, Scalar, Value};

use super::body::{Elements, elements};
use super::convert::convert;
use super::evaluator::{Evaluator, Name, Scope};
use super::number::Number;
use super::types::{Type, unify};
use super::value::{
    Entries, Failure, Outcome, boolean, collect_refs, equal, fail, is_sensitive, marked, number, text, unresolved_by,
    with_refs,
};
use secscan_parse::hcl::syntax::{Expression, For, Key, KeyKind, Kind, Operator};

impl<'a> Evaluator<'a> {
    /// The value of an expression, or why Terraform would refuse it.
    pub(super) fn attempt(&mut self, expression: &Expression, scope: Scope<'_>) -> Outcome {
        let at = scope.at(expression.span);
        if let Err(too_much) = self.enter(at) {
            return Ok(too_much);
        }
        let outcome = match &expression.kind {
            Kind::Text(value) => Ok(Node::text(value.clone(), at)),
            Kind::Bool(value) => Ok(Node::bool(*value, at)),
            Kind::Number(value) => Ok(literal_number(value, at)),
            Kind::Null => Ok(Node::null(at)),
            Kind::List(items) => self.list(items, at, scope),
            Kind::Object(entries) => self.object(entries, at, scope),
            Kind::Template(pieces) => self.template(pieces, at, scope),
            Kind::Wrapped(inner) => self.attempt(inner, scope),
            Kind::Name(name) => self.name(name, at, scope),
            Kind::Steps(steps) => self.steps(&steps.0, &steps.1, at, scope),
            Kind::Call(call) => self.call(call, at, scope),
            Kind::Conditional(parts) => self.conditional(parts, at, scope),
            Kind::Not(operand) => self.not(operand, at, scope),
            Kind::Negative(operand) => self.negative(operand, at, scope),
            Kind::Binary(operator, operands) => self.binary(*operator, operands, at, scope),
            Kind::For(expression) => self.for_expression(expression, at, scope),
        };
        self.depth -= 1;
        outcome.map_err(|failure| Failure { at: failure.at.or(Some(at)), ..failure })
    }

    /// The value of a part of a list or object: outside of `try`, one that Terraform would refuse leaves the rest as it is.
    fn part(&mut self, expression: &Expression, scope: Scope<'_>) -> Outcome {
        match self.attempt(expression, scope) {
            Err(failure) if self.trying == 0 => Ok(self.refused(failure, scope.at(expression.span))),
            outcome => outcome,
        }
    }

    fn list(&mut self, list: &[Expression], at: Location, scope: Scope<'_>) -> Outcome {
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            let value = self.part(item, scope)?;
            items.push(self.commented(value, scope.at(item.span), scope));
        }
        Ok(Node::list(items, at))
    }

    fn object(&mut self, object: &[(Key, Expression)], at: Location, scope: Scope<'_>) -> Outcome {
        let mut entries = Entries::default();
        for (key, value) in object {
            let key_at = scope.at(key.span);
            let value_at = scope.at(value.span);
            let value = self.part(value, scope)?;
            let value = self.commented(value, value_at, scope).named(key_at);
            match &key.kind {
                KeyKind::Name(name) => entries.insert(name.clone(), value),
                KeyKind::Computed(key) => match self.key(key, scope)? {
                    Ok(key) => entries.insert(key, value),
                    Err(why) => entries.rest = Some(why),
                },
            }
        }
        Ok(entries.node(at))
    }

    /// A key, or why it is not known.
    fn key(&mut self, key: &Expression, scope: Scope<'_>) -> Result<Result<Arc<str>, Arc<str>>, Failure> {
        let key = self.attempt(key, scope)?;
        match key.as_unresolved() {
            Some(unresolved) => Ok(Err(unresolved.why.clone())),
            None => Ok(Ok(text(&key)?.into())),
        }
    }

    /// A conditional. Both arms have one type, so the arm that is not chosen has a say in what the other becomes.
    fn conditional(&mut self, parts: &[Expression; 3], at: Location, scope: Scope<'_>) -> Outcome {
        let [condition, yes, no] = parts;
        let condition = self.attempt(condition, scope)?;
        let sensitive = is_sensitive(&condition);
        if condition.as_unresolved().is_none() {
            let is_yes = boolean(&condition)?;
            let (chosen, other) = if is_yes { (yes, no) } else { (no, yes) };
            let value = self.attempt(chosen, scope)?;
            let value = if may_differ(&value, other) { self.as_beside(value, other, scope)? } else { value };
            return Ok(marked(value, sensitive));
        }
        // One of the two need not work.
        self.doubting += 1;
        let arms = [self.part(yes, scope), self.part(no, scope)];
        self.doubting -= 1;
        let arms = match arms {
            [Ok(yes), Ok(no)] => [yes, no],
            [Err(failure), other] | [other, Err(failure)] => {
                let other = other.unwrap_or_else(|_| Node::unresolved(failure.why.clone(), at));
                [Node::unresolved(failure.why, at), other]
            }
        };
        let [yes, no] = &arms;
        if equal(yes, no) == Some(true) {
            return Ok(yes.clone());
        }
        let absent = arms.iter().any(|arm| arm.is_null() || arm.as_unresolved().is_some_and(|arm| arm.perhaps_absent));
        let mut refs = Vec::new();
        collect_refs(&condition, &mut refs);
        arms.iter().for_each(|arm| collect_refs(arm, &mut refs));
        let why = condition.as_unresolved().map_or_else(|| "not known".into(), |unknown| unknown.why.clone());
        let node = if absent { Node::perhaps_absent(why, at) } else { Node::unresolved(why, at) };
        Ok(with_refs(node, &refs))
    }

    /// A value as it is beside another arm of a conditional. What cannot be known of that arm has no say; neither has one
    /// that Terraform would refuse if it were chosen.
    fn as_beside(&mut self, value: Node, other: &Expression, scope: Scope<'_>) -> Outcome {
        self.trying += 1;
        let other = self.attempt(other, scope);
        self.trying -= 1;
        let Ok(other) = other else { return Ok(value) };
        // What is not known has a type, too, and nobody here knows which.
        if has_unknown(&value) || has_unknown(&other) {
            return Ok(value);
        }
        match unify(&[&Type::of(&value), &Type::of(&other)]) {
            Some(of) => convert(value, &of),
            None => fail("the two results of the conditional have no type in common"),
        }
    }

    fn not(&mut self, operand: &Expression, at: Location, scope: Scope<'_>) -> Outcome {
        let operand = self.attempt(operand, scope)?;
        if operand.as_unresolved().is_some() {
            return Ok(unresolved_by(&operand, at));
        }
        Ok(marked(Node::bool(!boolean(&operand)?, at), is_sensitive(&operand)))
    }

    fn negative(&mut self, operand: &Expression, at: Location, scope: Scope<'_>) -> Outcome {
        let operand = self.attempt(operand, scope)?;
        if operand.as_unresolved().is_some() {
            return Ok(unresolved_by(&operand, at));
        }
        Ok(marked(number(&operand)?.negated().node(at), is_sensitive(&operand)))
    }

    fn binary(&mut self, operator: Operator, operands: &[Expression; 2], at: Location, scope: Scope<'_>) -> Outcome {
        let [left, right] = operands;
        let left = self.attempt(left, scope)?;
        let decisive = match operator {
            Operator::And => Some(false),
            Operator::Or => Some(true),
            _ => None,
        };
        if decisive.is_some() && left.as_unresolved().is_none() && Some(boolean(&left)?) == decisive {
            self.beside(right, scope)?;
            return Ok(marked(Node::bool(boolean(&left)?, at), is_sensitive(&left)));
        }
        let right = self.attempt(right, scope)?;
        let sensitive = is_sensitive(&left) || is_sensitive(&right);
        // One side decides `&&` and `||` where the other is not known.
        if let Some(decisive) = decisive {
            let sides = [&left, &right].into_iter().filter(|side| side.as_unresolved().is_none());
            let truths = sides.map(boolean).collect::<Result<Vec<_>, _>>()?;
            if truths.contains(&decisive) {
                return Ok(marked(Node::bool(decisive, at), sensitive));
            }
        }
        if let Operator::Equal | Operator::NotEqual = operator {
            return Ok(match equal(&left, &right) {
                Some(same) => marked(Node::bool(same == (operator == Operator::Equal), at), sensitive),
                None => unresolved_by(if left.as_unresolved().is_some() { &left } else { &right }, at),
            });
        }
        for side in [&left, &right] {
            if side.as_unresolved().is_some() {
                return Ok(unresolved_by(side, at));
            }
        }
        if decisive.is_some() {
            return Ok(marked(Node::bool(boolean(&right)?, at), sensitive));
        }
        Ok(marked(compute(operator, &number(&left)?, &number(&right)?, at)?, sensitive))
    }

    /// What stands beside a side that decides `&&` or `||`. Since Terraform 1.12 it need not work: `a == null || a.b`. What
    /// works is a boolean.
    fn beside(&mut self, side: &Expression, scope: Scope<'_>) -> Result<(), Failure> {
        self.trying += 1;
        let value = self.attempt(side, scope);
        self.trying -= 1;
        match value {
            Ok(value) if value.as_unresolved().is_none() && !value.is_null() => boolean(&value).map(drop),
            _ => Ok(()),
        }
    }

    fn for_expression(&mut self, expression: &For, at: Location, scope: Scope<'_>) -> Outcome {
        let collection = self.attempt(&expression.collection, scope)?;
        if collection.as_unresolved().is_some() {
            return Ok(unresolved_by(&collection, at));
        }
        let is_text = super::value::Shape::of(&collection).is_some_and(super::value::Shape::is_text);
        let Some(Elements { pairs, more }) = elements(&collection).filter(|_| !is_text) else {
            return fail("`for` needs a list or a map");
        };
        let mut results = Results { list: Vec::new(), entries: Entries::default() };
        if let Some(why) = more {
            results.uncertain(expression, why, at);
        }
        for (key, value) in &pairs {
            if let Some(unknown) = value.as_unresolved().filter(|value| value.perhaps_absent) {
                results.uncertain(expression, unknown.why.clone(), value.at);
                continue;
            }
            let outer =
                Name { name: expression.key_name.as_deref().unwrap_or_default(), value: key, outer: scope.names };
            let names = Name { name: &expression.value_name, value, outer: Some(&outer) };
            self.for_element(expression, &mut results, at, Scope { names: Some(&names), ..scope })?;
        }
        let result = match expression.key {
            Some(_) => results.entries.node(at),
            None => Node::list(results.list, at),
        };
        Ok(marked(result, is_sensitive(&collection)))
    }

    /// One round of a `for` expression.
    fn for_element(
        &mut self,
        expression: &For,
        results: &mut Results,
        at: Location,
        scope: Scope<'_>,
    ) -> Result<(), Failure> {
        if let Some(condition) = &expression.condition {
            let condition = self.attempt(condition, scope)?;
            if let Some(unknown) = condition.as_unresolved() {
                results.uncertain(expression, unknown.why.clone(), at);
                return Ok(());
            }
            if !boolean(&condition)? {
                return Ok(());
            }
        }
        let Some(key) = &expression.key else {
            let value = self.part(&expression.value, scope)?;
            results.list.push(self.made(value, at));
            return Ok(());
        };
        let key_at = scope.at(key.span);
        let key = self.key(key, scope)?;
        let value = self.part(&expression.value, scope)?;
        let value = self.made(value, at).named(key_at);
        match key {
            Err(why) => results.entries.rest = Some(why),
            Ok(key) if expression.grouping => match results.entries.get_mut(&key).map(|group| &mut group.value) {
                Some(Value::List(group)) => Arc::make_mut(group).push(value),
                _ => results.entries.insert(key, Node::list(vec![value], at)),
            },
            Ok(key) if results.entries.get_mut(&key).is_some() => {
                return fail(format!("the key `{key}` comes twice"));
            }
            Ok(key) => results.entries.insert(key, value),
        }
        Ok(())
    }
}

/// What a `for` expression has made so far.
struct Results {
    list: Vec<Node>,
    entries: Entries,
}

impl Results {
    /// There may be one more element.
    fn uncertain(&mut self, expression: &For, why: Arc<str>, at: Location) {
        if expression.key.is_some() {
            self.entries.rest = Some(why);
        } else {
            self.list.push(Node::perhaps_absent(why, at));
        }
    }
}

/// Whether something in a tree is not known. The evaluator has limited its size.
fn has_unknown(node: &Node) -> bool {
    match &node.value {
        Value::Unresolved(_) => true,
        Value::Scalar(_) => false,
        Value::List(items) => items.iter().any(has_unknown),
        Value::Map(map) => map.rest.is_some() || map.entries().iter().any(|entry| has_unknown(&entry.value)),
    }
}

/// Whether an arm of a conditional may have another type than the value of the one that is chosen, by the look of it.
fn may_differ(value: &Node, other: &Expression) -> bool {
    if value.is_null() || value.as_unresolved().is_some() {
        return false;
    }
    !matches!(
        (&other.kind, Type::of(value)),
        (Kind::Null, _)
            | (Kind::Text(_) | Kind::Template(_), Type::Text)
            | (Kind::Bool(_), Type::Bool)
            | (Kind::Number(_), Type::Number)
    )
}

fn literal_number(value: &Scalar, at: Location) -> Node {
    Node::new(Value::Scalar(value.clone()), at)
}

fn compute(operator: Operator, left: &Number, right: &Number, at: Location) -> Outcome {
    let order = |wanted: fn(std::cmp::Ordering) -> bool| Ok(Node::bool(wanted(left.compare(right)), at));
    match operator {
        Operator::Less => order(std::cmp::Ordering::is_lt),
        Operator::LessOrEqual => order(std::cmp::Ordering::is_le),
        Operator::Greater => order(std::cmp::Ordering::is_gt),
        Operator::GreaterOrEqual => order(std::cmp::Ordering::is_ge),
        Operator::Plus => Ok(left.plus(right).node(at)),
        Operator::Minus => Ok(left.minus(right).node(at)),
        Operator::Times => Ok(left.times(right).node(at)),
        Operator::Divide if right.is_zero() => fail("division by zero"),
        Operator::Divide => Ok(left.divided_by(right).node(at)),
        Operator::Modulo => Ok(left.modulo(right).node(at)),
        Operator::Equal | Operator::NotEqual | Operator::And | Operator::Or => fail("not an operation on numbers"),
    }
}
