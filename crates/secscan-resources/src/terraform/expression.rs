//! Expressions to values.

use std::sync::Arc;

use hcl_edit::expr::{
    Array, BinaryOp, BinaryOperator, Conditional, Expression, ForExpr, Object, ObjectKey, UnaryOp, UnaryOperator,
};
use secscan_model::{Location, Node, Scalar, ScalarKind, Value};

use super::evaluator::{Evaluator, Name, Scope};
use super::value::{
    Entries, Failure, Number, Outcome, boolean, collect_refs, equal, fail, number, sorted, text, unresolved_by,
    with_refs,
};

impl<'a> Evaluator<'a> {
    /// The value of an expression, or why Terraform would refuse it.
    pub(super) fn attempt(&mut self, expression: &Expression, scope: Scope<'_>) -> Outcome {
        let at = scope.at(expression);
        if let Err(too_much) = self.enter(at) {
            return Ok(too_much);
        }
        let outcome = match expression {
            Expression::String(value) => Ok(Node::text(value.as_str(), at)),
            Expression::Bool(value) => Ok(Node::bool(*value.value(), at)),
            Expression::Number(value) => Ok(literal_number(value.value(), scope.written(at), at)),
            Expression::Null(_) => Ok(Node::null(at)),
            Expression::Array(array) => Ok(self.array(array, at, scope)),
            Expression::Object(object) => self.object(object, at, scope),
            Expression::StringTemplate(template) => self.template(template, at, scope),
            Expression::HeredocTemplate(heredoc) => self.template(&heredoc.template, at, scope),
            Expression::Parenthesis(inner) => self.attempt(inner.inner(), scope),
            Expression::Variable(name) => self.name(name.as_str(), at, scope),
            Expression::Traversal(traversal) => self.traversal(traversal, at, scope),
            Expression::FuncCall(call) => self.call(call, at, scope),
            Expression::Conditional(conditional) => self.conditional(conditional, at, scope),
            Expression::UnaryOp(operation) => self.unary(operation, at, scope),
            Expression::BinaryOp(operation) => self.binary(operation, at, scope),
            Expression::ForExpr(expression) => self.for_expression(expression, at, scope),
        };
        self.depth -= 1;
        outcome
    }

    fn array(&mut self, array: &Array, at: Location, scope: Scope<'_>) -> Node {
        let mut items = Vec::with_capacity(array.len());
        for item in array.iter() {
            let value = self.value(item, scope);
            items.push(self.commented(value, scope.at(item), scope));
        }
        Node::list(items, at)
    }

