//! Terraform's functions: a table of small functions, one module a subject.
//!
//! Reading order: [`Function`] and its table, [`Call`] (what a function is given), then the subjects. Documented at
//! <https://developer.hashicorp.com/terraform/language/functions>.

mod collections;
mod conversion;
mod encoding;
mod network;
mod numbers;
mod strings;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use hcl_edit::expr::FuncCall;
use secscan_model::{Location, Node, Value};

use super::evaluator::{Evaluator, Scope};
use super::value::{Failure, Number, Outcome, collect_refs, fail, number, text, unresolved_by, with_refs};

/// What a function does with arguments that are not known.
#[derive(Clone, Copy, PartialEq)]
enum Unknown {
    /// The result is not known when an argument is not.
    Spreads,
    /// The function looks for itself.
    Seen,
}

/// A function.
struct Function {
    name: &'static str,
    /// How many arguments it takes.
    takes: RangeInclusive<usize>,
    unknown: Unknown,
    /// What a call costs beside the weight of its result.
    cost: usize,
    run: fn(&Call<'_>) -> Outcome,
}

/// A function that does nothing when an argument is not known.
const fn strict(name: &'static str, takes: RangeInclusive<usize>, run: fn(&Call<'_>) -> Outcome) -> Function {
    Function { name, takes, unknown: Unknown::Spreads, cost: 1, run }
}

/// A function that makes something even of what is not known.
const fn lenient(name: &'static str, takes: RangeInclusive<usize>, run: fn(&Call<'_>) -> Outcome) -> Function {
    Function { name, takes, unknown: Unknown::Seen, cost: 1, run }
}

/// A function that does nothing when an argument is not known, and costs more than a look at its arguments.
const fn costly(name: &'static str, takes: RangeInclusive<usize>, run: fn(&Call<'_>) -> Outcome) -> Function {
    Function { name, takes, unknown: Unknown::Spreads, cost: 1_000, run }
}

/// The functions of one subject.
type Table = &'static [Function];

/// All functions; `try`, `can` and those below look at expressions, not values, and are part of the evaluator.
static TABLES: [Table; 6] = [
    collections::FUNCTIONS,
    conversion::FUNCTIONS,
    encoding::FUNCTIONS,
    network::FUNCTIONS,
    numbers::FUNCTIONS,
    strings::FUNCTIONS,
];

/// Functions that need what is not in the configuration.
const OUTSIDE: &[&str] = &[
    "abspath",
    "bcrypt",
    "file",
    "filebase64",
    "filebase64sha256",
    "filebase64sha512",
    "fileexists",
    "filemd5",
    "fileset",
    "filesha1",
    "filesha256",
    "filesha512",
    "formatdate",
    "pathexpand",
    "plantimestamp",
    "rsadecrypt",
    "templatefile",
    "timeadd",
    "timecmp",
    "timestamp",
    "uuid",
];

/// A list may not grow beyond this many items.
const MAX_ITEMS: usize = 100_000;

/// What a function is given.
struct Call<'c> {
    args: &'c [Node],
    at: Location,
}

impl<'c> Call<'c> {
    fn arg(&self, index: usize) -> Result<&'c Node, Failure> {
        self.args.get(index).ok_or_else(|| Failure::new("an argument is missing"))
    }

    fn text(&self, index: usize) -> Result<Cow<'c, str>, Failure> {
        text(self.arg(index)?)
    }

    fn number(&self, index: usize) -> Result<Number, Failure> {
        number(self.arg(index)?)
    }

    fn int(&self, index: usize) -> Result<i64, Failure> {
        match self.number(index)? {
            Number::Int(value) => Ok(value),
            Number::Float(_) => fail("a whole number is needed"),
        }
    }

    fn list(&self, index: usize) -> Result<&'c [Node], Failure> {
        self.arg(index)?.as_list().ok_or_else(|| Failure::new("a list is needed"))
    }

    /// A text result.
    fn made(&self, text: impl Into<std::sync::Arc<str>>) -> Outcome {
        let text = text.into();
        if text.len() > super::template::MAX_TEXT {
            return fail("the text is too long");
        }
        Ok(Node::text(text, self.at))
    }

    /// A list result.
    fn items(&self, items: Vec<Node>) -> Outcome {
        if items.len() > MAX_ITEMS {
            return fail("the list is too long");
        }
        Ok(Node::list(items, self.at))
    }
}

