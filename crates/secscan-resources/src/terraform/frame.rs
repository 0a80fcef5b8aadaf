//! Module instances: a module together with the call that made it, and what is known of its variables, locals and outputs.

use std::rc::Rc;
use std::sync::Arc;

use foldhash::HashMap;
use secscan_model::{Location, Node};

use super::body::header;
use super::calls::Calls;
use super::convert::convert;
use super::evaluator::{Evaluator, Name, Scope};
use super::json;
use super::module::{Given, Input, Kind, Module, Written};
use super::resource::Instances;
use super::types::Type;
use super::value::{Failure, is_sensitive, marked};

/// The number of a module instance.
pub(super) type FrameId = usize;

/// Something that is evaluated once.
#[derive(Debug)]
pub(super) enum Slot<T> {
    Busy,
    Done(T),
}

/// The values of one kind of names.
type Values<'a> = HashMap<&'a str, Slot<Node>>;

/// A module instance.
pub(super) struct Frame<'a> {
    pub module: Rc<Module<'a>>,
    pub folder: Arc<str>,
    /// The folder as seen from the root module's.
    pub path: String,
    /// What stands before the addresses of the module's resources: `module.a["x"].`; empty for the root.
    pub prefix: String,
    /// The names of the calls that lead here, without keys, joined by dots.
    pub names: String,
    /// The call that made it; none for the root.
    pub call: Option<Call>,
    arguments: Values<'a>,
    variables: Values<'a>,
    locals: Values<'a>,
    outputs: Values<'a>,
    pub instances: HashMap<usize, Slot<Rc<Instances>>>,
    pub calls: HashMap<usize, Slot<Rc<Calls>>>,
}

/// The call that made a module instance.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The caller.
    pub frame: FrameId,
    /// The index of the call among the caller's declarations.
    pub declaration: usize,
    /// `each` or `count`.
    pub name: Option<(&'static str, Node)>,
    /// The header of the call.
    pub at: Location,
}

impl<'a> Frame<'a> {
    /// A root module.
    pub(super) fn root(module: Rc<Module<'a>>, folder: Arc<str>) -> Self {
        Self {
            module,
            folder,
            path: ".".to_owned(),
            prefix: String::new(),
            names: String::new(),
            call: None,
            arguments: HashMap::default(),
            variables: HashMap::default(),
            locals: HashMap::default(),
            outputs: HashMap::default(),
            instances: HashMap::default(),
            calls: HashMap::default(),
        }
    }

    /// A module that is called.
    pub(super) fn called(module: Rc<Module<'a>>, folder: Arc<str>, call: Call) -> Self {
        Self { call: Some(call), ..Self::root(module, folder) }
    }
}

/// Which names of a module instance are meant.
#[derive(Clone, Copy)]
enum Names {
    Arguments,
    Variables,
    Locals,
    Outputs,
}

