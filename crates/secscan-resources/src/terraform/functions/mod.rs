//! Terraform's functions: a table of small functions, one module a subject.
//!
//! Reading order: [`Function`] and its table, [`Call`] (what a function is given), then the subjects. Documented at
//! <https://developer.hashicorp.com/terraform/language/functions>.

mod collections;
mod conversion;
mod dates;
mod digests;
pub(crate) mod encoding;
mod files;
mod network;
mod numbers;
mod strings;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use secscan_model::{Location, Node, Value};

use super::evaluator::{Evaluator, Scope};
use super::number::Number;
use super::value::{
    Failure, Outcome, Shape, collect_refs, fail, is_sensitive, marked, number, text, unresolved_by, with_refs,
};
use secscan_parse::hcl;

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

/// All functions; `try`, `can` and those that read files are part of the evaluator.
static TABLES: [Table; 8] = [
    collections::FUNCTIONS,
    conversion::FUNCTIONS,
    dates::FUNCTIONS,
    digests::FUNCTIONS,
    encoding::FUNCTIONS,
    network::FUNCTIONS,
    numbers::FUNCTIONS,
    strings::FUNCTIONS,
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
        self.number(index)?.to_int().ok_or_else(|| Failure::new("a whole number is needed"))
    }

    fn list(&self, index: usize) -> Result<&'c [Node], Failure> {
        let arg = self.arg(index)?;
        match Shape::of(arg) {
            Some(Shape::Json | Shape::Yaml) => fail("a list is needed"),
            _ => arg.as_list().ok_or_else(|| Failure::new("a list is needed")),
        }
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
        Ok(Shape::List.on(Node::list(items, self.at)))
    }
}

fn function(name: &str) -> Option<&'static Function> {
    TABLES.iter().flat_map(|table| table.iter()).find(|function| function.name == name)
}

impl<'a> Evaluator<'a> {
    /// The value of a function call. Text, numbers and the like refer to what their arguments refer to; the parts of lists
    /// and maps keep their own references.
    pub(super) fn call(&mut self, call: &hcl::syntax::Call, at: Location, scope: Scope<'_>) -> Outcome {
        let name = call.name.strip_prefix("core::").unwrap_or(&call.name);
        if name.contains("::") {
            return Ok(Node::unresolved("functions of providers are not known", at));
        }
        match name {
            "try" => return self.first_that_works(call, at, scope),
            "can" => return Ok(self.works(call, at, scope)),
            "defaults" | "type" => return fail(format!("`{name}` cannot be used here")),
            _ => {}
        }
        let args = match self.arguments(call, scope)? {
            Ok(args) => args,
            Err(unknown) => return Ok(unresolved_by(&unknown, at)),
        };
        let sensitive = !conversion::UNMARKING.contains(&name) && args.iter().any(is_sensitive);
        if files::is_one(name) {
            let result = self.file_function(name, &args, at, scope)?;
            return Ok(marked(referring(result, &args), sensitive));
        }
        let Some(function) = function(name) else { return fail(format!("function `{name}` is not known")) };
        if !function.takes.contains(&args.len()) {
            return fail(format!("`{name}` does not take {} arguments", args.len()));
        }
        if let Some(unknown) = args.iter().find(|arg| arg.as_unresolved().is_some())
            && function.unknown == Unknown::Spreads
        {
            return Ok(marked(referring(unresolved_by(unknown, at), &args), sensitive));
        }
        if let Err(too_much) = self.spend(function.cost, at) {
            return Ok(too_much);
        }
        let result = match (function.run)(&Call { args: &args, at }) {
            Err(Failure { why, unknown: true, .. }) => Node::unresolved(why, at),
            Err(failure) => {
                let why = format!("`{name}` cannot be computed: {}", failure.why);
                return Err(Failure { why: why.into(), ..failure });
            }
            Ok(result) => result,
        };
        let result = marked(self.made(result, at), sensitive);
        Ok(match &result.value {
            Value::List(_) | Value::Map(_) => result,
            Value::Scalar(_) | Value::Unresolved(_) => referring(result, &args),
        })
    }

    /// The arguments of a call; one written `list...` stands for the items of the list. What is not known there makes all
    /// of it unknown.
    fn arguments(&mut self, call: &hcl::syntax::Call, scope: Scope<'_>) -> Result<Result<Vec<Node>, Node>, Failure> {
        let mut args = Vec::with_capacity(call.arguments.len());
        for (index, arg) in call.arguments.iter().enumerate() {
            let value = self.attempt(arg, scope)?;
            if !call.expands || index + 1 < call.arguments.len() {
                args.push(value);
                continue;
            }
            match &value.value {
                Value::List(items) => {
                    let is_uncertain = |item: &&Node| item.as_unresolved().is_some_and(|item| item.perhaps_absent);
                    // `concat` and `merge` know what to do with what may be absent.
                    let uncertain =
                        items.iter().find(is_uncertain).filter(|_| !matches!(&*call.name, "concat" | "merge"));
                    if let Some(uncertain) = uncertain {
                        return Ok(Err(uncertain.clone()));
                    }
                    args.extend(items.iter().cloned());
                }
                Value::Unresolved(_) => return Ok(Err(value)),
                _ => return fail("`...` needs a list"),
            }
        }
        Ok(Ok(args))
    }

    /// `try`: the first argument that Terraform would not refuse. One that is not known may be refused later.
    fn first_that_works(&mut self, call: &hcl::syntax::Call, at: Location, scope: Scope<'_>) -> Outcome {
        for arg in &call.arguments {
            self.trying += 1;
            let outcome = self.attempt(arg, scope);
            self.trying -= 1;
            if let Ok(value) = outcome {
                return Ok(value);
            }
        }
        Err(Failure { at: Some(at), ..Failure::new("no argument of `try` works") })
    }

    /// `can`: whether Terraform would not refuse the argument.
    fn works(&mut self, call: &hcl::syntax::Call, at: Location, scope: Scope<'_>) -> Node {
        let Some(first) = call.arguments.first() else { return Node::bool(false, at) };
        self.trying += 1;
        let outcome = self.attempt(first, scope);
        self.trying -= 1;
        match outcome {
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