fn function(name: &str) -> Option<&'static Function> {
    TABLES.iter().flat_map(|table| table.iter()).find(|function| function.name == name)
}

impl<'a> Evaluator<'a> {
    /// The value of a function call. Text, numbers and the like refer to what their arguments refer to; the parts of lists
    /// and maps keep their own references.
    pub(super) fn call(&mut self, call: &FuncCall, at: Location, scope: Scope<'_>) -> Outcome {
        let name = call.name.name.as_str();
        if call.name.is_namespaced() {
            return Ok(Node::unresolved("functions of providers are not known", at));
        }
        match name {
            "try" => return self.first_that_works(call, at, scope),
            "can" => return Ok(self.works(call, at, scope)),
            _ => {}
        }
        let args = self.arguments(call, scope)?;
        let Some(function) = function(name) else {
            let why = if OUTSIDE.contains(&name) { "needs what is not in the configuration" } else { "is not known" };
            return Ok(referring(Node::unresolved(format!("function `{name}` {why}"), at), &args));
        };
        if let Some(unknown) = args.iter().find(|arg| arg.as_unresolved().is_some())
            && function.unknown == Unknown::Spreads
        {
            return Ok(referring(unresolved_by(unknown, at), &args));
        }
        if !function.takes.contains(&args.len()) {
            return fail(format!("`{name}` does not take {} arguments", args.len()));
        }
        if let Err(too_much) = self.spend(function.cost, at) {
            return Ok(too_much);
        }
        let result = match (function.run)(&Call { args: &args, at }) {
            Err(Failure { why, unknown: true }) => Node::unresolved(why, at),
            outcome => outcome?,
        };
        let result = self.used(result, at);
        Ok(match &result.value {
            Value::List(_) | Value::Map(_) => result,
            Value::Scalar(_) | Value::Unresolved(_) => referring(result, &args),
        })
    }

    /// The arguments of a call; one written `list...` stands for the items of the list.
    fn arguments(&mut self, call: &FuncCall, scope: Scope<'_>) -> Result<Vec<Node>, Failure> {
        let mut args = Vec::with_capacity(call.args.len());
        for (index, arg) in call.args.iter().enumerate() {
            let value = self.attempt(arg, scope)?;
            match &value.value {
                Value::List(items) if call.args.expand_final() && index + 1 == call.args.len() => {
                    args.extend(items.iter().cloned());
                }
                _ => args.push(value),
            }
        }
        Ok(args)
    }

    /// `try`: the first argument that Terraform would not refuse. One that is not known may be refused later.
    fn first_that_works(&mut self, call: &FuncCall, at: Location, scope: Scope<'_>) -> Outcome {
        for arg in call.args.iter() {
            if let Ok(value) = self.attempt(arg, scope) {
                return Ok(value);
            }
        }
        Ok(Node::unresolved("no argument of `try` works", at))
    }

    /// `can`: whether Terraform would not refuse the argument.
    fn works(&mut self, call: &FuncCall, at: Location, scope: Scope<'_>) -> Node {
        let Some(first) = call.args.get(0) else { return Node::bool(false, at) };
        match self.attempt(first, scope) {
            Ok(value) if value.as_unresolved().is_some() => unresolved_by(&value, at),
            Ok(_) => Node::bool(true, at),
            Err(_) => Node::bool(false, at),
        }
    }
}

/// A result that refers to what the arguments refer to.
fn referring(result: Node, args: &[Node]) -> Node {
    let mut refs = Vec::new();
    args.iter().for_each(|arg| collect_refs(arg, &mut refs));
    with_refs(result, &refs)
}
