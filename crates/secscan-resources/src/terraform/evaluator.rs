//! The state of one evaluation: what is known of the module so far, what is being worked on, and how much work is left.
//!
//! Variables, locals and resources are evaluated when something refers to them, once. Recursion is limited by
//! [`MAX_DEPTH`], work and memory by a budget: each evaluated expression costs one, each value that is used or made by a
//! function what it weighs.

use std::collections::HashMap;
use std::rc::Rc;

use hcl_edit::expr::Expression;
use secscan_model::{Diagnostic, DiagnosticKind, Location, Node, Platform};

use super::body::header;
use super::json;
use super::module::{Declaration, Given, Input, Kind, Module, Unit};
use super::resource::Instances;
use super::types;
use super::value::weight;

/// How deep expressions, and references through them, may be evaluated within each other.
const MAX_DEPTH: usize = 300;

/// How much work every module may cost, beside one unit for each byte, which belongs to the declaration that it stands
/// in: whoever spends too much leaves the others theirs.
const BASE_BUDGET: usize = 2_000_000;

/// How much the value of one expression may weigh.
const MAX_WEIGHT: usize = 200_000;

/// How many places a value remembers on its way.
const MAX_VIA: usize = 16;

/// Something that is evaluated once.
#[derive(Debug)]
enum Slot<T> {
    Busy,
    Done(T),
}

/// Where an expression stands, and which names it sees beside those of the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'s> {
    pub unit: Unit<'s>,
    pub names: Option<&'s Name<'s>>,
}

/// A name that is known within an expression or block: `each`, `count`, an iterator; and those around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'s> {
    pub name: &'s str,
    pub value: &'s Node,
    pub outer: Option<&'s Name<'s>>,
}

impl<'s> Scope<'s> {
    /// The scope of the top level of a file.
    pub(super) fn of(unit: Unit<'s>) -> Self {
        Self { unit, names: None }
    }

    /// The place of something that was parsed from this scope's file.
    pub(super) fn at(&self, parsed: &impl hcl_edit::Span) -> Location {
        self.unit.source.at(parsed.span().unwrap_or_default().into())
    }

    /// The text of something that was parsed from this scope's file.
    pub(super) fn written(&self, at: Location) -> &'s str {
        let bytes = self.unit.source.bytes.get(at.span.range()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&'s Node> {
        let mut next = self.names;
        while let Some(known) = next {
            if known.name == name {
                return Some(known.value);
            }
            next = known.outer;
        }
        None
    }
}

/// How many bytes a declaration has.
fn size(declaration: &Declaration<'_>) -> usize {
    hcl_edit::Span::span(declaration.block).map_or(0, |span| span.len())
}