    fn object(&mut self, object: &Object, at: Location, scope: Scope<'_>) -> Outcome {
        let mut entries = Entries::default();
        for (key, value) in object.iter() {
            let key_at = scope.at(key);
            let value_at = scope.at(value.expr());
            let value = self.value(value.expr(), scope);
            let value = self.commented(value, value_at, scope).named(key_at);
            match key {
                ObjectKey::Ident(name) => entries.insert(name.as_str().into(), value),
                ObjectKey::Expression(key) => match self.key(key, scope)? {
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

    fn conditional(&mut self, conditional: &Conditional, at: Location, scope: Scope<'_>) -> Outcome {
        let condition = self.attempt(&conditional.cond_expr, scope)?;
        let Some(unknown) = condition.as_unresolved() else {
            let chosen = if boolean(&condition)? { &conditional.true_expr } else { &conditional.false_expr };
            return self.attempt(chosen, scope);
        };
        let arms = [self.value(&conditional.true_expr, scope), self.value(&conditional.false_expr, scope)];
        let [yes, no] = &arms;
        if equal(yes, no) == Some(true) {
            return Ok(yes.clone());
        }
        let absent = arms.iter().any(|arm| arm.is_null() || arm.as_unresolved().is_some_and(|arm| arm.perhaps_absent));
        let mut refs = Vec::new();
        arms.iter().for_each(|arm| collect_refs(arm, &mut refs));
        let why = unknown.why.clone();
        let node = if absent { Node::perhaps_absent(why, at) } else { Node::unresolved(why, at) };
        Ok(with_refs(node, &refs))
    }

    fn unary(&mut self, operation: &UnaryOp, at: Location, scope: Scope<'_>) -> Outcome {
        let operand = self.attempt(&operation.expr, scope)?;
        if operand.as_unresolved().is_some() {
            return Ok(unresolved_by(&operand, at));
        }
        match operation.operator.value() {
            UnaryOperator::Not => Ok(Node::bool(!boolean(&operand)?, at)),
            UnaryOperator::Neg => Ok(match number(&operand)? {
                Number::Int(value) => value.checked_neg().map_or(Number::Float(-(value as f64)), Number::Int),
                Number::Float(value) => Number::Float(-value),
            }
            .node(at)),
        }
    }

    fn binary(&mut self, operation: &BinaryOp, at: Location, scope: Scope<'_>) -> Outcome {
        let operator = *operation.operator.value();
        let left = self.attempt(&operation.lhs_expr, scope)?;
        let decisive = match operator {
            BinaryOperator::And => Some(false),
            BinaryOperator::Or => Some(true),
            _ => None,
        };
        // One side decides `&&` and `||` whatever the other is.
        if decisive.is_some() && left.as_unresolved().is_none() && Some(boolean(&left)?) == decisive {
            return Ok(Node::bool(boolean(&left)?, at));
        }
        let right = self.attempt(&operation.rhs_expr, scope)?;
        if decisive.is_some() && right.as_unresolved().is_none() && Some(boolean(&right)?) == decisive {
            return Ok(Node::bool(boolean(&right)?, at));
        }
        if let BinaryOperator::Eq | BinaryOperator::NotEq = operator {
            return Ok(match equal(&left, &right) {
                Some(same) => Node::bool(same == (operator == BinaryOperator::Eq), at),
                None => unresolved_by(if left.as_unresolved().is_some() { &left } else { &right }, at),
            });
        }
        for side in [&left, &right] {
            if side.as_unresolved().is_some() {
                return Ok(unresolved_by(side, at));
            }
        }
        if decisive.is_some() {
            return Ok(Node::bool(boolean(&right)?, at));
        }
        compute(operator, number(&left)?, number(&right)?, at)
    }

    fn for_expression(&mut self, expression: &ForExpr, at: Location, scope: Scope<'_>) -> Outcome {
        let collection = self.attempt(&expression.intro.collection_expr, scope)?;
        let elements: Vec<(Node, Node)> = match &collection.value {
            Value::Unresolved(_) => return Ok(unresolved_by(&collection, at)),
            Value::List(items) => {
                items.iter().enumerate().map(|(index, item)| (Node::int(index as i64, item.at), item.clone())).collect()
            }
            Value::Map(map) => {
                let entries = sorted(map).into_iter();
                entries.map(|(key, value)| (Node::text(key.clone(), value.name_at), value.clone())).collect()
            }
            Value::Scalar(_) => return fail("`for` needs a list or a map"),
        };
        let mut results = Results { list: Vec::new(), entries: Entries::default() };
        if let Some(why) = collection.as_map().and_then(|map| map.rest.as_ref()) {
            results.uncertain(expression, why.clone(), at);
        }
        for (key, value) in &elements {
            if let Some(unknown) = value.as_unresolved().filter(|value| value.perhaps_absent) {
                results.uncertain(expression, unknown.why.clone(), value.at);
                continue;
            }
            let outer = Name {
                name: expression.intro.key_var.as_ref().map_or("", |name| name.as_str()),
                value: key,
                outer: scope.names,
            };
            let names = Name { name: expression.intro.value_var.as_str(), value, outer: Some(&outer) };
            self.for_element(expression, &mut results, at, Scope { names: Some(&names), ..scope })?;
        }
        Ok(match expression.key_expr {
            Some(_) => results.entries.node(at),
            None => Node::list(results.list, at),
        })
    }

    /// One round of a `for` expression.
    fn for_element(
        &mut self,
        expression: &ForExpr,
        results: &mut Results,
        at: Location,
        scope: Scope<'_>,
    ) -> Result<(), Failure> {
        if let Some(condition) = &expression.cond {
            let condition = self.attempt(&condition.expr, scope)?;
            if let Some(unknown) = condition.as_unresolved() {
                results.uncertain(expression, unknown.why.clone(), at);
                return Ok(());
            }
            if !boolean(&condition)? {
                return Ok(());
            }
        }
        let Some(key) = &expression.key_expr else {
            results.list.push(self.value(&expression.value_expr, scope));
            return Ok(());
        };
        let key_at = scope.at(key);
        let key = self.key(key, scope)?;
        let value = self.value(&expression.value_expr, scope).named(key_at);
        match key {
            Err(why) => results.entries.rest = Some(why),
            Ok(key) if expression.grouping => match results.entries.get_mut(&key).map(|group| &mut group.value) {
                Some(Value::List(group)) => Arc::make_mut(group).push(value),
                _ => results.entries.insert(key, Node::list(vec![value], at)),
            },
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
    fn uncertain(&mut self, expression: &ForExpr, why: Arc<str>, at: Location) {
        if expression.key_expr.is_some() {
            self.entries.rest = Some(why);
        } else {
            self.list.push(Node::perhaps_absent(why, at));
        }
    }
}

fn literal_number(value: &hcl_edit::Number, written: &str, at: Location) -> Node {
    let kind = match (value.as_i64(), value.as_f64()) {
        (Some(whole), _) => ScalarKind::Int(whole),
        (None, Some(other)) => ScalarKind::Float(other),
        (None, None) => ScalarKind::Text,
    };
    Node::new(Value::Scalar(Scalar { kind, text: written.into() }), at)
}

fn compute(operator: BinaryOperator, left: Number, right: Number, at: Location) -> Outcome {
    let (a, b) = (left.as_f64(), right.as_f64());
    let whole = |compute: fn(i64, i64) -> Option<i64>| match (left, right) {
        (Number::Int(a), Number::Int(b)) => compute(a, b),
        _ => None,
    };
    let (exact, float) = match operator {
        BinaryOperator::Less => return Ok(Node::bool(a < b, at)),
        BinaryOperator::LessEq => return Ok(Node::bool(a <= b, at)),
        BinaryOperator::Greater => return Ok(Node::bool(a > b, at)),
        BinaryOperator::GreaterEq => return Ok(Node::bool(a >= b, at)),
        BinaryOperator::Plus => (whole(i64::checked_add), a + b),
        BinaryOperator::Minus => (whole(i64::checked_sub), a - b),
        BinaryOperator::Mul => (whole(i64::checked_mul), a * b),
        BinaryOperator::Div | BinaryOperator::Mod if b == 0.0 => return fail("division by zero"),
        BinaryOperator::Div => (None, a / b),
        BinaryOperator::Mod => (whole(i64::checked_rem), a % b),
        BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::And | BinaryOperator::Or => {
            return fail("not an operation on numbers");
        }
    };
    Ok(exact.map_or_else(|| Number::from_f64(float), Number::Int).node(at))
}
