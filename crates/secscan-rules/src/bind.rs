//! Each kind of question says what a value changes in it. A pack may demand a value: what is looser gives no credit.

use std::collections::BTreeMap;

use secscan_code::Question;
use secscan_model::Expression;

use crate::check::{Body, Check, Literal, Matcher, Operand, Param, Pattern, Rule, Stricter, Test};
use crate::quantity;
use crate::ranges::version_in;

/// A parameter that cannot be set so.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BindError {
    /// No rule has it.
    #[error("no rule has a parameter `{0}`")]
    Unknown(String),
    /// The value does not do.
    #[error("parameter `{name}` cannot be `{value}`: {why}")]
    Unfit {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Sets parameters in all rules that have them; conditions take the values over when they are first asked for.
///
/// # Errors
/// A name that no rule has, or a value that is a list where one value is asked for, or no pattern or number where one is.
pub fn bind(rules: &mut [Rule], values: &BTreeMap<String, Vec<Literal>>) -> Result<(), BindError> {
    for (name, value) in values {
        let mut known = false;
        for rule in rules.iter_mut() {
            if let Some(param) = rule.params.get(name) {
                known = true;
                let mut params = (*rule.params).clone();
                params.insert(name.clone(), with_value(name, param, value)?);
                rule.params = params.into();
                match &mut rule.body {
                    Body::Checks(checks) => checks.unbind(),
                    Body::Code(questions) => questions.unbind(),
                    Body::Secret(_) | Body::Native(_) => {}
                }
            }
        }
        if !known {
            return Err(BindError::Unknown(name.clone()));
        }
    }
    Ok(())
}

/// Puts the parameters of a rule about source code into the conditions of a question.
pub(crate) fn bind_question(question: &mut Question, params: &BTreeMap<String, Param>, are_changed: bool) {
    if are_changed {
        question.forget_words();
    }
    question.bind(&|name| params.get(name).map(expression));
}

/// A parameter as a regular expression; several values are alternatives.
pub(crate) fn expression(param: &Param) -> String {
    param.default.iter().map(|value| format!("(?:{value})")).collect::<Vec<_>>().join("|")
}

/// A parameter that stands at other values.
fn with_value(name: &str, param: &Param, values: &[Literal]) -> Result<Param, BindError> {
    let unfit = |why| {
        let shown: Vec<_> = values.iter().map(ToString::to_string).collect();
        BindError::Unfit { name: name.to_owned(), value: shown.join(", "), why }
    };
    if !param.is_list && values.len() != 1 {
        return Err(unfit("it takes one value"));
    }
    let was_quantity = param.default.iter().any(|literal| quantity::operand(&literal.to_string()).is_some());
    let is_quantity = values.iter().all(|literal| quantity::operand(&literal.to_string()).is_some());
    if !param.is_list && was_quantity && !is_quantity {
        return Err(unfit("it takes a number or a quantity"));
    }
    if !param.is_list && values.iter().any(|literal| Expression::check(&literal.to_string()).is_err()) {
        return Err(unfit("it is no regular expression"));
    }
    Ok(Param { default: values.to_vec(), ..param.clone() })
}

/// Puts the values of parameters into a check.
pub(crate) fn bind_check(check: &mut Check, params: &BTreeMap<String, Param>) {
    check.when.iter_mut().for_each(|when| bind_test(when, params));
    bind_test(&mut check.test, params);
}

fn bind_test(test: &mut Test, params: &BTreeMap<String, Param>) {
    match test {
        Test::All(tests) | Test::Any(tests) => tests.iter_mut().for_each(|test| bind_test(test, params)),
        Test::Not(test) => bind_test(test, params),
        Test::At { whole, then, .. } => {
            whole.iter_mut().for_each(|matcher| bind_matcher(matcher, params));
            then.iter_mut().for_each(|test| bind_test(test, params));
        }
        Test::Is(matcher) => bind_matcher(matcher, params),
        Test::Linked(link) => {
            link.condition.iter_mut().for_each(|test| bind_test(test, params));
            link.count.iter_mut().for_each(|matcher| bind_matcher(matcher, params));
        }
        Test::Param(name, matcher) => {
            bind_matcher(matcher, params);
            let holds = params.get(name).is_some_and(|param| stands_at(param, matcher));
            // Nothing that must hold, or nothing that can.
            *test = if holds { Test::All(Vec::new()) } else { Test::Any(Vec::new()) };
        }
    }
}

/// The words that a condition may ask of a parameter.
pub(crate) fn asks_of_parameter(matcher: &Matcher) -> bool {
    matches!(matcher, Matcher::Equals(_) | Matcher::In(_) | Matcher::NotIn(_) | Matcher::Version(_))
}

/// Whether what a parameter stands at is what a matcher asks for; of a list, whether one of it is.
fn stands_at(param: &Param, matcher: &Matcher) -> bool {
    param.default.iter().any(|value| match matcher {
        Matcher::Equals(operand) | Matcher::In(operand) => operand.values().contains(value),
        Matcher::NotIn(operand) => !operand.values().contains(value),
        Matcher::Version(operand) => {
            operand.values().iter().any(|range| version_in(&value.text(), &range.text()) == Some(true))
        }
        _ => false,
    })
}

fn bind_matcher(matcher: &mut Matcher, params: &BTreeMap<String, Param>) {
    match matcher {
        Matcher::Equals(operand)
        | Matcher::In(operand)
        | Matcher::NotIn(operand)
        | Matcher::Order(_, operand)
        | Matcher::Version(operand)
        | Matcher::Within(operand)
        | Matcher::Overlaps(operand)
        | Matcher::Contains(operand) => bind_operand(operand, params),
        Matcher::Matches(pattern) => {
            if let Operand::Param(_) = pattern.operand {
                let mut operand = pattern.operand.clone();
                bind_operand(&mut operand, params);
                *pattern = Pattern::new(operand);
            }
        }
        Matcher::Length(bounds) => bounds.iter_mut().for_each(|bound| bind_matcher(bound, params)),
        Matcher::Some(test) => bind_test(test, params),
        Matcher::Present(_) | Matcher::Literal(_) | Matcher::SameAs(_) => {}
    }
}

fn bind_operand(operand: &mut Operand, params: &BTreeMap<String, Param>) {
    if let Operand::Param(name) = operand
        && let Some(param) = params.get(name)
    {
        *operand = Operand::Values(param.default.clone());
    }
}

/// Whether a parameter is at least as strict as a demand; a parameter without a direction must equal it.
pub fn is_strict_enough(param: &Param, demanded: &[Literal]) -> bool {
    let number = |literals: &[Literal]| quantity::operand(&literals.first()?.to_string()).map(|(value, _)| value);
    let contains_all = |big: &[Literal], small: &[Literal]| small.iter().all(|literal| big.contains(literal));
    match (param.stricter, number(&param.default), number(demanded)) {
        (Some(Stricter::Higher), Some(actual), Some(least)) => actual >= least,
        (Some(Stricter::Lower), Some(actual), Some(most)) => actual <= most,
        (Some(Stricter::Fewer), ..) => contains_all(demanded, &param.default),
        (Some(Stricter::More), ..) => contains_all(&param.default, demanded),
        _ => param.default == demanded,
    }
}