/// One evaluation of a module.
pub(super) struct Evaluator<'a> {
    pub module: &'a Module<'a>,
    variables: HashMap<&'a str, Slot<Node>>,
    locals: HashMap<&'a str, Slot<Node>>,
    instances: HashMap<usize, Slot<Rc<Instances>>>,
    pub depth: usize,
    /// What is left for all.
    budget: usize,
    /// What is left of the bytes of the declaration that is evaluated.
    own: usize,
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(module: &'a Module<'a>, bytes: usize) -> Self {
        let of_declarations: usize = module.declarations.iter().map(size).sum();
        Self {
            module,
            variables: HashMap::new(),
            locals: HashMap::new(),
            instances: HashMap::new(),
            depth: 0,
            budget: BASE_BUDGET + bytes.saturating_sub(of_declarations),
            own: 0,
            diagnostics: Vec::new(),
        }
    }

    /// Takes `cost` from the budget and begins one more level of depth, which the caller ends; or says what is too much.
    pub(super) fn enter(&mut self, at: Location) -> Result<(), Node> {
        if self.depth >= MAX_DEPTH {
            return Err(Node::unresolved("expressions and references nest too deeply", at));
        }
        self.spend(1, at)?;
        self.depth += 1;
        Ok(())
    }

    /// Takes from the budget, or says that it is used up.
    pub(super) fn spend(&mut self, cost: usize, at: Location) -> Result<(), Node> {
        let of_own = cost.min(self.own);
        self.own -= of_own;
        let cost = cost - of_own;
        if self.budget < cost {
            if self.budget > 0 {
                self.report(
                    DiagnosticKind::Limit,
                    at,
                    "evaluating this folder takes too much work; the rest is not known",
                );
            }
            self.budget = 0;
            return Err(Node::unresolved("evaluating this folder takes too much work", at));
        }
        self.budget -= cost;
        Ok(())
    }

    /// Whether the budget is used up.
    pub(super) fn is_spent(&self) -> bool {
        self.budget == 0 && self.own == 0
    }

    /// A value that is used or made at `at`: it costs what it weighs.
    pub(super) fn used(&mut self, value: Node, at: Location) -> Node {
        let weight = weight(&value, MAX_WEIGHT);
        if weight >= MAX_WEIGHT {
            return Node::unresolved("the value is too large", at);
        }
        match self.spend(weight, at) {
            Ok(()) => value,
            Err(unresolved) => unresolved,
        }
    }

    pub(super) fn report(&mut self, kind: DiagnosticKind, at: Location, message: impl Into<std::sync::Arc<str>>) {
        let mut diagnostic = Diagnostic::new(kind, message).at(at);
        if let Some(unit) = self.module.units.iter().find(|unit| unit.source.id == at.source) {
            diagnostic = diagnostic.path(unit.source.path.clone());
        }
        if kind == DiagnosticKind::Limit {
            diagnostic = diagnostic.blinds(Platform::Terraform);
        }
        self.diagnostics.push(diagnostic);
    }

    /// The value of a variable as it is used at `at`.
    pub(super) fn variable(&mut self, name: &str, at: Location) -> Node {
        let module = self.module;
        let Some(index) = module.find(Kind::Variable, "", name) else {
            return Node::unresolved(format!("variable `{name}` is not declared in this folder"), at);
        };
        let declaration = &module.declarations[index];
        let name = declaration.name;
        match self.variables.get(name) {
            Some(Slot::Done(value)) => return value.clone(),
            Some(Slot::Busy) => return self.cycle(&format!("variable `{name}`"), at),
            None => {}
        }
        let input = module.inputs.get(name).copied();
        let default =
            declaration.argument("default").map(|value| Input { value: Given::Written(value), outside: false });
        let Some(input) = input.or(default) else {
            return Node::unresolved(format!("variable `{name}` has no value"), at);
        };
        self.variables.insert(name, Slot::Busy);
        let mut value = match input.value {
            Given::Written(written) => self.value(written.expression, Scope::of(written.unit)),
            Given::Json(value) => value.clone(),
        };
        if let Some(of) = declaration.argument("type") {
            value = types::convert(self, value, of.expression, Scope::of(of.unit));
        }
        if input.outside {
            value = json::placed(&value, header(declaration.block, Scope::of(declaration.unit)));
        }
        self.variables.insert(name, Slot::Done(value.clone()));
        value
    }

    /// The value of a local name as it is used at `at`.
    pub(super) fn local(&mut self, name: &str, at: Location) -> Node {
        let Some((name, written)) = self.module.locals.get_key_value(name) else {
            return Node::unresolved(format!("`local.{name}` is not declared in this folder"), at);
        };
        match self.locals.get(name) {
            Some(Slot::Done(value)) => return value.clone(),
            Some(Slot::Busy) => return self.cycle(&format!("`local.{name}`"), at),
            None => {}
        }
        self.locals.insert(name, Slot::Busy);
        let value = self.value(written.expression, Scope::of(written.unit));
        self.locals.insert(name, Slot::Done(value.clone()));
        value
    }

    /// The instances of a declaration; none while they are being evaluated.
    pub(super) fn instances(&mut self, index: usize) -> Option<Rc<Instances>> {
        match self.instances.get(&index) {
            Some(Slot::Done(instances)) => return Some(instances.clone()),
            Some(Slot::Busy) => return None,
            None => {}
        }
        self.instances.insert(index, Slot::Busy);
        let declaration = &self.module.declarations[index];
        let outer = std::mem::replace(&mut self.own, size(declaration));
        let instances = Rc::new(self.expand(declaration));
        self.own = outer;
        self.instances.insert(index, Slot::Done(instances.clone()));
        Some(instances)
    }

    /// What refers to itself has no value.
    pub(super) fn cycle(&mut self, what: &str, at: Location) -> Node {
        let why = format!("{what} refers to itself");
        self.report(DiagnosticKind::Unresolved, at, &*why);
        Node::unresolved(why, at)
    }

    /// A value that came to `at` by reference.
    pub(super) fn referred(&mut self, value: Node, at: Location) -> Node {
        let mut value = self.used(value, at);
        if value.at != at {
            let via = &mut value.extra_mut().via;
            via.insert(0, at);
            via.truncate(MAX_VIA);
        }
        value.name_at = value.at;
        value
    }

    /// The value of an expression; what Terraform would refuse is unresolved.
    pub(super) fn value(&mut self, expression: &Expression, scope: Scope<'_>) -> Node {
        self.attempt(expression, scope).unwrap_or_else(|failure| Node::unresolved(failure.why, scope.at(expression)))
    }
}