impl<'a> Evaluator<'a> {
    fn slots(&mut self, frame: FrameId, names: Names) -> &mut Values<'a> {
        let frame = &mut self.frames[frame];
        match names {
            Names::Arguments => &mut frame.arguments,
            Names::Variables => &mut frame.variables,
            Names::Locals => &mut frame.locals,
            Names::Outputs => &mut frame.outputs,
        }
    }

    /// A value that is evaluated once. `what` says what it is, for what refers to itself.
    fn once(
        &mut self,
        (frame, names, name): (FrameId, Names, &'a str),
        what: impl FnOnce() -> String,
        at: Location,
        evaluate: impl FnOnce(&mut Self) -> Node,
    ) -> Node {
        match self.slots(frame, names).get(name) {
            Some(Slot::Done(value)) => return value.clone(),
            Some(Slot::Busy) => return self.cycle(&what(), at),
            None => {}
        }
        self.slots(frame, names).insert(name, Slot::Busy);
        let value = self.apart(evaluate);
        self.slots(frame, names).insert(name, Slot::Done(value.clone()));
        value
    }

    /// The value of a variable as it is used at `at`.
    pub(super) fn variable(&mut self, frame: FrameId, name: &str, at: Location) -> Node {
        let module = self.frames[frame].module.clone();
        let Some(index) = module.find(Kind::Variable, "", name) else {
            return Node::unresolved(format!("variable `{name}` is not declared in this folder"), at);
        };
        let declaration = &module.declarations[index];
        let name = declaration.name;
        let is_given = match &self.frames[frame].call {
            Some(call) => self.frames[call.frame].module.declarations[call.declaration].argument(name).is_some(),
            None => module.inputs.contains_key(name),
        };
        if !is_given && declaration.argument("default").is_none() {
            return Node::unresolved(format!("variable `{name}` has no value"), at);
        }
        let what = || format!("variable `{name}`");
        self.once((frame, Names::Variables, name), what, at, |evaluator| evaluator.given(frame, index, at))
    }

    /// The value that a variable is given, else its default; converted to its type.
    fn given(&mut self, frame: FrameId, index: usize, at: Location) -> Node {
        let module = self.frames[frame].module.clone();
        let declaration = &module.declarations[index];
        let name = declaration.name;
        let literal = |argument: &str| declaration.argument(argument).and_then(|written| written.expression.as_bool());
        let mut value = match self.frames[frame].call {
            Some(_) => self.argument(frame, name),
            None => module.inputs.get(name).map(|input| self.input(frame, input)),
        };
        let is_nullable = literal("nullable") != Some(false);
        if value.as_ref().is_some_and(Node::is_null) && !is_nullable {
            value = None;
        }
        let default = declaration.argument("default");
        let Some(value) = value.or_else(|| default.map(|default| self.written(frame, default))) else {
            return Node::unresolved(format!("variable `{name}` has no value"), at);
        };
        let value = match declaration.argument("type") {
            Some(of) => {
                let of = Type::parse(self, of.expression, Scope::of(frame, of.unit));
                let place = value.at;
                convert(value, &of).unwrap_or_else(|failure| {
                    let why = format!("the value of variable `{name}` does not fit its type: {}", failure.why);
                    self.refused(Failure { why: why.into(), ..failure }, place)
                })
            }
            None => value,
        };
        let value = match module.inputs.get(name) {
            Some(Input { outside: true, .. }) if self.frames[frame].call.is_none() => {
                json::placed(&value, header(declaration.block, Scope::of(frame, declaration.unit)))
            }
            _ => value,
        };
        let is_marked = is_sensitive(&value) || literal("sensitive") == Some(true);
        marked(value, is_marked)
    }

    fn input(&mut self, frame: FrameId, input: &Input<'a>) -> Node {
        match input.value {
            Given::Written(written) => self.written(frame, written),
            Given::Json(value) => value.clone(),
        }
    }

    fn written(&mut self, frame: FrameId, written: Written<'a>) -> Node {
        self.value(written.expression, Scope::of(frame, written.unit))
    }

    /// The value that a module's call gives to an argument; none when it does not say it.
    pub(super) fn argument(&mut self, frame: FrameId, name: &'a str) -> Option<Node> {
        let call = self.frames[frame].call.clone()?;
        let caller = self.frames[call.frame].module.clone();
        let written = caller.declarations[call.declaration].argument(name)?;
        let at = written.unit.source.at(written.expression.span);
        let what = || format!("argument `{name}`");
        // What a call of which nobody knows whether it is made gives need not work.
        let doubting = usize::from(call.name.as_ref().is_some_and(|(_, value)| value.as_unresolved().is_some()));
        Some(self.once((frame, Names::Arguments, name), what, at, |evaluator| {
            evaluator.doubting = doubting;
            let scope = Scope::of(call.frame, written.unit);
            let name = call.name.as_ref().map(|(name, value)| Name { name, value, outer: None });
            evaluator.value(written.expression, Scope { names: name.as_ref(), ..scope })
        }))
    }

    /// The value of a local name as it is used at `at`.
    pub(super) fn local(&mut self, frame: FrameId, name: &str, at: Location) -> Node {
        let module = self.frames[frame].module.clone();
        let Some((&name, &written)) = module.locals.get_key_value(name) else {
            return Node::unresolved(format!("`local.{name}` is not declared in this folder"), at);
        };
        let what = || format!("`local.{name}`");
        self.once((frame, Names::Locals, name), what, at, |evaluator| evaluator.written(frame, written))
    }

    /// The value of an output as it is used at `at`; none when the module has no such output.
    pub(super) fn output(&mut self, frame: FrameId, name: &str, at: Location) -> Option<Node> {
        let module = self.frames[frame].module.clone();
        let declaration = &module.declarations[module.find(Kind::Output, "", name)?];
        let written = declaration.argument("value")?;
        let name = declaration.name;
        let what = || format!("output `{name}`");
        let value = self.once((frame, Names::Outputs, name), what, at, |evaluator| evaluator.written(frame, written));
        let sensitive = declaration.argument("sensitive").and_then(|written| written.expression.as_bool());
        let is_marked = is_sensitive(&value) || sensitive == Some(true);
        Some(marked(value, is_marked))
    }

    /// The places of the calls that lead to a module instance, nearest first.
    pub(super) fn call_places(&self, frame: FrameId) -> Vec<Location> {
        let mut places = Vec::new();
        let mut next = self.frames[frame].call.as_ref();
        while let Some(call) = next {
            places.push(call.at);
            next = self.frames[call.frame].call.as_ref();
        }
        places
    }
}
